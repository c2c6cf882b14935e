/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * acct: what a thread has read and written since it was made, and the memory of its process, as
 * the kernel counts it. The counts are cumulative, so not every change has to be told: a thread is
 * looked at when it leaves a CPU, but for the last time at most every ACCT_EVERY_NS.
 */
#ifndef RSTAT_BPF_ACCT_H
#define RSTAT_BPF_ACCT_H

#include "bpf/filter.h"
#include "bpf/kernel.h"
#include "bpf/ring.h"

#define ACCT_EVERY_NS 10000000

#define MM_FILEPAGES  0 /* include/linux/mm_types_task.h */
#define MM_ANONPAGES  1
#define MM_SHMEMPAGES 3

const volatile bool acct_on = false;
const volatile u32 acct_page_bytes = 4096;
const volatile u32 acct_ncpus = 0; /* 0: per-CPU counters cannot be read */
const volatile s64 acct_base_from_rq = 0; /* a CPU's own offset: where, from its run queue */
const volatile u64 acct_rss_every_ns = ACCT_EVERY_NS;

u64 accounts_until_ns = 0; /* the iterator: nothing is younger than this; 0: now */

/*
 * What was told of a thread, by TID. Two threads may share a slot: then one of them is told again,
 * or later. What is compared holds the TID, so no thread is taken for another.
 */
struct acct_slot {
	u64 io, memory;
	u64 tick; /* jiffies when looked_ns was last looked at */
	u64 looked_ns, rss_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, struct acct_slot);
	__uint(max_entries, 1);
} acct_slots SEC(".maps");

/* What to add to a per-CPU pointer for each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, u64);
	__uint(max_entries, 1);
} acct_bases SEC(".maps");

static __always_inline struct acct_slot *acct_slot_of(struct task_struct *p)
{
	u32 key = (u32)p->pid & (ACCT_SLOTS - 1);

	return bpf_map_lookup_elem(&acct_slots, &key);
}

/* All of them only grow, so the sum changes when one does. */
static __always_inline u64 acct_io_sum(struct task_struct *p)
{
	u64 sum = 0;

	if (bpf_core_field_exists(p->ioac.syscr)) /* CONFIG_TASK_XACCT */
		sum += p->ioac.rchar + p->ioac.wchar + p->ioac.syscr + p->ioac.syscw;
	if (bpf_core_field_exists(p->ioac.read_bytes)) /* CONFIG_TASK_IO_ACCOUNTING */
		sum += p->ioac.read_bytes + p->ioac.write_bytes + p->ioac.cancelled_write_bytes;
	return sum;
}

/* Another one for every sum of one thread, and hardly ever the same for two threads. */
static __always_inline u64 acct_io_print(struct task_struct *p, u64 sum)
{
	return sum * 0x9e3779b97f4a7c15ull + (u64)(u32)p->pid * 0xd6e8feb86659fd93ull;
}

/* Changes when memory does, as a rule: a look at the counters themselves costs too much. */
static __always_inline u64 acct_memory_print(struct task_struct *p)
{
	struct mm_struct *mm = p->mm;

	return mm ? mm->total_vm * 0x9e3779b97f4a7c15ull + p->min_flt + p->maj_flt : 0;
}

/* Adds one CPU's part of a counter; 0, or a negative errno. */
static __always_inline long acct_add_part(s64 *pages, s32 *parts, u64 base)
{
	s32 part;
	long r = bpf_probe_read_kernel(&part, sizeof(part), (void *)((u64)parts + base));

	if (!r)
		*pages += part;
	return r;
}

/*
 * Resident pages: file, anonymous and shared memory. A counter's own number lacks up to a batch per
 * CPU, so all of them are summed; in one loop, as the verifier walks it for every CPU.
 */
