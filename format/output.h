/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * output: blocks to a file descriptor, in the order they are given: compression, headers, checksums
 * and write(2), in a thread or in the caller. The first failure sticks; nothing is written after it
 * unless output_rewind() makes a new beginning.
 */
#ifndef RSTAT_FORMAT_OUTPUT_H
#define RSTAT_FORMAT_OUTPUT_H

#include "base/err.h"
#include "format/encode.h"
#include "format/sections.h"
#include "format/writer.h"

/* Raw bytes that may wait for the thread; the caller of output_put() waits beyond that. */
#define OUTPUT_QUEUE_BYTES (8u << 20)

struct output;

int output_new(struct output **out, int fd, const struct trace_writer_options *opt,
	       struct err *err);
void output_free(struct output *o); /* drops what was not written */

/* A raw_block of any type with room for `bytes`; header zeroed but for type, major and cpu. */
struct raw_block *raw_block_new(uint8_t type, size_t bytes);

/* Takes the block over (also on failure). A negative errno is that of any block so far. */
int output_put(struct output *o, struct raw_block *b, struct err *err);

/* Waits until everything given so far is written. */
int output_drain(struct output *o, struct err *err);

/* The failure so far: 0 or a negative errno. Cheap. */
int output_error(struct output *o, struct err *err);

uint64_t output_bytes(const struct output *o); /* that write(2) accepted */

/* Of the whole blocks that were written. */
struct output_totals {
	uint64_t first_ns,
		last_ns; /* least and greatest ts of any event or checkpoint; MAX and 0 */
	uint64_t events;
	bool whole; /* the last SYNC said that it was the last: no event is missing */
};

/* Valid when everything is drained. */
void output_totals(const struct output *o, struct output_totals *totals);

/*
 * After a failure: takes back what is left of the block that failed, END and INDEX, and whole blocks
 * until the rest is at least `bytes` shorter, or no more can be taken back; then blocks can be put
 * again. False when nothing was gained: no checkpoint would be left, the last blocks are gone
 * already, or this is no regular file that began with this trace.
 */
bool output_rewind(struct output *o, uint64_t bytes);

/* From now on everything fails with this, as if it had failed just now. */
void output_fail(struct output *o, int error, const struct err *why);

/* Where segments and END began. Valid when everything is drained. */
const struct segment_mark *output_segments(const struct output *o, size_t *n, uint64_t *end_offset);

#endif
