/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* view_life: what the life view and the order of its tree share. */
#ifndef RSTAT_REPLAY_VIEWS_VIEW_LIFE_H
#define RSTAT_REPLAY_VIEWS_VIEW_LIFE_H

#include "replay/view.h"

struct life_figures {
	uint64_t start_ns; /* 0: not known */
	uint64_t end_ns; /* 0: alive at the end of the window, or not known */
	uint64_t last_ns; /* end of its last slice, 0 none yet */
	uint64_t oncpu_ns;
	uint64_t forks; /* of a folded one: how many processes it stands for */
	uint32_t ppid, execs, threads;
	uint32_t exit_code; /* as wait4 has it */
	uint32_t args_len;
	char *filename, *args; /* of the last exec; args separated by NULs */
	bool seen, started, has_exit, truncated;
	bool asked; /* it matched at some time of the window: it has a row */
	bool dead; /* maybe since before the window: end_ns is it, or is not known */
};

/*
 * Puts rows in the order of a tree: children below their parents, each with its depth, all by
 * start. Those that did nothing and have nothing below them are left out unless `everybody`.
 */
int life_tree(struct view_rows *rows, bool everybody);

/* It began, ran a program or ended in the window. */
bool life_happened(const struct life_figures *f);

#endif
