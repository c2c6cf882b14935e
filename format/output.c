// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/array.h"
#include "format/output.h"

/* Smaller columns are kept as they are: a frame costs as much as it saves. */
#define COMPRESS_MIN 32u

/* So many blocks at the end can be taken back: some seconds of a busy machine. */
#define PAST_BLOCKS 256u

/* What the whole blocks so far are; restored when the next one fails. */
struct progress {
	uint64_t seq, offset, sync_offset, end_offset;
	struct output_totals totals;
	size_t nsegments;
	uint8_t last_type;
	bool footer; /* END or INDEX is there */
};

struct job {
	struct job *next;
	struct raw_block *block;
};

struct output {
	int fd, level;
	bool background;
	ssize_t (*write)(void *ctx, int fd, const void *data, size_t bytes);
	void *write_ctx;
	/* of whoever writes: the thread, or the caller without one */
	ZSTD_CCtx *zstd;
	struct buf packed;
	struct progress now;
	struct progress past[PAST_BLOCKS]; /* before each of the last blocks, a ring */
	uint64_t npast; /* ever added, less those taken back */
	unsigned int kept; /* of them, in the ring */
	struct segment_mark *segments;
	uint32_t segments_cap;
	bool rewindable; /* a regular file, ours from its first byte */
	/* shared */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, less; /* jobs came; jobs were written */
	struct job *head, **tail;
	size_t queued;
	bool busy, stop;
	_Atomic int error;
	struct err err; /* written before error */
	_Atomic uint64_t bytes;
};

static ssize_t plain_write(void *ctx, int fd, const void *data, size_t bytes)
{
	(void)ctx;
	return write(fd, data, bytes);
}

static int wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* Every byte that reaches the file goes through here. */
static int write_all(struct output *o, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = o->write(o->write_ctx, o->fd, data, bytes);
		int ret = 0;

		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
			o->bytes += (uint64_t)n;
			continue;
		}
		if (n == 0)
			return -EIO; /* no progress and no reason: do not spin */
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			ret = wait_writable(o->fd);
		else if (errno != EINTR)
			ret = -errno;
		if (ret)
			return ret;
	}
	return 0;
}

/* Appends one column; returns whether it was compressed, or a negative errno. */
static int pack_column(struct output *o, const uint8_t *data, size_t bytes)
{
	struct buf *out = &o->packed;
	size_t n;

	if (!buf_reserve(out, ZSTD_compressBound(bytes)))
		return -ENOMEM;
	if (o->level && bytes >= COMPRESS_MIN) {
		n = ZSTD_compressCCtx(o->zstd, out->data + out->len, out->cap - out->len, data,
				      bytes, o->level);
		if (!ZSTD_isError(n) && n < bytes) {
			out->len += n;
			return 1;
		}
	}
	buf_add(out, data, bytes);
	return 0;
}

/* Columns of an EVENTS block, each on its own, behind a directory. */
static int pack_columns(struct output *o, const struct raw_block *b)
{
	struct buf *out = &o->packed;
	size_t room = VARINT_MAX * (1 + 4 * (size_t)b->ncolumns), start = out->len, in = 0;
	uint8_t directory[VARINT_MAX * (1 + 4 * MAX_COLUMNS)], *p = directory;

	/* the columns first, behind the most that the directory can take; then move them up */
	if (!buf_reserve(out, room))
		return -ENOMEM;
	out->len += room;
	p = varint_put(p, b->ncolumns);
	for (uint32_t i = 0; i < b->ncolumns; i++) {
		size_t before = out->len;
		int zstd = pack_column(o, b->data + in, b->columns[i].bytes);

		if (zstd < 0)
			return zstd;
		p = varint_put(p, b->columns[i].id);
		p = varint_put(p, zstd ? CODEC_ZSTD : CODEC_STORED);
		p = varint_put(p, b->columns[i].bytes);
		p = varint_put(p, out->len - before);
		in += b->columns[i].bytes;
	}
	memcpy(out->data + start, directory, (size_t)(p - directory));
	memmove(out->data + start + (p - directory), out->data + start + room,
		out->len - start - room);
	out->len -= room - (size_t)(p - directory);
	return 0;
}

/* Any other block: as a whole. */
static int pack_whole(struct output *o, struct raw_block *b)
{
	size_t start = o->packed.len;
	int zstd = pack_column(o, b->data, b->bytes);

	if (zstd < 0)
		return zstd;
	if (zstd && b->bytes / BLOCK_MAX_RATIO >= o->packed.len - start) {
		o->packed.len = start; /* readers would take it for a bomb */
		zstd = 0;
		if (!buf_add(&o->packed, b->data, b->bytes))
			return -ENOMEM;
	}
	b->header.codec = zstd ? CODEC_ZSTD : CODEC_STORED;
	b->header.raw_bytes = (uint32_t)b->bytes;
	return 0;
}

