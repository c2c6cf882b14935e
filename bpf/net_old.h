/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * net_old: sends and receives where sock_send_length does not exist (before 6.3), and the ways
 * into and out of a socket that it does not see. The functions are those that struct proto_ops
 * points to, which no compiler can have inlined.
 */
#ifndef RSTAT_BPF_NET_OLD_H
#define RSTAT_BPF_NET_OLD_H

#include "bpf/net.h"

/* `type`: the SOCK_* that the function is for, 0: any. Whether it calls another one depends. */
static __always_inline void old_send(struct socket *sock, u32 type, s32 bytes)
{
	u64 begin = cost_begin();

	if (bytes > 0 && (!type || sock->sk->sk_type == type))
		traffic_add(sock->sk, (u32)bytes, true, SOCK_TYPED);
	cost_end(PROG_NET_SEND, begin);
}

static __always_inline void old_recv(struct socket *sock, u32 type, u32 flags, s32 bytes,
				     u32 program)
{
	u64 begin = cost_begin();

	if (traffic_received(bytes, flags) && (!type || sock->sk->sk_type == type))
		traffic_add(sock->sk, (u32)bytes, false, SOCK_TYPED);
	cost_end(program, begin);
}

/* int f(struct socket *, struct msghdr *, size_t) */
#define OLD_SEND(function, type)                                                                   \
	SEC("fexit/" #function)                                                                    \
	int on_##function(u64 *ctx)                                                                \
	{                                                                                          \
		old_send((struct socket *)ctx[0], type, (s32)ctx[3]);                              \
		return 0;                                                                          \
	}

/* int f(struct socket *, struct msghdr *, size_t, int flags) */
#define OLD_RECV(function, type)                                                                   \
	SEC("fexit/" #function)                                                                    \
	int on_##function(u64 *ctx)                                                                \
	{                                                                                          \
		old_recv((struct socket *)ctx[0], type, (u32)ctx[3], (s32)ctx[4], PROG_NET_RECV);  \
		return 0;                                                                          \
	}

OLD_SEND(inet_sendmsg, 0)
OLD_SEND(inet6_sendmsg, 0)
OLD_SEND(unix_stream_sendmsg, SOCK_STREAM)
OLD_SEND(unix_dgram_sendmsg, SOCK_DGRAM)
OLD_SEND(unix_seqpacket_sendmsg, SOCK_SEQPACKET)
OLD_RECV(inet_recvmsg, 0)
OLD_RECV(inet6_recvmsg, 0)
OLD_RECV(unix_stream_recvmsg, SOCK_STREAM)
OLD_RECV(unix_dgram_recvmsg, SOCK_DGRAM)
OLD_RECV(unix_seqpacket_recvmsg, SOCK_SEQPACKET)

/*
 * sendfile() and splice() into a socket until dc97391e6610 ("sock: Remove ->sendpage*() in favour
 * of sendmsg(MSG_SPLICE_PAGES)", 6.5). Protocols other than TCP can end up in sendmsg from here.
 */
SEC("fexit/inet_sendpage")
int on_inet_sendpage(u64 *ctx)
{
	struct socket *sock = (struct socket *)ctx[0];

	if (sock->sk->sk_protocol == IPPROTO_TCP)
		old_send(sock, 0, (s32)ctx[5]);
	return 0;
}

/* splice() out of a TCP socket: never through recvmsg. */
SEC("fexit/tcp_splice_read")
int on_tcp_splice_read(u64 *ctx)
{
	old_recv((struct socket *)ctx[0], 0, 0, (s32)ctx[5], PROG_NET_SPLICE);
	return 0;
}

/*
 * A call that has begun; what it moved is known when it returns. Where one of the functions calls
 * another one, that is the same call: the inner one takes it.
 */
struct old_call {
	u64 sk;
	u32 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, u64);
	__type(value, struct old_call);
	__uint(max_entries, 1);
} old_calls SEC(".maps");

static __always_inline u64 old_key(bool tx)
{
	return (u64)(u32)bpf_get_current_pid_tgid() << 1 | tx;
}

static __always_inline void old_enter(struct socket *sock, u32 flags, bool tx)
{
	struct old_call call = {.flags = flags};
	u64 key = old_key(tx);

	call.sk = (u64)BPF_CORE_READ(sock, sk);
	bpf_map_update_elem(&old_calls, &key, &call, BPF_ANY);
}

static __always_inline void old_leave(s32 bytes, bool tx, u32 program)
{
	u64 key = old_key(tx), begin = cost_begin();
	struct old_call *found = bpf_map_lookup_elem(&old_calls, &key), call;

	if (!found)
		return;
	call = *found;
	bpf_map_delete_elem(&old_calls, &key);
	if (traffic_received(bytes, call.flags))
		traffic_add((struct sock *)call.sk, (u32)bytes, tx, SOCK_NUMBER);
	cost_end(program, begin);
}

/* Attached to several functions each, by the recorder. */
SEC("kprobe")
int on_send_enter(struct pt_regs *regs)
{
	old_enter((struct socket *)PT_REGS_ARG1(regs), 0, true);
	return 0;
}

SEC("kretprobe")
int on_send_leave(struct pt_regs *regs)
{
	old_leave((s32)PT_REGS_RETURN(regs), true, PROG_NET_SEND);
	return 0;
}

SEC("kprobe")
int on_recv_enter(struct pt_regs *regs)
{
	old_enter((struct socket *)PT_REGS_ARG1(regs), (u32)PT_REGS_FUNCTION_ARG4(regs), false);
	return 0;
}

SEC("kprobe")
int on_splice_enter(struct pt_regs *regs)
{
	old_enter((struct socket *)PT_REGS_ARG1(regs), 0, false);
	return 0;
}

SEC("kretprobe")
int on_recv_leave(struct pt_regs *regs)
{
	old_leave((s32)PT_REGS_RETURN(regs), false, PROG_NET_RECV);
	return 0;
}

SEC("kretprobe")
int on_splice_leave(struct pt_regs *regs)
{
	old_leave((s32)PT_REGS_RETURN(regs), false, PROG_NET_SPLICE);
	return 0;
}

#endif
