/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * hist: a log-linear histogram of durations. Values below 256 are exact; above, 128 buckets per
 * power of two, so that a quantile (reported as the middle of its bucket) is off by at most
 * 1/256 < 0.4 %. Count, sum, minimum and maximum (with its time) are exact.
 *
 * Quantiles are by nearest rank: the ceil(p * count)-th smallest value, at least the first.
 */
#ifndef RSTAT_ENGINE_HIST_H
#define RSTAT_ENGINE_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS  7
#define HIST_BLOCK     (1u << HIST_SUB_BITS)
#define HIST_BLOCKS    58 /* 0-127, 128-255, then one per power of two up to 2^64 */
#define HIST_ERROR_PPM 3907 /* 1/256, stated in reports */

/* Zeroed memory is an empty histogram. Blocks of buckets are allocated when first used. */
struct hist {
	uint64_t count;
	uint64_t sum; /* saturates */
	uint64_t min, max, max_at; /* max_at: the `at` given with the first value that is the max */
	uint64_t *blocks[HIST_BLOCKS]; /* of HIST_BLOCK counters */
};

/* Returns 0 or -ENOMEM (then the value is not counted). */
int hist_add(struct hist *h, uint64_t value, uint64_t at);

/* Adds all of `from` to `to`. Returns 0 or -ENOMEM (then `to` has part of it). */
int hist_merge(struct hist *to, const struct hist *from);

/*
 * The value at rank ceil(ppm / 1,000,000 * count), at least rank 1. 0 when empty; ppm 1,000,000 or
 * more is the exact maximum.
 */
uint64_t hist_quantile(const struct hist *h, uint32_t ppm);

uint64_t hist_mean(const struct hist *h); /* 0 when empty; rounded down */

void hist_free(struct hist *h); /* empties it */

#endif
