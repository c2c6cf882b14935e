// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/schedule: what --start means. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "record/schedule.h"

#define S UINT64_C(1000000000)
/* 2026-11-21 13:30:00.5 UTC */
#define NOW (1795267800 * S + S / 2)

static uint64_t start_of(const char *text)
{
	struct schedule s;
	struct err err = {0};

	assert_int_equal(schedule_parse(&s, text, &err), 0);
	return schedule_resolve(&s, NOW);
}

static void test_delay(void **state)
{
	(void)state;
	assert_int_equal(start_of("+30s"), NOW + 30 * S);
	assert_int_equal(start_of("+1500ms"), NOW + 1500 * S / 1000);
	assert_int_equal(start_of("+0"), NOW);
}

static void test_aligned(void **state)
{
	struct schedule s;

	(void)state;
	assert_int_equal(start_of("/10s"), 1795267810 * S);
	assert_int_equal(start_of("/1s"), 1795267801 * S);
	assert_int_equal(schedule_parse(&s, "/10s", NULL), 0);
	/* already there: now, not in ten seconds */
	assert_int_equal(schedule_resolve(&s, 1795267800 * S), 1795267800 * S);
}

static void test_clock(void **state)
{
	(void)state;
	assert_int_equal(start_of("@14:30"), 1795267800 * S + 3600 * S);
	assert_int_equal(start_of("@13:30:05"), 1795267805 * S);
	/* half a second ago: tomorrow */
	assert_int_equal(start_of("@13:30"), 1795267800 * S + 86400 * S);
	assert_int_equal(start_of("@00:00"), 1795267800 * S + 37800 * S);
}

/* New York leaves daylight saving time on 2026-11-01 at 02:00: that day has 25 hours. */
static void test_clock_change(void **state)
{
	/* 2026-10-31 13:00 UTC, 09:00 there */
	const uint64_t now = 1793451600 * S;
	struct schedule s;

	(void)state;
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	assert_int_equal(schedule_parse(&s, "@08:00", NULL), 0);
	assert_int_equal(schedule_resolve(&s, now), now + 24 * 3600 * S);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_start_now(void **state)
{
	const struct schedule s = {0};

	(void)state;
	assert_int_equal(schedule_resolve(&s, NOW), NOW);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"",	    "30s",    "+",	   "+-1s",     "+1x",
					  "/",	    "/0",     "/0s",	   "/-1s",     "@",
					  "@14",    "@14:3",  "@14:30:",   "@14:30:5", "@14:30x",
					  "@24:00", "@14:60", "@14:30:60", "@ 4:30",   "@14:30:05 ",
					  "@-1:30", "@14:+3", "@14:30:+5"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct schedule s;
		struct err err = {0};

		if (schedule_parse(&s, bad[i], &err) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(err.msg, "+30s"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),	  cmocka_unit_test(test_aligned),
		cmocka_unit_test(test_clock),	  cmocka_unit_test(test_clock_change),
		cmocka_unit_test(test_start_now), cmocka_unit_test(test_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
