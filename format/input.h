/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * input: the bytes of a file or a pipe through one growing window. Files are read with pread(2),
 * not mapped: a file that is cut while it is read ends early instead of killing the reader.
 */
#ifndef RSTAT_FORMAT_INPUT_H
#define RSTAT_FORMAT_INPUT_H

#include "base/err.h"
#include "format/buf.h"

struct input {
	int fd;
	bool seekable, eof;
	size_t chunk; /* least to ask of the kernel at a time */
	struct buf buf; /* the window: buf.data + start .. buf.data + buf.len */
	size_t start;
	uint64_t offset; /* in the file, of `start` */
};

#define INPUT_CHUNK	 (256u << 10)
#define INPUT_CHUNK_HOPS 4096u /* when only headers are wanted */

/* path "-" is standard input, never sought. -EISDIR and what open(2) and read(2) say. */
int input_open(struct input *in, const char *path, struct err *err);
void input_close(struct input *in);

/*
 * Before anything was read: makes an input that is not seekable one that is, by copying all of it
 * to a file without a name in $TMPDIR, or in /var/tmp. It is gone when the input is closed.
 */
int input_spool(struct input *in, struct err *err);

/* Makes n bytes visible if the input has them. 0 or a negative errno of read(2). */
int input_want(struct input *in, size_t n, struct err *err);

static inline const uint8_t *input_data(const struct input *in)
{
	return in->buf.data + in->start;
}

static inline size_t input_left(const struct input *in)
{
	return in->buf.len - in->start;
}

/* Moves on within the window. */
static inline void input_skip(struct input *in, size_t n)
{
	in->start += n;
	in->offset += n;
}

/* To an offset of a seekable input. */
void input_seek(struct input *in, uint64_t offset);

/* Size of a seekable input now. */
int input_size(const struct input *in, uint64_t *size, struct err *err);

#endif
