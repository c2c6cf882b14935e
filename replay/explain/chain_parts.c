// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/chain_parts.h"

#include "replay/offcpu/reasons.h"

static const struct step nothing = {
	.who = WHO_NOBODY,
	.by = WHO_NOBODY,
	.cpu = CPU_NONE,
	.syscall = SYSCALL_UNKNOWN,
};

static struct step step_of(enum step_what what, uint32_t who)
{
	struct step s = nothing;

	s.what = (uint8_t)what;
	s.who = who;
	return s;
}

static struct part cut(uint64_t from, uint64_t to)
{
	return (struct part){from, to, UINT32_MAX};
}

/* -- of a task -- */

/* Nothing is kept of the task between these times. */
static void add_hole(const struct timeline *t, uint32_t who, uint64_t from, uint64_t to,
		     struct groups *out)
{
	const struct actor *a = &t->actors[who];
	uint32_t first = t->by_actor.first[who], end = t->by_actor.first[who + 1];
	struct step s = step_of(STEP_UNBORN, who);
	uint64_t born = a->forked_ns < to ? a->forked_ns : to;

	if (from < born) {
		s.by = a->forker;
		groups_add(out, &s, (uint64_t)who << 32 | s.by, cut(from, born), true);
		from = born;
	}
	s = step_of(t->full ? STEP_UNREAD : t->filtered ? STEP_FILTERED : STEP_UNKNOWN, who);
	if (first < end && timeline_stretch(t, end - 1)->flags & IVF_EXIT &&
	    from >= timeline_stretch(t, end - 1)->to_ns)
		s.what = STEP_GONE;
	groups_add(out, &s, who, cut(from, to), false);
}

static void add_blocked(const struct chain_place *p, const struct stretch *st, struct part part,
			struct groups *out)
{
	struct cause cause = cause_find(p, part.at);
	struct step s = step_of(STEP_BLOCKED, st->who);

	s.by = cause.by;
	s.detail = cause.detail;
	s.syscall = st->syscall;
	s.state = st->state;
	s.reason = st->flags & ST_REASONED ? st->why : WAIT_OTHER;
	s.cause = (uint8_t)cause.kind;
	s.kernel = p->timeline->actors[st->who].kthread;
	s.after = p->until_ns && part.to_ns == p->until_ns && st->to_ns > part.to_ns &&
		  cause.kind != CAUSE_OPEN && cause.kind != CAUSE_OPEN_REQUEST;
	s.doubt = cause.kind == CAUSE_TASK && st->flags & ST_DOUBT;
	groups_add(out, &s, cause.key ^ (uint64_t)s.reason << 52 ^ (uint64_t)s.state << 48, part,
		   true);
}

static void add_stretch(const struct chain_place *p, const struct stretch *st, struct part part,
			struct groups *out)
{
	struct step s = step_of(STEP_UNKNOWN, st->who);

	if (state_is_blocked(st->state)) {
		add_blocked(p, st, part, out);
		return;
	}
	switch (st->state) {
	case TS_RUN: s.what = STEP_RUN; break;
	case TS_RUNNABLE:
		s.what = STEP_RUNQUEUE;
		s.cpu = st->cpu;
		break;
	case TS_NEW:
		s.what = STEP_UNBORN;
		s.by = p->timeline->actors[st->who].forker;
		groups_add(out, &s, (uint64_t)st->who << 32 | s.by, part, true);
		return;
	case TS_ZOMBIE:
	case TS_LEADER_ZOMBIE:
	case TS_DEAD: s.what = STEP_GONE; break;
	default: break;
	}
	groups_add(out, &s, st->who, part, s.what == STEP_RUNQUEUE);
}

void parts_of_task(const struct chain_place *p, uint32_t who, const struct part *parts, uint32_t n,
		   struct groups *out)
{
	const struct timeline *t = p->timeline;
	uint32_t end = t->by_actor.first[who + 1];

	for (uint32_t i = 0; i < n; i++) {
		uint64_t now = parts[i].from_ns, until = parts[i].to_ns;

		for (uint32_t at = timeline_at(t, who, now); at < end && now < until; at++) {
			const struct stretch *st = timeline_stretch(t, at);
			uint64_t to = st->to_ns < until ? st->to_ns : until;

			if (to <= now)
				continue;
			if (st->from_ns >= until)
				break;
			if (st->from_ns > now) {
				add_hole(t, who, now, st->from_ns, out);
				now = st->from_ns;
			}
			add_stretch(p, st, (struct part){now, to, at}, out);
			now = to;
		}
		if (now < until)
			add_hole(t, who, now, until, out);
	}
}

/* -- of a run queue -- */

