/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * select: which tasks and CPUs a report is about. Lists of one kind are alternatives, kinds are
 * joined: -p 1 -p 2 --comm 'x*' is (1 or 2) and x*. What a --no- list names is out.
 */
#ifndef RSTAT_REPLAY_SELECT_H
#define RSTAT_REPLAY_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "base/err.h"
#include "engine/engine.h"

enum select_kind {
	SELECT_PID,
	SELECT_TID,
	SELECT_COMM, /* glob */
	SELECT_CGROUP, /* path with all below it, glob, or id */
	SELECT_USER, /* name or uid */
	SELECT_KINDS,
};

struct select_item {
	char *text;
	uint32_t number; /* PID, TID, uid */
	bool is_number;
	bool hit; /* a task of the trace matched */
};

struct select_list {
	struct select_item *items;
	size_t n;
};

enum kthreads { KTHREADS_YES, KTHREADS_NO, KTHREADS_ONLY };

/* Zeroed: everything. */
struct select {
	struct select_list want[SELECT_KINDS], not [SELECT_KINDS];
	struct cpulist cpus, no_cpus;
	enum kthreads kthreads;
};

/* Adds what the user wrote; PIDs and TIDs may be lists: "12,15". */
int select_add(struct select *s, enum select_kind kind, bool negative, const char *text,
	       struct err *err);
int select_kthreads(struct select *s, const char *text, struct err *err);
void select_free(struct select *s);

/* Names of users and cgroups come from `e`, which may be NULL. Notes which items matched. */
bool select_task(struct select *s, const struct task_info *info, const struct engine *e);
bool select_cpu(const struct select *s, uint32_t cpu);
bool select_has_cpus(const struct select *s); /* some CPUs are left out */

/* Some -p, --tid, --comm, --cgroup or --user names what is wanted. */
bool select_names_tasks(const struct select *s);

/* Some task may be left out. */
bool select_has_tasks(const struct select *s);

/* One task may match at one time and not at another. Its process is the same for all its life. */
bool select_may_change(const struct select *s);

/* -EINVAL when something that was asked for matched no task: "PID 12 is not in the trace". */
int select_check(const struct select *s, struct err *err);

#endif
