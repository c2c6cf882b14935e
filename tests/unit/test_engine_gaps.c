// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Gaps, contradictions, snapshots and checkpoints within the stream: what is known and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/gaps.h"
#include "synthetic.h"

#define S 0x1
#define D 0x2

/* 100 runs on CPU 0, 200 on CPU 1, 300 sleeps, 400 waits for CPU 1. */
static void start(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 90000),
		snap(200, 200, TS_RUN, 0, 1, 90000),
		snap(300, 300, TS_SLEEP, S, 0, 90000),
		snap(400, 400, TS_RUNNABLE, 0, 1, 90000),
	};

	t[3].cause = RC_WAKEUP;
	ev_start(s, 100000, 2, t, 4);
}

/* The task that the next switch shows ran from the end of the gap; all else is open. */
static void test_gap_same_task(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 300000, 17);
	ev_switch(&s, 350000, 0, 100, S, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.end = 400000,
			.counts = &counts,
			.want = "100 run 90000-200000 (100000-200000) cpu0 before gap\n"
				"100 unknown 200000-300000 gap\n"
				"100 run 300000-350000 cpu0 gap\n"
				"100 sleep 350000-400000 cpu0 raw=0x1 open\n"
				"200 run 90000-400000 (100000-400000) cpu1 open before\n"
				"300 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 before gap\n"
				"300 unknown 200000-400000 open gap\n"
				"400 runnable:wakeup 90000-200000 (100000-200000) cpu1 before gap\n"
				"400 unknown 200000-400000 open gap\n"});
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 400000,
				       .cpus = true,
				       .no_tasks = true,
				       .want = "cpu0 run:100 100000-200000 before gap\n"
					       "cpu0 gap 200000-300000 gap\n"
					       "cpu0 run:100 300000-350000 gap\n"
					       "cpu0 idle 350000-400000 open\n"
					       "cpu1 run:200 100000-400000 open before\n"});
	assert_int_equal(counts.gaps, 1);
	assert_int_equal(counts.lost, 17);
	assert_int_equal(counts.contradictions, 0);
	synth_free(&s);
}

/* Idle after the gap, and who ran before it comes back elsewhere: runnable since the gap. */
static void test_gap_other_task(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 300000, 2);
	ev_switch(&s, 350000, 0, 0, 0, 400);
	ev_switch(&s, 360000, 1, 200, D, 100);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 150000,
			.end = 400000,
			.want = "100 run 90000-200000 (150000-200000) cpu0 before gap\n"
				"400 runnable:wakeup 90000-200000 (150000-200000) cpu1 before gap\n"
				"400 unknown 200000-300000 gap\n"
				"400 runnable:inferred 300000-350000 cpu0 inferred gap\n"
				"200 run 90000-360000 (150000-360000) cpu1 next=100 before\n"
				"100 unknown 200000-300000 gap\n"
				"100 runnable:inferred 300000-360000 cpu1 other=200 inferred gap\n"
				"100 run 360000-400000 cpu1 open\n"
				"200 disk 360000-400000 cpu1 raw=0x2 open\n"
				"300 sleep 90000-200000 (150000-200000) cpu0 raw=0x1 before gap\n"
				"300 unknown 200000-400000 open gap\n"
				"400 run 350000-400000 cpu0 open\n"});
	synth_free(&s);
}

/* One lost event is a gap of no length, and splits what it touches all the same. */
static void test_gap_of_one_event(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 200000, 1);
	ev_switch(&s, 250000, 0, 100, S, 0);
	ev_wakeup(&s, 300000, 1, 200, 300, 0);
	ev_switch(&s, 310000, 0, 0, 0, 300);
	expect_run(&s,
		   (struct expect){.ncpus = 2,
				   .from = 200000,
				   .end = 310000,
				   .want = "100 run 200000-250000 cpu0 gap\n"
					   "300 sleep 200000-300000 cpu0 inferred gap\n"
					   "300 runnable:wakeup 300000-310000 cpu0 waker=200 gap\n"
					   "100 sleep 250000-310000 cpu0 raw=0x1 open\n"
					   "200 run 90000-310000 (200000-310000) cpu1 open before\n"
					   "300 run 310000-310000 cpu0 open\n"
					   "400 unknown 200000-310000 open gap\n"});
	synth_free(&s);
}

