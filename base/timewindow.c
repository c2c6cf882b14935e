// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/timewindow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"

#define DAY_NS	  (86400 * NSEC_PER_SEC)
#define SHARE_ONE UINT64_C(1000000000)
#define FORMS	  "+1.5s, -10s, 40%, 14:30:05 or 2026-11-21T14:30:05Z"

/* Exactly n digits (n == 0: one or two), into *out. */
static bool take_number(const char **s, int n, int *out)
{
	int got = 0, value = 0, most = n ? n : 2;

	while (got < most && **s >= '0' && **s <= '9') {
		value = value * 10 + (*(*s)++ - '0');
		got++;
	}
	*out = value;
	return n ? got == n : got > 0;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* HH:MM[:SS[.fraction]] as ns since midnight. */
static bool take_clock(const char **s, uint64_t *ns)
{
	int h, m, sec = 0;
	uint64_t fraction = 0, unit = NSEC_PER_SEC;

	if (!take_number(s, 0, &h) || !take_char(s, ':') || !take_number(s, 2, &m))
		return false;
	if (take_char(s, ':')) {
		if (!take_number(s, 2, &sec))
			return false;
		if (take_char(s, '.')) {
			if (**s < '0' || **s > '9')
				return false;
			for (; **s >= '0' && **s <= '9'; (*s)++) {
				unit /= 10;
				fraction += unit * (uint64_t)(**s - '0');
			}
		}
	}
	if (h > 23 || m > 59 || sec > 60)
		return false;
	*ns = (uint64_t)(h * 3600 + m * 60 + sec) * NSEC_PER_SEC + fraction;
	return true;
}

/* "Z", "+02:00", "-0530" or nothing (local). */
static bool take_zone(const char **s, bool *local, int64_t *offset_s)
{
	int h, m = 0, sign;

	*local = !**s;
	*offset_s = 0;
	if (!**s || take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	sign = **s == '-' ? -1 : 1;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, &h))
		return false;
	take_char(s, ':');
	if (**s && !take_number(s, 2, &m))
		return false;
	*offset_s = sign * (h * 3600 + m * 60);
	return h < 24 && m < 60;
}

static bool parse_iso(const char *s, uint64_t *utc_ns)
{
	int64_t offset;
	uint64_t clock;
	struct tm tm = {.tm_isdst = -1};
	int year, month, day;
	bool local;
	time_t t;

	if (!take_number(&s, 4, &year) || !take_char(&s, '-') || !take_number(&s, 2, &month) ||
	    !take_char(&s, '-') || !take_number(&s, 2, &day))
		return false;
	if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' '))
		return false;
	if (!take_clock(&s, &clock) || !take_zone(&s, &local, &offset) || *s)
		return false;
	if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1970 || year > 2500)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = (int)(clock / (3600 * NSEC_PER_SEC));
	tm.tm_min = (int)(clock / (60 * NSEC_PER_SEC) % 60);
	tm.tm_sec = (int)(clock / NSEC_PER_SEC % 60);
	t = local ? mktime(&tm) : timegm(&tm);
	if (tm.tm_mday != day) /* 31 February */
		return false;
	t -= offset;
	if (t < 0)
		return false;
	*utc_ns = (uint64_t)t * NSEC_PER_SEC + clock % NSEC_PER_SEC;
	return true;
}

/* "40.5%" in SHARE_ONE. */
static bool parse_share(const char *s, uint64_t *share)
{
	uint64_t value = 0, unit = SHARE_ONE / 100;
	int n;

	for (n = 0; *s >= '0' && *s <= '9' && n < 3; s++, n++)
		value = value * 10 + (uint64_t)(*s - '0');
	if (!n)
		return false;
	value *= unit;
	if (take_char(&s, '.'))
		for (; *s >= '0' && *s <= '9'; s++) {
			unit /= 10;
			value += unit * (uint64_t)(*s - '0');
		}
	*share = value;
	return !strcmp(s, "%") && value <= SHARE_ONE;
}

