/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * conns: what is kept of each socket. By its cookie, which the kernel never uses again: the engine
 * may forget a socket that is idle for long and meet it again. Those that are gone are kept up to a
 * limit, the ones that moved most; what the others did is told once more when they go.
 */
#ifndef RSTAT_REPLAY_VIEWS_CONNS_H
#define RSTAT_REPLAY_VIEWS_CONNS_H

#include "replay/net.h"

struct conn {
	uint64_t cookie; /* 0: of all that were folded */
	struct socket_info info;
	struct net_track track;
	struct net_counts counts;
	uint64_t tx_bytes, rx_bytes, tx_calls, rx_calls;
	uint64_t start_ns, end_ns, last_ns; /* 0 not known, not yet */
	uint32_t pid, tid; /* who used it last; 0 not known */
	uint32_t error; /* errno that it failed or ended with */
	uint32_t folded; /* how many it stands for */
	uint32_t next; /* inside: chain of the hash, or of free ones */
	char comm[TASK_COMM_LEN];
	bool used, gone;
	bool wanted; /* somebody that the report is about has to do with it */
};

struct conns {
	struct conn *list;
	uint32_t n, room;
	uint32_t *buckets;
	uint32_t nbuckets; /* power of two, 0 none yet */
	uint64_t seed;
	uint32_t free_list, gone, keep;
	void (*drop)(void *ctx, struct conn *c); /* it loses its place; called before that */
	void *ctx;
};

void conns_init(struct conns *all, uint32_t keep, void (*drop)(void *ctx, struct conn *c),
		void *ctx);
void conns_free(struct conns *all);

/* The one of this socket, a new one when there is none. May move all. NULL: out of memory. */
struct conn *conns_get(struct conns *all, const struct socket *socket);

/* The engine forgets it. @finishing: only because the trace ends. May drop some of the gone. */
int conns_gone(struct conns *all, struct conn *c, bool finishing);

#endif
