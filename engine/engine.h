/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * engine: what the events mean. A state machine per task and per CPU that turns a stream of events
 * into intervals. It never prints, never exits, and knows no format and no kernel; memory is
 * bounded by the tasks that are alive, or were lately. The recorder runs it for its checkpoints,
 * every reader for its answers.
 *
 * Gaps: between the first and the last lost event of a CPU, nothing is known of that CPU nor of any
 * task that was not seen running on another one. The part of an interval before a gap has the state
 * that began it, the part after the (last) gap the state that its closing event implies, the part
 * between is TS_UNKNOWN; each part is an interval of its own, marked IVF_GAP. So an interval is
 * either a claim for the whole of its length, or TS_UNKNOWN with gap_ns == its length. Intervals
 * with IVF_GAP belong in totals, never in distributions: where they began or ended is not known.
 * An event that shows a CPU running something else than the engine has there is such a stretch too
 * (from the last instant that the task was known to be there): KERNEL.md, "contradicted".
 *
 * What closing events imply: a switch-in, that the task was runnable since the gap (since its
 * wake-up when one came in between); a wake-up, that it slept (TS_SLEEP, raw_state 0: blocked, how
 * is not known); being switched out, or acting, on a CPU that lost events: that it ran there since
 * that CPU's gap. A wake-up of a task whose CPU is not known waits for the event that tells.
 *
 * Wake-ups that were hidden: such a stretch of a CPU hides the wake-ups made there too. A sleeper
 * that is switched in without one slept until the first stretch since (or its sched_waking) began,
 * and was runnable since the last one ended; between, nothing is known. That a CPU hides something
 * right now shows later only, so what runs on another CPU at the switch-in counts as hiding since
 * its own switch-in; idle hides nothing. Nothing explains it, or tasks are filtered out (every one
 * of their slices can hide): unknown since the sleeper was asleep for sure. Not found out: a
 * sleeper still asleep at the end, and one woken again, visibly, before anything showed that it
 * had been running.
 */
#ifndef RSTAT_ENGINE_ENGINE_H
#define RSTAT_ENGINE_ENGINE_H

#include <stddef.h>

#include "base/err.h"
#include "engine/state.h"
#include "format/checkpoint.h"
#include "format/event.h"

struct engine;

#define TASKS_LATELY 1024 /* so many that are gone are still known; a power of two */

/* A live or lately gone task. Read-only for sinks. What a switch touches comes first. */
struct task {
	uint64_t since_ns; /* when `state` began; may lie before the trace */
	uint64_t waking_ns; /* its last sched_waking while blocked, 0 none */
	uint32_t
		id; /* dense, below engine_task_limit(); reused when TASKS_LATELY others are gone */
	uint32_t raw_state; /* as switched out */
	int32_t syscall; /* it blocked in; SYSCALL_NONE, SYSCALL_UNKNOWN */
	uint32_t waker; /* TID, 0 an interrupt or idle */
	uint16_t cpu; /* it runs on, is queued on, or ran on last */
	uint16_t flags; /* enum task_flag */
	uint8_t state; /* enum task_state; engine_task_certain() tells whether it still holds */
	uint8_t cause; /* enum runnable_cause, when TS_RUNNABLE */
	struct task_info info;
	uint32_t exit_code;
	uint64_t seen_ns; /* from when on it is known; may lie before the trace */
	uint64_t forked_ns; /* its EV_FORK, 0 when it was there before */
	uint64_t exited_ns; /* its EV_EXIT, 0 not yet */
	uint32_t gen; /* how many tasks had the id before, + 1: with it, which task this is */
};

