/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * gaps: when events of some CPU were lost, as a bounded list of disjoint stretches in time order.
 * A gap of one lost event has no length and is a gap none the less.
 */
#ifndef RSTAT_ENGINE_GAPS_H
#define RSTAT_ENGINE_GAPS_H

#include <stdint.h>

/* When full, the two oldest become one: what is between them is then unknown too, for intervals
 * that reach so far back. 16 bytes each. */
#define GAPS_MAX 1024

struct gaps {
	uint64_t last_ns; /* end of the last one, 0: none yet */
	uint32_t n;
	struct {
		uint64_t first_ns, last_ns;
	} list[GAPS_MAX];
};

/* Both ends are lost events; merged with the gaps that it touches. */
void gaps_add(struct gaps *g, uint64_t first_ns, uint64_t last_ns);

/* Where the first gap that ends at or after `ns` begins (not before `ns`); UINT64_MAX: none. */
uint64_t gaps_first(const struct gaps *g, uint64_t ns);

#endif
