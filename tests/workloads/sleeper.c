// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * sleeper [COUNT [US]]: one thread that sleeps COUNT times for US microseconds. Tells also how much
 * later than that it ran again, in all.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle;
static uint64_t late_ns;
static long count, us;

static void *sleeper(void *arg)
{
	uint64_t begin;

	(void)arg;
	oracle_begin(&oracle, "sleeper");
	check(prctl(PR_SET_TIMERSLACK, 1), "prctl"); /* else it is late on purpose */
	for (long i = 0; i < count; i++) {
		begin = now_ns();
		sleep_ns((uint64_t)us * 1000);
		late_ns += now_ns() - begin - (uint64_t)us * 1000;
	}
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
	oracle_print(&oracle, 1, "\"count\": %ld, \"late_ns\": %" PRIu64, count, late_ns);
	return 0;
}
