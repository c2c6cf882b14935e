/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* cost: what the recorder itself takes from the machine it measures. */
#ifndef RSTAT_RECORD_COST_H
#define RSTAT_RECORD_COST_H

#include <stdint.h>

struct cost {
	uint64_t cpu_ns; /* user + system, all threads of this process, no children */
	uint64_t max_rss_bytes; /* high-water mark; 0 unknown */
};

void cost_read(struct cost *cost);

/*
 * Raises the priority of the calling thread and of threads it creates later.
 *
 * @nice  -20..19; 0 leaves it alone
 * Returns 0 or a negative errno (-EACCES without CAP_SYS_NICE).
 */
int cost_set_nice(int nice);

#endif
