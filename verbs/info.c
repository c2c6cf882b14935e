// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* info: what a trace holds, where and how it was recorded, and what that cost. */
#include "verbs/info.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

uint64_t info_program_mean_ns(const struct meta_program *p)
{
	return p->runs ? (p->run_ns + p->runs / 2) / p->runs : 0;
}

uint64_t info_program_ns(const struct meta_program *p)
{
	/* it wrote no record in some runs, and records outside the sample */
	uint64_t runs = p->events > p->runs ? p->events : p->runs;

	return p->runs ? (uint64_t)((unsigned __int128)p->run_ns * runs / p->runs) : 0;
}

static void count(struct info *info, const struct event *ev)
{
	const struct gap_info *gap = ev->ext;

	switch (ev->kind) {
	case EV_CHECKPOINT: info->segments++; return;
	case EV_GAP:
		info->gaps++;
		info->lost += gap->count;
		if (ev->cpu < info->ncpus)
			info->lost_by_cpu[ev->cpu] += gap->count;
		if (gap->reason == GAP_CORRUPT || gap->reason == GAP_CUT)
			return;
		break;
	default: break;
	}
	info->events++;
	if (ev->kind < EV_KIND_END)
		info->by_kind[ev->kind]++;
}

static int read_all(struct info *info, struct trace *t, struct err *err)
{
	const struct event *events;
	struct source *src;
	int n, rc;

	rc = trace_source(t, 0, UINT64_MAX, &src, err);
	if (rc)
		return rc;
	while ((n = src->next(src, &events, err)) > 0)
		for (int i = 0; i < n; i++)
			count(info, &events[i]);
	src->close(src);
	return n;
}

static int gather(struct info *info, const struct reader *in, struct err *err)
{
	uint64_t first, last;
	struct stat st;
	int rc;

	*info = (struct info){.reader = in};
	info->ncpus = meta_cpu_limit(trace_meta(in->trace));
	info->lost_by_cpu = calloc(info->ncpus, sizeof(*info->lost_by_cpu));
	if (!info->lost_by_cpu)
		return err_set(err, -ENOMEM, "out of memory");
	rc = read_all(info, in->trace, err);
	if (rc)
		return rc;
	info->meta = trace_meta(in->trace);
	info->end = trace_end(in->trace);
	info->ndamages = trace_damages(in->trace, &info->damages);
	info->complete = trace_complete(in->trace);
	trace_span(in->trace, &first, &last);
	info->duration_ns = last > first ? last - first : 0;
	if (!(strcmp(in->name, "-") ? stat(in->name, &st) : fstat(STDIN_FILENO, &st)) &&
	    S_ISREG(st.st_mode))
		info->bytes = (uint64_t)st.st_size;
	return 0;
}

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
	rc = gather(&info, &in, &err);
	if (!rc && args.json)
		rc = info_print_json(&info, &err);
	else if (!rc)
		info_print_text(&info);
	free(info.lost_by_cpu);
	if (rc) {
		reader_abort(&in);
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	code = verb_flush(VERB, EXIT_OK);
	rc = reader_close(&in, VERB);
	return code ? code : rc;
}
