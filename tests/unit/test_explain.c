// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Chains of waits on streams by hand: each rule, and the cycles, gaps and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain_run.h"
#include "replay/explain/explain_text.h"

/* 100 is preempted by 200, which is followed by 300; then the CPU is idle for a moment. */
static void test_run_queue(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_irq_wake(&s, 100, 0, 100, 200, 0, EVF_CTX_HARDIRQ);
	ev_preempt(&s, AT(100), 0, 100, 200);
	ex_irq_wake(&s, 120, 0, 200, 300, 0, EVF_CTX_HARDIRQ);
	ex_block(&s, 150, 0, 200, IN_NANOSLEEP, 300);
	ex_irq_wake(&s, 160, 0, 300, 200, 0, EVF_CTX_HARDIRQ);
	ev_preempt(&s, AT(170), 0, 300, 200);
	ex_block(&s, 180, 0, 200, IN_NANOSLEEP, 300);
	ex_block(&s, 185, 0, 300, IN_NANOSLEEP, 0);
	ev_switch(&s, AT(190), 0, 0, 0, 100);
	ex_block(&s, 200, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){0},
		     "0 runqueue 100 100+90 by t200 (200)\n"
		     "1 preempted 200 100+60 x2\n"
		     "1 behind 300 150+25 x2\n"
		     "1 idle 185+5\n");
	synth_free(&s);
}

/* It waits on CPU 0, then, moved, on CPU 1. */
static void test_moved(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 200);
	ex_begin(&s, 20, 1, 300);
	ex_wake(&s, 100, 0, 200, 100, 0);
	ev_migrate(&s, AT(130), 1, 100, 0, 1);
	ex_block(&s, 150, 1, 300, IN_NANOSLEEP, 100);
	ex_block(&s, 160, 1, 100, IN_NANOSLEEP, 0);
	ex_block(&s, 200, 0, 200, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){.tid = 100, .worst = 1},
		     "0 runqueue 100 100+50 by t200 (200)\n"
		     "1 behind 200 100+30\n"
		     "1 behind 300 130+20\n");
	/* A window that cuts the wait twice. */
	expect_steps(&s,
		     (struct explain_case){.tid = 100, .worst = 1, .from = AT(110), .to = AT(140)},
		     "0 runqueue 100 110+30 by t200 (200)\n"
		     "1 behind 200 110+20\n"
		     "1 behind 300 130+10\n");
	synth_free(&s);
}

/*
 * The example of the manual: 100 waits 40 for a lock that 200 holds, which runs for 5, is preempted
 * by 300 for 30, and sleeps for 5.
 */
static void lock_and_hog(struct synth *s)
{
	ex_start(s);
	ex_begin(s, 50, 0, 100);
	ex_begin(s, 60, 1, 200);
	ex_block(s, 100, 0, 100, IN_FUTEX, 0);
	ex_irq_wake(s, 103, 1, 200, 300, 1, EVF_CTX_HARDIRQ);
	ev_preempt(s, AT(103), 1, 200, 300);
	ex_block(s, 133, 1, 300, IN_NANOSLEEP, 200);
	ex_block(s, 134, 1, 200, IN_NANOSLEEP, 0);
	ex_begin(s, 139, 1, 200);
	ex_wake(s, 140, 1, 200, 100, 0);
	ev_switch(s, AT(141), 0, 0, 0, 100);
	ex_block(s, 150, 1, 200, IN_NANOSLEEP, 0);
	ex_block(s, 160, 0, 100, IN_NANOSLEEP, 0);
}

static void test_lock(void **state)
{
	struct synth s;

	(void)state;
	lock_and_hog(&s);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(145)},
		"0 lock 100 100+40 by t200 (200)\n"
		"1 runqueue 200 103+30 by t300 (300)\n"
		"2 preempted 300 103+30\n"
		"1 run 200 100+5 x3\n"
		"1 sleep 200 134+5 by timer\n");
	synth_free(&s);
}

