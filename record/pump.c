// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/pump.h"

/* An event has less than this, before compression; exec arguments are counted as several. */
#define EVENT_BYTES 16u
/* The footer: cost per program and an index of segments. */
#define FOOTER_BYTES 8192u
/* Ends the trace so much before the limit: smaller blocks than that are not worth their headers. */
#define ENOUGH_BYTES 4096u

static int write_event(struct pump *p, const struct event *ev, struct err *err)
{
	int ret = p->writer ? trace_write_event(p->writer, ev, err) : 0;

	if (ret)
		p->write_failed = true;
	return ret;
}

static int name(struct pump *p, uint64_t ts, enum name_kind kind, uint64_t id, struct err *err)
{
	struct name_info info = {.id = id, .kind = (uint8_t)kind};
	const struct event ev = {.ts = ts, .ext = &info, .cpu = CPU_NONE, .kind = EV_NAME};
	int ret;

	if (engine_name(p->engine, kind, id))
		return 0;
	switch (kind) {
	case NAME_USER: info.name = naming_user(p->names, (uint32_t)id); break;
	case NAME_CGROUP: info.name = naming_cgroup(p->names, id); break;
	case NAME_DEVICE: info.name = naming_device(p->names, (uint32_t)id); break;
	case NAME_IRQ: info.name = naming_irq(p->names, id); break;
	case NAME_METRIC: break; /* named by who makes the ids */
	}
	if (!info.name)
		return 0;
	ret = engine_apply(p->engine, &ev, 1, err);
	return ret ? ret : write_event(p, &ev, err);
}

static int name_io(struct pump *p, const struct event *ev, struct err *err)
{
	const struct io_info *io = ev->ext;
	int ret = 0;

	if (ev->value && ev->value != p->device)
		ret = name(p, ev->ts, NAME_DEVICE, ev->value, err);
	p->device = ev->value;
	if (!ret && io->cgroup_id)
		ret = name(p, ev->ts, NAME_CGROUP, io->cgroup_id, err);
	return ret;
}

/* What a stack is, in front of its first use in this segment. tgid: 0 a kernel stack. */
static int define_stack(struct pump *p, uint64_t ts, uint32_t tgid, uint32_t id, struct err *err)
{
	struct frames_info info;
	const struct event ev = {.ts = ts,
				 .ext = &info,
				 .tid = tgid,
				 .value = id,
				 .cpu = CPU_NONE,
				 .kind = EV_FRAMES};
	uint64_t cost;
	int ret = id ? frames_define(p->frames, tgid, id, ts, &info, err) : 0;

	if (ret <= 0)
		return ret;
	cost = info.frames_len / EVENT_BYTES;
	p->limit.allowance -= p->limit.allowance < cost ? p->limit.allowance : cost;
	return write_event(p, &ev, err);
}

static int name_stack(struct pump *p, const struct event *ev, struct err *err)
{
	const struct task *task;
	int ret;

	if (!p->writer || !p->frames)
		return 0;
	p->stacks++;
	p->stacks_lost += ev->flags & EVF_STACK_LOST;
	ret = define_stack(p, ev->ts, 0, ev->value, err);
	if (ret || !ev->peer)
		return ret;
	task = engine_task(p->engine, ev->tid);
	return define_stack(p, ev->ts, task && task->info.tgid ? task->info.tgid : ev->tid,
			    ev->peer, err);
}

int pump_stacks_of(struct pump *p, const struct checkpoint *ck, struct err *err)
{
	int ret = 0;

	for (uint32_t i = 0; !ret && p->frames && i < ck->ntasks; i++) {
		const struct task_snapshot *s = &ck->tasks[i];

		ret = define_stack(p, ck->ts, 0, s->kernel_stack, err);
		if (!ret)
			ret = define_stack(p, ck->ts, s->info.tgid ? s->info.tgid : s->info.tid,
					   s->user_stack, err);
	}
	return ret;
}

static int name_exec(struct pump *p, const struct event *ev, struct err *err)
{
	const struct task *task = engine_task(p->engine, ev->tid);

	if (p->frames)
		frames_exec(p->frames, task && task->info.tgid ? task->info.tgid : ev->tid);
	return name(p, ev->ts, NAME_USER, ((const struct exec_info *)ev->ext)->uid, err);
}

