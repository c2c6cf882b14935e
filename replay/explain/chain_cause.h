/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* chain_cause: who or what ended a blocked stretch. */
#ifndef RSTAT_REPLAY_EXPLAIN_CHAIN_CAUSE_H
#define RSTAT_REPLAY_EXPLAIN_CHAIN_CAUSE_H

#include "replay/explain/step.h"
#include "replay/explain/timeline.h"

/* Where in a tree of steps. */
struct chain_place {
	const struct timeline *timeline;
	const uint32_t *above; /* who is blocked above, `depth` of them: actors, WHO_* */
	uint32_t depth;
	uint64_t until_ns; /* the end of the window that is told of; 0: none */
};

struct cause {
	enum cause_kind kind;
	uint32_t by, detail; /* as in struct step */
	uint64_t key; /* the same for what is merged */
};

/* @at  of the stretch, in by_actor.order */
struct cause cause_find(const struct chain_place *p, uint32_t at);

#endif
