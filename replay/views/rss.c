// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/rss.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

static void note(struct rss_gauge *g)
{
	if (!g->seen || g->now < g->min)
		g->min = g->now;
	if (g->now > g->max)
		g->max = g->now;
	g->seen = true;
}

static int reserve(struct rss *r, uint32_t id)
{
	return ARRAY_ROOM(r->of, r->room, id) ? 0 : -ENOMEM;
}

/* One process is the row, or one of its threads. */
static bool is_single(const struct view *v)
{
	return v->subjects->by == BY_PROCESS || v->subjects->by == BY_THREAD;
}

int rss_account(struct rss *r, struct view *v, uint32_t subject, const struct account *a)
{
	const struct task *leader = engine_task(v->env->engine, a->task->info.tgid);
	struct rss_gauge *g = r->gauge(v, subject);
	struct rss_place *place;

	if (!g)
		return -ENOMEM;
	if (a->delta.rss_peak_bytes > g->mark)
		g->mark = a->delta.rss_peak_bytes;
	if (!a->delta.rss_bytes)
		return 0;
	if (is_single(v)) {
		g->now = a->delta.rss_bytes;
		note(g);
		return 0;
	}
	if (!leader) /* not known which process this is */
		return 0;
	if (reserve(r, leader->id))
		return -ENOMEM;
	place = &r->of[leader->id];
	if (place->bytes) { /* it may have been in another row */
		struct rss_gauge *old = r->gauge(v, place->subject);

		if (!old)
			return -ENOMEM;
		old->now -= place->bytes;
		g = r->gauge(v, subject);
	}
	*place = (struct rss_place){a->delta.rss_bytes, subject};
	g->now += place->bytes;
	note(g);
	return 0;
}

void rss_gone(struct rss *r, struct view *v, const struct task *task)
{
	struct rss_gauge *g;

	/* at the end of the trace, tasks are not gone */
	if (task->id >= r->room || !r->of[task->id].bytes || v->subjects->finishing)
		return;
	g = r->gauge(v, r->of[task->id].subject);
	if (g) {
		g->now -= r->of[task->id].bytes;
		note(g);
	}
	r->of[task->id].bytes = 0;
}

void rss_free(struct rss *r)
{
	free(r->of);
	*r = (struct rss){0};
}

void rss_add(struct rss_gauge *to, const struct rss_gauge *from)
{
	if (!from->seen && !from->mark)
		return;
	if (from->seen && (!to->seen || from->min < to->min))
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
	if (from->mark > to->mark)
		to->mark = from->mark;
	to->now += from->now;
	to->seen |= from->seen;
}
