/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * explain: events in, the chains of the worst waits, or of all that one thread did, out. It wants
 * the events in passes: of the whole window to find the worst waits, then of where they lie.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_EXPLAIN_H
#define RSTAT_REPLAY_EXPLAIN_EXPLAIN_H

#include "replay/explain/chain.h"
#include "replay/report.h"

#define EXPLAIN_SCHEMA "rstat.explain/1"
#define EXPLAIN_WORST  5

/* What the user asked for. */
struct explain_options {
	struct select select;
	uint32_t worst; /* waits; 0: all of one thread's time, which --tid names */
	uint32_t states; /* bit per enum task_state of WAITS_STATES: which waits */
	uint32_t depth, least_ppm; /* see struct chain */
	uint32_t limit; /* of the timeline, 0: TIMELINE_LIMIT */
	enum rows_format format;
	bool all; /* no default focus */
	bool color;
	unsigned width;
};

struct explain;

/* -EINVAL: worst is 0 and there is not exactly one --tid. */
int explain_check(const struct explain_options *opt, struct err *err);

/*
 * @opt, @meta  stay the caller's and must outlive it
 * @start_ns    of the trace; from_ns, to_ns: the window
 * @last_ns     the last instant that the trace covers
 */
int explain_new(struct explain **out, struct explain_options *opt, const struct meta *meta,
		uint64_t start_ns, uint64_t from_ns, uint64_t to_ns, uint64_t last_ns,
		uint32_t cpu_limit, struct err *err);
void explain_free(struct explain *e); /* NULL is fine */

/*
 * The next pass: events of [from_ns, to_ns) are wanted, with those before that a source gives.
 * Positive: there is one; 0: no more; else an error.
 */
int explain_pass(struct explain *e, uint64_t *from_ns, uint64_t *to_ns, struct err *err);
int explain_apply(struct explain *e, const struct event *events, size_t n, struct err *err);

/* All events of the pass were applied. -EINVAL: a filter matched nothing. */
int explain_end_pass(struct explain *e, struct err *err);

/* After the last pass. A write error is left to the caller: ferror(f). */
int explain_print(struct explain *e, const struct report_input *in, FILE *f, struct err *err);

/* -- between explain.c, explain_print.c and explain_text.c -- */

#define EXPLAIN_TEXT 600

struct explain {
	struct explain_options *opt;
	const struct meta *meta;
	uint64_t start_ns, from_ns, to_ns, last_ns;
	uint32_t cpu_limit;
	unsigned passes; /* begun */
	struct engine *engine; /* of the first pass */
	struct focus *focus;
	struct waits waits;
	struct sink counting;
	uint64_t lost, gaps; /* in the window */
	struct span *cpu_windows, *task_windows; /* of the second pass, in `windows` */
	struct timeline_windows windows;
	struct timeline *timeline;
	struct chain chain;
	size_t *roots; /* where each wait begins in chain.steps */
	size_t nroots;
	uint32_t missed; /* waits that the second pass did not find */
};

/* Escaped for a terminal: "comm (tid)". */
char *explain_name(const struct explain *e, uint32_t who, char *buf, size_t size);
/* What a step says, as a clause: escaped for a terminal. */
char *explain_sentence(const struct explain *e, const struct step *s, char *buf, size_t size);
/* Who or what held it up; NULL: nobody, or not known. Not escaped. */
const char *explain_by(const struct explain *e, const struct step *s, char *buf, size_t size);
/* One word for machines. */
const char *explain_what(const struct step *s);

#endif
