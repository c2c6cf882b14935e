/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* limit: what this process is allowed. */
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

#endif
