// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/event_text.h"

#include <string.h>

#include "base/units.h"
#include "format/checkpoint.h"
#include "replay/net.h"
#include "replay/syscalls.h"
#include "verbs/flow_text.h"

#define KIND_WIDTH 11

static void put_name_of(struct text *t, const char comm[TASK_COMM_LEN])
{
	text_escaped(t, comm, strnlen(comm, TASK_COMM_LEN));
}

/* "make:812", "idle", "(other)". */
static void put_task(const struct event_text *x, uint32_t tid)
{
	const struct task *task;

	if (!tid || tid == TID_OTHER) {
		text_str(x->out, tid ? "(other)" : "idle");
		return;
	}
	task = engine_task(x->engine, tid);
	if (task && !(task->flags & TASK_UNNAMED))
		put_name_of(x->out, task->info.comm);
	else
		text_char(x->out, '?');
	text_char(x->out, ':');
	text_u64(x->out, tid);
}

static void put_labelled(struct text *t, const char *label, uint64_t n)
{
	text_str(t, label);
	text_u64(t, n);
}

static void put_seconds(struct text *t, int64_t ns, unsigned width)
{
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		text_char(t, '-');
	text_u64_padded(t, n / NSEC_PER_SEC, width, ' ');
	text_char(t, '.');
	text_u64_padded(t, n % NSEC_PER_SEC, 9, '0');
}

/* event.aux of a switch: " (futex)", " (system call 202)", " (no system call)". */
static void put_syscall(const struct event_text *x, uint16_t aux)
{
	const char *name = NULL;

	if (!aux)
		return;
	if (x->meta && aux < AUX_SYSCALL_COMPAT)
		name = syscall_name(x->meta->arch, aux - 1);
	text_str(x->out, " (");
	if (aux == AUX_SYSCALL_NONE)
		text_str(x->out, "no system call");
	else if (aux == AUX_SYSCALL_COMPAT)
		text_str(x->out, "a 32-bit system call");
	else if (name)
		text_str(x->out, name);
	else
		put_labelled(x->out, "system call ", aux - 1u);
	text_char(x->out, ')');
}

static void put_switch(const struct event_text *x, const struct event *ev)
{
	bool preempted = ev->flags & EVF_PREEMPT;

	put_task(x, ev->peer);
	text_char(x->out, ' ');
	text_char(x->out, preempted ? 'R' : state_letter(state_from_raw(ev->value)));
	text_str(x->out, preempted ? " (preempted)" : ev->flags & EVF_YIELD ? " (yield)" : "");
	put_syscall(x, ev->aux);
	if (ev->flags & EVF_IOWAIT)
		text_str(x->out, ", IO wait");
	text_str(x->out, " -> ");
	put_task(x, ev->tid);
}

static void put_wake(const struct event_text *x, const struct event *ev)
{
	struct text *t = x->out;

	put_task(x, ev->tid);
	text_str(t, " by ");
	put_task(x, ev->peer);
	if (ev->flags & EVF_CTX_HARDIRQ)
		text_str(t, " (hard interrupt)");
	else if (ev->flags & EVF_CTX_SOFTIRQ)
		text_str(t, " (soft interrupt)");
	if (ev->kind == EV_WAKING) {
		put_labelled(t, ", was on CPU ", ev->value);
		return;
	}
	put_labelled(t, ", to CPU ", ev->value);
	put_labelled(t, ", queue ", ev->aux);
}

static void put_info(struct text *t, const struct task_info *info)
{
	put_name_of(t, info->comm);
	put_labelled(t, ":", info->tid);
	put_labelled(t, " of process ", info->tgid);
	put_labelled(t, ", parent ", info->ppid);
	put_labelled(t, ", user ", info->uid);
	put_labelled(t, ", cgroup ", info->cgroup_id);
}

static void put_exec(const struct event_text *x, const struct event *ev)
{
	const struct exec_info *info = ev->ext;
	struct text *t = x->out;

	put_name_of(t, info->comm);
	put_labelled(t, ":", ev->tid);
	if (ev->peer != ev->tid)
		put_labelled(t, ", was TID ", ev->peer);
	text_str(t, ": ");
	text_escaped(t, info->filename, strlen(info->filename));
	text_str(t, " [");
	for (uint32_t at = 0; at < info->args_len;) {
		size_t len = strnlen(info->args + at, info->args_len - at);

		if (at)
			text_char(t, ' ');
		text_escaped(t, info->args + at, len);
		at += (uint32_t)len + 1;
	}
	text_str(t, info->truncated ? "...]" : "]");
}

static void put_exit(const struct event_text *x, const struct event *ev)
{
	struct text *t = x->out;

	put_task(x, ev->tid);
	if (ev->value & 0x7f)
		put_labelled(t, ", signal ", ev->value & 0x7f);
	else
		put_labelled(t, ", status ", ev->value >> 8 & 0xff);
	if (ev->flags & EVF_GROUP_DEAD)
		text_str(t, ", last thread");
}

