// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* autoreap [COUNT]: children of a parent that ignores SIGCHLD never are zombies. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define COUNT_MAX 100

int main(int argc, char **argv)
{
	long count = arg_or(argc, argv, 1, 10);
	pid_t child[COUNT_MAX];

	if (count > COUNT_MAX)
		count = COUNT_MAX;
	check(signal(SIGCHLD, SIG_IGN) == SIG_ERR, "signal");
	for (long i = 0; i < count; i++) {
		child[i] = fork();
		check(child[i] < 0, "fork");
		if (!child[i])
			_exit(0);
		sleep_ns(20000000);
	}
	check(waitpid(-1, NULL, 0) != -1, "waitpid finds a child");
	printf("{\"pid\": %d, \"children\": [", getpid());
	for (long i = 0; i < count; i++)
		printf("%s%d", i ? ", " : "", child[i]);
	printf("]}\n");
	return 0;
}
