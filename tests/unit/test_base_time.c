// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* base/timewindow: what --time means. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/timewindow.h"

#define S     UINT64_C(1000000000)
#define START (UINT64_C(5000) * S)

/* 2026-11-21 13:30:00.5 UTC; 100 s long. */
static const struct time_span span = {
	.start_ns = START, .end_ns = START + 100 * S, .start_utc_ns = 1795267800 * S + S / 2};

static int resolve_in(const struct time_span *s, const char *text, struct time_window *w,
		      struct err *err)
{
	struct time_spec spec = {0};
	int rc;

	*err = (struct err){0};
	rc = time_spec_parse(&spec, text, err);
	return rc ? rc : time_window_resolve(w, &spec, s, err);
}

static void expect(const char *text, int64_t from, int64_t to)
{
	struct time_window w;
	struct err err;

	if (resolve_in(&span, text, &w, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal((int64_t)(w.from_ns - START), from);
	assert_int_equal((int64_t)(w.to_ns - START), to);
}

static void refuse(const char *text, const char *why)
{
	struct time_window w;
	struct err err;

	assert_true(resolve_in(&span, text, &w, &err) < 0);
	if (!strstr(err.msg, why))
		fail_msg("%s: '%s' does not say '%s'", text, err.msg, why);
}

static void test_relative(void **state)
{
	(void)state;
	expect(",", 0, 100 * S);
	expect("+1.5s,", 1500000000, 100 * S);
	expect(",+1.5s", 0, 1500000000);
	expect("-10s,", 90 * S, 100 * S);
	expect("-10s,-5s", 90 * S, 95 * S);
	expect("25%,40.5%", 25 * S, 40500000000);
	expect("0%,100%", 0, 100 * S);
	expect("+99s,+1h", 99 * S, 100 * S); /* cut to the trace */
	expect("-1h,+1s", 0, S);
}

static void test_clock(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	expect("13:30:10,", 9500000000, 100 * S);
	expect("13:30:10.25,13:31", 9750000000, 59500000000);
	expect("2026-11-21T13:30:10Z,", 9500000000, 100 * S);
	expect("2026-11-21 14:30:10+01:00,2026-11-21T12:30:11-0100", 9500000000, 10500000000);
	assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
	tzset();
	expect("14:30:10,", 9500000000, 100 * S);
	expect("2026-11-21T14:30:10,", 9500000000, 100 * S);
	refuse("13:30:10,", "outside the trace");
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
}

static void test_clock_past_midnight(void **state)
{
	/* starts 2026-11-21 23:59:50 UTC */
	const struct time_span late = {
		.start_ns = START, .end_ns = START + 60 * S, .start_utc_ns = 1795305590 * S};
	struct time_window w;
	struct err err;

	(void)state;
	assert_int_equal(resolve_in(&late, "23:59:55,00:00:05", &w, &err), 0);
	assert_int_equal(w.from_ns, START + 5 * S);
	assert_int_equal(w.to_ns, START + 15 * S);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "A,B");
	refuse("1s", "A,B");
	refuse("1,2,3", "A,B");
	refuse("+5s,+1s", "reversed");
	refuse("+5s,+5s", "empty");
	refuse("+101s,", "outside");
	refuse("+100s,", "outside");
	refuse(",-200s", "outside");
	refuse("101%,", "share");
	refuse("5x%,", "share");
	refuse("+-1s,", "negative");
	refuse("--1s,", "negative");
	refuse("hello,", "not a time");
	refuse("25:00:00,", "not a time");
	refuse("2026-02-31T00:00:00Z,", "not a time");
	refuse("2026-13-01T00:00:00Z,", "not a time");
	refuse("+99999999999999999999s,", "too large");
	refuse("2020-01-01T00:00:00Z,2020-01-02T00:00:00Z", "outside");
}

static void test_pipe(void **state)
{
	const struct time_span pipe = {
		.start_ns = START, .end_ns = UINT64_MAX, .start_utc_ns = span.start_utc_ns};
	struct time_window w;
	char buf[TIME_WINDOW_BUF];
	struct err err;

	(void)state;
	assert_int_equal(resolve_in(&pipe, "+1s,", &w, &err), 0);
	assert_int_equal(w.from_ns, START + S);
	assert_int_equal(w.to_ns, UINT64_MAX);
	assert_string_equal(time_window_format(&w, &pipe, buf),
			    "+1.000000 s .. end (2026-11-21 13:30:01.500000 .. end UTC)");
	assert_true(resolve_in(&pipe, "-1s,", &w, &err) < 0);
	assert_non_null(strstr(err.msg, "pipe"));
	assert_true(resolve_in(&pipe, ",50%", &w, &err) < 0);
}

static void test_no_clock(void **state)
{
	const struct time_span blind = {.start_ns = START, .end_ns = START + 100 * S};
	struct time_window w;
	char buf[TIME_WINDOW_BUF];
	struct err err;

	(void)state;
	assert_true(resolve_in(&blind, "13:30:10,", &w, &err) < 0);
	assert_int_equal(resolve_in(&blind, "+1s,+2.5s", &w, &err), 0);
	assert_string_equal(time_window_format(&w, &blind, buf), "+1.000000 s .. +2.500000 s");
}

static void test_format(void **state)
{
	struct time_window w = {START + S / 2, START + 2 * S};
	char buf[TIME_WINDOW_BUF], utc[40];

	(void)state;
	assert_string_equal(
		time_window_format(&w, &span, buf),
		"+0.500000 s .. +2.000000 s (2026-11-21 13:30:01.000000 .. 13:30:02.500000 UTC)");
	assert_string_equal(format_utc(span.start_utc_ns + 123, utc),
			    "2026-11-21T13:30:00.500000123Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_clock_past_midnight),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_no_clock),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
