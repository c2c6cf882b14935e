/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * traffic: what the thread that runs has sent and received through one socket, added up in its
 * CPU's struct ring_page, so that many small messages make few records. It becomes a record when
 * the thread leaves the CPU or exits, turns to another socket, or goes on for NET_COALESCE_NS.
 * What threads on a CPU have at the end of a recording is read there by the recorder.
 *
 * Whoever changes the sum holds `net_busy`. Only who is preempted in between can be met holding
 * it: then a switch leaves the sum alone, and another thread writes a record of its own.
 */
#ifndef RSTAT_BPF_TRAFFIC_H
#define RSTAT_BPF_TRAFFIC_H

#include "bpf/ring.h"

#define NET_COALESCE_NS 10000000u /* format/event.h */

const volatile bool net_on = false;

static __always_inline void traffic_put(enum ring_context context, struct ring_page *page)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(struct ring_net);
	struct ring_rec *rec = ring_reserve_in(page, context, bytes, 1);

	if (rec) {
		rec->ts = bpf_ktime_get_ns();
		rec->tid = page->net_tid;
		rec->peer = 0;
		*(struct ring_net *)(rec + 1) = page->net;
		ring_commit(rec, RING_WORD0(REC_NET, 0, bytes / 8, 0));
	}
	page->net_tid = 0;
}

/* In a switch, when there is a sum. */
static __noinline int traffic_switch(struct ring_page *page)
{
	if (!READ_ONCE(page->net_busy))
		traffic_put(RING_IRQS_OFF, page);
	return 0;
}

/* The thread exits: before its parent can know of it. */
static __always_inline void traffic_exit(void)
{
	struct ring_page *page;

	if (!net_on)
		return;
	page = ring_mine();
	if (!page || !page->net_tid || __sync_lock_test_and_set(&page->net_busy, 1))
		return;
	if (page->net_tid)
		traffic_put(RING_IRQS_ON, page);
	barrier();
	*(volatile u32 *)&page->net_busy = 0;
}

#endif
