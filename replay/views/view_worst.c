// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_worst: the worst waits by name, below the tables of latency and waking. */
#include <stdio.h>

#include "replay/views/view_dist.h"

static void get_worst_at(const void *row, struct value *v)
{
	const struct view_row *r = row;

	value_time(v, r->view->env, ((const struct dist_worst *)r->figures)->start_ns);
}

static void get_worst_length(const void *row, struct value *v)
{
	const struct view_row *r = row;

	value_u(v, VT_NS, ((const struct dist_worst *)r->figures)->length_ns);
}

static void get_worst_tid(const void *row, struct value *v)
{
	const struct view_row *r = row;

	value_u(v, VT_ID, ((const struct dist_worst *)r->figures)->tid);
}

static void get_worst_comm(const void *row, struct value *v)
{
	const struct view_row *r = row;

	value_text(v, ((const struct dist_worst *)r->figures)->comm);
}

static void get_worst_cpu(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct dist_worst *w = r->figures;

	if (w->cpu != CPU_NONE)
		value_u(v, VT_ID, w->cpu);
}

static void get_worst_cause(const void *row, struct value *v)
{
	const struct view_row *r = row;

	if (r->view->kind == &view_latency)
		value_text(v, runnable_cause_name(
				      (enum runnable_cause)((const struct dist_worst *)r->figures)
					      ->split));
}

static void get_worst_other(const void *row, struct value *v)
{
	static _Thread_local char buf[TASK_COMM_LEN + 24];
	const struct view_row *r = row;
	const struct dist_worst *w = r->figures;

	if (w->other == TID_OTHER)
		value_text(v, "(not recorded)");
	else if (!w->other)
		value_text(v, "idle");
	else {
		snprintf(buf, sizeof(buf), "%s (%u)", w->other_comm, w->other);
		value_text(v, buf);
	}
}

static const struct field worst_fields[] = {
	{"start_ns", "START", VT_TIME, FIELD_TABLE, "", get_worst_at},
	{"length_ns", "WAITED", VT_NS, FIELD_TABLE | FIELD_WAIT, "", get_worst_length},
	{"tid", "TID", VT_ID, FIELD_TABLE, "", get_worst_tid},
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "", get_worst_comm},
	{"cause", "CAUSE", VT_TEXT, FIELD_TABLE | FIELD_IF_SET, "", get_worst_cause},
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "", get_worst_cpu},
	{"other", "RAN THERE MEANWHILE", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "", get_worst_other},
};

int dist_print_worst(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct dist_own *own = v->own;
	struct view_row list[DIST_WORST];
	const void *rows[DIST_WORST];
	struct fields fs = {0};
	size_t n = own->nworst;

	if (v->env->top && n > v->env->top)
		n = v->env->top;
	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		list[i] = (struct view_row){.view = v, .figures = &own->worst[i]};
		rows[i] = &list[i];
	}
	fields_add(&fs, worst_fields, sizeof(worst_fields) / sizeof(worst_fields[0]));
	putc('\n', f);
	view_heading(f, style, "the worst waits");
	return rows_table(f, style, &fs, rows, n, err);
}
