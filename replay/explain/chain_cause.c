// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/chain_cause.h"

#include <string.h>

#include "replay/offcpu/reasons.h"

/*
 * From the completion of a request to the wake-up that it makes: both are in one interrupt, the
 * wake-up right after. A task that waits for a request of its own gets more time, since the
 * completion may go on in a soft interrupt.
 */
#define OWN_DONE_NS   2000000u
#define OTHER_DONE_NS 50000u
#define STATE_NS      1000000u /* from a change of a TCP state to the wake-up, in one interrupt */
#define SENT_NS	      2000000u /* a send returns that much after the wake-up that it makes */

/* Entries to look at before giving up: in no real trace are there that many within these times. */
#define LOOK_MAX 4096u

/* Soft interrupts, include/linux/interrupt.h. */
enum {
	SOFT_TIMER = 1,
	SOFT_NET_TX = 2,
	SOFT_NET_RX = 3,
	SOFT_SCHED = 7,
	SOFT_HRTIMER = 8,
	SOFT_RCU = 9,
};

static struct cause make(enum cause_kind kind, uint32_t by, uint32_t detail, uint64_t id)
{
	return (struct cause){kind, by, detail, (uint64_t)kind << 56 | id};
}

static bool waits_for_disk(const struct stretch *st)
{
	return st->state == TS_DISK || st->flags & IVF_IOWAIT ||
	       (st->flags & ST_REASONED && st->why == WAIT_DISK);
}

static bool made_above(const struct chain_place *p, const struct io_line *io)
{
	for (uint32_t i = 0; i < p->depth; i++)
		if (p->above[i] <= WHO_TASKS && io_made_by(io, p->above[i]))
			return true;
	return false;
}

static bool fits(const struct chain_place *p, const struct stretch *st, const struct io_line *io)
{
	bool here = io->cpu == CPU_NONE || st->cpu == CPU_NONE || io->cpu == st->cpu;
	uint64_t since = stretch_called(st) - io->done_ns;

	if (io_made_by(io, st->who))
		return waits_for_disk(st) || (here && since <= OTHER_DONE_NS);
	if (since > OTHER_DONE_NS || io->cpu == CPU_NONE || io->cpu != st->cpu)
		return false;
	return waits_for_disk(st) || p->timeline->actors[st->who].kthread || made_above(p, io);
}

/* The request whose completion woke: of its own ones the last, else the last on that CPU. */
static bool by_request(const struct chain_place *p, const struct stretch *st, struct cause *out)
{
	const struct timeline *t = p->timeline;
	uint64_t called = stretch_called(st);
	uint32_t found = UINT32_MAX, first = timeline_io_at(t, called);

	for (uint32_t i = first; i > 0 && first - i < LOOK_MAX; i--) {
		const struct io_line *io = &t->ios[i - 1];

		if (io->done_ns < st->from_ns || called - io->done_ns > OWN_DONE_NS)
			break;
		if (io->open || !fits(p, st, io))
			continue;
		if (found == UINT32_MAX)
			found = i - 1;
		if (io_made_by(io, st->who)) {
			found = i - 1;
			break;
		}
	}
	if (found == UINT32_MAX)
		return false;
	*out = make(CAUSE_REQUEST, WHO_NOBODY, found,
		    (uint64_t)t->ios[found].dev << 8 | t->ios[found].op);
	return true;
}

/* Still blocked at the end, like a request of its own, which has that for its completion. */
static struct cause open_end(const struct timeline *t, const struct stretch *st)
{
	for (uint32_t i = t->nios; i > 0 && t->nios - i < LOOK_MAX && waits_for_disk(st); i--) {
		const struct io_line *io = &t->ios[i - 1];

		if (io->done_ns < st->to_ns)
			break;
		if (io->open && io_made_by(io, st->who))
			return make(CAUSE_OPEN_REQUEST, WHO_NOBODY, i - 1, io->dev);
	}
	return make(CAUSE_OPEN, WHO_NOBODY, 0, 0);
}

