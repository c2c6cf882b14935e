// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "record/ring_decode.h"

#define BATCH	    4096u /* events per call: some 100 KB of ring, which is what caches hold */
#define ARENA_BYTES (1024u * 1024)
#define TANGLE_MAX  64u /* records that interrupts can put out of order: nesting is shallow */
#define WORDS_MAX   (RING_MARGIN / 8)
#define WORDS_MIN   (sizeof(struct ring_rec) / 8)
#define TS_NONE	    UINT64_MAX
/* Programs take microseconds; the CPU of a virtual machine may stop in one of them for a while. */
#define STUCK_NS UINT64_C(10000000000)

/* What a source has next. */
enum next {
	NEXT_READY,
	NEXT_NONE, /* nothing that was there when the pass began */
	NEXT_PENDING, /* a record is reserved: its time is not known yet */
	NEXT_DAMAGED,
};

/*
 * Where the consumer is in one CPU's ring. An interrupt that nests in a program leaves its records
 * behind the interrupted one's, yet older: such a tangle is taken as a whole and sorted.
 */
struct cursor {
	struct ring_page *page;
	uint8_t *data;
	uint64_t pos; /* first byte not looked at */
	uint64_t freed; /* as page->tail: first byte not given back */
	uint64_t head; /* page->head when this pass began */
	uint64_t ts; /* of what comes next */
	uint64_t tangle[TANGLE_MAX]; /* positions, by time */
	unsigned tangled, untangled; /* of these: how many, how many taken */
	uint64_t tangle_start;
	bool owes; /* when this pass began, lost events had not been announced */
	bool has_gap; /* the gap below comes next */
	struct gap_info gap;
	uint16_t cpu;
	bool left_out; /* rings_leave_out() */
};

/* Records that come from elsewhere: read from the kernel, not written by an event. */
struct extra {
	uint8_t *records; /* struct ring_rec each, one behind the other */
	size_t bytes;
	size_t *at; /* where each one begins, by time */
	size_t n, taken;
};

struct rings {
	struct cursor *cursors;
	unsigned ncpus;
	uint64_t ring_bytes;
	struct extra extra;
	struct cursor **heap; /* cursors with something to give, the oldest on top */
	unsigned heaped;
	struct event *events;
	const struct cursor *pending; /* that ended the last pass before its time, NULL none */
	struct {
		const struct cursor *cursor;
		uint64_t pos, since_ns; /* what it has been waiting for, and since which until_ns */
	} stuck;
	struct ring_arena arena;
	uint64_t counts[EV_KIND_END];
};

int rings_new(struct rings **out, void *base, size_t stride, unsigned ncpus, uint64_t ring_bytes,
	      struct err *err)
{
	struct rings *rings;
	unsigned i;

	if (ring_bytes < RING_BYTES_MIN || (ring_bytes & (ring_bytes - 1)))
		return err_set(err, -EINVAL, "a ring of %llu bytes: not a power of two from %u on",
			       (unsigned long long)ring_bytes, RING_BYTES_MIN);
	rings = calloc(1, sizeof(*rings));
	if (!rings)
		return err_set(err, -ENOMEM, "cannot set up the rings: out of memory");
	rings->ncpus = ncpus;
	rings->ring_bytes = ring_bytes;
	rings->cursors = calloc(ncpus, sizeof(*rings->cursors));
	rings->heap = calloc(ncpus, sizeof(struct cursor *));
	rings->events = calloc(BATCH, sizeof(*rings->events));
	rings->arena.base = malloc(ARENA_BYTES);
	rings->arena.size = ARENA_BYTES;
	if (!rings->cursors || !rings->heap || !rings->events || !rings->arena.base) {
		rings_free(rings);
		return err_set(err, -ENOMEM, "cannot set up the rings: out of memory");
	}
	for (i = 0; i < ncpus; i++) {
		struct cursor *c = &rings->cursors[i];

		c->page = (struct ring_page *)((uint8_t *)base + stride * i);
		c->data = (uint8_t *)c->page + RING_HEADER_BYTES;
		c->pos = c->freed = c->page->tail;
		c->cpu = (uint16_t)i;
	}
	*out = rings;
	return 0;
}