static int note_segment(struct output *o, uint64_t ts)
{
	struct progress *now = &o->now;

	if (!ARRAY_ROOM(o->segments, o->segments_cap, now->nsegments))
		return -ENOMEM;
	o->segments[now->nsegments++] = (struct segment_mark){
		.offset = now->last_type == BLOCK_SYNC ? now->sync_offset : now->offset,
		.ts = ts,
	};
	return 0;
}

static void note_times(struct output_totals *t, const struct block_header *h)
{
	if (h->first_ns < t->first_ns)
		t->first_ns = h->first_ns;
	if (h->last_ns > t->last_ns)
		t->last_ns = h->last_ns;
}

static int note(struct output *o, const struct block_header *h)
{
	struct progress *now = &o->now;

	switch (h->type) {
	case BLOCK_EVENTS:
		note_times(&now->totals, h);
		now->totals.events += h->events;
		break;
	case BLOCK_SYNC:
		now->sync_offset = now->offset;
		now->totals.whole = h->first_ns == UINT64_MAX;
		break;
	case BLOCK_END:
		now->end_offset = now->offset;
		now->footer = true;
		break;
	case BLOCK_INDEX: now->footer = true; break;
	case BLOCK_CHECKPOINT: note_times(&now->totals, h); return note_segment(o, h->first_ns);
	}
	return 0;
}

static void push_progress(struct output *o)
{
	o->past[o->npast++ % PAST_BLOCKS] = o->now;
	if (o->kept < PAST_BLOCKS)
		o->kept++;
}

static void pop_progress(struct output *o)
{
	o->now = o->past[--o->npast % PAST_BLOCKS];
	o->kept--;
}

static int write_block(struct output *o, struct raw_block *b)
{
	struct buf *out = &o->packed;
	size_t header;
	int ret;

	out->len = 0;
	if (!buf_reserve(out, FILE_HEADER_BYTES + BLOCK_HEADER_BYTES))
		return -ENOMEM;
	if (!o->now.offset) {
		file_header_pack(out->data);
		out->len = o->now.offset = FILE_HEADER_BYTES;
	}
	header = out->len;
	out->len += BLOCK_HEADER_BYTES;
	ret = note(o, &b->header);
	if (ret)
		return ret;
	ret = b->ncolumns ? pack_columns(o, b) : pack_whole(o, b);
	if (ret)
		return ret;
	b->header.seq = o->now.seq++;
	b->header.segment = (uint32_t)o->now.nsegments;
	b->header.stored_bytes = (uint32_t)(out->len - header - BLOCK_HEADER_BYTES);
	block_header_pack(out->data + header, &b->header, out->data + header + BLOCK_HEADER_BYTES);
	o->now.last_type = b->header.type;
	o->now.offset += out->len - header;
	return write_all(o, out->data, out->len);
}

/* Writes and frees a block, unless something failed before. */
static void do_job(struct output *o, struct raw_block *b)
{
	int ret = 0;

	if (!o->error) {
		push_progress(o);
		ret = write_block(o, b);
	}
	free(b);
	if (ret) {
		pop_progress(o);
		err_errno(&o->err, ret,
			  ret == -ENOMEM ? "cannot compress the trace" : "cannot write the trace");
		o->error = ret;
	}
}

