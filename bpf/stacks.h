/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * stacks: where a thread blocks. The kernel keeps one copy of every distinct stack in a map of a
 * fixed size and names it by its place there; a place that another stack has already is no place.
 * So there are two maps of a kind, and a stack that finds its place taken in one can have the same
 * place in the other. When one fills up, the recorder takes it out of use, and once everything has
 * been read that names places in it, empties it and gives it other numbers: no number is ever used
 * for two stacks.
 */
#ifndef RSTAT_BPF_STACKS_H
#define RSTAT_BPF_STACKS_H

#include "bpf/kernel.h"
#include "bpf/events.h"

#define EEXIST		 17
#define TASK_SLEEPS_IN_D (TASK_UNINTERRUPTIBLE | TASK_RTLOCK_WAIT | TASK_FROZEN)
#define TASK_SLEEPS_IDLE (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)

const volatile u8 stacks_of = STACKS_OFF;
const volatile bool user_stacks_on = false;

/* The number of the first place of each map, 0: it is not in use now. */
u32 kernel_stacks_from[STACK_WAYS] = {}, user_stacks_from[STACK_WAYS] = {};

/* Sized by the recorder, which also leaves out those that are not used. */
#define STACK_MAP(name)                                                                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_STACK_TRACE);                                            \
		__uint(key_size, sizeof(u32));                                                     \
		__uint(value_size, sizeof(u64));                                                   \
		__uint(max_entries, 1);                                                            \
	} name SEC(".maps")
STACK_MAP(kernel_stacks_0);
STACK_MAP(kernel_stacks_1);
STACK_MAP(user_stacks_0);
STACK_MAP(user_stacks_1);

/*
 * Which processes began, or turned to another program, and when: a word of both, so that the
 * recorder reads what belongs together. By process: what is behind it in one place is long over.
 */
u64 begun[BEGUN_PLACES] = {};

static __always_inline void stack_begin(u32 tgid)
{
	if (user_stacks_on)
		*(volatile u64 *)&begun[tgid % BEGUN_PLACES] = BEGUN(tgid, bpf_ktime_get_ns());
}

static __always_inline bool is_disk_sleep(u32 state)
{
	return (state & TASK_SLEEPS_IN_D) && (state & TASK_SLEEPS_IDLE) != TASK_SLEEPS_IDLE;
}

/* Of a thread that blocks with this state. */
static __always_inline bool stack_wanted(u32 state)
{
	return stacks_of == STACKS_ALL || (stacks_of == STACKS_D && is_disk_sleep(state));
}

/* A kernel thread has none, nor has a thread that exits and has given its memory back. */
static __always_inline bool stack_has_user(const struct task_struct *p)
{
	return user_stacks_on && p->mm && !(p->flags & PF_KTHREAD);
}

/* Returns the stack's number; 0: it has no place there. */
static __always_inline u32 stack_in(void *ctx, void *map, const u32 *from, u64 flags)
{
	const u32 first = READ_ONCE(*from);
	const s64 place = first ? bpf_get_stackid(ctx, map, flags) : -EEXIST;

	return place < 0 ? 0 : first + (u32)place;
}

/*
 * The innermost frames are of this program and of what called it. Without one or two of them the
 * stack says the same and has another place: where several stacks want one, all can be kept.
 *
 * Returns its number; 0: lost.
 */
static __always_inline u32 stack_kernel(void *ctx)
{
	u32 skip, number;

#pragma unroll
	for (skip = 0; skip < 3; skip++) {
		number = stack_in(ctx, &kernel_stacks_0, &kernel_stacks_from[0], skip);
		if (likely(number))
			return number;
		number = stack_in(ctx, &kernel_stacks_1, &kernel_stacks_from[1], skip);
		if (likely(number))
			return number;
	}
	return 0;
}

/* Of current. Here every frame counts, so there is one place only in each map. */
static __always_inline u32 stack_user(void *ctx)
{
	const u32 number = stack_in(ctx, &user_stacks_0, &user_stacks_from[0], BPF_F_USER_STACK);

	return number ? number
		      : stack_in(ctx, &user_stacks_1, &user_stacks_from[1], BPF_F_USER_STACK);
}

#endif
