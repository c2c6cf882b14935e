/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * err: how a failure travels from where it happened to main.
 *
 * A function that can fail takes `struct err *err` last and returns 0 (or a non-negative result)
 * or a negative errno. On failure it leaves exactly one sentence in err: what failed, on what,
 * why, and what the user can do. Nobody between there and main prints; only main exits.
 */
#ifndef RSTAT_BASE_ERR_H
#define RSTAT_BASE_ERR_H

struct err {
	int code; /* negative errno, 0 when nothing failed */
	char msg[1024]; /* one line, no trailing newline, control characters escaped */
};

/*
 * Records a failure and returns `code`.
 *
 * @err   may be NULL (the message is dropped)
 * @code  a negative errno
 * @fmt   printf format of the whole sentence; err_errno() appends ": " and strerror(-code)
 */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_errno(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "<fmt>: " before the message that is already there (context added on the way up). */
int err_context(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
