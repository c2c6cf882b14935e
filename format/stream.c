// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "format/stream.h"

/* A writer that sends no SYNC must not make the reader keep everything. */
#define QUEUED_MAX (64u << 20)

int stream_init(struct stream *s, struct blocks *blocks, const struct meta *meta, bool from_start,
		uint64_t to_ns, struct err *err)
{
	*s = (struct stream){
		.blocks = blocks, .meta = meta, .from_start = from_start, .to_ns = to_ns};
	s->last_ns = meta->start_ns;
	return merge_init(&s->merge, blocks) ? err_set(err, -ENOMEM, "out of memory for the trace")
					     : 0;
}

void stream_free(struct stream *s)
{
	merge_free(&s->merge);
	checkpoint_clear(&s->checkpoint);
	buf_free(&s->checkpoint_payload);
	meta_end_free(&s->end);
	free(s->start_gaps);
}

static void saw(struct stream *s, uint64_t ts)
{
	/* the last SYNC says "everything" with the highest instant there is */
	if (ts > s->last_ns && ts != UINT64_MAX)
		s->last_ns = ts;
}

static void damage(struct stream *s, uint64_t offset, uint16_t cpu, uint64_t from_ns,
		   const struct gap_info *gap, const char *what)
{
	struct trace_damage d = {
		.offset = offset,
		.from_ns = from_ns,
		.to_ns = gap ? gap->end_ns : from_ns,
		.cpu = cpu,
		.events = gap ? gap->count : 0,
	};

	if (cpu != CPU_NONE)
		snprintf(d.what, sizeof(d.what), "CPU %u: %s", cpu, what);
	else
		snprintf(d.what, sizeof(d.what), "%s", what);
	blocks_damage(s->blocks, &d);
}

/* A gap of a lane, and its line in the damages. What no CPU lost is only listed. */
static int gap(struct stream *s, struct lane *lane, uint64_t offset, uint64_t from_ns,
	       struct gap_info info, const char *what)
{
	if (info.end_ns < from_ns)
		info.end_ns = from_ns;
	damage(s, offset, lane->cpu, from_ns, &info, what);
	return lane->cpu == CPU_NONE ? 0 : merge_gap(&s->merge, lane, from_ns, &info);
}

/* Up to here everything of the lane is known. */
static uint64_t known_until(const struct stream *s, const struct lane *lane)
{
	uint64_t ts = lane->last_ns > s->sync_ns ? lane->last_ns : s->sync_ns;

	return ts > s->meta->start_ns ? ts : s->meta->start_ns;
}

/* Blocks of the lane are missing: its next one begins at to_ns, or nothing at all is later. */
static int missing(struct stream *s, struct lane *lane, uint64_t to_ns, uint64_t events,
		   uint64_t lost)
{
	uint64_t from = known_until(s, lane);
	struct gap_info info = {.end_ns = to_ns, .reason = GAP_CORRUPT};

	if (events > lane->events)
		info.count = events - lane->events;
	if (lost > lane->lost)
		info.count += lost - lane->lost;
	if (from > to_ns)
		from = to_ns; /* a stream that steps back in time */
	return gap(s, lane, s->blocks->damaged_at, from, info, "blocks are missing");
}

static int take_damaged(struct stream *s, struct lane *lane, const struct block *b)
{
	const struct block_header *h = &b->h;
	struct gap_info info = {
		.end_ns = h->last_ns,
		.count = h->events,
		.reason = b->cut ? GAP_CUT : GAP_CORRUPT,
	};

	if (h->lost > lane->lost)
		info.count += h->lost - lane->lost;
	return gap(s, lane, b->offset, h->first_ns, info,
		   b->cut ? "the file ends within a block" : "a block's payload is damaged");
}

