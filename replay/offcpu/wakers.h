/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * wakers: who ended a wait, and what that task had waited for meanwhile, and who had ended that,
 * and so on: a chain. A task's wait belongs to the chain of another only if they overlap: if it
 * was over before the other began, it did not hold it up.
 */
#ifndef RSTAT_REPLAY_OFFCPU_WAKERS_H
#define RSTAT_REPLAY_OFFCPU_WAKERS_H

#include "engine/engine.h"

#define WAKERS_DEPTH 16 /* links of a chain at most */
#define WAKERS_MAX   (1u << 20) /* different links; what would need more has shorter chains */

#define WAKER_NO_WAIT INT32_MIN /* link.leaf: it did not wait meanwhile */

struct link {
	char comm[TASK_COMM_LEN]; /* "(interrupt)" */
	int32_t leaf; /* what it had waited in: a system call, enum leaf (places.h) */
	uint32_t next; /* who had woken it, 0 nobody that matters */
	uint32_t depth; /* of the chain from here on */
};

struct wait_end {
	uint64_t start_ns, end_ns;
	int32_t leaf;
	uint32_t chain;
};

/* Zeroed is empty. */
struct wakers {
	struct link *links; /* number + 1 */
	uint32_t *slots; /* open addressing */
	uint32_t n, room; /* links has room / 2 */
	struct waits {
		uint32_t gen; /* of the task that they are of */
		struct wait_end last[2]; /* the last one first */
	} * tasks; /* by task.id, of those lately gone too */
	uint32_t tasks_room;
	bool failed; /* out of memory */
};

void wakers_free(struct wakers *w);

/* To be called with every blocked interval as the engine tells it. */
void wakers_interval(struct wakers *w, const struct interval *iv, const struct engine *e);

/* The chain of one of the last two waits of iv->task, 0 none. */
uint32_t wakers_chain(const struct wakers *w, const struct interval *iv);

static inline const struct link *wakers_link(const struct wakers *w, uint32_t chain)
{
	return chain ? &w->links[chain - 1] : NULL;
}

#endif
