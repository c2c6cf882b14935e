// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What is told beside the events: snapshots of tasks, checkpoints, names, filters' "other". And
 * streams that make no sense.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/gaps.h"
#include "synthetic.h"

#define S 0x1
#define D 0x2

static struct task_snapshot word(uint32_t tid, uint32_t raw, uint32_t flags, uint16_t cpu,
				 uint64_t since)
{
	struct task_snapshot t = snap(tid, tid, 0, raw, cpu, since);

	t.flags = flags;
	return t;
}

/* Before any event: the kernel's word is where everything begins. */
static void test_words_first(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	ev_task(&s, 100000, word(100, S, 0, 0, 50000));
	ev_task(&s, 100010, word(200, D, SNAPF_SINCE_APPROX, 0, 60000));
	ev_task(&s, 100020, word(300, 0, SNAPF_ON_CPU, 0, 70000));
	ev_task(&s, 100030, word(400, 0, SNAPF_QUEUED, 0, 70000));
	ev_task(&s, 100040, word(500, S, SNAPF_QUEUED, 0, 0)); /* woken, not yet running */
	ev_task(&s, 100050, word(600, 0x80 | 0x20u << 16, SNAPF_GROUP_DEAD, 0, 0));
	ev_task(&s, 100060, word(700, 0x80 | 0x20u << 16, 0, 0, 0));
	ev_task(&s, 100070, word(800, 0x80 | 0x10u << 16, 0, 0, 0)); /* on its way out */
	ev_switch(&s, 200000, 0, 300, S, 400);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 300000,
			.counts = &counts,
			.want = "300 run 100020-200000 cpu0 next=400 gap\n"
				"400 runnable:inferred 100030-200000 cpu0 other=300 inferred approx\n"
				"100 sleep 50000-300000 (100000-300000) cpu0 raw=0x1 open before\n"
				"200 disk 60000-300000 (100000-300000) cpu0 raw=0x2 open before approx\n"
				"300 sleep 200000-300000 cpu0 raw=0x1 open\n"
				"400 run 200000-300000 cpu0 open\n"
				"500 runnable:inferred 100040-300000 cpu0 open inferred approx\n"
				"600 zombie 100050-300000 open approx\n"
				"700 leader-zombie 100060-300000 open approx\n"});
	assert_int_equal(counts.unknown_tasks, 0);
	synth_free(&s);
}

/* What events showed is better than a word that was read a little later. */
static void test_word_against_events(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 90000),
		snap(200, 200, TS_SLEEP, S, 0, 90000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 100000, 1, t, 2);
	ev_task(&s, 150000, word(100, S, 0, 0, 150000));
	ev_task(&s, 150000, word(200, 0, SNAPF_ON_CPU, 0, 150000));
	ev_switch(&s, 200000, 0, 100, D, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 300000,
			.from = 110000,
			.want = "100 run 90000-200000 (110000-200000) cpu0 before\n"
				"100 disk 200000-300000 cpu0 raw=0x2 open\n"
				"200 sleep 90000-300000 (110000-300000) cpu0 raw=0x1 open before\n"});
	synth_free(&s);
}

/*
 * A stream that begins inside a gap, as a piece of a trace does: who has slept all the while is seen
 * to have, by the kernel's word and by the next checkpoint. One since is the events', one the word's.
 */
