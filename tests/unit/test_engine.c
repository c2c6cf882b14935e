// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The engine's rules for switches, wake-ups and windows: a stream by hand, and all that it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "synthetic.h"

#define S 0x1
#define D 0x2

/* Two sleepers and idle CPUs from 1000 on. */
static void start_two(struct synth *s, uint16_t ncpus)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, S, 0, 400),
		snap(200, 200, TS_SLEEP, S, 0, 500),
	};

	ev_start(s, 1000, ncpus, t, 2);
}

/* Two tasks that run, 100 on CPU 0 and 200 on CPU 1, both since 900. */
static void start_running(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900),
		snap(200, 200, TS_RUN, 0, 1, 900),
	};

	ev_start(s, 1000, 2, t, 2);
}

static void test_sleep_wake_run(void **state)
{
	struct synth s = {0};

	(void)state;
	start_two(&s, 1);
	ev_waking(&s, 1100, 0, 0, 100);
	ev_wakeup(&s, 1110, 0, 0, 100, 0);
	ev_switch(&s, 1150, 0, 0, 0, 100);
	ev_waking(&s, 1200, 0, 100, 200);
	ev_wakeup(&s, 1210, 0, 100, 200, 0);
	ev_switch(&s, 1300, 0, 100, D, 200);
	ev_switch(&s, 1400, 0, 200, S, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.end = 2000,
			.want = "100 sleep 400-1110 (1000-1110) cpu0 raw=0x1 before\n"
				"100 runnable:wakeup 1110-1150 cpu0 waking=1100\n"
				"200 sleep 500-1210 (1000-1210) cpu0 raw=0x1 waker=100 before\n"
				"100 run 1150-1300 cpu0 next=200\n"
				"200 runnable:wakeup 1210-1300 cpu0 waker=100 waking=1200 other=100\n"
				"200 run 1300-1400 cpu0\n"
				"100 disk 1300-2000 cpu0 raw=0x2 open\n"
				"200 sleep 1400-2000 cpu0 raw=0x1 open\n"});
	expect_run(&s, (struct expect){.ncpus = 1,
				       .end = 2000,
				       .cpus = true,
				       .no_tasks = true,
				       .want = "cpu0 idle 1000-1150\n"
					       "cpu0 run:100 1150-1300\n"
					       "cpu0 run:200 1300-1400\n"
					       "cpu0 idle 1400-2000 open\n"});
	synth_free(&s);
}

/* What a switch says of the sleep that begins, and what EV_BLOCK and EV_STACK say before one. */
static void test_why_it_sleeps(void **state)
{
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_stack(&s, 1100, 0, 100, 7, 8);
	ev_switch_in(&s, 1100, 0, 100, D, 0, 257 + 1, true);
	ev_switch_in(&s, 1100, 1, 200, S, 0, AUX_SYSCALL_NONE, false);
	ev_waking(&s, 1200, 0, 0, 100)->flags = EVF_CTX_HARDIRQ;
	ev_wakeup(&s, 1210, 0, 0, 100, 0);
	ev_wakeup(&s, 1220, 0, 0, 200, 1)->flags = EVF_CTX_SOFTIRQ;
	ev_switch(&s, 1300, 0, 0, 0, 100);
	ev_switch(&s, 1300, 1, 0, 0, 200);
	ev_stack(&s, 1390, 0, 300, 9, 9); /* somebody else's: its switch is lost */
	ev_switch_in(&s, 1400, 0, 100, S, 0, AUX_SYSCALL_COMPAT, false); /* all of it is new */
	ev_block(&s, 1400, 1, 200, 7, true);
	ev_switch(&s, 1400, 1, 200, D, 0);
	ev_waking(&s, 1500, 0, 0, 100)->flags = EVF_CTX_SOFTIRQ;
	ev_waking(&s, 1510, 0, 0, 100); /* the one that counts */
	ev_wakeup(&s, 1520, 1, 0, 100, 0)->flags = EVF_CTX_HARDIRQ;
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.end = 2000,
			.want = "100 run 900-1100 (1000-1100) cpu0 before\n"
				"200 run 900-1100 (1000-1100) cpu1 before\n"
				"100 disk 1100-1210 cpu0 raw=0x2 sys=257 stack=7 user-stack=8 iowait by-irq\n"
				"200 sleep 1100-1220 cpu1 raw=0x1 sys=-1 by-irq\n"
				"100 runnable:wakeup 1210-1300 cpu0 waking=1200\n"
				"200 runnable:wakeup 1220-1300 cpu1\n"
				"100 run 1300-1400 cpu0\n"
				"200 run 1300-1400 cpu1\n"
				"100 sleep 1400-1520 cpu0 raw=0x1\n"
				"100 runnable:wakeup 1520-2000 cpu0 waking=1510 open\n"
				"200 disk 1400-2000 cpu1 raw=0x2 sys=7 open iowait\n"});
	synth_free(&s);
}

