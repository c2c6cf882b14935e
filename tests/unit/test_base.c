// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* base/: units, escaping, CPU lists, options. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cpulist.h"
#include "base/escape.h"
#include "base/options.h"
#include "base/seed.h"
#include "base/units.h"

static void assert_one_sentence(const struct err *err)
{
	assert_true(strlen(err->msg) > 10);
	assert_null(strchr(err->msg, '\n'));
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"0", 0},
		{"1", 1000000000},
		{"1.5s", 1500000000},
		{"0.1", 100000000},
		{"0.000000001s", 1},
		{"0.3s", 300000000},
		{"200ms", 200000000},
		{"10us", 10000},
		{"0.001us", 1},
		{"7ns", 7},
		{"2m", 120000000000},
		{"1.5h", 5400000000000},
		{"1d", 86400000000000},
		{"1.50000000000000000000000s", 1500000000},
		{"18446744073.709551615s", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"s",
		"-1s",
		"+1s",
		"1x",
		"1 s",
		" 1s",
		"1s ",
		"1.s",
		".5s",
		"1e3",
		"0x10",
		"1.5ns",
		"nan",
		"inf",
		"--1",
		"18446744073.709551616s",
		"99999999999999999999",
		"1.2.3s",
		"99999999999999999999999999999999d",
	};
	struct err err;
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_duration(good[i].text, &ns, &err), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_true(parse_duration(bad[i], &ns, &err) < 0);
		assert_one_sentence(&err);
	}
	assert_int_equal(parse_duration("-1s", &ns, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "negative"));
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"4096", 4096},
		{"64K", 65536},
		{"64k", 65536},
		{"64KiB", 65536},
		{"64kB", 64000},
		{"1.5M", 1572864},
		{"1MiB", 1048576},
		{"10MB", 10000000},
		{"2G", 2147483648},
		{"1TiB", 1099511627776},
		{"16777215T", UINT64_C(16777215) << 40},
	};
	static const char *const bad[] = {"", "K", "-64K", "64KK", "64Q", "1.0001K", "16777216T"};
	struct err err;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_size(good[i].text, &bytes, &err), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_true(parse_size(bad[i], &bytes, &err) < 0);
		assert_one_sentence(&err);
	}
}

static void test_numbers(void **state)
{
	struct err err;
	uint64_t n64;
	uint32_t n;
	int i;

	(void)state;
	assert_int_equal(parse_u32("4294967295", UINT32_MAX, &n, &err), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(parse_u32("4294967296", UINT32_MAX, &n, &err), -ERANGE);
	assert_int_equal(parse_u32("11", 10, &n, &err), -ERANGE);
	assert_non_null(strstr(err.msg, "10"));
	assert_int_equal(parse_u32("-1", 10, &n, &err), -EINVAL);
	assert_int_equal(parse_u32("1a", 10, &n, &err), -EINVAL);
	assert_int_equal(parse_u32("", 10, &n, &err), -EINVAL);
	assert_int_equal(parse_u64("18446744073709551615", UINT64_MAX, &n64, &err), 0);
	assert_int_equal(parse_u64("18446744073709551616", UINT64_MAX, &n64, &err), -ERANGE);
	assert_int_equal(parse_int("-20", -20, 19, &i, &err), 0);
	assert_int_equal(i, -20);
	assert_int_equal(parse_int("-21", -20, 19, &i, &err), -ERANGE);
	assert_int_equal(parse_int("-99999999999999999999999", -20, 19, &i, &err), -ERANGE);
	assert_int_equal(parse_int("-", -20, 19, &i, &err), -EINVAL);
	assert_int_equal(parse_int("5x", -20, 19, &i, &err), -EINVAL);
}

static void test_formats(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = {
		{0, "0 ns"},
		{999, "999 ns"},
		{1000, "1.00 us"},
		{1235, "1.24 us"},
		{9994, "9.99 us"},
		{9996, "10.0 us"},
		{99949, "99.9 us"},
		{99950, "100 us"},
		{999499, "999 us"},
		{999500, "1.00 ms"},
		{1240000, "1.24 ms"},
		{999499999, "999 ms"},
		{1000000000, "1.00 s"},
		{75300000000, "75.3 s"},
		{1000000000000, "16.7 min"},
		{5990000000000, "99.8 min"},
		{10000000000000, "2.78 h"},
		{864000000000000, "10.0 d"},
		{UINT64_MAX, "213504 d"},
	};
	char buf[UNITS_BUF];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_string_equal(format_ns(times[i].ns, buf), times[i].text);
	assert_string_equal(format_bytes(0, buf), "0 B");
	assert_string_equal(format_bytes(999, buf), "999 B");
	assert_string_equal(format_bytes(1240000, buf), "1.24 MB");
	assert_string_equal(format_bytes(UINT64_MAX, buf), "18447 PB");
	assert_string_equal(format_count(0, buf), "0");
	assert_string_equal(format_count(999, buf), "999");
	assert_string_equal(format_count(1000, buf), "1,000");
	assert_string_equal(format_count(UINT64_MAX, buf), "18,446,744,073,709,551,615");
}

static const char *terminal(const char *in, size_t len)
{
	static char out[256];

	escape_terminal(out, sizeof(out), in, len);
	return out;
}

static const char *json(const char *in, size_t len)
{
	static char out[256];

	escape_json(out, sizeof(out), in, len);
	return out;
}

static void test_escape_terminal(void **state)
{
	char small[4];

	(void)state;
	assert_string_equal(terminal("bash", 4), "bash");
	assert_string_equal(terminal("a b\"c'", 6), "a b\"c'");
	assert_string_equal(terminal("a\nb\tc\r", 6), "a\\nb\\tc\\r");
	assert_string_equal(terminal("\x1b[31m", 5), "\\x1b[31m");
	assert_string_equal(terminal("a\\x41", 5), "a\\\\x41");
	assert_string_equal(terminal("\x7f", 1), "\\x7f");
	assert_string_equal(terminal("a\0b", 3), "a\\x00b");
	assert_string_equal(terminal("gr\xc3\xbc\xc3\x9f", 6), "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(terminal("\xc2\x9b"
				     "1m",
				     4),
			    "\\xc2\\x9b1m"); /* C1: CSI */
	assert_string_equal(terminal("\xe2\x80\xae", 3), "\\xe2\\x80\\xae"); /* right to left */
	assert_string_equal(terminal("\xff\xc3", 2), "\\xff\\xc3");
	assert_string_equal(terminal("\xc0\xaf", 2), "\\xc0\\xaf"); /* overlong */
	assert_string_equal(terminal("\xed\xa0\x80", 3), "\\xed\\xa0\\x80"); /* surrogate */
	assert_int_equal(escape_terminal(small, sizeof(small), "ab\n", 3), 2);
	assert_string_equal(small, "ab"); /* no half escape */
}

