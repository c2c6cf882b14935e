/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* record_filters: the options of record that say which tasks are recorded, checked as given. */
#ifndef RSTAT_VERBS_RECORD_FILTERS_H
#define RSTAT_VERBS_RECORD_FILTERS_H

#include "base/cpulist.h"
#include "base/err.h"
#include "record/kernel.h"

enum filter_list { FILTER_PID, FILTER_TID, FILTER_COMM, FILTER_CGROUP, FILTER_CPU };

/* Zeroed is the start. */
struct record_filters {
	uint32_t *pids, *tids;
	const char **comms;
	uint64_t *cgroups;
	size_t npids, ntids, ncomms, ncgroups;
	struct cpulist cpus;
	char text[1024]; /* as the user gave them */
};

/*
 * Adds what one option says; PIDs, TIDs and cgroups may be lists with commas.
 * -ESRCH, -ENOENT: no such process, thread, cgroup or CPU; -EINVAL, -ENOMEM.
 */
int record_filters_add(struct record_filters *f, enum filter_list list, const char *arg,
		       struct err *err);

/* Points into f. */
struct kernel_filter record_filters_of(const struct record_filters *f);

void record_filters_free(struct record_filters *f);

/* Appends an argument as a shell would need it; cut when it does not fit. */
void append_quoted(char *text, size_t size, const char *arg);

#endif
