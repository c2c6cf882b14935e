// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/dist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FEW_FIRST 4
#define FEW_MAX	  64

static int to_hist(struct dist *d, uint64_t n)
{
	d->hist = calloc(1, sizeof(*d->hist));
	if (!d->hist)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++)
		if (hist_add(d->hist, d->few[i], 0))
			return -ENOMEM;
	free(d->few);
	d->few = NULL;
	d->room = 0;
	return 0;
}

/* Keeps the value for the quantiles; d->count values were there before. */
static int keep(struct dist *d, uint64_t value)
{
	if (d->hist)
		return hist_add(d->hist, value, 0);
	if (d->count >= FEW_MAX) {
		int rc = to_hist(d, d->count);

		return rc ? rc : hist_add(d->hist, value, 0);
	}
	if (d->count >= d->room) {
		uint32_t room = d->room ? d->room * 4 : FEW_FIRST;
		uint64_t *few = realloc(d->few, room * sizeof(*few));

		if (!few)
			return -ENOMEM;
		d->few = few;
		d->room = room;
	}
	d->few[d->count] = value;
	return 0;
}

int dist_add(struct dist *d, uint64_t value, uint64_t at)
{
	int rc = keep(d, value);

	if (!d->count || value > d->max) {
		d->max = value;
		d->max_at = at;
	}
	d->count++;
	d->sum += value;
	return rc;
}

int dist_merge(struct dist *to, const struct dist *from)
{
	int rc = 0;

	if (!from->count)
		return 0;
	if (!from->hist) {
		for (uint64_t i = 0; i < from->count; i++)
			rc |= dist_add(to, from->few[i],
				       from->few[i] == from->max ? from->max_at : 0);
		return rc ? -ENOMEM : 0;
	}
	if (!to->hist)
		rc = to_hist(to, to->count);
	if (!rc)
		rc = hist_merge(to->hist, from->hist);
	if (!to->count || from->max > to->max) {
		to->max = from->max;
		to->max_at = from->max_at;
	}
	to->count += from->count;
	to->sum += from->sum;
	return rc;
}

static int compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

uint64_t dist_rank(const struct dist *d, uint64_t rank)
{
	uint64_t sorted[FEW_MAX], ppm;

	if (!d->count)
		return 0;
	if (rank >= d->count)
		return d->max;
	if (d->few) {
		memcpy(sorted, d->few, d->count * sizeof(sorted[0]));
		qsort(sorted, d->count, sizeof(sorted[0]), compare);
		return sorted[rank ? rank - 1 : 0];
	}
	/* the middle of the bucket that holds the maximum may lie above it */
	ppm = (uint64_t)((unsigned __int128)rank * 1000000 / d->count);
	ppm = hist_quantile(d->hist, (uint32_t)ppm);
	return ppm < d->max ? ppm : d->max;
}

uint64_t dist_quantile(const struct dist *d, uint32_t ppm)
{
	uint64_t rank, value;

	if (!d->count)
		return 0;
	rank = (uint64_t)(((unsigned __int128)d->count * ppm + 999999) / 1000000);
	if (d->few || rank >= d->count)
		return dist_rank(d, rank ? rank : 1);
	value = hist_quantile(d->hist, ppm);
	return value < d->max ? value : d->max;
}

uint64_t dist_mean(const struct dist *d)
{
	return d->count ? d->sum / d->count : 0;
}

void dist_free(struct dist *d)
{
	free(d->few);
	if (d->hist)
		hist_free(d->hist);
	free(d->hist);
	*d = (struct dist){0};
}
