// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/hist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Blocks 0 and 1 have buckets of one value; block b > 1 has buckets of 2^(b-1) values. */
static unsigned block_of(uint64_t v)
{
	if (v < HIST_BLOCK)
		return 0;
	return 64 - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS;
}

static unsigned bucket_of(uint64_t v, unsigned block)
{
	return (unsigned)(block < 2 ? v : v >> (block - 1)) & (HIST_BLOCK - 1);
}

static uint64_t middle_of(unsigned block, unsigned bucket)
{
	uint64_t first;

	if (block < 2)
		return block * HIST_BLOCK + bucket;
	first = (uint64_t)(HIST_BLOCK + bucket) << (block - 1);
	return first + (1ull << (block - 1)) / 2;
}

static uint64_t *get_block(struct hist *h, unsigned block)
{
	if (!h->blocks[block])
		h->blocks[block] = calloc(HIST_BLOCK, sizeof(uint64_t));
	return h->blocks[block];
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

int hist_add(struct hist *h, uint64_t v, uint64_t at)
{
	unsigned block = block_of(v);
	uint64_t *counts = get_block(h, block);

	if (!counts)
		return -ENOMEM;
	counts[bucket_of(v, block)]++;
	if (!h->count || v > h->max) {
		h->max = v;
		h->max_at = at;
	}
	if (!h->count || v < h->min)
		h->min = v;
	h->count++;
	h->sum = add_saturated(h->sum, v);
	return 0;
}

int hist_merge(struct hist *to, const struct hist *from)
{
	if (!from->count)
		return 0;
	for (unsigned b = 0; b < HIST_BLOCKS; b++) {
		uint64_t *counts;

		if (!from->blocks[b])
			continue;
		counts = get_block(to, b);
		if (!counts)
			return -ENOMEM;
		for (unsigned i = 0; i < HIST_BLOCK; i++)
			counts[i] += from->blocks[b][i];
	}
	if (!to->count || from->max > to->max ||
	    (from->max == to->max && from->max_at < to->max_at)) {
		to->max = from->max;
		to->max_at = from->max_at;
	}
	if (!to->count || from->min < to->min)
		to->min = from->min;
	to->count += from->count;
	to->sum = add_saturated(to->sum, from->sum);
	return 0;
}

uint64_t hist_quantile(const struct hist *h, uint32_t ppm)
{
	uint64_t rank, seen = 0;

	if (!h->count)
		return 0;
	rank = (uint64_t)(((unsigned __int128)h->count * ppm + 999999) / 1000000);
	if (rank < 1)
		rank = 1;
	if (rank >= h->count)
		return h->max;
	for (unsigned b = 0; b < HIST_BLOCKS; b++) {
		if (!h->blocks[b])
			continue;
		for (unsigned i = 0; i < HIST_BLOCK; i++) {
			uint64_t v;

			seen += h->blocks[b][i];
			if (seen < rank)
				continue;
			v = middle_of(b, i);
			/* The middle of a bucket may lie outside of what was seen. */
			return v < h->min ? h->min : v > h->max ? h->max : v;
		}
	}
	return h->max;
}

uint64_t hist_mean(const struct hist *h)
{
	return h->count ? h->sum / h->count : 0;
}

void hist_free(struct hist *h)
{
	for (unsigned b = 0; b < HIST_BLOCKS; b++)
		free(h->blocks[b]);
	memset(h, 0, sizeof(*h));
}
