// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* table: the rows that people read; the rest of base/rows.h is in rows.c. */
#include "base/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "base/width.h"

#define CELL_TEXT	  1024 /* of an escaped name; what is longer is cut */
#define ELASTIC_MIN	  7
#define WAIT_SLOW_NS	  (UINT64_C(10) * 1000 * 1000)
#define WAIT_VERY_SLOW_NS (UINT64_C(100) * 1000 * 1000)

enum cell_style { CELL_PLAIN, CELL_DIM, CELL_WARN, CELL_ALARM, CELL_STYLES };

static const char *const style_on[CELL_STYLES] = {"", "\033[2m", "\033[33m", "\033[31m"};

struct cell {
	char *text;
	uint16_t width;
	uint8_t style;
};

struct column {
	const struct field *field;
	unsigned width;
	bool left, used, dropped;
};

struct grid {
	struct column cols[FIELDS_MAX];
	size_t ncols, nrows;
	struct cell *cells; /* row by row */
	unsigned gap; /* blanks between columns */
};

/* Cuts to `max` columns, "~" as the last of them. Returns the new width. */
static unsigned cut_text(char *text, unsigned max)
{
	size_t len = strlen(text), at = 0;
	unsigned width = 0;

	while (at < len) {
		uint32_t code;
		unsigned n = utf8_decode(text + at, len - at, &code);
		unsigned w;

		n = n ? n : 1;
		w = text_width(text + at, n);
		if (width + w > max - 1)
			break;
		width += w;
		at += n;
	}
	text[at] = '~'; /* something was left out, so there is room for it */
	text[at + 1] = '\0';
	return width + 1;
}

/* "12.3 ms": units are padded so that the digits of a column stand below each other. */
static void pad_unit(char *buf, size_t size)
{
	const char *blank = strchr(buf, ' ');
	size_t len = strlen(buf);

	if (blank && strlen(blank + 1) == 1 && len + 1 < size)
		memcpy(buf + len, " ", 2);
}

static void format_milli(uint64_t milli, unsigned decimals, char buf[VALUE_BUF])
{
	uint64_t unit = decimals == 1 ? 100 : 10;
	uint64_t rounded = milli / unit + (milli % unit >= unit / 2);
	char whole[UNITS_BUF];

	snprintf(buf, VALUE_BUF, "%s.%0*" PRIu64, format_count(rounded / (1000 / unit), whole),
		 (int)decimals, rounded % (1000 / unit));
}

static void format_time(int64_t ns, char buf[VALUE_BUF])
{
	uint64_t us = ((ns < 0 ? (uint64_t)-ns : (uint64_t)ns) + 500) / 1000;

	snprintf(buf, VALUE_BUF, "%s%" PRIu64 ".%06" PRIu64 " s", ns < 0 ? "-" : "+", us / 1000000,
		 us % 1000000);
}

char *value_format(const struct value *v, char buf[VALUE_BUF])
{
	switch (v->type) {
	case VT_NONE: snprintf(buf, VALUE_BUF, "-"); break;
	case VT_ID: snprintf(buf, VALUE_BUF, "%" PRIu64, v->u); break;
	case VT_COUNT: format_count(v->u, buf); break;
	case VT_NS:
		if (!v->u) {
			snprintf(buf, VALUE_BUF, "0   ");
			break;
		}
		format_ns(v->u, buf);
		pad_unit(buf, VALUE_BUF);
		break;
	case VT_BYTES:
		format_bytes(v->u, buf);
		pad_unit(buf, VALUE_BUF);
		break;
	case VT_TIME: format_time(v->i, buf); break;
	case VT_PERCENT: format_milli(v->u, 1, buf); break;
	case VT_MILLI: format_milli(v->u, 2, buf); break;
	case VT_BOOL: snprintf(buf, VALUE_BUF, "%s", v->u ? "yes" : "no"); break;
	case VT_TEXT: snprintf(buf, VALUE_BUF, "?"); break; /* is not for here */
	}
	return buf;
}

