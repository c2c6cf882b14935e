// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The engine's rules for switches and wake-ups: a stream by hand, and every interval it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "synthetic.h"

#define S 0x1
#define D 0x2

/* Two sleepers and an idle CPU from 1000 on. */
static void start_two(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, S, 0, 400),
		snap(200, 200, TS_SLEEP, S, 0, 500),
	};

	ev_start(s, 1000, 1, t, 2);
}

static void test_sleep_wake_run(void **state)
{
	struct synth s = {0};

	(void)state;
	start_two(&s);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleep_wake_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
