// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a CPU runs. As long as its events are whole, the next task of a switch is the previous one
 * of the next switch. Two things break that: lost events (cpu_gap), and a record that shows another
 * task than the engine has there (cpu_learn on a CPU that was certain; KERNEL.md tells of a kernel
 * that hides some switches). Either way the CPU is then in CS_GAP: its last known task is off it
 * from the last instant it was surely there, and the next record of that CPU tells who runs since
 * the end of the gap.
 */
#include "engine/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cpus_new(struct engine *e, struct err *err)
{
	if (!e->ncpus || e->ncpus > CPU_NONE)
		return err_set(err, -EINVAL, "cannot follow %u CPUs: 1 to %u are possible",
			       e->ncpus, CPU_NONE);
	e->cpus = aligned_alloc(64, e->ncpus * sizeof(*e->cpus));
	if (!e->cpus)
		return err_set(err, -ENOMEM, "no memory for the state of %u CPUs", e->ncpus);
	memset(e->cpus, 0, e->ncpus * sizeof(*e->cpus));
	for (uint32_t i = 0; i < e->ncpus; i++) {
		struct cpu *c = &e->cpus[i];

		c->id = (uint16_t)i;
		c->state = CS_GAP;
		c->cur_tid = TID_OTHER;
		c->known_ns = KNOWN_NEVER;
		c->hide_ns = HIDES_NOT;
		c->gap = true;
	}
	e->nuncertain = e->ncpus;
	return 0;
}

void cpu_lose(struct engine *e, struct cpu *c, uint64_t from, uint64_t known)
{
	struct etask *x = c->cur;
	uint64_t since = c->since_ns;

	emit_cpu(e, c, from, IVF_GAP);
	if (x) {
		if (from < x->t.since_ns)
			from = x->t.since_ns;
		emit_current(e, x, x->t.since_ns, from, IVF_GAP);
		enter(e, x, TS_UNKNOWN, x->t.cpu, from);
		x->t.flags &= (uint16_t)~TASK_IN_WAIT;
		x->sure_ns = known;
		x->wake_ns = 0;
	}
	cpu_set(c, TID_OTHER, NULL, from);
	c->state = CS_GAP;
	c->known_ns = known;
	c->hide_ns = since;
	c->absent = false;
	e->nuncertain++;
}

bool cpus_have_hidden(const struct engine *e, uint64_t from, uint64_t t)
{
	if (e->filtered || gaps_first(&e->hidden, from) <= t)
		return true;
	for (uint32_t i = 0; i < e->ncpus; i++)
		if (e->cpus[i].state == CS_GAP && e->cpus[i].known_ns != KNOWN_NEVER)
			return true;
	return false;
}

uint64_t asleep_until(const struct etask *y)
{
	return y->t.waking_ns > y->t.since_ns ? y->t.waking_ns : y->t.since_ns;
}

bool cpus_hid(const struct engine *e, const struct cpu *d, const struct etask *y, uint64_t t,
	      uint64_t *h0, uint64_t *h1)
{
	uint64_t from = asleep_until(y), last = e->hidden.last_ns;
	uint64_t first = gaps_first(&e->hidden, from);

	if (e->filtered)
		first = from, last = t;
	if (y->t.flags & TASK_HIDDEN && from < y->clean_ns)
		first = from;
	for (uint32_t i = 0; i < e->ncpus; i++) {
		const struct cpu *c = &e->cpus[i];
		uint64_t since = c->since_ns;

		if (c == d || c->state == CS_IDLE)
			continue;
		if (c->state == CS_GAP && c->known_ns == KNOWN_NEVER)
			continue; /* the kernel had nothing run there, and no event since */
		if (c->state == CS_GAP && c->hide_ns != HIDES_NOT)
			since = c->hide_ns;
		/* Its next record may say that it did something else since then. */
		if (since < from)
			since = from;
		if (since < first)
			first = since;
		last = t;
	}
	if (first > t)
		return false;
	/* What was hidden before the checkpoint may have lasted up to it. */
	if (y->t.flags & TASK_HIDDEN && last < y->clean_ns)
		last = y->clean_ns;
	*h0 = first;
	*h1 = last < t ? last : t;
	return true;
}

static void hide(struct engine *e, uint64_t from, uint64_t to)
{
	gaps_add(&e->hidden, from, to);
	e->hides = true;
}

void cpu_stop_hiding(struct engine *e, struct cpu *c, uint64_t start)
{
	if (c->hide_ns != HIDES_NOT)
		hide(e, c->hide_ns, start);
	c->hide_ns = HIDES_NOT;
}

/* The last instant at which y is known not to have run on a CPU that lost sight of it. */
static uint64_t known_off(const struct etask *y)
{
	return y->clean_ns > y->t.since_ns ? y->clean_ns : y->t.since_ns;
}

/* y runs on c from `start` at the latest; before h0 it was what the engine has. */
static void learn_task(struct engine *e, struct cpu *c, struct etask *y, uint64_t start)
{
	uint64_t h0, h1, from = 0, off = known_off(y), lost = c->since_ns > off ? c->since_ns : off;

	if (!uncertain(e, y, start, &h0, &h1) || h0 > lost)
		h0 = lost;
	/* Its wake-up was not seen either. */
	if (y->t.state != TS_RUNNABLE && e->hides && cpus_hid(e, c, y, start, &from, &h1) &&
	    from < h0)
		h0 = from;
	if (h0 > start)
		h0 = start;
	emit_split(e, y, h0, start);
	enter(e, y, TS_RUN, c->id, start);
	y->t.flags = (uint16_t)((y->t.flags | TASK_GAP) & ~TASK_IN_WAIT);
	/* What woke it just now may be meant for the sleep that it is about to begin. */
	y->wake_ns = y->late_wake_ns;
	y->wake_waker = y->late_waker;
	y->t.waking_ns = y->wake_ns;
	y->late_wake_ns = 0;
}

