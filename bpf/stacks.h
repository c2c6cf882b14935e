/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * stacks: where a thread blocks. The kernel keeps one copy of every distinct stack in a map of a
 * fixed size and names it by its place there; a place that another stack has already is no place.
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

/* Sized by the recorder, which also leaves out the one that is not used. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u64));
	__uint(max_entries, 1);
} kernel_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u64));
	__uint(max_entries, 1);
} user_stacks SEC(".maps");

static __always_inline bool is_disk_sleep(u32 state)
{
	return (state & TASK_SLEEPS_IN_D) && (state & TASK_SLEEPS_IDLE) != TASK_SLEEPS_IDLE;
}

/* Of a thread that blocks with this state. */
static __always_inline bool stack_wanted(u32 state)
{
	return stacks_of == STACKS_ALL || (stacks_of == STACKS_D && is_disk_sleep(state));
}

/*
 * The innermost frames are of this program and of what called it. Without one or two of them the
 * stack says the same and has another place: where two stacks want one, both can be kept.
 *
 * Returns id + 1; 0: lost.
 */
static __always_inline u32 stack_kernel(void *ctx)
{
	s64 id = bpf_get_stackid(ctx, &kernel_stacks, 0);

	if (unlikely(id == -EEXIST))
		id = bpf_get_stackid(ctx, &kernel_stacks, 1);
	if (unlikely(id == -EEXIST))
		id = bpf_get_stackid(ctx, &kernel_stacks, 2);
	return id < 0 ? 0 : (u32)id + 1;
}

/* Of current. Here every frame counts, so there is one place only. */
static __always_inline u32 stack_user(void *ctx)
{
	s64 id = bpf_get_stackid(ctx, &user_stacks, BPF_F_USER_STACK);

	return id < 0 ? 0 : (u32)id + 1;
}

#endif
