// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_offcpu_stack: where the waits of each subject were, by stack where there is one, else by
 * system call: what offcpu adds up, and what its flame graph is made of. With `wakers`, also by
 * who ended them.
 */
#include "replay/views/view_offcpu_stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "replay/offcpu/flame.h"
#include "replay/offcpu/places.h"
#include "replay/offcpu/reasons.h"
#include "replay/offcpu/wakers.h"

#define TABLE_PLACES 5 /* of a subject, the longest */

/* Places belong to an owner: subjects come and go, and their numbers are used again. */
struct own {
	struct reasons *reasons;
	struct wakers wakers;
	struct places places;
	uint32_t *into; /* by owner: it became a part of this one; itself: of none */
	uint32_t nowners, owners_room;
	struct places final; /* by subject */
	uint64_t *totals; /* of final, by subject */
};

struct figures {
	uint32_t owner; /* number + 1 */
	uint64_t ns;
};

static bool get_owner(struct own *own, struct figures *f)
{
	if (f->owner)
		return true;
	if (!ARRAY_ROOM(own->into, own->owners_room, own->nowners))
		return false;
	own->into[own->nowners] = own->nowners;
	f->owner = ++own->nowners;
	return true;
}

static void add(struct view *v, const struct interval *iv, const struct wait_verdict *verdict)
{
	uint64_t len = iv->to_ns - iv->from_ns;
	uint32_t id = subjects_of(v->subjects, iv->task, iv->cpu);
	struct place place = {.ns = len, .max_ns = len, .count = 1};
	struct own *own = v->own;
	struct figures *f;

	f = id == SUBJECT_NONE || !len ? NULL : VIEW_FIGURES(v, id, struct figures);
	if (!f)
		return;
	f->ns += len;
	if (!get_owner(own, f)) {
		v->failed = true;
		return;
	}
	place.key = place_of(iv, verdict, v->env->stacks, f->owner - 1);
	if (v->env->wakers && verdict)
		place.key.chain = wakers_chain(&own->wakers, iv);
	if (places_add(&own->places, &place))
		v->failed = true;
}

static void on_wait(void *ctx, const struct interval *iv, const struct wait_verdict *verdict)
{
	add(ctx, iv, verdict);
}

static struct sink *reasons_of(struct sink *s)
{
	return reasons_sink(((struct own *)((struct view *)s)->own)->reasons);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	bool blocked = state_is_blocked(iv->state);
	struct own *own = v->own;

	if (blocked && v->env->wakers)
		wakers_interval(&own->wakers, iv, v->env->engine);
	if (blocked || iv->state == TS_RUN)
		reasons_of(s)->interval(reasons_of(s), iv);
	if (iv->state == TS_RUNNABLE || iv->state == TS_NEW)
		add(v, iv, NULL);
}

static void on_request(struct sink *s, const struct request *rq)
{
	reasons_of(s)->request(reasons_of(s), rq);
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	reasons_of(s)->socket(reasons_of(s), se);
}

static void on_gone(struct sink *s, const struct task *task)
{
	reasons_of(s)->task_gone(reasons_of(s), task);
}

static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	reasons_of(s)->task_changed(reasons_of(s), task, before);
}

/* -- subjects that become one -- */

static uint64_t weigh(void *ctx, uint32_t id)
{
	struct view *v = ctx;

	return id < v->room ? ((struct figures *)view_figures(v, id))->ns : 0;
}

static void fold(void *ctx, uint32_t to, uint32_t from)
{
	struct view *v = ctx;
	struct figures *a = view_figures(v, to), *b = NULL; /* may move the array */
	struct own *own = v->own;

	if (a && from < v->room)
		b = view_figures(v, from);
	if (!b)
		return;
	if (a->owner && b->owner)
		own->into[b->owner - 1] = a->owner - 1;
	else if (b->owner)
		a->owner = b->owner;
	a->ns += b->ns;
	*b = (struct figures){0};
}

