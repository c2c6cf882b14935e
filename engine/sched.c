// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Switches, wake-ups, migrations: the events that are millions a second. The loop over all events
 * is here too, so that the compiler sees it as one with them.
 */
#include "engine/internal.h"

/*
 * Whose slice took the longest part of [start, t) on c: looked up when the wait ends, among the
 * last RUN_HISTORY slices of the CPU that the task got; a bounded walk that ends with the first
 * slice which began before the wait. 0: idle; TID_OTHER: somebody who is not recorded.
 */
static uint32_t who_ran(const struct cpu *c, uint64_t start, uint64_t t)
{
	uint64_t end = t, longest = 0;
	uint32_t tid = 0;

	for (uint32_t i = 0; i < RUN_HISTORY; i++) {
		uint32_t slot = (c->run_pos - i) & (RUN_HISTORY - 1);
		uint64_t from = c->run[slot].start_ns;

		if (from < start)
			from = start;
		if (end > from && end - from > longest) {
			longest = end - from;
			tid = c->run[slot].tid;
		}
		if (from == start)
			break;
		end = from;
	}
	return tid;
}

/* Flags of a stretch that are the task's. */
static inline uint16_t flags_of(const struct etask *y)
{
	uint16_t flags = 0;

	if (likely(!(y->t.flags & (TASK_INFERRED | TASK_SINCE_APPROX | TASK_GAP))))
		return 0;
	if (y->t.flags & TASK_INFERRED)
		flags |= IVF_INFERRED;
	if (y->t.flags & TASK_SINCE_APPROX)
		flags |= IVF_SINCE_APPROX;
	if (y->t.flags & TASK_GAP)
		flags |= IVF_GAP;
	return flags;
}

/* x's slice on c ends. */
static void emit_run(struct engine *e, const struct cpu *c, const struct etask *x, uint64_t t,
		     const struct event *ev)
{
	struct interval *iv = &e->run;
	bool in_parts = c->told_ns > x->t.since_ns;
	uint16_t flags = flags_of(x) & (uint16_t)~IVF_INFERRED;

	if (!ev->value || ev->flags & EVF_PREEMPT)
		flags |= IVF_PREEMPTED;
	else if (ev->value & RAW_DEAD)
		flags |= IVF_EXIT;
	if (likely(!in_parts))
		emit_stretch(e, x, TS_RUN, x->t.since_ns, t, x->t.cpu, flags);
	if (likely(!in_parts && !e->on_state[TS_RUN].list[0]))
		return;
	iv->task = &x->t;
	iv->start_ns = x->t.since_ns;
	iv->end_ns = t;
	iv->other = ev->tid;
	iv->cpu = x->t.cpu;
	iv->flags = flags;
	if (unlikely(in_parts))
		emit_rest(e, iv, c->told_ns);
	else
		emit_whole(e, iv);
}

/* A wait that ended with a switch-in on c. */
static inline void emit_wait(struct engine *e, const struct cpu *c, const struct etask *y,
			     uint64_t start, uint64_t t, enum runnable_cause cause, uint16_t flags)
{
	struct interval *iv = &e->wait;

	flags |= flags_of(y);
	emit_stretch(e, y, TS_RUNNABLE, start, t, c->id, flags);
	if (!e->on_state[TS_RUNNABLE].list[0])
		return;
	iv->task = &y->t;
	iv->start_ns = start;
	iv->end_ns = t;
	iv->cause = cause;
	iv->waking_ns = y->t.waking_ns;
	iv->waker = y->t.waker;
	iv->cpu = c->id;
	iv->flags = flags;
	if (e->want_other)
		iv->other = start < t ? who_ran(c, start, t) : 0;
	emit_whole(e, iv);
}

/*
 * x goes to sleep at t. A sched_waking without its sched_wakeup is of the wake-up that will end
 * this sleep (its waker is spinning on on_cpu); one with it is too, when it is that close to t.
 */
