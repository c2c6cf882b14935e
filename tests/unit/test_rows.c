// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Fields, their choice and order; tables that fit; escaping in every format. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/rows.h"
#include "base/width.h"

struct thing {
	const char *name;
	size_t len;
	uint64_t ns;
	int64_t at;
	bool known;
};

static void get_name(const void *row, struct value *v)
{
	const struct thing *t = row;

	v->type = VT_TEXT;
	v->text = t->name;
	v->len = t->len ? t->len : strlen(t->name);
}

static void get_ns(const void *row, struct value *v)
{
	if (!((const struct thing *)row)->known)
		return;
	v->type = VT_NS;
	v->u = ((const struct thing *)row)->ns;
}

static void get_at(const void *row, struct value *v)
{
	v->type = VT_TIME;
	v->i = ((const struct thing *)row)->at;
}

static void get_flag(const void *row, struct value *v)
{
	v->type = VT_BOOL;
	v->u = ((const struct thing *)row)->known;
}

static void get_share(const void *row, struct value *v)
{
	v->type = VT_PERCENT;
	v->u = ((const struct thing *)row)->ns;
}

static const struct field list[] = {
	{"name", "NAME", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "", get_name},
	{"len_ns", "LENGTH", VT_NS, FIELD_TABLE | FIELD_WAIT, "", get_ns},
	{"at_ns", "AT", VT_TIME, FIELD_TABLE, "", get_at},
	{"known", "KNOWN", VT_BOOL, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE, "", get_flag},
	{"share", "%", VT_PERCENT, 0, "", get_share},
};

static struct fields all_fields(void)
{
	struct fields fs = {0};

	fields_add(&fs, list, sizeof(list) / sizeof(list[0]));
	return fs;
}

static void expect_keys(const struct fields *fs, const char *want)
{
	char got[200] = "";

	for (size_t i = 0; i < fs->n; i++) {
		strcat(got, i ? "," : "");
		strcat(got, fs->list[i]->key);
	}
	assert_string_equal(got, want);
}

static void test_choose(void **state)
{
	struct fields all = all_fields(), start = {0}, out;
	struct err err = {0};

	(void)state;
	start.list[start.n++] = &list[0];
	start.list[start.n++] = &list[1];
	assert_int_equal(fields_choose(&out, &all, &start, "at_ns,name", &err), 0);
	expect_keys(&out, "at_ns,name");
	assert_int_equal(fields_choose(&out, &all, &start, "+share,-name", &err), 0);
	expect_keys(&out, "len_ns,share");
	assert_int_equal(fields_choose(&out, &all, &start, "+name", &err), 0);
	expect_keys(&out, "len_ns,name");
	assert_int_equal(fields_choose(&out, &all, &start, "name,other,name", &err), 0);
	expect_keys(&out, "name");
	assert_int_equal(fields_choose(&out, &all, &start, "name,+at_ns", &err), -22);
	assert_non_null(strstr(err.msg, "mixes"));
}

static void test_check(void **state)
{
	struct fields all = all_fields();
	struct err err = {0};

	(void)state;
	assert_int_equal(fields_check(&all, 1, "name,+at_ns,-share", "field", &err), 0);
	assert_int_equal(fields_check(&all, 1, "name:asc,len_ns:desc", "sort key", &err), 0);
	assert_int_equal(fields_check(&all, 1, "nam", "field", &err), -22);
	assert_string_equal(err.msg,
			    "'nam' is not a field; there are: name, len_ns, at_ns, known, share");
	assert_int_equal(fields_check(&all, 1, "name,,at_ns", "field", &err), -22);
	assert_int_equal(fields_check(&all, 1, "", "field", &err), -22);
	assert_int_equal(fields_check(&all, 1, "name:up", "sort key", &err), -22);
	assert_int_equal(fields_check(&all, 1, "name:", "sort key", &err), -22);
}

