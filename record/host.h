/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* host: facts about this machine that a reader of the trace will want. */
#ifndef RSTAT_RECORD_HOST_H
#define RSTAT_RECORD_HOST_H

#include <stdint.h>

#include "base/err.h"
#include "format/meta.h"

/*
 * Fills the host's part of meta: names, kernel, operating system, clock offset, CPUs that are
 * online and where they sit. What the host does not say stays empty or -1.
 *
 * @root  "" for this machine, or a folder with a copy of its /proc, /sys and /etc (tests)
 * Fails only for want of memory. meta->cpus is freed by meta_free().
 */
int host_facts(struct meta *meta, const char *root, struct err *err);

/*
 * BPF programs see the PIDs and the clock of the host itself. In a PID namespace of its own a process
 * knows others and may not list the host's tasks; a time namespace may shift its clock.
 *
 * -EOPNOTSUPP, and what to do, when this process is in one of these.
 */
int host_is_ours(const char *root, struct err *err);

/* Highest CPU number that this machine can ever have, plus 1; at least 1. */
uint32_t host_cpu_limit(const char *root);

/* CLOCK_MONOTONIC now, and what CLOCK_REALTIME said at the MONOTONIC instant `at_ns`, in ns. */
uint64_t host_now(void);
uint64_t host_utc(uint64_t at_ns);

#endif