static void forget_old_wakes(struct etask *x, uint64_t t)
{
	if (x->wake_ns && t - x->wake_ns > EARLY_WAKE_NS) {
		if (x->t.waking_ns <= x->wake_ns)
			x->t.waking_ns = 0;
		x->wake_ns = 0;
	}
	if (unlikely(x->wake_ns))
		x->t.flags |= TASK_WOKEN_EARLY;
	else if (!x->t.waking_ns)
		x->t.waker = 0;
}

/* An EV_BLOCK or EV_STACK came before the switch, and it may be of another task. */
static void take_said(const struct cpu *c, struct etask *x, const struct event *ev)
{
	if (c->said & SAID_BLOCK && c->block_tid == ev->peer && !ev->aux) {
		x->t.syscall = c->block_syscall;
		if (c->block_iowait)
			x->t.flags |= TASK_IOWAIT;
	}
	if (c->said & SAID_STACK && c->stack_tid == ev->peer) {
		x->kernel_stack = c->kernel_stack;
		x->user_stack = c->user_stack;
		x->t.flags |= TASK_STACK;
	}
}

/* event.aux of a switch */
static inline int32_t blocked_in(uint16_t aux)
{
	if (likely(aux && aux < AUX_SYSCALL_COMPAT))
		return aux - 1;
	return aux == AUX_SYSCALL_NONE ? SYSCALL_NONE : SYSCALL_UNKNOWN;
}

static void switch_out(struct engine *e, struct cpu *c, struct etask *x, const struct event *ev,
		       uint64_t t)
{
	uint32_t raw = ev->value;

	emit_run(e, c, x, t, ev);
	x->t.raw_state = raw;
	if (!raw || ev->flags & EVF_PREEMPT) {
		x->t.cause = ev->flags & EVF_YIELD ? RC_YIELD : RC_PREEMPTED;
		set_state(x, TS_RUNNABLE, t); /* in the queue of c as before */
		x->t.waking_ns = x->wake_ns = 0;
		x->t.waker = 0;
		return;
	}
	if (unlikely(raw & (RAW_DEAD | RAW_EXIT_DEAD | RAW_EXIT_ZOMBIE))) {
		life_final_switch(e, x, t, raw);
		return;
	}
	depth_add(e, c->id, -1, t);
	set_state(x, raw == RAW_INTERRUPTIBLE ? TS_SLEEP : state_from_raw(raw), t);
	/* An early wake-up may have been lost in a gap just before. */
	x->clean_ns = t > EARLY_WAKE_NS ? t - EARLY_WAKE_NS : 1;
	forget_old_wakes(x, t);
	x->t.syscall = blocked_in(ev->aux);
	if (ev->flags & EVF_IOWAIT)
		x->t.flags |= TASK_IOWAIT;
	if (unlikely(c->said))
		take_said(c, x, ev);
}

/*
 * y was blocked and runs without a wake-up in between: that was hidden. Where every wake-up can be
 * hidden (or where no stretch of a CPU explains it), nothing is known since y was blocked for sure.
 */
static void switch_in_blocked(struct engine *e, struct cpu *c, struct etask *y, uint64_t t)
{
	uint64_t h0, h1;

	if (y->t.flags & TASK_WOKEN_EARLY) {
		/* The wake-up came before the switch-out: runnable from the start. */
		y->t.waker = y->wake_waker;
		if (y->t.waking_ns)
			y->t.waking_ns = y->t.since_ns;
		emit_wait(e, c, y, y->t.since_ns, t, RC_WAKEUP, 0);
		e->counts.early_wakings++;
		e->counts.redundant_wakeups--;
		return;
	}
	e->counts.inferred_switch_ins++;
	if (asleep_until(y) == y->t.since_ns)
		y->t.waker = 0;
	if (!cpus_hid(e, c, y, t, &h0, &h1)) {
		h0 = asleep_until(y);
		h1 = t;
	}
	emit_split(e, y, h0, h1);
	if (y->t.flags & TASK_IN_WAIT)
		life_doubt_wait(e, y, t);
	y->t.flags &= (uint16_t) ~(TASK_IN_WAIT | STATE_FLAGS);
	y->t.waking_ns = 0;
	if (h1 < t)
		emit_wait(e, c, y, h1, t, RC_INFERRED, IVF_GAP | IVF_INFERRED);
}

