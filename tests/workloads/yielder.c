// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * yielder [COUNT [CPU]]: two threads on one CPU that give it to each other with sched_yield(), COUNT
 * times each, or fewer when that takes longer than 5 s; with 0 until the end of standard input. They
 * begin together. Prints how often each called, and when (UTC) both were at it and one had ended.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "tests/workloads/oracle.h"

#define LONGEST_NS UINT64_C(5000000000)

static struct oracle oracle[2];
static uint64_t began_utc_ns[2], ended_utc_ns[2];
static long count, calls[2];
static int cpu, there, stop;

static uint64_t utc_ns(void)
{
	struct timespec ts;

	check(clock_gettime(CLOCK_REALTIME, &ts), "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *yielder(void *arg)
{
	long me = (long)arg;
	uint64_t until_ns;

	oracle_begin(&oracle[me], me ? "yielder-b" : "yielder-a");
	pin_to(cpu);
	__atomic_add_fetch(&there, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&there, __ATOMIC_ACQUIRE) < 2)
		;
	began_utc_ns[me] = utc_ns();
	until_ns = now_ns() + LONGEST_NS;
	while (count ? calls[me] < count && now_ns() < until_ns
		     : !__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		spin_ns(5000);
		calls[me]++;
		sched_yield();
	}
	ended_utc_ns[me] = utc_ns();
	oracle_end(&oracle[me]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[2];

	count = arg_or(argc, argv, 1, 20000);
	cpu = (int)arg_or(argc, argv, 2, 0);
	for (long i = 0; i < 2; i++)
		check(pthread_create(&thread[i], NULL, yielder, (void *)i), "pthread_create");
	if (!count) {
		until_told();
		__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	}
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2,
		     "\"calls\": [%ld, %ld], \"began_utc_ns\": %" PRIu64
		     ", \"ended_utc_ns\": %" PRIu64,
		     calls[0], calls[1],
		     began_utc_ns[0] > began_utc_ns[1] ? began_utc_ns[0] : began_utc_ns[1],
		     ended_utc_ns[0] < ended_utc_ns[1] ? ended_utc_ns[0] : ended_utc_ns[1]);
	return 0;
}
