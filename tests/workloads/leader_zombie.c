// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * leader_zombie [MS]: a process whose first thread exits while another one lives on for MS. Prints how
 * long that was at least, by the one that lives on, and at most, by the parent.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static pthread_t leader;
static uint64_t ms;
struct told {
	uint64_t lives_ns, at_least_ns; /* the leader's last word; the survivor's */
	pid_t survivor;
};
static struct told *told; /* shared with the parent */

static void *survivor(void *arg)
{
	uint64_t from_ns;

	(void)arg;
	check(pthread_join(leader, NULL), "pthread_join"); /* returns when the kernel let it go */
	from_ns = now_ns();
	sleep_ns(ms * 1000000);
	told->survivor = gettid();
	told->at_least_ns = now_ns() - from_ns;
	_exit(0);
}

static void __attribute__((noreturn)) lead(void)
{
	pthread_t thread;

	leader = pthread_self();
	check(pthread_create(&thread, NULL, survivor, NULL), "pthread_create");
	sleep_ns(10000000);
	told->lives_ns = now_ns();
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	uint64_t reaped_ns;
	int status;
	pid_t pid;

	ms = (uint64_t)arg_or(argc, argv, 1, 300);
	told = shared_memory(sizeof(*told));
	pid = fork();
	check(pid < 0, "fork");
	if (!pid)
		lead();
	check(waitpid(pid, &status, 0) != pid || status, "waitpid");
	reaped_ns = now_ns();
	printf("{\"pid\": %d, \"survivor\": %d, \"at_least_ns\": %" PRIu64
	       ", \"at_most_ns\": %" PRIu64 "}\n",
	       pid, told->survivor, told->at_least_ns, reaped_ns - told->lives_ns);
	return 0;
}
