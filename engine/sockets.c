// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Sockets, by the kernel's cookie. The recorder describes one when it is first used, when its
 * addresses change, and again when it is used 10 s or more after that: so one without states that
 * nobody has used for longer can be forgotten. One with states goes when its state says so.
 */
#include "engine/internal.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/seed.h"

#define TCP_CLOSE 7 /* include/net/tcp_states.h */

/* IPPROTO_* that have states */
#define PROTO_TCP   6
#define PROTO_DCCP  33
#define PROTO_SCTP  132
#define PROTO_MPTCP 262

#define IDLE_NS 20000000000u
/* What a thread moved is told up to its next switch: after the state, when that came first. */
#define CLOSED_NS 1000000000u

struct open_socket {
	struct socket s;
	struct open_socket *chain; /* of the hash */
	struct open_socket *next, *prev; /* of its list, by last use */
	struct etask *owner; /* good as long as its generation is owner_gen */
	uint32_t owner_gen, owner_tgid;
	uint64_t owner_ns; /* when it was seen to be that */
	uint64_t used_ns;
	uint32_t mark;
	uint8_t list; /* enum socket_list */
	bool stateful; /* something told a state */
	bool counted; /* in sockets_unknown */
};

/* ---- the table ---- */

static struct open_socket *find(const struct sockets *all, uint64_t id)
{
	struct open_socket *so = NULL;

	if (all->hash_cap)
		so = all->hash[seed_slot(all->seed, id, all->hash_cap)];
	while (so && so->s.info.id != id)
		so = so->chain;
	return so;
}

static bool grow_hash(struct sockets *all)
{
	uint32_t cap = all->hash_cap ? 2 * all->hash_cap : 256;
	struct open_socket **hash;

	if (all->n < all->hash_cap)
		return true;
	if (!all->hash_cap)
		all->seed = seed_new();
	hash = calloc(cap, sizeof(*hash));
	if (!hash)
		return false;
	for (unsigned l = 0; l < SL_COUNT; l++)
		for (struct open_socket *so = all->list[l].first; so; so = so->next) {
			uint32_t i = seed_slot(all->seed, so->s.info.id, cap);

			so->chain = hash[i];
			hash[i] = so;
		}
	free(all->hash);
	all->hash = hash;
	all->hash_cap = cap;
	return true;
}

static void leave_list(struct sockets *all, struct open_socket *so)
{
	if (so->prev)
		so->prev->next = so->next;
	else
		all->list[so->list].first = so->next;
	if (so->next)
		so->next->prev = so->prev;
	else
		all->list[so->list].last = so->prev;
}

static void enter_list(struct sockets *all, struct open_socket *so)
{
	uint16_t proto = so->s.info.protocol;
	bool states = so->stateful || proto == PROTO_TCP || proto == PROTO_MPTCP ||
		      proto == PROTO_DCCP || proto == PROTO_SCTP;

	so->list = !states						  ? SL_IDLE
		   : so->s.info.state == TCP_CLOSE && so->s.since_ns != 0 ? SL_CLOSED
									  : SL_LIVE;
	so->next = NULL;
	so->prev = all->list[so->list].last;
	if (so->prev)
		so->prev->next = so;
	else
		all->list[so->list].first = so;
	all->list[so->list].last = so;
}

/* ---- owners ---- */

static void set_owner(struct open_socket *so, struct etask *y, uint64_t t)
{
	so->owner = y;
	so->owner_gen = y->t.gen;
	so->owner_tgid = y->t.info.tgid;
	so->owner_ns = t;
}

/* The thread that used it last, or its process when that thread is gone. */
static const struct task *resolve_owner(const struct engine *e, struct open_socket *so)
{
	struct etask *leader;

	so->s.owner = NULL;
	if (!so->owner)
		return NULL;
	if (!so->owner->used || so->owner->t.gen != so->owner_gen) {
		leader = task_find(e, so->owner_tgid);
		if (!leader || leader->t.info.tgid != so->owner_tgid ||
		    leader->t.seen_ns > so->owner_ns) {
			so->owner = NULL;
			return NULL;
		}
		set_owner(so, leader, so->owner_ns);
	}
	so->s.owner = &so->owner->t;
	return so->s.owner;
}

/* ---- coming and going ---- */

/* Nothing of it lies in the window. */
static bool outside(const struct engine *e, const struct open_socket *so)
{
	return so->s.seen_ns >= e->hi_ns || e->now_ns < e->lo_ns ||
	       (so->list == SL_CLOSED && so->used_ns < e->lo_ns);
}