static void test_words_in_a_gap(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, S, 0, 9000000),
		snap(200, 200, TS_SLEEP, S, 0, 9000000),
		snap(300, 300, TS_DISK, D, 0, 9000000),
	};
	const struct cpu_snapshot unsure = {.uncertain = true}, idle = {.since_ns = 21500000};
	struct checkpoint cp = {
		.ts = 20000000, .tasks = t, .ntasks = 3, .cpus = &unsure, .ncpus = 1};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct synth s = {0};

		for (size_t i = 0; i < 3; i++)
			t[i].flags = SNAPF_UNCERTAIN;
		cp.cpus = &unsure;
		cp.ts = 20000000;
		ev_checkpoint(&s, &cp);
		ev_gap(&s, 20000000, 0, 21000000, 5);
		if (k) {
			for (size_t i = 0; i < 3; i++)
				t[i].flags = 0;
			t[1].since_ns = 20500000; /* another one */
			cp.cpus = &idle;
			cp.ts = 22000000;
			ev_checkpoint(&s, &cp);
			t[1].since_ns = 9000000;
		} else {
			ev_task(&s, 22000000, word(100, S, 0, 0, 9000500));
			ev_task(&s, 22000000, word(200, S, 0, 0, 20500000)); /* another one */
			ev_task(&s, 22000000, word(300, D, 0, 0, 9000000));
		}
		ev_wakeup(&s, 23000000, 0, 0, 100, 0);
		expect_run(
			&s,
			(struct expect){
				.ncpus = 1,
				.end = 24000000,
				.want = k ? "200 unknown 20000000-20500000 gap\n"
					    "100 sleep 9000000-23000000 (20000000-23000000) cpu0 raw=0x1 before\n"
					    "100 runnable:wakeup 23000000-24000000 cpu0 open\n"
					    "200 sleep 20500000-24000000 cpu0 raw=0x1 open\n"
					    "300 disk 9000000-24000000 (20000000-24000000) cpu0 raw=0x2 open before\n"
					  : "200 unknown 20000000-22000000 gap\n"
					    "100 sleep 9000000-23000000 (20000000-23000000) cpu0 raw=0x1 before\n"
					    "100 runnable:wakeup 23000000-24000000 cpu0 open\n"
					    "200 sleep 22000000-24000000 cpu0 raw=0x1 open gap\n"
					    "300 disk 9000000-24000000 (20000000-24000000) cpu0 raw=0x2 open before\n"});
		synth_free(&s);
	}
}

/*
 * Of real-time tasks the word has when it ran last, not since when it has slept: no proof that it slept
 * when the gap began.
 */
static void test_word_of_last_run(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, 9000000);
	struct synth s = {0};

	(void)state;
	ev_start(&s, 10000000, 1, &t, 1);
	ev_gap(&s, 20000000, 0, 22000000, 5);
	ev_task(&s, 25000000, word(100, S, 0, 0, 9000000));
	ev_wakeup(&s, 30000000, 0, 0, 100, 0);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 1,
			   .end = 31000000,
			   .want = "100 run 9000000-20000000 (10000000-20000000) cpu0 before gap\n"
				   "100 unknown 20000000-25000000 gap\n"
				   "100 sleep 25000000-30000000 cpu0 raw=0x1 gap\n"
				   "100 runnable:wakeup 30000000-31000000 cpu0 open\n"});
	synth_free(&s);
}

/* After a loss: from its time on; and a sleep that began long before is seen to be whole. */
static void test_words_heal(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 9000000),	  snap(200, 200, TS_SLEEP, S, 0, 9000000),
		snap(300, 300, TS_SLEEP, S, 0, 9000000),  snap(400, 400, TS_DISK, D, 0, 9000000),
		snap(500, 500, TS_ZOMBIE, 0, 0, 9000000), snap(600, 600, TS_SLEEP, S, 0, 9000000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 10000000, 1, t, 6);
	ev_gap(&s, 20000000, 0, 21000000, 5);
	ev_task(&s, 22000000, word(100, 0, SNAPF_ON_CPU, 0, 0)); /* so since the gap */
	ev_task(&s, 22000000, word(200, S, 0, 0, 9000500)); /* the same sleep */
	ev_task(&s, 22000000, word(300, S, 0, 0, 20500000)); /* another one */
	ev_task(&s, 22000000, word(400, S, 0, 0, 0));
	ev_task(&s, 22000000, word(500, 0x80 | 0x20u << 16, SNAPF_GROUP_DEAD, 0, 0));
	ev_task(&s, 22000000, word(600, 0x80 | 0x10u << 16, 0, 0, 0)); /* gone */
	ev_wakeup(&s, 23000000, 0, 100, 200, 0);
	ev_wakeup(&s, 23000000, 0, 100, 300, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 24000000,
			.from = 19000000,
			.want = "100 run 9000000-20000000 (19000000-20000000) cpu0 before gap\n"
				"100 unknown 20000000-21000000 gap\n"
				"300 sleep 9000000-20000000 (19000000-20000000) cpu0 raw=0x1 before gap\n"
				"300 unknown 20000000-22000000 gap\n"
				"400 disk 9000000-20000000 (19000000-20000000) cpu0 raw=0x2 before gap\n"
				"400 unknown 20000000-22000000 gap\n"
				"600 sleep 9000000-20000000 (19000000-20000000) cpu0 raw=0x1 before gap\n"
				"600 unknown 20000000-22000000 gap\n"
				"200 sleep 9000000-23000000 (19000000-23000000) cpu0 raw=0x1 waker=100 before\n"
				"300 sleep 22000000-23000000 cpu0 raw=0x1 waker=100 gap\n"
				"100 run 21000000-24000000 cpu0 open gap\n"
				"200 runnable:wakeup 23000000-24000000 cpu0 waker=100 open\n"
				"300 runnable:wakeup 23000000-24000000 cpu0 waker=100 open\n"
				"400 sleep 22000000-24000000 cpu0 raw=0x1 open gap\n"
				"500 zombie 9000000-24000000 (19000000-24000000) open before\n"});
	synth_free(&s);
}

