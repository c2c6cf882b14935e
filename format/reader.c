// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "format/reader.h"
#include "format/stream.h"

/* A damaged file header: how far to look for a block before this is no trace at all. */
#define SEARCH_BYTES (1u << 20)

struct trace {
	struct blocks blocks;
	uint16_t major, minor;
	struct meta meta;
	uint64_t first_block; /* offset */
	struct segment_mark *segments; /* of a file, in order */
	uint32_t nsegments;
	uint64_t first_ns, last_ns;
	bool end_seen;
	struct meta_end end;
	bool streaming; /* the source is open */
	bool streamed; /* a pipe can do that once */
	struct source source;
	struct stream stream;
};

static int not_a_trace(const char *path, bool empty, struct err *err)
{
	const char *what = empty ? "empty, not a trace" : "not a trace";

	if (!strcmp(path, "-"))
		return err_set(err, -EINVAL, "standard input is %s", what);
	return err_set(err, -EINVAL, "'%s' is %s", path, what);
}

/* The file header, or what is left of it; leaves the input at the first block. */
static int read_file_header(struct trace *t, const char *path, struct err *err)
{
	struct input *in = &t->blocks.in;
	struct trace_damage d = {.cpu = CPU_NONE, .what = "the file header is damaged"};
	const uint8_t *at;
	int ret = input_want(in, FILE_HEADER_BYTES, err);

	if (ret == -EISDIR)
		return err_set(err, -EINVAL, "'%s' is a directory, not a trace", path);
	if (ret)
		return err_context(err, "'%s'", path), ret;
	if (!input_left(in))
		return not_a_trace(path, true, err);
	ret = input_left(in) < FILE_HEADER_BYTES
		      ? -EINVAL
		      : file_header_unpack(input_data(in), &t->major, &t->minor);
	if (ret == -EPROTO)
		return err_set(
			err, ret,
			"'%s' has trace format %u.%u, this rstat reads %u.x: use a newer one", path,
			t->major, t->minor, FORMAT_MAJOR);
	if (ret == 0) {
		input_skip(in, FILE_HEADER_BYTES);
		return 0;
	}
	/* the blocks carry the version too: if there is one, this is a trace */
	ret = input_want(in, SEARCH_BYTES, err);
	if (ret)
		return ret;
	at = memmem(input_data(in), input_left(in), BLOCK_MAGIC, MAGIC_BYTES);
	if (!at)
		return not_a_trace(path, false, err);
	t->major = FORMAT_MAJOR;
	t->minor = FORMAT_MINOR;
	input_skip(in, (size_t)(at - input_data(in)));
	blocks_damage(&t->blocks, &d);
	return 0;
}

/* META, when it is the next block and whole. Leaves the input behind it. */
static int read_meta(struct trace *t, struct err *err)
{
	struct input *in = &t->blocks.in;
	struct block_header h;
	struct buf raw = {0};
	struct block b;
	int ret = input_want(in, BLOCK_HEADER_BYTES, err);

	if (ret)
		return ret;
	if (input_left(in) < BLOCK_HEADER_BYTES || !block_header_unpack(&h, input_data(in)) ||
	    h.type != BLOCK_META)
		return 0;
	ret = blocks_next(&t->blocks, &b, err);
	if (ret < 0)
		return ret;
	ret = -EBADMSG;
	if (b.payload && buf_reserve(&raw, h.raw_bytes + 1))
		ret = block_decompress(&h, b.payload, raw.data);
	if (!ret)
		ret = meta_from_json(&t->meta, (char *)raw.data, h.raw_bytes, NULL);
	buf_free(&raw);
	if (ret) {
		struct trace_damage d = {
			.offset = b.offset, .cpu = CPU_NONE, .what = "the META block is damaged"};

		blocks_damage(&t->blocks, &d);
	}
	return 0;
}

/* Reads the block at offset if it is of this type and whole: *raw gets its payload, the input stands
 * behind it. */
