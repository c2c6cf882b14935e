/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* caps: what the process may do, and how a user gets what is missing. */
#ifndef RSTAT_RECORD_CAPS_H
#define RSTAT_RECORD_CAPS_H

#include "base/err.h"

/*
 * 0 when the process may load and attach the programs: CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN.
 * -EPERM: err names what is missing and how to get it.
 */
int caps_check(struct err *err);

#endif