/* 100 waits for 200, 200 for 300, and that for the time: three in a chain. */
static void test_three(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 5, 0, 100);
	ex_block(&s, 10, 0, 100, IN_READ, 0);
	ex_begin(&s, 15, 0, 200);
	ex_block(&s, 20, 0, 200, IN_READ, 0);
	ex_begin(&s, 25, 1, 300);
	ex_block(&s, 30, 1, 300, IN_NANOSLEEP, 0);
	ex_begin(&s, 330, 1, 300);
	ex_wake(&s, 333, 1, 300, 200, 0);
	ex_block(&s, 334, 1, 300, IN_NANOSLEEP, 0);
	ev_switch(&s, AT(335), 0, 0, 0, 200);
	ex_wake(&s, 339, 0, 200, 100, 1);
	ev_switch(&s, AT(340), 1, 0, 0, 100);
	ex_block(&s, 345, 0, 200, IN_READ, 0);
	ex_block(&s, 350, 1, 100, IN_READ, 0);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(2), .to = AT(342)},
		"0 pipe 100 10+329 by t200 (200)\n"
		"1 pipe 200 20+313 by t300 (300)\n"
		"2 sleep 300 30+300 by timer\n"
		"2 run 300 25+8 x2\n"
		"2 other 300 20+5 by hard interrupt\n"
		"1 run 200 15+9 x2\n"
		"1 other 200 10+5 by hard interrupt\n"
		"1 runqueue 200 333+2 by an idle CPU\n"
		"2 idle 333+2\n");
	/* Two steps down, and what is small together. */
	expect_steps(&s,
		     (struct explain_case){.tid = 100,
					   .worst = 1,
					   .states = SLEEPS,
					   .from = AT(2),
					   .to = AT(342),
					   .depth = 1,
					   .least_ppm = 100000},
		     "0 pipe 100 10+329 by t200 (200)\n"
		     "1 pipe 200 20+313 by t300 (300) ...\n"
		     "1 others 10+16 x3\n");
	/* One that is small is no sum. */
	expect_steps(&s,
		     (struct explain_case){.tid = 100,
					   .worst = 1,
					   .states = SLEEPS,
					   .from = AT(2),
					   .to = AT(342),
					   .depth = 1,
					   .least_ppm = 7000},
		     "0 pipe 100 10+329 by t200 (200)\n"
		     "1 pipe 200 20+313 by t300 (300) ...\n"
		     "1 run 200 15+9 x2\n"
		     "1 other 200 10+5 by hard interrupt\n"
		     "1 runqueue 200 333+2 by an idle CPU ...\n");
	synth_free(&s);
}

static void ping_pong(struct synth *s, unsigned rounds)
{
	ex_start(s);
	ex_begin(s, 10, 0, 100);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t us = 20 + 10 * (uint64_t)i;

		ex_wake(s, us, 0, 100, 200, 0);
		ex_block(s, us + 1, 0, 100, IN_READ, 200);
		ex_wake(s, us + 5, 0, 200, 100, 0);
		ex_block(s, us + 6, 0, 200, IN_READ, 100);
	}
	ex_block(s, 20 + 10 * rounds, 0, 100, IN_READ, 0);
}

/* Each waits for the other in turn: merged, and at an end where it began. */
static void test_ping_pong(void **state)
{
	struct synth s;

	(void)state;
	ping_pong(&s, 10);
	expect_steps(&s, (struct explain_case){.tid = 100, .from = AT(20), .to = AT(120)},
		     "0 window 100 20+100\n"
		     "1 run 100 20+50 x11\n"
		     "1 pipe 100 21+40 x10 by t200 (200)\n"
		     "2 run 200 21+40 x10\n"
		     "1 runqueue 100 25+10 x10 by t200 (200)\n"
		     "2 behind 200 25+10 x10\n");
	synth_free(&s);
}

/*
 * Two that wait for each other at the same time, which no kernel can tell: a timeline by hand. The
 * chain ends where it comes back to one who is blocked already.
 */