static int read_block_at(struct trace *t, uint64_t offset, uint8_t type, struct buf *raw)
{
	struct input *in = &t->blocks.in;
	struct block_header h;
	const uint8_t *payload;
	int ret;

	input_seek(in, offset);
	ret = input_want(in, BLOCK_HEADER_BYTES, NULL);
	if (ret)
		return ret;
	if (input_left(in) < BLOCK_HEADER_BYTES || !block_header_unpack(&h, input_data(in)) ||
	    h.type != type)
		return -EBADMSG;
	ret = input_want(in, BLOCK_HEADER_BYTES + (size_t)h.stored_bytes, NULL);
	if (ret)
		return ret;
	if (input_left(in) < BLOCK_HEADER_BYTES + (size_t)h.stored_bytes)
		return -EBADMSG;
	payload = input_data(in) + BLOCK_HEADER_BYTES;
	raw->len = 0;
	if (!block_payload_ok(&h, payload))
		return -EBADMSG;
	if (!buf_reserve(raw, h.raw_bytes + 1))
		return -ENOMEM;
	ret = block_decompress(&h, payload, raw->data);
	raw->len = ret ? 0 : h.raw_bytes;
	input_skip(in, BLOCK_HEADER_BYTES + h.stored_bytes);
	return ret;
}

static int read_index_sections(struct trace *t, const struct buf *raw, struct totals_mark *totals)
{
	struct span payload = {raw->data, raw->data + raw->len}, records;
	uint64_t id, n;
	int ret;

	while ((ret = section_next(&payload, &id, &n, &records)) > 0) {
		ret = 0;
		if (id == SECTION_SEGMENTS)
			ret = section_array(records, n, &fields_segment, (void **)&t->segments,
					    &t->nsegments);
		else if (id == SECTION_TOTALS && !section_get(&records, &fields_totals, totals))
			ret = -EBADMSG;
		if (ret)
			return ret;
	}
	return ret;
}

/* In order, inside the file. */
static bool segments_plausible(const struct trace *t, uint64_t size)
{
	for (uint32_t i = 0; i < t->nsegments; i++) {
		const struct segment_mark *s = &t->segments[i];

		if (s->offset < t->first_block || s->offset >= size ||
		    (i && (s->offset <= s[-1].offset || s->ts < s[-1].ts)))
			return false;
	}
	return true;
}

static int load_index(struct trace *t, uint64_t size, struct buf *raw)
{
	struct totals_mark totals = {0};
	uint64_t at;
	int ret;

	if (size < TRAILER_BYTES)
		return -EBADMSG;
	ret = read_block_at(t, size - TRAILER_BYTES, BLOCK_TRAILER, raw);
	if (ret || raw->len != TRAILER_PAYLOAD_BYTES)
		return -EBADMSG;
	at = le64_get(raw->data);
	if (at >= size)
		return -EBADMSG;
	ret = read_block_at(t, at, BLOCK_INDEX, raw);
	if (!ret)
		ret = read_index_sections(t, raw, &totals);
	if (ret)
		return ret;
	if (!segments_plausible(t, size) || totals.end_offset >= size)
		return -EBADMSG;
	ret = read_block_at(t, totals.end_offset, BLOCK_END, raw);
	if (!ret)
		ret = meta_end_from_json(&t->end, (char *)raw->data, raw->len, NULL);
	if (ret)
		return ret;
	t->end_seen = true;
	t->first_ns = totals.first_ns;
	t->last_ns = totals.last_ns > t->end.end_ns ? totals.last_ns : t->end.end_ns;
	return 0;
}

static int scan_segment(struct trace *t, const struct block *b, uint64_t sync_offset)
{
	struct segment_mark *list = realloc(t->segments, (t->nsegments + 1) * sizeof(*t->segments));

	if (!list)
		return -ENOMEM;
	t->segments = list;
	list[t->nsegments++] = (struct segment_mark){sync_offset ? sync_offset : b->offset,
						     b->h.first_ns};
	return 0;
}

static void scan_times(struct trace *t, const struct block_header *h)
{
	if (h->type != BLOCK_EVENTS && h->type != BLOCK_CHECKPOINT && h->type != BLOCK_SYNC)
		return;
	if (h->first_ns < t->first_ns && h->type != BLOCK_SYNC)
		t->first_ns = h->first_ns;
	if (h->last_ns > t->last_ns && h->last_ns != UINT64_MAX)
		t->last_ns = h->last_ns;
	/* the horizon of a SYNC; the last one says "everything" */
	if (h->first_ns > t->last_ns && h->first_ns != UINT64_MAX)
		t->last_ns = h->first_ns;
}

