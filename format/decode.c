// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <zstd.h>

#include "format/columns.h"
#include "format/decode.h"
#include "format/fields.h"
#include "format/packed.h"

struct shape {
	struct event like; /* kind, flags, value, cpu */
	uint8_t mode;
	uint8_t tid, peer; /* enum tid_source */
	uint8_t path; /* enum path */
	bool has_aux;
	bool known; /* the event is delivered */
	uint16_t aux; /* the shape's last */
	uint8_t npacked; /* fields that are in the columns; of those that we know */
	const struct fields *packed; /* NULL: it is not */
};

/*
 * How decoder_run() takes an event, the usual ones each by code of their own: where its TID comes
 * from, in the lowest bits, and these. Peer is the current task, the value is the shape's.
 */
enum path {
	PATH_AUX = 1 << 2, /* an aux from the column */
	PATH_SWITCH = 1 << 3, /* the event moves this predictor: `current` */
	PATH_WAKING = 1 << 4, /* `woken` */
	PATH_PACKED = PATH_SWITCH | PATH_WAKING, /* any that is packed, its value the shape's */
	PATH_OTHER, /* any other event */
	PATHS = 1 << 5 /* the compiler must see that there are no more */
};

struct decoder {
	struct buf raw;
	struct span columns[COLUMN_END];
	uint32_t n, next; /* events of the block, the next one */
	uint16_t cpu;
	uint64_t ts;
	uint32_t current, woken;
	const uint8_t *task_low, *task_high, *aux; /* cursors; checked by validate() */
	uint8_t task_high_step; /* 0: there is no such column, task_high stays at a zero */
	struct span time_long, aux_long, value, rare;
	uint32_t ntids;
	uint32_t tids[MAX_TASKS];
	union event_ext *ext; /* DECODER_RUN, once needed */
	size_t next_ext;
	bool needs_ext; /* some event of the block may have one */
	struct packed_in *packed[EV_KIND_END]; /* by kind, once needed */
	uint32_t nshapes;
	struct shape shapes[256];
	ZSTD_DCtx *zstd;
};

struct decoder *decoder_new(void *zstd)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d)
		d->zstd = zstd;
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	buf_free(&d->raw);
	for (size_t i = 0; i < EV_KIND_END; i++)
		free(d->packed[i]);
	free(d->ext);
	free(d);
}

struct directory {
	uint32_t n;
	struct {
		uint64_t id, codec, raw, stored;
	} list[MAX_COLUMNS];
};

/* The directory, all limits checked before anything is allocated. */
static const char *read_directory(struct span *s, const struct block_header *h,
				  struct directory *dir)
{
	uint64_t n, raw = 0, stored = 0;

	if (!varint_get_max(s, &n, MAX_COLUMNS))
		return "number of columns";
	dir->n = (uint32_t)n;
	for (uint32_t i = 0; i < dir->n; i++) {
		if (!varint_get(s, &dir->list[i].id) || !varint_get(s, &dir->list[i].codec) ||
		    !varint_get_max(s, &dir->list[i].raw, EVENTS_MAX_RAW) ||
		    !varint_get_max(s, &dir->list[i].stored, h->stored_bytes))
			return "column directory";
		raw += dir->list[i].raw;
		stored += dir->list[i].stored;
	}
	if (raw != h->raw_bytes || stored != span_left(s))
		return "column lengths";
	return NULL;
}

/*
 * Where a column is kept; NULL: it is none that is known. 0, -ENOMEM. A column of a packed kind
 * makes the room for all of that kind.
 */
static int find_column(struct decoder *d, uint64_t id, struct span **column)
{
	uint64_t kind = (id - COLUMN_PACKED) / PACKED_FIELDS;
	const struct fields *f;

	*column = id < COLUMN_END ? &d->columns[id] : NULL;
	if (id < COLUMN_PACKED || kind >= EV_KIND_END)
		return 0;
	f = fields_ext((uint8_t)kind);
	if (!f || !f->packed || id % PACKED_FIELDS >= f->n)
		return 0;
	if (!d->packed[kind])
		d->packed[kind] = calloc(1, sizeof(*d->packed[kind]));
	if (!d->packed[kind])
		return -ENOMEM;
	*column = &d->packed[kind]->columns[id % PACKED_FIELDS];
	return 0;
}

