// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_idle: what each CPU did with its time, and how long it was idle at a time. */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/dist_values.h"

struct idle_figures {
	uint64_t ns[CS_OTHER + 1]; /* by enum cpu_state */
	struct dist dist;
	uint64_t left_out;
	uint32_t cpu;
	bool seen;
};

struct idle_own {
	struct idle_figures *cpus;
	uint32_t n;
};

static int start(struct view *v, struct err *err)
{
	struct idle_own *own = calloc(1, sizeof(*own));

	if (own) {
		own->n = v->env->cpu_limit;
		own->cpus = calloc(own->n ? own->n : 1, sizeof(*own->cpus));
	}
	v->own = own;
	if (!own || !own->cpus)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static void stop(struct view *v)
{
	struct idle_own *own = v->own;

	for (uint32_t i = 0; own && own->cpus && i < own->n; i++)
		dist_free(&own->cpus[i].dist);
	if (own)
		free(own->cpus);
	free(own);
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct view *v = (struct view *)s;
	struct idle_own *own = v->own;
	struct idle_figures *f;

	if (iv->cpu >= own->n)
		return;
	f = &own->cpus[iv->cpu];
	f->cpu = iv->cpu;
	f->seen = true;
	f->ns[iv->state] += iv->to_ns - iv->from_ns;
	if (iv->state != CS_IDLE)
		return;
	if (iv->flags & (IVF_OPEN | IVF_STARTED_BEFORE | IVF_CLIPPED_END | IVF_GAP))
		f->left_out++;
	else if (dist_add(&f->dist, iv->to_ns - iv->from_ns, iv->to_ns))
		v->failed = true;
}

/* Why a row has no idle time. */
static int after(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct idle_own *own = v->own;

	(void)err;
	for (uint32_t i = 0; i < own->n; i++) {
		if (!own->cpus[i].seen || !select_cpu(v->subjects->select, i) ||
		    view_idle_known(v->env, own->cpus[i].ns))
			continue;
		table_note(f, style, "(idle time \"-\": not recorded, because of the filters)");
		break;
	}
	return 0;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct idle_own *own = v->own;

	for (uint32_t i = 0; i < own->n; i++) {
		struct view_row *row;

		if (!own->cpus[i].seen || !select_cpu(v->subjects->select, i))
			continue;
		row = view_add_row(out);
		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &own->cpus[i];
	}
	return 0;
}

static const struct idle_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static void get_cpu(const void *row, struct value *v)
{
	value_u(v, VT_ID, figures_of(row)->cpu);
}

#define GET_NS(name, state)                                                                        \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, VT_NS, figures_of(row)->ns[state]);                                     \
	}

GET_NS(run, CS_RUN)
GET_NS(gap, CS_GAP)
GET_NS(other, CS_OTHER)

static bool row_known(const void *row)
{
	return view_idle_known(((const struct view_row *)row)->view->env, figures_of(row)->ns);
}

static void get_idle(const void *row, struct value *v)
{
	if (row_known(row))
		value_u(v, VT_NS, figures_of(row)->ns[CS_IDLE]);
}

static void get_idle_pct(const void *row, struct value *v)
{
	const struct idle_figures *f = figures_of(row);
	uint64_t wall = 0;

	for (unsigned i = 0; i <= CS_OTHER; i++)
		wall += f->ns[i];
	if (row_known(row))
		value_share(v, f->ns[CS_IDLE], wall);
}

static const struct dist *dist_of(const void *row)
{
	return &figures_of(row)->dist;
}

DIST_GETTERS(dist_of)

static void get_times(const void *row, struct value *v)
{
	if (row_known(row))
		get_count(row, v);
}

static void get_left_out(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->left_out);
}

static const struct field fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "CPU", get_cpu},
	{"run_ns", "RUN", VT_NS, FIELD_TABLE, "Time that tasks ran", get_run},
	{"idle_ns", "IDLE", VT_NS, FIELD_TABLE, "Time idle", get_idle},
	{"idle_pct", "%IDLE", VT_PERCENT, FIELD_TABLE, "The same, in percent", get_idle_pct},
	{"other_ns", "OTHER", VT_NS, FIELD_TABLE | FIELD_IF_SET,
	 "Time of what the recording's filters left out", get_other},
	{"gap_ns", "GAP", VT_NS, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	 "Time of which nothing is known, because events were lost", get_gap},
	{"count", "COUNT", VT_COUNT, FIELD_TABLE, "How often it was idle", get_times},
	{"mean_ns", "MEAN", VT_NS, FIELD_TABLE, "Mean length", get_mean},
	{"p50_ns", "P50", VT_NS, FIELD_TABLE, "Median", get_p50},
	{"p90_ns", "P90", VT_NS, 0, "90 % are not longer", get_p90},
	{"p99_ns", "P99", VT_NS, FIELD_TABLE, "99 % are not longer", get_p99},
	{"p999_ns", "P99.9", VT_NS, 0, "99.9 % are not longer", get_p999},
	{"max_ns", "MAX", VT_NS, FIELD_TABLE, "The longest", get_max},
	{"max_at_ns", "MAX AT", VT_TIME, FIELD_TABLE, "When the longest ended", get_max_at},
	{"left_out", "LEFT", VT_COUNT, 0,
	 "How many more touch a gap or an edge of the window: their length is not known",
	 get_left_out},
};

const struct view_kind view_idle = {
	.name = "idle",
	.about = "what each CPU did with its time, and how long it was idle at a time",
	.sort = "cpu:asc",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.by_cpu_only = true,
	.sink = {.cpu_interval = on_cpu_interval},
	.start = start,
	.stop = stop,
	.rows = rows,
	.after = after,
};
