/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* buffer_arg: the option --buffer of the verbs that attach the recorder's programs. */
#ifndef RSTAT_VERBS_BUFFER_ARG_H
#define RSTAT_VERBS_BUFFER_ARG_H

#include <stdint.h>

#include "base/err.h"

/* A size from 4K to 256M for the ring of one CPU. -EINVAL: not a size, -ERANGE: another one. */
int buffer_arg_parse(const char *arg, uint64_t *ring_bytes, struct err *err);

#endif
