/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* view_offcpu_stack: its waits as a flame graph, instead of rows. */
#ifndef RSTAT_REPLAY_VIEWS_VIEW_OFFCPU_STACK_H
#define RSTAT_REPLAY_VIEWS_VIEW_OFFCPU_STACK_H

#include "replay/view.h"

enum flame_format { FLAME_NONE, FLAME_FOLDED, FLAME_SVG };

/* @trace  its name, for the title */
int offcpu_print_flame(struct view *v, enum flame_format format, const char *trace, FILE *out,
		       struct err *err);

#endif
