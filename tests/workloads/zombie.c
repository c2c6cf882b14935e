// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * zombie [MS]: a child that has exited is left alone for MS, or, with 0, until the end of standard
 * input, then reaped. Prints how long it was a zombie at least and at most.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

int main(int argc, char **argv)
{
	uint64_t ms = (uint64_t)arg_or(argc, argv, 1, 300);
	uint64_t exited_ns, reap_ns, reaped_ns;
	uint64_t *lives_ns = shared_memory(sizeof(*lives_ns)); /* the child's last word */
	siginfo_t info;
	pid_t child = fork();

	check(child < 0, "fork");
	if (!child) {
		check(prctl(PR_SET_NAME, "walking-dead"), "prctl");
		*lives_ns = now_ns();
		_exit(7);
	}
	check(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), "waitid"); /* does not reap */
	exited_ns = now_ns();
	if (ms)
		sleep_ns(ms * 1000000);
	else
		until_told();
	reap_ns = now_ns();
	check(waitpid(child, NULL, 0) != child, "waitpid");
	reaped_ns = now_ns();
	printf("{\"pid\": %d, \"child\": %d, \"at_least_ns\": %" PRIu64 ", \"at_most_ns\": %" PRIu64
	       "}\n",
	       getpid(), child, reap_ns - exited_ns, reaped_ns - *lives_ns);
	return 0;
}
