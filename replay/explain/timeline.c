// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline: collecting. timeline_index.c makes it ready for look-ups. */
#include "replay/explain/timeline.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a task of the engine, by its id. */
struct seen {
	uint32_t actor; /* + 1, 0 none */
	uint32_t last; /* its last blocked stretch + 1 */
	uint16_t waking_cpu, waking_flags; /* of its last sched_waking, ST_*: 0 by a task */
};

struct timeline_maker {
	struct timeline *t; /* NULL when it is made */
	struct engine *engine;
	struct sink sink, forget; /* forget: comes after the reasons */
	struct reasons *reasons;
	struct stacks stacks;
	struct timeline_windows windows;
	uint64_t from_ns, end_ns;
	uint32_t limit;
	uint32_t stretches_room, actors_room, ios_room, traffic_room, wires_room;
	struct seen *seen;
	uint32_t seen_room;
	uint32_t *wire_of; /* by socket id, + 1 */
	uint32_t wire_room;
	bool failed;
};

static struct timeline_maker *maker_of(struct sink *s)
{
	return (struct timeline_maker *)((char *)s - offsetof(struct timeline_maker, sink));
}

/* Room for one more of *n. False: no memory, or enough of them. */
static bool room_for(struct timeline_maker *m, void *listp, uint32_t n, uint32_t *room, size_t size)
{
	void **list = listp, *more;
	uint32_t want;

	if (__builtin_expect(n < *room, 1))
		return true;
	if (n >= m->limit) {
		m->t->full = true;
		return false;
	}
	want = *room ? *room + *room / 2 : 256;
	if (want > m->limit)
		want = m->limit;
	more = reallocarray(*list, want, size);
	if (!more) {
		m->failed = true;
		return false;
	}
	*list = more;
	*room = want;
	return true;
}

