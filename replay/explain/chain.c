// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -- groups -- */

static uint32_t slot_of(uint64_t key, uint32_t what, uint32_t room)
{
	uint64_t h = (key ^ (uint64_t)what << 56) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(h >> 32) & (room - 1);
}

static bool grow_hash(struct groups *g)
{
	uint32_t room = g->hash_room ? 2 * g->hash_room : 64;
	uint32_t *hash = calloc(room, sizeof(*hash));

	if (!hash)
		return false;
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t slot = slot_of(g->list[i].key, g->list[i].step.what, room);

		while (hash[slot])
			slot = (slot + 1) & (room - 1);
		hash[slot] = i + 1;
	}
	free(g->hash);
	g->hash = hash;
	g->hash_room = room;
	return true;
}

struct group *groups_get(struct groups *g, const struct step *step, uint64_t key)
{
	uint32_t slot;

	if (2 * g->n >= g->hash_room && !grow_hash(g)) {
		g->failed = true;
		return NULL;
	}
	slot = slot_of(key, step->what, g->hash_room);
	for (; g->hash[slot]; slot = (slot + 1) & (g->hash_room - 1)) {
		struct group *have = &g->list[g->hash[slot] - 1];

		if (have->key == key && have->step.what == step->what)
			return have;
	}
	if (g->n == g->room) {
		uint32_t room = g->room ? 2 * g->room : 16;
		struct group *list = reallocarray(g->list, room, sizeof(*list));

		if (!list) {
			g->failed = true;
			return NULL;
		}
		g->list = list;
		g->room = room;
	}
	g->list[g->n] = (struct group){.step = *step, .key = key};
	g->hash[slot] = ++g->n;
	return &g->list[g->n - 1];
}

static void add_part(struct groups *g, struct group *to, struct part part)
{
	if (to->n == to->room) {
		uint32_t room = to->room ? 2 * to->room : 4;
		struct part *parts = reallocarray(to->parts, room, sizeof(*parts));

		if (!parts) {
			g->failed = true;
			return;
		}
		to->parts = parts;
		to->room = room;
	}
	to->parts[to->n++] = part;
}

void groups_add(struct groups *g, const struct step *step, uint64_t key, struct part part,
		bool keep)
{
	struct group *to;

	if (part.from_ns >= part.to_ns)
		return;
	to = groups_get(g, step, key);
	if (!to)
		return;
	if (!to->step.count || part.from_ns < to->step.start_ns)
		to->step.start_ns = part.from_ns;
	if (to->step.count && to->step.cpu != step->cpu)
		to->step.cpu = CPU_NONE;
	if (to->step.count && to->step.syscall != step->syscall)
		to->step.syscall = SYSCALL_UNKNOWN;
	to->step.dur_ns += part.to_ns - part.from_ns;
	to->step.count++;
	if (keep)
		add_part(g, to, part);
}

void groups_free(struct groups *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		free(g->list[i].parts);
	free(g->list);
	free(g->hash);
	*g = (struct groups){0};
}

/* -- steps -- */

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory for the steps");
}

static struct step *add_step(struct chain *c, const struct step *step, uint32_t depth)
{
	if (c->n == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		struct step *steps = reallocarray(c->steps, room, sizeof(*steps));

		if (!steps)
			return NULL;
		c->steps = steps;
		c->room = room;
	}
	c->steps[c->n] = *step;
	c->steps[c->n].depth = (uint16_t)depth;
	c->steps[c->n].root_ns = c->root_ns;
	return &c->steps[c->n++];
}

/* The longest first; of equal ones the earlier. */
static int by_length(const void *a, const void *b)
{
	const struct step *x = &((const struct group *)a)->step;
	const struct step *y = &((const struct group *)b)->step;

	if (x->dur_ns != y->dur_ns)
		return x->dur_ns > y->dur_ns ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->what != y->what ? (x->what < y->what ? -1 : 1)
	       : x->who < y->who  ? -1
				  : x->who > y->who;
}

/* How many of the groups, which are sorted, are told one by one; two others at least are summed. */
static uint32_t large_ones(const struct chain *c, const struct groups *g)
{
	uint64_t least = (uint64_t)((unsigned __int128)c->root_ns * c->least_ppm / 1000000);
	uint32_t n = 0;

	while (n < g->n && g->list[n].step.dur_ns >= least)
		n++;
	return n + 1 == g->n ? g->n : n;
}

static int explain(struct chain *c, const struct group *group, uint32_t depth, struct err *err);