static const char *read_column(struct decoder *d, uint64_t codec, uint64_t raw, const uint8_t *in,
			       uint64_t stored)
{
	uint8_t *out = d->raw.data + d->raw.len;
	size_t got;

	if (codec == CODEC_STORED && raw == stored) {
		memcpy(out, in, raw);
	} else if (codec == CODEC_ZSTD) {
		got = ZSTD_decompressDCtx(d->zstd, out, raw, in, stored);
		if (ZSTD_isError(got) || got != raw)
			return "compressed column";
	} else {
		return "column codec";
	}
	d->raw.len += raw;
	return NULL;
}

static int read_columns(struct decoder *d, const struct block_header *h, const uint8_t *payload,
			const char **why)
{
	struct span s = {payload, payload + h->stored_bytes};
	struct directory dir;

	*why = read_directory(&s, h, &dir);
	if (*why)
		return -EBADMSG;
	memset(d->columns, 0, sizeof(d->columns));
	for (size_t i = 0; i < EV_KIND_END; i++)
		if (d->packed[i])
			memset(d->packed[i]->columns, 0, sizeof(d->packed[i]->columns));
	d->raw.len = 0;
	/* a zero behind everything: see rewind_columns() */
	if (!buf_reserve(&d->raw, h->raw_bytes + 1))
		return -ENOMEM;
	for (uint32_t i = 0; i < dir.n; i++) {
		const uint8_t *in = span_take(&s, dir.list[i].stored);
		const uint8_t *start = d->raw.data + d->raw.len;
		struct span *column;

		if (find_column(d, dir.list[i].id, &column))
			return -ENOMEM;
		if (!column)
			continue; /* of a later version */
		*why = read_column(d, dir.list[i].codec, dir.list[i].raw, in, dir.list[i].stored);
		if (*why)
			return -EBADMSG;
		*column = (struct span){start, d->raw.data + d->raw.len};
	}
	d->raw.data[d->raw.len] = 0;
	return 0;
}

static const char *read_start(struct decoder *d)
{
	struct span s = d->columns[COLUMN_START];
	uint64_t current, woken;

	if (!varint_get(&s, &d->ts) || !varint_get_max(&s, &current, UINT32_MAX) ||
	    !varint_get_max(&s, &woken, UINT32_MAX))
		return "start column";
	d->current = (uint32_t)current;
	d->woken = (uint32_t)woken;
	return NULL;
}

/* Whether an event of this mode means something to us. */
static bool is_known(uint8_t kind, uint8_t mode)
{
	const struct fields *ext = fields_ext(kind);

	if (!kind || kind >= EV_KIND_END || kind == EV_CHECKPOINT)
		return false;
	switch (mode & (MODE_RARE | MODE_PACKED)) {
	case 0: return !ext || ext->optional;
	case MODE_RARE: return true;
	case MODE_PACKED: return ext && ext->packed;
	default: return false; /* of a later version */
	}
}

/* at: length, kind, flags, mode */
static void set_shape(const struct decoder *d, struct shape *shape, const uint8_t *at,
		      uint32_t value)
{
	uint8_t kind = at[1], mode = at[3];

	*shape = (struct shape){
		.like = {.kind = kind, .flags = at[2], .value = value, .cpu = d->cpu},
		.mode = mode,
		.tid = MODE_TID(mode),
		.peer = MODE_PEER(mode),
		.has_aux = mode & MODE_AUX,
		.known = is_known(kind, mode),
	};
	shape->path = (uint8_t)(shape->tid | (shape->has_aux ? PATH_AUX : 0));
	if (kind == EV_SWITCH)
		shape->path |= PATH_SWITCH;
	else if (kind == EV_WAKING)
		shape->path |= PATH_WAKING;
	if (!shape->known || shape->peer != TID_CURRENT ||
	    mode & (MODE_RARE | MODE_VALUE | MODE_PACKED))
		shape->path = PATH_OTHER;
	shape->packed = shape->known && mode & MODE_PACKED ? fields_ext(kind) : NULL;
	if (shape->packed && !(mode & MODE_VALUE))
		shape->path = PATH_PACKED;
}

