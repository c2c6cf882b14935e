// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* report_print: the rows of a report, sorted and cut, in each of its formats. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/report_sections.h"
#include "replay/views/view_life.h"

static void section_free(struct section *s)
{
	free(s->rows.list);
	free(s->order);
}

static int choose_fields(const struct report *r, struct section *s, struct err *err)
{
	const struct report_options *opt = r->opt;
	struct fields table = {0}, machine = {0};
	const struct fields *standard = opt->format == ROWS_TABLE ? &table : &machine;

	view_fields(s->view, &s->all, &table, &machine);
	if (opt->fields)
		return fields_choose(&s->shown, &s->all, standard, opt->fields, err);
	s->shown = *standard;
	return 0;
}

static int make_section(const struct report *r, struct view *v, struct section *s, struct err *err)
{
	const struct report_options *opt = r->opt;
	bool tree = opt->tree && v->kind == &view_life;
	bool table = opt->format == ROWS_TABLE;
	int rc;

	*s = (struct section){.view = v};
	rc = choose_fields(r, s, err);
	if (!rc)
		rc = view_make_rows(v, &s->rows, err);
	if (!rc && tree)
		rc = life_tree(&s->rows, opt->zero || !table);
	if (rc)
		return rc;
	s->order = malloc((s->rows.n + 1) * sizeof(*s->order));
	if (!s->order)
		return err_set(err, -ENOMEM, "out of memory for %zu rows", s->rows.n);
	for (size_t i = 0; i < s->rows.n; i++) {
		const struct view_row *row = &s->rows.list[i];

		if (table && !opt->zero && !tree && v->kind->empty && v->kind->empty(row))
			s->dull++;
		else
			s->order[s->n++] = row;
	}
	if (!tree || opt->sort) {
		rc = rows_sort(s->order, s->n, &s->all, v->kind->sort, err);
		if (!rc && opt->sort)
			rc = rows_sort(s->order, s->n, &s->all, opt->sort, err);
	}
	if (opt->top && s->n > opt->top) {
		s->cut = s->n - opt->top;
		s->n = opt->top;
	}
	return rc;
}

static const char *what_rows(const struct view *v, size_t n)
{
	static const char *const one[BY_COUNT] = {
		"process", "thread", "comm", "cgroup", "user", "CPU", "device", "connection",
	};
	static const char *const many[BY_COUNT] = {
		"processes", "threads", "comms",   "cgroups",
		"users",     "CPUs",	"devices", "connections",
	};

	if ((!v->kind->by_subject && !v->kind->other_by) || v->kind->nsplit)
		return n == 1 ? "row" : "rows";
	return n == 1 ? one[v->subjects->by] : many[v->subjects->by];
}

void section_remarks(const struct section *s, FILE *f, const struct table_style *style)
{
	const struct view *v = s->view;
	char n[UNITS_BUF], kept[UNITS_BUF];

	if (!s->n && !s->dull && v->kind->why_none)
		table_note(f, style, "(%s)", v->kind->why_none(v));
	else if (!s->n && v->kind->feature && !view_recorded(v->env, v->kind->feature))
		table_note(f, style, "(not recorded)");
	else if (!s->n)
		table_note(f, style, "(none)");
	if (s->cut)
		table_note(f, style, "%s more %s; -n 0 shows all", format_count(s->cut, n),
			   what_rows(v, s->cut));
	if (s->dull)
		table_note(f, style, "%s %s %s; --zero shows them", format_count(s->dull, n),
			   what_rows(v, s->dull),
			   v->kind->dull ? v->kind->dull : "with nothing here");
	if (v->kind->by_subject && v->subjects->folded)
		table_note(f, style,
			   "%s that are gone are summed up in the rows (gone): the %s largest are "
			   "kept",
			   format_count(v->subjects->folded, n),
			   format_count(v->subjects->keep, kept));
}

