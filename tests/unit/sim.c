// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stask {
	bool used, exited, group_dead, hides;
	bool secret; /* its switch-in was hidden */
	bool early_pending; /* ... and not run since */
	bool waking_early; /* woken by what was written before its switch-out */
	uint32_t tid, tgid, ppid, state, cause, raw, waker, early_waker, execs_as, first_tid;
	uint16_t cpu;
	uint64_t since, waking, identity;
};

struct sim_state {
	uint64_t t;
	struct stask task[SIM_TASKS];
	struct stask *cur[SIM_CPUS];
	uint64_t cur_since[SIM_CPUS];
	bool hidden[SIM_CPUS]; /* what is done there is not seen, up to the next switch-in */
	uint32_t next_tid;
	struct {
		uint32_t tid;
		uint64_t at;
	} frees[SIM_TASKS * 4];
	unsigned nfrees;
};

static void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 1024;
	p = reallocarray(p, *cap, size);
	if (!p)
		abort();
	return p;
}

static void close_seg(struct sim *m, struct stask *y, uint64_t t, bool open)
{
	if (t == y->since)
		return;
	m->segs = grow(m->segs, m->nsegs, &m->segs_cap, sizeof(*m->segs));
	m->segs[m->nsegs++] = (struct seg){
		.tid = y->tid,
		.first_tid = y->first_tid,
		.state = y->state,
		.cause = y->cause,
		.raw = y->raw,
		.waker = y->waker,
		.cpu = y->cpu,
		.start = y->since,
		.end = t,
		.waking = y->waking,
		.open = open,
	};
	if (open && y->early_pending) /* no event has told yet */
		m->segs[m->nsegs - 1].untold = true;
}

static void become(struct sim *m, struct stask *y, uint32_t state)
{
	if (state == TS_RUN)
		y->early_pending = false;
	y->state = state;
	y->first_tid = y->tid;
	y->since = m->now->t;
	y->cause = y->raw = y->waker = 0;
	y->waking = 0;
}

static void tick(struct sim *m)
{
	/* Now and then two events have the same time. */
	m->now->t += sim_dice(m, 8) ? 1 + sim_dice(m, 100) : 0;
}

static bool is_blocked(const struct stask *y)
{
	return state_is_blocked((enum task_state)y->state);
}

static struct stask *pick(struct sim *m, bool (*want)(const struct stask *))
{
	uint32_t from = sim_dice(m, SIM_TASKS);

	for (uint32_t i = 0; i < SIM_TASKS; i++) {
		struct stask *y = &m->now->task[(from + i) % SIM_TASKS];

		if (y->used && want(y))
			return y;
	}
	return NULL;
}

static bool is_runnable(const struct stask *y)
{
	return y->state == TS_RUNNABLE;
}

static bool is_running(const struct stask *y)
{
	return y->state == TS_RUN && !y->exited;
}

static struct stask *by_tid(struct sim *m, uint32_t tid)
{
	for (uint32_t i = 0; i < SIM_TASKS; i++)
		if (m->now->task[i].used && m->now->task[i].tid == tid)
			return &m->now->task[i];
	return NULL;
}

static struct stask *next_on(struct sim *m, uint16_t cpu)
{
	uint32_t from = sim_dice(m, SIM_TASKS);

	for (uint32_t i = 0; i < SIM_TASKS; i++) {
		struct stask *y = &m->now->task[(from + i) % SIM_TASKS];

		if (y->used && y->state == TS_RUNNABLE && y->cpu == cpu &&
		    !(m->now->hidden[cpu] && y->hides))
			return y;
	}
	return NULL;
}

static uint32_t cur_tid(const struct sim *m, uint16_t cpu)
{
	return m->now->cur[cpu] ? m->now->cur[cpu]->tid : 0;
}

static void gone(struct sim *m, struct stask *y)
{
	if (m->now->nfrees < SIM_TASKS * 4) {
		m->now->frees[m->now->nfrees].tid = y->tid;
		m->now->frees[m->now->nfrees++].at = m->now->t + 1 + sim_dice(m, 5000);
	}
	y->used = false;
}

