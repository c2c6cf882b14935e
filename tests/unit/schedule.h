/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * schedule: a made-up machine whose events obey the kernel's rules: tasks that run, wait, sleep
 * and wake each other on some CPUs, forks and exits, and now and then a stretch of lost events.
 */
#ifndef RSTAT_TESTS_SCHEDULE_H
#define RSTAT_TESTS_SCHEDULE_H

#include "format/checkpoint.h"
#include "trace_helper.h"

#define SCHEDULE_CPUS  3
#define SCHEDULE_START UINT64_C(1000000000)

/*
 * n steps of it.
 *
 * @gaps  every so many steps a CPU loses what happens for some steps; 0: never
 */
void schedule_events(struct event_list *l, uint64_t seed, size_t n, size_t gaps);

/* The state before the first event: every task of the beginning asleep, every CPU idle. */
const struct checkpoint *schedule_checkpoint(void);

/*
 * A trace of these events in a new memfd, with a checkpoint of the engine's at the start and after
 * every `segment` events (0: never).
 */
int schedule_trace(const struct event_list *l, size_t segment);

#endif