/*
 * What y was between a gap and the wake-up that followed. A task that waited for a CPU before the
 * gap may have done so ever since: such a wake-up is redundant now and then.
 */
static enum task_state before_wake(const struct etask *y)
{
	return y->t.state == TS_RUNNABLE ? TS_UNKNOWN : TS_SLEEP;
}

static void switch_in_uncertain(struct engine *e, struct cpu *c, struct etask *y, uint64_t t,
				uint64_t h0, uint64_t h1)
{
	uint64_t wake = y->wake_ns > h1 ? y->wake_ns : 0, from, to;

	/* Once this kernel is known to hide, that explains it as well as the gap does. */
	if (!wake && (e->hides || e->filtered) && cpus_hid(e, c, y, t, &from, &to)) {
		h0 = from < h0 ? from : h0;
		h1 = to > h1 ? to : h1;
	}
	emit_split(e, y, h0, h1);
	y->t.flags &= (uint16_t) ~(TASK_IN_WAIT | STATE_FLAGS);
	y->t.waking_ns = 0;
	y->t.waker = wake ? y->wake_waker : 0;
	e->counts.redundant_wakeups -= wake != 0;
	if (wake)
		emit_implied(e, y, before_wake(y), RC_NONE, h1, wake);
	else
		wake = h1;
	if (wake < t)
		emit_wait(e, c, y, wake, t, wake > h1 ? RC_WAKEUP : RC_INFERRED,
			  IVF_GAP | IVF_INFERRED);
}

static struct etask *switch_in_slow(struct engine *e, struct cpu *c, struct etask *y, uint64_t t)
{
	uint64_t h0, h1;

	if (y->t.state == TS_RUN) {
		struct cpu *d = cpu_at(e, y->t.cpu);

		e->counts.contradictions++;
		if (d && d->cur == y)
			cpu_lose(e, d, d->proof_ns, t);
	} else if (y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE) {
		uint32_t tid = y->t.info.tid;

		e->counts.contradictions++;
		life_gone(e, y, t, REAP_REUSE, 0, true);
		y = task_get(e, tid, t);
		if (!y)
			return NULL;
	}
	if (uncertain(e, y, t, &h0, &h1))
		switch_in_uncertain(e, c, y, t, h0, h1);
	else
		switch_in_blocked(e, c, y, t);
	return y;
}

static struct etask *switch_in(struct engine *e, struct cpu *c, struct etask *y, uint64_t t)
{
	if (likely(y->t.state == TS_RUNNABLE && y->clean_ns > e->gaps.last_ns)) {
		emit_wait(e, c, y, y->t.since_ns, t, (enum runnable_cause)y->t.cause, 0);
		if (unlikely(y->t.flags & TASK_IN_WAIT) && y->t.cause == RC_WAKEUP)
			life_back_from_wait(e, y, t);
		if (likely(y->t.cpu == c->id))
			set_state(y, TS_RUN, t);
		else
			enter(e, y, TS_RUN, c->id, t);
	} else {
		y = switch_in_slow(e, c, y, t);
		if (!y)
			return NULL;
		enter(e, y, TS_RUN, c->id, t);
	}
	y->t.waking_ns = y->wake_ns = 0;
	return y;
}

static void sched_switch(struct engine *e, const struct event *ev, uint64_t t)
{
	struct cpu *c = cpu_at(e, ev->cpu);
	struct etask *y = NULL;

	if (unlikely(!c || ev->peer == ev->tid)) {
		e->counts.ignored++;
		return;
	}
	if (unlikely(c->cur_tid != ev->peer || c->state == CS_GAP))
		cpu_learn(e, c, ev->peer, t);
	emit_cpu(e, c, t, 0);
	if (c->cur)
		switch_out(e, c, c->cur, ev, t);
	if (unlikely(c->said))
		c->said = 0;
	if (ev->tid && ev->tid != TID_OTHER) {
		y = task_get(e, ev->tid, t);
		if (likely(y))
			y = switch_in(e, c, y, t);
	} else if (ev->tid) {
		e->filtered = true;
	}
	cpu_set(c, ev->tid, y, t);
}

