// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RAW_BYTE_BASE 0xef00u /* + the byte: private use, see escape_utf8() */

unsigned utf8_decode(const char *s, size_t len, uint32_t *code)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	unsigned n;
	uint32_t c;

	if (!len)
		return 0;
	if (u[0] < 0x80) {
		*code = u[0];
		return 1;
	}
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	c = u[0] & (0x7fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

/* Characters that act on a terminal or on the order of the text instead of being shown. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

/* Appends when all of it fits with a NUL behind it. */
static bool put(char *out, size_t size, size_t *at, const char *text, size_t len)
{
	if (*at + len + 1 > size)
		return false;
	memcpy(out + *at, text, len);
	*at += len;
	return true;
}

static size_t hex_bytes(char *buf, const char *in, unsigned n)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];

		buf[len++] = '\\';
		buf[len++] = 'x';
		buf[len++] = hex[c >> 4];
		buf[len++] = hex[c & 15];
	}
	return len;
}

size_t escape_terminal(char *out, size_t size, const char *in, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		unsigned n = utf8_decode(in + i, len - i, &c);
		char buf[4 * 4];
		const char *text = buf;
		size_t room;

		if (n && (c == '\n' || c == '\t' || c == '\r' || c == '\\')) {
			buf[0] = '\\';
			buf[1] = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : '\\';
			room = 2;
		} else if (n && !is_control(c)) {
			text = in + i;
			room = n;
		} else {
			room = hex_bytes(buf, in + i, n ? n : 1);
		}
		if (!put(out, size, &at, text, room))
			break;
		i += n ? n : 1;
	}
	out[at] = '\0';
	return at;
}

/* The next character of `in` as escape_utf8() gives it: taken bytes, and its code. */
static unsigned next_code(const char *in, size_t len, uint32_t *code)
{
	unsigned n = utf8_decode(in, len, code);

	if (n && !(*code >= RAW_BYTE_BASE + 0x80 && *code <= RAW_BYTE_BASE + 0xff))
		return n;
	*code = RAW_BYTE_BASE + (unsigned char)in[0];
	return 1;
}

size_t escape_utf8(char *out, size_t size, const char *in, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		unsigned n = next_code(in + i, len - i, &c);
		char raw[3] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
			       (char)(0x80 | (c & 0x3f))};
		bool is_raw = c >= RAW_BYTE_BASE + 0x80 && c <= RAW_BYTE_BASE + 0xff;

		if (!put(out, size, &at, is_raw ? raw : in + i, is_raw ? 3 : n))
			break;
		i += n;
	}
	out[at] = '\0';
	return at;
}

static size_t json_code(char buf[13], uint32_t c)
{
	static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *hit = c && c < 0x80 ? strchr(names, (int)c) : NULL;

	if (hit) {
		buf[0] = '\\';
		buf[1] = letters[hit - names];
		return 2;
	}
	if (c >= 0x20 && c < 0x7f) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x10000)
		return (size_t)snprintf(buf, 13, "\\u%04x", c);
	c -= 0x10000;
	return (size_t)snprintf(buf, 13, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
				0xdc00 + (c & 0x3ff));
}

size_t escape_json(char *out, size_t size, const char *in, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		unsigned n = next_code(in + i, len - i, &c);
		char buf[13];
		size_t chars = json_code(buf, c);

		if (!put(out, size, &at, buf, chars))
			break;
		i += n;
	}
	out[at] = '\0';
	return at;
}
