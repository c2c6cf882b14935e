// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* check: is the trace whole, and does what it says add up? */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/exit.h"
#include "base/units.h"
#include "engine/engine.h"
#include "replay/invariants.h"
#include "verbs/reader_args.h"
#include "verbs/verbs.h"

#define VERB	     "check"
#define DAMAGE_LINES 100 /* the rest is counted: one bad disk can make thousands */

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	READER_OPTION_STRICT,
	OPTIONS_END,
};

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	return reader_args_set(ctx, key, arg, err);
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] [FILE]",
	.about = "Reads all of a trace and checks it: structure, checksums, sequence, index, and "
		 "that the times of every CPU and task add up. Exit 0 also when it is damaged "
		 "(--strict: 3); 2 when it is no trace, or when what it says does not add up.",
	.options = options,
	.set = set,
};

struct check {
	struct reader in;
	struct engine *engine;
	struct invariants *invariants; /* NULL: there was no event */
	uint64_t events, segments;
	int broken; /* result of invariants_check() */
	struct err what_broke;
};

/* The engine's time begins with the first event, and so does what must add up. */
static int begin(struct check *c, const struct event *first, struct err *err)
{
	uint32_t ncpus = meta_cpu_limit(trace_meta(c->in.trace));
	int rc = invariants_new(&c->invariants, ncpus, first->ts, UINT64_MAX, err);

	return rc ? rc : engine_add_sink(c->engine, invariants_sink(c->invariants), err);
}

static int apply(struct check *c, const struct event *events, size_t n, struct err *err)
{
	int rc = 0;

	if (!c->invariants)
		rc = begin(c, &events[0], err);
	for (size_t i = 0; i < n; i++)
		c->segments += events[i].kind == EV_CHECKPOINT;
	c->events += n;
	return rc ? rc : engine_apply(c->engine, events, n, err);
}

