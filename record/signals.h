/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * signals: SIGINT, SIGTERM and SIGHUP ask a recording to end. The first is delivered through a
 * descriptor; a second one, once it is really another (timeout(1) and terminals send the first
 * one twice), aborts at once, even while the recorder hangs in a write. What was flushed by then
 * can be read.
 */
#ifndef RSTAT_RECORD_SIGNALS_H
#define RSTAT_RECORD_SIGNALS_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Installs the handlers; SIGPIPE and SIGXFSZ are ignored (the write says it too). A SIGHUP that
 * was ignored (nohup) stays so. Once per process.
 */
int signals_install(struct err *err);

/* Readable when one has arrived. */
int signals_fd(void);

/* The first signal that arrived, 0 none yet. @by_terminal: the kernel sent it, CMD got it too. */
int signals_first(bool *by_terminal);

/*
 * From now on a second signal aborts with this message (a string that stays); before, nothing is
 * there to be recovered.
 */
void signals_allow_abort(const char *message);

/*
 * Everything as it was before signals_install(), then the signal that has arrived since, if any, once
 * more: for the child, right before its exec; async-signal-safe.
 */
void signals_restore(void);

/* "SIGINT", ... */
const char *signals_name(int signal);

#endif
