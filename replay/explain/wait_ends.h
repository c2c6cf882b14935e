/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* wait_ends: when threads that are blocked at an instant are woken. A pass of explain. */
#ifndef RSTAT_REPLAY_EXPLAIN_WAIT_ENDS_H
#define RSTAT_REPLAY_EXPLAIN_WAIT_ENDS_H

#include <stdbool.h>

#include "format/event.h"
#include "replay/explain/waits.h"

struct wait_end {
	uint32_t tid;
	bool over; /* no more is wanted of it */
	uint64_t called_ns, woken_ns; /* the wake-up: called for, done; woken_ns 0: not known */
};

/* Zeroed is empty. */
struct wait_ends {
	uint64_t since_ns;
	uint32_t n, left; /* left: not over */
	struct wait_end list[WAITS_MAX];
};

/* At most WAITS_MAX, each once. Then, since when. */
void wait_ends_add(struct wait_ends *w, uint32_t tid);
void wait_ends_begin(struct wait_ends *w, uint64_t since_ns);

/* Events in order; those before `since_ns` do not matter. Positive: all have ended. */
int wait_ends_apply(struct wait_ends *w, const struct event *events, size_t n);

/* NULL: not asked for, or not found: it may never have been blocked. */
const struct wait_end *wait_ends_find(const struct wait_ends *w, uint32_t tid);

#endif