static void put_snapshot(const struct event_text *x, const struct event *ev)
{
	const struct task_snapshot *s = ev->ext;
	struct text *t = x->out;
	char buf[64];

	put_info(t, &s->info);
	text_str(t, ", ");
	if (s->flags & SNAPF_ON_CPU)
		text_str(t, "running");
	else if (s->flags & SNAPF_QUEUED)
		text_str(t, "queued");
	else
		text_str(t,
			 state_describe(s->state, !!(s->flags & SNAPF_IOWAIT), buf, sizeof(buf)));
	put_labelled(t, ", CPU ", s->cpu);
}

static void put_gap(const struct event_text *x, const struct event *ev)
{
	const struct gap_info *gap = ev->ext;
	struct text *t = x->out;

	text_str(t, "until ");
	put_seconds(t, (int64_t)(gap->end_ns - x->start_ns), 0);
	if (gap->count)
		put_labelled(t, ", events lost: ", gap->count);
	text_str(t, gap->reason == GAP_RING_FULL ? ", ring full"
		    : gap->reason == GAP_CORRUPT ? ", damaged block"
		    : gap->reason == GAP_CUT	 ? ", cut"
						 : ", write");
}

static void put_cgroup(const struct event_text *x, const struct event *ev)
{
	const struct cgroup_info *info = ev->ext;
	const char *name = engine_name(x->engine, NAME_CGROUP, info->cgroup_id);

	put_task(x, ev->tid);
	put_labelled(x->out, " to cgroup ", info->cgroup_id);
	if (name) {
		text_char(x->out, ' ');
		text_escaped(x->out, name, strlen(name));
	}
	if (ev->flags & EVF_THREADGROUP)
		text_str(x->out, ", all threads");
}

static void put_name(const struct event_text *x, const struct event *ev)
{
	const struct name_info *name = ev->ext;

	char buf[FLOW_TEXT];

	if (name->kind == NAME_DEVICE) {
		text_str(x->out, "device ");
		text_str(x->out, flow_device((uint32_t)name->id, buf));
	} else if (name->kind == NAME_IRQ) {
		put_labelled(x->out, name->id >> 32 ? "soft interrupt " : "interrupt ",
			     name->id & UINT32_MAX);
	} else {
		put_labelled(x->out,
			     name->kind == NAME_USER	 ? "user "
			     : name->kind == NAME_METRIC ? "metric "
							 : "cgroup ",
			     name->id);
	}
	text_str(x->out, " is ");
	text_escaped(x->out, name->name, strlen(name->name));
}

static void put_sample(const struct event_text *x, const struct event *ev)
{
	const char *name = engine_name(x->engine, NAME_METRIC, ev->value);

	if (name)
		text_escaped(x->out, name, strlen(name));
	else
		put_labelled(x->out, "metric ", ev->value);
	text_char(x->out, ' ');
	text_i64(x->out, (int64_t)((const struct sample_info *)ev->ext)->value);
	if (ev->flags & EVF_SAMPLE_GONE)
		text_str(x->out, ", gone");
}

static void put_block(const struct event_text *x, const struct event *ev)
{
	put_task(x, ev->tid);
	if ((int32_t)ev->value >= 0)
		put_labelled(x->out, " in system call ", ev->value);
	if (ev->flags & EVF_IOWAIT)
		text_str(x->out, ", IO wait");
}

static void put_checkpoint(const struct event_text *x, const struct event *ev)
{
	const struct checkpoint *ck = ev->ext;

	put_labelled(x->out, "tasks: ", ck->ntasks);
	put_labelled(x->out, ", CPUs: ", ck->ncpus);
	put_labelled(x->out, ", open requests: ", ck->nrequests);
	put_labelled(x->out, ", sockets: ", ck->nsockets);
}

/* "vda1", "259:1" where nothing named it. */
static void put_device(const struct event_text *x, uint32_t dev)
{
	const char *name = engine_name(x->engine, NAME_DEVICE, dev);
	char buf[FLOW_TEXT];

	if (name)
		text_escaped(x->out, name, strlen(name));
	else
		text_str(x->out, flow_device(dev, buf));
}

