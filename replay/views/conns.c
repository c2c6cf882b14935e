// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/conns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/seed.h"

#define NIL UINT32_MAX

void conns_init(struct conns *all, uint32_t keep, void (*drop)(void *ctx, struct conn *c),
		void *ctx)
{
	*all = (struct conns){.free_list = NIL, .keep = keep, .drop = drop, .ctx = ctx};
	all->seed = seed_new();
}

void conns_free(struct conns *all)
{
	free(all->list);
	free(all->buckets);
	*all = (struct conns){.free_list = NIL};
}

static uint32_t *bucket(struct conns *all, uint64_t cookie)
{
	return &all->buckets[seed_slot(all->seed, cookie, all->nbuckets)];
}

static void enter(struct conns *all, uint32_t id)
{
	uint32_t *head = bucket(all, all->list[id].cookie);

	all->list[id].next = *head;
	*head = id;
}

static int grow(struct conns *all)
{
	uint32_t nbuckets = all->nbuckets ? 2 * all->nbuckets : 256;
	uint32_t *buckets;

	if (!ARRAY_ROOM(all->list, all->room, all->n))
		return -ENOMEM;
	if (all->n < all->nbuckets)
		return 0;
	buckets = malloc(nbuckets * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	memset(buckets, 0xff, nbuckets * sizeof(*buckets));
	free(all->buckets);
	all->buckets = buckets;
	all->nbuckets = nbuckets;
	for (uint32_t id = 0; id < all->n; id++) /* all are used: none was free */
		enter(all, id);
	return 0;
}

struct conn *conns_get(struct conns *all, const struct socket *socket)
{
	uint64_t cookie = socket->info.id;
	uint32_t id = all->nbuckets ? *bucket(all, cookie) : NIL;

	while (id != NIL && all->list[id].cookie != cookie)
		id = all->list[id].next;
	if (id != NIL) {
		all->gone -= all->list[id].gone;
		all->list[id].gone = false;
		return &all->list[id];
	}
	if (all->free_list != NIL) {
		id = all->free_list;
		all->free_list = all->list[id].next;
	} else {
		if (grow(all))
			return NULL;
		id = all->n++;
	}
	all->list[id] = (struct conn){.cookie = cookie, .used = true};
	enter(all, id);
	return &all->list[id];
}

struct candidate {
	uint64_t weight;
	uint32_t id;
};

static int compare(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void drop(struct conns *all, uint32_t id)
{
	struct conn *c = &all->list[id];
	uint32_t *at = bucket(all, c->cookie);

	all->drop(all->ctx, c);
	while (*at != id)
		at = &all->list[*at].next;
	*at = c->next;
	*c = (struct conn){.next = all->free_list};
	all->free_list = id;
	all->gone--;
}

static int drop_least(struct conns *all)
{
	struct candidate *list = malloc(all->gone * sizeof(*list));
	uint32_t n = 0;

	if (!list)
		return -ENOMEM;
	for (uint32_t id = 0; id < all->n && n < all->gone; id++) {
		const struct conn *c = &all->list[id];

		if (c->used && c->gone)
			list[n++] = (struct candidate){c->tx_bytes + c->rx_bytes, id};
	}
	qsort(list, n, sizeof(*list), compare);
	for (uint32_t i = 0; i < n && all->gone > all->keep; i++)
		drop(all, list[i].id);
	free(list);
	return 0;
}

int conns_gone(struct conns *all, struct conn *c, bool finishing)
{
	if (c->gone || finishing)
		return 0;
	c->gone = true;
	all->gone++;
	return all->gone > all->keep + all->keep / 4 + 16 ? drop_least(all) : 0;
}
