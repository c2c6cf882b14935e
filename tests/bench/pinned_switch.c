// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pinned_switch CPU [ROUNDS]: the load of the paired harness. Two processes on one CPU throw a byte
 * to and fro. For each line on standard input it runs ROUNDS round trips (default 4,000) and
 * answers with "CPU_NS SWITCHES": the CPU time of both, over that many switches.
 *
 * CPU time, not wall time: what other CPUs do to the clock does not count. The harness attaches
 * something else before each line.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		fail("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void echo(int in, int out)
{
	char byte;

	while (read(in, &byte, 1) == 1)
		if (write(out, &byte, 1) != 1)
			break;
	_exit(0);
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? atol(argv[2]) : 4000;
	int to[2], from[2];
	clockid_t other;
	cpu_set_t set;
	char line[16];
	pid_t child;

	if (argc < 2) {
		fputs("usage: pinned_switch CPU [ROUNDS]\n", stderr);
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	if (sched_setaffinity(0, sizeof(set), &set) || pipe(to) || pipe(from))
		fail("set-up");
	child = fork();
	if (child < 0)
		fail("fork");
	if (!child) {
		close(to[1]);
		echo(to[0], from[1]);
	}
	if (clock_getcpuclockid(child, &other))
		fail("clock_getcpuclockid");
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + cpu_ns(other);
		char byte = 0;

		for (long i = 0; i < rounds; i++)
			if (write(to[1], &byte, 1) != 1 || read(from[0], &byte, 1) != 1)
				fail("pipe");
		printf("%llu %ld\n",
		       (unsigned long long)(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + cpu_ns(other) -
					    before),
		       2 * rounds);
		fflush(stdout);
	}
	close(to[1]);
	waitpid(child, NULL, 0);
	return 0;
}
