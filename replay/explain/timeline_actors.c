// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline_actors: which task is which while a timeline is made; and what has room in it. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/seed.h"

#include "replay/explain/timeline_maker.h"

bool maker_room(struct timeline_maker *m, void *listp, uint32_t n, uint32_t *room, size_t size)
{
	void **list = listp, *more;
	uint32_t want;

	if (__builtin_expect(n < *room, 1))
		return true;
	if (n >= m->limit) {
		m->t->full = true;
		return false;
	}
	want = *room ? *room + *room / 2 : 256;
	if (want > m->limit)
		want = m->limit;
	more = reallocarray(*list, want, size);
	if (!more) {
		m->failed = true;
		return false;
	}
	*list = more;
	*room = want;
	return true;
}

/* -- windows -- */

/* Some of [from, to], `tail` beyond the end of a window included, is in one of the windows. */
static bool inside(const struct span *windows, size_t n, uint64_t from, uint64_t to, uint64_t tail)
{
	size_t lo = 0, hi = n;

	while (lo < hi) { /* the first window that ends at or after `from` */
		size_t mid = (lo + hi) / 2;

		if (windows[mid].to_ns + tail < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && windows[lo].from_ns <= to;
}

bool maker_in_cpus(const struct timeline_maker *m, uint64_t from, uint64_t to)
{
	return inside(m->windows.cpus, m->windows.ncpus, from, to, 0);
}

bool maker_in_tasks(const struct timeline_maker *m, uint64_t from, uint64_t to)
{
	return inside(m->windows.tasks, m->windows.ntasks, from, to, TIMELINE_TAIL_NS);
}

/* -- tasks -- */

struct seen *maker_seen(struct timeline_maker *m, const struct task *task)
{
	struct seen *seen;

	if (!ARRAY_ROOM(m->seen, m->seen_room, task->id)) {
		m->failed = true;
		return NULL;
	}
	seen = &m->seen[task->id];
	if (seen->gen != task->gen)
		*seen = (struct seen){.gen = task->gen};
	return seen;
}

struct seen *maker_has_seen(const struct timeline_maker *m, const struct task *task)
{
	struct seen *seen = task->id < m->seen_room ? &m->seen[task->id] : NULL;

	return seen && seen->gen == task->gen ? seen : NULL;
}

static uint32_t new_actor(struct timeline_maker *m, const struct task *task, uint32_t tid)
{
	struct actor *a;

	if (!maker_room(m, &m->t->actors, m->t->nactors, &m->actors_room, sizeof(*a)))
		return WHO_NOBODY;
	a = &m->t->actors[m->t->nactors];
	*a = (struct actor){.tid = tid, .forker = WHO_NOBODY};
	if (task) {
		a->tgid = task->info.tgid;
		a->forked_ns = task->forked_ns;
		a->kthread = task->info.flags & TASKF_KTHREAD;
		memcpy(a->comm, task->info.comm, TASK_COMM_LEN);
	}
	return m->t->nactors++;
}

uint32_t maker_actor(struct timeline_maker *m, const struct task *task)
{
	struct seen *seen = maker_seen(m, task);

	if (!seen)
		return WHO_NOBODY;
	if (!seen->actor) {
		uint32_t id = new_actor(m, task, task->info.tid);

		if (id == WHO_NOBODY)
			return id;
		seen->actor = id + 1;
	}
	return seen->actor - 1;
}

/*
 * The slot of a TID in the table of strangers, tasks that the recording left out or that are gone for
 * long: its actor + 1, or 0 where it belongs.
 */
static uint32_t *stranger_slot(const struct timeline_maker *m, uint32_t tid)
{
	uint32_t i = seed_slot(m->seed, tid, m->strangers_room);

	for (;; i++) {
		uint32_t *slot = &m->strangers[i & (m->strangers_room - 1)];

		if (!*slot || m->t->actors[*slot - 1].tid == tid)
			return slot;
	}
}

static bool grow_strangers(struct timeline_maker *m)
{
	uint32_t *old = m->strangers, room = m->strangers_room;
	uint32_t *more = calloc(room ? 2 * (size_t)room : 64, sizeof(*more));

	if (!more) {
		m->failed = true;
		return false;
	}
	if (!room)
		m->seed = seed_new();
	m->strangers = more;
	m->strangers_room = room ? 2 * room : 64;
	for (uint32_t i = 0; i < room; i++)
		if (old[i])
			*stranger_slot(m, m->t->actors[old[i] - 1].tid) = old[i];
	free(old);
	return true;
}

/* Of a task that the recording left out its wake-ups are told, and nothing else. */
static uint32_t stranger(struct timeline_maker *m, uint32_t tid)
{
	uint32_t *slot, id;

	if (2 * m->nstrangers >= m->strangers_room && !grow_strangers(m))
		return WHO_NOBODY;
	slot = stranger_slot(m, tid);
	if (*slot)
		return *slot - 1;
	id = new_actor(m, NULL, tid);
	if (id == WHO_NOBODY)
		return id;
	m->nstrangers++;
	*slot = id + 1;
	return id;
}

static uint32_t actor_or_stranger(struct timeline_maker *m, const struct task *task, uint32_t tid)
{
	if (!tid)
		return WHO_NOBODY;
	if (tid == TID_OTHER)
		return WHO_FILTERED;
	return task ? maker_actor(m, task) : stranger(m, tid);
}

uint32_t maker_actor_of_tid(struct timeline_maker *m, uint32_t tid)
{
	return actor_or_stranger(m, engine_task_lately(m->t->engine, tid), tid);
}

uint32_t maker_waker(struct timeline_maker *m, const struct interval *iv)
{
	return actor_or_stranger(m, engine_waker(m->t->engine, iv), iv->waker);
}
