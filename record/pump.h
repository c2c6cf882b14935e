/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * pump: moves events from the kernel to the engine and to the trace, adding the names of users,
 * cgroups, devices and interrupts, and what stacks are, as they first appear.
 */
#ifndef RSTAT_RECORD_PUMP_H
#define RSTAT_RECORD_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "format/writer.h"
#include "record/frames.h"
#include "record/kernel.h"
#include "record/naming.h"

/*
 * --max-size. How large the trace gets is only known when it is compressed and written; so this
 * many events may go in before it is synced and looked at again, fewer and fewer near the end.
 */
struct size_limit {
	uint64_t max_bytes; /* 0: none */
	uint64_t allowance; /* events until the next look */
	uint64_t full_ns; /* set when nothing more fits: the trace ends here */
};

struct pump {
	struct kernel *kernel;
	struct engine *engine;
	struct naming *names;
	struct frames *frames; /* NULL: no stacks are recorded */
	struct trace_writer *writer; /* NULL: before the trace begins */
	struct size_limit limit;
	bool saw_gap; /* events were lost; the caller clears it */
	bool write_failed; /* the error that pump_until() returned is the writer's */
	uint32_t device; /* that was named last */
	uint64_t stacks,
		stacks_lost; /* switches with one, and those for which one could not be had */
	uint64_t drained; /* events taken out of the kernel since the start */
	uint64_t reached_ns; /* everything older has been moved */
};

/*
 * Everything older than until_ns, or up to limit.full_ns when that gets set; or less when a CPU is
 * just about to tell something: reached_ns says. 0 or a negative errno: of the kernel, the engine,
 * the writer.
 */
int pump_until(struct pump *p, uint64_t until_ns, struct err *err);

/* Adds events that are not the kernel's, unless the limit is reached. */
int pump_add(struct pump *p, const struct event *events, size_t n, struct err *err);

/* What the stacks of a checkpoint are that has just been written. */
int pump_stacks_of(struct pump *p, const struct checkpoint *ck, struct err *err);

/* Bytes that still fit into the trace, after a sync at `now_ns`; UINT64_MAX without a limit. */
int pump_room(struct pump *p, uint64_t now_ns, uint64_t *room, struct err *err);

#endif