/* The switch record, and who runs from now on. */
static void switch_to(struct sim *m, uint16_t cpu, uint32_t raw, uint8_t flags, struct stask *next)
{
	struct sim_state *n = m->now;
	uint32_t prev = cur_tid(m, cpu);
	struct event *ev;

	m->cpu_segs = grow(m->cpu_segs, m->ncpu_segs, &m->cpu_segs_cap, sizeof(*m->cpu_segs));
	m->cpu_segs[m->ncpu_segs++] = (struct cpu_seg){cpu, prev, n->cur_since[cpu], n->t};
	if (!n->hidden[cpu]) {
		ev = synth_add(&m->s, (struct event){.kind = EV_SWITCH,
						     .ts = n->t,
						     .cpu = cpu,
						     .tid = next ? next->tid : 0,
						     .peer = prev,
						     .value = raw});
		ev->flags = flags;
	}
	if (next) {
		close_seg(m, next, n->t, false);
		become(m, next, TS_RUN);
		next->secret = n->hidden[cpu];
		next->cpu = cpu;
	}
	n->hidden[cpu] = m->opt.hides && next && next->hides && sim_dice(m, 3);
	n->cur[cpu] = next;
	n->cur_since[cpu] = n->t;
}

static void do_block(struct sim *m, uint16_t cpu)
{
	static const uint32_t raws[] = {0x1, 0x2, 0x402, 0x2001, 0x102, 0x4};
	struct stask *x = m->now->cur[cpu];
	uint32_t raw = raws[sim_dice(m, 6)];

	close_seg(m, x, m->now->t, false);
	switch_to(m, cpu, raw, 0, next_on(m, cpu));
	become(m, x, state_from_raw(raw));
	x->raw = raw;
	if (x->waking_early) {
		become(m, x, TS_RUNNABLE);
		x->cause = RC_WAKEUP;
		x->waker = x->early_waker;
		x->waking = m->now->t;
		x->waking_early = false;
		x->early_pending = true;
	}
}

static void do_preempt(struct sim *m, uint16_t cpu)
{
	struct stask *x = m->now->cur[cpu], *next = next_on(m, cpu);
	uint8_t flags = sim_dice(m, 2) ? EVF_PREEMPT : sim_dice(m, 2) ? EVF_YIELD : 0;

	if (!next)
		return;
	close_seg(m, x, m->now->t, false);
	switch_to(m, cpu, flags & EVF_PREEMPT && sim_dice(m, 2) ? 0x1 : 0, flags, next);
	become(m, x, TS_RUNNABLE);
	x->cause = flags & EVF_YIELD ? RC_YIELD : RC_PREEMPTED;
}

static void write_wake(struct sim *m, uint8_t kind, uint16_t cpu, struct stask *y, uint16_t target)
{
	if (m->now->hidden[cpu])
		return;
	synth_add(&m->s, (struct event){.kind = kind,
					.ts = m->now->t,
					.cpu = cpu,
					.tid = y->tid,
					.peer = cur_tid(m, cpu),
					.value = target});
}

static void write_irq_wakeup(struct sim *m, const struct stask *y, uint16_t target)
{
	if (!m->now->hidden[target])
		synth_add(&m->s, (struct event){.kind = EV_WAKEUP,
						.ts = m->now->t,
						.cpu = target,
						.tid = y->tid,
						.peer = cur_tid(m, target),
						.value = target,
						.flags = EVF_CTX_HARDIRQ});
}

static void do_wake(struct sim *m, uint16_t cpu)
{
	struct stask *y = pick(m, is_blocked);
	uint16_t target = (uint16_t)sim_dice(m, m->opt.ncpus);
	uint64_t waking = m->now->t;

	if (!y)
		return;
	write_wake(m, EV_WAKING, cpu, y, y->cpu);
	tick(m);
	if (target != y->cpu && !m->now->hidden[cpu])
		synth_add(&m->s, (struct event){.kind = EV_MIGRATE,
						.ts = m->now->t,
						.cpu = cpu,
						.tid = y->tid,
						.value = target,
						.aux = y->cpu,
						.flags = EVF_PLACED});
	if (m->opt.hides && sim_dice(m, 2)) /* by an interrupt of the CPU that it goes to */
		write_irq_wakeup(m, y, target);
	else
		write_wake(m, EV_WAKEUP, cpu, y, target);
	y->waker = cur_tid(m, cpu);
	close_seg(m, y, m->now->t, false);
	become(m, y, TS_RUNNABLE);
	y->cause = RC_WAKEUP;
	y->waker = cur_tid(m, cpu);
	y->waking = waking;
	y->cpu = target;
}

