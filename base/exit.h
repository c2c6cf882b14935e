/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* exit: the exit codes that users and CI rely on. */
#ifndef RSTAT_BASE_EXIT_H
#define RSTAT_BASE_EXIT_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_USAGE = 2, /* readers: wrong usage, or input/output that failed */
	EXIT_INCOMPLETE = 3, /* readers, --strict: the trace is damaged or cut */
	EXIT_RECORD = 125, /* record: a failure of rstat's own */
	EXIT_CANNOT_RUN = 126, /* record -- CMD: found but not executable */
	EXIT_NOT_FOUND = 127, /* record -- CMD: not found */
};

#endif
