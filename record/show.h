/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* show: what a recording says on stderr while it runs and when it ends. */
#ifndef RSTAT_RECORD_SHOW_H
#define RSTAT_RECORD_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/meta.h"

struct show_totals {
	uint64_t duration_ns, events, bytes, lost;
	uint64_t cpu_ns, start_cpu_ns; /* of the recorder: while it recorded, and until it did */
	uint64_t stacks, stacks_lost;
	bool cut; /* the trace could not be written to its end: nobody counts what is missing */
};

/* "rstat: " + text + newline. */
void show_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line for every hook that is not live; with `all` for the live ones too. */
void show_hooks(const struct meta_hook *hooks, size_t n, bool all);

/* A line for all counters that are not counted for the same reason. */
void show_counters(const struct meta_counter *counters, size_t n);

/* Which features are recorded. */
void show_features(uint32_t features);

/* On a terminal only: overwritten by the next one, wiped by show_progress_end(). */
bool show_progress_wanted(void);
void show_progress(const struct show_totals *t, uint64_t events_per_s);
void show_progress_end(void);

/* The one line at the end. @where: the file's name. */
void show_summary(const struct show_totals *t, const char *where);

#endif
