/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* context: whether the code that runs was interrupted, and by what. */
#ifndef RSTAT_BPF_CONTEXT_H
#define RSTAT_BPF_CONTEXT_H

#include "bpf/kernel.h"
#include "bpf/events.h"

/*
 * x86 keeps the preemption count in a per-CPU variable, which most kernels do not offer to
 * programs (no data symbols in kallsyms). But BTF tells where per-CPU variables are relative to
 * one another, and every task leads to this CPU's run queue: the distance from there.
 */
const volatile u8 count_how = COUNT_UNKNOWN;
const volatile s64 count_from_rq = 0;

/* "bpf: Add kfunc bpf_rdonly_cast" (6.2): a load that costs no call; 20 ns less per wake-up. */
extern void *bpf_rdonly_cast(void *obj, u32 btf_id) __ksym __weak;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
/* Any struct of the kernel that begins with an int will do: the cast wants a struct. */
struct refcount_struct {
	atomic_t refs;
};
#pragma clang attribute pop

static __always_inline u32 context_of(u32 count)
{
	/* include/linux/preempt.h: hard interrupts 16..19, NMI 20..23, serving a soft one 8 */
	return (count & 0x00ff0000u ? RECF_CTX_HARDIRQ : 0) |
	       (count & 0x00000100u ? RECF_CTX_SOFTIRQ : 0);
}

static __always_inline u32 context_read(u64 at)
{
	struct refcount_struct *word;
	u32 count = 0;

	if (count_how == COUNT_BY_CAST) {
		word = bpf_rdonly_cast((void *)at, bpf_core_type_id_kernel(struct refcount_struct));
		return context_of((u32)word->refs.counter);
	}
	if (bpf_probe_read_kernel(&count, sizeof(count), (void *)at))
		return RECF_CTX_UNKNOWN;
	return context_of(count);
}

static __always_inline u64 context_at(struct task_struct *current)
{
	return (u64)task_rq(current) + count_from_rq;
}

static __always_inline u32 context_flags(struct task_struct *current)
{
	struct thread_info___count *info = (void *)&current->thread_info;

	if (bpf_core_field_exists(info->preempt_count))
		return context_of(info->preempt_count);
	return count_how == COUNT_UNKNOWN ? RECF_CTX_UNKNOWN : context_read(context_at(current));
}

/* As context_flags(), by what this CPU has found out before. */
static __always_inline u32 context_flags_in(struct ring_page *ring, struct task_struct *current)
{
	struct thread_info___count *info = (void *)&current->thread_info;
	u64 at;

	if (bpf_core_field_exists(info->preempt_count))
		return context_of(info->preempt_count);
	if (count_how == COUNT_UNKNOWN)
		return RECF_CTX_UNKNOWN;
	at = READ_ONCE(ring->count_at);
	if (unlikely(!at))
		ring->count_at = at = context_at(current);
	return context_read(at);
}

#endif
