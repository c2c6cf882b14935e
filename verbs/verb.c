// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "base/exit.h"
#include "verbs/verbs.h"

int verb_fail(const char *verb, int code, const struct err *err)
{
	fflush(stdout);
	fprintf(stderr, "rstat %s: %s\n", verb, err->msg);
	return code;
}

int verb_flush(const char *verb, int code)
{
	struct err err = {0};
	int failed;

	errno = 0;
	failed = ferror(stdout);
	if (fflush(stdout) || failed) {
		if (errno == EPIPE)
			return code;
		err_errno(&err, errno ? -errno : -EIO, "cannot write to standard output");
		return verb_fail(verb, EXIT_USAGE, &err);
	}
	return code;
}
