/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * pool: objects of one size that come and go, with a small number each. Chunks are never moved or
 * given back before pool_free(): pointers stay good, and the numbers are dense.
 */
#ifndef RSTAT_ENGINE_POOL_H
#define RSTAT_ENGINE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_CHUNK 64u

struct pool {
	void **chunks;
	uint32_t nchunks;
	uint32_t free; /* number + 1 of the first free one, which holds the next; 0 none */
};

/* A zeroed object of `size` bytes (the same in every call), NULL: no memory. */
void *pool_get(struct pool *p, size_t size, uint32_t *number);
void pool_put(struct pool *p, size_t size, uint32_t number);
void pool_free(struct pool *p);

static inline void *pool_at(const struct pool *p, size_t size, uint32_t number)
{
	return (char *)p->chunks[number / POOL_CHUNK] + (number % POOL_CHUNK) * size;
}

#endif