/* Within the gap the other CPU goes on: known is what it shows running, and no more. */
static void test_events_during_gap(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 300000, 9);
	ev_switch(&s, 210000, 1, 200, S, 400);
	ev_switch(&s, 220000, 1, 400, S, 300);
	ev_wakeup(&s, 230000, 1, 300, 200, 1);
	ev_switch(&s, 240000, 1, 300, D, 200);
	ev_switch(&s, 350000, 1, 200, S, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 199900,
			.to = 360000,
			.end = 400000,
			.want = "100 run 90000-200000 (199900-200000) cpu0 before gap\n"
				"200 run 90000-210000 (199900-210000) cpu1 next=400 before\n"
				"400 runnable:wakeup 90000-200000 (199900-200000) cpu1 before gap\n"
				"400 unknown 200000-210000 gap\n"
				"400 run 210000-220000 cpu1 next=300\n"
				"300 sleep 90000-200000 (199900-200000) cpu0 raw=0x1 before gap\n"
				"300 unknown 200000-220000 gap\n"
				"300 run 220000-240000 cpu1 next=200\n"
				"200 unknown 210000-240000 gap\n"
				"200 run 240000-350000 cpu1\n"
				"100 unknown 200000-360000 open gap\n"
				"200 sleep 350000-360000 cpu1 raw=0x1 open\n"
				"300 unknown 240000-360000 open gap\n"
				"400 unknown 220000-360000 open gap\n"});
	synth_free(&s);
}

/* Between two gaps an interval is unknown too: anything may have happened in either. */
static void test_two_gaps(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 210000, 1);
	ev_gap(&s, 280000, 1, 290000, 1);
	ev_switch(&s, 300000, 0, 0, 0, 300);
	ev_switch(&s, 310000, 1, 200, S, 400);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 199900,
			.end = 320000,
			.want = "100 run 90000-200000 (199900-200000) cpu0 before gap\n"
				"200 run 90000-280000 (199900-280000) cpu1 before gap\n"
				"300 sleep 90000-200000 (199900-200000) cpu0 raw=0x1 before gap\n"
				"300 unknown 200000-290000 gap\n"
				"300 runnable:inferred 290000-300000 cpu0 inferred gap\n"
				"200 unknown 280000-290000 gap\n"
				"200 run 290000-310000 cpu1 next=400 gap\n"
				"400 runnable:wakeup 90000-200000 (199900-200000) cpu1 before gap\n"
				"400 unknown 200000-290000 gap\n"
				"400 runnable:inferred 290000-310000 cpu1 other=200 inferred gap\n"
				"100 unknown 200000-320000 open gap\n"
				"200 sleep 310000-320000 cpu1 raw=0x1 open\n"
				"300 run 300000-320000 cpu0 open\n"
				"400 run 310000-320000 cpu1 open\n"});
	expect_run(&s, (struct expect){.ncpus = 2,
				       .from = 199900,
				       .end = 320000,
				       .cpus = true,
				       .no_tasks = true,
				       .want = "cpu0 run:100 199900-200000 before gap\n"
					       "cpu1 run:200 199900-280000 before gap\n"
					       "cpu0 gap 200000-210000 gap\n"
					       "cpu0 idle 210000-300000 gap\n"
					       "cpu1 gap 280000-290000 gap\n"
					       "cpu1 run:200 290000-310000 gap\n"
					       "cpu0 run:300 300000-320000 open\n"
					       "cpu1 run:400 310000-320000 open\n"});
	synth_free(&s);
}

/* Woken while a CPU is not known: it may be running there. Only the next event tells. */
static void test_wakeup_waits_for_proof(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 210000, 3);
	ev_wakeup(&s, 250000, 1, 200, 300, 0);
	ev_wakeup(&s, 260000, 1, 200, 400, 0);
	ev_switch(&s, 300000, 0, 300, S, 400);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 200000,
			.end = 300000,
			.want =
				/* 300 was running: its wake-up was redundant */
			"300 unknown 200000-210000 gap\n"
			"300 run 210000-300000 cpu0 next=400 gap\n"
			/* 400 was waiting before the gap; perhaps it was all the time */
			"400 unknown 200000-210000 gap\n"
			"400 unknown 210000-260000 gap\n"
			"400 runnable:wakeup 260000-300000 cpu0 waker=200 other=300 inferred gap\n"
			"100 unknown 200000-300000 open gap\n"
			"200 run 90000-300000 (200000-300000) cpu1 open before\n"
			"300 sleep 300000-300000 cpu0 raw=0x1 open\n"
			"400 run 300000-300000 cpu0 open\n"});
	synth_free(&s);
}

