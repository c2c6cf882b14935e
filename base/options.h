/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * options: a verb's options as a table. One row says how an option is written, what it takes and
 * what it does; parsing, the --help text and the check of the man pages all come from that row.
 */
#ifndef RSTAT_BASE_OPTIONS_H
#define RSTAT_BASE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* A row; a table ends with OPTIONS_END. A row with key 0 and help is a heading in --help. */
struct option_spec {
	int key; /* the verb's own, > 0; unique within the table */
	char letter; /* 0: has no short form */
	const char *name; /* long form without the dashes */
	const char *arg; /* "FILE"; NULL: takes none; "[=WHAT]": may be left out, no letter then */
	const char *help; /* sentence; wrapped when printed */
};

#define OPTIONS_END                                                                                \
	{                                                                                          \
		0, 0, NULL, NULL, NULL                                                             \
	}

struct command {
	const char *verb; /* "report" */
	const char *synopsis; /* "[OPTIONS] [FILE]" */
	const char *about; /* what the verb does, a sentence or two */
	const struct option_spec *options;
	bool stop_at_operand; /* options end at the first operand (record CMD), else anywhere */
	/* Takes one option; arg is NULL when it has none. A negative errno with err set refuses its argument. */
	int (*set)(void *ctx, int key, const char *arg, struct err *err);
};

#define OPTIONS_ANSWERED 0 /* --help or --version was printed: the verb is done, exit 0 */

/*
 * Parses argv (argv[0] is the verb); -h/--help and -V/--version exist in every verb.
 * Long options may be shortened as far as they stay unambiguous; "--" ends options.
 *
 * Returns the index of the first operand in argv (>= 1; argc when there is none; argv is permuted
 * so that operands are last), OPTIONS_ANSWERED, or -EINVAL with one sentence in err.
 */
int options_parse(const struct command *cmd, int argc, char **argv, void *ctx, struct err *err);

/* The --help text, at most 80 columns wide. */
void options_help(const struct command *cmd, FILE *f);

#endif
