// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* recover: a clean, complete trace from what is whole of a damaged one. */

#include "base/exit.h"
#include "verbs/rewrite.h"
#include "verbs/verbs.h"

#define VERB "recover"

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	REWRITE_OPTION_OUTPUT,
	READER_OPTION_STRICT,
	OPTIONS_END,
};

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] -o FILE [FILE]",
	.about =
		"Writes a complete trace from what is whole of a damaged or cut one. What is "
		"missing becomes an explicit gap: a time range on a CPU of which nothing is known.",
	.options = options,
	.set = rewrite_args_set,
};

static int copy_all(struct rewrite *w, struct reader *in, struct err *err)
{
	struct source *src;
	int rc = trace_source(in->trace, 0, UINT64_MAX, &src, err);

	return rc ? rc : rewrite_copy(w, src, err);
}

static int recover(struct rewrite *w, struct reader *in, const char *output, struct err *err)
{
	const struct meta_end *own;
	struct meta_end end;
	struct meta meta = *trace_meta(in->trace);
	uint64_t first, last;
	int rc;

	/* META itself may be what is damaged */
	if (!meta.start_ns)
		meta.start_ns = in->span.start_ns;
	rc = rewrite_open(w, VERB, output, &meta, meta.start_ns, UINT64_MAX, err);
	if (!rc)
		rc = copy_all(w, in, err);
	if (rc)
		return rc;
	own = trace_end(in->trace);
	trace_span(in->trace, &first, &last);
	if (last < w->copy.last_ns || last == UINT64_MAX)
		last = w->copy.last_ns;
	end = rewrite_end(w, own, own ? own->end_ns : last, own ? NULL : "end lost, recovered");
	return rewrite_finish(w, &end, err);
}

int verb_recover(int argc, char **argv)
{
	struct rewrite_args args = {0};
	struct rewrite w = {0};
	struct reader in;
	struct err err = {0};
	int rc;

	rc = rewrite_args_parse(&command, argc, argv, &args, &err);
	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0)
		rc = reader_open(&in, &args.reader, &err);
	if (rc)
		return verb_fail(VERB, EXIT_USAGE, &err);
	rc = recover(&w, &in, args.output, &err);
	rewrite_abort(&w);
	if (rc) {
		reader_abort(&in);
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	return reader_close(&in, VERB);
}
