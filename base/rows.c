// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/rows.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

void fields_add(struct fields *fs, const struct field *list, size_t n)
{
	assert(n <= FIELDS_MAX - fs->n);
	for (size_t i = 0; i < n; i++)
		fs->list[fs->n++] = &list[i];
}

int fields_unite(struct fields *fs, const struct fields *more, struct err *err)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct field *field = more->list[i];

		if (fields_find(fs, field->key, strlen(field->key)))
			continue;
		if (fs->n == FIELDS_MAX)
			return err_set(err, -E2BIG,
				       "more than %d columns: choose groups, or columns with -F",
				       FIELDS_MAX);
		fs->list[fs->n++] = field;
	}
	return 0;
}

const struct field *fields_find(const struct fields *fs, const char *key, size_t len)
{
	for (size_t i = 0; i < fs->n; i++)
		if (strlen(fs->list[i]->key) == len && !memcmp(fs->list[i]->key, key, len))
			return fs->list[i];
	return NULL;
}

/* One item of "a,+b,-c:asc". */
struct item {
	const char *key;
	size_t len;
	char sign; /* '+', '-' or 0 */
	const char *order; /* after the colon, NULL if none */
	size_t order_len;
};

/* The next item at *text, which moves on. False at the end. */
static bool next_item(const char **text, struct item *it)
{
	const char *s = *text, *end, *colon;

	if (!s)
		return false;
	end = strchrnul(s, ',');
	*it = (struct item){.key = s};
	if (*s == '+' || *s == '-') {
		it->sign = *s;
		it->key++;
	}
	colon = memrchr(it->key, ':', (size_t)(end - it->key)); /* a key may have one: "cycles:u" */
	if (colon) {
		it->order = colon + 1;
		it->order_len = (size_t)(end - it->order);
	}
	it->len = (size_t)((colon ? colon : end) - it->key);
	*text = *end ? end + 1 : NULL;
	return true;
}

/* Its field, NULL if there is none. "cycles:u" as a whole may be a key: then it has no order. */
static const struct field *find_item(const struct fields *fs, struct item *it)
{
	const size_t whole = it->len + 1 + it->order_len;
	const struct field *field = it->order ? fields_find(fs, it->key, whole) : NULL;

	if (!field)
		return fields_find(fs, it->key, it->len);
	it->len = whole;
	it->order = NULL;
	return field;
}

static void fields_remove(struct fields *fs, const struct field *field)
{
	size_t k = 0;

	for (size_t i = 0; i < fs->n; i++)
		if (fs->list[i] != field)
			fs->list[k++] = fs->list[i];
	fs->n = k;
}

int fields_choose(struct fields *out, const struct fields *all, const struct fields *start,
		  const char *spec, struct err *err)
{
	const char *rest = spec;
	struct item it;
	bool first = true, adjust = false;

	*out = (struct fields){0};
	while (next_item(&rest, &it)) {
		const struct field *field = find_item(all, &it);

		if (first) {
			adjust = it.sign != 0;
			if (adjust)
				*out = *start;
			first = false;
		}
		if (adjust != (it.sign != 0))
			return err_set(err, -EINVAL,
				       "'%.200s' mixes a list of fields with +field and -field",
				       spec);
		if (!field)
			continue;
		fields_remove(out, field); /* the last mention counts */
		if (it.sign != '-')
			out->list[out->n++] = field;
	}
	out->chosen = true;
	return 0;
}

static bool known(const struct fields *lists, size_t n, struct item *it)
{
	for (size_t i = 0; i < n; i++)
		if (find_item(&lists[i], it))
			return true;
	return false;
}

/* "a, b, c": every key of the lists once. */
static void list_keys(const struct fields *lists, size_t n, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lists[i].n && len < size; k++) {
			const char *key = lists[i].list[k]->key;
			struct item it = {.key = key, .len = strlen(key)};

			if (!known(lists, i, &it))
				len += (size_t)snprintf(buf + len, size - len, "%s%s",
							len ? ", " : "", key);
		}
	}
}

int fields_check(const struct fields *lists, size_t n, const char *spec, const char *what,
		 struct err *err)
{
	const char *rest = spec;
	struct item it;
	char keys[800];

