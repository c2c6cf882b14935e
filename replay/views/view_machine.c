// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_machine: samples of the machine. Machine formats have a row per metric; the table one per
 * CPU with its shares of time, then one for each other metric.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/views/metrics.h"

static bool wants(const char *name)
{
	return strncmp(name, "schedstat.", strlen("schedstat.")) != 0;
}

static int start(struct view *v, struct err *err)
{
	struct metrics_view *m = calloc(1, sizeof(*m));

	v->own = m;
	if (!m)
		return err_set(err, -ENOMEM, "out of memory");
	m->wants = wants;
	return 0;
}

static void stop(struct view *v)
{
	if (v->own)
		metrics_release(v->own);
	free(v->own);
}

static void on_metric(struct sink *s, const struct metric *metric)
{
	struct view *v = (struct view *)s;

	v->failed |= !metrics_add(v->own, metric);
}

/* ---- a row per metric ---- */

static int compare_names(const void *a, const void *b)
{
	const struct series *x = ((const struct view_row *)a)->figures;
	const struct series *y = ((const struct view_row *)b)->figures;

	return strverscmp(x->name, y->name);
}

static int rows(struct view *v, struct view_rows *out)
{
	struct metrics_view *m = v->own;

	if (!metrics_finish(m, v->env->engine))
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n; i++) {
		struct view_row *row;
		uint32_t cpu;

		if (!m->list[i].name)
			continue;
		if (metric_of_cpu(m->list[i].name, &cpu) &&
		    (v->env->width || !select_cpu(v->subjects->select, cpu)))
			continue; /* the table has them in rows of their own */
		row = view_add_row(out);
		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &m->list[i];
	}
	if (out->n)
		qsort(out->list, out->n, sizeof(*out->list), compare_names);
	return 0;
}

static const struct series *series_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static bool is_empty(const struct view_row *row)
{
	const struct series *s = row->figures;

	return metric_counts(s->name) ? !series_change(s) : !s->min && !s->max;
}

static const struct view_env *env_of(const void *row)
{
	return ((const struct view_row *)row)->view->env;
}

/* Without its unit in the table, where values carry it. */
static void get_metric(const void *row, struct value *v)
{
	const struct series *s = series_of(row);

	value_text(v, s->name);
	if (env_of(row)->width && metric_unit(s->name) == MU_MILLICELSIUS)
		v->len -= strlen(".millicelsius");
	else if (env_of(row)->width && metric_unit(s->name) != MU_COUNT)
		v->len -= strlen(strrchr(s->name, '_'));
}

static uint64_t tick_ns(const struct view_env *env)
{
	return NSEC_PER_SEC / (env->meta->user_hz > 0 ? (uint64_t)env->meta->user_hz : 100);
}

/* Megahertz, degrees: there is no type for them. */
static void value_tenths(struct value *v, int64_t tenths, const char *unit)
{
	static _Thread_local char buf[48];
	const uint64_t size = tenths < 0 ? -(uint64_t)tenths : (uint64_t)tenths;

	snprintf(buf, sizeof(buf), "%s%llu.%llu %s", tenths < 0 ? "-" : "",
		 (unsigned long long)size / 10, (unsigned long long)size % 10, unit);
	value_text(v, buf);
}

/* The number itself, in machine formats; in the table with its unit. */
static void value_metric(const void *row, struct value *v, int64_t value)
{
	const struct view_env *env = env_of(row);
	const uint64_t u = value < 0 ? 0 : (uint64_t)value;

	if (!env->width) {
		v->type = VT_TIME; /* which is signed */
		v->i = value;
		return;
	}
	switch (metric_unit(series_of(row)->name)) {
	case MU_COUNT: value_u(v, VT_COUNT, u); break;
	case MU_KB: value_u(v, VT_BYTES, u * 1024); break;
	case MU_US: value_u(v, VT_NS, u * 1000); break;
	case MU_TICKS: value_u(v, VT_NS, u * tick_ns(env)); break;
	case MU_CENTI: value_u(v, VT_MILLI, u * 10); break;
	case MU_PERCENT: value_u(v, VT_PERCENT, u * 1000); break;
	case MU_KHZ: value_tenths(v, value / 100, "MHz"); break;
	case MU_MILLICELSIUS: value_tenths(v, value / 100, "C"); break;
	}
}

/* What a counter stands at says nothing to people. */
#define GET_LEVEL(field)                                                                           \
	static void get_##field(const void *row, struct value *v)                                  \
	{                                                                                          \
		const struct series *s = series_of(row);                                           \
		if (!env_of(row)->width || !metric_counts(s->name))                                \
			value_metric(row, v, s->field);                                            \
	}

GET_LEVEL(first)
GET_LEVEL(last)
GET_LEVEL(min)
GET_LEVEL(max)

static void get_change(const void *row, struct value *v)
{
	const struct series *s = series_of(row);

	if (metric_counts(s->name))
		value_metric(row, v, (int64_t)series_change(s));
}

