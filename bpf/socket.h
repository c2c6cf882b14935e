/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * socket: which socket an event is about. Events carry a number; what is behind it is said in a
 * REC_SOCKET before the first event that needs it, when the addresses have changed, and again when
 * the last time is a while ago, so that readers may forget.
 *
 * Programs come in two kinds: most have a `struct sock *` that the verifier knows, and so helpers
 * and plain loads; a kprobe has a number, reads through bpf_probe_read_kernel(), and shares a small
 * cache with the sockets that can have no storage of their own.
 */
#ifndef RSTAT_BPF_SOCKET_H
#define RSTAT_BPF_SOCKET_H

#include "bpf/context.h"
#include "bpf/filter.h"
#include "bpf/kernel_net.h"
#include "bpf/ring.h"

#define SOCKET_AGAIN_NS	  10000000000ull
#define SOCKET_CACHE	  1024u
#define SOCKET_BY_ADDRESS (1ull << 63) /* the number is not a cookie */
#define SOCKF_BEFORE	  0x1u /* format/event.h */

enum sock_how {
	SOCK_TYPED,
	SOCK_NUMBER, /* an address that the verifier knows nothing about */
};

#define SK_READ(how, sk, field)                                                                    \
	((how) == SOCK_TYPED ? (sk)->__sk_common.field : BPF_CORE_READ(sk, __sk_common.field))

/* What has been said about a socket. */
struct socket_memory {
	u64 id; /* another one's: the kernel cloned a listening socket and this with it */
	u64 fingerprint; /* of the addresses */
	u64 described_ns; /* 0: never */
	u32 owner; /* who used it last, 0 not known */
	u32 used; /* a task that the filters match has used it, or the one it was cloned from */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_memory);
} sockets SEC(".maps");

/*
 * In front of the storage, which costs a call, for traffic; and instead of it for sockets that can
 * have none. Two of them in one place only cost time, or descriptions.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, struct socket_memory);
	__uint(max_entries, SOCKET_CACHE);
} socket_cache SEC(".maps");

/* Requests and TIME_WAITs are shorter than a struct sock. */
static __always_inline bool socket_is_full(u32 state)
{
	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

static __always_inline u64 socket_id(struct sock *sk, enum sock_how how)
{
	u64 id = (u64)SK_READ(how, sk, skc_cookie.counter);

	if (likely(id))
		return id;
	return how == SOCK_TYPED ? bpf_get_socket_cookie(sk) : (u64)sk | SOCKET_BY_ADDRESS;
}

static __always_inline u64 socket_mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Of what can change: the addresses. */
static __always_inline u64 socket_fingerprint(struct sock *sk, enum sock_how how)
{
	u32 family = SK_READ(how, sk, skc_family);
	u64 hash = family;

	if (family != AF_INET && family != AF_INET6)
		return hash;
	hash = socket_mix(hash, (u64)SK_READ(how, sk, skc_num) << 16 | SK_READ(how, sk, skc_dport));
	hash = socket_mix(hash,
			  (u64)SK_READ(how, sk, skc_daddr) << 32 | SK_READ(how, sk, skc_rcv_saddr));
	if (family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		hash = socket_mix(
			hash, SK_READ(how, sk, skc_v6_daddr.in6_u.u6_addr32[0]) |
				      (u64)SK_READ(how, sk, skc_v6_daddr.in6_u.u6_addr32[1]) << 32);
		hash = socket_mix(
			hash, SK_READ(how, sk, skc_v6_daddr.in6_u.u6_addr32[2]) |
				      (u64)SK_READ(how, sk, skc_v6_daddr.in6_u.u6_addr32[3]) << 32);
		hash = socket_mix(hash, SK_READ(how, sk, skc_v6_rcv_saddr.in6_u.u6_addr32[3]));
	}
	return hash;
}

/* Reads through bpf_probe_read_kernel() for every kind of program: it is the rare part. */
static __always_inline void socket_fill(struct ring_socket *to, struct sock *sk, u64 id, u32 flags)
{
	u32 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	u32 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	__builtin_memset(to, 0, sizeof(*to));
	to->id = id;
	to->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	to->family = (u16)family;
	to->flags = flags;
	if (socket_is_full(state)) {
		to->type = BPF_CORE_READ(sk, sk_type);
		to->protocol = BPF_CORE_READ(sk, sk_protocol);
	} else {
		to->type = SOCK_STREAM;
		to->protocol = IPPROTO_TCP;
	}
	if (family != AF_INET && family != AF_INET6)
		return;
	to->state = (u8)state;
	to->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	to->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	/* a port is given back before the state becomes CLOSE, which is when we may be asked */
	if (!to->local_port && socket_is_full(state) &&
	    bpf_core_field_exists(struct inet_sock, inet_sport))
		to->local_port =
			__builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	if (family == AF_INET) {
		BPF_CORE_READ_INTO((u32 *)to->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)to->remote, sk, __sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)to->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)to->remote, sk, __sk_common.skc_v6_daddr);
	}
}

