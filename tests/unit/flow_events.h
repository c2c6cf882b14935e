/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * flow_events: streams of block IO, accounting and socket events, and what the engine tells of them
 * as text, one line each.
 *
 *   rq 8:0 read 100+4096 q=1000 i=1100 d=1200 100:4096@1000 [flags]
 *   acct 100 1000-2000 r=5 w=0 ...
 *   net 7 tcp by=100 tx=10/1 rx=0/0 1000-1500
 */
#ifndef RSTAT_TESTS_FLOW_EVENTS_H
#define RSTAT_TESTS_FLOW_EVENTS_H

#include "synthetic.h"

#define DEV ((8u << 20) | 0)

/* A block IO event; `sector` and `bytes` of the request or the IO. aux: IO_READ. */
struct event *ev_io(struct synth *s, uint64_t ts, uint8_t kind, uint32_t tid, uint64_t request,
		    uint64_t sector, uint64_t bytes);
/* ... and its error */
struct event *ev_io_error(struct synth *s, uint64_t ts, uint64_t request, uint64_t sector,
			  uint64_t bytes, uint32_t error);
void ev_acct(struct synth *s, uint64_t ts, uint32_t tid, struct acct_info acct);
void ev_socket(struct synth *s, uint64_t ts, uint32_t tid, struct socket_info info);
void ev_net(struct synth *s, uint64_t ts, uint32_t tid, uint64_t socket, uint64_t tx, uint64_t rx);
void ev_state(struct synth *s, uint64_t ts, uint32_t tid, uint64_t socket, uint8_t before,
	      uint8_t after, uint32_t error);
void ev_retransmit(struct synth *s, uint64_t ts, uint64_t socket, uint16_t segments);
void ev_reset(struct synth *s, uint64_t ts, uint64_t socket, bool sent);

struct socket_info tcp_socket(uint64_t id, uint8_t state);
struct socket_info udp_socket(uint64_t id);

/* What came out, as text. Zeroed is empty. */
struct flow_log {
	struct sink sink;
	char *text; /* never NULL after flow_sink() */
	size_t len, cap;
	bool gone; /* task_gone and socket_gone too */
	bool ids; /* dense ids of sockets too */
};

struct sink *flow_sink(struct flow_log *l);
void flow_log_free(struct flow_log *l);

/* As expect_run(), over one CPU. */
struct flow_expect {
	uint64_t from, to, end;
	bool gone, filtered;
	const char *want;
	struct engine_counts *counts;
};
void expect_flows(const struct synth *s, struct flow_expect x);

#endif