static int parse_point(struct time_point *p, const char *text, struct err *err)
{
	const char *s = text;

	snprintf(p->text, sizeof(p->text), "%s", text);
	if (!*text) {
		p->kind = TP_NONE;
		return 0;
	}
	if (*text == '+' || *text == '-') {
		p->kind = *text == '+' ? TP_FROM_START : TP_FROM_END;
		return parse_duration(text + 1, &p->value, err);
	}
	if (strchr(text, '%')) {
		p->kind = TP_SHARE;
		if (parse_share(text, &p->value))
			return 0;
		return err_set(err, -EINVAL, "'%.40s' is not a share between 0%% and 100%%", text);
	}
	p->kind = TP_UTC;
	if (parse_iso(text, &p->value))
		return 0;
	p->kind = TP_CLOCK;
	if (take_clock(&s, &p->value) && !*s)
		return 0;
	return err_set(err, -EINVAL, "'%.40s' is not a time; write %s", text, FORMS);
}

int time_spec_parse(struct time_spec *spec, const char *text, struct err *err)
{
	const char *comma = strchr(text, ',');
	char a[48];
	int rc;

	if (!comma || strchr(comma + 1, ',') || (size_t)(comma - text) >= sizeof(a) ||
	    strlen(comma + 1) >= sizeof(a))
		return err_set(err, -EINVAL, "'%.60s' is not A,B; a side may be empty or %s", text,
			       FORMS);
	memcpy(a, text, (size_t)(comma - text));
	a[comma - text] = '\0';
	rc = parse_point(&spec->a, a, err);
	return rc ? rc : parse_point(&spec->b, comma + 1, err);
}

/* Instant as signed ns from the start of the trace; far away is clamped, never wrapped. */
static int64_t clamp_offset(__int128 ns)
{
	const int64_t far = INT64_MAX / 4;

	return ns > far ? far : ns < -far ? -far : (int64_t)ns;
}

/* The local clock time on the day of the start; the day after when that is before the start. */
static int64_t clock_offset(uint64_t clock_ns, const struct time_span *span)
{
	time_t start = (time_t)(span->start_utc_ns / NSEC_PER_SEC), t;
	__int128 offset = 0;
	struct tm day, tm;

	localtime_r(&start, &day);
	for (int later = 0; later < 2; later++) {
		tm = day;
		tm.tm_isdst = -1;
		tm.tm_mday += later;
		tm.tm_hour = (int)(clock_ns / (3600 * NSEC_PER_SEC));
		tm.tm_min = (int)(clock_ns / (60 * NSEC_PER_SEC) % 60);
		tm.tm_sec = (int)(clock_ns / NSEC_PER_SEC % 60);
		t = mktime(&tm);
		offset = (__int128)t * NSEC_PER_SEC + clock_ns % NSEC_PER_SEC -
			 (__int128)span->start_utc_ns;
		/* the very second of the start is today's, however the fraction lies */
		if (offset > -(__int128)NSEC_PER_SEC)
			break;
	}
	return clamp_offset(offset);
}

static int resolve_point(int64_t *out, const struct time_point *p, const struct time_span *span,
			 struct err *err)
{
	bool endless = span->end_ns == UINT64_MAX;
	uint64_t length = endless ? 0 : span->end_ns - span->start_ns;

	if (endless && (p->kind == TP_FROM_END || p->kind == TP_SHARE))
		return err_set(
			err, -EINVAL,
			"'%s' needs the end of the trace, which a pipe does not tell before; "
			"use +DURATION or a clock time, or a file",
			p->text);
	if (!span->start_utc_ns && (p->kind == TP_CLOCK || p->kind == TP_UTC))
		return err_set(err, -EINVAL,
			       "'%s': the trace does not tell when it was recorded; use +DURATION",
			       p->text);
	switch (p->kind) {
	case TP_NONE: *out = 0; break;
	case TP_FROM_START: *out = clamp_offset(p->value); break;
	case TP_FROM_END: *out = clamp_offset((__int128)length - p->value); break;
	case TP_SHARE: *out = clamp_offset((__int128)length * p->value / SHARE_ONE); break;
	case TP_CLOCK: *out = clock_offset(p->value, span); break;
	case TP_UTC: *out = clamp_offset((__int128)p->value - span->start_utc_ns); break;
	}
	return 0;
}

