// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Slices in which a task becomes something else: each part belongs to what it was then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "synthetic.h"

#define S 0x1

/* 100 runs on CPU 0 since 900,000; 101, of the same process, sleeps. Both are in cgroup 5. */
static void start(struct synth *s)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, 900000),
				    snap(101, 100, TS_SLEEP, S, 0, 900000)};

	t[0].info.cgroup_id = t[1].info.cgroup_id = 5;
	ev_start(s, 1000000, 1, t, 2);
}

static void expect(struct synth *s, uint64_t from, uint64_t to, const char *want)
{
	expect_run(s, (struct expect){.ncpus = 1,
				      .from = from,
				      .to = to,
				      .end = 2000000,
				      .life = true,
				      .parts = true,
				      .want = want});
	synth_free(s);
}

/* exec, rename, another cgroup, with the whole process or alone; what changes nothing cuts nothing. */
static void change(struct synth *s)
{
	start(s);
	ev_wakeup(s, 1050000, 0, 100, 101, 0);
	ev_switch(s, 1100000, 0, 100, S, 101);
	ev_rename(s, 1200000, 0, 101, "named");
	ev_rename(s, 1250000, 0, 101, "named");
	ev_cgroup(s, 1300000, 0, 100, 7, true);
	ev_cgroup(s, 1350000, 0, 101, 7, false);
	ev_exec(s, 1400000, 0, 101, 101, "execd");
	ev_switch(s, 1500000, 0, 101, S, 0);
}

#define CHANGED_GROUP "changed 100 t100 cgroup=7 from 100 t100\n"

static void test_parts(void **state)
{
	struct synth s = {0};

	(void)state;
	change(&s);
	expect(&s, 0, UINT64_MAX,
	       "101 sleep 900000-1050000 (1000000-1050000) cpu0 raw=0x1 waker=100 before\n"
	       "100 run 900000-1100000 (1000000-1100000) cpu0 next=101 before\n"
	       "101 runnable:wakeup 1050000-1100000 cpu0 waker=100 other=100\n"
	       "101 run 1100000-1200000 cpu0 clipped part\n"
	       "changed 101 named cgroup=5 from 101 t101\n"
	       "changed 101 named cgroup=5 from 101 named\n" CHANGED_GROUP
	       "101 run 1100000-1300000 (1200000-1300000) cpu0 clipped part\n"
	       "changed 101 named cgroup=7 from 101 named\n"
	       "101 run 1100000-1400000 (1300000-1400000) cpu0 clipped part\n"
	       "changed 101 execd cgroup=7 from 101 named\n"
	       "101 run 1100000-1500000 (1400000-1500000) cpu0\n"
	       "100 sleep 1100000-2000000 cpu0 raw=0x1 open\n"
	       "101 sleep 1500000-2000000 cpu0 raw=0x1 open\n"
	       "gone 100\ngone 101\n");
}

/* Who does not ask for parts is told of the whole slice at its end. */
static void test_whole(void **state)
{
	struct synth s = {0};

	(void)state;
	change(&s);
	expect_run(&s,
		   (struct expect){.ncpus = 1,
				   .from = 1220000,
				   .end = 1600000,
				   .want = "101 run 1100000-1500000 (1220000-1500000) cpu0 before\n"
					   "100 sleep 1100000-1600000 (1220000-1600000) cpu0 "
					   "raw=0x1 open before\n"
					   "101 sleep 1500000-1600000 cpu0 raw=0x1 open\n"});
	synth_free(&s);
}

/* A window that begins in one part and ends in another. */
static void test_window(void **state)
{
	struct synth s = {0};

	(void)state;
	change(&s);
	expect(&s, 1220000, 1320000,
	       "changed 101 named cgroup=5 from 101 t101\n"
	       "changed 101 named cgroup=5 from 101 named\n" CHANGED_GROUP
	       "101 run 1100000-1300000 (1220000-1300000) cpu0 before clipped part\n"
	       "changed 101 named cgroup=7 from 101 named\n"
	       "101 run 1100000-1400000 (1300000-1320000) cpu0 before clipped part\n"
	       "changed 101 execd cgroup=7 from 101 named\n"
	       "101 run 1100000-1500000 (1320000-1320000) cpu0 before clipped\n"
	       "100 sleep 1100000-1320000 (1220000-1320000) cpu0 raw=0x1 open before\n"
	       "gone 100\ngone 101\n");
}

/* The last part can end in a gap, or not at all. */
static void test_open_ends(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_rename(&s, 1200000, 0, 100, "named");
	ev_gap(&s, 1300000, 0, 1310000, 3);
	ev_switch(&s, 1400000, 0, 100, S, 0);
	expect(&s, 0, UINT64_MAX,
	       "100 run 900000-1200000 (1000000-1200000) cpu0 before clipped part\n"
	       "changed 100 named cgroup=5 from 100 t100\n"
	       "100 run 900000-1300000 (1200000-1300000) cpu0 before gap\n"
	       "100 unknown 1300000-1310000 gap\n"
	       "100 run 1310000-1400000 cpu0 gap\n"
	       "100 sleep 1400000-2000000 cpu0 raw=0x1 open\n"
	       "101 sleep 900000-1300000 (1000000-1300000) cpu0 raw=0x1 before gap\n"
	       "101 unknown 1300000-2000000 open gap\n"
	       "gone 100\ngone 101\n");
	start(&s);
	ev_rename(&s, 1200000, 0, 100, "named");
	expect(&s, 0, UINT64_MAX,
	       "100 run 900000-1200000 (1000000-1200000) cpu0 before clipped part\n"
	       "changed 100 named cgroup=5 from 100 t100\n"
	       "100 run 900000-2000000 (1200000-2000000) cpu0 open before\n"
	       "101 sleep 900000-2000000 (1000000-2000000) cpu0 raw=0x1 open before\n"
	       "gone 100\ngone 101\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_open_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