/* A checkpoint within the stream: what is certain is only compared, what is not is healed. */
static void test_checkpoint_heals(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(200, 200, TS_SLEEP, S, 0, 900000),
		snap(300, 300, TS_SLEEP, S, 0, 900000),
		snap(400, 400, TS_SLEEP, S, 0, 900000),
	};
	struct task_snapshot later[] = {
		snap(100, 100, TS_RUNNABLE, 0, 0, 2050000),
		snap(200, 200, TS_SLEEP, S, 0, 900000),
		snap(300, 300, TS_RUN, 0, 0, 2050000),
		snap(500, 500, TS_DISK, D, 0, 2020000),
	};
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	later[0].cause = RC_PREEMPTED;
	ev_start(&s, 1000000, 1, t, 4);
	ev_gap(&s, 2000000, 0, 2100000, 5);
	ev_start(&s, 2200000, 1, later, 4);
	ev_switch(&s, 2300000, 0, 300, S, 100);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 2400000,
			.from = 1900000,
			.counts = &counts,
			.want = "100 run 900000-2000000 (1900000-2000000) cpu0 before gap\n"
				"100 unknown 2000000-2050000 gap\n"
				"300 sleep 900000-2000000 (1900000-2000000) cpu0 raw=0x1 before gap\n"
				"300 unknown 2000000-2050000 gap\n"
				"400 sleep 900000-2000000 (1900000-2000000) cpu0 raw=0x1 before gap\n"
				"400 unknown 2000000-2200000 gap\n"
				"300 run 2050000-2300000 cpu0 next=100\n"
				"100 runnable:preempted 2050000-2300000 cpu0 other=300\n"
				"100 run 2300000-2400000 cpu0 open\n"
				"200 sleep 900000-2400000 (1900000-2400000) cpu0 raw=0x1 open before\n"
				"300 sleep 2300000-2400000 cpu0 raw=0x1 open\n"
				"500 disk 2020000-2400000 cpu0 raw=0x2 open\n"});
	assert_int_equal(counts.checkpoint_diffs, 0);
	synth_free(&s);
	/* The same without the gap: nothing changes, three differ, one is missing. */
	ev_start(&s, 1000000, 1, t, 4);
	ev_start(&s, 2200000, 1, later, 3);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 2400000,
			.counts = &counts,
			.want = "100 run 900000-2400000 (1000000-2400000) cpu0 open before\n"
				"200 sleep 900000-2400000 (1000000-2400000) cpu0 raw=0x1 open before\n"
				"300 sleep 900000-2400000 (1000000-2400000) cpu0 raw=0x1 open before\n"
				"400 sleep 900000-2400000 (1000000-2400000) cpu0 raw=0x1 open before\n"});
	assert_int_equal(counts.checkpoint_diffs, 4); /* 100, 300, 400, the CPU */
	synth_free(&s);
}