static void expect_order(const char *spec, const char *want)
{
	static const struct thing things[] = {
		{"b", 0, 5, -1, true},
		{"a", 0, 7, 3, true},
		{"c", 0, 0, 9, false},
		{"d", 0, 5, 2, true},
	};
	const void *rows[] = {&things[0], &things[1], &things[2], &things[3]};
	struct fields all = all_fields();
	char got[8] = "";

	assert_int_equal(rows_sort(rows, 4, &all, spec, NULL), 0);
	for (int i = 0; i < 4; i++)
		strcat(got, ((const struct thing *)rows[i])->name);
	assert_string_equal(got, want);
}

static void test_sort(void **state)
{
	(void)state;
	expect_order("len_ns", "abdc"); /* largest first, equals as they were, unknown last */
	expect_order("len_ns:asc", "bdac"); /* unknown last still */
	expect_order("len_ns,name:desc", "adbc");
	expect_order("name", "abcd");
	expect_order("at_ns", "cadb");
	expect_order("at_ns:asc", "bdac"); /* before the trace is negative */
	expect_order("nothing", "bacd");
}

/* Columns of several tables side by side: each key once, and never fewer than there are. */
static void test_unite(void **state)
{
	static struct field many[FIELDS_MAX + 1];
	static char keys[FIELDS_MAX + 1][8];
	struct fields all = {0}, half = {0}, last = {0};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i <= FIELDS_MAX; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		many[i].key = keys[i];
	}
	fields_add(&half, many, FIELDS_MAX / 2);
	assert_int_equal(fields_unite(&all, &half, &err), 0);
	assert_int_equal(fields_unite(&all, &half, &err), 0);
	assert_int_equal(all.n, FIELDS_MAX / 2);
	half.n = 0;
	fields_add(&half, many + FIELDS_MAX / 2, FIELDS_MAX / 2);
	assert_int_equal(fields_unite(&all, &half, &err), 0);
	assert_int_equal(all.n, FIELDS_MAX);
	fields_add(&last, many + FIELDS_MAX, 1);
	assert_int_equal(fields_unite(&all, &last, &err), -E2BIG);
	assert_non_null(strstr(err.msg, "256 columns"));
}

/* None is ignored. */
static void test_sort_by_many(void **state)
{
	static const struct field field = {"long", "LONG", VT_TEXT, 0, "", get_name};
	static const struct thing things[] = {{.name = "b"}, {.name = "a"}};
	const void *rows[] = {&things[0], &things[1]};
	struct fields fs = {0};
	struct err err = {0};

	(void)state;
	fields_add(&fs, &field, 1);
	assert_int_equal(rows_sort(rows, 2, &fs, "long,long,long,long,long,long,long,long", &err),
			 0);
	assert_ptr_equal(rows[0], &things[1]);
	assert_int_equal(
		rows_sort(rows, 2, &fs, "long,long,long,long,long,long,long,long,long", &err),
		-E2BIG);
}

/* Longer than any buffer on the stack, and made where the getter of the next row makes its own. */
static void get_long(const void *row, struct value *v)
{
	static char *buf;
	static size_t room;
	const struct thing *t = row;

	if (400 + t->ns > room) {
		free(buf);
		room = 400 + t->ns;
		buf = malloc(room);
		assert_non_null(buf);
	}
	memset(buf, 'x', 300);
	strcpy(buf + 300, t->name);
	v->type = VT_TEXT;
	v->text = buf;
	v->len = strlen(buf);
}

static void test_sort_long(void **state)
{
	static const struct field field = {"long", "LONG", VT_TEXT, 0, "", get_long};
	static const struct thing things[] = {{.name = "b"}, {"c", .ns = 99}, {"a", .ns = 999}};
	const void *rows[] = {&things[0], &things[1], &things[2]};
	struct fields fs = {0};

	(void)state;
	fields_add(&fs, &field, 1);
	assert_int_equal(rows_sort(rows, 3, &fs, "long", NULL), 0);
	assert_ptr_equal(rows[0], &things[2]);
	assert_ptr_equal(rows[1], &things[0]);
	assert_ptr_equal(rows[2], &things[1]);
}

