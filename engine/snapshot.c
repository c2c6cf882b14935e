// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The kernel's word on a task (EV_TASK). What events have shown is better: it is exact, and the
 * snapshot is read while the machine goes on. So the word counts only for a task whose state is
 * not known, and only from its own time on.
 */
#include "engine/internal.h"

#include <string.h>

/* since_ns of a snapshot may come from another clock; to prove something with it, be this sure. */
#define SINCE_MARGIN_NS 1000000u

static enum task_state word_state(const struct task_snapshot *s)
{
	uint32_t raw = s->state & UINT16_MAX, exit_state = s->state >> 16;

	if (s->flags & SNAPF_ON_CPU)
		return TS_RUN;
	if (exit_state & RAW_EXIT_DEAD)
		return TS_DEAD;
	if (exit_state & RAW_EXIT_ZOMBIE) {
		if (s->info.tid == s->info.tgid && !(s->flags & SNAPF_GROUP_DEAD))
			return TS_LEADER_ZOMBIE;
		return TS_ZOMBIE;
	}
	if (s->flags & SNAPF_QUEUED)
		return TS_RUNNABLE;
	return state_from_raw(raw);
}

/* Member by member: padding says nothing. */
static bool same_info(const struct task_info *a, const struct task_info *b)
{
	return a->tid == b->tid && a->tgid == b->tgid && a->ppid == b->ppid && a->uid == b->uid &&
	       a->start_ns == b->start_ns && a->cgroup_id == b->cgroup_id && a->flags == b->flags &&
	       !strncmp(a->comm, b->comm, sizeof(a->comm));
}

static void identify(struct engine *e, struct etask *y, const struct task_info *info, bool fresh)
{
	struct task_info before = y->t.info;

	y->t.info = *info;
	y->t.info.tid = before.tid;
	y->t.flags &= (uint16_t)~TASK_UNNAMED;
	task_move_zombie(e, y);
	if (!fresh && !same_info(&before, &y->t.info))
		tell_changed(e, y, &before);
}

static void word_running(struct engine *e, struct etask *y, const struct task_snapshot *s,
			 uint64_t t, bool fresh)
{
	struct cpu *c = cpu_at(e, s->cpu);

	if (!c || c->state != CS_GAP)
		return; /* what the events say of that CPU is newer */
	if (c->known_ns != KNOWN_NEVER) {
		if (t <= c->known_ns)
			return;
		if (fresh)
			y->t.since_ns = y->t.seen_ns = y->clean_ns = y->sure_ns = c->known_ns;
	}
	cpu_learn(e, c, y->t.info.tid, t);
}

/* A stretch that a gap touched turns out to be whole. */
static bool heals(const struct etask *y, const struct task_snapshot *s, enum task_state st,
		  uint64_t h0)
{
	if (st != y->t.state)
		return false;
	if (st == TS_ZOMBIE)
		return true;
	/* A thread may have taken its place by an exec, and ended like it. */
	if (st == TS_LEADER_ZOMBIE)
		return false;
	/* The same sleep as before, and it has not run since. */
	return state_is_blocked(st) && y->t.raw_state == (s->state & UINT16_MAX) && s->since_ns &&
	       s->since_ns + SINCE_MARGIN_NS <= h0;
}

/*
 * The stream begins inside a gap, and the checkpoint there had it asleep, if it still was: it was, all
 * the while. The word alone is no proof, for its since may be when the task ran last: in real-time
 * classes the kernel does not say when that ended.
 */
static bool slept_through(const struct etask *y, const struct task_snapshot *s, enum task_state st)
{
	return y->t.state == TS_UNKNOWN && y->t.seen_ns >= y->t.since_ns && y->claim_ns &&
	       state_is_blocked(st) && s->since_ns &&
	       s->since_ns + SINCE_MARGIN_NS <= y->t.since_ns &&
	       s->since_ns < y->claim_ns + SINCE_MARGIN_NS;
}

/* Events, which that checkpoint goes by, tell it better. */
static uint64_t since_of(const struct etask *y, const struct task_snapshot *s)
{
	return y->claim_ns && s->since_ns < y->claim_ns + SINCE_MARGIN_NS ? y->claim_ns
									  : s->since_ns;
}

/* @all_known  nothing has been told of it, and its state is what it was since s->since_ns */
static void word_off_cpu(struct engine *e, struct etask *y, const struct task_snapshot *s,
			 enum task_state st, uint64_t t, bool all_known)
{
	bool zombie = st == TS_ZOMBIE || st == TS_LEADER_ZOMBIE;

	task_leave_zombies(e, y);
	enter(e, y, st, s->cpu, t);
	y->t.raw_state = s->state & UINT16_MAX;
	y->t.syscall = s->syscall;
	y->t.waker = 0;
	y->t.waking_ns = y->wake_ns = 0;
	y->t.flags &= (uint16_t)~TASK_IN_WAIT;
	if (s->flags & SNAPF_IOWAIT)
		y->t.flags |= TASK_IOWAIT;
	if (!all_known)
		y->t.flags |= TASK_GAP;
	if (st == TS_RUNNABLE) {
		y->t.cause = RC_INFERRED;
		y->t.flags |= TASK_INFERRED | TASK_SINCE_APPROX;
		return;
	}
	if (all_known && s->since_ns && s->since_ns < t) {
		y->t.since_ns = since_of(y, s);
		if (y->t.seen_ns > y->t.since_ns)
			y->t.seen_ns = y->t.since_ns;
	}
	if (all_known && (!s->since_ns || s->flags & SNAPF_SINCE_APPROX))
		y->t.flags |= TASK_SINCE_APPROX;
	if (zombie) {
		y->t.flags |= TASK_EXITED | TASK_ZOMBIE_SURE;
		y->t.exit_code = s->exit_code;
		task_enter_zombies(e, y);
	}
}

void snapshot_task(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct task_snapshot *s = ev->ext;
	enum task_state st = word_state(s);
	struct etask *y = task_find(e, ev->tid);
	uint64_t h0 = 0, h1;
	bool fresh;

	if (y && y->t.info.start_ns && s->info.start_ns && y->t.info.start_ns != s->info.start_ns) {
		life_gone(e, y, t, REAP_REUSE, 0, true);
		y = NULL;
	}
	fresh = !y;
	if (fresh) {
		if (st == TS_DEAD)
			return;
		y = task_create(e, ev->tid, t);
		if (!y)
			return;
	}
	identify(e, y, &s->info, fresh);
	life_join_tree(e, y, 0); /* the fork may have been lost, or an older one's */
	if (s->flags & SNAPF_GROUP_DEAD)
		y->t.flags |= TASK_GROUP_DEAD;
	if (s->flags & SNAPF_UNCERTAIN) {
		/* On a CPU that is not recorded: who it is, and no more. */
		if (fresh) {
			y->t.cpu = s->cpu;
			y->sure_ns = KNOWN_NEVER;
		}
		return;
	}
	if (y->t.state == TS_RUN || (!fresh && !uncertain(e, y, t, &h0, &h1)))
		return;
	if (st == TS_RUN) {
		word_running(e, y, s, t, fresh);
	} else if (st == TS_DEAD) {
		life_gone(e, y, t, REAP_FREE, 0, true);
	} else if (!fresh && heals(y, s, st, h0)) {
		y->clean_ns = t;
	} else {
		const bool all_known = fresh || slept_through(y, s, st);

		if (!all_known)
			emit_split(e, y, h0, t);
		word_off_cpu(e, y, s, st, t, all_known);
	}
}
