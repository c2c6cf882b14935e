/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* pager: standard output through less(1), on a terminal only. */
#ifndef RSTAT_BASE_PAGER_H
#define RSTAT_BASE_PAGER_H

#include <stdbool.h>

/*
 * From here to pager_end() what is printed on stdout goes through $RSTAT_PAGER, $PAGER or less, if
 * stdout is a terminal and there is such a program; else nothing changes. A pager that is quit
 * early makes writes fail with EPIPE, which is no error of the caller. True when there is one.
 */
bool pager_start(void);

/* Flushes stdout and waits until the user is done. Harmless without a pager. */
void pager_end(void);

/* "auto" (a terminal, NO_COLOR not set, TERM not dumb), "always", "never"; NULL is "auto". */
bool color_wanted(const char *when, bool *valid);

/* Columns of the terminal on stdout, 0 when it is none. */
unsigned terminal_width(void);

#endif