enum task_flag {
	TASK_CERTAIN = 1 << 0, /* the state was known when it began (a gap may have come since) */
	TASK_IOWAIT = 1 << 1,
	TASK_EXITED = 1 << 2,
	TASK_GROUP_DEAD = 1 << 3,
	TASK_SINCE_APPROX = 1 << 4,
	TASK_INFERRED = 1 << 5, /* the state began without an event that said so */
	TASK_UNNAMED = 1 << 6, /* no event ever described it */
	TASK_GAP = 1 << 7, /* the state began in or at the end of a gap */
	TASK_REAPED = 1 << 8, /* reaped before its final switch: never a zombie */
	TASK_ZOMBIE_SURE = 1 << 9, /* the kernel's word, not just the end of its last slice */
	TASK_IN_WAIT = 1 << 10, /* entered wait4/waitid and has not come back as far as is known */
	TASK_WOKEN_EARLY =
		1 << 11, /* blocked, but a wake-up came just before: the next event tells */
	TASK_HIDDEN = 1 << 12, /* its wake-up may have been hidden before the first checkpoint */
	TASK_WOKEN_BY_IRQ = 1 << 13, /* the `waker` that is set to 0 was an interrupt */
	TASK_STACK = 1 << 14, /* blocked, and where is known */
	TASK_WAKER_UNSURE = 1 << 15, /* `waker` may be whom an interrupt interrupted */
};

enum interval_flag {
	IVF_OPEN = 1 << 0, /* not ended; end_ns is the end of the window */
	IVF_INFERRED = 1 << 1, /* its beginning or end was inferred */
	IVF_STARTED_BEFORE =
		1 << 2, /* began before the trace or window; start_ns may be approximate */
	IVF_SINCE_APPROX = 1 << 3,
	IVF_PREEMPTED = 1 << 4, /* RUN: ended with the task still runnable (nivcsw) */
	IVF_EXIT = 1 << 5, /* RUN: the task's last slice */
	IVF_CLIPPED_END = 1 << 6, /* continues after the window; totals only */
	IVF_GAP = 1 << 7, /* a gap touches it; totals only */
	IVF_IOWAIT = 1 << 9, /* blocked: the kernel counted it as IO wait */
	IVF_WOKEN_BY_IRQ = 1 << 10, /* blocked: woken from an interrupt; `waker` is 0 */
	IVF_WAKER_UNSURE = 1 << 11, /* blocked: `waker` may be whom an interrupt interrupted */
	IVF_PART = 1 << 12, /* RUN: goes on under another comm, user or cgroup; totals only */
	IVF_REAP_BOUND = 1 << 8, /* ZOMBIE: end_ns is an upper bound (reap_method FREE, REUSE) */
};

/* How the engine knows when a zombie was reaped. */
enum reap_method {
	REAP_NONE = 0,
	REAP_EXACT = 1, /* EV_REAP */
	REAP_WAIT = 2, /* inferred from its parent's wait4/waitid */
	REAP_FREE = 3, /* not later than EV_FREE, which comes 14-20 ms after the reap */
	REAP_EXEC = 4, /* a leader whose place a thread took by exec: EV_EXEC */
	REAP_REUSE = 5, /* not later than the fork that got its TID */
};

/* A stretch of one task in one state. Half-open [start_ns, end_ns). */
struct interval {
	const struct task *task; /* as it was when the interval ended */
	uint64_t start_ns, end_ns; /* whole, may start before the window */
	uint64_t from_ns, to_ns; /* clipped to the window, from <= to */
	uint64_t gap_ns; /* TS_UNKNOWN: to - from; else 0 */
	uint64_t waking_ns; /* RUNNABLE after a wake-up: the sched_waking, 0 none */
	enum task_state state;
	enum runnable_cause cause; /* RUNNABLE */
	uint32_t raw_state; /* blocked states; 0 when only "blocked" is known */
	int32_t syscall; /* blocked states */
	uint32_t waker; /* blocked: who ended it; RUNNABLE: who woke it; ZOMBIE: who
				    * reaped it; 0 an interrupt, idle, or not known */
	uint32_t other; /* RUNNABLE, with sink.other: of the last 8 slices on the CPU that it
			 * got, whose took the longest part of the wait (0 idle, TID_OTHER not
			 * known, or not recorded);
			 * RUN: who came next */
	uint32_t kernel_stack, user_stack; /* blocked states: ids of EV_FRAMES; 0 none */
	uint16_t cpu; /* RUN, RUNNABLE: where it ended; blocked: where it slept */
	uint16_t flags; /* enum interval_flag */
	uint8_t reap_method; /* ZOMBIE: enum reap_method */
};

