/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * chain: why a thread waited, down to a root. A wait is explained by steps that add up to it:
 *
 *   ready, waiting for a CPU   who had that CPU meanwhile, slice by slice
 *   blocked, woken by a task   what that task was doing meanwhile: it ran, it waited for a CPU, it
 *                              was blocked itself, which is explained in the same way
 *   blocked, woken by an interrupt that completed a block request: in the queue, on the device
 *   ... with data from a process of this machine: what that one was doing meanwhile
 *   ... with data from elsewhere, by a timer, by another interrupt: a root, there is nothing below
 *
 * Steps of a kind are merged (that it slept a hundred times, woken by the same task, is one step of
 * a hundred parts), and so each step is explained once, for all the stretches of time that it
 * stands for together. What is below `least` of its parent's root is summed up as STEP_OTHERS.
 * What is not known is a step too: the parts of a step that has any add up to it, always.
 *
 * A task that was already blocked further up cannot have done anything, but for differences between
 * clocks: such a step ends as STEP_AGAIN.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_CHAIN_H
#define RSTAT_REPLAY_EXPLAIN_CHAIN_H

#include "replay/explain/timeline.h"
#include "replay/explain/waits.h"

#define CHAIN_DEPTH	10 /* by default */
#define CHAIN_DEPTH_MAX 64

enum step_what {
	STEP_WINDOW, /* all of a thread's time in the window */
	STEP_RUN, /* it ran */
	STEP_RUNQUEUE, /* it waited for a CPU */
	STEP_BLOCKED, /* see `reason`, `cause` */
	STEP_BEHIND, /* of RUNQUEUE: this task had the CPU */
	STEP_PREEMPTED, /* ... and came there by preempting it */
	STEP_IDLE, /* of RUNQUEUE: the CPU was idle, on its way to the task */
	STEP_FILTERED, /* of RUNQUEUE: a task that the recording left out */
	STEP_BEFORE, /* of a block request: before it was made */
	STEP_QUEUE, /* of a block request: before the driver had it */
	STEP_DEVICE, /* of a block request: until it was completed */
	STEP_AFTER, /* of a block request: until the task was woken */
	STEP_WAKING, /* the wake-up was called for, and not done yet */
	STEP_UNBORN, /* it was not there yet */
	STEP_GONE, /* it had exited */
	STEP_AGAIN, /* explained further up */
	STEP_UNKNOWN, /* lost events, or nothing in the trace tells */
	STEP_UNREAD, /* more happened than is kept: TIMELINE_LIMIT */
	STEP_OTHERS, /* steps that are too small to be told one by one */
	STEP_COUNT
};

/* What ended a STEP_BLOCKED. */
enum cause_kind {
	CAUSE_UNKNOWN,
	CAUSE_TASK, /* `by` */
	CAUSE_PEER, /* `by` sent to the socket `detail` */
	CAUSE_REQUEST, /* the request `detail` */
	CAUSE_REMOTE, /* the socket `detail`, from elsewhere */
	CAUSE_TIMER,
	CAUSE_INTERRUPT,
	CAUSE_FILTERED, /* a task that the recording left out */
	CAUSE_OPEN, /* nothing: it goes on after the window */
	CAUSE_OPEN_REQUEST, /* nothing either: the request `detail` is not completed */
};

struct step {
	uint64_t start_ns, dur_ns; /* of the first part; of all parts */
	uint64_t root_ns; /* of the wait that it belongs to */
	uint32_t count; /* parts */
	uint32_t who; /* whose time it is; WHO_NOBODY: of no task */
	uint32_t by; /* who held it up: an actor or WHO_* */
	uint32_t detail; /* by cause: of ios, of wires */
	uint16_t depth; /* 0: the wait */
	uint16_t cpu; /* RUNQUEUE and below it; CPU_NONE: several, or none */
	int16_t syscall; /* BLOCKED; SYSCALL_UNKNOWN: not known, or several */
	uint8_t what; /* enum step_what */
	uint8_t reason; /* BLOCKED: enum wait_reason */
	uint8_t state; /* BLOCKED: enum task_state */
	uint8_t cause; /* BLOCKED: enum cause_kind */
	uint8_t kernel; /* BLOCKED: it is a kernel thread */
	bool deeper; /* there is more below than the depth allows */
	bool before; /* it began before the window */
};

/* Steps, each followed by those that explain it. */
struct chain {
	const struct timeline *timeline;
	uint32_t depth; /* steps below this are left out */
	uint32_t least_ppm; /* of the root: smaller steps are summed up */
	struct step *steps;
	size_t n, room;
	uint64_t root_ns; /* inside: of the wait that is being explained */
	uint32_t above[CHAIN_DEPTH_MAX + 2]; /* inside: who is blocked, by depth */
};

/* A wait of waits.h. -ENOENT: the timeline does not have it. Else 0 or -ENOMEM. */
int chain_wait(struct chain *c, const struct wait *wait, struct err *err);

/* All of a task's time inside `span`, which is cut to its life. */
int chain_window(struct chain *c, uint32_t who, struct span span, struct err *err);
void chain_free(struct chain *c);

/* -- between chain.c, chain_parts.c and chain_cause.c -- */

/* A part of a step: a piece of a stretch. */
struct part {
	uint64_t from_ns, to_ns;
	uint32_t at; /* in by_actor.order; UINT32_MAX: no stretch of the task */
};

struct cause {
	enum cause_kind kind;
	uint32_t by, detail;
	uint64_t key; /* the same for what is merged */
};

/* Why a blocked stretch ended. @above: the waits that it is a part of, `depth` of them */
struct cause cause_find(const struct chain *c, uint32_t at, uint32_t depth);

/* Steps of one level while they are collected. */
struct group {
	struct step step;
	struct part *parts;
	uint32_t n, room;
	uint64_t key;
};

struct groups {
	struct group *list;
	uint32_t n, room;
	uint32_t *hash; /* number + 1 */
	uint32_t hash_room; /* power of two */
	bool failed; /* out of memory */
};

/* The group of this step and key (of who and what apart); new: `step` is copied. NULL: no memory. */
struct group *groups_get(struct groups *g, const struct step *step, uint64_t key);
void groups_add(struct groups *g, const struct step *step, uint64_t key, struct part part,
		bool keep);
void groups_free(struct groups *g);

/* What explains these parts, into `out`. */
void parts_of_task(const struct chain *c, uint32_t who, const struct part *parts, uint32_t n,
		   uint32_t depth, struct groups *out);
void parts_of_runqueue(const struct chain *c, const struct part *parts, uint32_t n,
		       struct groups *out);
void parts_of_requests(const struct chain *c, const struct step *step, const struct part *parts,
		       uint32_t n, uint32_t depth, struct groups *out);

#endif