/* Without an index: from header to header. */
static int scan(struct trace *t, struct err *err)
{
	uint64_t sync_offset = 0, end_offset = 0;
	struct buf raw = {0};
	struct block b;
	int ret;

	t->nsegments = 0;
	t->first_ns = UINT64_MAX;
	t->last_ns = 0;
	blocks_seek(&t->blocks, t->first_block, true);
	t->blocks.in.chunk = INPUT_CHUNK_HOPS;
	while ((ret = blocks_hop(&t->blocks, &b, err)) > 0) {
		scan_times(t, &b.h);
		if (b.h.type == BLOCK_CHECKPOINT && scan_segment(t, &b, sync_offset)) {
			ret = err_set(err, -ENOMEM, "out of memory for the index of the trace");
			break;
		}
		if (b.h.type == BLOCK_END)
			end_offset = b.offset;
		if (b.h.type == BLOCK_TRAILER)
			break;
		sync_offset = b.h.type == BLOCK_SYNC ? b.offset : 0;
	}
	t->blocks.in.chunk = INPUT_CHUNK;
	if (ret < 0)
		return ret;
	if (t->first_ns == UINT64_MAX)
		t->first_ns = t->meta.start_ns;
	if (end_offset && !read_block_at(t, end_offset, BLOCK_END, &raw) &&
	    !meta_end_from_json(&t->end, (char *)raw.data, raw.len, NULL)) {
		t->end_seen = true;
		t->last_ns = t->end.end_ns > t->last_ns ? t->end.end_ns : t->last_ns;
	}
	buf_free(&raw);
	return 0;
}

static void index_is_missing(struct trace *t, uint64_t size)
{
	struct trace_damage d = {.offset = size, .cpu = CPU_NONE};

	snprintf(d.what, sizeof(d.what), "%s",
		 t->end_seen ? "the index is missing or damaged" : "the end is missing");
	blocks_damage(&t->blocks, &d);
}

static int read_ends(struct trace *t, struct err *err)
{
	struct buf raw = {0};
	uint64_t size = 0;
	int ret = input_size(&t->blocks.in, &size, err);

	if (ret)
		return ret;
	ret = load_index(t, size, &raw);
	buf_free(&raw);
	if (!ret)
		return 0;
	free(t->segments);
	t->segments = NULL;
	t->nsegments = 0;
	meta_end_free(&t->end);
	ret = scan(t, err);
	if (!ret)
		index_is_missing(t, size);
	return ret;
}

static int open_trace(struct trace **out, const char *path, bool spool, struct err *err)
{
	struct trace *t = calloc(1, sizeof(*t));
	int ret;

	*out = NULL;
	if (!t)
		return err_set(err, -ENOMEM, "out of memory for reading '%s'", path);
	ret = input_open(&t->blocks.in, path, err);
	if (ret) {
		free(t);
		return ret;
	}
	if (spool)
		ret = input_spool(&t->blocks.in, err);
	if (!ret)
		ret = read_file_header(t, path, err);
	t->first_block = t->blocks.in.offset;
	blocks_seek(&t->blocks, t->first_block, true);
	if (!ret)
		ret = read_meta(t, err);
	t->first_ns = t->last_ns = t->meta.start_ns;
	if (!ret && t->blocks.in.seekable)
		ret = read_ends(t, err);
	if (ret) {
		trace_close(t);
		return ret;
	}
	*out = t;
	return 0;
}

int trace_open(struct trace **out, const char *path, struct err *err)
{
	return open_trace(out, path, false, err);
}

int trace_open_spooled(struct trace **out, const char *path, struct err *err)
{
	return open_trace(out, path, true, err);
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	if (t->streaming)
		stream_free(&t->stream);
	input_close(&t->blocks.in);
	free(t->blocks.damages);
	free(t->segments);
	meta_free(&t->meta);
	meta_end_free(&t->end);
	free(t);
}

