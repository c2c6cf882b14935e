// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "engine/engine.h"

/*
 * For who reads our output from a pipe: how old an event may be before it is written, and how far
 * the stream of a source may step back in time.
 */
#define MAX_AGE_NS   UINT64_C(1000000000)
#define STEP_BACK_NS UINT64_C(10000000)

/* An EV_FRAMES from before the window. */
struct copy_frames {
	uint32_t tid, value;
	uint32_t len;
	char *frames;
};

int copy_init(struct copy *c, struct trace_writer *writer, uint32_t ncpus, uint64_t from_ns,
	      uint64_t to_ns, struct err *err)
{
	*c = (struct copy){
		.writer = writer,
		.ncpus = ncpus,
		.from_ns = from_ns,
		.to_ns = to_ns,
		.last_ns = from_ns,
	};
	return engine_new(&c->engine, ncpus, 0, UINT64_MAX, err);
}

static void forget_frames(struct copy *c)
{
	for (size_t i = 0; i < c->nframes; i++)
		free(c->frames[i].frames);
	c->nframes = 0;
}

void copy_free(struct copy *c)
{
	engine_free(c->engine);
	forget_frames(c);
	free(c->frames);
	free(c->gaps);
	free(c->gap_infos);
	*c = (struct copy){0};
}

static void saw(struct copy *c, uint64_t ts)
{
	if (ts > c->last_ns && ts != UINT64_MAX)
		c->last_ns = ts;
}

static int written(struct copy *c, int rc)
{
	c->write_failed = c->write_failed || rc < 0;
	return rc;
}

static int write_gap(struct copy *c, const struct event *ev, const struct gap_info *info,
		     struct err *err)
{
	struct gap_info clipped = *info;
	struct event out = *ev;

	if (out.ts < c->from_ns) {
		out.ts = c->from_ns;
		clipped.count = 0;
	}
	if (clipped.end_ns > c->to_ns)
		clipped.end_ns = c->to_ns;
	if (clipped.end_ns < out.ts)
		clipped.end_ns = out.ts;
	out.ext = &clipped;
	c->lost += clipped.count;
	saw(c, clipped.end_ns);
	return written(c, trace_write_event(c->writer, &out, err));
}

static int keep_frames(struct copy *c, const struct event *ev, struct err *err)
{
	const struct frames_info *info = ev->ext;
	struct copy_frames kept = {ev->tid, ev->value, info->frames_len, NULL};

	if (!ARRAY_ROOM(c->frames, c->frames_room, c->nframes))
		return err_set(err, -ENOMEM, "out of memory");
	kept.frames = malloc(kept.len ? kept.len : 1);
	if (!kept.frames)
		return err_set(err, -ENOMEM, "out of memory");
	if (kept.len)
		memcpy(kept.frames, info->frames, kept.len);
	c->frames[c->nframes++] = kept;
	return 0;
}

static int write_frames(struct copy *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->nframes; i++) {
		const struct copy_frames *kept = &c->frames[i];
		const struct frames_info info = {kept->frames, kept->len};
		const struct event ev = {.ts = c->from_ns,
					 .ext = &info,
					 .tid = kept->tid,
					 .value = kept->value,
					 .cpu = CPU_NONE,
					 .kind = EV_FRAMES};

		rc = written(c, trace_write_event(c->writer, &ev, err));
	}
	return rc;
}

/* The window begins: the state so far, then the gaps that reach into it. */
static int start(struct copy *c, const struct event *next, struct err *err)
{
	bool is_start = next && next->kind == EV_CHECKPOINT && (!c->fed || next->ts == c->from_ns);
	struct checkpoint ck;
	int rc = 0;

	if (!is_start) {
		rc = engine_checkpoint(c->engine, c->from_ns, &ck, err);
		if (!rc)
			rc = written(c, trace_write_checkpoint(c->writer, &ck, err));
		if (!rc)
			rc = write_frames(c, err);
	}
	forget_frames(c);
	for (size_t i = 0; !rc && i < c->ngaps; i++)
		rc = write_gap(c, &c->gaps[i], &c->gap_infos[i], err);
	engine_free(c->engine);
	c->engine = NULL;
	c->ngaps = 0;
	c->started = true;
	return rc;
}

static int keep_gap(struct copy *c, const struct event *ev, const struct gap_info *info,
		    struct err *err)
{
	struct gap_info *infos;
	struct event *gaps;

	gaps = realloc(c->gaps, (c->ngaps + 1) * sizeof(*gaps));
	if (gaps)
		c->gaps = gaps;
	infos = realloc(c->gap_infos, (c->ngaps + 1) * sizeof(*infos));
	if (infos)
		c->gap_infos = infos;
	if (!gaps || !infos)
		return err_set(err, -ENOMEM, "out of memory");
	c->gaps[c->ngaps] = *ev;
	c->gap_infos[c->ngaps++] = *info;
	return 0;
}

/* Before the window: the engine learns it. A gap that reaches into the window is split. */
static int feed(struct copy *c, const struct event *ev, struct err *err)
{
	const struct gap_info *info = ev->ext;
	struct gap_info before;
	struct event part = *ev;
	int rc;

	c->fed = true;
	if (ev->kind == EV_CHECKPOINT)
		forget_frames(c); /* a segment tells all of its own */
	if (ev->kind == EV_FRAMES) {
		rc = keep_frames(c, ev, err);
		if (rc)
			return rc;
	}
	if (ev->kind == EV_GAP && info->end_ns >= c->from_ns) {
		rc = keep_gap(c, ev, info, err);
		if (rc)
			return rc;
		before = *info;
		before.end_ns = c->from_ns;
		part.ext = &before;
	}
	return engine_apply(c->engine, &part, 1, err);
}

static int copy_event(struct copy *c, const struct event *ev, struct err *err)
{
	int rc = 0;

	if (!c->started) {
		if (ev->ts < c->from_ns)
			return feed(c, ev, err);
		rc = start(c, ev, err);
		if (rc)
			return rc;
	}
	if (ev->ts >= c->to_ns)
		return 0;
	if (ev->ts > c->reached_ns)
		c->reached_ns = ev->ts;
	switch (ev->kind) {
	case EV_CHECKPOINT: rc = written(c, trace_write_checkpoint(c->writer, ev->ext, err)); break;
	case EV_GAP: return write_gap(c, ev, ev->ext, err);
	default: rc = written(c, trace_write_event(c->writer, ev, err)); break;
	}
	saw(c, ev->ts);
	return rc;
}

int copy_events(struct copy *c, const struct event *events, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = copy_event(c, &events[i], err);
	return rc;
}

int copy_run(struct copy *c, struct source *src, struct err *err)
{
	const struct event *events;
	int n, rc;

	while ((n = src->next(src, &events, err)) > 0) {
		rc = copy_events(c, events, (size_t)n, err);
		if (!rc && c->started && c->reached_ns > c->from_ns + STEP_BACK_NS)
			rc = written(c, trace_writer_flush(c->writer, c->reached_ns - STEP_BACK_NS,
							   MAX_AGE_NS, err));
		if (rc)
			return rc;
		if (c->stop && *c->stop)
			return err_set(err, -EINTR, "interrupted; nothing was written");
	}
	return n;
}

int copy_finish(struct copy *c, struct err *err)
{
	return c->started ? 0 : start(c, NULL, err);
}
