/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * numbers: things with keys, numbered as they are met: block devices, interrupts, metrics. A host
 * has a few; a damaged trace may have as many as events, so they are hashed from some on.
 */
#ifndef RSTAT_BASE_NUMBERS_H
#define RSTAT_BASE_NUMBERS_H

#include <stdint.h>

#define NUMBER_NONE UINT32_MAX

/* Zeroed is empty. */
struct numbers {
	uint64_t *keys; /* by number */
	uint32_t n, room;
	uint32_t *slots; /* number + 1; open addressing */
	uint32_t nslots; /* a power of two, 0: they are too few */
	uint64_t seed;
};

/* The number of this key, from 0 on; of a new one the next. NUMBER_NONE: out of memory. */
uint32_t numbers_get(struct numbers *all, uint64_t key);
void numbers_free(struct numbers *all);

#endif
