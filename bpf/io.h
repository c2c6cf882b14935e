/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * io: block requests, from where they are made to where they are done. The kernel side keeps no
 * table of them: every record says which request it is of, and who reads the trace pairs them.
 * Completions run in hard interrupts, on top of whatever else is in here.
 */
#ifndef RSTAT_BPF_IO_H
#define RSTAT_BPF_IO_H

#include "bpf/io_old.h"
#include "bpf/io_put.h"

static __always_inline void io_start(struct request *rq)
{
	struct task_struct *current = bpf_get_current_task_btf();

	if (!io_is_unstarted(rq->cmd_flags) && filter_task(current))
		io_put(REC_IO_START, rq, (u32)current->pid, rq->__data_len, 0,
		       io_cgroup(rq->bio, current), 0);
}

/* 5a80bd075f3b ("block: introduce block_io_start/block_io_done tracepoints", 6.5) */
SEC("tp_btf/block_io_start")
int on_io_start(u64 *ctx)
{
	u64 begin = cost_begin();

	io_start((struct request *)ctx[0]);
	cost_end(PROG_IO_START, begin);
	return 0;
}

SEC("tp_btf/block_rq_issue")
int on_io_issue(u64 *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	u64 begin = cost_begin();

	io_old_start(rq);
	io_put(REC_IO_ISSUE, rq, 0, rq->__data_len, 0, 0, 0);
	cost_end(PROG_IO_ISSUE, begin);
	return 0;
}

SEC("tp_btf/block_rq_requeue")
int on_io_requeue(u64 *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	u64 begin = cost_begin();

	io_put(REC_IO_REQUEUE, rq, 0, rq->__data_len, 0, 0, 0);
	cost_end(PROG_IO_REQUEUE, begin);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int on_io_done(u64 *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	u64 begin = cost_begin();
	u32 bytes = (u32)ctx[2];
	bool more = bytes < rq->__data_len || io_in_flush(rq);

	io_put(REC_IO_DONE, rq, 0, bytes, (s32)ctx[1], 0, more ? RECF_IO_PARTIAL : 0);
	cost_end(PROG_IO_DONE, begin);
	return 0;
}

/* A whole request that goes into its neighbour: it will not be done. */
SEC("tp_btf/block_rq_merge")
int on_io_absorb(u64 *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	u64 begin = cost_begin();

	io_put(REC_IO_MERGE, rq, 0, rq->__data_len, 0, 0, RECF_IO_ABSORBED);
	cost_end(PROG_IO_ABSORB, begin);
	return 0;
}

/* The tracepoints do not say into which request. */
static __always_inline void io_merge(struct bio *bio, u32 front)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct ring_rec *rec;
	struct ring_io *io;

	if (!filter_task(current))
		return;
	rec = io_reserve(&io);
	if (!rec)
		return;
	rec->tid = (u32)current->pid;
	rec->peer = io_op(bio->bi_opf);
	io->request = 0;
	io->sector = bio->bi_iter.bi_sector;
	io->bytes = bio->bi_iter.bi_size;
	io->cgroup_id = io_cgroup(bio, current);
	io->status = 0;
	io->pad = 0;
	io_commit(rec, REC_IO_MERGE, front | io_flags(bio->bi_opf), bio->bi_bdev->bd_dev);
}

SEC("tp_btf/block_bio_backmerge")
int on_io_backmerge(u64 *ctx)
{
	u64 begin = cost_begin();

	io_merge((struct bio *)ctx[0], 0);
	cost_end(PROG_IO_MERGE, begin);
	return 0;
}

SEC("tp_btf/block_bio_frontmerge")
int on_io_frontmerge(u64 *ctx)
{
	u64 begin = cost_begin();

	io_merge((struct bio *)ctx[0], RECF_IO_FRONT);
	cost_end(PROG_IO_FRONT_MERGE, begin);
	return 0;
}

#endif
