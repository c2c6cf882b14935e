// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "format/encode.h"
#include "format/fields.h"
#include "format/packed.h"

#define SHAPE_SLOTS  512u /* hash slots, a power of two > MAX_SHAPES */
#define TASK_SLOTS   (2 * MAX_TASKS)
#define RARE_CLOSE   (1u << 20) /* bytes of rare records that close a block */
#define RARE_MAX     (4u << 20) /* of one record */
#define PACKED_CLOSE (1u << 20) /* bytes of packed columns that close a block */

/* Shapes with the value inside while there are fewer than this, then with the value apart; past
 * the second limit an event is a rare record. */
#define SHAPES_INLINE 128u
#define SHAPES_APART  224u

struct task_slot {
	uint32_t tid;
	uint16_t code;
	uint16_t used; /* == encoder.epoch: of this block */
};

struct encoder {
	uint32_t n, max_events;
	uint16_t cpu, epoch;
	uint64_t ts; /* of the last event */
	uint64_t first_ns, last_ns;
	uint32_t current, woken;
	uint64_t start_ns; /* predictors as the block began */
	uint32_t start_current, start_woken;
	uint8_t *shape, *time_low, *time_high, *task_low, *task_high, *aux; /* one allocation */
	uint32_t ntask_codes, naux;
	struct buf time_long, aux_long, value, rare, scratch;
	uint32_t ntasks, nshapes;
	uint64_t shape_keys[SHAPE_SLOTS]; /* 0: free */
	uint8_t shape_codes[SHAPE_SLOTS];
	uint64_t shapes[MAX_SHAPES]; /* keys by code */
	uint16_t last_aux[MAX_SHAPES];
	uint32_t tasks[MAX_TASKS];
	uint64_t blocks, events_before, lost;
	struct packed_out *packed[EV_KIND_END]; /* by kind, once needed */
	size_t packed_bytes;
	uint32_t packed_columns; /* of the block */
	struct task_slot task_slots[TASK_SLOTS];
};

struct encoder *encoder_new(uint16_t cpu, uint32_t max_events)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->max_events = max_events;
	e->cpu = cpu;
	e->epoch = 1;
	e->current = TID_OTHER;
	e->shape = malloc((size_t)max_events * 8);
	if (!e->shape) {
		free(e);
		return NULL;
	}
	e->time_low = e->shape + max_events;
	e->time_high = e->time_low + max_events;
	e->aux = e->time_high + max_events;
	e->task_low = e->aux + max_events; /* up to two per event */
	e->task_high = e->task_low + 2 * (size_t)max_events;
	return e;
}

void encoder_free(struct encoder *e)
{
	if (!e)
		return;
	free(e->shape);
	buf_free(&e->time_long);
	buf_free(&e->aux_long);
	buf_free(&e->value);
	buf_free(&e->rare);
	buf_free(&e->scratch);
	for (size_t i = 0; i < EV_KIND_END; i++)
		packed_out_free(e->packed[i]);
	free(e);
}

/* Never 0. What a packed kind adds: how many fields, above it. */
/* The upper half of the value is the aux: a constant of the shape. */
#define AUX_KEY	      (UINT64_C(1) << 56)
#define PACKED_KEY(n) ((uint64_t)MODE_PACKED << 16 | (uint64_t)(n) << 56)

static uint64_t shape_key(uint8_t kind, uint8_t flags, uint8_t mode, uint32_t value)
{
	return (uint64_t)kind | (uint64_t)flags << 8 | (uint64_t)mode << 16 | (uint64_t)value << 24;
}

/* Code of a shape; a new one is made while there are fewer than `limit`, else -1. */
static int shape_code(struct encoder *e, uint64_t key, uint32_t limit)
{
	uint32_t slot = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 55);

	while (e->shape_keys[slot] != key) {
		if (!e->shape_keys[slot]) {
			if (e->nshapes >= limit)
				return -1;
			e->shape_keys[slot] = key;
			e->shape_codes[slot] = (uint8_t)e->nshapes;
			e->shapes[e->nshapes] = key;
			e->last_aux[e->nshapes] = 0;
			return (int)e->nshapes++;
		}
		slot = (slot + 1) % SHAPE_SLOTS;
	}
	return e->shape_codes[slot];
}

/* The dictionary has room: encoder_full() leaves two entries. */
static void put_task(struct encoder *e, uint32_t tid)
{
	uint32_t slot = tid * 0x9e3779b1u >> 19;
	struct task_slot *s;

	for (;; slot = (slot + 1) % TASK_SLOTS) {
		s = &e->task_slots[slot];
		if (s->used != e->epoch) {
			*s = (struct task_slot){tid, (uint16_t)e->ntasks, e->epoch};
			e->tasks[e->ntasks++] = tid;
			break;
		}
		if (s->tid == tid)
			break;
	}
	e->task_low[e->ntask_codes] = (uint8_t)s->code;
	e->task_high[e->ntask_codes++] = (uint8_t)(s->code >> 8);
}

