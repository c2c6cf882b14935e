/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * timeline: what every task and every CPU did in some windows of a trace, with the block requests
 * and the traffic of sockets that fall into them, kept so that any of it can be looked up.
 * timeline_maker.h makes one.
 *
 * Memory is bounded by what happens in the windows: 44 bytes for each stretch of a task, 24 for
 * each of a CPU, 20 for a move from queue to queue, 80 for a request, 48 for a piece of traffic, so
 * about 150 for a switch. Nothing outside of the windows is kept.
 */
#ifndef RSTAT_REPLAY_EXPLAIN_TIMELINE_H
#define RSTAT_REPLAY_EXPLAIN_TIMELINE_H

#include "engine/engine.h"

/* Actors are numbered from 0; these stand for no task. */
#define WHO_NOBODY   UINT32_MAX /* an interrupt, or not known */
#define WHO_FILTERED (UINT32_MAX - 1) /* left out by the recording's filters */
#define WHO_IDLE     (UINT32_MAX - 2) /* of a CPU */
#define WHO_UNKNOWN  (UINT32_MAX - 3) /* of a CPU: a gap */
#define WHO_TASKS    (UINT32_MAX - 4) /* below this: an actor */

/* A task, for as long as it lives. */
struct actor {
	uint32_t tid, tgid;
	uint64_t forked_ns; /* 0 it was there before the trace */
	uint32_t forker; /* actor, WHO_* */
	bool kthread;
	char comm[TASK_COMM_LEN]; /* the last that it had in the windows */
};

/* stretch.flags beyond enum interval_flag */
#define ST_DOUBT    (1u << 11) /* woken by `waker`, or by an interrupt that came while it ran */
#define ST_HARDIRQ  (1u << 12) /* woken from a hard interrupt */
#define ST_SOFTIRQ  (1u << 13)
#define ST_REASONED (1u << 14) /* `why` is known */
#define ST_BY_IDLE  (1u << 15) /* woken by the idle task, which does what interrupts ask of it */

_Static_assert(IVF_WOKEN_BY_IRQ < ST_DOUBT, "flags of a stretch beyond those of an interval");

/* stretch.irq: which interrupt it was, by EV_IRQ: number + 1, with IRQ_SOFT the vector, or: */
#define IRQ_NOT_TOLD 0u
#define IRQ_NONE     0xffffffffu /* a hard one without a handler: a CPU's timer, or a CPU's call */
#define IRQ_SOFT     0x80000000u
#define IRQ_MAX	     0x7ffffffdu
/* Not in stretch.irq, for who tells of it: some hard, some soft one. */
#define IRQ_SOME_HARD 0x7fffffffu
#define IRQ_SOME_SOFT 0xfffffffeu

/* What can end a wait in a system call. */
enum call_class {
	CALL_OTHER,
	CALL_SLEEPS, /* its time only, or a signal */
	CALL_TASKS, /* a task, its time, or a signal: no device */
	CALL_POLLS, /* for any of several files */
	CALL_RECEIVES, /* through a socket, perhaps; not room to send there */
};

/* A task in one state, clipped to the windows' outermost edges. */
struct stretch {
	uint64_t from_ns, to_ns;
	uint32_t who;
	uint32_t waker; /* blocked: an actor or WHO_* */
	uint32_t called_ns; /* blocked: so long before the end the wake-up was called for */
	uint32_t irq; /* blocked, woken from an interrupt: IRQ_* */
	uint16_t cpu; /* RUN, RUNNABLE: where it ended; blocked: where it was woken, CPU_NONE not
		       * known */
	int16_t syscall; /* blocked */
	uint16_t flags; /* enum interval_flag, ST_* */
	uint8_t state; /* enum task_state */
	uint8_t call : 3; /* blocked: enum call_class */
	uint8_t why : 5; /* blocked, ST_REASONED: enum wait_reason; RUNNABLE: enum runnable_cause */
};

/* A task that waits for a CPU goes from one queue to another. */
struct move {
	uint64_t ns;
	uint32_t who;
	uint16_t cpu; /* where it had been queued */
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
	struct move *moves;
	uint32_t nmoves;
	struct index moves_by_actor;
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
	bool full; /* not all of the windows is here */
	bool filtered; /* the recording left tasks out */
	bool own_timer; /* a CPU's timer is an interrupt without a handler (x86) */
	struct engine *engine; /* of the maker: for its names */
};

void timeline_free(struct timeline *t); /* NULL is fine */

/* Sorts what was collected, so that it can be looked up. Returns 0 or -ENOMEM. */
int timeline_index(struct timeline *t, struct err *err);

/* What the recorded machine called a device, an interrupt (as in stretch.irq); NULL: not known. */
const char *timeline_device(const struct timeline *t, uint32_t dev);
const char *timeline_irq(const struct timeline *t, uint32_t irq);

/* -- look-ups -- */

/* Position in by_actor.order of the first stretch of `who` that ends after `ns`; may be its end. */
uint32_t timeline_at(const struct timeline *t, uint32_t who, uint64_t ns);
/* The first slice of the CPU that ends after `ns`; may be its end. */
uint32_t timeline_slice_at(const struct timeline *t, uint16_t cpu, uint64_t ns);
/* Position in moves_by_actor.order of the first move of `who` after `ns`; may be its end. */
uint32_t timeline_move_at(const struct timeline *t, uint32_t who, uint64_t ns);
/* The first request that was completed after `ns`; may be nios. */
uint32_t timeline_io_at(const struct timeline *t, uint64_t ns);

static inline const struct stretch *timeline_stretch(const struct timeline *t, uint32_t at)
{
	return &t->stretches[t->by_actor.order[at]];
}

static inline const struct move *timeline_move(const struct timeline *t, uint32_t at)
{
	return &t->moves[t->moves_by_actor.order[at]];
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

#endif
