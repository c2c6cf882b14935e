// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/flame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/escape.h"
#include "base/seed.h"

#define KIND_NONE (FLAME_MIXED + 1)

/* A hash of numbers + 1; 0 is free. */
struct table {
	uint32_t *slots;
	uint32_t n, room; /* power of two */
};

struct flame {
	struct flame_node *nodes;
	uint32_t n, room;
	char **names;
	uint32_t nnames, names_room;
	struct table by_name, by_place;
	uint32_t *order;
	uint64_t seed;
	bool failed;
};

static uint64_t hash_name(const struct flame *f, const char *name)
{
	return XXH3_64bits_withSeed(name, strlen(name), f->seed);
}

static uint64_t hash_place(const struct flame *f, uint32_t below, uint32_t name_id)
{
	const uint32_t place[] = {below, name_id};

	return XXH3_64bits_withSeed(place, sizeof(place), f->seed);
}

static uint64_t hash_of(const struct flame *f, const struct table *t, uint32_t number)
{
	if (t == &f->by_name)
		return hash_name(f, f->names[number]);
	return hash_place(f, f->nodes[number].below, f->nodes[number].name_id);
}

/* Room for one more. */
static bool table_grow(const struct flame *f, struct table *t)
{
	uint32_t room = t->room ? 2 * t->room : 1024, old = t->room;
	uint32_t *slots;

	if (t->n < t->room / 2)
		return true;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t i = 0; i < old; i++) {
		uint32_t at;

		if (!t->slots[i])
			continue;
		at = (uint32_t)hash_of(f, t, t->slots[i] - 1) & (room - 1);
		while (slots[at])
			at = (at + 1) & (room - 1);
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->room = room;
	return true;
}

static int intern(struct flame *f, const char *name, uint32_t *id)
{
	struct table *t = &f->by_name;
	uint32_t at;

	if (!table_grow(f, t) || !ARRAY_ROOM(f->names, f->names_room, f->nnames))
		return -ENOMEM;
	at = (uint32_t)hash_name(f, name) & (t->room - 1);
	for (; t->slots[at]; at = (at + 1) & (t->room - 1)) {
		*id = t->slots[at] - 1;
		if (!strcmp(f->names[*id], name))
			return 0;
	}
	f->names[f->nnames] = strdup(name);
	if (!f->names[f->nnames])
		return -ENOMEM;
	*id = f->nnames++;
	t->slots[at] = f->nnames;
	t->n++;
	return 0;
}

static int add_node(struct flame *f, uint32_t below, uint32_t name_id, uint32_t *out)
{
	struct table *t = &f->by_place;
	uint32_t at;

	if (!table_grow(f, t) || !ARRAY_ROOM(f->nodes, f->room, f->n))
		return -ENOMEM;
	at = (uint32_t)hash_place(f, below, name_id) & (t->room - 1);
	for (; t->slots[at]; at = (at + 1) & (t->room - 1)) {
		*out = t->slots[at] - 1;
		if (f->nodes[*out].below == below && f->nodes[*out].name_id == name_id)
			return 0;
	}
	*out = f->n;
	f->nodes[f->n++] = (struct flame_node){.name = f->names[name_id],
					       .below = below,
					       .name_id = name_id,
					       .self_kind = KIND_NONE};
	t->slots[at] = f->n;
	t->n++;
	return 0;
}

uint32_t flame_frame(struct flame *f, uint32_t below, const char *name)
{
	uint32_t id, number;

	if (f->failed || intern(f, name, &id) || add_node(f, below, id, &number)) {
		f->failed = true;
		return FLAME_ROOT;
	}
	return number;
}

static uint8_t mix(uint8_t a, uint8_t b)
{
	if (a == KIND_NONE || a == b)
		return b;
	return b == KIND_NONE ? a : FLAME_MIXED;
}

void flame_add(struct flame *f, uint32_t frame, unsigned kind, uint64_t ns)
{
	struct flame_node *node = &f->nodes[frame];

	if (f->failed || !ns)
		return;
	node->self_ns += ns;
	node->self_kind = mix(node->self_kind, (uint8_t)kind);
}

