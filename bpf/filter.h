/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * filter: which tasks and CPUs to record. What a program needs on its hot path is one byte per
 * TID, kept up to date where tasks are made, renamed and re-keyed; without filters the verifier
 * removes all of it.
 */
#ifndef RSTAT_BPF_FILTER_H
#define RSTAT_BPF_FILTER_H

#include "bpf/kernel.h"
#include "bpf/events.h"

#define TID_OTHER 0xffffffffu /* format/event.h */

const volatile bool filter_any = false; /* any of the following: one load when there is none */
const volatile u8 filter_need = 0; /* FILTER_* that a task must have; 0: all tasks */
const volatile bool filter_cgroups = false;
const volatile bool filter_cpus = false;
const volatile u64 filter_cpu_mask[FILTER_CPU_WORDS] = {};

/* FILTER_* of every TID; not cleared at exit, since a fork overwrites it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, FILTER_PAGE);
	__uint(max_entries, 1);
} watched SEC(".maps");

/* What the user asked for: TID or TGID -> FILTER_PID, FILTER_TID. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, u32);
	__type(value, u8);
	__uint(max_entries, 1);
} wanted_tids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, struct glob);
	__uint(max_entries, 1);
} wanted_comms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, u64);
	__type(value, u8);
	__uint(max_entries, 1);
} wanted_cgroups SEC(".maps");

/* Cache: cgroup id -> whether it or an ancestor is wanted. Ancestry never changes in v2. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, u64);
	__type(value, u8);
	__uint(max_entries, 1);
} cgroup_verdicts SEC(".maps");

static __always_inline bool filter_cpu(u32 cpu)
{
	if (!filter_cpus)
		return true;
	return cpu < FILTER_CPU_WORDS * 64 &&
	       (filter_cpu_mask[(cpu >> 6) & (FILTER_CPU_WORDS - 1)] >> (cpu & 63)) & 1;
}

static __always_inline u8 *filter_slot(u32 tid)
{
	u32 key = tid / FILTER_PAGE;
	u8 *page = bpf_map_lookup_elem(&watched, &key);

	return page ? page + (tid & (FILTER_PAGE - 1)) : NULL;
}

static __always_inline u8 filter_bits(u32 tid)
{
	u8 *slot = filter_slot(tid);

	return slot ? *slot : 0;
}

static __noinline int filter_cgroup_walk(struct task_struct *p, u64 id)
{
	struct cgroup *cgroup = p->cgroups->dfl_cgrp;
	struct cgroup_subsys_state *parent;
	u8 verdict = 0;
	int depth;

	for (depth = 0; depth < 64 && cgroup; depth++) {
		u64 ancestor = cgroup->kn->id;

		if (bpf_map_lookup_elem(&wanted_cgroups, &ancestor)) {
			verdict = 1;
			break;
		}
		parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	bpf_map_update_elem(&cgroup_verdicts, &id, &verdict, BPF_ANY);
	return verdict;
}

static __always_inline bool filter_cgroup(struct task_struct *p)
{
	u64 id = task_cgroup_id(p);
	u8 *verdict = bpf_map_lookup_elem(&cgroup_verdicts, &id);

	return verdict ? *verdict : filter_cgroup_walk(p, id);
}

/* Whether p is to be recorded. The idle task is, unless tasks are filtered. */
static __always_inline bool filter_task(struct task_struct *p)
{
	if (!filter_need && !filter_cgroups)
		return true;
	if (!p->pid)
		return false;
	if (filter_need && (filter_bits((u32)p->pid) & filter_need) != filter_need)
		return false;
	return !filter_cgroups || filter_cgroup(p);
}

/*
 * p has left the filter, by its name or its cgroup, or come into it. Of who has left what it does is
 * not known; that it ends is told all the same.
 */
static __always_inline void filter_left(struct task_struct *p, bool left)
{
	u8 *slot = filter_slot((u32)p->pid);

	if (slot)
		*slot = left ? *slot | FILTER_LEFT : *slot & ~FILTER_LEFT;
}

static __always_inline bool filter_has_left(struct task_struct *p)
{
	return (filter_need || filter_cgroups) && filter_bits((u32)p->pid) & FILTER_LEFT;
}

static __noinline int filter_comm(const char *comm)
{
	char name[RING_COMM_LEN] = {};
	u32 i, j;

	bpf_probe_read_kernel_str(name, sizeof(name), comm);
	for (i = 0; i < GLOBS_MAX; i++) {
		u32 key = i; /* in memory; the verifier follows i only in a register */
		struct glob *glob = bpf_map_lookup_elem(&wanted_comms, &key);
		u64 state = 1;

		if (!glob)
			break;
		state |= (state & glob->stars) << 1;
		for (j = 0; j < sizeof(name) - 1; j++) {
			u8 c = (u8)name[j];

			if (!c)
				break;
			state = (state & glob->accept[c]) << 1 | (state & glob->stars);
			state |= (state & glob->stars) << 1;
		}
		if (state & glob->final)
			return FILTER_COMM;
	}
	return 0;
}

static __always_inline u8 filter_wanted(u32 tid)
{
	u8 *bits = bpf_map_lookup_elem(&wanted_tids, &tid);

	return bits ? *bits : 0;
}

/*
 * Sets what is known of p: `inherited` from the thread that made it, or from its TID before an
 * exec, or what it had.
 */
static __always_inline void filter_learn(struct task_struct *p, u8 inherited)
{
	u8 bits = inherited, *slot = filter_slot((u32)p->pid);

	if (!filter_need || !slot)
		return;
	if (filter_need & FILTER_PID)
		bits |= filter_wanted((u32)p->tgid) & FILTER_PID;
	if (filter_need & FILTER_TID)
		bits |= filter_wanted((u32)p->pid) & FILTER_TID;
	if (filter_need & FILTER_COMM)
		bits |= filter_comm(p->comm);
	*slot = bits;
}

#endif
