// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/exit.h"
#include "verbs/verbs.h"

int verb_fail(const char *verb, int code, const struct err *err)
{
	fflush(stdout);
	fprintf(stderr, "rstat%s%s: %s\n", *verb ? " " : "", verb, err->msg);
	return code;
}

/* An earlier write failed, and stdio has forgotten why: what can be seen without writing more. */
static int why_failed(void)
{
	struct pollfd pfd = {.fd = STDOUT_FILENO};

	if (poll(&pfd, 1, 0) == 1 && pfd.revents & POLLERR)
		return -EPIPE;
	return write(STDOUT_FILENO, "", 0) ? -errno : -EIO;
}

int verb_flush(const char *verb, int code)
{
	struct err err = {0};
	bool failed = ferror(stdout);
	int rc = 0;

	if (fflush(stdout))
		rc = -errno;
	else if (failed)
		rc = why_failed();
	if (!rc || rc == -EPIPE)
		return code;
	err_errno(&err, rc, "cannot write to standard output");
	return verb_fail(verb, EXIT_USAGE, &err);
}
