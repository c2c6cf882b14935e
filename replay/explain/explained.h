/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* explained: what explain was asked for, and what it found: the input of its texts. */
#ifndef RSTAT_REPLAY_EXPLAIN_EXPLAINED_H
#define RSTAT_REPLAY_EXPLAIN_EXPLAINED_H

#include "base/rows.h"
#include "format/meta.h"
#include "replay/explain/chain.h"
#include "replay/select.h"

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

struct explained {
	const struct explain_options *opt;
	const struct meta *meta;
	uint64_t start_ns, from_ns, to_ns; /* of the trace; the window, UINT64_MAX: to its end */
	bool focused; /* on the command that was recorded */
	uint64_t lost, gaps; /* in the window */
	uint64_t seen, seen_ns, unsure; /* as in struct waits */
	uint32_t nwaits; /* that were chosen */
	uint32_t missed; /* of these, that could not be found again */
	const struct timeline *timeline; /* NULL: there is nothing to explain */
	struct chain chain;
	size_t *roots; /* where each wait begins in chain.steps */
	size_t nroots;
};

#endif
