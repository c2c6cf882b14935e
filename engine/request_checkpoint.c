// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Open block requests in checkpoints, out and in: one snapshot per part. */
#include "engine/requests.h"

#include "base/array.h"

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
	if (in_hidden(e, q))
		s->flags |= REQUEST_SNAPF_HIDDEN;
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
			if (!ARRAY_ROOM(r->snaps, r->snaps_cap, n))
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
	struct open_request *q = request_add(e, &ev, t);
	const uint64_t before = t ? t - 1 : t; /* or earlier still */

	if (!q)
		return NULL;
	q->queued_ns = earlier(s->queued_ns, before);
	q->issued_ns = earlier(s->issued_ns, before);
	if (q->issued_ns && q->issued_ns < q->queued_ns)
		q->issued_ns = q->queued_ns;
	q->requeues = (uint32_t)s->requeues;
	q->done = s->done_bytes;
	q->error = s->io.error;
	q->cgroup_id = s->io.cgroup_id;
	q->gap = s->flags & REQUEST_SNAPF_GAP;
	q->hidden = s->flags & REQUEST_SNAPF_HIDDEN;
	q->seen_ns = before;
	if (q->issued_ns && q->issued_ns < q->seen_ns)
		q->seen_ns = q->issued_ns;
	if (q->queued_ns && q->queued_ns < q->seen_ns)
		q->seen_ns = q->queued_ns;
	q->mark = e->mark;
	if (!q->issued_ns)
		request_wait(&e->requests, q);
	return q;
}

static void part_in(struct engine *e, struct open_request *q, const struct request_snapshot *s,
		    uint64_t t)
{
	uint64_t pos = s->io.sector << SECTOR_SHIFT;
	struct request_part *p = request_add_part(e, q, task_find(e, s->tid), pos, s->io.bytes,
						  earlier(s->queued_ns, t));

	if (!p)
		return;
	if (pos < q->pos)
		q->pos = pos;
	request_moved(&e->requests, q);
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
			request_end(e, q, t, RQF_NO_END);
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
				part_in(e, q, s, t);
			continue;
		}
		if (q)
			request_fit_size(e, q, q->done);
		q = request_find(&e->requests, s->io.request);
		if (q && in_gap(e, q) && q->queued_ns != s->queued_ns) {
			request_end(e, q, t, RQF_NO_END); /* another at that address */
			q = NULL;
		}
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
		part_in(e, q, s, t);
	}
	if (q)
		request_fit_size(e, q, q->done);
	if (e->loaded)
		sweep(e, t);
}
