/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * packed: the columns of the kinds whose own fields are numbers only (columns.h, COLUMN_PACKED),
 * one per field: what encode.c and decode.c hold of one such kind in one block.
 */
#ifndef RSTAT_FORMAT_PACKED_H
#define RSTAT_FORMAT_PACKED_H

#include "format/columns.h"
#include "format/fields.h"

/* What the fields of the next event of a row are predicted from: its last event's. */
typedef uint64_t packed_rows[PACKED_ROWS][PACKED_FIELDS];

/* Being written. */
struct packed_out {
	bool used; /* something was put since it was cleared */
	struct buf columns[PACKED_FIELDS];
	packed_rows last;
};

/* How many fields an event needs: up to the last one that is not 0. ext may be NULL. */
uint32_t packed_count(const struct fields *f, const void *ext);

/* Room for one more event, made when it is the first. False when out of memory. */
bool packed_out_reserve(struct packed_out **p, const struct fields *f);

/* How many columns would begin with the first n fields of an event. */
uint32_t packed_fresh(const struct packed_out *p, uint32_t n);

/* Appends the first n fields of the event; there is room. Returns the bytes. */
size_t packed_put(struct packed_out *p, const struct fields *f, uint32_t n, const struct event *ev);

void packed_out_clear(struct packed_out *p); /* for the next block; p may be NULL */
void packed_out_free(struct packed_out *p);

/* Being read. The columns are set and checked by the decoder. */
struct packed_in {
	struct span columns[PACKED_FIELDS]; /* of the block */
	const uint8_t *at[PACKED_FIELDS]; /* what is left of them */
	packed_rows last;
};

void packed_in_rewind(struct packed_in *p);

#define PACKED_BYTES 80u /* of the largest packed kind's struct */

/*
 * Takes n fields of an event whose ts, tid and value are known into ext, which has PACKED_BYTES; the
 * others become 0. p may be NULL when n is 0.
 */
void packed_take(struct packed_in *p, const struct fields *f, uint32_t n, const struct event *ev,
		 void *ext);

#endif