/* Names come with checkpoints and events; out go those that tasks refer to, in their last form. */
static void test_names(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, S, 0, 900);
	struct checkpoint cp;
	struct synth s = {0};
	struct engine *e;
	struct err err = {0};

	(void)state;
	t.info.uid = 33;
	t.info.cgroup_id = 7;
	ev_name(&s, 1000, NAME_CGROUP, 7, "/old");
	ev_start(&s, 1000, 1, &t, 1);
	ev_name(&s, 1001, NAME_CGROUP, 7, "/new");
	ev_name(&s, 1001, NAME_USER, 33, "www-data");
	for (uint64_t id = 100; id < 1000; id++)
		ev_name(&s, 1001, NAME_CGROUP, id, "/other");
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_string_equal(engine_name(e, NAME_CGROUP, 7), "/new");
	assert_string_equal(engine_name(e, NAME_CGROUP, 999), "/other");
	assert_null(engine_name(e, NAME_USER, 7));
	for (int i = 0; i < 2; i++) { /* each time, not only the first */
		assert_int_equal(engine_checkpoint(e, 2000, &cp, &err), 0);
		assert_int_equal(cp.nnames, 2);
		assert_string_equal(cp.names[0].name, "www-data");
		assert_string_equal(cp.names[1].name, "/new");
	}
	engine_free(e);
	synth_free(&s);
}

/* A filtered recording: TID_OTHER is "somebody, or idle", never a task and never idle. */
static void test_other(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, S, 0, 900);
	struct cpu_snapshot cpu = {.tid = TID_OTHER, .since_ns = 900};
	struct checkpoint cp = {.ts = 1000, .tasks = &t, .ntasks = 1, .cpus = &cpu, .ncpus = 1};
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	ev_checkpoint(&s, &cp);
	ev_wakeup(&s, 2000, 0, 77, 100, 0); /* the waker is told, whoever it is */
	ev_switch(&s, 3000, 0, TID_OTHER, 0, 100);
	ev_switch(&s, 4000, 0, 100, S, TID_OTHER);
	ev_wakeup(&s, 5000, 0, 77, 100, 0);
	ev_switch(&s, 6000, 0, TID_OTHER, 0, 100);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 1,
			   .from = 2000,
			   .end = 7000,
			   .cpus = true,
			   .counts = &counts,
			   .want = "cpu0 other 2000-3000 before\n"
				   "100 runnable:wakeup 2000-3000 cpu0 waker=77 other=4294967295\n"
				   "cpu0 run:100 3000-4000\n"
				   "100 run 3000-4000 cpu0 next=4294967295\n"
				   "100 sleep 4000-5000 cpu0 raw=0x1 waker=77\n"
				   "cpu0 other 4000-6000\n"
				   "100 runnable:wakeup 5000-6000 cpu0 waker=77 other=4294967295\n"
				   "cpu0 run:100 6000-7000 open\n"
				   "100 run 6000-7000 cpu0 open\n"});
	assert_int_equal(counts.unknown_tasks, 0);
	synth_free(&s);
}

/* Time that runs backwards is held. */
static void test_clamp(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, S, 0, 900);
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000, 2, &t, 1);
	ev_wakeup(&s, 2000, 1, 0, 100, 0);
	ev_switch(&s, 1990, 0, 0, 0, 100);
	ev_switch(&s, 3000, 0, 100, S, 0);
	expect_run(&s,
		   (struct expect){.ncpus = 2,
				   .from = 1500,
				   .end = 3000,
				   .counts = &counts,
				   .want = "100 sleep 900-2000 (1500-2000) cpu0 raw=0x1 before\n"
					   "100 runnable:wakeup 2000-2000 cpu0\n"
					   "100 run 2000-3000 cpu0\n"
					   "100 sleep 3000-3000 cpu0 raw=0x1 open\n"});
	assert_int_equal(counts.clamped, 1);
	synth_free(&s);
}

/* ---- the list of gaps ---- */

static void test_gap_list(void **state)
{
	static struct gaps g;

	(void)state;
	assert_int_equal(gaps_first(&g, 0), UINT64_MAX);
	gaps_add(&g, 100, 200);
	gaps_add(&g, 300, 300);
	gaps_add(&g, 400, 500);
	assert_int_equal(g.n, 3);
	assert_int_equal(gaps_first(&g, 50), 100);
	assert_int_equal(gaps_first(&g, 150), 150);
	assert_int_equal(gaps_first(&g, 200), 200);
	assert_int_equal(gaps_first(&g, 201), 300);
	assert_int_equal(gaps_first(&g, 300), 300);
	assert_int_equal(gaps_first(&g, 501), UINT64_MAX);
	gaps_add(&g, 150, 400); /* touches all */
	assert_int_equal(g.n, 1);
	assert_int_equal(gaps_first(&g, 0), 100);
	assert_int_equal(g.last_ns, 500);
	/* Full: the oldest ones flow together, the newest stay. */
	for (uint64_t i = 1; i <= GAPS_MAX + 10; i++)
		gaps_add(&g, i * 1000, i * 1000 + 1);
	assert_int_equal(g.n, GAPS_MAX);
	assert_int_equal(gaps_first(&g, 0), 100);
	assert_int_equal(gaps_first(&g, 5500), 5500);
	assert_int_equal(gaps_first(&g, 500500), 501000);
	assert_int_equal(gaps_first(&g, 1000000), 1000000);
}

