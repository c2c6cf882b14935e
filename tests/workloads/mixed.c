// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* mixed [THREADS [MS]]: threads that compute, sleep and fight for one lock, on any CPU, for MS or,
 * with 0, until the end of standard input. */
#include <pthread.h>
#include <stdio.h>

#include "tests/workloads/oracle.h"

#define THREADS_MAX 64

static struct oracle oracle[THREADS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t until_ns; /* changed while they are at it */

static void *worker(void *arg)
{
	long me = (long)arg;
	uint64_t dice = 88172645463325252u + (uint64_t)me * 7919; /* the same run every time */
	char comm[16];

	snprintf(comm, sizeof(comm), "mixed-%ld", me);
	oracle_begin(&oracle[me], comm);
	while (now_ns() < __atomic_load_n(&until_ns, __ATOMIC_ACQUIRE)) {
		dice ^= dice << 13;
		dice ^= dice >> 7;
		dice ^= dice << 17;
		spin_ns(dice % 300000);
		if (dice & 1024)
			sleep_ns(dice % 2000000);
		check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
		spin_ns(dice % 50000);
		check(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
	}
	oracle_end(&oracle[me]);
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = arg_or(argc, argv, 1, 6);
	pthread_t thread[THREADS_MAX];
	long ms;

	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	ms = arg_or(argc, argv, 2, 1500);
	until_ns = ms ? now_ns() + (uint64_t)ms * 1000000 : UINT64_MAX;
	for (long i = 0; i < threads; i++)
		check(pthread_create(&thread[i], NULL, worker, (void *)i), "pthread_create");
	if (!ms) {
		until_told();
		__atomic_store_n(&until_ns, 0, __ATOMIC_RELEASE);
	}
	oracle_collect(oracle, (unsigned)threads);
	for (long i = 0; i < threads; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, (unsigned)threads, NULL);
	return 0;
}
