// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/ring_decode.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert((int)REC_SWITCH == EV_SWITCH && (int)REC_TASK == EV_TASK, "kinds are the same");
static_assert((int)REC_LOST == EV_GAP && (int)REC_NAME == EV_NAME, "kinds are the same");
static_assert((int)RECF_PREEMPT == EVF_PREEMPT && (int)RECF_THREADGROUP == EVF_THREADGROUP,
	      "flags are the same");
static_assert((int)REC_IO_START == EV_IO_START && (int)REC_RESET == EV_RESET, "kinds are the same");
static_assert((int)RECF_IO_SYNC == EVF_IO_SYNC && (int)RECF_IO_UNSTARTED == EVF_IO_UNSTARTED,
	      "flags are the same");
static_assert((int)RECF_NET_SYNACK == EVF_NET_SYNACK && (int)RECF_NET_SENT == EVF_NET_SENT,
	      "flags are the same");
static_assert((int)REC_STACK == EV_STACK && (int)REC_IRQ == EV_IRQ, "kinds are the same");
static_assert((int)RECF_STACK_LOST == EVF_STACK_LOST && (int)RECF_IRQ_SOFT == EVF_IRQ_SOFT &&
		      (int)RECF_WAIT_BLOCKS == EVF_WAIT_BLOCKS && (int)RECF_LEAVES == EVF_LEAVES,
	      "flags are the same");
static_assert(RING_COUNTERS == COUNTERS_MAX, "as many");
static_assert(RING_COMM_LEN == TASK_COMM_LEN, "names are as long");
static_assert(sizeof(struct ring_page) <= RING_HEADER_BYTES, "a page");

static void *take(struct ring_arena *arena, size_t bytes)
{
	void *p = arena->base + arena->used;

	arena->used += (bytes + 7) & ~(size_t)7;
	return p;
}

/* The kernel's comm is NUL-terminated; a record is not believed to be. */
static void copy_comm(char to[TASK_COMM_LEN], const char *from)
{
	memcpy(to, from, TASK_COMM_LEN);
	to[TASK_COMM_LEN - 1] = '\0';
}

static void fill_info(struct task_info *info, const struct ring_task *task)
{
	*info = (struct task_info){
		.tid = task->tid,
		.tgid = task->tgid,
		.ppid = task->ppid,
		.uid = task->uid,
		.start_ns = task->start_ns,
		.cgroup_id = task->cgroup_id,
		.flags = task->flags,
	};
	copy_comm(info->comm, task->comm);
}

static int decode_fork(const struct ring_task *task, struct ring_arena *arena, struct event *event)
{
	struct task_info *info = take(arena, sizeof(*info));

	fill_info(info, task);
	event->ext = info;
	return 1;
}

static int decode_exec(const struct ring_exec *exec, size_t tail, struct ring_arena *arena,
		       struct event *event)
{
	struct exec_info *info = take(arena, sizeof(*info));
	size_t path = exec->path_words * 8u, args = exec->args_len;
	char *strings;

	if (sizeof(*exec) + path + ((args + 7) & ~(size_t)7) > tail)
		return -EIO;
	strings = take(arena, path + args + 2);
	memcpy(strings, exec + 1, path);
	strings[path] = '\0';
	memcpy(strings + path + 1, (const char *)(exec + 1) + path, args);
	strings[path + 1 + args] = '\0';
	*info = (struct exec_info){
		.uid = exec->uid,
		.truncated = exec->truncated != 0,
		.filename = strings,
		.args = strings + path + 1,
		.args_len = (uint32_t)args,
	};
	copy_comm(info->comm, exec->comm);
	/* the last argument ends with a NUL, also when it was cut */
	if (args && info->args[args - 1])
		info->args_len++;
	event->ext = info;
	return 1;
}

static int decode_rename(const char *comm, struct ring_arena *arena, struct event *event)
{
	struct rename_info *info = take(arena, sizeof(*info));

	copy_comm(info->comm, comm);
	event->ext = info;
	return 1;
}

static int decode_free(const u64 *start_ns, struct ring_arena *arena, struct event *event)
{
	struct free_info *info = take(arena, sizeof(*info));

	info->start_ns = *start_ns;
	event->ext = info;
	return 1;
}

static int decode_cgroup(const u64 *id, struct ring_arena *arena, struct event *event)
{
	struct cgroup_info *info = take(arena, sizeof(*info));

	info->cgroup_id = *id;
	event->ext = info;
	return 1;
}

static int decode_name(const struct ring_name *name, size_t tail, struct ring_arena *arena,
		       struct event *event)
{
	struct name_info *info = take(arena, sizeof(*info));
	size_t len = tail - sizeof(*name);
	char *string = take(arena, len + 1);

	memcpy(string, name + 1, len);
	string[len] = '\0';
	*info = (struct name_info){.id = name->id, .kind = NAME_CGROUP, .name = string};
	event->cpu = CPU_NONE;
	event->ext = info;
	return 1;
}

