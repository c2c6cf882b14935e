// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* rstat: a flight recorder for Linux hosts. main and the table of verbs. */
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/version.h"
#include "verbs/verbs.h"

static const struct verb verbs[] = {
	{"record", verb_record, "record this machine, or one command on it, into a trace"},
	{"report", verb_report, "what every process did, what it waited for and for how long"},
	{"explain", verb_explain, "why threads waited: who held them up, and what held those up"},
	{"profile", verb_profile, "measure what recording costs"},
	{"info", verb_info, "what a trace holds, where it comes from, what recording it cost"},
	{"check", verb_check, "is a trace whole, and does it add up"},
	{"recover", verb_recover, "a complete trace from what is whole of a damaged one"},
	{"dump", verb_dump, "the raw events"},
	{"cut", verb_cut, "a window as a trace of its own"},
	{"merge", verb_merge, "consecutive pieces of one recording into one trace"},
	{NULL, NULL, NULL},
};

static void usage(FILE *f)
{
	fputs("usage: rstat VERB [OPTIONS]\n\n", f);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(f, "  %-10s %s\n", v->name, v->help);
	fputs("\n'rstat help VERB' lists a verb's options; 'man rstat' tells the whole story.\n",
	      f);
}

static int run(int argc, char **argv)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(argv[0], v->name))
			return v->run(argc, argv);
	fprintf(stderr, "rstat: '%s' is not a verb; 'rstat --help' lists them\n", argv[0]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") && argc > 2)
		return run(2, (char *[]){argv[2], "--help", NULL});
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return verb_flush("", EXIT_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("rstat " RSTAT_VERSION);
		return verb_flush("", EXIT_OK);
	}
	return run(argc - 1, argv + 1);
}
