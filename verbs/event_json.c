// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/event_text.h"

#include <string.h>

#include "format/checkpoint.h"
#include "replay/net.h"
#include "verbs/flow_text.h"

static void key(struct text *t, const char *name)
{
	text_char(t, ',');
	text_char(t, '"');
	text_str(t, name);
	text_put(t, "\":", 2);
}

static void put_u64(struct text *t, const char *name, uint64_t n)
{
	key(t, name);
	text_u64(t, n);
}

static void put_i64(struct text *t, const char *name, int64_t n)
{
	key(t, name);
	text_i64(t, n);
}

static void put_null(struct text *t, const char *name)
{
	key(t, name);
	text_put(t, "null", 4);
}

static void put_bool(struct text *t, const char *name, bool b)
{
	key(t, name);
	text_str(t, b ? "true" : "false");
}

static void put_string(struct text *t, const char *name, const char *s)
{
	key(t, name);
	text_json_string(t, s, strlen(s));
}

static void put_comm(struct text *t, const char *name, const char comm[TASK_COMM_LEN])
{
	key(t, name);
	text_json_string(t, comm, strnlen(comm, TASK_COMM_LEN));
}

/* A TID and the name it has now: null for what filters left out, or what nothing named. */
static void put_task(const struct event_text *x, uint32_t tid, const char *tid_key,
		     const char *comm_key)
{
	const struct task *task;

	if (tid == TID_OTHER) {
		put_null(x->out, tid_key);
		put_null(x->out, comm_key);
		return;
	}
	put_u64(x->out, tid_key, tid);
	task = tid ? engine_task(x->engine, tid) : NULL;
	if (!tid)
		put_string(x->out, comm_key, "idle");
	else if (task && !(task->flags & TASK_UNNAMED))
		put_comm(x->out, comm_key, task->info.comm);
	else
		put_null(x->out, comm_key);
}

static const char *context_name(uint8_t flags)
{
	if (flags & EVF_CTX_UNKNOWN)
		return "unknown";
	if (flags & EVF_CTX_HARDIRQ)
		return "hardirq";
	return flags & EVF_CTX_SOFTIRQ ? "softirq" : "task";
}

/* event.aux of a switch: null not told, SYSCALL_NONE, SYSCALL_UNKNOWN of another numbering. */
static void put_syscall(struct text *t, uint16_t aux)
{
	if (!aux)
		put_null(t, "syscall");
	else if (aux == AUX_SYSCALL_NONE)
		put_i64(t, "syscall", SYSCALL_NONE);
	else
		put_i64(t, "syscall", aux == AUX_SYSCALL_COMPAT ? SYSCALL_UNKNOWN : aux - 1);
}

static void put_switch(const struct event_text *x, const struct event *ev)
{
	bool preempted = ev->flags & EVF_PREEMPT;
	char letter[2] = {preempted ? 'R' : state_letter(state_from_raw(ev->value)), '\0'};

	put_task(x, ev->peer, "prev_tid", "prev_comm");
	put_u64(x->out, "prev_state", ev->value);
	put_string(x->out, "prev_letter", letter);
	put_bool(x->out, "preempt", preempted);
	put_bool(x->out, "yield", ev->flags & EVF_YIELD);
	put_syscall(x->out, ev->aux);
	put_bool(x->out, "iowait", ev->flags & EVF_IOWAIT);
	put_task(x, ev->tid, "next_tid", "next_comm");
}

static void put_wake(const struct event_text *x, const struct event *ev)
{
	put_task(x, ev->tid, "tid", "comm");
	put_task(x, ev->peer, "waker_tid", "waker_comm");
	put_string(x->out, "context", context_name(ev->flags));
	put_u64(x->out, ev->kind == EV_WAKING ? "last_cpu" : "target_cpu", ev->value);
	if (ev->kind != EV_WAKING)
		put_u64(x->out, "nr_running", ev->aux);
}

static void put_info(struct text *t, const struct task_info *info)
{
	put_u64(t, "tid", info->tid);
	put_u64(t, "pid", info->tgid);
	put_u64(t, "ppid", info->ppid);
	put_comm(t, "comm", info->comm);
	put_u64(t, "uid", info->uid);
	put_u64(t, "cgroup_id", info->cgroup_id);
	put_u64(t, "start_boottime_ns", info->start_ns);
	put_bool(t, "kthread", info->flags & TASKF_KTHREAD);
}

