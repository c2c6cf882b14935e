// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_schedstat: the scheduler's own statistics (/proc/schedstat), a row for each field of each
 * CPU and each of its domains. Which fields there are depends on the version of the file; the
 * recorder has named them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/views/metrics.h"

static const char prefix[] = "schedstat.";

/* "schedstat.cpu3.domain0.busy_lb_count" */
struct place {
	uint32_t cpu;
	int32_t domain; /* -1: the CPU itself */
	const char *field;
};

struct stat_row {
	const struct series *series;
	struct place place;
	char domain_name[32]; /* "" not known */
};

struct stat_own {
	struct metrics_view metrics;
	struct stat_row *rows;
};

static bool parse_place(const char *name, struct place *p)
{
	const char *rest;
	char *end;
	unsigned long domain;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	rest = metric_of_cpu(name + strlen(prefix), &p->cpu);
	if (!rest)
		return false;
	p->domain = -1;
	p->field = rest;
	if (strncmp(rest, "domain", 6) != 0 || rest[6] < '0' || rest[6] > '9')
		return true;
	domain = strtoul(rest + 6, &end, 10);
	if (*end != '.' || domain > INT16_MAX)
		return false;
	p->domain = (int32_t)domain;
	p->field = end + 1;
	return true;
}

static bool wants(const char *name)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static int start(struct view *v, struct err *err)
{
	struct stat_own *own = calloc(1, sizeof(*own));

	v->own = own;
	if (!own)
		return err_set(err, -ENOMEM, "out of memory");
	own->metrics.wants = wants;
	return 0;
}

static void stop(struct view *v)
{
	struct stat_own *own = v->own;

	if (!own)
		return;
	metrics_release(&own->metrics);
	free(own->rows);
	free(own);
}

static void on_metric(struct sink *s, const struct metric *metric)
{
	struct view *v = (struct view *)s;

	v->failed |= !metrics_add(&((struct stat_own *)v->own)->metrics, metric);
}

/* ---- rows ---- */

static int compare_rows(const void *a, const void *b)
{
	const struct stat_row *x = a, *y = b;

	if (x->place.cpu != y->place.cpu)
		return x->place.cpu < y->place.cpu ? -1 : 1;
	if (x->place.domain != y->place.domain)
		return x->place.domain < y->place.domain ? -1 : 1;
	return strverscmp(x->place.field, y->place.field);
}

/* Rows are sorted: each takes the name that its domain's rows have, which is taken out of them. */
static uint32_t name_domains(struct stat_row *list, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0, end; i < n; i = end) {
		const char *name = "";

		for (end = i; end < n && list[end].place.cpu == list[i].place.cpu &&
			      list[end].place.domain == list[i].place.domain;
		     end++)
			if (!strncmp(list[end].place.field, "name.", 5))
				name = list[end].place.field + 5;
		for (uint32_t k = i; k < end; k++) {
			if (!strncmp(list[k].place.field, "name.", 5))
				continue;
			list[kept] = list[k];
			snprintf(list[kept].domain_name, sizeof(list[kept].domain_name), "%s",
				 name);
			kept++;
		}
	}
	return kept;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct stat_own *own = v->own;
	struct metrics_view *m = &own->metrics;
	uint32_t n = 0;

	if (!metrics_finish(m, v->env->engine))
		return -ENOMEM;
	own->rows = calloc(m->n ? m->n : 1, sizeof(*own->rows));
	if (!own->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n; i++) {
		struct stat_row *row = &own->rows[n];

		if (!m->list[i].name || !parse_place(m->list[i].name, &row->place) ||
		    !select_cpu(v->subjects->select, row->place.cpu))
			continue;
		row->series = &m->list[i];
		n++;
	}
	qsort(own->rows, n, sizeof(*own->rows), compare_rows);
	n = name_domains(own->rows, n);
	for (uint32_t i = 0; i < n; i++) {
		struct view_row *row = view_add_row(out);

		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &own->rows[i];
	}
	return 0;
}