static uint32_t final_owner(const struct own *own, uint32_t owner)
{
	while (own->into[owner] != owner)
		owner = own->into[owner];
	return owner;
}

/* Whose everything is in the end. */
static int finish(struct view *v)
{
	struct own *own = v->own;
	uint32_t *subject_of = calloc(own->nowners + 1, sizeof(*subject_of)); /* + 1 */
	int rc = subject_of ? 0 : -ENOMEM;

	places_free(&own->final);
	free(own->totals);
	own->totals = calloc(v->subjects->n + 1, sizeof(*own->totals));
	if (!own->totals)
		rc = -ENOMEM;
	for (uint32_t id = 0; !rc && id < v->room && id < v->subjects->n; id++) {
		const struct figures *f = view_figures(v, id);

		if (f->owner)
			subject_of[f->owner - 1] = id + 1;
	}
	for (uint32_t i = 0; !rc && i < own->places.n; i++) {
		struct place p = own->places.list[i];
		uint32_t id = subject_of[final_owner(own, p.key.subject)];

		if (!id)
			continue;
		p.key.subject = id - 1;
		own->totals[id - 1] += p.ns;
		rc = places_add(&own->final, &p);
	}
	free(subject_of);
	return rc;
}

static int start(struct view *v, struct err *err)
{
	struct own *own = calloc(1, sizeof(*own));

	if (!own)
		return err_set(err, -ENOMEM, "out of memory");
	v->own = own;
	subjects_add_user(v->subjects, &(struct subject_user){v, weigh, fold});
	return reasons_new(&own->reasons, v->env->meta->arch, v->env->stacks, v->env->engine,
			   on_wait, v, err);
}

static void stop(struct view *v)
{
	struct own *own = v->own;

	if (!own)
		return;
	reasons_free(own->reasons);
	wakers_free(&own->wakers);
	places_free(&own->places);
	places_free(&own->final);
	free(own->into);
	free(own->totals);
	free(own);
}

/* -- rows -- */

/* Of each subject, the longest first. */
static int compare_places(const void *x, const void *y, void *ctx)
{
	const struct own *own = ctx;
	const struct place *a = &own->final.list[*(const uint32_t *)x];
	const struct place *b = &own->final.list[*(const uint32_t *)y];

	if (a->key.subject != b->key.subject)
		return a->key.subject < b->key.subject ? -1 : 1;
	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return *(const uint32_t *)x < *(const uint32_t *)y ? -1 : 1;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct own *own = v->own;
	uint32_t *order = NULL, nth = 0, before = UINT32_MAX;
	int rc = finish(v);

	if (!rc) {
		order = malloc((own->final.n + 1) * sizeof(*order));
		rc = order ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; !rc && i < own->final.n; i++)
		order[i] = i;
	if (!rc)
		qsort_r(order, own->final.n, sizeof(*order), compare_places, own);
	for (uint32_t i = 0; !rc && i < own->final.n; i++) {
		const struct place *p = &own->final.list[order[i]];
		struct view_row *row;

		nth = p->key.subject == before ? nth + 1 : 0;
		before = p->key.subject;
		if (v->env->width && nth >= TABLE_PLACES)
			continue;
		row = view_add_row(out);
		if (!row)
			rc = -ENOMEM;
		else
			*row = (struct view_row){.view = v,
						 .subject = &v->subjects->list[p->key.subject],
						 .figures = p};
	}
	free(order);
	return rc;
}

/* Lines of a table are short. */
static int after(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	(void)err;
	if (v->env->stacks->n)
		table_note(f, style,
			   "whole stacks: --format folded or svg, or -F reason,wait_ns,stack");
	return 0;
}

/* -- fields -- */

