/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * timewindow: the argument of --time, "A,B". Either side may be empty (the start, the end). A
 * side is one of
 *   +1.5s       from the start of the trace (any duration of base/units.h)
 *   -10s        before its end
 *   40%         of its length, decimals allowed
 *   14:30:05    local time (TZ) of the day on which the recording starts, fraction and seconds
 *               optional; a time before the start means the day after
 *   2026-11-21T14:30:05.123Z   ISO 8601; with Z or +HH:MM, else local time; blank for T is fine
 *
 * Parsing needs no trace, so that a wrong argument is told before a file is opened.
 */
#ifndef RSTAT_BASE_TIMEWINDOW_H
#define RSTAT_BASE_TIMEWINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum time_point_kind {
	TP_NONE = 0, /* the side is empty */
	TP_FROM_START,
	TP_FROM_END,
	TP_SHARE, /* value: in 1e-9 of the length */
	TP_CLOCK, /* value: ns since midnight, local */
	TP_UTC, /* value: ns since 1970 */
};

struct time_point {
	enum time_point_kind kind;
	uint64_t value;
	char text[48]; /* as the user wrote it */
};

struct time_spec {
	struct time_point a, b; /* zeroed: everything */
};

/* The trace that a window refers to. */
struct time_span {
	uint64_t start_ns, end_ns; /* MONOTONIC; end UINT64_MAX: not known (a pipe) */
	uint64_t start_utc_ns; /* CLOCK_REALTIME at start_ns, 0 not known */
};

/* [from_ns, to_ns) MONOTONIC, inside the span. */
struct time_window {
	uint64_t from_ns, to_ns;
};

int time_spec_parse(struct time_spec *spec, const char *text, struct err *err);

/*
 * The window as an interval of the trace, cut to the trace. Refused (-EINVAL): no overlap with
 * the trace, empty or reversed, -10s or 40% where the end is not known, a clock time where the
 * start is not known.
 */
int time_window_resolve(struct time_window *out, const struct time_spec *spec,
			const struct time_span *span, struct err *err);

#define TIME_WINDOW_BUF 160

/*
 * "+0.500000 s .. +2.000000 s (2026-11-21 14:30:05.623456 .. 14:30:07.123456 UTC)". An end that is
 * not known is "end". Returns buf.
 */
char *time_window_format(const struct time_window *w, const struct time_span *span,
			 char buf[TIME_WINDOW_BUF]);

/* ISO 8601 in UTC with nanoseconds, "2026-11-21T14:30:05.623456789Z". Returns buf. */
char *format_utc(uint64_t utc_ns, char buf[40]);

#endif