static const struct stat_row *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static bool is_time(const struct stat_row *r)
{
	const size_t len = strlen(r->place.field);

	return len > 3 && !strcmp(r->place.field + len - 3, "_ns");
}

static bool is_empty(const struct view_row *row)
{
	return !series_change(((const struct stat_row *)row->figures)->series);
}

static void get_cpu(const void *row, struct value *v)
{
	value_u(v, VT_ID, figures_of(row)->place.cpu);
}

static void get_domain(const void *row, struct value *v)
{
	if (figures_of(row)->place.domain >= 0)
		value_u(v, VT_ID, (uint64_t)figures_of(row)->place.domain);
}

static void get_domain_name(const void *row, struct value *v)
{
	if (figures_of(row)->domain_name[0])
		value_text(v, figures_of(row)->domain_name);
}

static void get_field(const void *row, struct value *v)
{
	value_text(v, figures_of(row)->place.field);
}

static void get_first(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, (uint64_t)figures_of(row)->series->first);
}

static void get_last(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, (uint64_t)figures_of(row)->series->last);
}

static void get_change(const void *row, struct value *v)
{
	const struct stat_row *r = figures_of(row);

	value_u(v, is_time(r) ? VT_NS : VT_COUNT, series_change(r->series));
}

static void get_rate(const void *row, struct value *v)
{
	uint64_t milli;

	if (!series_rate(figures_of(row)->series, &milli))
		return;
	if (is_time(figures_of(row)) && ((const struct view_row *)row)->view->env->width)
		value_u(v, VT_NS, milli / 1000);
	else
		value_u(v, VT_MILLI, milli);
}

static void get_samples(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->series->samples);
}

static const struct field fields[] = {
	{"cpu", "CPU", VT_ID, FIELD_TABLE, "CPU", get_cpu},
	{"domain", "DOMAIN", VT_ID, FIELD_TABLE,
	 "Scheduling domain of that CPU; none: the CPU itself", get_domain},
	{"domain_name", "NAME", VT_TEXT, FIELD_TABLE | FIELD_IF_SET,
	 "Name of the domain, since version 17", get_domain_name},
	{"field", "FIELD", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC,
	 "As in the kernel's sched-stats.rst, with when: busy, idle, newidle", get_field},
	{"change", "CHANGE", VT_COUNT, FIELD_TABLE, "From the first to the last sample",
	 get_change},
	{"rate_per_s", "PER S", VT_MILLI, FIELD_TABLE, "The same per second", get_rate},
	{"first", "FIRST", VT_COUNT, 0, "At the first sample", get_first},
	{"last", "LAST", VT_COUNT, 0, "At the last sample", get_last},
	{"samples", "SAMPLES", VT_COUNT, 0, "How many samples have it", get_samples},
};

static int before(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct metrics_view *m = &((struct stat_own *)v->own)->metrics;

	(void)err;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->list[i].name && !strcmp(m->list[i].name, "schedstat.version"))
			fprintf(f, "version %" PRId64 ", ", m->list[i].last);
	metrics_print_span(m, v->env, f, style);
	return 0;
}

/* Of a trace with other samples: was there a file, and is it the window that has none of it? */
static const char *why_none(const struct view *v)
{
	struct metric metric;
	uint32_t pos = 0;
	bool any = false;

	while (engine_metric(v->env->engine, &pos, &metric)) {
		any |= metric.name != NULL;
		if (metric.name && wants(metric.name))
			return "no sample of it lies in this window: it is read with every tenth";
	}
	return any ? "this host has no /proc/schedstat" : metrics_why_none(v);
}

const struct view_kind view_schedstat = {
	.name = "schedstat",
	.about = "the scheduler's own statistics by CPU and domain",
	.sort = "",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.feature = "samples",
	.sink = {.metric = on_metric},
	.start = start,
	.stop = stop,
	.rows = rows,
	.empty = is_empty,
	.why_none = why_none,
	.before = before,
};
