// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/report.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "replay/views/view_states.h"

#define LIST_KEEP 65536 /* entries that a list of states keeps: the longest */

static int refuse_group(const char *name, size_t len, struct err *err)
{
	char all[400] = "";
	size_t used = 0;

	for (size_t i = 0; view_kinds[i] && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
					 !i		     ? ""
					 : view_kinds[i + 1] ? ", "
							     : " or ",
					 view_kinds[i]->name);
	return err_set(err, -EINVAL, "'%.*s' is not a group: %s", (int)(len < 60 ? len : 60), name,
		       all);
}

int report_add_groups(struct report_options *opt, const char *text, struct err *err)
{
	for (const char *s = text;;) {
		const char *end = strchrnul(s, ',');
		size_t len = (size_t)(end - s), i = 0;
		const struct view_kind *kind = view_kind_find(s, len);

		if (!kind)
			return refuse_group(s, len, err);
		while (i < opt->nkinds && opt->kinds[i] != kind)
			i++;
		if (i == opt->nkinds && i < REPORT_VIEWS)
			opt->kinds[opt->nkinds++] = kind;
		if (!*end)
			return 0;
		s = end + 1;
	}
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct report *r = (struct report *)((char *)s - offsetof(struct report, cpus));

	r->cpu_ns[iv->state] += iv->to_ns - iv->from_ns;
}

/*
 * A task that is asked for is in the trace also when the group has nothing to tell of it: a process
 * without IO is no mistake, one that was not there is.
 */
static void on_task_interval(struct sink *s, const struct interval *iv)
{
	struct report *r = (struct report *)((char *)s - offsetof(struct report, cpus));

	subjects_of(r->subjects, iv->task, iv->cpu);
}

static int add_view(struct report *r, const struct view_kind *kind, struct err *err)
{
	bool own = kind == &view_life && r->lives;
	struct view *v;
	int rc;

	if (kind->other && kind->other_by == r->opt->by)
		kind = kind->other;
	rc = view_new(&v, kind, &r->env, own ? r->lives : r->subjects, err);
	if (rc)
		return rc;
	r->views[r->nviews++] = v;
	return engine_add_sink(r->engine, &v->sink, err);
}

/* In the table a list of states comes with its sums, which come first. */
static int add_views(struct report *r, struct err *err)
{
	struct report_options *opt = r->opt;
	bool totals = false;
	int rc = 0;

	for (size_t i = 0; i < opt->nkinds; i++)
		totals |= opt->kinds[i] == &view_totals;
	for (size_t i = 0; i < opt->nkinds && !rc; i++) {
		if (opt->kinds[i] == &view_states && opt->format == ROWS_TABLE && !totals)
			rc = add_view(r, &view_totals, err);
		if (!rc && !opt->flame)
			rc = add_view(r, opt->kinds[i], err);
		if (!rc && opt->kinds[i] == &view_offcpu && (opt->stack || opt->flame))
			rc = add_view(r, &view_offcpu_stack, err);
	}
	return rc;
}

/* Before a trace is read: -F and -s must name what there is. */
static int check_fields(const struct report *r, struct err *err)
{
	struct fields all[REPORT_VIEWS + 1], table, machine;
	const struct report_options *opt = r->opt;
	int rc = 0;

	for (size_t i = 0; i < r->nviews; i++)
		view_fields(r->views[i], &all[i], &table, &machine);
	if (opt->fields && strcmp(opt->fields, "help") != 0) {
		rc = fields_check(all, r->nviews, opt->fields, "field", err);
		if (!rc)
			rc = fields_choose(&table, &all[0], &machine, opt->fields, err);
	}
	if (!rc && opt->sort)
		rc = fields_check(all, r->nviews, opt->sort, "sort key", err);
	return rc;
}

/*
 * The group life has subjects of its own: it is about processes or threads, and tells of one that
 * matches for a part of the window, or was on one of these CPUs, from its beginning to its end.
 */
static int add_lives(struct report *r, struct err *err)
{
	const struct report_options *opt = r->opt;
	const bool by_life = opt->by == BY_PROCESS || opt->by == BY_THREAD;
	const bool some = select_may_change(&opt->select) || select_has_cpus(&opt->select);
	bool life = false;
	int rc;

	for (size_t i = 0; i < opt->nkinds; i++)
		life |= opt->kinds[i] == &view_life;
	if (!life || (by_life && !some))
		return 0;
	rc = subjects_new(&r->lives, by_life ? opt->by : BY_PROCESS, r->engine, &r->opt->select,
			  r->focus, err);
	if (rc || !some)
		return rc;
	r->lives->asked = r->subjects;
	r->lives->has_cpus = false;
	return 0;
}

