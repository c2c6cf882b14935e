/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* report_sections: what report_print.c makes of each view, for the formats that have files of their own. */
#ifndef RSTAT_REPLAY_REPORT_SECTIONS_H
#define RSTAT_REPLAY_REPORT_SECTIONS_H

#include "replay/report.h"

/* The rows of one view, sorted and cut. */
struct section {
	struct view *view;
	struct view_rows rows;
	const void **order;
	size_t n; /* to be shown */
	size_t cut, dull; /* more than -n allows; rows with nothing in them */
	struct fields all, shown;
};

/* What the rows leave out, and why there are none. */
void section_remarks(const struct section *s, FILE *f, const struct table_style *style);

/* All sections, one for each view of the report. */
int report_page(const struct report *r, const struct report_input *in, struct section *sections,
		FILE *f, struct err *err);

#endif