/* What an entry has behind the value. False when malformed. */
static bool read_extra(struct shape *shape, struct span entry)
{
	uint64_t aux = 0;

	if (!shape->packed) {
		if (shape->known && !(shape->mode & (MODE_RARE | MODE_AUX)) &&
		    entry.p < entry.end && !varint_get_max(&entry, &aux, UINT16_MAX))
			return false;
		shape->like.aux = (uint16_t)aux;
		return true; /* what there is behind it is of a later version */
	}
	if (entry.p == entry.end || *entry.p > PACKED_FIELDS)
		return false;
	shape->npacked = (uint8_t)(*entry.p < shape->packed->n ? *entry.p : shape->packed->n);
	return true;
}

static const char *read_shapes(struct decoder *d)
{
	struct span s = d->columns[COLUMN_SHAPES];

	for (d->nshapes = 0; s.p < s.end; d->nshapes++) {
		struct shape *shape = &d->shapes[d->nshapes];
		const uint8_t *at = span_take(&s, *s.p + 1u);
		struct span entry;
		uint64_t value;

		if (!at || d->nshapes == MAX_SHAPES || *at < 4)
			return "shape table";
		entry = (struct span){at + 4, at + 1 + *at};
		if (!varint_get_max(&entry, &value, UINT32_MAX))
			return "shape table";
		set_shape(d, shape, at, (uint32_t)value);
		if (!read_extra(shape, entry))
			return "shape table";
	}
	return NULL;
}

static const char *read_tasks(struct decoder *d)
{
	struct span s = d->columns[COLUMN_TASKS];
	uint64_t v;
	uint32_t last = 0;

	for (d->ntids = 0; s.p < s.end; d->ntids++) {
		if (d->ntids == MAX_TASKS || !varint_get(&s, &v))
			return "task dictionary";
		last += (uint32_t)unzigzag(v);
		d->tids[d->ntids] = last;
	}
	return NULL;
}

/* How many events of each source the shapes ask for. */
struct demand {
	uint64_t tasks, values, aux, rare;
	bool packed;
	uint64_t fields[EV_KIND_END][PACKED_FIELDS]; /* of packed kinds */
};

static void add_demand(struct demand *demand, const struct shape *shape, uint64_t n)
{
	uint8_t mode = shape->mode;

	if (mode & MODE_RARE) {
		demand->rare += n;
		return;
	}
	demand->tasks += MODE_TID(mode) == TID_DICTIONARY ? n : 0;
	demand->tasks += MODE_PEER(mode) == TID_DICTIONARY ? n : 0;
	demand->values += mode & MODE_VALUE ? n : 0;
	demand->aux += mode & MODE_AUX ? n : 0;
	demand->packed |= shape->packed != NULL;
	for (uint32_t i = 0; i < shape->npacked; i++)
		demand->fields[shape->like.kind][i] += n;
}

static const char *count_demand(const struct decoder *d, struct demand *demand)
{
	uint32_t counts[4][256] = {{0}}; /* four, so that a run of one shape does not stall */
	const uint8_t *shape = d->columns[COLUMN_SHAPE].p;
	uint32_t i;

	for (i = 0; i + 4 <= d->n; i += 4) {
		counts[0][shape[i]]++;
		counts[1][shape[i + 1]]++;
		counts[2][shape[i + 2]]++;
		counts[3][shape[i + 3]]++;
	}
	for (; i < d->n; i++)
		counts[0][shape[i]]++;
	*demand = (struct demand){0};
	for (i = 0; i < 256; i++) {
		uint64_t n = (uint64_t)counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];

		if (!n)
			continue;
		if (i >= d->nshapes)
			return "shape of an event";
		add_demand(demand, &d->shapes[i], n);
	}
	return NULL;
}

static const char *check_times(const struct decoder *d)
{
	const struct span *low = &d->columns[COLUMN_TIME_LOW],
			  *high = &d->columns[COLUMN_TIME_HIGH];
	uint32_t n = 0;

	if (span_left(low) != d->n || span_left(high) != d->n)
		return "time columns";
	for (uint32_t i = 0; i < d->n; i++)
		n += (low->p[i] & high->p[i]) == 0xff;
	return varints_are(d->columns[COLUMN_TIME_LONG], n, UINT64_MAX) ? NULL : "long times";
}

