/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* report_run: a synthetic stream through a report, and what is printed. */
#ifndef RSTAT_TESTS_REPORT_RUN_H
#define RSTAT_TESTS_REPORT_RUN_H

#include "replay/report.h"
#include "replay/views/view_states.h"
#include "synthetic.h"

#define T0     INT64_C(1000000000) /* the start of the trace */
#define AT(us) ((uint64_t)(T0 + INT64_C(1000) * (us)))

/* Two CPUs of different L3 caches and nodes, one die. */
extern struct meta_cpu report_cpus[2];
extern struct meta report_meta;

struct report_case {
	struct report_options opt; /* states and width are filled in when zero */
	const struct meta *meta; /* NULL: report_meta */
	const char *groups; /* NULL: cpu */
	uint64_t from, to, end; /* window; zero: all; the end of the trace, AT(10000) when zero */
	void (*feed)(struct report *r); /* called after the stream, before its end; may be NULL */
	uint32_t keep; /* rows of gone ones and list entries to keep, 0: the default */
	uint64_t gone; /* out: how many were folded */
	struct err err; /* out */
};

/* What is printed, malloc'd; NULL with c->err set when the report fails. */
char *report_text(const struct synth *s, struct report_case *c);

/* report_meta of a recording with everything that can be recorded. */
extern const struct meta full_meta;

/* For `feed`: tells every view of the report, as the engine would. */
void feed_request(const struct report *r, const struct request *rq);
void feed_account(const struct report *r, const struct account *a);
void feed_socket(const struct report *r, const struct socket_event *se);
void feed_socket_gone(const struct report *r, const struct socket *socket);
void feed_event(const struct report *r, const struct event *ev);
const struct task *feed_task(const struct report *r, uint32_t tid); /* must be there */

/* Fails the test unless exactly `want` is printed. The options' lists are freed. */
void expect_report(const struct synth *s, struct report_case c, const char *want);

/* Fails the test unless the report fails with a sentence that has `what` in it. */
void expect_refusal(const struct synth *s, struct report_case c, const char *what);

/*
 * 10 ms of two CPUs, times in us: 100 sleeps until 100, runs 110-400; 200 is in D (vfork) since
 * before the trace, woken at 202 by 100, preempts 400 at 300, runs to 500; 300 is a zombie
 * throughout; 400 runs from before to 300, 500-700, yields, is moved to CPU 0, runs 800-2000 and
 * forks 500 at 900, which runs 930-1150, execs, exits with 3, and is reaped at 1300.
 */
void report_scenario(struct synth *s);

#endif
