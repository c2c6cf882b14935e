/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rewrite: what recover, cut and merge share: a new trace file beside the old ones, filled by a
 * copy, put in its place only when it is whole. A signal or a failure leaves nothing behind.
 */
#ifndef RSTAT_VERBS_REWRITE_H
#define RSTAT_VERBS_REWRITE_H

#include "record/trace_file.h"
#include "verbs/copy.h"
#include "verbs/reader_args.h"

#define REWRITE_KEY_OUTPUT 20000

/* clang-format off */
#define REWRITE_OPTION_OUTPUT \
	{REWRITE_KEY_OUTPUT, 'o', "output", "FILE", \
	 "The new trace, required; '-' is standard output. A trace that is there already is kept " \
	 "as FILE.old; anything else is left alone."}
/* clang-format on */

/* Of a verb that makes one trace of another one. */
struct rewrite_args {
	struct reader_args reader;
	const char *output;
};

/* struct command's set; ctx is a struct rewrite_args. */
int rewrite_args_set(void *ctx, int key, const char *arg, struct err *err);

/*
 * What the command line says: options, then the trace. 1 when it is complete, OPTIONS_ANSWERED when
 * there is nothing to do, -EINVAL with the reason: -o is missing, or something else is wrong.
 */
int rewrite_args_parse(const struct command *cmd, int argc, char **argv, struct rewrite_args *args,
		       struct err *err);

struct rewrite {
	const char *verb;
	struct trace_file out;
	bool is_open;
	struct trace_writer *writer;
	struct copy copy;
};

/*
 * Opens the output and starts the copy of [from_ns, to_ns).
 *
 * @path  of the new trace; NULL is refused with a sentence that asks for -o
 * @meta  of the new trace, start_ns == from_ns
 */
int rewrite_open(struct rewrite *w, const char *verb, const char *path, const struct meta *meta,
		 uint64_t from_ns, uint64_t to_ns, struct err *err);

/* Copies a whole source, and closes it; an error of the output names it. */
int rewrite_copy(struct rewrite *w, struct source *src, struct err *err);

/* All is copied: ends the trace, moves it to its place, prints one line of what it holds. */
int rewrite_finish(struct rewrite *w, const struct meta_end *end, struct err *err);

/* Closes and removes what is not finished. Fine after rewrite_finish(), and on a zeroed struct. */
void rewrite_abort(struct rewrite *w);

/*
 * The end of a trace whose own end is missing or replaced: `own` (NULL: missing) with the lost
 * events and the last instant of what was copied. Nothing is allocated; programs stay those of own.
 */
struct meta_end rewrite_end(const struct rewrite *w, const struct meta_end *own, uint64_t end_ns,
			    const char *stopped_by);

#endif
