/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* kernel_own: what the files of kernel.h share; nobody else's business. */
#ifndef RSTAT_RECORD_KERNEL_OWN_H
#define RSTAT_RECORD_KERNEL_OWN_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/events.h"
#include "bpf/rstat.skel.h" /* after events.h: it speaks of u64 and the like */
#include "record/hooks.h"
#include "record/kernel.h"
#include "record/ring.h"

/*
 * What required programs do besides their own work. A kernel that refuses one of them is recorded
 * without it.
 */
enum kernel_part {
	PART_CONTEXT = 1 << 0, /* what was interrupted */
	PART_CAST = 1 << 1, /* the same, in the cheaper way */
	PART_SYSCALL = 1 << 2,
	PART_FS = 1 << 3,
	PART_NET = 1 << 4,
	PART_STACKS = 1 << 5,
	PART_USER_STACKS = 1 << 6,
	PART_COUNTERS = 1 << 7,
};
#define KERNEL_PARTS 8u

struct kernel {
	struct rstat_bpf *skel;
	struct btf *vmlinux;
	struct hooks hooks;
	uint32_t parts; /* enum kernel_part: that are on */
	struct meta_hook refused[KERNEL_PARTS]; /* parts as the trace tells of them */
	size_t nrefused;
	struct meta_hook told[HOOKS_MAX + KERNEL_PARTS]; /* of kernel_hooks() */
	struct rings *rings;
	void *map; /* the rings' memory */
	size_t map_bytes;
	uint64_t ring_bytes;
	unsigned ncpus;
	bool filtered; /* by task */
	struct stackmaps *stacks;
	struct counter_events *counters;
	struct meta_counter counter_meta[COUNTERS_MAX];
	size_t ncounters;
	struct ring_buffer *doorbell;
	struct meta_program programs[HOOKS_MAX];
	int stats_fd; /* BPF_ENABLE_STATS, -1: off */
	uint64_t stats_since_ns, stats_ns;
};

/* Bytes from one CPU's ring to the next one's. */
static inline uint64_t kernel_ring_stride(uint64_t ring_bytes)
{
	return RING_HEADER_BYTES + ring_bytes + RING_MARGIN;
}

/*
 * Opens and loads what the options ask for, hooks are probed and counters open. What the kernel
 * refuses is left out, unless nothing can be recorded without it: -EOPNOTSUPP.
 */
int kernel_load(struct kernel *k, const struct kernel_options *opt, struct err *err);

/* libbpf explains itself on stderr only when the user asked. */
void kernel_hear_libbpf(bool verbose);

#endif
