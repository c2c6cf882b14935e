// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/order.h"

#include <stddef.h>

#include "base/seed.h"

static bool less(const struct order_key *a, const struct order_key *b)
{
	if (a->major != b->major)
		return a->major < b->major;
	if (a->minor != b->minor)
		return a->minor < b->minor;
	return a->age < b->age;
}

/* splitmix64 */
static uint64_t scramble(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15ull;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ull;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebull;
	return n ^ (n >> 31);
}

/* What is below `at` becomes what comes before the node, and what comes after it. */
static void split(struct order_node *at, struct order_node *node)
{
	struct order_node **before = &node->left, **after = &node->right;

	while (at) {
		if (less(&at->key, &node->key)) {
			*before = at;
			before = &at->right;
			at = *before;
		} else {
			*after = at;
			after = &at->left;
			at = *after;
		}
	}
	*before = *after = NULL;
}

/* Its key and its priority are set. */
static void insert(struct order *o, struct order_node *node)
{
	struct order_node **link = &o->root;

	node->in = true;
	while (*link && (*link)->priority >= node->priority)
		link = less(&(*link)->key, &node->key) ? &(*link)->right : &(*link)->left;
	split(*link, node);
	*link = node;
}

void order_add(struct order *o, struct order_node *node, uint64_t major, uint64_t minor)
{
	if (!o->count)
		o->seed = seed_new();
	node->priority = scramble(++o->count ^ o->seed);
	node->key = (struct order_key){major, minor, UINT64_MAX - o->count};
	insert(o, node);
}

void order_move(struct order *o, struct order_node *node, uint64_t major, uint64_t minor)
{
	order_remove(o, node);
	node->key.major = major;
	node->key.minor = minor;
	insert(o, node);
}

void order_remove(struct order *o, struct order_node *node)
{
	struct order_node **link = &o->root, *a = node->left, *b = node->right;

	if (!node->in)
		return;
	node->in = false;
	while (*link != node)
		link = less(&(*link)->key, &node->key) ? &(*link)->right : &(*link)->left;
	while (a && b) {
		if (a->priority >= b->priority) {
			*link = a;
			link = &a->right;
			a = *link;
		} else {
			*link = b;
			link = &b->left;
			b = *link;
		}
	}
	*link = a ? a : b;
}

static struct order_node *first_not_less(const struct order *o, const struct order_key *key)
{
	struct order_node *at = o->root, *found = NULL;

	while (at) {
		if (less(&at->key, key)) {
			at = at->right;
		} else {
			found = at;
			at = at->left;
		}
	}
	return found;
}

struct order_node *order_from(const struct order *o, uint64_t major, uint64_t minor)
{
	const struct order_key key = {major, minor, 0};

	return first_not_less(o, &key);
}

struct order_node *order_next(const struct order *o, const struct order_node *node)
{
	struct order_key key = node->key;

	key.age++;
	return first_not_less(o, &key);
}
