// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <zstd.h>

#include "format/merge.h"

#define OUT_EVENTS  512u
#define SLICE_LEAST 64u /* a run at least so long is handed out in place */

struct item {
	struct item *next;
	bool is_gap;
	uint64_t from_ns; /* gap */
	struct gap_info gap; /* gap */
	uint64_t offset; /* block: for damages */
	struct block_header h;
	uint8_t payload[];
};

int merge_init(struct merge *m, struct blocks *blocks)
{
	*m = (struct merge){.blocks = blocks};
	m->out = malloc(OUT_EVENTS * sizeof(*m->out));
	m->zstd = ZSTD_createDCtx();
	return m->out && m->zstd ? 0 : -ENOMEM;
}

static void lane_free(struct lane *lane)
{
	while (lane->head) {
		struct item *item = lane->head;

		lane->head = item->next;
		free(item);
	}
	free(lane->current);
	decoder_free(lane->decoder);
	free(lane->run);
	free(lane);
}

void merge_free(struct merge *m)
{
	for (size_t i = 0; i < m->nlanes; i++)
		lane_free(m->lanes[i]);
	free(m->lanes);
	free(m->heap);
	free(m->out);
	ZSTD_freeDCtx(m->zstd);
	*m = (struct merge){0};
}

static struct lane *lane_new(uint16_t cpu)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane) {
		lane->cpu = cpu;
		lane->tail = &lane->head;
	}
	return lane;
}

struct lane *merge_lane(struct merge *m, uint16_t cpu)
{
	uint16_t *slot = &m->lane_of[cpu == CPU_NONE ? FORMAT_MAX_CPUS : cpu];
	struct lane **lanes, **heap;

	if (*slot)
		return m->lanes[*slot - 1];
	lanes = realloc(m->lanes, (m->nlanes + 1) * sizeof(*lanes));
	if (lanes)
		m->lanes = lanes;
	heap = realloc(m->heap, (m->nlanes + 1) * sizeof(*heap));
	if (heap)
		m->heap = heap;
	if (!lanes || !heap)
		return NULL;
	lanes[m->nlanes] = lane_new(cpu);
	if (!lanes[m->nlanes])
		return NULL;
	*slot = (uint16_t)++m->nlanes;
	return lanes[m->nlanes - 1];
}

/* At the same instant: what is of no CPU comes first, since it says what others mean. */
static bool goes_first(const struct lane *a, const struct lane *b)
{
	return (uint16_t)(a->cpu + 1) < (uint16_t)(b->cpu + 1);
}

static bool before(const struct lane *a, const struct lane *b)
{
	uint64_t ta = a->run[a->pos].ts, tb = b->run[b->pos].ts;

	return ta != tb ? ta < tb : goes_first(a, b);
}

static void sift_down(struct merge *m, size_t i)
{
	struct lane *lane = m->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= m->nheap)
			break;
		if (child + 1 < m->nheap && before(m->heap[child + 1], m->heap[child]))
			child++;
		if (!before(m->heap[child], lane))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = lane;
}

static void heap_push(struct merge *m, struct lane *lane)
{
	size_t i = m->nheap++;

	lane->in_heap = true;
	while (i > 0 && before(lane, m->heap[(i - 1) / 2])) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = lane;
}

static void heap_drop_top(struct merge *m)
{
	m->heap[0]->in_heap = false;
	m->heap[0] = m->heap[--m->nheap];
	if (m->nheap)
		sift_down(m, 0);
}

static void load_gap(struct lane *lane, uint64_t from_ns, const struct gap_info *gap)
{
	lane->gap = *gap;
	lane->run[0] =
		(struct event){.ts = from_ns, .kind = EV_GAP, .cpu = lane->cpu, .ext = &lane->gap};
	lane->n = 1;
}

/* A block that is whole but makes no sense: its time is a gap. */
static void load_malformed(struct merge *m, struct lane *lane, const struct item *item,
			   const char *why)
{
	const struct block_header *h = &item->h;
	struct gap_info gap = {.end_ns = h->last_ns, .count = h->events, .reason = GAP_CORRUPT};
	struct trace_damage d = {
		.offset = item->offset,
		.from_ns = h->first_ns,
		.to_ns = h->last_ns,
		.cpu = lane->cpu,
		.events = h->events,
	};

	if (lane->cpu == CPU_NONE)
		snprintf(d.what, sizeof(d.what), "block of no CPU: malformed: %s", why);
	else
		snprintf(d.what, sizeof(d.what), "block of CPU %u: malformed: %s", lane->cpu, why);
	blocks_damage(m->blocks, &d);
	if (lane->cpu != CPU_NONE)
		load_gap(lane, h->first_ns, &gap);
}

