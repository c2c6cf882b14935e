/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * counters: perf events that count on every CPU, read when it switches: what they counted since its
 * last switch is what the thread that leaves it did.
 */
#ifndef RSTAT_BPF_COUNTERS_H
#define RSTAT_BPF_COUNTERS_H

#include "bpf/filter.h"
#include "bpf/ring.h"

const volatile u8 counters_live = 0; /* a bit per counter that is there */
const volatile u32 counters_n = 0;
const volatile u32 counters_clock = 0; /* whose times are those of all */

/* Element cpu * RING_COUNTERS + i */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
	__uint(max_entries, 1);
} counter_events SEC(".maps");

struct counters_seen {
	u64 enabled, running;
	u64 value[RING_COUNTERS];
	u64 valid; /* a bit per counter that has been read */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, u32);
	__type(value, struct counters_seen);
	__uint(max_entries, 1);
} counters_seen SEC(".maps");

/* What changed since the last time on this CPU, into `delta`. Returns whether it is worth telling. */
static __always_inline bool counters_take(struct counters_seen *seen, struct ring_counters *delta,
					  u64 value[RING_COUNTERS])
{
	u32 i, first = bpf_get_smp_processor_id() * RING_COUNTERS;
	struct bpf_perf_event_value now;
	bool told = false;

#pragma unroll
	for (i = 0; i < RING_COUNTERS; i++) {
		value[i] = 0;
		if (!(counters_live & 1u << i) ||
		    bpf_perf_event_read_value(&counter_events, first + i, &now, sizeof(now)))
			continue;
		if (seen->valid & 1u << i)
			value[i] = now.counter - seen->value[i];
		told |= value[i] != 0;
		seen->value[i] = now.counter;
		if (i == counters_clock) {
			delta->enabled = now.enabled - seen->enabled;
			delta->running = now.running - seen->running;
			/* multiplexed: that nothing was counted does not mean that nothing was */
			told |= delta->enabled != delta->running;
			told &= (seen->valid & 1u << i) != 0;
			seen->enabled = now.enabled;
			seen->running = now.running;
		}
		seen->valid |= 1u << i;
	}
	return told;
}

/* tid: who leaves the CPU */
static __noinline int counters_switch(struct ring_page *ring, u32 tid)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(struct ring_counters) +
			  counters_n * sizeof(u64);
	u32 zero = 0, i;
	struct counters_seen *seen = bpf_map_lookup_elem(&counters_seen, &zero);
	u64 value[RING_COUNTERS], *to;
	struct ring_counters delta = {};
	struct ring_rec *rec;

	if (!seen || !counters_take(seen, &delta, value) || !tid || tid == TID_OTHER)
		return 0;
	rec = ring_reserve_in(ring, RING_IRQS_OFF, bytes, 1);
	if (!rec)
		return 0;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = 0;
	*(struct ring_counters *)(rec + 1) = delta;
	to = (u64 *)((struct ring_counters *)(rec + 1) + 1);
#pragma unroll
	for (i = 0; i < RING_COUNTERS; i++)
		if (i < counters_n)
			to[i] = value[i];
	ring_commit(rec, RING_WORD0(REC_COUNTERS, 0, bytes / 8, 0));
	return 0;
}

#endif
