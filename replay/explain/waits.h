/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * waits: the longest waits of a trace, or that a thread was there at all. The first pass of
 * explain: a sink that keeps a bounded list, the worst first, of equal ones the earlier first.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_WAITS_H
#define RSTAT_REPLAY_EXPLAIN_WAITS_H

#include "engine/engine.h"
#include "replay/focus.h"
#include "replay/select.h"

#define WAITS_MAX 1000

struct wait {
	uint64_t from_ns, to_ns; /* clipped to the window */
	uint64_t start_ns; /* when it began; may lie before the window */
	uint64_t end_ns; /* when it ended: to_ns, or later; 0: not known */
	uint32_t tid;
	enum task_state state;
};

struct waits {
	struct sink sink; /* to be added to the engine */
	const struct engine *engine;
	struct select *select;
	const struct focus *focus; /* NULL: everybody */
	uint32_t states; /* that count as waiting */
	uint32_t keep; /* at most WAITS_MAX */
	uint32_t n;
	uint64_t seen, seen_ns; /* all that were to be chosen from */
	uint64_t unsure; /* left out: a gap touches them, so their length is not known */
	struct wait list[WAITS_MAX];
};

/* @states  a bit per enum task_state of those that count as waiting */
void waits_init(struct waits *w, const struct engine *e, struct select *select,
		const struct focus *focus, uint32_t states, uint32_t keep);

/* States that a task can wait in. */
#define WAITS_STATES                                                                               \
	(1u << TS_RUNNABLE | 1u << TS_SLEEP | 1u << TS_DISK | 1u << TS_IDLE | 1u << TS_STOPPED |   \
	 1u << TS_TRACED | 1u << TS_PARKED)
#define WAITS_DEFAULT (1u << TS_RUNNABLE | 1u << TS_DISK)

#endif