static void get_rate(const void *row, struct value *v)
{
	const struct series *s = series_of(row);
	uint64_t milli;

	if (!metric_counts(s->name) || !series_rate(s, &milli))
		return;
	if (!env_of(row)->width || metric_unit(s->name) == MU_COUNT)
		value_u(v, VT_MILLI, milli);
}

/* Of pressure and of a CPU's ticks: of the time between the samples. */
static void get_share(const void *row, struct value *v)
{
	const struct series *s = series_of(row);
	const enum metric_unit unit = metric_unit(s->name);
	const uint64_t ns = s->last_ns - s->first_ns;

	if (unit == MU_US)
		value_share(v, series_change(s) * 1000, ns);
	else if (unit == MU_TICKS)
		value_share(v, series_change(s) * tick_ns(env_of(row)), ns);
}

static void get_samples(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, series_of(row)->samples);
}

static void get_first_at(const void *row, struct value *v)
{
	value_time(v, env_of(row), series_of(row)->first_ns);
}

static void get_last_at(const void *row, struct value *v)
{
	value_time(v, env_of(row), series_of(row)->last_ns);
}

static const struct field fields[] = {
	{"metric", "METRIC", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "Its name, which has its unit",
	 get_metric},
	{"first", "FIRST", VT_COUNT, FIELD_TABLE, "At the first sample", get_first},
	{"last", "LAST", VT_COUNT, FIELD_TABLE, "At the last sample", get_last},
	{"min", "MIN", VT_COUNT, FIELD_TABLE, "The least at any sample", get_min},
	{"max", "MAX", VT_COUNT, FIELD_TABLE, "The most at any sample", get_max},
	{"change", "CHANGE", VT_COUNT, FIELD_TABLE | FIELD_IF_SET,
	 "Of what only counts up: from the first to the last sample", get_change},
	{"rate_per_s", "PER S", VT_MILLI, FIELD_TABLE | FIELD_IF_SET, "The same per second",
	 get_rate},
	{"share_pct", "%TIME", VT_PERCENT, FIELD_TABLE | FIELD_IF_SET,
	 "Of what counts time: its share of the time between the samples", get_share},
	{"samples", "SAMPLES", VT_COUNT, 0, "How many samples have it", get_samples},
	{"first_at_ns", "FIRST AT", VT_TIME, 0, "When the first of them was taken", get_first_at},
	{"last_at_ns", "LAST AT", VT_TIME, 0, "When the last of them was taken", get_last_at},
};

/* ---- the table of CPUs ---- */

enum tick {
	T_USER,
	T_NICE,
	T_SYSTEM,
	T_IOWAIT,
	T_IRQ,
	T_SOFTIRQ,
	T_STEAL,
	T_GUEST, /* is in user already */
	T_GUEST_NICE, /* is in nice already */
	T_IDLE,
	T_COUNT
};

static const char *const tick_names[T_COUNT] = {
	"user_ticks",	 "nice_ticks",	"system_ticks", "iowait_ticks",	    "irq_ticks",
	"softirq_ticks", "steal_ticks", "guest_ticks",	"guest_nice_ticks", "idle_ticks",
};

struct machine_cpu {
	const char *name; /* "all", or NULL: its number */
	uint32_t cpu;
	bool seen;
	uint64_t ticks[T_COUNT], throttled;
	const struct series *freq;
};

static void take_metric(struct machine_cpu *c, const char *what, const struct series *s)
{
	c->seen = true;
	for (unsigned i = 0; i < T_COUNT; i++)
		if (!strcmp(what, tick_names[i]))
			c->ticks[i] += series_change(s);
	if (!strcmp(what, "freq_khz"))
		c->freq = s;
	else if (metric_unit(what) == MU_COUNT && metric_counts(what))
		c->throttled += series_change(s);
}

static const struct machine_cpu *cpu_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static void get_cpu(const void *row, struct value *v)
{
	if (cpu_of(row)->name)
		value_text(v, cpu_of(row)->name);
	else
		value_u(v, VT_ID, cpu_of(row)->cpu);
}

/* Of all its ticks, not of the time by the clock: they are counted when the kernel gets to it. */
static void cpu_share(const void *row, struct value *v, uint64_t ticks)
{
	const struct machine_cpu *c = cpu_of(row);
	uint64_t all = 0;

	for (unsigned i = 0; i < T_COUNT; i++)
		if (i != T_GUEST && i != T_GUEST_NICE)
			all += c->ticks[i];
	value_share(v, ticks, all);
}

#define GET_TICKS(name, tick)                                                                      \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		cpu_share(row, v, cpu_of(row)->ticks[tick]);                                       \
	}

GET_TICKS(user, T_USER)
GET_TICKS(nice, T_NICE)
GET_TICKS(system, T_SYSTEM)
GET_TICKS(iowait, T_IOWAIT)
GET_TICKS(irq, T_IRQ)
GET_TICKS(softirq, T_SOFTIRQ)
GET_TICKS(steal, T_STEAL)
GET_TICKS(idle, T_IDLE)

