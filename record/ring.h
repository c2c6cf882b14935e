/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * ring: the consumer's side of the rings (bpf/events.h tells the protocol) and the merge of all
 * CPUs, and of what was read elsewhere, into one stream by time. Knows memory, not BPF.
 */
#ifndef RSTAT_RECORD_RING_H
#define RSTAT_RECORD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/events.h"
#include "format/event.h"

#define RING_BYTES_MIN (16u * 1024) /* two of the longest records */

struct rings;

/*
 * @base    the first CPU's struct ring_page, writable; borrowed
 * @stride  bytes from one CPU's to the next, at least header + ring_bytes + margin
 * Errors: -ENOMEM, -EINVAL (ring_bytes is no power of two, or too small)
 */
int rings_new(struct rings **out, void *base, size_t stride, unsigned ncpus, uint64_t ring_bytes,
	      struct err *err);
void rings_free(struct rings *rings); /* NULL is fine */

/*
 * This CPU's switches are not recorded: what still comes from it (forks, wake-ups of tasks
 * elsewhere) gets CPU_NONE, since who does it there says nothing about how long it runs there.
 */
void rings_leave_out(struct rings *rings, unsigned cpu);

/*
 * Adds records that did not come through a ring: committed, one behind the other, by time. They
 * come out merged by their time, of no CPU. Errors: -ENOMEM, -EIO (they are damaged)
 */
int rings_add(struct rings *rings, const void *records, size_t bytes, struct err *err);

/*
 * Adds the kernel's word on `n` tasks; they come out as EV_TASK, merged by their time.
 *
 * @snapshots  malloc'd; owned by the rings from here on, also on failure
 */
int rings_add_snapshots(struct rings *rings, struct ring_snapshot *snapshots, size_t n,
			struct err *err);

/*
 * When no program runs any more: what threads that are still on a CPU have sent and received until
 * now comes out as if it had been told right before end_ns.
 */
int rings_end(struct rings *rings, uint64_t end_ns, struct err *err);

/*
 * Takes what is committed and older than until_ns, merged by time, each CPU in order. A ring whose
 * next record is reserved but not yet committed holds all others back to that time, so an order
 * once given out is final, as long as until_ns is at least some microseconds ago.
 *
 * @events  valid until the next call
 * Returns how many; 0: none now. -EIO: a record is damaged, or has been reserved for ten seconds.
 */
int rings_drain(struct rings *rings, uint64_t until_ns, const struct event **events,
		struct err *err);

/* Whether the last call held events older than until_ns back, for a record that is not committed. */
bool rings_pending(const struct rings *rings);

uint32_t rings_fill(const struct rings *rings); /* the fullest, in 1/1024 */
uint64_t rings_lost(const struct rings *rings); /* since the start, over all CPUs */

/* Events of a kind that have come out, EV_TASK of snapshots not counted. */
uint64_t rings_events(const struct rings *rings, enum event_kind kind);

#endif