static void begin_block(struct encoder *e, const struct event *ev)
{
	e->start_ns = e->ts = e->first_ns = e->last_ns = ev->ts;
	e->start_current = e->current;
	e->start_woken = e->woken;
}

static void put_time(struct encoder *e, uint64_t ts)
{
	uint64_t delta = ts - e->ts;

	if (delta < TIME_ESCAPE) {
		e->time_low[e->n] = (uint8_t)delta;
		e->time_high[e->n] = (uint8_t)(delta >> 8);
	} else {
		e->time_low[e->n] = e->time_high[e->n] = 0xff;
		e->time_long.len = (size_t)(varint_put(e->time_long.data + e->time_long.len,
						       zigzag((int64_t)delta)) -
					    e->time_long.data);
	}
	if (ts < e->first_ns)
		e->first_ns = ts;
	if (ts > e->last_ns)
		e->last_ns = ts;
	e->ts = ts;
}

static void put_aux(struct encoder *e, int code, uint16_t aux)
{
	int diff = aux - e->last_aux[code];

	if (diff > AUX_ESCAPE && diff <= INT8_MAX) {
		e->aux[e->naux++] = (uint8_t)diff;
	} else {
		e->aux[e->naux++] = (uint8_t)AUX_ESCAPE;
		e->aux_long.len = (size_t)(varint_put(e->aux_long.data + e->aux_long.len, aux) -
					   e->aux_long.data);
	}
	e->last_aux[code] = aux;
}

static int add_rare(struct encoder *e, const struct event *ev, struct err *err)
{
	const struct fields *ext = fields_ext(ev->kind);
	struct buf *out = &e->scratch;
	int code;

	out->len = 0;
	if (!fields_put(out, &fields_event, ev) ||
	    (ext && ev->ext && !fields_put(out, ext, ev->ext)) ||
	    !buf_reserve(&e->rare, out->len + VARINT_MAX))
		return err_set(err, -ENOMEM, "out of memory for an event of CPU %u", ev->cpu);
	if (out->len > RARE_MAX)
		return err_set(err, -E2BIG, "an event of %zu bytes (%s) does not fit a trace",
			       out->len, event_kind_name(ev->kind));
	code = shape_code(e, shape_key(ev->kind, 0, MODE_RARE, 0), MAX_SHAPES);
	e->rare.len = (size_t)(varint_put(e->rare.data + e->rare.len, out->len) - e->rare.data);
	buf_add(&e->rare, out->data, out->len);
	e->shape[e->n] = (uint8_t)code;
	return 0;
}

static uint8_t tid_source(const struct encoder *e, uint32_t tid)
{
	if (tid == e->woken)
		return TID_WOKEN;
	if (tid == 0)
		return TID_ZERO;
	return tid == e->current ? TID_CURRENT : TID_DICTIONARY;
}

static uint8_t peer_source(const struct encoder *e, uint32_t peer)
{
	if (peer == e->current)
		return TID_CURRENT;
	return peer == 0 ? TID_ZERO : TID_DICTIONARY;
}

/*
 * A SWITCH has a system call in its aux: few of them, and they go with the state, which leaves half
 * of the value free. So it can be a part of the shape and cost no column. -1: it cannot.
 */
static int shape_with_aux(struct encoder *e, const struct event *ev, uint8_t mode)
{
	if (ev->kind != EV_SWITCH || !ev->aux || ev->value > UINT16_MAX)
		return -1;
	return shape_code(
		e,
		shape_key(ev->kind, ev->flags, mode, ev->value | (uint32_t)ev->aux << 16) | AUX_KEY,
		SHAPES_INLINE);
}

/* All but time and ext. extra: what ext adds to the shape's key. False: no shape is left. */
static inline bool put_common(struct encoder *e, const struct event *ev, uint64_t extra)
{
	uint8_t tid = tid_source(e, ev->tid), peer = peer_source(e, ev->peer);
	uint8_t mode = (uint8_t)(tid | peer << 2);
	int code = shape_with_aux(e, ev, mode);

	if (code < 0) {
		if (ev->kind == EV_WAKEUP || ev->kind == EV_WAKEUP_NEW || ev->kind == EV_MIGRATE ||
		    ev->aux)
			mode |= MODE_AUX;
		code = shape_code(e, shape_key(ev->kind, ev->flags, mode, ev->value) | extra,
				  SHAPES_INLINE);
	}
	if (code < 0) {
		mode |= MODE_VALUE;
		code = shape_code(e, shape_key(ev->kind, ev->flags, mode, 0) | extra, SHAPES_APART);
		if (code < 0)
			return false;
		e->value.len = (size_t)(varint_put(e->value.data + e->value.len, ev->value) -
					e->value.data);
	}
	e->shape[e->n] = (uint8_t)code;
	if (mode & MODE_AUX)
		put_aux(e, code, ev->aux);
	if (tid == TID_DICTIONARY)
		put_task(e, ev->tid);
	if (peer == TID_DICTIONARY)
		put_task(e, ev->peer);
	return true;
}

