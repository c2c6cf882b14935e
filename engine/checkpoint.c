// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Checkpoints out (engine_checkpoint) and in (checkpoint_in): the engine's own state, so that
 * another engine can go on from there. On the way in, the first one is where everything begins; a
 * later one is a cross-check of what is certain, and heals what a gap or damage made uncertain.
 */
#include "engine/internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

/* Two replays of the same events may hold a time differently where clocks of CPUs differ. */
#define SINCE_TOLERANCE_NS 100000u

static const struct {
	uint16_t task;
	uint16_t snap;
} flag_map[] = {
	{TASK_IOWAIT, SNAPF_IOWAIT},
	{TASK_GROUP_DEAD, SNAPF_GROUP_DEAD},
	{TASK_SINCE_APPROX, SNAPF_SINCE_APPROX},
	{TASK_INFERRED, SNAPF_INFERRED},
	{TASK_GAP, SNAPF_GAP},
	{TASK_ZOMBIE_SURE, SNAPF_ZOMBIE_SURE},
	{TASK_EXITED, SNAPF_EXITED},
	{TASK_IN_WAIT, SNAPF_IN_WAIT},
	{TASK_HIDDEN, SNAPF_HIDDEN},
};

#define NFLAGS (sizeof(flag_map) / sizeof(flag_map[0]))

/* ---- out ---- */

void checkpoints_free(struct engine *e)
{
	free(e->out_tasks);
	free(e->out_cpus);
	free(e->out_names);
}

static void task_out(const struct engine *e, const struct etask *y, uint64_t ts,
		     struct task_snapshot *s)
{
	uint64_t h0, h1;

	*s = (struct task_snapshot){
		.info = y->t.info,
		.state = y->t.raw_state & UINT16_MAX,
		.cpu = y->t.cpu,
		.run_state = y->t.state,
		.cause = y->t.state == TS_RUNNABLE ? y->t.cause : 0,
		.syscall = y->t.syscall,
		.waker = y->t.waker,
		.exit_code = y->t.exit_code,
		.since_ns = y->t.since_ns,
		.waking_ns = y->t.waking_ns,
	};
	for (size_t i = 0; i < NFLAGS; i++)
		if (y->t.flags & flag_map[i].task)
			s->flags |= flag_map[i].snap;
	if (s->waking_ns && y->t.flags & TASK_WOKEN_BY_IRQ)
		s->flags |= SNAPF_WOKEN_BY_IRQ;
	if (s->waking_ns && !(y->t.flags & TASK_WAKER_UNSURE))
		s->flags |= SNAPF_WAKER_SURE;
	if (y->t.flags & TASK_STACK) {
		s->kernel_stack = y->kernel_stack;
		s->user_stack = y->user_stack;
	}
	if (y->t.flags & TASK_IN_WAIT)
		s->exit_code = y->wait_pid;
	/* Whether it is the last of its process may be lost in a gap since. */
	if (y->t.state == TS_RUN && e->gaps.last_ns >= y->t.exited_ns)
		s->flags &= ~(uint32_t)SNAPF_EXITED;
	if (y->t.flags & TASK_WOKEN_EARLY ||
	    (y->t.state == TS_RUN && y->wake_ns && y->wake_ns >= y->t.waking_ns &&
	     y->wake_ns + EARLY_WAKE_NS >= ts)) {
		s->flags |= SNAPF_EARLY_WAKE;
		s->waker = y->wake_waker;
	}
	if (y->tree)
		s->flags |= SNAPF_TREE;
	if (y->t.state == TS_RUN)
		s->flags |= SNAPF_ON_CPU;
	else if (uncertain(e, y, ts, &h0, &h1))
		s->flags |= SNAPF_UNCERTAIN | (e->hides ? SNAPF_HIDDEN : 0u);
	else if ((state_is_blocked((enum task_state)y->t.state) || y->t.state == TS_NEW) &&
		 cpus_have_hidden(e, y->t.since_ns, ts))
		s->flags |= SNAPF_HIDDEN;
	if (y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE)
		s->state |= RAW_EXIT_ZOMBIE << 16;
	else if (y->t.flags & TASK_REAPED)
		s->state |= RAW_EXIT_DEAD << 16;
}

