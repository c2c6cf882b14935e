// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/width.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/escape.h"

struct range {
	uint32_t first, last;
};

/* Characters of East Asian width W and F, and emoji: two columns each. */
static const struct range wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},	{0x2329, 0x232a},   {0x23e9, 0x23ec},
	{0x2614, 0x2615},   {0x2e80, 0x303e},	{0x3041, 0x33ff},   {0x3400, 0x4dbf},
	{0x4e00, 0x9fff},   {0xa000, 0xa4cf},	{0xa960, 0xa97f},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},	{0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};

/* Combining marks and joiners: no column of their own. */
static const struct range narrow[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
	{0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static bool in_ranges(const struct range *r, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++)
		if (code >= r[i].first && code <= r[i].last)
			return true;
	return false;
}

static unsigned code_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (in_ranges(narrow, sizeof(narrow) / sizeof(narrow[0]), code))
		return 0;
	return in_ranges(wide, sizeof(wide) / sizeof(wide[0]), code) ? 2 : 1;
}

unsigned text_width(const char *text, size_t len)
{
	unsigned width = 0;

	while (len) {
		uint32_t code = 0;
		unsigned n = utf8_decode(text, len, &code);

		if (!n) {
			n = 1;
			code = 0;
		}
		width += code_width(code);
		text += n;
		len -= n;
	}
	return width;
}
