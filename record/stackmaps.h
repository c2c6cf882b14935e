/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * stackmaps: the kernel's maps of stacks: how large they are, reading them, and emptying them in
 * turn as they fill up.
 */
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
 * make -j, a database). Of user stacks there are more: every process has its own, as no two have
 * their code at the same addresses. So a map is emptied once a quarter of it is taken.
 *
 * Memory, taken when the recording starts and only for what is asked for: 8.4 MiB for kernel
 * stacks, 16 MiB for user stacks.
 */
#define STACK_PLACES	   8192u /* of each of the two maps of a kind; a power of two */
#define STACK_KERNEL_DEPTH 64u
#define STACK_USER_DEPTH   127u
#define STACK_DEPTH_MAX	   127u

/* Before the programs are loaded. */
int stackmaps_configure(struct rstat_bpf *skel, enum stack_mode of, bool user, struct err *err);

struct stackmaps;

/* After that, before they are attached. */
int stackmaps_new(struct stackmaps **out, struct rstat_bpf *skel, bool kernel, bool user,
		  struct err *err);
void stackmaps_free(struct stackmaps *maps); /* NULL is fine */

/*
 * @number  as in EV_STACK, not 0
 * @ips     innermost first; STACK_DEPTH_MAX of them
 * Returns how many, 0 when it is not there, or not any more.
 */
size_t stackmaps_read(struct stackmaps *maps, bool user, uint32_t number,
		      uint64_t ips[STACK_DEPTH_MAX]);

/*
 * Empties maps that fill up. A stack that is taken again then gets another number.
 *
 * @until_ns  all events before this have been read, and their stacks too
 * @lost      some found no place: a good time to begin anew, however full the maps are
 */
void stackmaps_renew(struct stackmaps *maps, uint64_t now_ns, uint64_t until_ns, bool lost);

#endif
