// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The table of live tasks: two levels by TID, no hash. Entries come from chunks that are never
 * moved or given back; the number of an entry in them is the task's dense id. The entry of a task
 * that is gone stays as it is until TASKS_LATELY others are gone too: a waker may be told then.
 *
 * EV_FREE comes some 20 ms after a task is gone, perhaps when its TID is already another's. So a
 * page also counts, per TID, the tasks that are gone and whose EV_FREE is still to come. A gap may
 * swallow that event: the count is only believed while no gap has come since (its upper bits are
 * the number of gaps at that time).
 */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

#define TASKS_PER_CHUNK 64u
#define UNFREED_BITS	4
#define UNFREED_MASK	((1u << UNFREED_BITS) - 1)

static struct tid_page *page_get(struct engine *e, uint32_t tid)
{
	struct tid_page **p = &e->pages[tid >> PAGE_BITS];

	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			e->oom = true;
	}
	return *p;
}

static void page_put(struct engine *e, uint32_t tid)
{
	struct tid_page **p = &e->pages[tid >> PAGE_BITS];

	if (--(*p)->used == 0) {
		free(*p);
		*p = NULL;
	}
}

static bool add_chunk(struct engine *e)
{
	struct etask **chunks, *chunk;

	chunks = reallocarray(e->chunks, e->nchunks + 1, sizeof(*chunks));
	if (!chunks)
		return false;
	e->chunks = chunks;
	chunk = aligned_alloc(64, TASKS_PER_CHUNK * sizeof(*chunk));
	if (!chunk)
		return false;
	memset(chunk, 0, TASKS_PER_CHUNK * sizeof(*chunk));
	for (uint32_t i = TASKS_PER_CHUNK; i-- > 0;) {
		chunk[i].t.id = e->nchunks * TASKS_PER_CHUNK + i;
		chunk[i].next_free = e->fresh;
		e->fresh = &chunk[i];
	}
	e->chunks[e->nchunks++] = chunk;
	return true;
}

static struct etask *unused_entry(struct engine *e)
{
	struct etask *y;

	if (e->nlately > TASKS_LATELY) {
		y = e->oldest;
		e->oldest = y->next_free;
		e->nlately--;
		return y;
	}
	if (!e->fresh && !add_chunk(e))
		return NULL;
	y = e->fresh;
	e->fresh = y->next_free;
	return y;
}

struct etask *task_create(struct engine *e, uint32_t tid, uint64_t t)
{
	struct tid_page *page;
	struct etask *y;
	uint32_t id, gen;

	if (tid >= TID_LIMIT || tid == 0) {
		e->counts.ignored++;
		return NULL;
	}
	page = page_get(e, tid);
	if (!page)
		return NULL;
	y = unused_entry(e);
	if (!y) {
		e->oom = true;
		return NULL;
	}
	id = y->t.id;
	gen = y->t.gen + 1;
	memset(y, 0, sizeof(*y));
	y->t.id = id;
	y->t.gen = gen;
	y->t.info.tid = tid;
	y->t.cpu = CPU_NONE;
	y->t.syscall = SYSCALL_UNKNOWN;
	y->t.flags = TASK_UNNAMED;
	y->t.since_ns = y->t.seen_ns = y->clean_ns = y->sure_ns = t;
	y->used = true;
	if (id >= e->task_limit)
		e->task_limit = id + 1;
	page->task[tid & (PAGE_TIDS - 1)] = y;
	page->used++;
	return y;
}

struct etask *task_unknown(struct engine *e, uint32_t tid, uint64_t t)
{
	struct etask *y = task_create(e, tid, t);

	if (y)
		e->counts.unknown_tasks++;
	return y;
}

static void expect_free(struct engine *e, uint32_t tid)
{
	uint32_t epoch = (uint32_t)(e->counts.gaps << UNFREED_BITS) & UINT16_MAX;
	struct tid_page *page;
	uint16_t *unfreed;

	if (!e->saw_free)
		return;
	page = page_get(e, tid);
	if (!page)
		return;
	unfreed = &page->unfreed[tid & (PAGE_TIDS - 1)];
	if (!*unfreed)
		page->used++;
	if ((*unfreed & ~UNFREED_MASK) != epoch || !*unfreed)
		*unfreed = (uint16_t)(epoch | 1);
	else if ((*unfreed & UNFREED_MASK) < UNFREED_MASK)
		++*unfreed;
}