static bool is_queued(const struct stask *y)
{
	return y->state == TS_RUNNABLE || is_running(y);
}

static void do_redundant(struct sim *m, uint16_t cpu)
{
	struct stask *y = pick(m, m->opt.redundant_when_queued ? is_queued : is_running);

	/* Of one that nothing has shown yet it would look like the wake-up that was hidden. */
	if (!y || y == m->now->cur[cpu] || y->secret)
		return;
	write_wake(m, EV_WAKING, cpu, y, y->cpu);
	write_wake(m, EV_WAKEUP, cpu, y, y->cpu);
	/* The engine could take it for an early one: it must be older than that. */
	m->now->t += 20000;
}

/* The waker writes first, then the sleeper its switch-out: with both records, or one, too early. */
static void do_early(struct sim *m, uint16_t cpu)
{
	struct stask *y = pick(m, is_running);

	if (!y || y == m->now->cur[cpu] || m->now->cur[y->cpu] != y)
		return;
	write_wake(m, EV_WAKING, cpu, y, y->cpu);
	y->early_waker = cur_tid(m, cpu);
	if (sim_dice(m, 2)) {
		write_wake(m, EV_WAKEUP, cpu, y, y->cpu);
		y->waking_early = true;
		tick(m);
		do_block(m, y->cpu);
		return;
	}
	tick(m);
	do_block(m, y->cpu);
	tick(m);
	write_wake(m, EV_WAKEUP, cpu, y, y->cpu);
	y->waker = y->early_waker;
	close_seg(m, y, m->now->t, false);
	uint64_t waking = y->since;
	become(m, y, TS_RUNNABLE);
	y->cause = RC_WAKEUP;
	y->waker = y->early_waker;
	y->waking = waking;
}

static void do_migrate(struct sim *m, uint16_t cpu)
{
	struct stask *y = pick(m, is_runnable);
	uint16_t to = (uint16_t)sim_dice(m, m->opt.ncpus);

	if (!y || to == y->cpu)
		return;
	ev_migrate(&m->s, m->now->t, cpu, y->tid, y->cpu, to);
	y->cpu = to;
}

static struct stask *new_task(struct sim *m)
{
	struct sim_state *n = m->now;

	for (uint32_t i = 0; i < SIM_TASKS; i++) {
		struct stask *y = &n->task[i];

		if (y->used)
			continue;
		memset(y, 0, sizeof(*y));
		do {
			n->next_tid = n->next_tid + 1 < SIM_TIDS ? n->next_tid + 1 : 2;
		} while (by_tid(m, n->next_tid));
		y->used = true;
		y->tid = n->next_tid;
		y->hides = y->tid % 5 == 0;
		y->since = n->t;
		return y;
	}
	return NULL;
}

static void do_fork(struct sim *m, uint16_t cpu)
{
	struct stask *x = m->now->cur[cpu], *y = new_task(m);

	if (!y)
		return;
	if (sim_dice(m, 2)) {
		y->tgid = x->tgid;
		y->ppid = x->ppid;
	} else {
		y->tgid = y->tid;
		y->ppid = x->tgid;
	}
	tick(m);
	m->now->t++; /* start times are unique */
	y->identity = m->now->t;
	y->cpu = cpu;
	become(m, y, TS_NEW);
	ev_fork(&m->s, m->now->t, cpu, x->tid, y->ppid, y->tid, y->tgid);
	tick(m);
	y->cpu = (uint16_t)sim_dice(m, m->opt.ncpus);
	write_wake(m, EV_WAKEUP_NEW, cpu, y, y->cpu);
	y->waker = x->tid;
	close_seg(m, y, m->now->t, false);
	become(m, y, TS_RUNNABLE);
	y->cause = RC_FORK;
	y->waker = x->tid;
}

static unsigned live_threads(struct sim *m, uint32_t tgid)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < SIM_TASKS; i++)
		n += m->now->task[i].used && m->now->task[i].tgid == tgid &&
		     !m->now->task[i].exited;
	return n;
}

