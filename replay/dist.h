/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * dist: a distribution of durations in a report's row. The first values are kept as they are, so
 * that the many rows with few of them are small and exact; beyond that a histogram takes over
 * (engine/hist.h states its error). Count, sum and maximum are always exact.
 */
#ifndef RSTAT_REPLAY_DIST_H
#define RSTAT_REPLAY_DIST_H

#include <stdint.h>

#include "engine/hist.h"

/* Zeroed memory is an empty distribution. */
struct dist {
	uint64_t count, sum;
	uint64_t max, max_at; /* max_at: of the first value that is the maximum */
	uint64_t *few; /* the values while they are few, else NULL */
	struct hist *hist;
	uint32_t room; /* of few */
};

/* 0 or -ENOMEM (then the value counts everywhere but in the quantiles). */
int dist_add(struct dist *d, uint64_t value, uint64_t at);
int dist_merge(struct dist *to, const struct dist *from);

/* The ceil(ppm / 1,000,000 * count)-th smallest, at least the first; 0 when empty. */
uint64_t dist_quantile(const struct dist *d, uint32_t ppm);
/* The rank-th smallest, 1 <= rank <= count. */
uint64_t dist_rank(const struct dist *d, uint64_t rank);
uint64_t dist_mean(const struct dist *d);
void dist_free(struct dist *d);

#endif
