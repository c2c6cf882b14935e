/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * seed: what whoever made a trace cannot know: so no keys in it can be made that all meet in one
 * slot of a hash, or that make a tree deep.
 */
#ifndef RSTAT_BASE_SEED_H
#define RSTAT_BASE_SEED_H

#include <stdint.h>

/* Odd, and another one each time. Never fails. */
uint64_t seed_new(void);

/*
 * The slot of a key among `room`, a power of two: the highest bits of a product with an odd number
 * picked at random, of which two keys share a slot with a probability of 2 / room at most
 * (Dietzfelbinger et al., A Reliable Randomized Algorithm for the Closest-Pair Problem, 1997).
 */
static inline uint32_t seed_slot(uint64_t seed, uint64_t key, uint32_t room)
{
	return (uint32_t)((seed * key >> 32) * room >> 32);
}

#endif
