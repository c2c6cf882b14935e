/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * columns: how the events of one block are laid out (FORMAT.md "Event blocks"). Shared by encode.c
 * and decode.c.
 *
 * Every event has a shape: its kind, flags, value, and where its other fields come from. A block
 * has a table of up to 255 shapes and one byte per event. Predictors: `current`, the task that the
 * last SWITCH brought onto the CPU, and `woken`, the task of the last WAKING.
 */
#ifndef RSTAT_FORMAT_COLUMNS_H
#define RSTAT_FORMAT_COLUMNS_H

#include <stdint.h>

#include "format/event.h"

/* Written to disk: append only. */
enum column_id {
	COLUMN_START = 1, /* varints: ts before the first event, current, woken */
	COLUMN_SHAPES = 2, /* the shape table */
	COLUMN_TASKS = 3, /* TID dictionary: varints, zigzag of the difference */
	COLUMN_SHAPE = 4, /* one byte per event */
	COLUMN_TIME_LOW = 5, /* one byte per event: low half of the time delta */
	COLUMN_TIME_HIGH = 6,
	COLUMN_TIME_LONG = 7, /* a zigzag varint per event whose halves are both 0xff */
	COLUMN_TASK_LOW = 8, /* low bytes of dictionary indexes, in the order events need them */
	COLUMN_TASK_HIGH = 9, /* high bytes; absent while the dictionary has <= 256 entries */
	COLUMN_AUX = 10, /* signed difference to the shape's last aux, AUX_ESCAPE: varint */
	COLUMN_AUX_LONG = 11, /* varints */
	COLUMN_VALUE = 12, /* varints */
	COLUMN_RARE = 13, /* records: varint length, fields of the event and its ext */
	COLUMN_END,
	/* COLUMN_PACKED + kind * PACKED_FIELDS + i: the i-th field of a packed kind (fields.h), a
	 * varint per event: zigzag of the difference to the same field of the last event of that
	 * kind and row in this block (at first 0), modulo 2^64; a FIELD_TIME's: to event.ts */
	COLUMN_PACKED = 64
};

#define PACKED_FIELDS 16u /* of one kind, at most */
#define PACKED_ROWS   64u

/* Events of one kind that resemble each other: of one task, on one device. */
static inline uint32_t packed_row(uint32_t tid, uint32_t value)
{
	return (tid + value) % PACKED_ROWS;
}

#define MAX_COLUMNS 64u /* in a directory, unknown ones included */

/* Where a TID comes from. */
enum tid_source {
	TID_ZERO = 0,
	TID_DICTIONARY = 1,
	TID_WOKEN = 2,
	TID_CURRENT = 3,
};

/* Shape modes, one byte. */
#define MODE_TID(mode)	((mode)&3)
#define MODE_PEER(mode) ((mode) >> 2 & 3)
#define MODE_VALUE	(1 << 4) /* the value is in COLUMN_VALUE, else in the shape */
#define MODE_AUX	(1 << 5) /* the aux is in COLUMN_AUX, else 0 */
#define MODE_RARE	(1 << 6) /* all but ts and kind is in COLUMN_RARE */
#define MODE_PACKED                                                                                \
	(1 << 7) /* the kind's own fields come from columns of their own; the shape
				  * entry has a byte more: how many. With MODE_RARE: skipped */

#define MAX_SHAPES  255u
#define MAX_TASKS   4096u /* in a block's dictionary */
#define TIME_ESCAPE 0xffffu
#define AUX_ESCAPE  (-128)

/* Kinds that move the predictors; a kind of a later version never does. */
static inline void predict(uint8_t kind, uint32_t tid, uint32_t *current, uint32_t *woken)
{
	if (kind == EV_SWITCH)
		*current = tid;
	else if (kind == EV_WAKING)
		*woken = tid;
}

#endif
