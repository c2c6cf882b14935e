// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_io: block requests by who made them, or by device. A request's number and latencies belong
 * to who made it, its bytes to whoever put them into it. By cgroup, to the one that is charged.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "replay/views/io.h"

/* By device: the rows. */
struct io_own {
	struct numbers devices;
	struct io_figures *figures; /* by device */
	uint32_t n;
};

static bool by_device(const struct view *v)
{
	return v->subjects->by == BY_DEVICE;
}

static struct io_figures *device_figures(struct view *v, uint32_t dev)
{
	struct io_own *own = v->own;
	uint32_t number = numbers_get(&own->devices, dev);
	struct io_figures *figures = own->figures;

	if (number < own->n)
		return &figures[number];
	if (number != NUMBER_NONE)
		figures = reallocarray(figures, own->devices.room, sizeof(*figures));
	if (number == NUMBER_NONE || !figures) {
		v->failed = true;
		return NULL;
	}
	own->figures = figures;
	while (own->n <= number)
		figures[own->n++] = (struct io_figures){0};
	return &figures[number];
}

/* Whose figures `task` has a part in; NULL: nobody's that the report is about. */
static struct io_figures *figures_for(struct view *v, const struct task *task, uint64_t cgroup_id,
				      uint32_t dev)
{
	struct subjects *s = v->subjects;
	uint32_t id;

	if (s->by == BY_CGROUP && cgroup_id)
		id = subjects_of_cgroup(s, cgroup_id, task);
	else
		id = task ? subjects_of(s, task, task->cpu) : subjects_unknown(s, 0);
	if (id == SUBJECT_NONE)
		return NULL;
	return by_device(v) ? device_figures(v, dev) : view_figures(v, id);
}

static void on_request(struct sink *s, const struct request *rq)
{
	struct view *v = (struct view *)s;
	enum io_class class = io_class_of(rq);
	bool moved = !(rq->flags & (RQF_OPEN | RQF_NO_END | RQF_ABSORBED));
	struct io_figures *f;

	f = figures_for(v, rq->shares[0].task, rq->cgroup_id, rq->dev);
	if (f && io_count(f, rq))
		v->failed = true;
	for (uint32_t i = 0; moved && i < rq->nshares; i++) {
		const struct task *task = rq->shares[i].task;

		f = figures_for(v, task, rq->cgroup_id, rq->dev);
		if (f)
			io_count_bytes(f, class, rq->shares[i].bytes,
				       task && rq->cgroup_id &&
					       rq->cgroup_id != task->info.cgroup_id);
	}
}

/* Sequential or not is told in the order that they are made, not in that of their ends. */
static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	const struct io_info *io = ev->ext;
	struct io_figures *f;
	uint64_t cgroup_id;

	if ((ev->kind != EV_IO_START && ev->kind != EV_IO_MERGE) || !io)
		return;
	cgroup_id = io->cgroup_id ? io->cgroup_id : task ? task->info.cgroup_id : 0;
	f = figures_for(v, task, cgroup_id, ev->value);
	if (f && io_follow(f, ev))
		v->failed = true;
}

