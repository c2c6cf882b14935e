/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * sched: the hot programs: switches, wake-ups, migrations. ctx[i] is the tracepoint's i-th
 * argument; one that an older kernel lacks may only be read behind its `const volatile` switch.
 */
#ifndef RSTAT_BPF_SCHED_H
#define RSTAT_BPF_SCHED_H

#include "bpf/acct.h"
#include "bpf/context.h"
#include "bpf/cost.h"
#include "bpf/counters.h"
#include "bpf/filter.h"
#include "bpf/ring.h"
#include "bpf/stacks.h"
#include "bpf/traffic.h"

/* fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting sched_switch event", 5.18) */
const volatile bool switch_has_prev_state = true;

/*
 * Filters, or what is off by default: stacks, counters, timing. A recording without any of these is
 * served by code of its own: what a switch costs is, besides the reading of clocks, mostly the
 * fetching of code that it runs through.
 */
const volatile bool sched_extras = true;

/* Feature "syscall": what a thread blocks in. */
const volatile bool syscall_on = false;
#define AUX_SYSCALL_NONE   0xffffu /* format/event.h */
#define AUX_SYSCALL_COMPAT 0xfffeu

/* The system call that p, which is not on a CPU, is in, as event.aux has it. */
static __always_inline u32 blocked_in(struct task_struct *p)
{
	u32 syscall = (u32)task_syscall(p);

	if (likely(syscall < AUX_SYSCALL_COMPAT - 1))
		return syscall + 1;
	return syscall == (u32)-1 ? AUX_SYSCALL_NONE : AUX_SYSCALL_COMPAT;
}

struct switch_said {
	u32 flags, state, prev, next; /* of the record */
};

/* Where prev blocks, and the switch: one reservation, so that nothing comes between. */
static __always_inline void put_switch_with_stack(u64 *ctx, struct ring_page *ring,
						  struct switch_said *s)
{
	const struct task_struct *prev = (struct task_struct *)ctx[1];
	struct ring_rec *stack, *rec;
	u32 kernel, user = 0, flags;

	stack = ring_reserve_in(ring, RING_IRQS_OFF, 2 * sizeof(*stack), 2);
	if (!stack)
		return;
	/* not stack + 1: each begins inside the ring, and only its own end may be in the margin */
	rec = ring_at(ring, READ_ONCE(ring->head) - sizeof(*rec));
	/* first: walking the stack takes microseconds, which are not prev's */
	stack->ts = rec->ts = bpf_ktime_get_ns();
	kernel = stack_kernel(ctx);
	flags = kernel ? 0 : RECF_STACK_LOST;
	if (stack_has_user(prev)) {
		user = stack_user(ctx);
		flags |= user ? 0 : RECF_STACK_LOST;
	}
	stack->tid = s->prev;
	stack->peer = user;
	rec->tid = s->next;
	rec->peer = s->prev;
	ring_commit(rec, RING_WORD0(REC_SWITCH, s->flags, sizeof(*rec) / 8, s->state));
	ring_commit(stack, RING_WORD0(REC_STACK, flags, sizeof(*rec) / 8, kernel));
}

static __always_inline u32 switch_state(u64 *ctx)
{
	return switch_has_prev_state ? (u32)ctx[3] : task_state((struct task_struct *)ctx[1]);
}

static __always_inline void handle_switch(u64 *ctx, const bool extras)
{
	struct ring_page *ring = ring_mine();
	struct task_struct *prev = (struct task_struct *)ctx[1];
	struct task_struct *next = (struct task_struct *)ctx[2];
	u32 state = switch_state(ctx), flags = 0;
	u32 prev_tid = (u32)prev->pid, next_tid = (u32)next->pid;
	bool preempt = (bool)ctx[0], stack = false;

	if (!ring)
		return;
	acct_switch(prev, state);
	if (net_on && unlikely(ring->net_tid))
		traffic_switch(ring);
	if (extras && filter_any) {
		if (filter_cpus && !filter_cpu(bpf_get_smp_processor_id()))
			return;
		if (!filter_task(prev))
			prev_tid = TID_OTHER;
		if (!filter_task(next))
			next_tid = TID_OTHER;
		if (prev_tid == TID_OTHER && next_tid == TID_OTHER) {
			if (counters_live)
				counters_switch(ring, TID_OTHER);
			return;
		}
	}
	if (extras && counters_live)
		counters_switch(ring, prev_tid);
	/* The last one of a task: is it a zombie now, or gone at once (reaped by itself, a thread)? */
	if (unlikely(state & TASK_DEAD))
		state |= (u32)prev->exit_state;
	/* a kernel that does not preempt takes the CPU from a task this way as well: see who asked */
	if (preempt) {
		flags = RECF_PREEMPT;
	} else if (!state) {
		if (prev->pid && task_syscall(prev) == NR_sched_yield)
			flags = RECF_YIELD;
	} else if (prev_tid != TID_OTHER && likely(!(state & TASK_DEAD))) {
		stack = extras && stack_wanted(state);
		if (syscall_on) {
			flags = task_in_iowait(prev) ? RECF_IOWAIT : 0;
			state = (state & 0xffff) | blocked_in(prev) << 16;
		}
	}
	if (stack) {
		struct switch_said said = {flags, state, prev_tid, next_tid};

		put_switch_with_stack(ctx, ring, &said);
		return;
	}
	ring_put_in(ring, RING_IRQS_OFF, RING_PLAIN(REC_SWITCH, flags, state), next_tid, prev_tid);
}

