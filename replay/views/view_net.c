// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_net: traffic by who sent and received it, and connections by who owns them. What happens to
 * a connection before anybody is known to own it (its handshake is done by interrupts) waits for
 * the first one who uses it.
 */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/conns.h"
#include "replay/view.h"

struct net_figures {
	uint64_t tx_bytes, rx_bytes, tx_calls, rx_calls;
	struct net_counts counts;
};

/* All that a connection has to tell is told by then. */
static void drop(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
}

static int start(struct view *v, struct err *err)
{
	struct conns *conns = malloc(sizeof(*conns));

	v->own = conns;
	if (!conns)
		return err_set(err, -ENOMEM, "out of memory");
	conns_init(conns, SUBJECTS_KEEP, drop, v);
	return 0;
}

static void stop(struct view *v)
{
	if (v->own)
		conns_free(v->own);
	free(v->own);
}

static struct net_figures *figures_for(struct view *v, const struct task *task, uint16_t cpu)
{
	uint32_t id = task ? subjects_of(v->subjects, task, cpu)
			   : subjects_unknown(v->subjects, cpu);

	return id == SUBJECT_NONE ? NULL : view_figures(v, id);
}

static void tell(struct view *v, struct conn *c, const struct task *task, uint16_t cpu)
{
	struct net_figures *f;

	if (!net_counts_any(&c->counts))
		return;
	f = figures_for(v, task, cpu);
	if (f)
		net_counts_add(&f->counts, &c->counts);
	c->counts = (struct net_counts){0};
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	struct view *v = (struct view *)s;
	struct conn *c;

	if (se->kind == SE_TRAFFIC) {
		struct net_figures *f = figures_for(v, se->task, se->cpu);

		if (f) {
			f->tx_bytes += se->tx_bytes;
			f->rx_bytes += se->rx_bytes;
			f->tx_calls += se->tx_calls;
			f->rx_calls += se->rx_calls;
		}
	}
	if (v->subjects->by == BY_CPU) /* a connection is not of one CPU */
		return;
	c = conns_get(v->own, se->socket);
	if (!c) {
		v->failed = true;
		return;
	}
	net_count(&c->counts, &c->track, se);
	if (se->task)
		tell(v, c, se->task, se->cpu);
}

static void on_socket_gone(struct sink *s, const struct socket *socket)
{
	struct view *v = (struct view *)s;
	const struct task *owner = socket->owner;
	struct conn *c;

	if (v->subjects->by == BY_CPU)
		return;
	c = conns_get(v->own, socket);
	if (!c) {
		v->failed = true;
		return;
	}
	net_count_gone(&c->counts, &c->track, socket);
	tell(v, c, owner, owner ? owner->cpu : 0);
	if (conns_gone(v->own, c, v->subjects->finishing))
		v->failed = true;
}

static int fold(void *to, void *from)
{
	struct net_figures *a = to;
	const struct net_figures *b = from;

	a->tx_bytes += b->tx_bytes;
	a->rx_bytes += b->rx_bytes;
	a->tx_calls += b->tx_calls;
	a->rx_calls += b->rx_calls;
	net_counts_add(&a->counts, &b->counts);
	return 0;
}

static uint64_t weight(const void *figures)
{
	const struct net_figures *f = figures;

	return f->tx_bytes + f->rx_bytes;
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	const struct net_figures *f = figures;

	(void)v;
	(void)split;
	return !(f->tx_bytes | f->rx_bytes | f->tx_calls | f->rx_calls) &&
	       !net_counts_any(&f->counts);
}

static const struct net_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const struct view_env *env_of(const void *row)
{
	return ((const struct view_row *)row)->view->env;
}

#define GET(name, type)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, type, figures_of(row)->name);                                           \
	}

GET(tx_bytes, VT_BYTES)
GET(rx_bytes, VT_BYTES)
GET(tx_calls, VT_COUNT)
GET(rx_calls, VT_COUNT)

#define GET_COUNT(name)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		if (((const struct view_row *)row)->view->subjects->by != BY_CPU)                  \
			value_u(v, VT_COUNT, figures_of(row)->counts.name);                        \
	}