/* Only the rare kinds carry a user or a cgroup. */
static int name_of_event(struct pump *p, const struct event *ev, struct err *err)
{
	const struct task_info *info;
	int ret;

	switch (ev->kind) {
	case EV_FORK:
	case EV_TASK:
		/* a task_snapshot begins with its task_info */
		info = ev->ext;
		if (p->frames && ev->kind == EV_FORK && info->tid == info->tgid)
			frames_fork(p->frames, info->tgid);
		ret = name(p, ev->ts, NAME_USER, info->uid, err);
		if (!ret && info->cgroup_id)
			ret = name(p, ev->ts, NAME_CGROUP, info->cgroup_id, err);
		return ret;
	case EV_EXEC: return name_exec(p, ev, err);
	case EV_STACK: return name_stack(p, ev, err);
	case EV_IRQ:
		return name(p, ev->ts, NAME_IRQ,
			    ev->value | (uint64_t)(ev->flags & EVF_IRQ_SOFT) << 32, err);
	case EV_CGROUP:
		return name(p, ev->ts, NAME_CGROUP,
			    ((const struct cgroup_info *)ev->ext)->cgroup_id, err);
	case EV_IO_START:
	case EV_IO_ISSUE:
	case EV_IO_DONE:
	case EV_IO_REQUEUE:
	case EV_IO_MERGE: return name_io(p, ev, err);
	default: return 0;
	}
}

int pump_room(struct pump *p, uint64_t now_ns, uint64_t *room, struct err *err)
{
	uint64_t events, bytes;
	int ret;

	*room = UINT64_MAX;
	if (!p->limit.max_bytes)
		return 0;
	ret = trace_writer_sync(p->writer, now_ns, err);
	if (ret) {
		p->write_failed = true;
		return ret;
	}
	trace_writer_totals(p->writer, &events, &bytes);
	bytes += FOOTER_BYTES;
	*room = bytes < p->limit.max_bytes ? p->limit.max_bytes - bytes : 0;
	return 0;
}

/* Before an event that the allowance does not cover. */
static int renew_allowance(struct pump *p, uint64_t ts, struct err *err)
{
	uint64_t room;
	int ret = pump_room(p, ts, &room, err);

	if (!ret && room < ENOUGH_BYTES)
		p->limit.full_ns = ts;
	p->limit.allowance = room / EVENT_BYTES;
	return ret;
}

static int check_limit(struct pump *p, const struct event *ev, struct err *err)
{
	uint64_t cost = 1;

	if (!p->limit.max_bytes || !p->writer)
		return 0;
	if (ev->kind == EV_EXEC)
		cost += ((const struct exec_info *)ev->ext)->args_len / EVENT_BYTES;
	if (p->limit.allowance < cost) {
		int ret = renew_allowance(p, ev->ts, err);

		if (ret)
			return ret;
	}
	p->limit.allowance -= p->limit.allowance < cost ? p->limit.allowance : cost;
	return 0;
}

/* Returns how many of them were taken: all, unless the limit was reached. */
static int take(struct pump *p, const struct event *events, size_t n, struct err *err)
{
	size_t taken, applied = 0;

	for (taken = 0; taken < n; taken++) {
		const struct event *ev = &events[taken];
		int ret = check_limit(p, ev, err);

		if (ret)
			return ret;
		if (p->limit.full_ns)
			break;
		if (ev->kind == EV_GAP)
			p->saw_gap = true;
		/* a user stack is the process's: whose that is, the events before may tell */
		if (ev->kind == EV_STACK && ev->peer) {
			ret = engine_apply(p->engine, events + applied, taken - applied, err);
			applied = taken;
		}
		if (!ret)
			ret = name_of_event(p, ev, err);
		if (!ret)
			ret = write_event(p, ev, err);
		if (ret)
			return ret;
	}
	return engine_apply(p->engine, events + applied, taken - applied, err);
}

int pump_add(struct pump *p, const struct event *events, size_t n, struct err *err)
{
	return p->limit.full_ns ? 0 : take(p, events, n, err);
}

int pump_until(struct pump *p, uint64_t until_ns, struct err *err)
{
	const struct event *events;
	int n, ret = 0;

	while (!ret && !p->limit.full_ns &&
	       (n = kernel_drain(p->kernel, until_ns, &events, err)) != 0) {
		if (n < 0)
			return n;
		p->drained += (uint64_t)n;
		ret = take(p, events, (size_t)n, err);
		if (!ret && events[n - 1].ts > p->reached_ns)
			p->reached_ns = events[n - 1].ts;
	}
	if (!ret && !kernel_pending(p->kernel) && until_ns > p->reached_ns)
		p->reached_ns = until_ns;
	return ret;
}