static int set_up(struct report *r, uint32_t cpu_limit, struct err *err)
{
	struct report_options *opt = r->opt;
	const struct meta *meta = r->env.meta;
	int rc;

	rc = engine_new(&r->engine, cpu_limit, r->env.from_ns, r->env.to_ns, err);
	if (rc)
		return rc;
	r->env.engine = r->engine;
	if (meta->filtered)
		engine_filtered(r->engine);
	if (meta->child_pid && !opt->all && !select_names_tasks(&opt->select))
		rc = focus_new(&r->focus, meta->child_pid, meta->tree, err);
	if (!rc)
		rc = subjects_new(&r->subjects, opt->by, r->engine, &opt->select, r->focus, err);
	if (!rc)
		rc = add_lives(r, err);
	if (!rc)
		rc = add_views(r, err);
	if (!rc)
		rc = check_fields(r, err);
	r->cpus.cpu_interval = on_cpu_interval;
	if (select_names_tasks(&opt->select))
		r->cpus.interval = on_task_interval;
	if (!rc)
		rc = engine_add_sink(r->engine, &r->cpus, err);
	bands_init(&r->bands, r->env.from_ns, r->env.to_ns);
	if (!rc && opt->html)
		rc = engine_add_sink(r->engine, &r->bands.sink, err);
	if (!rc)
		rc = engine_add_sink(r->engine, &r->subjects->sink, err);
	if (!rc && r->lives)
		rc = engine_add_sink(r->engine, &r->lives->sink, err);
	return rc;
}

static void add_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

/* Options of offcpu alone. */
static int check_offcpu(const struct report_options *opt, struct err *err)
{
	bool some = false, others = false;

	for (size_t i = 0; i < opt->nkinds; i++) {
		some |= opt->kinds[i] == &view_offcpu;
		others |= opt->kinds[i] != &view_offcpu;
	}
	if (opt->stack && !some)
		return err_set(err, -EINVAL, "--stack is of the group offcpu: -g offcpu");
	if (opt->flame && others)
		return err_set(err, -EINVAL,
			       "only the group offcpu has stacks to be folded or drawn: -g offcpu");
	if (opt->wakers && !opt->flame)
		return err_set(err, -EINVAL, "--wakers needs --format folded or svg");
	return 0;
}

/* A page has room for what most people look at, as far as --by and -C leave it. */
static void add_page_groups(struct report_options *opt)
{
	static const struct view_kind *const kinds[] = {
		&view_cpu, &view_latency, &view_offcpu, &view_states, &view_io,
		&view_fs,  &view_net,	  &view_memory, &view_life,   &view_machine,
	};
	const bool cpus = select_has_cpus(&opt->select);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_can_be_by(kinds[i], opt->by) &&
		    (!cpus || view_can_be_by(kinds[i], BY_CPU)))
			opt->kinds[opt->nkinds++] = kinds[i];
}

int report_check(struct report_options *opt, struct err *err)
{
	bool cpus = select_has_cpus(&opt->select);
	char can[200] = "";

	if (!opt->nkinds && opt->html)
		add_page_groups(opt);
	if (!opt->nkinds)
		opt->kinds[opt->nkinds++] = opt->flame || opt->stack   ? &view_offcpu
					    : opt->by == BY_DEVICE     ? &view_io
					    : opt->by == BY_CONNECTION ? &view_net
								       : &view_cpu;
	for (size_t i = 0; i < opt->nkinds; i++) {
		const struct view_kind *kind = opt->kinds[i];

		if (cpus && !view_can_be_by(kind, BY_CPU))
			return err_set(err, -EINVAL, "-C: what %s tells of is not of one CPU",
				       kind->name);
		if (view_can_be_by(kind, opt->by))
			continue;
		for (unsigned by = 0; by < BY_COUNT; by++)
			if (view_can_be_by(kind, (enum subject_by)by))
				add_word(can, sizeof(can), subject_by_names[by]);
		return err_set(err, -EINVAL, "%s cannot be by %s; it can be by %s", kind->name,
			       subject_by_names[opt->by], can);
	}
	return check_offcpu(opt, err);
}

/* A CPU that the user names must be one of the trace's. */
static int check_cpus(const struct report_options *opt, uint32_t cpu_limit, struct err *err)
{
	for (size_t w = 0; w < opt->select.cpus.nwords; w++) {
		uint64_t bits = opt->select.cpus.words[w];
		size_t cpu = 64 * w + (bits ? (size_t)__builtin_ctzll(bits) : 0);

		while (bits && cpu < cpu_limit) {
			bits &= bits - 1;
			cpu = 64 * w + (bits ? (size_t)__builtin_ctzll(bits) : 0);
		}
		if (bits)
			return err_set(err, -EINVAL, "there is no CPU %zu in the trace (0-%u)", cpu,
				       cpu_limit - 1);
	}
	return 0;
}

int report_new(struct report **out, struct report_options *opt, const struct meta *meta,
	       uint64_t start_ns, uint64_t from_ns, uint64_t to_ns, uint32_t cpu_limit,
	       struct err *err)
{
	struct report *r;
	int rc = check_cpus(opt, cpu_limit, err);