void rings_free(struct rings *rings)
{
	if (!rings)
		return;
	free(rings->cursors);
	free(rings->heap);
	free(rings->events);
	free(rings->arena.base);
	free(rings->extra.records);
	free(rings->extra.at);
	free(rings);
}

void rings_leave_out(struct rings *rings, unsigned cpu)
{
	rings->cursors[cpu].left_out = true;
}

static bool plausible(uint64_t word0)
{
	unsigned words = RING_WORDS(word0);

	return words >= WORDS_MIN && words <= WORDS_MAX && RING_KIND(word0) < REC_END;
}

static const struct ring_rec *extra_at(const struct extra *x, size_t i)
{
	return (const struct ring_rec *)(x->records + x->at[i]);
}

/* How many records there are in `bytes`, or -1: they are damaged. */
static ssize_t count_records(const uint8_t *records, size_t bytes)
{
	ssize_t n = 0;
	size_t at;

	for (at = 0; at < bytes; n++) {
		const struct ring_rec *rec = (const struct ring_rec *)(records + at);

		if (bytes - at < sizeof(*rec) || !plausible(rec->word0) ||
		    RING_WORDS(rec->word0) * 8u > bytes - at)
			return -1;
		at += RING_WORDS(rec->word0) * 8u;
	}
	return n;
}

/* Those that are left of the old ones and all of the new ones, each in order of time, in one. */
static void merge_extra(struct extra *to, const struct extra *old, const uint8_t *records,
			size_t bytes)
{
	size_t at = 0, i = old->taken;

	memcpy(to->records, records, bytes);
	to->bytes = bytes;
	while (at < bytes || i < old->n) {
		const struct ring_rec *rec = (const struct ring_rec *)(records + at);

		if (i < old->n && (at == bytes || extra_at(old, i)->ts <= rec->ts)) {
			const struct ring_rec *before = extra_at(old, i);
			const size_t len = RING_WORDS(before->word0) * 8u;

			memcpy(to->records + to->bytes, before, len);
			to->at[to->n++] = to->bytes;
			to->bytes += len;
			i++;
		} else {
			to->at[to->n++] = at;
			at += RING_WORDS(rec->word0) * 8u;
		}
	}
}

int rings_add(struct rings *rings, const void *records, size_t bytes, struct err *err)
{
	struct extra *old = &rings->extra, all = {};
	ssize_t n = count_records(records, bytes);

	if (n < 0)
		return err_set(err, -EIO, "what was read from the kernel is damaged");
	if (!n)
		return 0;
	all.records = malloc(bytes + (old->taken < old->n ? old->bytes : 0));
	all.at = calloc((size_t)n + old->n - old->taken, sizeof(*all.at));
	if (!all.records || !all.at) {
		free(all.records);
		free(all.at);
		return err_set(err, -ENOMEM,
			       "cannot keep what was read from the kernel: out of "
			       "memory");
	}
	merge_extra(&all, old, records, bytes);
	free(old->records);
	free(old->at);
	*old = all;
	return 0;
}

int rings_add_snapshots(struct rings *rings, struct ring_snapshot *snapshots, size_t n,
			struct err *err)
{
	struct task_record {
		struct ring_rec rec;
		struct ring_snapshot snapshot;
	} *records = calloc(n ? n : 1, sizeof(*records));
	size_t i;
	int r;

	if (!records) {
		free(snapshots);
		return err_set(err, -ENOMEM, "cannot keep a task snapshot: out of memory");
	}
	for (i = 0; i < n; i++) {
		records[i].rec.word0 = RING_WORD0(REC_TASK, 0, sizeof(*records) / 8, 0);
		records[i].rec.ts = snapshots[i].ts;
		records[i].snapshot = snapshots[i];
	}
	free(snapshots);
	r = rings_add(rings, records, n * sizeof(*records), err);
	free(records);
	return r;
}

static const struct ring_rec *record_at(const struct rings *rings, const struct cursor *c,
					uint64_t pos)
{
	return (const struct ring_rec *)(c->data + (pos & (rings->ring_bytes - 1)));
}