static uint32_t first_at(const struct timeline *t, const struct index *ix, uint32_t number,
			 uint64_t ns)
{
	uint32_t lo = ix->first[number], hi = ix->first[number + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->traffic[ix->order[mid]].ts < ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* When the task that was woken at the end of stretch `at` blocks again. */
static uint64_t blocks_again(const struct timeline *t, uint32_t who, uint32_t at)
{
	for (uint32_t i = at + 1; i < t->by_actor.first[who + 1]; i++)
		if (state_is_blocked(timeline_stretch(t, i)->state))
			return timeline_stretch(t, i)->from_ns;
	return UINT64_MAX;
}

/* The socket of which a TCP state changed on that CPU just before. */
static uint32_t wire_changed(const struct timeline *t, const struct stretch *st, uint32_t first)
{
	const struct index *ix = &t->traffic_by_actor;

	for (uint32_t i = first; i > ix->first[st->who] && first - i < LOOK_MAX; i--) {
		const struct traffic *x = &t->traffic[ix->order[i - 1]];

		if (x->ts < st->from_ns || st->to_ns - x->ts > STATE_NS)
			break;
		if (x->state && x->cpu == st->cpu)
			return x->wire;
	}
	return UINT32_MAX;
}

/*
 * The socket that the task used when it was back: received from, or else sent to, for which it may
 * have waited for room. Not in a call that receives: that would have received first of all.
 */
static uint32_t wire_used(const struct timeline *t, uint32_t at)
{
	const struct stretch *st = timeline_stretch(t, at);
	const struct index *ix = &t->traffic_by_actor;
	uint64_t until = blocks_again(t, st->who, at);
	uint32_t first = first_at(t, ix, st->who, st->to_ns), sent = UINT32_MAX;
	uint32_t changed = wire_changed(t, st, first);

	if (changed != UINT32_MAX)
		return changed;
	for (uint32_t i = first; i < ix->first[st->who + 1] && i - first < LOOK_MAX; i++) {
		const struct traffic *x = &t->traffic[ix->order[i]];

		if (x->first_ns > until)
			break;
		if (x->first_ns < st->to_ns || x->state)
			continue;
		if (x->received)
			return x->wire;
		if (st->call == CALL_RECEIVES)
			break;
		if (sent == UINT32_MAX)
			sent = x->wire;
	}
	return sent;
}

/* It ran on that CPU at that time. */
static bool ran_on(const struct timeline *t, uint32_t who, uint16_t cpu, uint64_t ns)
{
	uint32_t at = timeline_at(t, who, ns);
	const struct stretch *st;

	if (at >= t->by_actor.first[who + 1])
		return false;
	st = timeline_stretch(t, at);
	return st->state == TS_RUN && st->cpu == cpu && st->from_ns <= ns;
}

/*
 * Who sent to the other end of this socket at that time, when the sleeper was woken on that CPU: by
 * the send itself as a rule, which returns shortly after, or later when the sender is preempted.
 * Or who had just opened or closed it.
 */
static struct cause sender(const struct timeline *t, uint32_t wire, uint16_t cpu, uint64_t ns)
{
	const struct cause nobody = make(CAUSE_REMOTE, WHO_NOBODY, wire, wire);
	const struct index *ix = &t->traffic_by_wire;
	uint32_t peer = t->wires[wire].peer, first;

	if (peer == UINT32_MAX)
		return nobody;
	first = first_at(t, ix, peer, ns);
	for (uint32_t i = first; i < ix->first[peer + 1] && i - first < LOOK_MAX; i++) {
		const struct traffic *x = &t->traffic[ix->order[i]];

		if (!x->sent)
			continue;
		if (x->first_ns <= ns + SENT_NS || ran_on(t, x->who, cpu, ns))
			return make(CAUSE_PEER, x->who, wire, x->who);
		break;
	}
	for (uint32_t i = first; i > ix->first[peer] && first - i < LOOK_MAX; i--) {
		const struct traffic *x = &t->traffic[ix->order[i - 1]];

		if (ns - x->ts > SENT_NS)
			break;
		if (x->sent)
			return make(CAUSE_PEER, x->who, wire, x->who);
		if (x->state)
			return make(CAUSE_PEER_STATE, x->who, wire, x->who);
	}
	return nobody;
}

/* -- interrupts -- */

static bool is_told(const struct stretch *st)
{
	return st->irq != IRQ_NOT_TOLD && st->irq != IRQ_NONE;
}

static bool is_soft(uint32_t irq, uint32_t vector)
{
	return irq == (IRQ_SOFT | vector);
}

/* One that is about timers: soft, or with a handler of such a name ("arch_timer", "hpet2"). */
static bool is_timers(const struct timeline *t, uint32_t irq)
{
	const char *name = timeline_irq(t, irq);

	if (is_soft(irq, SOFT_TIMER) || is_soft(irq, SOFT_HRTIMER))
		return true;
	return !(irq & IRQ_SOFT) && name && (strstr(name, "timer") || strstr(name, "hpet"));
}

static bool may_be_request(const struct timeline *t, const struct stretch *st)
{
	return !is_timers(t, st->irq) && !is_soft(st->irq, SOFT_SCHED) &&
	       !is_soft(st->irq, SOFT_RCU);
}

/* That it came over the network is known, or can be told from traffic. */
static bool may_be_network(const struct stretch *st)
{
	enum wait_reason why = st->flags & ST_REASONED ? (enum wait_reason)st->why : WAIT_OTHER;

	if (st->call == CALL_SLEEPS || st->call == CALL_TASKS)
		return false;
	if (is_told(st))
		return is_soft(st->irq, SOFT_NET_RX) || is_soft(st->irq, SOFT_NET_TX);
	return !(st->flags & ST_HARDIRQ) && why != WAIT_SLEEP && why != WAIT_LOCK &&
	       why != WAIT_CHILD && why != WAIT_DISK;
}

static bool by_network(const struct timeline *t, uint32_t at, struct cause *out)
{
	const struct stretch *st = timeline_stretch(t, at);
	uint32_t wire;

	if (!may_be_network(st))
		return false;
	wire = wire_used(t, at);
	if (wire == UINT32_MAX) {
		*out = make(CAUSE_REMOTE, WHO_NOBODY, UINT32_MAX, UINT32_MAX);
		return is_told(st);
	}
	*out = sender(t, wire, st->cpu, stretch_called(st));
	if (out->by == st->who)
		*out = make(CAUSE_REMOTE, WHO_NOBODY, wire, wire);
	return true;
}

static struct cause interrupt(uint32_t irq)
{
	return make(CAUSE_INTERRUPT, WHO_NOBODY, irq, irq);
}

/* Neither a request nor the network. What is not certain is not told. */
static struct cause by_interrupt(const struct timeline *t, const struct stretch *st)
{
	const struct cause timer = make(CAUSE_TIMER, WHO_NOBODY, 0, 0);
	const struct cause time_or_signal = make(CAUSE_TIME_OR_SIGNAL, WHO_NOBODY, 0, 0);
	bool hard = st->flags & ST_HARDIRQ, soft = !hard && st->flags & ST_SOFTIRQ;
	/* By its stack, or a sleep that goes on after a signal. */
	bool sleeps = st->call == CALL_SLEEPS ||
		      (st->call == CALL_OTHER && st->flags & ST_REASONED && st->why == WAIT_SLEEP);

	if (is_timers(t, st->irq))
		return timer;
	if (is_told(st))
		return interrupt(st->irq);
	if (sleeps || st->call == CALL_TASKS) {
		bool certain = st->irq == IRQ_NONE ? t->own_timer : sleeps && !soft;

		return certain ? timer : time_or_signal;
	}
	if (st->irq == IRQ_NONE)
		return interrupt(t->own_timer ? IRQ_NONE : IRQ_SOME_HARD);
	return interrupt(hard ? IRQ_SOME_HARD : soft ? IRQ_SOME_SOFT : IRQ_NOT_TOLD);
}

struct cause cause_find(const struct chain_place *p, uint32_t at)
{
	const struct timeline *t = p->timeline;
	const struct stretch *st = timeline_stretch(t, at);
	bool later = p->until_ns && st->to_ns > p->until_ns;
	struct cause cause;

	/* How it ended was lost, after the window: in the window it was not over. */
	if (st->flags & (IVF_OPEN | IVF_CLIPPED_END) || (later && st->flags & IVF_GAP))
		return open_end(t, st);
	if (st->waker <= WHO_TASKS)
		return make(CAUSE_TASK, st->waker, 0, st->waker);
	if (st->waker == WHO_FILTERED)
		return make(CAUSE_FILTERED, WHO_FILTERED, 0, 0);
	if (!(st->flags & (IVF_WOKEN_BY_IRQ | ST_BY_IDLE)))
		return make(CAUSE_UNKNOWN, WHO_NOBODY, 0, 0);
	if (may_be_request(t, st) && by_request(p, st, &cause))
		return cause;
	if (by_network(t, at, &cause))
		return cause;
	return by_interrupt(t, st);
}
