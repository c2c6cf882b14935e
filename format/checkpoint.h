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
};

struct checkpoint {
	uint64_t ts; /* ns: the state after every event before ts */
	const struct task_snapshot *tasks;
	uint32_t ntasks;
	const struct cpu_snapshot *cpus;
	uint32_t ncpus;
	const struct name_info *names; /* every user and cgroup name that the tasks refer to */
	uint32_t nnames;
};

#endif
