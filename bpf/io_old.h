/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * io_old: who made a block request, before Linux 6.5 had a tracepoint for it. block_getrq names the
 * bio for which there is a request now, but not the request. That one is seen a moment later, still
 * in the same call: when it is put aside (blk_add_rq_to_plug), goes into the flush machinery
 * (blk_insert_flush), into a scheduler's queue (block_rq_insert), or straight to the driver
 * (block_rq_issue), and then its first bio is that bio.
 */
#ifndef RSTAT_BPF_IO_OLD_H
#define RSTAT_BPF_IO_OLD_H

#include "bpf/io_put.h"

const volatile bool io_old = false; /* this is in use */

struct made {
	u64 cgroup_id;
	u32 tid, pad;
};

/* Bio -> who; as long as its request has not been seen. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, u64);
	__type(value, struct made);
	__uint(max_entries, 1);
} io_made SEC(".maps");

static __always_inline bool io_take_made(struct bio *bio, struct made *made)
{
	u64 key = (u64)bio;
	struct made *found = bpf_map_lookup_elem(&io_made, &key);

	if (!found)
		return false;
	*made = *found;
	bpf_map_delete_elem(&io_made, &key);
	return true;
}

/* Says that a request has begun, the first time that it is seen. */
static __always_inline void io_old_start(struct request *rq)
{
	struct made made;

	if (io_old && io_take_made(rq->bio, &made))
		io_put(REC_IO_START, rq, made.tid, rq->__data_len, 0, made.cgroup_id, 0);
}

/* The same where a pointer has no type. */
static __always_inline void io_old_start_probed(struct request *rq)
{
	struct block_device *part = BPF_CORE_READ(rq, part);
	struct bio *bio = BPF_CORE_READ(rq, bio);
	struct io_what what = {};
	struct made made;

	if (!io_take_made(bio, &made))
		return;
	if (!part)
		part = BPF_CORE_READ(bio, bi_bdev);
	what.opf = BPF_CORE_READ(rq, cmd_flags);
	what.device = BPF_CORE_READ(part, bd_dev);
	what.sector = BPF_CORE_READ(rq, __sector);
	what.bytes = BPF_CORE_READ(rq, __data_len);
	io_write(REC_IO_START, rq, &what, made.tid, 0, made.cgroup_id, 0);
}

SEC("tp_btf/block_getrq")
int on_io_getrq(u64 *ctx)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct bio *bio = (struct bio *)ctx[0];
	struct made made = {};
	u64 key;

	if (!filter_task(current))
		return 0;
	made.tid = (u32)current->pid;
	made.cgroup_id = io_cgroup(bio, current);
	*(struct bio *volatile *)&key = bio;
	bpf_map_update_elem(&io_made, &key, &made, BPF_ANY);
	return 0;
}

SEC("fentry/blk_add_rq_to_plug")
int on_io_plug(u64 *ctx)
{
	u64 begin = cost_begin();

	io_old_start((struct request *)ctx[1]);
	cost_end(PROG_IO_START, begin);
	return 0;
}

SEC("fentry/blk_insert_flush")
int on_io_insert_flush(u64 *ctx)
{
	io_old_start((struct request *)ctx[0]);
	return 0;
}

SEC("kprobe/blk_add_rq_to_plug")
int on_io_plug_kprobe(struct pt_regs *regs)
{
	u64 begin = cost_begin();

	io_old_start_probed((struct request *)PT_REGS_FUNCTION_ARG2(regs));
	cost_end(PROG_IO_START, begin);
	return 0;
}

SEC("kprobe/blk_insert_flush")
int on_io_insert_flush_kprobe(struct pt_regs *regs)
{
	io_old_start_probed((struct request *)PT_REGS_ARG1(regs));
	return 0;
}

SEC("tp_btf/block_rq_insert")
int on_io_insert(u64 *ctx)
{
	io_old_start((struct request *)ctx[0]);
	return 0;
}

#endif
