/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* cost: how long each program takes, as a histogram, when the recorder asks for it. */
#ifndef RSTAT_BPF_COST_H
#define RSTAT_BPF_COST_H

#include "bpf/kernel.h"
#include "bpf/events.h"

const volatile bool profile = false;

struct cost {
	u64 buckets[COST_BUCKETS]; /* bucket i: runs of [2^i, 2^(i+1)) ns */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, u32);
	__type(value, struct cost);
	__uint(max_entries, PROG_COUNT);
} costs SEC(".maps");

static __always_inline u64 cost_begin(void)
{
	return profile ? bpf_ktime_get_ns() : 0;
}

static __always_inline void cost_end(u32 program, u64 begin)
{
	struct cost *cost;
	u32 bucket = 0;
	u64 ns;

	if (!begin)
		return; /* no second look at `profile`: a load less on the hot path */
	ns = bpf_ktime_get_ns() - begin;
	cost = bpf_map_lookup_elem(&costs, &program);
	if (!cost)
		return;
	bucket += ns >> (bucket + 16) ? 16 : 0;
	bucket += ns >> (bucket + 8) ? 8 : 0;
	bucket += ns >> (bucket + 4) ? 4 : 0;
	bucket += ns >> (bucket + 2) ? 2 : 0;
	bucket += ns >> (bucket + 1) ? 1 : 0;
	cost->buckets[bucket & (COST_BUCKETS - 1)]++;
}

#endif