static char *chosen_table(const struct thing *things, size_t n, unsigned width, bool chosen)
{
	const void *rows[8];
	struct fields fs = {0};
	struct table_style style = {.width = width};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fields_add(&fs, list, 4);
	fs.chosen = chosen;
	for (size_t i = 0; i < n; i++)
		rows[i] = &things[i];
	assert_int_equal(rows_table(f, &style, &fs, rows, n, NULL), 0);
	fclose(f);
	return text;
}

static char *table(const struct thing *things, size_t n, unsigned width)
{
	return chosen_table(things, n, width, false);
}

static void test_table(void **state)
{
	static const struct thing things[] = {
		{"short", 0, 812, 1500000000, false},
		{"a name that is long", 0, 1240000, -2000, true},
		{"zero", 0, 0, 0, true},
	};
	char *text = table(things, 3, 100);

	(void)state;
	assert_string_equal(text, "NAME                  LENGTH           AT  KNOWN\n"
				  "short                      -  +1.500000 s     no\n"
				  "a name that is long  1.24 ms  -0.000002 s    yes\n"
				  "zero                    0     +0.000000 s    yes\n");
	free(text);
	text = table(things, 3, 38); /* blanks go first, then what is elastic */
	assert_string_equal(text, "NAME          LENGTH          AT KNOWN\n"
				  "short              - +1.500000 s    no\n"
				  "a name that~ 1.24 ms -0.000002 s   yes\n"
				  "zero            0    +0.000000 s   yes\n");
	free(text);
	text = table(things, 3, 33); /* all of it just fits */
	assert_non_null(strstr(text, "\na name~ 1.24 ms -0.000002 s   yes\n"));
	free(text);
	text = table(things, 3, 32); /* then what is spare goes */
	assert_string_equal(text, "NAME          LENGTH          AT\n"
				  "short              - +1.500000 s\n"
				  "a name that~ 1.24 ms -0.000002 s\n"
				  "zero            0    +0.000000 s\n"
				  "no room for known; -F chooses\n");
	free(text);
	text = table(things, 3, 26); /* and then the rest, but never the first figure */
	assert_string_equal(text, "NAME                LENGTH\n"
				  "short                    -\n"
				  "a name that is lo~ 1.24 ms\n"
				  "zero                  0\n"
				  "no room for at_ns, known;\n"
				  "-F chooses\n");
	free(text);
	text = table(things, 3, 3);
	assert_non_null(strstr(text, "\na name~ 1.24 ms\n"));
	free(text);
	text = chosen_table(things, 3, 32, true); /* but not what the user wants to see */
	assert_non_null(strstr(text, "KNOWN"));
	free(text);
	text = table(things, 1, 100); /* KNOWN drops out: nobody has it */
	assert_string_equal(text, "NAME   LENGTH           AT\n"
				  "short       -  +1.500000 s\n");
	free(text);
}

/* What is all zero goes before what is not, and what warns does not go. */
static void test_table_zero(void **state)
{
	static const struct field fields[] = {
		{"first_ns", "FIRST", VT_NS, FIELD_TABLE, "", get_ns},
		{"zero", "ZERO", VT_TIME, FIELD_TABLE, "", get_at},
		{"share", "SHARE", VT_PERCENT, FIELD_TABLE, "", get_share},
		{"bad_ns", "BAD", VT_NS, FIELD_TABLE | FIELD_BAD, "", get_ns},
	};
	static const struct thing thing = {"", 0, 1500, 0, true};
	const struct table_style style = {.width = 22};
	const void *rows[] = {&thing};
	struct fields fs = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	fields_add(&fs, fields, 4);
	assert_int_equal(rows_table(f, &style, &fs, rows, 1, NULL), 0);
	fclose(f);
	assert_string_equal(text, "  FIRST SHARE     BAD\n"
				  "1.50 us   1.5 1.50 us\n"
				  "no room for zero; -F\n"
				  "chooses\n");
	free(text);
}

