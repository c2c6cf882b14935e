/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* step: one step of what a wait is made of. */
#ifndef RSTAT_REPLAY_EXPLAIN_STEP_H
#define RSTAT_REPLAY_EXPLAIN_STEP_H

#include <stdbool.h>
#include <stdint.h>

enum step_what {
	STEP_WINDOW, /* all of a thread's time in the window */
	STEP_RUN, /* it ran */
	STEP_RUNQUEUE, /* it waited for a CPU */
	STEP_BLOCKED, /* see `reason`, `cause` */
	STEP_BEHIND, /* of RUNQUEUE: this task had the CPU */
	STEP_PREEMPTED, /* ... and came there by preempting it */
	STEP_IDLE, /* of RUNQUEUE: the CPU was idle, on its way to the task */
	STEP_FILTERED, /* the recording left that task out; of RUNQUEUE: such a task had the CPU */
	STEP_BEFORE, /* of a block request: before it was made */
	STEP_QUEUE, /* of a block request: before the driver had it */
	STEP_DEVICE, /* of a block request: until it was completed */
	STEP_AFTER, /* of a block request: until the task was woken */
	STEP_WAKING, /* the wake-up was called for, and not done yet */
	STEP_UNBORN, /* it was not there yet */
	STEP_GONE, /* it had exited */
	STEP_AGAIN, /* explained further up */
	STEP_UNKNOWN, /* lost events, or nothing in the trace tells */
	STEP_UNREAD, /* more happened than is kept: timeline.full */
	STEP_OTHERS, /* steps that are too small to be told one by one */
	STEP_COUNT
};

/* What ended a STEP_BLOCKED. */
enum cause_kind {
	CAUSE_UNKNOWN,
	CAUSE_TASK, /* `by` */
	CAUSE_PEER, /* `by` sent to the socket `detail` */
	CAUSE_PEER_STATE, /* `by` opened or closed the other end of the socket `detail` */
	CAUSE_REQUEST, /* the request `detail` */
	CAUSE_REMOTE, /* the socket `detail`, from elsewhere */
	CAUSE_TIMER,
	CAUSE_TIME_OR_SIGNAL, /* no task and no device, but which of these is not known */
	CAUSE_INTERRUPT, /* `detail`, IRQ_* */
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
	uint32_t detail; /* by cause: of ios, of wires, IRQ_* */
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
	bool after; /* BLOCKED: the last part was ended after the window, by that cause */
	bool doubt; /* CAUSE_TASK: or by an interrupt, when that task ran */
};

#endif