	while (next_item(&rest, &it)) {
		const bool is_known = known(lists, n, &it);
		const bool sorts = it.order && (!strncmp(it.order, "asc", it.order_len) ||
						!strncmp(it.order, "desc", it.order_len));

		if (!it.len)
			return err_set(err, -EINVAL, "an empty %s in '%.200s'", what, spec);
		if (it.order && !(sorts && it.order_len >= 3))
			return err_set(err, -EINVAL, "'%.*s' is no order: :asc or :desc",
				       (int)(it.order_len < 40 ? it.order_len : 40), it.order);
		if (is_known)
			continue;
		list_keys(lists, n, keys, sizeof(keys));
		return err_set(err, -EINVAL, "'%.*s' is not a %s; there are: %s",
			       (int)(it.len < 60 ? it.len : 60), it.key, what, keys);
	}
	return 0;
}

#define SORT_KEYS 8

struct sorter {
	const struct field *field[SORT_KEYS];
	bool ascending[SORT_KEYS];
	size_t n;
};

/* A row, where it was (so that the sort is stable), and what it is sorted by. */
struct sort_row {
	const void *row;
	size_t at;
	struct value *keys; /* texts are copies: the getters of many rows share one buffer */
};

static int compare_text(const struct value *a, const struct value *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int c = len ? memcmp(a->text, b->text, len) : 0;

	return c ? c : (a->len > b->len) - (a->len < b->len);
}

/* Of two values of one field, smallest first; unknown ones are last whatever the order. */
static int compare_values(const struct value *a, const struct value *b, bool ascending)
{
	int c;

	if (a->type == VT_NONE || b->type == VT_NONE)
		return (a->type == VT_NONE) - (b->type == VT_NONE);
	if (a->type == VT_TEXT)
		c = compare_text(a, b);
	else if (a->type == VT_TIME)
		c = (a->i > b->i) - (a->i < b->i);
	else
		c = (a->u > b->u) - (a->u < b->u);
	return ascending ? c : -c;
}

static int compare_rows(const void *x, const void *y, void *ctx)
{
	const struct sort_row *a = x, *b = y;
	const struct sorter *s = ctx;

	for (size_t i = 0; i < s->n; i++) {
		int c = compare_values(&a->keys[i], &b->keys[i], s->ascending[i]);

		if (c)
			return c;
	}
	return (a->at > b->at) - (a->at < b->at);
}

/* Once for each row: a quantile is not looked up, a text not made, for every comparison. */
static int get_keys(const struct sorter *s, const void *row, struct value *keys)
{
	for (size_t i = 0; i < s->n; i++) {
		struct value *v = &keys[i];
		char *copy;

		s->field[i]->get(row, v);
		if (v->type != VT_TEXT)
			continue;
		copy = malloc(v->len + 1);
		if (copy && v->len)
			memcpy(copy, v->text, v->len);
		v->text = copy; /* all that are not NULL are freed */
		if (!copy)
			return -ENOMEM;
	}
	return 0;
}

static int sort(const void **rows, size_t n, struct sorter *s, struct sort_row *list,
		struct value *keys)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		list[i] = (struct sort_row){rows[i], i, &keys[i * s->n]};
		rc = get_keys(s, rows[i], list[i].keys);
	}
	if (rc)
		return rc;
	qsort_r(list, n, sizeof(*list), compare_rows, s);
	for (size_t i = 0; i < n; i++)
		rows[i] = list[i].row;
	return 0;
}

int rows_sort(const void **rows, size_t n, const struct fields *all, const char *spec,
	      struct err *err)
{
	struct sorter s = {.n = 0};
	struct sort_row *list;
	struct value *keys;
	const char *rest = spec;
	struct item it;
	int rc = -ENOMEM;

	while (s.n < SORT_KEYS && next_item(&rest, &it)) {
		const struct field *field = find_item(all, &it);

		if (!field)
			continue;
		s.ascending[s.n] = it.order ? it.order[0] == 'a' : field->type == VT_TEXT;
		s.field[s.n++] = field;
	}
	if (s.n == SORT_KEYS && rest)
		return err_set(err, -E2BIG, "'%.200s': more than %d keys to sort by", spec,
			       SORT_KEYS);
	if (!s.n || n < 2)
		return 0;
	list = calloc(n, sizeof(*list));
	keys = calloc(n * s.n, sizeof(*keys));
	if (list && keys)
		rc = sort(rows, n, &s, list, keys);
	for (size_t i = 0; keys && i < n * s.n; i++)
		if (keys[i].type == VT_TEXT)
			free((char *)keys[i].text);
	free(keys);
	free(list);
	return rc ? err_set(err, rc, "out of memory sorting %zu rows", n) : 0;
}

