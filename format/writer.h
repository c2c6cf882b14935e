/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * writer: events to a trace. Encodes one open block per CPU; full or flushed blocks are compressed
 * and written by a thread of its own, so that a slow disk does not hold up the caller (the queue
 * between them is bounded; when it is full trace_write_event() waits, and the rings fill).
 */
#ifndef RSTAT_FORMAT_WRITER_H
#define RSTAT_FORMAT_WRITER_H

#include "format/checkpoint.h"
#include "format/event.h"
#include "format/meta.h"

struct trace_writer;

struct trace_writer_options {
	int level;	      /* zstd level; 0 stores blocks uncompressed */
	bool background;      /* compress and write in a thread; else in the caller */
	uint32_t block_events;/* events after which a block is closed; 0: the default */
};

/*
 * Starts a trace on fd (a file or a pipe; written in order, never seeked; stays the caller's).
 * Writes the file header and the META block.
 */
int trace_writer_new(struct trace_writer **out, int fd, const struct trace_writer_options *opt,
		     const struct meta *meta, struct err *err);

/*
 * Adds one event to the open block of its CPU. Events of one CPU come in order; a ts below the one
 * before is stored as it is. EV_GAP raises the CPU's cumulative lost count by its count.
 * A negative errno is the error of an earlier or this write: the recording must stop.
 */
int trace_write_event(struct trace_writer *w, const struct event *ev, struct err *err);

/* Closes all open blocks, then starts a new segment with this checkpoint. */
int trace_write_checkpoint(struct trace_writer *w, const struct checkpoint *ck, struct err *err);

/* Closes blocks whose first event is older than `before_ns` (0: all) and hands them to write(2). */
int trace_writer_flush(struct trace_writer *w, uint64_t before_ns, struct err *err);

/* Totals so far: events taken, bytes that write(2) has accepted. Callable at any time. */
void trace_writer_totals(const struct trace_writer *w, uint64_t *events, uint64_t *bytes);

/* Flushes, writes END, the index and the trailer. The writer is still to be freed. */
int trace_writer_finish(struct trace_writer *w, const struct meta_end *end, struct err *err);

/* Stops the thread, drops what was not written. NULL is fine. */
void trace_writer_free(struct trace_writer *w);

#endif
