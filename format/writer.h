/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * writer: events to a trace. Encodes one open block per CPU; full or flushed blocks are compressed
 * and written by a thread of its own, so that a slow disk does not hold up the caller (the queue
 * between them is bounded; when it is full trace_write_event() waits, and the rings fill).
 */
#ifndef RSTAT_FORMAT_WRITER_H
#define RSTAT_FORMAT_WRITER_H

#include <sys/types.h>

#include "format/checkpoint.h"
#include "format/event.h"
#include "format/meta.h"

struct trace_writer;

struct trace_writer_options {
	int level; /* zstd level; 0 stores blocks uncompressed */
	bool background; /* compress and write in a thread; else in the caller */
	uint32_t block_events; /* events after which a block is closed; 0: the default */
	/* In the place of write(2), for tests; NULL: write(2). */
	ssize_t (*write)(void *ctx, int fd, const void *data, size_t bytes);
	void *write_ctx;
};

/*
 * Starts a trace on fd (a file or a pipe; written in order, stays the caller's).
 * Writes the file header and the META block.
 */
int trace_writer_new(struct trace_writer **out, int fd, const struct trace_writer_options *opt,
		     const struct meta *meta, struct err *err);

/*
 * Adds one event to the open block of its CPU. Events of one CPU come in order; a ts below the one
 * before is stored as it is. EV_GAP raises the CPU's cumulative lost count by its count;
 * EV_CHECKPOINT (as sources deliver it) is trace_write_checkpoint().
 * A negative errno is the error of an earlier or this write: the recording must stop.
 */
int trace_write_event(struct trace_writer *w, const struct event *ev, struct err *err);

/* Flushes with ck->ts as the horizon, then starts a new segment with this checkpoint. */
int trace_write_checkpoint(struct trace_writer *w, const struct checkpoint *ck, struct err *err);

/*
 * Tells how far the recording has come: every event before `horizon_ns`, of every CPU, has been
 * given. To be called after each pass of draining (with the instant up to which the rings were
 * drained), or of copying: a reader of a pipe may deliver what is older than the horizon and must
 * hold back the rest. Blocks are closed and handed to write(2) when the oldest event in an open one
 * is max_age_ns older than the horizon (0: always, if there is any), or when much has been
 * collected since the last time; else this is cheap.
 */
int trace_writer_flush(struct trace_writer *w, uint64_t horizon_ns, uint64_t max_age_ns,
		       struct err *err);

/*
 * trace_writer_flush() with max_age_ns 0, and waits until all of it is written: totals are exact
 * then. For who must know how large the trace is.
 */
int trace_writer_sync(struct trace_writer *w, uint64_t horizon_ns, struct err *err);

/*
 * Totals so far: events taken, bytes that write(2) has accepted (less than was taken: what waits
 * in open blocks and in the queue is not counted). Callable at any time by the thread that writes.
 */
void trace_writer_totals(const struct trace_writer *w, uint64_t *events, uint64_t *bytes);

/*
 * Flushes, writes END, the index and the trailer. The writer is still to be freed.
 * After a failed write, also one of an earlier call, that failure is returned; but a regular file
 * is made to end with a whole block, END that says `cut`, index and trailer, if need be in the place
 * of the last blocks, as far as there is room for it. The totals count what is in the file then.
 */
int trace_writer_finish(struct trace_writer *w, const struct meta_end *end, struct err *err);

/* Stops the thread, drops what was not written. NULL is fine. */
void trace_writer_free(struct trace_writer *w);

#endif