static __noinline u64 acct_rss_pages(struct mm_struct *mm)
{
	s32 *file = mm->rss_stat[MM_FILEPAGES].counters,
	    *anon = mm->rss_stat[MM_ANONPAGES].counters,
	    *shmem = mm->rss_stat[MM_SHMEMPAGES].counters;
	s64 pages = mm->rss_stat[MM_FILEPAGES].count + mm->rss_stat[MM_ANONPAGES].count +
		    mm->rss_stat[MM_SHMEMPAGES].count;
	u32 cpu;

	if (!acct_ncpus)
		return 0;
	for (cpu = 0; cpu < ACCT_CPUS_MAX && cpu < acct_ncpus; cpu++) {
		u32 key = cpu;
		u64 *base = bpf_map_lookup_elem(&acct_bases, &key);

		if (!base || !*base || acct_add_part(&pages, file, *base) ||
		    acct_add_part(&pages, anon, *base) || acct_add_part(&pages, shmem, *base))
			return 0;
	}
	return pages > 0 ? (u64)pages : 0;
}

/* Resident bytes; 0: not known. */
static __noinline u64 acct_rss(struct mm_struct *mm)
{
	struct mm_struct___atomic *old = (void *)mm;
	s64 counts[MM_SHMEMPAGES + 1], pages;

	if (bpf_core_field_exists(mm->rss_stat[0].count))
		return acct_rss_pages(mm) * acct_page_bytes;
	if (!bpf_core_field_exists(old->rss_stat.count[0].counter) ||
	    bpf_core_read(counts, sizeof(counts), &old->rss_stat.count))
		return 0;
	/* threads keep parts of them to themselves for a while: the rest can be less than nothing */
	pages = counts[MM_FILEPAGES] + counts[MM_ANONPAGES] + counts[MM_SHMEMPAGES];
	return pages > 0 ? (u64)pages * acct_page_bytes : 0;
}

static __always_inline void acct_fill(struct ring_acct *to, struct task_struct *p, bool with_rss)
{
	struct mm_struct *mm = p->mm;

	__builtin_memset(to, 0, sizeof(*to));
	if (bpf_core_field_exists(p->ioac.syscr)) {
		to->rchar = p->ioac.rchar;
		to->wchar = p->ioac.wchar;
		to->syscr = p->ioac.syscr;
		to->syscw = p->ioac.syscw;
	}
	if (bpf_core_field_exists(p->ioac.read_bytes)) {
		to->read_bytes = p->ioac.read_bytes;
		to->write_bytes = p->ioac.write_bytes;
		to->cancelled_write_bytes = p->ioac.cancelled_write_bytes;
	}
	if (!mm)
		return;
	/* the kernel brings its mark up to date only when memory is given back */
	to->rss_peak_bytes = mm->hiwater_rss * acct_page_bytes;
	if (with_rss)
		to->rss_bytes = acct_rss(mm);
	if (to->rss_peak_bytes < to->rss_bytes)
		to->rss_peak_bytes = to->rss_bytes;
}

/* Returns whether it is in the ring. */
static __always_inline bool acct_put(enum ring_context context, struct task_struct *p,
				     bool with_rss)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(struct ring_acct);
	struct ring_rec *rec = ring_reserve(context, bytes, 1);

	if (!rec)
		return false;
	rec->tid = (u32)p->pid;
	rec->peer = 0;
	acct_fill((struct ring_acct *)(rec + 1), p, with_rss);
	rec->ts = bpf_ktime_get_ns();
	ring_commit(rec, RING_WORD0(REC_ACCT, 0, bytes / 8, 0));
	return true;
}

/* Tells what has changed. `last`: for the rest of its life it will not be looked at again. */
static __noinline int acct_look(struct task_struct *p, struct acct_slot *slot, u64 now, bool last)
{
	u64 sum = acct_io_sum(p), io = acct_io_print(p, sum), memory = acct_memory_print(p);
	bool with_rss = (s64)(now - slot->rss_ns) >= (s64)acct_rss_every_ns;
	bool changed = slot->io != io || (!last && slot->memory != memory);

	slot->looked_ns = now;
	if (!sum && !memory)
		return 0; /* a kernel thread that does no IO */
	if (changed && filter_task(p) && acct_put(RING_IRQS_OFF, p, with_rss)) {
		slot->io = io;
		slot->memory = memory;
		if (with_rss)
			slot->rss_ns = now;
	}
	if (last)
		slot->io = 0; /* the TID may come again */
	return 0;
}

