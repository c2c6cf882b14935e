// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * moves [COUNT]: one thread goes COUNT times from one CPU to the other while it runs, another one is
 * sent there while it sleeps. Prints how often the kernel moved each (se.nr_migrations).
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static struct oracle oracle[2];
static pid_t sleeper_tid;
static int ball[2];
static long count;

static void *runner(void *arg)
{
	(void)arg;
	oracle_begin(&oracle[0], "runner");
	for (long i = 0; i < count; i++) {
		pin_to((int)(i & 1));
		spin_ns(200000);
	}
	oracle_end(&oracle[0]);
	return NULL;
}

static void *sleeper(void *arg)
{
	char byte;

	(void)arg;
	oracle_begin(&oracle[1], "sleeper");
	pin_to(1);
	__atomic_store_n(&sleeper_tid, oracle[1].tid, __ATOMIC_RELEASE);
	for (long i = 0; i < count; i++)
		check(read(ball[0], &byte, 1) != 1, "read");
	oracle_end(&oracle[1]);
	return NULL;
}

static void send_it(void)
{
	cpu_set_t set;

	while (!__atomic_load_n(&sleeper_tid, __ATOMIC_ACQUIRE))
		sleep_ns(200000);
	for (long i = 0; i < count; i++) {
		until_in(sleeper_tid, SYS_read);
		CPU_ZERO(&set);
		CPU_SET(i & 1, &set);
		check(sched_setaffinity(sleeper_tid, sizeof(set), &set), "sched_setaffinity");
		check(write(ball[1], "", 1) != 1, "write");
	}
}

static long migrations(pid_t tid)
{
	char path[64], line[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/sched", tid);
	f = fopen(path, "re");
	check(!f, path);
	while (n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, "se.nr_migrations", 16) && strchr(line, ':'))
			n = strtol(strchr(line, ':') + 1, NULL, 10);
	fclose(f);
	check(n < 0, "se.nr_migrations");
	return n;
}

int main(int argc, char **argv)
{
	void *(*const start[])(void *) = {runner, sleeper};
	pthread_t thread[2];
	long moved[2];

	count = arg_or(argc, argv, 1, 100);
	check(pipe(ball), "pipe");
	for (int i = 0; i < 2; i++)
		check(pthread_create(&thread[i], NULL, start[i], NULL), "pthread_create");
	send_it();
	for (int i = 0; i < 2; i++) {
		while (!__atomic_load_n(&oracle[i].done, __ATOMIC_ACQUIRE))
			sleep_ns(1000000);
		until_in(oracle[i].tid, SYS_read);
		moved[i] = migrations(oracle[i].tid);
	}
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2, "\"moved\": [%ld, %ld]", moved[0], moved[1]);
	return 0;
}