/* Word 0 of a record: 0 until it is committed; all the others are there once it is not. */
static uint64_t committed(const struct ring_rec *rec)
{
	return __atomic_load_n(&rec->word0, __ATOMIC_ACQUIRE);
}

/*
 * Word 0 of the record at `pos`, 0 when none is there. One lap behind what has been given back
 * comes the first record of this pass again, taken but not yet zeroed: a ring that is full to the
 * last byte must not be read round and round.
 */
static uint64_t word0_at(const struct rings *rings, const struct cursor *c, uint64_t pos)
{
	return pos - c->freed < rings->ring_bytes ? committed(record_at(rings, c, pos)) : 0;
}

/* The record at c->pos is younger than the one behind it: takes all that belong together. */
static enum next take_tangle(const struct rings *rings, struct cursor *c, uint64_t youngest)
{
	unsigned n = 0, i;

	c->tangle_start = c->pos;
	while (n < TANGLE_MAX) {
		const struct ring_rec *rec = record_at(rings, c, c->pos);
		uint64_t word0 = word0_at(rings, c, c->pos);

		if (!word0 || (n && rec->ts >= youngest))
			break;
		if (!plausible(word0))
			return NEXT_DAMAGED;
		for (i = n; i && record_at(rings, c, c->tangle[i - 1])->ts > rec->ts; i--)
			c->tangle[i] = c->tangle[i - 1];
		c->tangle[i] = c->pos;
		c->pos += RING_WORDS(word0) * 8u;
		n++;
	}
	c->tangled = n;
	c->untangled = 0;
	c->ts = record_at(rings, c, c->tangle[0])->ts;
	return NEXT_READY;
}

/*
 * At the end of a ring that had lost events nobody had announced when the pass began. The next
 * record would do it, but a CPU that falls idle would hide the gap until it wakes up. Only from an
 * empty ring: else the gap would come out ahead of records that are older. The count first, then
 * the times, which the producer has set before it counted.
 */
static enum next take_unsaid(struct cursor *c)
{
	struct ring_page *page = c->page;
	uint64_t count, first, last;

	if (c->freed != c->pos || __atomic_load_n(&page->head, __ATOMIC_ACQUIRE) != c->pos)
		return NEXT_PENDING;
	count = __atomic_exchange_n(&page->unsaid, 0, __ATOMIC_ACQ_REL);
	if (!count)
		return NEXT_PENDING;
	first = __atomic_exchange_n(&page->first_lost_ns, 0, __ATOMIC_ACQ_REL);
	last = __atomic_load_n(&page->last_lost_ns, __ATOMIC_ACQUIRE);
	c->ts = first ? first : last;
	c->gap = (struct gap_info){.end_ns = last, .count = count, .reason = GAP_RING_FULL};
	c->has_gap = true;
	c->owes = false;
	return NEXT_READY;
}

static enum next cursor_next(const struct rings *rings, struct cursor *c)
{
	const struct ring_rec *rec;
	uint64_t word0, behind;

	if (c->has_gap)
		return NEXT_READY;
	if (c->untangled < c->tangled) {
		c->ts = record_at(rings, c, c->tangle[c->untangled])->ts;
		return NEXT_READY;
	}
	rec = record_at(rings, c, c->pos);
	word0 = word0_at(rings, c, c->pos);
	if (!word0 && c->pos < c->head)
		return NEXT_PENDING;
	if (!word0)
		return c->owes ? take_unsaid(c) : NEXT_NONE;
	if (!plausible(word0))
		return NEXT_DAMAGED;
	c->ts = rec->ts;
	behind = c->pos + RING_WORDS(word0) * 8u;
	if (word0_at(rings, c, behind) && record_at(rings, c, behind)->ts < rec->ts)
		return take_tangle(rings, c, rec->ts);
	return NEXT_READY;
}

