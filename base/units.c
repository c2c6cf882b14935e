// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t scale;
};

static const struct unit durations[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"", NSEC_PER_SEC},
	{"s", NSEC_PER_SEC},
	{"m", 60 * NSEC_PER_SEC},
	{"min", 60 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
	{"d", 86400 * NSEC_PER_SEC},
	{NULL, 0},
};

static const struct unit sizes[] = {
	{"", 1},
	{"B", 1},
	{"K", UINT64_C(1) << 10},
	{"k", UINT64_C(1) << 10},
	{"KiB", UINT64_C(1) << 10},
	{"M", UINT64_C(1) << 20},
	{"MiB", UINT64_C(1) << 20},
	{"G", UINT64_C(1) << 30},
	{"GiB", UINT64_C(1) << 30},
	{"T", UINT64_C(1) << 40},
	{"TiB", UINT64_C(1) << 40},
	{"kB", 1000},
	{"KB", 1000},
	{"MB", 1000000},
	{"GB", UINT64_C(1000000000)},
	{"TB", UINT64_C(1000000000000)},
	{NULL, 0},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *s to *out; false on overflow. */
static bool take_digits(const char **s, uint64_t *out)
{
	uint64_t n = 0;
	bool fits = true;

	for (; is_digit(**s); (*s)++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(**s - '0'), &n))
			fits = false;
	*out = n;
	return fits;
}

/*
 * 0.DIGITS of `scale`, exact: false when it is not a whole number. Scales divide by ten only as
 * often as they have factors, so each digit's share is checked from the last one up.
 */
static bool take_fraction(const char **s, uint64_t scale, uint64_t *out)
{
	const char *first = *s, *last;
	unsigned __int128 rest = 0;

	while (is_digit(**s))
		(*s)++;
	last = *s;
	while (last > first && last[-1] == '0')
		last--;
	if (last - first > 18)
		return false;
	/* value = scale * digits / 10^n */
	uint64_t digits = 0, pow = 1;

	for (const char *d = first; d < last; d++) {
		digits = digits * 10 + (uint64_t)(*d - '0');
		pow *= 10;
	}
	rest = (unsigned __int128)scale * digits;
	if (rest % pow)
		return false;
	*out = (uint64_t)(rest / pow);
	return true;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcmp(units->name, name))
			return units;
	return NULL;
}

static int parse_scaled(const char *text, const struct unit *units, const char *what,
			const char *example, uint64_t *out, struct err *err)
{
	const char *s = text, *fraction;
	const struct unit *unit;
	uint64_t whole, part = 0;
	bool fits;

	if (*s == '-' && (is_digit(s[1]) || s[1] == '.'))
		return err_set(err, -EINVAL, "'%.60s' is negative; a %s is not", text, what);
	if (!is_digit(*s))
		return err_set(err, -EINVAL, "'%.60s' is not a %s such as %s", text, what, example);
	fits = take_digits(&s, &whole);
	fraction = *s == '.' && is_digit(s[1]) ? ++s : NULL;
	while (fraction && is_digit(*s))
		s++;
	unit = find_unit(units, s);
	if (!unit)
		return err_set(err, -EINVAL, "'%.60s' is not a %s such as %s", text, what, example);
	if (fraction && !take_fraction(&fraction, unit->scale, &part))
		return err_set(err, -EINVAL, "'%.60s' is finer than a %s can be", text, what);
	if (!fits || __builtin_mul_overflow(whole, unit->scale, &whole) ||
	    __builtin_add_overflow(whole, part, &whole))
		return err_set(err, -ERANGE, "'%.60s' is too large for a %s", text, what);
	*out = whole;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns, struct err *err)
{
	return parse_scaled(text, durations, "duration", "1.5s, 200ms, 10us, 2m or 1h", ns, err);
}

int parse_size(const char *text, uint64_t *bytes, struct err *err)
{
	return parse_scaled(text, sizes, "size", "4096, 64K, 1MiB or 10MB", bytes, err);
}

