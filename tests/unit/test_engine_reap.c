// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* When zombies end where no hook tells: a wait that finds its child at once, and whose free it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "synthetic.h"

#define SECOND UINT64_C(1000000000)
#define S      0x1
#define ZOMBIE (RAW_DEAD | RAW_EXIT_ZOMBIE)

#define PARENT "100 run 900000-2000000 (1000000-2000000) cpu0 open before\n"
#define CHILD  "200 run 900000-1200000 (1000000-1200000) cpu1 before exit\n"

/* 100 runs on CPU 0, and its child 200, of start time 20 s, on CPU 1, whose exit is told at 1.1 ms. */
static void start(struct synth *s)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, 900000),
				    snap(200, 200, TS_RUN, 0, 1, 900000)};

	t[1].info.ppid = 100;
	t[1].info.start_ns = 20 * SECOND;
	ev_start(s, 1000000, 2, t, 2);
	ev_exit(s, 1100000, 1, 200, 0, true);
}

static void wait_for(struct synth *s, uint64_t ts, uint32_t pid, bool blocks)
{
	ev_wait(s, ts, 0, 100, pid);
	s->ev[s->n - 1].flags = blocks ? EVF_WAIT_BLOCKS : 0;
}

static void ends(struct synth *s)
{
	ev_switch(s, 1200000, 1, 200, ZOMBIE, 0);
}

static void free_of(struct synth *s, uint64_t ts, uint32_t tid, uint64_t start_ns)
{
	const struct free_info info = {start_ns};

	ev_free(s, ts, 0, tid);
	s->ev[s->n - 1].ext = synth_ext(s, &info, sizeof(info));
}

static void expect(struct synth *s, const char *want)
{
	expect_run(s, (struct expect){.ncpus = 2, .end = 2000000, .want = want});
	synth_free(s);
}

/* The wait came after the exit and did not sleep: it has found the child on its last way. */
static void test_at_once(void **state)
{
	(void)state;
	for (uint32_t pid = 0; pid <= 200; pid += 200) {
		struct synth s = {0};

		start(&s);
		wait_for(&s, 1199000, pid, true);
		ends(&s);
		expect(&s, CHILD PARENT);
	}
}

/* It takes one child, not two. */
static void test_one_of_two(void **state)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, 900000),
				    snap(200, 200, TS_RUN, 0, 1, 900000),
				    snap(300, 300, TS_RUN, 0, 2, 900000)};
	struct synth s = {0};

	(void)state;
	t[1].info.ppid = t[2].info.ppid = 100;
	ev_start(&s, 1000000, 3, t, 3);
	ev_exit(&s, 1100000, 1, 200, 0, true);
	ev_exit(&s, 1100100, 2, 300, 0, true);
	wait_for(&s, 1199000, 0, true);
	ends(&s);
	ev_switch(&s, 1300000, 2, 300, ZOMBIE, 0);
	expect_run(&s, (struct expect){.ncpus = 3,
				       .end = 2000000,
				       .want = CHILD "300 run 900000-1300000 (1000000-1300000) "
						     "cpu2 before exit\n" PARENT
						     "300 zombie 1300000-2000000 open\n"});
	synth_free(&s);
}

/* Where that does not follow, the child is a zombie until something tells. */
static void test_not_at_once(void **state)
{
	static const char zombie[] = CHILD PARENT "200 zombie 1200000-2000000 open\n";
	struct synth s = {0};

	(void)state;
	start(&s); /* a poll, or not told */
	wait_for(&s, 1199000, 200, false);
	ends(&s);
	expect(&s, zombie);

	s = (struct synth){0};
	start(&s); /* for another child */
	wait_for(&s, 1199000, 201, true);
	ends(&s);
	expect(&s, zombie);

	s = (struct synth){0};
	start(&s); /* events were lost since: perhaps the end of that wait */
	wait_for(&s, 1199000, 200, true);
	ev_gap(&s, 1199100, 0, 1199200, 1);
	ends(&s);
	expect_run(&s, (struct expect){.ncpus = 2,
				       .end = 2000000,
				       .want = "100 run 900000-1199100 (1000000-1199100) cpu0 "
					       "before gap\n" CHILD
					       "100 unknown 1199100-2000000 open gap\n"
					       "200 zombie 1200000-2000000 open\n"});
	synth_free(&s);
}

/* A free that says of whom it is needs no counting: some may have been hidden. */
static void test_free_tells(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	free_of(&s, 1010000, 999, 9); /* frees are recorded */
	ends(&s);
	free_of(&s, 1300000, 200, 19 * SECOND); /* of an older one */
	free_of(&s, 1400000, 200, 20 * SECOND + 9999999); /* /proc has it in ticks */
	expect(&s, CHILD "200 zombie 1200000-1400000 reap=free inferred bound\n" PARENT);

	/* That of the first is hidden; without a start time that of the second would be taken for it. */
	s = (struct synth){0};
	start(&s);
	free_of(&s, 1010000, 999, 9);
	ends(&s);
	wait_for(&s, 1210000, 200, true);
	ev_fork(&s, 1220000, 0, 100, 100, 200, 200); /* its start time is 1220000 */
	ev_wakeup_new(&s, 1220000, 0, 100, 200, 1);
	ev_switch(&s, 1221000, 1, 0, 0, 200);
	ev_exit(&s, 1225000, 1, 200, 0, true);
	ev_switch(&s, 1226000, 1, 200, ZOMBIE, 0);
	free_of(&s, 1240000, 200, 1220000);
	expect(&s, CHILD "200 zombie 1200000-1210000 waker=100 reap=wait inferred\n"
			 "200 new 1220000-1220000 waker=100\n"
			 "200 runnable:fork 1220000-1221000 cpu1 waker=100\n"
			 "200 run 1221000-1226000 cpu1 exit\n"
			 "200 zombie 1226000-1240000 reap=free inferred bound\n" PARENT);
}

/*
 * A thread takes its leader's place by an exec of which the switch-in was hidden: the age of the old
 * leader, that is now its, is not known. Any free of that TID may be its.
 */
static void test_free_after_exec(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 1150000, 1, 200, 100, 201, 200);
	ev_wakeup_new(&s, 1150000, 1, 200, 201, 0);
	ends(&s);
	ev_switch(&s, 1210000, 0, 100, S, 201);
	ev_switch(&s, 1220000, 0, 201, S, 0);
	ev_switch(&s, 1230000, 0, 0, 0, 200); /* 201 by its new name */
	ev_exec(&s, 1240000, 0, 200, 201, "new");
	ev_exit(&s, 1250000, 0, 200, 0, true);
	ev_switch(&s, 1260000, 0, 200, ZOMBIE, 0);
	free_of(&s, 1300000, 200, 20 * SECOND);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 1260000,
			.end = 2000000,
			.want = "200 zombie 1260000-1300000 reap=free inferred bound\n"
				"100 sleep 1210000-2000000 (1260000-2000000) cpu0 raw=0x1 open before\n"});
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),		cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_not_at_once),	cmocka_unit_test(test_free_tells),
		cmocka_unit_test(test_free_after_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
