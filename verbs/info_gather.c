// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int info_gather(struct info *info, const struct reader *in, struct err *err)
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

void info_free(struct info *info)
{
	free(info->lost_by_cpu);
	info->lost_by_cpu = NULL;
}