/* Returns 0, or -1: lost. */
static __noinline int socket_put(struct sock *sk, u64 id, u32 tid)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(struct ring_socket);
	struct ring_rec *rec = ring_reserve(RING_IRQS_ON, bytes, 1);

	if (!rec)
		return -1;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = tid;
	rec->peer = 0;
	socket_fill((struct ring_socket *)(rec + 1), sk, id, 0);
	ring_commit(rec, RING_WORD0(REC_SOCKET, 0, bytes / 8, 0));
	return 0;
}

static __always_inline struct socket_memory *socket_slot(u64 id)
{
	u32 slot = (u32)(socket_mix(0, id) >> 8) & (SOCKET_CACHE - 1);

	return bpf_map_lookup_elem(&socket_cache, &slot);
}

/* What has been said about it; NULL: there is no room to remember that. */
static __always_inline struct socket_memory *socket_remember(struct sock *sk, u64 id,
							     enum sock_how how)
{
	struct socket_memory *m = NULL;

	if (how == SOCK_TYPED && socket_is_full(sk->__sk_common.skc_state))
		m = bpf_sk_storage_get(&sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (m) {
		if (m->id == id)
			return m;
	} else {
		m = socket_slot(id);
		if (!m || m->id == id)
			return m;
		m->used = 0;
	}
	m->described_ns = 0;
	m->owner = 0;
	m->id = id;
	return m;
}

/* Says what the socket is, where that has not been said. */
static __always_inline void socket_describe(struct sock *sk, u64 id, struct socket_memory *m,
					    u32 tid, u64 now, enum sock_how how)
{
	u64 fingerprint;

	if (!m) {
		socket_put(sk, id, tid);
		return;
	}
	fingerprint = socket_fingerprint(sk, how);
	if (likely(m->described_ns && m->fingerprint == fingerprint &&
		   now - m->described_ns < SOCKET_AGAIN_NS))
		return;
	if (socket_put(sk, id, tid))
		return;
	m->fingerprint = fingerprint;
	m->described_ns = now; /* when it can be read: whoever sees this comes later */
}

/* tid uses the socket: says what it is, where that has not been said. */
static __always_inline void socket_used(struct sock *sk, u64 id, u32 tid, u64 now,
					enum sock_how how)
{
	struct socket_memory *slot = socket_slot(id), *m;

	if (likely(slot && slot->id == id && slot->owner == tid &&
		   now - slot->described_ns < SOCKET_AGAIN_NS &&
		   slot->fingerprint == socket_fingerprint(sk, how)))
		return;
	m = socket_remember(sk, id, how);
	if (m) {
		m->owner = tid;
		m->used = 1;
	}
	socket_describe(sk, id, m, tid, now, how);
	if (m && slot && m != slot)
		*slot = *m;
}

#endif