static void gone(struct engine *e, struct open_socket *so)
{
	struct sockets *all = &e->sockets;
	struct open_socket **link = &all->hash[seed_slot(all->seed, so->s.info.id, all->hash_cap)];

	resolve_owner(e, so);
	if (!outside(e, so))
		for (uint32_t i = 0; i < e->nsinks; i++)
			if (e->sinks[i]->socket_gone)
				e->sinks[i]->socket_gone(e->sinks[i], &so->s);
	while (*link != so)
		link = &(*link)->chain;
	*link = so->chain;
	leave_list(all, so);
	all->n--;
	pool_put(&all->pool, sizeof(*so), so->s.id);
}

/* Those that have not been used for long enough. Each goes once: paid for by its coming. */
static void sweep(struct engine *e, uint64_t t)
{
	struct open_socket *so;

	while ((so = e->sockets.list[SL_CLOSED].first) && so->used_ns + CLOSED_NS < t)
		gone(e, so);
	while ((so = e->sockets.list[SL_IDLE].first) && so->used_ns + IDLE_NS < t)
		gone(e, so);
}

static void drop_oldest(struct engine *e)
{
	for (unsigned l = 0; l < SL_COUNT; l++)
		if (e->sockets.list[l].first) {
			gone(e, e->sockets.list[l].first);
			e->counts.sockets_dropped++;
			return;
		}
}

static struct open_socket *add(struct engine *e, const struct socket_info *info, uint64_t t)
{
	struct sockets *all = &e->sockets;
	struct open_socket *so;
	uint32_t number, i;

	if (all->n >= SOCKETS_MAX)
		drop_oldest(e);
	so = grow_hash(all) ? pool_get(&all->pool, sizeof(*so), &number) : NULL;
	if (!so) {
		e->oom = true;
		return NULL;
	}
	so->s.id = number;
	so->s.info = *info;
	so->s.seen_ns = so->used_ns = t;
	i = seed_slot(all->seed, info->id, all->hash_cap);
	so->chain = all->hash[i];
	all->hash[i] = so;
	enter_list(all, so);
	all->n++;
	return so;
}

/* It is used at t, by tid (0, TID_OTHER: not known). NULL: no memory. */
static struct open_socket *use(struct engine *e, uint64_t id, uint32_t tid, uint64_t t)
{
	struct open_socket *so;
	struct etask *y;

	sweep(e, t);
	so = find(&e->sockets, id);
	if (!so) {
		struct socket_info unknown = {.id = id};

		so = add(e, &unknown, t);
		if (!so)
			return NULL;
	}
	y = tid ? task_find(e, tid) : NULL;
	if (y)
		set_owner(so, y, t);
	resolve_owner(e, so);
	so->used_ns = t;
	if (so->next) { /* else it is the last one already, that is the one used last */
		leave_list(&e->sockets, so);
		enter_list(&e->sockets, so);
	}
	return so;
}

static void relist(struct engine *e, struct open_socket *so)
{
	leave_list(&e->sockets, so);
	enter_list(&e->sockets, so);
}

/* ---- events ---- */

/* 0 is no socket: the reset that answers who knocks where nobody listens */
static void count_unknown(struct engine *e, struct open_socket *so)
{
	if (so->s.info.id && !so->s.info.family && !so->counted) {
		so->counted = true;
		e->counts.sockets_unknown++;
	}
}

static void tell(struct engine *e, struct open_socket *so, struct socket_event *se,
		 const struct event *ev, uint64_t t)
{
	const struct etask *y = ev->tid ? task_find(e, ev->tid) : NULL;

	count_unknown(e, so);
	if (t < e->lo_ns || t >= e->hi_ns)
		return;
	se->socket = &so->s;
	se->task = y ? &y->t : ev->tid ? NULL : so->s.owner;
	se->ts = t;
	se->cpu = ev->cpu;
	for (struct sink *const *on = e->on_socket.list; *on; on++)
		(*on)->socket(*on, se);
}

void socket_describe(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct socket_info *info = ev->ext;
	struct open_socket *so = use(e, info->id, ev->tid, t);
	uint32_t flags;

	if (!so)
		return;
	if (so->s.info.state != info->state)
		so->s.since_ns = 0;
	flags = so->s.info.flags;
	so->s.info = *info;
	so->s.info.flags |= flags & SOCKF_BEFORE;
	relist(e, so);
}

