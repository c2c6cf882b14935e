/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * trace_file: where the trace goes, without ever costing the user a file.
 *
 * A regular file is written under a temporary name beside its place and moved there by
 * trace_file_commit(), once the recording really runs. So a recording that fails to start leaves
 * everything as it was. What is in the way must be a trace (it becomes FILE.old) or empty; a
 * symbolic link is never followed. Mode 0600; under sudo the file belongs to the calling user.
 */
#ifndef RSTAT_RECORD_TRACE_FILE_H
#define RSTAT_RECORD_TRACE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct trace_file {
	int fd;
	int dir_fd; /* the folder, -1 when there is nothing to move (pipe, /dev/null) */
	bool committed;
	char path[4096]; /* as the user gave it, for messages */
	char name[256]; /* last component */
	char temporary[256]; /* its name until the commit */
};

/*
 * Finds out whether trace_file_open() would work, changing nothing.
 *
 * @path  "-" is standard output, refused when it is a terminal. FIFOs, /dev/null and /dev/full
 *	  are written in place.
 */
int trace_file_check(const char *path, struct err *err);

/* Opens the temporary file (or the pipe). uid/gid: the new owner, (uid_t)-1 to leave it. */
int trace_file_open(struct trace_file *file, const char *path, uid_t uid, gid_t gid,
		    struct err *err);

/* Moves what is in the way to FILE.old and the new file to its place. */
int trace_file_commit(struct trace_file *file, struct err *err);

/* Closes. What was not committed is removed; what was, stays. Zeroed by trace_file_open(). */
int trace_file_close(struct trace_file *file, struct err *err);

/* Who called sudo; (uid_t)-1 and (gid_t)-1 when nobody did. */
void trace_file_sudo_owner(uid_t *uid, gid_t *gid);

#endif