enum cpu_state { CS_RUN = 1, CS_IDLE, CS_GAP, CS_OTHER /* filtered out */ };

struct cpu_interval {
	uint16_t cpu;
	enum cpu_state state;
	const struct task *task; /* RUN */
	uint64_t from_ns, to_ns; /* clipped to the window */
	uint16_t flags; /* IVF_OPEN, IVF_STARTED_BEFORE, IVF_CLIPPED_END, IVF_GAP: a
				  * stretch that is not whole */
};

/* A stretch in which a CPU had the same number of tasks running and queued. */
struct depth_interval {
	uint16_t cpu;
	uint32_t depth; /* running and runnable tasks; idle is 0 */
	uint64_t from_ns, to_ns; /* clipped to the window, from < to */
};

/* What one task put into a block request: the one that made it first, then merges. */
struct request_share {
	const struct task *task; /* NULL: not known (lost, or before the trace) */
	uint64_t bytes;
	uint64_t at_ns; /* 0 not known */
};

enum request_flag {
	RQF_OPEN = 1 << 0, /* not completed when the trace or window ends; done_ns is that end.
			    * With RQF_GAP: as far as is known (also when a CPU hid what it did). */
	RQF_NO_START = 1 << 1, /* its start is not known: queued_ns 0, who made it neither */
	RQF_NO_ISSUE = 1 << 2, /* its issue is not known */
	RQF_NO_END = 1 << 3, /* its end was lost: its address was used again, or a gap; done_ns is
			      * when that showed. Counts in nothing but its own number. */
	RQF_ABSORBED = 1 << 4, /* became a part of another request, which has its bytes and shares
				* now: one share of 0 bytes says who made it */
	RQF_BEFORE = 1 << 5, /* began before the window */
	RQF_GAP = 1 << 6, /* a gap lies between its times: totals only, no latencies */
	RQF_UNSTARTED = 1 << 7, /* one that never has a start: flush machinery, passthrough */
};

/* A block request, told once: when it is completed, or at the end. */
struct request {
	uint32_t dev; /* event.value of IO_* */
	uint16_t op; /* enum io_op */
	uint8_t io_flags; /* EVF_IO_SYNC ... EVF_IO_FUA */
	uint16_t flags; /* enum request_flag */
	uint32_t error; /* errno, 0 good */
	uint64_t sector, bytes; /* bytes: completed (by every IO_DONE); OPEN: asked for */
	uint64_t cgroup_id; /* charged for it: the submitter's own when the kernel named no other */
	uint64_t queued_ns, issued_ns, done_ns; /* 0 not known; issued: the last time */
	uint32_t requeues, merges;
	const struct request_share *shares; /* at least one, the maker's first; add up to `bytes` */
	uint32_t nshares;
};

/* What a task read and wrote from one EV_ACCT to the next: as old as the switch that told it. */
struct account {
	const struct task *task;
	uint64_t from_ns, to_ns; /* from: the EV_ACCT before, which may lie before the window, or
				  * the fork; 0 not known: then only the memory is told */
	struct acct_info delta; /* rss_bytes, rss_peak_bytes: as they are at to_ns */
};

/* A socket that is in use. Read-only for sinks. */
struct socket {
	uint32_t id; /* dense, reused after socket_gone */
	struct socket_info info; /* family 0: never described */
	const struct task *owner; /* who used it last, or its process when that thread is gone;
				   * NULL not known */
	uint64_t seen_ns, since_ns; /* first seen; in its state since, 0 not known */
};

enum socket_event_kind {
	SE_TRAFFIC, /* bytes and calls, by `task` */
	SE_STATE, /* before -> after; *socket is still as it was: since_ns is of `before` */
	SE_RETRANSMIT,
	SE_RESET,
};

