/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * samples: figures of the machine as its own files tell them (/proc/stat, /proc/meminfo,
 * /proc/pressure, /sys/class/thermal, ...), each under a name of its own: a metric. What a host
 * does not have is left out. Files stay open; once every metric has been met, taking a sample
 * allocates nothing and needs no privilege.
 */
#ifndef RSTAT_RECORD_SAMPLES_H
#define RSTAT_RECORD_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"

/* /proc/schedstat is long, and its counters are slow: only every so many samples. */
#define SAMPLES_RARELY 10u

struct samples;

/*
 * Opens what there is.
 *
 * @root       "" for this machine, or a folder with a copy of its /proc and /sys (tests)
 * @cpu_limit  highest CPU number + 1
 */
int samples_new(struct samples **out, const char *root, uint32_t cpu_limit, struct err *err);
void samples_free(struct samples *s);

/* "schedstat, thermal": the sources that this host lacks, "" none. */
void samples_absent(const struct samples *s, char *to, size_t size);

/*
 * Reads everything (`whole`: what is only read rarely too). Events have time now_ns and no CPU:
 * an EV_NAME before a metric's first EV_SAMPLE, an EV_SAMPLE for each that changed; the first time
 * for all of them; with EVF_SAMPLE_GONE for one that cannot be read any more.
 *
 * @events  valid until the next call
 * Returns how many.
 */
size_t samples_take(struct samples *s, uint64_t now_ns, bool whole, const struct event **events);

#endif
