// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/xml.h"

#include <stdint.h>

#include "base/escape.h"

#define PIECE 256

void xml_put(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t code;
		unsigned n = utf8_decode(text + i, len - i, &code);

		if (!n || (code & 0xfffe) == 0xfffe) { /* no characters of XML */
			putc('?', out);
			i += n ? n : 1;
			continue;
		}
		switch (text[i]) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fwrite(text + i, 1, n, out);
		}
		i += n;
	}
}

/* Not within a character. */
static size_t piece(const char *text, size_t len)
{
	size_t n = PIECE;

	if (len <= n)
		return len;
	for (unsigned back = 0; back < 3 && ((unsigned char)text[n] & 0xc0) == 0x80; back++)
		n--;
	return n;
}

void xml_text(FILE *out, const char *text, size_t len)
{
	char safe[ESCAPE_ROOM(PIECE)];

	while (len) {
		const size_t n = piece(text, len);

		xml_put(out, safe, escape_terminal(safe, sizeof(safe), text, n));
		text += n;
		len -= n;
	}
}
