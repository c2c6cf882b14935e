/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * privilege: giving up capabilities once everything that needs them is open.
 *
 * Only CAP_SYS_ADMIN stays, permitted but not effective, where the recorder had it: timing the
 * programs (BPF_ENABLE_STATS) asks for it, the kernel has no smaller one for that. It becomes
 * effective for that call alone. Without it programs are just not timed.
 */
#ifndef RSTAT_RECORD_PRIVILEGE_H
#define RSTAT_RECORD_PRIVILEGE_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Of the calling thread; also forbids gaining any by an exec.
 *
 * @trace  CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH stay too, in the same way: naming the functions of
 *	   other users' programs takes looking at what these have mapped
 */
int privilege_drop(bool trace, struct err *err);

/*
 * Runs fn(arg) on a thread of its own that holds no capability, and waits for it: threads that
 * fn creates inherit that (capabilities belong to threads, there is no later way to take them).
 */
int privilege_run_without(void (*fn)(void *arg), void *arg, struct err *err);

/* Makes the kept CAP_SYS_ADMIN effective, or not, for the calling thread. */
void privilege_admin(bool on);
/* The same of what stays with `trace`. */
void privilege_trace(bool on);

#endif
