// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* leader_zombie [MS]: the first thread exits, another one lives on for MS. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static pthread_t leader;
static uint64_t ms;

static void *survivor(void *arg)
{
	uint64_t from_ns, to_ns;

	(void)arg;
	check(pthread_join(leader, NULL), "pthread_join"); /* returns when the kernel let it go */
	from_ns = now_ns();
	sleep_ns(ms * 1000000);
	to_ns = now_ns();
	printf("{\"pid\": %d, \"survivor\": %d, \"at_least_ns\": %" PRIu64 "}\n", getpid(),
	       gettid(), to_ns - from_ns);
	exit(fflush(stdout) ? 1 : 0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	ms = (uint64_t)arg_or(argc, argv, 1, 300);
	leader = pthread_self();
	check(pthread_create(&thread, NULL, survivor, NULL), "pthread_create");
	sleep_ns(10000000);
	pthread_exit(NULL);
}
