/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * ring: the producer's side of the rings (bpf/events.h tells the protocol). A program reserves,
 * fills, commits; nothing here can wait.
 */
#ifndef RSTAT_BPF_RING_H
#define RSTAT_BPF_RING_H

#include "bpf/kernel.h"
#include "bpf/events.h"

const volatile u64 ring_mask = 65536 - 1; /* ring_bytes - 1; the maps below are sized to match */

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
	barrier();
	*(volatile u64 *)&ring->limit = 0;
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

static __always_inline struct ring_rec *ring_at(struct ring_page *ring, u64 head)
{
	return (void *)ring + RING_HEADER_BYTES + (head & ring_mask);
}

/* As ring_reserve_in() with RING_IRQS_ON, when nothing is to be looked at. */
static __always_inline bool ring_move(struct ring_page *ring, u64 head, u64 end)
{
	return __sync_val_compare_and_swap(&ring->head, head, end) == head;
}

/*
 * A reservation of `bytes` would go beyond ring->limit: looks at everything that the limit stands
 * for. Announces what was lost, rings the doorbell, sets the next limit. That is never too high,
 * whoever nests here: the tail only moves on, and who loses an event counts it before he takes the
 * limit away.
 *
 * Returns 0, or -1: the ring is full, the events are lost.
 */
static __noinline int ring_renew(struct ring_page *ring, u32 bytes, u32 events)
{
	const u64 lost_bytes = sizeof(struct ring_rec) + sizeof(struct ring_lost);
	const u64 size = ring_mask + 1, half = size / 2;
	u64 head = READ_ONCE(ring->head), tail = READ_ONCE(ring->tail), limit;
	u64 unsaid = READ_ONCE(ring->unsaid);
	u64 end = head + bytes + (unsaid ? lost_bytes : 0);

	if (end - tail > size) {
		ring_lose(events);
		return -1;
	}
	if (unsaid && ring_move(ring, head, head + lost_bytes))
		ring_say_lost(ring, ring_at(ring, head));
	if (end - tail <= half) {
		limit = tail + half;
	} else {
		/* again once the consumer has moved: it may leave the very latest behind */
		if ((s64)(ring->doorbell - tail) <= (s64)half) {
			ring->doorbell = end;
			ring_ring_doorbell(bpf_get_smp_processor_id());
		}
		limit = end + size / 16;
		if (limit - tail > size)
			limit = tail + size;
	}
	*(volatile u64 *)&ring->limit = limit;
	barrier();
	if (READ_ONCE(ring->unsaid))
		*(volatile u64 *)&ring->limit = 0;
	return 0;
}

/* As ring_reserve(), of a program that has looked its CPU's ring up already. */
static __always_inline struct ring_rec *
ring_reserve_in(struct ring_page *ring, enum ring_context context, u32 bytes, u32 events)
{
	u64 head, end;
	int tries;

	if (!ring)
		return NULL;
	if (context == RING_IRQS_OFF) {
		head = READ_ONCE(ring->head);
		if (unlikely(head + bytes > READ_ONCE(ring->limit))) {
			if (ring_renew(ring, bytes, events))
				return NULL;
			head = READ_ONCE(ring->head);
		}
		*(volatile u64 *)&ring->head = head + bytes;
		return ring_at(ring, head);
	}
#pragma unroll
	for (tries = 0; tries < 4; tries++) {
		head = READ_ONCE(ring->head);
		end = head + bytes;
		if (unlikely(end > READ_ONCE(ring->limit))) {
			if (ring_renew(ring, bytes, events))
				return NULL;
		} else if (ring_move(ring, head, end)) {
			return ring_at(ring, head);
		}
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

/* Fills a record without a tail of its own. */
static __always_inline void ring_put_in(struct ring_page *ring, enum ring_context context,
					u64 word0, u32 tid, u32 peer)
{
	struct ring_rec *rec = ring_reserve_in(ring, context, sizeof(*rec), 1);

	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = peer;
	ring_commit(rec, word0);
}

/* Word 0 of such a record. */
#define RING_PLAIN(kind, flags, value) RING_WORD0(kind, flags, sizeof(struct ring_rec) / 8, value)

static __always_inline void ring_put(enum ring_context context, u32 kind, u32 flags, u32 value,
				     u32 tid, u32 peer)
{
	ring_put_in(ring_mine(), context, RING_PLAIN(kind, flags, value), tid, peer);
}

/* Of a kind that has one number behind its struct ring_rec. */
static __always_inline void ring_put_u64(enum ring_context context, u32 kind, u32 flags, u32 value,
					 u32 tid, u32 peer, u64 number)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(u64);
	struct ring_rec *rec = ring_reserve(context, bytes, 1);

	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = peer;
	*(u64 *)(rec + 1) = number;
	ring_commit(rec, RING_WORD0(kind, flags, bytes / 8, value));
}

#endif