static int add_others(struct chain *c, const struct group *list, uint32_t n, uint32_t depth)
{
	struct step others = {
		.what = STEP_OTHERS,
		.start_ns = UINT64_MAX,
		.who = WHO_NOBODY,
		.by = WHO_NOBODY,
		.cpu = CPU_NONE,
		.count = n,
	};

	for (uint32_t i = 0; i < n; i++) {
		others.dur_ns += list[i].step.dur_ns;
		if (list[i].step.start_ns < others.start_ns)
			others.start_ns = list[i].step.start_ns;
	}
	return add_step(c, &others, depth) ? 0 : -ENOMEM;
}

/* What holds most of a wait for a CPU. */
static uint32_t main_holder(const struct groups *g)
{
	for (uint32_t i = 0; i < g->n && i < 1; i++) {
		const struct step *s = &g->list[i].step;

		if (s->what == STEP_BEHIND || s->what == STEP_PREEMPTED)
			return s->who;
		if (s->what == STEP_IDLE)
			return WHO_IDLE;
		if (s->what == STEP_FILTERED)
			return WHO_FILTERED;
	}
	return WHO_NOBODY;
}

/* Adds the groups as steps of `depth`, each with what explains it. */
static int add_groups(struct chain *c, struct groups *g, uint32_t depth, struct err *err)
{
	uint32_t large;
	int rc = 0;

	if (g->failed)
		return no_memory(err);
	if (!g->n)
		return 0;
	large = large_ones(c, g);
	for (uint32_t i = 0; i < large && !rc; i++)
		rc = explain(c, &g->list[i], depth, err);
	if (!rc && large < g->n && add_others(c, &g->list[large], g->n - large, depth))
		rc = no_memory(err);
	return rc;
}

static bool is_above(const struct chain *c, uint32_t who, uint32_t depth)
{
	for (uint32_t i = 0; i <= depth; i++)
		if (c->above[i] == who)
			return true;
	return false;
}

/*
 * Up to when a sleeper is explained by what its waker did: until that had called for the wake-up,
 * and as long as it ran. The CPU that the sleeper is to run on may do the rest later.
 */
static uint64_t waker_until(const struct timeline *t, uint32_t waker, const struct part *part)
{
	uint64_t called;
	uint32_t at;

	if (part->at == UINT32_MAX)
		return part->to_ns;
	called = stretch_called(timeline_stretch(t, part->at));
	if (called >= part->to_ns)
		return part->to_ns;
	at = timeline_at(t, waker, called);
	if (at < t->by_actor.first[waker + 1] && timeline_stretch(t, at)->state == TS_RUN &&
	    timeline_stretch(t, at)->from_ns <= called)
		called = timeline_stretch(t, at)->to_ns;
	if (called < part->from_ns)
		return part->from_ns;
	return called < part->to_ns ? called : part->to_ns;
}

/* A step that goes on with what another task did meanwhile. */
static void parts_of_other(struct chain *c, const struct group *group, uint32_t depth,
			   struct groups *out)
{
	const struct step *s = &group->step;
	struct step waking = {.what = STEP_WAKING,
			      .who = s->who,
			      .by = WHO_NOBODY,
			      .cpu = CPU_NONE,
			      .syscall = SYSCALL_UNKNOWN};
	struct step again = waking;
	bool above = is_above(c, s->by, depth);

	again.what = STEP_AGAIN;
	again.who = s->by;
	for (uint32_t i = 0; i < group->n; i++) {
		struct part part = group->parts[i], late = part;

		part.to_ns = late.from_ns = waker_until(c->timeline, s->by, &part);
		if (above)
			groups_add(out, &again, s->by, part, false);
		else
			parts_of_task(c, s->by, &part, 1, depth + 1, out);
		groups_add(out, &waking, s->who, late, false);
	}
}

/* A task is to be asked what it did meanwhile. */
static bool is_up_to_another(const struct step *s)
{
	if (s->what == STEP_BLOCKED)
		return s->cause == CAUSE_TASK || s->cause == CAUSE_PEER;
	return s->what == STEP_UNBORN && s->by <= WHO_TASKS;
}

static void explain_into(struct chain *c, const struct group *group, uint32_t depth,
			 struct groups *out)
{
	const struct step *s = &group->step;

	if (is_up_to_another(s))
		parts_of_other(c, group, depth, out);
	else if (s->what == STEP_WINDOW)
		parts_of_task(c, s->who, group->parts, group->n, depth, out);
	else if (s->what == STEP_RUNQUEUE)
		parts_of_runqueue(c, group->parts, group->n, out);
	else if (s->what == STEP_BLOCKED &&
		 (s->cause == CAUSE_REQUEST || s->cause == CAUSE_OPEN_REQUEST))
		parts_of_requests(c, s, group->parts, group->n, depth, out);
}