/* ---- nonsense ---- */

static uint32_t rnd(uint32_t *x, uint32_t n)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x % n;
}

static void check_interval(struct sink *s, const struct interval *iv)
{
	(void)s;
	assert_true(iv->start_ns <= iv->from_ns && iv->from_ns <= iv->to_ns &&
		    iv->to_ns <= iv->end_ns && iv->state < TS_COUNT);
}

static void random_event(struct synth *s, uint32_t *x, uint64_t ts)
{
	static const uint32_t tids[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, TID_OTHER, 1u << 22, 1u << 31};
	static const uint16_t cpus[] = {0, 1, 2, 3, 4, 77, CPU_NONE};
	static const uint32_t values[] = {0, 1, 2, 0x80, 0xa0, 0x90, 3, UINT32_MAX, 0x402};
	struct event ev = {
		.ts = ts,
		.tid = tids[rnd(x, 12)],
		.peer = tids[rnd(x, 12)],
		.value = values[rnd(x, 9)],
		.cpu = cpus[rnd(x, 7)],
		.aux = (uint16_t)rnd(x, 6),
		.kind = (uint8_t)rnd(x, 20),
		.flags = (uint8_t)rnd(x, 256),
	};
	struct task_snapshot t[3];
	struct exec_info exec = {.filename = "", .args = ""};
	struct gap_info gap = {.end_ns = ts + rnd(x, 2000) - 500, .count = rnd(x, 3)};
	struct name_info name = {rnd(x, 9), (uint8_t)rnd(x, 3), "name"};

	for (int i = 0; i < 3; i++) {
		t[i] = snap(1 + rnd(x, 9), rnd(x, 9), (uint8_t)rnd(x, 16), rnd(x, 1u << 23),
			    cpus[rnd(x, 7)], rnd(x, 2) ? 0 : ts - rnd(x, 1000) + 100);
		t[i].flags = rnd(x, 1u << 12);
		t[i].info.ppid = rnd(x, 9);
		t[i].info.start_ns = rnd(x, 3);
	}
	switch (ev.kind) {
	case EV_FORK: ev.ext = synth_ext(s, &t[0].info, sizeof(t[0].info)); break;
	case EV_EXEC: ev.ext = synth_ext(s, &exec, sizeof(exec)); break;
	case EV_RENAME: ev.ext = synth_ext(s, "012345678901234", 16); break;
	case EV_CGROUP: ev.ext = synth_ext(s, "01234567", 8); break;
	case EV_TASK: ev.ext = synth_ext(s, &t[0], sizeof(t[0])); break;
	case EV_GAP: ev.ext = synth_ext(s, &gap, sizeof(gap)); break;
	case EV_NAME: ev.ext = synth_ext(s, &name, sizeof(name)); break;
	case EV_CHECKPOINT:
		if (rnd(x, 4) == 0)
			ev_start(s, ts, (uint16_t)(1 + rnd(x, 6)), t, rnd(x, 4));
		return;
	default: break;
	}
	if (rnd(x, 50) == 0)
		ev.ext = NULL;
	synth_add(s, ev);
}

