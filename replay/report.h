/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * report: events in, tables or machine formats out. One pass over the trace feeds every view that
 * was asked for.
 */
#ifndef RSTAT_REPLAY_REPORT_H
#define RSTAT_REPLAY_REPORT_H

#include "base/rows.h"
#include "format/meta.h"
#include "format/reader.h"
#include "replay/html/bands.h"
#include "replay/select.h"
#include "replay/subjects.h"
#include "replay/view.h"
#include "replay/views/view_offcpu_stack.h"

#define REPORT_SCHEMA "rstat.report/1"
#define REPORT_VIEWS  32
#define REPORT_WIDTH  100 /* where nobody says how wide */
#define REPORT_NARROW 60 /* less than that no table can be */

/* What the user asked for. Zeroed but for `states` (STATES_DEFAULT) and `width`: the defaults. */
struct report_options {
	const struct view_kind *kinds[REPORT_VIEWS];
	size_t nkinds; /* 0: cpu */
	enum subject_by by;
	struct select select;
	const char *fields, *sort; /* NULL: each view's own */
	uint64_t top; /* 0: all */
	enum rows_format format;
	uint32_t states; /* bit per enum task_state that `states` and `totals` are about */
	bool no_split, tree;
	bool stack; /* offcpu: also by stack */
	bool wakers; /* of a flame graph */
	enum flame_format flame; /* instead of `format` */
	bool html; /* the tables as a page, with charts; `format` is ROWS_TABLE then */
	bool zero; /* rows with nothing in them too */
	bool all; /* no default focus */
	bool color;
	unsigned width; /* columns of the table */
};

/* Adds what -g has: "cpu,latency". A group that is there already is not added again. */
int report_add_groups(struct report_options *opt, const char *text, struct err *err);

/*
 * Not every group can be by everything, nor of some CPUs only: -EINVAL and a sentence that says
 * what it can. Sets the default group. report_new() does it too.
 */
int report_check(struct report_options *opt, struct err *err);

/* The trace that is reported, for the header. */
struct report_input {
	const char *name; /* of the file */
	const struct meta *meta;
	const struct trace_damage *damages;
	size_t ndamages;
	bool complete;
	bool windowed; /* --time was given */
	uint64_t first_ns, last_ns; /* of the trace */
	uint64_t start_utc_ns; /* at first_ns; 0 not known */
};

struct report;

/*
 * @opt, @meta  stay the caller's and must outlive the report
 * @start_ns    of the trace; from_ns, to_ns: the window (to_ns UINT64_MAX: not known yet)
 * @cpu_limit   highest CPU number + 1
 */
int report_new(struct report **out, struct report_options *opt, const struct meta *meta,
	       uint64_t start_ns, uint64_t from_ns, uint64_t to_ns, uint32_t cpu_limit,
	       struct err *err);
void report_free(struct report *r);

/*
 * Events before a window: who is in the tree that the report is about. Only of use when
 * report_wants_before(): newer traces tell it in the checkpoint that a window starts from.
 */
void report_before_window(struct report *r, const struct event *events, size_t n);
bool report_wants_before(const struct report *r);

int report_apply(struct report *r, const struct event *events, size_t n, struct err *err);

/* The end: `now_ns` is the last instant that the trace covers. -EINVAL: a filter matched nothing. */
int report_finish(struct report *r, uint64_t now_ns, struct err *err);

/* Prints everything. A write error is left to the caller: ferror(f). */
int report_print(struct report *r, const struct report_input *in, FILE *f, struct err *err);

/* "-F help": the fields of the views that were asked for. */
void report_print_fields(const struct report *r, FILE *f);

/* -- between report.c, report_print.c and report_header.c -- */
struct report {
	struct report_options *opt;
	struct view_env env;
	struct engine *engine;
	struct focus *focus; /* NULL: none */
	struct subjects *subjects,
		*lives; /* lives: by process, when `subjects` is something else */
	struct view *views[REPORT_VIEWS + 1];
	size_t nviews;
	struct stacks stacks;
	struct sink cpus; /* what all CPUs did, for the header */
	uint64_t cpu_ns[CS_OTHER + 1];
	struct bands bands; /* of a page */
	uint64_t events, lost, gaps; /* in the window */
	uint64_t unseen_before; /* contradictions up to its start */
	bool finished;
};

void report_header_table(const struct report *r, const struct report_input *in, FILE *f);
void report_header_json(const struct report *r, const struct report_input *in, FILE *f);
const char *report_other(const struct report *r); /* what a CPU's time in CS_OTHER is */

#endif
