/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* schedule: when a recording starts (--start). */
#ifndef RSTAT_RECORD_SCHEDULE_H
#define RSTAT_RECORD_SCHEDULE_H

#include <stdint.h>

#include "base/err.h"

enum schedule_kind {
	START_NOW = 0,
	START_IN, /* "+30s": after a delay */
	START_AT, /* "@14:30" or "@14:30:05": the next time the local clock shows it */
	START_ALIGNED, /* "/10s": the next multiple of 10 s of UTC, the same on every host */
};

struct schedule {
	enum schedule_kind kind;
	uint64_t ns; /* IN: delay; ALIGNED: step */
	int second_of_day; /* AT */
};

/* -EINVAL: none of the three forms. */
int schedule_parse(struct schedule *out, const char *text, struct err *err);

/* The CLOCK_REALTIME instant to start at, never before now_utc_ns. */
uint64_t schedule_resolve(const struct schedule *s, uint64_t now_utc_ns);

#endif
