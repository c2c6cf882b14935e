/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * verbs: one file per verb, each with its own options. A verb returns the exit code of the process
 * (base/exit.h) and prints its own errors through verb_fail().
 */
#ifndef RSTAT_VERBS_VERBS_H
#define RSTAT_VERBS_VERBS_H

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the verb */
	const char *help;		   /* one line */
};

int verb_record(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_recover(int argc, char **argv);
int verb_dump(int argc, char **argv);
int verb_cut(int argc, char **argv);
int verb_merge(int argc, char **argv);
int verb_profile(int argc, char **argv);

#endif
