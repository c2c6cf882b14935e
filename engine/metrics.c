// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Figures of the machine (EV_SAMPLE): the last value of each, by id: open addressing, never deleted. */
#include "engine/internal.h"

#include <stdlib.h>

struct metric_state {
	uint64_t value, ts;
	uint32_t id, index;
	bool used, known; /* known: false when it went */
};

static struct metric_state *slot(const struct metrics *m, uint32_t id)
{
	uint32_t i = (id * 0x9e3779b9u) & (m->cap - 1);

	while (m->list[i].used && m->list[i].id != id)
		i = (i + 1) & (m->cap - 1);
	return &m->list[i];
}

static bool grow(struct metrics *m)
{
	const uint32_t old_cap = m->cap;
	struct metric_state *old = m->list, *bigger;

	bigger = calloc(old_cap ? 2 * (size_t)old_cap : 128, sizeof(*bigger));
	if (!bigger)
		return false;
	m->list = bigger;
	m->cap = old_cap ? 2 * old_cap : 128;
	for (uint32_t i = 0; i < old_cap; i++)
		if (old[i].used)
			*slot(m, old[i].id) = old[i];
	free(old);
	return true;
}

/* NULL when out of memory. */
static struct metric_state *get(struct engine *e, uint32_t id)
{
	struct metrics *m = &e->metrics;
	struct metric_state *state;

	if (2 * (m->n + 1) > m->cap && !grow(m)) {
		e->oom = true;
		return NULL;
	}
	state = slot(m, id);
	if (!state->used) {
		*state = (struct metric_state){.id = id, .index = m->n++, .used = true};
	}
	return state;
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
	struct metric_state *state = get(e, ev->value);
	struct metric metric = {
		.id = ev->value,
		.gone = ev->flags & EVF_SAMPLE_GONE,
		.ts = t,
		.value = info->value,
	};

	if (!state)
		return;
	metric.index = state->index;
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

	while (*pos < m->cap) {
		const struct metric_state *state = &m->list[(*pos)++];

		if (!state->used || !state->known)
			continue;
		*out = (struct metric){
			.id = state->id,
			.index = state->index,
			.name = names_get(e, NAME_METRIC, state->id),
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
	for (uint32_t i = 0; i < m->cap; i++)
		if (m->list[i].used && m->list[i].known)
			m->snaps[n++] = (struct metric_snapshot){
				.metric = m->list[i].id,
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
		struct metric_state *state = get(e, s->metric);

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
	free(e->metrics.list);
	free(e->metrics.snaps);
}
