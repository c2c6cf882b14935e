// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Figures of the machine (EV_SAMPLE): the last value of each, as they were met first; never deleted. */
#include "engine/internal.h"

#include <stdlib.h>

struct metric_state {
	uint64_t value, ts;
	bool known; /* false when it went */
};

/* NULL when out of memory. */
static struct metric_state *get(struct engine *e, uint32_t id, uint32_t *number)
{
	struct metrics *m = &e->metrics;
	struct metric_state *list = m->list;

	*number = numbers_get(&m->numbers, id);
	if (*number < m->n)
		return &list[*number];
	if (*number != NUMBER_NONE)
		list = reallocarray(list, m->numbers.room, sizeof(*list));
	if (*number == NUMBER_NONE || !list) {
		e->oom = true;
		return NULL;
	}
	m->list = list;
	while (m->n <= *number)
		list[m->n++] = (struct metric_state){0};
	return &list[*number];
}

static void tell(struct engine *e, const struct metric *metric)
{
	for (uint32_t i = 0; i < e->nsinks; i++)
		if (e->sinks[i]->metric)
			e->sinks[i]->metric(e->sinks[i], metric);
}

void metric_event(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct sample_info *info = ev->ext;
	struct metric metric = {
		.id = ev->value,
		.gone = ev->flags & EVF_SAMPLE_GONE,
		.ts = t,
		.value = info->value,
	};
	struct metric_state *state = get(e, ev->value, &metric.index);

	if (!state)
		return;
	if (state->known) {
		metric.before_ts = state->ts;
		metric.before = state->value;
	}
	state->known = !metric.gone;
	state->value = info->value;
	state->ts = t;
	metric.name = names_get(e, NAME_METRIC, metric.id);
	if (t >= e->lo_ns && t < e->hi_ns)
		tell(e, &metric);
}

bool engine_metric(const struct engine *e, uint32_t *pos, struct metric *out)
{
	const struct metrics *m = &e->metrics;

	while (*pos < m->n) {
		const uint32_t i = (*pos)++, id = (uint32_t)m->numbers.keys[i];
		const struct metric_state *state = &m->list[i];

		if (!state->known)
			continue;
		*out = (struct metric){
			.id = id,
			.index = i,
			.name = names_get(e, NAME_METRIC, id),
			.ts = state->ts,
			.value = state->value,
		};
		return true;
	}
	return false;
}

/* ---- checkpoints ---- */

bool metrics_out(struct engine *e, struct checkpoint *out)
{
	struct metrics *m = &e->metrics;
	uint32_t n = 0;

	if (m->n > m->snaps_cap) {
		void *bigger = reallocarray(m->snaps, m->n, sizeof(*m->snaps));

		if (!bigger)
			return false;
		m->snaps = bigger;
		m->snaps_cap = m->n;
	}
	for (uint32_t i = 0; i < m->n; i++)
		if (m->list[i].known)
			m->snaps[n++] = (struct metric_snapshot){
				.metric = (uint32_t)m->numbers.keys[i],
				.value = m->list[i].value,
				.ts = m->list[i].ts,
			};
	out->metrics = m->snaps;
	out->nmetrics = n;
	return true;
}

/* What events said is newer, or the same. */
void metrics_in(struct engine *e, const struct checkpoint *cp, uint64_t t)
{
	for (uint32_t i = 0; i < cp->nmetrics; i++) {
		const struct metric_snapshot *s = &cp->metrics[i];
		uint32_t number;
		struct metric_state *state = get(e, s->metric, &number);

		if (!state)
			return;
		if (state->known && state->ts >= s->ts)
			continue;
		state->known = true;
		state->value = s->value;
		state->ts = earlier(s->ts, t);
	}
}

void metrics_free(struct engine *e)
{
	numbers_free(&e->metrics.numbers);
	free(e->metrics.list);
	free(e->metrics.snaps);
}