static void do_exit(struct sim *m, uint16_t cpu)
{
	struct stask *x = m->now->cur[cpu], *leader = by_tid(m, x->tgid);
	bool last = live_threads(m, x->tgid) == 1;

	ev_exit(&m->s, m->now->t, cpu, x->tid, 0, last);
	x->exited = true;
	if (last) {
		if (leader && leader != x && leader->state == TS_LEADER_ZOMBIE) {
			close_seg(m, leader, m->now->t, false);
			become(m, leader, TS_ZOMBIE);
		}
		if (leader)
			leader->group_dead = true;
	}
	tick(m);
	close_seg(m, x, m->now->t, false);
	switch_to(m, cpu, 0x80 | (x == leader ? RAW_EXIT_ZOMBIE : RAW_EXIT_DEAD), 0,
		  next_on(m, cpu));
	if (x != leader) {
		gone(m, x);
		return;
	}
	become(m, x, x->group_dead ? TS_ZOMBIE : TS_LEADER_ZOMBIE);
}

/* The last thread but for a leader that is gone takes its place. */
static void do_exec(struct sim *m, uint16_t cpu)
{
	struct stask *x = m->now->cur[cpu], *leader = by_tid(m, x->tgid);
	uint32_t old = x->tid;

	if (m->opt.hides || !leader || leader == x || leader->state != TS_LEADER_ZOMBIE ||
	    live_threads(m, x->tgid) != 1)
		return;
	close_seg(m, leader, m->now->t, false);
	x->identity = leader->identity;
	leader->tid = old;
	gone(m, leader);
	x->tid = x->tgid;
	x->hides = false;
	if (!m->opt.plain_exec && sim_dice(m, 2)) {
		/* It is seen under the new TID before the exec event. */
		struct stask *next = next_on(m, cpu);

		close_seg(m, x, m->now->t, false);
		switch_to(m, cpu, 0x2, 0, next);
		become(m, x, TS_DISK);
		x->raw = 0x2;
		x->execs_as = old;
		return;
	}
	ev_exec(&m->s, m->now->t, cpu, x->tid, old, "execd");
}

static void do_reap(struct sim *m, uint16_t cpu)
{
	struct stask *x = m->now->cur[cpu], *best = NULL;

	for (uint32_t i = 0; i < SIM_TASKS; i++) {
		struct stask *z = &m->now->task[i];

		if (!z->used || z->state != TS_ZOMBIE || z->ppid != x->tgid)
			continue;
		if (!best || z->identity < best->identity)
			best = z;
	}
	if (!best || best->since == m->now->t)
		return;
	if (m->opt.waits)
		ev_wait(&m->s, m->now->t, cpu, x->tid, sim_dice(m, 2) ? best->tid : 0);
	else
		ev_reap(&m->s, m->now->t, cpu, x->tid, best->tid);
	best->waker = x->tid;
	close_seg(m, best, m->now->t, false);
	gone(m, best);
}

static struct task_snapshot word(struct sim *m, const struct stask *y, bool exact)
{
	struct task_snapshot s = snap(y->tid, y->tgid, (uint8_t)y->state, y->raw, y->cpu, y->since);

	s.info.ppid = y->ppid;
	s.info.start_ns = y->identity;
	s.cause = (uint8_t)y->cause;
	s.waker = y->waker;
	s.waking_ns = y->waking;
	if (y->state == TS_ZOMBIE || y->state == TS_LEADER_ZOMBIE)
		s.state |= RAW_EXIT_ZOMBIE << 16;
	if (y->group_dead)
		s.flags |= SNAPF_GROUP_DEAD;
	if (y->exited)
		s.flags |= SNAPF_EXITED;
	if (exact)
		return s;
	if (y->state == TS_RUN)
		s.flags |= SNAPF_ON_CPU;
	if (y->state == TS_RUNNABLE)
		s.flags |= SNAPF_QUEUED;
	if (!sim_dice(m, 3))
		s.since_ns = 0;
	s.flags |= SNAPF_SINCE_APPROX;
	return s;
}

static void do_words(struct sim *m)
{
	for (uint32_t i = 0; i < SIM_TASKS; i++)
		if (m->now->task[i].used && m->now->task[i].state != TS_NEW)
			ev_task(&m->s, m->now->t, word(m, &m->now->task[i], false));
}

