// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/timeline_maker.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct timeline_maker *maker_of(struct sink *s)
{
	return (struct timeline_maker *)((char *)s - offsetof(struct timeline_maker, sink));
}

/* -- tasks and CPUs -- */

static struct stretch *add_stretch(struct timeline_maker *m, uint32_t who)
{
	struct timeline *t = m->t;

	if (who == WHO_NOBODY ||
	    !maker_room(m, &t->stretches, t->nstretches, &m->stretches_room, sizeof(*t->stretches)))
		return NULL;
	t->stretches[t->nstretches].who = who;
	return &t->stretches[t->nstretches++];
}

/* The system call fits: numbers are below 1024 everywhere. */
static int16_t small_syscall(int32_t number)
{
	return number >= SYSCALL_UNKNOWN && number <= INT16_MAX ? (int16_t)number : SYSCALL_UNKNOWN;
}

static uint8_t call_of(const struct timeline_maker *m, int32_t number)
{
	return number >= 0 && (size_t)number < sizeof(m->calls) ? m->calls[number] : CALL_OTHER;
}

static bool keep_interval(const struct timeline_maker *m, const struct interval *iv)
{
	if (maker_in_tasks(m, iv->from_ns, iv->to_ns))
		return true;
	return iv->state == TS_RUNNABLE && iv->to_ns - iv->from_ns >= m->windows.long_ns &&
	       maker_in_cpus(m, iv->from_ns, iv->to_ns);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct timeline_maker *m = maker_of(s);
	bool blocked = state_is_blocked(iv->state);
	struct stretch *st;
	uint32_t who;

	if (iv->from_ns == iv->to_ns || !keep_interval(m, iv))
		return;
	who = maker_actor(m, iv->task);
	st = add_stretch(m, who);
	if (!st)
		return;
	*st = (struct stretch){
		.from_ns = iv->from_ns,
		.to_ns = iv->to_ns,
		.who = who,
		.waker = WHO_NOBODY,
		.cpu = iv->cpu,
		.syscall = small_syscall(iv->syscall),
		.flags = iv->flags,
		.state = (uint8_t)iv->state,
		.why = iv->cause & 0x1f,
	};
	if (!blocked)
		return;
	who = maker_waker(m, iv); /* may move them, but not the stretches */
	st->waker = who;
	st->cpu = CPU_NONE;
	st->call = call_of(m, iv->syscall) & 7u;
	maker_on_woken(m, iv, m->t->nstretches - 1);
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct timeline_maker *m = maker_of(s);
	uint32_t who = WHO_IDLE;
	struct cpu_line *line;

	if (iv->cpu >= m->t->ncpus || !maker_in_cpus(m, iv->from_ns, iv->to_ns))
		return;
	if (iv->state == CS_RUN)
		who = iv->task ? maker_actor(m, iv->task) : WHO_UNKNOWN;
	else if (iv->state == CS_GAP)
		who = WHO_UNKNOWN;
	else if (iv->state == CS_OTHER)
		who = WHO_FILTERED;
	line = &m->t->cpus[iv->cpu];
	if (m->nslices >= m->limit) { /* of all CPUs together */
		m->t->full = true;
		return;
	}
	if (!maker_room(m, &line->list, line->n, &line->room, sizeof(*line->list)))
		return;
	line->list[line->n++] = (struct slice){iv->from_ns, iv->to_ns, who};
	m->nslices++;
}

/* A reason comes when it is sure: at the end of the stretch or some time later. */
static void on_reason(void *ctx, const struct interval *iv, const struct wait_verdict *verdict)
{
	struct timeline_maker *m = ctx;
	const struct seen *seen = maker_has_seen(m, iv->task);
	struct stretch *st;

	if (!seen || !seen->last)
		return;
	st = &m->t->stretches[seen->last - 1];
	if (st->from_ns != iv->from_ns || st->to_ns != iv->to_ns)
		return;
	st->why = verdict->reason & 0x1f;
	st->flags |= ST_REASONED;
}

/* -- events -- */

/* All of them, when some of the wait is in a window: they tell where it was queued then. */
static void note_move(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	struct timeline *t = m->t;
	uint32_t who;

	if (task->state != TS_RUNNABLE || !maker_in_cpus(m, task->since_ns, ev->ts))
		return;
	who = maker_actor(m, task);
	if (who == WHO_NOBODY ||
	    !maker_room(m, &t->moves, t->nmoves, &m->moves_room, sizeof(*t->moves)))
		return;
	t->moves[t->nmoves++] = (struct move){ev->ts, who, ev->aux};
}

static void note_fork(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	uint32_t child, parent;

	if (!maker_in_tasks(m, ev->ts, ev->ts))
		return;
	parent = maker_actor_of_tid(m, ev->peer);
	child = maker_actor(m, task);
	if (child == WHO_NOBODY)
		return;
	m->t->actors[child].forker = parent;
	m->t->actors[child].forked_ns = ev->ts;
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct timeline_maker *m = maker_of(s);

	switch (ev->kind) {
	case EV_IO_DONE: maker_on_io_done(m, ev); return;
	case EV_IRQ: maker_on_irq(m, ev); return;
	case EV_SWITCH: maker_on_switch(m, ev); return;
	case EV_GAP: maker_on_gap(m, ev); return;
	default: break;
	}
	if (!task)
		return;
	switch (ev->kind) {
	case EV_WAKING: maker_on_waking(m, ev, task); break;
	case EV_MIGRATE: note_move(m, ev, task); break;
	case EV_FORK: note_fork(m, ev, task); break;
	default: break;
	}
}

