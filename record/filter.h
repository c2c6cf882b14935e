/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* filter: puts the user's choice of tasks and CPUs where the programs look (bpf/filter.h). */
#ifndef RSTAT_RECORD_FILTER_H
#define RSTAT_RECORD_FILTER_H

#include "base/err.h"
#include "bpf/events.h"
#include "record/kernel.h"

struct rstat_bpf;

/* Before the load: what is on, and the sizes of the maps. -EINVAL, -E2BIG: err says which. */
int filter_configure(struct rstat_bpf *skel, const struct kernel_filter *filter, struct err *err);

/* After the load, before anything is attached. */
int filter_fill(struct rstat_bpf *skel, const struct kernel_filter *filter, struct err *err);

/* The automaton of a pattern of '*', '?' and plain characters. -E2BIG: too long. */
int filter_compile_glob(struct glob *glob, const char *pattern);

#endif
