// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* hog [MS [CPU]]: one thread that never sleeps, on one CPU, for MS or, with 0, until the end of
 * standard input. */
#include <pthread.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle;
static long ms;
static int cpu, stop;

static void *hog(void *arg)
{
	(void)arg;
	oracle_begin(&oracle, "hog");
	pin_to(cpu);
	if (ms)
		spin_ns((uint64_t)ms * 1000000);
	while (!ms && !__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		;
	oracle_end(&oracle);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	ms = arg_or(argc, argv, 1, 1000);
	cpu = (int)arg_or(argc, argv, 2, 0);
	check(pthread_create(&thread, NULL, hog, NULL), "pthread_create");
	if (!ms) {
		until_told();
		__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	}
	oracle_collect(&oracle, 1);
	check(pthread_join(thread, NULL), "pthread_join");
	oracle_print(&oracle, 1, "\"asked_ns\": %ld", ms * 1000000);
	return 0;
}
