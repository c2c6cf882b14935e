/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * invariants: what must add up, whatever the trace. Per CPU, run + idle + gap + other is the wall
 * time of the window. Per task, its states follow each other without a hole and without overlap,
 * from the first instant at which it is known to the end of its life or of the window. Tasks ran as
 * long as CPUs did. No length is negative. Per device, requests have the bytes that its completions
 * told; what tasks put into a request adds up to it; counters of tasks do not go down.
 */
#ifndef RSTAT_REPLAY_INVARIANTS_H
#define RSTAT_REPLAY_INVARIANTS_H

#include "engine/engine.h"

enum invariant {
	INV_CPU_WALL, /* a CPU's states do not add up to the window */
	INV_CPU_ORDER, /* a CPU's states overlap or leave a hole */
	INV_TASK_ORDER, /* a task's states overlap or leave a hole */
	INV_TASK_START, /* a task has no state when it is first known */
	INV_TASK_END, /* a task that lives on has no state at the end */
	INV_NEGATIVE, /* an end before its start */
	INV_CLIP, /* an interval outside the window, or a gap longer than its interval */
	INV_RUN_TWICE, /* on-CPU time of all tasks differs from that of all CPUs */
	INV_IO_BYTES, /* a device's requests have more or less bytes than were completed */
	INV_IO_SHARES, /* the shares of a request do not add up to it */
	INV_IO_TIMES, /* a request issued before it was made, or done before that */
	INV_ACCOUNT, /* something was read or written a negative number of times */
	INV_COUNT
};

struct invariants;

/*
 * @window  as the engine has it, from_ns not before the start of the trace
 */
int invariants_new(struct invariants **out, uint32_t cpu_limit, uint64_t from_ns, uint64_t to_ns,
		   struct err *err);
void invariants_free(struct invariants *inv);

/* To be added to the engine. */
struct sink *invariants_sink(struct invariants *inv);

/* Call it before engine_finish(): tasks that go from now on go because the trace ends at now_ns. */
void invariants_finish(struct invariants *inv, uint64_t now_ns);

/* After engine_finish(). 0: all hold; -EINVAL: err says which did not first; -ENOMEM. */
int invariants_check(struct invariants *inv, struct err *err);

/* How often each was broken, and how much was checked. */
uint64_t invariants_broken(const struct invariants *inv, enum invariant which);
uint64_t invariants_tasks(const struct invariants *inv);
uint64_t invariants_intervals(const struct invariants *inv);
uint64_t invariants_requests(const struct invariants *inv);
const char *invariant_name(enum invariant which);

#endif
