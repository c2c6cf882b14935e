/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * places: where the tasks of each subject waited, and for how long: in which stack, or without one
 * in which system call. Bounded: beyond PLACES_MAX different ones, those that are new are summed
 * up per subject and reason.
 */
#ifndef RSTAT_REPLAY_OFFCPU_PLACES_H
#define RSTAT_REPLAY_OFFCPU_PLACES_H

#include "replay/offcpu/reasons.h"

#define PLACES_MAX (1u << 20)
#define PLACE_RUNQ WAIT_REASONS /* place.reason of a wait for a CPU */

/* place_key.leaf where it is not the number of a system call. */
enum leaf {
	LEAF_STACK = -1, /* the stacks say it */
	LEAF_RUNQ = -2,
	LEAF_NO_CALL = -3, /* a page fault, or on the way back to user space */
	LEAF_UNKNOWN = -4,
	LEAF_NO_WORK = -5, /* a kernel thread */
	LEAF_KERNEL = -6, /* a kernel thread that waits for something else */
	LEAF_STOPPED = -7,
	LEAF_TRACED = -8,
	LEAF_PARKED = -9,
	LEAF_NEW = -10, /* forked and not yet woken */
	LEAF_REST = -11, /* too many different ones */
};

struct place_key {
	uint32_t subject; /* whose */
	uint32_t reason; /* enum wait_reason, PLACE_RUNQ */
	uint32_t kernel, user; /* numbers of stacks, STACK_NONE */
	int32_t leaf; /* a system call, enum leaf */
	uint32_t chain; /* of who woke it (wakers.h), 0 none */
};

struct place {
	struct place_key key;
	uint32_t next; /* inside: number + 1, chain of the hash */
	uint64_t ns, max_ns, count;
};

/* Zeroed is empty. */
struct places {
	struct place *list;
	uint32_t n, room;
	uint32_t *buckets; /* number + 1 */
	uint32_t nbuckets; /* power of two */
};

void places_free(struct places *p);

/* Adds the figures of `more` to those of its key. Returns 0 or -ENOMEM. */
int places_add(struct places *p, const struct place *more);

/* Where an interval was blocked. `chain` stays 0. */
struct place_key place_of(const struct interval *iv, const struct wait_verdict *verdict,
			  const struct stacks *stacks, uint32_t subject);

/* "futex", "(run queue)", "(no work)": never NULL, not to be freed. */
const char *leaf_name(int32_t leaf, const char *arch);

#endif
