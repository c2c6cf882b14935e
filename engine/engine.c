// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/internal.h"

int engine_new(struct engine **out, uint32_t ncpus, uint64_t from_ns, uint64_t to_ns,
	       struct err *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	int ret;

	if (!e)
		return err_set(err, -ENOMEM, "no memory for the engine");
	e->ncpus = ncpus;
	e->window_from_ns = e->lo_ns = from_ns;
	e->hi_ns = to_ns;
	e->unsure = 1 << TS_UNKNOWN;
	e->run = (struct interval){.state = TS_RUN, .syscall = SYSCALL_UNKNOWN};
	e->wait = (struct interval){.state = TS_RUNNABLE, .syscall = SYSCALL_UNKNOWN};
	e->sleep = (struct interval){.state = TS_SLEEP};
	ret = cpus_new(e, err);
	if (ret < 0) {
		engine_free(e);
		return ret;
	}
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	tasks_free(e);
	requests_free(e);
	accounts_free(e);
	sockets_free(e);
	metrics_free(e);
	engine_names_free(e);
	checkpoints_free(e);
	free(e->cpus);
	free(e);
}

static void add_to(struct sink_list *sinks, struct sink *sink)
{
	uint32_t n = 0;

	while (sinks->list[n])
		n++;
	sinks->list[n] = sink;
}

int engine_add_sink(struct engine *e, struct sink *sink, struct err *err)
{
	if (e->nsinks == MAX_SINKS)
		return err_set(err, -E2BIG, "the engine cannot feed more than %d sinks", MAX_SINKS);
	e->sinks[e->nsinks++] = sink;
	for (unsigned state = 0; state < TS_COUNT; state++) {
		if (sink->states && !(sink->states >> state & 1))
			continue;
		if (sink->stretch)
			add_to(&e->on_stretch[state], sink);
		else if (sink->interval)
			add_to(&e->on_state[state], sink);
	}
	e->want_other |= sink->interval && sink->other;
	if (sink->cpu_interval)
		add_to(&e->on_cpu, sink);
	if (sink->request)
		add_to(&e->on_request, sink);
	if (sink->account)
		add_to(&e->on_account, sink);
	if (sink->socket)
		add_to(&e->on_socket, sink);
	e->want_depth |= sink->depth != NULL;
	if (sink->event)
		e->want_kinds |= sink->kinds ? sink->kinds : UINT64_MAX;
	return 0;
}

void engine_reaps_exact(struct engine *e)
{
	e->reaps_exact = true;
}

void engine_tree(struct engine *e, uint32_t pid)
{
	e->tree_pid = pid;
}

void engine_leave_out(struct engine *e, uint16_t cpu)
{
	if (cpu < e->ncpus)
		cpu_leave_out(e, &e->cpus[cpu]);
}

void engine_filtered(struct engine *e)
{
	e->filtered = true;
}

static void start(struct engine *e, uint64_t ts)
{
	e->started = true;
	if (e->lo_ns < ts)
		e->lo_ns = ts;
}

/* Those that carry more than numbers, or are rare. */
void apply_rare(struct engine *e, const struct event *ev, uint64_t t)
{
	/* up to EV_GAP; all behind it need one */
	const uint32_t needs_ext = 1u << EV_FORK | 1u << EV_EXEC | 1u << EV_RENAME |
				   1u << EV_CGROUP | 1u << EV_TASK;

	if (!ev->ext && (ev->kind >= EV_GAP || needs_ext >> ev->kind & 1)) {
		e->counts.ignored++;
		return;
	}
	switch (ev->kind) {
	case EV_FORK: life_fork(e, ev, t); break;
	case EV_EXEC: life_exec(e, ev, t); break;
	case EV_EXIT: life_exit(e, ev, t); break;
	case EV_RENAME: life_rename(e, ev, t); break;
	case EV_FREE: life_free(e, ev, t); break;
	case EV_REAP: life_reap(e, ev, t); break;
	case EV_WAIT: life_wait(e, ev, t); break;
	case EV_CGROUP: life_cgroup(e, ev, t); break;
	case EV_TASK: snapshot_task(e, ev, t); break;
	case EV_GAP: cpu_gap(e, ev); break;
	case EV_NAME: names_set(e, ev->ext); break;
	case EV_CHECKPOINT: checkpoint_in(e, ev, t); break;
	case EV_IO_START: request_start(e, ev, t); break;
	case EV_IO_ISSUE: request_issue(e, ev, t); break;
	case EV_IO_DONE: request_done(e, ev, t); break;
	case EV_IO_REQUEUE: request_requeue(e, ev, t); break;
	case EV_IO_MERGE: request_merge(e, ev, t); break;
	case EV_ACCT: account_event(e, ev, t); break;
	case EV_SOCKET: socket_describe(e, ev, t); break;
	case EV_NET: socket_traffic(e, ev, t); break;
	case EV_SOCKET_STATE: socket_state(e, ev, t); break;
	case EV_RETRANSMIT:
	case EV_RESET: socket_trouble(e, ev, t); break;
	case EV_FRAMES:
	case EV_COUNTERS:
	case EV_IRQ: break; /* of no task's state: sinks take them as they are */
	case EV_SAMPLE: metric_event(e, ev, t); break;
	default: e->counts.ignored++; break;
	}
}