/* The tick is another one. */
static __noinline int acct_tick(struct task_struct *p, struct acct_slot *slot, bool last)
{
	u64 now = bpf_ktime_get_ns();

	slot->tick = bpf_jiffies64();
	if (last || (s64)(now - slot->looked_ns) >= ACCT_EVERY_NS)
		acct_look(p, slot, now, last);
	return 0;
}

/* In a switch: `p` leaves the CPU. Jiffies cost nothing, unlike the time. */
static __always_inline void acct_switch(struct task_struct *p, u32 state)
{
	struct acct_slot *slot;
	bool last = state & TASK_DEAD;

	if (!acct_on || !p->pid)
		return;
	slot = acct_slot_of(p);
	if (slot && unlikely(last || slot->tick != bpf_jiffies64()))
		acct_tick(p, slot, last);
}

/*
 * The thread exits and still has its memory (since 6.16): with the last one of a process, what that
 * came to.
 */
static __always_inline void acct_exit(struct task_struct *p)
{
	struct acct_slot *slot;
	u64 io;

	if (!acct_on || !p->mm || !filter_task(p))
		return;
	slot = acct_slot_of(p);
	io = acct_io_print(p, acct_io_sum(p));
	if (slot && slot->io == io && p->signal->live.counter)
		return; /* nothing new, and the memory lives on */
	if (acct_put(RING_IRQS_ON, p, true) && slot)
		slot->io = io;
}

/* Where each CPU's part of a per-CPU variable is: x86 keeps that in a per-CPU variable, too. */
static __always_inline void acct_learn_bases(void)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct cfs_rq **queues, *queue;
	struct rq *rq;
	u32 cpu;

	if (!acct_ncpus || !bpf_core_field_exists(current->sched_task_group))
		return;
	queues = current->sched_task_group->cfs_rq;
	for (cpu = 0; cpu < ACCT_CPUS_MAX && cpu < acct_ncpus; cpu++) {
		u32 key = cpu;
		u64 *base = bpf_map_lookup_elem(&acct_bases, &key);

		if (!base || bpf_probe_read_kernel(&queue, sizeof(queue), queues + cpu) ||
		    bpf_core_read(&rq, sizeof(rq), &queue->rq))
			return;
		bpf_probe_read_kernel(base, sizeof(*base), (void *)((u64)rq + acct_base_from_rq));
	}
}

SEC("iter/task")
int each_account(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	struct {
		struct ring_rec rec;
		struct ring_acct acct;
	} record;
	struct acct_slot *slot;
	u64 until = accounts_until_ns, sum, io;

	if (!ctx->meta->seq_num)
		acct_learn_bases();
	if (!p || (until && p->start_time > until) || !filter_task(p))
		return 0;
	sum = acct_io_sum(p);
	if (!sum && !p->mm)
		return 0;
	slot = acct_slot_of(p);
	io = acct_io_print(p, sum);
	if (slot && until && slot->io == io && p->pid != p->tgid)
		return 0; /* has been told, and its process's memory is told with the leader */
	if (slot && !until)
		slot->io = io; /* before it is read: more may be told, not less */
	acct_fill(&record.acct, p, p->pid == p->tgid);
	record.rec.word0 = RING_WORD0(REC_ACCT, 0, sizeof(record) / 8, 0);
	record.rec.ts = bpf_ktime_get_ns();
	if (until && record.rec.ts > until)
		record.rec.ts = until;
	record.rec.tid = (u32)p->pid;
	record.rec.peer = 0;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

#endif
