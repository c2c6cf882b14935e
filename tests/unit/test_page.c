// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The HTML page: what its charts add up, and what names can do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replay/html/bands.h"
#include "replay/html/page.h"

#define FROM 1000

static uint64_t sum(const struct bands *b, enum band_series series)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BANDS; i++)
		n += b->ns[series][i];
	return n;
}

static void a_band_has_what_lies_in_it(void **state)
{
	struct bands b;

	(void)state;
	bands_init(&b, FROM, FROM + 10 * BANDS);
	assert_int_equal(b.step_ns, 10);
	bands_add(&b, BAND_RUN, FROM + 5, FROM + 27);
	assert_int_equal(b.ns[BAND_RUN][0], 5);
	assert_int_equal(b.ns[BAND_RUN][1], 10);
	assert_int_equal(b.ns[BAND_RUN][2], 7);
	bands_add(&b, BAND_RUN, FROM + 10 * BANDS - 3, FROM + 10 * BANDS);
	assert_int_equal(b.ns[BAND_RUN][BANDS - 1], 3);
	assert_int_equal(b.step_ns, 10); /* all of it is inside */
	bands_add(&b, BAND_GAP, FROM - 500, FROM + 1); /* began before */
	assert_int_equal(b.ns[BAND_GAP][0], 1);
	bands_add(&b, BAND_GAP, FROM + 50, FROM + 50);
	assert_int_equal(sum(&b, BAND_GAP), 1);
}

/* A damaged trace may tell of any time. */
static void there_is_no_time_too_late(void **state)
{
	struct bands b;

	(void)state;
	bands_init(&b, 1, UINT64_MAX);
	bands_add(&b, BAND_RUN, 1, 1000);
	bands_add(&b, BAND_RUN, 2, UINT64_MAX);
	assert_true(sum(&b, BAND_RUN) == 999 + (UINT64_MAX - 2));
	assert_true(b.step_ns >= UINT64_MAX / BANDS);
	bands_init(&b, 0, UINT64_MAX - 1);
	bands_add(&b, BAND_RUN, 0, UINT64_MAX - 1);
	assert_true(sum(&b, BAND_RUN) == UINT64_MAX - 1);
}

/* The end is not known before: steps double, and nothing is lost or moved by it. */
static void steps_grow_with_the_trace(void **state)
{
	uint64_t length = 0, step;
	struct bands b;

	(void)state;
	bands_init(&b, 0, UINT64_MAX);
	step = b.step_ns;
	for (uint64_t at = 0; at < 40 * step * BANDS; at += 777777) {
		bands_add(&b, BAND_RUN, at, at + 400001);
		length += 400001;
	}
	assert_int_equal(sum(&b, BAND_RUN), length);
	assert_true(b.step_ns >= 40 * step && b.step_ns < 80 * step);
	assert_int_equal(b.ns[BAND_RUN][BANDS - 1] > 0, b.step_ns == 40 * step);
	/* 8 or 9 of them in each step */
	for (unsigned i = 0; i < 40 * step * BANDS / b.step_ns; i++)
		assert_in_range(b.ns[BAND_RUN][i], 7 * 400001, 9 * 400001);
}

struct row {
	const char *name;
	uint64_t ns;
	int64_t at;
};

static void get_name(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->name)
		return;
	*v = (struct value){.type = VT_TEXT, .text = r->name, .len = strlen(r->name)};
}

static void get_ns(const void *row, struct value *v)
{
	*v = (struct value){.type = VT_NS, .u = ((const struct row *)row)->ns};
}

static void get_at(const void *row, struct value *v)
{
	v->type = VT_TIME;
	v->i = ((const struct row *)row)->at;
}

static const struct field fields[] = {
	{"name", "NAME", VT_TEXT, FIELD_TABLE, "<name> & \"more\"", get_name},
	{"ns", "NS", VT_NS, FIELD_TABLE | FIELD_BAD, "time", get_ns},
	{"at", "AT", VT_TIME, FIELD_TABLE, "instant", get_at},
};

static char *table_of(const struct row *rows, size_t n)
{
	const void *list[8];
	struct fields fs = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; i < n; i++)
		list[i] = &rows[i];
	fields_add(&fs, fields, 3);
	page_table(f, &fs, list, n);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void names_stay_text(void **state)
{
	const struct row rows[] = {
		{"</td><script>alert('&')</script>", 0, -5},
		{"\x1b[31m\"\n\xff\xe2\x80\xae", 200, 7},
		{NULL, 50, 0},
	};
	char *text = table_of(rows, 3);

	(void)state;
	assert_null(strstr(text, "<script"));
	assert_non_null(
		strstr(text, "<td>&lt;/td&gt;&lt;script&gt;alert('&amp;')&lt;/script&gt;</td>"));
	assert_non_null(strstr(text, "<td>\\x1b[31m&quot;\\n\\xff\\xe2\\x80\\xae</td>"));
	assert_non_null(strstr(text, "<td>-</td>"));
	assert_non_null(strstr(text, "title=\"&lt;name&gt; &amp; &quot;more&quot;\""));
	free(text);
}

/* The exact value is there to sort by; the bar is its share of the largest. */
static void figures_have_values_and_bars(void **state)
{
	const struct row rows[] = {{"a", 0, -5}, {"b", 200, 7}, {"c", 50, 0}};
	char *text = table_of(rows, 3);

	(void)state;
	assert_non_null(strstr(text, "<td>a</td><td class=\"n\" data-v=\"0\">"));
	assert_non_null(strstr(text, "<td class=\"n\" data-v=\"-5\">-0.000000 s"));
	assert_non_null(
		strstr(text, "<td class=\"n bad\" data-v=\"200\" style=\"--w:100%\">200 ns"));
	assert_non_null(strstr(text, "data-v=\"50\" style=\"--w:25%\">"));
	free(text);
}

/* A text that is longer than what is escaped at a time is cut within no character. */
static void long_text(void **state)
{
	char name[2001];
	struct row row = {name, 1, 1};
	char *text, *at;
	unsigned n = 0;

	(void)state;
	name[0] = 'x';
	for (unsigned i = 1; i + 4 <= sizeof(name); i += 3)
		memcpy(name + i, "\xe2\x82\xac", 4);
	text = table_of(&row, 1);
	for (at = text; (at = strstr(at, "\xe2\x82\xac")); at += 3)
		n++;
	assert_int_equal(n, 666);
	assert_null(strstr(text, "\\x"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_band_has_what_lies_in_it),
		cmocka_unit_test(there_is_no_time_too_late),
		cmocka_unit_test(steps_grow_with_the_trace),
		cmocka_unit_test(names_stay_text),
		cmocka_unit_test(figures_have_values_and_bars),
		cmocka_unit_test(long_text),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