GET_COUNT(opened)
GET_COUNT(active)
GET_COUNT(failed)
GET_COUNT(retransmits)
GET_COUNT(retransmits_failed)
GET_COUNT(resets_sent)
GET_COUNT(resets_received)

static void get_bytes(const void *row, struct value *v)
{
	value_u(v, VT_BYTES, weight(figures_of(row)));
}

static void get_tx_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), figures_of(row)->tx_bytes);
}

static void get_rx_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), figures_of(row)->rx_bytes);
}

static void get_retr_per_s(const void *row, struct value *v)
{
	if (((const struct view_row *)row)->view->subjects->by != BY_CPU)
		value_rate(v, VT_MILLI, env_of(row), figures_of(row)->counts.retransmits);
}

static void get_retr_per_mib(const void *row, struct value *v)
{
	const struct net_figures *f = figures_of(row);

	if (((const struct view_row *)row)->view->subjects->by != BY_CPU)
		value_per_mib(v, f->counts.retransmits, f->tx_bytes);
}

static const struct field fields[] = {
	{"tx_bytes", "SENT", VT_BYTES, FIELD_TABLE, "Bytes that it sent through sockets",
	 get_tx_bytes},
	{"rx_bytes", "RECEIVED", VT_BYTES, FIELD_TABLE, "Bytes that it received", get_rx_bytes},
	{"bytes", "BYTES", VT_BYTES, 0, "Both together", get_bytes},
	{"tx_bytes_per_s", "SENT/s", VT_BYTES, FIELD_TABLE | FIELD_SPARE,
	 "Bytes sent in a second of the window", get_tx_per_s},
	{"rx_bytes_per_s", "RECV/s", VT_BYTES, FIELD_TABLE | FIELD_SPARE,
	 "Bytes received in a second", get_rx_per_s},
	{"tx_calls", "TX CALLS", VT_COUNT, 0, "Calls that sent something", get_tx_calls},
	{"rx_calls", "RX CALLS", VT_COUNT, 0, "Calls that received something", get_rx_calls},
	{"conns_new", "NEW", VT_COUNT, FIELD_TABLE,
	 "TCP connections that it began to make, and that were made to it", get_opened},
	{"conns_active", "ACTIVE", VT_COUNT, FIELD_TABLE,
	 "Connections that were established at some time; UDP sockets with traffic", get_active},
	{"conns_failed", "FAILED", VT_COUNT, FIELD_TABLE | FIELD_BAD,
	 "TCP connections that did not come about", get_failed},
	{"retransmits", "RETRANS", VT_COUNT, FIELD_TABLE | FIELD_BAD,
	 "TCP segments sent again on its connections", get_retransmits},
	{"retransmits_failed", "RETR FAIL", VT_COUNT, FIELD_BAD,
	 "Of them, those that could not be sent", get_retransmits_failed},
	{"retransmits_per_s", "RETR/s", VT_MILLI, 0, "The same in a second of the window",
	 get_retr_per_s},
	{"retransmits_per_mib", "RETR/MiB", VT_MILLI, 0,
	 "The same for each MiB that it sent; how many segments that were is not known",
	 get_retr_per_mib},
	{"resets_sent", "RST SENT", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE | FIELD_BAD,
	 "TCP resets sent on its connections", get_resets_sent},
	{"resets_received", "RST RECV", VT_COUNT,
	 FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE | FIELD_BAD, "TCP resets received",
	 get_resets_received},
};

const struct view_kind view_net = {
	.name = "net",
	.about = "bytes through sockets, connections, segments sent again",
	.sort = "bytes,conns_failed,retransmits,conns_active",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct net_figures),
	.by_subject = true,
	.other = &view_connections,
	.other_by = BY_CONNECTION,
	.feature = "net",
	.sink = {.socket = on_socket, .socket_gone = on_socket_gone},
	.start = start,
	.stop = stop,
	.absent = absent,
	.weight = weight,
	.fold = fold,
};
