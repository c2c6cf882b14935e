// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

#define ESCAPE_STEP 256 /* bytes of a name escaped at a time */

void text_init(struct text *t, int fd)
{
	t->fd = fd;
	t->error = 0;
	t->len = 0;
	t->flushed = 0;
}

int text_flush(struct text *t)
{
	size_t done = 0;

	while (!t->error && done < t->len) {
		ssize_t n = write(t->fd, t->buf + done, t->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			t->error = n ? -errno : -EIO;
	}
	t->flushed += t->len;
	t->len = 0;
	return t->error;
}

static void make_room(struct text *t)
{
	if (t->len + TEXT_RESERVE > TEXT_BUFFER)
		text_flush(t);
}

uint64_t text_mark(const struct text *t)
{
	return t->flushed + t->len;
}

void text_put(struct text *t, const char *s, size_t len)
{
	while (len) {
		size_t n = len < TEXT_RESERVE ? len : TEXT_RESERVE;

		make_room(t);
		memcpy(t->buf + t->len, s, n);
		t->len += n;
		s += n;
		len -= n;
	}
}

void text_str(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
	make_room(t);
	t->buf[t->len++] = c;
}

void text_u64_padded(struct text *t, uint64_t n, unsigned width, char pad)
{
	char digits[32];
	unsigned at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (sizeof(digits) - at < width && at)
		digits[--at] = pad;
	text_put(t, digits + at, sizeof(digits) - at);
}

void text_u64(struct text *t, uint64_t n)
{
	text_u64_padded(t, n, 0, ' ');
}

void text_hex(struct text *t, uint64_t n)
{
	char digits[18];
	unsigned at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[n % 16];
		n /= 16;
	} while (n);
	digits[--at] = 'x';
	digits[--at] = '0';
	text_put(t, digits + at, sizeof(digits) - at);
}

void text_i64(struct text *t, int64_t n)
{
	if (n < 0)
		text_char(t, '-');
	text_u64(t, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void text_pad_to(struct text *t, uint64_t from, size_t width)
{
	while (text_mark(t) < from + width)
		text_char(t, ' ');
}

/* Nearly every name is plain: nothing to escape in either form. */
static bool is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] > 0x7e || s[i] == '\\' ||
		    s[i] == '"')
			return false;
	return true;
}

/* Where a piece of at most ESCAPE_STEP bytes may end without splitting a character. */
static size_t piece(const char *s, size_t len)
{
	size_t n = len < ESCAPE_STEP ? len : ESCAPE_STEP;

	if (n == len)
		return n;
	for (size_t back = 0; back < 4 && n > back; back++)
		if (((unsigned char)s[n - back] & 0xc0) != 0x80)
			return n - back;
	return n;
}

static void escaped(struct text *t, const char *s, size_t len,
		    size_t (*escape)(char *, size_t, const char *, size_t))
{
	while (len) {
		size_t n = piece(s, len);

		make_room(t);
		if (is_plain(s, n))
			text_put(t, s, n);
		else
			t->len += escape(t->buf + t->len, TEXT_RESERVE, s, n);
		s += n;
		len -= n;
	}
}

void text_escaped(struct text *t, const char *s, size_t len)
{
	escaped(t, s, len, escape_terminal);
}

void text_json_string(struct text *t, const char *s, size_t len)
{
	text_char(t, '"');
	escaped(t, s, len, escape_json);
	text_char(t, '"');
}
