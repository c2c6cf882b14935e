// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Block requests: from who made them to their completion. Keyed by the address of the kernel's
 * request, which is used again; what went into one is a list of parts, each with its place on the
 * device. The kernel's own word (the range at the issue, the bytes at the completion) is always
 * kept: what no known part accounts for becomes a part of nobody.
 */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR_SHIFT 9

/* EVF_IO_* that belong to the request, not to one event. */
#define IO_FLAGS (EVF_IO_SYNC | EVF_IO_META | EVF_IO_RAHEAD | EVF_IO_PREFLUSH | EVF_IO_FUA)

struct request_part {
	struct etask *task; /* pinned; NULL: not known */
	struct request_part *next;
	uint64_t pos, bytes, at_ns;
	uint32_t number;
	bool merge; /* it counts as a merge of this request */
};

struct open_request {
	uint64_t key;
	struct open_request *chain; /* of the hash */
	struct open_request *next, *prev; /* all, by age */
	struct open_request *wnext, *wprev; /* waiting for their issue, on devices of one bucket */
	struct request_part *parts, *last_part; /* the maker's first */
	uint64_t pos, asked, done; /* in bytes */
	uint64_t cgroup_id, queued_ns, issued_ns;
	uint64_t seen_ns; /* known since */
	uint32_t number, dev, requeues, merges, nparts, error, mark;
	uint16_t op;
	uint8_t io_flags;
	bool waits; /* is in a list of waiting ones */
	bool unstarted, gap;
};

static const struct io_info *info_of(const struct event *ev)
{
	return ev->ext;
}

static uint64_t pos_of(const struct event *ev)
{
	return info_of(ev)->sector << SECTOR_SHIFT;
}

static bool gap_since(const struct engine *e, uint64_t t)
{
	return e->gaps.n && e->gaps.last_ns >= t;
}

/* Something of it may have been lost. */
static bool in_gap(const struct engine *e, const struct open_request *q)
{
	return q->gap || gap_since(e, q->seen_ns);
}

/* ---- the table ---- */

static uint32_t slot_of(uint64_t key, uint32_t cap)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (cap - 1);
}

static bool grow_hash(struct requests *r)
{
	uint32_t cap = r->hash_cap ? 2 * r->hash_cap : 256;
	struct open_request **hash;

	if (r->n < r->hash_cap)
		return true;
	hash = calloc(cap, sizeof(*hash));
	if (!hash)
		return false;
	for (struct open_request *q = r->first; q; q = q->next) {
		uint32_t i = slot_of(q->key, cap);

		q->chain = hash[i];
		hash[i] = q;
	}
	free(r->hash);
	r->hash = hash;
	r->hash_cap = cap;
	return true;
}

static struct open_request *find(const struct requests *r, uint64_t key)
{
	struct open_request *q = r->hash_cap ? r->hash[slot_of(key, r->hash_cap)] : NULL;

	while (q && q->key != key)
		q = q->chain;
	return q;
}

static void wait_on(struct requests *r, struct open_request *q)
{
	struct open_request **head = &r->waiting[slot_of(q->dev, REQUEST_BUCKETS)];

	if (q->waits)
		return;
	q->waits = true;
	q->wprev = NULL;
	q->wnext = *head;
	if (*head)
		(*head)->wprev = q;
	*head = q;
}

static void wait_over(struct requests *r, struct open_request *q)
{
	if (!q->waits)
		return;
	q->waits = false;
	if (q->wprev)
		q->wprev->wnext = q->wnext;
	else
		r->waiting[slot_of(q->dev, REQUEST_BUCKETS)] = q->wnext;
	if (q->wnext)
		q->wnext->wprev = q->wprev;
}

static struct request_part *add_part(struct engine *e, struct open_request *q, struct etask *task,
				     uint64_t pos, uint64_t bytes, uint64_t at)
{
	struct request_part *p;
	uint32_t number;

	p = pool_get(&e->requests.shares, sizeof(*p), &number);
	if (!p) {
		e->oom = true;
		return NULL;
	}
	*p = (struct request_part){
		.task = task, .pos = pos, .bytes = bytes, .at_ns = at, .number = number};
	if (task)
		task->pins++;
	if (q->parts)
		q->last_part->next = p;
	else
		q->parts = p;
	q->last_part = p;
	q->nparts++;
	q->asked += bytes;
	return p;
}

static void drop_oldest(struct engine *e, uint64_t t);