static int decode_socket(const struct ring_socket *socket, struct ring_arena *arena,
			 struct event *event)
{
	struct socket_info *info = take(arena, sizeof(*info));

	*info = (struct socket_info){
		.id = socket->id,
		.netns = socket->netns,
		.family = socket->family,
		.type = socket->type,
		.protocol = socket->protocol,
		.local_port = socket->local_port,
		.remote_port = socket->remote_port,
		.state = socket->state,
		.flags = socket->flags,
	};
	memcpy(info->local, socket->local, sizeof(info->local));
	memcpy(info->remote, socket->remote, sizeof(info->remote));
	/* listed when the recording began, on whichever CPU */
	if (info->flags & SOCKF_BEFORE)
		event->cpu = CPU_NONE;
	event->ext = info;
	return 1;
}

static int decode_net(const struct ring_net *net, struct ring_arena *arena, struct event *event)
{
	struct net_info *info = take(arena, sizeof(*info));

	*info = (struct net_info){
		.socket = net->socket,
		.tx_bytes = net->tx_bytes,
		.rx_bytes = net->rx_bytes,
		.tx_calls = net->tx_calls,
		.rx_calls = net->rx_calls,
		.first_ns = net->first_ns,
	};
	event->ext = info;
	return 1;
}

static int decode_socket_ref(const u64 *socket, struct ring_arena *arena, struct event *event)
{
	struct socket_ref *ref = take(arena, sizeof(*ref));

	ref->socket = *socket;
	if (event->kind == EV_RETRANSMIT) {
		event->aux = event->peer < UINT16_MAX ? (uint16_t)event->peer : UINT16_MAX;
		event->peer = 0;
	}
	event->ext = ref;
	return 1;
}

int ring_decode_gap(uint64_t ts, const struct gap_info *gap, struct ring_arena *arena,
		    struct event *event)
{
	struct gap_info *info = take(arena, sizeof(*info));

	*info = *gap;
	if (info->end_ns < ts)
		info->end_ns = ts;
	*event = (struct event){.ts = ts, .kind = EV_GAP, .ext = info};
	return 1;
}

static int decode_lost(const struct ring_rec *rec, struct ring_arena *arena, struct event *event)
{
	const struct ring_lost *lost = (const void *)(rec + 1);
	struct gap_info gap = {.end_ns = lost->last_ns, .count = lost->count};

	if (!lost->count)
		return 0;
	gap.reason = GAP_RING_FULL;
	return ring_decode_gap(rec->ts, &gap, arena, event);
}

int ring_decode_snapshot(const struct ring_snapshot *s, struct ring_arena *arena,
			 struct event *event)
{
	struct task_snapshot *t = take(arena, sizeof(*t));

	*t = (struct task_snapshot){
		.flags = s->flags,
		.state = s->state,
		.cpu = (uint16_t)s->cpu,
		.syscall = s->syscall,
		.exit_code = s->exit_code,
		.since_ns = s->since_ns,
		.oncpu_ns = s->oncpu_ns,
		.runq_ns = s->runq_ns,
		.slices = s->slices,
		.nvcsw = s->nvcsw,
		.nivcsw = s->nivcsw,
	};
	fill_info(&t->info, &s->id);
	*event = (struct event){
		.ts = s->ts,
		.ext = t,
		.tid = s->id.tid,
		.cpu = CPU_NONE,
		.kind = EV_TASK,
	};
	return 1;
}

/* include/linux/blk_types.h, block/blk-core.c: blk_errors. Numbered as before Linux 6.10. */
static const uint8_t block_errors[] = {
	[1] = EOPNOTSUPP, [2] = ETIMEDOUT, [3] = ENOSPC, [4] = ENOLINK, [5] = EREMOTEIO,
	[6] = EBADE,	  [7] = ENODATA,   [8] = EILSEQ, [9] = ENOMEM,	[10] = EIO,
	[11] = EREMCHG,	  [12] = EAGAIN,   [13] = EBUSY, [14] = EBUSY,	[15] = ETOOMANYREFS,
	[16] = EOVERFLOW, [17] = ENODEV,   [18] = ETIME, [19] = EIO,	[20] = EINVAL,
};

static uint32_t block_error(int32_t status)
{
	if (status < 0)
		return (uint32_t)-status;
	if (!status)
		return 0;
	return (size_t)status < sizeof(block_errors) ? block_errors[status] : EIO;
}

static int decode_io(const struct ring_io *io, struct ring_arena *arena, struct event *event)
{
	struct io_info *info = take(arena, sizeof(*info));

	*info = (struct io_info){
		.request = io->request,
		.sector = io->sector,
		.bytes = io->bytes,
		.cgroup_id = io->cgroup_id,
		.error = block_error(io->status),
	};
	event->aux = (uint16_t)event->peer;
	event->peer = 0;
	event->ext = info;
	return 1;
}