static void put_fork(const struct event_text *x, const struct event *ev)
{
	put_info(x->out, ev->ext);
	put_task(x, ev->peer, "parent_tid", "parent_comm");
	put_u64(x->out, "clone_flags", ev->value);
}

/* NUL-separated strings */
static void put_list(struct text *t, const char *name, const char *list, uint32_t list_len)
{
	key(t, name);
	text_char(t, '[');
	for (uint32_t at = 0; at < list_len;) {
		const size_t len = strnlen(list + at, list_len - at);

		if (at)
			text_char(t, ',');
		text_json_string(t, list + at, len);
		at += (uint32_t)len + 1;
	}
	text_char(t, ']');
}

static void put_exec(const struct event_text *x, const struct event *ev)
{
	const struct exec_info *info = ev->ext;
	struct text *t = x->out;

	put_u64(t, "tid", ev->tid);
	put_comm(t, "comm", info->comm);
	put_u64(t, "old_tid", ev->peer);
	put_u64(t, "uid", info->uid);
	put_string(t, "filename", info->filename);
	put_list(t, "args", info->args, info->args_len);
	put_bool(t, "truncated", info->truncated);
}

static void put_snapshot(const struct event_text *x, const struct event *ev)
{
	const struct task_snapshot *s = ev->ext;
	struct text *t = x->out;

	put_info(t, &s->info);
	put_u64(t, "state", s->state);
	put_u64(t, "task_cpu", s->cpu);
	put_bool(t, "on_cpu", s->flags & SNAPF_ON_CPU);
	put_bool(t, "queued", s->flags & SNAPF_QUEUED);
	put_bool(t, "iowait", s->flags & SNAPF_IOWAIT);
	put_i64(t, "syscall", s->syscall);
	/* the state may be older than the trace */
	if (s->since_ns)
		put_i64(t, "since_ns", (int64_t)(s->since_ns - x->start_ns));
	else
		put_null(t, "since_ns");
	put_u64(t, "oncpu_ns", s->oncpu_ns);
	put_u64(t, "runq_ns", s->runq_ns);
	put_u64(t, "slices", s->slices);
	put_u64(t, "nvcsw", s->nvcsw);
	put_u64(t, "nivcsw", s->nivcsw);
}

static const char *gap_reason_name(uint8_t reason)
{
	switch (reason) {
	case GAP_RING_FULL: return "ring_full";
	case GAP_CORRUPT: return "corrupt";
	case GAP_CUT: return "cut";
	case GAP_WRITE: return "write";
	default: return "unknown";
	}
}

/* What the recording's filter has to do with it, if anything. */
static void put_leaves(const struct event_text *x, const struct event *ev)
{
	if (ev->flags & EVF_LEAVES)
		put_bool(x->out, "left_out", true);
}

static void put_cgroup(const struct event_text *x, const struct event *ev)
{
	const struct cgroup_info *info = ev->ext;
	const char *name = engine_name(x->engine, NAME_CGROUP, info->cgroup_id);

	put_task(x, ev->tid, "tid", "comm");
	put_u64(x->out, "cgroup_id", info->cgroup_id);
	if (name)
		put_string(x->out, "cgroup", name);
	else
		put_null(x->out, "cgroup");
	put_bool(x->out, "threadgroup", ev->flags & EVF_THREADGROUP);
	put_leaves(x, ev);
}

static void put_gap(const struct event_text *x, const struct event *ev)
{
	const struct gap_info *gap = ev->ext;

	put_i64(x->out, "end_ns", (int64_t)(gap->end_ns - x->start_ns));
	put_u64(x->out, "count", gap->count);
	put_string(x->out, "reason", gap_reason_name(gap->reason));
}

static void put_block(const struct event_text *x, const struct event *ev)
{
	put_task(x, ev->tid, "tid", "comm");
	if ((int32_t)ev->value >= 0)
		put_i64(x->out, "syscall", (int32_t)ev->value);
	else
		put_null(x->out, "syscall");
	put_bool(x->out, "iowait", ev->flags & EVF_IOWAIT);
}

