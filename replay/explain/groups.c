// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/groups.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/seed.h"
#include "format/event.h"

static uint32_t slot_of(const struct groups *g, uint64_t key, uint32_t what, uint32_t room)
{
	return seed_slot(g->seed, key ^ (uint64_t)what << 56, room);
}

static bool grow_hash(struct groups *g)
{
	uint32_t room = g->hash_room ? 2 * g->hash_room : 64;
	uint32_t *hash = calloc(room, sizeof(*hash));

	if (!hash)
		return false;
	if (!g->hash)
		g->seed = seed_new();
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t slot = slot_of(g, g->list[i].key, g->list[i].step.what, room);

		while (hash[slot])
			slot = (slot + 1) & (room - 1);
		hash[slot] = i + 1;
	}
	free(g->hash);
	g->hash = hash;
	g->hash_room = room;
	return true;
}

struct group *groups_get(struct groups *g, const struct step *step, uint64_t key)
{
	uint32_t slot;

	if (2 * g->n >= g->hash_room && !grow_hash(g)) {
		g->failed = true;
		return NULL;
	}
	slot = slot_of(g, key, step->what, g->hash_room);
	for (; g->hash[slot]; slot = (slot + 1) & (g->hash_room - 1)) {
		struct group *have = &g->list[g->hash[slot] - 1];

		if (have->key == key && have->step.what == step->what)
			return have;
	}
	if (!ARRAY_ROOM(g->list, g->room, g->n)) {
		g->failed = true;
		return NULL;
	}
	g->list[g->n] = (struct group){.step = *step, .key = key};
	g->hash[slot] = ++g->n;
	return &g->list[g->n - 1];
}

static void add_part(struct groups *g, struct group *to, struct part part)
{
	if (!ARRAY_ROOM(to->parts, to->room, to->n)) {
		g->failed = true;
		return;
	}
	to->parts[to->n++] = part;
}

void groups_add(struct groups *g, const struct step *step, uint64_t key, struct part part,
		bool keep)
{
	struct group *to;

	if (part.from_ns >= part.to_ns)
		return;
	to = groups_get(g, step, key);
	if (!to)
		return;
	if (!to->step.count || part.from_ns < to->step.start_ns)
		to->step.start_ns = part.from_ns;
	if (to->step.count && to->step.cpu != step->cpu)
		to->step.cpu = CPU_NONE;
	if (to->step.count && to->step.syscall != step->syscall)
		to->step.syscall = SYSCALL_UNKNOWN;
	to->step.after |= step->after;
	to->step.doubt |= step->doubt;
	to->step.dur_ns += part.to_ns - part.from_ns;
	to->step.count++;
	if (keep)
		add_part(g, to, part);
}

static int by_length(const void *a, const void *b)
{
	const struct step *x = &((const struct group *)a)->step;
	const struct step *y = &((const struct group *)b)->step;

	if (x->dur_ns != y->dur_ns)
		return x->dur_ns > y->dur_ns ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return ((const struct group *)a)->key < ((const struct group *)b)->key ? -1 : 1;
}

void groups_sort(struct groups *g)
{
	if (g->n)
		qsort(g->list, g->n, sizeof(*g->list), by_length);
}

void groups_free(struct groups *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		free(g->list[i].parts);
	free(g->list);
	free(g->hash);
	*g = (struct groups){0};
}
