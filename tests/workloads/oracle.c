// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

void check(int bad, const char *what)
{
	if (!bad)
		return;
	perror(what);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void spin_ns(uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	while (now_ns() < until)
		;
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void pin_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

long arg_or(int argc, char **argv, int i, long otherwise)
{
	return i < argc ? strtol(argv[i], NULL, 0) : otherwise;
}

void until_in(pid_t tid, long syscall)
{
	char path[32], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		check(fd < 0, path);
		n = read(fd, text, sizeof(text) - 1);
		check(n <= 0, path);
		close(fd);
		text[n] = '\0';
		/* "running", a number, or -1: blocked, but in no call */
		if (text[0] != 'r' && strtol(text, NULL, 10) == syscall)
			return;
		sleep_ns(200000);
	}
}

void until_told(void)
{
	char byte;

	check(read(STDIN_FILENO, &byte, 1) != 0, "standard input");
}

void *shared_memory(size_t size)
{
	/* of no file, whatever its number */
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, 0, 0);

	check(p == MAP_FAILED, "mmap");
	return p;
}

static int gate[2]; /* nothing is ever written to it: a read returns when it is closed */
static uint64_t collected_ns, collected_utc_ns;

__attribute__((constructor)) static void make_gate(void)
{
	check(pipe2(gate, O_CLOEXEC), "pipe");
}

void oracle_begin(struct oracle *o, const char *comm)
{
	memset(o, 0, sizeof(*o));
	o->tid = gettid();
	snprintf(o->comm, sizeof(o->comm), "%s", comm);
	check(prctl(PR_SET_NAME, o->comm), "prctl");
}

void oracle_end(struct oracle *o)
{
	char byte;

	o->done_ns = now_ns();
	__atomic_store_n(&o->done, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &o->done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	check(read(gate[0], &byte, 1) != 0, "read");
}

/* Reads a file of a thread of this process. */
static void slurp(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd < 0, path);
	n = read(fd, text, size - 1);
	check(n <= 0, path);
	close(fd);
	text[n] = '\0';
}

static uint64_t status_number(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	if (!line) {
		fprintf(stderr, "/proc has no %s\n", key);
		exit(1);
	}
	return strtoull(line + strlen(key), NULL, 10);
}

void oracle_wait(struct oracle *o)
{
	while (!__atomic_load_n(&o->done, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &o->done, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* The kernel says "running" until it is off its CPU and off the run queue. */
static void wait_until_blocked(struct oracle *o)
{
	char text[256];

	oracle_wait(o);
	for (;;) {
		slurp(o->tid, "syscall", text, sizeof(text));
		if (strncmp(text, "running", 7) != 0)
			return;
		sleep_ns(1000000);
	}
}

void oracle_collect(struct oracle *o, unsigned n)
{
	struct timespec ts;
	char text[4096];

	for (unsigned i = 0; i < n; i++) {
		wait_until_blocked(&o[i]);
		slurp(o[i].tid, "schedstat", text, sizeof(text));
		check(sscanf(text, "%" SCNu64 "%" SCNu64 "%" SCNu64, &o[i].oncpu_ns, &o[i].runq_ns,
			     &o[i].slices) != 3,
		      "schedstat");
		slurp(o[i].tid, "status", text, sizeof(text));
		o[i].nvcsw = status_number(text, "\nvoluntary_ctxt_switches:");
		o[i].nivcsw = status_number(text, "\nnonvoluntary_ctxt_switches:");
	}
	sleep_ns(1000000);
	clock_gettime(CLOCK_REALTIME, &ts);
	collected_ns = now_ns();
	collected_utc_ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	sleep_ns(1000000);
	close(gate[1]);
}

void oracle_print(const struct oracle *o, unsigned n, const char *more_json, ...)
{
	va_list ap;

	printf("{\"pid\": %d, \"collected_utc_ns\": %" PRIu64 ", \"tasks\": [", getpid(),
	       collected_utc_ns);
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"tid\": %d, \"comm\": \"%s\", \"oncpu_ns\": %" PRIu64
		       ", \"runq_ns\": %" PRIu64 ", \"slices\": %" PRIu64 ", \"nvcsw\": %" PRIu64
		       ", \"nivcsw\": %" PRIu64 ", \"held_ns\": %" PRIu64 "}",
		       i ? ", " : "", o[i].tid, o[i].comm, o[i].oncpu_ns, o[i].runq_ns, o[i].slices,
		       o[i].nvcsw, o[i].nivcsw, collected_ns - o[i].done_ns);
	printf("]");
	va_start(ap, more_json);
	if (more_json) {
		printf(", ");
		vprintf(more_json, ap);
	}
	va_end(ap);
	printf("}\n");
	check(fflush(stdout), "stdout");
}