static void get_guest(const void *row, struct value *v)
{
	cpu_share(row, v, cpu_of(row)->ticks[T_GUEST] + cpu_of(row)->ticks[T_GUEST_NICE]);
}

#define GET_FREQ(name, field)                                                                      \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct series *s = cpu_of(row)->freq;                                        \
		if (s)                                                                             \
			value_u(v, VT_COUNT, (uint64_t)s->field / 1000);                           \
	}

GET_FREQ(mhz, last)
GET_FREQ(mhz_min, min)
GET_FREQ(mhz_max, max)

static void get_throttled(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, cpu_of(row)->throttled);
}

static const struct field cpu_fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "", get_cpu},
	{"user_pct", "%USER", VT_PERCENT, FIELD_TABLE, "", get_user},
	{"nice_pct", "%NICE", VT_PERCENT, FIELD_TABLE, "", get_nice},
	{"system_pct", "%SYS", VT_PERCENT, FIELD_TABLE, "", get_system},
	{"iowait_pct", "%IOWAIT", VT_PERCENT, FIELD_TABLE, "", get_iowait},
	{"irq_pct", "%IRQ", VT_PERCENT, FIELD_TABLE, "", get_irq},
	{"softirq_pct", "%SOFT", VT_PERCENT, FIELD_TABLE, "", get_softirq},
	{"steal_pct", "%STEAL", VT_PERCENT, FIELD_TABLE | FIELD_BAD, "", get_steal},
	{"guest_pct", "%GUEST", VT_PERCENT, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE, "",
	 get_guest},
	{"idle_pct", "%IDLE", VT_PERCENT, FIELD_TABLE, "", get_idle},
	{"mhz", "MHZ", VT_COUNT, FIELD_TABLE | FIELD_IF_SET, "", get_mhz},
	{"mhz_min", "MIN", VT_COUNT, FIELD_TABLE | FIELD_IF_SET, "", get_mhz_min},
	{"mhz_max", "MAX", VT_COUNT, FIELD_TABLE | FIELD_IF_SET, "", get_mhz_max},
	{"throttled", "THROTTLED", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD, "",
	 get_throttled},
};

/* cpus[0] is the sum, then each CPU by its number. */
static uint32_t fill_cpus(const struct view *v, struct machine_cpu *cpus)
{
	const struct metrics_view *m = v->own;
	uint32_t n = 0;

	cpus[0] = (struct machine_cpu){.name = "all", .seen = true};
	for (uint32_t i = 0; i < m->n; i++) {
		const struct series *s = &m->list[i];
		uint32_t cpu;
		const char *what = s->name ? metric_of_cpu(s->name, &cpu) : NULL;

		if (!what || cpu >= v->env->cpu_limit || !select_cpu(v->subjects->select, cpu))
			continue;
		n += !cpus[1 + cpu].seen;
		cpus[1 + cpu].cpu = cpu;
		take_metric(&cpus[1 + cpu], what, s);
		take_metric(&cpus[0], what, s);
	}
	cpus[0].freq = NULL;
	return n;
}

static int print_cpus(struct view *v, FILE *f, const struct table_style *style,
		      const struct machine_cpu *cpus, uint32_t n, struct err *err)
{
	struct view_row *list = calloc(n, sizeof(*list));
	const void **order = calloc(n, sizeof(*order));
	struct fields fs = {0};
	uint32_t k = 0;
	int ret;

	for (uint32_t i = 0; list && order && i < v->env->cpu_limit + 1; i++) {
		if (!cpus[i].seen || k == n)
			continue;
		list[k] = (struct view_row){.view = v, .figures = &cpus[i]};
		order[k] = &list[k];
		k++;
	}
	fields_add(&fs, cpu_fields, sizeof(cpu_fields) / sizeof(cpu_fields[0]));
	ret = list && order ? rows_table(f, style, &fs, order, k, err)
			    : err_set(err, -ENOMEM, "out of memory");
	free(list);
	free(order);
	return ret;
}

static int before(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	struct machine_cpu *cpus = calloc(v->env->cpu_limit + 1, sizeof(*cpus));
	uint32_t n;
	int ret = 0;

	if (!cpus)
		return err_set(err, -ENOMEM, "out of memory");
	metrics_print_span(v->own, v->env, f, style);
	n = fill_cpus(v, cpus);
	if (n) {
		ret = print_cpus(v, f, style, cpus, n + 1, err);
		putc('\n', f);
	}
	free(cpus);
	return ret;
}

const struct view_kind view_machine = {
	.name = "machine",
	.about = "CPU times, load, memory, pressure, temperature ... as the machine tells them",
	.sort = "",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.feature = "samples",
	.sink = {.metric = on_metric},
	.start = start,
	.stop = stop,
	.rows = rows,
	.empty = is_empty,
	.why_none = metrics_why_none,
	.before = before,
};