static void test_again(void **state)
{
	struct actor actors[] = {{.tid = 100}, {.tid = 200}};
	struct stretch stretches[] = {
		{.from_ns = 0, .to_ns = 80, .who = 0, .waker = 1, .state = TS_SLEEP},
		{.from_ns = 0, .to_ns = 50, .who = 1, .waker = WHO_NOBODY, .state = TS_RUN},
		{.from_ns = 50, .to_ns = 90, .who = 1, .waker = 0, .state = TS_SLEEP},
	};
	uint32_t first[] = {0, 1, 3}, order[] = {0, 1, 2};
	struct timeline t = {
		.actors = actors,
		.nactors = 2,
		.stretches = stretches,
		.nstretches = 3,
		.by_actor = {first, order},
	};
	struct chain c = {.timeline = &t, .depth = CHAIN_DEPTH};
	const struct wait wait = {.from_ns = 0, .to_ns = 80, .tid = 100, .state = TS_SLEEP};

	(void)state;
	assert_int_equal(chain_wait(&c, &wait, NULL), 0);
	assert_int_equal(c.n, 4);
	assert_int_equal(c.steps[2].what, STEP_BLOCKED);
	assert_int_equal(c.steps[2].dur_ns, 30);
	assert_int_equal(c.steps[3].what, STEP_AGAIN);
	assert_int_equal(c.steps[3].who, 0);
	assert_int_equal(c.steps[3].dur_ns, 30);
	chain_free(&c);
}

/* The wake-up is called for at 140 and done at 152, when the waker sleeps again. */
static void test_late_wakeup(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_begin(&s, 20, 1, 200);
	ex_block(&s, 100, 0, 100, IN_FUTEX, 0);
	ev_waking(&s, AT(140), 1, 200, 100);
	ex_block(&s, 145, 1, 200, IN_NANOSLEEP, 0);
	ev_wakeup(&s, AT(152), 0, 0, 100, 0);
	ev_switch(&s, AT(153), 0, 0, 0, 100);
	ex_block(&s, 160, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(160)},
		"0 lock 100 100+52 by t200 (200)\n"
		"1 run 200 100+45\n"
		"1 waking 100 145+7\n");
	synth_free(&s);
}

/* CPU 1, where the holder of the lock runs, loses events. */
static void test_gap(void **state)
{
	struct synth s;
	struct explain_case c = {.tid = 100, .worst = 1, .states = SLEEPS};

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_begin(&s, 20, 1, 200);
	ex_block(&s, 100, 0, 100, IN_FUTEX, 0);
	ev_gap(&s, AT(110), 1, AT(130), 5);
	ex_wake(&s, 140, 1, 200, 100, 0);
	ev_switch(&s, AT(141), 0, 0, 0, 100);
	ex_block(&s, 150, 1, 200, IN_NANOSLEEP, 0);
	ex_block(&s, 160, 0, 100, IN_NANOSLEEP, 0);
	/* Of what touches a gap the length is not known: it is no worst wait. */
	c.from = AT(90);
	c.to = AT(145);
	expect_steps(&s, c, "");
	c.worst = 0;
	expect_steps(&s, c,
		     "0 window 100 90+55\n"
		     "1 unknown 100 110+20\n"
		     "1 run 100 90+14 x2\n"
		     "1 lock 100 100+10\n"
		     "1 other 100 130+10\n"
		     "1 runqueue 100 140+1 by an idle CPU\n"
		     "2 idle 140+1\n");
	synth_free(&s);
}

