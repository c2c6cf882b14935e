// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
static ssize_t read_some(struct input *in, size_t n)
{
	uint8_t *to = in->buf.data + in->buf.len;
	struct pollfd p = {.fd = in->fd, .events = POLLIN};
	ssize_t got;

	if (in->seekable)
		return pread(in->fd, to, n, (off_t)(in->offset + input_left(in)));
	got = read(in->fd, to, n);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && poll(&p, 1, -1) >= 0)
		errno = EINTR; /* again */
	return got;
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
