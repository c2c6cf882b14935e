/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * chain: why a thread waited, down to a root. A wait is explained by steps that add up to it:
 *
 *   ready, waiting for a CPU   who had that CPU meanwhile, slice by slice
 *   blocked, woken by a task   what that task was doing meanwhile: it ran, it waited for a CPU, it
 *                              was blocked itself, which is explained in the same way
 *   blocked, woken by an interrupt that completed a block request: in the queue, on the device
 *   ... with data from a process of this machine: what that one was doing meanwhile
 *   ... with data from elsewhere, by a timer, by another interrupt: a root, there is nothing below
 *
 * Steps of a kind are merged (that it slept a hundred times, woken by the same task, is one step of
 * a hundred parts), and so each step is explained once, for all the stretches of time that it
 * stands for together. What is below `least` of its parent's root is summed up as STEP_OTHERS.
 * What is not known is a step too: the parts of a step that has any add up to it, always.
 *
 * A task that was already blocked further up cannot have done anything, but for differences between
 * clocks: such a step ends as STEP_AGAIN.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_CHAIN_H
#define RSTAT_REPLAY_EXPLAIN_CHAIN_H

#include "replay/explain/step.h"
#include "replay/explain/timeline.h"
#include "replay/explain/waits.h"

#define CHAIN_DEPTH	10 /* by default */
#define CHAIN_DEPTH_MAX 64

/* Steps, each followed by those that explain it. */
struct chain {
	const struct timeline *timeline;
	uint32_t depth; /* steps below this are left out */
	uint32_t least_ppm; /* of the root: smaller steps are summed up */
	uint64_t until_ns; /* the end of the window, for waits that end later; 0: none do */
	struct step *steps;
	size_t n;
	uint32_t room;
	uint64_t root_ns; /* inside: of the wait that is being explained */
	uint32_t above[CHAIN_DEPTH_MAX + 2]; /* inside: who is blocked, by depth */
};

/* A wait of waits.h. -ENOENT: the timeline does not have it. Else 0 or -ENOMEM. */
int chain_wait(struct chain *c, const struct wait *wait, struct err *err);

/* All of a task's time in [from_ns, to_ns), which is cut to its life. */
int chain_window(struct chain *c, uint32_t who, uint64_t from_ns, uint64_t to_ns, struct err *err);

void chain_free(struct chain *c);

#endif
