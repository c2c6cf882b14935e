// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/pool.h"

#include <stdlib.h>
#include <string.h>

static int add_chunk(struct pool *p, size_t size)
{
	void **chunks = reallocarray(p->chunks, p->nchunks + 1, sizeof(*chunks));
	void *chunk;

	if (!chunks)
		return -1;
	p->chunks = chunks;
	chunk = calloc(POOL_CHUNK, size);
	if (!chunk)
		return -1;
	p->chunks[p->nchunks++] = chunk;
	for (uint32_t i = POOL_CHUNK; i-- > 0;)
		pool_put(p, size, (p->nchunks - 1) * POOL_CHUNK + i);
	return 0;
}

void *pool_get(struct pool *p, size_t size, uint32_t *number)
{
	void *object;

	if (!p->free && add_chunk(p, size))
		return NULL;
	*number = p->free - 1;
	object = pool_at(p, size, *number);
	memcpy(&p->free, object, sizeof(p->free));
	memset(object, 0, size);
	return object;
}

void pool_put(struct pool *p, size_t size, uint32_t number)
{
	memcpy(pool_at(p, size, number), &p->free, sizeof(p->free));
	p->free = number + 1;
}

void pool_free(struct pool *p)
{
	for (uint32_t i = 0; i < p->nchunks; i++)
		free(p->chunks[i]);
	free(p->chunks);
	*p = (struct pool){0};
}