static bool by_interrupt(const struct event *ev)
{
	return ev->flags & (EVF_CTX_HARDIRQ | EVF_CTX_SOFTIRQ);
}

/* Who woke, as far as it was a task: an interrupt says nothing about the task it interrupted. */
static uint32_t waker_of(const struct event *ev)
{
	return by_interrupt(ev) ? 0 : ev->peer;
}

static void set_waker(struct etask *y, const struct event *ev)
{
	y->t.waker = waker_of(ev);
	y->t.flags &= (uint16_t) ~(TASK_WOKEN_BY_IRQ | TASK_WAKER_UNSURE);
	if (by_interrupt(ev))
		y->t.flags |= TASK_WOKEN_BY_IRQ;
	else if (ev->flags & EVF_CTX_UNKNOWN)
		y->t.flags |= TASK_WAKER_UNSURE;
}

static void sched_waking(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y = task_find(e, ev->tid);

	cpu_acts(e, ev->cpu, ev->peer, t);
	if (!y || y->t.state == TS_RUNNABLE)
		return;
	/* Of a task that runs it is kept too: it may be on its way to sleep. */
	y->t.waking_ns = t;
	set_waker(y, ev);
}

/* Redundant, or of a task that turns out to run. */
static void note_late(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	e->counts.redundant_wakeups++;
	y->late_wake_ns = t;
	y->late_waker = waker_of(ev);
}

/*
 * A wake-up of a task that a gap touched. It was blocked, or, if it runs on a CPU of which it is
 * not known what runs there, the wake-up is redundant: then what comes next tells.
 */
static void wake_uncertain(struct engine *e, struct etask *y, const struct event *ev, uint64_t t,
			   uint64_t h0, uint64_t h1)
{
	uint32_t waker = y->t.waking_ns > h1 ? y->t.waker : waker_of(ev);

	if (e->nuncertain || t <= e->gaps.last_ns) {
		note_late(e, y, ev, t);
		if (y->wake_ns <= h1) {
			y->wake_ns = t;
			y->wake_waker = waker;
		}
		return;
	}
	y->t.waker = 0;
	emit_split(e, y, h0, h1);
	emit_implied(e, y, before_wake(y), RC_NONE, h1, y->wake_ns > h1 ? y->wake_ns : t);
	if (y->wake_ns > h1) {
		t = y->wake_ns;
		waker = y->wake_waker;
		e->counts.redundant_wakeups--;
	}
	enter(e, y, TS_RUNNABLE, (uint16_t)ev->value, t);
	y->t.cause = RC_WAKEUP;
	y->t.waker = waker;
	y->t.flags = (uint16_t)((y->t.flags | TASK_GAP) & ~TASK_IN_WAIT);
	y->t.waking_ns = y->t.waking_ns > h1 && y->t.waking_ns <= t ? y->t.waking_ns : 0;
	y->wake_ns = 0;
}

/* y slept until t, for sure, and where that began is known too. */
static void emit_sleep(struct engine *e, const struct etask *y, uint64_t t, uint16_t flags)
{
	struct interval *iv = &e->sleep;
	bool stack = y->t.flags & TASK_STACK;

	if (y->t.flags & TASK_IOWAIT)
		flags |= IVF_IOWAIT;
	emit_stretch(e, y, (enum task_state)y->t.state, y->t.since_ns, t, y->t.cpu, flags);
	if (!e->on_state[y->t.state].list[0])
		return;
	iv->task = &y->t;
	iv->start_ns = y->t.since_ns;
	iv->end_ns = t;
	iv->state = (enum task_state)y->t.state;
	iv->raw_state = y->t.raw_state;
	iv->syscall = y->t.syscall;
	iv->waker = y->t.waker;
	iv->kernel_stack = stack ? y->kernel_stack : 0;
	iv->user_stack = stack ? y->user_stack : 0;
	iv->cpu = y->t.cpu;
	iv->flags = flags;
	emit_whole(e, iv);
}