static bool name_out(struct engine *e, uint8_t kind, uint64_t id, uint32_t *n)
{
	struct name *name = names_find(e, kind, id);

	if (!name || name->mark == e->mark)
		return true;
	if (!ARRAY_ROOM(e->out_names, e->out_names_cap, *n))
		return false;
	name->mark = e->mark;
	e->out_names[(*n)++] = (struct name_info){.id = id, .kind = kind, .name = name->name};
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct name_info *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Devices and interrupts are few: all that have a name, used or not. */
static bool devices_out(struct engine *e, uint32_t *n)
{
	const uint32_t first = *n;

	for (uint32_t i = 0; i < e->names_cap; i++) {
		const struct name *name = &e->names[i];

		if (name->name && (name->kind == NAME_DEVICE || name->kind == NAME_IRQ) &&
		    !name_out(e, name->kind, name->id, n))
			return false;
	}
	if (*n > first) /* the table has them in an order that is another one each time */
		qsort(e->out_names + first, *n - first, sizeof(*e->out_names), by_id);
	return true;
}

static uint32_t cpus_out(struct engine *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->ncpus; i++) {
		const struct cpu *c = &e->cpus[i];
		bool gap = c->state == CS_GAP;

		if (gap && c->known_ns == KNOWN_NEVER)
			continue;
		e->out_cpus[n++] = (struct cpu_snapshot){
			.cpu = (uint16_t)i,
			.uncertain = gap,
			.left_out = c->left_out,
			.tid = gap ? TID_OTHER : c->cur_tid,
			.since_ns = gap ? c->known_ns : c->since_ns,
			.lost = c->lost,
		};
	}
	return n;
}

int engine_checkpoint(struct engine *e, uint64_t ts, struct checkpoint *out, struct err *err)
{
	uint32_t pos = 0, n = 0, nnames = 0;
	const struct etask *y;

	if (!e->out_cpus)
		e->out_cpus = calloc(e->ncpus, sizeof(*e->out_cpus));
	if (!e->out_cpus)
		goto nomem;
	e->mark++;
	while ((y = task_next(e, &pos))) {
		if (!ARRAY_ROOM(e->out_tasks, e->out_tasks_cap, n))
			goto nomem;
		task_out(e, y, ts, &e->out_tasks[n++]);
		if (!name_out(e, NAME_USER, y->t.info.uid, &nnames) ||
		    !name_out(e, NAME_CGROUP, y->t.info.cgroup_id, &nnames))
			goto nomem;
	}
	if (!devices_out(e, &nnames))
		goto nomem;
	*out = (struct checkpoint){
		.ts = ts,
		.tasks = e->out_tasks,
		.ntasks = n,
		.cpus = e->out_cpus,
		.ncpus = cpus_out(e),
	};
	if (!requests_out(e, out) || !accounts_out(e, out) || !sockets_out(e, out) ||
	    !metrics_out(e, out))
		goto nomem;
	for (uint32_t i = 0; i < out->nrequests; i++)
		if (!name_out(e, NAME_CGROUP, out->requests[i].io.cgroup_id, &nnames))
			goto nomem;
	for (uint32_t i = 0; i < out->nmetrics; i++)
		if (!name_out(e, NAME_METRIC, out->metrics[i].metric, &nnames))
			goto nomem;
	out->names = e->out_names;
	out->nnames = nnames;
	return 0;
nomem:
	return err_set(err, -ENOMEM, "no memory for a checkpoint of %u tasks", n);
}

/* ---- in ---- */

/* What a snapshot says beyond the state itself. */
static void load_details(struct engine *e, struct etask *y, const struct task_snapshot *s,
			 uint64_t t)
{
	y->t.raw_state = s->state & UINT16_MAX;
	y->t.syscall = s->syscall;
	y->t.waker = s->waker;
	y->t.waking_ns = earlier(s->waking_ns, t);
	y->t.flags &= (uint16_t) ~(TASK_WOKEN_BY_IRQ | TASK_WAKER_UNSURE);
	y->t.flags |= s->flags & SNAPF_WOKEN_BY_IRQ ? TASK_WOKEN_BY_IRQ : 0;
	y->t.flags |= s->flags & SNAPF_WAKER_SURE ? 0 : TASK_WAKER_UNSURE;
	y->t.cause = s->run_state == TS_RUNNABLE ? s->cause : RC_NONE;
	for (size_t i = 0; i < NFLAGS; i++)
		if (s->flags & flag_map[i].snap)
			y->t.flags |= flag_map[i].task;
	if (s->kernel_stack || s->user_stack) {
		y->kernel_stack = s->kernel_stack;
		y->user_stack = s->user_stack;
		y->t.flags |= TASK_STACK;
	}
	if (s->flags & SNAPF_IN_WAIT)
		y->wait_pid = s->exit_code;
	else
		y->t.exit_code = s->exit_code;
	if (s->flags & SNAPF_EXITED)
		y->t.exited_ns = t;
	if ((s->state >> 16) & RAW_EXIT_DEAD)
		y->t.flags |= TASK_REAPED;
	y->wake_ns = 0;
	if (s->flags & SNAPF_EARLY_WAKE) {
		y->wake_ns = s->waking_ns ? y->t.waking_ns : t;
		y->wake_waker = s->waker;
		if (state_is_blocked((enum task_state)s->run_state))
			y->t.flags |= TASK_WOKEN_EARLY;
	}
	if (!s->since_ns)
		y->t.flags |= TASK_SINCE_APPROX;
	task_leave_zombies(e, y);
	if (y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE)
		task_enter_zombies(e, y);
}

