/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * copy: events of a source into a new trace, whole or a window of it. What the source says is
 * written as it is: checkpoints pass through, gaps become stored gaps. Only where the window begins
 * inside a segment (or the source has lost its beginning) does the engine make the first
 * checkpoint.
 *
 * An event with ts in [from, to) is written, and so is one whose ts runs back below `from` after
 * the window began: its order in its CPU's stream is the kernel's. A gap is clipped to the window;
 * its count stays with the part that holds its beginning, so that the pieces of a trace add up.
 * What stacks mean is told again where the window begins.
 */
#ifndef RSTAT_VERBS_COPY_H
#define RSTAT_VERBS_COPY_H

#include <signal.h>
#include <stddef.h>

#include "format/source.h"
#include "format/writer.h"

struct engine;
struct copy_frames;

struct copy {
	struct trace_writer *writer;
	const volatile sig_atomic_t *stop; /* copy_run() ends with -EINTR when it is set; or NULL */
	uint64_t from_ns, to_ns;
	uint32_t ncpus;
	uint64_t lost; /* events that the written gaps count */
	uint64_t last_ns; /* latest instant written */
	bool write_failed; /* an error was the writer's, not the source's */

	/* the copy's own */
	struct engine *engine; /* until the first checkpoint is written */
	bool fed, started;
	uint64_t reached_ns; /* latest event written */
	struct event *gaps; /* reach over `from`; written after the first checkpoint */
	struct gap_info *gap_infos;
	size_t ngaps;
	struct copy_frames *frames; /* that the segment which the window begins in has told */
	size_t nframes;
	uint32_t frames_room;
};

/*
 * Starts to copy [from_ns, to_ns) into `writer`, which stays the caller's.
 *
 * @from_ns  start of the new trace; the first checkpoint bears this time
 * @ncpus    highest CPU number + 1
 */
int copy_init(struct copy *c, struct trace_writer *writer, uint32_t ncpus, uint64_t from_ns,
	      uint64_t to_ns, struct err *err);

/* Copies until the source ends. */
int copy_run(struct copy *c, struct source *src, struct err *err);

/* One batch of what copy_run() does: n events in the order of their source. */
int copy_events(struct copy *c, const struct event *events, size_t n, struct err *err);

/* The source has ended: writes the first checkpoint if nothing did so far. */
int copy_finish(struct copy *c, struct err *err);

void copy_free(struct copy *c);

#endif