static inline void wake(struct engine *e, struct etask *y, const struct event *ev, uint64_t t,
			enum runnable_cause cause)
{
	uint16_t flags;

	if (!y->t.waking_ns) {
		set_waker(y, ev);
	} else if (y->t.waking_ns < y->t.since_ns) {
		y->t.waking_ns = y->t.since_ns;
		e->counts.early_wakings++;
	}
	flags = y->t.flags & TASK_WOKEN_BY_IRQ ? IVF_WOKEN_BY_IRQ : 0;
	if (unlikely(y->t.flags & TASK_WAKER_UNSURE))
		flags |= IVF_WAKER_UNSURE;
	if (unlikely(!state_is_blocked((enum task_state)y->t.state) ||
		     y->t.flags & (TASK_SINCE_APPROX | TASK_INFERRED | TASK_GAP)))
		emit_current(e, y, y->t.since_ns, t, flags);
	else
		emit_sleep(e, y, t, flags);
	enter(e, y, TS_RUNNABLE, (uint16_t)ev->value, t);
	y->t.cause = (uint8_t)cause;
	y->wake_ns = 0;
}

static inline __attribute__((always_inline)) void sched_wakeup(struct engine *e,
							       const struct event *ev, uint64_t t)
{
	struct etask *y;
	uint64_t h0, h1;

	cpu_acts(e, ev->cpu, ev->peer, t);
	if (ev->tid == TID_OTHER)
		return;
	y = task_get(e, ev->tid, t);
	if (!y)
		return;
	switch (y->t.state) {
	case TS_RUN:
		e->counts.redundant_wakeups++;
		y->wake_ns = t;
		y->wake_waker = y->t.waking_ns ? y->t.waker : waker_of(ev);
		return;
	case TS_ZOMBIE:
	case TS_LEADER_ZOMBIE: e->counts.redundant_wakeups++; return;
	default: break;
	}
	if (unlikely(uncertain(e, y, t, &h0, &h1)))
		wake_uncertain(e, y, ev, t, h0, h1);
	else if (y->t.state == TS_RUNNABLE)
		note_late(e, y, ev, t);
	else
		wake(e, y, ev, t, y->t.state == TS_NEW ? RC_FORK : RC_WAKEUP);
}

static void sched_wakeup_new(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y;

	cpu_acts(e, ev->cpu, ev->peer, t);
	if (ev->tid == TID_OTHER)
		return;
	y = task_get(e, ev->tid, t);
	if (!y || y->t.state == TS_RUN)
		return;
	/* Once in a life, and nothing else comes before it: no gap can have hidden anything. */
	if (y->t.state == TS_NEW) {
		wake(e, y, ev, t, RC_FORK);
		return;
	}
	if (y->t.state == TS_UNKNOWN) {
		emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, t);
		enter(e, y, TS_RUNNABLE, (uint16_t)ev->value, t);
		y->t.cause = RC_FORK;
		y->t.waker = waker_of(ev);
		y->wake_ns = y->t.waking_ns = 0;
		return;
	}
	sched_wakeup(e, ev, t);
}

/* y goes where nothing of it is recorded. Asleep, it is being woken; else it was in the queue. */
static void go_elsewhere(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	bool asleep = state_is_blocked((enum task_state)y->t.state);
	uint64_t h0, h1;

	if (uncertain(e, y, t, &h0, &h1))
		emit_split(e, y, h0, t);
	else if (asleep && !(ev->flags & EVF_PLACED)) /* in a queue: its wake-up was hidden */
		emit_split(e, y, asleep_until(y), t);
	else
		emit_current(e, y, y->t.since_ns, t, IVF_GAP);
	enter(e, y, TS_UNKNOWN, (uint16_t)ev->value, t);
	y->sure_ns = KNOWN_NEVER;
}

