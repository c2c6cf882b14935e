// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record -C: CPU 1 is not recorded. What a task does there is a gap, and nothing else of it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "synthetic.h"

#define S 0x1

/* 100 runs on CPU 0, 200 sleeps there, 300 is on CPU 1, 400 waits for CPU 0. */
static void start(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 90000),
		snap(200, 200, TS_SLEEP, S, 0, 90000),
		snap(300, 300, TS_UNKNOWN, 0, 1, 0),
		snap(400, 400, TS_RUNNABLE, 0, 0, 90000),
	};
	struct cpu_snapshot cpus[] = {{.cpu = 0, .tid = 100, .since_ns = 90000},
				      {.cpu = 1, .tid = TID_OTHER, .left_out = 1}};
	struct checkpoint cp = {.ts = 100000, .tasks = t, .ntasks = 4, .cpus = cpus, .ncpus = 2};

	t[2].flags |= SNAPF_UNCERTAIN;
	t[3].cause = RC_WAKEUP;
	ev_checkpoint(s, &cp);
}

static void migrate(struct synth *s, uint64_t ts, uint32_t tid, uint16_t from, uint16_t to,
		    uint8_t flags)
{
	synth_add(s, (struct event){.kind = EV_MIGRATE,
				    .ts = ts,
				    .tid = tid,
				    .value = to,
				    .aux = from,
				    .flags = flags});
}

static void expect(struct synth *s, const char *want)
{
	expect_run(s, (struct expect){.ncpus = 2, .end = 200000, .want = want});
	synth_free(s);
}

/* Asleep until it is woken onto the other CPU; from the wake-up onto this one it is known again. */
static void test_woken_elsewhere(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_waking(&s, 110000, 0, 100, 200);
	migrate(&s, 110100, 200, 0, 1, EVF_PLACED);
	migrate(&s, 150000, 200, 1, 0, EVF_PLACED);
	ev_wakeup(&s, 150100, 1, 300, 200, 0);
	ev_switch(&s, 160000, 0, 100, S, 200);
	expect(&s, "200 sleep 90000-110100 (100000-110100) cpu0 raw=0x1 waker=100 before gap\n"
		   "200 unknown 110100-150000 gap\n"
		   "200 sleep 150000-150100 cpu0 inferred gap\n"
		   "100 run 90000-160000 (100000-160000) cpu0 next=200 before\n"
		   "200 runnable:wakeup 150100-160000 cpu0 waker=300 other=100 gap\n"
		   "100 sleep 160000-200000 cpu0 raw=0x1 open\n"
		   "200 run 160000-200000 cpu0 open\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 runnable:wakeup 90000-200000 (100000-200000) cpu0 open before\n");
}

/* Taken from the queue, and back into it. */
static void test_balanced(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	migrate(&s, 110000, 400, 0, 1, 0);
	migrate(&s, 150000, 400, 1, 0, 0);
	ev_switch(&s, 160000, 0, 100, S, 400);
	expect(&s, "400 runnable:wakeup 90000-110000 (100000-110000) cpu0 before gap\n"
		   "400 unknown 110000-150000 gap\n"
		   "100 run 90000-160000 (100000-160000) cpu0 next=400 before\n"
		   "400 runnable:inferred 150000-160000 cpu0 other=100 inferred gap\n"
		   "100 sleep 160000-200000 cpu0 raw=0x1 open\n"
		   "200 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 run 160000-200000 cpu0 open\n");
}

/* It went, and never came back; one that was there comes. */
static void test_gone(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_switch(&s, 110000, 0, 100, 0, 400);
	migrate(&s, 120000, 100, 0, 1, 0);
	migrate(&s, 130000, 300, 1, 0, 0);
	ev_switch(&s, 140000, 0, 400, S, 300);
	expect(&s, "100 run 90000-110000 (100000-110000) cpu0 next=400 before preempted\n"
		   "400 runnable:wakeup 90000-110000 (100000-110000) cpu0 other=100 before\n"
		   "100 runnable:preempted 110000-120000 cpu0 gap\n"
		   "300 unknown 100000-130000 gap\n"
		   "400 run 110000-140000 cpu0 next=300\n"
		   "300 runnable:inferred 130000-140000 cpu0 other=400 inferred gap\n"
		   "100 unknown 120000-200000 open gap\n"
		   "200 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
		   "300 run 140000-200000 cpu0 open\n"
		   "400 sleep 140000-200000 cpu0 raw=0x1 open\n");
}