static void put_io(const struct event_text *x, const struct event *ev)
{
	const struct io_info *io = ev->ext;
	struct text *t = x->out;
	const char *flag;
	char buf[FLOW_TEXT];

	if (ev->kind == EV_IO_START || ev->kind == EV_IO_MERGE) {
		put_task(x, ev->tid);
		text_char(t, ' ');
	}
	text_str(t, flow_io_op(ev->aux, buf));
	text_char(t, ' ');
	put_device(x, ev->value);
	put_labelled(t, " sector ", io->sector);
	put_labelled(t, ", bytes ", io->bytes);
	if (io->request) {
		text_str(t, ", request ");
		text_hex(t, io->request);
	}
	if (io->cgroup_id)
		put_labelled(t, ", for cgroup ", io->cgroup_id);
	if (io->error) {
		text_str(t, ", error ");
		text_str(t, flow_errno(io->error, buf));
	}
	for (unsigned i = 0; (flag = flow_io_flag(ev, i)); i++) {
		text_str(t, *flag ? ", " : "");
		text_str(t, flag);
	}
}

static void put_acct(const struct event_text *x, const struct event *ev)
{
	const struct acct_info *a = ev->ext;

	put_task(x, ev->tid);
	put_labelled(x->out, " rchar ", a->rchar);
	put_labelled(x->out, " wchar ", a->wchar);
	put_labelled(x->out, " syscr ", a->syscr);
	put_labelled(x->out, " syscw ", a->syscw);
	put_labelled(x->out, " read_bytes ", a->read_bytes);
	put_labelled(x->out, " write_bytes ", a->write_bytes);
	put_labelled(x->out, " cancelled ", a->cancelled_write_bytes);
	if (!a->rss_bytes)
		return;
	put_labelled(x->out, " rss ", a->rss_bytes);
	put_labelled(x->out, " peak ", a->rss_peak_bytes);
}

static void put_address(struct text *t, const struct socket_info *info, bool remote)
{
	char buf[FLOW_TEXT];
	const char *address = net_address(info, remote, 0, buf);

	text_str(t, address ? address : "*");
}

/* "tcp 127.0.0.1:80 -> *" */
static void put_tuple(struct text *t, const struct socket_info *info)
{
	char buf[FLOW_TEXT];

	text_str(t, net_protocol(info, buf));
	text_char(t, ' ');
	put_address(t, info, false);
	text_str(t, " -> ");
	put_address(t, info, true);
}

/* A socket by its cookie, and what it is where that was told. */
static void put_known_socket(const struct event_text *x, uint64_t id)
{
	const struct socket *socket = engine_socket(x->engine, id);

	if (id)
		put_labelled(x->out, "socket ", id);
	else
		text_str(x->out, "no socket");
	if (!socket || !socket->info.family)
		return;
	text_str(x->out, " (");
	put_tuple(x->out, &socket->info);
	text_char(x->out, ')');
}

static void put_socket(const struct event_text *x, const struct event *ev)
{
	const struct socket_info *info = ev->ext;
	struct text *t = x->out;
	char buf[FLOW_TEXT];

	put_labelled(t, "socket ", info->id);
	if (ev->tid) {
		text_str(t, " of ");
		put_task(x, ev->tid);
	}
	text_str(t, ": ");
	put_tuple(t, info);
	text_char(t, ' ');
	text_str(t, flow_socket_state(info, buf));
	put_labelled(t, ", network namespace ", info->netns);
	if (info->flags & SOCKF_BEFORE)
		text_str(t, ", was there before");
}

static void put_net(const struct event_text *x, const struct event *ev)
{
	const struct net_info *n = ev->ext;

	put_task(x, ev->tid);
	text_char(x->out, ' ');
	put_known_socket(x, n->socket);
	put_labelled(x->out, " tx_bytes ", n->tx_bytes);
	put_labelled(x->out, " in calls ", n->tx_calls);
	put_labelled(x->out, ", rx_bytes ", n->rx_bytes);
	put_labelled(x->out, " in calls ", n->rx_calls);
	text_str(x->out, ", since ");
	put_seconds(x->out, (int64_t)(n->first_ns - x->start_ns), 0);
}

/* What happens to a socket that was described before. */
static void put_socket_change(const struct event_text *x, const struct event *ev)
{
	const struct socket_ref *ref = ev->ext;
	uint32_t error = ev->kind == EV_SOCKET_STATE ? ev->value >> 16
			 : ev->kind == EV_RETRANSMIT ? ev->value
						     : 0;
	struct text *t = x->out;
	char buf[FLOW_TEXT];

	put_known_socket(x, ref->socket);
	if (ev->kind == EV_SOCKET_STATE) {
		text_char(t, ' ');
		text_str(t, flow_tcp_state((uint8_t)ev->value, buf));
		text_str(t, " -> ");
		text_str(t, flow_tcp_state((uint8_t)(ev->value >> 8), buf));
	} else if (ev->kind == EV_RETRANSMIT) {
		put_labelled(t, " segments ", ev->aux);
		text_str(t, ev->flags & EVF_NET_SYNACK ? " (SYN-ACK)" : "");
	} else {
		text_str(t, ev->flags & EVF_NET_SENT ? " sent" : " received");
	}
	if (ev->tid) {
		text_str(t, " by ");
		put_task(x, ev->tid);
	}
	if (error) {
		text_str(t, ", error ");
		text_str(t, flow_errno(error, buf));
	}
}

