/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* stackmaps: the kernel's maps of stacks: how large they are, and reading them. */
#ifndef RSTAT_RECORD_STACKMAPS_H
#define RSTAT_RECORD_STACKMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rstat_bpf;

/* Whose stacks are taken when they block. As enum stacks_of of bpf/events.h. */
enum stack_mode {
	STACK_MODE_OFF,
	STACK_MODE_D,
	STACK_MODE_ALL,
};

/*
 * Kernel stacks are rarely deeper than 40 frames (a page fault in a file system on a stacked block
 * device); programs' own are, in languages that call themselves. Deeper ones lose the outermost
 * frames. The kernel allows no more than kernel.perf_event_max_stack, 127.
 *
 * A machine has some hundreds of distinct kernel stacks to block in, a busy one 2,000 (measured:
 * make -j, a database): in 16,384 places, of which each stack can take three, about one in 500 of
 * those finds none. Of user stacks there are more, and each has one place.
 *
 * Memory, taken when the recording starts and only for what is asked for: 8.4 MiB for kernel
 * stacks, 16 MiB for user stacks.
 */
#define STACK_ENTRIES	   16384u
#define STACK_KERNEL_DEPTH 64u
#define STACK_USER_DEPTH   127u
#define STACK_DEPTH_MAX	   127u

/* Before the programs are loaded. */
int stackmaps_configure(struct rstat_bpf *skel, enum stack_mode of, bool user, struct err *err);

/*
 * @id   as in EV_STACK, not 0
 * @ips  innermost first; STACK_DEPTH_MAX of them
 * Returns how many, 0 when it is not there.
 */
size_t stackmaps_read(const struct rstat_bpf *skel, bool user, uint32_t id,
		      uint64_t ips[STACK_DEPTH_MAX]);

#endif
