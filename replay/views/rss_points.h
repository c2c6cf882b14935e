/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rss_points: what the memory of a process was, change by change, in bounded room. A series that gets
 * too long is told in steps of time: of each the least, the most and the last. So its extremes, its
 * first and its last value stay exact, and so does what it is between changes, to a step.
 */
#ifndef RSTAT_REPLAY_VIEWS_RSS_POINTS_H
#define RSTAT_REPLAY_VIEWS_RSS_POINTS_H

#include <stdint.h>

struct rss_point {
	uint64_t at_ns;
	uint64_t rss_bytes; /* 0: not told */
	uint64_t peak_bytes; /* the most up to then */
};

struct rss_points {
	struct rss_point *list; /* oldest first */
	uint32_t n, room;
	uint64_t step_ns; /* 0: every change */
};

#define RSS_POINTS_LEAST 16 /* no limit is smaller */

/*
 * A point without rss_bytes is left out once there are steps: the next one has its peak too.
 * Beyond `limit` points, about half of them stay. Returns 0 or -ENOMEM.
 */
int rss_points_add(struct rss_points *s, struct rss_point p, uint32_t limit);

/* To a smaller limit; gives room back. */
void rss_points_limit(struct rss_points *s, uint32_t limit);
void rss_points_free(struct rss_points *s);

/*
 * The most in each of `n` equal stretches of [from, to), where what was told last holds until the
 * next, or until `end_ns`; 0: not known.
 */
void rss_points_columns(const struct rss_points *s, uint64_t from_ns, uint64_t to_ns,
			uint64_t end_ns, uint64_t *columns, uint32_t n);

#endif
