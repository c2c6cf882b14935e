/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* groups: steps of one level while they are collected: parts of a kind become one step. */
#ifndef RSTAT_REPLAY_EXPLAIN_GROUPS_H
#define RSTAT_REPLAY_EXPLAIN_GROUPS_H

#include "replay/explain/step.h"

/* A part of a step: a piece of a stretch of the timeline. */
struct part {
	uint64_t from_ns, to_ns;
	uint32_t at; /* in by_actor.order; UINT32_MAX: no stretch of the task */
};

/* Zeroed is empty. */
struct group {
	struct step step;
	struct part *parts;
	uint32_t n, room;
	uint64_t key;
};

struct groups {
	struct group *list;
	uint32_t n, room;
	uint32_t *hash; /* number + 1 */
	uint32_t hash_room; /* power of two */
	uint64_t seed;
	bool failed; /* out of memory */
};

/* The group of this key and step.what; new: `step` is copied. NULL: no memory. */
struct group *groups_get(struct groups *g, const struct step *step, uint64_t key);
/* An empty part is none. @keep: the part is wanted in group.parts */
void groups_add(struct groups *g, const struct step *step, uint64_t key, struct part part,
		bool keep);
void groups_sort(struct groups *g); /* the longest first, of equal ones the earlier */
void groups_free(struct groups *g);

#endif