void socket_traffic(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct net_info *net = ev->ext;
	struct open_socket *so = use(e, net->socket, ev->tid, t);
	struct socket_event se;

	if (!so)
		return;
	if (!e->on_socket.list[0]) {
		count_unknown(e, so);
		return;
	}
	se = (struct socket_event){
		.kind = SE_TRAFFIC,
		.first_ns = net->first_ns && net->first_ns < t ? net->first_ns : t,
		.tx_bytes = net->tx_bytes,
		.rx_bytes = net->rx_bytes,
		.tx_calls = net->tx_calls,
		.rx_calls = net->rx_calls,
	};
	tell(e, so, &se, ev, t);
}

/* Told with the socket as it was, so that a sink sees how long it was in the state before. */
void socket_state(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct socket_ref *ref = ev->ext;
	struct open_socket *so = use(e, ref->socket, ev->tid, t);
	struct socket_event se = {
		.kind = SE_STATE,
		.before = ev->value & UINT8_MAX,
		.after = ev->value >> 8 & UINT8_MAX,
		.error = ev->value >> 16,
	};

	if (!so)
		return;
	if (so->s.info.state != se.before)
		so->s.since_ns = 0;
	so->s.info.state = se.before;
	tell(e, so, &se, ev, t);
	so->s.info.state = se.after;
	so->s.since_ns = t;
	so->stateful = true;
	relist(e, so);
}

void socket_trouble(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct socket_ref *ref = ev->ext;
	struct open_socket *so = use(e, ref->socket, ev->tid, t);
	struct socket_event se = {.kind = SE_RESET, .sent = ev->flags & EVF_NET_SENT};

	if (!so)
		return;
	if (ev->kind == EV_RETRANSMIT)
		se = (struct socket_event){
			.kind = SE_RETRANSMIT, .segments = ev->aux, .error = ev->value};
	tell(e, so, &se, ev, t);
}

const struct socket *engine_socket(const struct engine *e, uint64_t cookie)
{
	struct open_socket *so = find(&e->sockets, cookie);

	if (!so)
		return NULL;
	resolve_owner(e, so);
	return &so->s;
}

void sockets_finish(struct engine *e)
{
	for (unsigned l = 0; l < SL_COUNT; l++)
		while (e->sockets.list[l].first)
			gone(e, e->sockets.list[l].first);
}

/* ---- checkpoints ---- */

/* List by list, the longest not used first: the order in which they are read in again. */
bool sockets_out(struct engine *e, struct checkpoint *out)
{
	struct sockets *all = &e->sockets;
	uint32_t n = 0;

	for (unsigned l = 0; l < SL_COUNT; l++)
		for (struct open_socket *so = all->list[l].first; so; so = so->next) {
			const struct task *owner = resolve_owner(e, so);

			if (!ARRAY_ROOM(all->snaps, all->snaps_cap, n))
				return false;
			all->snaps[n++] = (struct socket_snapshot){
				.info = so->s.info,
				.owner = owner ? owner->info.tid : 0,
				.since_ns = so->s.since_ns,
				.used_ns = so->used_ns,
			};
		}
	out->sockets = all->snaps;
	out->nsockets = n;
	return true;
}

static void socket_in(struct engine *e, const struct socket_snapshot *s, uint64_t t)
{
	struct open_socket *so = find(&e->sockets, s->info.id);
	struct etask *y;

	if (so) {
		so->mark = e->mark;
		return;
	}
	if (e->loaded && !(e->gaps.n && e->gaps.last_ns >= s->used_ns)) {
		e->counts.checkpoint_diffs++;
		return;
	}
	so = add(e, &s->info, t);
	if (!so)
		return;
	so->mark = e->mark;
	so->s.seen_ns = so->used_ns = earlier(s->used_ns, t);
	so->s.since_ns = earlier(s->since_ns, t);
	so->stateful = s->since_ns != 0;
	so->counted = true;
	y = s->owner ? task_find(e, s->owner) : NULL;
	if (y)
		set_owner(so, y, t);
	relist(e, so);
}

void sockets_in(struct engine *e, const struct checkpoint *cp, uint64_t t)
{
	struct open_socket *so, *next;

	for (uint32_t i = 0; i < cp->nsockets; i++)
		socket_in(e, &cp->sockets[i], t);
	if (!e->loaded)
		return;
	/* The others went during a gap. */
	for (unsigned l = 0; l < SL_COUNT; l++)
		for (so = e->sockets.list[l].first; so; so = next) {
			next = so->next;
			if (so->mark == e->mark)
				continue;
			if (e->gaps.n && e->gaps.last_ns >= so->used_ns)
				gone(e, so);
			else
				e->counts.checkpoint_diffs++;
		}
}

void sockets_free(struct engine *e)
{
	pool_free(&e->sockets.pool);
	free(e->sockets.hash);
	free(e->sockets.snaps);
}
