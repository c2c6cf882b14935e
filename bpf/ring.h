/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * ring: the producer's side of the rings (bpf/events.h tells the protocol). A program reserves,
 * fills, commits; nothing here can wait.
 */
#ifndef RSTAT_BPF_RING_H
#define RSTAT_BPF_RING_H

#include "bpf/kernel.h"
#include "bpf/events.h"

const volatile u64 ring_bytes = 65536; /* a power of two; the maps below are sized to match */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(u32));
	__uint(value_size, RING_HEADER_BYTES + 65536 + RING_MARGIN);
	__uint(max_entries, 1);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} doorbell SEC(".maps");

/* How a reservation is protected against interrupts that reserve too. */
enum ring_context {
	RING_IRQS_OFF, /* the hook runs with interrupts off */
	RING_IRQS_ON,
};

static __always_inline struct ring_page *ring_mine(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rings, &cpu);
}

/*
 * Counts events as lost. The times come before the count: whoever takes the count finds a stretch
 * that holds all of it. An interrupt that nests here, or a reader that takes the stretch between
 * the two, makes it longer than it was, never shorter.
 */
static __noinline int ring_lose(u32 events)
{
	struct ring_page *ring = ring_mine();
	u64 now, last;
	int tries;

	if (!ring)
		return 0;
	now = bpf_ktime_get_ns();
	__sync_val_compare_and_swap(&ring->first_lost_ns, 0, now);
#pragma unroll
	for (tries = 0; tries < 4; tries++) {
		last = READ_ONCE(ring->last_lost_ns);
		if (last >= now ||
		    __sync_val_compare_and_swap(&ring->last_lost_ns, last, now) == last)
			break;
	}
	__sync_fetch_and_add(&ring->lost, events);
	__sync_fetch_and_add(&ring->unsaid, events);
	return 0;
}

static __noinline int ring_ring_doorbell(u32 cpu)
{
	bpf_ringbuf_output(&doorbell, &cpu, sizeof(cpu), BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* Word 0 makes the record visible: everything else must be there before. */
static __always_inline void ring_commit(struct ring_rec *rec, u64 word0)
{
#ifdef __TARGET_ARCH_x86
	barrier();
	*(volatile u64 *)&rec->word0 = word0;
#else
	__sync_lock_test_and_set(&rec->word0, word0);
#endif
}

/* Announces what was lost before `rec`, in space reserved for it. */
static __always_inline void ring_say_lost(struct ring_page *ring, struct ring_rec *rec)
{
	struct ring_lost *lost = (void *)(rec + 1);
	u64 first;

	lost->count = __sync_lock_test_and_set(&ring->unsaid, 0);
	first = __sync_lock_test_and_set(&ring->first_lost_ns, 0);
	lost->last_ns = READ_ONCE(ring->last_lost_ns);
	rec->ts = first ? first : lost->last_ns;
	ring_commit(rec, RING_WORD0(REC_LOST, 0, (sizeof(*rec) + sizeof(*lost)) / 8, 0));
}

/* As ring_reserve(), of a program that has looked its CPU's ring up already. */
static __always_inline struct ring_rec *
ring_reserve_in(struct ring_page *ring, enum ring_context context, u32 bytes, u32 events)
{
	const u64 lost_bytes = sizeof(struct ring_rec) + sizeof(struct ring_lost);
	const u64 size = ring_bytes; /* one load */
	u64 head, end, used, unsaid;
	int tries;

	if (!ring)
		return NULL;
#pragma unroll
	for (tries = 0; tries < 4; tries++) {
		head = READ_ONCE(ring->head);
		unsaid = READ_ONCE(ring->unsaid);
		end = head + bytes + (unlikely(unsaid) ? lost_bytes : 0);
		used = end - READ_ONCE(ring->tail);
		if (unlikely(used > size))
			break;
		if (context == RING_IRQS_OFF) {
			*(volatile u64 *)&ring->head = end;
		} else if (__sync_val_compare_and_swap(&ring->head, head, end) != head) {
			continue;
		}
		/* again once the consumer has moved: it may leave the very latest behind */
		if (unlikely(used > size / 2 &&
			     (s64)(ring->doorbell - ring->tail) <= (s64)(size / 2))) {
			ring->doorbell = end;
			ring_ring_doorbell(bpf_get_smp_processor_id());
		}
		if (unlikely(unsaid)) {
			ring_say_lost(ring, (void *)ring + RING_HEADER_BYTES + (head & (size - 1)));
			head += lost_bytes;
		}
		return (void *)ring + RING_HEADER_BYTES + (head & (size - 1));
	}
	ring_lose(events);
	return NULL;
}

/*
 * Reserves `bytes` (a multiple of 8, at most RING_MARGIN less a REC_LOST) on this CPU's ring.
 * `events`: how many events are lost when it is full.
 *
 * Returns the record, to be filled and then committed whatever happens, or NULL: lost.
 */
static __always_inline struct ring_rec *ring_reserve(enum ring_context context, u32 bytes,
						     u32 events)
{
	return ring_reserve_in(ring_mine(), context, bytes, events);
}

/*
 * Fills a record without a tail of its own. Returns 0, or -1: lost.
 *
 * @now  the time, where nothing can have nested since it was read; 0: read it here
 */
static __always_inline int ring_put_in(struct ring_page *ring, enum ring_context context, u64 now,
				       u32 kind, u32 flags, u32 value, u32 tid, u32 peer)
{
	struct ring_rec *rec = ring_reserve_in(ring, context, sizeof(*rec), 1);

	if (!rec)
		return -1;
	rec->ts = now ? now : bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = peer;
	ring_commit(rec, RING_WORD0(kind, flags, sizeof(*rec) / 8, value));
	return 0;
}

static __always_inline int ring_put(enum ring_context context, u32 kind, u32 flags, u32 value,
				    u32 tid, u32 peer)
{
	return ring_put_in(ring_mine(), context, 0, kind, flags, value, tid, peer);
}

#endif
