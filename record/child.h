/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * child: the command of `rstat record -- CMD`. Forked before anything else is opened, so that it
 * has the caller's capabilities, signals and descriptors untouched; it waits for child_go()
 * before its exec, so that the exec is in the trace.
 */
#ifndef RSTAT_RECORD_CHILD_H
#define RSTAT_RECORD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct child {
	pid_t pid; /* 0: none */
	int pid_fd; /* readable when it has exited; -1 where the kernel has none */
	int go_fd; /* written: go; closed: do not */
	int failed_fd; /* errno of a failed exec, or nothing */
	bool exited;
	int status; /* as wait4 has it, once exited */
};

/*
 * Looks the command up as execvp does.
 *
 * Returns 0, or a negative errno: -ENOENT not found, else found and not executable.
 */
int child_find(const char *command, struct err *err);

/*
 * Forks.
 *
 * @stdout_is_taken  the trace goes there: what the command prints goes to stderr instead
 * @before_exec      runs in the child right before its exec (async-signal-safe)
 */
int child_fork(struct child *child, char *const *command, bool stdout_is_taken,
	       void (*before_exec)(void), struct err *err);

/* Lets it exec and waits for the outcome: 0, or a negative errno as of child_find(). */
int child_go(struct child *child, const char *command, struct err *err);

/* Collects its status if it has exited; true when it has (now or before). */
bool child_reap(struct child *child, bool wait);

/* Ends a command that was never let go, frees what child_fork() took. Zeroed is fine. */
void child_close(struct child *child);

/* The shell's reading of a wait status: the code, or 128 + signal. */
int child_exit_code(int status);

/* EXIT_NOT_FOUND or EXIT_CANNOT_RUN for a negative errno of child_find() or child_go(). */
int child_failure_code(int error);

#endif
