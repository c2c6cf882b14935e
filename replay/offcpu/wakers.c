// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/wakers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
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

/* NULL: no memory. */
static struct waits *waits_of(struct wakers *w, const struct task *task)
{
	struct waits *its;

	if (!ARRAY_ROOM(w->tasks, w->tasks_room, task->id)) {
		w->failed = true;
		return NULL;
	}
	its = &w->tasks[task->id];
	if (its->gen != task->gen)
		*its = (struct waits){.gen = task->gen};
	return its;
}

/* The waits of a task, NULL: none that are known. */
static const struct waits *known_waits(const struct wakers *w, const struct task *task)
{
	const struct waits *its = task->id < w->tasks_room ? &w->tasks[task->id] : NULL;

	return its && its->gen == task->gen ? its : NULL;
}

static void set_comm(struct link *link, const char *comm)
{
	snprintf(link->comm, sizeof(link->comm), "%s", comm);
}

static uint32_t chain_of(struct wakers *w, const struct interval *iv, const struct engine *e)
{
	struct link link = {.leaf = WAKER_NO_WAIT, .depth = 1};
	const struct task *waker = engine_waker(e, iv);
	const struct waits *its = waker && waker != iv->task ? known_waits(w, waker) : NULL;
	const struct link *next;

	if (iv->flags & (IVF_OPEN | IVF_GAP))
		return 0;
	if (!iv->waker)
		set_comm(&link, iv->flags & IVF_WOKEN_BY_IRQ ? "(interrupt)" : "(idle)");
	else
		set_comm(&link, waker && waker->info.comm[0] ? waker->info.comm : "(not known)");
	if (its && its->last[0].end_ns > iv->start_ns) {
		next = wakers_link(w, its->last[0].chain);
		link.leaf = its->last[0].leaf;
		if (!next || next->depth < WAKERS_DEPTH) {
			link.next = its->last[0].chain;
			link.depth = next ? next->depth + 1 : 1;
		}
	}
	return intern(w, &link);
}

void wakers_interval(struct wakers *w, const struct interval *iv, const struct engine *e)
{
	struct waits *its = waits_of(w, iv->task);
	const struct stacks none = {0};

	if (!its)
		return;
	its->last[1] = its->last[0];
	its->last[0] = (struct wait_end){
		.start_ns = iv->start_ns,
		.end_ns = iv->end_ns,
		.leaf = place_of(iv, NULL, &none, 0).leaf,
		.chain = chain_of(w, iv, e),
	};
}

uint32_t wakers_chain(const struct wakers *w, const struct interval *iv)
{
	const struct waits *its = known_waits(w, iv->task);

	for (unsigned i = 0; its && i < 2; i++)
		if (its->last[i].start_ns == iv->start_ns)
			return its->last[i].chain;
	return 0;
}

void wakers_free(struct wakers *w)
{
	free(w->links);
	free(w->slots);
	free(w->tasks);
	*w = (struct wakers){0};
}
