// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "format/varint.h"

/*
 * How many varints begin with the first byte of s, when all are short: 0 when one may be longer than
 * seven bytes, or the last is not whole.
 */
static uint64_t count_short(const struct span *s)
{
	const uint64_t tops = 0x8080808080808080u, ones = 0x0101010101010101u;
	const uint8_t *p = s->p;
	uint64_t n = 0, ends;

	if (p == s->end || s->end[-1] >= 0x80)
		return 0;
	for (; s->end - p >= 8; p += 8) {
		ends = ~le64_get(p) & tops; /* the last bytes of varints */
		if (!(uint32_t)ends || !(ends >> 32))
			return 0;
		n += (ends >> 7) * ones >> 56;
	}
	/* at most seven more, but they may go on with what was before: so few at a time are short */
	for (uint32_t run = 3; p < s->end; p++) {
		run = *p < 0x80 ? 0 : run + 1;
		if (run > 6)
			return 0;
		n += *p < 0x80;
	}
	return n;
}

bool varints_are(struct span s, uint64_t n, uint64_t max)
{
	uint64_t v;

	if (max == UINT64_MAX && n && count_short(&s) == n)
		return true;
	while (n--)
		if (!varint_get_max(&s, &v, max))
			return false;
	return s.p == s.end;
}
