/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * answer: what the verbs share that answer a question about a trace in text: its file, --color, the
 * pager, and the way from opening it to the exit code.
 */
#ifndef RSTAT_VERBS_ANSWER_H
#define RSTAT_VERBS_ANSWER_H

#include "replay/report.h"
#include "verbs/reader_args.h"

/* Keys of the shared rows. */
enum answer_key {
	ANSWER_KEY_BASE = 30000,
	ANSWER_KEY_COLOR,
	ANSWER_KEY_NO_PAGER,
};

/* clang-format off */
#define ANSWER_OPTIONS \
	{ANSWER_KEY_COLOR, 0, "color", "WHEN", "auto (default), always or never."}, \
	{ANSWER_KEY_NO_PAGER, 0, "no-pager", NULL, "No pager on a terminal."}, \
	READER_OPTION_STRICT
/* clang-format on */

struct answer_args {
	struct reader_args reader;
	const char *when; /* --color; NULL: not given */
	bool no_pager;
	/* answer() sets: */
	bool color;
	unsigned width; /* of lines, in columns */
};

/* For command.set: 1 when the option was one of the shared rows (reader_args too); 0 when not. */
int answer_args_set(struct answer_args *a, int key, const char *arg, struct err *err);

/* Options and operands. Positive: go on; OPTIONS_ANSWERED: the help was printed; or -EINVAL. */
int answer_parse(const struct command *command, int argc, char **argv, void *ctx,
		 struct answer_args *a, struct err *err);

/* Prints the answer on stdout, after answer_begin(). 0 or a negative errno. */
typedef int answer_fn(void *ctx, struct reader *in, struct err *err);

/* Opens the trace, tells, closes it. Says what went wrong; returns the exit code. */
int answer(const char *verb, struct answer_args *a, answer_fn *tell, void *ctx);

/* All has been read, printing begins: the trace, for what is printed. @table: a pager is of use. */
void answer_begin(const struct answer_args *a, const struct reader *in, bool table,
		  struct report_input *out);

#endif
