// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/wakers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "replay/offcpu/places.h"

static bool grow_links(struct wakers *w)
{
	uint32_t room = w->room ? 2 * w->room : 1024;
	struct link *links;
	uint32_t *slots;

	if (w->n < w->room / 2)
		return true;
	links = reallocarray(w->links, room / 2, sizeof(*links));
	if (!links)
		return false;
	w->links = links;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t at = (uint32_t)XXH3_64bits(&links[i], sizeof(links[i])) & (room - 1);

		while (slots[at])
			at = (at + 1) & (room - 1);
		slots[at] = i + 1;
	}
	free(w->slots);
	w->slots = slots;
	w->room = room;
	return true;
}

static uint32_t intern(struct wakers *w, const struct link *link)
{
	uint32_t at;

	if (!grow_links(w)) {
		w->failed = true;
		return 0;
	}
	at = (uint32_t)XXH3_64bits(link, sizeof(*link)) & (w->room - 1);
	for (; w->slots[at]; at = (at + 1) & (w->room - 1))
		if (!memcmp(&w->links[w->slots[at] - 1], link, sizeof(*link)))
			return w->slots[at];
	if (w->n >= WAKERS_MAX)
		return 0;
	w->links[w->n++] = *link;
	w->slots[at] = w->n;
	return w->n;
}

static struct wait_end *waits_of(struct wakers *w, const struct task *task)
{
	uint32_t room = w->tasks_room ? w->tasks_room : 256;
	void *tasks;

	if (task->id < w->tasks_room)
		return w->tasks[task->id];
	while (room <= task->id)
		room *= 2;
	tasks = reallocarray(w->tasks, room, sizeof(*w->tasks));
	if (!tasks) {
		w->failed = true;
		return NULL;
	}
	w->tasks = tasks;
	memset(w->tasks + w->tasks_room, 0, (room - w->tasks_room) * sizeof(*w->tasks));
	w->tasks_room = room;
	return w->tasks[task->id];
}

/* The last wait of who ended this one; NULL: none that is known. */
static const struct wait_end *waits_of_waker(const struct wakers *w, const struct interval *iv,
					     const struct engine *e)
{
	const struct task *waker = engine_waker(e, iv);
	uint32_t slot = iv->waker % WAKERS_GONE;

	if (waker)
		return waker != iv->task && waker->id < w->tasks_room ? &w->tasks[waker->id][0]
								      : NULL;
	return iv->waker && w->gone[slot].tid == iv->waker ? &w->gone[slot].last : NULL;
}

static void set_comm(struct link *link, const char *comm)
{
	snprintf(link->comm, sizeof(link->comm), "%s", comm);
}

static uint32_t chain_of(struct wakers *w, const struct interval *iv, const struct engine *e,
			 const struct gone_names *names)
{
	struct link link = {.leaf = WAKER_NO_WAIT, .depth = 1};
	const struct wait_end *its = waits_of_waker(w, iv, e);
	const struct link *next;

	if (iv->flags & (IVF_OPEN | IVF_GAP))
		return 0;
	if (iv->waker)
		gone_names_waker(names, e, iv, link.comm);
	else
		set_comm(&link, iv->flags & IVF_WOKEN_BY_IRQ ? "(interrupt)" : "(idle)");
	if (!link.comm[0])
		set_comm(&link, "(not known)");
	if (its && its->end_ns > iv->start_ns) {
		next = wakers_link(w, its->chain);
		link.leaf = its->leaf;
		if (!next || next->depth < WAKERS_DEPTH) {
			link.next = its->chain;
			link.depth = next ? next->depth + 1 : 1;
		}
	}
	return intern(w, &link);
}

void wakers_interval(struct wakers *w, const struct interval *iv, const struct engine *e,
		     const struct gone_names *names)
{
	struct wait_end *its = waits_of(w, iv->task);
	const struct stacks none = {0};

	if (!its)
		return;
	its[1] = its[0];
	its[0] = (struct wait_end){
		.start_ns = iv->start_ns,
		.end_ns = iv->end_ns,
		.leaf = place_of(iv, NULL, &none, 0).leaf,
		.chain = chain_of(w, iv, e, names),
	};
}

void wakers_gone(struct wakers *w, const struct task *task)
{
	uint32_t slot = task->info.tid % WAKERS_GONE;

	w->gone[slot].tid = task->info.tid;
	w->gone[slot].last = (struct wait_end){0};
	if (task->id >= w->tasks_room)
		return;
	w->gone[slot].last = w->tasks[task->id][0];
	memset(w->tasks[task->id], 0, sizeof(w->tasks[task->id]));
}

uint32_t wakers_chain(const struct wakers *w, const struct interval *iv)
{
	if (iv->task->id >= w->tasks_room)
		return 0;
	for (unsigned i = 0; i < 2; i++)
		if (w->tasks[iv->task->id][i].start_ns == iv->start_ns)
			return w->tasks[iv->task->id][i].chain;
	return 0;
}

void wakers_free(struct wakers *w)
{
	free(w->links);
	free(w->slots);
	free(w->tasks);
	*w = (struct wakers){0};
}
