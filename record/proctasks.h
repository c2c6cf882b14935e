/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * proctasks: tasks that /proc knows and the BPF iterator does not. Some kernels keep tasks from
 * programs (the build machine: PID 1 and its threads), though others wake and run after them.
 */
#ifndef RSTAT_RECORD_PROCTASKS_H
#define RSTAT_RECORD_PROCTASKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bpf/events.h"

/*
 * Every TID in /proc now, ascending. To be called before the iterator runs: what is here, not
 * there, and still in /proc afterwards, has been hidden and is not just new.
 *
 * @root  "" for this machine, or a folder with a copy of its /proc (tests)
 * @tids  malloc'd
 */
int proctasks_list(const char *root, uint32_t **tids, size_t *n, struct err *err);

/*
 * Appends those of `tids` that `snapshots` lacks, as far as /proc tells: the start is known to a
 * clock tick only, and nobody says since when.
 *
 * @snapshots  malloc'd, as read from the iterator; may move
 */
int proctasks_add(const char *root, const uint32_t *tids, size_t ntids,
		  struct ring_snapshot **snapshots, size_t *n, struct err *err);

#endif