static bool says_nothing(const struct task_snapshot *s)
{
	return s->flags & SNAPF_UNCERTAIN || s->run_state == TS_UNKNOWN ||
	       s->run_state >= TS_COUNT || s->run_state == TS_DEAD;
}

/* Off-CPU states only; who runs comes with the CPUs. */
static void load_state(struct engine *e, struct etask *y, const struct task_snapshot *s,
		       uint64_t since, uint64_t t)
{
	enter(e, y, (enum task_state)s->run_state, s->cpu, since ? earlier(since, t) : t);
	y->clean_ns = t;
	load_details(e, y, s, t);
}

static void task_new(struct engine *e, const struct task_snapshot *s, uint64_t t)
{
	struct etask *y = task_create(e, s->info.tid, t);

	if (!y)
		return;
	y->mark = e->mark;
	y->t.info = s->info;
	if (s->info.tgid)
		y->t.flags &= (uint16_t)~TASK_UNNAMED;
	y->t.cpu = s->cpu;
	if (e->some_cpus && is_elsewhere(e, s->cpu))
		y->sure_ns = KNOWN_NEVER;
	y->t.exit_code = s->flags & SNAPF_IN_WAIT ? 0 : s->exit_code;
	if (!says_nothing(s) && s->run_state != TS_RUN) {
		load_state(e, y, s, s->since_ns, t);
		y->t.seen_ns = y->t.since_ns;
	} else if (state_is_blocked((enum task_state)s->run_state)) {
		y->claim_ns = s->since_ns;
	}
	if (s->flags & SNAPF_GROUP_DEAD)
		y->t.flags |= TASK_GROUP_DEAD;
}

static void cross_check(struct engine *e, const struct etask *y, const struct task_snapshot *s)
{
	uint64_t a = y->t.since_ns, b = s->since_ns;

	if (says_nothing(s))
		return;
	if (y->t.state != s->run_state || (a > b ? a - b : b - a) > SINCE_TOLERANCE_NS)
		e->counts.checkpoint_diffs++;
}

static void task_in(struct engine *e, const struct task_snapshot *s, uint64_t t)
{
	struct etask *y = task_find(e, s->info.tid);
	uint64_t h0, h1, since;

	e->hides |= (s->flags & SNAPF_HIDDEN) != 0;
	if (y && y->t.info.start_ns != s->info.start_ns && !(y->t.flags & TASK_UNNAMED)) {
		if (y->t.state == TS_RUN || !uncertain(e, y, t, &h0, &h1)) {
			e->counts.checkpoint_diffs++;
			y->mark = e->mark;
			return;
		}
		life_gone(e, y, t, REAP_REUSE, 0, true);
		y = NULL;
	}
	if (!y) {
		task_new(e, s, t);
		return;
	}
	y->mark = e->mark;
	if (y->t.flags & TASK_UNNAMED && s->info.tgid) {
		struct task_info before = y->t.info;

		y->t.info = s->info;
		y->t.flags &= (uint16_t)~TASK_UNNAMED;
		task_move_zombie(e, y);
		tell_changed(e, y, &before);
	}
	if (y->t.state == TS_RUN || !uncertain(e, y, t, &h0, &h1)) {
		cross_check(e, y, s);
		return;
	}
	if (says_nothing(s) || s->run_state == TS_RUN)
		return;
	if (s->run_state == y->t.state && s->since_ns <= h0) {
		y->clean_ns = t; /* no gap changed anything */
		if (s->flags & SNAPF_HIDDEN)
			y->t.flags |= TASK_HIDDEN;
		return;
	}
	if (y->t.state == TS_UNKNOWN && y->t.seen_ns >= y->t.since_ns &&
	    state_is_blocked((enum task_state)s->run_state) && s->since_ns &&
	    s->since_ns <= y->t.since_ns) { /* it has slept all the while */
		load_state(e, y, s, s->since_ns, t);
		y->t.seen_ns = earlier(y->t.seen_ns, s->since_ns);
		return;
	}
	since = s->since_ns > h0 ? earlier(s->since_ns, t) : h0;
	emit_split(e, y, h0, since);
	load_state(e, y, s, since, t);
}