static const char *check_tasks(const struct decoder *d, uint64_t n)
{
	const struct span *low = &d->columns[COLUMN_TASK_LOW],
			  *high = &d->columns[COLUMN_TASK_HIGH];
	uint32_t max = 0;

	if (span_left(low) != n || (span_left(high) && span_left(high) != n))
		return "task columns";
	for (uint64_t i = 0; i < n; i++) {
		uint32_t code = low->p[i] | (span_left(high) ? (uint32_t)high->p[i] << 8 : 0);

		max = code > max ? code : max;
	}
	return n && max >= d->ntids ? "task of an event" : NULL;
}

static const char *check_aux(const struct decoder *d, uint64_t n)
{
	const struct span *aux = &d->columns[COLUMN_AUX];
	uint64_t escapes = 0;

	if (span_left(aux) != n)
		return "aux column";
	for (uint64_t i = 0; i < n; i++)
		escapes += aux->p[i] == (uint8_t)AUX_ESCAPE;
	return varints_are(d->columns[COLUMN_AUX_LONG], escapes, UINT16_MAX) ? NULL : "long aux";
}

/* Takes one record off rare. False when malformed. */
static bool read_rare(struct span *rare, uint8_t kind, bool known, struct event *ev,
		      union event_ext *ext)
{
	const struct fields *f = fields_ext(kind);
	uint64_t bytes;
	const uint8_t *p;

	if (!varint_get(rare, &bytes))
		return false;
	p = span_take(rare, bytes);
	if (!p)
		return false;
	if (!known)
		return true;
	if (f)
		fields_init(f, ext);
	return fields_get((struct span){p, p + bytes}, &fields_event, ev, f, ext);
}

static const char *check_rare(const struct decoder *d, uint64_t n)
{
	struct span rare = d->columns[COLUMN_RARE];
	const uint8_t *shape = d->columns[COLUMN_SHAPE].p;

	for (uint32_t i = 0; i < d->n && n; i++) {
		const struct shape *s = &d->shapes[shape[i]];
		struct event ev = {0};
		union event_ext ext;

		if (!(s->mode & MODE_RARE))
			continue;
		n--;
		if (!read_rare(&rare, s->like.kind, s->known, &ev, &ext))
			return "rare record";
	}
	return rare.p == rare.end ? NULL : "rare records";
}

static const char *check_packed(const struct decoder *d, const struct demand *demand)
{
	static const struct span none;

	for (uint32_t kind = 0; kind < EV_KIND_END; kind++) {
		const struct packed_in *p = d->packed[kind];

		for (uint32_t i = 0; (p || demand->packed) && i < PACKED_FIELDS; i++)
			if (!varints_are(p ? p->columns[i] : none, demand->fields[kind][i],
					 UINT64_MAX))
				return "packed column";
	}
	return NULL;
}

static const char *validate(struct decoder *d)
{
	struct demand demand;
	const char *why;

	if (span_left(&d->columns[COLUMN_SHAPE]) != d->n)
		return "shape column";
	why = count_demand(d, &demand);
	if (!why)
		why = check_times(d);
	if (!why)
		why = check_tasks(d, demand.tasks);
	if (!why)
		why = check_aux(d, demand.aux);
	if (!why && !varints_are(d->columns[COLUMN_VALUE], demand.values, UINT32_MAX))
		why = "value column";
	if (!why)
		why = check_rare(d, demand.rare);
	if (!why)
		why = check_packed(d, &demand);
	d->needs_ext = demand.packed || demand.rare;
	return why;
}

