// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/schedule.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/units.h"

/* Two digits below `limit`; -1 when it is not that. */
static int two_digits(const char *text, int limit)
{
	int n;

	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	n = (text[0] - '0') * 10 + (text[1] - '0');
	return n < limit ? n : -1;
}

/* "14:30" or "14:30:05", every digit there. */
static int parse_clock(const char *text, int *second_of_day)
{
	const size_t len = strlen(text);
	int hour, minute, second = 0;

	if ((len != 5 && len != 8) || text[2] != ':' || (len == 8 && text[5] != ':'))
		return -EINVAL;
	hour = two_digits(text, 24);
	minute = two_digits(text + 3, 60);
	if (len == 8)
		second = two_digits(text + 6, 60);
	if (hour < 0 || minute < 0 || second < 0)
		return -EINVAL;
	*second_of_day = hour * 3600 + minute * 60 + second;
	return 0;
}

int schedule_parse(struct schedule *out, const char *text, struct err *err)
{
	struct schedule s = {0};
	int ret = -EINVAL;

	switch (text[0]) {
	case '+':
		s.kind = START_IN;
		ret = parse_duration(text + 1, &s.ns, NULL);
		break;
	case '/':
		s.kind = START_ALIGNED;
		ret = parse_duration(text + 1, &s.ns, NULL);
		if (!ret && !s.ns)
			ret = -EINVAL;
		break;
	case '@':
		s.kind = START_AT;
		ret = parse_clock(text + 1, &s.second_of_day);
		break;
	}
	if (ret)
		return err_set(err, -EINVAL,
			       "'%.64s' is no start: give +30s (from now), @14:30 or "
			       "@14:30:05 (local time), or /10s (next multiple)",
			       text);
	*out = s;
	return 0;
}

/* mktime() settles what a day with a change of clock makes of it. */
static time_t local_time_of(time_t now, int add_days, int second_of_day)
{
	struct tm tm;

	localtime_r(&now, &tm);
	tm.tm_mday += add_days;
	tm.tm_hour = second_of_day / 3600;
	tm.tm_min = second_of_day / 60 % 60;
	tm.tm_sec = second_of_day % 60;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static uint64_t next_clock(int second_of_day, uint64_t now_utc_ns)
{
	const time_t now = (time_t)(now_utc_ns / NSEC_PER_SEC);
	uint64_t at = 0;

	for (int day = 0; day < 2; day++) {
		const time_t t = local_time_of(now, day, second_of_day);

		at = (uint64_t)t * NSEC_PER_SEC;
		if (t != (time_t)-1 && at >= now_utc_ns)
			return at;
	}
	return now_utc_ns;
}

uint64_t schedule_resolve(const struct schedule *s, uint64_t now_utc_ns)
{
	uint64_t rest;

	switch (s->kind) {
	case START_IN: return s->ns > UINT64_MAX - now_utc_ns ? UINT64_MAX : now_utc_ns + s->ns;
	case START_AT: return next_clock(s->second_of_day, now_utc_ns);
	case START_ALIGNED:
		rest = now_utc_ns % s->ns;
		return rest ? now_utc_ns - rest + s->ns : now_utc_ns;
	case START_NOW: break;
	}
	return now_utc_ns;
}
