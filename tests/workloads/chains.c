// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * chains lock|pipe|sleep|child|tcp|direct FILE: one thread waits once, for long, for a reason that
 * has a reason. What the others do begins when it is blocked. Prints who took part and how long the
 * wait was by the waiter's own clock.
 *
 *   lock    "waiter" for a mutex that "holder" has: it runs for 5 ms, in which it is preempted by
 *           "hog" for 30 ms, sleeps for 5 ms, and runs for 2 ms
 *   pipe    "first" for "second", which runs for 5 ms when it has word of "third", which sleeps
 *           for 30 ms and runs for 10 ms
 *   sleep   "sleeper" for 50 ms
 *   child   "parent" for "child", which sleeps for 20 ms and runs for 20 ms
 *   tcp     "client" for "server", which sleeps for 30 ms and runs for 10 ms before it answers
 *   direct  "reader" for a read of 1 MiB past the page cache
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define MS UINT64_C(1000000)

static pid_t waiter, others[2];
static uint64_t waited;

static pid_t called(const char *name)
{
	prctl(PR_SET_NAME, name);
	return (pid_t)syscall(SYS_gettid);
}

/* Busy for so long by its own CPU clock, however often it is preempted. */
static void work_ns(uint64_t ns)
{
	struct timespec t;
	uint64_t end = 0;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		if (!end)
			end = (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec + ns;
	} while ((uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec < end);
}

static void print(const char *a, const char *b)
{
	printf("{\"waiter\": %d, \"waited_ns\": %llu", waiter, (unsigned long long)waited);
	if (a)
		printf(", \"%s\": %d", a, others[0]);
	if (b)
		printf(", \"%s\": %d", b, others[1]);
	puts("}");
}

/* -- lock -- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t held, go;
static int hog_runs;

static void *hold(void *unused)
{
	(void)unused;
	others[0] = called("holder");
	pin_to(1);
	pthread_mutex_lock(&lock);
	sem_post(&held);
	until_in(waiter, SYS_futex);
	sem_post(&go);
	work_ns(3 * MS);
	while (!__atomic_load_n(&hog_runs, __ATOMIC_ACQUIRE)) /* however late it is */
		;
	work_ns(2 * MS);
	sleep_ns(5 * MS);
	work_ns(2 * MS);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *hog(void *unused)
{
	struct sched_param param = {.sched_priority = 10};

	(void)unused;
	others[1] = called("hog");
	pin_to(1);
	check(sched_setscheduler(0, SCHED_FIFO, &param), "sched_setscheduler");
	sem_wait(&go);
	sleep_ns(2 * MS);
	__atomic_store_n(&hog_runs, 1, __ATOMIC_RELEASE);
	spin_ns(30 * MS);
	return NULL;
}

static void by_lock(void)
{
	pthread_t threads[2];
	uint64_t since;

	waiter = called("waiter");
	pin_to(0);
	check(sem_init(&held, 0, 0) || sem_init(&go, 0, 0), "sem_init");
	check(pthread_create(&threads[1], NULL, hog, NULL), "pthread_create");
	sleep_ns(5 * MS);
	check(pthread_create(&threads[0], NULL, hold, NULL), "pthread_create");
	sem_wait(&held);
	since = now_ns();
	pthread_mutex_lock(&lock);
	waited = now_ns() - since;
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	print("holder", "hog");
}

/* -- pipe -- */

static void by_pipe(void)
{
	int to_second[2], to_first[2];
	uint64_t since;
	char byte = 0;

	waiter = called("first");
	check(pipe(to_second) || pipe(to_first), "pipe");
	others[0] = fork();
	check(others[0] < 0, "fork");
	if (!others[0]) {
		called("second");
		check(read(to_second[0], &byte, 1) != 1, "read");
		work_ns(5 * MS);
		check(write(to_first[1], &byte, 1) != 1, "write");
		_exit(0);
	}
	others[1] = fork();
	check(others[1] < 0, "fork");
	if (!others[1]) {
		called("third");
		until_in(others[0], SYS_read);
		until_in(waiter, SYS_read);
		sleep_ns(30 * MS);
		work_ns(10 * MS);
		check(write(to_second[1], &byte, 1) != 1, "write");
		_exit(0);
	}
	since = now_ns();
	check(read(to_first[0], &byte, 1) != 1, "read");
	waited = now_ns() - since;
	while (wait(NULL) > 0)
		;
	print("second", "third");
}

/* -- sleep, child -- */

static void by_sleep(void)
{
	uint64_t since = now_ns();

	waiter = called("sleeper");
	sleep_ns(50 * MS);
	waited = now_ns() - since;
	print(NULL, NULL);
}

static void by_child(void)
{
	uint64_t since;

	waiter = called("parent");
	others[0] = fork();
	check(others[0] < 0, "fork");
	if (!others[0]) {
		called("child");
		until_in(waiter, SYS_wait4);
		sleep_ns(20 * MS);
		work_ns(20 * MS);
		_exit(0);
	}
	since = now_ns();
	check(waitpid(others[0], NULL, 0) != others[0], "waitpid");
	waited = now_ns() - since;
	print("child", NULL);
}

/* -- tcp -- */

static void __attribute__((noreturn)) serve(int listener)
{
	char byte;
	int s;

	called("server");
	s = accept(listener, NULL, NULL);
	check(s < 0, "accept");
	check(recv(s, &byte, 1, 0) != 1, "recv");
	until_in(waiter, SYS_recvfrom);
	sleep_ns(30 * MS);
	work_ns(10 * MS);
	check(send(s, &byte, 1, 0) != 1, "send");
	recv(s, &byte, 1, 0); /* until the client has gone */
	_exit(0);
}

static void by_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), s;
	uint64_t since;
	char byte = 0;

	waiter = called("client");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(listener < 0, "socket");
	check(bind(listener, (struct sockaddr *)&address, len), "bind");
	check(listen(listener, 1), "listen");
	check(getsockname(listener, (struct sockaddr *)&address, &len), "getsockname");
	others[0] = fork();
	check(others[0] < 0, "fork");
	if (!others[0])
		serve(listener);
	s = socket(AF_INET, SOCK_STREAM, 0); /* after the fork, or it would never be gone */
	check(s < 0, "socket");
	check(connect(s, (struct sockaddr *)&address, len), "connect");
	check(send(s, &byte, 1, 0) != 1, "send");
	since = now_ns();
	check(recv(s, &byte, 1, 0) != 1, "recv");
	waited = now_ns() - since;
	close(s);
	while (wait(NULL) > 0)
		;
	print("server", NULL);
}

/* -- direct -- */

static void by_disk(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	uint64_t since;
	void *buf = NULL;

	waiter = called("reader");
	check(fd < 0, path);
	check(posix_memalign(&buf, 4096, 1 << 20), "posix_memalign");
	since = now_ns();
	check(pread(fd, buf, 1 << 20, 0) != 1 << 20, "pread");
	waited = now_ns() - since;
	print(NULL, NULL);
	free(buf);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "lock"))
		by_lock();
	else if (!strcmp(mode, "pipe"))
		by_pipe();
	else if (!strcmp(mode, "sleep"))
		by_sleep();
	else if (!strcmp(mode, "child"))
		by_child();
	else if (!strcmp(mode, "tcp"))
		by_tcp();
	else if (!strcmp(mode, "direct") && argc > 2)
		by_disk(argv[2]);
	else
		return 2;
	return 0;
}