/* Takes what cursor_next() found. Returns how many events it became: 0 or 1, or -EIO. */
static int cursor_take(struct rings *rings, struct cursor *c, struct event *event)
{
	const struct ring_rec *rec;
	int r;

	if (c->has_gap) {
		c->has_gap = false;
		r = ring_decode_gap(c->ts, &c->gap, &rings->arena, event);
	} else if (c->untangled < c->tangled) {
		r = ring_decode(record_at(rings, c, c->tangle[c->untangled++]), &rings->arena,
				event);
	} else {
		rec = record_at(rings, c, c->pos);
		c->pos += RING_WORDS(rec->word0) * 8u;
		r = ring_decode(rec, &rings->arena, event);
	}
	if (event->kind != EV_TASK && event->kind != EV_NAME)
		event->cpu = c->left_out && event->kind != EV_GAP ? CPU_NONE : c->cpu;
	if (r > 0)
		rings->counts[event->kind]++;
	return r;
}

static bool older(const struct cursor *a, const struct cursor *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a->cpu < b->cpu);
}

static void heap_sink(struct rings *rings, unsigned i)
{
	struct cursor *c = rings->heap[i];

	for (;;) {
		unsigned child = 2 * i + 1;

		if (child >= rings->heaped)
			break;
		if (child + 1 < rings->heaped && older(rings->heap[child + 1], rings->heap[child]))
			child++;
		if (!older(rings->heap[child], c))
			break;
		rings->heap[i] = rings->heap[child];
		i = child;
	}
	rings->heap[i] = c;
}

static uint64_t extra_ts(const struct rings *rings)
{
	const struct extra *x = &rings->extra;

	return x->taken < x->n ? extra_at(x, x->taken)->ts : TS_NONE;
}

static int extra_take(struct rings *rings, struct event *event)
{
	struct extra *x = &rings->extra;
	int r = ring_decode(extra_at(x, x->taken++), &rings->arena, event);

	event->cpu = CPU_NONE;
	return r;
}

/* Until when the top of the heap goes first. */
static uint64_t second_ts(const struct rings *rings)
{
	uint64_t ts = extra_ts(rings);
	unsigned i;

	for (i = 1; i < rings->heaped && i < 3; i++)
		if (rings->heap[i]->ts < ts)
			ts = rings->heap[i]->ts;
	return ts;
}

static bool has_room(const struct rings *rings, unsigned n)
{
	return n < BATCH && ring_arena_has_room(&rings->arena);
}

/* Gives what was taken back to the producer, zeroed: word 0 says whether a record is there. */
static void cursor_free(const struct rings *rings, struct cursor *c)
{
	uint64_t end = c->untangled < c->tangled ? c->tangle_start : c->pos;
	uint64_t mask = rings->ring_bytes - 1;
	size_t from = (size_t)(c->freed & mask), len = (size_t)(end - c->freed);

	if (!len)
		return;
	if (from + len <= rings->ring_bytes) {
		memset(c->data + from, 0, len);
	} else {
		memset(c->data + from, 0, (size_t)rings->ring_bytes - from + RING_MARGIN);
		memset(c->data, 0, (size_t)(end & mask));
	}
	c->freed = end;
	__atomic_store_n(&c->page->tail, end, __ATOMIC_RELEASE);
}

/* Takes the run of records of the oldest ring that come before everybody else's. */
static enum next take_run(struct rings *rings, uint64_t until_ns, unsigned *n)
{
	struct cursor *c = rings->heap[0];
	uint64_t second = second_ts(rings);
	enum next next = NEXT_READY;

	while (next == NEXT_READY && c->ts <= second && c->ts < until_ns && has_room(rings, *n)) {
		int r = cursor_take(rings, c, &rings->events[*n]);

		if (r < 0)
			return NEXT_DAMAGED;
		*n += (unsigned)r;
		next = cursor_next(rings, c);
	}
	if (next == NEXT_PENDING)
		rings->pending = c;
	if (next == NEXT_NONE)
		rings->heap[0] = rings->heap[--rings->heaped];
	if (rings->heaped)
		heap_sink(rings, 0);
	return next;
}

/* Looks at every ring; NEXT_PENDING when one of them does not know its next time. */
static enum next heap_fill(struct rings *rings)
{
	unsigned i;