/* 100 waits for a child that it forked in the middle of what 200 waits for. */
static void test_child(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_begin(&s, 20, 1, 200);
	ex_block(&s, 50, 1, 200, IN_READ, 0);
	ev_fork(&s, AT(100), 0, 100, 100, 400, 400);
	ev_wakeup_new(&s, AT(105), 0, 100, 400, 1);
	ev_switch(&s, AT(110), 1, 0, 0, 400);
	ex_block(&s, 115, 0, 100, IN_WAIT4, 0);
	ex_wake(&s, 150, 1, 400, 200, 0);
	ev_switch(&s, AT(151), 0, 0, 0, 200);
	ex_block(&s, 160, 0, 200, IN_READ, 0);
	ev_exit(&s, AT(170), 1, 400, 0, true);
	ex_wake(&s, 175, 1, 400, 100, 0);
	ev_switch(&s, AT(176), 0, 0, 0, 100);
	ev_switch(&s, AT(180), 1, 400, 0x80, 0);
	ex_block(&s, 200, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(190)},
		"0 child 100 115+60 by child (400)\n"
		"1 run 400 115+60\n");
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 200, .worst = 1, .states = SLEEPS, .from = AT(30), .to = AT(155)},
		"0 pipe 200 50+100 by child (400)\n"
		"1 fork 400 50+55 x2 by t100 (100)\n"
		"2 run 100 50+55 x2\n"
		"1 run 400 110+40\n"
		"1 runqueue 400 105+5 by an idle CPU\n"
		"2 idle 105+5\n");
	synth_free(&s);
}

/* Who was left out by the recording's filters. */
static void test_filtered(void **state)
{
	struct meta meta = full_meta;
	struct synth s;

	(void)state;
	meta.filtered = true;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_block(&s, 100, 0, 100, IN_FUTEX, TID_OTHER);
	ex_wake(&s, 150, 0, TID_OTHER, 100, 0);
	ev_switch(&s, AT(170), 0, TID_OTHER, 0, 100);
	ex_block(&s, 200, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(
		&s, (struct explain_case){.tid = 100, .from = AT(90), .to = AT(200), .meta = &meta},
		"0 window 100 90+110\n"
		"1 lock 100 100+50 by not recorded\n"
		"1 run 100 90+40 x2\n"
		"1 runqueue 100 150+20 by not recorded\n"
		"2 filtered 150+20\n");
	synth_free(&s);
}

/* The end of the trace, and of what is kept. */
static void test_edges(void **state)
{
	struct explain_case c = {.tid = 100};
	struct synth s;
	char *text;

	(void)state;
	lock_and_hog(&s);
	expect_steps(&s, (struct explain_case){.tid = 100, .from = AT(150), .to = AT(400)},
		     "0 window 100 150+250\n"
		     "1 sleep 100 160+240\n"
		     "1 run 100 150+10\n");
	c.limit = 3;
	text = explain_steps(&s, &c);
	assert_false(c.failed);
	assert_non_null(strstr(text, "unread"));
	free(text);

	c = (struct explain_case){.tid = 101};
	free(explain_steps(&s, &c));
	assert_true(c.failed);
	assert_non_null(strstr(c.err.msg, "TID 101 is not in this part of the trace"));
	c.worst = 3;
	free(explain_steps(&s, &c));
	assert_true(c.failed);
	synth_free(&s);
}

/* A CPU comes out of idle in microseconds: a longer wait beside one is somebody's doing. */
static void test_idle_words(void **state)
{
	static const struct {
		uint64_t dur_ns;
		uint32_t count;
		const char *want;
	} cases[] = {
		{1999999, 1, "the CPU was idle, on its way to it"},
		{2000000, 1,
		 "the CPU was idle, but it was kept from running: by a CPU quota, or the "
		 "hypervisor"},
		{180000000, 100, "the CPU was idle, on its way to it"},
	};
	const struct explained e = {0};
	char buf[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step s = {
			.what = STEP_IDLE, .dur_ns = cases[i].dur_ns, .count = cases[i].count};

		assert_string_equal(explain_sentence(&e, &s, buf, sizeof(buf)), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_queue),   cmocka_unit_test(test_moved),
		cmocka_unit_test(test_lock),	    cmocka_unit_test(test_three),
		cmocka_unit_test(test_ping_pong),   cmocka_unit_test(test_again),
		cmocka_unit_test(test_late_wakeup), cmocka_unit_test(test_gap),
		cmocka_unit_test(test_child),	    cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_edges),	    cmocka_unit_test(test_idle_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
