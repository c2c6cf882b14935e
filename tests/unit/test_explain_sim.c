// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * explain on streams of a model scheduler: whatever happens, with events lost or not, steps add up
 * (explain_run checks each), what ran is what the truth says, and a window is told as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain_run.h"
#include "sim.h"

#ifndef SEEDS
#define SEEDS 40
#endif

#define ALL_WAITS WAITS_STATES

static struct sim_options options(uint32_t seed)
{
	return (struct sim_options){.seed = seed,
				    .steps = 1500,
				    .ncpus = SIM_CPUS,
				    .lives = seed % 2,
				    .words = seed % 3 == 0,
				    .heals = seed % 5 == 0,
				    .hides = seed % 7 == 0};
}

static struct explain_case case_of(const struct sim *m, uint32_t seed)
{
	uint64_t len = m->end - m->start;

	return (struct explain_case){
		.states = ALL_WAITS,
		.worst = 20,
		.depth = 1 + seed % 12,
		.least_ppm = seed % 4 * 5000,
		.from = seed % 3 ? m->start + len / 7 : m->start,
		.to = seed % 3 == 2 ? m->end - len / 5 : 0,
		.end = m->end,
		.ncpus = SIM_CPUS,
	};
}

/* Every wait of a stream without losses is found again. */
static void test_worst(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct explain_case c;
		struct sim m;
		char *text;

		sim_run(&m, options(seed));
		c = case_of(&m, seed);
		text = explain_steps(&m.s, &c);
		if (c.failed)
			fail_msg("seed %u: %s", seed, c.err.msg);
		if (c.roots != 20)
			fail_msg("seed %u: %zu of 20 waits were found again", seed, c.roots);
		assert_true(c.steps > 20);
		free(text);
		sim_free(&m);
	}
}

static uint64_t truth_in(const struct sim *m, uint32_t tid, uint32_t what, uint64_t first,
			 uint64_t last)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->nsegs; i++) {
		const struct seg *s = &m->segs[i];
		uint64_t from = s->start < first ? first : s->start;
		uint64_t to = s->end > last ? last : s->end;

		/* What no event has told by the end, nobody can know. */
		if (s->tid == tid && s->state == what && to > from && !s->untold)
			sum += to - from;
	}
	return sum;
}

static uint64_t truth_ns(const struct sim *m, uint32_t tid, uint32_t what)
{
	return truth_in(m, tid, what, m->start, m->end);
}

/* The time of step `what` right below the root, as the text tells it. */
static uint64_t told_ns(const char *text, const char *what)
{
	char want[40];
	uint64_t sum = 0;

	snprintf(want, sizeof(want), "\n1 %s ", what);
	for (const char *at = strstr(text, want); at; at = strstr(at + 1, want)) {
		unsigned long long us, ns = 0;
		const char *plus = strchr(at + 1, '+');

		us = strtoull(plus + 1, (char **)&plus, 10);
		if (*plus == '.')
			ns = strtoull(plus + 1, NULL, 10);
		sum += us * 1000 + ns;
	}
	return sum;
}

/* All of a thread's time, against what the model says that it did. */
static void test_thread(void **state)
{
	unsigned compared = 0;

	(void)state;
	for (uint32_t seed = 2; seed <= SEEDS; seed += 2) {
		struct explain_case c;
		struct sim m;

		sim_run(&m, (struct sim_options){.seed = seed, .steps = 1500, .ncpus = SIM_CPUS});
		for (uint32_t tid = 2; tid < 12; tid++) {
			uint64_t run = truth_ns(&m, tid, TS_RUN);
			char *text;

			c = (struct explain_case){
				.tid = tid, .end = m.end, .ncpus = SIM_CPUS, .from = m.start};
			if (!run)
				continue;
			text = explain_steps(&m.s, &c);
			if (c.failed)
				fail_msg("seed %u: %s", seed, c.err.msg);
			assert_int_equal(c.roots_ns, m.end - m.start);
			assert_int_equal(told_ns(text, "run"), run);
			assert_int_equal(told_ns(text, "runqueue"), truth_ns(&m, tid, TS_RUNNABLE));
			compared++;
			free(text);
		}
		sim_free(&m);
	}
	assert_true(compared > SEEDS);
}

/* The same in a window: what comes after it is read too, and does not count. */
static void test_window(void **state)
{
	unsigned compared = 0;

	(void)state;
	for (uint32_t seed = 2; seed <= SEEDS; seed += 2) {
		struct sim m;
		uint64_t len;

		sim_run(&m, (struct sim_options){.seed = seed, .steps = 1500, .ncpus = SIM_CPUS});
		len = m.end - m.start;
		for (uint32_t tid = 2; tid < 12; tid++) {
			struct explain_case c = {.tid = tid,
						 .from = m.start + len / 5,
						 .to = m.end - len / (2 + seed % 7),
						 .end = m.end,
						 .ncpus = SIM_CPUS};
			char *text;

			if (!truth_ns(&m, tid, TS_RUN))
				continue;
			text = explain_steps(&m.s, &c);
			if (c.failed)
				fail_msg("seed %u: %s", seed, c.err.msg);
			assert_int_equal(c.roots_ns, c.to - c.from);
			assert_int_equal(told_ns(text, "run"),
					 truth_in(&m, tid, TS_RUN, c.from, c.to));
			assert_int_equal(told_ns(text, "runqueue"),
					 truth_in(&m, tid, TS_RUNNABLE, c.from, c.to));
			compared++;
			free(text);
		}
		sim_free(&m);
	}
	assert_true(compared > SEEDS);
}

/* With events lost: it adds up, and nobody is told to have run longer than it did. */
static void test_lost(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct synth lossy = {0};
		struct explain_case c;
		struct sim m;

		sim_run(&m, options(seed));
		sim_lose(&m, seed, 3, 60, &lossy);
		c = case_of(&m, seed);
		free(explain_steps(&lossy, &c));
		if (c.failed)
			fail_msg("seed %u: %s", seed, c.err.msg);
		for (uint32_t tid = 2; tid < 8; tid++) {
			char *text;

			c = (struct explain_case){
				.tid = tid, .end = m.end, .ncpus = SIM_CPUS, .from = m.start};
			text = explain_steps(&lossy, &c);
			if (!c.failed && !options(seed).lives)
				assert_true(told_ns(text, "run") <= truth_ns(&m, tid, TS_RUN));
			free(text);
		}
		synth_free(&lossy);
		sim_free(&m);
	}
}

/* A limit that is too small: the rest is said to be unread, and all of it adds up. */
static void test_limit(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct explain_case c;
		struct sim m;

		sim_run(&m, options(seed));
		c = case_of(&m, seed);
		c.limit = 10 + 20 * seed;
		free(explain_steps(&m.s, &c));
		if (c.failed)
			fail_msg("seed %u: %s", seed, c.err.msg);
		sim_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worst),  cmocka_unit_test(test_thread),
		cmocka_unit_test(test_window), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