static void do_checkpoint(struct sim *m)
{
	struct task_snapshot snaps[SIM_TASKS];
	struct cpu_snapshot cpus[SIM_CPUS];
	struct checkpoint cp = {
		.ts = m->now->t, .tasks = snaps, .cpus = cpus, .ncpus = m->opt.ncpus};

	for (uint32_t i = 0; i < SIM_TASKS; i++)
		if (m->now->task[i].used)
			snaps[cp.ntasks++] = word(m, &m->now->task[i], true);
	for (uint16_t c = 0; c < m->opt.ncpus; c++)
		cpus[c] = (struct cpu_snapshot){
			.cpu = c, .tid = cur_tid(m, c), .since_ns = m->now->cur_since[c]};
	ev_checkpoint(&m->s, &cp);
}

static void do_frees(struct sim *m, uint16_t cpu)
{
	struct sim_state *n = m->now;

	for (unsigned i = 0; i < n->nfrees; i++) {
		if (n->frees[i].at > n->t)
			continue;
		ev_free(&m->s, n->t, cpu, n->frees[i].tid);
		memmove(&n->frees[i], &n->frees[i + 1], (n->nfrees - i - 1) * sizeof(n->frees[0]));
		n->nfrees--;
		return;
	}
}

static bool is_pending(const struct stask *y)
{
	return y->early_pending || y->waking_early;
}

static void step(struct sim *m)
{
	uint16_t cpu = (uint16_t)sim_dice(m, m->opt.ncpus);
	struct stask *x = m->now->cur[cpu], *next;
	uint32_t what = sim_dice(m, 100);

	tick(m);
	if (m->opt.lives)
		do_frees(m, cpu);
	if (m->opt.words && !sim_dice(m, 150))
		do_words(m);
	if (m->opt.heals && !sim_dice(m, 200) && !pick(m, is_pending))
		do_checkpoint(m);
	if (!x) {
		next = next_on(m, cpu);
		if (next && sim_dice(m, 4))
			switch_to(m, cpu, 0, 0, next);
		else if (what < 40)
			do_wake(m, cpu);
		return;
	}
	if (x->execs_as) {
		ev_exec(&m->s, m->now->t, cpu, x->tid, x->execs_as, "execd");
		x->execs_as = 0;
	} else if (what < 25)
		do_block(m, cpu);
	else if (what < 40)
		do_preempt(m, cpu);
	else if (what < 70)
		do_wake(m, cpu);
	else if (what < 74)
		do_redundant(m, cpu);
	else if (what < 78 && !m->opt.hides)
		do_early(m, cpu);
	else if (what < 82)
		do_migrate(m, cpu);
	else if (!m->opt.lives)
		return;
	else if (what < 88)
		do_fork(m, cpu);
	else if (what < 92)
		do_exit(m, cpu);
	else if (what < 95)
		do_exec(m, cpu);
	else
		do_reap(m, cpu);
}

void sim_run(struct sim *m, struct sim_options opt)
{
	struct sim_state *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	memset(m, 0, sizeof(*m));
	m->opt = opt;
	m->rng = opt.seed * 2654435761u + 1;
	m->now = n;
	n->t = 1000;
	n->next_tid = 1;
	for (int i = 0; i < 12; i++) {
		struct stask *y = new_task(m);

		y->tgid = i < 8 ? y->tid : 2;
		y->ppid = y->tgid == 2 ? 1 : 2;
		y->identity = y->tid;
		become(m, y, TS_SLEEP);
		y->raw = 0x1;
		y->since = 100 + y->tid;
	}
	for (uint16_t c = 0; c < opt.ncpus; c++)
		n->cur_since[c] = n->t;
	m->start = n->t;
	do_checkpoint(m);
	n->t++;
	for (uint32_t i = 0; i < opt.steps; i++)
		step(m);
	n->t += 100;
	m->end = n->t;
	for (uint32_t i = 0; i < SIM_TASKS; i++)
		if (n->task[i].used)
			close_seg(m, &n->task[i], n->t, true);
	for (uint16_t c = 0; c < opt.ncpus; c++) {
		m->cpu_segs = grow(m->cpu_segs, m->ncpu_segs, &m->cpu_segs_cap,
				   sizeof(*m->cpu_segs));
		m->cpu_segs[m->ncpu_segs++] = (struct cpu_seg){c, cur_tid(m, c), n->cur_since[c],
							       n->t};
	}
}

void sim_free(struct sim *m)
{
	synth_free(&m->s);
	free(m->segs);
	free(m->cpu_segs);
	free(m->now);
	memset(m, 0, sizeof(*m));
}
