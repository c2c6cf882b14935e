// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* report: what every process did, what it waited for and for how long. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/units.h"
#include "replay/report.h"
#include "replay/views/view_states.h"
#include "verbs/answer.h"
#include "verbs/select_args.h"
#include "verbs/verbs.h"

#define VERB	   "report"
#define PAGE_WIDTH 140 /* of text on an HTML page */
#define PAGE_TOP   100 /* rows of each table there, when nobody says how many */

enum {
	KEY_GROUP = 1,
	KEY_BY,
	KEY_ALL,
	KEY_STATE,
	KEY_NO_SPLIT,
	KEY_TREE,
	KEY_STACK,
	KEY_WAKERS,
	KEY_ZERO,
	KEY_FIELDS,
	KEY_SORT,
	KEY_TOP,
	KEY_FORMAT,
};

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	READER_OPTION_TIME,
	{0, 0, NULL, NULL, "What to report:"},
	{KEY_GROUP, 'g', "group", "GROUP,...",
	 "May be given more than once. Default: cpu."
	 "\ncpu        time on a CPU, waiting for one, blocked"
	 "\nlatency    from ready to running, the worst waits"
	 "\nwaking     the same from sched_waking"
	 "\nslice      how long it runs at a time"
	 "\nsleep      how long it is blocked at a time"
	 "\nidle       the CPUs: run, idle, how long at a time"
	 "\nmigration  moves between CPUs, caches, nodes"
	 "\nstates     every stretch in D or Z"
	 "\ntotals     their sums"
	 "\nlife       fork, exec and exit of processes"
	 "\ndepth      run queues: how many on each CPU"
	 "\nio         block requests"
	 "\nfs         bytes of system calls and of devices"
	 "\nmemory     resident memory over time"
	 "\nnet        bytes through sockets, connections"
	 "\noffcpu     where the time went: CPU, or which wait"
	 "\nmachine    CPU times, load, memory, pressure ..."
	 "\nschedstat  the scheduler's own statistics"
	 "\ncounters   what slices counted: cycles, faults ..."
	 "\nirq        interrupts"},
	{KEY_BY, 0, "by", "WHAT",
	 "A row per process (default), thread, comm, cgroup, user or cpu; for io also device, for "
	 "net also connection; irq is of all CPUs, or by cpu."},
	{KEY_STATE, 0, "state", "S,T,...",
	 "What states and totals are about: R Rq S D I T t P N Z Zl, or all. Default: D,Z,Zl (Zl: a "
	 "leader that exited before its threads)."},
	{KEY_NO_SPLIT, 0, "no-split", NULL,
	 "latency, slice, sleep: one row for all causes or states together."},
	{KEY_TREE, 0, "tree", NULL, "life: children below their parents."},
	{KEY_STACK, 0, "stack", NULL,
	 "offcpu: also the stacks in which it waited, the longest first; without stacks in the "
	 "trace, the system calls."},
	{KEY_WAKERS, 0, "wakers", NULL,
	 "With folded or svg: above where somebody waited, who ended the wait, what that one had "
	 "waited in meanwhile, who had ended that, and so on."},
	{0, 0, NULL, NULL, "Of which tasks (each may be given more than once):"},
	SELECT_OPTIONS,
	{KEY_ALL, 0, "all", NULL,
	 "All of the machine. Without it the report of 'record -- CMD' is about CMD and what it "
	 "started, unless one of the options above says otherwise."},
	{0, 0, NULL, NULL, "Which rows and columns:"},
	{KEY_SORT, 's', "sort", "KEY,...",
	 "Largest first, names from A to Z; KEY:asc and KEY:desc turn it."},
	{KEY_FIELDS, 'F', "fields", "KEY,...",
	 "These columns in this order, or +KEY,-KEY: the usual ones and changes. 'help' lists all "
	 "keys of the groups."},
	{KEY_TOP, 'n', "top", "N", "Only the first N rows of each group. Default: 0, all."},
	{KEY_ZERO, 0, "zero", NULL, "In tables also the rows of tasks that did nothing."},
	{0, 0, NULL, NULL, "Output:"},
	{KEY_FORMAT, 0, "format", "FORMAT",
	 "table (default), csv, json or ndjson. The last three have every key, times in ns since "
	 "the start of the trace, and all rows. html: a page with charts, of most groups unless -g says "
	 "which. folded, svg: the waits of offcpu in ns, as stacks for "
	 "flame-graph tools, or as a flame graph for a browser."},
	ANSWER_OPTIONS,
	OPTIONS_END,
};

struct args {
	struct answer_args answer;
	struct report_options report;
	bool top; /* was given */
};

