// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/devices.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/seed.h"

#define FEW 16u /* are looked through; a power of two */

static uint32_t *slot_of(const struct devices *d, uint32_t dev)
{
	uint32_t at = seed_slot(d->seed, dev, d->nslots);

	while (d->slots[at] && d->list[d->slots[at] - 1] != dev)
		at = (at + 1) & (d->nslots - 1);
	return &d->slots[at];
}

/* Room for one more. */
static bool grow(struct devices *d)
{
	const uint32_t room = d->room ? 2 * d->room : FEW;
	uint32_t *list, *slots = NULL;

	if (d->n < d->room)
		return true;
	list = reallocarray(d->list, room, sizeof(*list));
	if (!list)
		return false;
	d->list = list;
	if (room > FEW) {
		slots = calloc(2 * (size_t)room, sizeof(*slots));
		if (!slots)
			return false;
		if (!d->slots)
			d->seed = seed_new();
		free(d->slots);
		d->slots = slots;
		d->nslots = 2 * room;
		for (uint32_t i = 0; i < d->n; i++)
			*slot_of(d, list[i]) = i + 1;
	}
	d->room = room;
	return true;
}

uint32_t devices_number(struct devices *d, uint32_t dev)
{
	for (uint32_t i = 0; !d->slots && i < d->n; i++)
		if (d->list[i] == dev)
			return i;
	if (d->slots && *slot_of(d, dev))
		return *slot_of(d, dev) - 1;
	if (!grow(d))
		return DEVICE_NONE;
	if (d->slots)
		*slot_of(d, dev) = d->n + 1;
	d->list[d->n] = dev;
	return d->n++;
}

void devices_free(struct devices *d)
{
	free(d->list);
	free(d->slots);
	*d = (struct devices){0};
}
