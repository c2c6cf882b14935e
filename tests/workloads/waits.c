// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * waits FILE [SCALE]: one thread waits for each of the reasons in turn, for known times: SCALE times
 * 10 ms and more. How long it was blocked is what the clock says without what the kernel says that
 * it ran and waited for a CPU. FILE is made, read past the page cache, and removed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define MS	   1000000u
#define BLOCK	   65536u
#define FILE_BYTES (64u << 20)

enum reason { DISK, NET, LOCK, PIPE, POLL, SLEEP, CHILD, REASONS };

static const char *const names[REASONS] = {"disk", "net", "lock", "pipe", "poll", "sleep", "child"};
static uint64_t blocked_ns[REASONS];
static pid_t waiter;
static long scale;
static const char *path;

/* -- a helper that does something after a while -- */

struct later {
	uint64_t ns;
	void (*act)(struct later *l);
	int fd;
	pthread_mutex_t lock;
	atomic_int ready;
	pthread_t thread;
};

static void *be_late(void *arg)
{
	struct later *l = arg;

	check(pthread_mutex_lock(&l->lock), "lock");
	l->ready = 1;
	sleep_ns(l->ns);
	if (l->act)
		l->act(l);
	check(pthread_mutex_unlock(&l->lock), "unlock");
	return NULL;
}

/* It sleeps when this returns; until then the caller is on its CPU. */
static void later(struct later *l, unsigned units, void (*act)(struct later *), int fd)
{
	l->ns = (uint64_t)scale * units * MS;
	l->act = act;
	l->fd = fd;
	l->ready = 0;
	check(pthread_mutex_init(&l->lock, NULL), "mutex");
	check(pthread_create(&l->thread, NULL, be_late, l), "pthread_create");
	while (!l->ready)
		;
}

/* The thread ends right after what it did; joining it is a wait for a lock. */
static void is_over(struct later *l)
{
	while (pthread_tryjoin_np(l->thread, NULL) == EBUSY)
		;
}

static void write_byte(struct later *l)
{
	check(write(l->fd, "x", 1) != 1, "write");
}

/* -- time -- */

struct point {
	uint64_t ns, used_ns; /* on a CPU, and waiting for one */
};

static long switches(void)
{
	struct rusage usage;

	check(getrusage(RUSAGE_THREAD, &usage), "getrusage");
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static struct point read_clocks(void)
{
	unsigned long long run, delay;
	struct timespec cpu;
	struct point p;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/task/%d/schedstat", waiter);
	f = fopen(name, "r");
	check(!f || fscanf(f, "%llu %llu", &run, &delay) != 2, name);
	fclose(f);
	check(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu), "clock_gettime");
	p.ns = now_ns();
	p.used_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec + delay;
	return p;
}

/* Whoever takes the CPU from it between the clocks makes them tell of different times. */
static struct point now(void)
{
	struct point p;
	long before;

	do {
		before = switches();
		p = read_clocks();
	} while (switches() != before);
	return p;
}

static void count(enum reason reason, struct point since)
{
	struct point p = now();
	uint64_t wall = p.ns - since.ns, used = p.used_ns - since.used_ns;

	blocked_ns[reason] += wall > used ? wall - used : 0;
}

/* -- what it waits for -- */

static void locks(void)
{
	struct point since;
	struct later l;

	later(&l, 20, NULL, -1);
	since = now();
	check(pthread_mutex_lock(&l.lock), "lock");
	count(LOCK, since);
	is_over(&l);
}

static void get_byte(enum reason reason, int from, int to, unsigned units, int by_recv)
{
	struct point since;
	struct later l;
	char byte;

	later(&l, units, write_byte, to);
	since = now();
	check((by_recv ? recv(from, &byte, 1, 0) : read(from, &byte, 1)) != 1, "read");
	count(reason, since);
	is_over(&l);
}

static void pipes(void)
{
	int fd[2];

	check(pipe(fd), "pipe");
	get_byte(PIPE, fd[0], fd[1], 15, 0);
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	get_byte(PIPE, fd[0], fd[1], 6, 0);
	get_byte(PIPE, fd[0], fd[1], 7, 1);
}

static struct sockaddr_in address = {.sin_family = AF_INET};