int rows_format_parse(const char *text, enum rows_format *out, struct err *err)
{
	static const char *const names[] = {
		[ROWS_TABLE] = "table",
		[ROWS_CSV] = "csv",
		[ROWS_JSON] = "json",
		[ROWS_NDJSON] = "ndjson",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*out = (enum rows_format)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "'%.100s' is not a format: table, csv, json or ndjson", text);
}

#define PIECE 256

/* How much of a text to escape at once: no character is cut by it. */
static size_t piece(const char *text, size_t len)
{
	if (len <= PIECE)
		return len;
	for (size_t back = 1; back < 4; back++)
		if (((unsigned char)text[PIECE - back] & 0xc0) == 0xc0)
			return PIECE - back;
	return PIECE;
}

void json_text(FILE *f, const char *text, size_t len)
{
	char buf[ESCAPE_ROOM(PIECE)];

	putc('"', f);
	while (len) {
		size_t part = piece(text, len);

		escape_json(buf, sizeof(buf), text, part);
		fputs(buf, f);
		text += part;
		len -= part;
	}
	putc('"', f);
}

/* A number with exactly three decimals, shortest form: 12, 12.5, 0.125. */
static void print_milli(FILE *f, uint64_t milli)
{
	unsigned part = (unsigned)(milli % 1000);

	fprintf(f, "%" PRIu64, milli / 1000);
	if (part % 10)
		fprintf(f, ".%03u", part);
	else if (part % 100)
		fprintf(f, ".%02u", part / 10);
	else if (part)
		fprintf(f, ".%u", part / 100);
}

static void print_number(FILE *f, const struct value *v)
{
	switch (v->type) {
	case VT_PERCENT:
	case VT_MILLI: print_milli(f, v->u); break;
	case VT_TIME: fprintf(f, "%" PRId64, v->i); break;
	case VT_BOOL: fputs(v->u ? "true" : "false", f); break;
	default: fprintf(f, "%" PRIu64, v->u); break;
	}
}

void rows_json(FILE *f, const struct fields *fs, const void *row)
{
	putc('{', f);
	for (size_t i = 0; i < fs->n; i++) {
		struct value v = {0};

		fs->list[i]->get(row, &v);
		fprintf(f, "%s\"%s\": ", i ? ", " : "", fs->list[i]->key);
		if (v.type == VT_NONE)
			fputs("null", f);
		else if (v.type == VT_TEXT)
			json_text(f, v.text, v.len);
		else
			print_number(f, &v);
	}
	putc('}', f);
}

/* RFC 4180, after escaping: no control character is left, so only commas and quotes matter. */
static void csv_text(FILE *f, const char *text, size_t len)
{
	char buf[ESCAPE_ROOM(PIECE)];
	bool quote = len && (memchr(text, ',', len) || memchr(text, '"', len));

	if (quote)
		putc('"', f);
	while (len) {
		size_t part = piece(text, len);

		escape_terminal(buf, sizeof(buf), text, part);
		for (const char *s = buf; *s; s++) {
			if (*s == '"')
				putc('"', f);
			putc(*s, f);
		}
		text += part;
		len -= part;
	}
	if (quote)
		putc('"', f);
}

void rows_csv_header(FILE *f, const struct fields *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		fprintf(f, "%s%s", i ? "," : "", fs->list[i]->key);
	putc('\n', f);
}

void rows_csv(FILE *f, const struct fields *columns, const struct fields *fs, const void *row)
{
	for (size_t i = 0; i < columns->n; i++) {
		const char *key = columns->list[i]->key;
		const struct field *field = fields_find(fs, key, strlen(key));
		struct value v = {0};

		if (i)
			putc(',', f);
		if (!field)
			continue;
		field->get(row, &v);
		if (v.type == VT_TEXT)
			csv_text(f, v.text, v.len);
		else if (v.type != VT_NONE)
			print_number(f, &v);
	}
	putc('\n', f);
}
