// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Block requests: from who made them to their completion. Keyed by the address of the kernel's
 * request, which is used again; what went into one is a list of parts, each with its place on the
 * device. The kernel's own word (the range at the issue, the bytes at the completion) is always
 * kept: what no known part accounts for becomes a part of nobody.
 */
#include "engine/requests.h"

#include <stdlib.h>
#include <string.h>

/* The event cannot be about q: the end of q and the start of another were lost. */
static bool is_other(const struct engine *e, const struct open_request *q, const struct event *ev)
{
	const struct io_info *io = info_of(ev);

	if (q->dev != ev->value || q->op != ev->aux)
		return true;
	return (in_gap(e, q) || in_hidden(e, q)) && io->bytes && q->asked &&
	       !request_overlaps(q, pos_of(ev), io->bytes);
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
	for (struct sink *const *on = e->on_request.list; *on; on++)
		(*on)->request(*on, rq);
}

/*
 * What was hidden does not spoil one whose events are all there, but it may have been the end of one
 * that seems to have none.
 */
static uint16_t flags_of(const struct engine *e, const struct open_request *q, uint16_t end)
{
	uint16_t flags = 0;

	if (!q->queued_ns)
		flags |= RQF_NO_START;
	if (q->unstarted)
		flags |= RQF_UNSTARTED;
	if ((q->queued_ns ? q->queued_ns : q->seen_ns) < e->lo_ns)
		flags |= RQF_BEFORE;
	if (in_gap(e, q) || (end & (RQF_OPEN | RQF_NO_END) && in_hidden(e, q)))
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
		.flags = (uint16_t)(flags | flags_of(e, q, flags)),
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

void request_end(struct engine *e, struct open_request *q, uint64_t t, uint16_t flags)
{
	if (flags & RQF_NO_END)
		e->counts.requests_no_end++;
	tell_end(e, q, t, flags);
	request_forget(e, q);
}

void request_lose_end(struct engine *e, struct open_request *q, uint64_t t)
{
	if (!in_gap(e, q) && !in_hidden(e, q))
		e->counts.requests_unended++;
	request_end(e, q, t, RQF_NO_END);
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
	struct open_request *q = request_find(&e->requests, io->request);

	if (q)
		request_lose_end(e, q, t);
	q = request_add(e, ev, t);
	if (!q || !request_add_part(e, q, task, q->pos, io->bytes, t))
		return;
	q->queued_ns = t;
	q->cgroup_id = io->cgroup_id;
	if (!q->cgroup_id && task)
		q->cgroup_id = task->t.info.cgroup_id;
	request_wait(&e->requests, q);
}

static void count_unknown(struct engine *e, const struct event *ev)
{
	if (!e->filtered && !(ev->flags & EVF_IO_UNSTARTED))
		e->counts.requests_unknown++;
}

/* The request of an ISSUE or REQUEUE, opened when nothing has told of it. NULL: no memory. */
static struct open_request *get(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = request_find(&e->requests, info_of(ev)->request);

	if (q && is_other(e, q, ev)) {
		request_lose_end(e, q, t);
		q = NULL;
	}
	if (!q) {
		count_unknown(e, ev);
		q = request_add(e, ev, t);
		if (!q || !request_add_part(e, q, NULL, q->pos, info_of(ev)->bytes, 0))
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
	request_wait_over(&e->requests, q);
	if (!io->bytes)
		return;
	/* What is left of one that is issued again is not more than what it was. */
	if (q->done)
		request_fit_size(e, q, q->done + io->bytes);
	else if (!q->asked || request_overlaps(q, pos_of(ev), io->bytes))
		request_fit(e, q, pos_of(ev), io->bytes);
	else
		request_fit_size(e, q, io->bytes);
}

void request_requeue(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = get(e, ev, t);

	if (!q)
		return;
	q->requeues++;
	q->issued_ns = 0;
	request_wait(&e->requests, q);
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

	count_unknown(e, ev);
	if (ev->flags & EVF_IO_UNSTARTED)
		rq.flags |= RQF_UNSTARTED;
	if (t >= e->lo_ns && t < e->hi_ns)
		tell(e, &rq);
}

void request_done(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct io_info *io = info_of(ev);
	struct open_request *q = request_find(&e->requests, io->request);
	uint64_t pos = pos_of(ev), end = pos + io->bytes;

	if (q && is_other(e, q, ev)) {
		request_lose_end(e, q, t);
		q = NULL;
	}
	if (!q && !(ev->flags & EVF_IO_PARTIAL)) {
		done_unknown(e, ev, t);
		return;
	}
	if (!q)
		q = get(e, ev, t);
	if (!q)
		return;
	q->done += io->bytes;
	if (io->error)
		q->error = io->error;
	if (io->bytes && request_overlaps(q, pos, io->bytes)) {
		uint64_t have = q->pos + q->asked;

		if (pos > q->pos)
			pos = q->pos;
		request_fit(e, q, pos, (end > have ? end : have) - pos);
	}
	request_fit_size(e, q, q->done);
	if (!(ev->flags & EVF_IO_PARTIAL))
		request_end(e, q, t, 0);
}

/* ---- merges ---- */

static void count_unknown_merge(struct engine *e)
{
	if (!e->filtered)
		e->counts.merges_unknown++;
}

/* All parts of q become parts of `into`, or what they are together, when these are too many. */
static void absorb(struct engine *e, struct open_request *into, struct open_request *q)
{
	into->merges++;
	if (into->nparts + q->nparts > REQUEST_PARTS_MAX) {
		request_add_part(e, into, NULL, q->pos, q->asked, 0);
		return;
	}
	for (struct request_part *p = q->parts; p; p = p->next)
		p->merge = p == q->parts;
	into->last_part->next = q->parts;
	into->last_part = q->last_part;
	into->nparts += q->nparts;
	into->asked += q->asked;
	q->parts = q->last_part = NULL;
	q->nparts = 0;
	q->asked = 0;
}

static void merge_requests(struct engine *e, const struct event *ev, uint64_t t)
{
	struct open_request *q = request_find(&e->requests, info_of(ev)->request), *into;

	if (!q || q->dev != ev->value) {
		count_unknown_merge(e);
		return;
	}
	if (q->done) {
		/* In part completed, it is not merged any more: this is another. */
		count_unknown_merge(e);
		request_lose_end(e, q, t);
		return;
	}
	into = request_neighbour(&e->requests, ev, q->pos, false, q);
	tell_end(e, q, t, RQF_ABSORBED);
	if (into) {
		absorb(e, into, q);
		request_moved(&e->requests, into);
	} else {
		count_unknown_merge(e);
	}
	request_forget(e, q);
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
		q = request_find(&e->requests, io->request);
	else
		q = request_neighbour(&e->requests, ev, front ? pos + io->bytes : pos, front, NULL);
	if (!q || q->dev != ev->value || q->op != ev->aux) {
		count_unknown_merge(e);
		return;
	}
	p = request_add_part(e, q, submitter(e, ev), pos, io->bytes, t);
	if (!p)
		return;
	if (pos < q->pos)
		q->pos = pos;
	p->merge = true;
	q->merges++;
	request_moved(&e->requests, q);
}

/* ---- end, checkpoints ---- */

void requests_finish(struct engine *e, uint64_t end)
{
	while (e->requests.first)
		request_end(e, e->requests.first, end, RQF_OPEN);
}