struct socket_event {
	enum socket_event_kind kind;
	const struct socket *socket;
	const struct task *task; /* who did it, else the owner; NULL not known */
	uint16_t cpu; /* where it happened */
	uint64_t ts, first_ns; /* first_ns: SE_TRAFFIC */
	uint64_t tx_bytes, rx_bytes, tx_calls, rx_calls; /* SE_TRAFFIC */
	uint8_t before, after; /* SE_STATE: TCP_* */
	uint32_t error; /* SE_STATE: errno that ended it, 0 none; SE_RETRANSMIT: it failed */
	uint32_t segments; /* SE_RETRANSMIT */
	bool sent; /* SE_RESET */
};

/* A figure of the machine that has changed. */
struct metric {
	uint32_t id;
	uint32_t index; /* dense, stays */
	bool gone; /* it cannot be read any more; `value` is its last one */
	const char *name; /* NULL: not known */
	uint64_t ts, value;
	uint64_t before_ts, before; /* what it was, and since when; before_ts 0: not known */
};

/*
 * Consumes what the engine finds out. Callbacks may be NULL. They must not keep the pointers and
 * cannot fail: a sink that runs out of memory remembers it and says so at its end.
 */
struct sink {
	void (*interval)(struct sink *s, const struct interval *iv);
	/*
	 * The same, cheaper, for a sink that adds up: how long a task was in a state inside
	 * the window (TS_UNKNOWN: 0), with the interval's cpu and flags. Never both.
	 */
	void (*stretch)(struct sink *s, const struct task *task, enum task_state state, uint64_t ns,
			uint16_t cpu, uint16_t flags);
	void (*cpu_interval)(struct sink *s, const struct cpu_interval *iv);
	/* Run-queue depth. Costs time: set it only in a sink that uses it. After a gap the count is
	 * the best known. */
	void (*depth)(struct sink *s, const struct depth_interval *d);
	/* Every event inside the window, after the engine applied it. task: of ev->tid, or NULL. */
	void (*event)(struct sink *s, const struct event *ev, const struct task *task);
	/* Only what lies in the window. A task with open requests is gone when they are. */
	void (*request)(struct sink *s, const struct request *rq);
	void (*account)(struct sink *s, const struct account *a);
	void (*socket)(struct sink *s, const struct socket_event *se);
	/* A sample tells only of what changed since the one before. */
	void (*metric)(struct sink *s, const struct metric *m);
	/* Its id is reused. Told of every socket that was there in the window, used or not. */
	void (*socket_gone)(struct sink *s, const struct socket *socket);
	/* It is over: fold what you hold on it, or keep it, by id and gen, for engine_waker(). */
	void (*task_gone)(struct sink *s, const struct task *task);
	/* Its identity changed (exec, rename, cgroup); `before` is what it was. */
	void (*task_changed)(struct sink *s, const struct task *task,
			     const struct task_info *before);
	/* Only what is asked for is told, which saves time. 0: everything. */
	/*
	 * A slice in which the task becomes something else (exec, rename, another cgroup) comes in
	 * parts, which adjoin in from_ns and to_ns. The last one has all of it in start_ns and
	 * end_ns; the others are IVF_PART and IVF_CLIPPED_END, and come before task_changed().
	 * stretch() always tells parts. Without, all of it is of what the task was at its end, as
	 * any other stretch is.
	 */
	bool parts;
	bool other; /* fill interval.other of TS_RUNNABLE; costs a walk over up to 8 slices */
	uint32_t states; /* interval(), stretch(): a bit per enum task_state */
	uint64_t kinds; /* event(): a bit per enum event_kind */
};

/* Counts of what was not as it should be; every one of them is shown by check. */
struct engine_counts {
	uint64_t events, redundant_wakeups, inferred_switch_ins, contradictions, early_wakings,
		unknown_tasks, clamped; /* clamped: a time ran backwards and was held */
	uint64_t gaps, lost;
	uint64_t checkpoint_diffs; /* a checkpoint disagreed with what the engine had as certain */
	uint64_t ignored; /* events that make no sense (a CPU or TID that cannot be) */
	uint64_t requests_unknown; /* completed or issued, and never seen to start */
	uint64_t requests_no_end; /* their end was never seen, yet their address was used again */
	uint64_t requests_unended; /* of these: although nothing was lost or hidden */
	uint64_t merges_unknown; /* IO merged into a request that is not known */
	uint64_t sockets_unknown; /* traffic or states of sockets that nothing described */
	uint64_t sockets_dropped; /* open, and forgotten: there were more than are believed */
};