/* y comes to a CPU that is recorded. */
static void come_back(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	uint64_t h0, h1;

	if (uncertain(e, y, t, &h0, &h1)) {
		emit_split(e, y, h0, t);
	} else {
		e->counts.contradictions++; /* that it went there was hidden */
		emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, t);
	}
	if (ev->flags & EVF_PLACED) {
		enter(e, y, TS_UNKNOWN, (uint16_t)ev->value, t); /* asleep until its wake-up */
		y->sure_ns = t;
		return;
	}
	enter(e, y, TS_RUNNABLE, (uint16_t)ev->value, t);
	y->t.cause = RC_INFERRED;
	y->t.flags |= TASK_INFERRED | TASK_GAP;
	y->t.waker = 0;
}

static void migrate_across(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	if (y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE)
		return;
	if (y->t.state == TS_RUN) {
		struct cpu *c = cpu_at(e, y->t.cpu);

		e->counts.contradictions++;
		if (c && c->cur == y)
			cpu_lose(e, c, c->proof_ns, t);
	}
	if (is_elsewhere(e, ev->value))
		go_elsewhere(e, y, ev, t);
	else
		come_back(e, y, ev, t);
	y->t.flags &= (uint16_t)~TASK_IN_WAIT;
	y->t.waking_ns = y->wake_ns = y->late_wake_ns = 0;
}

static void sched_migrate(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y = task_find(e, ev->tid);

	if (unlikely(e->some_cpus) && y &&
	    (is_elsewhere(e, ev->value) || is_elsewhere(e, ev->aux))) {
		migrate_across(e, y, ev, t);
		return;
	}
	/* A blocked task keeps the CPU it slept on until it is woken: that event has the new one. */
	if (!y || (y->t.state != TS_RUNNABLE && y->t.state != TS_NEW))
		return;
	if (y->t.state == TS_RUNNABLE && y->t.cpu != ev->value) {
		depth_add(e, y->t.cpu, -1, t);
		depth_add(e, (uint16_t)ev->value, 1, t);
	}
	y->t.cpu = (uint16_t)ev->value;
}

static void sched_block(struct engine *e, const struct event *ev)
{
	struct cpu *c = cpu_at(e, ev->cpu);

	if (!c)
		return;
	c->said |= SAID_BLOCK;
	c->block_tid = ev->tid;
	c->block_syscall = (int32_t)ev->value;
	c->block_iowait = ev->flags & EVF_IOWAIT;
}

static void sched_stack(struct engine *e, const struct event *ev)
{
	struct cpu *c = cpu_at(e, ev->cpu);

	if (!c)
		return;
	c->said |= SAID_STACK;
	c->stack_tid = ev->tid;
	c->kernel_stack = ev->value;
	c->user_stack = ev->peer;
}

/* Time runs backwards: it is held. */
static __attribute__((noinline)) uint64_t clamp(struct engine *e, const struct event *ev)
{
	e->counts.clamped += ev->kind != EV_GAP;
	return e->now_ns;
}

static __attribute__((noinline)) void sched_other(struct engine *e, const struct event *ev,
						  uint64_t t)
{
	switch (ev->kind) {
	case EV_WAKEUP_NEW: sched_wakeup_new(e, ev, t); break;
	case EV_MIGRATE: sched_migrate(e, ev, t); break;
	case EV_BLOCK: sched_block(e, ev); break;
	case EV_STACK: sched_stack(e, ev); break;
	default: apply_rare(e, ev, t); break;
	}
}

void sched_events(struct engine *e, const struct event *events, size_t n)
{
	const uint64_t told = e->want_kinds;

	for (const struct event *ev = events, *end = events + n; ev < end; ev++) {
		uint64_t t = ev->ts;

		if (likely(t >= e->now_ns))
			e->now_ns = t;
		else
			t = clamp(e, ev);
		/* no switch: one jump through a table is guessed wrong more often than these */
		if (ev->kind == EV_SWITCH)
			sched_switch(e, ev, t);
		else if (ev->kind == EV_WAKING)
			sched_waking(e, ev, t);
		else if (ev->kind == EV_WAKEUP)
			sched_wakeup(e, ev, t);
		else
			sched_other(e, ev, t);
		if (unlikely(told >> (ev->kind & 63) & 1))
			tell_event(e, ev);
	}
}