static int add_packed(struct encoder *e, const struct event *ev, const struct fields *f,
		      struct err *err)
{
	uint32_t n = packed_count(f, ev->ext), fresh;

	if (!packed_out_reserve(&e->packed[ev->kind], f))
		return err_set(err, -ENOMEM, "out of memory for an event of CPU %u", ev->cpu);
	fresh = packed_fresh(e->packed[ev->kind], n);
	/* beyond the limit of columns, or of shapes, an event can always be a rare record */
	if (e->packed_columns + fresh > MAX_COLUMNS - (COLUMN_END - 1) ||
	    !put_common(e, ev, PACKED_KEY(n)))
		return add_rare(e, ev, err);
	e->packed_columns += fresh;
	e->packed_bytes += packed_put(e->packed[ev->kind], f, n, ev);
	return 0;
}

int encoder_add(struct encoder *e, const struct event *ev, struct err *err)
{
	const struct fields *ext = fields_ext(ev->kind);
	int ret = 0;

	if (ev->kind == 0 || ev->kind >= EV_KIND_END || ev->kind == EV_CHECKPOINT)
		return err_set(err, -EINVAL, "event kind %u cannot be stored", ev->kind);
	if (!buf_reserve(&e->time_long, VARINT_MAX) || !buf_reserve(&e->aux_long, VARINT_MAX) ||
	    !buf_reserve(&e->value, VARINT_MAX))
		return err_set(err, -ENOMEM, "out of memory for an event of CPU %u", ev->cpu);
	if (!e->n)
		begin_block(e, ev);
	if (ext && ext->packed)
		ret = add_packed(e, ev, ext, err);
	else if ((ext && (ev->ext || !ext->optional)) || !put_common(e, ev, 0))
		ret = add_rare(e, ev, err);
	if (ret)
		return ret;
	put_time(e, ev->ts);
	if (ev->kind == EV_GAP && ev->ext)
		e->lost += ((const struct gap_info *)ev->ext)->count;
	predict(ev->kind, ev->tid, &e->current, &e->woken);
	e->n++;
	return 0;
}

bool encoder_full(const struct encoder *e)
{
	return e->n >= e->max_events || e->ntasks + 2 > MAX_TASKS || e->rare.len >= RARE_CLOSE ||
	       e->packed_bytes >= PACKED_CLOSE;
}

uint32_t encoder_events(const struct encoder *e)
{
	return e->n;
}

size_t encoder_bytes(const struct encoder *e)
{
	return 4 * (size_t)e->n + e->ntask_codes + e->rare.len + e->packed_bytes;
}

uint64_t encoder_first_ns(const struct encoder *e)
{
	return e->first_ns;
}

uint64_t encoder_total(const struct encoder *e)
{
	return e->events_before + e->n;
}

uint64_t encoder_lost(const struct encoder *e)
{
	return e->lost;
}

uint64_t encoder_blocks(const struct encoder *e)
{
	return e->blocks;
}

static void add_column(struct raw_block *b, uint32_t id, const uint8_t *data, size_t bytes)
{
	if (!bytes)
		return;
	if (data != b->data + b->bytes)
		memcpy(b->data + b->bytes, data, bytes);
	b->columns[b->ncolumns].id = (uint16_t)id;
	b->columns[b->ncolumns++].bytes = (uint32_t)bytes;
	b->bytes += bytes;
}

static void add_start(const struct encoder *e, struct raw_block *b)
{
	uint8_t *start = b->data + b->bytes, *p;

	p = varint_put(start, e->start_ns);
	p = varint_put(p, e->start_current);
	p = varint_put(p, e->start_woken);
	add_column(b, COLUMN_START, start, (size_t)(p - start));
}

/* An entry: its length, then kind, flags, mode, varint value, of packed ones how many fields; later
 * versions may append. */