int flame_new(struct flame **out, struct err *err)
{
	struct flame *f = calloc(1, sizeof(*f));
	uint32_t id, root;

	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->seed = seed_new();
	if (intern(f, "all", &id) || add_node(f, UINT32_MAX, id, &root)) {
		flame_free(f);
		return err_set(err, -ENOMEM, "out of memory");
	}
	*out = f;
	return 0;
}

void flame_free(struct flame *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->nnames; i++)
		free(f->names[i]);
	free(f->names);
	free(f->nodes);
	free(f->order);
	free(f->by_name.slots);
	free(f->by_place.slots);
	free(f);
}

/* -- printing -- */

static int compare_nodes(const void *x, const void *y, void *ctx)
{
	const struct flame_node *nodes = ctx;
	const struct flame_node *a = &nodes[*(const uint32_t *)x],
				*b = &nodes[*(const uint32_t *)y];

	if (a->below != b->below) /* the root, which is above nothing, comes first */
		return a->below + 1 < b->below + 1 ? -1 : 1;
	return strcmp(a->name, b->name);
}

int flame_finish(struct flame *f, struct flame_tree *out, struct err *err)
{
	free(f->order);
	f->order = malloc(f->n * sizeof(*f->order));
	if (f->failed || !f->order)
		return err_set(err, -ENOMEM, "out of memory for a tree of %u frames", f->n);
	for (uint32_t i = 0; i < f->n; i++) {
		f->order[i] = i;
		f->nodes[i].ns = f->nodes[i].self_ns;
		f->nodes[i].kind = f->nodes[i].self_kind;
		f->nodes[i].first = f->nodes[i].n = 0;
	}
	/* what is above a node was made after it */
	for (uint32_t i = f->n - 1; i > 0; i--) {
		struct flame_node *below = &f->nodes[f->nodes[i].below];

		below->ns += f->nodes[i].ns;
		below->kind = mix(below->kind, f->nodes[i].kind);
	}
	qsort_r(f->order, f->n, sizeof(*f->order), compare_nodes, f->nodes);
	for (uint32_t i = 1; i < f->n; i++) {
		struct flame_node *below = &f->nodes[f->nodes[f->order[i]].below];

		if (!below->n++)
			below->first = i;
	}
	*out = (struct flame_tree){.nodes = f->nodes, .order = f->order, .n = f->n};
	return 0;
}

/* The line so far, and how long it is below each depth. */
struct line {
	char *text;
	size_t room;
};

static bool put_name(struct line *l, size_t at, const char *name, size_t *end)
{
	size_t need = at + ESCAPE_ROOM(strlen(name)) + 1;

	if (!l->text || need > l->room) {
		char *text = realloc(l->text, 2 * need);

		if (!text)
			return false;
		l->text = text;
		l->room = 2 * need;
	}
	if (at)
		l->text[at++] = ';';
	*end = at + escape_terminal(l->text + at, l->room - at, name, strlen(name));
	for (size_t i = at; i < *end; i++)
		if (l->text[i] == ';')
			l->text[i] = ':';
	return true;
}

/* Depth first; a stack of frames may be deep, but not deeper than somebody waited. */
static bool print_folded(const struct flame_tree *tree, uint32_t number, size_t at, struct line *l,
			 FILE *out)
{
	const struct flame_node *node = &tree->nodes[number];
	size_t end = 0;

	if (number != FLAME_ROOT && !put_name(l, at, node->name, &end))
		return false;
	if (node->self_ns)
		fprintf(out, "%.*s %" PRIu64 "\n", (int)end, l->text, node->self_ns);
	for (uint32_t i = 0; i < node->n; i++)
		if (!print_folded(tree, tree->order[node->first + i], end, l, out))
			return false;
	return true;
}

int flame_folded(struct flame *f, FILE *out, struct err *err)
{
	struct line l = {0};
	struct flame_tree tree = {0};
	int rc = flame_finish(f, &tree, err);

	if (!rc && tree.n && !print_folded(&tree, FLAME_ROOT, 0, &l, out))
		rc = err_set(err, -ENOMEM, "out of memory for a line");
	free(l.text);
	return rc;
}
