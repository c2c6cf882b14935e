/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* symbols: names of the kernel's functions, from /proc/kallsyms. */
#ifndef RSTAT_RECORD_SYMBOLS_H
#define RSTAT_RECORD_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SYMBOL_ROOM                                                                                \
	256u /* bytes of a name: KSYM_NAME_LEN is 512, but only C++ and Rust get there */

struct symbols;

/*
 * Reads them once; what is loaded later has no name.
 *
 * @root  "" for this machine, or a folder with a copy of its /proc (tests)
 * -EPERM: the kernel keeps its addresses to itself (kernel.kptr_restrict, or no CAP_SYSLOG).
 */
int symbols_new(struct symbols **out, const char *root, struct err *err);
void symbols_free(struct symbols *s); /* NULL is fine */

/* "func" or "func [module]"; "" when there is no such function. s may be NULL. */
void symbols_name(const struct symbols *s, uint64_t address, char name[SYMBOL_ROOM]);

#endif