static void put_name(const struct event_text *x, const struct event *ev)
{
	const struct name_info *name = ev->ext;

	put_string(x->out, "of",
		   name->kind == NAME_USER     ? "user"
		   : name->kind == NAME_DEVICE ? "device"
		   : name->kind == NAME_METRIC ? "metric"
		   : name->kind == NAME_IRQ    ? "irq"
					       : "cgroup");
	put_u64(x->out, "id", name->id);
	put_string(x->out, "name", name->name);
}

static void put_sample(const struct event_text *x, const struct event *ev)
{
	const char *name = engine_name(x->engine, NAME_METRIC, ev->value);

	if (name)
		put_string(x->out, "metric", name);
	else
		put_null(x->out, "metric");
	put_u64(x->out, "id", ev->value);
	put_i64(x->out, "value", (int64_t)((const struct sample_info *)ev->ext)->value);
	put_bool(x->out, "gone", ev->flags & EVF_SAMPLE_GONE);
}

static void put_checkpoint(const struct event_text *x, const struct event *ev)
{
	const struct checkpoint *ck = ev->ext;

	put_u64(x->out, "tasks", ck->ntasks);
	put_u64(x->out, "cpus", ck->ncpus);
	put_u64(x->out, "names", ck->nnames);
	put_u64(x->out, "requests", ck->nrequests);
	put_u64(x->out, "sockets", ck->nsockets);
	put_u64(x->out, "accounts", ck->naccounts);
}

/* NULL as null. */
static void put_text(struct text *t, const char *name, const char *s)
{
	if (s)
		put_string(t, name, s);
	else
		put_null(t, name);
}

/* A task where 0 is nobody, not idle. */
static void put_somebody(const struct event_text *x, uint32_t tid)
{
	if (tid) {
		put_task(x, tid, "tid", "comm");
		return;
	}
	put_null(x->out, "tid");
	put_null(x->out, "comm");
}

static void put_error(struct text *t, uint32_t error)
{
	char buf[FLOW_TEXT];

	put_text(t, "error", error ? flow_errno(error, buf) : NULL);
}

static void put_io_flags(struct text *t, const struct event *ev)
{
	const char *flag, *sep = "";

	key(t, "flags");
	text_char(t, '[');
	for (unsigned i = 0; (flag = flow_io_flag(ev, i)); i++) {
		if (!*flag)
			continue;
		text_str(t, sep);
		text_json_string(t, flag, strlen(flag));
		sep = ",";
	}
	text_char(t, ']');
}

static void put_io(const struct event_text *x, const struct event *ev)
{
	const struct io_info *io = ev->ext;
	struct text *t = x->out;
	char buf[FLOW_TEXT];

	if (ev->kind == EV_IO_START || ev->kind == EV_IO_MERGE)
		put_task(x, ev->tid, "tid", "comm");
	put_string(t, "dev", flow_device(ev->value, buf));
	put_text(t, "dev_name", engine_name(x->engine, NAME_DEVICE, ev->value));
	put_string(t, "op", flow_io_op(ev->aux, buf));
	/* 64 bits at random: more than a number of JSON holds everywhere */
	if (io->request) {
		key(t, "request");
		text_str(t, "\"");
		text_hex(t, io->request);
		text_str(t, "\"");
	} else {
		put_null(t, "request");
	}
	put_u64(t, "sector", io->sector);
	put_u64(t, "bytes", io->bytes);
	if (ev->kind == EV_IO_START || ev->kind == EV_IO_MERGE) {
		if (io->cgroup_id)
			put_u64(t, "cgroup_id", io->cgroup_id);
		else
			put_null(t, "cgroup_id");
	} else if (ev->kind == EV_IO_DONE) {
		put_error(t, io->error);
	}
	put_io_flags(t, ev);
}

static void put_acct(const struct event_text *x, const struct event *ev)
{
	const struct acct_info *a = ev->ext;
	struct text *t = x->out;

	put_task(x, ev->tid, "tid", "comm");
	put_u64(t, "rchar", a->rchar);
	put_u64(t, "wchar", a->wchar);
	put_u64(t, "syscr", a->syscr);
	put_u64(t, "syscw", a->syscw);
	put_u64(t, "read_bytes", a->read_bytes);
	put_u64(t, "write_bytes", a->write_bytes);
	put_u64(t, "cancelled_write_bytes", a->cancelled_write_bytes);
	if (a->rss_bytes) {
		put_u64(t, "rss_bytes", a->rss_bytes);
		put_u64(t, "rss_peak_bytes", a->rss_peak_bytes);
	} else {
		put_null(t, "rss_bytes");
		put_null(t, "rss_peak_bytes");
	}
}

