/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * focus: the processes that one process started, and those that these started. Of a recording of
 * a command (`record -- CMD`) they are what the report is about.
 */
#ifndef RSTAT_REPLAY_FOCUS_H
#define RSTAT_REPLAY_FOCUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"

struct focus;

/*
 * @root  the process id where the tree begins
 * @told  checkpoints say who is in it (meta.tree); else they are only asked for who its children
 *        are, and what came before the first of them must be given, too, if there is anything:
 *        whose parent is gone by then is not found
 */
int focus_new(struct focus **out, uint32_t root, bool told, struct err *err);
void focus_free(struct focus *f); /* NULL is fine */

/* To be called with every event before the engine has it. Only forks, checkpoints and
 * what the kernel says of a task matter. */
void focus_event(struct focus *f, const struct event *ev);

bool focus_has(const struct focus *f, uint32_t tgid);
uint64_t focus_processes(const struct focus *f); /* how many so far, the root included */

#endif
