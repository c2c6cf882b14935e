// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_depth: how many tasks each CPU had, running and waiting, weighted by time. Time without
 * knowledge (a gap) is left out.
 *
 * What the CPU did and how many tasks it had come as two streams, each without holes and in order
 * of time. Where depth is ahead, it waits in `pending` until the CPU's stream has told whether that
 * time is a gap; where the CPU is ahead, `carry_gap_ns` has how much of that is a gap, which is
 * enough, for the depth that is still to come was the same all that time.
 */
#include <errno.h>
#include <stdlib.h>

#include "replay/view.h"

#define PENDING	    64
#define DEPTH_EXACT 1024 /* deeper queues count as so deep, but for the maximum */

struct depth_figures {
	uint64_t at[DEPTH_EXACT + 1]; /* ns at each depth */
	uint64_t total_ns, max_at;
	uint64_t depth_ns, cpu_ns; /* how far each stream has come */
	uint64_t carry_gap_ns;
	struct {
		uint32_t depth;
		uint64_t ns;
	} pending[PENDING];
	uint32_t npending;
	uint32_t max, cpu;
};

struct depth_own {
	struct depth_figures **cpus;
	uint64_t *gap_ns;
	uint32_t n;
};

static int start(struct view *v, struct err *err)
{
	struct depth_own *own = calloc(1, sizeof(*own));

	if (own) {
		own->n = v->env->cpu_limit;
		own->cpus = calloc(own->n ? own->n : 1, sizeof(*own->cpus));
		own->gap_ns = calloc(own->n ? own->n : 1, sizeof(*own->gap_ns));
	}
	v->own = own;
	if (!own || !own->cpus || !own->gap_ns)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static void stop(struct view *v)
{
	struct depth_own *own = v->own;

	if (!own)
		return;
	for (uint32_t i = 0; own->cpus && i < own->n; i++)
		free(own->cpus[i]);
	free(own->cpus);
	free(own->gap_ns);
	free(own);
}

static struct depth_figures *figures_of_cpu(struct view *v, uint32_t cpu)
{
	struct depth_own *own = v->own;

	if (cpu >= own->n)
		return NULL;
	if (!own->cpus[cpu]) {
		own->cpus[cpu] = calloc(1, sizeof(*own->cpus[cpu]));
		if (!own->cpus[cpu]) {
			v->failed = true;
			return NULL;
		}
		own->cpus[cpu]->cpu = cpu;
	}
	return own->cpus[cpu];
}

static void count(struct depth_figures *f, uint32_t depth, uint64_t ns)
{
	f->at[depth < DEPTH_EXACT ? depth : DEPTH_EXACT] += ns;
	f->total_ns += ns;
}

/* Nothing says that this time is a gap, or it is one and does not count. */
static void settle(struct depth_figures *f, bool gap)
{
	for (uint32_t i = 0; i < f->npending && !gap; i++)
		count(f, f->pending[i].depth, f->pending[i].ns);
	f->npending = 0;
}

static void hold(struct depth_figures *f, uint32_t depth, uint64_t ns)
{
	uint32_t i = 0;

	while (i < f->npending && f->pending[i].depth != depth)
		i++;
	if (i == PENDING) { /* very many depths in one slice: no gap is likely to be that busy */
		settle(f, false);
		i = 0;
	}
	if (i == f->npending) {
		f->pending[i].depth = depth;
		f->pending[i].ns = 0;
		f->npending++;
	}
	f->pending[i].ns += ns;
}

static void on_depth(struct sink *s, const struct depth_interval *d)
{
	struct depth_figures *f = figures_of_cpu((struct view *)s, d->cpu);
	uint64_t told, gap;

	if (!f)
		return;
	if (d->depth > f->max) {
		f->max = d->depth;
		f->max_at = d->from_ns;
	}
	told = d->to_ns < f->cpu_ns ? d->to_ns : f->cpu_ns;
	if (told > d->from_ns) {
		gap = told - d->from_ns < f->carry_gap_ns ? told - d->from_ns : f->carry_gap_ns;
		f->carry_gap_ns -= gap;
		count(f, d->depth, told - d->from_ns - gap);
	} else {
		told = d->from_ns;
	}
	if (d->to_ns > told)
		hold(f, d->depth, d->to_ns - told);
	f->depth_ns = d->to_ns;
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct view *v = (struct view *)s;
	struct depth_own *own = v->own;
	struct depth_figures *f = figures_of_cpu(v, iv->cpu);
	uint64_t from;

	if (!f)
		return;
	settle(f, iv->state == CS_GAP);
	if (iv->state == CS_GAP) {
		own->gap_ns[iv->cpu] += iv->to_ns - iv->from_ns;
		from = f->depth_ns > iv->from_ns ? f->depth_ns : iv->from_ns;
		if (iv->to_ns > from)
			f->carry_gap_ns += iv->to_ns - from;
	}
	f->cpu_ns = iv->to_ns;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct depth_own *own = v->own;

	for (uint32_t i = 0; i < own->n; i++) {
		struct view_row *row;

		if (!own->cpus[i] || !select_cpu(v->subjects->select, i))
			continue;
		row = view_add_row(out);
		if (!row)
			return -ENOMEM;
		settle(own->cpus[i], false);
		row->view = v;
		row->figures = own->cpus[i];
	}
	return 0;
}

static const struct depth_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static void get_cpu(const void *row, struct value *v)
{
	value_u(v, VT_ID, figures_of(row)->cpu);
}

static void get_mean(const void *row, struct value *v)
{
	const struct depth_figures *f = figures_of(row);
	unsigned __int128 sum = 0;

	for (uint32_t d = 1; d <= DEPTH_EXACT; d++)
		sum += (unsigned __int128)f->at[d] * d;
	if (f->total_ns)
		value_u(v, VT_MILLI, (uint64_t)(sum * 1000 / f->total_ns));
}

/* The depth that is not exceeded for this share of the time. */
static void set_quantile(struct value *v, const struct depth_figures *f, uint32_t ppm)
{
	uint64_t want = (uint64_t)(((unsigned __int128)f->total_ns * ppm + 999999) / 1000000);
	uint64_t seen = 0;
	uint32_t d = 0;

	if (!f->total_ns)
		return;
	for (; d < DEPTH_EXACT; d++) {
		seen += f->at[d];
		if (seen >= want)
			break;
	}
	value_u(v, VT_COUNT, d);
}

#define QUANTILE(name, ppm)                                                                        \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		set_quantile(v, figures_of(row), ppm);                                             \
	}

