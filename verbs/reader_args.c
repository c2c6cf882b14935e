// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/reader_args.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpulist.h"
#include "base/escape.h"
#include "base/exit.h"
#include "base/units.h"

int reader_args_set(struct reader_args *a, int key, const char *arg, struct err *err)
{
	int rc;

	switch (key) {
	case READER_KEY_INPUT: a->path = arg; return 1;
	case READER_KEY_STRICT: a->strict = true; return 1;
	case READER_KEY_TIME:
		rc = time_spec_parse(&a->time, arg, err);
		a->has_time = true;
		return rc ? rc : 1;
	default: return 0;
	}
}

int reader_args_operands(struct reader_args *a, int argc, char **argv, int first, struct err *err)
{
	if (first >= argc)
		return 0;
	if (a->path)
		return err_set(err, -EINVAL, "'%.200s': the trace is given by -i already",
			       argv[first]);
	if (argc - first > 1)
		return err_set(err, -EINVAL, "'%.200s': one trace at a time", argv[first + 1]);
	a->path = argv[first];
	return 0;
}

static void for_recorder(int sig)
{
	(void)sig;
}

static void leave_interrupt(const char *path)
{
	struct sigaction once = {.sa_handler = for_recorder,
				 .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
	struct sigaction now;
	struct stat st;

	if (!path || strcmp(path, "-") || fstat(STDIN_FILENO, &st) ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return;
	sigemptyset(&once.sa_mask);
	if (!sigaction(SIGINT, NULL, &now) && now.sa_handler == SIG_DFL)
		sigaction(SIGINT, &once, NULL);
}

void reader_take_interrupts(void)
{
	struct sigaction now;

	if (!sigaction(SIGINT, NULL, &now) && now.sa_handler == for_recorder)
		signal(SIGINT, SIG_DFL);
}

int reader_open(struct reader *r, const struct reader_args *a, struct err *err)
{
	const struct meta *meta;
	int rc;

	*r = (struct reader){.strict = a->strict, .windowed = a->has_time};
	r->name = a->path ? a->path : DEFAULT_TRACE;
	leave_interrupt(a->path);
	rc = a->spool ? trace_open_spooled(&r->trace, r->name, err)
		      : trace_open(&r->trace, r->name, err);
	if (rc) {
		if (rc == -ENOENT && !a->path)
			err_set(err, rc,
				"there is no %s here; name a trace, or record one with "
				"'rstat record'",
				DEFAULT_TRACE);
		return rc;
	}
	trace_span(r->trace, &r->span.start_ns, &r->span.end_ns);
	if (trace_is_pipe(r->trace))
		r->span.end_ns = UINT64_MAX;
	meta = trace_meta(r->trace);
	if (meta->start_utc_ns && meta->start_ns)
		r->span.start_utc_ns = meta->start_utc_ns + (r->span.start_ns - meta->start_ns);
	r->window = (struct time_window){r->span.start_ns, r->span.end_ns};
	if (a->has_time) {
		rc = time_window_resolve(&r->window, &a->time, &r->span, err);
		if (rc) {
			err_context(err, "--time");
			reader_abort(r);
		}
	}
	return rc;
}

uint64_t reader_window_end(const struct reader *r)
{
	return r->windowed && r->window.to_ns < r->span.end_ns ? r->window.to_ns : UINT64_MAX;
}

char *reader_damage_place(const struct reader *r, const struct trace_damage *d, char *buf,
			  size_t size)
{
	struct time_window w = {d->from_ns, d->to_ns};
	struct time_span relative = {.start_ns = r->span.start_ns, .end_ns = UINT64_MAX};
	char window[TIME_WINDOW_BUF], cpu[24] = "all CPUs";

	if (!d->from_ns) {
		snprintf(buf, size, "no events");
		return buf;
	}
	if (w.from_ns < relative.start_ns)
		w.from_ns = relative.start_ns;
	if (w.to_ns < w.from_ns)
		w.to_ns = w.from_ns;
	if (d->cpu != CPU_NONE)
		snprintf(cpu, sizeof(cpu), "CPU %u", d->cpu);
	snprintf(buf, size, "%s, %s", time_window_format(&w, &relative, window), cpu);
	return buf;
}

/*
 * Damaged places apart from the end, which is told by itself: what reaches up to the end of a trace
 * without END is part of that. *first is the first that took events away, else the first.
 */
static size_t other_damages(const struct reader *r, bool cut, const struct trace_damage **first)
{
	const struct trace_damage *list;
	size_t n = trace_damages(r->trace, &list), others = 0;
	uint64_t start, last;

	*first = NULL;
	trace_span(r->trace, &start, &last);
	for (size_t i = 0; i < n; i++) {
		if (cut && (list[i].to_ns >= last || !list[i].to_ns))
			continue;
		others++;
		if (!*first || (!(*first)->from_ns && list[i].from_ns))
			*first = &list[i];
	}
	return others;
}

/* The end is missing: not just beyond a window that was read from a pipe. */
static bool is_cut(const struct reader *r)
{
	uint64_t first, last;

	if (trace_end(r->trace))
		return false;
	trace_span(r->trace, &first, &last);
	return !trace_is_pipe(r->trace) || last < r->window.to_ns;
}

static void print_notice(const struct reader *r, const char *verb)
{
	bool cut = is_cut(r);
	const struct trace_damage *first;
	size_t n = other_damages(r, cut, &first);
	char name[1024], what[sizeof(first->what) * 4], where[200];
	uint64_t start, last, length;

	if (!cut && !first)
		return;
	escape_terminal(name, sizeof(name), r->name, strlen(r->name));
	fprintf(stderr, "rstat %s: %s", verb, strcmp(name, "-") ? name : "standard input");
	trace_span(r->trace, &start, &last);
	length = last - start;
	if (cut)
		fprintf(stderr,
			" was cut or not finished: nothing is known after +%" PRIu64 ".%06" PRIu64
			" s%s",
			length / NSEC_PER_SEC, length % NSEC_PER_SEC / 1000, n ? "; it" : "");
	if (first) {
		escape_terminal(what, sizeof(what), first->what, strlen(first->what));
		fprintf(stderr, " is damaged: %s, missing: %s", what,
			reader_damage_place(r, first, where, sizeof(where)));
	}
	if (n > 1)
		fprintf(stderr, "; %zu more place%s, see 'rstat check'", n - 1, n == 2 ? "" : "s");
	fputc('\n', stderr);
}

int reader_close(struct reader *r, const char *verb)
{
	const struct trace_damage *list;
	const struct meta_end *end = trace_end(r->trace);
	bool whole = !is_cut(r) && !(end && end->cut) && !trace_damages(r->trace, &list);
	int code = r->strict && !whole ? EXIT_INCOMPLETE : EXIT_OK;

	print_notice(r, verb);
	reader_abort(r);
	return code;
}

void reader_abort(struct reader *r)
{
	trace_close(r->trace);
	r->trace = NULL;
}

uint32_t meta_cpu_limit(const struct meta *meta)
{
	uint32_t limit = 0;

	for (size_t i = 0; i < meta->ncpus; i++)
		if (meta->cpus[i].cpu >= limit)
			limit = meta->cpus[i].cpu + 1u;
	/* the trace's META is damaged: any CPU may come */
	return limit ? limit : CPULIST_MAX;
}
