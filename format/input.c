// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/input.h"

int input_open(struct input *in, const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat st;

	*in = (struct input){.chunk = INPUT_CHUNK};
	in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return err_errno(err, -errno, "cannot open '%s'", path);
	if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		input_close(in);
		return err_set(err, -EINVAL, "'%s' is a directory, not a trace", path);
	}
	in->seekable = !standard && lseek(in->fd, 0, SEEK_CUR) >= 0;
	return 0;
}

void input_close(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	buf_free(&in->buf);
}

/* Moves the window to the front of the buffer when what is behind it is worth it. */
static void compact(struct input *in)
{
	if (!in->start)
		return;
	in->buf.len -= in->start;
	memmove(in->buf.data, in->buf.data + in->start, in->buf.len);
	in->start = 0;
}

/* What read(2) gives, once there is something: a descriptor that does not block is waited for. */
static ssize_t read_pipe(int fd, void *to, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t got = read(fd, to, n);

	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && poll(&p, 1, -1) >= 0)
		errno = EINTR; /* again */
	return got;
}

static ssize_t read_some(struct input *in, size_t n)
{
	uint8_t *to = in->buf.data + in->buf.len;

	if (in->seekable)
		return pread(in->fd, to, n, (off_t)(in->offset + input_left(in)));
	return read_pipe(in->fd, to, n);
}

/* -- spooling -- */

/* A file without a name; where the file system knows no such thing, one that loses its name. */
static int open_nameless(const char *folder)
{
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/rstat-XXXXXX", folder) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* 1: some, 0: the end, else a negative errno. *wrote: it was the writing that failed. */
static int copy_some(int from, int to, uint8_t *buf, bool *wrote)
{
	ssize_t got = read_pipe(from, buf, INPUT_CHUNK);

	*wrote = false;
	if (got < 0)
		return errno == EINTR ? 1 : -errno;
	*wrote = true;
	for (ssize_t done = 0, n; done < got; done += n) {
		n = write(to, buf + done, (size_t)(got - done));
		if (n < 0 && errno != EINTR)
			return -errno;
		n = n < 0 ? 0 : n;
	}
	return got > 0;
}

static int cannot_copy(int code, const char *folder, struct err *err)
{
	return err_errno(
		err, code,
		"cannot copy the trace from the pipe to '%s' (set TMPDIR, or save the trace "
		"to a file)",
		folder);
}

int input_spool(struct input *in, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	struct stat st;
	uint8_t *buf;
	int fd, ret;
	bool wrote;

	if (in->seekable)
		return 0;
	if (!fstat(in->fd, &st) && S_ISREG(st.st_mode) && lseek(in->fd, 0, SEEK_CUR) == 0) {
		in->seekable = true;
		return 0;
	}
	folder = folder && *folder ? folder : "/var/tmp";
	fd = open_nameless(folder);
	if (fd < 0)
		return cannot_copy(-errno, folder, err);
	buf = malloc(INPUT_CHUNK);
	if (!buf) {
		close(fd);
		return err_set(err, -ENOMEM, "out of memory for reading the trace");
	}
	do
		ret = copy_some(in->fd, fd, buf, &wrote);
	while (ret > 0);
	free(buf);
	if (ret) {
		close(fd);
		return wrote ? cannot_copy(ret, folder, err)
			     : err_errno(err, ret, "cannot read the trace");
	}
	in->fd = fd;
	in->seekable = true;
	return 0;
}

int input_want(struct input *in, size_t n, struct err *err)
{
	while (input_left(in) < n && !in->eof) {
		size_t ask = n - input_left(in) > in->chunk ? n - input_left(in) : in->chunk;
		ssize_t got;

		/* grow with what really comes, not with what a header promised */
		if (ask > 4 * INPUT_CHUNK)
			ask = 4 * INPUT_CHUNK;
		compact(in);
		if (!buf_reserve(&in->buf, ask))
			return err_set(err, -ENOMEM, "out of memory for reading the trace");
		got = read_some(in, ask);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, -errno, "cannot read the trace");
		in->eof = got == 0;
		in->buf.len += (size_t)got;
	}
	return 0;
}

void input_seek(struct input *in, uint64_t offset)
{
	if (offset >= in->offset && offset - in->offset <= input_left(in)) {
		input_skip(in, (size_t)(offset - in->offset));
		return;
	}
	in->buf.len = in->start = 0;
	in->offset = offset;
	in->eof = false;
}

int input_size(const struct input *in, uint64_t *size, struct err *err)
{
	struct stat st;

	if (fstat(in->fd, &st))
		return err_errno(err, -errno, "cannot read the trace");
	*size = (uint64_t)st.st_size;
	return 0;
}