/* Some of [from, to], `tail` beyond the end of a window included, is in one of the windows. */
static bool inside(const struct span *windows, size_t n, uint64_t from, uint64_t to, uint64_t tail)
{
	size_t lo = 0, hi = n;

	while (lo < hi) { /* the first window that ends at or after `from` */
		size_t mid = (lo + hi) / 2;

		if (windows[mid].to_ns + tail < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && windows[lo].from_ns <= to;
}

static bool in_cpus(const struct timeline_maker *m, uint64_t from, uint64_t to)
{
	return inside(m->windows.cpus, m->windows.ncpus, from, to, 0);
}

static bool in_tasks(const struct timeline_maker *m, uint64_t from, uint64_t to)
{
	return inside(m->windows.tasks, m->windows.ntasks, from, to, TIMELINE_TAIL_NS);
}

static struct seen *seen_of(struct timeline_maker *m, const struct task *task)
{
	uint32_t room = m->seen_room ? m->seen_room : 256;
	struct seen *list;

	if (__builtin_expect(task->id < m->seen_room, 1))
		return &m->seen[task->id];
	while (room <= task->id)
		room *= 2;
	list = reallocarray(m->seen, room, sizeof(*list));
	if (!list) {
		m->failed = true;
		return NULL;
	}
	memset(list + m->seen_room, 0, (room - m->seen_room) * sizeof(*list));
	m->seen = list;
	m->seen_room = room;
	return &m->seen[task->id];
}

static uint32_t new_actor(struct timeline_maker *m, const struct task *task, uint32_t tid)
{
	struct actor *a;

	if (!room_for(m, &m->t->actors, m->t->nactors, &m->actors_room, sizeof(*a)))
		return WHO_NOBODY;
	a = &m->t->actors[m->t->nactors];
	*a = (struct actor){.tid = tid, .forker = WHO_NOBODY};
	if (task) {
		a->tgid = task->info.tgid;
		a->forked_ns = task->forked_ns;
		a->kthread = task->info.flags & TASKF_KTHREAD;
		memcpy(a->comm, task->info.comm, TASK_COMM_LEN);
	}
	return m->t->nactors++;
}

/* The actor that a task of the engine is. */
static uint32_t actor_of(struct timeline_maker *m, const struct task *task)
{
	struct seen *seen = seen_of(m, task);

	if (!seen)
		return WHO_NOBODY;
	if (!seen->actor) {
		uint32_t id = new_actor(m, task, task->info.tid);

		if (id == WHO_NOBODY)
			return id;
		seen->actor = id + 1;
	}
	return seen->actor - 1;
}

/* The actor that has this TID now. */
static uint32_t actor_of_tid(struct timeline_maker *m, uint32_t tid)
{
	const struct task *task;

	if (!tid)
		return WHO_NOBODY;
	if (tid == TID_OTHER)
		return WHO_FILTERED;
	task = engine_task(m->engine, tid);
	return task ? actor_of(m, task) : new_actor(m, NULL, tid);
}

/* -- tasks and CPUs -- */

static struct stretch *add_stretch(struct timeline_maker *m, uint32_t who)
{
	struct timeline *t = m->t;

	if (who == WHO_NOBODY ||
	    !room_for(m, &t->stretches, t->nstretches, &m->stretches_room, sizeof(*t->stretches)))
		return NULL;
	t->stretches[t->nstretches].who = who;
	return &t->stretches[t->nstretches++];
}

/* The system call fits: numbers are below 1024 everywhere. */
static int16_t small_syscall(int32_t number)
{
	return number >= SYSCALL_UNKNOWN && number <= INT16_MAX ? (int16_t)number : SYSCALL_UNKNOWN;
}

static bool keep_interval(const struct timeline_maker *m, const struct interval *iv)
{
	if (in_tasks(m, iv->from_ns, iv->to_ns))
		return true;
	return iv->state == TS_RUNNABLE && iv->to_ns - iv->from_ns >= m->windows.long_ns &&
	       in_cpus(m, iv->from_ns, iv->to_ns);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct timeline_maker *m = maker_of(s);
	bool blocked = state_is_blocked(iv->state);
	struct stretch *st;
	struct seen *seen;
	uint32_t who;

	if (iv->from_ns == iv->to_ns || !keep_interval(m, iv))
		return;
	who = actor_of(m, iv->task);
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
		.why = (uint8_t)iv->cause,
	};
	if (!blocked)
		return;
	who = actor_of_tid(m, iv->waker); /* may move them, but not the stretches */
	st->waker = who;
	st->cpu = CPU_NONE;
	if (!(iv->flags & (IVF_OPEN | IVF_CLIPPED_END | IVF_GAP)) &&
	    iv->task->waking_ns >= iv->from_ns && iv->task->waking_ns < iv->to_ns &&
	    iv->to_ns - iv->task->waking_ns <= UINT32_MAX)
		st->called_ns = (uint32_t)(iv->to_ns - iv->task->waking_ns);
	seen = &m->seen[iv->task->id];
	seen->last = m->t->nstretches;
	if (!iv->waker && seen->waking_flags) {
		st->cpu = seen->waking_cpu;
		st->flags |= seen->waking_flags;
	}
	seen->waking_flags = 0;
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct timeline_maker *m = maker_of(s);
	uint32_t who = WHO_IDLE;
	struct cpu_line *line;

	if (iv->cpu >= m->t->ncpus || !in_cpus(m, iv->from_ns, iv->to_ns))
		return;
	if (iv->state == CS_RUN)
		who = iv->task ? actor_of(m, iv->task) : WHO_UNKNOWN;
	else if (iv->state == CS_GAP)
		who = WHO_UNKNOWN;
	else if (iv->state == CS_OTHER)
		who = WHO_FILTERED;
	line = &m->t->cpus[iv->cpu];
	if (room_for(m, &line->list, line->n, &line->room, sizeof(*line->list)))
		line->list[line->n++] = (struct slice){iv->from_ns, iv->to_ns, who};
}

/* A reason comes when it is sure: at the end of the stretch or some time later. */
static void on_reason(void *ctx, const struct interval *iv, const struct wait_verdict *verdict)
{
	struct timeline_maker *m = ctx;
	const struct seen *seen = iv->task->id < m->seen_room ? &m->seen[iv->task->id] : NULL;
	struct stretch *st;

	if (!seen || !seen->last)
		return;
	st = &m->t->stretches[seen->last - 1];
	if (st->from_ns != iv->from_ns || st->to_ns != iv->to_ns)
		return;
	st->why = (uint8_t)verdict->reason;
	st->flags |= ST_REASONED;
}

/* -- events -- */

static void note_waking(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	struct seen *seen = seen_of(m, task);

	if (!seen)
		return;
	seen->waking_cpu = ev->cpu;
	seen->waking_flags = (ev->flags & EVF_CTX_HARDIRQ ? ST_HARDIRQ : 0) |
			     (ev->flags & EVF_CTX_SOFTIRQ ? ST_SOFTIRQ : 0);
	if (!seen->waking_flags && !ev->peer)
		seen->waking_flags = ST_BY_IDLE;
}

static void note_move(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	struct stretch *st;
	uint32_t who;

	if (task->state != TS_RUNNABLE || !in_cpus(m, ev->ts, ev->ts))
		return;
	who = actor_of(m, task);
	st = add_stretch(m, who);
	if (st)
		*st = (struct stretch){
			.from_ns = ev->ts,
			.to_ns = ev->ts,
			.who = who,
			.waker = WHO_NOBODY,
			.cpu = ev->aux,
			.state = STRETCH_MOVED,
		};
}

static void note_fork(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	uint32_t child, parent;

	if (!in_tasks(m, ev->ts, ev->ts))
		return;
	parent = actor_of_tid(m, ev->peer);
	child = actor_of(m, task);
	if (child == WHO_NOBODY)
		return;
	m->t->actors[child].forker = parent;
	m->t->actors[child].forked_ns = ev->ts;
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct timeline_maker *m = maker_of(s);

	if (ev->kind == EV_IO_DONE) {
		struct io_line *io = m->t->nios ? &m->t->ios[m->t->nios - 1] : NULL;

		/* The engine told the request just before. */
		if (io && io->cpu == CPU_NONE && io->done_ns == ev->ts)
			io->cpu = ev->cpu;
		return;
	}
	if (!task)
		return;
	switch (ev->kind) {
	case EV_WAKING: note_waking(m, ev, task); break;
	case EV_MIGRATE: note_move(m, ev, task); break;
	case EV_FORK: note_fork(m, ev, task); break;
	default: break;
	}
}

static void on_request(struct sink *s, const struct request *rq)
{
	struct timeline_maker *m = maker_of(s);
	uint64_t since = rq->queued_ns ? rq->queued_ns : rq->issued_ns;
	struct io_line *io;

	if (rq->flags & (RQF_NO_END | RQF_ABSORBED) || !rq->done_ns ||
	    !in_tasks(m, since ? since : rq->done_ns, rq->done_ns) ||
	    !room_for(m, &m->t->ios, m->t->nios, &m->ios_room, sizeof(*io)))
		return;
	io = &m->t->ios[m->t->nios++];
	*io = (struct io_line){
		.queued_ns = rq->queued_ns,
		.issued_ns = rq->issued_ns,
		.done_ns = rq->done_ns,
		.sector = rq->sector,
		.bytes = rq->bytes,
		.dev = rq->dev,
		.op = rq->op,
		.cpu = CPU_NONE,
		.open = rq->flags & RQF_OPEN,
	};
	for (uint32_t i = 0; i < IO_MAKERS; i++) {
		const struct task *task = i < rq->nshares ? rq->shares[i].task : NULL;

		m->t->ios[m->t->nios - 1].makers[i] = task ? actor_of(m, task) : WHO_NOBODY;
	}
}

static uint32_t wire_of(struct timeline_maker *m, const struct socket *socket)
{
	uint32_t room = m->wire_room ? m->wire_room : 256, *more;
	struct timeline *t = m->t;

	while (room <= socket->id)
		room *= 2;
	if (room != m->wire_room) {
		more = reallocarray(m->wire_of, room, sizeof(*more));
		if (!more) {
			m->failed = true;
			return UINT32_MAX;
		}
		memset(more + m->wire_room, 0, (room - m->wire_room) * sizeof(*more));
		m->wire_of = more;
		m->wire_room = room;
	}
	if (!m->wire_of[socket->id]) {
		if (!room_for(m, &t->wires, t->nwires, &m->wires_room, sizeof(*t->wires)))
			return UINT32_MAX;
		t->wires[t->nwires++].peer = UINT32_MAX;
		m->wire_of[socket->id] = t->nwires;
	}
	t->wires[m->wire_of[socket->id] - 1].info = socket->info;
	return m->wire_of[socket->id] - 1;
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	struct timeline_maker *m = maker_of(s);
	uint64_t first = se->kind == SE_TRAFFIC ? se->first_ns : se->ts;
	uint32_t wire, who;

	if ((se->kind != SE_TRAFFIC && se->kind != SE_STATE) || !se->task ||
	    !in_tasks(m, first < se->ts ? first : se->ts, se->ts))
		return;
	wire = wire_of(m, se->socket);
	who = actor_of(m, se->task);
	if (wire == UINT32_MAX || who == WHO_NOBODY ||
	    !room_for(m, &m->t->traffic, m->t->ntraffic, &m->traffic_room, sizeof(struct traffic)))
		return;
	m->t->traffic[m->t->ntraffic++] = (struct traffic){
		.ts = se->ts,
		.first_ns = first,
		.who = who,
		.wire = wire,
		.cpu = se->cpu,
		.sent = se->kind == SE_TRAFFIC && se->tx_calls,
		.received = se->kind == SE_TRAFFIC && se->rx_calls,
		.state = se->kind == SE_STATE,
	};
}

static void on_socket_gone(struct sink *s, const struct socket *socket)
{
	struct timeline_maker *m = maker_of(s);

	if (socket->id < m->wire_room)
		m->wire_of[socket->id] = 0;
}

static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	struct timeline_maker *m = maker_of(s);
	uint32_t id = task->id < m->seen_room ? m->seen[task->id].actor : 0;

	(void)before;
	if (!id)
		return;
	memcpy(m->t->actors[id - 1].comm, task->info.comm, TASK_COMM_LEN);
	m->t->actors[id - 1].tid = task->info.tid; /* an exec by another thread than the leader */
	m->t->actors[id - 1].tgid = task->info.tgid;
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct timeline_maker *m =
		(struct timeline_maker *)((char *)s - offsetof(struct timeline_maker, forget));

	if (task->id < m->seen_room)
		m->seen[task->id] = (struct seen){0};
}

