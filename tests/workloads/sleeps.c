// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * sleeps [MS]: threads that each block for MS in one known system call, and a parent that is in D
 * for as long, in vfork. Prints which thread is in which.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

/* Walkers of user stacks follow frame pointers. */
#define FRAMES                                                                                     \
	__attribute__((noinline, optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")))

static uint64_t ms;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int never[2];

static void in_read(void)
{
	char byte;

	check(read(never[0], &byte, 1) != 0, "read"); /* the end of the file ends it */
}

static void in_futex(void)
{
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
}

static void in_nanosleep(void)
{
	sleep_ns(ms * 1000000);
}

static void in_wait4(void)
{
	pid_t child = fork();

	check(child < 0, "fork");
	if (!child) {
		sleep_ns(ms * 1000000);
		_exit(0);
	}
	check(waitpid(child, NULL, 0) != child, "waitpid");
}

FRAMES static long sleeps_inner(int fd)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait, fd, &event, 1, (int)ms, NULL, 8L);
}

FRAMES static long sleeps_outer(int fd)
{
	return sleeps_inner(fd) + 1;
}

static void in_epoll(void)
{
	int fd = epoll_create1(0);

	check(fd < 0, "epoll_create1");
	check(sleeps_outer(fd) != 1, "epoll_pwait");
	close(fd);
}

static struct {
	const char *comm;
	int syscall;
	void (*block)(void);
	pid_t tid;
} threads[] = {
	{"in-read", SYS_read, in_read, 0},
	{"in-futex", SYS_futex, in_futex, 0},
	{"in-nanosleep", SYS_clock_nanosleep, in_nanosleep, 0},
	{"in-wait4", SYS_wait4, in_wait4, 0},
	{"in-epoll", SYS_epoll_pwait, in_epoll, 0},
};
#define THREADS (sizeof(threads) / sizeof(threads[0]))

static void *run(void *arg)
{
	size_t i = (size_t)arg;

	check(prctl(PR_SET_NAME, threads[i].comm), "prctl");
	__atomic_store_n(&threads[i].tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	threads[i].block();
	return NULL;
}

static void in_vfork(void)
{
	const struct timespec ts = {(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};
	pid_t child = vfork();

	if (!child) {
		nanosleep(&ts, NULL);
		_exit(0);
	}
	check(child < 0, "vfork");
	check(waitpid(child, NULL, 0) != child, "waitpid");
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];

	ms = (uint64_t)arg_or(argc, argv, 1, 300);
	check(pipe(never), "pipe");
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
	for (size_t i = 0; i < THREADS; i++)
		check(pthread_create(&thread[i], NULL, run, (void *)i), "pthread_create");
	for (size_t i = 0; i < 2; i++) { /* these two wait for as long as the vfork takes */
		while (!__atomic_load_n(&threads[i].tid, __ATOMIC_ACQUIRE))
			sleep_ns(200000);
		until_in(threads[i].tid, threads[i].syscall);
	}
	in_vfork();
	check(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
	close(never[1]);
	for (size_t i = 0; i < THREADS; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	printf("{\"ms\": %d, \"pid\": %d", (int)ms, getpid());
#ifdef SYS_vfork
	printf(", \"vfork\": {\"tid\": %d, \"syscall\": %d}", getpid(), SYS_vfork);
#endif
	for (size_t i = 0; i < THREADS; i++)
		printf(", \"%s\": {\"tid\": %d, \"syscall\": %d}", threads[i].comm + 3,
		       threads[i].tid, threads[i].syscall);
	puts("}");
	return 0;
}
