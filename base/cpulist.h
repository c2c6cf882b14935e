/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* cpulist: a set of CPUs written as the kernel writes it, "0,2-5". */
#ifndef RSTAT_BASE_CPULIST_H
#define RSTAT_BASE_CPULIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CPULIST_MAX 8192 /* NR_CPUS of the largest kernels */

/* Zeroed: the empty set. Bit c of words[c / 64] is CPU c. */
struct cpulist {
	uint64_t *words;
	size_t nwords;
};

/* Adds the CPUs of `text` to the set. -EINVAL, -ERANGE, -ENOMEM; the set is then as before. */
int cpulist_parse(struct cpulist *set, const char *text, struct err *err);
bool cpulist_has(const struct cpulist *set, uint32_t cpu);
bool cpulist_empty(const struct cpulist *set);
void cpulist_free(struct cpulist *set);

#endif