/*
 * Involuntary is preempt or prev_state 0; a preempted one keeps its state for the kernel only. Without
 * the preempt flag it is a yield only when the task asked for it.
 */
static void test_preempted_and_yield(void **state)
{
	struct synth s = {0};

	(void)state;
	start_two(&s, 1);
	ev_wakeup(&s, 1100, 0, 0, 100, 0);
	ev_wakeup(&s, 1100, 0, 0, 200, 0);
	ev_switch(&s, 1100, 0, 0, 0, 100);
	ev_preempt(&s, 1200, 0, 100, 200);
	s.ev[s.n - 1].value = S;
	ev_switch(&s, 1300, 0, 200, 0, 100);
	ev_yield(&s, 1400, 0, 100, 200);
	expect_run(&s, (struct expect){.ncpus = 1,
				       .from = 1100,
				       .end = 1500,
				       .want = "100 runnable:wakeup 1100-1100 cpu0\n"
					       "100 run 1100-1200 cpu0 next=200 preempted\n"
					       "200 runnable:wakeup 1100-1200 cpu0 other=100\n"
					       "200 run 1200-1300 cpu0 next=100 preempted\n"
					       "100 runnable:preempted 1200-1300 cpu0 other=200\n"
					       "100 run 1300-1400 cpu0 next=200 preempted\n"
					       "200 runnable:preempted 1300-1400 cpu0 other=100\n"
					       "100 runnable:yield 1400-1500 cpu0 open\n"
					       "200 run 1400-1500 cpu0 open\n"});
	synth_free(&s);
}

/* An interrupt woke it: nobody did. Of an unknown context the current task is the best guess. */
static void test_wakers(void **state)
{
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_switch(&s, 1100, 1, 200, S, 0);
	ev_waking(&s, 1200, 0, 100, 200);
	s.ev[s.n - 1].flags = EVF_CTX_HARDIRQ;
	ev_wakeup(&s, 1210, 0, 100, 200, 1);
	ev_switch(&s, 1300, 1, 0, 0, 200);
	ev_switch(&s, 1400, 1, 200, S, 0);
	ev_wakeup(&s, 1500, 0, 100, 200, 1);
	s.ev[s.n - 1].flags = EVF_CTX_UNKNOWN;
	ev_switch(&s, 1600, 1, 0, 0, 200);
	expect_run(&s,
		   (struct expect){.ncpus = 2,
				   .end = 1600,
				   .from = 1100,
				   .want = "200 sleep 1100-1210 cpu1 raw=0x1 by-irq\n"
					   "200 runnable:wakeup 1210-1300 cpu1 waking=1200\n"
					   "200 run 1300-1400 cpu1\n"
					   "200 sleep 1400-1500 cpu1 raw=0x1 waker=100 by-unsure\n"
					   "200 runnable:wakeup 1500-1600 cpu1 waker=100\n"
					   "100 run 900-1600 (1100-1600) cpu0 open before\n"
					   "200 run 1600-1600 cpu1 open\n"});
	synth_free(&s);
}

/* A wake-up of a task that runs or waits changes nothing. */
static void test_redundant(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_waking(&s, 1100, 0, 100, 200);
	ev_wakeup(&s, 1100, 0, 100, 200, 1);
	ev_switch(&s, 20000, 1, 200, S, 0);
	ev_wakeup(&s, 21000, 0, 100, 200, 1);
	ev_wakeup(&s, 21500, 0, 100, 200, 0);
	ev_switch(&s, 22000, 1, 0, 0, 200);
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 23000,
				       .counts = &counts,
				       .want = "200 run 900-20000 (1000-20000) cpu1 before\n"
					       "200 sleep 20000-21000 cpu1 raw=0x1 waker=100\n"
					       "200 runnable:wakeup 21000-22000 cpu1 waker=100\n"
					       "100 run 900-23000 (1000-23000) cpu0 open before\n"
					       "200 run 22000-23000 cpu1 open\n"});
	assert_int_equal(counts.redundant_wakeups, 2);
	assert_int_equal(counts.early_wakings, 0);
	synth_free(&s);
}

