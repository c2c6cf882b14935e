/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * gone_names: names of tasks that went a short while ago. Who ran instead, or who woke somebody, may
 * be gone when it is told; the engine does not know it any more. A cache: the last of many.
 */
#ifndef RSTAT_REPLAY_GONE_NAMES_H
#define RSTAT_REPLAY_GONE_NAMES_H

#include "engine/engine.h"

#define GONE_NAMES 4096 /* power of two */

struct gone_names {
	struct sink sink; /* to be added to the engine */
	struct {
		uint32_t tid;
		char comm[TASK_COMM_LEN];
	} list[GONE_NAMES];
};

void gone_names_init(struct gone_names *g);

/* Of who ended a wait, whoever has its TID by now. */
void gone_names_waker(const struct gone_names *g, const struct engine *e, const struct interval *iv,
		      char comm[TASK_COMM_LEN]);

/* The comm of a live or lately gone task; "" when it is not known. */
void gone_names_comm(const struct gone_names *g, const struct engine *e, uint32_t tid,
		     char comm[TASK_COMM_LEN]);

#endif
