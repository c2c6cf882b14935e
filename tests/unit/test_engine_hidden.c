// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Wake-ups that were hidden, as on one kernel that was measured (KERNEL.md): what a switch-in
 * without a wake-up says of the time before it. 100 is a task whose switch-outs do not appear.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "synthetic.h"

#define S 0x1

/* All sleep, both CPUs are idle. */
static void start(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, S, 0, 90000),
		snap(200, 200, TS_SLEEP, S, 0, 90000),
		snap(300, 300, TS_SLEEP, S, 1, 90000),
	};

	ev_start(s, 100000, 2, t, 3);
}

/* 100 on CPU 0 from `from`; that it left shows at `to`, when 200 does. */
static void hides(struct synth *s, uint64_t from, uint64_t to)
{
	ev_wakeup(s, from - 1000, 0, 0, 100, 0);
	ev_switch(s, from, 0, 0, 0, 100);
	ev_switch(s, to, 0, 200, S, 0);
}

static void expect(struct synth *s, uint64_t from, const char *want)
{
	expect_run(s, (struct expect){.ncpus = 2, .from = from, .end = 200000, .want = want});
	synth_free(s);
}

/* Asleep until what can hide a wake-up begins; in the queue from its end on. */
static void test_between(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	hides(&s, 120000, 130000);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	ev_switch(&s, 160000, 1, 300, S, 0);
	expect(&s, 100000,
	       "100 sleep 90000-119000 (100000-119000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 119000-120000 cpu0\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-130000 gap\n"
	       "200 run 130000-130000 cpu0 gap\n"
	       "300 sleep 90000-120000 (100000-120000) cpu1 raw=0x1 before gap\n"
	       "300 unknown 120000-130000 gap\n"
	       "300 runnable:inferred 130000-150000 cpu1 inferred gap\n"
	       "300 run 150000-160000 cpu1\n"
	       "100 unknown 120000-200000 open gap\n"
	       "200 sleep 130000-200000 cpu0 raw=0x1 open\n"
	       "300 sleep 160000-200000 cpu1 raw=0x1 open\n");
}

/* Two stretches: it may have been either. */
static void test_either(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	hides(&s, 120000, 130000);
	hides(&s, 140000, 145000);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	expect(&s, 100000,
	       "100 sleep 90000-119000 (100000-119000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 119000-120000 cpu0\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-130000 gap\n"
	       "200 run 130000-130000 cpu0 gap\n"
	       "100 unknown 120000-130000 gap\n"
	       "100 sleep 130000-139000 cpu0 inferred gap\n"
	       "100 runnable:wakeup 139000-140000 cpu0 gap\n"
	       "100 run 140000-140000 cpu0 gap\n"
	       "200 unknown 130000-145000 gap\n"
	       "200 run 145000-145000 cpu0 gap\n"
	       "300 sleep 90000-120000 (100000-120000) cpu1 raw=0x1 before gap\n"
	       "300 unknown 120000-145000 gap\n"
	       "300 runnable:inferred 145000-150000 cpu1 inferred gap\n"
	       "100 unknown 140000-200000 open gap\n"
	       "200 sleep 145000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu1 open\n");
}

/* 100 has not left yet as far as is known: that it had comes too late. */
static void test_not_over(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_wakeup(&s, 119000, 0, 0, 100, 0);
	ev_switch(&s, 120000, 0, 0, 0, 100);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	ev_switch(&s, 160000, 0, 200, S, 0);
	expect(&s, 100000,
	       "100 sleep 90000-119000 (100000-119000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 119000-120000 cpu0\n"
	       "300 sleep 90000-120000 (100000-120000) cpu1 raw=0x1 before gap\n"
	       "300 unknown 120000-150000 gap\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-160000 gap\n"
	       "200 run 160000-160000 cpu0 gap\n"
	       "100 unknown 120000-200000 open gap\n"
	       "200 sleep 160000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu1 open\n");
}