static uint8_t style_of(const struct field *field, const struct value *v)
{
	if (v->type == VT_NONE)
		return CELL_DIM;
	if (v->type == VT_TEXT || v->type == VT_TIME || v->type == VT_ID)
		return CELL_PLAIN;
	if (!v->u)
		return CELL_DIM;
	if (field->flags & FIELD_BAD)
		return CELL_WARN;
	if ((field->flags & FIELD_WAIT) && v->u >= WAIT_SLOW_NS)
		return v->u >= WAIT_VERY_SLOW_NS ? CELL_ALARM : CELL_WARN;
	return CELL_PLAIN;
}

static int fill_cell(struct cell *cell, struct column *col, const void *row)
{
	struct value v = {0};
	char buf[CELL_TEXT], number[VALUE_BUF];
	const char *text = buf;

	col->field->get(row, &v);
	if (v.type == VT_TEXT)
		escape_terminal(buf, sizeof(buf), v.text, v.len);
	else
		text = value_format(&v, number);
	if (v.type != VT_NONE && (v.type == VT_TEXT ? v.len : v.u))
		col->used = true;
	cell->style = style_of(col->field, &v);
	cell->text = strdup(text);
	if (!cell->text)
		return -ENOMEM;
	cell->width = (uint16_t)text_width(text, strlen(text));
	if (cell->width > col->width)
		col->width = cell->width;
	return 0;
}

static int fill(struct grid *g, const struct fields *fs, const void *const *rows)
{
	for (size_t c = 0; c < fs->n; c++) {
		struct column *col = &g->cols[c];

		col->field = fs->list[c];
		col->width = (unsigned)strlen(col->field->header);
		col->left = col->field->type == VT_TEXT;
	}
	for (size_t r = 0; r < g->nrows; r++)
		for (size_t c = 0; c < g->ncols; c++)
			if (fill_cell(&g->cells[r * g->ncols + c], &g->cols[c], rows[r]))
				return -ENOMEM;
	return 0;
}

static bool shown(const struct column *col)
{
	return !col->dropped && (col->used || !(col->field->flags & FIELD_IF_SET));
}

static unsigned total_width(const struct grid *g, unsigned gap)
{
	unsigned width = 0, n = 0;

	for (size_t c = 0; c < g->ncols; c++) {
		if (!shown(&g->cols[c]))
			continue;
		width += g->cols[c].width;
		n++;
	}
	return n ? width + (n - 1) * gap : 0;
}

/* How narrow it can get. */
static unsigned least_width(const struct grid *g)
{
	unsigned width = total_width(g, 1);

	for (size_t c = 0; c < g->ncols; c++) {
		const struct column *col = &g->cols[c];

		if (shown(col) && (col->field->flags & FIELD_ELASTIC) && col->width > ELASTIC_MIN)
			width -= col->width - ELASTIC_MIN;
	}
	return width;
}

/* What a row is about, and its first figure. */
static size_t leading(const struct grid *g)
{
	size_t c = 0;

	while (c < g->ncols &&
	       (g->cols[c].field->type == VT_ID || g->cols[c].field->type == VT_TEXT))
		c++;
	return c + 1;
}

enum drop_pass { DROP_SPARE, DROP_ZERO, DROP_ANY };

static bool droppable(const struct grid *g, size_t c, enum drop_pass pass)
{
	const struct column *col = &g->cols[c];
	const unsigned flags = col->field->flags;

	if (!shown(col))
		return false;
	if (pass == DROP_SPARE)
		return flags & FIELD_SPARE;
	return c >= leading(g) && !(flags & (FIELD_ELASTIC | FIELD_BAD)) &&
	       (pass == DROP_ANY || !col->used);
}

/* Only what is needed, from the right: what is spare, where there is nothing, then the rest. */
static void drop(struct grid *g, unsigned width)
{
	for (unsigned pass = DROP_SPARE; pass <= DROP_ANY; pass++)
		for (size_t c = g->ncols; c-- && least_width(g) > width;)
			if (droppable(g, c, (enum drop_pass)pass))
				g->cols[c].dropped = true;
}

/* A figure that is not there must not be taken for one that does not exist. */
static void name_dropped(FILE *f, const struct table_style *style, const struct grid *g)
{
	char list[1024] = "";
	size_t len = 0;

	for (size_t c = 0; c < g->ncols && len < sizeof(list); c++) {
		const struct column *col = &g->cols[c];

		if (col->dropped && (col->used || !(col->field->flags & FIELD_IF_SET)))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", col->field->key);
	}
	if (len)
		table_note(f, style, "no room for %s; -F chooses", list);
}

