/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * units: numbers as people write and read them. Parsing is exact integer arithmetic and refuses
 * what it does not understand whole: signs, overflow, trailing text.
 */
#ifndef RSTAT_BASE_UNITS_H
#define RSTAT_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NSEC_PER_SEC UINT64_C(1000000000)

/*
 * "1.5s", "200ms", "10us", "5ns", "2m", "1h", "1d"; a bare number is seconds. At most nanosecond
 * precision: a fraction of a nanosecond is refused unless it is zero.
 * Returns 0, -EINVAL, or -ERANGE (err is one sentence).
 */
int parse_duration(const char *text, uint64_t *ns, struct err *err);

/*
 * "4096", "64K", "64KiB" (powers of 1024: K M G T, with or without iB), "64kB", "64KB" (powers
 * of 1000). Whole bytes only.
 */
int parse_size(const char *text, uint64_t *bytes, struct err *err);

/* Decimal, no sign, no blanks. `max` is the largest value allowed, named in the error. */
int parse_u64(const char *text, uint64_t max, uint64_t *out, struct err *err);
int parse_u32(const char *text, uint32_t max, uint32_t *out, struct err *err);

/* Decimal with an optional minus sign, between min and max (record --nice -20). */
int parse_int(const char *text, int min, int max, int *out, struct err *err);

#define UNITS_BUF 32 /* enough for every format_*() */

/* Three significant digits and a unit: "0 ns", "812 ns", "1.24 ms", "16.7 min". Returns buf. */
char *format_ns(uint64_t ns, char buf[UNITS_BUF]);
/* Powers of 1000: "512 B", "1.24 MB". */
char *format_bytes(uint64_t bytes, char buf[UNITS_BUF]);
/* Every digit, in groups of three: "1,234,567". */
char *format_count(uint64_t n, char buf[UNITS_BUF]);

#endif
