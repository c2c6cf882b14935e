/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * pump: moves events from the kernel to the engine and to the trace, adding the names of users
 * and cgroups as they first appear.
 */
#ifndef RSTAT_RECORD_PUMP_H
#define RSTAT_RECORD_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "format/writer.h"
#include "record/kernel.h"
#include "record/names.h"

struct pump {
	struct kernel *kernel;
	struct engine *engine;
	struct names *names;
	struct trace_writer *writer; /* NULL: before the trace begins */
	bool saw_gap; /* events were lost; the caller clears it */
	bool write_failed; /* the error that pump_until() returned is the writer's */
	uint64_t drained; /* events taken out of the kernel since the start */
};

/* Everything older than until_ns. 0 or a negative errno: of the kernel, the engine, the writer. */
int pump_until(struct pump *p, uint64_t until_ns, struct err *err);

#endif