/* Cursors to the beginning. Columns that are absent point to a zero that nobody moves from. */
static void rewind_columns(struct decoder *d)
{
	const struct span *c = d->columns;
	const uint8_t *zero = d->raw.data + d->raw.len;

	d->task_low = c[COLUMN_TASK_LOW].p ? c[COLUMN_TASK_LOW].p : zero;
	d->task_high_step = span_left(&c[COLUMN_TASK_HIGH]) ? 1 : 0;
	d->task_high = d->task_high_step ? c[COLUMN_TASK_HIGH].p : zero;
	d->aux = c[COLUMN_AUX].p ? c[COLUMN_AUX].p : zero;
	d->time_long = c[COLUMN_TIME_LONG];
	d->aux_long = c[COLUMN_AUX_LONG];
	d->value = c[COLUMN_VALUE];
	d->rare = c[COLUMN_RARE];
	for (size_t i = 0; i < EV_KIND_END; i++)
		if (d->packed[i])
			packed_in_rewind(d->packed[i]);
}

int decoder_open(struct decoder *d, const struct block_header *h, const uint8_t *payload,
		 const char **why)
{
	int ret;

	d->n = d->next = 0;
	d->cpu = h->cpu;
	memset(d->shapes, 0, sizeof(d->shapes));
	if (h->codec != CODEC_STORED) {
		*why = "codec";
		return -EBADMSG;
	}
	ret = read_columns(d, h, payload, why);
	if (ret)
		return ret;
	d->n = h->events;
	*why = read_start(d);
	if (!*why)
		*why = read_shapes(d);
	if (!*why)
		*why = read_tasks(d);
	if (!*why)
		*why = validate(d);
	ret = *why ? -EBADMSG : 0;
	if (!ret && d->needs_ext && !d->ext) {
		d->ext = malloc(DECODER_RUN * sizeof(*d->ext));
		ret = d->ext ? 0 : -ENOMEM;
	}
	if (ret)
		d->n = 0;
	rewind_columns(d);
	return ret;
}

/* A time that does not fit 16 bits. */
static uint64_t take_long_time(struct decoder *d)
{
	uint64_t v = 0;

	varint_get(&d->time_long, &v);
	return (uint64_t)unzigzag(v);
}

static void take_rare(struct decoder *d, const struct shape *shape, struct event *ev)
{
	static const union event_ext none;
	union event_ext *ext = &d->ext[d->next_ext];
	const struct fields *f = fields_ext(ev->kind);

	read_rare(&d->rare, ev->kind, shape->known, ev, ext);
	if (!shape->known || !f || (f->optional && !memcmp(ext, &none, f->size)))
		return;
	ev->ext = ext;
	d->next_ext++;
}

static void take_packed(struct decoder *d, const struct shape *shape, struct event *ev)
{
	union event_ext *ext = &d->ext[d->next_ext++];

	packed_take(d->packed[ev->kind], shape->packed, shape->npacked, ev, ext);
	ev->ext = ext;
}

/* Cursors of the columns, in registers while a run is decoded. */
struct cursors {
	const uint8_t *task_low, *task_high, *aux;
	uint32_t current, woken;
};

static inline uint32_t take_tid(const struct decoder *d, uint8_t source, struct cursors *c)
{
	uint32_t code;

	/* branches, as streams repeat themselves: picking one of all by masks took half as long again */
	switch (source) {
	case TID_ZERO: return 0;
	case TID_WOKEN: return c->woken;
	case TID_CURRENT: return c->current;
	default: break;
	}
	code = *c->task_low++ | (uint32_t)*c->task_high << 8;
	c->task_high += d->task_high_step;
	return d->tids[code];
}

static inline uint16_t take_aux(struct decoder *d, struct shape *shape, struct cursors *c)
{
	int8_t diff = (int8_t)*c->aux++;
	uint64_t v = 0;

	if (__builtin_expect(diff == AUX_ESCAPE, 0)) {
		varint_get(&d->aux_long, &v);
		shape->aux = (uint16_t)v;
	} else {
		shape->aux = (uint16_t)(shape->aux + diff);
	}
	return shape->aux;
}

/* What is not in the straight line; ev has its time. */
static __attribute__((noinline)) void take_other(struct decoder *d, struct shape *shape,
						 struct event *ev, struct cursors *cursors)
{
	struct cursors c =
		*cursors; /* that of the caller stays in registers, as nobody points to it */
	uint64_t v = 0;