static void *output_thread(void *arg)
{
	struct output *o = arg;

	pthread_mutex_lock(&o->lock);
	for (;;) {
		struct job *job = o->head;
		size_t bytes;

		if (!job) {
			if (o->stop)
				break;
			pthread_cond_wait(&o->more, &o->lock);
			continue;
		}
		o->head = job->next;
		if (!o->head)
			o->tail = &o->head;
		o->busy = true;
		pthread_mutex_unlock(&o->lock);
		bytes = job->block->bytes;
		do_job(o, job->block);
		free(job);
		pthread_mutex_lock(&o->lock);
		o->queued -= bytes;
		o->busy = false;
		pthread_cond_broadcast(&o->less);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static int start_thread(struct output *o, struct err *err)
{
	int ret;

	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->more, NULL);
	pthread_cond_init(&o->less, NULL);
	ret = pthread_create(&o->thread, NULL, output_thread, o);
	if (ret) {
		o->background = false;
		return err_errno(err, -ret, "cannot start the writing thread");
	}
	return 0;
}

int output_new(struct output **out, int fd, const struct trace_writer_options *opt, struct err *err)
{
	struct output *o = calloc(1, sizeof(*o));
	struct stat st;
	int ret = 0;

	*out = NULL;
	if (!o)
		return err_set(err, -ENOMEM, "out of memory for the trace writer");
	o->fd = fd;
	o->level = opt->level;
	o->background = opt->background;
	o->write = opt->write ? opt->write : plain_write;
	o->write_ctx = opt->write_ctx;
	o->tail = &o->head;
	o->now.totals.first_ns = UINT64_MAX;
	o->rewindable = !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_size &&
			!lseek(fd, 0, SEEK_CUR);
	o->zstd = ZSTD_createCCtx();
	if (!o->zstd)
		ret = err_set(err, -ENOMEM, "out of memory for the trace writer");
	else if (o->background)
		ret = start_thread(o, err);
	if (ret) {
		o->background = false;
		output_free(o);
		return ret;
	}
	*out = o;
	return 0;
}

static void stop_thread(struct output *o)
{
	struct job *job;

	pthread_mutex_lock(&o->lock);
	while ((job = o->head)) {
		o->head = job->next;
		free(job->block);
		free(job);
	}
	o->stop = true;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->less);
	pthread_cond_destroy(&o->more);
	pthread_mutex_destroy(&o->lock);
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->background)
		stop_thread(o);
	ZSTD_freeCCtx(o->zstd);
	buf_free(&o->packed);
	free(o->segments);
	free(o);
}

struct raw_block *raw_block_new(uint8_t type, size_t bytes)
{
	struct raw_block *b = calloc(1, sizeof(*b) + bytes);

	if (b) {
		b->header.type = type;
		b->header.major = FORMAT_MAJOR;
		b->header.cpu = CPU_NONE;
		b->bytes = bytes;
	}
	return b;
}

int output_error(struct output *o, struct err *err)
{
	int ret = o->error;

	if (ret && err)
		*err = o->err;
	return ret;
}

int output_put(struct output *o, struct raw_block *b, struct err *err)
{
	struct job *job;

	if (!o->background) {
		do_job(o, b);
		return output_error(o, err);
	}
	job = malloc(sizeof(*job));
	if (!job) {
		free(b);
		return err_set(err, -ENOMEM, "out of memory for the trace writer");
	}
	*job = (struct job){.block = b};
	pthread_mutex_lock(&o->lock);
	/* one block always fits, however large */
	while (o->queued && o->queued + b->bytes > OUTPUT_QUEUE_BYTES)
		pthread_cond_wait(&o->less, &o->lock);
	o->queued += b->bytes;
	*o->tail = job;
	o->tail = &job->next;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
	return output_error(o, err);
}

int output_drain(struct output *o, struct err *err)
{
	if (o->background) {
		pthread_mutex_lock(&o->lock);
		while (o->head || o->busy)
			pthread_cond_wait(&o->less, &o->lock);
		pthread_mutex_unlock(&o->lock);
	}
	return output_error(o, err);
}

uint64_t output_bytes(const struct output *o)
{
	return o->bytes;
}

void output_totals(const struct output *o, struct output_totals *totals)
{
	*totals = o->now.totals;
}

const struct segment_mark *output_segments(const struct output *o, size_t *n, uint64_t *end_offset)
{
	*n = o->now.nsegments;
	*end_offset = o->now.end_offset;
	return o->segments;
}

/* Without a checkpoint there is nothing to be read: that far it does not go. */
static bool may_pop(const struct output *o)
{
	return o->kept && o->past[(o->npast - 1) % PAST_BLOCKS].nsegments;
}

bool output_rewind(struct output *o, uint64_t bytes)
{
	uint64_t from;

	output_drain(o, NULL);
	while (o->now.footer && may_pop(o))
		pop_progress(o);
	if (!o->rewindable || o->now.footer || !o->now.nsegments)
		return false;
	from = o->now.offset;
	while (from - o->now.offset < bytes && may_pop(o))
		pop_progress(o);
	if (ftruncate(o->fd, (off_t)o->now.offset) ||
	    lseek(o->fd, (off_t)o->now.offset, SEEK_SET) < 0)
		return false;
	o->bytes = o->now.offset;
	o->error = 0;
	return !bytes || o->now.offset < from;
}

void output_fail(struct output *o, int error, const struct err *why)
{
	output_drain(o, NULL);
	o->err = *why;
	o->error = error;
}
