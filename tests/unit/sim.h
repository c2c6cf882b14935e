/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * sim: a small model of a scheduler. It makes valid event streams at random and keeps the truth:
 * what every task and every CPU did, stretch by stretch. The same seed gives the same stream.
 */
#ifndef RSTAT_TESTS_SIM_H
#define RSTAT_TESTS_SIM_H

#include "synthetic.h"

#define SIM_CPUS  4
#define SIM_TASKS 64 /* alive or zombie at a time */
#define SIM_TIDS  200 /* TIDs are 2 .. SIM_TIDS - 1: they are reused soon */

struct sim_options {
	uint32_t seed;
	uint32_t steps;
	uint16_t ncpus;
	bool lives; /* forks, exits, zombies, exec by non-leaders */
	bool waits; /* reaps show as EV_WAIT only, else as EV_REAP */
	bool words; /* EV_TASK of every task now and then */
	bool heals; /* EV_CHECKPOINT now and then */
	bool hides; /* some slices hide their end and all wake-ups, with no gap that says so */
	bool plain_exec; /* no switch under the new TID before the exec event */
	bool redundant_when_queued; /* wake-ups of tasks that wait for a CPU */
};

/* A stretch of the truth. */
struct seg {
	uint32_t tid, first_tid; /* at its end, at its start */
	uint32_t state, cause, raw, waker;
	uint16_t cpu;
	uint64_t start, end, waking;
	bool open;
	bool untold; /* no event has told this state yet */
};

struct cpu_seg {
	uint16_t cpu;
	uint32_t tid; /* 0 idle */
	uint64_t start, end;
};

struct sim {
	struct sim_options opt;
	struct synth s; /* the stream */
	struct seg *segs; /* in the order in which they ended */
	size_t nsegs, segs_cap;
	struct cpu_seg *cpu_segs;
	size_t ncpu_segs, cpu_segs_cap;
	uint64_t start, end;
	uint32_t rng;
	struct sim_state *now;
};

void sim_run(struct sim *m, struct sim_options opt);
void sim_free(struct sim *m);

uint32_t sim_dice(struct sim *m, uint32_t n); /* below n, the next of its seed */

/*
 * A copy of the stream in which `gaps` runs of up to `max_run` events of one CPU are replaced by an
 * EV_GAP each. Ext data stays the sim's.
 */
void sim_lose(const struct sim *m, uint32_t seed, unsigned gaps, unsigned max_run,
	      struct synth *out);

/*
 * A copy of the stream as `record -C` of all CPUs but one has it: no switch of `cpu`, no wake-up of
 * a task on it, and snapshots only say who is there.
 */
void sim_leave_out(const struct sim *m, uint16_t cpu, struct synth *out);

#endif
