/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* explain_print: chains as an indented tree, or as rows for machines. */
#ifndef RSTAT_REPLAY_EXPLAIN_EXPLAIN_PRINT_H
#define RSTAT_REPLAY_EXPLAIN_EXPLAIN_PRINT_H

#include <stdio.h>

#include "replay/explain/explained.h"
#include "replay/report.h"

#define EXPLAIN_SCHEMA "rstat.explain/1"

/* A write error is left to the caller: ferror(f). */
void explain_print(const struct explained *e, const struct report_input *in, FILE *f);

#endif