/* An act of a task on the CPU tells as well as a switch, and earlier. */
static void test_waker_tells(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 200000, 0, 210000, 3);
	ev_waking(&s, 220000, 0, 100, 300);
	ev_wakeup(&s, 221000, 0, 100, 300, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 200000,
			.end = 230000,
			.want = "100 unknown 200000-210000 gap\n"
				"300 unknown 200000-210000 gap\n"
				"300 sleep 210000-221000 cpu0 inferred gap\n"
				"100 run 210000-230000 cpu0 open gap\n"
				"200 run 90000-230000 (200000-230000) cpu1 open before\n"
				"300 runnable:wakeup 221000-230000 cpu0 waker=100 waking=220000 open gap\n"
				"400 unknown 200000-230000 open gap\n"});
	synth_free(&s);
}

/* A record that contradicts: a gap of the CPU and of both tasks, from the last proof on. */
static void test_contradiction(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_waking(&s, 150000, 0, 100, 300);
	ev_wakeup(&s, 150000, 0, 100, 300, 0);
	ev_switch(&s, 200000, 0, 300, S, 0);
	ev_wakeup(&s, 250000, 1, 200, 100, 0);
	ev_switch(&s, 260000, 0, 0, 0, 100);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 140000,
			.end = 300000,
			.counts = &counts,
			.want = "300 sleep 90000-150000 (140000-150000) cpu0 raw=0x1 waker=100 before\n"
				"100 run 90000-150000 (140000-150000) cpu0 before gap\n"
				"300 unknown 150000-200000 gap\n"
				"300 run 200000-200000 cpu0 gap\n"
				"100 unknown 150000-200000 gap\n"
				"100 sleep 200000-250000 cpu0 inferred gap\n"
				"100 runnable:wakeup 250000-260000 cpu0 waker=200 gap\n"
				"100 run 260000-300000 cpu0 open\n"
				"200 run 90000-300000 (140000-300000) cpu1 open before\n"
				"300 sleep 200000-300000 cpu0 raw=0x1 open\n"
				"400 runnable:wakeup 90000-300000 (140000-300000) cpu1 open before\n"});
	expect_run(&s, (struct expect){.ncpus = 2,
				       .from = 140000,
				       .end = 300000,
				       .cpus = true,
				       .no_tasks = true,
				       .want = "cpu0 run:100 140000-150000 before gap\n"
					       "cpu0 gap 150000-200000 gap\n"
					       "cpu0 idle 200000-260000\n"
					       "cpu0 run:100 260000-300000 open\n"
					       "cpu1 run:200 140000-300000 open before\n"});
	assert_int_equal(counts.contradictions, 1);
	synth_free(&s);
}

/* It runs on one CPU, says the engine, and is switched in on another. */
static void test_runs_twice(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_switch(&s, 200000, 1, 200, S, 100);
	ev_switch(&s, 220000, 0, 0, 0, 400);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.end = 230000,
			.counts = &counts,
			.cpus = true,
			.want = "cpu1 run:200 100000-200000 before\n"
				"200 run 90000-200000 (100000-200000) cpu1 next=100 before\n"
				"100 unknown 90000-200000 (100000-200000) before gap\n"
				"cpu0 gap 100000-200000 before gap\n"
				"cpu0 idle 200000-220000 gap\n"
				"400 runnable:wakeup 90000-220000 (100000-220000) cpu0 "
				"other=4294967295 before\n"
				"cpu0 run:400 220000-230000 open\n"
				"cpu1 run:100 200000-230000 open\n"
				"100 run 200000-230000 cpu1 open\n"
				"200 sleep 200000-230000 cpu1 raw=0x1 open\n"
				"300 sleep 90000-230000 (100000-230000) cpu0 raw=0x1 open before\n"
				"400 run 220000-230000 cpu0 open\n"});
	assert_int_equal(counts.contradictions, 1);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gap_same_task),
		cmocka_unit_test(test_gap_other_task),
		cmocka_unit_test(test_gap_of_one_event),
		cmocka_unit_test(test_events_during_gap),
		cmocka_unit_test(test_two_gaps),
		cmocka_unit_test(test_wakeup_waits_for_proof),
		cmocka_unit_test(test_waker_tells),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_runs_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
