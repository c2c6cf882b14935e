/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* view_states: what the list of states and the totals of states share. */
#ifndef RSTAT_REPLAY_VIEWS_VIEW_STATES_H
#define RSTAT_REPLAY_VIEWS_VIEW_STATES_H

#include "replay/view.h"

#define STATES_DEFAULT ((1u << TS_DISK) | (1u << TS_ZOMBIE) | (1u << TS_LEADER_ZOMBIE))

/* "S,T" or "all" to bits of enum task_state. */
int states_parse(const char *text, uint32_t *states, struct err *err);

/* "D"; "Zl" for a leader that exited while its threads live on, as ps(1) has it. */
const char *states_letter(enum task_state state);

/* The same, and "Rq" in a run queue, which is "R" too. */
const char *states_name(enum task_state state);

#endif
