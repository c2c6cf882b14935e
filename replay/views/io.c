// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/views/io.h"

#include <errno.h>
#include <stdlib.h>

/*
 * As op_stat_group() of include/linux/blk_types.h: a secure erase and the writing of zeroes are
 * writes. Flushes count when the device has done one (blk_account_flush), which the kernel does by
 * a request of its own; what fsync(2) asks for is an empty write that causes it.
 */
enum io_class io_class_of(const struct request *rq)
{
	if (rq->op == IO_FLUSH)
		return IOC_FLUSH;
	if (rq->flags & RQF_UNSTARTED || rq->op == IO_OTHER)
		return IOC_INTERNAL;
	if (rq->op == IO_DISCARD)
		return IOC_DISCARD;
	return rq->op & 1 ? IOC_WRITE : IOC_READ;
}

static int add_delay(struct io_delay *d, uint64_t ns, uint64_t at)
{
	if (!d->dist.count || ns < d->min)
		d->min = ns;
	return dist_add(&d->dist, ns, at);
}

static void count_flush(struct io_figures *f, const struct request *rq)
{
	uint64_t ns;

	f->flushes++;
	if (!rq->issued_ns || rq->issued_ns > rq->done_ns || rq->flags & RQF_GAP)
		return;
	ns = rq->done_ns - rq->issued_ns;
	f->flush_ns += ns;
	if (ns > f->flush_max_ns)
		f->flush_max_ns = ns;
}

/* A time that is not known is no latency; neither is one that a gap lies in. */
static int count_delays(struct io_figures *f, const struct request *rq)
{
	bool issued = rq->issued_ns && rq->issued_ns <= rq->done_ns &&
		      !(rq->flags & (RQF_GAP | RQF_NO_ISSUE));
	bool queued = rq->queued_ns && rq->queued_ns <= rq->issued_ns &&
		      !(rq->flags & RQF_NO_START);
	int rc = 0;

	f->left_out += (rq->flags & RQF_GAP) != 0;
	if (issued && queued)
		rc |= add_delay(&f->queue, rq->issued_ns - rq->queued_ns, rq->issued_ns);
	if (issued)
		rc |= add_delay(&f->device, rq->done_ns - rq->issued_ns, rq->done_ns);
	return rc;
}

int io_count(struct io_figures *f, const struct request *rq)
{
	enum io_class class = io_class_of(rq);

	if (rq->flags & RQF_NO_END) {
		f->no_end++;
		return 0;
	}
	if (rq->flags & RQF_OPEN) {
		f->open++;
		if (rq->queued_ns && (!f->open_since_ns || rq->queued_ns < f->open_since_ns))
			f->open_since_ns = rq->queued_ns;
		return 0;
	}
	f->requeues += rq->requeues;
	if (class == IOC_READ)
		f->rd_merges += rq->merges;
	if (class == IOC_WRITE)
		f->wr_merges += rq->merges;
	if (rq->flags & RQF_ABSORBED)
		return 0;
	f->errors += rq->error != 0;
	f->unknown += (rq->flags & (RQF_NO_START | RQF_UNSTARTED)) == RQF_NO_START;
	switch (class) {
	case IOC_READ: f->rd_ios++; break;
	case IOC_WRITE: f->wr_ios++; break;
	case IOC_DISCARD: f->discards++; break;
	case IOC_FLUSH: count_flush(f, rq); return 0;
	case IOC_INTERNAL: f->internal++; return 0;
	}
	return count_delays(f, rq);
}

void io_count_bytes(struct io_figures *f, enum io_class class, uint64_t bytes, bool foreign)
{
	switch (class) {
	case IOC_READ: f->rd_bytes += bytes; break;
	case IOC_WRITE: f->wr_bytes += bytes; break;
	case IOC_DISCARD: f->discard_bytes += bytes; return;
	default: return;
	}
	if (foreign)
		f->other_cgroup_bytes += bytes;
}

/* -- how much of it is sequential -- */

/* UINT64_MAX: there was none. NULL: out of memory. */
static uint64_t *end_on(struct io_figures *f, uint32_t dev)
{
	uint32_t number = numbers_get(&f->on, dev);
	uint64_t *ends;

	if (number == NUMBER_NONE)
		return NULL;
	if (number < f->nends)
		return &f->ends[number];
	ends = reallocarray(f->ends, f->on.room, sizeof(*ends));
	if (!ends)
		return NULL;
	f->ends = ends;
	while (f->nends <= number)
		ends[f->nends++] = UINT64_MAX;
	return &ends[number];
}

int io_follow(struct io_figures *f, const struct event *ev)
{
	const struct io_info *io = ev->ext;
	uint64_t *end;

	if (!io || !io->bytes || (ev->aux != IO_READ && ev->aux != IO_WRITE))
		return 0;
	if (ev->kind == EV_IO_MERGE && ev->flags & (EVF_IO_ABSORBED | EVF_IO_FRONT))
		return 0;
	end = end_on(f, ev->value);
	if (!end)
		return -ENOMEM;
	if (ev->kind == EV_IO_START && *end != UINT64_MAX) {
		f->seq_of++;
		f->seq += io->sector == *end;
	}
	*end = io->sector + io->bytes / 512;
	return 0;
}

/* -- sums -- */

static int add_delays(struct io_delay *to, const struct io_delay *from)
{
	if (from->dist.count && (!to->dist.count || from->min < to->min))
		to->min = from->min;
	return dist_merge(&to->dist, &from->dist);
}

int io_add(struct io_figures *to, const struct io_figures *from)
{
	int rc;

	to->rd_ios += from->rd_ios;
	to->wr_ios += from->wr_ios;
	to->discards += from->discards;
	to->flushes += from->flushes;
	to->internal += from->internal;
	to->rd_bytes += from->rd_bytes;
	to->wr_bytes += from->wr_bytes;
	to->discard_bytes += from->discard_bytes;
	to->rd_merges += from->rd_merges;
	to->wr_merges += from->wr_merges;
	to->requeues += from->requeues;
	to->errors += from->errors;
	to->other_cgroup_bytes += from->other_cgroup_bytes;
	to->open += from->open;
	if (from->open_since_ns && (!to->open_since_ns || from->open_since_ns < to->open_since_ns))
		to->open_since_ns = from->open_since_ns;
	to->unknown += from->unknown;
	to->no_end += from->no_end;
	to->left_out += from->left_out;
	to->flush_ns += from->flush_ns;
	if (from->flush_max_ns > to->flush_max_ns)
		to->flush_max_ns = from->flush_max_ns;
	to->seq += from->seq;
	to->seq_of += from->seq_of;
	rc = add_delays(&to->queue, &from->queue);
	return add_delays(&to->device, &from->device) || rc ? -ENOMEM : 0;
}

void io_release(struct io_figures *f)
{
	dist_free(&f->queue.dist);
	dist_free(&f->device.dist);
	numbers_free(&f->on);
	free(f->ends);
	f->ends = NULL;
	f->nends = 0;
}

bool io_nothing(const struct io_figures *f)
{
	return !(f->rd_ios | f->wr_ios | f->discards | f->flushes | f->internal | f->rd_bytes |
		 f->wr_bytes | f->discard_bytes | f->rd_merges | f->wr_merges | f->open |
		 f->no_end | f->seq_of);
}