static int explain(struct chain *c, const struct group *group, uint32_t depth, struct err *err)
{
	struct groups parts = {0};
	size_t at = c->n;
	int rc;

	if (!add_step(c, &group->step, depth))
		return no_memory(err);
	c->above[depth] = group->step.what == STEP_WINDOW ? WHO_NOBODY : group->step.who;
	explain_into(c, group, depth, &parts);
	if (parts.n)
		qsort(parts.list, parts.n, sizeof(*parts.list), by_length);
	if (group->step.what == STEP_RUNQUEUE)
		c->steps[at].by = main_holder(&parts);
	if (depth < c->depth) {
		rc = add_groups(c, &parts, depth + 1, err);
	} else {
		c->steps[at].deeper = parts.n > 0;
		rc = parts.failed ? no_memory(err) : 0;
	}
	groups_free(&parts);
	return rc;
}

/* -- roots -- */

static int explain_root(struct chain *c, const struct groups *g, struct err *err)
{
	if (g->failed)
		return no_memory(err);
	return g->n ? explain(c, &g->list[0], 0, err) : 0;
}

static void limit_depth(struct chain *c)
{
	if (c->depth > CHAIN_DEPTH_MAX)
		c->depth = CHAIN_DEPTH_MAX;
}

/* The stretch of `who` that the wait is, or a part of. */
static const struct stretch *wait_of(const struct timeline *t, uint32_t who,
				     const struct wait *wait)
{
	uint32_t at = timeline_at(t, who, wait->from_ns), end = t->by_actor.first[who + 1];
	const struct stretch *st;

	while (at < end && timeline_stretch(t, at)->state == STRETCH_MOVED)
		at++;
	if (at >= end)
		return NULL;
	st = timeline_stretch(t, at);
	return st->from_ns <= wait->from_ns && st->to_ns >= wait->to_ns && st->state == wait->state
		       ? st
		       : NULL;
}

/*
 * Whose wait it is: a TID may be several tasks, one after the other, and a task that calls exec
 * without being the leader has another one from then on.
 */
static uint32_t find_wait(const struct timeline *t, const struct wait *wait)
{
	for (uint32_t who = 0; who < t->nactors; who++)
		if (t->actors[who].tid == wait->tid && wait_of(t, who, wait))
			return who;
	for (uint32_t who = 0; who < t->nactors; who++) {
		const struct stretch *st = wait_of(t, who, wait);

		if (st && st->from_ns == wait->from_ns && st->to_ns == wait->to_ns)
			return who;
	}
	return WHO_NOBODY;
}

int chain_wait(struct chain *c, const struct wait *wait, struct err *err)
{
	const struct timeline *t = c->timeline;
	uint32_t who = find_wait(t, wait);
	struct part part = {wait->from_ns, wait->to_ns, UINT32_MAX};
	struct groups root = {0};
	int rc;

	limit_depth(c);
	c->root_ns = wait->to_ns - wait->from_ns;
	if (who == WHO_NOBODY)
		return err_set(err, -ENOENT, "the wait of TID %u is not there", wait->tid);
	parts_of_task(c, who, &part, 1, 0, &root);
	if (root.n)
		root.list[0].step.before = wait->start_ns < wait->from_ns;
	rc = explain_root(c, &root, err);
	groups_free(&root);
	return rc;
}

int chain_window(struct chain *c, uint32_t who, struct span span, struct err *err)
{
	const struct timeline *t = c->timeline;
	const struct step step = {
		.what = STEP_WINDOW,
		.who = who,
		.by = WHO_NOBODY,
		.cpu = CPU_NONE,
		.syscall = SYSCALL_UNKNOWN,
	};
	uint32_t first = t->by_actor.first[who], end = t->by_actor.first[who + 1];
	struct groups root = {0};
	int rc;

	limit_depth(c);
	if (first == end)
		return 0;
	if (span.from_ns < timeline_stretch(t, first)->from_ns)
		span.from_ns = timeline_stretch(t, first)->from_ns;
	if (!t->full && span.to_ns > timeline_stretch(t, end - 1)->to_ns)
		span.to_ns = timeline_stretch(t, end - 1)->to_ns;
	if (span.from_ns >= span.to_ns)
		return 0;
	c->root_ns = span.to_ns - span.from_ns;
	groups_add(&root, &step, who, (struct part){span.from_ns, span.to_ns, UINT32_MAX}, true);
	rc = explain_root(c, &root, err);
	groups_free(&root);
	return rc;
}

void chain_free(struct chain *c)
{
	free(c->steps);
	c->steps = NULL;
	c->n = c->room = 0;
}
