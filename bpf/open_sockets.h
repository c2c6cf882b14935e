/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* open_sockets: the sockets that are there when a recording begins, as ring records. */
#ifndef RSTAT_BPF_OPEN_SOCKETS_H
#define RSTAT_BPF_OPEN_SOCKETS_H

#include "bpf/socket.h"

struct open_socket {
	struct ring_rec rec;
	struct ring_socket socket;
};

static __always_inline void open_socket_fill(struct open_socket *to, struct sock *sk, u64 id,
					     u32 tid)
{
	to->rec.tid = tid;
	to->rec.peer = 0;
	to->rec.word0 = RING_WORD0(REC_SOCKET, 0, sizeof(*to) / 8, 0);
	socket_fill(&to->socket, sk, id, SOCKF_BEFORE);
	to->rec.ts = bpf_ktime_get_ns();
}

/* Every file of every process; of threads that share their files only the leader is shown. */
SEC("iter/task_file")
int each_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket_memory *m;
	struct open_socket out;
	struct socket *socket;
	struct sock *sk;
	u64 id;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !filter_task(task))
		return 0;
	id = socket_id(sk, SOCK_TYPED);
	m = socket_remember(sk, id, SOCK_TYPED);
	open_socket_fill(&out, sk, id, (u32)task->tgid);
	if (bpf_seq_write(ctx->meta->seq, &out, sizeof(out)) || !m)
		return 0;
	m->used = 1;
	m->fingerprint = socket_fingerprint(sk, SOCK_TYPED);
	m->described_ns = out.rec.ts;
	return 0;
}

/* The TCP sockets of the recorder's network namespace: some have no file, and no owner, any more. */
SEC("iter/tcp")
int each_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct open_socket out;
	u64 id;

	if (!common || (filter_any && (filter_need || filter_cgroups)))
		return 0;
	id = (u64)common->skc_cookie.counter;
	if (!id)
		id = bpf_get_socket_cookie(common);
	open_socket_fill(&out, (struct sock *)common, id, 0);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

#endif