/* Who acts on the other CPU runs there, which is not told: no contradiction. */
static void test_acts(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_wakeup(&s, 110000, 1, 300, 200, 0);
	ev_switch(&s, 120000, 0, 100, S, 200);
	ev_exit(&s, 130000, 1, 300, 0, true);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.end = 200000,
			.cpus = true,
			.counts = &counts,
			.want = "200 sleep 90000-110000 (100000-110000) cpu0 raw=0x1 waker=300 before\n"
				"cpu0 run:100 100000-120000 before\n"
				"100 run 90000-120000 (100000-120000) cpu0 next=200 before\n"
				"200 runnable:wakeup 110000-120000 cpu0 waker=300 other=100\n"
				"cpu0 run:200 120000-200000 open\n"
				"cpu1 other 100000-200000 open\n"
				"100 sleep 120000-200000 cpu0 raw=0x1 open\n"
				"200 run 120000-200000 cpu0 open\n"
				"300 unknown 100000-200000 open gap\n"
				"400 runnable:wakeup 90000-200000 (100000-200000) cpu0 open before\n"});
	assert_int_equal(counts.contradictions, 0);
	synth_free(&s);
}

/* A child whose first wake-up is not seen may run on the other CPU; one whose is does not. */
static void test_fork(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 110000, 0, 100, 100, 500, 500);
	ev_fork(&s, 120000, 0, 100, 100, 600, 600);
	ev_wakeup_new(&s, 120100, 0, 100, 600, 0);
	expect(&s, "600 new 120000-120100 waker=100\n"
		   "100 run 90000-200000 (100000-200000) cpu0 open before\n"
		   "200 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 runnable:wakeup 90000-200000 (100000-200000) cpu0 open before\n"
		   "500 unknown 110000-200000 open gap\n"
		   "600 runnable:fork 120100-200000 cpu0 waker=100 open\n");
}

/* Lost events of the other CPU: a wake-up from there may be among them. */
static void test_gap(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_gap(&s, 110000, 1, 120000, 3);
	ev_switch(&s, 130000, 0, 100, S, 200);
	expect(&s, "100 run 90000-130000 (100000-130000) cpu0 next=200 before\n"
		   "200 unknown 90000-130000 (100000-130000) before gap\n"
		   "100 unknown 130000-200000 open gap\n"
		   "200 run 130000-200000 cpu0 open\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 runnable:wakeup 90000-110000 (100000-110000) cpu0 before gap\n"
		   "400 unknown 110000-200000 open gap\n");
}

/* Without a wake-up that was seen: the other CPU may have hidden it all the time. */
static void test_hidden(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_switch(&s, 130000, 0, 100, S, 200);
	expect(&s, "100 run 90000-130000 (100000-130000) cpu0 next=200 before\n"
		   "200 unknown 90000-130000 (100000-130000) before gap\n"
		   "100 sleep 130000-200000 cpu0 raw=0x1 open\n"
		   "200 run 130000-200000 cpu0 open\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 runnable:wakeup 90000-200000 (100000-200000) cpu0 open before\n");
}

/* A wait for any child may reap one that ended on the other CPU, and not this one. */
static void test_wait(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 110000, 0, 100, 100, 500, 500);
	ev_wakeup_new(&s, 110100, 0, 100, 500, 0);
	ev_switch(&s, 120000, 0, 100, S, 500);
	ev_exit(&s, 121000, 0, 500, 0, true);
	ev_switch(&s, 122000, 0, 500, 0xa0, 400);
	ev_wakeup(&s, 130000, 0, 400, 100, 0);
	ev_switch(&s, 131000, 0, 400, S, 100);
	ev_wait(&s, 140000, 0, 100, 0);
	ev_free(&s, 160000, 0, 500);
	expect(&s, "500 new 110000-110100 waker=100\n"
		   "100 run 90000-120000 (100000-120000) cpu0 next=500 before\n"
		   "500 runnable:fork 110100-120000 cpu0 waker=100 other=100\n"
		   "500 run 120000-122000 cpu0 next=400 exit\n"
		   "400 runnable:wakeup 90000-122000 (100000-122000) cpu0 other=100 before\n"
		   "100 sleep 120000-130000 cpu0 raw=0x1 waker=400\n"
		   "400 run 122000-131000 cpu0 next=100\n"
		   "100 runnable:wakeup 130000-131000 cpu0 waker=400 other=400\n"
		   "500 zombie 122000-140000 gap\n"
		   "500 unknown 140000-160000 gap\n"
		   "100 run 131000-200000 cpu0 open\n"
		   "200 sleep 90000-200000 (100000-200000) cpu0 raw=0x1 open before\n"
		   "300 unknown 100000-200000 open gap\n"
		   "400 sleep 131000-200000 cpu0 raw=0x1 open\n");
}

/* The first checkpoint is damaged: up to the next one the other CPU is in a gap like this one. */
static void test_begins_late(void **state)
{
	struct synth s = {0};

	(void)state;
	ev_gap(&s, 60000, CPU_NONE, 80000, 0);
	start(&s);
	expect_run(&s, (struct expect){
			       .ncpus = 2,
			       .end = 200000,
			       .cpus = true,
			       .no_tasks = true,
			       .want = "cpu1 gap 60000-100000 before gap\n"
				       "cpu0 gap 60000-90000 before gap\n"
				       "cpu0 run:100 90000-200000 open\n"
				       "cpu1 other 100000-200000 open\n",
		       });
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_woken_elsewhere),
		cmocka_unit_test(test_balanced),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_acts),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_begins_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
