// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_fs: what tasks read and wrote through system calls, what of it devices had to do with, and
 * the memory they held. Three different bytes are told apart: dirtied (by the task, in the page
 * cache), submitted (to a device, by the task or by a kernel thread), charged (to a control group).
 */
#include <errno.h>
#include <stdlib.h>

#include "replay/views/io.h"
#include "replay/views/rss.h"

struct fs_figures {
	uint64_t rchar, wchar, syscr, syscw, read_bytes, write_bytes, cancelled;
	uint64_t io_rd_bytes, io_wr_bytes; /* submitted */
	uint64_t charged_rd_bytes, charged_wr_bytes;
	bool told; /* the account of somebody here; else it is not known, which is not nothing */
	struct rss_gauge rss;
};

static struct rss_gauge *gauge(struct view *v, uint32_t subject)
{
	struct fs_figures *f = view_figures(v, subject);

	return f ? &f->rss : NULL;
}

static int start(struct view *v, struct err *err)
{
	struct rss *rss = calloc(1, sizeof(*rss));

	v->own = rss;
	if (!rss)
		return err_set(err, -ENOMEM, "out of memory");
	rss->gauge = gauge;
	if (!view_recorded(v->env, "io"))
		v->sink.request = NULL;
	return 0;
}

static void stop(struct view *v)
{
	if (v->own)
		rss_free(v->own);
	free(v->own);
}

static void on_account(struct sink *s, const struct account *a)
{
	struct view *v = (struct view *)s;
	const struct acct_info *d = &a->delta;
	uint32_t id = subjects_of(v->subjects, a->task, a->task->cpu);
	struct fs_figures *f;

	if (id == SUBJECT_NONE)
		return;
	f = view_figures(v, id);
	if (!f)
		return;
	f->told = true;
	f->rchar += d->rchar;
	f->wchar += d->wchar;
	f->syscr += d->syscr;
	f->syscw += d->syscw;
	f->read_bytes += d->read_bytes;
	f->write_bytes += d->write_bytes;
	f->cancelled += d->cancelled_write_bytes;
	if (rss_account(v->own, v, id, a))
		v->failed = true;
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct view *v = (struct view *)s;

	rss_gone(v->own, v, task);
}

/* @known: it has an account, which is not told again while it does not change */
static void add_bytes(struct view *v, uint32_t id, enum io_class class, uint64_t bytes,
		      bool charged, bool known)
{
	struct fs_figures *f = id == SUBJECT_NONE ? NULL : view_figures(v, id);

	if (!f)
		return;
	f->told |= known;
	if (charged && class == IOC_READ)
		f->charged_rd_bytes += bytes;
	else if (charged)
		f->charged_wr_bytes += bytes;
	else if (class == IOC_READ)
		f->io_rd_bytes += bytes;
	else
		f->io_wr_bytes += bytes;
}

static void on_request(struct sink *s, const struct request *rq)
{
	struct view *v = (struct view *)s;
	struct subjects *subjects = v->subjects;
	enum io_class class = io_class_of(rq);

	if (rq->flags & (RQF_OPEN | RQF_NO_END | RQF_ABSORBED) ||
	    (class != IOC_READ && class != IOC_WRITE))
		return;
	for (uint32_t i = 0; i < rq->nshares; i++) {
		const struct task *task = rq->shares[i].task;
		bool known = task && engine_account(v->env->engine, task);
		uint64_t bytes = rq->shares[i].bytes;

		add_bytes(v,
			  task ? subjects_of(subjects, task, task->cpu)
			       : subjects_unknown(subjects, 0),
			  class, bytes, false, known);
		if (subjects->by != BY_CGROUP)
			continue;
		add_bytes(v,
			  rq->cgroup_id ? subjects_of_cgroup(subjects, rq->cgroup_id, task)
					: subjects_unknown(subjects, 0),
			  class, bytes, true, false);
	}
}

static int fold(void *to, void *from)
{
	struct fs_figures *a = to;
	const struct fs_figures *b = from;

	a->told |= b->told;
	a->rchar += b->rchar;
	a->wchar += b->wchar;
	a->syscr += b->syscr;
	a->syscw += b->syscw;
	a->read_bytes += b->read_bytes;
	a->write_bytes += b->write_bytes;
	a->cancelled += b->cancelled;
	a->io_rd_bytes += b->io_rd_bytes;
	a->io_wr_bytes += b->io_wr_bytes;
	a->charged_rd_bytes += b->charged_rd_bytes;
	a->charged_wr_bytes += b->charged_wr_bytes;
	rss_add(&a->rss, &b->rss);
	return 0;
}

static uint64_t total(const struct fs_figures *f)
{
	return f->rchar + f->wchar + f->read_bytes + f->write_bytes + f->io_rd_bytes +
	       f->io_wr_bytes + f->charged_rd_bytes + f->charged_wr_bytes;
}

static uint64_t weight(const void *figures)
{
	return total(figures);
}

static bool empty(const struct view_row *row)
{
	const struct fs_figures *f = row->figures;

	return !total(f) && !f->syscr && !f->syscw && !f->cancelled;
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	const struct fs_figures *f = figures;

	(void)v;
	(void)split;
	return !total(f) && !f->syscr && !f->syscw && !f->cancelled && !f->rss.seen && !f->rss.mark;
}

static const struct fs_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

#define GET(name, type)                                                                            \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		if (figures_of(row)->told)                                                         \
			value_u(v, type, figures_of(row)->name);                                   \
	}

GET(rchar, VT_BYTES)
GET(wchar, VT_BYTES)
GET(syscr, VT_COUNT)
GET(syscw, VT_COUNT)
GET(read_bytes, VT_BYTES)
GET(write_bytes, VT_BYTES)
GET(cancelled, VT_BYTES)

