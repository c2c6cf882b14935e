/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * explain: events in, the chains of the worst waits, or of all that one thread did, out. It wants
 * the events in passes: of the window to find the worst waits; after it, until those that go on
 * there have ended; then of where they lie.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_EXPLAIN_H
#define RSTAT_REPLAY_EXPLAIN_EXPLAIN_H

#include "replay/explain/explained.h"

#define EXPLAIN_WORST	  5
#define EXPLAIN_BEYOND_NS 10000000000u /* so far after the window ends of waits are looked for */

struct explain;

/* -EINVAL: worst is 0 and there is not exactly one --tid. */
int explain_check(const struct explain_options *opt, struct err *err);

/*
 * @opt, @meta  stay the caller's and must outlive it
 * @start_ns    of the trace; from_ns, to_ns: the window, UINT64_MAX: to the end of the trace
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

/* Positive: no more events are needed in this pass. */
int explain_apply(struct explain *e, const struct event *events, size_t n, struct err *err);

/* All events of the pass were applied. -EINVAL: a filter matched nothing. */
int explain_end_pass(struct explain *e, struct err *err);

/* After the last pass; valid until explain_free(). */
const struct explained *explain_result(const struct explain *e);

#endif
