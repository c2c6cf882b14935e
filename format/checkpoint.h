/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * checkpoint: the state of the machine at the start of a segment, so that the segment can be read
 * without anything before it.
 */
#ifndef RSTAT_FORMAT_CHECKPOINT_H
#define RSTAT_FORMAT_CHECKPOINT_H

#include "format/event.h"

struct cpu_snapshot {
	uint16_t cpu;
	uint8_t uncertain; /* a gap touched it and nothing since told what runs */
	uint32_t tid; /* current task, 0 idle, TID_OTHER filtered out */
	uint64_t
		since_ns; /* since when; 0 unknown. Uncertain: the end of its last gap, which may lie
			    * after the checkpoint */
	uint64_t lost; /* events lost on this CPU since the recording began */
	uint8_t left_out; /* its switches are not recorded */
};

#define REQUEST_SNAPF_GAP    EVF_IO_ABSORBED /* of flags: a gap touched it */
#define REQUEST_SNAPF_HIDDEN EVF_IO_PARTIAL /* of flags: a CPU hid switches since it is open */

/*
 * A block request that is open, or (`share` > 0) what another IO added to it: those come right
 * after it. io.sector, io.bytes: where that part lies on the device.
 */
struct request_snapshot {
	struct io_info io; /* cgroup_id: charged for the request; error: of what was done of it */
	uint32_t dev, tid; /* tid: who submitted it; TID_OTHER: not known */
	uint32_t
		share; /* 0: the request itself; else the n-th merge: tid, io.bytes, queued_ns count */
	uint16_t op; /* enum io_op */
	uint8_t flags; /* EVF_IO_*, REQUEST_SNAPF_* */
	uint64_t queued_ns, issued_ns; /* 0: not known, not yet */
	uint64_t requeues; /* share > 0: 1 when it counts as a merge */
	uint64_t done_bytes;
};

struct socket_snapshot {
	struct socket_info info;
	uint32_t owner; /* TID, 0 not known */
	uint64_t since_ns; /* in its state; 0 not known */
	uint64_t used_ns; /* last seen */
};

struct account_snapshot {
	uint32_t tid;
	uint64_t ts; /* of the EV_ACCT; of the fork, with all zeroes, when there was none yet */
	struct acct_info acct;
};

/* The last value of a figure of the machine. */
struct metric_snapshot {
	uint32_t metric;
	uint64_t value, ts;
};

struct checkpoint {
	uint64_t ts; /* ns: the state after every event before ts */
	const struct task_snapshot *tasks;
	uint32_t ntasks;
	const struct cpu_snapshot *cpus;
	uint32_t ncpus;
	const struct name_info *names; /* every name that it refers to */
	uint32_t nnames;
	const struct request_snapshot *requests;
	uint32_t nrequests;
	const struct socket_snapshot *sockets;
	uint32_t nsockets;
	const struct account_snapshot *accounts;
	uint32_t naccounts;
	const struct metric_snapshot *metrics;
	uint32_t nmetrics;
};

#endif
