// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/answer.h"

#include <errno.h>
#include <signal.h>

#include "base/exit.h"
#include "base/pager.h"
#include "verbs/verbs.h"

int answer_args_set(struct answer_args *a, int key, const char *arg, struct err *err)
{
	int rc = reader_args_set(&a->reader, key, arg, err);
	bool valid = true;

	if (rc)
		return rc;
	switch (key) {
	case ANSWER_KEY_COLOR:
		color_wanted(arg, &valid);
		a->when = arg;
		break;
	case ANSWER_KEY_NO_PAGER: a->no_pager = true; break;
	default: return 0;
	}
	return valid ? 1 : err_set(err, -EINVAL, "'%.100s': auto, always or never", arg);
}

int answer_parse(const struct command *command, int argc, char **argv, void *ctx,
		 struct answer_args *a, struct err *err)
{
	int rc;

	signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen by verb_flush() */
	rc = options_parse(command, argc, argv, ctx, err);
	if (rc > 0)
		rc = reader_args_operands(&a->reader, argc, argv, rc, err) ?: 1;
	return rc;
}

void answer_begin(const struct answer_args *a, const struct reader *in, bool table,
		  struct report_input *out)
{
	*out = (struct report_input){
		.name = in->name,
		.meta = trace_meta(in->trace),
		.complete = trace_complete(in->trace),
		.windowed = in->windowed,
		.start_utc_ns = in->span.start_utc_ns,
	};
	out->ndamages = trace_damages(in->trace, &out->damages);
	trace_span(in->trace, &out->first_ns, &out->last_ns);
	reader_take_interrupts();
	if (table && !a->no_pager)
		pager_start();
}

int answer(const char *verb, struct answer_args *a, answer_fn *tell, void *ctx)
{
	struct reader in = {0};
	struct err err = {0};
	int code, rc = reader_open(&in, &a->reader, &err);
	bool valid;

	if (rc)
		return verb_fail(verb, EXIT_USAGE, &err);
	a->color = color_wanted(a->when, &valid);
	a->width = terminal_width() ?: REPORT_WIDTH;
	if (a->width < REPORT_NARROW)
		a->width = REPORT_NARROW;
	rc = tell(ctx, &in, &err);
	code = rc ? EXIT_USAGE : verb_flush(verb, EXIT_OK);
	pager_end();
	if (rc)
		verb_fail(verb, code, &err);
	if (!code)
		return reader_close(&in, verb);
	reader_abort(&in);
	return code;
}