/* No stream whatever makes it crash or give an interval of negative length. */
static void test_nonsense(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 400; seed++) {
		struct sink sink = {.interval = check_interval};
		uint32_t x = seed * 2654435761u;
		struct synth s = {0};
		uint64_t ts = 100000;
		struct checkpoint cp;
		struct err err = {0};
		struct engine *e;

		for (int i = 0; i < 1000; i++)
			random_event(&s, &x, ts += rnd(&x, 300) - (rnd(&x, 9) == 0 ? 200 : 0));
		assert_int_equal(engine_new(&e, 4, 0, seed % 3 ? UINT64_MAX : ts - 9000, &err), 0);
		assert_int_equal(engine_add_sink(e, &sink, &err), 0);
		for (size_t i = 0; i < s.n; i += 100) {
			size_t n = s.n - i < 100 ? s.n - i : 100;

			assert_int_equal(engine_apply(e, s.ev + i, n, &err), 0);
			assert_int_equal(engine_checkpoint(e, ts, &cp, &err), 0);
		}
		for (uint16_t c = 0; c < 6; c++)
			assert_true(engine_cpu_depth(e, c) <= 9);
		assert_int_equal(engine_finish(e, ts, &err), 0);
		for (uint16_t c = 0; c < 6; c++)
			assert_int_equal(engine_cpu_depth(e, c), 0);
		engine_free(e);
		synth_free(&s);
	}
}

/* What a blocked task waits in, and where, goes from engine to engine; of others nothing does. */
static void test_why_through_checkpoints(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(200, 200, TS_RUNNABLE, 0, 0, 900000),
	};
	struct synth s = {0}, next = {0};
	struct checkpoint ck;
	struct engine *e;
	struct err err = {0};

	(void)state;
	ev_start(&s, 1000000, 1, t, 2);
	ev_stack(&s, 1100000, 0, 100, 7, 8);
	ev_switch_in(&s, 1100000, 0, 100, D, 200, 20, true);
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_int_equal(engine_checkpoint(e, 1200000, &ck, &err), 0);
	assert_int_equal(ck.ntasks, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const bool blocked = ck.tasks[i].info.tid == 100;

		assert_int_equal(ck.tasks[i].kernel_stack, blocked ? 7 : 0);
		assert_int_equal(ck.tasks[i].user_stack, blocked ? 8 : 0);
		assert_int_equal(ck.tasks[i].syscall, blocked ? 19 : SYSCALL_UNKNOWN);
	}
	ev_checkpoint(&next, &ck);
	ev_wakeup(&next, 1300000, 0, 200, 100, 0);
	expect_run(&next,
		   (struct expect){
			   .ncpus = 1,
			   .end = 1400000,
			   .want = "100 disk 1100000-1300000 (1200000-1300000) cpu0 raw=0x2 sys=19 "
				   "stack=7 user-stack=8 waker=200 before iowait\n"
				   "100 runnable:wakeup 1300000-1400000 cpu0 waker=200 open\n"
				   "200 run 1100000-1400000 (1200000-1400000) cpu0 open before\n"});
	engine_free(e);
	synth_free(&s);
	synth_free(&next);
}

