// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* timeline_flows: the block requests and the traffic of a timeline that is being made. */

#include "base/array.h"
#include "replay/explain/timeline_maker.h"

/* -- block requests -- */

void maker_on_io_done(struct timeline_maker *m, const struct event *ev)
{
	struct io_line *io = m->t->nios ? &m->t->ios[m->t->nios - 1] : NULL;

	/* The engine told the request just before. */
	if (io && io->cpu == CPU_NONE && io->done_ns == ev->ts)
		io->cpu = ev->cpu;
}

void maker_on_request(struct timeline_maker *m, const struct request *rq)
{
	uint64_t since = rq->queued_ns ? rq->queued_ns : rq->issued_ns;
	struct io_line *io;

	if (rq->flags & (RQF_NO_END | RQF_ABSORBED) || !rq->done_ns ||
	    !maker_in_tasks(m, since ? since : rq->done_ns, rq->done_ns) ||
	    !maker_room(m, &m->t->ios, m->t->nios, &m->ios_room, sizeof(*io)))
		return;
	io = &m->t->ios[m->t->nios++];
	*io = (struct io_line){
		.queued_ns = rq->queued_ns,
		.issued_ns = rq->issued_ns,
		.done_ns = rq->done_ns,
		.sector = rq->sector,
		.bytes = rq->bytes,
		.dev = rq->dev,
		.op = rq->op,
		.cpu = CPU_NONE,
		.open = rq->flags & RQF_OPEN,
	};
	for (uint32_t i = 0; i < IO_MAKERS; i++) {
		const struct task *task = i < rq->nshares ? rq->shares[i].task : NULL;

		io->makers[i] = task ? maker_actor(m, task) : WHO_NOBODY;
	}
}

/* -- sockets -- */

/* UINT32_MAX: no room. */
static uint32_t wire_of(struct timeline_maker *m, const struct socket *socket)
{
	struct timeline *t = m->t;

	if (!ARRAY_ROOM(m->wire_of, m->wire_room, socket->id)) {
		m->failed = true;
		return UINT32_MAX;
	}
	if (!m->wire_of[socket->id]) {
		if (!maker_room(m, &t->wires, t->nwires, &m->wires_room, sizeof(*t->wires)))
			return UINT32_MAX;
		t->wires[t->nwires++].peer = UINT32_MAX;
		m->wire_of[socket->id] = t->nwires;
	}
	t->wires[m->wire_of[socket->id] - 1].info = socket->info;
	return m->wire_of[socket->id] - 1;
}

void maker_on_socket(struct timeline_maker *m, const struct socket_event *se)
{
	uint64_t first = se->kind == SE_TRAFFIC ? se->first_ns : se->ts;
	uint32_t wire, who;

	if ((se->kind != SE_TRAFFIC && se->kind != SE_STATE) || !se->task ||
	    !maker_in_tasks(m, first < se->ts ? first : se->ts, se->ts))
		return;
	wire = wire_of(m, se->socket);
	who = maker_actor(m, se->task);
	if (wire == UINT32_MAX || who == WHO_NOBODY ||
	    !maker_room(m, &m->t->traffic, m->t->ntraffic, &m->traffic_room,
			sizeof(struct traffic)))
		return;
	m->t->traffic[m->t->ntraffic++] = (struct traffic){
		.ts = se->ts,
		.first_ns = first,
		.who = who,
		.wire = wire,
		.cpu = se->cpu,
		.sent = se->kind == SE_TRAFFIC && se->tx_calls,
		.received = se->kind == SE_TRAFFIC && se->rx_calls,
		.state = se->kind == SE_STATE,
	};
}

void maker_on_socket_gone(struct timeline_maker *m, const struct socket *socket)
{
	if (socket->id < m->wire_room)
		m->wire_of[socket->id] = 0;
}
