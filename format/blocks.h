/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * blocks: an input as a sequence of blocks. Steps over what is damaged to the next header whose
 * checksum is right, and keeps the list of damages.
 */
#ifndef RSTAT_FORMAT_BLOCKS_H
#define RSTAT_FORMAT_BLOCKS_H

#include "format/block.h"
#include "format/input.h"
#include "format/reader.h"

/* Longer lists are cut: a trace with more damages has no use for the rest of their places. */
#define DAMAGES_MAX 10000u

struct blocks {
	struct input in;
	uint64_t next_seq; /* of the next block */
	bool any; /* next_seq counts: a block was read since the last seek */
	uint64_t damaged_at; /* offset of the last damage found */
	struct trace_damage *damages;
	size_t ndamages, damages_cap;
	size_t damages_more; /* that were not kept */
	bool check_headers; /* what headers say is held against the events */
};

struct block {
	struct block_header h;
	uint64_t offset;
	const uint8_t *payload; /* NULL: damaged or cut; valid until the next call */
	bool cut; /* the input ends within the payload */
};

/* The next block: 1, 0 at the end, a negative errno of reading. */
int blocks_next(struct blocks *b, struct block *out, struct err *err);

/*
 * As blocks_next() on a seekable input, but looks at headers only: payload is NULL, and nothing is
 * added to the damages.
 */
int blocks_hop(struct blocks *b, struct block *out, struct err *err);

/* first: the first block of the file should stand there. */
void blocks_seek(struct blocks *b, uint64_t offset, bool first);

/* Adds a line to the damages unless it is there already. */
void blocks_damage(struct blocks *b, const struct trace_damage *d);

#endif
