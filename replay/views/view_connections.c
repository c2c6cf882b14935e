// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_connections: the group net by connection, a row for each socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/views/conns.h"
#include "replay/view.h"

#define ROOMY_WIDTH 100 /* of a table, from which on addresses may be longer */

struct connections {
	struct conns conns;
	struct conn others; /* those that are gone and were not kept */
};

static void drop(void *ctx, struct conn *c)
{
	struct connections *own = ctx;
	struct conn *o = &own->others;

	if (!c->wanted)
		return;
	o->folded++;
	o->tx_bytes += c->tx_bytes;
	o->rx_bytes += c->rx_bytes;
	o->tx_calls += c->tx_calls;
	o->rx_calls += c->rx_calls;
	net_counts_add(&o->counts, &c->counts);
}

static int start(struct view *v, struct err *err)
{
	struct connections *own = calloc(1, sizeof(*own));

	v->own = own;
	if (!own)
		return err_set(err, -ENOMEM, "out of memory");
	conns_init(&own->conns, SUBJECTS_KEEP, drop, own);
	return 0;
}

static void stop(struct view *v)
{
	struct connections *own = v->own;

	if (own)
		conns_free(&own->conns);
	free(own);
}

/* A closed socket has lost its addresses; a row has those that it was about. */
static void describe(const struct view *v, struct conn *c, const struct socket *socket)
{
	const struct socket_info *info = &socket->info;
	bool emptied = c->info.remote_port && !info->remote_port && info->state == TCP_STATE_CLOSE;

	if (info->family && !emptied)
		c->info = *info;
	c->info.state = info->state;
	if (!c->start_ns && !(info->flags & SOCKF_BEFORE) && socket->seen_ns > v->env->from_ns)
		c->start_ns = socket->seen_ns;
}

static void describe_owner(struct conn *c, const struct task *task)
{
	if (!task)
		return;
	c->pid = task->info.tgid;
	c->tid = task->info.tid;
	memcpy(c->comm, task->info.comm, TASK_COMM_LEN - 1);
}

static bool selected(struct view *v, const struct task *task, uint16_t cpu)
{
	return (task ? subjects_of(v->subjects, task, cpu) : subjects_unknown(v->subjects, cpu)) !=
	       SUBJECT_NONE;
}

static struct conn *get(struct view *v, const struct socket *socket)
{
	struct connections *own = v->own;
	struct conn *c;

	own->conns.keep = v->subjects->keep;
	c = conns_get(&own->conns, socket);
	if (!c)
		v->failed = true;
	return c;
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	struct view *v = (struct view *)s;
	struct conn *c = get(v, se->socket);
	bool ours = selected(v, se->task, se->cpu);

	if (!c)
		return;
	describe(v, c, se->socket);
	describe_owner(c, se->task ? se->task : se->socket->owner);
	net_count(&c->counts, &c->track, se);
	c->wanted |= ours;
	c->last_ns = se->ts;
	if (se->kind == SE_TRAFFIC && ours) {
		c->tx_bytes += se->tx_bytes;
		c->rx_bytes += se->rx_bytes;
		c->tx_calls += se->tx_calls;
		c->rx_calls += se->rx_calls;
	}
	if (se->kind != SE_STATE)
		return;
	c->info.state = se->after;
	c->end_ns = se->after == TCP_STATE_CLOSE ? se->ts : 0;
	if (se->error)
		c->error = se->error;
}

static void on_socket_gone(struct sink *s, const struct socket *socket)
{
	struct view *v = (struct view *)s;
	struct connections *own = v->own;
	struct conn *c = get(v, socket);

	if (!c)
		return;
	describe(v, c, socket);
	if (!c->pid)
		describe_owner(c, socket->owner);
	net_count_gone(&c->counts, &c->track, socket);
	if (!c->wanted)
		c->wanted = selected(v, socket->owner, socket->owner ? socket->owner->cpu : 0);
	if (conns_gone(&own->conns, c, v->subjects->finishing))
		v->failed = true;
}

static int add_row(struct view *v, struct view_rows *out, const struct conn *c)
{
	struct view_row *row = view_add_row(out);

	if (!row)
		return -ENOMEM;
	row->view = v;
	row->figures = c;
	return 0;
}

static int rows(struct view *v, struct view_rows *out)
{
	struct connections *own = v->own;
	int rc = own->others.folded ? add_row(v, out, &own->others) : 0;

	for (uint32_t i = 0; i < own->conns.n && !rc; i++)
		if (own->conns.list[i].used && own->conns.list[i].wanted)
			rc = add_row(v, out, &own->conns.list[i]);
	return rc;
}

