// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/reader_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

int reader_open(struct reader *r, const struct reader_args *a, struct err *err)
{
	const struct meta *meta;
	int rc;

	*r = (struct reader){.strict = a->strict, .windowed = a->has_time};
	r->name = a->path ? a->path : DEFAULT_TRACE;
	rc = trace_open(&r->trace, r->name, err);
	if (rc) {
		if (rc == -ENOENT && !a->path)
			err_set(err, rc,
				"there is no %s here; name a trace, or record one with "
				"'rstat record'",
				DEFAULT_TRACE);
		return rc;
	}
	trace_span(r->trace, &r->span.start_ns, &r->span.end_ns);
	if (!strcmp(r->name, "-"))
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

/* "+1.204 s .. +1.377 s, CPU 1": where a damaged place is, short. */
static void describe_damage(const struct reader *r, const struct trace_damage *d, char *buf,
			    size_t size)
{
	struct time_window w = {d->from_ns, d->to_ns};
	struct time_span relative = {.start_ns = r->span.start_ns, .end_ns = UINT64_MAX};
	char window[TIME_WINDOW_BUF], cpu[24] = "all CPUs";

	if (w.from_ns < relative.start_ns)
		w.from_ns = relative.start_ns;
	if (w.to_ns < w.from_ns)
		w.to_ns = w.from_ns;
	if (d->cpu != CPU_NONE)
		snprintf(cpu, sizeof(cpu), "CPU %u", d->cpu);
	snprintf(buf, size, "%s, %s (%.120s)", time_window_format(&w, &relative, window), cpu,
		 d->what);
}

int reader_close(struct reader *r, const char *verb)
{
	const struct trace_damage *list = NULL;
	size_t n = trace_damages(r->trace, &list);
	bool cut = !trace_end(r->trace);
	char first[400], name[300];
	int code = EXIT_OK;

	escape_terminal(name, sizeof(name), r->name, strlen(r->name));
	if (n) {
		describe_damage(r, &list[0], first, sizeof(first));
		if (n == 1)
			fprintf(stderr, "rstat %s: %s is damaged%s: missing %s\n", verb, name,
				cut ? " and its end is missing" : "", first);
		else
			fprintf(stderr,
				"rstat %s: %s is damaged in %zu places%s, first: missing %s; "
				"'rstat check' lists them\n",
				verb, name, n, cut ? " and its end is missing" : "", first);
	} else if (cut) {
		fprintf(stderr,
			"rstat %s: the end of %s is missing: the recorder was killed, or "
			"the file is cut\n",
			verb, name);
	}
	if (r->strict && (n || !trace_complete(r->trace)))
		code = EXIT_INCOMPLETE;
	reader_abort(r);
	return code;
}

void reader_abort(struct reader *r)
{
	trace_close(r->trace);
	r->trace = NULL;
}
