/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * reader_args: what every verb that reads a trace shares: the file (operand, -i, default
 * rstat.data, "-" standard input), --time, --strict, the notice about damage and the exit code.
 */
#ifndef RSTAT_VERBS_READER_ARGS_H
#define RSTAT_VERBS_READER_ARGS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/options.h"
#include "base/timewindow.h"
#include "format/reader.h"

#define DEFAULT_TRACE "rstat.data"

/* Keys of the shared rows; a verb's own keys are below READER_KEY_BASE. */
enum reader_key {
	READER_KEY_BASE = 10000,
	READER_KEY_INPUT,
	READER_KEY_TIME,
	READER_KEY_STRICT,
};

/* Rows for a verb's option table. clang-format off: rows stay rows */
/* clang-format off */
#define READER_OPTION_INPUT \
	{READER_KEY_INPUT, 'i', "input", "FILE", \
	 "The trace to read; '-' is standard input. Default: " DEFAULT_TRACE "."}
#define READER_OPTION_TIME \
	{READER_KEY_TIME, 0, "time", "A,B", \
	 "Only this window. A side may be empty, +1.5s from the start, -10s from the end, 40%, " \
	 "14:30:05 (local time of the recording's first day) or ISO 8601."}
#define READER_OPTION_STRICT \
	{READER_KEY_STRICT, 0, "strict", NULL, \
	 "Exit with 3 when the trace is damaged or its end is missing."}
#define READER_OPTIONS READER_OPTION_INPUT, READER_OPTION_TIME, READER_OPTION_STRICT
/* clang-format on */

struct reader_args {
	const char *path; /* NULL: the default */
	bool spool; /* the verb reads it more than once: see trace_open_spooled() */
	bool strict;
	bool has_time;
	struct time_spec time;
};

/* For command.set: 1 when the option was one of the shared rows, 0 when not, else an error. */
int reader_args_set(struct reader_args *a, int key, const char *arg, struct err *err);

/* Takes argv[first..argc) as the file; more than one, or one beside -i, is refused. */
int reader_args_operands(struct reader_args *a, int argc, char **argv, int first, struct err *err);

/* A trace that a verb reads, with its window. */
struct reader {
	struct trace *trace;
	const char *name; /* of the file, for messages */
	struct time_span span; /* of the trace; end_ns UINT64_MAX from a pipe */
	struct time_window window; /* --time resolved; without it the whole span */
	bool windowed; /* --time was given */
	bool strict;
};

/*
 * Opens the trace and resolves --time. On error nothing is left open. When it comes from a pipe, the
 * first Ctrl-C from now on is for the recorder at the other end: that ends, so does what comes from
 * it, and then there is something to tell. A second one ends us.
 */
int reader_open(struct reader *r, const struct reader_args *a, struct err *err);

/* All has been read: Ctrl-C is for us again. */
void reader_take_interrupts(void);

/*
 * Where the window ends for who reads events: it is half-open, but what happened in the last
 * instant of the trace belongs to it, so UINT64_MAX when it reaches up to there.
 */
uint64_t reader_window_end(const struct reader *r);

/*
 * After the last event was read: prints one line on stderr when something is damaged or the end is
 * missing, closes the trace (trace_end() and the like are gone), returns EXIT_OK or, with --strict
 * and damage, EXIT_INCOMPLETE.
 */
int reader_close(struct reader *r, const char *verb);

/* "+1.204000 s .. +1.377000 s, CPU 1": where a damaged place is. Returns buf. */
char *reader_damage_place(const struct reader *r, const struct trace_damage *d, char *buf,
			  size_t size);

/* Highest CPU number of the trace + 1, as engine_new() wants it. */
uint32_t meta_cpu_limit(const struct meta *meta);

/* Closes without a word (after an error that was told). */
void reader_abort(struct reader *r);

#endif