static void call_back(struct later *l)
{
	check(connect(l->fd, (struct sockaddr *)&address, sizeof(address)), "connect");
}

static void network(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);
	struct point since;
	struct later l;
	int server;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(listener < 0 || client < 0, "socket");
	check(bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(listen(listener, 1), "listen");
	check(getsockname(listener, (struct sockaddr *)&address, &len), "getsockname");
	later(&l, 5, call_back, client);
	since = now();
	server = accept(listener, NULL, NULL);
	check(server < 0, "accept");
	count(NET, since);
	is_over(&l);
	get_byte(NET, server, client, 13, 1);
	get_byte(NET, client, server, 11, 0);
}

static void polls(void)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct pollfd p = {.events = POLLIN};
	int fd[2], ep = epoll_create1(0);
	struct point since;
	struct later l;
	fd_set set;

	check(pipe(fd) || ep < 0, "pipe");
	later(&l, 12, write_byte, fd[1]);
	p.fd = fd[0];
	since = now();
	check(poll(&p, 1, -1) != 1, "poll");
	count(POLL, since);
	is_over(&l);
	check(read(fd[0], &set, 1) != 1, "read");

	check(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev), "epoll_ctl");
	later(&l, 8, write_byte, fd[1]);
	since = now();
	check(epoll_wait(ep, &ev, 1, -1) != 1, "epoll_wait");
	count(POLL, since);
	is_over(&l);

	FD_ZERO(&set);
	since = now();
	select(0, &set, NULL, NULL, &(struct timeval){.tv_usec = 4000 * scale});
	count(POLL, since);
}

static void sleeps(void)
{
	struct point since = now();

	sleep_ns(25 * (uint64_t)scale * MS);
	count(SLEEP, since);
}

static void children(void)
{
	struct timespec ts = {.tv_nsec = 6 * scale * MS};
	struct point since;
	pid_t child = fork();

	if (!child) {
		sleep_ns(18 * (uint64_t)scale * MS);
		_exit(0);
	}
	since = now();
	check(waitpid(child, NULL, 0) != child, "waitpid");
	count(CHILD, since);

	since = now();
	child = vfork(); /* its parent waits in D until it is gone */
	if (!child) {
		nanosleep(&ts, NULL);
		_exit(0);
	}
	count(CHILD, since);
	waitpid(child, NULL, 0);
}

static void disk(void *buf, int fd)
{
	uint64_t end = now_ns() + 15 * (uint64_t)scale * MS;
	struct point since = now();
	unsigned at = 1;

	while (now_ns() < end) {
		at = (at * 1664525u + 1013904223u) % (FILE_BYTES / BLOCK);
		check(pread(fd, buf, BLOCK, (off_t)at * BLOCK) != BLOCK, "pread");
	}
	count(DISK, since);
}

struct file {
	void *buf;
	int fd;
};

static void *wait_for_all(void *arg)
{
	struct file *file = arg;

	check(pthread_setname_np(pthread_self(), "waiter"), "name");
	waiter = gettid();
	locks();
	pipes();
	network();
	polls();
	sleeps();
	children();
	disk(file->buf, file->fd);
	return NULL;
}

static void make_file(struct file *file)
{
	check(posix_memalign(&file->buf, 4096, BLOCK), "memory");
	memset(file->buf, 'x', BLOCK);
	file->fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_DIRECT, 0600);
	check(file->fd < 0, path);
	check(unlink(path), path);
	for (unsigned i = 0; i < FILE_BYTES / BLOCK; i++)
		check(write(file->fd, file->buf, BLOCK) != BLOCK, "write");
	check(fsync(file->fd), "fsync");
}

int main(int argc, char **argv)
{
	struct file file;
	pthread_t thread;

	errno = EINVAL;
	check(argc < 2, "waits FILE [SCALE]");
	path = argv[1];
	scale = arg_or(argc, argv, 2, 10);
	make_file(&file);
	check(pthread_create(&thread, NULL, wait_for_all, &file), "pthread_create");
	check(pthread_join(thread, NULL), "pthread_join");
	printf("{\"pid\": %d, \"tid\": %d", getpid(), waiter);
	for (unsigned i = 0; i < REASONS; i++)
		printf(", \"%s_ns\": %llu", names[i], (unsigned long long)blocked_ns[i]);
	printf("}\n");
	return 0;
}
