/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* features: what a recording can leave out, by name. */
#ifndef RSTAT_RECORD_FEATURES_H
#define RSTAT_RECORD_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "record/kernel.h"

/* "io", "fs", "net"; "sched" for 0, which is what cannot be left out. */
const char *feature_name(uint32_t feature);

/*
 * Adds, or takes away, the one of this name. -EINVAL: there is no such feature; the message lists
 * them, and those that have options of their own.
 */
int features_set(uint32_t *features, bool with, const char *name, struct err *err);

/* "sched,io,fs,net" */
void features_text(uint32_t features, char *to, size_t size);

#endif