/* -- what a header says -- */

static void check_begin(struct lane *lane, const struct item *item)
{
	lane->check.h = item->h;
	lane->check.offset = item->offset;
	lane->check.events = lane->check.most_ns = lane->check.lost = 0;
	lane->check.least_ns = UINT64_MAX;
	lane->check.open = true;
}

static void check_run(struct lane *lane)
{
	for (size_t i = 0; i < lane->n; i++) {
		const struct event *ev = &lane->run[i];

		if (ev->ts < lane->check.least_ns)
			lane->check.least_ns = ev->ts;
		if (ev->ts > lane->check.most_ns)
			lane->check.most_ns = ev->ts;
		if (ev->kind == EV_GAP)
			lane->check.lost += ((const struct gap_info *)ev->ext)->count;
	}
	lane->check.events += lane->n;
}

static void disagrees(struct merge *m, const struct lane *lane, const char *what)
{
	struct trace_damage d = {.offset = lane->check.offset, .cpu = lane->cpu};

	if (lane->cpu == CPU_NONE)
		snprintf(d.what, sizeof(d.what), "block of no CPU: %s", what);
	else
		snprintf(d.what, sizeof(d.what), "block of CPU %u: %s", lane->cpu, what);
	blocks_damage(m->blocks, &d);
}

/* The block is at its end. Events of kinds that are not known are not among those that were seen. */
static void check_end(struct merge *m, struct lane *lane)
{
	const struct block_header *h = &lane->check.h;
	bool all = lane->check.events == h->events;

	if (!lane->check.open)
		return;
	lane->check.open = false;
	if (lane->check.events &&
	    (lane->check.least_ns < h->first_ns || lane->check.most_ns > h->last_ns ||
	     (all && (lane->check.least_ns > h->first_ns || lane->check.most_ns < h->last_ns))))
		disagrees(m, lane, "its header has other times than its events");
	if (h->cpu_seq == lane->checked_block && h->lost != lane->checked_lost + lane->check.lost)
		disagrees(m, lane, "its header has another number of lost events than its gaps");
	lane->checked_block = h->cpu_seq + 1;
	lane->checked_lost = h->lost;
}

/* -- lanes -- */

static int open_item(struct merge *m, struct lane *lane)
{
	struct item *item = lane->head;
	const char *why = NULL;
	int ret;

	lane->head = item->next;
	if (!lane->head)
		lane->tail = &lane->head;
	if (item->is_gap) {
		load_gap(lane, item->from_ns, &item->gap);
		free(item);
		return 0;
	}
	m->queued -= item->h.stored_bytes;
	lane->current = item;
	ret = decoder_open(lane->decoder, &item->h, item->payload, &why);
	if (ret == -EBADMSG) {
		load_malformed(m, lane, item, why);
		ret = 0;
	} else if (!ret && m->blocks->check_headers) {
		check_begin(lane, item);
	}
	/* the decoder has its own copy of everything */
	free(lane->current);
	lane->current = NULL;
	return ret;
}

/* Makes events visible in lane->run. 1, 0: the lane is empty, -ENOMEM. */
static int lane_load(struct merge *m, struct lane *lane)
{
	if (!lane->run)
		lane->run = malloc(DECODER_RUN * sizeof(*lane->run));
	if (!lane->decoder)
		lane->decoder = decoder_new(m->zstd);
	if (!lane->run || !lane->decoder)
		return -ENOMEM;
	lane->pos = 0;
	for (;;) {
		int ret;

		lane->n = decoder_run(lane->decoder, lane->run, DECODER_RUN);
		if (lane->check.open)
			check_run(lane);
		if (lane->n)
			return 1;
		check_end(m, lane);
		if (!lane->head)
			return 0;
		ret = open_item(m, lane);
		if (ret)
			return ret;
		if (lane->n)
			return 1;
	}
}

static int append(struct merge *m, struct lane *lane, struct item *item)
{
	int ret;

	item->next = NULL;
	*lane->tail = item;
	lane->tail = &item->next;
	if (lane->in_heap)
		return 0;
	ret = lane_load(m, lane);
	if (ret > 0)
		heap_push(m, lane);
	return ret < 0 ? ret : 0;
}

int merge_block(struct merge *m, struct lane *lane, const struct block *b)
{
	struct item *item = malloc(sizeof(*item) + b->h.stored_bytes);

	if (!item)
		return -ENOMEM;
	*item = (struct item){.offset = b->offset, .h = b->h};
	memcpy(item->payload, b->payload, b->h.stored_bytes);
	m->queued += b->h.stored_bytes;
	return append(m, lane, item);
}

