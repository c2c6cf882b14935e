/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* irq: how long interrupt handlers and soft interrupts took, told when they return. */
#ifndef RSTAT_BPF_IRQ_H
#define RSTAT_BPF_IRQ_H

#include "bpf/cost.h"
#include "bpf/filter.h"
#include "bpf/ring.h"

#define IRQ_DEPTH 4u /* of handlers in handlers: where interrupts are off in them, as on x86, 1 */

struct irq_cpu {
	u64 hard_ns[IRQ_DEPTH]; /* since when */
	u64 soft_ns; /* 0: none is running. Another one never interrupts it, handlers do */
	u32 depth;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, u32);
	__type(value, struct irq_cpu);
	__uint(max_entries, 1);
} irq_cpus SEC(".maps");

static __always_inline struct irq_cpu *irq_mine(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&irq_cpus, &zero);
}

static __always_inline void irq_put(enum ring_context context, u32 flags, u32 number, u64 start_ns)
{
	struct task_struct *current = bpf_get_current_task_btf();

	if (filter_cpus && !filter_cpu(bpf_get_smp_processor_id()))
		return;
	ring_put_u64(context, REC_IRQ, flags, number,
		     !filter_any || filter_task(current) ? (u32)current->pid : TID_OTHER, 0,
		     start_ns);
}

SEC("tp_btf/irq_handler_entry")
int on_irq_entry(u64 *ctx)
{
	struct irq_cpu *irq = irq_mine();
	u64 begin = cost_begin();
	u32 depth;

	(void)ctx;
	if (irq) {
		depth = irq->depth++;
		if (depth < IRQ_DEPTH)
			irq->hard_ns[depth] = bpf_ktime_get_ns();
	}
	cost_end(PROG_IRQ, begin);
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int on_irq_exit(u64 *ctx)
{
	struct irq_cpu *irq = irq_mine();
	u64 begin = cost_begin();
	u32 depth;

	if (irq && irq->depth) {
		depth = --irq->depth;
		if (depth < IRQ_DEPTH)
			irq_put(RING_IRQS_OFF, 0, (u32)ctx[0], irq->hard_ns[depth]);
	}
	cost_end(PROG_IRQ, begin);
	return 0;
}

SEC("tp_btf/softirq_entry")
int on_softirq_entry(u64 *ctx)
{
	struct irq_cpu *irq = irq_mine();
	u64 begin = cost_begin();

	(void)ctx;
	if (irq)
		irq->soft_ns = bpf_ktime_get_ns();
	cost_end(PROG_SOFTIRQ, begin);
	return 0;
}

SEC("tp_btf/softirq_exit")
int on_softirq_exit(u64 *ctx)
{
	struct irq_cpu *irq = irq_mine();
	u64 begin = cost_begin();

	if (irq && irq->soft_ns) {
		irq_put(RING_IRQS_ON, RECF_IRQ_SOFT, (u32)ctx[0], irq->soft_ns);
		irq->soft_ns = 0;
	}
	cost_end(PROG_SOFTIRQ, begin);
	return 0;
}

#endif
