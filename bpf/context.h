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
const volatile bool count_in_percpu = false;
const volatile s64 count_from_rq = 0;

static __always_inline u32 context_flags(struct task_struct *current)
{
	struct thread_info___count *info = (void *)&current->thread_info;
	struct rq *rq;
	u32 count = 0;

	if (bpf_core_field_exists(info->preempt_count)) {
		count = info->preempt_count;
	} else if (count_in_percpu) {
		rq = task_rq(current);
		if (bpf_probe_read_kernel(&count, sizeof(count), (void *)rq + count_from_rq))
			return RECF_CTX_UNKNOWN;
	} else {
		return RECF_CTX_UNKNOWN;
	}
	/* include/linux/preempt.h: hard interrupts 16..19, NMI 20..23, serving a soft one 8 */
	return (count & 0x00ff0000u ? RECF_CTX_HARDIRQ : 0) |
	       (count & 0x00000100u ? RECF_CTX_SOFTIRQ : 0);
}

#endif
