/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * varint: integers of 1 to 10 bytes, 7 bits each, low bits first (LEB128), and the bounded span
 * that everything from a file is read through.
 */
#ifndef RSTAT_FORMAT_VARINT_H
#define RSTAT_FORMAT_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VARINT_MAX 10

/* Bytes that are still to be read; never read past end. */
struct span {
	const uint8_t *p, *end;
};

static inline size_t span_left(const struct span *s)
{
	return (size_t)(s->end - s->p);
}

/* Returns the byte after what it wrote (at most VARINT_MAX). */
static inline uint8_t *varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/* False when the span ends within it, or when it does not fit 64 bits. */
static inline bool varint_get(struct span *s, uint64_t *out)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	while (s->p < s->end) {
		uint8_t byte = *s->p++;

		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = v;
			return true;
		}
		shift += 7;
		if (shift > 63)
			return false;
	}
	return false;
}

/* Takes one that is known to be whole, and to fit. */
static inline uint64_t varint_take(const uint8_t **p)
{
	const uint8_t *at = *p;
	uint64_t byte = *at++, v = byte & 0x7f;

	for (unsigned int shift = 7; __builtin_expect(byte >= 0x80, 0); shift += 7) {
		byte = *at++;
		v |= (byte & 0x7f) << shift;
	}
	*p = at;
	return v;
}

/* As varint_get(), for a value that must not exceed max. */
static inline bool varint_get_max(struct span *s, uint64_t *out, uint64_t max)
{
	return varint_get(s, out) && *out <= max;
}

/* Whether s is exactly n varints, each at most max. */
bool varints_are(struct span s, uint64_t n, uint64_t max);

/* Takes n bytes off the span: NULL when there are fewer. */
static inline const uint8_t *span_take(struct span *s, uint64_t n)
{
	const uint8_t *p = s->p;

	if (n > span_left(s))
		return NULL;
	s->p += n;
	return p;
}

/* Signed to unsigned so that small magnitudes stay small: 0, -1, 1, -2, ... */
static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

static inline uint8_t *le16_put(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	return p + 2;
}

static inline uint8_t *le32_put(uint8_t *p, uint32_t v)
{
	return le16_put(le16_put(p, (uint16_t)v), (uint16_t)(v >> 16));
}

static inline uint8_t *le64_put(uint8_t *p, uint64_t v)
{
	return le32_put(le32_put(p, (uint32_t)v), (uint32_t)(v >> 32));
}

static inline uint16_t le16_get(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32_get(const uint8_t *p)
{
	return le16_get(p) | (uint32_t)le16_get(p + 2) << 16;
}

static inline uint64_t le64_get(const uint8_t *p)
{
	return le32_get(p) | (uint64_t)le32_get(p + 4) << 32;
}

#endif
