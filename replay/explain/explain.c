// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/explain.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/explain/timeline_maker.h"
#include "replay/explain/wait_ends.h"
#include "replay/report.h"

enum pass { PASS_NONE, PASS_SEARCH, PASS_ENDS, PASS_READ, PASS_DONE };

struct explain {
	struct explained out;
	struct explain_options *opt;
	uint64_t last_ns;
	uint32_t cpu_limit;
	enum pass pass;
	struct engine *engine; /* of the first pass */
	struct focus *focus;
	struct waits waits;
	struct wait_ends ends;
	struct span *cpu_windows, *task_windows; /* of the last pass, in `windows` */
	struct timeline_windows windows;
	struct timeline_maker *maker;
	struct timeline *timeline;
};

int explain_check(const struct explain_options *opt, struct err *err)
{
	const struct select_list *tids = &opt->select.want[SELECT_TID];
	bool more = select_has_cpus(&opt->select) || opt->select.kthreads != KTHREADS_YES;

	for (unsigned k = 0; k < SELECT_KINDS; k++)
		more |= (k != SELECT_TID && opt->select.want[k].n) || opt->select.not [k].n;
	if (opt->worst || (tids->n == 1 && !more))
		return 0;
	return err_set(err, -EINVAL,
		       "all of a thread's time is told of one --tid at a time; --worst N tells the "
		       "worst waits of several");
}

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

int explain_new(struct explain **out, struct explain_options *opt, const struct meta *meta,
		uint64_t start_ns, uint64_t from_ns, uint64_t to_ns, uint64_t last_ns,
		uint32_t cpu_limit, struct err *err)
{
	struct explain *e;
	int rc = explain_check(opt, err);

	if (rc)
		return rc;
	e = calloc(1, sizeof(*e));
	if (!e)
		return no_memory(err);
	if (!opt->width)
		opt->width = REPORT_WIDTH;
	e->opt = opt;
	e->last_ns = last_ns;
	e->cpu_limit = cpu_limit;
	e->out = (struct explained){
		.opt = opt, .meta = meta, .start_ns = start_ns, .from_ns = from_ns, .to_ns = to_ns};
	if (opt->worst && meta->child_pid && !opt->all && !select_names_tasks(&opt->select))
		rc = focus_new(&e->focus, meta->child_pid, meta->tree, err);
	if (rc) {
		explain_free(e);
		return rc;
	}
	e->out.focused = e->focus;
	*out = e;
	return 0;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	chain_free(&e->out.chain);
	timeline_maker_free(e->maker);
	timeline_free(e->timeline);
	engine_free(e->engine);
	focus_free(e->focus);
	free(e->cpu_windows);
	free(e->task_windows);
	free(e->out.roots);
	free(e);
}

const struct explained *explain_result(const struct explain *e)
{
	return &e->out;
}

static uint64_t window_end(const struct explain *e)
{
	uint64_t end = e->out.to_ns < e->last_ns ? e->out.to_ns : e->last_ns;

	return end > e->out.from_ns ? end : e->out.from_ns;
}

/* Of any pass that sees all of the window. What was lost counts where it began. */
static void count_gaps(struct explain *e, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct gap_info *gap = events[i].ext;

		if (events[i].kind != EV_GAP || !gap || events[i].ts >= e->out.to_ns ||
		    (events[i].ts < e->out.from_ns && gap->end_ns < e->out.from_ns))
			continue;
		e->out.gaps++;
		if (events[i].ts >= e->out.from_ns)
			e->out.lost += gap->count;
	}
}

/* -- the first pass: which waits -- */

static int begin_search(struct explain *e, struct err *err)
{
	int rc = engine_new(&e->engine, e->cpu_limit, e->out.from_ns, e->out.to_ns, err);

	if (rc)
		return rc;
	if (e->out.meta->filtered)
		engine_filtered(e->engine);
	waits_init(&e->waits, e->engine, &e->opt->select, e->focus, e->opt->states, e->opt->worst);
	return engine_add_sink(e->engine, &e->waits.sink, err);
}

/* What comes after the window has no say in it; see report_apply(). */
static int search(struct explain *e, const struct event *events, size_t n, struct err *err)
{
	size_t at = 0, end;
	int rc = 0;

	count_gaps(e, events, n);
	while (!rc && at < n) {
		for (end = at; end < n && events[end].ts < e->out.to_ns; end++)
			if (e->focus)
				focus_event(e->focus, &events[end]);
		if (end > at)
			rc = engine_apply(e->engine, events + at, end - at, err);
		for (at = end; at < n && events[at].ts >= e->out.to_ns; at++)
			;
	}
	return rc;
}

