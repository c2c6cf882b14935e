/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* limit: what this process may have open. */
#ifndef RSTAT_RECORD_LIMIT_H
#define RSTAT_RECORD_LIMIT_H

#include <stdbool.h>

/*
 * As many open files as the hard limit allows: programs, maps, a counter or a figure for each CPU
 * can be more than a shell's 1024. Whom this process forks later has that limit too.
 *
 * Returns whether it is more than it was.
 */
bool limit_raise_files(void);

/*
 * Opens /dev/null where standard input, output or error are closed: else the first files that are
 * opened get these numbers, and messages for nobody are written into them. A command that is started
 * finds them closed, as they were.
 */
void limit_keep_standard_files(void);

#endif
