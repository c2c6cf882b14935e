// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* note: lines of text around a table; the rest of base/rows.h is in rows.c and table.c. */
#include "base/rows.h"

#include <stdarg.h>
#include <string.h>

#include "base/width.h"

/* How much of it fits: whole words, at least one. */
static size_t line_of(const char *text, unsigned width)
{
	size_t len = strcspn(text, " ");

	while (text[len]) {
		size_t next = len + strspn(text + len, " ");

		next += strcspn(text + next, " ");
		if (text_width(text, next) > width)
			break;
		len = next;
	}
	return len;
}

void text_wrap(FILE *f, const char *text, unsigned indent, unsigned width)
{
	for (;;) {
		size_t len = line_of(text, width);

		fprintf(f, "%.*s\n", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (!*text)
			return;
		fprintf(f, "%*s", (int)indent, "");
	}
}

static void note(FILE *f, const struct table_style *style, const char *on, const char *format,
		 va_list args)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	if (style->color)
		fputs(on, f);
	text_wrap(f, text, 0, style->width);
	if (style->color)
		fputs("\033[0m", f);
}

void table_note(FILE *f, const struct table_style *style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(f, style, "\033[2m", format, args);
	va_end(args);
}

void table_warning(FILE *f, const struct table_style *style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(f, style, "\033[33m", format, args);
	va_end(args);
}