/* -- the whole -- */

static int set_up(struct timeline_maker *m, const struct meta *meta, uint32_t cpu_limit,
		  struct err *err)
{
	int rc = engine_new(&m->engine, cpu_limit, m->from_ns, m->end_ns, err);

	if (rc)
		return rc;
	if (meta->filtered)
		engine_filtered(m->engine);
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
	m->forget.task_gone = on_gone;
	rc = reasons_new(&m->reasons, meta->arch, &m->stacks, on_reason, m, err);
	if (!rc)
		rc = engine_add_sink(m->engine, &m->sink, err);
	if (!rc)
		rc = engine_add_sink(m->engine, reasons_sink(m->reasons), err);
	return rc ? rc : engine_add_sink(m->engine, &m->forget, err);
}

int timeline_new(struct timeline **out, const struct timeline_windows *windows, uint64_t end_ns,
		 const struct meta *meta, uint32_t cpu_limit, uint32_t limit, struct err *err)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct timeline_maker *m = calloc(1, sizeof(*m));
	uint64_t last = windows->ncpus ? windows->cpus[windows->ncpus - 1].to_ns : 0;
	int rc;

	if (t)
		t->cpus = calloc(cpu_limit ? cpu_limit : 1, sizeof(*t->cpus));
	if (!t || !m || !t->cpus) {
		if (t)
			free(t->cpus);
		free(t);
		free(m);
		return err_set(err, -ENOMEM, "out of memory");
	}
	t->ncpus = cpu_limit;
	t->maker = m;
	m->t = t;
	m->windows = *windows;
	m->limit = limit ? limit : TIMELINE_LIMIT;
	m->from_ns = windows->ncpus ? windows->cpus[0].from_ns : 0;
	m->end_ns = end_ns - TIMELINE_TAIL_NS > last && end_ns > TIMELINE_TAIL_NS
			    ? last + TIMELINE_TAIL_NS
			    : end_ns;
	rc = set_up(m, meta, cpu_limit, err);
	if (rc) {
		timeline_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

void timeline_free(struct timeline *t)
{
	struct timeline_maker *m = t ? t->maker : NULL;

	if (!t)
		return;
	reasons_free(m->reasons);
	stacks_free(&m->stacks);
	engine_free(m->engine);
	free(m->seen);
	free(m->wire_of);
	free(m);
	timeline_index_free(t);
	for (uint32_t i = 0; i < t->ncpus; i++)
		free(t->cpus[i].list);
	free(t->cpus);
	free(t->actors);
	free(t->stretches);
	free(t->ios);
	free(t->traffic);
	free(t->wires);
	free(t);
}

uint64_t timeline_end(const struct timeline *t)
{
	return t->maker->end_ns;
}

/* What comes after the end has no say in it; see report_apply(). */
int timeline_apply(struct timeline *t, const struct event *events, size_t n, struct err *err)
{
	struct timeline_maker *m = t->maker;
	size_t at = 0, end;
	int rc = 0;

	while (!rc && at < n) {
		for (end = at; end < n && events[end].ts < m->end_ns; end++)
			stacks_event(&m->stacks, &events[end]);
		if (end > at)
			rc = engine_apply(m->engine, events + at, end - at, err);
		for (at = end; at < n && events[at].ts >= m->end_ns; at++)
			stacks_event(&m->stacks, &events[at]);
	}
	if (!rc && m->failed)
		rc = err_set(err, -ENOMEM, "out of memory for what happened in the windows");
	return rc;
}

int timeline_finish(struct timeline *t, uint64_t now_ns, struct err *err)
{
	struct timeline_maker *m = t->maker;
	uint64_t end = now_ns < m->end_ns ? now_ns : m->end_ns;
	int rc = engine_finish(m->engine, end > m->from_ns ? end : m->from_ns, err);

	if (!rc && (m->failed || reasons_failed(m->reasons) || m->stacks.failed))
		rc = err_set(err, -ENOMEM, "out of memory for what happened in the windows");
	return rc ? rc : timeline_index(t, err);
}

const char *timeline_device(const struct timeline *t, uint32_t dev)
{
	return engine_name(t->maker->engine, NAME_DEVICE, dev);
}