/* The stretch ends with the record that shows the switch-in. */
static void test_same_cpu(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_wakeup(&s, 119000, 0, 0, 100, 0);
	ev_switch(&s, 120000, 0, 0, 0, 100);
	ev_switch(&s, 150000, 0, 200, S, 300);
	expect(&s, 100000,
	       "100 sleep 90000-119000 (100000-119000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 119000-120000 cpu0\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-150000 gap\n"
	       "200 run 150000-150000 cpu0 next=300 gap\n"
	       "300 sleep 90000-120000 (100000-120000) cpu1 raw=0x1 before gap\n"
	       "300 unknown 120000-150000 gap\n"
	       "100 unknown 120000-200000 open gap\n"
	       "200 sleep 150000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu0 open\n");
}

/* What was hidden before its sched_waking is not it. */
static void test_waking(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	hides(&s, 110000, 115000);
	ev_wakeup(&s, 119000, 0, 0, 100, 0);
	ev_switch(&s, 120000, 0, 0, 0, 100);
	ev_waking(&s, 125000, 1, 0, 300);
	ev_switch(&s, 130000, 0, 200, S, 0);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	expect(&s, 118000,
	       "100 sleep 115000-119000 (118000-119000) cpu0 inferred before gap\n"
	       "100 runnable:wakeup 119000-120000 cpu0 gap\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 unknown 115000-130000 (118000-130000) before gap\n"
	       "200 run 130000-130000 cpu0 gap\n"
	       "300 sleep 90000-125000 (118000-125000) cpu1 raw=0x1 before gap\n"
	       "300 unknown 125000-130000 gap\n"
	       "300 runnable:inferred 130000-150000 cpu1 inferred gap\n"
	       "100 unknown 120000-200000 open gap\n"
	       "200 sleep 130000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu1 open\n");
}

/* What woke it is a riddle: nothing is known since it was put to sleep. */
static void test_unexplained(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.end = 200000,
			.counts = &counts,
			.want = "300 unknown 90000-150000 (100000-150000) before gap\n"
				"100 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
				"200 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
				"300 run 150000-200000 cpu1 open\n"});
	assert_int_equal(counts.inferred_switch_ins, 1);
	synth_free(&s);
}

/* In a recording of some tasks every slice of another may have hidden it. */
static void test_filtered(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	hides(&s, 120000, 130000);
	ev_switch(&s, 140000, 0, 0, 0, TID_OTHER);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	expect(&s, 100000,
	       "100 sleep 90000-119000 (100000-119000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 119000-120000 cpu0\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-130000 gap\n"
	       "200 run 130000-130000 cpu0 gap\n"
	       "300 unknown 90000-150000 (100000-150000) before gap\n"
	       "100 unknown 120000-200000 open gap\n"
	       "200 sleep 130000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu1 open\n");
}

/* A checkpoint passes on that something was hidden before it. */
static void test_checkpoint(void **state)
{
	struct synth s = {0};
	struct task_snapshot t[] = {snap(200, 200, TS_SLEEP, S, 0, 90000),
				    snap(300, 300, TS_SLEEP, S, 1, 90000)};

	(void)state;
	t[1].flags |= SNAPF_HIDDEN;
	ev_start(&s, 100000, 2, t, 2);
	hides(&s, 120000, 130000);
	ev_switch(&s, 150000, 1, 0, 0, 300);
	expect(&s, 100000,
	       "100 runnable:wakeup 119000-120000 cpu0 gap\n"
	       "100 run 120000-120000 cpu0 gap\n"
	       "200 sleep 90000-120000 (100000-120000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 120000-130000 gap\n"
	       "200 run 130000-130000 cpu0 gap\n"
	       "300 unknown 90000-130000 (100000-130000) before gap\n"
	       "300 runnable:inferred 130000-150000 cpu1 inferred gap\n"
	       "200 sleep 130000-200000 cpu0 raw=0x1 open\n"
	       "300 run 150000-200000 cpu1 open\n"
	       "100 unknown 120000-200000 open gap\n");
}

