/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* select_args: the options that choose tasks and CPUs, the same in every verb that has them. */
#ifndef RSTAT_VERBS_SELECT_ARGS_H
#define RSTAT_VERBS_SELECT_ARGS_H

#include "base/options.h"
#include "replay/select.h"

/* Keys of the shared rows; a verb's own keys are below. The order is that of enum select_kind. */
enum select_key {
	SELECT_KEY_BASE = 20000,
	SELECT_KEY_PID,
	SELECT_KEY_TID,
	SELECT_KEY_COMM,
	SELECT_KEY_CGROUP,
	SELECT_KEY_USER,
	SELECT_KEY_NO_PID,
	SELECT_KEY_NO_TID,
	SELECT_KEY_NO_COMM,
	SELECT_KEY_NO_CGROUP,
	SELECT_KEY_NO_USER,
	SELECT_KEY_CPU,
	SELECT_KEY_NO_CPU,
	SELECT_KEY_KTHREADS,
};

/* Rows for a verb's option table. */
/* clang-format off */
#define SELECT_OPTIONS \
	{SELECT_KEY_PID, 'p', "pid", "PID,...", "Threads of these processes."}, \
	{SELECT_KEY_TID, 0, "tid", "TID,...", "These threads."}, \
	{SELECT_KEY_COMM, 0, "comm", "GLOB", "Tasks of this name; * and ? as in a shell."}, \
	{SELECT_KEY_CGROUP, 0, "cgroup", "PATH", \
	 "Tasks in this control group and below; globs too."}, \
	{SELECT_KEY_USER, 0, "user", "USER", "Tasks of this user, name or uid."}, \
	{SELECT_KEY_CPU, 'C', "cpu", "CPUS", "What happened on these CPUs: 0,2-5."}, \
	{SELECT_KEY_NO_PID, 0, "no-pid", "PID,...", "Not these processes."}, \
	{SELECT_KEY_NO_TID, 0, "no-tid", "TID,...", "Not these threads."}, \
	{SELECT_KEY_NO_COMM, 0, "no-comm", "GLOB", "Not tasks of this name."}, \
	{SELECT_KEY_NO_CGROUP, 0, "no-cgroup", "PATH", "Not tasks of this control group."}, \
	{SELECT_KEY_NO_USER, 0, "no-user", "USER", "Not tasks of this user."}, \
	{SELECT_KEY_NO_CPU, 0, "no-cpu", "CPUS", "Not on these CPUs."}, \
	{SELECT_KEY_KTHREADS, 0, "kthreads", "WHEN", \
	 "Kernel threads: yes (default), no or only."}
/* clang-format on */

/* For command.set: 1 when the option was one of the shared rows, 0 when not, else an error. */
int select_args_set(struct select *s, int key, const char *arg, struct err *err);

#endif
