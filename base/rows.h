/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * rows: what a verb found out, as lines. A field is an object: one list of them per kind of row
 * gives the table, the CSV header, the JSON keys and the help.
 *
 * Machine formats carry integers in base units (ns, bytes) under the field's key; the table
 * carries readable units. Text is taken as bytes that nobody vouches for and is escaped here.
 */
#ifndef RSTAT_BASE_ROWS_H
#define RSTAT_BASE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum value_type {
	VT_NONE = 0, /* not known, or makes no sense here: null, empty, "-" */
	VT_ID, /* u: a number that names something: PID, CPU */
	VT_COUNT, /* u */
	VT_NS, /* u: a length of time */
	VT_TIME, /* i: an instant, ns since the start of the trace, may lie before it */
	VT_BYTES, /* u */
	VT_PERCENT, /* u: in 1/1000 % */
	VT_MILLI, /* u: a number in 1/1000 */
	VT_BOOL, /* u */
	VT_TEXT, /* text, len */
};

struct value {
	enum value_type type;
	union {
		uint64_t u;
		int64_t i;
	};
	const char *text; /* valid until the row is asked for its next value */
	size_t len;
};

enum field_flag {
	FIELD_TABLE = 1 << 0, /* in the table by default */
	FIELD_IF_SET = 1 << 1, /* in the table by default when a row has it, not zero */
	FIELD_ELASTIC = 1 << 2, /* text that may be cut to make the table fit */
	FIELD_WAIT = 1 << 3, /* a delay: coloured when it is long */
	FIELD_BAD = 1 << 4, /* coloured when not zero */
	FIELD_HIDDEN = 1 << 5, /* only when asked for by -F, in every format */
	FIELD_SPARE = 1 << 6, /* goes first when a table does not fit, unless asked for by -F */
};

struct field {
	const char *key; /* JSON key, CSV header, -F and -s: "max_at_ns" */
	const char *header; /* of the table: "max at" */
	enum value_type type;
	unsigned flags; /* enum field_flag */
	const char *help;
	void (*get)(const void *row, struct value *v); /* v comes in as VT_NONE */
};

/* An ordered choice of fields. */
#define FIELDS_MAX 256 /* CSV has those of all groups side by side */

struct fields {
	const struct field *list[FIELDS_MAX];
	size_t n;
	bool chosen; /* by the user */
};

void fields_add(struct fields *fs, const struct field *list, size_t n);
/* Adds those of `more` whose keys are not there yet. -E2BIG: there are more than FIELDS_MAX. */
int fields_unite(struct fields *fs, const struct fields *more, struct err *err);
const struct field *fields_find(const struct fields *fs, const char *key, size_t len);

/*
 * What -F asks for: "a,b,c" (this order) or "+x,-y" (changes to `start`). A key that `all` does
 * not have is left out: fields_check() is for that.
 */
int fields_choose(struct fields *out, const struct fields *all, const struct fields *start,
		  const char *spec, struct err *err);

/*
 * Every key of `spec` ("a,+b,-c:asc") is in one of the n lists, else -EINVAL and a sentence that
 * lists what there is. `what` is "field" or "sort key".
 */
int fields_check(const struct fields *lists, size_t n, const char *spec, const char *what,
		 struct err *err);

/*
 * Sorts by "key,key2:asc": numbers largest first, text from A to Z unless :asc or :desc says
 * otherwise; unknown values last. Keys that `all` does not have are passed over. Stable. -E2BIG: more
 * than 8 keys.
 */
int rows_sort(const void **rows, size_t n, const struct fields *all, const char *spec,
	      struct err *err);

enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON, ROWS_NDJSON };

/* "table", "csv", "json", "ndjson". */
int rows_format_parse(const char *text, enum rows_format *out, struct err *err);

/* One row as a JSON object without a newline; CSV header line; CSV line. */
void rows_json(FILE *f, const struct fields *fs, const void *row);
void rows_csv_header(FILE *f, const struct fields *fs);
/* `columns` are the header's; a column that `fs` does not have stays empty. */
void rows_csv(FILE *f, const struct fields *columns, const struct fields *fs, const void *row);

/* A JSON string of text that nobody vouches for, with its quotes. */
void json_text(FILE *f, const char *text, size_t len);

struct table_style {
	bool color;
	unsigned width; /* columns to fit into: elastic fields give way, then others go */
	const char *indent;
};

/*
 * -ENOMEM. No rows: only the header line. FIELD_IF_SET fields of fs drop out when empty. What has no
 * room is named below the table; the user's own choice of fields is never cut down, nor are text
 * that gives way, FIELD_BAD, and the columns up to the first figure.
 */
int rows_table(FILE *f, const struct table_style *style, const struct fields *fs,
	       const void *const *rows, size_t n, struct err *err);

/* Text of its own around a table, broken at blanks: what does not fit goes on below, indented. */
void text_wrap(FILE *f, const char *text, unsigned indent, unsigned width);
/* A remark, dim, and one that must not be missed. Cut at 2,000 bytes. */
void table_note(FILE *f, const struct table_style *style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void table_warning(FILE *f, const struct table_style *style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define VALUE_BUF 48
/* A value that is not text, as the table shows it. Returns buf. */
char *value_format(const struct value *v, char buf[VALUE_BUF]);

#endif