static int finish(struct check *c, uint64_t last_ns, struct err *err)
{
	int rc;

	if (!c->invariants)
		return 0;
	invariants_finish(c->invariants, last_ns);
	rc = engine_finish(c->engine, last_ns, err);
	if (rc)
		return rc;
	c->broken = invariants_check(c->invariants, &c->what_broke);
	return c->broken == -ENOMEM ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static int read_all(struct check *c, struct err *err)
{
	const struct event *events;
	uint64_t first, last, reached = 0;
	struct source *src;
	int n, rc;

	rc = trace_source(c->in.trace, 0, UINT64_MAX, &src, err);
	if (rc)
		return rc;
	while ((n = src->next(src, &events, err)) > 0) {
		rc = apply(c, events, (size_t)n, err);
		if (rc)
			break;
		for (int i = 0; i < n; i++)
			if (events[i].ts > reached)
				reached = events[i].ts;
	}
	src->close(src);
	if (rc || n < 0)
		return rc ? rc : n;
	trace_span(c->in.trace, &first, &last);
	return finish(c, last > reached ? last : reached, err);
}

static void print_damage(const struct check *c)
{
	const struct trace_damage *list;
	size_t n = trace_damages(c->in.trace, &list);
	char what[sizeof(list->what) * 4], where[200];

	puts(n ? "damage" : "damage       none");
	for (size_t i = 0; i < n && i < DAMAGE_LINES; i++) {
		escape_terminal(what, sizeof(what), list[i].what, strlen(list[i].what));
		reader_damage_place(&c->in, &list[i], where, sizeof(where));
		printf("  byte %" PRIu64 ": %s; missing: %s\n", list[i].offset, what, where);
	}
	n += trace_damages_more(c->in.trace);
	if (n > DAMAGE_LINES)
		printf("  and %zu places more\n", n - DAMAGE_LINES);
}

static void print_counts(const struct engine_counts *n, const struct meta *meta)
{
	const struct {
		const char *what;
		uint64_t count;
		/* printed when it was recorded, or there is something; "": only then */
		const char *feature;
	} rows[] = {
		{"gaps", n->gaps, NULL},
		{"events lost", n->lost, NULL},
		{"contradictions (a switch whose previous task was not the one there)",
		 n->contradictions, NULL},
		{"switch-ins without a wake-up (inferred)", n->inferred_switch_ins, NULL},
		{"wake-ups before the sleeper's switch-out", n->early_wakings, NULL},
		{"wake-ups of a task that was running or runnable (redundant)",
		 n->redundant_wakeups, NULL},
		{"times that ran backwards (held)", n->clamped, NULL},
		{"tasks that nothing described", n->unknown_tasks, NULL},
		{"block requests whose start was not seen", n->requests_unknown, "io"},
		{"block requests whose end was not seen", n->requests_no_end, "io"},
		{"... although nothing was lost or hidden", n->requests_unended, ""},
		{"IO merged into a request that is not known", n->merges_unknown, "io"},
		{"uses of a socket that nothing described", n->sockets_unknown, "net"},
		{"open sockets forgotten, being too many", n->sockets_dropped, ""},
	};
	char buf[UNITS_BUF];

	printf("the engine's counts\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!rows[i].feature || rows[i].count || meta_has_feature(meta, rows[i].feature))
			printf("  %12s %s\n", format_count(rows[i].count, buf), rows[i].what);
}

static void print_invariants(const struct check *c)
{
	char tasks[UNITS_BUF], intervals[UNITS_BUF], n[UNITS_BUF];
	uint64_t requests;

	if (!c->invariants) {
		printf("invariants   nothing to check\n");
		return;
	}
	requests = invariants_requests(c->invariants);
	printf("invariants   %s, over %s intervals of %s tasks", c->broken ? "broken" : "all hold",
	       format_count(invariants_intervals(c->invariants), intervals),
	       format_count(invariants_tasks(c->invariants), tasks));
	if (requests)
		printf(" and %s block requests", format_count(requests, n));
	putchar('\n');
	for (enum invariant i = 0; i < INV_COUNT; i++)
		if (invariants_broken(c->invariants, i))
			printf("  %12s %s\n", format_count(invariants_broken(c->invariants, i), n),
			       invariant_name(i));
}

static void print_findings(const struct check *c)
{
	char name[1024], events[UNITS_BUF];
	uint16_t major, minor;

	trace_version(c->in.trace, &major, &minor);
	escape_terminal(name, sizeof(name), c->in.name, strlen(c->in.name));
	printf("trace        %s, rstat trace %u.%u\n", name, major, minor);
	printf("read         %s events in %" PRIu64 " segment%s\n",
	       format_count(c->events - c->segments, events), c->segments,
	       c->segments == 1 ? "" : "s");
	print_damage(c);
	print_counts(engine_counts(c->engine), trace_meta(c->in.trace));
	print_invariants(c);
}

static int run(struct check *c, const struct reader_args *args, struct err *err)
{
	int code, rc = reader_open(&c->in, args, err);

	if (rc)
		return verb_fail(VERB, EXIT_USAGE, err);
	trace_check_headers(c->in.trace);
	rc = engine_new(&c->engine, meta_cpu_limit(trace_meta(c->in.trace)), 0, UINT64_MAX, err);
	if (!rc && trace_meta(c->in.trace)->filtered)
		engine_filtered(c->engine);
	if (!rc)
		rc = read_all(c, err);
	if (rc) {
		reader_abort(&c->in);
		return verb_fail(VERB, EXIT_USAGE, err);
	}
	print_findings(c);
	code = verb_flush(VERB, EXIT_OK);
	rc = reader_close(&c->in, VERB);
	if (c->broken)
		return verb_fail(VERB, EXIT_USAGE, &c->what_broke);
	return code ? code : rc;
}

int verb_check(int argc, char **argv)
{
	struct reader_args args = {0};
	struct check c = {0};
	struct err err = {0};
	int code, rc;

	signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen by verb_flush() */
	rc = options_parse(&command, argc, argv, &args, &err);
	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0)
		rc = reader_args_operands(&args, argc, argv, rc, &err);
	if (rc)
		return verb_fail(VERB, EXIT_USAGE, &err);
	code = run(&c, &args, &err);
	engine_free(c.engine);
	invariants_free(c.invariants);
	return code;
}
