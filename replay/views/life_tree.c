// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* life_tree: rows of the life view in the order of the process tree. */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/view_life.h"

#define NIL UINT32_MAX

/* One row in the tree; children hang on `child` and its `next`, by start. */
struct node {
	uint32_t parent, child, next;
	bool keep;
};

struct by_pid {
	uint32_t pid, row;
	uint64_t start_ns;
};

static const struct life_figures *life_of(const struct view_row *row)
{
	return row->figures;
}

static int compare_pid(const void *x, const void *y)
{
	const struct by_pid *a = x, *b = y;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static int compare_start(const void *x, const void *y)
{
	const struct by_pid *a = x, *b = y;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* The last process of this PID that began before `start_ns`: PIDs are used again. */
static uint32_t find_parent(const struct by_pid *list, size_t n, uint32_t pid, uint64_t start_ns)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list[mid].pid < pid || (list[mid].pid == pid && list[mid].start_ns < start_ns))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && list[lo - 1].pid == pid ? list[lo - 1].row : NIL;
}

/* Depth first without recursion: a chain of processes may be long. */
static void walk(const struct node *nodes, uint32_t root, uint32_t depth,
		 const struct view_row *from, struct view_row *to, size_t *n)
{
	uint32_t at = root;

	for (;;) {
		if (nodes[at].keep) {
			to[*n] = from[at];
			to[(*n)++].depth = depth;
		}
		if (nodes[at].child != NIL) {
			at = nodes[at].child;
			depth++;
			continue;
		}
		while (at != root && nodes[at].next == NIL) {
			at = nodes[at].parent;
			depth--;
		}
		if (at == root)
			return;
		at = nodes[at].next;
	}
}

static void build(struct node *nodes, struct by_pid *list, const struct view_rows *rows)
{
	size_t n = rows->n;

	for (uint32_t i = 0; i < n; i++)
		list[i] = (struct by_pid){
			rows->list[i].subject->folded ? 0 : rows->list[i].subject->pid, i,
			life_of(&rows->list[i])->start_ns};
	qsort(list, n, sizeof(*list), compare_pid);
	for (uint32_t i = 0; i < n; i++) {
		const struct life_figures *f = life_of(&rows->list[i]);
		uint32_t parent = NIL;

		if (!rows->list[i].subject->folded && f->ppid && f->start_ns)
			parent = find_parent(list, n, f->ppid, f->start_ns);
		nodes[i].parent = parent == i ? NIL : parent;
	}
	/* children in front of each other, so the last to be born goes first */
	qsort(list, n, sizeof(*list), compare_start);
	for (size_t k = n; k-- > 0;) {
		uint32_t i = list[k].row, parent = nodes[i].parent;

		if (parent == NIL)
			continue;
		nodes[i].next = nodes[parent].child;
		nodes[parent].child = i;
	}
}

int life_tree(struct view_rows *rows, bool everybody)
{
	size_t n = rows->n, out = 0;
	struct node *nodes = malloc((n + 1) * sizeof(*nodes));
	struct by_pid *list = malloc((n + 1) * sizeof(*list));
	struct view_row *sorted = malloc((n + 1) * sizeof(*sorted));

	if (!nodes || !list || !sorted) {
		free(nodes);
		free(list);
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		nodes[i] = (struct node){NIL, NIL, NIL, everybody};
	build(nodes, list, rows);
	/* a parent begins before its child, so the way up ends */
	for (uint32_t i = 0; i < n; i++)
		if (life_happened(life_of(&rows->list[i])))
			for (uint32_t k = i; k != NIL && !nodes[k].keep; k = nodes[k].parent)
				nodes[k].keep = true;
	for (size_t k = 0; k < n; k++)
		if (nodes[list[k].row].parent == NIL)
			walk(nodes, list[k].row, 0, rows->list, sorted, &out);
	free(rows->list);
	rows->list = sorted;
	rows->n = out;
	rows->room = (uint32_t)n + 1;
	free(nodes);
	free(list);
	return 0;
}