/* @stretch  that waits; it may have been preempted by the first slice */
static void add_holder(const struct stretch *stretch, const struct slice *slice, uint16_t cpu,
		       uint64_t from, uint64_t to, struct groups *out)
{
	struct step s = step_of(STEP_BEHIND, slice->who);
	struct group *g;

	s.cpu = cpu;
	switch (slice->who) {
	case WHO_IDLE: s.what = STEP_IDLE; break;
	case WHO_FILTERED: s.what = STEP_FILTERED; break;
	case WHO_UNKNOWN:
	case WHO_NOBODY: s.what = STEP_UNKNOWN; break;
	default:
		if (slice->who == stretch->who)
			s.what = STEP_UNKNOWN; /* the kernel's word against itself */
		break;
	}
	if (s.what != STEP_BEHIND)
		s.who = WHO_NOBODY;
	groups_add(out, &s, s.who, (struct part){from, to, UINT32_MAX}, false);
	if (s.what != STEP_BEHIND || stretch->why != RC_PREEMPTED ||
	    slice->from_ns != stretch->from_ns)
		return;
	/* All that it ran there is told in one step: `state` remembers that it preempted. */
	g = groups_get(out, &s, s.who);
	if (g)
		g->step.state = 1;
}

/* Who had the CPU in [from, to), when the task waited there. */
static void add_cpu(const struct timeline *t, const struct stretch *stretch, uint16_t cpu,
		    uint64_t from, uint64_t to, struct groups *out)
{
	const struct slice none = {from, to, WHO_UNKNOWN};
	struct step unread = step_of(STEP_UNREAD, WHO_NOBODY);
	uint64_t now = from;

	if (from >= to)
		return;
	for (uint32_t i = cpu < t->ncpus ? timeline_slice_at(t, cpu, now) : UINT32_MAX;
	     cpu < t->ncpus && i < t->cpus[cpu].n && now < to; i++) {
		const struct slice *s = &t->cpus[cpu].list[i];
		uint64_t end = s->to_ns < to ? s->to_ns : to;

		if (end <= now)
			continue;
		if (s->from_ns >= to)
			break;
		if (s->from_ns > now)
			add_holder(stretch, &none, cpu, now, s->from_ns, out);
		if (s->from_ns > now)
			now = s->from_ns;
		add_holder(stretch, s, cpu, now, end, out);
		now = end;
	}
	if (now < to && t->full)
		groups_add(out, &unread, WHO_NOBODY, cut(now, to), false);
	else if (now < to)
		add_holder(stretch, &none, cpu, now, to, out);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void parts_of_runqueue(const struct chain_place *p, const struct part *parts, uint32_t n,
		       struct groups *out)
{
	const struct timeline *t = p->timeline;

	for (uint32_t i = 0; i < n; i++) {
		const struct stretch *st = timeline_stretch(t, parts[i].at);
		uint32_t end = t->moves_by_actor.first[st->who + 1];
		uint64_t now = parts[i].from_ns, until = parts[i].to_ns;

		/* From queue to queue; the last one is where the stretch ended. */
		for (uint32_t at = timeline_move_at(t, st->who, now); at < end && now < until;
		     at++) {
			const struct move *move = timeline_move(t, at);

			if (move->ns > st->to_ns)
				break;
			add_cpu(t, st, move->cpu, now, sooner(move->ns, until), out);
			now = later(now, move->ns);
		}
		add_cpu(t, st, st->cpu, now, until, out);
	}
	for (uint32_t i = 0; i < out->n; i++) {
		struct step *s = &out->list[i].step;

		if (s->what == STEP_BEHIND && s->state)
			s->what = STEP_PREEMPTED;
		s->state = 0;
	}
}

/* -- of block requests -- */

static void add_io(const struct step *blocked, enum step_what what, uint32_t detail, uint64_t key,
		   uint64_t from, uint64_t to, struct groups *out)
{
	struct step s = step_of(what, blocked->who);

	s.detail = detail;
	s.cause = CAUSE_REQUEST;
	groups_add(out, &s, key, cut(from, to), false);
}

/*
 * Each instant belongs to the request that is completed next: first it is not made yet, then it is
 * in the queue, then on the device.
 */
static void add_requests(const struct timeline *t, const struct step *step, const struct part *part,
			 uint32_t woke, struct groups *out)
{
	const struct stretch *st = timeline_stretch(t, part->at);
	uint64_t now = part->from_ns, key = 0;
	uint32_t last = woke;

	for (uint32_t i = timeline_io_at(t, now); i < t->nios && now < part->to_ns; i++) {
		const struct io_line *io = &t->ios[i];
		uint64_t end = sooner(io->done_ns, part->to_ns), made, issued;

		if (io->done_ns > st->to_ns && i != woke)
			break;
		if (i != woke && !io_made_by(io, st->who))
			continue;
		key = (uint64_t)io->dev << 8 | io->op;
		made = sooner(later(now, io->queued_ns), end);
		issued = sooner(later(made, io->issued_ns), end);
		add_io(step, STEP_BEFORE, i, key, now, made, out);
		add_io(step, STEP_QUEUE, i, key, made, issued, out);
		add_io(step, STEP_DEVICE, i, key, issued, end, out);
		now = end;
		last = i;
	}
	add_io(step, STEP_AFTER, last, (uint64_t)t->ios[last].dev << 8 | t->ios[last].op, now,
	       part->to_ns, out);
}

void parts_of_requests(const struct chain_place *p, const struct step *step,
		       const struct part *parts, uint32_t n, struct groups *out)
{
	for (uint32_t i = 0; i < n; i++) {
		struct cause cause = cause_find(p, parts[i].at);
		bool one = cause.kind == CAUSE_REQUEST || cause.kind == CAUSE_OPEN_REQUEST;

		add_requests(p->timeline, step, &parts[i], one ? cause.detail : step->detail, out);
	}
}
