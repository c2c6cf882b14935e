// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/seed.h"

#include <sys/random.h>
#include <time.h>

uint64_t seed_new(void)
{
	struct timespec now;
	uint64_t seed;

	/* only in the first moments of a host there is no randomness: the time is better than nothing */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		seed = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15ull ^ (uint64_t)now.tv_sec;
	}
	return seed | 1;
}
