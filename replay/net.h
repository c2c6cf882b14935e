/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * net: what happens to connections, whatever the row is about. A connection is new when its
 * SYN_SENT is entered (this side calls) or when it is ESTABLISHED out of SYN_RECV (this side
 * answers); it failed when it left one of the two for CLOSE; it is active when it was ESTABLISHED
 * at some time in the window, or, for UDP, had traffic.
 */
#ifndef RSTAT_REPLAY_NET_H
#define RSTAT_REPLAY_NET_H

#include "engine/engine.h"

/* include/net/tcp_states.h: part of the kernel's interface to user space (ss, /proc/net/tcp). */
enum tcp_state {
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_SYN_SENT = 2,
	TCP_STATE_SYN_RECV = 3,
	TCP_STATE_CLOSE = 7,
	TCP_STATE_LISTEN = 10,
};

struct net_counts {
	uint64_t opened, active, failed;
	uint64_t retransmits, retransmits_failed; /* segments */
	uint64_t resets_sent, resets_received;
};

/* What was told of one socket already. Zeroed at first. */
struct net_track {
	bool opened, active;
};

/* Adds to `c` what the event, or the last look at a socket, says that was not said before. */
void net_count(struct net_counts *c, struct net_track *t, const struct socket_event *se);
void net_count_gone(struct net_counts *c, struct net_track *t, const struct socket *socket);
void net_counts_add(struct net_counts *to, const struct net_counts *from);
bool net_counts_any(const struct net_counts *c);

/* "tcp", "udp6", "unix"; "?" when the socket was never described. */
const char *net_protocol(const struct socket_info *info, char buf[24]);

/* As ss(8) has it: "ESTAB", "UNCONN"; NULL where there are no states. */
const char *net_state(const struct socket_info *info);

#define NET_ADDRESS 64
/*
 * "127.0.0.1:80", "[::1]:80"; "*" for any or none. NULL where the family has no such addresses.
 * @max  columns, at least 16; 0: all of it. The address gives way, "[2001:db8~]:443", never the port;
 *       what is mapped from IPv4 is shown as that.
 */
const char *net_address(const struct socket_info *info, bool remote, unsigned max,
			char buf[NET_ADDRESS]);

#endif