static int decode_acct(const struct ring_acct *acct, struct ring_arena *arena, struct event *event)
{
	struct acct_info *info = take(arena, sizeof(*info));

	*info = (struct acct_info){
		.rchar = acct->rchar,
		.wchar = acct->wchar,
		.syscr = acct->syscr,
		.syscw = acct->syscw,
		.read_bytes = acct->read_bytes,
		.write_bytes = acct->write_bytes,
		.cancelled_write_bytes = acct->cancelled_write_bytes,
		.rss_bytes = acct->rss_bytes,
		.rss_peak_bytes = acct->rss_peak_bytes,
	};
	event->ext = info;
	return 1;
}

static int decode_counters(const struct ring_counters *counters, size_t tail,
			   struct ring_arena *arena, struct event *event)
{
	struct counters_info *info = take(arena, sizeof(*info));
	size_t n = (tail - sizeof(*counters)) / sizeof(u64);

	if (n > COUNTERS_MAX)
		return -EIO;
	*info = (struct counters_info){
		.enabled_ns = counters->enabled,
		.running_ns = counters->running,
	};
	memcpy(info->value, counters + 1, n * sizeof(u64));
	event->ext = info;
	return 1;
}

static int decode_irq(const u64 *start_ns, struct ring_arena *arena, struct event *event)
{
	struct irq_info *info = take(arena, sizeof(*info));

	info->start_ns = *start_ns;
	event->ext = info;
	return 1;
}

/* Bytes that a kind has at least behind its struct ring_rec. */
static size_t tail_min(unsigned kind)
{
	switch (kind) {
	case REC_FORK: return sizeof(struct ring_task);
	case REC_EXEC: return sizeof(struct ring_exec);
	case REC_RENAME: return RING_COMM_LEN;
	case REC_FREE:
	case REC_CGROUP: return sizeof(u64);
	case REC_TASK: return sizeof(struct ring_snapshot);
	case REC_LOST: return sizeof(struct ring_lost);
	case REC_NAME: return sizeof(struct ring_name);
	case REC_IO_START:
	case REC_IO_ISSUE:
	case REC_IO_DONE:
	case REC_IO_REQUEUE:
	case REC_IO_MERGE: return sizeof(struct ring_io);
	case REC_ACCT: return sizeof(struct ring_acct);
	case REC_SOCKET: return sizeof(struct ring_socket);
	case REC_NET: return sizeof(struct ring_net);
	case REC_SOCKET_STATE:
	case REC_RETRANSMIT:
	case REC_RESET:
	case REC_IRQ: return sizeof(u64);
	case REC_COUNTERS: return sizeof(struct ring_counters);
	default: return 0;
	}
}

int ring_decode(const struct ring_rec *rec, struct ring_arena *arena, struct event *event)
{
	uint64_t word0 = rec->word0;
	unsigned kind = RING_KIND(word0);
	const void *behind = rec + 1;
	size_t tail;

	event->ts = rec->ts;
	event->ext = NULL;
	event->tid = rec->tid;
	event->peer = rec->peer;
	event->value = RING_VALUE(word0);
	event->aux = 0;
	event->kind = (uint8_t)kind;
	event->flags = RING_FLAGS(word0);
	if (!kind)
		return -EIO;
	if (kind <= REC_MIGRATE) {
		event->aux = (uint16_t)(event->value >> 16);
		event->value &= 0xffff;
		return 1;
	}
	tail = RING_WORDS(word0) * sizeof(u64) - sizeof(*rec);
	if (tail < tail_min(kind))
		return -EIO;
	switch (kind) {
	case REC_FORK: return decode_fork(behind, arena, event);
	case REC_EXEC: return decode_exec(behind, tail, arena, event);
	case REC_RENAME: return decode_rename(behind, arena, event);
	case REC_FREE: return decode_free(behind, arena, event);
	case REC_CGROUP: return decode_cgroup(behind, arena, event);
	case REC_TASK: return ring_decode_snapshot(behind, arena, event);
	case REC_LOST: return decode_lost(rec, arena, event);
	case REC_NAME: return decode_name(behind, tail, arena, event);
	case REC_IO_START:
	case REC_IO_ISSUE:
	case REC_IO_DONE:
	case REC_IO_REQUEUE:
	case REC_IO_MERGE: return decode_io(behind, arena, event);
	case REC_ACCT: return decode_acct(behind, arena, event);
	case REC_SOCKET: return decode_socket(behind, arena, event);
	case REC_NET: return decode_net(behind, arena, event);
	case REC_SOCKET_STATE:
	case REC_RETRANSMIT:
	case REC_RESET: return decode_socket_ref(behind, arena, event);
	case REC_COUNTERS: return decode_counters(behind, tail, arena, event);
	case REC_IRQ: return decode_irq(behind, arena, event);
	default: return 1;
	}
}
