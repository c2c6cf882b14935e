/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* kernel_net: the network's types, as kernel.h has those of scheduling. */
#ifndef RSTAT_BPF_KERNEL_NET_H
#define RSTAT_BPF_KERNEL_NET_H

#include "bpf/kernel.h"

/* Macros in the kernel, so not in BTF; all of them are uapi but for the states. */
#define AF_INET		 2u
#define AF_INET6	 10u
#define IPPROTO_TCP	 6u
#define SOCK_STREAM	 1u
#define SOCK_DGRAM	 2u
#define SOCK_SEQPACKET	 5u
#define MSG_PEEK	 0x2u
#define MSG_ERRQUEUE	 0x2000u
#define TCP_TIME_WAIT	 6u /* include/net/tcp_states.h; BPF_TCP_* of linux/bpf.h are the same */
#define TCP_CLOSE	 7u
#define TCP_SYN_RECV	 3u
#define TCP_LISTEN	 10u
#define TCP_NEW_SYN_RECV 12u

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		u32 u6_addr32[4];
	} in6_u;
};

/* The first part of struct sock, and all that a request or a TIME_WAIT has of it. */
struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_dport; /* big endian */
	u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type, sk_protocol;
	int sk_err;
};

struct inet_sock {
	u16 inet_sport; /* big endian */
};

struct socket {
	struct sock *sk;
};

struct sk_buff {
	char cb[48];
};

struct tcp_skb_cb {
	u16 tcp_gso_segs;
};

struct file;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

#pragma clang attribute pop

#endif
