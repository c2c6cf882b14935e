/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * synthetic: event streams written by hand, and what the engine makes of them as text, one line per
 * interval, so that a test is a stream and the lines that must come out.
 */
#ifndef RSTAT_TESTS_SYNTHETIC_H
#define RSTAT_TESTS_SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

/* A stream under construction. Zeroed is empty. What events point to is kept in `ext`. */
struct synth {
	struct event *ev;
	size_t n, cap;
	void **ext;
	size_t next, ext_cap;
};

void synth_free(struct synth *s);
struct event *synth_add(struct synth *s, struct event ev);
void *synth_ext(struct synth *s, const void *data, size_t size); /* a copy that lives as long */

void ev_switch(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t raw,
	       uint32_t next);
void ev_preempt(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t next);
void ev_yield(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t next);
struct event *ev_waking(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid);
struct event *ev_wakeup(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid,
			uint16_t target);
void ev_wakeup_new(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t waker, uint32_t tid,
		   uint16_t target);
void ev_migrate(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint16_t from,
		uint16_t to);
/* start_ns (its identity) is ts */
void ev_fork(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t parent, uint32_t ppid,
	     uint32_t tid, uint32_t tgid);
void ev_exec(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t before,
	     const char *comm);
void ev_exit(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t code, bool last);
void ev_free(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid);
void ev_reap(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t by, uint32_t tid);
void ev_wait(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t pid);
void ev_rename(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, const char *comm);
void ev_cgroup(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint64_t id, bool group);
void ev_block(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, int syscall, bool iowait);
/* prev blocks in a system call, `aux` as event.aux has it */
void ev_switch_in(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t prev, uint32_t raw,
		  uint32_t next, uint16_t aux, bool iowait);
void ev_stack(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid, uint32_t kernel,
	      uint32_t user);
void ev_gap(struct synth *s, uint64_t ts, uint16_t cpu, uint64_t end, uint64_t count);
void ev_name(struct synth *s, uint64_t ts, uint8_t kind, uint64_t id, const char *name);
void ev_sample(struct synth *s, uint64_t ts, uint32_t metric, uint64_t value, uint8_t flags);
void ev_counters(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid,
		 struct counters_info info);
void ev_irq(struct synth *s, uint64_t start, uint64_t end, uint16_t cpu, uint32_t tid,
	    uint32_t number, bool soft);
void ev_task(struct synth *s, uint64_t ts, struct task_snapshot snap);
void ev_checkpoint(struct synth *s, const struct checkpoint *cp); /* deep copy */

/* A snapshot of (tid, tgid) with start_ns == tid, as an engine with state `run_state` writes it. */
struct task_snapshot snap(uint32_t tid, uint32_t tgid, uint8_t run_state, uint32_t raw,
			  uint16_t cpu, uint64_t since);
/* A checkpoint at ts: idle CPUs except those that a TS_RUN snapshot is on. */
void ev_start(struct synth *s, uint64_t ts, uint16_t ncpus, const struct task_snapshot *tasks,
	      uint32_t n);

/* What came out, as text. Zeroed is empty. */
struct log {
	struct sink sink;
	char *text; /* never NULL after log_sink() */
	size_t len, cap;
	bool tasks, cpus, events, depth, life; /* what to write */
};

struct sink *log_sink(struct log *l);
void log_free(struct log *l);

/*
 * Runs the stream through an engine of ncpus CPUs and the window [from, to), finishes it at `end`
 * and fails the test unless the lines are `want`. counts: of the engine at the end, may be NULL.
 *
 *   task:  100 run 10-20 cpu0 next=0 preempted
 *          100 sleep 20-30 cpu0 raw=0x1 waker=7 gap
 *   cpu:   cpu0 run:100 10-20
 *   depth: cpu0 depth 2 10-20
 *   life:  gone 100, changed 100
 */
struct expect {
	uint16_t ncpus;
	uint64_t from, to, end;
	bool cpus, depth, life, no_tasks, parts;
	const char *want;
	struct engine_counts *counts;
};
void expect_run(const struct synth *s, struct expect x);

#endif
