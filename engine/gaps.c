// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/gaps.h"

#include <string.h>

/* Index of the first gap that ends at or after ns. */
static uint32_t find(const struct gaps *g, uint64_t ns)
{
	uint32_t lo = 0, hi = g->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (g->list[mid].last_ns >= ns)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void remove_at(struct gaps *g, uint32_t i, uint32_t count)
{
	memmove(&g->list[i], &g->list[i + count], (g->n - i - count) * sizeof(g->list[0]));
	g->n -= count;
}

void gaps_add(struct gaps *g, uint64_t first, uint64_t last)
{
	uint32_t i, end;

	if (last < first)
		last = first;
	if (last > g->last_ns)
		g->last_ns = last;
	i = find(g, first);
	for (end = i; end < g->n && g->list[end].first_ns <= last; end++) {
		if (g->list[end].first_ns < first)
			first = g->list[end].first_ns;
		if (g->list[end].last_ns > last)
			last = g->list[end].last_ns;
	}
	if (end > i) {
		remove_at(g, i, end - i - 1);
	} else {
		if (g->n == GAPS_MAX) {
			g->list[1].first_ns = g->list[0].first_ns;
			remove_at(g, 0, 1);
			i -= i > 0;
		}
		memmove(&g->list[i + 1], &g->list[i], (g->n - i) * sizeof(g->list[0]));
		g->n++;
	}
	g->list[i].first_ns = first;
	g->list[i].last_ns = last;
}

uint64_t gaps_first(const struct gaps *g, uint64_t ns)
{
	uint32_t i = find(g, ns);

	if (i == g->n)
		return UINT64_MAX;
	return g->list[i].first_ns > ns ? g->list[i].first_ns : ns;
}
