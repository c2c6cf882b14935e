/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * metrics: samples of the machine as series: what each metric was at the first and the last sample
 * of the window, and between. A sample tells only what changed; what it does not tell is as it was.
 */
#ifndef RSTAT_REPLAY_VIEWS_METRICS_H
#define RSTAT_REPLAY_VIEWS_METRICS_H

#include "replay/view.h"

/* Values are signed. */
struct series {
	char *name; /* NULL: no series */
	int64_t first, last, min, max;
	uint64_t first_ns, last_ns; /* samples that have it */
	uint32_t from, samples; /* the first sample that has it, and how many do */
	bool gone;
};

struct metrics_view {
	bool (*wants)(const char *name);
	struct series *list; /* by struct metric.index */
	uint32_t n, room;
	uint64_t first_ns, before_ns, last_ns; /* samples with a wanted metric; before_ns: the last
						* but one; 0: there is none */
	uint32_t samples;
};

/* For the sink. False: out of memory. */
bool metrics_add(struct metrics_view *m, const struct metric *metric);

/* At the end: adds what did not change, and completes all. False: out of memory. */
bool metrics_finish(struct metrics_view *m, const struct engine *engine);

void metrics_release(struct metrics_view *m);

/* What it is, by its name. */
enum metric_unit {
	MU_COUNT, /* a plain number */
	MU_KB, /* of 1024 bytes */
	MU_US,
	MU_TICKS, /* of META's user_hz */
	MU_CENTI, /* in hundredths */
	MU_MILLICELSIUS,
	MU_KHZ,
	MU_PERCENT,
};
enum metric_unit metric_unit(const char *name);
bool metric_counts(const char *name); /* it only goes up: what counts is the difference */

/* "cpu12.rest": the number and the rest; NULL: it is of no CPU. */
const char *metric_of_cpu(const char *name, uint32_t *cpu);

/* last - first of a counter, 0 when it went back (iowait and idle ticks can). */
uint64_t series_change(const struct series *s);

/* Per second between its first and last sample, in 1/1000; false: there is only one. */
bool series_rate(const struct series *s, uint64_t *milli);

/* "5 samples from +0.001 s to +4.001 s", for the line over a table. */
void metrics_print_span(const struct metrics_view *m, const struct view_env *env, FILE *f,
			const struct table_style *style);

/* Why there are no rows. */
const char *metrics_why_none(const struct view *v);

#endif