	ev->tid = ev->peer = 0;
	if (shape->mode & MODE_RARE) {
		take_rare(d, shape, ev);
	} else {
		ev->tid = take_tid(d, shape->tid, &c);
		ev->peer = take_tid(d, shape->peer, &c);
		if (shape->has_aux)
			ev->aux = take_aux(d, shape, &c);
		if (shape->mode & MODE_VALUE) {
			varint_get(&d->value, &v);
			ev->value = (uint32_t)v;
		}
		if (shape->packed)
			take_packed(d, shape, ev);
	}
	if (shape->known)
		predict(ev->kind, ev->tid, &c.current, &c.woken);
	*cursors = c;
}

/* One of the usual events; path is a constant. */
static inline __attribute__((always_inline)) void take_usual(struct decoder *d, struct shape *shape,
							     struct event *ev, struct cursors *c,
							     uint8_t path)
{
	uint32_t tid = take_tid(d, MODE_TID(path), c);

	ev->tid = tid;
	ev->peer = c->current;
	if (path & PATH_AUX)
		ev->aux = take_aux(d, shape, c);
	if (path & PATH_SWITCH)
		c->current = tid;
	if (path & PATH_WAKING)
		c->woken = tid;
}

/* Where what a shape has of an event begins. */
#define FROM_SHAPE offsetof(struct event, value)
_Static_assert(FROM_SHAPE == 24, "ts, ext, tid, peer come first");

static inline void take_usual_packed(struct decoder *d, struct shape *shape, struct event *ev,
				     struct cursors *c)
{
	ev->tid = take_tid(d, shape->tid, c);
	ev->peer = take_tid(d, shape->peer, c);
	if (shape->has_aux)
		ev->aux = take_aux(d, shape, c);
	take_packed(d, shape, ev); /* of no kind that moves a predictor */
}

#define USUAL(path)                                                                                \
	case path:                                                                                 \
		take_usual(d, shape, ev, &c, path);                                                \
		break
#define USUAL_OF_ALL_TIDS(path)                                                                    \
	USUAL((path) | TID_ZERO);                                                                  \
	USUAL((path) | TID_DICTIONARY);                                                            \
	USUAL((path) | TID_WOKEN);                                                                 \
	USUAL((path) | TID_CURRENT)

size_t decoder_run(struct decoder *d, struct event *out, size_t max)
{
	struct cursors c = {d->task_low, d->task_high, d->aux, d->current, d->woken}, rest;
	struct event *ev = out;
	uint64_t ts = d->ts;

	d->next_ext = 0;
	while (d->next < d->n && ev < out + max) {
		const uint8_t *codes = d->columns[COLUMN_SHAPE].p + d->next;
		const uint8_t *low = d->columns[COLUMN_TIME_LOW].p + d->next;
		const uint8_t *high = d->columns[COLUMN_TIME_HIGH].p + d->next;
		size_t left = (size_t)(out + max - ev), n = d->n - d->next;

		if (n > left)
			n = left;
		for (size_t i = 0; i < n; i++) {
			struct shape *shape = &d->shapes[codes[i]];
			uint32_t delta = low[i] | (uint32_t)high[i] << 8;

			ts += __builtin_expect(delta == TIME_ESCAPE, 0) ? take_long_time(d) : delta;
			ev->ts = ts;
			ev->ext = NULL;
			memcpy(&ev->value, &shape->like.value, sizeof(*ev) - FROM_SHAPE);
			switch (shape->path % PATHS) {
				USUAL_OF_ALL_TIDS(0);
				USUAL_OF_ALL_TIDS(PATH_AUX);
				USUAL_OF_ALL_TIDS(PATH_SWITCH);
				USUAL_OF_ALL_TIDS(PATH_SWITCH | PATH_AUX);
				USUAL_OF_ALL_TIDS(PATH_WAKING);
				USUAL_OF_ALL_TIDS(PATH_WAKING | PATH_AUX);
			case PATH_PACKED: take_usual_packed(d, shape, ev, &c); break;
			default:
				rest = c;
				take_other(d, shape, ev, &rest);
				c = rest;
				ev -= !shape->known;
				break;
			}
			ev++;
		}
		d->next += (uint32_t)n;
	}
	d->ts = ts;
	d->task_low = c.task_low;
	d->task_high = c.task_high;
	d->aux = c.aux;
	d->current = c.current;
	d->woken = c.woken;
	return (size_t)(ev - out);
}
