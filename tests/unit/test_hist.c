// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* engine/hist: nearest rank, the stated error, exact ends, merging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/hist.h"

static void add(struct hist *h, uint64_t v, uint64_t at)
{
	assert_int_equal(hist_add(h, v, at), 0);
}

static void test_empty(void **state)
{
	struct hist h = {0};

	(void)state;
	assert_int_equal(hist_quantile(&h, 500000), 0);
	assert_int_equal(hist_mean(&h), 0);
	hist_free(&h);
}

/* One sample is every quantile; the rank is never 0. */
static void test_one(void **state)
{
	struct hist h = {0};

	(void)state;
	add(&h, 3000000, 77);
	for (uint32_t ppm = 0; ppm <= 1000000; ppm += 1000)
		assert_int_equal(hist_quantile(&h, ppm), 3000000);
	assert_int_equal(h.max, 3000000);
	assert_int_equal(h.min, 3000000);
	assert_int_equal(h.max_at, 77);
	assert_int_equal(hist_mean(&h), 3000000);
	hist_free(&h);
}

/* ceil(p * N): the values below 256 are exact, so the ranks can be seen. */
static void test_nearest_rank(void **state)
{
	struct hist h = {0};

	(void)state;
	for (uint64_t v = 10; v > 0; v--)
		add(&h, v, 0);
	assert_int_equal(hist_quantile(&h, 0), 1);
	assert_int_equal(hist_quantile(&h, 1), 1);
	assert_int_equal(hist_quantile(&h, 100000), 1);
	assert_int_equal(hist_quantile(&h, 100001), 2);
	assert_int_equal(hist_quantile(&h, 500000), 5);
	assert_int_equal(hist_quantile(&h, 500001), 6);
	assert_int_equal(hist_quantile(&h, 900000), 9);
	assert_int_equal(hist_quantile(&h, 990000), 10);
	assert_int_equal(hist_quantile(&h, 4000000), 10);
	hist_free(&h);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void assert_close(uint64_t got, uint64_t want)
{
	uint64_t diff = got > want ? got - want : want - got;

	assert_true(diff <= want / 256 + (want % 256 != 0));
	assert_true(diff * 100 <= want);
}

/* Against sorted values of every magnitude. */
static void test_error(void **state)
{
	enum { N = 20000 };
	static uint64_t v[N];
	static const uint32_t ppms[] = {1,	1000,	10000,	250000, 500000,
					900000, 990000, 999000, 999900, 1000000};
	struct hist h = {0};
	uint64_t x = 88172645463325252ull, sum = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v[i] = x >> (14 + (x & 63) % 50);
		sum += v[i];
		add(&h, v[i], (uint64_t)i);
	}
	qsort(v, N, sizeof(v[0]), by_value);
	for (size_t i = 0; i < sizeof(ppms) / sizeof(ppms[0]); i++) {
		uint64_t rank = ((uint64_t)N * ppms[i] + 999999) / 1000000;

		assert_close(hist_quantile(&h, ppms[i]), v[rank - 1]);
	}
	assert_int_equal(h.max, v[N - 1]);
	assert_int_equal(h.min, v[0]);
	assert_int_equal(hist_mean(&h), sum / N);
	hist_free(&h);
}

/* Every bucket boundary of every power of two, alone in a histogram with two neighbours. */
static void test_boundaries(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		for (int d = -1; d <= 1; d++) {
			struct hist h = {0};
			uint64_t v = (1ull << bit) + (uint64_t)(int64_t)d;

			add(&h, 0, 0);
			add(&h, v, 1);
			add(&h, UINT64_MAX, 2);
			if (v >= 100)
				assert_close(hist_quantile(&h, 600000), v);
			else
				assert_int_equal(hist_quantile(&h, 600000), v);
			assert_int_equal(h.max, UINT64_MAX);
			assert_int_equal(h.max_at, v == UINT64_MAX ? 1 : 2);
			hist_free(&h);
		}
}

static void test_sum_saturates(void **state)
{
	struct hist h = {0};

	(void)state;
	add(&h, UINT64_MAX, 0);
	add(&h, 5, 0);
	assert_int_equal(h.sum, UINT64_MAX);
	hist_free(&h);
}

/* Two halves merged are the whole; the time of the maximum is that of the first one. */
static void test_merge(void **state)
{
	struct hist whole = {0}, a = {0}, b = {0}, empty = {0};

	(void)state;
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t v = i * i * 37 % 1000003;

		add(&whole, v, i);
		add(i % 3 ? &a : &b, v, i);
	}
	assert_int_equal(hist_merge(&a, &b), 0);
	assert_int_equal(hist_merge(&a, &empty), 0);
	assert_int_equal(hist_merge(&empty, &a), 0);
	for (uint32_t ppm = 0; ppm <= 1000000; ppm += 500) {
		assert_int_equal(hist_quantile(&a, ppm), hist_quantile(&whole, ppm));
		assert_int_equal(hist_quantile(&empty, ppm), hist_quantile(&whole, ppm));
	}
	assert_int_equal(a.count, whole.count);
	assert_int_equal(a.sum, whole.sum);
	assert_int_equal(a.min, whole.min);
	assert_int_equal(a.max, whole.max);
	assert_int_equal(a.max_at, whole.max_at);
	hist_free(&whole);
	hist_free(&a);
	hist_free(&b);
	hist_free(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),	     cmocka_unit_test(test_one),
		cmocka_unit_test(test_nearest_rank), cmocka_unit_test(test_error),
		cmocka_unit_test(test_boundaries),   cmocka_unit_test(test_sum_saturates),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