static void tasks_in(struct engine *e, const struct checkpoint *cp, uint64_t t)
{
	for (uint32_t i = 0; i < cp->ntasks; i++) {
		struct etask *y;

		task_in(e, &cp->tasks[i], t);
		y = task_find(e, cp->tasks[i].info.tid);
		if (!y)
			continue;
		y->snapshot = i;
		if (y->t.info.start_ns == cp->tasks[i].info.start_ns)
			y->tree = cp->tasks[i].flags & SNAPF_TREE;
	}
}

/* y has run on c since `since`, says the checkpoint. */
static void running_in(struct engine *e, struct cpu *c, struct etask *y, uint64_t since, uint64_t t,
		       const struct task_snapshot *s)
{
	uint64_t h0, h1;

	if (!uncertain(e, y, t, &h0, &h1))
		return; /* the events say otherwise */
	if (y->t.seen_ns < t) {
		if (since < h0)
			since = h0;
		emit_split(e, y, h0, since);
	} else {
		y->t.seen_ns = since;
	}
	enter(e, y, TS_RUN, c->id, since);
	if (s)
		load_details(e, y, s, t);
}

static void cpu_in(struct engine *e, const struct cpu_snapshot *s, const struct checkpoint *cp,
		   uint64_t t)
{
	struct cpu *c = cpu_at(e, s->cpu);
	struct etask *y = NULL;
	uint64_t since = s->since_ns ? s->since_ns : t;

	if (!c) {
		e->counts.ignored++;
		return;
	}
	if (c->lost < s->lost)
		c->lost = s->lost;
	if (c->state != CS_GAP) {
		e->counts.checkpoint_diffs += !s->uncertain && c->cur_tid != s->tid;
		return;
	}
	if (s->uncertain) {
		/* What is before the beginning is not told anyway: a task may be known from there. */
		if (!e->loaded && since < t)
			since = t;
		if (c->known_ns == KNOWN_NEVER || c->known_ns < since)
			c->known_ns = since;
		/* A gap that is not over, or that may have swallowed an early wake-up. */
		if (s->since_ns + EARLY_WAKE_NS > t)
			gaps_add(&e->gaps, s->since_ns < t ? s->since_ns : t, s->since_ns);
		return;
	}
	if (c->known_ns != KNOWN_NEVER && c->known_ns >= t)
		return; /* inside a gap of this CPU: what comes next may be lost */
	since = earlier(since, t);
	if (s->tid && s->tid != TID_OTHER) {
		y = task_find(e, s->tid);
		if (!y || y->t.state == TS_RUN)
			return;
		running_in(e, c, y, since, t, y->mark == e->mark ? &cp->tasks[y->snapshot] : NULL);
		if (y->t.state != TS_RUN)
			return;
		since = y->t.since_ns;
	}
	if (since < c->since_ns)
		since = c->since_ns;
	emit_cpu(e, c, since, IVF_GAP);
	cpu_stop_hiding(e, c, since);
	e->filtered |= s->tid == TID_OTHER;
	cpu_set(c, s->tid, y, since);
	e->nuncertain--;
}

/* Tasks that the checkpoint does not have went during a gap. */
static void sweep(struct engine *e, uint64_t t)
{
	uint32_t pos = 0;
	uint64_t h0, h1;
	struct etask *y;

	while ((y = task_next(e, &pos))) {
		if (y->mark == e->mark)
			continue;
		if (y->t.state != TS_RUN && uncertain(e, y, t, &h0, &h1))
			life_gone(e, y, t, REAP_FREE, 0, true);
		else
			e->counts.checkpoint_diffs++;
	}
}

void checkpoint_in(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct checkpoint *cp = ev->ext;

	e->mark++;
	for (uint32_t i = 0; i < cp->ncpus; i++)
		if (cp->cpus[i].left_out)
			engine_leave_out(e, cp->cpus[i].cpu);
	for (uint32_t i = 0; i < cp->nnames; i++)
		names_set(e, &cp->names[i]);
	tasks_in(e, cp, t);
	for (uint32_t i = 0; i < cp->ncpus; i++)
		cpu_in(e, &cp->cpus[i], cp, t);
	requests_in(e, cp, t);
	accounts_in(e, cp, t);
	sockets_in(e, cp, t);
	metrics_in(e, cp, t);
	sweep(e, t);
	if (e->loaded)
		return;
	e->loaded = true;
	for (uint32_t i = 0; i < e->ncpus; i++) {
		struct cpu *c = &e->cpus[i];

		if (c->state == CS_GAP && c->known_ns == KNOWN_NEVER && !c->absent) {
			c->absent = true;
			e->nuncertain--;
		}
	}
}