int parse_u64(const char *text, uint64_t max, uint64_t *out, struct err *err)
{
	const char *s = text;
	uint64_t n;
	bool fits;

	if (*s == '-' && is_digit(s[1]))
		return err_set(err, -EINVAL, "'%.60s' is negative", text);
	fits = take_digits(&s, &n);
	if (s == text || *s)
		return err_set(err, -EINVAL, "'%.60s' is not a number", text);
	if (!fits || n > max)
		return err_set(err, -ERANGE, "'%.60s' is too large; the most is %" PRIu64, text,
			       max);
	*out = n;
	return 0;
}

int parse_u32(const char *text, uint32_t max, uint32_t *out, struct err *err)
{
	uint64_t n = 0;
	int rc = parse_u64(text, max, &n, err);

	if (!rc)
		*out = (uint32_t)n;
	return rc;
}

int parse_int(const char *text, int min, int max, int *out, struct err *err)
{
	bool negative = *text == '-';
	const char *s = text + negative;
	uint64_t n;
	int64_t value;

	if (!is_digit(*s))
		return err_set(err, -EINVAL, "'%.60s' is not a number", text);
	if (!take_digits(&s, &n) || n > INT32_MAX)
		n = (uint64_t)INT32_MAX + 1;
	if (*s)
		return err_set(err, -EINVAL, "'%.60s' is not a number", text);
	value = negative ? -(int64_t)n : (int64_t)n;
	if (value < min || value > max)
		return err_set(err, -ERANGE, "'%.60s' is not between %d and %d", text, min, max);
	*out = (int)value;
	return 0;
}

struct step {
	const char *unit;
	uint64_t scale; /* of one unit */
	uint64_t below; /* values below so many units are shown in it */
};

/* Rounds half up; a value that rounds to `below` moves to the next unit. */
static char *format_steps(uint64_t n, const struct step *step, char *buf)
{
	for (;; step++) {
		uint64_t scale = step->scale, whole, pow = 1;
		int digits = 0;

		if (scale == 1) {
			if (n >= step->below)
				continue;
			snprintf(buf, UNITS_BUF, "%" PRIu64 " %s", n, step->unit);
			return buf;
		}
		/* as many decimals as make three digits */
		for (; digits < 2 && n / scale < 100 / pow; digits++)
			pow *= 10;
		whole = (uint64_t)(((unsigned __int128)n * pow + scale / 2) / scale);
		if (digits && whole >= 1000) { /* 9.996 is 10.0, not 10.00 */
			whole = (whole + 5) / 10;
			pow /= 10;
			digits--;
		}
		if (step->below && whole / pow >= step->below)
			continue;
		if (digits)
			snprintf(buf, UNITS_BUF, "%" PRIu64 ".%0*" PRIu64 " %s", whole / pow,
				 digits, whole % pow, step->unit);
		else
			snprintf(buf, UNITS_BUF, "%" PRIu64 " %s", whole, step->unit);
		return buf;
	}
}

char *format_ns(uint64_t ns, char buf[UNITS_BUF])
{
	static const struct step steps[] = {
		{"ns", 1, 1000},
		{"us", 1000, 1000},
		{"ms", 1000000, 1000},
		{"s", NSEC_PER_SEC, 1000},
		{"min", 60 * NSEC_PER_SEC, 100},
		{"h", 3600 * NSEC_PER_SEC, 100},
		{"d", 86400 * NSEC_PER_SEC, 0},
	};

	return format_steps(ns, steps, buf);
}

char *format_bytes(uint64_t bytes, char buf[UNITS_BUF])
{
	static const struct step steps[] = {
		{"B", 1, 1000},
		{"kB", 1000, 1000},
		{"MB", 1000000, 1000},
		{"GB", UINT64_C(1000000000), 1000},
		{"TB", UINT64_C(1000000000000), 1000},
		{"PB", UINT64_C(1000000000000000), 0},
	};

	return format_steps(bytes, steps, buf);
}

char *format_count(uint64_t n, char buf[UNITS_BUF])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *out = buf;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}
