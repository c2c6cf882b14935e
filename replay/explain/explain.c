// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* explain: the passes. explain_print.c has what comes out. */
#include "replay/explain/explain.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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
	e->meta = meta;
	e->start_ns = start_ns;
	e->from_ns = from_ns;
	e->to_ns = to_ns;
	e->last_ns = last_ns;
	e->cpu_limit = cpu_limit;
	if (opt->worst && meta->child_pid && !opt->all && !select_names_tasks(&opt->select))
		rc = focus_new(&e->focus, meta->child_pid, err);
	if (rc) {
		explain_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	chain_free(&e->chain);
	timeline_free(e->timeline);
	engine_free(e->engine);
	focus_free(e->focus);
	free(e->cpu_windows);
	free(e->task_windows);
	free(e->roots);
	free(e);
}

/* -- the first pass: which waits -- */

static void on_gap(struct sink *s, const struct event *ev, const struct task *task)
{
	struct explain *e = (struct explain *)((char *)s - offsetof(struct explain, counting));
	const struct gap_info *gap = ev->ext;

	(void)task;
	e->gaps++;
	e->lost += gap ? gap->count : 0;
}

static int begin_search(struct explain *e, struct err *err)
{
	int rc = engine_new(&e->engine, e->cpu_limit, e->from_ns, e->to_ns, err);

	if (rc)
		return rc;
	if (e->meta->filtered)
		engine_filtered(e->engine);
	waits_init(&e->waits, e->engine, &e->opt->select, e->focus, e->opt->states, e->opt->worst);
	e->counting.event = on_gap;
	e->counting.kinds = 1u << EV_GAP;
	rc = engine_add_sink(e->engine, &e->counting, err);
	return rc ? rc : engine_add_sink(e->engine, &e->waits.sink, err);
}

/* What comes after the window has no say in it; see report_apply(). */
static int search(struct explain *e, const struct event *events, size_t n, struct err *err)
{
	size_t at = 0, end;
	int rc = 0;

	while (!rc && at < n) {
		for (end = at; end < n && events[end].ts < e->to_ns; end++)
			if (e->focus)
				focus_event(e->focus, &events[end]);
		if (end > at)
			rc = engine_apply(e->engine, events + at, end - at, err);
		for (at = end; at < n && events[at].ts >= e->to_ns; at++)
			;
	}
	return rc;
}

static uint64_t window_end(const struct explain *e)
{
	uint64_t end = e->to_ns < e->last_ns ? e->to_ns : e->last_ns;

	return end > e->from_ns ? end : e->from_ns;
}

static int end_search(struct explain *e, struct err *err)
{
	int rc = engine_finish(e->engine, window_end(e), err);

	if (!rc)
		rc = select_check(&e->opt->select, err);
	engine_free(e->engine);
	e->engine = NULL;
	return rc;
}

/* -- the second pass: what everybody did meanwhile -- */

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

/*
 * The union of the waits. Of a wait for a CPU nothing matters but who had it: what tasks did is
 * kept while somebody is blocked only.
 */
static int find_windows(struct explain *e, struct err *err)
{
	struct timeline_windows *w = &e->windows;

	e->cpu_windows = malloc((e->waits.n + 1) * sizeof(*e->cpu_windows));
	e->task_windows = malloc((e->waits.n + 1) * sizeof(*e->task_windows));
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
		e->cpu_windows[w->ncpus++] = (struct span){e->from_ns, window_end(e)};
		e->task_windows[w->ntasks++] = e->cpu_windows[0];
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
	return timeline_new(&e->timeline, &e->windows, e->to_ns, e->meta, e->cpu_limit,
			    e->opt->limit, err);
}

/* -- the chains -- */

static int explain_waits(struct explain *e, struct err *err)
{
	for (uint32_t i = 0; i < e->waits.n; i++) {
		int rc;

		e->roots[e->nroots] = e->chain.n;
		rc = chain_wait(&e->chain, &e->waits.list[i], err);
		if (rc && rc != -ENOENT)
			return rc;
		e->missed += rc == -ENOENT;
		e->nroots += !rc;
	}
	return 0;
}

/* A TID may have been several tasks. */
static int explain_thread(struct explain *e, struct err *err)
{
	struct select_item *it = &e->opt->select.want[SELECT_TID].items[0];

	for (uint32_t i = 0; i < e->timeline->nactors; i++) {
		size_t before = e->chain.n, *roots;
		int rc;

		if (e->timeline->actors[i].tid != it->number)
			continue;
		rc = chain_window(&e->chain, i, e->cpu_windows[0], err);
		if (rc)
			return rc;
		if (e->chain.n == before)
			continue;
		it->hit = true;
		roots = reallocarray(e->roots, e->nroots + 1, sizeof(*roots));
		if (!roots)
			return no_memory(err);
		e->roots = roots;
		e->roots[e->nroots++] = before;
	}
	return select_check(&e->opt->select, err);
}

static int end_reading(struct explain *e, struct err *err)
{
	int rc = timeline_finish(e->timeline, window_end(e), err);

	if (rc)
		return rc;
	e->chain.timeline = e->timeline;
	e->chain.depth = e->opt->depth;
	e->chain.least_ppm = e->opt->least_ppm;
	if (!e->opt->worst)
		return explain_thread(e, err);
	e->roots = calloc(e->waits.n + 1, sizeof(*e->roots));
	return e->roots ? explain_waits(e, err) : no_memory(err);
}

/* -- passes -- */

int explain_pass(struct explain *e, uint64_t *from_ns, uint64_t *to_ns, struct err *err)
{
	int rc;

	if (!e->passes++ && e->opt->worst) {
		/* Who descends from the command may hang on a parent that is gone by then. */
		*from_ns = e->focus ? 0 : e->from_ns;
		*to_ns = e->to_ns;
		rc = begin_search(e, err);
		return rc ? rc : 1;
	}
	if (e->timeline || e->passes > 2)
		return 0;
	rc = begin_reading(e, err);
	if (rc || !e->timeline)
		return rc;
	*from_ns = e->cpu_windows[0].from_ns;
	*to_ns = timeline_end(e->timeline);
	return 1;
}

int explain_apply(struct explain *e, const struct event *events, size_t n, struct err *err)
{
	return e->timeline ? timeline_apply(e->timeline, events, n, err)
			   : search(e, events, n, err);
}

int explain_end_pass(struct explain *e, struct err *err)
{
	return e->timeline ? end_reading(e, err) : end_search(e, err);
}