QUANTILE(p50, 500000)
QUANTILE(p90, 900000)
QUANTILE(p99, 990000)
QUANTILE(p999, 999000)

static void get_max(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->max);
}

static void get_max_at(const void *row, struct value *v)
{
	if (figures_of(row)->max)
		value_time(v, ((const struct view_row *)row)->view->env, figures_of(row)->max_at);
}

/* More than one: somebody had to wait. */
static void get_queued_pct(const void *row, struct value *v)
{
	const struct depth_figures *f = figures_of(row);

	value_share(v, f->total_ns - f->at[0] - f->at[1], f->total_ns);
}

static void get_busy_pct(const void *row, struct value *v)
{
	const struct depth_figures *f = figures_of(row);

	value_share(v, f->total_ns - f->at[0], f->total_ns);
}

static void get_gap(const void *row, struct value *v)
{
	const struct depth_own *own = ((const struct view_row *)row)->view->own;

	value_u(v, VT_NS, own->gap_ns[figures_of(row)->cpu]);
}

static const struct field fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "CPU", get_cpu},
	{"depth_mean", "MEAN", VT_MILLI, FIELD_TABLE,
	 "Tasks that it had, running and waiting, mean over time", get_mean},
	{"depth_p50", "P50", VT_COUNT, FIELD_TABLE, "Not more for 50 % of the time", get_p50},
	{"depth_p90", "P90", VT_COUNT, FIELD_TABLE, "Not more for 90 % of the time", get_p90},
	{"depth_p99", "P99", VT_COUNT, FIELD_TABLE, "Not more for 99 % of the time", get_p99},
	{"depth_p999", "P99.9", VT_COUNT, FIELD_TABLE, "Not more for 99.9 % of the time", get_p999},
	{"depth_max", "MAX", VT_COUNT, FIELD_TABLE, "The most", get_max},
	{"max_at_ns", "MAX AT", VT_TIME, FIELD_TABLE, "Since when there were so many", get_max_at},
	{"busy_pct", "%BUSY", VT_PERCENT, FIELD_TABLE, "Time with at least one", get_busy_pct},
	{"queued_pct", "%QUEUED", VT_PERCENT, FIELD_TABLE,
	 "Time with more than one: somebody had to wait", get_queued_pct},
	{"gap_ns", "GAP", VT_NS, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	 "Time of which nothing is known, because events were lost", get_gap},
};

const struct view_kind view_depth = {
	.name = "depth",
	.about = "run-queue depth: tasks that each CPU had, running and waiting, over time",
	.sort = "cpu:asc",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.by_cpu_only = true,
	.sink = {.depth = on_depth, .cpu_interval = on_cpu_interval},
	.start = start,
	.stop = stop,
	.rows = rows,
};