static int start(struct view *v, struct err *err)
{
	v->own = calloc(1, sizeof(struct io_own));
	return v->own ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static void stop(struct view *v)
{
	struct io_own *own = v->own;

	for (uint32_t i = 0; own && i < own->n; i++)
		io_release(&own->figures[i]);
	if (own) {
		numbers_free(&own->devices);
		free(own->figures);
	}
	free(own);
}

static int rows(struct view *v, struct view_rows *out)
{
	struct io_own *own = v->own;

	for (uint32_t i = 0; i < own->n; i++) {
		struct view_row *row = view_add_row(out);

		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &own->figures[i];
		row->split = (uint32_t)own->devices.keys[i];
	}
	return 0;
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	(void)v;
	(void)split;
	return io_nothing(figures);
}

/* Flushes and the like alone are not worth the line of nobody in particular. */
static bool empty(const struct view_row *row)
{
	const struct io_figures *f = row->figures;

	return row->subject && row->subject->unknown &&
	       !(f->rd_ios | f->wr_ios | f->discards | f->open | f->no_end | f->rd_bytes |
		 f->wr_bytes | f->discard_bytes);
}

static uint64_t weight(const void *figures)
{
	const struct io_figures *f = figures;

	return f->rd_bytes + f->wr_bytes + f->discard_bytes;
}

static int fold(void *to, void *from)
{
	return io_add(to, from);
}

static void release(void *figures)
{
	io_release(figures);
}

/* What was lost of the rows that are shown must not go unseen. */
static int after(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct io_own *own = v->own;
	char n[UNITS_BUF];
	uint64_t sum = 0;

	(void)err;
	for (uint32_t i = 0; own && i < own->n; i++)
		sum += own->figures[i].no_end;
	for (uint32_t id = 0; !own && id < v->room && id < v->subjects->n; id++)
		if (v->subjects->list[id].used)
			sum += ((struct io_figures *)view_figures(v, id))->no_end;
	if (sum)
		table_warning(f, style,
			      "%s request%s whose end was not seen: in no figure but no_end",
			      format_count(sum, n), sum == 1 ? "" : "s");
	return 0;
}

/* -- fields -- */

static const struct io_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const struct view_env *env_of(const void *row)
{
	return ((const struct view_row *)row)->view->env;
}

/* By device only; the row's `split` is the device. */
static void get_dev(const void *row, struct value *v)
{
	value_device(v, env_of(row), ((const struct view_row *)row)->split);
}

#define GET(name, type)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		value_u(v, type, figures_of(row)->name);                                           \
	}

GET(rd_ios, VT_COUNT)
GET(wr_ios, VT_COUNT)
GET(discards, VT_COUNT)
GET(flushes, VT_COUNT)
GET(internal, VT_COUNT)
GET(rd_bytes, VT_BYTES)
GET(wr_bytes, VT_BYTES)
GET(discard_bytes, VT_BYTES)
GET(rd_merges, VT_COUNT)
GET(wr_merges, VT_COUNT)
GET(requeues, VT_COUNT)
GET(errors, VT_COUNT)
GET(other_cgroup_bytes, VT_BYTES)
GET(open, VT_COUNT)
GET(unknown, VT_COUNT)
GET(no_end, VT_COUNT)
GET(left_out, VT_COUNT)

static void get_bytes(const void *row, struct value *v)
{
	value_u(v, VT_BYTES, weight(figures_of(row)));
}

static void get_moved(const void *row, struct value *v)
{
	const struct io_figures *f = figures_of(row);

	value_u(v, VT_BYTES, f->rd_bytes + f->wr_bytes);
}

static void get_iops(const void *row, struct value *v)
{
	const struct io_figures *f = figures_of(row);

	value_rate(v, VT_MILLI, env_of(row), f->rd_ios + f->wr_ios + f->discards);
}

static void get_rd_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), figures_of(row)->rd_bytes);
}

static void get_wr_per_s(const void *row, struct value *v)
{
	value_rate(v, VT_BYTES, env_of(row), figures_of(row)->wr_bytes);
}

static void get_seq_pct(const void *row, struct value *v)
{
	value_share(v, figures_of(row)->seq, figures_of(row)->seq_of);
}

static void get_open_age(const void *row, struct value *v)
{
	uint64_t since = figures_of(row)->open_since_ns, now = env_of(row)->to_ns;

	if (since && since <= now)
		value_u(v, VT_NS, now - since);
}

static void get_flush_mean(const void *row, struct value *v)
{
	const struct io_figures *f = figures_of(row);

	if (f->flushes)
		value_u(v, VT_NS, f->flush_ns / f->flushes);
}

static void get_flush_max(const void *row, struct value *v)
{
	if (figures_of(row)->flushes)
		value_u(v, VT_NS, figures_of(row)->flush_max_ns);
}

/* Of no values there is no mean, no quantile, no maximum. */
static void set_ns(struct value *v, const struct io_delay *d, uint64_t ns)
{
	if (d->dist.count)
		value_u(v, VT_NS, ns);
}

#define GET_DELAY(name, what, figure)                                                              \
	static void get_##what##_##name(const void *row, struct value *v)                          \
	{                                                                                          \
		const struct io_delay *d = &figures_of(row)->what;                                 \
		set_ns(v, d, figure);                                                              \
	}

