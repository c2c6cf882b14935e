// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/html/page.h"

#include <inttypes.h>
#include <string.h>

#include "base/xml.h"
#include "replay/html/page_style.h"

void page_begin(FILE *f, const char *name)
{
	if (!strcmp(name, "-"))
		name = "standard input";
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>rstat: ",
	      f);
	xml_text(f, name, strlen(name));
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>rstat: ", page_style);
	xml_text(f, name, strlen(name));
	fputs("</h1>\n<p><input id=\"filter\" type=\"search\" placeholder=\"only rows with ...\"/></p>\n",
	      f);
}

void page_end(FILE *f)
{
	fprintf(f, "<script>\n%s</script>\n</body>\n</html>\n", page_script);
}

void page_heading(FILE *f, const char *title, const char *about)
{
	fprintf(f, "<h2>%s</h2>\n<p>", title);
	xml_put(f, about, strlen(about));
	fputs("</p>\n", f);
}

void page_text(FILE *f, const char *text)
{
	while (*text == '\n')
		text++;
	if (!*text)
		return;
	fputs("<pre>", f);
	xml_put(f, text, strlen(text));
	fputs("</pre>\n", f);
}

/* -- tables -- */

static bool is_number(const struct value *v)
{
	return v->type != VT_NONE && v->type != VT_TEXT;
}

/* Figures that are more or less of something: their lengths can be compared. */
static bool is_amount(enum value_type type)
{
	return type == VT_COUNT || type == VT_NS || type == VT_BYTES || type == VT_PERCENT ||
	       type == VT_MILLI;
}

struct column {
	const struct field *field;
	uint64_t most;
	bool used, number;
};

/* Columns that a table would show: not those that are only there when something is in them. */
static size_t look(struct column *columns, const struct fields *fs, const void *const *rows,
		   size_t n)
{
	size_t shown = 0;

	for (size_t i = 0; i < fs->n; i++) {
		struct column c = {.field = fs->list[i], .number = fs->list[i]->type != VT_TEXT};

		for (size_t k = 0; k < n; k++) {
			struct value v = {0};

			c.field->get(rows[k], &v);
			c.used |= v.type == VT_TEXT ? v.len : v.type != VT_NONE && v.u;
			if (is_amount(v.type) && v.u > c.most)
				c.most = v.u;
		}
		if (c.used || !(c.field->flags & FIELD_IF_SET) || fs->chosen)
			columns[shown++] = c;
	}
	return shown;
}

static void put_number(FILE *f, const struct column *c, const struct value *v)
{
	char text[VALUE_BUF];
	const bool bad = c->field->flags & FIELD_BAD && v->u;

	fprintf(f, "<td class=\"n%s\" data-v=\"", bad ? " bad" : "");
	if (v->type == VT_TIME)
		fprintf(f, "%" PRId64 "\"", v->i);
	else
		fprintf(f, "%" PRIu64 "\"", v->u);
	if (is_amount(v->type) && c->most && v->u)
		fprintf(f, " style=\"--w:%u%%\"",
			(unsigned)((unsigned __int128)v->u * 100 / c->most));
	fprintf(f, ">%s</td>", value_format(v, text));
}

static void put_cell(FILE *f, const struct column *c, const void *row)
{
	struct value v = {0};

	c->field->get(row, &v);
	if (is_number(&v)) {
		put_number(f, c, &v);
		return;
	}
	if (v.type == VT_NONE) {
		fputs(c->number ? "<td class=\"n\" data-v=\"\">-</td>" : "<td>-</td>", f);
		return;
	}
	fputs("<td>", f);
	xml_text(f, v.text, v.len);
	fputs("</td>", f);
}

void page_table(FILE *f, const struct fields *fs, const void *const *rows, size_t n)
{
	struct column columns[FIELDS_MAX];
	const size_t shown = look(columns, fs, rows, n);

	fputs("<div class=\"scroll\"><table>\n<thead><tr>", f);
	for (size_t i = 0; i < shown; i++) {
		const struct column *c = &columns[i];

		fprintf(f, "<th%s title=\"", c->number ? " class=\"n\"" : "");
		xml_text(f, c->field->help, strlen(c->field->help));
		fputs("\">", f);
		xml_text(f, c->field->header, strlen(c->field->header));
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t k = 0; k < n; k++) {
		fputs("<tr>", f);
		for (size_t i = 0; i < shown; i++)
			put_cell(f, &columns[i], rows[k]);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div>\n", f);
}