static void put_tuple(struct text *t, const struct socket_info *info)
{
	char buf[FLOW_TEXT];

	put_text(t, "proto", info ? net_protocol(info, buf) : NULL);
	put_text(t, "local", info ? net_address(info, false, 0, buf) : NULL);
	put_text(t, "remote", info ? net_address(info, true, 0, buf) : NULL);
}

/* A socket by its cookie, and what it is where that was told. */
static void put_known_socket(const struct event_text *x, uint64_t id)
{
	const struct socket *socket = engine_socket(x->engine, id);

	put_u64(x->out, "socket", id);
	put_tuple(x->out, socket && socket->info.family ? &socket->info : NULL);
}

static void put_socket(const struct event_text *x, const struct event *ev)
{
	const struct socket_info *info = ev->ext;
	struct text *t = x->out;
	char buf[FLOW_TEXT];

	put_somebody(x, ev->tid);
	put_u64(t, "socket", info->id);
	put_tuple(t, info);
	put_string(t, "state", flow_socket_state(info, buf));
	put_u64(t, "netns", info->netns);
	put_bool(t, "before", info->flags & SOCKF_BEFORE);
}

static void put_net(const struct event_text *x, const struct event *ev)
{
	const struct net_info *n = ev->ext;
	struct text *t = x->out;

	put_task(x, ev->tid, "tid", "comm");
	put_known_socket(x, n->socket);
	put_u64(t, "tx_bytes", n->tx_bytes);
	put_u64(t, "rx_bytes", n->rx_bytes);
	put_u64(t, "tx_calls", n->tx_calls);
	put_u64(t, "rx_calls", n->rx_calls);
	put_i64(t, "first_ns", (int64_t)(n->first_ns - x->start_ns));
}

/* What happens to a socket that was described before. */
static void put_socket_change(const struct event_text *x, const struct event *ev)
{
	const struct socket_ref *ref = ev->ext;
	struct text *t = x->out;
	char buf[FLOW_TEXT];

	put_somebody(x, ev->tid);
	put_known_socket(x, ref->socket);
	if (ev->kind == EV_SOCKET_STATE) {
		put_string(t, "before", flow_tcp_state((uint8_t)ev->value, buf));
		put_string(t, "after", flow_tcp_state((uint8_t)(ev->value >> 8), buf));
		put_error(t, ev->value >> 16);
	} else if (ev->kind == EV_RETRANSMIT) {
		put_u64(t, "segments", ev->aux);
		put_bool(t, "synack", ev->flags & EVF_NET_SYNACK);
		put_error(t, ev->value);
	} else {
		put_bool(t, "sent", ev->flags & EVF_NET_SENT);
	}
}

static void put_stack(const struct event_text *x, const struct event *ev)
{
	put_task(x, ev->tid, "tid", "comm");
	put_u64(x->out, "kernel_stack", ev->value);
	put_u64(x->out, "user_stack", ev->peer);
	put_bool(x->out, "lost", ev->flags & EVF_STACK_LOST);
}

static void put_frames(const struct event_text *x, const struct event *ev)
{
	const struct frames_info *info = ev->ext;

	put_u64(x->out, "stack", ev->value);
	put_u64(x->out, "pid", ev->tid);
	put_list(x->out, "frames", info->frames, info->frames_len);
}

static void put_counters(const struct event_text *x, const struct event *ev)
{
	const struct counters_info *info = ev->ext;

	put_task(x, ev->tid, "tid", "comm");
	key(x->out, "values");
	for (size_t i = 0; i < COUNTERS_MAX; i++) {
		if (i && x->meta && i >= x->meta->ncounters)
			break;
		text_char(x->out, i ? ',' : '[');
		text_u64(x->out, info->value[i]);
	}
	text_char(x->out, ']');
	put_u64(x->out, "enabled_ns", info->enabled_ns);
	put_u64(x->out, "running_ns", info->running_ns);
}

