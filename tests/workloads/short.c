// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * short [COUNT]: processes that live for less than 2 ms, one after the other. Prints the PIDs, the
 * sum of their CPU time as wait4 has it, and the longest life.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static uint64_t tv_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000000 + (uint64_t)tv.tv_usec * 1000;
}

int main(int argc, char **argv)
{
	long count = arg_or(argc, argv, 1, 1000);
	uint64_t cpu_ns = 0, longest_ns = 0;
	pid_t *pids = calloc((size_t)count, sizeof(*pids));

	check(!pids, "calloc");
	for (long i = 0; i < count; i++) {
		uint64_t start = now_ns();
		struct rusage ru;

		pids[i] = fork();
		check(pids[i] < 0, "fork");
		if (!pids[i]) {
			spin_ns((uint64_t)(i % 8) * 100000);
			_exit((int)(i % 100));
		}
		check(wait4(pids[i], NULL, 0, &ru) != pids[i], "wait4");
		cpu_ns += tv_ns(ru.ru_utime) + tv_ns(ru.ru_stime);
		if (now_ns() - start > longest_ns)
			longest_ns = now_ns() - start;
	}
	printf("{\"pid\": %d, \"cpu_ns\": %" PRIu64 ", \"longest_ns\": %" PRIu64 ", \"pids\": [",
	       getpid(), cpu_ns, longest_ns);
	for (long i = 0; i < count; i++)
		printf("%s%d", i ? ", " : "", pids[i]);
	printf("]}\n");
	return 0;
}
