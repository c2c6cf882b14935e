// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "format/output.h"
#include "format/writer.h"

#define BLOCK_EVENTS_DEFAULT 16384u
/*
 * The footer that has no room: tries, with whole blocks taken back in between, the first none, the
 * next these, then four times as many each. A page of a file system is freed as a whole.
 */
#define FOOTER_TRIES	  5
#define FOOTER_ROOM_BYTES 4096u
/* Raw bytes between two SYNC blocks: what a reader of a pipe may have to hold back. */
#define SYNC_BYTES (8u << 20)

struct trace_writer {
	struct output *output;
	uint32_t block_events;
	struct encoder **streams; /* by CPU, NULL until its first event; the last is CPU_NONE's */
	uint32_t nstreams;
	struct encoder *none;
	size_t since_sync; /* raw bytes of the blocks closed since the last SYNC */
	bool dirty; /* something was given since the last SYNC */
	uint64_t oldest_ns; /* of the events given since the last SYNC */
	uint64_t last_ns; /* of all events and checkpoints */
	uint64_t events;
	bool ended; /* the footer was written, or tried, after a failure */
};

static int put_json(struct trace_writer *w, uint8_t type, uint64_t ts, char *json, struct err *err)
{
	size_t len;
	struct raw_block *b;

	if (!json)
		return err_set(err, -ENOMEM, "out of memory for the trace's header");
	len = strlen(json);
	b = raw_block_new(type, len);
	if (b) {
		memcpy(b->data, json, len);
		b->header.first_ns = b->header.last_ns = ts;
	}
	free(json);
	if (!b)
		return err_set(err, -ENOMEM, "out of memory for the trace's header");
	return output_put(w->output, b, err);
}

int trace_writer_new(struct trace_writer **out, int fd, const struct trace_writer_options *opt,
		     const struct meta *meta, struct err *err)
{
	struct trace_writer *w = calloc(1, sizeof(*w));
	int ret;

	*out = NULL;
	if (!w)
		return err_set(err, -ENOMEM, "out of memory for the trace writer");
	w->block_events = opt->block_events ? opt->block_events : BLOCK_EVENTS_DEFAULT;
	if (w->block_events > BLOCK_MAX_EVENTS)
		w->block_events = BLOCK_MAX_EVENTS;
	w->oldest_ns = UINT64_MAX;
	ret = output_new(&w->output, fd, opt, err);
	if (!ret)
		ret = put_json(w, BLOCK_META, meta->start_ns, meta_to_json(meta), err);
	if (ret) {
		trace_writer_free(w);
		return ret;
	}
	*out = w;
	return 0;
}

void trace_writer_free(struct trace_writer *w)
{
	if (!w)
		return;
	output_free(w->output);
	for (uint32_t i = 0; i < w->nstreams; i++)
		encoder_free(w->streams[i]);
	free(w->streams);
	encoder_free(w->none);
	free(w);
}

static int stream_new(struct trace_writer *w, uint16_t cpu, struct encoder **at, struct err *err)
{
	*at = encoder_new(cpu, w->block_events);
	return *at ? 0 : err_set(err, -ENOMEM, "out of memory for the events of CPU %u", cpu);
}

static int grow_streams(struct trace_writer *w, uint32_t n, struct err *err)
{
	struct encoder **list = realloc(w->streams, n * sizeof(*list));

	if (!list)
		return err_set(err, -ENOMEM, "out of memory for the streams of %u CPUs", n);
	memset(list + w->nstreams, 0, (n - w->nstreams) * sizeof(*list));
	w->streams = list;
	w->nstreams = n;
	return 0;
}

static int stream_of(struct trace_writer *w, uint16_t cpu, struct encoder **out, struct err *err)
{
	struct encoder **at = &w->none;
	int ret = 0;

	if (cpu != CPU_NONE) {
		if (cpu >= FORMAT_MAX_CPUS)
			return err_set(err, -EINVAL, "CPU %u is beyond what a trace can hold", cpu);
		if (cpu >= w->nstreams)
			ret = grow_streams(w, cpu + 1u, err);
		if (ret)
			return ret;
		at = &w->streams[cpu];
	}
	if (!*at)
		ret = stream_new(w, cpu, at, err);
	*out = *at;
	return ret;
}

