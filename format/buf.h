/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* buf: bytes that grow. All zero is an empty one. */
#ifndef RSTAT_FORMAT_BUF_H
#define RSTAT_FORMAT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct buf {
	uint8_t *data;
	size_t len, cap;
};

/* Room for n more bytes; false when out of memory (the contents stay). */
static inline bool buf_reserve(struct buf *b, size_t n)
{
	size_t cap;
	uint8_t *data;

	if (b->cap - b->len >= n)
		return true;
	if (n > SIZE_MAX / 4 - b->len)
		return false;
	cap = b->cap * 2 > b->len + n ? b->cap * 2 : b->len + n + 64;
	data = realloc(b->data, cap);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

static inline bool buf_add(struct buf *b, const void *data, size_t n)
{
	if (!buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	return true;
}

static inline void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

#endif