static void put_irq(const struct event_text *x, const struct event *ev)
{
	const uint64_t soft = ev->flags & EVF_IRQ_SOFT;
	const char *name = engine_name(x->engine, NAME_IRQ, ev->value | soft << 32);

	put_u64(x->out, "irq", ev->value);
	put_bool(x->out, "soft", soft);
	if (name)
		put_string(x->out, "name", name);
	else
		put_null(x->out, "name");
	put_u64(x->out, "duration_ns", ev->ts - ((const struct irq_info *)ev->ext)->start_ns);
	put_task(x, ev->tid, "tid", "comm");
}

static void put_rename(const struct event_text *x, const struct event *ev)
{
	const struct rename_info *info = ev->ext;

	put_task(x, ev->tid, "tid", "old_comm");
	put_comm(x->out, "comm", info->comm);
}

static void put_fields(const struct event_text *x, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EV_SWITCH: put_switch(x, ev); break;
	case EV_WAKING:
	case EV_WAKEUP:
	case EV_WAKEUP_NEW: put_wake(x, ev); break;
	case EV_MIGRATE:
		put_task(x, ev->tid, "tid", "comm");
		put_u64(x->out, "from_cpu", ev->aux);
		put_u64(x->out, "to_cpu", ev->value);
		put_bool(x->out, "placed", ev->flags & EVF_PLACED);
		break;
	case EV_FORK: put_fork(x, ev); break;
	case EV_EXEC: put_exec(x, ev); break;
	case EV_EXIT:
		put_task(x, ev->tid, "tid", "comm");
		put_u64(x->out, "exit_code", ev->value);
		put_bool(x->out, "group_dead", ev->flags & EVF_GROUP_DEAD);
		put_leaves(x, ev);
		break;
	case EV_RENAME:
		put_rename(x, ev);
		put_leaves(x, ev);
		break;
	case EV_FREE:
		put_task(x, ev->tid, "tid", "comm");
		if (ev->ext)
			put_u64(x->out, "start_boottime_ns",
				((const struct free_info *)ev->ext)->start_ns);
		break;
	case EV_REAP:
		put_task(x, ev->tid, "tid", "comm");
		put_task(x, ev->peer, "by_tid", "by_comm");
		break;
	case EV_WAIT:
		put_task(x, ev->tid, "tid", "comm");
		put_u64(x->out, "wait_pid", ev->value);
		if (ev->flags & EVF_WAIT_BLOCKS)
			put_bool(x->out, "blocks", true);
		break;
	case EV_CGROUP: put_cgroup(x, ev); break;
	case EV_TASK: put_snapshot(x, ev); break;
	case EV_BLOCK: put_block(x, ev); break;
	case EV_GAP: put_gap(x, ev); break;
	case EV_NAME: put_name(x, ev); break;
	case EV_CHECKPOINT: put_checkpoint(x, ev); break;
	case EV_IO_START:
	case EV_IO_ISSUE:
	case EV_IO_DONE:
	case EV_IO_REQUEUE:
	case EV_IO_MERGE: put_io(x, ev); break;
	case EV_ACCT: put_acct(x, ev); break;
	case EV_SAMPLE: put_sample(x, ev); break;
	case EV_SOCKET: put_socket(x, ev); break;
	case EV_NET: put_net(x, ev); break;
	case EV_SOCKET_STATE:
	case EV_RETRANSMIT:
	case EV_RESET: put_socket_change(x, ev); break;
	case EV_STACK: put_stack(x, ev); break;
	case EV_FRAMES: put_frames(x, ev); break;
	case EV_COUNTERS: put_counters(x, ev); break;
	case EV_IRQ: put_irq(x, ev); break;
	case EV_KIND_END: break;
	}
}

void event_text_json(const struct event_text *x, const struct event *ev)
{
	const char *kind = event_kind_name((enum event_kind)ev->kind);
	struct text *t = x->out;

	text_str(t, "{\"ts_ns\":");
	text_i64(t, (int64_t)(ev->ts - x->start_ns));
	if (ev->cpu == CPU_NONE)
		put_null(t, "cpu");
	else
		put_u64(t, "cpu", ev->cpu);
	put_string(t, "kind", kind ? kind : "unknown");
	put_fields(x, ev);
	text_put(t, "}\n", 2);
}
