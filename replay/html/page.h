/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * page: a report as one HTML file that needs nothing else: charts of the machine over time, then a
 * table for each group whose figures are bars too. The script only sorts and filters.
 */
#ifndef RSTAT_REPLAY_HTML_PAGE_H
#define RSTAT_REPLAY_HTML_PAGE_H

#include <stdio.h>

#include "base/rows.h"
#include "replay/html/bands.h"

/* In this order: the beginning, text, charts, and for each group a heading, text, a table, text. */
void page_begin(FILE *f, const char *name);
/*
 * @start_ns  of the trace, from which times are told; the window ends at to_ns
 * @other     what BAND_OTHER is
 */
void page_charts(FILE *f, const struct bands *b, uint64_t start_ns, uint64_t to_ns, unsigned ncpus,
		 const char *other);
void page_heading(FILE *f, const char *title, const char *about);
void page_text(FILE *f,
	       const char *text); /* lines whose names are escaped for a terminal already */
void page_table(FILE *f, const struct fields *fs, const void *const *rows, size_t n);
void page_end(FILE *f);

#endif