static int take_events(struct stream *s, const struct block *b)
{
	const struct block_header *h = &b->h;
	struct lane *lane = merge_lane(&s->merge, h->cpu);
	int ret = 0;

	if (!lane)
		return -ENOMEM;
	if (!s->from_start && !s->sync_ns && !lane->next_block) {
		lane->next_block = h->cpu_seq; /* where its stream stood is not known */
		lane->events = h->cpu_events;
		lane->lost = h->lost;
	}
	if (h->cpu_seq < lane->next_block) {
		damage(s, b->offset, h->cpu, h->first_ns, NULL, "a block is out of place");
		return 0;
	}
	if (s->blocks->check_headers && h->cpu_seq == lane->next_block &&
	    h->cpu_events != lane->events)
		damage(s, b->offset, h->cpu, 0, NULL,
		       "a header has another number of events before than there were");
	if (h->cpu_seq > lane->next_block)
		ret = missing(s, lane, h->first_ns, h->cpu_events, 0);
	if (!ret)
		ret = b->payload ? merge_block(&s->merge, lane, b) : take_damaged(s, lane, b);
	lane->next_block = h->cpu_seq + 1;
	lane->events = h->cpu_events + h->events;
	lane->lost = h->lost;
	if (h->last_ns > lane->last_ns)
		lane->last_ns = h->last_ns;
	saw(s, h->last_ns);
	return ret;
}

static int take_mark(struct stream *s, const struct stream_mark *mark, uint64_t to_ns, bool begin)
{
	struct lane *lane;
	int ret = 0;

	if (mark->cpu >= FORMAT_MAX_CPUS && mark->cpu != CPU_NONE)
		return 0;
	lane = merge_lane(&s->merge, mark->cpu);
	if (!lane)
		return -ENOMEM;
	if (mark->blocks <= lane->next_block)
		return 0;
	if (!begin)
		ret = missing(s, lane, to_ns, mark->events, mark->lost);
	lane->next_block = mark->blocks;
	lane->events = mark->events;
	lane->lost = mark->lost;
	return ret;
}

/* What every stream should have brought by now. begin: reading starts here, nothing is missing. */
static int take_marks(struct stream *s, const struct block *b, uint64_t to_ns, bool begin)
{
	struct buf raw = {0};
	struct span payload, records;
	uint64_t id, n;
	int ret = -ENOMEM;

	if (!buf_reserve(&raw, b->h.raw_bytes + 1))
		return -ENOMEM;
	ret = block_decompress(&b->h, b->payload, raw.data);
	payload = (struct span){raw.data, raw.data + b->h.raw_bytes};
	while (!ret && (ret = section_next(&payload, &id, &n, &records)) > 0) {
		ret = 0;
		while (id == SECTION_STREAMS && n-- && !ret) {
			struct stream_mark mark;

			ret = section_get(&records, &fields_stream, &mark)
				      ? take_mark(s, &mark, to_ns, begin)
				      : -EBADMSG;
		}
	}
	buf_free(&raw);
	return ret;
}

static int take_sync(struct stream *s, const struct block *b)
{
	uint64_t horizon = b->h.first_ns;
	bool begin = !s->started && !s->from_start;
	int ret = 0;

	if (horizon != UINT64_MAX)
		saw(s, horizon);
	saw(s, b->h.last_ns);
	if (b->payload)
		ret = take_marks(s, b, b->h.last_ns, begin);
	if (!b->payload || ret == -EBADMSG || ret == -ENOTSUP) {
		damage(s, b->offset, CPU_NONE, horizon, NULL, "a SYNC block is damaged");
		ret = 0;
	}
	if (horizon == UINT64_MAX)
		s->final_sync = true;
	else if (horizon > s->sync_ns)
		s->sync_ns = horizon;
	if (horizon > s->horizon_ns)
		s->horizon_ns = horizon;
	return ret;
}

static int unpack_checkpoint(struct stream *s, const struct block *b)
{
	struct buf *raw = &s->checkpoint_payload;
	int ret;

	checkpoint_clear(&s->checkpoint);
	raw->len = 0;
	if (!buf_reserve(raw, b->h.raw_bytes + 1))
		return -ENOMEM;
	ret = block_decompress(&b->h, b->payload, raw->data);
	if (!ret)
		ret = checkpoint_get(&s->checkpoint,
				     (struct span){raw->data, raw->data + b->h.raw_bytes});
	s->checkpoint.ts = b->h.first_ns;
	return ret;
}

