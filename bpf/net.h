/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* net: what threads send and receive, and what becomes of TCP connections. */
#ifndef RSTAT_BPF_NET_H
#define RSTAT_BPF_NET_H

#include "bpf/cost.h"
#include "bpf/socket.h"
#include "bpf/traffic.h"

/* "tcp: Add the err argument to trace_tcp_retransmit_skb" (6.16): traced after it was tried. */
const volatile bool retransmit_has_err = true;

/* A new sum for this thread and socket, unless the one that is there may go on. */
static __always_inline void traffic_turn(struct ring_page *page, struct sock *sk, u64 id, u32 tid,
					 enum sock_how how)
{
	u64 now = bpf_ktime_get_ns();

	page->net_tick = bpf_jiffies64();
	if (page->net_tid == tid && page->net.socket == id &&
	    now - page->net.first_ns < NET_COALESCE_NS)
		return;
	if (page->net_tid)
		traffic_put(RING_IRQS_ON, page);
	socket_used(sk, id, tid, now, how);
	page->net.socket = id;
	page->net.tx_bytes = page->net.rx_bytes = 0;
	page->net.tx_calls = page->net.rx_calls = 0;
	page->net.first_ns = now;
	page->net_tid = tid;
}

static __noinline int traffic_turn_typed(struct ring_page *page, struct sock *sk, u64 id, u32 tid)
{
	traffic_turn(page, sk, id, tid, SOCK_TYPED);
	return 0;
}

static __noinline int traffic_turn_number(struct ring_page *page, struct sock *sk, u64 id, u32 tid)
{
	traffic_turn(page, sk, id, tid, SOCK_NUMBER);
	return 0;
}

/* Without the sum: who works on it has been preempted, or there is no thread. */
static __always_inline void traffic_alone(struct sock *sk, u64 id, u32 tid, u32 bytes, bool tx,
					  enum sock_how how)
{
	const u32 size = sizeof(struct ring_rec) + sizeof(struct ring_net);
	u64 now = bpf_ktime_get_ns();
	struct ring_rec *rec;

	socket_used(sk, id, tid, now, how);
	rec = ring_reserve(RING_IRQS_ON, size, 1);
	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = 0;
	*(struct ring_net *)(rec + 1) = (struct ring_net){
		.socket = id,
		.first_ns = now,
		.tx_bytes = tx ? bytes : 0,
		.rx_bytes = tx ? 0 : bytes,
		.tx_calls = tx,
		.rx_calls = !tx,
	};
	ring_commit(rec, RING_WORD0(REC_NET, 0, size / 8, 0));
}

static __noinline int traffic_alone_typed(struct sock *sk, u64 id, u32 tid, u32 bytes, bool tx)
{
	traffic_alone(sk, id, tid, bytes, tx, SOCK_TYPED);
	return 0;
}

static __noinline int traffic_alone_number(struct sock *sk, u64 id, u32 tid, u32 bytes, bool tx)
{
	traffic_alone(sk, id, tid, bytes, tx, SOCK_NUMBER);
	return 0;
}

/* current has sent or received `bytes`. */
static __always_inline void traffic_add(struct sock *sk, u32 bytes, bool tx, enum sock_how how)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct ring_page *page = ring_mine();
	u32 tid = (u32)current->pid;
	u64 id;

	if (filter_any && (!filter_cpu(bpf_get_smp_processor_id()) || !filter_task(current)))
		return;
	id = socket_id(sk, how);
	if (!page)
		return;
	if (unlikely(!tid || __sync_lock_test_and_set(&page->net_busy, 1))) {
		if (how == SOCK_TYPED)
			traffic_alone_typed(sk, id, tid, bytes, tx);
		else
			traffic_alone_number(sk, id, tid, bytes, tx);
		return;
	}
	/* jiffies cost nothing, and NET_COALESCE_NS is not over before they move */
	if (unlikely(page->net_tid != tid || page->net.socket != id ||
		     page->net_tick != bpf_jiffies64())) {
		if (how == SOCK_TYPED)
			traffic_turn_typed(page, sk, id, tid);
		else
			traffic_turn_number(page, sk, id, tid);
	}
	if (tx) {
		page->net.tx_bytes += bytes;
		page->net.tx_calls++;
	} else {
		page->net.rx_bytes += bytes;
		page->net.rx_calls++;
	}
	barrier();
	*(volatile u32 *)&page->net_busy = 0;
}

/* Data that stays in the queue, or that is no data but what became of a packet, is not received. */
static __always_inline bool traffic_received(s32 bytes, u32 flags)
{
	return bytes > 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE));
}

