// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The engine's rules for what tasks have read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_events.h"

static void begin(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, 1, 0, 900),
		snap(200, 200, TS_SLEEP, 1, 0, 900),
	};

	ev_start(s, 1000, 1, t, 2);
}

/* 200 runs and makes 300 at 1100; 300 runs from 1120 on. */
static void fork_300(struct synth *s)
{
	ev_switch(s, 1050, 0, 0, 0, 200);
	ev_fork(s, 1100, 0, 200, 200, 300, 300);
	ev_wakeup_new(s, 1110, 0, 200, 300, 0);
	ev_switch(s, 1120, 0, 200, 1, 300);
}

static void test_deltas(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	fork_300(&s);
	ev_acct(&s, 1150, 100, (struct acct_info){.rchar = 1000, .rss_bytes = 4096});
	ev_acct(&s, 1200, 300, (struct acct_info){.rchar = 5, .wchar = 6, .syscr = 1, .syscw = 2});
	ev_acct(&s, 1300, 100, (struct acct_info){.rchar = 1100, .rss_bytes = 8192});
	ev_acct(&s, 1400, 300,
		(struct acct_info){.rchar = 5,
				   .wchar = 16,
				   .syscr = 1,
				   .syscw = 3,
				   .read_bytes = 7,
				   .write_bytes = 8,
				   .cancelled_write_bytes = 9,
				   .rss_peak_bytes = 10});
	ev_acct(&s, 1500, 777, (struct acct_info){.rchar = 5}); /* nobody knows that one */
	expect_flows(&s, (struct flow_expect){
				 .end = 2000,
				 .counts = &counts,
				 .want = "acct 100 0-1150 rss=4096\n"
					 "acct 300 1100-1200 rchar=5 wchar=6 syscr=1 syscw=2\n"
					 "acct 100 1150-1300 rchar=100 rss=8192\n"
					 "acct 300 1200-1400 wchar=10 syscw=1 read=7 write=8 "
					 "cancelled=9 peak=10\n"});
	assert_int_equal(counts.clamped + counts.unknown_tasks, 0);
	/* Whole when it is inside, even when it tells of before. */
	expect_flows(&s, (struct flow_expect){.end = 2000,
					      .from = 1250,
					      .to = 1400,
					      .want = "acct 100 1150-1300 rchar=100 rss=8192\n"});
	synth_free(&s);
}

/* A counter that goes down is another task's: it begins anew, and says so. */
static void test_down(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_acct(&s, 1100, 100, (struct acct_info){.rchar = 1000, .wchar = 50});
	ev_acct(&s, 1200, 100, (struct acct_info){.rchar = 2000, .wchar = 49});
	ev_acct(&s, 1300, 100, (struct acct_info){.rchar = 2001, .wchar = 49});
	expect_flows(&s, (struct flow_expect){.end = 2000,
					      .counts = &counts,
					      .want = "acct 100 0-1100\n"
						      "acct 100 0-1200\n"
						      "acct 100 1200-1300 rchar=1\n"});
	assert_int_equal(counts.clamped, 1);
	synth_free(&s);
}

/* Who gets the TID of a task that is gone counts from its own fork. */
static void test_tid_again(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	fork_300(&s);
	ev_acct(&s, 1130, 300, (struct acct_info){.rchar = 500});
	ev_exit(&s, 1140, 0, 300, 0, true);
	ev_acct(&s, 1150, 300, (struct acct_info){.rchar = 600});
	ev_switch(&s, 1150, 0, 300, 0x10, 200);
	ev_fork(&s, 1200, 0, 200, 200, 300, 300);
	ev_acct(&s, 1300, 300, (struct acct_info){.rchar = 50});
	expect_flows(&s, (struct flow_expect){.end = 2000,
					      .gone = true,
					      .want = "acct 300 1100-1130 rchar=500\n"
						      "acct 300 1130-1150 rchar=100\n"
						      "gone 300\n"
						      "acct 300 1200-1300 rchar=50\n"
						      "gone 100\n"
						      "gone 200\n"
						      "gone 300\n"});
	synth_free(&s);
}

/* What a lost look would have told, the next one tells. */
static void test_loss(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	fork_300(&s);
	ev_gap(&s, 1130, 0, 1130, 1);
	ev_acct(&s, 1200, 300, (struct acct_info){.rchar = 500});
	expect_flows(&s,
		     (struct flow_expect){.end = 2000, .want = "acct 300 1100-1200 rchar=500\n"});
	synth_free(&s);
}

/* A segment alone goes on from where the one before was. */
static void test_checkpoint(void **state)
{
	struct synth s = {0}, later = {0};
	struct checkpoint cp;
	struct engine *e;
	struct err err;

	(void)state;
	begin(&s);
	fork_300(&s);
	ev_acct(&s, 1200, 100, (struct acct_info){.rchar = 500, .rss_bytes = 4096});
	ev_acct(&s, 1210, 100, (struct acct_info){.rchar = 600});
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_int_equal(engine_account(e, engine_task(e, 100))->rchar, 600);
	assert_int_equal(engine_account(e, engine_task(e, 100))->rss_bytes, 4096);
	assert_null(engine_account(e, engine_task(e, 200)));
	assert_int_equal(engine_checkpoint(e, 1250, &cp, &err), 0);
	ev_checkpoint(&later, &cp);
	engine_free(e);
	ev_acct(&later, 1300, 100, (struct acct_info){.rchar = 601});
	ev_acct(&later, 1310, 200, (struct acct_info){.rchar = 70});
	ev_acct(&later, 1320, 300, (struct acct_info){.rchar = 80});
	expect_flows(&later, (struct flow_expect){.end = 2000,
						  .want = "acct 100 1210-1300 rchar=1\n"
							  "acct 200 0-1310\n"
							  "acct 300 1100-1320 rchar=80\n"});
	synth_free(&later);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deltas),	   cmocka_unit_test(test_down),
		cmocka_unit_test(test_tid_again),  cmocka_unit_test(test_loss),
		cmocka_unit_test(test_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