static int take_checkpoint(struct stream *s, const struct block *b)
{
	uint64_t ts = b->h.first_ns;
	int ret = b->payload ? unpack_checkpoint(s, b) : -EBADMSG;

	saw(s, ts);
	if (ret == -EBADMSG || ret == -ENOTSUP) {
		checkpoint_clear(&s->checkpoint);
		damage(s, b->offset, CPU_NONE, ts, NULL, "a checkpoint is damaged");
		return 0;
	}
	s->checkpoint_pending = !ret;
	if (ts > s->horizon_ns)
		s->horizon_ns = ts;
	return ret;
}

static void take_end(struct stream *s, const struct block *b)
{
	struct buf raw = {0};
	int ret = -EBADMSG;

	if (b->payload && buf_reserve(&raw, b->h.raw_bytes + 1))
		ret = block_decompress(&b->h, b->payload, raw.data);
	meta_end_free(&s->end);
	if (!ret)
		ret = meta_end_from_json(&s->end, (char *)raw.data, b->h.raw_bytes, NULL);
	buf_free(&raw);
	s->end_seen = !ret;
	if (ret || !s->end.cut)
		s->final_sync = true; /* END comes after everything */
	if (ret)
		damage(s, b->offset, CPU_NONE, b->h.first_ns, NULL, "the END block is damaged");
	else
		saw(s, s->end.end_ns);
}

/* The last block. A pipe that stays open is not waited for. */
static void take_trailer(struct stream *s, const struct block *b)
{
	struct input *in = &s->blocks->in;

	s->trailer = true;
	if (!b->payload)
		damage(s, b->offset, CPU_NONE, s->last_ns, NULL, "the trailer is damaged");
	if (in->seekable && input_want(in, 1, NULL))
		return;
	if (input_left(in))
		damage(s, in->offset, CPU_NONE, 0, NULL, "bytes after the end of the trace");
}

static int take_block(struct stream *s, const struct block *b)
{
	char what[64];
	int ret = 0;

	switch (b->h.type) {
	case BLOCK_EVENTS: ret = take_events(s, b); break;
	case BLOCK_SYNC: ret = take_sync(s, b); break;
	case BLOCK_CHECKPOINT: ret = take_checkpoint(s, b); break;
	case BLOCK_END: take_end(s, b); break;
	case BLOCK_TRAILER: take_trailer(s, b); break;
	case BLOCK_META: break; /* a damaged one was told of when the trace was opened */
	default:
		if (b->payload)
			break;
		snprintf(what, sizeof(what), "a block of type %u is damaged", b->h.type);
		damage(s, b->offset, CPU_NONE, 0, NULL, what);
	}
	s->started = true;
	return ret;
}

/* The end of the recording is missing: no CPU is known from its last event on. */
static int take_cut(struct stream *s)
{
	struct gap_info info = {.end_ns = s->last_ns, .reason = GAP_CUT};
	int ret = 0;

	for (size_t i = 0; i < s->meta->ncpus; i++)
		if (s->meta->cpus[i].cpu < FORMAT_MAX_CPUS &&
		    !merge_lane(&s->merge, s->meta->cpus[i].cpu))
			return -ENOMEM;
	for (size_t i = 0; i < s->merge.nlanes && !ret; i++) {
		struct lane *lane = s->merge.lanes[i];

		if (lane->cpu != CPU_NONE)
			ret = gap(s, lane, s->blocks->in.offset, known_until(s, lane), info,
				  "the file ends before the recording did");
	}
	return ret;
}

static int take_end_of_input(struct stream *s)
{
	s->ended = true;
	s->horizon_ns = UINT64_MAX;
	if (!s->final_sync)
		return take_cut(s);
	if (!s->trailer && !s->blocks->in.seekable) /* of a file it was seen when it was opened */
		damage(s, s->blocks->in.offset, CPU_NONE, s->last_ns, NULL,
		       s->end_seen ? "the index is missing or damaged" : "the end is missing");
	return 0;
}

/* The oldest block of the busiest lane must go, come what may. */
static void force_horizon(struct stream *s)
{
	if (s->merge.queued > QUEUED_MAX && s->last_ns > s->horizon_ns)
		s->horizon_ns = s->last_ns;
}

