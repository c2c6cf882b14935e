/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* counters: perf events by the names of perf-list(1), one per CPU, for programs to read. */
#ifndef RSTAT_RECORD_COUNTERS_H
#define RSTAT_RECORD_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"
#include "format/meta.h"

struct rstat_bpf;

struct counter {
	char name[48]; /* as the user gave it */
	uint32_t type; /* of perf_event_attr */
	uint64_t config;
	bool user, kernel; /* count only there; both or none: everywhere */
};

struct counters {
	struct counter counter[COUNTERS_MAX];
	size_t n;
};

/*
 * Adds those of a list "cycles,instructions:u,r00c0". -EINVAL: there is no such counter;
 * -E2BIG: they are too many.
 */
int counters_parse(struct counters *counters, const char *list, struct err *err);

struct counter_events;

/*
 * Opens them. What this machine cannot count is no failure: meta.why says what is the matter.
 *
 * @meta  COUNTERS_MAX of them, the first `n` are filled
 */
int counter_events_open(struct counter_events **out, const struct counters *counters,
			unsigned ncpus, struct meta_counter *meta, struct err *err);
void counter_events_close(struct counter_events *events); /* NULL is fine */

/* None of them can be read: says why of those that were live. */
void counter_events_refuse(struct counter_events *events, struct meta_counter *meta,
			   const char *why);

/* Before the programs are loaded, NULL: without; and after. */
int counter_events_configure(const struct counter_events *events, struct rstat_bpf *skel,
			     struct err *err);
int counter_events_fill(const struct counter_events *events, struct rstat_bpf *skel,
			struct err *err);

#endif