/*
 * @ncpus   highest CPU number + 1
 * @window  [from, to): intervals are clipped to it; 0 and UINT64_MAX: clipped to the trace only
 *          (nothing counts before the first event, even when it is known since when)
 */
int engine_new(struct engine **out, uint32_t ncpus, uint64_t window_from_ns, uint64_t window_to_ns,
	       struct err *err);
void engine_free(struct engine *e);

/* Sinks are called in the order they were added; they stay the caller's. */
int engine_add_sink(struct engine *e, struct sink *sink, struct err *err);

/*
 * Applies events in stream order: in order within a CPU, by time across CPUs; an EV_GAP at its
 * first lost event, an EV_TASK and EV_CHECKPOINT at its time. -ENOMEM only.
 */
int engine_apply(struct engine *e, const struct event *events, size_t n, struct err *err);

/* Closes every open interval at `now_ns` (clipped, IVF_OPEN) and reports all tasks as gone. */
int engine_finish(struct engine *e, uint64_t now_ns, struct err *err);

/*
 * The state at `ts` for a checkpoint. Arrays are the engine's, valid until its next call.
 * A CPU that is uncertain has the end of its last gap as since_ns; that may be after ts.
 */
int engine_checkpoint(struct engine *e, uint64_t ts, struct checkpoint *out, struct err *err);

/*
 * The stream has every reap as EV_REAP (the hook on release_task is live): reaps are not inferred
 * from waits. Without this call the engine finds out at the first EV_REAP.
 */
void engine_reaps_exact(struct engine *e);

/*
 * The switches of this CPU are not recorded (record -C), as checkpoints say from then on. What a
 * task does there is unknown: from its migration to it until the one back, and from its fork until
 * its first wake-up on a CPU that is recorded.
 */
void engine_leave_out(struct engine *e, uint16_t cpu);

/*
 * Process `pid`, which is there before the first event, and all that it starts are told in
 * checkpoints as the recorded command's (SNAPF_TREE). Who reads a trace need not say it: there the
 * checkpoints do.
 */
void engine_tree(struct engine *e, uint32_t pid);

/*
 * The recording left tasks out (meta.filtered): requests and merges without a known beginning are
 * nothing to be counted.
 */
void engine_filtered(struct engine *e);

/* Live lookups. NULL when there is none. */
const struct task *engine_task(const struct engine *e, uint32_t tid);
/*
 * The same, or if there is none, who had this TID last and is gone, unless TASKS_LATELY others went
 * since, or one whose TID is the same modulo that.
 */
const struct task *engine_task_lately(const struct engine *e, uint32_t tid);
/*
 * Who ended a wait. A wake-up takes effect some time after it was made: by then the waker may be
 * gone, and its TID may be another's. NULL: nobody, or it is gone for too long.
 */
const struct task *engine_waker(const struct engine *e, const struct interval *iv);
const struct socket *engine_socket(const struct engine *e, uint64_t cookie);
/* What the last EV_ACCT said, NULL: there was none. Also in task_gone(). */
const struct acct_info *engine_account(const struct engine *e, const struct task *t);
/* All figures that are known, as they are now: *pos starts at 0. False: no more. */
bool engine_metric(const struct engine *e, uint32_t *pos, struct metric *out);
const struct task *engine_cpu_current(const struct engine *e,
				      uint16_t cpu); /* NULL: idle/unknown */
bool engine_task_certain(const struct engine *e,
			 const struct task *t); /* state holds, no gap since */
uint32_t engine_cpu_depth(const struct engine *e, uint16_t cpu); /* running + runnable; idle 0 */
uint32_t engine_task_limit(const struct engine *e);
const char *engine_name(const struct engine *e, enum name_kind kind,
			uint64_t id); /* NULL unknown */
const struct engine_counts *engine_counts(const struct engine *e);

#endif
