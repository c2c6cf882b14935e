/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rss: resident memory of the rows of a report. A process has one address space, whichever of its
 * threads tells of it. A row that is about several processes has their sum: what each had when it
 * was last told of, until it is gone.
 */
#ifndef RSTAT_REPLAY_VIEWS_RSS_H
#define RSTAT_REPLAY_VIEWS_RSS_H

#include "replay/view.h"

struct rss_gauge {
	uint64_t now, min, max;
	uint64_t mark; /* the largest of the kernel's own high-water marks */
	bool seen;
};

/* What each process had last, by its leader's task id. Zeroed is empty. */
struct rss {
	struct rss_place {
		uint64_t bytes;
		uint32_t subject;
	} * of;
	uint32_t room;
	struct rss_gauge *(*gauge)(struct view *v, uint32_t subject); /* NULL: out of memory */
};

/* Returns 0 or -ENOMEM. */
int rss_account(struct rss *r, struct view *v, uint32_t subject, const struct account *a);
void rss_gone(struct rss *r, struct view *v, const struct task *task);
void rss_free(struct rss *r);

/* Of subjects that become one: their sum now, and the larger extremes. */
void rss_add(struct rss_gauge *to, const struct rss_gauge *from);

#endif
