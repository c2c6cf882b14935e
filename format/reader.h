/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * reader: a trace to events. Opens a file (mapped, through its index, or by scanning when that is
 * missing) or a pipe (sequentially). Whatever is damaged becomes EV_GAP in the stream and a line in
 * the damage list; everything else is delivered as it was written.
 */
#ifndef RSTAT_FORMAT_READER_H
#define RSTAT_FORMAT_READER_H

#include "format/meta.h"
#include "format/source.h"

struct trace;

/* One damaged or missing place. */
struct trace_damage {
	uint64_t offset; /* in the file */
	uint64_t from_ns, to_ns; /* what time it covers, as narrow as is known */
	uint16_t cpu; /* CPU_NONE: not known, or all */
	uint64_t events; /* lost with it; 0 unknown */
	char what[120]; /* "block of CPU 1: payload checksum", "file ends early" */
};

/*
 * Opens a trace. "-" is standard input, read once from front to back.
 * -EINVAL: not a trace (empty, a directory, other magic); -EPROTO: a newer major version; else
 * the errno of open/read. A damaged trace opens.
 */
int trace_open(struct trace **out, const char *path, struct err *err);

/*
 * The same for who reads it more than once: what is no file is read to its end first, into one
 * without a name in $TMPDIR, or in /var/tmp. Also the errno of what goes wrong with that, such as
 * -ENOSPC. Then it is as a file: not trace_is_pipe().
 */
int trace_open_spooled(struct trace **out, const char *path, struct err *err);

void trace_close(struct trace *t);

/*
 * Before trace_source() of all of it: what the headers of blocks say of their events is held against
 * them too, and what does not agree is damage. Takes a look at every event.
 */
void trace_check_headers(struct trace *t);

const struct meta *trace_meta(const struct trace *t); /* zeroed when META itself is damaged */
const struct meta_end *trace_end(const struct trace *t); /* NULL: not (yet) seen, or missing */
bool trace_complete(const struct trace *t); /* END seen and no damage found so far */
void trace_version(const struct trace *t, uint16_t *major, uint16_t *minor);

/* Read from front to back, once: a pipe, a terminal. What is at its end is known at its end. */
bool trace_is_pipe(const struct trace *t);

/* [first, last] instant that the trace covers, MONOTONIC ns; from a pipe `last` is known at its end. */
void trace_span(const struct trace *t, uint64_t *first_ns, uint64_t *last_ns);

/* Damage found so far; all of it once the source has returned 0. */
size_t trace_damages(const struct trace *t, const struct trace_damage **list);
/* How many there are beyond the list, which ends at some 10,000. */
size_t trace_damages_more(const struct trace *t);

/*
 * Events of the window, beginning with the checkpoint of the last segment that starts at or before
 * from_ns and is whole (so events before from_ns come too: the engine needs them), ending when
 * every CPU seen so far has had an event past to_ns, or with the first checkpoint past it (a CPU
 * may be silent for long). 0 and UINT64_MAX: everything. A pipe is read from its front whatever
 * from_ns is. One source at a time; a file can have one after another, a pipe exactly one. The
 * source is owned by the trace; src->close() ends it.
 */
int trace_source(struct trace *t, uint64_t from_ns, uint64_t to_ns, struct source **out,
		 struct err *err);

#endif