	rings->heaped = 0;
	for (i = 0; i < rings->ncpus; i++) {
		struct cursor *c = &rings->cursors[i];
		enum next next;

		/* in this order: what is not owed has been announced before this head */
		c->owes = __atomic_load_n(&c->page->unsaid, __ATOMIC_ACQUIRE) != 0;
		c->head = __atomic_load_n(&c->page->head, __ATOMIC_ACQUIRE);
		next = cursor_next(rings, c);
		if (next == NEXT_READY)
			rings->heap[rings->heaped++] = c;
		else if (next == NEXT_PENDING)
			rings->pending = c;
		if (next != NEXT_READY && next != NEXT_NONE)
			return next;
	}
	for (i = rings->heaped / 2; i-- > 0;)
		heap_sink(rings, i);
	return NEXT_READY;
}

/* Whether nothing has been had for too long because of one record. */
static bool is_stuck(struct rings *rings, uint64_t until_ns)
{
	const struct cursor *c = rings->pending;

	if (!c || rings->stuck.cursor != c || rings->stuck.pos != c->pos) {
		rings->stuck.cursor = c;
		rings->stuck.pos = c ? c->pos : 0;
		rings->stuck.since_ns = until_ns;
	}
	return c && until_ns > rings->stuck.since_ns && until_ns - rings->stuck.since_ns > STUCK_NS;
}

bool rings_pending(const struct rings *rings)
{
	return rings->pending;
}

int rings_drain(struct rings *rings, uint64_t until_ns, const struct event **events,
		struct err *err)
{
	enum next next;
	unsigned n = 0, i;

	rings->pending = NULL;
	next = heap_fill(rings);
	rings->arena.used = 0;
	while ((next == NEXT_READY || next == NEXT_NONE) && has_room(rings, n)) {
		uint64_t top = rings->heaped ? rings->heap[0]->ts : TS_NONE;
		uint64_t extra = extra_ts(rings);

		if (top >= until_ns && extra >= until_ns)
			break;
		if (extra < top) {
			int r = extra_take(rings, &rings->events[n]);

			if (r < 0)
				next = NEXT_DAMAGED;
			else
				n += (unsigned)r;
		} else {
			next = take_run(rings, until_ns, &n);
		}
	}
	if (next == NEXT_DAMAGED)
		return err_set(err, -EIO, "a ring holds a damaged record: this is a bug in rstat");
	for (i = 0; i < rings->ncpus; i++)
		cursor_free(rings, &rings->cursors[i]);
	if (is_stuck(rings, until_ns))
		return err_set(err, -EIO,
			       "the ring of CPU %u holds a record that is never finished: this is "
			       "a bug in rstat",
			       rings->pending->cpu);
	*events = rings->events;
	return (int)n;
}

static int add_traffic(struct rings *rings, struct ring_page *page, uint64_t ts, struct err *err)
{
	const struct {
		struct ring_rec rec;
		struct ring_net net;
	} record = {
		.rec.word0 = RING_WORD0(REC_NET, 0, sizeof(record) / 8, 0),
		.rec.ts = ts,
		.rec.tid = page->net_tid,
		.net = page->net,
	};

	if (!page->net_tid || page->net.first_ns >= ts)
		return 0;
	page->net_tid = 0;
	return rings_add(rings, &record, sizeof(record), err);
}

int rings_end(struct rings *rings, uint64_t end_ns, struct err *err)
{
	unsigned i;
	int r = 0;

	for (i = 0; !r && i < rings->ncpus; i++)
		r = add_traffic(rings, rings->cursors[i].page, end_ns - 1, err);
	return r;
}

uint32_t rings_fill(const struct rings *rings)
{
	uint64_t most = 0;
	unsigned i;

	for (i = 0; i < rings->ncpus; i++) {
		const struct ring_page *page = rings->cursors[i].page;
		uint64_t used = __atomic_load_n(&page->head, __ATOMIC_RELAXED) - page->tail;

		if (used > most)
			most = used;
	}
	return (uint32_t)(most * 1024 / rings->ring_bytes);
}

uint64_t rings_lost(const struct rings *rings)
{
	uint64_t lost = 0;
	unsigned i;

	for (i = 0; i < rings->ncpus; i++)
		lost += __atomic_load_n(&rings->cursors[i].page->lost, __ATOMIC_RELAXED);
	return lost;
}

uint64_t rings_events(const struct rings *rings, enum event_kind kind)
{
	return kind < EV_KIND_END ? rings->counts[kind] : 0;
}