static void put_stack(const struct event_text *x, const struct event *ev)
{
	put_task(x, ev->tid);
	put_labelled(x->out, " kernel stack ", ev->value);
	if (ev->peer)
		put_labelled(x->out, ", user stack ", ev->peer);
	if (ev->flags & EVF_STACK_LOST)
		text_str(x->out, ", lost");
}

static void put_frames(const struct event_text *x, const struct event *ev)
{
	const struct frames_info *info = ev->ext;

	if (ev->tid)
		put_labelled(x->out, "process ", ev->tid);
	text_str(x->out, ev->tid ? " user stack " : "kernel stack ");
	text_u64(x->out, ev->value);
	text_char(x->out, ':');
	for (uint32_t at = 0; at < info->frames_len;) {
		const size_t len = strnlen(info->frames + at, info->frames_len - at);

		text_str(x->out, at ? " < " : " ");
		if (len)
			text_escaped(x->out, info->frames + at, len);
		else
			text_char(x->out, '?');
		at += (uint32_t)len + 1;
	}
}

static void put_counters(const struct event_text *x, const struct event *ev)
{
	const struct counters_info *info = ev->ext;
	const size_t n = x->meta && x->meta->ncounters < COUNTERS_MAX ? x->meta->ncounters
								      : COUNTERS_MAX;

	put_task(x, ev->tid);
	for (size_t i = 0; i < n; i++) {
		text_str(x->out, i ? ", " : " ");
		if (x->meta) {
			const char *name = x->meta->counters[i].name;

			text_escaped(x->out, name, strlen(name));
			text_char(x->out, ' ');
		}
		text_u64(x->out, info->value[i]);
	}
	put_labelled(x->out, ", counted ", info->running_ns);
	put_labelled(x->out, " of ", info->enabled_ns);
	text_str(x->out, " ns");
}

static void put_irq(const struct event_text *x, const struct event *ev)
{
	const uint64_t soft = ev->flags & EVF_IRQ_SOFT;
	const char *name = engine_name(x->engine, NAME_IRQ, ev->value | soft << 32);

	put_labelled(x->out, soft ? "soft interrupt " : "interrupt ", ev->value);
	if (name) {
		text_str(x->out, " (");
		text_escaped(x->out, name, strlen(name));
		text_char(x->out, ')');
	}
	put_labelled(x->out, ", ", ev->ts - ((const struct irq_info *)ev->ext)->start_ns);
	text_str(x->out, " ns, interrupted ");
	put_task(x, ev->tid);
}

static void put_two(const struct event_text *x, const struct event *ev, const char *between)
{
	put_task(x, ev->tid);
	text_str(x->out, between);
}

static void put_fields(const struct event_text *x, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EV_SWITCH: put_switch(x, ev); break;
	case EV_WAKING:
	case EV_WAKEUP:
	case EV_WAKEUP_NEW: put_wake(x, ev); break;
	case EV_MIGRATE:
		put_two(x, ev, " from CPU ");
		text_u64(x->out, ev->aux);
		put_labelled(x->out, " to ", ev->value);
		if (ev->flags & EVF_PLACED)
			text_str(x->out, ", at its wake-up");
		break;
	case EV_FORK:
		put_info(x->out, ev->ext);
		text_str(x->out, ", by ");
		put_task(x, ev->peer);
		break;
	case EV_EXEC: put_exec(x, ev); break;
	case EV_EXIT: put_exit(x, ev); break;
	case EV_RENAME:
		put_two(x, ev, " is now ");
		put_name_of(x->out, ((const struct rename_info *)ev->ext)->comm);
		break;
	case EV_FREE: put_task(x, ev->tid); break;
	case EV_REAP:
		put_two(x, ev, " by ");
		put_task(x, ev->peer);
		break;
	case EV_WAIT:
		put_two(x, ev, ev->value ? " for PID " : " for any child");
		if (ev->value)
			text_u64(x->out, ev->value);
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

void event_text_line(const struct event_text *x, const struct event *ev)
{
	const char *kind = event_kind_name((enum event_kind)ev->kind);
	struct text *t = x->out;
	uint64_t mark;

	put_seconds(t, (int64_t)(ev->ts - x->start_ns), 6);
	if (ev->cpu == CPU_NONE) {
		text_str(t, " [   ] ");
	} else {
		text_str(t, " [");
		text_u64_padded(t, ev->cpu, 3, '0');
		text_str(t, "] ");
	}
	mark = text_mark(t);
	text_str(t, kind ? kind : "unknown");
	text_pad_to(t, mark, KIND_WIDTH);
	text_char(t, ' ');
	put_fields(x, ev);
	text_char(t, '\n');
}