static int end_search(struct explain *e, struct err *err)
{
	int rc = engine_finish(e->engine, window_end(e), err);

	if (!rc)
		rc = select_check(&e->opt->select, err);
	engine_free(e->engine);
	e->engine = NULL;
	e->out.seen = e->waits.seen;
	e->out.seen_ns = e->waits.seen_ns;
	e->out.unsure = e->waits.unsure;
	e->out.nwaits = e->waits.n;
	return rc;
}

/* -- the second pass: how those end that the window does not see the end of -- */

static void begin_ends(struct explain *e)
{
	for (uint32_t i = 0; i < e->waits.n; i++) {
		struct wait *wait = &e->waits.list[i];

		if (!wait->end_ns && wait->to_ns >= e->out.to_ns && wait->state != TS_RUNNABLE)
			wait_ends_add(&e->ends, wait->tid);
	}
	if (!e->opt->worst)
		wait_ends_add(&e->ends, (uint32_t)e->opt->select.want[SELECT_TID].items[0].number);
	wait_ends_begin(&e->ends, e->out.to_ns);
}

static void end_ends(struct explain *e)
{
	for (uint32_t i = 0; i < e->waits.n; i++) {
		struct wait *wait = &e->waits.list[i];
		const struct wait_end *end = wait_ends_find(&e->ends, wait->tid);

		if (!wait->end_ns && end)
			wait->end_ns = end->woken_ns;
	}
}

/* -- the last pass: what everybody did meanwhile -- */

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* Sorts the spans and joins those that touch. Returns how many are left. */
static size_t join(struct span *list, size_t n)
{
	size_t last = 0;

	if (!n)
		return 0;
	qsort(list, n, sizeof(*list), by_start);
	for (size_t i = 1; i < n; i++) {
		if (list[i].from_ns > list[last].to_ns)
			list[++last] = list[i];
		else if (list[i].to_ns > list[last].to_ns)
			list[last].to_ns = list[i].to_ns;
	}
	return last + 1;
}

/* What has to do with the end of a wait that ends after the window. */
static struct span around(const struct explain *e, const struct wait_end *end)
{
	uint64_t from = end->called_ns - e->out.to_ns > TIMELINE_TAIL_NS
				? end->called_ns - TIMELINE_TAIL_NS
				: e->out.to_ns;

	return (struct span){from, end->woken_ns};
}

/*
 * The union of the waits. Of a wait for a CPU nothing matters but who had it: what tasks did is
 * kept while somebody is blocked only.
 */
static int find_windows(struct explain *e, struct err *err)
{
	struct timeline_windows *w = &e->windows;
	size_t room = e->waits.n + e->ends.n + 1;

	e->cpu_windows = calloc(room, sizeof(*e->cpu_windows));
	e->task_windows = calloc(room, sizeof(*e->task_windows));
	if (!e->cpu_windows || !e->task_windows)
		return no_memory(err);
	w->long_ns = UINT64_MAX;
	for (uint32_t i = 0; i < e->waits.n; i++) {
		const struct wait *wait = &e->waits.list[i];
		const struct span span = {wait->from_ns, wait->to_ns};

		e->cpu_windows[w->ncpus++] = span;
		if (wait->state != TS_RUNNABLE)
			e->task_windows[w->ntasks++] = span;
		else if (span.to_ns - span.from_ns < w->long_ns)
			w->long_ns = span.to_ns - span.from_ns;
	}
	if (!e->opt->worst) {
		e->cpu_windows[w->ncpus++] = (struct span){e->out.from_ns, window_end(e)};
		e->task_windows[w->ntasks++] = e->cpu_windows[0];
	}
	for (uint32_t i = 0; i < e->ends.n; i++) {
		if (!e->ends.list[i].woken_ns)
			continue;
		e->cpu_windows[w->ncpus++] = around(e, &e->ends.list[i]);
		e->task_windows[w->ntasks++] = around(e, &e->ends.list[i]);
	}
	w->ncpus = join(e->cpu_windows, w->ncpus);
	w->ntasks = join(e->task_windows, w->ntasks);
	w->cpus = e->cpu_windows;
	w->tasks = e->task_windows;
	return 0;
}