static void test_escape_json(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(json("a\"b\\c\n\x01", 7), "a\\\"b\\\\c\\n\\u0001");
	assert_string_equal(json("\x7f", 1), "\\u007f");
	assert_string_equal(json("\xc3\xbc", 2), "\\u00fc");
	assert_string_equal(json("\xf0\x9f\x98\x80", 4), "\\ud83d\\ude00");
	assert_string_equal(json("\xff", 1), "\\uefff");
	/* a name that holds U+EFFF itself is told apart from the byte 0xff */
	assert_string_equal(json("\xee\xbf\xbf", 3), "\\uefee\\uefbf\\uefbf");
	assert_int_equal(escape_utf8(out, sizeof(out), "a\xff\xc3\xbc", 4), 6);
	assert_string_equal(out, "a\xee\xbf\xbf\xc3\xbc");
}

/* Every byte string comes back: the escapes of different inputs differ. */
static void test_escape_is_injective(void **state)
{
	static char seen[65536][16];
	size_t n = 0;

	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b += 5) {
			char in[2] = {(char)a, (char)b};

			escape_terminal(seen[n++], sizeof(seen[0]), in, 2);
		}
	qsort(seen, n, sizeof(seen[0]), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(seen[i - 1], seen[i]);
}

static void test_cpulist(void **state)
{
	static const char *const bad[] = {"",	 ",",  "0,",   "-1",  "5-2",
					  "a",	 "0-", "8192", "1;2", "99999999999999999999",
					  "0--2"};
	struct cpulist set = {0};
	struct err err;

	(void)state;
	assert_true(cpulist_empty(&set));
	assert_int_equal(cpulist_parse(&set, "0,2-5", &err), 0);
	assert_int_equal(set.words[0], 0x3d);
	assert_int_equal(cpulist_parse(&set, "64", &err), 0);
	assert_true(cpulist_has(&set, 64));
	assert_true(cpulist_has(&set, 3));
	assert_false(cpulist_has(&set, 1));
	assert_false(cpulist_has(&set, 8000));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_true(cpulist_parse(&set, bad[i], &err) < 0);
		assert_one_sentence(&err);
	}
	cpulist_free(&set);
	assert_int_equal(cpulist_parse(&set, "8191", &err), 0);
	assert_true(cpulist_has(&set, 8191));
	cpulist_free(&set);
}

enum { KEY_TIME = 1, KEY_TOP, KEY_STRICT, KEY_STRIPE };