/* A listener, an idle pipe between processes: no connection that did or was something. */
static bool empty(const struct view_row *row)
{
	const struct conn *c = row->figures;

	return !(c->tx_bytes | c->rx_bytes | c->tx_calls | c->rx_calls) &&
	       !net_counts_any(&c->counts);
}

static const struct conn *conn_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const struct view_env *env_of(const void *row)
{
	return ((const struct view_row *)row)->view->env;
}

static void get_proto(const void *row, struct value *v)
{
	static _Thread_local char buf[24];
	const struct conn *c = conn_of(row);

	value_text(v, c->folded ? "(others)" : net_protocol(&c->info, buf));
}

/* In a table what is long leaves room for the rest of the row. */
static void set_address(const void *row, struct value *v, bool remote)
{
	static _Thread_local char buf[NET_ADDRESS];
	unsigned width = env_of(row)->width, max = 0;

	if (width)
		max = width > ROOMY_WIDTH ? 18 + (width - ROOMY_WIDTH) / 2 : 18;
	value_text(v, net_address(&conn_of(row)->info, remote, max, buf));
}

static void get_local(const void *row, struct value *v)
{
	set_address(row, v, false);
}

static void get_remote(const void *row, struct value *v)
{
	set_address(row, v, true);
}

static void get_state(const void *row, struct value *v)
{
	if (conn_of(row)->info.family)
		value_text(v, net_state(&conn_of(row)->info));
}

static void get_origin(const void *row, struct value *v)
{
	const struct conn *c = conn_of(row);

	if (c->folded)
		return;
	if (c->counts.opened)
		value_text(v, "new");
	else if (c->info.flags & SOCKF_BEFORE)
		value_text(v, "before");
}

static void get_failed(const void *row, struct value *v)
{
	if (!conn_of(row)->folded)
		value_u(v, VT_BOOL, conn_of(row)->counts.failed != 0);
}

static void get_error(const void *row, struct value *v)
{
	static _Thread_local char buf[24];
	const struct conn *c = conn_of(row);
	const char *name = c->error ? strerrorname_np((int)c->error) : NULL;

	snprintf(buf, sizeof(buf), "errno %u", c->error);
	if (c->error)
		value_text(v, name ? name : buf);
}

/* A table has room for one word on how it went. */
static void get_note(const void *row, struct value *v)
{
	const struct conn *c = conn_of(row);

	if (c->error)
		get_error(row, v);
	else if (c->counts.failed && !c->folded)
		value_text(v, "given up");
	else if (c->counts.resets_sent && !c->folded)
		value_text(v, "reset sent");
	else
		get_origin(row, v);
}

static void get_pid(const void *row, struct value *v)
{
	if (conn_of(row)->pid)
		value_u(v, VT_ID, conn_of(row)->pid);
}

static void get_tid(const void *row, struct value *v)
{
	if (conn_of(row)->tid)
		value_u(v, VT_ID, conn_of(row)->tid);
}

static void get_comm(const void *row, struct value *v)
{
	const struct conn *c = conn_of(row);

	if (!c->folded)
		value_text(v, c->pid ? c->comm : "?");
}

#define GET(name, type)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, type, conn_of(row)->name);                                              \
	}

#define GET_COUNT(name)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, VT_COUNT, conn_of(row)->counts.name);                                   \
	}

#define GET_TIME(name)                                                                             \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		if (conn_of(row)->name)                                                            \
			value_time(v, env_of(row), conn_of(row)->name);                            \
	}

GET(tx_bytes, VT_BYTES)
GET(rx_bytes, VT_BYTES)
GET(tx_calls, VT_COUNT)
GET(rx_calls, VT_COUNT)
GET_COUNT(retransmits)
GET_COUNT(retransmits_failed)
GET_COUNT(resets_sent)
GET_COUNT(resets_received)
GET_TIME(start_ns)
GET_TIME(end_ns)
GET_TIME(last_ns)

static void get_bytes(const void *row, struct value *v)
{
	value_u(v, VT_BYTES, conn_of(row)->tx_bytes + conn_of(row)->rx_bytes);
}

static void get_tx_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), conn_of(row)->tx_bytes);
}

static void get_rx_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), conn_of(row)->rx_bytes);
}

