/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* timeline_maker: events in, a timeline of some windows out. The last pass of explain. */
#ifndef RSTAT_REPLAY_EXPLAIN_TIMELINE_MAKER_H
#define RSTAT_REPLAY_EXPLAIN_TIMELINE_MAKER_H

#include "format/meta.h"
#include "replay/explain/timeline.h"
#include "replay/offcpu/reasons.h"

#define TIMELINE_LIMIT	 10000000u /* stretches, moves, requests and so on, of each */
#define TIMELINE_TAIL_NS 20000000u /* traffic is told up to 10 ms after it was, see net_info */

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

struct timeline_maker;

/*
 * @end_ns     nothing after it counts
 * @cpu_limit  highest CPU number + 1
 * @limit      of stretches and so on; 0: TIMELINE_LIMIT
 */
int timeline_maker_new(struct timeline_maker **out, const struct timeline_windows *windows,
		       uint64_t end_ns, const struct meta *meta, uint32_t cpu_limit, uint32_t limit,
		       struct err *err);
void timeline_maker_free(struct timeline_maker *m); /* NULL is fine */

/* Up to where events are needed. */
uint64_t timeline_maker_end(const struct timeline_maker *m);

/* Events from a checkpoint at or before the first window on. */
int timeline_maker_apply(struct timeline_maker *m, const struct event *events, size_t n,
			 struct err *err);

/* The end. @now_ns: the last instant that the trace covers. *out is the caller's. */
int timeline_maker_finish(struct timeline_maker *m, uint64_t now_ns, struct timeline **out,
			  struct err *err);

/* -- inside: timeline_maker.c stands on timeline_flows.c and timeline_wakes.c, these on
 * timeline_actors.c -- */

/* What is known of a task of the engine, by its id. */
struct seen {
	uint64_t waking_ns; /* its last sched_waking, and what is known of it: */
	uint32_t waking_irq; /* IRQ_* */
	uint16_t waking_cpu, waking_flags; /* ST_*: 0 by a task */
	uint32_t actor; /* + 1, 0 none */
	uint32_t last; /* its last blocked stretch + 1 */
	uint32_t gen; /* of the task that all this is of */
};

/* Wake-ups that an interrupt of a CPU has made, which is not over: which one is told at its end. */
#define WAKES_OPEN 64
struct cpu_wakes {
	struct open_wake {
		uint64_t ns;
		uint32_t task; /* id */
		bool hard;
	} list[WAKES_OPEN];
	uint32_t n;
};

struct timeline_maker {
	struct timeline *t; /* NULL when it has been handed over */
	struct sink sink;
	struct reasons *reasons;
	struct stacks stacks;
	struct timeline_windows windows;
	uint64_t from_ns, end_ns;
	uint32_t limit, nslices;
	uint32_t stretches_room, moves_room, actors_room, ios_room, traffic_room, wires_room;
	struct seen *seen;
	uint32_t seen_room;
	uint32_t *strangers; /* actor + 1, by TID: those known by their wake-ups only */
	uint32_t strangers_room, nstrangers;
	uint64_t seed;
	uint32_t *wire_of; /* by socket id, + 1 */
	uint32_t wire_room;
	struct cpu_wakes *wakes; /* by CPU; NULL: interrupts were not recorded */
	bool handlers; /* all hard ones were, as far as they have handlers */
	uint8_t calls[1024]; /* enum call_class by system call */
	bool failed;
};

/* timeline_actors.c */

/* Room for one more of *n in *listp. False: no memory, or enough of them. */
bool maker_room(struct timeline_maker *m, void *listp, uint32_t n, uint32_t *room, size_t size);
bool maker_in_cpus(const struct timeline_maker *m, uint64_t from, uint64_t to);
/* A tail beyond each window is in it too. */
bool maker_in_tasks(const struct timeline_maker *m, uint64_t from, uint64_t to);
struct seen *maker_seen(struct timeline_maker *m, const struct task *task); /* NULL: no memory */
/* NULL: nothing is known of it. */
struct seen *maker_has_seen(const struct timeline_maker *m, const struct task *task);
/* The actor that a task is; that has this TID now; that ended this wait. WHO_NOBODY: no room. */
uint32_t maker_actor(struct timeline_maker *m, const struct task *task);
uint32_t maker_actor_of_tid(struct timeline_maker *m, uint32_t tid);
uint32_t maker_waker(struct timeline_maker *m, const struct interval *iv);

/* timeline_flows.c: callbacks of a sink */
void maker_on_request(struct timeline_maker *m, const struct request *rq);
void maker_on_io_done(struct timeline_maker *m, const struct event *ev);
void maker_on_socket(struct timeline_maker *m, const struct socket_event *se);
void maker_on_socket_gone(struct timeline_maker *m, const struct socket *socket);

/* timeline_wakes.c: who or what wakes */
int maker_learn(struct timeline_maker *m, const struct meta *meta, struct err *err);
void maker_on_waking(struct timeline_maker *m, const struct event *ev, const struct task *task);
void maker_on_irq(struct timeline_maker *m, const struct event *ev);
void maker_on_switch(struct timeline_maker *m, const struct event *ev);
void maker_on_gap(struct timeline_maker *m, const struct event *ev);
/* The end of a blocked stretch: number `at` of the timeline. */
void maker_on_woken(struct timeline_maker *m, const struct interval *iv, uint32_t at);

#endif
