// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "replay/explain/chain_parts.h"

/* -- steps -- */

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory for the steps");
}

static struct step *add_step(struct chain *c, const struct step *step, uint32_t depth)
{
	if (!ARRAY_ROOM(c->steps, c->room, c->n))
		return NULL;
	c->steps[c->n] = *step;
	c->steps[c->n].depth = (uint16_t)depth;
	c->steps[c->n].root_ns = c->root_ns;
	return &c->steps[c->n++];
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

/* What holds most of a wait for a CPU, of groups that are sorted. */
static uint32_t main_holder(const struct groups *g)
{
	if (!g->n)
		return WHO_NOBODY;
	switch (g->list[0].step.what) {
	case STEP_BEHIND:
	case STEP_PREEMPTED: return g->list[0].step.who;
	case STEP_IDLE: return WHO_IDLE;
	case STEP_FILTERED: return WHO_FILTERED;
	default: return WHO_NOBODY;
	}
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

static struct chain_place place(const struct chain *c, uint32_t depth)
{
	return (struct chain_place){c->timeline, c->above, depth, c->until_ns};
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
	const struct chain_place p = place(c, depth + 1);
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
			parts_of_task(&p, s->by, &part, 1, out);
		groups_add(out, &waking, s->who, late, false);
	}
}

/* A task is to be asked what it did meanwhile. */
static bool is_up_to_another(const struct step *s)
{
	if (s->what == STEP_BLOCKED)
		return s->cause == CAUSE_TASK || s->cause == CAUSE_PEER ||
		       s->cause == CAUSE_PEER_STATE;
	return s->what == STEP_UNBORN && s->by <= WHO_TASKS;
}

static void explain_into(struct chain *c, const struct group *group, uint32_t depth,
			 struct groups *out)
{
	const struct chain_place p = place(c, depth);
	const struct step *s = &group->step;

	if (is_up_to_another(s))
		parts_of_other(c, group, depth, out);
	else if (s->what == STEP_WINDOW)
		parts_of_task(&p, s->who, group->parts, group->n, out);
	else if (s->what == STEP_RUNQUEUE)
		parts_of_runqueue(&p, group->parts, group->n, out);
	else if (s->what == STEP_BLOCKED &&
		 (s->cause == CAUSE_REQUEST || s->cause == CAUSE_OPEN_REQUEST))
		parts_of_requests(&p, s, group->parts, group->n, out);
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
	groups_sort(&parts);
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

/*
 * The stretch of `who` that the wait is, or a part of. What came after the window may have shown
 * that a wait which was not over at its end was over before.
 */
static const struct stretch *wait_of(const struct timeline *t, uint32_t who,
				     const struct wait *wait)
{
	uint32_t at = timeline_at(t, who, wait->from_ns), end = t->by_actor.first[who + 1];
	const struct stretch *st = at < end ? timeline_stretch(t, at) : NULL;

	return st && st->from_ns <= wait->from_ns && st->state == wait->state &&
			       (st->to_ns >= wait->to_ns || wait->end_ns != wait->to_ns)
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

		if (st && st->from_ns == wait->from_ns && st->to_ns == wait->end_ns)
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
	struct chain_place p;
	int rc;

	limit_depth(c);
	if (who == WHO_NOBODY)
		return err_set(err, -ENOENT, "the wait of TID %u is not there", wait->tid);
	if (wait_of(t, who, wait)->to_ns < part.to_ns)
		part.to_ns = wait_of(t, who, wait)->to_ns;
	c->root_ns = part.to_ns - part.from_ns;
	p = place(c, 0);
	parts_of_task(&p, who, &part, 1, &root);
	if (root.n)
		root.list[0].step.before = wait->start_ns < wait->from_ns;
	rc = explain_root(c, &root, err);
	groups_free(&root);
	return rc;
}

int chain_window(struct chain *c, uint32_t who, uint64_t from_ns, uint64_t to_ns, struct err *err)
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
	if (from_ns < timeline_stretch(t, first)->from_ns)
		from_ns = timeline_stretch(t, first)->from_ns;
	if (!t->full && to_ns > timeline_stretch(t, end - 1)->to_ns)
		to_ns = timeline_stretch(t, end - 1)->to_ns;
	if (from_ns >= to_ns)
		return 0;
	c->root_ns = to_ns - from_ns;
	groups_add(&root, &step, who, (struct part){from_ns, to_ns, UINT32_MAX}, true);
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