bool task_take_unfreed(struct engine *e, uint32_t tid)
{
	uint32_t epoch = (uint32_t)(e->counts.gaps << UNFREED_BITS) & UINT16_MAX;
	struct tid_page *page;
	uint16_t *unfreed;
	bool believed;

	if (tid >= TID_LIMIT || !e->pages[tid >> PAGE_BITS])
		return false;
	page = e->pages[tid >> PAGE_BITS];
	unfreed = &page->unfreed[tid & (PAGE_TIDS - 1)];
	if (!*unfreed)
		return false;
	believed = (*unfreed & ~UNFREED_MASK) == epoch;
	--*unfreed;
	if (!believed || !(*unfreed & UNFREED_MASK)) {
		*unfreed = 0;
		page_put(e, tid);
	}
	return believed;
}

static void unlink_tid(struct engine *e, struct etask *y, bool await_free)
{
	uint32_t tid = y->t.info.tid;

	if (await_free)
		expect_free(e, tid);
	e->pages[tid >> PAGE_BITS]->task[tid & (PAGE_TIDS - 1)] = NULL;
	page_put(e, tid);
}

static void release(struct engine *e, struct etask *y)
{
	for (uint32_t i = 0; i < e->nsinks; i++)
		if (e->sinks[i]->task_gone)
			e->sinks[i]->task_gone(e->sinks[i], &y->t);
	account_forget(e, y);
	y->gone = false;
	y->next_free = NULL;
	if (e->nlately++)
		e->latest->next_free = y;
	else
		e->oldest = y;
	e->latest = y;
}

void task_remove(struct engine *e, struct etask *y, bool await_free)
{
	enter(e, y, TS_DEAD, y->t.cpu, e->now_ns);
	task_leave_zombies(e, y);
	unlink_tid(e, y, await_free);
	e->lately[y->t.info.tid & (TASKS_LATELY - 1)] = y;
	y->used = false;
	y->gone = true;
	if (likely(!y->pins))
		release(e, y);
}

void task_unpin(struct engine *e, struct etask *y)
{
	if (--y->pins == 0 && y->gone)
		release(e, y);
}

void task_rekey(struct engine *e, struct etask *y, uint32_t tid)
{
	struct tid_page *page = page_get(e, tid);

	if (!page)
		return;
	/* The old leader's task_struct goes by the TID that y gives up. */
	unlink_tid(e, y, true);
	page = page_get(e, tid);
	if (!page)
		return;
	page->task[tid & (PAGE_TIDS - 1)] = y;
	page->used++;
	y->t.info.tid = tid;
}

struct etask *task_next(const struct engine *e, uint32_t *pos)
{
	while (*pos < e->nchunks * TASKS_PER_CHUNK) {
		struct etask *y = &e->chunks[*pos / TASKS_PER_CHUNK][*pos % TASKS_PER_CHUNK];

		++*pos;
		if (y->used)
			return y;
	}
	return NULL;
}

static struct order *zombies_like(struct engine *e, enum task_state state)
{
	switch (state) {
	case TS_ZOMBIE: return &e->zombies.waitable;
	case TS_LEADER_ZOMBIE: return &e->zombies.leaders;
	default: return &e->zombies.doubtful;
	}
}

void task_leave_zombies(struct engine *e, struct etask *y)
{
	if (y->zombie.in)
		order_remove(zombies_like(e, (enum task_state)y->zombie_state), &y->zombie);
}

void task_enter_zombies(struct engine *e, struct etask *y)
{
	task_leave_zombies(e, y);
	y->zombie_state = y->t.state;
	order_add(zombies_like(e, (enum task_state)y->t.state), &y->zombie, y->t.info.ppid,
		  y->t.info.start_ns);
}

void task_move_zombie(struct engine *e, struct etask *y)
{
	if (y->zombie.in)
		task_enter_zombies(e, y);
}

void tasks_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->nchunks; i++)
		free(e->chunks[i]);
	free(e->chunks);
	for (uint32_t i = 0; i < TID_LIMIT >> PAGE_BITS; i++)
		free(e->pages[i]);
}