/* The task that is running on c, from when on: after the gap, if nothing speaks against it. */
static struct etask *learn_who(struct engine *e, struct cpu *c, uint32_t tid, uint64_t t,
			       uint64_t *start)
{
	struct etask *y = task_find(e, tid);
	bool contradicted = *start == t;

	if (y && (y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE)) {
		life_gone(e, y, t, REAP_REUSE, 0, true);
		y = NULL;
	}
	if (!y) {
		y = task_get(e, tid, *start);
		if (y)
			learn_task(e, c, y, *start);
		return y;
	}
	if (y->t.state == TS_RUN) {
		struct cpu *d = cpu_at(e, y->t.cpu);

		if (d && d->cur == y)
			cpu_lose(e, d, d->proof_ns, t);
	}
	if (known_off(y) > *start) {
		/* It was seen off this CPU after the gap: its switch-in is one more hidden. */
		*start = t;
		if (!contradicted)
			e->counts.contradictions++;
	}
	learn_task(e, c, y, *start);
	return y;
}

void cpu_learn(struct engine *e, struct cpu *c, uint32_t tid, uint64_t t)
{
	struct etask *x = c->cur, *y = NULL;
	uint64_t start, after;

	if (c->state != CS_GAP) {
		/* A filtered recording says "other" for idle too. */
		if (!x && (tid == 0 || tid == TID_OTHER) &&
		    (!c->cur_tid || c->cur_tid == TID_OTHER)) {
			c->state = CS_OTHER;
			c->cur_tid = TID_OTHER;
			return;
		}
		if (x && x->t.info.tgid == tid) {
			struct etask *leader = task_find(e, tid);

			if (!leader || leader->t.flags & TASK_EXITED) {
				life_take_leader(e, x, t);
				return;
			}
		}
		e->counts.contradictions++;
		cpu_lose(e, c, c->proof_ns, t);
	}
	start = after = c->known_ns < t ? c->known_ns : t;
	cpu_stop_hiding(e, c, start);
	if (tid && tid < TID_LIMIT)
		y = learn_who(e, c, tid, t, &start);
	if (start < c->since_ns)
		start = c->since_ns;
	if (start > after && c->known_ns != KNOWN_NEVER)
		hide(e, after, start);
	e->filtered |= tid == TID_OTHER;
	emit_cpu(e, c, start, IVF_GAP);
	cpu_set(c, tid, y, start);
	c->gap = true;
	c->proof_ns = t;
	if (c->absent)
		c->absent = false;
	else
		e->nuncertain--;
}

void cpu_acts_slow(struct engine *e, struct cpu *c, uint32_t tid, uint64_t t)
{
	if (tid >= TID_LIMIT || c->state == CS_OTHER)
		return;
	/* A waker that the recording's filters left out: nothing will say when it stopped. */
	if (tid && c->state == CS_GAP && !task_find(e, tid))
		return;
	if (c->state == CS_GAP && c->known_ns != KNOWN_NEVER && t < c->known_ns)
		return; /* inside the gap: more may have been lost after this */
	if (c->state == CS_GAP && tid && !task_find(e, tid))
		return; /* in a filtered recording nobody says when a stranger stops running */
	cpu_learn(e, c, tid, t);
}

void cpu_leave_out(struct engine *e, struct cpu *c)
{
	if (c->left_out)
		return;
	c->left_out = true;
	e->some_cpus = e->filtered = true;
	/* Whether the first wake-up put it on a CPU that is recorded, only that wake-up tells. */
	e->unsure |= 1 << TS_NEW;
	if (c->state != CS_GAP)
		return;
	/* Not the first checkpoint when that one was damaged: then there is a time before. */
	emit_cpu(e, c, e->now_ns, IVF_GAP);
	cpu_set(c, TID_OTHER, NULL, e->now_ns);
	if (!c->absent)
		e->nuncertain--;
	c->absent = false;
}

static void gap_on(struct engine *e, struct cpu *c, uint64_t first, uint64_t last)
{
	if (c->left_out)
		return;
	if (c->state != CS_GAP) {
		cpu_lose(e, c, first > c->since_ns ? first : c->since_ns, last);
		c->hide_ns = HIDES_NOT;
		return;
	}
	if (c->absent) {
		c->absent = false;
		e->nuncertain++;
	}
	if (c->known_ns == KNOWN_NEVER || c->known_ns < last)
		c->known_ns = last;
}

void cpu_gap(struct engine *e, const struct event *ev)
{
	const struct gap_info *g = ev->ext;
	uint64_t last = g->end_ns > ev->ts ? g->end_ns : ev->ts;
	struct cpu *c = cpu_at(e, ev->cpu);

	if (!c && ev->cpu != CPU_NONE) {
		e->counts.ignored++;
		return;
	}
	e->counts.gaps++;
	e->counts.lost += g->count;
	gaps_add(&e->gaps, ev->ts, last);
	if (c) {
		c->lost += g->count;
		gap_on(e, c, ev->ts, last);
		return;
	}
	for (uint32_t i = 0; i < e->ncpus; i++)
		gap_on(e, &e->cpus[i], ev->ts, last);
}