static void get_retr_per_mib(const void *row, struct value *v)
{
	value_per_mib(v, conn_of(row)->counts.retransmits, conn_of(row)->tx_bytes);
}

static void get_connections(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, conn_of(row)->folded ? conn_of(row)->folded : 1);
}

static void get_cookie(const void *row, struct value *v)
{
	if (conn_of(row)->cookie)
		value_u(v, VT_ID, conn_of(row)->cookie);
}

static void get_netns(const void *row, struct value *v)
{
	if (conn_of(row)->info.netns)
		value_u(v, VT_ID, conn_of(row)->info.netns);
}

static const struct field fields[] = {
	{"proto", "PROTO", VT_TEXT, FIELD_TABLE,
	 "tcp, tcp6, udp, udp6, unix, ...; ? when nothing ever described the socket", get_proto},
	{"local", "LOCAL", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "Its own address and port",
	 get_local},
	{"remote", "REMOTE", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "The other end's", get_remote},
	{"state", "STATE", VT_TEXT, FIELD_TABLE,
	 "As it is at the end of the window, or was last, in the words of ss(8)", get_state},
	{"tx_bytes", "SENT", VT_BYTES, FIELD_TABLE, "Bytes sent", get_tx_bytes},
	{"rx_bytes", "RECEIVED", VT_BYTES, FIELD_TABLE, "Bytes received", get_rx_bytes},
	{"bytes", "BYTES", VT_BYTES, 0, "Both together", get_bytes},
	{"tx_bytes_per_s", "SENT/s", VT_BYTES, 0, "Bytes sent in a second of the window",
	 get_tx_per_s},
	{"rx_bytes_per_s", "RECV/s", VT_BYTES, 0, "Bytes received in a second", get_rx_per_s},
	{"tx_calls", "TX CALLS", VT_COUNT, 0, "Calls that sent something", get_tx_calls},
	{"rx_calls", "RX CALLS", VT_COUNT, 0, "Calls that received something", get_rx_calls},
	{"pid", "PID", VT_ID, FIELD_TABLE, "Process that used it last", get_pid},
	{"tid", "TID", VT_ID, 0, "Thread that used it last", get_tid},
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "Name of that thread", get_comm},
	{"retransmits", "RETRANS", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	 "TCP segments sent again", get_retransmits},
	{"retransmits_failed", "RETR FAIL", VT_COUNT, FIELD_BAD,
	 "Of them, those that could not be sent", get_retransmits_failed},
	{"retransmits_per_mib", "RETR/MiB", VT_MILLI, 0,
	 "The same for each MiB sent; how many segments that were is not known", get_retr_per_mib},
	{"resets_sent", "RST SENT", VT_COUNT, FIELD_IF_SET | FIELD_BAD, "TCP resets sent",
	 get_resets_sent},
	{"resets_received", "RST RECV", VT_COUNT, FIELD_IF_SET | FIELD_BAD, "TCP resets received",
	 get_resets_received},
	{"origin", "ORIGIN", VT_TEXT, 0,
	 "new: made in the window; before: there when the recording began", get_origin},
	{"failed", "FAILED", VT_BOOL, 0, "It did not come about", get_failed},
	{"error", "ERROR", VT_TEXT, 0, "The error that ended it or kept it from coming about",
	 get_error},
	{"note", "NOTE", VT_TEXT, FIELD_TABLE | FIELD_IF_SET | FIELD_HIDDEN,
	 "The error, \"given up\" when the caller closed it first, \"reset sent\", or the origin",
	 get_note},
	{"start_ns", "START", VT_TIME, 0, "When it was first seen, in the window", get_start_ns},
	{"end_ns", "END", VT_TIME, 0, "When TCP closed it", get_end_ns},
	{"last_ns", "LAST", VT_TIME, 0, "When it was last seen to do something", get_last_ns},
	{"connections", "CONNS", VT_COUNT, FIELD_IF_SET, "How many this row stands for",
	 get_connections},
	{"cookie", "COOKIE", VT_ID, 0, "The kernel's number of the socket", get_cookie},
	{"netns", "NETNS", VT_ID, 0, "Inode number of its network namespace", get_netns},
};

const struct view_kind view_connections = {
	.name = "net",
	.about = "bytes through each socket, who used it last, and what became of it",
	.sort = "bytes,retransmits,last_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.other_by = BY_CONNECTION,
	.feature = "net",
	.sink = {.socket = on_socket, .socket_gone = on_socket_gone},
	.start = start,
	.stop = stop,
	.rows = rows,
	.empty = empty,
};