/* Opens one of nobody and nothing yet. NULL: no memory. */
static struct open_request *add(struct engine *e, const struct event *ev, uint64_t t)
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
	i = slot_of(q->key, r->hash_cap);
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

static void forget(struct engine *e, struct open_request *q)
{
	struct requests *r = &e->requests;
	struct open_request **link = &r->hash[slot_of(q->key, r->hash_cap)];

	wait_over(r, q);
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

static bool overlaps(const struct open_request *q, uint64_t pos, uint64_t bytes)
{
	return pos < q->pos + q->asked && pos + bytes > q->pos;
}

/*
 * The request is [pos, pos + bytes): parts outside are not in it after all (an IO was taken for a
 * merge into this one that was one into another), what no part covers came from somebody unknown.
 */
static void fit(struct engine *e, struct open_request *q, uint64_t pos, uint64_t bytes)
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
		add_part(e, q, NULL, lowest > pos ? pos : end - room, room, 0);
}

static void fit_size(struct engine *e, struct open_request *q, uint64_t bytes)
{
	if (bytes > q->asked)
		add_part(e, q, NULL, q->pos + q->asked, bytes - q->asked, 0);
}

/* The event cannot be about q: the end of q and the start of another were lost. */
static bool is_other(const struct engine *e, const struct open_request *q, const struct event *ev)
{
	const struct io_info *io = info_of(ev);

	if (q->dev != ev->value || q->op != ev->aux)
		return true;
	return in_gap(e, q) && io->bytes && q->asked && !overlaps(q, pos_of(ev), io->bytes);
}

/* ---- to the sinks ---- */

static bool room(struct requests *r, uint32_t n)
{
	uint32_t cap = r->out_cap ? r->out_cap : 64;
	void *bigger;

	if (n <= r->out_cap)
		return true;
	while (cap < n)
		cap *= 2;
	bigger = reallocarray(r->out, cap, sizeof(*r->out));
	if (!bigger)
		return false;
	r->out = bigger;
	bigger = reallocarray(r->order, cap, sizeof(struct request_part *));
	if (!bigger)
		return false;
	r->order = bigger;
	r->out_cap = cap;
	return true;
}

