// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* From what the engine found out to what the sinks get: clipped, with the uncertain split off. */
#include "engine/internal.h"

bool clip_slow(const struct engine *e, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to,
	       uint16_t *flags)
{
	if (start >= e->hi_ns || end < e->lo_ns || (end == e->lo_ns && start < end))
		return false;
	*from = start;
	*to = end;
	if (start < e->lo_ns) {
		*from = e->lo_ns;
		*flags |= IVF_STARTED_BEFORE;
	}
	if (end > e->hi_ns) {
		*to = e->hi_ns;
		*flags |= IVF_CLIPPED_END;
	}
	return true;
}

void emit_stretch_slow(const struct engine *e, const struct etask *y, enum task_state state,
		       uint64_t start, uint64_t end, uint16_t cpu, uint16_t flags)
{
	uint64_t from, to;

	if (!clip(e, start, end, &from, &to, &flags))
		return;
	for (struct sink *const *on = e->on_stretch[state].list; *on; on++)
		(*on)->stretch(*on, &y->t, state, state == TS_UNKNOWN ? 0 : to - from, cpu, flags);
}

void emit_rest(const struct engine *e, struct interval *iv, uint64_t told)
{
	struct sink *const *on;
	uint64_t whole, rest;

	if (!clip(e, iv->start_ns, iv->end_ns, &iv->from_ns, &iv->to_ns, &iv->flags))
		return;
	whole = rest = iv->from_ns;
	if (rest < told)
		rest = told < iv->to_ns ? told : iv->to_ns;
	iv->gap_ns = 0;
	for (on = e->on_stretch[iv->state].list; *on; on++)
		(*on)->stretch(*on, iv->task, iv->state, iv->to_ns - rest, iv->cpu, iv->flags);
	for (on = e->on_state[iv->state].list; *on; on++) {
		if (iv->flags & IVF_PART && !(*on)->parts)
			continue;
		iv->from_ns = (*on)->parts ? rest : whole;
		(*on)->interval(*on, iv);
	}
}

static uint16_t state_flags(const struct engine *e, const struct etask *y, uint64_t start)
{
	uint16_t tf = y->t.flags, flags = 0;

	if (likely(!(tf & (TASK_SINCE_APPROX | TASK_INFERRED | TASK_GAP))))
		return 0;
	if (tf & TASK_SINCE_APPROX) {
		flags |= IVF_SINCE_APPROX;
		if (start <= e->lo_ns)
			flags |= IVF_STARTED_BEFORE;
	}
	if (tf & TASK_INFERRED)
		flags |= IVF_INFERRED;
	if (tf & TASK_GAP)
		flags |= IVF_GAP;
	return flags;
}

/* A slice, of which a part may have been told. */
static void emit_run_slow(const struct engine *e, struct interval *iv)
{
	const struct cpu *c = cpu_at(e, iv->cpu);

	if (c && (c->told_ns > iv->start_ns || iv->flags & IVF_PART))
		emit_rest(e, iv, c->told_ns);
	else
		emit_interval(e, iv);
}

void emit_part(struct engine *e, const struct etask *y, uint64_t t)
{
	struct cpu *c = cpu_at(e, y->t.cpu);

	if (y->t.state != TS_RUN || y->t.flags & TASK_UNNAMED || !c || c->cur != y ||
	    t <= y->t.since_ns || t <= c->told_ns)
		return;
	emit_current(e, y, y->t.since_ns, t, IVF_PART | IVF_CLIPPED_END);
	c->told_ns = t;
}

void emit_current_slow(struct engine *e, const struct etask *y, uint64_t start, uint64_t end,
		       uint16_t flags)
{
	struct interval iv = {
		.task = &y->t,
		.start_ns = start,
		.end_ns = end,
		.state = (enum task_state)y->t.state,
		.syscall = SYSCALL_UNKNOWN,
		.cpu = y->t.cpu,
		.flags = (uint16_t)(flags | state_flags(e, y, start)),
	};

	if (iv.state == TS_RUN) {
		emit_run_slow(e, &iv);
		return;
	}
	if (iv.state != TS_UNKNOWN)
		iv.waker = y->t.waker;
	if (iv.state == TS_RUNNABLE) {
		iv.cause = (enum runnable_cause)y->t.cause;
		iv.waking_ns = y->t.waking_ns;
	} else if (state_is_blocked(iv.state)) {
		iv.raw_state = y->t.raw_state;
		iv.syscall = y->t.syscall;
		if (y->t.flags & TASK_IOWAIT)
			iv.flags |= IVF_IOWAIT;
		if (y->t.flags & TASK_STACK) {
			iv.kernel_stack = y->kernel_stack;
			iv.user_stack = y->user_stack;
		}
	}
	emit_interval(e, &iv);
}

void emit_implied(struct engine *e, const struct etask *y, enum task_state state,
		  enum runnable_cause cause, uint64_t start, uint64_t end)
{
	struct interval iv = {
		.task = &y->t,
		.start_ns = start,
		.end_ns = end,
		.state = state,
		.cause = cause,
		.syscall = SYSCALL_UNKNOWN,
		.cpu = y->t.cpu,
		.flags = IVF_GAP | (state == TS_UNKNOWN ? 0 : IVF_INFERRED),
	};

	if (!is_wanted(e, state) || start >= end)
		return;
	emit_interval(e, &iv);
}

bool uncertain_slow(const struct engine *e, const struct etask *y, uint64_t t, uint64_t *h0,
		    uint64_t *h1)
{
	bool unknown = e->unsure >> y->t.state & 1;

	*h0 = unknown ? y->t.since_ns : UINT64_MAX;
	*h1 = unknown ? y->sure_ns : 0;
	if (e->gaps.last_ns >= y->clean_ns) {
		uint64_t first = gaps_first(&e->gaps, y->clean_ns);

		if (first < *h0)
			*h0 = first;
		if (e->gaps.last_ns > *h1)
			*h1 = e->gaps.last_ns;
	}
	if (*h0 < y->t.since_ns)
		*h0 = y->t.since_ns;
	if (*h1 < *h0)
		*h1 = *h0;
	if (*h1 > t)
		*h1 = t;
	if (*h0 > *h1)
		*h0 = *h1;
	return true;
}

void emit_split(struct engine *e, const struct etask *y, uint64_t h0, uint64_t h1)
{
	if (y->t.state == TS_UNKNOWN || y->t.flags & TASK_WOKEN_EARLY) {
		emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, h1);
		return;
	}
	if (h0 > y->t.since_ns)
		emit_current(e, y, y->t.since_ns, h0, IVF_GAP);
	emit_implied(e, y, TS_UNKNOWN, RC_NONE, h0, h1);
}

void emit_depth(struct engine *e, struct cpu *c, uint64_t end)
{
	struct depth_interval d = {.cpu = c->id, .depth = c->nr};
	uint16_t flags = 0;

	if (clip(e, c->depth_since_ns, end, &d.from_ns, &d.to_ns, &flags) && d.from_ns < d.to_ns)
		for (uint32_t i = 0; i < e->nsinks; i++)
			if (e->sinks[i]->depth)
				e->sinks[i]->depth(e->sinks[i], &d);
	c->depth_since_ns = end;
}

void tell_changed(struct engine *e, const struct etask *y, const struct task_info *before)
{
	for (uint32_t i = 0; i < e->nsinks; i++)
		if (e->sinks[i]->task_changed)
			e->sinks[i]->task_changed(e->sinks[i], &y->t, before);
}
