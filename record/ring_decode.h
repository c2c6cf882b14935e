/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* ring_decode: one ring record (bpf/events.h) to one event (format/event.h). */
#ifndef RSTAT_RECORD_RING_DECODE_H
#define RSTAT_RECORD_RING_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/events.h"
#include "format/event.h"

/* Where event.ext points: freed as a whole by setting `used` to 0. */
struct ring_arena {
	uint8_t *base;
	size_t size, used;
};

/* Enough for the longest record. */
static inline bool ring_arena_has_room(const struct ring_arena *arena)
{
	return arena->size - arena->used >= 2 * RING_MARGIN;
}

/*
 * Fills all of *event but its CPU. Copies what it needs of the record. The arena must have room.
 *
 * Returns how many events that makes: 1, or 0 (nothing to say), or -EIO: the record is damaged.
 */
int ring_decode(const struct ring_rec *rec, struct ring_arena *arena, struct event *event);
int ring_decode_gap(uint64_t ts, const struct gap_info *gap, struct ring_arena *arena,
		    struct event *event);
int ring_decode_snapshot(const struct ring_snapshot *snapshot, struct ring_arena *arena,
			 struct event *event);

#endif
