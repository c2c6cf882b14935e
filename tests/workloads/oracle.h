/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * oracle: what the kernel's own accounting says of the threads of a workload, and its printing.
 *
 * A workload is a program with a known schedule. Each thread that is to be compared calls
 * oracle_end() as the last thing of its life: the kernel starts its accounts at the fork, so the
 * figures then are those of its whole life, less the few microseconds of its exit. The program
 * prints one JSON object at its end.
 */
#ifndef RSTAT_TESTS_ORACLE_H
#define RSTAT_TESTS_ORACLE_H

#include <stdint.h>
#include <sys/types.h>

struct oracle {
	pid_t tid;
	char comm[16];
	uint64_t oncpu_ns, runq_ns, slices; /* /proc/self/task/TID/schedstat */
	uint64_t nvcsw, nivcsw; /* getrusage(RUSAGE_THREAD) */
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
};

/* Any of these that fails ends the program with a sentence and exit code 1. */
void oracle_begin(struct oracle *o, const char *comm); /* names the calling thread */
void oracle_end(struct oracle *o);
void oracle_print(const struct oracle *o, unsigned n, const char *more_json, ...)
	__attribute__((format(printf, 3, 4))); /* more_json: further members or NULL */

uint64_t now_ns(void);
void spin_ns(uint64_t ns); /* busy for so long by the clock */
void sleep_ns(uint64_t ns); /* one nanosleep, resumed when interrupted */
void pin_to(int cpu); /* the calling thread; a negative CPU: not at all */
long arg_or(int argc, char **argv, int i, long otherwise); /* argv[i] as a number */
void check(int bad, const char *what); /* perror() and exit when bad */

#endif
