// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The table of open block requests: by address, by age, and those that are not issued by device.
 */
#include "engine/requests.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/seed.h"

static bool grow_hash(struct requests *r)
{
	uint32_t cap = r->hash_cap ? 2 * r->hash_cap : 256;
	struct open_request **hash;

	if (r->n < r->hash_cap)
		return true;
	if (!r->hash_cap)
		r->seed = seed_new();
	hash = calloc(cap, sizeof(*hash));
	if (!hash)
		return false;
	for (struct open_request *q = r->first; q; q = q->next) {
		uint32_t i = seed_slot(r->seed, q->key, cap);

		q->chain = hash[i];
		hash[i] = q;
	}
	free(r->hash);
	r->hash = hash;
	r->hash_cap = cap;
	return true;
}

struct open_request *request_find(const struct requests *r, uint64_t key)
{
	struct open_request *q = NULL;

	if (r->hash_cap)
		q = r->hash[seed_slot(r->seed, key, r->hash_cap)];
	while (q && q->key != key)
		q = q->chain;
	return q;
}

/* ---- those that wait ---- */

static uint64_t kind_of(uint32_t dev, uint16_t op)
{
	return (uint64_t)dev << 16 | op;
}

void request_wait(struct requests *r, struct open_request *q)
{
	const uint64_t kind = kind_of(q->dev, q->op);

	if (q->by_start.in)
		return;
	order_add(&r->by_start, &q->by_start, kind, q->pos);
	order_add(&r->by_end, &q->by_end, kind, q->pos + q->asked);
}

void request_wait_over(struct requests *r, struct open_request *q)
{
	order_remove(&r->by_start, &q->by_start);
	order_remove(&r->by_end, &q->by_end);
}

void request_moved(struct requests *r, struct open_request *q)
{
	const uint64_t kind = kind_of(q->dev, q->op), end = q->pos + q->asked;

	if (q->by_start.in && q->by_start.key.minor != q->pos)
		order_move(&r->by_start, &q->by_start, kind, q->pos);
	if (q->by_end.in && q->by_end.key.minor != end)
		order_move(&r->by_end, &q->by_end, kind, end);
}

struct open_request *request_neighbour(const struct requests *r, const struct event *ev,
				       uint64_t pos, bool front, const struct open_request *except)
{
	const size_t at = front ? offsetof(struct open_request, by_start)
				: offsetof(struct open_request, by_end);
	const struct order *o = front ? &r->by_start : &r->by_end;
	const uint64_t kind = kind_of(ev->value, ev->aux);
	struct order_node *node = order_from(o, kind, pos);

	if (node && except && (char *)node == (const char *)except + at)
		node = order_next(o, node);
	if (!node || node->key.major != kind || node->key.minor != pos)
		return NULL;
	return (struct open_request *)((char *)node - at);
}

/* ---- what is in one ---- */

struct request_part *request_add_part(struct engine *e, struct open_request *q, struct etask *task,
				      uint64_t pos, uint64_t bytes, uint64_t at)
{
	struct request_part *p = q->last_part;
	uint32_t number;

	if (p && q->nparts >= REQUEST_PARTS_MAX) {
		p->bytes += bytes;
		q->asked += bytes;
		return p;
	}
	if (q->nparts == REQUEST_PARTS_MAX - 1) {
		task = NULL;
		at = 0;
	}
	p = pool_get(&e->requests.shares, sizeof(*p), &number);
	if (!p) {
		e->oom = true;
		return NULL;
	}
	*p = (struct request_part){
		.task = task, .pos = pos, .bytes = bytes, .at_ns = at, .number = number};
	if (task)
		task->pins++;
	if (q->last_part)
		q->last_part->next = p;
	else
		q->parts = p;
	q->last_part = p;
	q->nparts++;
	q->asked += bytes;
	return p;
}

static void drop_oldest(struct engine *e, uint64_t t)
{
	request_lose_end(e, e->requests.first, t);
}

