// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The order of nodes by key, against a list that is sorted the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/order.h"

#define NODES 500

static uint64_t seed = 7;

static uint64_t dice(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

/* The slow way. */
static const struct order_node *least_from(const struct order_node *nodes, uint64_t major,
					   uint64_t minor, uint64_t age)
{
	const struct order_node *best = NULL;

	for (size_t i = 0; i < NODES; i++) {
		const struct order_key *k = &nodes[i].key, *b = best ? &best->key : NULL;

		if (!nodes[i].in)
			continue;
		if (k->major < major || (k->major == major && k->minor < minor) ||
		    (k->major == major && k->minor == minor && k->age < age))
			continue;
		if (!b || k->major < b->major || (k->major == b->major && k->minor < b->minor) ||
		    (k->major == b->major && k->minor == b->minor && k->age < b->age))
			best = &nodes[i];
	}
	return best;
}

static void test_as_a_list(void **state)
{
	static struct order_node nodes[NODES];
	struct order o = {0};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct order_node *n = &nodes[dice(NODES)];
		uint64_t major = dice(8), minor = dice(50);

		if (n->in)
			order_remove(&o, n);
		else
			order_add(&o, n, major, minor);
		major = dice(9);
		minor = dice(51);
		assert_ptr_equal(order_from(&o, major, minor), least_from(nodes, major, minor, 0));
		n = order_from(&o, major, minor);
		if (n)
			assert_ptr_equal(
				order_next(&o, n),
				least_from(nodes, n->key.major, n->key.minor, n->key.age + 1));
	}
	for (size_t i = 0; i < NODES; i++)
		order_remove(&o, &nodes[i]);
	assert_null(o.root);
}

static void test_alike_the_last_first(void **state)
{
	struct order_node a = {0}, b = {0}, c = {0};
	struct order o = {0};

	(void)state;
	order_add(&o, &a, 1, 1);
	order_add(&o, &b, 1, 1);
	order_add(&o, &c, UINT64_MAX, UINT64_MAX);
	assert_ptr_equal(order_from(&o, 0, 0), &b);
	assert_ptr_equal(order_next(&o, &b), &a);
	assert_ptr_equal(order_next(&o, &a), &c);
	assert_null(order_next(&o, &c));
	order_move(&o, &a, 2, 0);
	assert_ptr_equal(order_from(&o, 1, 2), &a);
	order_move(&o, &a, 1, 1); /* it is not younger for that */
	assert_ptr_equal(order_from(&o, 0, 0), &b);
	assert_ptr_equal(order_next(&o, &b), &a);
	order_remove(&o, &b);
	order_remove(&o, &b); /* is in none */
	assert_ptr_equal(order_from(&o, 1, 1), &a);
}

/* Sorted input is what a plain tree cannot take: 200,000 in a row are deep enough to be seen. */
static void test_sorted(void **state)
{
	const size_t n = 200000;
	struct order_node *nodes = calloc(n, sizeof(*nodes));
	struct order o = {0};
	size_t depth = 0;

	(void)state;
	assert_non_null(nodes);
	for (size_t i = 0; i < n; i++)
		order_add(&o, &nodes[i], 1, i);
	for (const struct order_node *at = o.root; at; at = at->right)
		depth++;
	assert_true(depth < 100);
	assert_ptr_equal(order_from(&o, 1, n / 2), &nodes[n / 2]);
	free(nodes);
}

/* splitmix64 */
static uint64_t scramble(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15ull;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ull;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebull;
	return n ^ (n >> 31);
}

static size_t depth_of(const struct order_node *at)
{
	size_t left, right;

	if (!at)
		return 0;
	left = depth_of(at->left);
	right = depth_of(at->right);
	return 1 + (left > right ? left : right);
}

/* Keys as somebody would make them who knows the code: each the priority, if that had no seed. */
static void test_made_by_who_knows(void **state)
{
	static struct order_node nodes[20000];
	struct order o = {0};

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		order_add(&o, &nodes[i], 1, scramble(i + 1));
	assert_true(depth_of(o.root) < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_a_list),
		cmocka_unit_test(test_alike_the_last_first),
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_made_by_who_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
