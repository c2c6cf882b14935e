/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * explain_run: a stream by hand through explain, and its steps as text, one line each:
 *
 *   DEPTH WHAT TID START+DUR [xPARTS] [closed] [by NAME [later] [or an interrupt]]
 *
 * times in us since T0, with ".NNN" where they are not whole. Of every step it is checked that
 * those below it add up to it.
 */
#ifndef RSTAT_TESTS_EXPLAIN_RUN_H
#define RSTAT_TESTS_EXPLAIN_RUN_H

#include "replay/explain/explain.h"
#include "replay/explain/explain_print.h"
#include "replay/explain/explain_text.h"
#include "report_run.h"

/* A system call of x86-64 as event.aux of a switch has it. */
#define IN(number)    ((number) + 1)
#define IN_READ	      IN(0)
#define IN_POLL	      IN(7)
#define IN_NANOSLEEP  IN(35)
#define IN_RECVFROM   IN(45)
#define IN_WAIT4      IN(61)
#define IN_FUTEX      IN(202)
#define IN_EPOLL_WAIT IN(232)

#define SLEEPS (1u << TS_SLEEP)

/* 100, 200 and 300 asleep for long, two idle CPUs. Times of all of these are in us. */
void ex_start(struct synth *s);
/* Woken by an interrupt of its idle CPU, and running at once. */
void ex_begin(struct synth *s, uint64_t us, uint16_t cpu, uint32_t tid);
void ex_irq_wake(struct synth *s, uint64_t us, uint16_t cpu, uint32_t interrupted, uint32_t tid,
		 uint16_t target, uint8_t flags);
void ex_wake(struct synth *s, uint64_t us, uint16_t cpu, uint32_t waker, uint32_t tid,
	     uint16_t target);
void ex_block(struct synth *s, uint64_t us, uint16_t cpu, uint32_t tid, uint16_t in, uint32_t next);

struct explain_case {
	uint32_t tid; /* 0: the worst waits */
	uint32_t worst; /* 0 with a tid: all of its time; else 1 is the default */
	uint32_t states; /* 0: RUNNABLE, D */
	uint32_t depth, least_ppm, limit; /* depth 0: CHAIN_DEPTH */
	uint64_t from, to, end; /* zero: all; the end of the trace, AT(1000) when zero */
	uint32_t ncpus; /* 0: 2 */
	const struct meta *meta; /* NULL: full_meta */
	bool failed; /* out: err is set */
	struct err err; /* out */
	uint64_t roots_ns; /* out: all roots */
	size_t roots, steps; /* out */
};

/* malloc'd; empty when it failed. */
char *explain_steps(const struct synth *s, struct explain_case *c);

/* Fails the test unless these are the steps. */
void expect_steps(const struct synth *s, struct explain_case c, const char *want);

#endif