struct open_request *request_add(struct engine *e, const struct event *ev, uint64_t t)
{
	struct requests *r = &e->requests;
	struct open_request *q;
	uint32_t number, i;

	if (r->n >= REQUESTS_MAX)
		drop_oldest(e, t);
	q = grow_hash(r) ? pool_get(&r->pool, sizeof(*q), &number) : NULL;
	if (!q) {
		e->oom = true;
		return NULL;
	}
	q->number = number;
	q->key = info_of(ev)->request;
	q->dev = ev->value;
	q->op = ev->aux;
	q->io_flags = ev->flags & IO_FLAGS;
	q->unstarted = ev->flags & EVF_IO_UNSTARTED;
	q->pos = pos_of(ev);
	q->seen_ns = t;
	i = seed_slot(r->seed, q->key, r->hash_cap);
	q->chain = r->hash[i];
	r->hash[i] = q;
	q->prev = r->last;
	if (r->last)
		r->last->next = q;
	else
		r->first = q;
	r->last = q;
	r->n++;
	return q;
}

void request_forget(struct engine *e, struct open_request *q)
{
	struct requests *r = &e->requests;
	struct open_request **link = &r->hash[seed_slot(r->seed, q->key, r->hash_cap)];

	request_wait_over(r, q);
	while (*link != q)
		link = &(*link)->chain;
	*link = q->chain;
	if (q->prev)
		q->prev->next = q->next;
	else
		r->first = q->next;
	if (q->next)
		q->next->prev = q->prev;
	else
		r->last = q->prev;
	r->n--;
	for (struct request_part *p = q->parts, *next; p; p = next) {
		next = p->next;
		if (p->task)
			task_unpin(e, p->task);
		pool_put(&r->shares, sizeof(*p), p->number);
	}
	pool_put(&r->pool, sizeof(*q), q->number);
}

/* ---- what the kernel says it covers ---- */

bool request_overlaps(const struct open_request *q, uint64_t pos, uint64_t bytes)
{
	return pos < q->pos + q->asked && pos + bytes > q->pos;
}

/* Somebody's, who is not known: as much as there is of that in one part. */
static void add_unknown(struct engine *e, struct open_request *q, uint64_t pos, uint64_t bytes)
{
	struct request_part *last = q->last_part;

	if (!last || last->task || last->at_ns || last->merge || last->pos + last->bytes != pos) {
		request_add_part(e, q, NULL, pos, bytes, 0);
		return;
	}
	last->bytes += bytes;
	q->asked += bytes;
}

void request_fit(struct engine *e, struct open_request *q, uint64_t pos, uint64_t bytes)
{
	uint64_t end = pos + bytes, room = bytes, lowest = end;

	if (q->pos == pos && q->asked == bytes)
		return;
	for (struct request_part *p = q->parts; p; p = p->next) {
		uint64_t from = p->pos > pos ? p->pos : pos, to = p->pos + p->bytes;

		if (to > end)
			to = end;
		p->bytes = to > from ? to - from : 0;
		p->pos = from < end ? from : end;
		if (p->bytes > room)
			p->bytes = room;
		room -= p->bytes;
		if (p->bytes && p->pos < lowest)
			lowest = p->pos;
	}
	q->asked = bytes - room;
	q->pos = pos;
	if (room)
		add_unknown(e, q, lowest > pos ? pos : end - room, room);
	request_moved(&e->requests, q);
}

void request_fit_size(struct engine *e, struct open_request *q, uint64_t bytes)
{
	if (bytes <= q->asked)
		return;
	add_unknown(e, q, q->pos + q->asked, bytes - q->asked);
	request_moved(&e->requests, q);
}

void requests_free(struct engine *e)
{
	struct requests *r = &e->requests;

	pool_free(&r->pool);
	pool_free(&r->shares);
	free(r->hash);
	free(r->out);
	free(r->order);
	free(r->snaps);
}
