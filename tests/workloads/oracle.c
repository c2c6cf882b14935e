// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

void oracle_begin(struct oracle *o, const char *comm)
{
	memset(o, 0, sizeof(*o));
	o->begin_ns = now_ns();
	o->tid = gettid();
	snprintf(o->comm, sizeof(o->comm), "%s", comm);
	check(prctl(PR_SET_NAME, o->comm), "prctl");
}

void oracle_end(struct oracle *o)
{
	char path[64], text[128];
	struct rusage ru;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", o->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd < 0, path);
	check(getrusage(RUSAGE_THREAD, &ru), "getrusage");
	n = read(fd, text, sizeof(text) - 1);
	check(n <= 0, path);
	o->end_ns = now_ns();
	close(fd);
	text[n] = '\0';
	check(sscanf(text, "%" SCNu64 "%" SCNu64 "%" SCNu64, &o->oncpu_ns, &o->runq_ns,
		     &o->slices) != 3,
	      "schedstat");
	o->nvcsw = (uint64_t)ru.ru_nvcsw;
	o->nivcsw = (uint64_t)ru.ru_nivcsw;
}

void oracle_print(const struct oracle *o, unsigned n, const char *more_json, ...)
{
	va_list ap;

	printf("{\"pid\": %d, \"tasks\": [", getpid());
	for (unsigned i = 0; i < n; i++)
		printf("%s{\"tid\": %d, \"comm\": \"%s\", \"oncpu_ns\": %" PRIu64
		       ", \"runq_ns\": %" PRIu64 ", \"slices\": %" PRIu64 ", \"nvcsw\": %" PRIu64
		       ", \"nivcsw\": %" PRIu64 ", \"begin_ns\": %" PRIu64 ", \"end_ns\": %" PRIu64
		       "}",
		       i ? ", " : "", o[i].tid, o[i].comm, o[i].oncpu_ns, o[i].runq_ns, o[i].slices,
		       o[i].nvcsw, o[i].nivcsw, o[i].begin_ns, o[i].end_ns);
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
