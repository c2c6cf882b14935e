// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_irq: interrupts, hard and soft, how often and how long; one row for each of them, or by CPU
 * one for each of them on each CPU.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "replay/views/dist_values.h"
#include "replay/views/irq_nest.h"

#define ALL_CPUS CPU_NONE

struct irq_figures {
	uint64_t id; /* as of NAME_IRQ */
	uint32_t cpu; /* ALL_CPUS */
	uint64_t count, total_ns, self_ns;
	struct dist dist;
};

struct irq_own {
	struct numbers numbers; /* of interrupt and CPU */
	struct irq_figures *list;
	uint32_t n;
	struct irq_nest nest;
	uint64_t cpus[UINT16_MAX / 64 + 1]; /* that are there, a bit each */
};

static int start(struct view *v, struct err *err)
{
	v->own = calloc(1, sizeof(struct irq_own));
	return v->own ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static void stop(struct view *v)
{
	struct irq_own *own = v->own;

	for (uint32_t i = 0; own && i < own->n; i++)
		dist_free(&own->list[i].dist);
	if (own) {
		irq_nest_free(&own->nest);
		numbers_free(&own->numbers);
		free(own->list);
	}
	free(own);
}

/* NULL when out of memory. */
static struct irq_figures *get(struct irq_own *own, uint64_t id, uint32_t cpu)
{
	uint32_t number = numbers_get(&own->numbers, id | (uint64_t)cpu << 48);
	struct irq_figures *list = own->list;

	if (number < own->n)
		return &list[number];
	if (number != NUMBER_NONE)
		list = reallocarray(list, own->numbers.room, sizeof(*list));
	if (number == NUMBER_NONE || !list)
		return NULL;
	own->list = list;
	while (own->n <= number)
		list[own->n++] = (struct irq_figures){.id = id, .cpu = cpu};
	return &list[number];
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	struct irq_own *own = v->own;
	const uint64_t began = irq_start_ns(ev), from = v->env->from_ns;
	const uint64_t id = ev->value | (uint64_t)(ev->flags & EVF_IRQ_SOFT) << 32;
	struct irq_figures *f;
	uint64_t self_ns;

	(void)task;
	if (!select_cpu(v->subjects->select, ev->cpu))
		return;
	f = get(own, id, v->subjects->by == BY_CPU ? ev->cpu : ALL_CPUS);
	if (!f || irq_nest_add(&own->nest, ev, from, &self_ns) ||
	    dist_add(&f->dist, ev->ts - began, ev->ts)) {
		v->failed = true;
		return;
	}
	f->count++;
	f->total_ns += ev->ts - (began > from ? began : from);
	f->self_ns += self_ns;
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct irq_own *own = ((struct view *)s)->own;

	own->cpus[iv->cpu / 64] |= UINT64_C(1) << iv->cpu % 64;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct irq_own *own = v->own;

	for (uint32_t i = 0; i < own->n; i++) {
		struct view_row *row = view_add_row(out);

		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &own->list[i];
	}
	return 0;
}

static const char *why_none(const struct view *v)
{
	return view_recorded(v->env, "irq") ? "no interrupts" : "recorded without interrupts";
}

static const struct irq_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const struct view *view_of(const void *row)
{
	return ((const struct view_row *)row)->view;
}

static void get_cpu(const void *row, struct value *v)
{
	if (figures_of(row)->cpu != ALL_CPUS)
		value_u(v, VT_ID, figures_of(row)->cpu);
}

static void get_kind(const void *row, struct value *v)
{
	value_text(v, figures_of(row)->id >> 32 ? "soft" : "hard");
}

static void get_number(const void *row, struct value *v)
{
	value_u(v, VT_ID, (uint32_t)figures_of(row)->id);
}

static void get_name(const void *row, struct value *v)
{
	const char *name = engine_name(view_of(row)->env->engine, NAME_IRQ, figures_of(row)->id);

	if (name && *name)
		value_text(v, name);
}

static void get_rate(const void *row, struct value *v)
{
	value_rate(v, VT_MILLI, view_of(row)->env, figures_of(row)->count);
}

static void get_total(const void *row, struct value *v)
{
	value_u(v, VT_NS, figures_of(row)->total_ns);
}

static void get_self(const void *row, struct value *v)
{
	value_u(v, VT_NS, figures_of(row)->self_ns);
}

/* Of one CPU, or of all that are in the report. */
static void get_share(const void *row, struct value *v)
{
	const struct view *view = view_of(row);
	const struct irq_own *own = view->own;
	uint64_t n = 0;

	for (uint32_t cpu = 0; cpu < view->env->cpu_limit; cpu++)
		n += own->cpus[cpu / 64] >> cpu % 64 & 1 && select_cpu(view->subjects->select, cpu);
	value_share(v, figures_of(row)->total_ns,
		    (view->env->to_ns - view->env->from_ns) *
			    (figures_of(row)->cpu == ALL_CPUS ? n : 1));
}

static const struct dist *dist_of(const void *row)
{
	return &figures_of(row)->dist;
}

DIST_GETTERS(dist_of)

static const struct field fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE | FIELD_IF_SET,
	 "CPU; none when the row is about all of them", get_cpu},
	{"kind", "KIND", VT_TEXT, FIELD_TABLE, "hard or soft", get_kind},
	{"irq", "IRQ", VT_ID, FIELD_TABLE, "Number of the interrupt, or of the soft interrupt",
	 get_number},
	{"name", "NAME", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC,
	 "Whose handlers it has, or what the soft interrupt is for", get_name},
	{"count", "COUNT", VT_COUNT, FIELD_TABLE, "How many returned", get_count},
	{"count_per_s", "PER S", VT_MILLI, 0, "The same per second", get_rate},
	{"total_ns", "TOTAL", VT_NS, FIELD_TABLE, "Time in it, with interrupts that came meanwhile",
	 get_total},
	{"self_ns", "SELF", VT_NS, FIELD_TABLE, "The same without them", get_self},
	{"wall_pct", "%WALL", VT_PERCENT, FIELD_TABLE,
	 "Share of total_ns in the time of the CPU, or of all CPUs", get_share},
	{"mean_ns", "MEAN", VT_NS, FIELD_TABLE, "Mean length", get_mean},
	{"p50_ns", "P50", VT_NS, FIELD_TABLE, "Median", get_p50},
	{"p90_ns", "P90", VT_NS, 0, "90 % are not longer", get_p90},
	{"p99_ns", "P99", VT_NS, FIELD_TABLE, "99 % are not longer", get_p99},
	{"p999_ns", "P99.9", VT_NS, 0, "99.9 % are not longer", get_p999},
	{"max_ns", "MAX", VT_NS, FIELD_TABLE, "The longest", get_max},
	{"max_at_ns", "MAX AT", VT_TIME, FIELD_TABLE, "When the longest ended", get_max_at},
};

const struct view_kind view_irq = {
	.name = "irq",
	.about = "interrupts, how often and how long",
	.sort = "total_ns,kind,irq:asc,cpu:asc",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.feature = "irq",
	.sink = {.event = on_event,
		 .cpu_interval = on_cpu_interval,
		 .kinds = UINT64_C(1) << EV_IRQ},
	.start = start,
	.stop = stop,
	.rows = rows,
	.why_none = why_none,
};