/* The waker's records come before the switch-out of the sleeper: clamped, never negative. */
static void test_early_wakeups(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_waking(&s, 5000, 0, 100, 200);
	ev_wakeup(&s, 5010, 0, 100, 200, 1);
	ev_switch(&s, 5020, 1, 200, S, 0);
	ev_switch(&s, 5100, 1, 0, 0, 200);
	/* Only the first record is early, and by much: the waker waits for on_cpu. */
	ev_waking(&s, 6000, 0, 100, 200);
	ev_switch(&s, 90000, 1, 200, S, 0);
	ev_wakeup(&s, 90100, 0, 100, 200, 1);
	ev_switch(&s, 90200, 1, 0, 0, 200);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 2,
			   .end = 90200,
			   .counts = &counts,
			   .want = "200 run 900-5020 (1000-5020) cpu1 before\n"
				   "200 runnable:wakeup 5020-5100 cpu1 waker=100 waking=5020\n"
				   "200 run 5100-90000 cpu1\n"
				   "200 sleep 90000-90100 cpu1 raw=0x1 waker=100\n"
				   "200 runnable:wakeup 90100-90200 cpu1 waker=100 waking=90000\n"
				   "100 run 900-90200 (1000-90200) cpu0 open before\n"
				   "200 run 90200-90200 cpu1 open\n"});
	assert_int_equal(counts.early_wakings, 2);
	assert_int_equal(counts.redundant_wakeups, 0);
	synth_free(&s);
}

/* Right before its sleep, but redundant: the wake-up that does end the sleep says so. */
static void test_not_early_after_all(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_wakeup(&s, 5010, 0, 100, 200, 1);
	ev_switch(&s, 5020, 1, 200, S, 0);
	ev_wakeup(&s, 7000, 0, 100, 200, 1);
	ev_switch(&s, 7100, 1, 0, 0, 200);
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 7200,
				       .from = 5020,
				       .counts = &counts,
				       .want = "200 sleep 5020-7000 cpu1 raw=0x1 waker=100\n"
					       "200 runnable:wakeup 7000-7100 cpu1 waker=100\n"
					       "100 run 900-7200 (5020-7200) cpu0 open before\n"
					       "200 run 7100-7200 cpu1 open\n"});
	assert_int_equal(counts.redundant_wakeups, 1);
	synth_free(&s);
}

/* Nothing tells yet whether the early wake-up was one: neither is claimed. */
static void test_early_undecided(void **state)
{
	struct synth s = {0};

	(void)state;
	start_running(&s);
	ev_wakeup(&s, 5010, 0, 100, 200, 1);
	ev_switch(&s, 5020, 1, 200, S, 0);
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 7200,
				       .from = 5020,
				       .want = "100 run 900-7200 (5020-7200) cpu0 open before\n"
					       "200 unknown 5020-7200 open gap\n"});
	synth_free(&s);
}

/* A switch-in without any wake-up, and nothing that hid it: when the sleep ended is not known. */
static void test_inferred(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start_two(&s, 1);
	ev_switch(&s, 1300, 0, 0, 0, 100);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 1,
			   .end = 1400,
			   .counts = &counts,
			   .want = "100 unknown 400-1300 (1000-1300) before gap\n"
				   "100 run 1300-1400 cpu0 open\n"
				   "200 sleep 500-1400 (1000-1400) cpu0 raw=0x1 open before\n"});
	assert_int_equal(counts.inferred_switch_ins, 1);
	synth_free(&s);
}

/* The system call and iowait of a D sleep come in a record of their own, right before. */
static void test_block(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, 900);
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000, 1, &t, 1);
	ev_block(&s, 1100, 0, 100, 17, true);
	ev_switch(&s, 1100, 0, 100, 0x102, 0);
	ev_wakeup(&s, 1200, 0, 0, 100, 0);
	ev_switch(&s, 1200, 0, 0, 0, 100);
	ev_switch(&s, 1300, 0, 100, D, 0);
	expect_run(&s, (struct expect){.ncpus = 1,
				       .end = 1400,
				       .from = 1100,
				       .want = "100 disk 1100-1200 cpu0 raw=0x102 sys=17 iowait\n"
					       "100 runnable:wakeup 1200-1200 cpu0\n"
					       "100 run 1200-1300 cpu0\n"
					       "100 disk 1300-1400 cpu0 raw=0x2 open\n"});
	synth_free(&s);
}

/* The queue that a task waits on moves with it; a sleeper keeps the CPU that it slept on. */
static void test_migration_and_depth(void **state)
{
	struct synth s = {0};

	(void)state;
	start_two(&s, 2);
	ev_migrate(&s, 1100, 1, 100, 0, 1);
	ev_wakeup(&s, 1100, 1, 0, 100, 1);
	ev_switch(&s, 1200, 1, 0, 0, 100);
	ev_wakeup(&s, 1300, 1, 100, 200, 1);
	ev_migrate(&s, 1400, 0, 200, 1, 0);
	ev_switch(&s, 1500, 0, 0, 0, 200);
	ev_switch(&s, 1600, 0, 200, S, 0);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 2,
			   .end = 1700,
			   .want = "100 sleep 400-1100 (1000-1100) cpu0 raw=0x1 before\n"
				   "100 runnable:wakeup 1100-1200 cpu1\n"
				   "200 sleep 500-1300 (1000-1300) cpu0 raw=0x1 waker=100 before\n"
				   "200 runnable:wakeup 1300-1500 cpu0 waker=100\n"
				   "200 run 1500-1600 cpu0\n"
				   "100 run 1200-1700 cpu1 open\n"
				   "200 sleep 1600-1700 cpu0 raw=0x1 open\n"});
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 1700,
				       .depth = true,
				       .no_tasks = true,
				       .want = "cpu1 depth 0 1000-1100\n"
					       "cpu1 depth 1 1100-1300\n"
					       "cpu1 depth 2 1300-1400\n"
					       "cpu0 depth 0 1000-1400\n"
					       "cpu0 depth 1 1400-1600\n"
					       "cpu0 depth 0 1600-1700\n"
					       "cpu1 depth 1 1400-1700\n"});
	synth_free(&s);
}