static const struct place *place_at(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const char *reason_name(uint32_t reason)
{
	return reason == PLACE_RUNQ ? "run queue" : wait_reason_name((enum wait_reason)reason);
}

static void get_reason(const void *row, struct value *v)
{
	value_text(v, reason_name(place_at(row)->key.reason));
}

static void get_wait(const void *row, struct value *v)
{
	value_u(v, VT_NS, place_at(row)->ns);
}

static void get_count(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, place_at(row)->count);
}

static void get_max(const void *row, struct value *v)
{
	value_u(v, VT_NS, place_at(row)->max_ns);
}

static uint64_t total_of(const void *row)
{
	const struct own *own = ((const struct view_row *)row)->view->own;

	return own->totals[place_at(row)->key.subject];
}

static void get_total(const void *row, struct value *v)
{
	value_u(v, VT_NS, total_of(row));
}

static void get_share(const void *row, struct value *v)
{
	value_share(v, place_at(row)->ns, total_of(row));
}

#define FRAMES_MAX 256 /* of a kernel or user stack; both are not deeper than 127 */

/* Frames from the innermost on, those of the kernel first. Returns how many. */
static size_t frames_of(const struct view_env *env, const struct place_key *key,
			const char *frames[FRAMES_MAX])
{
	const uint32_t stacks[] = {key->kernel, key->user};
	size_t n = 0;

	if (key->kernel == STACK_NONE)
		frames[n++] = leaf_name(key->leaf, env->meta->arch);
	for (size_t i = 0; i < 2; i++) {
		const char *name;
		uint32_t at = 0;

		if (stacks[i] == STACK_NONE)
			continue;
		while (n < FRAMES_MAX && (name = stack_frame(&env->stacks->list[stacks[i]], &at)))
			frames[n++] = name;
	}
	return n;
}

static void join(const void *row, struct value *v, const char *with, bool outermost_first)
{
	static _Thread_local char buf[16384];
	const char *frames[FRAMES_MAX];
	size_t len = 0, n;

	n = frames_of(((const struct view_row *)row)->view->env, &place_at(row)->key, frames);
	for (size_t i = 0; i < n && len < sizeof(buf); i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%s", i ? with : "",
					frames[outermost_first ? n - 1 - i : i]);
	value_text(v, buf);
}

static void get_where(const void *row, struct value *v)
{
	join(row, v, " < ", false);
}

static void get_stack(const void *row, struct value *v)
{
	join(row, v, ";", true);
}

static const struct field fields[] = {
	{"reason", "REASON", VT_TEXT, FIELD_TABLE, "What it waited for", get_reason},
	{"wait_ns", "TIME", VT_NS, FIELD_TABLE, "How long, all times together", get_wait},
	{"wait_share", "%", VT_PERCENT, FIELD_TABLE | FIELD_HIDDEN,
	 "The same, in percent of the time that the row's threads were off a CPU", get_share},
	{"count", "COUNT", VT_COUNT, FIELD_TABLE, "How often", get_count},
	{"max_ns", "MAX", VT_NS, FIELD_TABLE | FIELD_WAIT, "The longest, within the window",
	 get_max},
	{"where", "WHERE", VT_TEXT, FIELD_TABLE | FIELD_HIDDEN | FIELD_ELASTIC,
	 "The stack, from the innermost frame on; without one, the system call", get_where},
	{"stack", "STACK", VT_TEXT, 0, "The stack, from the outermost frame on", get_stack},
	{"offcpu_ns", "OFF-CPU", VT_NS, 0, "How long the row's threads were off a CPU", get_total},
};

const struct view_kind view_offcpu_stack = {
	.name = "offcpu_stack",
	.about = "the longest waits by stack, or else by system call",
	.sort = "offcpu_ns,pid,tid,comm,cgroup,user,wait_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct figures),
	.by_subject = true,
	.no_gap = true,
	.bys = BY_TASKS,
	.sink = {.interval = on_interval,
		 .request = on_request,
		 .socket = on_socket,
		 .task_gone = on_gone,
		 .task_changed = on_changed},
	.start = start,
	.stop = stop,
	.rows = rows,
	.after = after,
};

