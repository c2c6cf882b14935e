/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * devices: block devices, numbered as they are met. A host has a few; a damaged trace may have as
 * many as events, so they are hashed from some on.
 */
#ifndef RSTAT_REPLAY_DEVICES_H
#define RSTAT_REPLAY_DEVICES_H

#include <stdint.h>

#define DEVICE_NONE UINT32_MAX

/* Zeroed is empty. */
struct devices {
	uint32_t *list; /* event.value of IO_*, by number */
	uint32_t n, room;
	uint32_t *slots; /* number + 1; open addressing */
	uint32_t nslots; /* a power of two, 0: they are too few */
	uint64_t seed;
};

/* Its number, from 0 on; of a new one the next. DEVICE_NONE: out of memory. */
uint32_t devices_number(struct devices *d, uint32_t dev);
void devices_free(struct devices *d);

#endif
