// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static bool is_inet(const struct socket_info *info)
{
	return info->family == AF_INET || info->family == AF_INET6;
}

static bool is_tcp(const struct socket_info *info)
{
	return is_inet(info) && info->type == SOCK_STREAM;
}

static bool is_udp(const struct socket_info *info)
{
	return is_inet(info) && info->type == SOCK_DGRAM && info->protocol != IPPROTO_ICMP &&
	       info->protocol != IPPROTO_ICMPV6;
}

static void count_opened(struct net_counts *c, struct net_track *t)
{
	c->opened += !t->opened;
	t->opened = true;
}

static void count_active(struct net_counts *c, struct net_track *t)
{
	c->active += !t->active;
	t->active = true;
}

static void count_state(struct net_counts *c, struct net_track *t, const struct socket_event *se)
{
	bool shaking = se->before == TCP_STATE_SYN_SENT || se->before == TCP_STATE_SYN_RECV;

	if (se->after == TCP_STATE_SYN_SENT) /* a socket may be used for one call after another */
		*t = (struct net_track){0};
	if (se->after == TCP_STATE_SYN_SENT ||
	    (se->before == TCP_STATE_SYN_RECV && se->after == TCP_STATE_ESTABLISHED))
		count_opened(c, t);
	if (se->before == TCP_STATE_ESTABLISHED || se->after == TCP_STATE_ESTABLISHED)
		count_active(c, t);
	c->failed += shaking && se->after == TCP_STATE_CLOSE;
}

void net_count(struct net_counts *c, struct net_track *t, const struct socket_event *se)
{
	const struct socket_info *info = &se->socket->info;

	switch (se->kind) {
	case SE_TRAFFIC:
		if (is_udp(info) || (is_tcp(info) && info->state == TCP_STATE_ESTABLISHED))
			count_active(c, t);
		break;
	case SE_STATE: count_state(c, t, se); break;
	case SE_RETRANSMIT:
		c->retransmits += se->segments ? se->segments : 1;
		c->retransmits_failed += se->error ? (se->segments ? se->segments : 1) : 0;
		break;
	case SE_RESET:
		c->resets_sent += se->sent;
		c->resets_received += !se->sent;
		break;
	}
}

void net_count_gone(struct net_counts *c, struct net_track *t, const struct socket *socket)
{
	if (is_tcp(&socket->info) && socket->info.state == TCP_STATE_ESTABLISHED)
		count_active(c, t);
}

void net_counts_add(struct net_counts *to, const struct net_counts *from)
{
	to->opened += from->opened;
	to->active += from->active;
	to->failed += from->failed;
	to->retransmits += from->retransmits;
	to->retransmits_failed += from->retransmits_failed;
	to->resets_sent += from->resets_sent;
	to->resets_received += from->resets_received;
}

bool net_counts_any(const struct net_counts *c)
{
	return c->opened | c->active | c->failed | c->retransmits | c->resets_sent |
	       c->resets_received;
}

static const char *inet_protocol(const struct socket_info *info)
{
	switch (info->protocol) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_UDPLITE: return "udplite";
	case IPPROTO_SCTP: return "sctp";
	case IPPROTO_DCCP: return "dccp";
	case IPPROTO_MPTCP: return "mptcp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: return info->type == SOCK_DGRAM ? "ping" : "icmp";
	default: break;
	}
	if (info->type == SOCK_STREAM)
		return "tcp";
	return info->type == SOCK_DGRAM ? "udp" : "raw";
}

const char *net_protocol(const struct socket_info *info, char buf[24])
{
	switch (info->family) {
	case AF_UNSPEC: return "?";
	case AF_UNIX: return "unix";
	case AF_INET: return inet_protocol(info);
	case AF_INET6: snprintf(buf, 24, "%s6", inet_protocol(info)); return buf;
	case AF_NETLINK: return "netlink";
	case AF_PACKET: return "packet";
	case AF_VSOCK: return "vsock";
	case AF_ALG: return "alg";
	default: snprintf(buf, 24, "family %u", info->family); return buf;
	}
}

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, prefix, sizeof(prefix));
}

const char *net_address(const struct socket_info *info, bool remote, unsigned max,
			char buf[NET_ADDRESS])
{
	static const uint8_t any[16];
	const uint8_t *address = remote ? info->remote : info->local;
	uint16_t port = remote ? info->remote_port : info->local_port;
	bool six = info->family == AF_INET6;
	char host[INET6_ADDRSTRLEN], tail[8] = "";
	size_t len, room;

	if (!is_inet(info))
		return NULL;
	if (port)
		snprintf(tail, sizeof(tail), ":%u", port);
	if (!memcmp(address, any, six ? 16 : 4)) {
		snprintf(buf, NET_ADDRESS, "*%s", tail);
		return buf;
	}
	if (six && max && is_mapped(address)) {
		six = false;
		address += 12;
	}
	if (!inet_ntop(six ? AF_INET6 : AF_INET, address, host, sizeof(host)))
		return NULL;
	len = strlen(host) + strlen(tail) + (six ? 2 : 0);
	if (six && max && len > max) {
		room = max - strlen(tail) - 3;
		strcpy(host + room, "~");
	}
	snprintf(buf, NET_ADDRESS, "%s%s%s%s", six ? "[" : "", host, six ? "]" : "", tail);
	return buf;
}

const char *net_state(const struct socket_info *info)
{
	static const char *const names[] = {
		[1] = "ESTAB",	    [2] = "SYN-SENT",  [3] = "SYN-RECV", [4] = "FIN-WAIT-1",
		[5] = "FIN-WAIT-2", [6] = "TIME-WAIT", [7] = "CLOSE",	 [8] = "CLOSE-WAIT",
		[9] = "LAST-ACK",   [10] = "LISTEN",   [11] = "CLOSING", [12] = "SYN-RECV",
	};

	if (!is_inet(info) && info->family != AF_UNIX)
		return NULL;
	if (info->state == TCP_STATE_CLOSE && !is_tcp(info))
		return "UNCONN";
	return info->state < sizeof(names) / sizeof(names[0]) ? names[info->state] : NULL;
}