static int print_table(const struct report *r, struct section *s, FILE *f, struct err *err)
{
	struct table_style style = {
		.color = r->opt->color,
		.width = r->opt->width,
	};
	const struct view *v = s->view;
	int rc;

	fprintf(f, "\n%s%s", style.color ? "\033[1m" : "", v->kind->name);
	if (v->kind->by_subject || v->kind->other_by)
		fprintf(f, " by %s", subject_by_names[v->subjects->by]);
	fprintf(f, "%s: %s\n", style.color ? "\033[0m" : "", v->kind->about);
	rc = v->kind->before && s->n ? v->kind->before(s->view, f, &style, err) : 0;
	if (!rc && s->n)
		rc = rows_table(f, &style, &s->shown, s->order, s->n, err);
	if (rc)
		return rc;
	section_remarks(s, f, &style);
	return v->kind->after && s->n ? v->kind->after(s->view, f, &style, err) : 0;
}

static void print_csv(const struct fields *columns, const struct section *s, FILE *f)
{
	for (size_t i = 0; i < s->n; i++)
		rows_csv(f, columns, &s->shown, s->order[i]);
}

/* Columns of all views: one table, whatever the groups. */
static int csv_columns(const struct section *sections, size_t n, struct fields *columns,
		       struct err *err)
{
	int rc = 0;

	*columns = (struct fields){0};
	for (size_t i = 0; i < n && !rc; i++)
		rc = fields_unite(columns, &sections[i].shown, err);
	return rc;
}

static int print_sections(const struct report *r, struct section *sections, FILE *f,
			  struct err *err)
{
	enum rows_format format = r->opt->format;
	struct fields columns;
	bool first = true;
	int rc = 0;

	if (format == ROWS_CSV) {
		rc = csv_columns(sections, r->nviews, &columns, err);
		if (rc)
			return rc;
		rows_csv_header(f, &columns);
	}
	for (size_t i = 0; i < r->nviews && !rc; i++) {
		struct section *s = &sections[i];

		if (format == ROWS_TABLE)
			rc = print_table(r, s, f, err);
		if (format == ROWS_CSV)
			print_csv(&columns, s, f);
		for (size_t k = 0; k < s->n && (format == ROWS_JSON || format == ROWS_NDJSON);
		     k++) {
			if (format == ROWS_JSON)
				fputs(first ? "\n" : ",\n", f);
			rows_json(f, &s->shown, s->order[k]);
			if (format == ROWS_NDJSON)
				putc('\n', f);
			first = false;
		}
	}
	return rc;
}

int report_print(struct report *r, const struct report_input *in, FILE *f, struct err *err)
{
	struct section sections[REPORT_VIEWS + 1] = {0};
	int rc = 0;

	if (r->opt->flame)
		return offcpu_print_flame(r->views[0], r->opt->flame, in->name, f, err);
	for (size_t i = 0; i < r->nviews && !rc; i++)
		rc = make_section(r, r->views[i], &sections[i], err);
	if (!rc && r->opt->html) {
		rc = report_page(r, in, sections, f, err);
	} else if (!rc) {
		if (r->opt->format == ROWS_TABLE)
			report_header_table(r, in, f);
		if (r->opt->format == ROWS_JSON) {
			report_header_json(r, in, f);
			fputs("\"rows\": [", f);
		}
		rc = print_sections(r, sections, f, err);
		if (r->opt->format == ROWS_JSON)
			fputs("\n]}\n", f);
	}
	for (size_t i = 0; i < r->nviews; i++)
		section_free(&sections[i]);
	return rc;
}

void report_print_fields(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->nviews; i++) {
		struct fields all, table, machine;
		int width = 16;

		view_fields(r->views[i], &all, &table, &machine);
		for (size_t k = 0; k < all.n; k++)
			if ((int)strlen(all.list[k]->key) > width)
				width = (int)strlen(all.list[k]->key);
		fprintf(f, "%s%s: %s\n", i ? "\n" : "", r->views[i]->kind->name,
			r->views[i]->kind->about);
		for (size_t k = 0; k < all.n; k++) {
			const struct field *field = all.list[k];
			bool shown = fields_find(&table, field->key, strlen(field->key));

			fprintf(f, "  %c %-*s %-11s %s\n", shown ? '*' : ' ', width, field->key,
				field->header, field->help);
		}
	}
	fputs("\n* in the table by default. -F a,b,c chooses, -F +a,-b changes the default.\n", f);
}