/* A child that was never seen woken. */
static void test_fork(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	hides(&s, 105000, 107000);
	ev_fork(&s, 110000, 0, 200, 200, 400, 400);
	ev_switch(&s, 150000, 1, 0, 0, 400);
	expect(&s, 100000,
	       "100 sleep 90000-104000 (100000-104000) cpu0 raw=0x1 before\n"
	       "100 runnable:wakeup 104000-105000 cpu0\n"
	       "100 run 105000-105000 cpu0 gap\n"
	       "200 sleep 90000-105000 (100000-105000) cpu0 raw=0x1 before gap\n"
	       "200 unknown 105000-107000 gap\n"
	       "200 run 107000-107000 cpu0 gap\n"
	       "200 unknown 107000-110000 gap\n"
	       "400 unknown 110000-150000 gap\n"
	       "100 unknown 105000-200000 open gap\n"
	       "200 run 110000-200000 cpu0 open gap\n"
	       "300 sleep 90000-200000 (100000-200000) cpu1 raw=0x1 open before\n"
	       "400 run 150000-200000 cpu1 open\n");
}

/* By its name 100 leaves what the filter wants, comes back while it runs, and leaves asleep. */
static void test_in_and_out(void **state)
{
	struct cpu_snapshot cpu = {.tid = 100, .since_ns = 900000};
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, 900000);
	struct checkpoint cp = {.ts = 1000000, .tasks = &t, .ntasks = 1, .cpus = &cpu, .ncpus = 1};
	struct synth s = {0};

	(void)state;
	ev_checkpoint(&s, &cp);
	ev_rename(&s, 1100000, 0, 100, "out");
	s.ev[s.n - 1].flags = EVF_LEAVES;
	ev_switch(&s, 1200000, 0, TID_OTHER, 0, 200); /* somebody else's, for a while */
	ev_switch(&s, 1250000, 0, 200, S, TID_OTHER);
	ev_rename(&s, 1300000, 0, 100, "in");
	s.ev[s.n - 1].peer = 100;
	ev_switch(&s, 1400000, 0, 100, S, TID_OTHER);
	ev_cgroup(&s, 1500000, 0, 100, 7, true);
	s.ev[s.n - 1].flags |= EVF_LEAVES;
	ev_exit(&s, 1600000, 0, 100, 0, true);
	s.ev[s.n - 1].flags |= EVF_LEAVES;
	ev_exit(&s, 1600001, 0, 300, 0, true); /* never in: it is nobody */
	s.ev[s.n - 1].flags |= EVF_LEAVES;
	ev_free(&s, 1700000, 0, 100);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 1,
			   .end = 2000000,
			   .cpus = true,
			   .want = "100 run 900000-1100000 (1000000-1100000) cpu0 before clipped\n"
				   "cpu0 run:100 1000000-1100000 before\n"
				   "cpu0 other 1100000-1200000\n"
				   "cpu0 run:200 1200000-1250000\n"
				   "200 run 1200000-1250000 cpu0 next=4294967295\n"
				   "100 unknown 1100000-1300000 gap\n"
				   "cpu0 other 1250000-1300000\n"
				   "cpu0 run:100 1300000-1400000\n"
				   "100 run 1300000-1400000 cpu0 next=4294967295 gap\n"
				   "100 sleep 1400000-1500000 cpu0 raw=0x1 clipped\n"
				   "100 unknown 1500000-1700000 gap\n"
				   "cpu0 other 1400000-2000000 open\n"
				   "200 sleep 1250000-2000000 cpu0 raw=0x1 open\n"});
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between),	 cmocka_unit_test(test_either),
		cmocka_unit_test(test_not_over), cmocka_unit_test(test_same_cpu),
		cmocka_unit_test(test_waking),	 cmocka_unit_test(test_unexplained),
		cmocka_unit_test(test_filtered), cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_fork),	 cmocka_unit_test(test_in_and_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
