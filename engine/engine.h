/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * engine: what the events mean. A state machine per task and per CPU that turns a stream of events
 * into intervals. It never prints, never exits, and knows no format and no kernel; memory is
 * bounded by the tasks that are alive. The recorder runs it for its checkpoints, every reader for
 * its answers.
 *
 * Gaps: between the first and the last lost event of a CPU, nothing is known of that CPU nor of any
 * task that was not seen running on another one. The part of an interval before a gap has the state
 * that began it, the part after the gap the state that its closing event implies, the part inside
 * is TS_UNKNOWN. A switch whose prev is not the task the engine has on that CPU is such a stretch
 * too (from the last instant that task was known to be there).
 */
#ifndef RSTAT_ENGINE_ENGINE_H
#define RSTAT_ENGINE_ENGINE_H

#include <stddef.h>

#include "base/err.h"
#include "engine/state.h"
#include "format/checkpoint.h"
#include "format/event.h"

struct engine;

/* A live (or just gone) task. Read-only for sinks. */
struct task {
	struct task_info info;
	uint32_t id;	     /* dense, below engine_task_limit(); reused after task_gone */
	uint8_t state;	     /* enum task_state */
	uint8_t cause;	     /* enum runnable_cause, when TS_RUNNABLE */
	uint8_t flags;	     /* enum task_flag */
	uint16_t cpu;	     /* it runs on, is queued on, or ran on last */
	uint32_t raw_state;  /* as switched out */
	int32_t syscall;     /* it blocked in; SYSCALL_NONE, SYSCALL_UNKNOWN */
	uint32_t waker;	     /* TID, 0 an interrupt or idle */
	uint32_t exit_code;
	uint64_t since_ns;   /* when `state` began; may lie before the trace */
	uint64_t waking_ns;  /* its last sched_waking while blocked, 0 none */
	uint64_t seen_ns;    /* first instant of the trace at which it is known */
	uint64_t forked_ns;  /* its EV_FORK, 0 when it was there before */
	uint64_t exited_ns;  /* its EV_EXIT, 0 not yet */
};

enum task_flag {
	TASK_CERTAIN = 1 << 0,	/* the state is known, no gap since */
	TASK_IOWAIT = 1 << 1,
	TASK_EXITED = 1 << 2,
	TASK_GROUP_DEAD = 1 << 3,
	TASK_SINCE_APPROX = 1 << 4,
	TASK_INFERRED = 1 << 5,	/* the state began without an event that said so */
	TASK_UNNAMED = 1 << 6,	/* no event ever described it */
};

enum interval_flag {
	IVF_OPEN = 1 << 0,	/* not ended; end_ns is the end of the window */
	IVF_INFERRED = 1 << 1,	/* its beginning or end was inferred */
	IVF_STARTED_BEFORE = 1 << 2, /* began before the trace or window; start_ns may be approximate */
	IVF_SINCE_APPROX = 1 << 3,
	IVF_PREEMPTED = 1 << 4,	/* RUN: ended with the task still runnable (nivcsw) */
	IVF_EXIT = 1 << 5,	/* RUN: the task's last slice */
	IVF_CLIPPED_END = 1 << 6,/* continues after the window; totals only */
};

/* A stretch of one task in one state. Half-open [start_ns, end_ns). */
struct interval {
	const struct task *task; /* as it was when the interval ended */
	uint64_t start_ns, end_ns; /* whole, may start before the window */
	uint64_t from_ns, to_ns;   /* clipped to the window, from <= to */
	uint64_t gap_ns;	   /* how much of [from, to) is unknown; the rest is in `state` */
	uint64_t waking_ns;	   /* RUNNABLE after a wake-up: the sched_waking, 0 none */
	enum task_state state;
	enum runnable_cause cause; /* RUNNABLE */
	uint32_t raw_state;	   /* blocked states */
	int32_t syscall;	   /* blocked states */
	uint32_t waker;		   /* blocked: who ended it; RUNNABLE: who woke it */
	uint32_t other;		   /* RUNNABLE: who ran on that CPU for the longest part of the wait;
				    * RUN: who came next */
	uint16_t cpu;		   /* RUN, RUNNABLE: where it ended; blocked: where it slept */
	uint8_t flags;		   /* enum interval_flag */
};

enum cpu_state { CS_RUN = 1, CS_IDLE, CS_GAP, CS_OTHER /* filtered out */ };

struct cpu_interval {
	uint16_t cpu;
	enum cpu_state state;
	const struct task *task; /* RUN */
	uint64_t from_ns, to_ns; /* clipped to the window */
	uint8_t flags;		 /* IVF_OPEN, IVF_STARTED_BEFORE: an idle stretch that is not whole */
};

/*
 * Consumes what the engine finds out. Callbacks may be NULL. They must not keep the pointers and
 * cannot fail: a sink that runs out of memory remembers it and says so at its end.
 */
struct sink {
	void (*interval)(struct sink *s, const struct interval *iv);
	void (*cpu_interval)(struct sink *s, const struct cpu_interval *iv);
	/* Every event inside the window, after the engine applied it. task: of ev->tid, or NULL. */
	void (*event)(struct sink *s, const struct event *ev, const struct task *task);
	/* The task's id is about to be reused: fold what you hold on it. */
	void (*task_gone)(struct sink *s, const struct task *task);
	/* Its identity changed (exec, rename, cgroup); `before` is what it was. */
	void (*task_changed)(struct sink *s, const struct task *task, const struct task_info *before);
};

/* Counts of what was not as it should be; every one of them is shown by check. */
struct engine_counts {
	uint64_t events, redundant_wakeups, inferred_switch_ins, contradictions, early_wakings,
		unknown_tasks, clamped; /* clamped: a time ran backwards and was held */
	uint64_t gaps, lost;
};

/*
 * @ncpus   highest CPU number + 1
 * @window  [from, to): intervals are clipped to it; 0 and UINT64_MAX: no clipping
 */
int engine_new(struct engine **out, uint32_t ncpus, uint64_t window_from_ns, uint64_t window_to_ns,
	       struct err *err);
void engine_free(struct engine *e);

/* Sinks are called in the order they were added; they stay the caller's. */
int engine_add_sink(struct engine *e, struct sink *sink, struct err *err);

/* Applies events in stream order. -ENOMEM only. */
int engine_apply(struct engine *e, const struct event *events, size_t n, struct err *err);

/* Closes every open interval at `now_ns` (clipped, IVF_OPEN) and reports all tasks as gone. */
int engine_finish(struct engine *e, uint64_t now_ns, struct err *err);

/*
 * The state at `ts` for a checkpoint. Arrays are the engine's, valid until its next call.
 */
int engine_checkpoint(struct engine *e, uint64_t ts, struct checkpoint *out, struct err *err);

/* Live lookups. NULL when there is none. */
const struct task *engine_task(const struct engine *e, uint32_t tid);
const struct task *engine_cpu_current(const struct engine *e, uint16_t cpu); /* NULL: idle/unknown */
uint32_t engine_task_limit(const struct engine *e);
const char *engine_name(const struct engine *e, enum name_kind kind, uint64_t id); /* NULL unknown */
const struct engine_counts *engine_counts(const struct engine *e);

#endif