/* -- the graph -- */

static const struct {
	const char *name;
	uint16_t hue;
} kinds[WAIT_REASONS + 1] = {
	[WAIT_DISK] = {"disk", 8},	  [WAIT_NET] = {"network", 214},
	[WAIT_LOCK] = {"lock", 285},	  [WAIT_PIPE] = {"pipe", 152},
	[WAIT_POLL] = {"poll", 186},	  [WAIT_SLEEP] = {"sleep", 245},
	[WAIT_CHILD] = {"child", 92},	  [WAIT_OTHER] = {"other", 360},
	[PLACE_RUNQ] = {"run queue", 48},
};

/* The frame at the bottom: who waited. */
static const char *name_of(const struct view *v, const struct subject *subject)
{
	struct value value = {0};

	switch (v->subjects->by) {
	case BY_CGROUP: value_cgroup(&value, v->env, subject->cgroup_id); break;
	case BY_USER: value_user(&value, v->env, subject->uid); break;
	default: return *subject->comm ? subject->comm : "?";
	}
	return value.text ? value.text : "?";
}

static uint32_t flame_wakers(struct flame *f, const struct view *v, uint32_t at, uint32_t chain)
{
	const struct own *own = v->own;
	const struct link *link;

	for (link = wakers_link(&own->wakers, chain); link;
	     link = wakers_link(&own->wakers, link->next)) {
		at = flame_frame(f, at, link->comm);
		if (link->leaf != WAKER_NO_WAIT)
			at = flame_frame(f, at, leaf_name(link->leaf, v->env->meta->arch));
	}
	return at;
}

static void flame_place(struct flame *f, const struct view *v, const struct place *p)
{
	uint32_t at = flame_frame(f, FLAME_ROOT, name_of(v, &v->subjects->list[p->key.subject]));
	const char *frames[FRAMES_MAX];
	size_t n = frames_of(v->env, &p->key, frames);

	/* without a stack the system call alone may stand for more than one thing */
	if (p->key.kernel == STACK_NONE && p->key.reason != PLACE_RUNQ)
		at = flame_frame(f, at, reason_name(p->key.reason));
	while (n)
		at = flame_frame(f, at, frames[--n]);
	at = flame_wakers(f, v, at, p->key.chain);
	flame_add(f, at, p->key.reason, p->ns);
}

static int svg(struct view *v, struct flame *f, const char *trace, FILE *out, struct err *err)
{
	struct flame_legend legend = {0};
	char title[300], subtitle[300], len[UNITS_BUF];
	const struct meta *meta = v->env->meta;

	for (unsigned i = 0; i <= PLACE_RUNQ; i++) {
		legend.kinds[i] = kinds[i].name;
		legend.hues[i] = kinds[i].hue;
	}
	snprintf(title, sizeof(title), "%s: %.200s",
		 v->env->wakers ? "off-CPU time and who ended it" : "off-CPU time", trace);
	snprintf(subtitle, sizeof(subtitle), "%s of %s, Linux %s, time of all threads",
		 format_ns(v->env->to_ns - v->env->from_ns, len), meta->hostname, meta->kernel);
	legend.title = title;
	legend.subtitle = subtitle;
	return flame_svg(f, &legend, out, err);
}

int offcpu_print_flame(struct view *v, enum flame_format format, const char *trace, FILE *out,
		       struct err *err)
{
	struct own *own = v->own;
	struct flame *f = NULL;
	int rc = finish(v);

	if (rc || v->failed || v->subjects->failed || own->wakers.failed)
		return err_set(err, -ENOMEM, "out of memory for the stacks");
	rc = flame_new(&f, err);
	for (uint32_t i = 0; !rc && i < own->final.n; i++)
		flame_place(f, v, &own->final.list[i]);
	if (!rc)
		rc = format == FLAME_SVG ? svg(v, f, trace, out, err) : flame_folded(f, out, err);
	flame_free(f);
	return rc;
}