static int begin_reading(struct explain *e, struct err *err)
{
	int rc = find_windows(e, err);

	if (rc || !e->windows.ncpus)
		return rc;
	return timeline_maker_new(&e->maker, &e->windows, UINT64_MAX, e->out.meta, e->cpu_limit,
				  e->opt->limit, err);
}

/* -- the chains -- */

static int explain_waits(struct explain *e, struct err *err)
{
	struct explained *out = &e->out;

	for (uint32_t i = 0; i < e->waits.n; i++) {
		int rc;

		out->roots[out->nroots] = out->chain.n;
		rc = chain_wait(&out->chain, &e->waits.list[i], err);
		if (rc && rc != -ENOENT)
			return rc;
		out->missed += rc == -ENOENT;
		out->nroots += !rc;
	}
	return 0;
}

/* A TID may have been several tasks. */
static int explain_thread(struct explain *e, struct err *err)
{
	struct select_item *it = &e->opt->select.want[SELECT_TID].items[0];
	struct explained *out = &e->out;

	for (uint32_t i = 0; i < e->timeline->nactors; i++) {
		size_t before = out->chain.n, *roots;
		int rc;

		if (e->timeline->actors[i].tid != it->number)
			continue;
		rc = chain_window(&out->chain, i, out->from_ns, window_end(e), err);
		if (rc)
			return rc;
		if (out->chain.n == before)
			continue;
		it->hit = true;
		roots = reallocarray(out->roots, out->nroots + 1, sizeof(*roots));
		if (!roots)
			return no_memory(err);
		out->roots = roots;
		out->roots[out->nroots++] = before;
	}
	return select_check(&e->opt->select, err);
}

static int end_reading(struct explain *e, struct err *err)
{
	int rc = timeline_maker_finish(e->maker, e->last_ns, &e->timeline, err);

	if (rc)
		return rc;
	e->out.timeline = e->timeline;
	e->out.chain.timeline = e->timeline;
	e->out.chain.depth = e->opt->depth;
	e->out.chain.least_ppm = e->opt->least_ppm;
	e->out.chain.until_ns = window_end(e);
	if (!e->opt->worst)
		return explain_thread(e, err);
	e->out.roots = calloc(e->waits.n + 1, sizeof(*e->out.roots));
	return e->out.roots ? explain_waits(e, err) : no_memory(err);
}

/* -- passes -- */

static enum pass next_pass(struct explain *e)
{
	switch (e->pass) {
	case PASS_NONE:
		if (e->opt->worst)
			return PASS_SEARCH;
		/* fallthrough */
	case PASS_SEARCH:
		if (e->out.to_ns != UINT64_MAX)
			begin_ends(e);
		if (e->ends.n)
			return PASS_ENDS;
		/* fallthrough */
	case PASS_ENDS: return PASS_READ;
	default: return PASS_DONE;
	}
}

int explain_pass(struct explain *e, uint64_t *from_ns, uint64_t *to_ns, struct err *err)
{
	int rc = 0;

	e->pass = next_pass(e);
	*from_ns = e->out.from_ns;
	*to_ns = e->out.to_ns;
	switch (e->pass) {
	case PASS_SEARCH:
		/* Who descends from the command may hang on a parent that is gone by then. */
		if (e->focus)
			*from_ns = 0;
		rc = begin_search(e, err);
		break;
	case PASS_ENDS:
		*from_ns = e->out.to_ns;
		*to_ns = e->out.to_ns < UINT64_MAX - EXPLAIN_BEYOND_NS
				 ? e->out.to_ns + EXPLAIN_BEYOND_NS
				 : UINT64_MAX;
		break;
	case PASS_READ:
		rc = begin_reading(e, err);
		if (rc || !e->maker)
			return rc;
		*from_ns = e->cpu_windows[0].from_ns;
		*to_ns = timeline_maker_end(e->maker);
		break;
	default: return 0;
	}
	return rc ? rc : 1;
}

int explain_apply(struct explain *e, const struct event *events, size_t n, struct err *err)
{
	switch (e->pass) {
	case PASS_SEARCH: return search(e, events, n, err);
	case PASS_ENDS: return wait_ends_apply(&e->ends, events, n);
	default:
		if (!e->opt->worst)
			count_gaps(e, events, n);
		return timeline_maker_apply(e->maker, events, n, err);
	}
}

int explain_end_pass(struct explain *e, struct err *err)
{
	switch (e->pass) {
	case PASS_SEARCH: return end_search(e, err);
	case PASS_ENDS: end_ends(e); return 0;
	default: return end_reading(e, err);
	}
}
