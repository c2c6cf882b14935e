// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "flow_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TCP_ESTABLISHED 1

typedef unsigned long long ull;

/* ---- in ---- */

#define ADD(...) synth_add(s, (struct event){.ts = ts, __VA_ARGS__})

struct event *ev_io(struct synth *s, uint64_t ts, uint8_t kind, uint32_t tid, uint64_t request,
		    uint64_t sector, uint64_t bytes)
{
	struct io_info info = {.request = request, .sector = sector, .bytes = bytes};

	return ADD(.kind = kind, .tid = tid, .value = DEV,
		   .ext = synth_ext(s, &info, sizeof(info)));
}

struct event *ev_io_error(struct synth *s, uint64_t ts, uint64_t request, uint64_t sector,
			  uint64_t bytes, uint32_t error)
{
	struct io_info info = {
		.request = request, .sector = sector, .bytes = bytes, .error = error};

	return ADD(.kind = EV_IO_DONE, .value = DEV, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_acct(struct synth *s, uint64_t ts, uint32_t tid, struct acct_info acct)
{
	ADD(.kind = EV_ACCT, .tid = tid, .ext = synth_ext(s, &acct, sizeof(acct)));
}

void ev_socket(struct synth *s, uint64_t ts, uint32_t tid, struct socket_info info)
{
	ADD(.kind = EV_SOCKET, .tid = tid, .ext = synth_ext(s, &info, sizeof(info)));
}

void ev_net(struct synth *s, uint64_t ts, uint32_t tid, uint64_t socket, uint64_t tx, uint64_t rx)
{
	struct net_info net = {.socket = socket,
			       .tx_bytes = tx,
			       .rx_bytes = rx,
			       .tx_calls = tx > 0,
			       .rx_calls = rx > 0,
			       .first_ns = ts - 5};

	ADD(.kind = EV_NET, .tid = tid, .ext = synth_ext(s, &net, sizeof(net)));
}

void ev_state(struct synth *s, uint64_t ts, uint32_t tid, uint64_t socket, uint8_t before,
	      uint8_t after, uint32_t error)
{
	struct socket_ref ref = {socket};

	ADD(.kind = EV_SOCKET_STATE, .tid = tid,
	    .value = before | (uint32_t)after << 8 | error << 16,
	    .ext = synth_ext(s, &ref, sizeof(ref)));
}

void ev_retransmit(struct synth *s, uint64_t ts, uint64_t socket, uint16_t segments)
{
	struct socket_ref ref = {socket};

	ADD(.kind = EV_RETRANSMIT, .aux = segments, .ext = synth_ext(s, &ref, sizeof(ref)));
}

void ev_reset(struct synth *s, uint64_t ts, uint64_t socket, bool sent)
{
	struct socket_ref ref = {socket};

	ADD(.kind = EV_RESET, .flags = sent ? EVF_NET_SENT : 0,
	    .ext = synth_ext(s, &ref, sizeof(ref)));
}

struct socket_info tcp_socket(uint64_t id, uint8_t state)
{
	return (struct socket_info){.id = id,
				    .family = 2,
				    .type = 1,
				    .protocol = 6,
				    .state = state,
				    .local_port = (uint16_t)(1000 + id),
				    .remote_port = 80};
}

struct socket_info udp_socket(uint64_t id)
{
	return (struct socket_info){.id = id,
				    .family = 2,
				    .type = 2,
				    .protocol = 17,
				    .state = TCP_ESTABLISHED,
				    .local_port = (uint16_t)(1000 + id)};
}

/* ---- out ---- */

static void put(struct flow_log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct flow_log *l, const char *fmt, ...)
{
	va_list ap;

	if (l->cap - l->len < 256) {
		l->cap = l->cap ? 2 * l->cap : 4096;
		l->text = realloc(l->text, l->cap);
		if (!l->text)
			abort();
	}
	va_start(ap, fmt);
	l->len += (size_t)vsnprintf(l->text + l->len, l->cap - l->len, fmt, ap);
	va_end(ap);
}

static void put_task(struct flow_log *l, const struct task *task)
{
	if (task)
		put(l, "%u", task->info.tid);
	else
		put(l, "?");
}

static void put_nonzero(struct flow_log *l, const char *name, uint64_t v)
{
	if (v)
		put(l, " %s=%llu", name, (ull)v);
}

static void on_request(struct sink *sink, const struct request *rq)
{
	static const char *const flags[] = {"open",	"no-start", "no-issue", "no-end",
					    "absorbed", "before",   "gap",	"unstarted"};
	struct flow_log *l = (struct flow_log *)sink;
	uint64_t sum = 0;

	put(l, "rq %u:%u op%u %llu+%llu", rq->dev >> 20, rq->dev & 0xfffff, rq->op, (ull)rq->sector,
	    (ull)rq->bytes);
	put_nonzero(l, "q", rq->queued_ns);
	put_nonzero(l, "i", rq->issued_ns);
	put_nonzero(l, "d", rq->done_ns);
	put_nonzero(l, "error", rq->error);
	put_nonzero(l, "requeues", rq->requeues);
	put_nonzero(l, "merges", rq->merges);
	put_nonzero(l, "cgroup", rq->cgroup_id);
	put_nonzero(l, "sync", rq->io_flags & EVF_IO_SYNC);
	for (uint32_t i = 0; i < rq->nshares; i++) {
		put(l, " ");
		put_task(l, rq->shares[i].task);
		put(l, ":%llu@%llu", (ull)rq->shares[i].bytes, (ull)rq->shares[i].at_ns);
		sum += rq->shares[i].bytes;
	}
	for (unsigned i = 0; i < 8; i++)
		if (rq->flags & (1u << i))
			put(l, " %s", flags[i]);
	put(l, "\n");
	assert_true(rq->nshares > 0);
	assert_int_equal(sum, rq->bytes);
	assert_true(!rq->issued_ns || rq->issued_ns >= rq->queued_ns);
	assert_true(rq->done_ns >= rq->issued_ns && rq->done_ns >= rq->queued_ns);
	assert_int_equal(!rq->queued_ns, !!(rq->flags & RQF_NO_START));
}

static void on_account(struct sink *sink, const struct account *a)
{
	struct flow_log *l = (struct flow_log *)sink;
	const struct acct_info *d = &a->delta;

	put(l, "acct ");
	put_task(l, a->task);
	put(l, " %llu-%llu", (ull)a->from_ns, (ull)a->to_ns);
	put_nonzero(l, "rchar", d->rchar);
	put_nonzero(l, "wchar", d->wchar);
	put_nonzero(l, "syscr", d->syscr);
	put_nonzero(l, "syscw", d->syscw);
	put_nonzero(l, "read", d->read_bytes);
	put_nonzero(l, "write", d->write_bytes);
	put_nonzero(l, "cancelled", d->cancelled_write_bytes);
	put_nonzero(l, "rss", d->rss_bytes);
	put_nonzero(l, "peak", d->rss_peak_bytes);
	put(l, "\n");
}

static void put_socket(struct flow_log *l, const struct socket *s)
{
	put(l, " %llu", (ull)s->info.id);
	if (l->ids)
		put(l, "#%u", s->id);
	put(l, " %s", !s->info.family ? "?" : s->info.protocol == 6 ? "tcp" : "other");
	if (s->info.local_port)
		put(l, ":%u", s->info.local_port);
	put(l, " state=%u since=%llu owner=", s->info.state, (ull)s->since_ns);
	put_task(l, s->owner);
}

static void on_socket(struct sink *sink, const struct socket_event *se)
{
	static const char *const names[] = {"net", "state", "retransmit", "reset"};
	struct flow_log *l = (struct flow_log *)sink;

	put(l, "%s", names[se->kind]);
	put_socket(l, se->socket);
	put(l, " by=");
	put_task(l, se->task);
	if (se->kind == SE_TRAFFIC)
		put(l, " tx=%llu/%llu rx=%llu/%llu %llu-%llu", (ull)se->tx_bytes, (ull)se->tx_calls,
		    (ull)se->rx_bytes, (ull)se->rx_calls, (ull)se->first_ns, (ull)se->ts);
	else
		put(l, " at=%llu", (ull)se->ts);
	if (se->kind == SE_STATE)
		put(l, " %u>%u", se->before, se->after);
	put_nonzero(l, "error", se->error);
	put_nonzero(l, "segments", se->segments);
	put_nonzero(l, "sent", se->sent);
	put(l, "\n");
}

static void on_socket_gone(struct sink *sink, const struct socket *s)
{
	struct flow_log *l = (struct flow_log *)sink;

	put(l, "closed");
	put_socket(l, s);
	put(l, "\n");
}

static void on_gone(struct sink *sink, const struct task *task)
{
	put((struct flow_log *)sink, "gone %u\n", task->info.tid);
}

struct sink *flow_sink(struct flow_log *l)
{
	put(l, "%s", "");
	l->sink = (struct sink){
		.request = on_request,
		.account = on_account,
		.socket = on_socket,
		.socket_gone = l->gone ? on_socket_gone : NULL,
		.task_gone = l->gone ? on_gone : NULL,
	};
	return &l->sink;
}

void flow_log_free(struct flow_log *l)
{
	free(l->text);
	memset(l, 0, sizeof(*l));
}

void expect_flows(const struct synth *s, struct flow_expect x)
{
	struct flow_log l = {.gone = x.gone};
	struct engine *e;
	struct err err = {0};

	assert_int_equal(engine_new(&e, 1, x.from, x.to ? x.to : UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(e, flow_sink(&l), &err), 0);
	if (x.filtered)
		engine_filtered(e);
	assert_int_equal(engine_apply(e, s->ev, s->n, &err), 0);
	assert_int_equal(engine_finish(e, x.end, &err), 0);
	assert_string_equal(l.text, x.want);
	if (x.counts)
		*x.counts = *engine_counts(e);
	engine_free(e);
	flow_log_free(&l);
}
