// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_dist_all: the distribution of all tasks together, above the table by process. */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/view_dist.h"

static void free_all(struct dist_record *all)
{
	for (unsigned i = 0; i < DIST_SPLITS; i++) {
		if (all->by[i])
			dist_free(&all->by[i]->dist);
		free(all->by[i]);
	}
}

static int add_record(struct dist_record *all, const struct dist_record *r)
{
	for (unsigned i = 0; i < DIST_SPLITS; i++) {
		if (!r->by[i])
			continue;
		if (!all->by[i])
			all->by[i] = calloc(1, sizeof(*all->by[i]));
		if (!all->by[i] || dist_add_figures(all->by[i], r->by[i]))
			return -ENOMEM;
	}
	return 0;
}

/* What a row says of its subject is not for these lines. */
static void choose_fields(const struct view *v, struct fields *out)
{
	for (size_t i = 0; i < v->kind->nfields; i++) {
		const struct field *field = &v->kind->fields[i];

		if (field->flags & FIELD_TABLE)
			out->list[out->n++] = field;
	}
}

int dist_print_all(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	struct view_row rows[DIST_SPLITS];
	const void *order[DIST_SPLITS];
	struct dist_record all = {0};
	struct fields fs = {0};
	size_t n = 0;
	int rc = 0;

	for (uint32_t id = 0; id < v->subjects->n && !rc; id++)
		if (id < v->room && v->subjects->list[id].used)
			rc = add_record(&all, view_figures(v, id));
	for (unsigned i = 0; i < DIST_SPLITS; i++) {
		if (!all.by[i])
			continue;
		rows[n] = (struct view_row){.view = v, .figures = &all, .split = i};
		order[n] = &rows[n];
		n++;
	}
	choose_fields(v, &fs);
	view_heading(f, style, "all together");
	if (rc)
		err_set(err, rc, "out of memory for the rows of %s", v->kind->name);
	else
		rc = rows_table(f, style, &fs, order, n, err);
	if (!rc)
		putc('\n', f);
	free_all(&all);
	return rc;
}
