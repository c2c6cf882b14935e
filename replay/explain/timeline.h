/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * timeline: what every task and every CPU did in some windows of a trace, with the block requests
 * and the traffic of sockets that fall into them, kept so that any of it can be looked up. The
 * second pass of explain.
 *
 * Memory is bounded by what happens in the windows: 44 bytes for each stretch of a task, 24 for each
 * of a CPU, 80 for a request, 48 for a piece of traffic, so about 150 for a switch; of each of the
 * four at most `limit` (then `full`). Nothing outside of the windows is kept.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_TIMELINE_H
#define RSTAT_REPLAY_EXPLAIN_TIMELINE_H

#include "engine/engine.h"
#include "format/meta.h"
#include "replay/offcpu/reasons.h"

#define TIMELINE_LIMIT	 10000000u
#define TIMELINE_TAIL_NS 20000000u /* traffic is told up to 10 ms after it was, see net_info */

/* Actors are numbered from 0; these stand for no task. */
#define WHO_NOBODY   UINT32_MAX /* an interrupt, or not known */
#define WHO_FILTERED (UINT32_MAX - 1) /* left out by the recording's filters */
#define WHO_IDLE     (UINT32_MAX - 2) /* of a CPU */
#define WHO_UNKNOWN  (UINT32_MAX - 3) /* of a CPU: a gap */
#define WHO_TASKS    (UINT32_MAX - 4) /* below this: an actor */

struct span {
	uint64_t from_ns, to_ns; /* half-open */
};

/* Both lists in order, not touching; stay the caller's while a timeline is made. */
struct timeline_windows {
	/* What all CPUs did, and who waited for one for `long_ns` or more. */
	const struct span *cpus;
	size_t ncpus;
	/* What all tasks did too, and what moved for them. Lie inside the others. */
	const struct span *tasks;
	size_t ntasks;
	uint64_t long_ns;
};

/* A task, for as long as it lives. */
struct actor {
	uint32_t tid, tgid;
	uint64_t forked_ns; /* 0 it was there before the trace */
	uint32_t forker; /* actor, WHO_* */
	bool kthread;
	char comm[TASK_COMM_LEN]; /* the last that it had in the windows */
};

#define STRETCH_MOVED TS_COUNT /* no state: it went to another CPU's queue at from_ns */

/* stretch.flags beyond enum interval_flag */
#define ST_HARDIRQ  (1u << 12) /* woken from a hard interrupt */
#define ST_SOFTIRQ  (1u << 13)
#define ST_REASONED (1u << 14) /* `why` is known */
#define ST_BY_IDLE  (1u << 15) /* woken by the idle task, which does what interrupts ask of it */

/* A task in one state, clipped to the windows' outermost edges. */
struct stretch {
	uint64_t from_ns, to_ns;
	uint32_t who;
	uint32_t waker; /* blocked: an actor or WHO_* */
	uint32_t called_ns; /* blocked: so long before the end the wake-up was called for */
	uint16_t cpu; /* RUN, RUNNABLE: where it ended; blocked: where it was woken, CPU_NONE not
		       * known; STRETCH_MOVED: where it had been queued */
	int16_t syscall; /* blocked */
	uint16_t flags; /* enum interval_flag, ST_* */
	uint8_t state; /* enum task_state, STRETCH_MOVED */
	uint8_t why; /* blocked, ST_REASONED: enum wait_reason; RUNNABLE: enum runnable_cause */
};

struct slice {
	uint64_t from_ns, to_ns;
	uint32_t who;
};

#define IO_MAKERS 4

struct io_line {
	uint64_t queued_ns, issued_ns, done_ns; /* 0 not known */
	uint64_t sector, bytes;
	uint32_t dev;
	uint16_t op;
	uint16_t cpu; /* of its completion, CPU_NONE not known */
	bool open; /* not completed: done_ns is the end of the window */
	uint32_t makers[IO_MAKERS]; /* actors, WHO_NOBODY */
};

struct traffic {
	uint64_t ts, first_ns;
	uint32_t who, wire;
	uint16_t cpu;
	bool sent, received, state; /* state: its TCP state changed */
};

struct wire {
	struct socket_info info;
	uint32_t peer; /* the other end, when it is on this machine too; else UINT32_MAX */
};

/* What belongs to a number, in order of time. */
struct index {
	uint32_t *first; /* n + 1 */
	uint32_t *order;
};

struct timeline {
	struct actor *actors;
	uint32_t nactors;
	struct stretch *stretches;
	uint32_t nstretches;
	struct index by_actor; /* of stretches */
	struct cpu_line {
		struct slice *list;
		uint32_t n, room;
	} * cpus;
	uint32_t ncpus;
	struct io_line *ios; /* by done_ns */
	uint32_t nios;
	struct traffic *traffic;
	uint32_t ntraffic;
	struct index traffic_by_actor, traffic_by_wire;
	struct wire *wires;
	uint32_t nwires;
	bool full; /* not all of the windows is here: TIMELINE_LIMIT */
	struct timeline_maker *maker; /* while it is made, and for the names after that */
};

/*
 * @end_ns     nothing after it counts
 * @cpu_limit  highest CPU number + 1
 * @limit      of stretches and so on; 0: TIMELINE_LIMIT
 */
int timeline_new(struct timeline **out, const struct timeline_windows *windows, uint64_t end_ns,
		 const struct meta *meta, uint32_t cpu_limit, uint32_t limit, struct err *err);
void timeline_free(struct timeline *t); /* NULL is fine */

/* Up to where events are needed. */
uint64_t timeline_end(const struct timeline *t);
/* Events from a checkpoint at or before the first window on. */
int timeline_apply(struct timeline *t, const struct event *events, size_t n, struct err *err);
/* The end; now it can be looked up. @now_ns: the last instant that the trace covers. */
int timeline_finish(struct timeline *t, uint64_t now_ns, struct err *err);

/* The engine's names of devices; valid until timeline_free(). */
const char *timeline_device(const struct timeline *t, uint32_t dev);

/* -- look-ups -- */

/* Position in by_actor.order of the first stretch of `who` that ends after `ns`; may be its end. */
uint32_t timeline_at(const struct timeline *t, uint32_t who, uint64_t ns);
/* The first slice of the CPU that ends after `ns`; may be its end. */
uint32_t timeline_slice_at(const struct timeline *t, uint16_t cpu, uint64_t ns);
/* The first request that was completed after `ns`; may be nios. */
uint32_t timeline_io_at(const struct timeline *t, uint64_t ns);

static inline const struct stretch *timeline_stretch(const struct timeline *t, uint32_t at)
{
	return &t->stretches[t->by_actor.order[at]];
}

/* When the wake-up that ended it was called for; its end when that is not known. */
static inline uint64_t stretch_called(const struct stretch *st)
{
	return st->to_ns - st->called_ns;
}

static inline bool io_made_by(const struct io_line *io, uint32_t who)
{
	for (int i = 0; i < IO_MAKERS; i++)
		if (io->makers[i] == who)
			return true;
	return false;
}

/* -- between timeline.c and timeline_index.c -- */

int timeline_index(struct timeline *t, struct err *err);
void timeline_index_free(struct timeline *t);

#endif
