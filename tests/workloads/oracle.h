/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * oracle: what the kernel's own accounting says of the threads of a workload, and its printing.
 *
 * A workload is a program with a known schedule. Each thread that is to be compared calls
 * oracle_begin() first and oracle_end() last, where it stays blocked. Another thread waits until all
 * of them are off their CPUs, reads their accounts, which the kernel started at their fork, and lets
 * them go. So the accounts are those of their lives up to a moment at which nothing happens to them,
 * and that moment is printed with them, in one JSON object.
 */
#ifndef RSTAT_TESTS_ORACLE_H
#define RSTAT_TESTS_ORACLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct oracle {
	pid_t tid;
	char comm[16];
	uint64_t oncpu_ns, runq_ns, slices; /* /proc/self/task/TID/schedstat */
	uint64_t nvcsw, nivcsw; /* /proc/self/task/TID/status, as getrusage has them */
	uint64_t done_ns; /* when it came to oracle_end(): until it was collected it slept there */
	int done; /* it is in, or about to be in, oracle_end() */
};

/* Any of these that fails ends the program with a sentence and exit code 1. */
void oracle_begin(struct oracle *o, const char *comm); /* names the calling thread */
void oracle_end(struct oracle *o);
void oracle_wait(struct oracle *o); /* until it is there, or about to be */
void oracle_collect(struct oracle *o, unsigned n);
void oracle_print(const struct oracle *o, unsigned n, const char *more_json, ...)
	__attribute__((format(printf, 3, 4))); /* more_json: further members or NULL */

uint64_t now_ns(void);
void spin_ns(uint64_t ns); /* busy for so long by the clock */
void sleep_ns(uint64_t ns); /* one nanosleep, resumed when interrupted */
void pin_to(int cpu); /* the calling thread; a negative CPU: not at all */
void until_in(pid_t tid, long syscall); /* returns when that thread is blocked in that call */
void until_told(void); /* returns at the end of standard input */
void *shared_memory(size_t size); /* zeroed; children have it too */
long arg_or(int argc, char **argv, int i, long otherwise); /* argv[i] as a number */
void check(int bad, const char *what); /* perror() and exit when bad */

#endif
