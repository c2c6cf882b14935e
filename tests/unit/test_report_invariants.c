// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The invariants find what they are for, and hold on streams that are not simple. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "replay/invariants.h"
#include "report_run.h"

static const struct task task = {
	.id = 3,
	.state = TS_SLEEP,
	.seen_ns = 100,
	.info = {.tid = 7, .tgid = 7, .comm = "a\nb"},
};

/* Window [100, 1000], one CPU. */
struct fixture {
	struct invariants *inv;
	struct sink *sink;
};

static void open_inv(struct fixture *f)
{
	assert_int_equal(invariants_new(&f->inv, 1, 100, 1000, NULL), 0);
	f->sink = invariants_sink(f->inv);
}

static void state(struct fixture *f, enum task_state s, uint64_t from, uint64_t to)
{
	struct interval iv = {.task = &task,
			      .start_ns = from,
			      .end_ns = to,
			      .from_ns = from,
			      .to_ns = to,
			      .state = s};

	f->sink->interval(f->sink, &iv);
}

static void cpu(struct fixture *f, enum cpu_state s, uint64_t from, uint64_t to)
{
	struct cpu_interval iv = {.state = s, .from_ns = from, .to_ns = to};

	f->sink->cpu_interval(f->sink, &iv);
}

/* Ends it; only `want` may be broken, once. INV_COUNT: none. */
static void close_inv(struct fixture *f, enum invariant want, const char *says)
{
	struct err err = {0};
	int rc;

	invariants_finish(f->inv, 1000);
	f->sink->task_gone(f->sink, &task);
	rc = invariants_check(f->inv, &err);
	for (unsigned i = 0; i < INV_COUNT; i++)
		assert_int_equal(invariants_broken(f->inv, i), i == want);
	assert_int_equal(rc, want == INV_COUNT ? 0 : -22);
	if (says && !strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	assert_int_equal(invariants_tasks(f->inv), 1);
	invariants_free(f->inv);
}

static void test_good(void **unused)
{
	struct fixture f;

	(void)unused;
	open_inv(&f);
	state(&f, TS_RUN, 100, 400);
	state(&f, TS_SLEEP, 400, 400);
	state(&f, TS_SLEEP, 400, 1000);
	cpu(&f, CS_RUN, 100, 400);
	cpu(&f, CS_IDLE, 400, 1000);
	close_inv(&f, INV_COUNT, NULL);
}

static void test_broken(void **unused)
{
	struct fixture f;

	(void)unused;
	open_inv(&f);
	state(&f, TS_SLEEP, 100, 400);
	state(&f, TS_SLEEP, 500, 1000);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_TASK_ORDER,
		  "a\\nb (7): sleep begins at 500, the state before ended at 400");

	open_inv(&f);
	state(&f, TS_SLEEP, 200, 1000);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_TASK_START,
		  "is known since 100 but its first state, sleep, begins at 200");

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 900);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_TASK_END, "lives but its last state ended at 900");

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	cpu(&f, CS_IDLE, 100, 900);
	close_inv(&f, INV_CPU_WALL, "its states add up to 800 ns, the window is 900 ns");

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	cpu(&f, CS_IDLE, 100, 600);
	cpu(&f, CS_GAP, 500, 900);
	close_inv(&f, INV_CPU_ORDER, "a state begins at 500, the one before ended at 600");

	open_inv(&f);
	state(&f, TS_RUN, 100, 1000);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_RUN_TWICE, "tasks ran for 900 ns, CPUs for 0 ns");
}

static void test_negative(void **unused)
{
	struct interval iv = {
		.task = &task, .start_ns = 400, .end_ns = 300, .from_ns = 400, .to_ns = 400};
	struct fixture f;

	(void)unused;
	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	f.sink->interval(f.sink, &iv);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_NEGATIVE, "from 400 to 300");

	open_inv(&f);
	iv = (struct interval){.task = &task,
			       .start_ns = 100,
			       .end_ns = 1000,
			       .from_ns = 100,
			       .to_ns = 1000,
			       .gap_ns = 901};
	f.sink->interval(f.sink, &iv);
	cpu(&f, CS_IDLE, 100, 1000);
	close_inv(&f, INV_CLIP, "is not clipped");
}

/* The scenario of the report tests, whole and in windows that cut everything somewhere. */
static void test_scenario(void **unused)
{
	struct synth s = {0};

	(void)unused;
	report_scenario(&s);
	ev_gap(&s, AT(3000), 1, AT(4000), 5);
	for (uint64_t from = T0; from < AT(2200); from += 33000) {
		uint64_t to = from + 470000;
		struct invariants *inv;
		struct engine *e;
		struct err err = {0};

		assert_int_equal(engine_new(&e, 2, from, to, NULL), 0);
		assert_int_equal(invariants_new(&inv, 2, from, to, NULL), 0);
		assert_int_equal(engine_add_sink(e, invariants_sink(inv), NULL), 0);
		assert_int_equal(engine_apply(e, s.ev, s.n, NULL), 0);
		invariants_finish(inv, AT(10000));
		assert_int_equal(engine_finish(e, AT(10000), NULL), 0);
		if (invariants_check(inv, &err))
			fail_msg("window from %llu: %s", (unsigned long long)(from - T0), err.msg);
		assert_true(invariants_intervals(inv) > 3);
		invariants_free(inv);
		engine_free(e);
	}
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_negative),
		cmocka_unit_test(test_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
