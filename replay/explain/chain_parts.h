/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* chain_parts: what explains the parts of a step, into `out`. */
#ifndef RSTAT_REPLAY_EXPLAIN_CHAIN_PARTS_H
#define RSTAT_REPLAY_EXPLAIN_CHAIN_PARTS_H

#include "replay/explain/chain_cause.h"
#include "replay/explain/groups.h"

/* What `who` did. */
void parts_of_task(const struct chain_place *p, uint32_t who, const struct part *parts, uint32_t n,
		   struct groups *out);
/* Who had the CPU that a task was queued on. */
void parts_of_runqueue(const struct chain_place *p, const struct part *parts, uint32_t n,
		       struct groups *out);
/* Where the requests were that a task waited for. */
void parts_of_requests(const struct chain_place *p, const struct step *step,
		       const struct part *parts, uint32_t n, struct groups *out);

#endif
