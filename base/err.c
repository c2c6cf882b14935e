// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Control characters in a name would break the promise of one line. */
static void escape_in_place(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	escape_in_place(err->msg);
	return code;
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	char what[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(err, code, "%.900s: %s", what, strerror(-code));
}

int err_context(struct err *err, const char *fmt, ...)
{
	char what[sizeof(err->msg)], old[sizeof(err->msg)];
	va_list ap;

	if (!err)
		return 0;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	memcpy(old, err->msg, sizeof(old));
	return err_set(err, err->code, "%.400s: %.600s", what, old);
}