int merge_gap(struct merge *m, struct lane *lane, uint64_t from_ns, const struct gap_info *gap)
{
	struct item *item = malloc(sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = (struct item){.is_gap = true, .from_ns = from_ns, .gap = *gap};
	return append(m, lane, item);
}

bool merge_ready(const struct merge *m, uint64_t horizon_ns)
{
	return m->nheap &&
	       (m->heap[0]->run[m->heap[0]->pos].ts < horizon_ns || horizon_ns == UINT64_MAX);
}

/* The lane at the top has nothing left in its run. */
static int refill_top(struct merge *m)
{
	int ret = lane_load(m, m->heap[0]);

	m->refill = NULL;
	if (ret > 0)
		sift_down(m, 0);
	else
		heap_drop_top(m);
	return ret < 0 ? ret : 0;
}

/* Least ts among the other lanes, or the horizon. */
static uint64_t limit_of_top(const struct merge *m, uint64_t horizon_ns)
{
	for (size_t i = 1; i <= 2 && i < m->nheap; i++) {
		const struct lane *lane = m->heap[i];

		if (lane->run[lane->pos].ts < horizon_ns)
			horizon_ns = lane->run[lane->pos].ts;
	}
	return horizon_ns;
}

/* How many events of the top lane come before all others (at least the first). */
static size_t take_run(const struct lane *lane, uint64_t limit, size_t max)
{
	size_t n = 1;

	while (n < max && lane->run[lane->pos + n].ts < limit)
		n++;
	return n;
}

/* Probably the next SLICE_LEAST events are of this lane (time may step back in between). */
static bool long_run(const struct lane *lane, uint64_t limit)
{
	size_t last = lane->pos + SLICE_LEAST - 1;

	return last < lane->n && lane->run[last].ts < limit;
}

/*
 * Two lanes, the usual case, event by event without a branch that depends on which one is next.
 * Returns how many; stops where a run ends or the horizon is met.
 */
static size_t take_two(struct merge *m, uint64_t horizon_ns)
{
	struct lane *a = m->heap[0], *b = m->heap[1];
	const struct event *pa = a->run + a->pos, *end_a = a->run + a->n;
	const struct event *pb = b->run + b->pos, *end_b = b->run + b->n;
	uint64_t b_wins = goes_first(b, a);
	size_t n = 0;

	while (n < OUT_EVENTS) {
		uint64_t ta = pa->ts, tb = pb->ts;
		bool next = tb < ta + b_wins || (b_wins && ta == UINT64_MAX);

		if ((next ? tb : ta) >= horizon_ns && horizon_ns != UINT64_MAX)
			break;
		m->out[n++] = *(next ? pb : pa);
		pb += next;
		pa += !next;
		if (pa == end_a || pb == end_b) {
			m->refill = next ? b : a;
			break;
		}
	}
	a->pos = (size_t)(pa - a->run);
	b->pos = (size_t)(pb - b->run);
	if (m->refill ? m->refill == b : before(b, a)) {
		m->heap[0] = b;
		m->heap[1] = a;
	}
	return n;
}

/* Any number of lanes, stretch by stretch of the one that is first. */
static size_t take_many(struct merge *m, uint64_t horizon_ns, const struct event **events)
{
	size_t n = 0;

	while (n < OUT_EVENTS && m->nheap && !m->refill) {
		struct lane *lane = m->heap[0];
		const struct event *from = &lane->run[lane->pos];
		size_t left = lane->n - lane->pos, max = left, run;

		if (from->ts >= horizon_ns && horizon_ns != UINT64_MAX)
			break;
		if (n + max > OUT_EVENTS)
			max = OUT_EVENTS - n;
		run = take_run(lane, limit_of_top(m, horizon_ns), max);
		if (run >= SLICE_LEAST && n)
			break; /* in place, on the next call */
		lane->pos += run;
		if (run == left)
			m->refill = lane;
		else
			sift_down(m, 0);
		if (run >= SLICE_LEAST) {
			*events = from;
			return run;
		}
		memcpy(m->out + n, from, run * sizeof(*from));
		n += run;
	}
	return n;
}

int merge_take(struct merge *m, uint64_t horizon_ns, const struct event **events)
{
	int ret = m->refill ? refill_top(m) : 0;

	if (ret)
		return ret;
	*events = m->out;
	if (m->nheap == 2 && !long_run(m->heap[0], limit_of_top(m, horizon_ns)))
		return (int)take_two(m, horizon_ns);
	return (int)take_many(m, horizon_ns, events);
}