void trace_check_headers(struct trace *t)
{
	t->blocks.check_headers = true;
}

const struct meta *trace_meta(const struct trace *t)
{
	return &t->meta;
}

const struct meta_end *trace_end(const struct trace *t)
{
	return t->end_seen ? &t->end : NULL;
}

bool trace_complete(const struct trace *t)
{
	return t->end_seen && !t->end.cut && !t->blocks.ndamages;
}

void trace_version(const struct trace *t, uint16_t *major, uint16_t *minor)
{
	*major = t->major;
	*minor = t->minor;
}

bool trace_is_pipe(const struct trace *t)
{
	return !t->blocks.in.seekable;
}

void trace_span(const struct trace *t, uint64_t *first_ns, uint64_t *last_ns)
{
	*first_ns = t->meta.start_ns ? t->meta.start_ns : t->first_ns;
	*last_ns = t->last_ns > *first_ns ? t->last_ns : *first_ns;
}

size_t trace_damages(const struct trace *t, const struct trace_damage **list)
{
	*list = t->blocks.damages;
	return t->blocks.ndamages;
}

size_t trace_damages_more(const struct trace *t)
{
	return t->blocks.damages_more;
}

static int source_next(struct source *src, const struct event **events, struct err *err)
{
	struct trace *t = (struct trace *)((char *)src - offsetof(struct trace, source));
	int n = stream_next(&t->stream, events, err);

	if (t->blocks.in.seekable)
		return n;
	/* what a file told when it was opened comes bit by bit from a pipe */
	if (t->stream.last_ns > t->last_ns)
		t->last_ns = t->stream.last_ns;
	if (t->stream.end_seen && !t->end_seen) {
		t->end = t->stream.end;
		t->stream.end = (struct meta_end){0};
		t->end_seen = true;
		if (t->end.end_ns > t->last_ns)
			t->last_ns = t->end.end_ns;
	}
	return n;
}

static void source_close(struct source *src)
{
	struct trace *t = (struct trace *)((char *)src - offsetof(struct trace, source));

	if (t->streaming)
		stream_free(&t->stream);
	t->streaming = false;
}

/* Whether reading can begin here: the checkpoint and how far the streams were before it. */
static bool segment_whole(struct trace *t, uint64_t offset)
{
	struct buf raw = {0};
	struct checkpoint ck = {0};
	bool whole = !read_block_at(t, offset, BLOCK_SYNC, &raw) &&
		     !read_block_at(t, t->blocks.in.offset, BLOCK_CHECKPOINT, &raw) &&
		     !checkpoint_get(&ck, (struct span){raw.data, raw.data + raw.len});

	checkpoint_clear(&ck);
	buf_free(&raw);
	return whole;
}

/*
 * Offset of the last segment that starts at or before from_ns and is whole there; the first block
 * when none is.
 */
static uint64_t segment_before(struct trace *t, uint64_t from_ns)
{
	uint32_t i = 0;

	while (i < t->nsegments && t->segments[i].ts <= from_ns)
		i++;
	while (i-- > 1) /* the first segment is the start of the trace */
		if (segment_whole(t, t->segments[i].offset))
			return t->segments[i].offset;
	return t->first_block;
}

int trace_source(struct trace *t, uint64_t from_ns, uint64_t to_ns, struct source **out,
		 struct err *err)
{
	uint64_t offset = t->first_block;
	int ret;

	*out = NULL;
	if (t->streaming)
		return err_set(err, -EBUSY, "the trace is being read already");
	if (!t->blocks.in.seekable && t->streamed)
		return err_set(err, -ESPIPE, "a trace from a pipe can be read only once");
	if (t->blocks.in.seekable) {
		offset = segment_before(t, from_ns);
		blocks_seek(&t->blocks, offset, offset == t->first_block);
	}
	ret = stream_init(&t->stream, &t->blocks, &t->meta, offset == t->first_block, to_ns, err);
	if (ret)
		return ret;
	t->streaming = t->streamed = true;
	t->source = (struct source){.next = source_next, .close = source_close};
	*out = &t->source;
	return 0;
}