/* Reads blocks until more can be delivered. */
static int fill(struct stream *s, struct err *err)
{
	uint64_t horizon = s->horizon_ns;

	while (s->horizon_ns == horizon && !s->checkpoint_pending && !s->ended) {
		struct block b;
		int ret = s->trailer ? 0 : blocks_next(s->blocks, &b, err);

		if (ret < 0)
			return ret;
		ret = ret ? take_block(s, &b) : take_end_of_input(s);
		if (ret)
			return err_set(err, ret, "out of memory for reading the trace");
		force_horizon(s);
	}
	return 0;
}

static int deliver_checkpoint(struct stream *s, const struct event **events)
{
	s->checkpoint_pending = false;
	s->passed_checkpoint = s->checkpoint.ts > s->to_ns;
	s->checkpoint_event = (struct event){
		.ts = s->checkpoint.ts,
		.kind = EV_CHECKPOINT,
		.cpu = CPU_NONE,
		.ext = &s->checkpoint,
	};
	*events = &s->checkpoint_event;
	return 1;
}

/* Everything that the window needs was delivered: every CPU, or a whole segment, is past it. */
static bool past_window(struct stream *s, const struct event *events, int n)
{
	size_t i;

	if (n && events[n - 1].ts <= s->to_ns)
		return false;
	for (i = 0; i < (size_t)n; i++)
		if (events[i].ts > s->to_ns && events[i].kind != EV_CHECKPOINT)
			merge_lane(&s->merge, events[i].cpu)->passed = true;
	if (s->passed_checkpoint)
		return true;
	for (i = 0; i < s->merge.nlanes; i++)
		if (!s->merge.lanes[i]->passed && s->merge.lanes[i]->cpu != CPU_NONE)
			return false;
	return s->merge.nlanes > 0 && s->delivered;
}

/* The first checkpoint is damaged: nothing is known of any CPU at the start. */
static int deliver_start_gaps(struct stream *s, const struct event **events)
{
	size_t n = 0;

	s->start_gaps = calloc(s->merge.nlanes + s->meta->ncpus, sizeof(*s->start_gaps));
	if (!s->start_gaps)
		return -ENOMEM;
	s->start_gap.reason = GAP_CORRUPT;
	s->start_gap.end_ns = s->meta->start_ns;
	for (size_t i = 0; i < s->meta->ncpus; i++)
		if (s->meta->cpus[i].cpu < FORMAT_MAX_CPUS &&
		    !merge_lane(&s->merge, s->meta->cpus[i].cpu))
			return -ENOMEM;
	for (size_t i = 0; i < s->merge.nlanes; i++) {
		if (s->merge.lanes[i]->cpu == CPU_NONE)
			continue;
		s->start_gaps[n++] = (struct event){
			.ts = s->start_gap.end_ns,
			.kind = EV_GAP,
			.cpu = s->merge.lanes[i]->cpu,
			.ext = &s->start_gap,
		};
	}
	*events = s->start_gaps;
	return (int)n;
}

/* What is ready: events, else the checkpoint that waits behind them. */
static int deliver(struct stream *s, const struct event **events)
{
	int n;

	if (!s->delivered && s->from_start && !s->checkpoint_pending && s->blocks->ndamages &&
	    !s->start_gaps && merge_ready(&s->merge, s->horizon_ns)) {
		n = deliver_start_gaps(s, events);
		if (n)
			return n;
	}
	n = merge_take(&s->merge, s->horizon_ns, events);
	return !n && s->checkpoint_pending ? deliver_checkpoint(s, events) : n;
}

int stream_next(struct stream *s, const struct event **events, struct err *err)
{
	int n;

	if (s->to_ns != UINT64_MAX && past_window(s, NULL, 0))
		return 0;
	for (;;) {
		n = deliver(s, events);
		if (n < 0)
			return err_set(err, n, "out of memory for reading the trace");
		if (n)
			break;
		if (s->ended)
			return 0;
		n = fill(s, err);
		if (n)
			return n;
	}
	s->delivered = true;
	if (s->to_ns != UINT64_MAX)
		past_window(s, *events, n);
	return n;
}
