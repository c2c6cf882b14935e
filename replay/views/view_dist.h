/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * view_dist: the views that are distributions of intervals (latency, waking, slice, sleep): they
 * differ in which intervals they measure, and in how they split them.
 */
#ifndef RSTAT_REPLAY_VIEWS_VIEW_DIST_H
#define RSTAT_REPLAY_VIEWS_VIEW_DIST_H

#include "replay/dist.h"
#include "replay/view.h"

#define DIST_SPLITS 6
#define DIST_BANDS  6

/* The longest of a distribution, by name: who, where, and who else had to do with it. */
struct dist_worst {
	uint64_t length_ns, start_ns, end_ns;
	uint32_t tid, pid;
	uint32_t other; /* who ran instead, or who woke it; 0: nobody, or an interrupt */
	uint16_t cpu;
	uint8_t split;
	char comm[TASK_COMM_LEN], other_comm[TASK_COMM_LEN];
};

struct dist_figures {
	struct dist dist;
	uint64_t bands[DIST_BANDS]; /* how many up to 10 us, 100 us, 1, 10, 100 ms, longer */
	uint64_t left_out; /* intervals that touch a gap, or whose start is not known */
	struct dist_worst worst;
};

/* What a kind of view measures. */
struct dist_measure {
	uint64_t start_ns; /* of what is measured; ends with the interval */
	uint32_t other;
	unsigned split;
};

/* Figures of one subject. */
struct dist_record {
	struct dist_figures *by[DIST_SPLITS]; /* NULL: none of that split */
};

#define DIST_WORST 10 /* worst ones that are named below the table */

struct dist_own {
	bool (*measure)(const struct interval *iv, struct dist_measure *m);
	struct dist_worst worst[DIST_WORST]; /* longest first */
	size_t nworst;
};

/* view_kind.before: all tasks together, a line per cause or state. */
int dist_print_all(struct view *v, FILE *f, const struct table_style *style, struct err *err);

/* Adds the figures of `b` to `a`. Returns 0 or -ENOMEM. */
int dist_add_figures(struct dist_figures *a, const struct dist_figures *b);

/* view_kind.after: the worst waits of the machine, by name. */
int dist_print_worst(struct view *v, FILE *f, const struct table_style *style, struct err *err);

#endif