SEC("tp_btf/sched_switch")
int on_switch(u64 *ctx)
{
	u64 begin;

	if (likely(!sched_extras)) {
		handle_switch(ctx, false);
		return 0;
	}
	begin = cost_begin();
	handle_switch(ctx, true);
	cost_end(PROG_SWITCH, begin);
	return 0;
}

/* A task that wakes itself: interrupts may be on. */
static __noinline int put_own_wakeup(struct ring_page *ring, u64 word0, u32 tid)
{
	ring_put_in(ring, RING_IRQS_ON, word0, tid, tid);
	return 0;
}

/*
 * A wake-up takes place under the run queue's or the task's lock, interrupts off, but for a task
 * that wakes itself (kernel/sched/core.c: try_to_wake_up()).
 */
static __always_inline void put_wakeup(u32 kind, struct task_struct *p, u32 value,
				       const bool extras)
{
	struct task_struct *current = bpf_get_current_task_btf();
	u32 tid = (u32)p->pid, peer = (u32)current->pid;
	struct ring_page *ring = ring_mine();
	u64 word0;

	if (!ring)
		return;
	word0 = RING_PLAIN(kind, context_flags_in(ring, current), value);
	if (extras && filter_any && !peer && (filter_need || filter_cgroups))
		peer = TID_OTHER; /* idle: when it ends is not recorded */
	if (unlikely(tid == peer))
		put_own_wakeup(ring, word0, tid);
	else
		ring_put_in(ring, RING_IRQS_OFF, word0, tid, peer);
}

/* The CPU a task is on, and how many run there. */
static __always_inline u32 queue_of(struct task_struct *p)
{
	struct rq *rq = task_rq(p);

	return (task_cpu(p) & 0xffff) | (rq ? rq->nr_running << 16 : 0);
}

static __always_inline bool wakeup_wanted(struct task_struct *p)
{
	return !filter_any || (filter_cpu(task_cpu(p)) && filter_task(p));
}

SEC("tp_btf/sched_waking")
int on_waking(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin;

	if (likely(!sched_extras)) {
		put_wakeup(REC_WAKING, p, task_cpu(p) & 0xffff, false);
		return 0;
	}
	begin = cost_begin();
	if (wakeup_wanted(p))
		put_wakeup(REC_WAKING, p, task_cpu(p) & 0xffff, true);
	cost_end(PROG_WAKING, begin);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int on_wakeup(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin;

	if (likely(!sched_extras)) {
		put_wakeup(REC_WAKEUP, p, queue_of(p), false);
		return 0;
	}
	begin = cost_begin();
	if (wakeup_wanted(p))
		put_wakeup(REC_WAKEUP, p, queue_of(p), true);
	cost_end(PROG_WAKEUP, begin);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int on_wakeup_new(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin;

	if (likely(!sched_extras)) {
		put_wakeup(REC_WAKEUP_NEW, p, queue_of(p), false);
		return 0;
	}
	begin = cost_begin();
	if (wakeup_wanted(p))
		put_wakeup(REC_WAKEUP_NEW, p, queue_of(p), true);
	cost_end(PROG_WAKEUP_NEW, begin);
	return 0;
}

static __always_inline void handle_migrate(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u32 to = (u32)ctx[1] & 0xffff, from = task_cpu(p) & 0xffff;
	bool placed = task_state(p) & (TASK_WAKING | TASK_NEW);

	if (filter_any && (!(filter_cpu(from) || filter_cpu(to)) || !filter_task(p)))
		return;
	ring_put(RING_IRQS_OFF, REC_MIGRATE, placed ? RECF_PLACED : 0, to | from << 16, (u32)p->pid,
		 0);
}

SEC("tp_btf/sched_migrate_task")
int on_migrate(u64 *ctx)
{
	u64 begin = cost_begin();

	handle_migrate(ctx);
	cost_end(PROG_MIGRATE, begin);
	return 0;
}

#endif