/* Somebody who is not recorded ran there: that is not idle. */
static void test_who_ran_other(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900),
		snap(200, 200, TS_SLEEP, S, 0, 900),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000, 1, t, 2);
	ev_switch(&s, 1500, 0, 100, S, TID_OTHER);
	ev_wakeup(&s, 1600, 0, 0, 200, 0);
	ev_preempt(&s, 2000, 0, TID_OTHER, 200);
	expect_run(&s, (struct expect){
			       .ncpus = 1,
			       .from = 1550,
			       .end = 2000,
			       .want = "200 sleep 900-1600 (1550-1600) cpu0 raw=0x1 before\n"
				       "200 runnable:wakeup 1600-2000 cpu0 other=4294967295\n"
				       "100 sleep 1500-2000 (1550-2000) cpu0 raw=0x1 open before\n"
				       "200 run 2000-2000 cpu0 open\n"});
	synth_free(&s);
}

/* interval.other: the longest of the last 8 slices within the wait, idle not named. */
static void test_who_ran(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900),
		snap(200, 200, TS_RUNNABLE, 0, 0, 900),
		snap(300, 300, TS_RUNNABLE, 0, 0, 900),
		snap(400, 400, TS_SLEEP, S, 0, 900),
	};
	struct synth s = {0};
	uint64_t ts = 2000;

	(void)state;
	ev_start(&s, 1000, 1, t, 4);
	ev_wakeup(&s, 1500, 0, 100, 400, 0);
	ev_preempt(&s, ts, 0, 100, 200); /* 100 ran 500 of the wait of 400 */
	ev_preempt(&s, ts += 400, 0, 200, 300); /* 200 400 */
	ev_preempt(&s, ts += 300, 0, 300, 400); /* 300 300 */
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.from = 2600,
			.end = ts,
			.want = "300 run 2400-2700 (2600-2700) cpu0 next=400 before preempted\n"
				"400 runnable:wakeup 1500-2700 (2600-2700) cpu0 waker=100 other=100 before\n"
				"100 runnable:preempted 2000-2700 (2600-2700) cpu0 open before\n"
				"200 runnable:preempted 2400-2700 (2600-2700) cpu0 open before\n"
				"300 runnable:preempted 2700-2700 cpu0 open\n"
				"400 run 2700-2700 cpu0 open\n"});
	/* Eight more slices: what 100 waits through before them is forgotten. */
	ev_preempt(&s, ts += 10, 0, 400, 200);
	for (int i = 0; i < 3; i++) {
		ev_preempt(&s, ts += 10, 0, 200, 300);
		ev_preempt(&s, ts += 20, 0, 300, 200);
	}
	ev_preempt(&s, ts += 10, 0, 200, 400);
	ev_preempt(&s, ts += 10, 0, 400, 100);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 1,
			.from = ts - 1,
			.end = ts,
			.want = "400 run 2810-2820 (2819-2820) cpu0 next=100 before preempted\n"
				"100 runnable:preempted 2000-2820 (2819-2820) cpu0 other=300 before\n"
				"100 run 2820-2820 cpu0 open\n"
				"200 runnable:preempted 2810-2820 (2819-2820) cpu0 open before\n"
				"300 runnable:preempted 2800-2820 (2819-2820) cpu0 open before\n"
				"400 runnable:preempted 2820-2820 cpu0 open\n"});
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_why_it_sleeps),
		cmocka_unit_test(test_sleep_wake_run),
		cmocka_unit_test(test_preempted_and_yield),
		cmocka_unit_test(test_wakers),
		cmocka_unit_test(test_redundant),
		cmocka_unit_test(test_early_wakeups),
		cmocka_unit_test(test_not_early_after_all),
		cmocka_unit_test(test_early_undecided),
		cmocka_unit_test(test_inferred),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_migration_and_depth),
		cmocka_unit_test(test_who_ran),
		cmocka_unit_test(test_who_ran_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
