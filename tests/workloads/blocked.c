// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * blocked: threads that wait in a known system call until the end of standard input: one in a read
 * from a pipe, one in a futex.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle[2];
static int never[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *reader(void *arg)
{
	char byte;

	(void)arg;
	oracle_begin(&oracle[0], "in-read");
	check(read(never[0], &byte, 1) != 0, "read"); /* the end of the file ends it */
	oracle_end(&oracle[0]);
	return NULL;
}

static void *locker(void *arg)
{
	(void)arg;
	oracle_begin(&oracle[1], "in-futex");
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
	oracle_end(&oracle[1]);
	return NULL;
}

int main(void)
{
	pthread_t thread[2];

	check(pipe(never), "pipe");
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
	check(pthread_create(&thread[0], NULL, reader, NULL), "pthread_create");
	check(pthread_create(&thread[1], NULL, locker, NULL), "pthread_create");
	until_told();
	check(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
	close(never[1]);
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2, "\"syscalls\": {\"%d\": %d, \"%d\": %d}", oracle[0].tid, SYS_read,
		     oracle[1].tid, SYS_futex);
	return 0;
}
