/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * order: things in the order of their keys, to be found by "the first from here on". Memory is the
 * owner's: a node is a part of what it stands for. A treap: priorities depend on nothing but a seed
 * and how many nodes came before, so no keys make it deep.
 */
#ifndef RSTAT_ENGINE_ORDER_H
#define RSTAT_ENGINE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct order_key {
	uint64_t major, minor;
	uint64_t age; /* tells those apart that are alike: never twice in one order */
};

struct order_node {
	struct order_node *left, *right;
	struct order_key key;
	uint64_t priority;
	bool in; /* is in an order */
};

/* Zeroed memory is empty. */
struct order {
	struct order_node *root;
	uint64_t count; /* nodes that were ever added */
	uint64_t seed;
};

/* Of the first two parts; node->key.age is set so that what is added later comes first. */
void order_add(struct order *o, struct order_node *node, uint64_t major, uint64_t minor);
/* Of one that is in it: another key, and as old as before. */
void order_move(struct order *o, struct order_node *node, uint64_t major, uint64_t minor);
void order_remove(struct order *o, struct order_node *node); /* nothing when it is in none */

/* The first whose key is not less than (major, minor); NULL: none. */
struct order_node *order_from(const struct order *o, uint64_t major, uint64_t minor);
/* The one behind it; NULL: none. */
struct order_node *order_next(const struct order *o, const struct order_node *node);

#endif
