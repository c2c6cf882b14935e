/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * reasons: what a blocked task waits for, and what says so. The first of these that has an answer:
 *
 *   stack    frames of the kernel stack (reason_of_frames())
 *   request  a block request of its own was completed while it waited in D, or in a system call that
 *            waits for such requests
 *   iowait   the kernel counts it as IO wait
 *   socket   it moved bytes through a socket when it was back from a system call that may be about
 *            one. That is told at the end of its next slice, so such a verdict comes late.
 *   syscall  the system call that it is in
 *   waker    a program that was not interrupted ended a wait in D that not even a signal could, or
 *            one that needs the address space for itself: it gave up a lock of the kernel's. Kernel
 *            threads complete other things too.
 *   state    nothing but its state: "other"
 *
 * Kernel threads and the states I, T, t and P are "other" unless a request or IO wait says disk.
 */
#ifndef RSTAT_REPLAY_OFFCPU_REASONS_H
#define RSTAT_REPLAY_OFFCPU_REASONS_H

#include "engine/engine.h"
#include "replay/offcpu/stacks.h"

/* In the order in which frames of a stack decide. */
enum wait_reason {
	WAIT_DISK, /* block devices, file systems */
	WAIT_NET, /* sockets to other machines, or to this one by its network addresses */
	WAIT_LOCK, /* futex, mutex, semaphore, file lock */
	WAIT_PIPE, /* pipes, sockets within the machine, terminals, queues */
	WAIT_POLL, /* for any of several files */
	WAIT_SLEEP, /* for a time to pass, or for a signal */
	WAIT_CHILD, /* wait4, vfork */
	WAIT_OTHER,
	WAIT_REASONS
};

enum reason_basis {
	BASIS_STACK,
	BASIS_REQUEST,
	BASIS_IOWAIT,
	BASIS_SOCKET,
	BASIS_SYSCALL,
	BASIS_WAKER,
	BASIS_STATE,
	BASIS_COUNT
};

struct wait_verdict {
	enum wait_reason reason;
	enum reason_basis basis;
	bool idle_work; /* a kernel thread that waits for work; WAIT_OTHER */
	uint64_t socket; /* BASIS_SOCKET: its cookie */
	uint32_t dev; /* BASIS_REQUEST: the device of the last request */
};

const char *wait_reason_name(enum wait_reason reason); /* "disk", "network", "lock", ... */
const char *reason_basis_name(enum reason_basis basis); /* "stack", "request", ... */

/*
 * What a kernel stack says. @frames as in struct frames_info. False: nothing, for example because
 * all there is of it is schedule_timeout(). Knows the names of kernels 5.10 to 6.18.
 */
bool reason_of_frames(const char *frames, uint32_t len, enum wait_reason *out);

/*
 * What a system call says of who is blocked in it in that state. False: nothing. In D, one that
 * waits for a child says so of waits that a fatal signal ends: other ones are on the way there.
 */
bool reason_of_syscall(const char *name, enum task_state state, enum wait_reason *out);

/*
 * Called once for every blocked interval, when its verdict is final: at its end, or up to the end
 * of the task's next slice; before task_gone() and task_changed() of the task return. `iv` is as
 * the engine told it; iv->task is as it is now. Of one task in order of time.
 */
typedef void reasons_fn(void *ctx, const struct interval *iv, const struct wait_verdict *verdict);

struct reasons;

/*
 * @arch    as uname -m has it, of the recorded machine; "" not known
 * @stacks  what stack ids mean; stays the caller's, who feeds it; NULL: no stacks
 * @engine  whose intervals they are: who a waker is; stays the caller's
 */
int reasons_new(struct reasons **out, const char *arch, const struct stacks *stacks,
		const struct engine *engine, reasons_fn *tell, void *ctx, struct err *err);
void reasons_free(struct reasons *r); /* NULL is fine */

/*
 * To be added to the engine; or its callbacks to be called by another sink: interval() with blocked
 * states and TS_RUN, request(), socket(), task_gone() and task_changed().
 */
struct sink *reasons_sink(struct reasons *r);
bool reasons_failed(const struct reasons *r); /* out of memory: some verdicts were not held back */

/* The name of the system call of an interval; NULL: none, or not known. */
const char *reasons_syscall(const struct reasons *r, const struct interval *iv);

#endif