void tell_event(struct engine *e, const struct event *ev)
{
	const struct etask *y;

	if (ev->ts < e->lo_ns || ev->ts >= e->hi_ns)
		return;
	y = task_find(e, ev->tid);
	for (uint32_t i = 0; i < e->nsinks; i++)
		if (e->sinks[i]->event &&
		    (!e->sinks[i]->kinds || e->sinks[i]->kinds >> (ev->kind & 63) & 1))
			e->sinks[i]->event(e->sinks[i], ev, y ? &y->t : NULL);
}

int engine_apply(struct engine *e, const struct event *events, size_t n, struct err *err)
{
	if (n && !e->started)
		start(e, events[0].ts);
	sched_events(e, events, n);
	if (unlikely(e->oom))
		return err_set(err, -ENOMEM, "no memory for the state of another task");
	e->counts.events += n;
	return 0;
}

static void finish_task(struct engine *e, struct etask *y, uint64_t end)
{
	uint64_t h0 = end, h1;

	if (y->t.since_ns > end)
		return;
	if (y->t.state == TS_RUN ||
	    (!uncertain(e, y, end, &h0, &h1) && !(y->t.flags & TASK_WOKEN_EARLY))) {
		emit_current(e, y, y->t.since_ns, end, IVF_OPEN);
		return;
	}
	/* Nothing closes it: what it was since the gap is not known either. */
	if (y->t.flags & TASK_WOKEN_EARLY || y->t.state == TS_UNKNOWN)
		h0 = y->t.since_ns;
	else if (h0 > y->t.since_ns)
		emit_current(e, y, y->t.since_ns, h0, IVF_GAP);
	enter(e, y, TS_UNKNOWN, y->t.cpu, h0);
	emit_current(e, y, h0, end, IVF_OPEN | IVF_GAP);
}

int engine_finish(struct engine *e, uint64_t now_ns, struct err *err)
{
	uint64_t end = now_ns > e->now_ns ? now_ns : e->now_ns;
	struct etask *y;
	uint32_t pos = 0;

	e->now_ns = end;
	if (end > e->hi_ns)
		end = e->hi_ns;
	for (uint32_t i = 0; i < e->ncpus; i++) {
		struct cpu *c = &e->cpus[i];

		if (c->state == CS_GAP && c->known_ns == KNOWN_NEVER)
			continue; /* nothing was ever heard of it */
		emit_cpu(e, c, end, IVF_OPEN);
		if (e->want_depth)
			emit_depth(e, c, end);
	}
	requests_finish(e, end);
	sockets_finish(e);
	while ((y = task_next(e, &pos)))
		finish_task(e, y, end);
	for (uint32_t i = 0; i < e->ncpus; i++) {
		e->cpus[i].cur = NULL;
		e->cpus[i].state = CS_GAP;
		e->cpus[i].depth_since_ns = UINT64_MAX;
	}
	pos = 0;
	while ((y = task_next(e, &pos)))
		task_remove(e, y, false);
	if (e->oom)
		return err_set(err, -ENOMEM, "no memory to end the replay");
	return 0;
}

const struct task *engine_task(const struct engine *e, uint32_t tid)
{
	const struct etask *y = task_find(e, tid);

	return y ? &y->t : NULL;
}

const struct task *engine_task_lately(const struct engine *e, uint32_t tid)
{
	const struct etask *y = task_find(e, tid);

	if (!y)
		y = task_find_gone(e, tid);
	return y ? &y->t : NULL;
}

const struct task *engine_waker(const struct engine *e, const struct interval *iv)
{
	uint64_t made_ns = iv->task->waking_ns ? iv->task->waking_ns : iv->end_ns;
	const struct etask *y = iv->waker ? task_find(e, iv->waker) : NULL;

	if (iv->waker && (!y || y->t.forked_ns > made_ns))
		y = task_find_gone(e, iv->waker);
	if (y && !y->used && made_ns > y->t.since_ns)
		return NULL; /* it was gone by then: somebody whom nothing described */
	return y && y->t.forked_ns <= made_ns ? &y->t : NULL;
}

const struct task *engine_cpu_current(const struct engine *e, uint16_t cpu)
{
	const struct cpu *c = cpu_at(e, cpu);

	return c && c->cur ? &c->cur->t : NULL;
}

bool engine_task_certain(const struct engine *e, const struct task *t)
{
	const struct etask *y = (const struct etask *)((const char *)t - offsetof(struct etask, t));
	uint64_t h0, h1;

	return t->state == TS_RUN || !uncertain(e, y, e->now_ns, &h0, &h1);
}

uint32_t engine_cpu_depth(const struct engine *e, uint16_t cpu)
{
	const struct cpu *c = cpu_at(e, cpu);

	return c ? c->nr : 0;
}

uint32_t engine_task_limit(const struct engine *e)
{
	return e->task_limit;
}

const char *engine_name(const struct engine *e, enum name_kind kind, uint64_t id)
{
	return names_get(e, (uint8_t)kind, id);
}

const struct engine_counts *engine_counts(const struct engine *e)
{
	return &e->counts;
}
