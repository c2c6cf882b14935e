// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/numbers.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/seed.h"

#define FEW 16u /* are looked through; a power of two */

static uint32_t *slot_of(const struct numbers *all, uint64_t key)
{
	uint32_t at = seed_slot(all->seed, key, all->nslots);

	while (all->slots[at] && all->keys[all->slots[at] - 1] != key)
		at = (at + 1) & (all->nslots - 1);
	return &all->slots[at];
}

/* Room for one more. */
static bool grow(struct numbers *all)
{
	const uint32_t room = all->room ? 2 * all->room : FEW;
	uint32_t *slots = NULL;
	uint64_t *keys;

	if (all->n < all->room)
		return true;
	keys = reallocarray(all->keys, room, sizeof(*keys));
	if (!keys)
		return false;
	all->keys = keys;
	if (room > FEW) {
		slots = calloc(2 * (size_t)room, sizeof(*slots));
		if (!slots)
			return false;
		if (!all->slots)
			all->seed = seed_new();
		free(all->slots);
		all->slots = slots;
		all->nslots = 2 * room;
		for (uint32_t i = 0; i < all->n; i++)
			*slot_of(all, keys[i]) = i + 1;
	}
	all->room = room;
	return true;
}

uint32_t numbers_get(struct numbers *all, uint64_t key)
{
	for (uint32_t i = 0; !all->slots && i < all->n; i++)
		if (all->keys[i] == key)
			return i;
	if (all->slots && *slot_of(all, key))
		return *slot_of(all, key) - 1;
	if (!grow(all))
		return NUMBER_NONE;
	if (all->slots)
		*slot_of(all, key) = all->n + 1;
	all->keys[all->n] = key;
	return all->n++;
}

void numbers_free(struct numbers *all)
{
	free(all->keys);
	free(all->slots);
	*all = (struct numbers){0};
}
