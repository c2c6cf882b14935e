// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Names of users, cgroups and devices, by kind and id: open addressing, never deleted. */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

static struct name *slot(const struct engine *e, uint8_t kind, uint64_t id)
{
	uint32_t i = seed_slot(e->names_seed, id ^ (uint64_t)kind << 56, e->names_cap);

	while (e->names[i].name && (e->names[i].id != id || e->names[i].kind != kind))
		i = (i + 1) & (e->names_cap - 1);
	return &e->names[i];
}

static bool grow(struct engine *e)
{
	uint32_t old_cap = e->names_cap;
	struct name *old = e->names, *bigger;

	bigger = calloc(old_cap ? 2 * (size_t)old_cap : 64, sizeof(*bigger));
	if (!bigger)
		return false;
	if (!old_cap)
		e->names_seed = seed_new();
	e->names = bigger;
	e->names_cap = old_cap ? 2 * old_cap : 64;
	for (uint32_t i = 0; i < old_cap; i++)
		if (old[i].name)
			*slot(e, old[i].kind, old[i].id) = old[i];
	free(old);
	return true;
}

void names_set(struct engine *e, const struct name_info *name)
{
	struct name *n;
	char *copy;

	if (2 * (e->nnames + 1) > e->names_cap && !grow(e)) {
		e->oom = true;
		return;
	}
	n = slot(e, name->kind, name->id);
	if (n->name && !strcmp(n->name, name->name))
		return;
	copy = strdup(name->name);
	if (!copy) {
		e->oom = true;
		return;
	}
	if (!n->name)
		e->nnames++;
	free(n->name);
	*n = (struct name){.id = name->id, .kind = name->kind, .name = copy};
}

struct name *names_find(const struct engine *e, uint8_t kind, uint64_t id)
{
	struct name *n = e->names_cap ? slot(e, kind, id) : NULL;

	return n && n->name ? n : NULL;
}

const char *names_get(const struct engine *e, uint8_t kind, uint64_t id)
{
	const struct name *n = names_find(e, kind, id);

	return n ? n->name : NULL;
}

void engine_names_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->names_cap; i++)
		free(e->names[i].name);
	free(e->names);
}