static void expect_wrapped(const char *in, unsigned indent, unsigned width, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	text_wrap(f, in, indent, width);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static void test_wrap(void **state)
{
	(void)state;
	expect_wrapped("", 2, 10, "\n");
	expect_wrapped("one", 2, 3, "one\n");
	expect_wrapped("one two", 2, 7, "one two\n");
	expect_wrapped("one two", 2, 6, "one\n  two\n");
	expect_wrapped("one  two three", 1, 8, "one  two\n three\n");
	expect_wrapped("much-too-long a", 0, 4, "much-too-long\na\n");
	expect_wrapped("\xc3\xa4\xc3\xb6 \xc3\xbc", 0, 4, "\xc3\xa4\xc3\xb6 \xc3\xbc\n");
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc", 3), 3);
	assert_int_equal(text_width("\xc3\xa4", 2), 1);
	assert_int_equal(text_width("\xe6\xbc\xa2", 3), 2); /* a wide one */
	assert_int_equal(text_width("e\xcc\x81", 3), 1); /* with a combining accent */
	assert_int_equal(text_width("\xf0\x9f\x98\x80", 4), 2); /* an emoji */
}

static void check_value(enum value_type type, uint64_t u, const char *want)
{
	struct value v = {.type = type, .u = u};
	char buf[VALUE_BUF];

	assert_string_equal(value_format(&v, buf), want);
}

static void test_values(void **state)
{
	(void)state;
	check_value(VT_NONE, 0, "-");
	check_value(VT_ID, 1234567, "1234567");
	check_value(VT_COUNT, 1234567, "1,234,567");
	check_value(VT_NS, 16700000000, "16.7 s ");
	check_value(VT_PERCENT, 99949, "99.9");
	check_value(VT_PERCENT, 99950, "100.0");
	check_value(VT_MILLI, 1005, "1.01");
	check_value(VT_MILLI, 1234567894, "1,234,567.89");
	check_value(VT_MILLI, 999995, "1,000.00");
	check_value(VT_MILLI, UINT64_MAX, "18,446,744,073,709,551.62");
	check_value(VT_PERCENT, 12800000, "12,800.0");
	check_value(VT_TIME, (uint64_t)INT64_C(-1500), "-0.000002 s");
	check_value(VT_TIME, 59999999600, "+60.000000 s");
	check_value(VT_BOOL, 1, "yes");
}

/* Names that a process can give itself, and worse. */
static const struct thing nasty[] = {
	{"\033[31mred\a\b\r\n\t", 0, 1, 1, true},
	{"a,b\"c\"'d", 0, 1, 1, true},
	{"\xff\xfe\xc3\x28", 0, 1, 1, true},
	{"\xc2\x9b"
	 "31m",
	 0, 1, 1, true}, /* C1: CSI */
	{"\xe2\x80\xae"
	 "txt.exe",
	 0, 1, 1, true}, /* right-to-left override */
	{"=1+1|x\\n", 0, 1, 1, true},
	{"nul\0inside", 10, 1, 1, true},
	{"\x7f", 0, 1, 1, true},
};

static void expect_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < 0x20 && *c != '\n') || *c == 0x7f)
			fail_msg("control character %#x in %s", *c, text);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80\xae"));
}

static void test_nasty_table(void **state)
{
	char *text = table(nasty, 8, 200);
	unsigned lines = 0;

	(void)state;
	expect_printable(text);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 9);
	assert_non_null(strstr(text, "\\x1b[31mred\\x07\\x08\\r\\n\\t "));
	assert_non_null(strstr(text, "\\xff\\xfe\\xc3( "));
	free(text);
}