/* Takes from the widest elastic column until the table fits, or nothing can give way. */
static void fit(struct grid *g, unsigned width)
{
	g->gap = total_width(g, 2) <= width ? 2 : 1;
	while (total_width(g, g->gap) > width) {
		struct column *widest = NULL;

		for (size_t c = 0; c < g->ncols; c++) {
			struct column *col = &g->cols[c];

			if (shown(col) && (col->field->flags & FIELD_ELASTIC) &&
			    col->width > ELASTIC_MIN && (!widest || col->width > widest->width))
				widest = col;
		}
		if (!widest)
			return;
		widest->width--;
	}
}

static void print_blanks(FILE *f, unsigned n)
{
	fprintf(f, "%*s", (int)n, "");
}

static void print_header(FILE *f, const struct table_style *style, const struct grid *g,
			 size_t last)
{
	bool first = true;

	fputs(style->indent ? style->indent : "", f);
	if (style->color)
		fputs("\033[1m", f);
	for (size_t c = 0; c < g->ncols; c++) {
		const struct column *col = &g->cols[c];
		unsigned pad = col->width - (unsigned)strlen(col->field->header);

		if (!shown(col))
			continue;
		print_blanks(f, (first ? 0 : g->gap) + (col->left ? 0 : pad));
		fputs(col->field->header, f);
		if (col->left && c != last)
			print_blanks(f, pad);
		first = false;
	}
	fputs(style->color ? "\033[0m\n" : "\n", f);
}

static void print_cell(FILE *f, const struct table_style *style, const struct column *col,
		       struct cell *cell, bool last)
{
	const char *on = style->color ? style_on[cell->style] : "";
	size_t len = strlen(cell->text);

	if (cell->width > col->width)
		cell->width = (uint16_t)cut_text(cell->text, col->width);
	if (!col->left)
		print_blanks(f, col->width - cell->width);
	else if (last)
		len = 0;
	if (last && !col->left) /* no blanks at the end of a line */
		while (len && cell->text[len - 1] == ' ')
			cell->text[--len] = '\0';
	fprintf(f, "%s%s%s", on, cell->text, *on ? "\033[0m" : "");
	if (col->left && !last)
		print_blanks(f, col->width - cell->width);
}

static void print_grid(FILE *f, const struct table_style *style, struct grid *g)
{
	size_t last = 0;

	for (size_t c = 0; c < g->ncols; c++)
		if (shown(&g->cols[c]))
			last = c;
	print_header(f, style, g, last);
	for (size_t r = 0; r < g->nrows; r++) {
		bool first = true;

		fputs(style->indent ? style->indent : "", f);
		for (size_t c = 0; c < g->ncols; c++) {
			if (!shown(&g->cols[c]))
				continue;
			print_blanks(f, first ? 0 : g->gap);
			print_cell(f, style, &g->cols[c], &g->cells[r * g->ncols + c], c == last);
			first = false;
		}
		putc('\n', f);
	}
}

int rows_table(FILE *f, const struct table_style *style, const struct fields *fs,
	       const void *const *rows, size_t n, struct err *err)
{
	struct grid g = {.ncols = fs->n, .nrows = n};
	unsigned indent = style->indent ? (unsigned)strlen(style->indent) : 0;
	unsigned width = style->width > indent ? style->width - indent : style->width;
	int rc;

	g.cells = calloc(n && fs->n ? n * fs->n : 1, sizeof(*g.cells));
	if (!g.cells)
		return err_set(err, -ENOMEM, "out of memory for a table of %zu rows", n);
	rc = fill(&g, fs, rows);
	if (!rc) {
		if (!fs->chosen)
			drop(&g, width);
		fit(&g, width);
		print_grid(f, style, &g);
		name_dropped(f, style, &g);
	} else {
		err_set(err, rc, "out of memory for a table of %zu rows", n);
	}
	for (size_t i = 0; i < n * fs->n; i++)
		free(g.cells[i].text);
	free(g.cells);
	return rc;
}
