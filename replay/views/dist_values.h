/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* dist_values: what the rows of several views say of a distribution, as value functions. */
#ifndef RSTAT_REPLAY_VIEWS_DIST_VALUES_H
#define RSTAT_REPLAY_VIEWS_DIST_VALUES_H

#include "replay/dist.h"
#include "replay/view.h"

/* Of no values there is no mean, no quantile, no maximum. */
static inline void value_dist(struct value *v, const struct dist *d, uint64_t ns)
{
	if (d->count)
		value_u(v, VT_NS, ns);
}

#define DIST_GETTER(name, of, ns)                                                                  \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct dist *d = of(row);                                                    \
		value_dist(v, d, ns);                                                              \
	}

/* get_count() to get_max_at(); `of` is a function from a row to its distribution. */
#define DIST_GETTERS(of)                                                                           \
	static void get_count(const void *row, struct value *v)                                    \
	{                                                                                          \
		value_u(v, VT_COUNT, of(row)->count);                                              \
	}                                                                                          \
	DIST_GETTER(mean, of, dist_mean(d))                                                        \
	DIST_GETTER(p50, of, dist_quantile(d, 500000))                                             \
	DIST_GETTER(p90, of, dist_quantile(d, 900000))                                             \
	DIST_GETTER(p99, of, dist_quantile(d, 990000))                                             \
	DIST_GETTER(p999, of, dist_quantile(d, 999000))                                            \
	DIST_GETTER(max, of, d->max)                                                               \
	static void get_max_at(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct view_row *r = row;                                                    \
		if (of(row)->count)                                                                \
			value_time(v, r->view->env, of(row)->max_at);                              \
	}

#endif
