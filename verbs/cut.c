// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* cut: a window of a trace as a trace of its own. */
#include <errno.h>
#include <stdio.h>

#include "base/exit.h"
#include "verbs/rewrite.h"
#include "verbs/verbs.h"

#define VERB "cut"

static const struct option_spec options[] = {
	READER_OPTION_INPUT,  REWRITE_OPTION_OUTPUT, READER_OPTION_TIME,
	READER_OPTION_STRICT, OPTIONS_END,
};

static const struct command command = {
	.verb = VERB,
	.synopsis = "--time A,B -o FILE [FILE]",
	.about = "Writes the window A,B of a trace as a trace of its own. It begins with the state "
		 "of every task at A, so that it reports what the whole does with the same --time.",
	.options = options,
	.set = rewrite_args_set,
};

/* The new trace starts where the window does. */
static struct meta meta_of_window(const struct meta *whole, const struct time_window *w)
{
	struct meta meta = *whole;

	if (meta.start_utc_ns)
		meta.start_utc_ns += w->from_ns - meta.start_ns;
	meta.start_ns = w->from_ns;
	return meta;
}

static int cut(struct rewrite *w, struct reader *in, const char *output, struct err *err)
{
	struct meta meta = meta_of_window(trace_meta(in->trace), &in->window);
	const struct meta_end *own;
	struct meta_end end;
	struct source *src;
	uint64_t to = reader_window_end(in), first, last;
	int rc;

	rc = rewrite_open(w, VERB, output, &meta, in->window.from_ns, to, err);
	if (!rc)
		rc = trace_source(in->trace, in->window.from_ns, to, &src, err);
	if (rc)
		return rc;
	rc = rewrite_copy(w, src, err);
	if (rc)
		return rc;
	/* a pipe tells only now where it ends */
	own = trace_end(in->trace);
	trace_span(in->trace, &first, &last);
	if (last < to)
		to = last;
	end = rewrite_end(w, own, to, "cut");
	return rewrite_finish(w, &end, err);
}

int verb_cut(int argc, char **argv)
{
	char text[TIME_WINDOW_BUF];
	struct rewrite_args args = {0};
	struct rewrite w = {0};
	struct reader in = {0};
	struct err err = {0};
	int rc;

	rc = rewrite_args_parse(&command, argc, argv, &args, &err);
	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0 && !args.reader.has_time)
		rc = err_set(&err, -EINVAL, "say what to cut out with --time A,B");
	if (rc > 0)
		rc = reader_open(&in, &args.reader, &err);
	if (rc)
		return verb_fail(VERB, EXIT_USAGE, &err);
	fprintf(stderr, "rstat " VERB ": window %s\n",
		time_window_format(&in.window, &in.span, text));
	rc = cut(&w, &in, args.output, &err);
	rewrite_abort(&w);
	if (rc) {
		reader_abort(&in);
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	return reader_close(&in, VERB);
}
