// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/cost.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

/*
 * VmHWM and not ru_maxrss: the latter survives exec, so under a large parent (a script that was
 * forked from a big process) it tells the parent's size.
 */
static uint64_t peak_rss(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}

void cost_read(struct cost *cost)
{
	struct timespec ts;

	cost->cpu_ns = 0;
	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts))
		cost->cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	cost->max_rss_bytes = peak_rss();
}

int cost_set_nice(int nice)
{
	if (!nice)
		return 0;
	/* PRIO_PROCESS with 0 is the calling thread on Linux; new threads inherit it */
	return setpriority(PRIO_PROCESS, 0, nice) ? -errno : 0;
}
