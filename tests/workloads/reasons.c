// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * reasons [FILE]: threads that each wait for something else, and are named after it: a lock whose
 * holder, on CPU 0, is pushed off by a hog; a pipe; poll; a time; a child; the network; and, if
 * there is a FILE of 1 MiB or more, the disk.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define MS	  UINT64_C(1000000)
#define THREADS	  10
#define READS	  16
#define READ_SIZE 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t held; /* the holder has the lock: the hog and who wants it begin */
static int to_reader[2], to_poller[2], asks, answers;
static const char *file;

/* By its own time on a CPU, not by the clock. */
static void compute(uint64_t ns)
{
	struct timespec ts = {0};

	while ((uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec < ns)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
}

static void holder(void)
{
	pin_to(0);
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
	pthread_barrier_wait(&held);
	compute(10 * MS);
	check(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
}

static void hog(void)
{
	pin_to(0);
	setpriority(PRIO_PROCESS, 0, -20);
	pthread_barrier_wait(&held);
	sleep_ns(2 * MS);
	compute(15 * MS);
}

static void locker(void)
{
	pin_to(1);
	pthread_barrier_wait(&held);
	check(pthread_mutex_lock(&lock), "pthread_mutex_lock");
	check(pthread_mutex_unlock(&lock), "pthread_mutex_unlock");
}

static void reader(void)
{
	char byte;

	check(read(to_reader[0], &byte, 1) != 1, "read");
}

static void poller(void)
{
	struct pollfd fds = {.fd = to_poller[0], .events = POLLIN};

	check(poll(&fds, 1, 1000) != 1, "poll");
}

/* Wakes the reader and the poller on its way. */
static void sleeper(void)
{
	sleep_ns(12 * MS);
	check(write(to_reader[1], "", 1) != 1, "write");
	sleep_ns(8 * MS);
	check(write(to_poller[1], "", 1) != 1, "write");
}

static void parent(void)
{
	pid_t child = fork();
	int status;

	check(child < 0, "fork");
	if (!child) {
		prctl(PR_SET_NAME, "child");
		sleep_ns(18 * MS);
		_exit(0);
	}
	check(waitpid(child, &status, 0) != child || status, "waitpid");
}

static void asker(void)
{
	char byte = 0;

	check(send(asks, &byte, 1, 0) != 1, "send");
	check(recv(asks, &byte, 1, 0) != 1, "recv");
}

static void answerer(void)
{
	char byte;

	check(recv(answers, &byte, 1, 0) != 1, "recv");
	sleep_ns(16 * MS);
	check(send(answers, &byte, 1, 0) != 1, "send");
}

static void disk(void)
{
	void *block = NULL;
	int fd = file ? open(file, O_RDONLY | O_DIRECT) : -1;

	if (!file)
		return;
	check(fd < 0, file);
	check(posix_memalign(&block, 4096, READ_SIZE), "posix_memalign");
	for (off_t i = 0; i < READS; i++)
		check(pread(fd, block, READ_SIZE, (i * 7 % READS) * READ_SIZE) != READ_SIZE, file);
	close(fd);
	free(block);
}

static const struct role {
	const char *name;
	void (*play)(void);
} roles[THREADS] = {
	{"holder", holder}, {"hog", hog},	    {"locker", locker}, {"reader", reader},
	{"poller", poller}, {"sleeper", sleeper},   {"parent", parent}, {"asker", asker},
	{"disk", disk},	    {"answerer", answerer},
};

static void *play(void *arg)
{
	const struct role *role = arg;

	prctl(PR_SET_NAME, role->name);
	role->play();
	return NULL;
}

static void connect_them(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	check(listener < 0 || bind(listener, (struct sockaddr *)&at, len), "bind");
	check(listen(listener, 1), "listen");
	check(getsockname(listener, (struct sockaddr *)&at, &len), "getsockname");
	asks = socket(AF_INET, SOCK_STREAM, 0);
	check(asks < 0 || connect(asks, (struct sockaddr *)&at, len), "connect");
	answers = accept(listener, NULL, NULL);
	check(answers < 0, "accept");
	close(listener);
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];

	file = argc > 1 ? argv[1] : NULL;
	check(pipe(to_reader) || pipe(to_poller), "pipe");
	check(pthread_barrier_init(&held, NULL, 3), "pthread_barrier_init");
	connect_them();
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&thread[i], NULL, play, (void *)&roles[i]), "pthread_create");
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(thread[i], NULL), "pthread_join");
	return 0;
}