#define GET_DELAYS(what)                                                                           \
	GET_DELAY(min, what, d->min)                                                               \
	GET_DELAY(mean, what, dist_mean(&d->dist))                                                 \
	GET_DELAY(p50, what, dist_quantile(&d->dist, 500000))                                      \
	GET_DELAY(p90, what, dist_quantile(&d->dist, 900000))                                      \
	GET_DELAY(p99, what, dist_quantile(&d->dist, 990000))                                      \
	GET_DELAY(p999, what, dist_quantile(&d->dist, 999000))                                     \
	GET_DELAY(max, what, d->dist.max)                                                          \
	static void get_##what##_count(const void *row, struct value *v)                           \
	{                                                                                          \
		value_u(v, VT_COUNT, figures_of(row)->what.dist.count);                            \
	}                                                                                          \
	static void get_##what##_max_at(const void *row, struct value *v)                          \
	{                                                                                          \
		if (figures_of(row)->what.dist.count)                                              \
			value_time(v, env_of(row), figures_of(row)->what.dist.max_at);             \
	}

GET_DELAYS(queue)
GET_DELAYS(device)

static const struct field fields[] = {
	{"dev", "DEVICE", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC,
	 "Device; major:minor when the trace has no name", get_dev},
	{"rd_ios", "READS", VT_COUNT, FIELD_TABLE, "Reads that were completed", get_rd_ios},
	{"wr_ios", "WRITES", VT_COUNT, FIELD_TABLE,
	 "Writes that were completed, without discards and flushes", get_wr_ios},
	{"rd_bytes", "READ", VT_BYTES, FIELD_TABLE, "Bytes read from devices", get_rd_bytes},
	{"wr_bytes", "WRITTEN", VT_BYTES, FIELD_TABLE, "Bytes written to devices", get_wr_bytes},
	{"bytes", "BYTES", VT_BYTES, 0, "Bytes read, written and discarded", get_bytes},
	{"moved_bytes", "MOVED", VT_BYTES, FIELD_HIDDEN,
	 "Bytes read and written: the default order, for a discard of much is little work",
	 get_moved},
	{"iops", "IO/s", VT_MILLI, 0, "Reads, writes and discards in a second of the window",
	 get_iops},
	{"rd_bytes_per_s", "READ/s", VT_BYTES, 0, "Bytes read in a second", get_rd_per_s},
	{"wr_bytes_per_s", "WRITTEN/s", VT_BYTES, 0, "Bytes written in a second", get_wr_per_s},
	{"queue_p50_ns", "Q P50", VT_NS, 0, "From queued to issued: the median", get_queue_p50},
	{"queue_p99_ns", "Q P99", VT_NS, FIELD_TABLE | FIELD_WAIT,
	 "From queued to issued: 99 % are not longer", get_queue_p99},
	{"queue_max_ns", "Q MAX", VT_NS, 0, "From queued to issued: the longest", get_queue_max},
	{"dev_p50_ns", "DEV P50", VT_NS, FIELD_TABLE | FIELD_SPARE,
	 "From issued to completed: the median", get_device_p50},
	{"dev_p99_ns", "DEV P99", VT_NS, FIELD_TABLE | FIELD_WAIT,
	 "From issued to completed: 99 % are not longer", get_device_p99},
	{"dev_max_ns", "DEV MAX", VT_NS, FIELD_TABLE | FIELD_WAIT,
	 "From issued to completed: the longest", get_device_max},
	{"seq_pct", "%SEQ", VT_PERCENT, FIELD_TABLE,
	 "Requests that begin where the one before it ended (same row, same device)", get_seq_pct},
	{"errors", "ERRORS", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	 "Requests that failed", get_errors},
	{"open", "OPEN", VT_COUNT, FIELD_TABLE | FIELD_IF_SET,
	 "Requests that were not completed when the window ended", get_open},
	{"open_oldest_ns", "OLDEST", VT_NS, FIELD_IF_SET | FIELD_WAIT,
	 "How long the oldest of them had been there by then", get_open_age},
	{"discards", "DISCARDS", VT_COUNT, FIELD_TABLE | FIELD_IF_SET, "Discards", get_discards},
	{"discard_bytes", "DISCARDED", VT_BYTES, 0, "Bytes discarded", get_discard_bytes},
	{"flushes", "FLUSHES", VT_COUNT, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE,
	 "Flushes of a device's cache; nobody's, for one may serve many", get_flushes},
	{"flush_mean_ns", "FLUSH", VT_NS, 0, "Mean length of a flush", get_flush_mean},
	{"flush_max_ns", "FLUSH MAX", VT_NS, FIELD_WAIT, "The longest flush", get_flush_max},
	{"internal", "INTERNAL", VT_COUNT, 0,
	 "Requests that the kernel counts nowhere: passthrough, zone operations", get_internal},
	{"rd_merges", "RD MERGED", VT_COUNT, 0, "Reads that became a part of another request",
	 get_rd_merges},
	{"wr_merges", "WR MERGED", VT_COUNT, 0, "Writes that became a part of another request",
	 get_wr_merges},
	{"requeues", "REQUEUES", VT_COUNT, 0, "How often a driver gave one back", get_requeues},
	{"other_cgroup_bytes", "OTHER CG", VT_BYTES, 0,
	 "Bytes read and written that another control group than the submitter's is charged for: "
	 "writeback",
	 get_other_cgroup_bytes},
	{"queue_count", "Q COUNT", VT_COUNT, 0, "Requests whose queue latency is known",
	 get_queue_count},
	{"queue_min_ns", "Q MIN", VT_NS, 0, "From queued to issued: the shortest", get_queue_min},
	{"queue_mean_ns", "Q MEAN", VT_NS, 0, "From queued to issued: mean", get_queue_mean},
	{"queue_p90_ns", "Q P90", VT_NS, 0, "90 % are not longer", get_queue_p90},
	{"queue_p999_ns", "Q P99.9", VT_NS, 0, "99.9 % are not longer", get_queue_p999},
	{"queue_max_at_ns", "Q MAX AT", VT_TIME, 0, "When the longest was issued",
	 get_queue_max_at},
	{"dev_count", "DEV COUNT", VT_COUNT, 0, "Requests whose device latency is known",
	 get_device_count},
	{"dev_min_ns", "DEV MIN", VT_NS, 0, "From issued to completed: the shortest",
	 get_device_min},
	{"dev_mean_ns", "DEV MEAN", VT_NS, 0, "From issued to completed: mean", get_device_mean},
	{"dev_p90_ns", "DEV P90", VT_NS, 0, "90 % are not longer", get_device_p90},
	{"dev_p999_ns", "DEV P99.9", VT_NS, 0, "99.9 % are not longer", get_device_p999},
	{"dev_max_at_ns", "DEV MAX AT", VT_TIME, 0, "When the longest was completed",
	 get_device_max_at},
	{"unknown", "UNKNOWN", VT_COUNT, FIELD_BAD,
	 "Requests of which only the end was seen: they began before, or their start was lost",
	 get_unknown},
	{"no_end", "NO END", VT_COUNT, FIELD_BAD, "Requests whose end was lost; in no other figure",
	 get_no_end},
	{"left_out", "LEFT", VT_COUNT, 0, "Requests that touch a gap: counted, but in no latency",
	 get_left_out},
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))
#define ABOUT	"block requests: how many, how large, how long they were queued and the device took"

static const struct view_kind view_io_devices = {
	.name = "io",
	.about = ABOUT,
	.sort = "moved_bytes,bytes,dev_max_ns",
	.fields = fields,
	.nfields = NFIELDS,
	.other_by = BY_DEVICE,
	.feature = "io",
	.sink = {.request = on_request,
		 .event = on_event,
		 .kinds = 1u << EV_IO_START | 1u << EV_IO_MERGE},
	.start = start,
	.stop = stop,
	.rows = rows,
	.after = after,
};

const struct view_kind view_io = {
	.name = "io",
	.about = ABOUT,
	.sort = "moved_bytes,bytes,dev_max_ns",
	.fields = fields + 1, /* no device */
	.nfields = NFIELDS - 1,
	.figures_size = sizeof(struct io_figures),
	.by_subject = true,
	.bys = BY_TASKS,
	.other = &view_io_devices,
	.other_by = BY_DEVICE,
	.feature = "io",
	.sink = {.request = on_request,
		 .event = on_event,
		 .kinds = 1u << EV_IO_START | 1u << EV_IO_MERGE},
	.after = after,
	.absent = absent,
	.empty = empty,
	.weight = weight,
	.fold = fold,
	.release = release,
};