static int close_block(struct trace_writer *w, struct encoder *e, struct err *err)
{
	struct raw_block *b;

	if (!e || !encoder_events(e))
		return 0;
	b = encoder_close(e);
	if (!b)
		return err_set(err, -ENOMEM, "out of memory for a block of the trace");
	w->since_sync += b->bytes;
	return output_put(w->output, b, err);
}

int trace_write_event(struct trace_writer *w, const struct event *ev, struct err *err)
{
	struct encoder *e = NULL;
	int ret = output_error(w->output, err);

	if (ret)
		return ret;
	if (ev->kind == EV_CHECKPOINT)
		return trace_write_checkpoint(w, ev->ext, err);
	if (ev->cpu < w->nstreams && w->streams[ev->cpu])
		e = w->streams[ev->cpu];
	else
		ret = stream_of(w, ev->cpu, &e, err);
	if (!ret)
		ret = encoder_add(e, ev, err);
	if (ret)
		return ret;
	w->dirty = true;
	w->events++;
	if (ev->ts < w->oldest_ns)
		w->oldest_ns = ev->ts;
	if (ev->ts > w->last_ns)
		w->last_ns = ev->ts;
	return encoder_full(e) ? close_block(w, e, err) : 0;
}

static int close_all(struct trace_writer *w, struct err *err)
{
	int ret = close_block(w, w->none, err);

	for (uint32_t i = 0; i < w->nstreams && !ret; i++)
		ret = close_block(w, w->streams[i], err);
	return ret;
}

static bool put_mark(struct buf *list, const struct encoder *e, uint16_t cpu)
{
	struct stream_mark mark = {.cpu = cpu};

	if (!e)
		return true;
	mark.blocks = encoder_blocks(e);
	mark.events = encoder_total(e);
	mark.lost = encoder_lost(e);
	return buf_add(list, &mark, sizeof(mark));
}

/* How far every stream has come: lets a reader see which CPU's blocks are missing. */
static bool put_marks(struct trace_writer *w, struct buf *out)
{
	struct buf list = {0};
	bool ok = put_mark(&list, w->none, CPU_NONE);

	for (uint32_t i = 0; i < w->nstreams && ok; i++)
		ok = put_mark(&list, w->streams[i], (uint16_t)i);
	ok = ok && section_put(out, SECTION_STREAMS, &fields_stream, list.data,
			       list.len / sizeof(struct stream_mark));
	buf_free(&list);
	return ok;
}

/* Hands a block with this payload over; `ok`: the payload is whole. Frees the payload. */
static int put_payload(struct trace_writer *w, uint8_t type, uint64_t first_ns, uint64_t last_ns,
		       struct buf *payload, bool ok, struct err *err)
{
	struct raw_block *b = ok && payload->len <= BLOCK_MAX_RAW
				      ? raw_block_new(type, payload->len)
				      : NULL;

	if (b) {
		memcpy(b->data, payload->data, payload->len);
		b->header.first_ns = first_ns;
		b->header.last_ns = last_ns;
	}
	buf_free(payload);
	if (!b)
		return err_set(err, -ENOMEM, "out of memory for a %s block of the trace",
			       block_type_name(type));
	return output_put(w->output, b, err);
}

static int sync(struct trace_writer *w, uint64_t horizon_ns, struct err *err)
{
	struct buf payload = {0};
	int ret = close_all(w, err);

	if (ret)
		return ret;
	w->dirty = false;
	w->since_sync = 0;
	w->oldest_ns = UINT64_MAX;
	return put_payload(w, BLOCK_SYNC, horizon_ns, w->last_ns, &payload, put_marks(w, &payload),
			   err);
}

int trace_writer_flush(struct trace_writer *w, uint64_t horizon_ns, uint64_t max_age_ns,
		       struct err *err)
{
	int ret = output_error(w->output, err);

	if (ret || !w->dirty)
		return ret;
	if (max_age_ns && w->since_sync < SYNC_BYTES &&
	    (horizon_ns < w->oldest_ns || horizon_ns - w->oldest_ns < max_age_ns))
		return 0;
	return sync(w, horizon_ns, err);
}

