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

static void request(struct fixture *f, struct request rq, uint64_t share)
{
	struct request_share shares[2] = {{.bytes = share}, {.bytes = 100}};

	rq.shares = shares;
	rq.nshares = 2;
	f->sink->request(f->sink, &rq);
}

static void completion(struct fixture *f, uint64_t bytes, uint8_t flags)
{
	struct io_info io = {.bytes = bytes};
	struct event ev = {.kind = EV_IO_DONE, .ext = &io, .value = 8u << 20 | 1, .flags = flags};

	assert_int_equal(f->sink->kinds, 1u << EV_IO_DONE);
	f->sink->event(f->sink, &ev, NULL);
}

/* A device that completed so much, and one request that did. */
static void io(struct fixture *f, uint64_t told, uint8_t flags, uint64_t bytes, uint16_t rq_flags)
{
	open_inv(f);
	state(f, TS_SLEEP, 100, 1000);
	completion(f, told, flags);
	request(f,
		(struct request){.dev = 8u << 20 | 1,
				 .bytes = bytes,
				 .flags = rq_flags,
				 .queued_ns = 200,
				 .issued_ns = 300,
				 .done_ns = 400},
		bytes - 100);
}

static void test_flows(void **unused)
{
	struct account a = {.task = &task, .from_ns = 500, .to_ns = 600};
	struct fixture f;

	(void)unused;
	io(&f, 4096, 0, 4096, 0);
	f.sink->account(f.sink, &a);
	close_inv(&f, INV_COUNT, NULL);
	io(&f, 4097, 0, 4096, 0);
	close_inv(&f, INV_IO_BYTES, "device 8:1 completed 4097 bytes, its requests have 4096");
	io(&f, 4095, 0, 4096, 0);
	close_inv(&f, INV_IO_BYTES, NULL);
	/* one in parts, of which some came before */
	io(&f, 4095, 0, 4096, RQF_BEFORE);
	close_inv(&f, INV_COUNT, NULL);
	/* what was done of one that is open is not a request's yet */
	io(&f, 512, 0, 4096, RQF_OPEN);
	close_inv(&f, INV_IO_BYTES, NULL);
	io(&f, 512, EVF_IO_PARTIAL, 4096, RQF_OPEN);
	close_inv(&f, INV_COUNT, NULL);

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	request(&f, (struct request){.flags = RQF_OPEN, .bytes = 200, .done_ns = 400}, 99);
	close_inv(&f, INV_IO_SHARES, "a request of 200 bytes at 400: its shares have 199");

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	request(&f,
		(struct request){.flags = RQF_OPEN,
				 .bytes = 200,
				 .queued_ns = 300,
				 .issued_ns = 299,
				 .done_ns = 400},
		100);
	close_inv(&f, INV_IO_TIMES, "made at 300, issued at 299, done at 400");

	open_inv(&f);
	state(&f, TS_SLEEP, 100, 1000);
	a.delta.wchar = (uint64_t)-1;
	f.sink->account(f.sink, &a);
	close_inv(&f, INV_ACCOUNT, "from 500 to 600");
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
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_flows),
		cmocka_unit_test(test_broken),	 cmocka_unit_test(test_negative),
		cmocka_unit_test(test_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