/* What no request was recorded for is not known. */
static void set_io(const void *row, struct value *v, uint64_t bytes)
{
	if (view_recorded(((const struct view_row *)row)->view->env, "io"))
		value_u(v, VT_BYTES, bytes);
}

static void get_io_rd(const void *row, struct value *v)
{
	set_io(row, v, figures_of(row)->io_rd_bytes);
}

static void get_io_wr(const void *row, struct value *v)
{
	set_io(row, v, figures_of(row)->io_wr_bytes);
}

/* A charge is a control group's. */
static void set_charged(const void *row, struct value *v, uint64_t bytes)
{
	if (((const struct view_row *)row)->view->subjects->by == BY_CGROUP)
		set_io(row, v, bytes);
}

static void get_charged_rd(const void *row, struct value *v)
{
	set_charged(row, v, figures_of(row)->charged_rd_bytes);
}

static void get_charged_wr(const void *row, struct value *v)
{
	set_charged(row, v, figures_of(row)->charged_wr_bytes);
}

/* Read-ahead may fetch more than is asked for: not below nothing. */
static void get_hit_pct(const void *row, struct value *v)
{
	const struct fs_figures *f = figures_of(row);

	if (f->told && f->rchar)
		value_share(v, f->rchar > f->read_bytes ? f->rchar - f->read_bytes : 0, f->rchar);
}

#define GET_RSS(name)                                                                              \
	static void get_rss_##name(const void *row, struct value *v)                               \
	{                                                                                          \
		if (figures_of(row)->rss.seen)                                                     \
			value_u(v, VT_BYTES, figures_of(row)->rss.name);                           \
	}

GET_RSS(now)
GET_RSS(min)
GET_RSS(max)

static void get_total(const void *row, struct value *v)
{
	value_u(v, VT_BYTES, total(figures_of(row)));
}

static const struct field fields[] = {
	{"rchar", "RCHAR", VT_BYTES, FIELD_TABLE,
	 "Bytes that read(2) and its like returned, from files, pipes, terminals", get_rchar},
	{"wchar", "WCHAR", VT_BYTES, FIELD_TABLE, "Bytes that write(2) and its like took",
	 get_wchar},
	{"syscr", "SYSCR", VT_COUNT, FIELD_TABLE | FIELD_SPARE, "Such system calls that read",
	 get_syscr},
	{"syscw", "SYSCW", VT_COUNT, FIELD_TABLE | FIELD_SPARE, "Such system calls that wrote",
	 get_syscw},
	{"read_bytes", "FETCHED", VT_BYTES, FIELD_TABLE,
	 "Bytes that it made a device read, as /proc/PID/io counts them", get_read_bytes},
	{"write_bytes", "DIRTIED", VT_BYTES, FIELD_TABLE,
	 "Bytes that it dirtied in the page cache or wrote past it, as /proc/PID/io counts them",
	 get_write_bytes},
	{"cancelled_write_bytes", "CANCELLED", VT_BYTES, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE,
	 "Dirtied bytes that never had to be written: truncated, deleted", get_cancelled},
	{"hit_pct_est", "%HIT(EST)", VT_PERCENT, FIELD_TABLE,
	 "Estimate of what the page cache served: 1 - read_bytes / rchar", get_hit_pct},
	{"io_rd_bytes", "SUBM RD", VT_BYTES, FIELD_TABLE | FIELD_IF_SET,
	 "Bytes of block reads that it submitted", get_io_rd},
	{"io_wr_bytes", "SUBM WR", VT_BYTES, FIELD_TABLE | FIELD_IF_SET,
	 "Bytes of block writes that it submitted; of writeback that is a kernel thread",
	 get_io_wr},
	{"charged_rd_bytes", "CHRG RD", VT_BYTES, FIELD_TABLE | FIELD_IF_SET,
	 "By cgroup: bytes of block reads that it is charged for", get_charged_rd},
	{"charged_wr_bytes", "CHRG WR", VT_BYTES, FIELD_TABLE | FIELD_IF_SET,
	 "By cgroup: bytes of block writes that it is charged for, whoever submitted them",
	 get_charged_wr},
	{"total", "TOTAL", VT_BYTES, FIELD_HIDDEN, "All of these bytes together: the default order",
	 get_total},
	{"rss_last_bytes", "RSS", VT_BYTES, 0,
	 "Resident memory when it was last told; a sum where a row has several processes",
	 get_rss_now},
	{"rss_min_bytes", "RSS MIN", VT_BYTES, 0, "The least that was seen of it", get_rss_min},
	{"rss_max_bytes", "RSS MAX", VT_BYTES, 0, "The most that was seen of it", get_rss_max},
};

static int after(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	(void)err;
	table_note(
		f, style, "%s",
		view_recorded(v->env, "io")
			? "dirtied: in memory, by whom; submitted: to a device, by whom; charged "
			  "(--by cgroup): for whom"
			: "dirtied: in memory; what of it went to a device: recorded without io "
			  "(record --with io)");
	return 0;
}

const struct view_kind view_fs = {
	.name = "fs",
	.about = "bytes of system calls and of devices; %HIT is an estimate",
	.sort = "total,syscr,syscw",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct fs_figures),
	.by_subject = true,
	.bys = BY_TASKS,
	.feature = "fs",
	.sink = {.request = on_request, .account = on_account, .task_gone = on_gone},
	.start = start,
	.stop = stop,
	.after = after,
	.absent = absent,
	.empty = empty,
	.weight = weight,
	.fold = fold,
};
