/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* io_put: one record of a block request, for bpf/io.h and bpf/io_old.h. */
#ifndef RSTAT_BPF_IO_PUT_H
#define RSTAT_BPF_IO_PUT_H

#include "bpf/cost.h"
#include "bpf/filter.h"
#include "bpf/ring.h"

/* What a request's address is mixed with: addresses of the kernel are not to get into a trace. */
const volatile u64 io_key = 0;

/* As enum io_op (format/event.h), which has the kernel's numbers. */
#define OP_WRITE       1u
#define OP_FLUSH       2u
#define OP_ZONE_APPEND 7u
#define OP_PASSTHROUGH 32u /* and above: REQ_OP_SCSI_*, REQ_OP_DRV_* */
#define OP_KNOWN       0x22fu /* bit op: of read, write, flush, discard, secure erase, zeroes */
#define OP_OTHER       63u

#define SECTOR_NONE (~0ull)

/* Bits of request.cmd_flags and bio.bi_opf; they have moved more than once. */
enum req_flag_bits {
	__REQ_SYNC,
	__REQ_META,
	__REQ_PREFLUSH,
	__REQ_FUA,
	__REQ_RAHEAD,
};

/* 5f89154e8e9e ("block: Use enum to define RQF_x bit indexes", 6.10); macros before. */
enum rqf_flags {
	__RQF_FLUSH_SEQ,
	__RQF_ZONE_WRITE_PLUGGING,
};
#define RQF_FLUSH_SEQ_4_10 4 /* from Linux 4.10 to 6.9 */

enum cgroup_subsys_id {
	io_cgrp_id,
};

#define REQ_BIT(opf, bit) ((opf) >> bpf_core_enum_value(enum req_flag_bits, bit) & 1)

static __always_inline u32 io_op(u32 opf)
{
	u32 op = opf & 0xff;

	if (op == OP_ZONE_APPEND)
		return OP_WRITE;
	return op < 16 && (OP_KNOWN >> op & 1) ? op : OP_OTHER;
}

static __always_inline u32 io_flags(u32 opf)
{
	u32 flags = 0;

	flags |= REQ_BIT(opf, __REQ_SYNC) ? RECF_IO_SYNC : 0;
	flags |= REQ_BIT(opf, __REQ_META) ? RECF_IO_META : 0;
	flags |= REQ_BIT(opf, __REQ_RAHEAD) ? RECF_IO_RAHEAD : 0;
	flags |= REQ_BIT(opf, __REQ_PREFLUSH) ? RECF_IO_PREFLUSH : 0;
	flags |= REQ_BIT(opf, __REQ_FUA) ? RECF_IO_FUA : 0;
	return flags;
}

/* Made by the block layer itself, or by a driver: nobody's IO_START. */
static __always_inline bool io_is_unstarted(u32 opf)
{
	u32 op = opf & 0xff;

	return op == OP_FLUSH || op >= OP_PASSTHROUGH;
}

/* Between the steps of a flush: what completes now is not the end (block/blk-flush.c). */
static __always_inline bool io_in_flush(struct request *rq)
{
	u32 bit = RQF_FLUSH_SEQ_4_10;

	if (bpf_core_enum_value_exists(enum rqf_flags, __RQF_FLUSH_SEQ))
		bit = bpf_core_enum_value(enum rqf_flags, __RQF_FLUSH_SEQ);
	return (rq->cmd_flags & 0xff) != OP_FLUSH && (rq->rq_flags >> bit & 1);
}

/* The numbers from 14 on moved down by one in the series that made zone write plugging (6.10). */
static __always_inline s32 io_status(s32 status)
{
	if (status >= 14 && bpf_core_enum_value_exists(enum rqf_flags, __RQF_ZONE_WRITE_PLUGGING))
		return status + 1;
	return status;
}

/* The partition that the request is accounted to; not known yet when it is started. */
static __always_inline u32 io_device(struct request *rq)
{
	struct block_device *part = rq->part;

	if (!part && rq->bio)
		part = rq->bio->bi_bdev;
	if (!part && rq->q->disk)
		part = rq->q->disk->part0;
	return part ? part->bd_dev : 0;
}

/* Whom the IO is charged to, when that is not who submits it: a kworker writes for others. */
static __always_inline u64 io_cgroup(struct bio *bio, struct task_struct *current)
{
	struct cgroup_subsys_state *own = NULL;
	struct cgroup *cgroup;
	struct blkcg *blkcg;

	if (!bpf_core_field_exists(bio->bi_blkg) ||
	    !bpf_core_enum_value_exists(enum cgroup_subsys_id, io_cgrp_id))
		return 0;
	blkcg = bio && bio->bi_blkg ? bio->bi_blkg->blkcg : NULL;
	cgroup = blkcg ? blkcg->css.cgroup : NULL;
	if (!cgroup || cgroup->root->hierarchy_id)
		return 0;
	bpf_probe_read_kernel(
		&own, sizeof(own),
		&current->cgroups->subsys[bpf_core_enum_value(enum cgroup_subsys_id, io_cgrp_id)]);
	return own == &blkcg->css ? 0 : cgroup->kn->id;
}

/* Everything but the time, and the request where it is only a bio so far. */
static __always_inline struct ring_rec *io_reserve(struct ring_io **io)
{
	struct ring_rec *rec = ring_reserve(RING_IRQS_ON, sizeof(*rec) + sizeof(**io), 1);

	if (rec) {
		*io = (struct ring_io *)(rec + 1);
		rec->ts = bpf_ktime_get_ns();
	}
	return rec;
}

static __always_inline void io_commit(struct ring_rec *rec, u32 kind, u32 flags, u32 device)
{
	ring_commit(rec,
		    RING_WORD0(kind, flags, (sizeof(*rec) + sizeof(struct ring_io)) / 8, device));
}

/* What there is to say of a request. */
struct io_what {
	u32 opf, device, bytes;
	u64 sector;
};

static __always_inline void io_write(u32 kind, struct request *rq, const struct io_what *what,
				     u32 tid, s32 status, u64 cgroup_id, u32 more)
{
	u32 opf = what->opf, flags = more | io_flags(opf);
	struct ring_rec *rec;
	struct ring_io *io;

	if (io_is_unstarted(opf))
		flags |= RECF_IO_UNSTARTED;
	rec = io_reserve(&io);
	if (!rec)
		return;
	rec->tid = tid;
	rec->peer = io_op(opf);
	/* by way of memory: the verifier lets nobody compute with a typed pointer */
	*(volatile u64 *)&io->request = (u64)rq;
	io->request = *(volatile u64 *)&io->request ^ io_key;
	io->sector = what->sector;
	if (what->sector == SECTOR_NONE || (opf & 0xff) >= OP_PASSTHROUGH)
		io->sector = 0; /* not any place on the device */
	io->bytes = what->bytes;
	io->cgroup_id = cgroup_id;
	io->status = io_status(status);
	io->pad = 0;
	io_commit(rec, kind, flags, what->device);
}

/* A record on a request; `bytes` of it, `more`: flags. */
static __always_inline void io_put(u32 kind, struct request *rq, u32 tid, u32 bytes, s32 status,
				   u64 cgroup_id, u32 more)
{
	const struct io_what what = {.opf = rq->cmd_flags,
				     .device = io_device(rq),
				     .bytes = bytes,
				     .sector = rq->__sector};

	io_write(kind, rq, &what, tid, status, cgroup_id, more);
}

#endif
