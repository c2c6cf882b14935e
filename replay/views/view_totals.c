// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_totals: how long each subject was in which state, what `states` lists one by one. */
#include "replay/views/view_states.h"

struct total {
	uint64_t count, total_ns, max_ns, open;
};

struct totals_figures {
	struct total by[TS_COUNT];
};

/*
 * A slice in which the task becomes something else is time of what it was and of what it is then,
 * as in cpu and offcpu, where rows or filters tell the two apart; it is one stretch, of the latter.
 */
static int start(struct view *v, struct err *err)
{
	const enum subject_by by = v->subjects->by;

	(void)err;
	v->sink.parts = by == BY_COMM || by == BY_CGROUP || by == BY_USER ||
			select_may_change(v->subjects->select);
	return 0;
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	const bool part = iv->flags & IVF_PART;
	struct totals_figures *f;
	struct total *t;
	uint32_t id;

	if (!(v->env->states >> iv->state & 1))
		return;
	id = subjects_of(v->subjects, iv->task, iv->cpu);
	f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	if (!f)
		return;
	t = &f->by[iv->state];
	t->count += !part;
	t->total_ns += view_known_ns(iv);
	if (view_known_ns(iv) > t->max_ns)
		t->max_ns = view_known_ns(iv);
	t->open += !part && !view_ended(iv);
}

static int fold(void *to, void *from)
{
	struct totals_figures *a = to;
	const struct totals_figures *b = from;

	for (unsigned i = 0; i < TS_COUNT; i++) {
		a->by[i].count += b->by[i].count;
		a->by[i].total_ns += b->by[i].total_ns;
		a->by[i].open += b->by[i].open;
		if (b->by[i].max_ns > a->by[i].max_ns)
			a->by[i].max_ns = b->by[i].max_ns;
	}
	return 0;
}

static uint64_t weight(const void *figures)
{
	const struct totals_figures *f = figures;
	uint64_t sum = 0;

	for (unsigned i = 0; i < TS_COUNT; i++)
		sum += f->by[i].total_ns;
	return sum;
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	const struct total *t = &((const struct totals_figures *)figures)->by[split];

	(void)v;
	return !t->count && !t->total_ns;
}

static const struct total *total_of(const void *row)
{
	const struct view_row *r = row;

	return &((const struct totals_figures *)r->figures)->by[r->split];
}

static void get_state(const void *row, struct value *v)
{
	value_text(v, states_name((enum task_state)((const struct view_row *)row)->split));
}

static void get_count(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, total_of(row)->count);
}

static void get_total(const void *row, struct value *v)
{
	value_u(v, VT_NS, total_of(row)->total_ns);
}

static void get_max(const void *row, struct value *v)
{
	value_u(v, VT_NS, total_of(row)->max_ns);
}

static void get_open(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, total_of(row)->open);
}

static const struct field fields[] = {
	{"state", "STATE", VT_TEXT, FIELD_TABLE, "The state", get_state},
	{"count", "COUNT", VT_COUNT, FIELD_TABLE, "How many stretches of it", get_count},
	{"total_ns", "TOTAL", VT_NS, FIELD_TABLE, "Time in the window", get_total},
	{"max_ns", "LONGEST", VT_NS, FIELD_TABLE, "The longest, inside the window", get_max},
	{"open", "OPEN", VT_COUNT, FIELD_TABLE, "How many have not ended in the window", get_open},
};

const struct view_kind view_totals = {
	.name = "totals",
	.about = "time in D and Z (or what --state asks for) in the window, summed up",
	.sort = "total_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct totals_figures),
	.nsplit = TS_COUNT,
	.by_subject = true,
	.sink = {.interval = on_interval},
	.start = start,
	.absent = absent,
	.weight = weight,
	.fold = fold,
};