int time_window_resolve(struct time_window *out, const struct time_spec *spec,
			const struct time_span *span, struct err *err)
{
	bool endless = span->end_ns == UINT64_MAX;
	int64_t a = 0, b = 0, length;
	char buf[UNITS_BUF];
	int rc;

	length = endless ? INT64_MAX : clamp_offset((__int128)span->end_ns - span->start_ns);
	rc = resolve_point(&a, &spec->a, span, err);
	if (!rc)
		rc = resolve_point(&b, &spec->b, span, err);
	if (rc)
		return rc;
	if (spec->b.kind == TP_NONE)
		b = length;
	if (spec->a.kind != TP_NONE && spec->b.kind != TP_NONE && a >= b)
		return err_set(err, -EINVAL, "the window '%s,%s' is %s", spec->a.text, spec->b.text,
			       a == b ? "empty" : "reversed: its end is before its start");
	if ((spec->a.kind != TP_NONE && a >= length) || (spec->b.kind != TP_NONE && b <= 0))
		return err_set(err, -EINVAL,
			       "the window '%s,%s' is outside the trace, which is %s long",
			       spec->a.text, spec->b.text,
			       endless ? "not yet known how" : format_ns((uint64_t)length, buf));
	out->from_ns = span->start_ns + (uint64_t)(a > 0 ? a : 0);
	out->to_ns = b < length ? span->start_ns + (uint64_t)b : span->end_ns;
	return 0;
}

char *format_utc(uint64_t utc_ns, char buf[40])
{
	time_t t = (time_t)(utc_ns / NSEC_PER_SEC);
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(buf, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, 40 - n, ".%09" PRIu64 "Z", utc_ns % NSEC_PER_SEC);
	return buf;
}

/* "2026-11-21 14:30:05.623456", or without the day. */
static void format_instant(uint64_t utc_ns, bool with_day, char *buf, size_t size)
{
	time_t t = (time_t)(utc_ns / NSEC_PER_SEC);
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(buf, size, with_day ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	snprintf(buf + n, size - n, ".%06" PRIu64, utc_ns % NSEC_PER_SEC / 1000);
}

char *time_window_format(const struct time_window *w, const struct time_span *span,
			 char buf[TIME_WINDOW_BUF])
{
	uint64_t a = w->from_ns - span->start_ns, b = w->to_ns - span->start_ns;
	uint64_t utc_a = span->start_utc_ns + a, utc_b = span->start_utc_ns + b;
	bool endless = w->to_ns == UINT64_MAX;
	bool one_day = utc_a / DAY_NS == utc_b / DAY_NS;
	char text_a[40], text_b[40] = "end";
	size_t n;

	n = (size_t)snprintf(buf, TIME_WINDOW_BUF, "+%" PRIu64 ".%06" PRIu64 " s .. ",
			     a / NSEC_PER_SEC, a % NSEC_PER_SEC / 1000);
	if (endless)
		n += (size_t)snprintf(buf + n, TIME_WINDOW_BUF - n, "end");
	else
		n += (size_t)snprintf(buf + n, TIME_WINDOW_BUF - n, "+%" PRIu64 ".%06" PRIu64 " s",
				      b / NSEC_PER_SEC, b % NSEC_PER_SEC / 1000);
	if (!span->start_utc_ns)
		return buf;
	format_instant(utc_a, true, text_a, sizeof(text_a));
	if (!endless)
		format_instant(utc_b, !one_day, text_b, sizeof(text_b));
	snprintf(buf + n, TIME_WINDOW_BUF - n, " (%s .. %s UTC)", text_a, text_b);
	return buf;
}
