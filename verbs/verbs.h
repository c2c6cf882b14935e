/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * verbs: one file per verb, each with its own options. A verb returns the exit code of the process
 * (base/exit.h) and prints its own errors through verb_fail().
 */
#ifndef RSTAT_VERBS_VERBS_H
#define RSTAT_VERBS_VERBS_H

#include "base/err.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the verb */
	const char *help; /* one line */
};

int verb_record(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_recover(int argc, char **argv);
int verb_dump(int argc, char **argv);
int verb_cut(int argc, char **argv);
int verb_merge(int argc, char **argv);
int verb_profile(int argc, char **argv);

/* Prints "rstat VERB: MESSAGE" on stderr and returns `code`; VERB may be "". */
int verb_fail(const char *verb, int code, const struct err *err);

/*
 * The end of a verb that wrote to stdout: flushes it. A reader that went away (EPIPE) is no
 * failure; any other write error is said on stderr and gives EXIT_USAGE, else returns `code`.
 */
int verb_flush(const char *verb, int code);

#endif