/* 6e6eda44b939 ("sock: add tracepoint for send recv length", 6.3) */
SEC("tp_btf/sock_send_length")
int on_send(u64 *ctx)
{
	u64 begin = cost_begin();

	if ((s32)ctx[1] > 0)
		traffic_add((struct sock *)ctx[0], (u32)ctx[1], true, SOCK_TYPED);
	cost_end(PROG_NET_SEND, begin);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int on_recv(u64 *ctx)
{
	u64 begin = cost_begin();

	if (traffic_received((s32)ctx[1], (u32)ctx[2]))
		traffic_add((struct sock *)ctx[0], (u32)ctx[1], false, SOCK_TYPED);
	cost_end(PROG_NET_RECV, begin);
	return 0;
}

/*
 * Something happened to a socket: says what it is. Interrupts work for whoever they interrupt, so
 * only a thread's own doing is put down to it. With filters the sockets that a matching thread has
 * used are told of.
 *
 * @tid     who did it, 0: an interrupt
 * @closed  it has given its port back: what was said before is better than what it is now
 * Returns the socket's number, 0: not to be told.
 */
static __noinline u64 socket_touched(struct sock *sk, u32 *tid, bool closed)
{
	struct task_struct *current = bpf_get_current_task_btf();
	u64 id = socket_id(sk, SOCK_TYPED), now = bpf_ktime_get_ns();
	struct socket_memory *m = socket_remember(sk, id, SOCK_TYPED);
	u32 by = context_flags(current) ? 0 : (u32)current->pid;

	if (filter_any && (filter_need || filter_cgroups)) {
		if (by && filter_task(current)) {
			if (m)
				m->used = 1;
		} else if (!m || !m->used) {
			return 0;
		} else if (by) {
			by = TID_OTHER;
		}
	}
	if (!closed || !m || !m->described_ns)
		socket_describe(sk, id, m, by ? by : m ? m->owner : 0, now, SOCK_TYPED);
	*tid = by;
	return id;
}

static __always_inline void handle_state(struct sock *sk, u32 before, u32 after)
{
	u32 tid = 0, error = (u32)sk->sk_err;
	u64 id;

	/* a listening socket's clone, still with its addresses; its number is only lent to it */
	if (before == TCP_LISTEN && after == TCP_SYN_RECV)
		return;
	id = socket_touched(sk, &tid, after == TCP_CLOSE);
	if (id)
		ring_put_u64(RING_IRQS_ON, REC_SOCKET_STATE, 0,
			     (before & 0xff) | (after & 0xff) << 8 | (error & 0xffff) << 16, tid, 0,
			     id);
}

SEC("tp_btf/inet_sock_set_state")
int on_socket_state(u64 *ctx)
{
	u64 begin = cost_begin();

	handle_state((struct sock *)ctx[0], (u32)ctx[1], (u32)ctx[2]);
	cost_end(PROG_SOCKET_STATE, begin);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int on_retransmit(u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct sk_buff *skb = (struct sk_buff *)ctx[1];
	struct tcp_skb_cb *cb = (struct tcp_skb_cb *)__builtin_preserve_access_index(&skb->cb);
	s32 error = retransmit_has_err ? (s32)ctx[2] : 0;
	u32 tid = 0, segments = BPF_CORE_READ(cb, tcp_gso_segs);
	u64 begin = cost_begin(), id;

	id = socket_touched(sk, &tid, false);
	if (id)
		ring_put_u64(RING_IRQS_ON, REC_RETRANSMIT, 0, error < 0 ? (u32)-error : 0, tid,
			     segments, id);
	cost_end(PROG_RETRANSMIT, begin);
	return 0;
}

/* The first argument is the listening socket. */
SEC("tp_btf/tcp_retransmit_synack")
int on_synack(u64 *ctx)
{
	u64 begin = cost_begin(), id;
	u32 tid = 0;

	id = socket_touched((struct sock *)ctx[0], &tid, false);
	if (id)
		ring_put_u64(RING_IRQS_ON, REC_RETRANSMIT, RECF_NET_SYNACK, 0, tid, 1, id);
	cost_end(PROG_SYNACK, begin);
	return 0;
}

static __always_inline void handle_reset_sent(struct sock *sk)
{
	u32 tid = 0;
	u64 id;

	if (sk) {
		id = socket_touched(sk, &tid, sk->__sk_common.skc_state == TCP_CLOSE);
		if (!id)
			return;
	} else {
		/* to who knocked at a port where nobody listens */
		if (filter_any && (filter_need || filter_cgroups))
			return;
		id = 0;
	}
	ring_put_u64(RING_IRQS_ON, REC_RESET, RECF_NET_SENT, 0, tid, 0, id);
}

/* The socket can be a TIME_WAIT, or none. */
SEC("tp_btf/tcp_send_reset")
int on_reset_sent(u64 *ctx)
{
	u64 begin = cost_begin();

	handle_reset_sent((struct sock *)ctx[0]);
	cost_end(PROG_RESET_SENT, begin);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int on_reset_received(u64 *ctx)
{
	u64 begin = cost_begin(), id;
	u32 tid = 0;

	id = socket_touched((struct sock *)ctx[0], &tid, false);
	if (id)
		ring_put_u64(RING_IRQS_ON, REC_RESET, 0, 0, tid, 0, id);
	cost_end(PROG_RESET_RECEIVED, begin);
	return 0;
}

#endif
