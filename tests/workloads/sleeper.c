// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* sleeper [COUNT [US]]: one thread that sleeps COUNT times for US microseconds. */
#include <pthread.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle;
static long count, us;

static void *sleeper(void *arg)
{
	(void)arg;
	oracle_begin(&oracle, "sleeper");
	for (long i = 0; i < count; i++)
		sleep_ns((uint64_t)us * 1000);
	oracle_end(&oracle);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	count = arg_or(argc, argv, 1, 800);
	us = arg_or(argc, argv, 2, 1000);
	check(pthread_create(&thread, NULL, sleeper, NULL), "pthread_create");
	oracle_collect(&oracle, 1);
	check(pthread_join(thread, NULL), "pthread_join");
	oracle_print(&oracle, 1, "\"count\": %ld", count);
	return 0;
}
