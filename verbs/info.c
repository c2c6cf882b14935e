// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* info: what a trace holds, where and how it was recorded, and what that cost. */
#include "verbs/info.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/exit.h"
#include "verbs/verbs.h"

#define VERB "info"

enum { KEY_FORMAT = 1 };

struct args {
	struct reader_args reader;
	bool json;
};

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	{KEY_FORMAT, 0, "format", "FORMAT", "text (default) or json: one object."},
	READER_OPTION_STRICT,
	OPTIONS_END,
};

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	struct args *args = ctx;

	if (key != KEY_FORMAT)
		return reader_args_set(&args->reader, key, arg, err);
	args->json = !strcmp(arg, "json");
	if (!args->json && strcmp(arg, "text") != 0)
		return err_set(err, -EINVAL, "'%.40s' is neither text nor json", arg);
	return 0;
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] [FILE]",
	.about = "Tells what a trace holds: the host, the recording, its events by kind, what was "
		 "lost, which hooks were live and what the recorder itself cost.",
	.options = options,
	.set = set,
};

int verb_info(int argc, char **argv)
{
	struct args args = {0};
	struct reader in;
	struct info info;
	struct err err = {0};
	int code, rc;

	signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen by verb_flush() */
	rc = options_parse(&command, argc, argv, &args, &err);
	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0)
		rc = reader_args_operands(&args.reader, argc, argv, rc, &err);
	if (!rc)
		rc = reader_open(&in, &args.reader, &err);
	if (rc)
		return verb_fail(VERB, EXIT_USAGE, &err);
	rc = info_gather(&info, &in, &err);
	if (!rc && args.json)
		rc = info_print_json(&info, &err);
	else if (!rc)
		info_print_text(&info);
	info_free(&info);
	if (rc) {
		reader_abort(&in);
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	code = verb_flush(VERB, EXIT_OK);
	rc = reader_close(&in, VERB);
	return code ? code : rc;
}
