// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/filter: the automata of name patterns, run as bpf/filter.h runs them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "record/filter.h"

static bool matches(const char *pattern, const char *name)
{
	struct glob g;
	uint64_t state = 1;

	assert_int_equal(filter_compile_glob(&g, pattern), 0);
	state |= (state & g.stars) << 1;
	for (; *name; name++) {
		state = (state & g.accept[(unsigned char)*name]) << 1 | (state & g.stars);
		state |= (state & g.stars) << 1;
	}
	return (state & g.final) != 0;
}

static void test_plain(void **state)
{
	(void)state;
	assert_true(matches("bash", "bash"));
	assert_false(matches("bash", "bas"));
	assert_false(matches("bash", "bashh"));
	assert_false(matches("bash", "Bash"));
	assert_true(matches("", ""));
	assert_false(matches("", "a"));
}

static void test_question_mark(void **state)
{
	(void)state;
	assert_true(matches("cc?", "cc1"));
	assert_false(matches("cc?", "cc"));
	assert_true(matches("???", "\xff\x01z"));
}

static void test_star(void **state)
{
	(void)state;
	assert_true(matches("*", ""));
	assert_true(matches("*", "anything"));
	assert_true(matches("kworker/*", "kworker/0:1H"));
	assert_true(matches("kworker/*", "kworker/"));
	assert_false(matches("kworker/*", "kworker"));
	assert_true(matches("*ld", "ld"));
	assert_true(matches("*ld", "lld"));
	assert_false(matches("*ld", "lld-x"));
	assert_true(matches("a**b", "ab"));
	assert_true(matches("*a*b*c*", "xxaxxbxxcxx"));
	assert_false(matches("*a*b*c*", "xxaxxcxxbxx"));
	assert_true(matches("a*?b", "axb"));
	assert_false(matches("a*?b", "ab"));
	/* needs to come back after a wrong start */
	assert_true(matches("*aab", "aaab"));
}

static void test_length(void **state)
{
	char pattern[128];
	struct glob g;

	(void)state;
	memset(pattern, 'a', sizeof(pattern));
	pattern[62] = '\0';
	assert_int_equal(filter_compile_glob(&g, pattern), 0);
	pattern[62] = 'a';
	pattern[63] = '\0';
	assert_int_equal(filter_compile_glob(&g, pattern), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_question_mark),
		cmocka_unit_test(test_star),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
