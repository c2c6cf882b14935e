/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* task: who a task is and what it does, for fork records and snapshots; and the snapshot itself. */
#ifndef RSTAT_BPF_TASK_H
#define RSTAT_BPF_TASK_H

#include "bpf/filter.h"
#include "bpf/kernel.h"

/* As enum task_flags and enum snapshot_flags (format/event.h). */
#define TASKF_KTHREAD	   0x1u
#define TASKF_NO_MM	   0x2u
#define SNAPF_ON_CPU	   0x1u
#define SNAPF_QUEUED	   0x2u
#define SNAPF_GROUP_DEAD   0x4u
#define SNAPF_IOWAIT	   0x8u
#define SNAPF_SINCE_APPROX 0x10u

static __always_inline void task_identity(struct ring_task *to, struct task_struct *p)
{
	to->tid = (u32)p->pid;
	to->tgid = (u32)p->tgid;
	to->ppid = (u32)p->real_parent->tgid;
	to->uid = p->cred->uid.val;
	to->start_ns = task_start_ns(p);
	to->cgroup_id = task_cgroup_id(p);
	to->flags = (p->flags & PF_KTHREAD ? TASKF_KTHREAD : 0) | (p->mm ? 0 : TASKF_NO_MM);
	to->pad = 0;
	bpf_probe_read_kernel(to->comm, sizeof(to->comm), p->comm);
}

static __always_inline bool task_is_queued(struct task_struct *p)
{
	if (bpf_core_field_exists(p->se.sched_delayed) && p->se.sched_delayed)
		return false; /* 6.12: asleep, but still on its queue to pay its lag back */
	return p->on_rq != 0;
}

/*
 * Since when a task has been as it is, MONOTONIC, from the kernel's accounting on the run queue's
 * clock. clock_offset: MONOTONIC less that clock; 0: not known.
 */
static __always_inline u64 task_since(struct task_struct *p, u64 clock_offset, u64 now)
{
	u64 at, since;

	if (!clock_offset || !bpf_core_field_exists(p->sched_info))
		return 0;
	at = p->sched_info.last_arrival;
	if (!p->on_cpu && task_is_queued(p))
		at = p->sched_info.last_queued;
	else if (!p->on_cpu && at && p->prio >= MAX_RT_PRIO) /* the fair class only */
		at += p->se.sum_exec_runtime - p->se.prev_sum_exec_runtime;
	since = at + clock_offset;
	return at && since < now ? since : 0;
}

/* All but the time, which is read after everything else: no event after it can be known here. */
static __always_inline void task_snapshot(struct ring_snapshot *to, struct task_struct *p,
					  u64 clock_offset)
{
	bool group_dead = p->signal && !p->signal->live.counter;
	u32 flags = 0;

	task_identity(&to->id, p);
	if (p->on_cpu)
		flags |= SNAPF_ON_CPU;
	if (task_is_queued(p))
		flags |= SNAPF_QUEUED;
	if (group_dead)
		flags |= SNAPF_GROUP_DEAD;
	if (task_in_iowait(p))
		flags |= SNAPF_IOWAIT;
	to->state = (task_state(p) & 0xffff) | (u32)p->exit_state << 16;
	to->cpu = task_cpu(p);
	to->syscall = flags & SNAPF_ON_CPU ? -2 : task_syscall(p);
	to->exit_code = p->exit_state ? task_exit_code(p, group_dead) : 0;
	to->pad = 0;
	to->since_ns = task_since(p, clock_offset, bpf_ktime_get_ns());
	to->flags = flags | (to->since_ns ? SNAPF_SINCE_APPROX : 0);
	to->oncpu_ns = p->se.sum_exec_runtime;
	to->runq_ns = to->slices = 0;
	if (bpf_core_field_exists(p->sched_info)) {
		to->runq_ns = p->sched_info.run_delay;
		to->slices = p->sched_info.pcount;
	}
	to->nvcsw = p->nvcsw;
	to->nivcsw = p->nivcsw;
}

u64 snapshot_offset = 0; /* of the snapshot that runs: see task_since() */

/*
 * The run queue's clock is sched_clock(), brought up to date at switches: right after one the
 * difference to MONOTONIC is good to some microseconds. The recorder sleeps before it reads.
 */
static __always_inline u64 clock_offset_now(void)
{
	struct rq *rq = task_rq(bpf_get_current_task_btf());

	return rq ? bpf_ktime_get_ns() - rq->clock : 0;
}

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	struct ring_snapshot s;

	if (!ctx->meta->seq_num)
		snapshot_offset = clock_offset_now();
	if (!p)
		return 0;
	if (filter_need)
		filter_learn(p, filter_bits((u32)p->pid) & FILTER_PID);
	if (!filter_task(p))
		return 0;
	task_snapshot(&s, p, snapshot_offset);
	s.ts = bpf_ktime_get_ns();
	bpf_seq_write(ctx->meta->seq, &s, sizeof(s));
	return 0;
}

#endif
