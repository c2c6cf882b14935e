/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * io: what is counted of block requests in a row, whatever the row is about. The rules are those of
 * the kernel's own counters (Documentation/admin-guide/iostats.rst), so that sums over a device
 * agree with /proc/diskstats: a request counts when its last part is completed, once, however many
 * went into it; discards and flushes are no writes.
 */
#ifndef RSTAT_REPLAY_VIEWS_IO_H
#define RSTAT_REPLAY_VIEWS_IO_H

#include "base/numbers.h"
#include "replay/dist.h"
#include "replay/view.h"

struct io_delay {
	struct dist dist;
	uint64_t min;
};

struct io_figures {
	uint64_t rd_ios, wr_ios, discards, flushes;
	uint64_t internal; /* that no counter of the kernel has: flush machinery, passthrough */
	uint64_t rd_bytes, wr_bytes, discard_bytes;
	uint64_t rd_merges, wr_merges, requeues, errors;
	uint64_t other_cgroup_bytes; /* charged to another control group than the submitter's */
	uint64_t open, open_since_ns; /* not completed; since when the oldest one is, 0 not known */
	uint64_t unknown; /* completed, and their start was never seen */
	uint64_t no_end; /* their end was never seen */
	uint64_t left_out; /* completed, and in no distribution because a gap touches them */
	uint64_t flush_ns, flush_max_ns;
	uint64_t seq,
		seq_of; /* requests that began where the one before ended; that had one before */
	struct io_delay queue, device;
	struct numbers on;
	uint64_t *ends; /* by device: the sector where the last request of the row ended */
	uint32_t nends;
};

enum io_class { IOC_READ, IOC_WRITE, IOC_DISCARD, IOC_FLUSH, IOC_INTERNAL };

/* Which of the kernel's counters has it. */
enum io_class io_class_of(const struct request *rq);

/* The request itself: its number, its latencies. Returns 0 or -ENOMEM. */
int io_count(struct io_figures *f, const struct request *rq);

/* Bytes of one that is completed. @foreign: charged to another control group */
void io_count_bytes(struct io_figures *f, enum io_class class, uint64_t bytes, bool foreign);

/* EV_IO_START and EV_IO_MERGE in the order they happen. Returns 0 or -ENOMEM. */
int io_follow(struct io_figures *f, const struct event *ev);

int io_add(struct io_figures *to, const struct io_figures *from); /* ends are not moved */
void io_release(struct io_figures *f);
bool io_nothing(const struct io_figures *f);

#endif
