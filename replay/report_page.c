// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The tables of a report, on an HTML page. */
#include <errno.h>
#include <stdlib.h>

#include "replay/html/page.h"
#include "replay/report_sections.h"

/* Plain text, as the table has it, on its way to a page. */
struct draft {
	FILE *f;
	char *text;
	size_t len;
};

static int draft_open(struct draft *d, struct err *err)
{
	*d = (struct draft){0};
	d->f = open_memstream(&d->text, &d->len);
	return d->f ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* Goes to the page when all is well so far; that something is missing is never passed over. */
static int draft_close(struct draft *d, FILE *f, int rc, struct err *err)
{
	bool whole = !ferror(d->f);

	if (fclose(d->f) || !whole) {
		free(d->text);
		return rc ? rc : err_set(err, -ENOMEM, "out of memory");
	}
	if (!rc)
		page_text(f, d->text);
	free(d->text);
	return rc;
}

static int page_part(struct section *s, bool before, FILE *f, struct err *err)
{
	const struct table_style style = {.width = s->view->env->width};
	const struct view_kind *kind = s->view->kind;
	struct draft d;
	int rc = draft_open(&d, err);

	if (rc)
		return rc;
	if (!before)
		section_remarks(s, d.f, &style);
	if (before && kind->before && s->n)
		rc = kind->before(s->view, d.f, &style, err);
	if (!before && kind->after && s->n)
		rc = kind->after(s->view, d.f, &style, err);
	return draft_close(&d, f, rc, err);
}

static int print_page_section(struct section *s, FILE *f, struct err *err)
{
	const struct view *v = s->view;
	char title[100];
	int rc;

	snprintf(title, sizeof(title), "%s%s%s", v->kind->name,
		 v->kind->by_subject || v->kind->other_by ? " by " : "",
		 v->kind->by_subject || v->kind->other_by ? subject_by_names[v->subjects->by] : "");
	page_heading(f, title, v->kind->about);
	rc = page_part(s, true, f, err);
	if (!rc && s->n)
		page_table(f, &s->shown, s->order, s->n);
	return rc ? rc : page_part(s, false, f, err);
}

int report_page(const struct report *r, const struct report_input *in, struct section *sections,
		FILE *f, struct err *err)
{
	struct draft d;
	int rc = draft_open(&d, err);

	if (rc)
		return rc;
	page_begin(f, in->name);
	report_header_table(r, in, d.f);
	rc = draft_close(&d, f, 0, err);
	page_charts(f, &r->bands, r->env.start_ns, r->env.to_ns, r->env.ncpus, report_other(r));
	for (size_t i = 0; i < r->nviews && !rc; i++)
		rc = print_page_section(&sections[i], f, err);
	page_end(f);
	return rc;
}