static void test_nasty_json(void **state)
{
	static const char *const want[] = {
		"\033[31mred\a\b\r\n\t",
		"a,b\"c\"'d",
		NULL,
		"\xc2\x9b"
		"31m",
		"\xe2\x80\xae"
		"txt.exe",
		"=1+1|x\\n",
		NULL,
		"\x7f",
	};
	struct fields all = all_fields();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);
		json_t *row;

		rows_json(f, &all, &nasty[i]);
		fclose(f);
		expect_printable(text);
		row = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
		assert_non_null(row);
		if (want[i])
			assert_string_equal(json_string_value(json_object_get(row, "name")),
					    want[i]);
		assert_int_equal(json_integer_value(json_object_get(row, "len_ns")), 1);
		assert_true(json_is_true(json_object_get(row, "known")));
		json_decref(row);
		free(text);
	}
}

static void test_nasty_csv(void **state)
{
	static const char *const want[] = {
		"\\x1b[31mred\\x07\\x08\\r\\n\\t,1\n",
		"\"a,b\"\"c\"\"'d\",1\n",
		"\\xff\\xfe\\xc3(,1\n",
		"\\xc2\\x9b31m,1\n",
		"\\xe2\\x80\\xaetxt.exe,1\n",
		"=1+1|x\\\\n,1\n",
		"nul\\x00inside,1\n",
		"\\x7f,1\n",
	};
	struct fields all = all_fields(), two = {0};

	(void)state;
	fields_add(&two, list, 2);
	for (size_t i = 0; i < 8; i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		rows_csv(f, &two, &all, &nasty[i]);
		fclose(f);
		assert_string_equal(text, want[i]);
		free(text);
	}
}

/* Text longer than the piece that is escaped at once, with characters across its edge. */
static void test_long_text(void **state)
{
	static char text[900];
	struct thing t = {text, 0, 0, 0, false};
	struct fields all = all_fields(), one = {0};
	char *json = NULL, *csv = NULL;
	size_t len;
	json_t *row;
	FILE *f;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(text) - 1; i += 3)
		memcpy(text + i, "\xe6\xbc\xa2", 4);
	fields_add(&one, list, 1);
	f = open_memstream(&json, &len);
	rows_json(f, &one, &t);
	fclose(f);
	row = json_loads(json, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(row, "name")), text);
	json_decref(row);
	f = open_memstream(&csv, &len);
	rows_csv(f, &one, &all, &t);
	fclose(f);
	assert_int_equal(strlen(csv), strlen(text) + 1);
	assert_memory_equal(csv, text, strlen(text));
	free(json);
	free(csv);
}

static void test_numbers_json(void **state)
{
	struct thing t = {"n", 0, 12340, -5, true};
	struct fields all = all_fields();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	rows_json(f, &all, &t);
	t.ns = 1000;
	t.known = false;
	rows_json(f, &all, &t);
	fclose(f);
	assert_string_equal(text,
			    "{\"name\": \"n\", \"len_ns\": 12340, \"at_ns\": -5, \"known\": true, "
			    "\"share\": 12.34}"
			    "{\"name\": \"n\", \"len_ns\": null, \"at_ns\": -5, \"known\": false, "
			    "\"share\": 1}");
	free(text);
}

static void test_format_names(void **state)
{
	enum rows_format format;
	struct err err = {0};

	(void)state;
	assert_int_equal(rows_format_parse("ndjson", &format, &err), 0);
	assert_int_equal(format, ROWS_NDJSON);
	assert_int_equal(rows_format_parse("xml", &format, &err), -22);
	assert_non_null(strstr(err.msg, "table, csv, json or ndjson"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),	     cmocka_unit_test(test_check),
		cmocka_unit_test(test_sort),	     cmocka_unit_test(test_sort_long),
		cmocka_unit_test(test_unite),	     cmocka_unit_test(test_sort_by_many),
		cmocka_unit_test(test_table),	     cmocka_unit_test(test_width),
		cmocka_unit_test(test_table_zero),   cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_values),	     cmocka_unit_test(test_nasty_table),
		cmocka_unit_test(test_nasty_json),   cmocka_unit_test(test_nasty_csv),
		cmocka_unit_test(test_long_text),    cmocka_unit_test(test_numbers_json),
		cmocka_unit_test(test_format_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
