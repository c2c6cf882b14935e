// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"

static struct series *series_at(struct metrics_view *m, uint32_t index)
{
	if (!ARRAY_ROOM(m->list, m->room, index))
		return NULL;
	if (index >= m->n)
		m->n = index + 1;
	return &m->list[index];
}

static void widen(struct series *s, int64_t value)
{
	if (value < s->min)
		s->min = value;
	if (value > s->max)
		s->max = value;
	s->last = value;
}

static bool begin(struct series *s, const char *name, int64_t value, uint64_t ns, uint32_t from)
{
	*s = (struct series){
		.name = strdup(name),
		.first = value,
		.last = value,
		.min = value,
		.max = value,
		.first_ns = ns,
		.last_ns = ns,
		.from = from,
	};
	return s->name != NULL;
}

bool metrics_add(struct metrics_view *m, const struct metric *metric)
{
	struct series *s;

	if (!metric->name || !m->wants(metric->name))
		return true;
	if (!m->samples || metric->ts != m->last_ns) {
		m->samples++;
		m->before_ns = m->last_ns;
	}
	if (!m->first_ns)
		m->first_ns = metric->ts;
	m->last_ns = metric->ts;
	s = series_at(m, metric->index);
	if (!s)
		return false;
	/* the first word on it in this window: at the samples before it was what it was before */
	if (!s->name && metric->before_ts && m->samples > 1 &&
	    !begin(s, metric->name, (int64_t)metric->before, m->first_ns, 1))
		return false;
	if (metric->gone) {
		if (s->name && !s->gone) {
			s->samples = m->samples - s->from;
			s->last_ns = m->before_ns;
			s->gone = true;
		}
		return true;
	}
	if (!s->name)
		return begin(s, metric->name, (int64_t)metric->value, metric->ts, m->samples);
	if (s->gone) { /* it is back: the samples between do not have it, which is all they say */
		s->gone = false;
		s->from = m->samples - s->samples;
	}
	s->last_ns = metric->ts;
	widen(s, (int64_t)metric->value);
	return true;
}

bool metrics_finish(struct metrics_view *m, const struct engine *engine)
{
	struct metric metric;
	uint32_t pos = 0;

	while (m->samples && engine_metric(engine, &pos, &metric)) {
		struct series *s;

		if (!metric.name || !m->wants(metric.name))
			continue;
		s = series_at(m, metric.index);
		if (!s ||
		    (!s->name && !begin(s, metric.name, (int64_t)metric.value, m->first_ns, 1)))
			return false;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		struct series *s = &m->list[i];

		if (!s->name || s->gone)
			continue;
		s->samples = m->samples - s->from + 1;
		s->last_ns = m->last_ns;
	}
	return true;
}

void metrics_release(struct metrics_view *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		free(m->list[i].name);
	free(m->list);
	*m = (struct metrics_view){0};
}

/* ---- names ---- */

static bool ends_with(const char *name, const char *end)
{
	const size_t len = strlen(name), n = strlen(end);

	return len >= n && !strcmp(name + len - n, end);
}

static bool begins_with(const char *name, const char *begin)
{
	return !strncmp(name, begin, strlen(begin));
}

enum metric_unit metric_unit(const char *name)
{
	static const struct {
		const char *end;
		enum metric_unit unit;
	} ends[] = {
		{"_kb", MU_KB},	      {"_us", MU_US},	{"_ticks", MU_TICKS},
		{"_centi", MU_CENTI}, {"_khz", MU_KHZ}, {".millicelsius", MU_MILLICELSIUS},
		{"_pct", MU_PERCENT},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(name, ends[i].end))
			return ends[i].unit;
	return MU_COUNT;
}

bool metric_counts(const char *name)
{
	const enum metric_unit unit = metric_unit(name);

	if (begins_with(name, "schedstat."))
		return strcmp(name, "schedstat.version") != 0 && !strstr(name, ".name.");
	return unit == MU_US || unit == MU_TICKS || ends_with(name, "_count") ||
	       begins_with(name, "vm.") || !strcmp(name, "stat.ctxt") ||
	       !strcmp(name, "stat.processes");
}

const char *metric_of_cpu(const char *name, uint32_t *cpu)
{
	char *end;
	unsigned long n;

	if (!begins_with(name, "cpu") || name[3] < '0' || name[3] > '9')
		return NULL;
	n = strtoul(name + 3, &end, 10);
	if (*end != '.' || n >= CPU_NONE)
		return NULL;
	*cpu = (uint32_t)n;
	return end + 1;
}

/* ---- figures ---- */

uint64_t series_change(const struct series *s)
{
	return s->last > s->first ? (uint64_t)s->last - (uint64_t)s->first : 0;
}

bool series_rate(const struct series *s, uint64_t *milli)
{
	const uint64_t ns = s->last_ns - s->first_ns;

	if (!ns)
		return false;
	*milli = (uint64_t)(((unsigned __int128)series_change(s) * 1000 * NSEC_PER_SEC + ns / 2) /
			    ns);
	return true;
}

void metrics_print_span(const struct metrics_view *m, const struct view_env *env, FILE *f,
			const struct table_style *style)
{
	struct value from = {0}, to = {0};
	char first[VALUE_BUF], last[VALUE_BUF], count[UNITS_BUF];

	value_time(&from, env, m->first_ns);
	value_time(&to, env, m->last_ns);
	table_note(f, style, "%s sample%s, from %s to %s", format_count(m->samples, count),
		   m->samples == 1 ? "" : "s", value_format(&from, first), value_format(&to, last));
}

const char *metrics_why_none(const struct view *v)
{
	return view_recorded(v->env, "samples") ? "no sample lies in this window"
						: "recorded without samples";
}