	if (!rc)
		rc = report_check(opt, err);
	if (rc)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(err, -ENOMEM, "out of memory");
	r->opt = opt;
	if (!opt->width)
		opt->width = REPORT_WIDTH;
	r->env = (struct view_env){
		.meta = meta,
		.stacks = &r->stacks,
		.start_ns = start_ns,
		.from_ns = from_ns,
		.to_ns = to_ns,
		.ncpus = meta->ncpus ? (uint32_t)meta->ncpus : cpu_limit,
		.cpu_limit = cpu_limit,
		.states = opt->states ? opt->states : STATES_DEFAULT,
		.list_keep = LIST_KEEP,
		.top = opt->top,
		.split = !opt->no_split,
		.tree = opt->tree,
		.wakers = opt->wakers,
		.indent = opt->tree && opt->format == ROWS_TABLE,
		.width = opt->format == ROWS_TABLE ? opt->width : 0,
	};
	rc = set_up(r, cpu_limit, err);
	if (rc) {
		report_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nviews; i++)
		view_free(r->views[i]);
	subjects_free(r->subjects);
	subjects_free(r->lives);
	focus_free(r->focus);
	stacks_free(&r->stacks);
	engine_free(r->engine);
	free(r);
}

bool report_wants_before(const struct report *r)
{
	return r->focus && !r->env.meta->tree;
}

void report_before_window(struct report *r, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n && r->focus; i++)
		focus_event(r->focus, &events[i]);
}

static void count_gap(struct report *r, const struct event *ev)
{
	const struct gap_info *gap = ev->ext;

	if (!gap || gap->end_ns < r->env.from_ns || ev->ts >= r->env.to_ns)
		return;
	r->lost += gap->count;
	r->gaps++;
}

static int apply_run(struct report *r, const struct event *events, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct event *ev = &events[i];

		r->events += ev->ts >= r->env.from_ns;
		stacks_event(&r->stacks, ev);
		if (__builtin_expect(ev->kind == EV_CHECKPOINT || ev->kind == EV_GAP, 0)) {
			r->events -= ev->ts >= r->env.from_ns;
			if (ev->kind == EV_GAP)
				count_gap(r, ev);
		}
		if (r->focus)
			focus_event(r->focus, ev);
	}
	return engine_apply(r->engine, events, n, err);
}

/* Nearly always: all of them lie in the window, and none says anything to the report itself. */
static bool are_plain(const struct report *r, const struct event *events, size_t n)
{
	uint64_t kinds = UINT64_C(1) << EV_CHECKPOINT | UINT64_C(1) << EV_GAP |
			 UINT64_C(1) << EV_FRAMES;
	const uint64_t from = r->env.from_ns, length = r->env.to_ns - from;
	uint64_t seen = 0;
	bool outside = false;

	if (r->focus)
		kinds |= UINT64_C(1) << EV_FORK | UINT64_C(1) << EV_TASK;
	for (size_t i = 0; i < n; i++) {
		outside |= events[i].ts - from >= length;
		seen |= UINT64_C(1) << (events[i].kind & 63);
	}
	return !outside && !(seen & kinds);
}

/*
 * What comes after the window has no say in it: a name that a task takes later, a zombie that is
 * reaped later. So a window reports what a trace that was cut there does.
 */
int report_apply(struct report *r, const struct event *events, size_t n, struct err *err)
{
	size_t at = 0, end;
	int rc = 0;

	if (are_plain(r, events, n)) {
		r->events += n;
		return engine_apply(r->engine, events, n, err);
	}
	while (!rc && at < n) {
		bool before = events[at].ts < r->env.from_ns;
		uint64_t until = before ? r->env.from_ns : r->env.to_ns;

		for (end = at; end < n && events[end].ts < until; end++)
			;
		if (end > at)
			rc = apply_run(r, &events[at], end - at, err);
		if (before)
			r->unseen_before = engine_counts(r->engine)->contradictions;
		for (at = end; at < n && events[at].ts >= r->env.to_ns; at++)
			;
	}
	return rc;
}

int report_finish(struct report *r, uint64_t now_ns, struct err *err)
{
	int rc;

	if (r->env.to_ns > now_ns)
		r->env.to_ns = now_ns;
	if (r->env.to_ns < r->env.from_ns)
		r->env.to_ns = r->env.from_ns;
	r->subjects->finishing = true;
	if (r->lives)
		r->lives->finishing = true;
	rc = engine_finish(r->engine, r->env.to_ns, err);
	r->finished = true;
	if (!rc && r->stacks.failed)
		rc = err_set(err, -ENOMEM, "out of memory for %u stacks", r->stacks.n);
	return rc ? rc : select_check(&r->opt->select, err);
}