static void test_bad_calls(void **state)
{
	struct sink sinks[41] = {{0}};
	struct err err = {0};
	struct engine *e = NULL;

	(void)state;
	assert_int_equal(engine_new(&e, 0, 0, 1, &err), -EINVAL);
	assert_true(strlen(err.msg) > 10);
	assert_int_equal(engine_new(&e, 100000, 0, 1, &err), -EINVAL);
	assert_int_equal(engine_new(&e, 1, 0, 1, &err), 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(engine_add_sink(e, &sinks[i], &err), 0);
	assert_int_equal(engine_add_sink(e, &sinks[40], &err), -E2BIG);
	engine_free(e);
	engine_free(NULL);
}

/* Who is told as the recorded command's, ascending: "100 110 ". */
static const char *tree_of(struct engine *e, uint64_t ts)
{
	static char text[200];
	struct checkpoint cp;
	struct err err = {0};
	size_t len = 0;

	assert_int_equal(engine_checkpoint(e, ts, &cp, &err), 0);
	text[0] = '\0';
	for (uint32_t tid = 1; tid < 1000; tid++)
		for (uint32_t i = 0; i < cp.ntasks; i++)
			if (cp.tasks[i].info.tid == tid && cp.tasks[i].flags & SNAPF_TREE)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%u ", tid);
	return text;
}

/*
 * 100 is the command. 110 is its child, with a thread; 120 is a child of that one and stays when
 * both others are gone, as does a thread of it. Then 100 is another process's PID.
 */
static void test_tree(void **state)
{
	struct task_snapshot orphan = word(120, S, 0, 0, 0), parent = word(310, S, 0, 0, 0),
			     child = word(320, S, 0, 0, 0);
	struct engine *e, *next;
	struct synth s = {0};
	struct checkpoint cp;
	struct err err = {0};
	size_t n;

	(void)state;
	ev_task(&s, 1000, word(100, 0, SNAPF_ON_CPU, 0, 0));
	ev_task(&s, 1000, word(200, 0, SNAPF_ON_CPU, 1, 0));
	ev_fork(&s, 2000, 0, 100, 100, 110, 110);
	ev_fork(&s, 2001, 0, 110, 100, 111, 110);
	ev_fork(&s, 2002, 0, 111, 110, 120, 120);
	ev_fork(&s, 2003, 0, 120, 110, 121, 120);
	ev_fork(&s, 2004, 1, 200, 200, 210, 210);
	ev_fork(&s, 2005, 1, 200, 100, 220, 220); /* CLONE_PARENT: as if 100 had made it */
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	engine_tree(e, 100);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_string_equal(tree_of(e, 3000), "100 110 111 120 121 220 ");
	/* the fork of one was lost, and what it forked came out: the kernel's word tells of both */
	ev_fork(&s, 2006, 0, 310, 310, 320, 320);
	parent.info.ppid = 100;
	child.info.ppid = 310;
	child.info.start_ns = 2006;
	ev_task(&s, 2007, parent);
	ev_task(&s, 2008, child);
	assert_int_equal(engine_apply(e, s.ev + 8, 3, &err), 0);
	assert_string_equal(tree_of(e, 3000), "100 110 111 120 121 220 310 320 ");
	n = s.n;
	for (uint32_t tid = 110; tid <= 111; tid++)
		ev_switch(&s, 3000 + tid, 0, tid, RAW_DEAD | RAW_EXIT_DEAD, 0);
	ev_switch(&s, 4000, 0, 100, RAW_DEAD | RAW_EXIT_DEAD, 0);
	ev_fork(&s, 4001, 1, 200, 200, 100, 100);
	orphan.info.ppid = 1; /* init has adopted it */
	orphan.info.start_ns = 2002;
	ev_task(&s, 4002, orphan);
	assert_int_equal(engine_apply(e, s.ev + n, s.n - n, &err), 0);
	assert_string_equal(tree_of(e, 5000), "120 121 220 310 320 ");

	/* The checkpoint is all that the next engine needs. */
	assert_int_equal(engine_checkpoint(e, 5000, &cp, &err), 0);
	assert_int_equal(engine_new(&next, 2, 0, UINT64_MAX, &err), 0);
	n = s.n;
	ev_checkpoint(&s, &cp);
	ev_fork(&s, 5001, 0, 120, 120, 130, 130);
	ev_fork(&s, 5002, 0, 200, 200, 140, 140);
	assert_int_equal(engine_apply(next, s.ev + n, s.n - n, &err), 0);
	assert_string_equal(tree_of(next, 6000), "120 121 130 220 310 320 ");
	engine_free(next);
	engine_free(e);
	synth_free(&s);
}

/* A filter has left the command out, but not what it starts; until its PID is another's. */
static void test_tree_without_root(void **state)
{
	struct synth s = {0};
	struct engine *e;
	struct err err = {0};

	(void)state;
	ev_task(&s, 1000, word(200, 0, SNAPF_ON_CPU, 1, 0));
	ev_fork(&s, 2000, 0, 100, 100, 110, 110);
	ev_fork(&s, 2001, 0, 110, 110, 120, 120);
	ev_fork(&s, 2002, 1, 200, 200, 100, 100);
	ev_fork(&s, 2003, 1, 100, 100, 130, 130);
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	engine_tree(e, 100);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_string_equal(tree_of(e, 3000), "110 120 ");
	engine_free(e);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_first),
		cmocka_unit_test(test_word_against_events),
		cmocka_unit_test(test_words_in_a_gap),
		cmocka_unit_test(test_words_heal),
		cmocka_unit_test(test_word_of_last_run),
		cmocka_unit_test(test_checkpoint_heals),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_gap_list),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_why_through_checkpoints),
		cmocka_unit_test(test_bad_calls),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_tree_without_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