static int by_pos(const void *a, const void *b)
{
	const struct request_part *x = *(struct request_part *const *)a,
				  *y = *(struct request_part *const *)b;

	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Only the first `bytes` of it were done: each part has what lies in them. */
static void cut_parts(struct requests *r, struct open_request *q, uint64_t bytes)
{
	uint32_t n = 0;

	for (struct request_part *p = q->parts; p; p = p->next)
		r->order[n++] = p;
	qsort(r->order, n, sizeof(struct request_part *), by_pos);
	for (uint32_t i = 0; i < n; i++) {
		struct request_part *p = r->order[i];

		if (p->bytes > bytes)
			p->bytes = bytes;
		bytes -= p->bytes;
	}
}

static void tell(struct engine *e, const struct request *rq)
{
	for (uint32_t i = 0; i < e->nsinks; i++)
		if (e->sinks[i]->request)
			e->sinks[i]->request(e->sinks[i], rq);
}

static uint16_t flags_of(const struct engine *e, const struct open_request *q)
{
	uint16_t flags = 0;

	if (!q->queued_ns)
		flags |= RQF_NO_START;
	if (q->unstarted)
		flags |= RQF_UNSTARTED;
	if ((q->queued_ns ? q->queued_ns : q->seen_ns) < e->lo_ns)
		flags |= RQF_BEFORE;
	if (in_gap(e, q))
		flags |= RQF_GAP;
	return flags;
}

/* q ended at t as `flags` say; told when that concerns the window. Its parts are `bytes` long. */
static void tell_end(struct engine *e, struct open_request *q, uint64_t t, uint16_t flags)
{
	struct requests *r = &e->requests;
	struct request rq = {
		.dev = q->dev,
		.op = q->op,
		.io_flags = q->io_flags,
		.flags = (uint16_t)(flags | flags_of(e, q)),
		.error = q->error,
		.sector = q->pos >> SECTOR_SHIFT,
		.bytes = q->done,
		.cgroup_id = q->cgroup_id,
		.queued_ns = q->queued_ns,
		.issued_ns = q->issued_ns,
		.done_ns = t,
		.requeues = q->requeues,
		.merges = q->merges,
	};

	if (t < e->lo_ns || q->seen_ns >= e->hi_ns)
		return;
	if (t >= e->hi_ns) {
		rq.flags = (uint16_t)((rq.flags & ~(RQF_NO_END | RQF_ABSORBED)) | RQF_OPEN);
		rq.done_ns = e->hi_ns;
		rq.error = 0;
		if (rq.issued_ns >= e->hi_ns)
			rq.issued_ns = 0;
	}
	if (rq.flags & RQF_OPEN)
		rq.bytes = q->asked;
	else if (!rq.issued_ns && !(rq.flags & RQF_ABSORBED))
		rq.flags |= RQF_NO_ISSUE;
	if (!room(r, q->nparts)) {
		e->oom = true;
		return;
	}
	if (rq.bytes < q->asked && !(rq.flags & RQF_ABSORBED))
		cut_parts(r, q, rq.bytes);
	for (const struct request_part *p = q->parts; p; p = p->next)
		r->out[rq.nshares++] = (struct request_share){
			.task = p->task ? &p->task->t : NULL, .bytes = p->bytes, .at_ns = p->at_ns};
	if (rq.flags & RQF_ABSORBED) {
		r->out[0].bytes = 0;
		rq.nshares = 1;
	}
	rq.shares = r->out;
	tell(e, &rq);
}

static void end_request(struct engine *e, struct open_request *q, uint64_t t, uint16_t flags)
{
	tell_end(e, q, t, flags);
	forget(e, q);
}

/* Its address is another's now, so it ended before t. */
static void lose_end(struct engine *e, struct open_request *q, uint64_t t)
{
	if (!in_gap(e, q))
		e->counts.requests_unended++;
	end_request(e, q, t, RQF_NO_END);
}

static void drop_oldest(struct engine *e, uint64_t t)
{
	e->counts.requests_unended++;
	end_request(e, e->requests.first, t, RQF_NO_END);
}

/* ---- events ---- */

static struct etask *submitter(const struct engine *e, const struct event *ev)
{
	return task_find(e, ev->tid);
}

void request_start(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	struct etask *task = submitter(e, ev);
	struct open_request *q = find(&e->requests, io->request);

	if (q)
		lose_end(e, q, t);
	q = add(e, ev, t);
	if (!q || !add_part(e, q, task, q->pos, io->bytes, t))
		return;
	q->queued_ns = t;
	q->cgroup_id = io->cgroup_id;
	if (!q->cgroup_id && task)
		q->cgroup_id = task->t.info.cgroup_id;
	wait_on(&e->requests, q);
}

static void count_unknown(struct engine *e, const struct event *ev)
{
	if (!e->filtered && !(ev->flags & EVF_IO_UNSTARTED))
		e->counts.requests_unknown++;
}

/* The request of an ISSUE or REQUEUE, opened when nothing has told of it. NULL: no memory. */
static struct open_request *get(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = find(&e->requests, info_of(ev)->request);

	if (q && is_other(e, q, ev)) {
		lose_end(e, q, t);
		q = NULL;
	}
	if (!q) {
		count_unknown(e, ev);
		q = add(e, ev, t);
		if (!q || !add_part(e, q, NULL, q->pos, info_of(ev)->bytes, 0))
			return NULL;
		q->cgroup_id = info_of(ev)->cgroup_id;
	}
	return q;
}

void request_issue(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	struct open_request *q = get(e, ev, t);

	if (!q)
		return;
	q->issued_ns = t;
	wait_over(&e->requests, q);
	if (!io->bytes)
		return;
	/* What is left of one that is issued again is not more than what it was. */
	if (q->done)
		fit_size(e, q, q->done + io->bytes);
	else if (!q->asked || overlaps(q, pos_of(ev), io->bytes))
		fit(e, q, pos_of(ev), io->bytes);
	else
		fit_size(e, q, io->bytes);
}

void request_requeue(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = get(e, ev, t);

	if (!q)
		return;
	q->requeues++;
	q->issued_ns = 0;
	wait_on(&e->requests, q);
}

/* Completed, and never heard of: the event itself is all there is. */
static void done_unknown(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	struct request_share share = {.bytes = io->bytes};
	struct request rq = {
		.dev = ev->value,
		.op = ev->aux,
		.io_flags = ev->flags & IO_FLAGS,
		.flags = RQF_NO_START | RQF_NO_ISSUE,
		.error = io->error,
		.sector = io->sector,
		.bytes = io->bytes,
		.cgroup_id = io->cgroup_id,
		.done_ns = t,
		.shares = &share,
		.nshares = 1,
	};

	/* One with data and a flush ends twice: with its data, and when the cache is flushed. */
	if (!io->bytes && !io->error && ev->flags & (EVF_IO_PREFLUSH | EVF_IO_FUA) &&
	    ev->aux == IO_WRITE)
		return;
	count_unknown(e, ev);
	if (ev->flags & EVF_IO_UNSTARTED)
		rq.flags |= RQF_UNSTARTED;
	if (t >= e->lo_ns && t < e->hi_ns)
		tell(e, &rq);
}

void request_done(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	struct open_request *q = find(&e->requests, io->request);
	uint64_t pos = pos_of(ev), end = pos + io->bytes;

	if (q && is_other(e, q, ev)) {
		lose_end(e, q, t);
		q = NULL;
	}
	if (!q) {
		done_unknown(e, ev, t);
		return;
	}
	q->done += io->bytes;
	if (io->error)
		q->error = io->error;
	if (io->bytes && overlaps(q, pos, io->bytes)) {
		uint64_t have = q->pos + q->asked;

		if (pos > q->pos)
			pos = q->pos;
		fit(e, q, pos, (end > have ? end : have) - pos);
	}
	fit_size(e, q, q->done);
	if (!(ev->flags & EVF_IO_PARTIAL))
		end_request(e, q, t, 0);
}

/* ---- merges ---- */

/* The one that is not issued yet and ends (front: begins) at pos. */
static struct open_request *neighbour(const struct requests *r, const struct event *ev,
				      uint64_t pos, bool front, const struct open_request * not )
{
	struct open_request *q = r->waiting[slot_of(ev->value, REQUEST_BUCKETS)];

	for (; q; q = q->wnext)
		if (q != not &&q->dev == ev->value && q->op == ev->aux &&
		    (front ? q->pos : q->pos + q->asked) == pos)
			return q;
	return NULL;
}

static void count_unknown_merge(struct engine *e)
{
	if (!e->filtered)
		e->counts.merges_unknown++;
}

/* All parts of q become parts of `into`. */
static void absorb(struct open_request *into, struct open_request *q)
{
	for (struct request_part *p = q->parts; p; p = p->next)
		p->merge = p == q->parts;
	into->last_part->next = q->parts;
	into->last_part = q->last_part;
	into->nparts += q->nparts;
	into->asked += q->asked;
	into->merges++;
	q->parts = q->last_part = NULL;
	q->nparts = 0;
	q->asked = 0;
}

static void merge_requests(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = find(&e->requests, info_of(ev)->request), *into;

	if (!q || q->dev != ev->value) {
		count_unknown_merge(e);
		return;
	}
	if (q->done) {
		/* In part completed, it is not merged any more: this is another. */
		count_unknown_merge(e);
		lose_end(e, q, t);
		return;
	}
	into = neighbour(&e->requests, ev, q->pos, false, q);
	tell_end(e, q, t, RQF_ABSORBED);
	if (into)
		absorb(into, q);
	else
		count_unknown_merge(e);
	forget(e, q);
}

void request_merge(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	bool front = ev->flags & EVF_IO_FRONT;
	struct open_request *q;
	struct request_part *p;
	uint64_t pos = pos_of(ev);

	if (ev->flags & EVF_IO_ABSORBED) {
		merge_requests(e, ev, t);
		return;
	}
	if (io->request)
		q = find(&e->requests, io->request);
	else
		q = neighbour(&e->requests, ev, front ? pos + io->bytes : pos, front, NULL);
	if (!q || q->dev != ev->value || q->op != ev->aux) {
		count_unknown_merge(e);
		return;
	}
	p = add_part(e, q, submitter(e, ev), pos, io->bytes, t);
	if (!p)
		return;
	if (pos < q->pos)
		q->pos = pos;
	p->merge = true;
	q->merges++;
}

/* ---- end, checkpoints ---- */

void requests_finish(struct engine *e, uint64_t end)
{
	while (e->requests.first)
		end_request(e, e->requests.first, end, RQF_OPEN);
}

static bool snap_room(struct requests *r, uint32_t n)
{
	uint32_t cap = r->snaps_cap ? 2 * r->snaps_cap : 256;
	void *bigger;

	if (n < r->snaps_cap)
		return true;
	bigger = reallocarray(r->snaps, cap, sizeof(*r->snaps));
	if (!bigger)
		return false;
	r->snaps = bigger;
	r->snaps_cap = cap;
	return true;
}

static void part_out(const struct engine *e, const struct open_request *q,
		     const struct request_part *p, uint32_t nth, struct request_snapshot *s)
{
	*s = (struct request_snapshot){
		.io = {.request = q->key,
		       .sector = p->pos >> SECTOR_SHIFT,
		       .bytes = p->bytes,
		       .cgroup_id = q->cgroup_id},
		.dev = q->dev,
		/* Who is gone cannot be told apart from who has that TID now. */
		.tid = p->task && p->task->used ? p->task->t.info.tid : TID_OTHER,
		.share = nth,
		.op = q->op,
		.flags = q->io_flags,
		.queued_ns = p->at_ns,
		.issued_ns = q->issued_ns,
	};
	if (q->unstarted)
		s->flags |= EVF_IO_UNSTARTED;
	if (in_gap(e, q))
		s->flags |= REQUEST_SNAPF_GAP;
	if (nth) {
		s->requeues = p->merge;
		return;
	}
	s->queued_ns = q->queued_ns;
	s->requeues = q->requeues;
	s->done_bytes = q->done;
	s->io.error = q->error;
}

bool requests_out(struct engine *e, struct checkpoint *out)
{
	struct requests *r = &e->requests;
	uint32_t n = 0;

	for (const struct open_request *q = r->first; q; q = q->next) {
		uint32_t nth = 0;

		for (const struct request_part *p = q->parts; p; p = p->next) {
			if (!snap_room(r, n))
				return false;
			part_out(e, q, p, nth++, &r->snaps[n++]);
		}
	}
	out->requests = r->snaps;
	out->nrequests = n;
	return true;
}

/* One with everything that a snapshot says of it; its parts follow. */
static struct open_request *request_in(struct engine *e, const struct request_snapshot *s,
				       uint64_t t)
{
	struct event ev = {.ext = &s->io, .value = s->dev, .aux = s->op, .flags = s->flags};
	struct open_request *q = add(e, &ev, t);

	if (!q)
		return NULL;
	q->queued_ns = s->queued_ns;
	q->issued_ns = s->issued_ns;
	q->requeues = (uint32_t)s->requeues;
	q->done = s->done_bytes;
	q->error = s->io.error;
	q->cgroup_id = s->io.cgroup_id;
	q->gap = s->flags & REQUEST_SNAPF_GAP;
	q->seen_ns = t ? t - 1 : t; /* or before */
	if (s->issued_ns && s->issued_ns < q->seen_ns)
		q->seen_ns = s->issued_ns;
	if (s->queued_ns && s->queued_ns < q->seen_ns)
		q->seen_ns = s->queued_ns;
	q->mark = e->mark;
	if (!s->issued_ns)
		wait_on(&e->requests, q);
	return q;
}

static void part_in(struct engine *e, struct open_request *q, const struct request_snapshot *s)
{
	uint64_t pos = s->io.sector << SECTOR_SHIFT;
	struct request_part *p = add_part(e, q, task_find(e, s->tid), pos, s->io.bytes,
					  s->queued_ns);

	if (!p)
		return;
	if (pos < q->pos)
		q->pos = pos;
	if (!s->share)
		return;
	p->merge = s->requeues;
	q->merges += p->merge;
}

/* What a later checkpoint does not have has ended: in a gap, or the two disagree. */
static void sweep(struct engine *e, uint64_t t)
{
	for (struct open_request *q = e->requests.first, *next; q; q = next) {
		next = q->next;
		if (q->mark == e->mark)
			continue;
		if (in_gap(e, q))
			end_request(e, q, t, RQF_NO_END);
		else
			e->counts.checkpoint_diffs++;
	}
}

void requests_in(struct engine *e, const struct checkpoint *cp, uint64_t t)
{
	struct open_request *q = NULL;

	for (uint32_t i = 0; i < cp->nrequests; i++) {
		const struct request_snapshot *s = &cp->requests[i];

		if (s->share) {
			if (q)
				part_in(e, q, s);
			continue;
		}
		q = find(&e->requests, s->io.request);
		if (q) {
			q->mark = e->mark;
			q = NULL;
			continue;
		}
		if (e->loaded && !gap_since(e, s->queued_ns)) {
			e->counts.checkpoint_diffs++;
			continue;
		}
		q = request_in(e, s, t);
		if (!q)
			return;
		part_in(e, q, s);
	}
	if (e->loaded)
		sweep(e, t);
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
