/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * flows: what moves through the machine and for whom. Block requests, what tasks have read and
 * written, sockets; figures of the machine. Internal to the engine; independent of what CPUs and
 * tasks are doing.
 */
#ifndef RSTAT_ENGINE_FLOWS_H
#define RSTAT_ENGINE_FLOWS_H

#include "base/numbers.h"
#include "engine/engine.h"
#include "engine/order.h"
#include "engine/pool.h"

struct etask;
struct open_request;
struct open_socket;

/* More than this open at a time are not believed: the oldest is dropped. */
#define REQUESTS_MAX (1u << 20)
#define SOCKETS_MAX  (1u << 20)

struct requests {
	struct pool pool, shares;
	struct open_request **hash; /* by address; chains */
	uint64_t seed;
	uint32_t hash_cap, n;
	struct open_request *first, *last; /* all that are open, the oldest first */
	struct order by_start, by_end; /* not issued: by device and operation, then place */
	struct request_share *out; /* of the request that is told */
	struct request_part **order;
	uint32_t out_cap;
	struct request_snapshot *snaps;
	uint32_t snaps_cap;
};

enum socket_list {
	SL_CLOSED, /* TCP_CLOSE: what is still to be told of it comes soon */
	SL_IDLE, /* without states: nothing says when they go */
	SL_LIVE, /* goes when its state says so */
	SL_COUNT
};

struct sockets {
	struct pool pool;
	struct open_socket **hash; /* by cookie; chains */
	uint64_t seed;
	uint32_t hash_cap, n;
	struct {
		struct open_socket *first, *last; /* first: the longest not used */
	} list[SL_COUNT];
	struct socket_snapshot *snaps;
	uint32_t snaps_cap;
};

struct accounts {
	struct pool pool;
	struct account_snapshot *snaps;
	uint32_t snaps_cap;
};

struct metrics {
	struct numbers numbers; /* by id */
	struct metric_state *list;
	uint32_t n;
	struct metric_snapshot *snaps;
	uint32_t snaps_cap;
};

/* ---- metrics.c ---- */
void metric_event(struct engine *e, const struct event *ev, uint64_t t);
bool metrics_out(struct engine *e, struct checkpoint *out);
void metrics_in(struct engine *e, const struct checkpoint *cp, uint64_t t);
void metrics_free(struct engine *e);

/* ---- requests.c, request_table.c, request_checkpoint.c ---- */
void request_start(struct engine *e, const struct event *ev, uint64_t t);
void request_issue(struct engine *e, const struct event *ev, uint64_t t);
void request_requeue(struct engine *e, const struct event *ev, uint64_t t);
void request_done(struct engine *e, const struct event *ev, uint64_t t);
void request_merge(struct engine *e, const struct event *ev, uint64_t t);
void requests_finish(struct engine *e, uint64_t end); /* those still open are told as such */
/* Snapshots are the engine's, valid until the next call. false: no memory. */
bool requests_out(struct engine *e, struct checkpoint *out);
void requests_in(struct engine *e, const struct checkpoint *cp, uint64_t t);
void requests_free(struct engine *e);

/* ---- accounts.c ---- */
void account_event(struct engine *e, const struct event *ev, uint64_t t);
void account_forget(struct engine *e, struct etask *y);
bool accounts_out(struct engine *e, struct checkpoint *out);
void accounts_in(struct engine *e, const struct checkpoint *cp, uint64_t t);
void accounts_free(struct engine *e);

/* ---- sockets.c ---- */
void socket_describe(struct engine *e, const struct event *ev, uint64_t t);
void socket_traffic(struct engine *e, const struct event *ev, uint64_t t);
void socket_state(struct engine *e, const struct event *ev, uint64_t t);
void socket_trouble(struct engine *e, const struct event *ev, uint64_t t); /* RETRANSMIT, RESET */
void sockets_finish(struct engine *e);
bool sockets_out(struct engine *e, struct checkpoint *out);
void sockets_in(struct engine *e, const struct checkpoint *cp, uint64_t t);
void sockets_free(struct engine *e);

#endif
