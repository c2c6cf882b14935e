// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * moves [COUNT]: one thread that never sleeps is sent COUNT times from one CPU to the other, and so is
 * one that sleeps: of SCHED_FIFO, as the kernel leaves others on the queue for a while (since 6.12).
 * Prints how often the kernel moved each (se.nr_migrations).
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
static int ball[2], there, stop;
static long count;

static void *runner(void *arg)
{
	(void)arg;
	oracle_begin(&oracle[0], "runner");
	__atomic_add_fetch(&there, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		;
	oracle_end(&oracle[0]);
	return NULL;
}

static void *sleeper(void *arg)
{
	struct sched_param param = {.sched_priority = 10};
	char byte;

	(void)arg;
	oracle_begin(&oracle[1], "sleeper");
	pin_to(1);
	check(sched_setscheduler(0, SCHED_FIFO, &param), "sched_setscheduler");
	__atomic_add_fetch(&there, 1, __ATOMIC_RELEASE);
	for (long i = 0; i < count; i++)
		check(read(ball[0], &byte, 1) != 1, "read");
	oracle_end(&oracle[1]);
	return NULL;
}

static void send(pid_t tid, long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(sched_setaffinity(tid, sizeof(set), &set), "sched_setaffinity");
}

static void send_them(void)
{
	while (__atomic_load_n(&there, __ATOMIC_ACQUIRE) < 2)
		sleep_ns(200000);
	for (long i = 0; i < count; i++) {
		send(oracle[0].tid, i & 1);
		until_in(oracle[1].tid, SYS_read);
		send(oracle[1].tid, i & 1);
		check(write(ball[1], "", 1) != 1, "write");
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
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
	send_them();
	for (int i = 0; i < 2; i++) {
		oracle_wait(&oracle[i]);
		until_in(oracle[i].tid, SYS_read);
		moved[i] = migrations(oracle[i].tid);
	}
	oracle_collect(oracle, 2);
	for (int i = 0; i < 2; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	oracle_print(oracle, 2, "\"moved\": [%ld, %ld]", moved[0], moved[1]);
	return 0;
}