int trace_writer_sync(struct trace_writer *w, uint64_t horizon_ns, struct err *err)
{
	int ret = trace_writer_flush(w, horizon_ns, 0, err);

	return ret ? ret : output_drain(w->output, err);
}

int trace_write_checkpoint(struct trace_writer *w, const struct checkpoint *ck, struct err *err)
{
	struct buf payload = {0};
	int ret = output_error(w->output, err);

	if (!ret)
		ret = sync(w, ck->ts, err);
	if (ret)
		return ret;
	if (ck->ts > w->last_ns)
		w->last_ns = ck->ts;
	return put_payload(w, BLOCK_CHECKPOINT, ck->ts, ck->ts, &payload,
			   checkpoint_put(&payload, ck), err);
}

void trace_writer_totals(const struct trace_writer *w, uint64_t *events, uint64_t *bytes)
{
	*events = w->events;
	*bytes = output_bytes(w->output);
}

static bool put_index_payload(struct trace_writer *w, const struct output_totals *t,
			      struct buf *out)
{
	struct totals_mark totals = {
		.first_ns = t->first_ns == UINT64_MAX ? 0 : t->first_ns,
		.last_ns = t->last_ns,
		.events = t->events,
	};
	const struct segment_mark *segments;
	size_t n;

	segments = output_segments(w->output, &n, &totals.end_offset);
	return section_put(out, SECTION_SEGMENTS, &fields_segment, segments, n) &&
	       section_put(out, SECTION_TOTALS, &fields_totals, &totals, 1);
}

static int put_index(struct trace_writer *w, struct err *err)
{
	struct buf payload = {0}, trailer = {0};
	uint64_t offset = output_bytes(w->output);
	struct output_totals t;
	bool ok;
	int ret;

	output_totals(w->output, &t);
	ret = put_payload(w, BLOCK_INDEX, t.first_ns, t.last_ns, &payload,
			  put_index_payload(w, &t, &payload), err);
	if (ret)
		return ret;
	ok = buf_reserve(&trailer, TRAILER_PAYLOAD_BYTES);
	if (ok) {
		le64_put(trailer.data, offset);
		trailer.len = TRAILER_PAYLOAD_BYTES;
	}
	return put_payload(w, BLOCK_TRAILER, t.first_ns, t.last_ns, &trailer, ok, err);
}

/* END, the index and the trailer. */
static int put_footer(struct trace_writer *w, const struct meta_end *end, struct err *err)
{
	int ret = put_json(w, BLOCK_END, end->end_ns, meta_end_to_json(end), err);

	if (!ret)
		ret = output_drain(w->output, err);
	if (!ret)
		ret = put_index(w, err);
	if (!ret)
		ret = output_drain(w->output, err);
	return ret;
}

static bool is_full(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
}

/*
 * A write failed: the file gets its end all the same, with the word that something is missing.
 * Only for want of room whole blocks are given up for it: where nothing can be written, what is
 * there is worth more.
 */
static void end_after_failure(struct trace_writer *w, const struct meta_end *end, int error,
			      const struct err *why)
{
	struct meta_end told = *end;
	struct output_totals t;
	uint64_t room = 0;
	int ret = error;

	for (int i = 0; i < FOOTER_TRIES && ret; i++) {
		if ((i && !is_full(ret)) || !output_rewind(w->output, room))
			break;
		output_totals(w->output, &t);
		told.cut = !t.whole;
		if (told.cut)
			snprintf(told.stopped_by, sizeof(told.stopped_by), "%s",
				 strerrorname_np(-error));
		ret = put_footer(w, &told, NULL);
		room = room ? 4 * room : FOOTER_ROOM_BYTES;
	}
	if (ret) /* no END: whole blocks at least */
		output_rewind(w->output, 0);
	output_fail(w->output, error, why);
	output_totals(w->output, &t);
	w->events = t.events;
	w->ended = true;
}

int trace_writer_finish(struct trace_writer *w, const struct meta_end *end, struct err *err)
{
	struct err own;
	int ret = output_error(w->output, &own);

	if (!ret)
		ret = sync(w, UINT64_MAX, &own);
	if (!ret)
		ret = put_footer(w, end, &own);
	if (ret && !w->ended)
		end_after_failure(w, end, ret, &own);
	if (ret && err)
		*err = own;
	return ret;
}
