// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* yielder [COUNT [CPU]]: two threads on one CPU that give it to each other with sched_yield(). */
#include <pthread.h>
#include <sched.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle[2];
static long count;
static int cpu;

static void *yielder(void *arg)
{
	long me = (long)arg;

	oracle_begin(&oracle[me], me ? "yielder-b" : "yielder-a");
	pin_to(cpu);
	for (long i = 0; i < count; i++) {
		spin_ns(5000);
		sched_yield();
	}
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
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2, "\"count\": %ld", count);
	return 0;
}