static const struct option_spec rows[] = {
	{0, 0, NULL, NULL, "What to show:"},
	{KEY_TIME, 't', "time", "A,B", "Only this window."},
	{KEY_TOP, 'n', "top", "N",
	 "So many rows. This sentence goes on and on so that it must be wrapped by whoever prints it, "
	 "at a blank and within eighty columns."},
	{KEY_STRICT, 0, "strict", NULL, "Be strict."},
	{KEY_STRIPE, 0, "stripe-with-a-long-name", "LONG-ARGUMENT",
	 "Stripes:\nred   wide ones,  as they are\nblue  narrow"},
	OPTIONS_END,
};

struct seen {
	int keys[8], n;
	const char *args[8];
};

static int take(void *ctx, int key, const char *arg, struct err *err)
{
	struct seen *seen = ctx;

	if (arg && !strcmp(arg, "bad"))
		return err_set(err, -EINVAL, "'bad' is bad");
	seen->keys[seen->n] = key;
	seen->args[seen->n++] = arg;
	return 0;
}

static struct command command = {
	.verb = "test", .synopsis = "[FILE]", .about = "Tests.", .options = rows, .set = take};

static int parse(struct seen *seen, struct err *err, int argc, const char **argv)
{
	*seen = (struct seen){0};
	*err = (struct err){0};
	return options_parse(&command, argc, (char **)argv, seen, err);
}

#define PARSE(...)                                                                                 \
	parse(&seen, &err, sizeof((const char *[]){"test", __VA_ARGS__}) / sizeof(char *),         \
	      (const char *[]){"test", __VA_ARGS__, NULL})

static void test_options(void **state)
{
	struct seen seen;
	struct err err;

	(void)state;
	assert_int_equal(PARSE("file", "-t", "-1s,", "--top=5"), 4);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.keys[0], KEY_TIME);
	assert_string_equal(seen.args[0], "-1s,");
	assert_int_equal(seen.keys[1], KEY_TOP);
	assert_int_equal(PARSE("--", "--top"), 2);
	assert_int_equal(seen.n, 0);
	assert_int_equal(PARSE("--ti", "1,"), 3);
	assert_int_equal(seen.keys[0], KEY_TIME);
	assert_int_equal(PARSE("--strict"), 2);
	assert_null(seen.args[0]);

	assert_int_equal(PARSE("--nothing"), -EINVAL);
	assert_non_null(strstr(err.msg, "unknown option --nothing"));
	assert_int_equal(PARSE("-q"), -EINVAL);
	assert_non_null(strstr(err.msg, "unknown option -q"));
	assert_int_equal(PARSE("--str"), -EINVAL);
	assert_string_equal(err.msg, "--str is ambiguous: --strict or --stripe-with-a-long-name");
	assert_int_equal(PARSE("--strict=1"), -EINVAL);
	assert_string_equal(err.msg, "--strict takes no argument");
	assert_int_equal(PARSE("--top"), -EINVAL);
	assert_string_equal(err.msg, "--top needs an argument: N");
	assert_int_equal(PARSE("-n"), -EINVAL);
	assert_int_equal(PARSE("--top", "bad"), -EINVAL);
	assert_string_equal(err.msg, "--top: 'bad' is bad");

	command.stop_at_operand = true;
	assert_int_equal(PARSE("--strict", "ls", "--top", "1"), 2);
	assert_int_equal(seen.n, 1);
	command.stop_at_operand = false;
}

static void test_help_fits(void **state)
{
	char *text = NULL, *line, *save = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	options_help(&command, f);
	fclose(f);
	for (const struct option_spec *o = rows; o->help; o++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", o->name ? o->name : "help");
		assert_non_null(strstr(text, name));
	}
	assert_non_null(strstr(text, "LONG-ARGUMENT\n                          Stripes:\n"
				     "                          red   wide ones,  as they are\n"
				     "                          blue  narrow\n"));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) <= 80);
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(text);
}

/* Whatever keys: those that differ in high bits only, in low ones, by one, or that a product undoes. */
static void test_seed(void **state)
{
	const uint64_t factors[] = {1, 1ull << 20, 1ull << 32, 1ull << 44, 0xf1de83e19937733dull};
	uint32_t *slots = calloc(1u << 18, sizeof(*slots));

	(void)state;
	assert_non_null(slots);
	for (size_t f = 0; f < sizeof(factors) / sizeof(factors[0]); f++) {
		const uint64_t seed = seed_new();
		uint64_t pairs = 0;

		assert_int_equal(seed & 1, 1);
		assert_int_not_equal(seed, seed_new());
		memset(slots, 0, (1u << 18) * sizeof(*slots));
		for (uint64_t i = 0; i < 1u << 18; i++)
			pairs += slots[seed_slot(seed, i * factors[f], 1u << 18)]++;
		/* 2^18 pairs of 2^35 are expected; a thousand times as many once in a million runs */
		assert_true(pairs < UINT64_C(1000) << 18);
	}
	free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_escape_terminal),
		cmocka_unit_test(test_escape_json),
		cmocka_unit_test(test_escape_is_injective),
		cmocka_unit_test(test_cpulist),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