static int set_format(struct report_options *o, const char *arg, struct err *err)
{
	o->flame = !strcmp(arg, "folded") ? FLAME_FOLDED
		   : !strcmp(arg, "svg")  ? FLAME_SVG
					  : FLAME_NONE;
	o->html = !strcmp(arg, "html");
	/* folded and svg are no tables: no pager, nothing is cut */
	o->format = o->html ? ROWS_TABLE : ROWS_NDJSON;
	if (!o->html && !o->flame && rows_format_parse(arg, &o->format, err))
		return err_set(
			err, -EINVAL,
			"'%.100s' is not a format: table, csv, json, ndjson, html, folded or svg",
			arg);
	return 0;
}

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	struct args *a = ctx;
	struct report_options *o = &a->report;
	int rc = answer_args_set(&a->answer, key, arg, err);

	if (rc)
		return rc;
	rc = select_args_set(&o->select, key, arg, err);
	if (rc)
		return rc;
	switch (key) {
	case KEY_GROUP: return report_add_groups(o, arg, err);
	case KEY_BY: return subject_by_parse(arg, &o->by, err);
	case KEY_STATE: return states_parse(arg, &o->states, err);
	case KEY_FORMAT: return set_format(o, arg, err);
	case KEY_TOP: a->top = true; return parse_u64(arg, INT64_MAX, &o->top, err);
	case KEY_NO_SPLIT: o->no_split = true; break;
	case KEY_TREE: o->tree = true; break;
	case KEY_STACK: o->stack = true; break;
	case KEY_WAKERS: o->wakers = true; break;
	case KEY_ALL: o->all = true; break;
	case KEY_ZERO: o->zero = true; break;
	case KEY_FIELDS: o->fields = arg; break;
	case KEY_SORT: o->sort = arg; break;
	default: break;
	}
	return 0;
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] [FILE]",
	.about = "Tells from a trace what every process did, what it waited for and for how long.",
	.options = options,
	.set = set,
};

/*
 * A window starts from a checkpoint, which has the living only. Whether a process descends from
 * the command may hang on a parent that is gone; where the checkpoint does not say it, the forks
 * before the window are read too.
 */
static int read_before(struct report *r, const struct reader *in, struct err *err)
{
	const struct event *events;
	struct source *src;
	int n, rc;

	if (!in->windowed || !report_wants_before(r) || in->window.from_ns <= in->span.start_ns ||
	    in->span.end_ns == UINT64_MAX) /* a pipe is read once */
		return 0;
	rc = trace_source(in->trace, 0, in->window.from_ns, &src, err);
	if (rc)
		return rc;
	while ((n = src->next(src, &events, err)) > 0)
		report_before_window(r, events, (size_t)n);
	src->close(src);
	return n;
}

static int read_all(struct report *r, const struct reader *in, struct err *err)
{
	const struct event *events;
	uint64_t first, last;
	struct source *src;
	int n, rc = read_before(r, in, err);

	if (rc)
		return rc;
	rc = trace_source(in->trace, in->windowed ? in->window.from_ns : 0, reader_window_end(in),
			  &src, err);
	if (rc)
		return rc;
	while ((n = src->next(src, &events, err)) > 0) {
		rc = report_apply(r, events, (size_t)n, err);
		if (rc)
			break;
	}
	src->close(src);
	if (rc || n < 0)
		return rc ? rc : n;
	trace_span(in->trace, &first, &last);
	return report_finish(r, last, err);
}

static int report(void *ctx, struct reader *in, struct err *err)
{
	struct args *a = ctx;
	struct report_input input;
	struct report *r = NULL;
	int rc;

	a->report.color = a->answer.color && !a->report.html;
	a->report.width = a->report.html ? PAGE_WIDTH : a->answer.width;
	rc = report_new(&r, &a->report, trace_meta(in->trace), in->span.start_ns,
			in->window.from_ns, reader_window_end(in),
			meta_cpu_limit(trace_meta(in->trace)), err);
	if (!rc)
		rc = read_all(r, in, err);
	if (!rc) {
		answer_begin(&a->answer, in, a->report.format == ROWS_TABLE && !a->report.html,
			     &input);
		rc = report_print(r, &input, stdout, err);
	}
	report_free(r);
	return rc;
}

/* "-F help" needs no trace. */
static int list_fields(struct args *a)
{
	const struct meta none = {0};
	struct report *r = NULL;
	struct err err = {0};
	int rc = report_new(&r, &a->report, &none, 0, 0, UINT64_MAX, CPU_NONE, &err);

	if (!rc)
		report_print_fields(r, stdout);
	report_free(r);
	return rc ? verb_fail(VERB, EXIT_USAGE, &err) : verb_flush(VERB, EXIT_OK);
}

static int check(struct args *a, struct err *err)
{
	int rc = report_check(&a->report, err);

	if (rc)
		return rc;
	if (a->report.html && !a->top)
		a->report.top = PAGE_TOP;
	if (a->report.flame == FLAME_SVG && isatty(STDOUT_FILENO))
		return err_set(
			err, -EINVAL,
			"--format svg is a picture, not for a terminal: redirect it, >waits.svg");
	if (a->report.html && isatty(STDOUT_FILENO))
		return err_set(
			err, -EINVAL,
			"--format html is a page, not for a terminal: redirect it, >report.html");
	return 0;
}

int verb_report(int argc, char **argv)
{
	struct args a = {.report = {.states = STATES_DEFAULT, .width = REPORT_WIDTH}};
	struct err err = {0};
	int code, rc = answer_parse(&command, argc, argv, &a, &a.answer, &err);
	bool help = a.report.fields && !strcmp(a.report.fields, "help");

	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0 && !help)
		rc = check(&a, &err);
	if (rc < 0)
		code = verb_fail(VERB, EXIT_USAGE, &err);
	else
		code = help ? list_fields(&a) : answer(VERB, &a.answer, report, &a);
	select_free(&a.report.select);
	return code;
}
