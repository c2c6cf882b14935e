// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* merge: consecutive pieces of one recording into one trace. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/units.h"
#include "verbs/rewrite.h"
#include "verbs/verbs.h"

#define VERB "merge"

struct piece {
	struct reader in;
	bool is_open;
	uint64_t start_ns, end_ns;
};

struct args {
	const char *output;
	bool strict;
};

static const struct option_spec options[] = {
	REWRITE_OPTION_OUTPUT,
	READER_OPTION_STRICT,
	OPTIONS_END,
};

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	struct args *args = ctx;

	(void)err;
	if (key == REWRITE_KEY_OUTPUT)
		args->output = arg;
	else
		args->strict = true;
	return 0;
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "-o FILE PIECE PIECE...",
	.about = "Joins consecutive pieces of one recording, in any order, into one trace. Pieces "
		 "of another recording and pieces that overlap are refused; a hole between two "
		 "pieces becomes a gap on every CPU.",
	.options = options,
	.set = set,
};

static int open_piece(struct piece *p, const char *path, bool strict, struct err *err)
{
	struct reader_args args = {.path = path, .strict = strict};
	const struct meta_end *end;
	int rc;

	if (!strcmp(path, "-"))
		return err_set(err, -EINVAL, "pieces must be files, not standard input");
	rc = reader_open(&p->in, &args, err);
	if (rc)
		return rc;
	p->is_open = true;
	p->start_ns = trace_meta(p->in.trace)->start_ns;
	if (!p->start_ns)
		return err_set(err, -EINVAL,
			       "%.300s: its description is damaged, so it cannot be told what it "
			       "is a piece of; 'rstat recover' saves what is in it",
			       path);
	end = trace_end(p->in.trace);
	p->end_ns = end ? end->end_ns : p->in.span.end_ns;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* What of the description differs; NULL: nothing, it is the same recording. */
static const char *difference(const struct meta *a, const struct meta *b)
{
	if (strcmp(a->hostname, b->hostname) != 0)
		return "of another host";
	if (strcmp(a->kernel, b->kernel) != 0 || strcmp(a->arch, b->arch) != 0)
		return "of another kernel";
	/* sampled once per recording; a cut moves both by the same amount */
	if (a->start_utc_ns - a->start_ns != b->start_utc_ns - b->start_ns ||
	    a->boottime_offset_ns != b->boottime_offset_ns)
		return "of another recording or boot";
	if (strcmp(a->command_line, b->command_line) != 0 || a->ncpus != b->ncpus)
		return "of another recording";
	return NULL;
}

static int check_pair(const struct piece *a, const struct piece *b, struct err *err)
{
	const char *differs = difference(trace_meta(a->in.trace), trace_meta(b->in.trace));
	char buf[UNITS_BUF];

	if (differs)
		return err_set(err, -EINVAL,
			       "%.300s is %s than %.300s; only pieces of one "
			       "recording can be merged",
			       b->in.name, differs, a->in.name);
	if (b->start_ns < a->end_ns)
		return err_set(err, -EINVAL,
			       "%.300s and %.300s overlap by %s; cut one of them first", a->in.name,
			       b->in.name, format_ns(a->end_ns - b->start_ns, buf));
	return 0;
}

/* Nothing is known of any CPU between two pieces. */
static int write_hole(struct rewrite *w, const struct meta *meta, uint64_t from, uint64_t to,
		      struct err *err)
{
	struct gap_info info = {.end_ns = to, .reason = GAP_CUT};
	struct event gap = {.ts = from, .kind = EV_GAP, .ext = &info};
	int rc = 0;

	for (size_t i = 0; !rc && i < meta->ncpus; i++) {
		gap.cpu = meta->cpus[i].cpu;
		rc = copy_events(&w->copy, &gap, 1, err);
	}
	return rc;
}

static int copy_piece(struct rewrite *w, struct piece *p, struct err *err)
{
	struct source *src;
	int rc = trace_source(p->in.trace, 0, UINT64_MAX, &src, err);

	return rc ? rc : rewrite_copy(w, src, err);
}

static int merge(struct rewrite *w, struct piece *pieces, size_t n, const char *output,
		 struct err *err)
{
	const struct meta *meta = trace_meta(pieces[0].in.trace);
	struct meta_end end;
	int rc = rewrite_open(w, VERB, output, meta, meta->start_ns, UINT64_MAX, err);

	for (size_t i = 0; !rc && i < n; i++) {
		if (i && pieces[i].start_ns > pieces[i - 1].end_ns)
			rc = write_hole(w, meta, pieces[i - 1].end_ns, pieces[i].start_ns, err);
		if (!rc)
			rc = copy_piece(w, &pieces[i], err);
	}
	if (rc)
		return rc;
	end = rewrite_end(w, trace_end(pieces[n - 1].in.trace), pieces[n - 1].end_ns, NULL);
	return rewrite_finish(w, &end, err);
}

static int run(const struct args *args, struct piece *pieces, size_t n, char **paths,
	       struct err *err)
{
	struct rewrite w = {0};
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = open_piece(&pieces[i], paths[i], args->strict, err);
	if (rc)
		return rc;
	qsort(pieces, n, sizeof(*pieces), by_start);
	for (size_t i = 1; !rc && i < n; i++)
		rc = check_pair(&pieces[i - 1], &pieces[i], err);
	if (!rc)
		rc = merge(&w, pieces, n, args->output, err);
	rewrite_abort(&w);
	return rc;
}

int verb_merge(int argc, char **argv)
{
	struct args args = {0};
	struct piece *pieces;
	struct err err = {0};
	int code = EXIT_OK, rc, first;
	size_t n;

	first = options_parse(&command, argc, argv, &args, &err);
	if (first == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (first > 0 && !args.output)
		first = err_set(&err, -EINVAL, "name the new trace with -o FILE");
	if (first > 0 && argc - first < 1)
		first = err_set(&err, -EINVAL, "name the pieces to merge");
	if (first < 0)
		return verb_fail(VERB, EXIT_USAGE, &err);
	n = (size_t)(argc - first);
	pieces = calloc(n, sizeof(*pieces));
	if (!pieces) {
		err_set(&err, -ENOMEM, "out of memory");
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	rc = run(&args, pieces, n, argv + first, &err);
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].is_open && rc)
			reader_abort(&pieces[i].in);
		else if (pieces[i].is_open && reader_close(&pieces[i].in, VERB))
			code = EXIT_INCOMPLETE;
	}
	free(pieces);
	return rc ? verb_fail(VERB, EXIT_USAGE, &err) : code;
}
