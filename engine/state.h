/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * state: what the raw bits of the kernel mean (include/linux/sched.h; they are macros there, so
 * BTF does not carry them and the trace keeps the raw value).
 */
#ifndef RSTAT_ENGINE_STATE_H
#define RSTAT_ENGINE_STATE_H

#include <stdint.h>

/* Reaches the disk in checkpoints: append only. */
enum task_state {
	TS_UNKNOWN = 0,
	TS_RUN = 1, /* on a CPU */
	TS_RUNNABLE = 2, /* on a run queue, see enum runnable_cause */
	TS_SLEEP = 3, /* S: interruptible */
	TS_DISK = 4, /* D: uninterruptible (killable, frozen, rtlock included), not IDLE */
	TS_IDLE = 5, /* I: TASK_IDLE, a kernel thread that waits for work */
	TS_STOPPED = 6, /* T */
	TS_TRACED = 7, /* t */
	TS_PARKED = 8, /* P */
	TS_NEW = 9, /* forked, not yet woken for the first time */
	TS_ZOMBIE = 10, /* exited, every thread of the process gone, not reaped */
	TS_LEADER_ZOMBIE = 11, /* a leader that exited while its threads live on */
	TS_DEAD = 12, /* exited and reaped, or auto-reaped */
	TS_COUNT
};

/* Reaches the disk in checkpoints: append only. */
enum runnable_cause {
	RC_NONE = 0,
	RC_WAKEUP = 1,
	RC_FORK = 2, /* its first wake-up */
	RC_PREEMPTED = 3,
	RC_YIELD = 4, /* switched out runnable by its own sched_yield(2) */
	RC_INFERRED = 5, /* switched in without a wake-up that the trace has */
	RC_COUNT
};

/* Bits of the raw state that the engine itself looks at. */
enum raw_state_bit {
	RAW_INTERRUPTIBLE = 0x1,
	RAW_UNINTERRUPTIBLE = 0x2,
	RAW_STOPPED = 0x4,
	RAW_TRACED = 0x8,
	RAW_EXIT_DEAD = 0x10, /* exit_state; disjoint from __state on purpose */
	RAW_EXIT_ZOMBIE = 0x20, /* exit_state */
	RAW_PARKED = 0x40,
	RAW_DEAD = 0x80,
	RAW_WAKEKILL = 0x100,
	RAW_WAKING = 0x200,
	RAW_NOLOAD = 0x400,
	RAW_NEW = 0x800,
	RAW_RTLOCK_WAIT = 0x1000,
	RAW_FREEZABLE = 0x2000,
	RAW_FROZEN = 0x8000,
	RAW_IDLE = RAW_UNINTERRUPTIBLE | RAW_NOLOAD,
};

/* S, D, I, T, t, P: not on a CPU, not queued, will run again when woken. */
static inline int state_is_blocked(enum task_state s)
{
	return s >= TS_SLEEP && s <= TS_PARKED;
}

/* Of a raw prev_state with preempt == 0; never TS_RUN. prev_state 0 gives TS_RUNNABLE. */
enum task_state state_from_raw(uint32_t raw_state);

/* The one-letter name as ps(1) has it ('R','S','D','I','T','t','P','Z','X','N','?'). */
char state_letter(enum task_state state);
const char *state_name(enum task_state state); /* "run", "runnable", "sleep", "disk", ... */
const char *runnable_cause_name(enum runnable_cause cause);

/* "D (killable, iowait)": letter and sub-tags of a raw state, into buf; returns buf. */
const char *state_describe(uint32_t raw_state, int iowait, char *buf, unsigned len);

#endif