static void on_request(struct sink *s, const struct request *rq)
{
	maker_on_request(maker_of(s), rq);
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	maker_on_socket(maker_of(s), se);
}

static void on_socket_gone(struct sink *s, const struct socket *socket)
{
	maker_on_socket_gone(maker_of(s), socket);
}

static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	struct timeline_maker *m = maker_of(s);
	const struct seen *seen = maker_has_seen(m, task);
	struct actor *a = seen && seen->actor ? &m->t->actors[seen->actor - 1] : NULL;

	(void)before;
	if (!a)
		return;
	memcpy(a->comm, task->info.comm, TASK_COMM_LEN);
	a->tid = task->info.tid; /* an exec by another thread than the leader */
	a->tgid = task->info.tgid;
}

/* -- the whole -- */

static int set_up(struct timeline_maker *m, const struct meta *meta, struct err *err)
{
	struct engine *engine;
	int rc = engine_new(&m->t->engine, m->t->ncpus, m->from_ns, m->end_ns, err);

	if (!rc)
		rc = maker_learn(m, meta, err);
	if (rc)
		return rc;
	engine = m->t->engine;
	m->t->filtered = meta->filtered;
	if (meta->filtered)
		engine_filtered(engine);
	m->sink = (struct sink){
		.interval = on_interval,
		.cpu_interval = on_cpu_interval,
		.event = on_event,
		.kinds = 1u << EV_WAKING | 1u << EV_MIGRATE | 1u << EV_FORK | 1u << EV_IO_DONE,
		.request = on_request,
		.socket = on_socket,
		.socket_gone = on_socket_gone,
		.task_changed = on_changed,
	};
	if (m->wakes)
		m->sink.kinds |= UINT64_C(1) << EV_IRQ | 1u << EV_SWITCH | 1u << EV_GAP;
	rc = reasons_new(&m->reasons, meta->arch, &m->stacks, engine, on_reason, m, err);
	if (!rc)
		rc = engine_add_sink(engine, &m->sink, err);
	return rc ? rc : engine_add_sink(engine, reasons_sink(m->reasons), err);
}

int timeline_maker_new(struct timeline_maker **out, const struct timeline_windows *windows,
		       uint64_t end_ns, const struct meta *meta, uint32_t cpu_limit, uint32_t limit,
		       struct err *err)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct timeline_maker *m = calloc(1, sizeof(*m));
	uint64_t last = windows->ncpus ? windows->cpus[windows->ncpus - 1].to_ns : 0;
	int rc;

	if (t)
		t->cpus = calloc(cpu_limit ? cpu_limit : 1, sizeof(*t->cpus));
	if (!t || !m || !t->cpus) {
		timeline_free(t);
		free(m);
		return err_set(err, -ENOMEM, "out of memory");
	}
	t->ncpus = cpu_limit;
	m->t = t;
	m->windows = *windows;
	m->limit = limit ? limit : TIMELINE_LIMIT;
	m->from_ns = windows->ncpus ? windows->cpus[0].from_ns : 0;
	m->end_ns = end_ns - TIMELINE_TAIL_NS > last && end_ns > TIMELINE_TAIL_NS
			    ? last + TIMELINE_TAIL_NS
			    : end_ns;
	rc = set_up(m, meta, err);
	if (rc) {
		timeline_maker_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void timeline_maker_free(struct timeline_maker *m)
{
	if (!m)
		return;
	timeline_free(m->t);
	reasons_free(m->reasons);
	stacks_free(&m->stacks);
	free(m->seen);
	free(m->strangers);
	free(m->wire_of);
	free(m->wakes);
	free(m);
}

uint64_t timeline_maker_end(const struct timeline_maker *m)
{
	return m->end_ns;
}

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory for what happened in the windows");
}

/* What comes after the end has no say in it; see report_apply(). */
int timeline_maker_apply(struct timeline_maker *m, const struct event *events, size_t n,
			 struct err *err)
{
	size_t at = 0, end;
	int rc = 0;

	while (!rc && at < n) {
		for (end = at; end < n && events[end].ts < m->end_ns; end++)
			stacks_event(&m->stacks, &events[end]);
		if (end > at)
			rc = engine_apply(m->t->engine, events + at, end - at, err);
		for (at = end; at < n && events[at].ts >= m->end_ns; at++)
			stacks_event(&m->stacks, &events[at]);
	}
	return !rc && m->failed ? no_memory(err) : rc;
}

int timeline_maker_finish(struct timeline_maker *m, uint64_t now_ns, struct timeline **out,
			  struct err *err)
{
	uint64_t end = now_ns < m->end_ns ? now_ns : m->end_ns;
	int rc = engine_finish(m->t->engine, end > m->from_ns ? end : m->from_ns, err);

	if (!rc && (m->failed || reasons_failed(m->reasons) || m->stacks.failed))
		rc = no_memory(err);
	if (!rc)
		rc = timeline_index(m->t, err);
	if (rc)
		return rc;
	*out = m->t;
	m->t = NULL;
	return 0;
}