static void add_shapes(const struct encoder *e, struct raw_block *b)
{
	uint8_t *start = b->data + b->bytes, *p = start;

	for (uint32_t i = 0; i < e->nshapes; i++) {
		uint8_t *length = p++;

		*p++ = (uint8_t)e->shapes[i];
		*p++ = (uint8_t)(e->shapes[i] >> 8);
		*p++ = (uint8_t)(e->shapes[i] >> 16);
		if (length[3] & MODE_PACKED) {
			p = varint_put(p, (uint32_t)(e->shapes[i] >> 24));
			*p++ = (uint8_t)(e->shapes[i] >> 56);
		} else if (e->shapes[i] & AUX_KEY) {
			p = varint_put(p, (uint16_t)(e->shapes[i] >> 24));
			p = varint_put(p, (uint16_t)(e->shapes[i] >> 40));
		} else {
			p = varint_put(p, (uint32_t)(e->shapes[i] >> 24));
		}
		*length = (uint8_t)(p - length - 1);
	}
	add_column(b, COLUMN_SHAPES, start, (size_t)(p - start));
}

static void add_tasks(const struct encoder *e, struct raw_block *b)
{
	uint8_t *start = b->data + b->bytes, *p = start;
	uint32_t last = 0;

	for (uint32_t i = 0; i < e->ntasks; i++) {
		p = varint_put(p, zigzag((int64_t)e->tasks[i] - last));
		last = e->tasks[i];
	}
	add_column(b, COLUMN_TASKS, start, (size_t)(p - start));
}

static void add_packed_columns(const struct encoder *e, struct raw_block *b)
{
	for (uint32_t kind = 0; kind < EV_KIND_END; kind++) {
		const struct packed_out *p = e->packed[kind];

		for (uint32_t i = 0; p && i < PACKED_FIELDS; i++)
			add_column(b, COLUMN_PACKED + kind * PACKED_FIELDS + i, p->columns[i].data,
				   p->columns[i].len);
	}
}

static void fill_header(const struct encoder *e, struct block_header *h)
{
	*h = (struct block_header){
		.type = BLOCK_EVENTS,
		.major = FORMAT_MAJOR,
		.cpu = e->cpu,
		.events = e->n,
		.cpu_seq = e->blocks,
		.first_ns = e->first_ns,
		.last_ns = e->last_ns,
		.cpu_events = e->events_before,
		.lost = e->lost,
	};
}

static void next_block(struct encoder *e)
{
	e->events_before += e->n;
	e->blocks++;
	e->n = e->ntask_codes = e->naux = e->ntasks = e->nshapes = 0;
	e->time_long.len = e->aux_long.len = e->value.len = e->rare.len = 0;
	e->packed_bytes = e->packed_columns = 0;
	for (size_t i = 0; i < EV_KIND_END; i++)
		packed_out_clear(e->packed[i]);
	memset(e->shape_keys, 0, sizeof(e->shape_keys));
	if (!++e->epoch) { /* wrapped: old slots could look like new ones */
		memset(e->task_slots, 0, sizeof(e->task_slots));
		e->epoch = 1;
	}
}

struct raw_block *encoder_close(struct encoder *e)
{
	size_t need = 3 * VARINT_MAX + (size_t)e->nshapes * (5 + VARINT_MAX) +
		      (size_t)e->ntasks * VARINT_MAX + 3 * (size_t)e->n +
		      2 * (size_t)e->ntask_codes + e->naux + e->time_long.len + e->aux_long.len +
		      e->value.len + e->rare.len + e->packed_bytes;
	struct raw_block *b = malloc(sizeof(*b) + need);

	if (!b)
		return NULL;
	b->ncolumns = 0;
	b->bytes = 0;
	fill_header(e, &b->header);
	add_start(e, b);
	add_shapes(e, b);
	add_tasks(e, b);
	add_column(b, COLUMN_SHAPE, e->shape, e->n);
	add_column(b, COLUMN_TIME_LOW, e->time_low, e->n);
	add_column(b, COLUMN_TIME_HIGH, e->time_high, e->n);
	add_column(b, COLUMN_TIME_LONG, e->time_long.data, e->time_long.len);
	add_column(b, COLUMN_TASK_LOW, e->task_low, e->ntask_codes);
	if (e->ntasks > 256)
		add_column(b, COLUMN_TASK_HIGH, e->task_high, e->ntask_codes);
	add_column(b, COLUMN_AUX, e->aux, e->naux);
	add_column(b, COLUMN_AUX_LONG, e->aux_long.data, e->aux_long.len);
	add_column(b, COLUMN_VALUE, e->value.data, e->value.len);
	add_column(b, COLUMN_RARE, e->rare.data, e->rare.len);
	add_packed_columns(e, b);
	b->header.raw_bytes = (uint32_t)b->bytes;
	next_block(e);
	return b;
}
