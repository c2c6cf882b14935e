// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* verbs/copy: what recover, cut and merge write says the same as what they read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "schedule.h"
#include "verbs/copy.h"

#define STEPS 4000

/* What a sink saw, in the order in which it saw it. */
struct seen {
	struct interval *list;
	uint32_t *tids;
	size_t n, cap;
	struct cpu_interval *cpus;
	size_t ncpus, cpus_cap;
};

struct recorder {
	struct sink sink;
	struct seen seen;
};

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct seen *seen = &((struct recorder *)s)->seen;

	if (iv->from_ns == iv->to_ns)
		return; /* of a window's edge */
	if (seen->n == seen->cap) {
		seen->cap = seen->cap ? 2 * seen->cap : 256;
		seen->list = realloc(seen->list, seen->cap * sizeof(*seen->list));
		seen->tids = realloc(seen->tids, seen->cap * sizeof(*seen->tids));
		assert_true(seen->list && seen->tids);
	}
	seen->tids[seen->n] = iv->task->info.tid;
	seen->list[seen->n++] = *iv;
}

static void on_cpu_interval(struct sink *s, const struct cpu_interval *iv)
{
	struct seen *seen = &((struct recorder *)s)->seen;

	if (iv->from_ns == iv->to_ns)
		return;
	if (seen->ncpus == seen->cpus_cap) {
		seen->cpus_cap = seen->cpus_cap ? 2 * seen->cpus_cap : 256;
		seen->cpus = realloc(seen->cpus, seen->cpus_cap * sizeof(*seen->cpus));
		assert_non_null(seen->cpus);
	}
	seen->cpus[seen->ncpus++] = *iv;
}

static void seen_free(struct seen *s)
{
	free(s->list);
	free(s->tids);
	free(s->cpus);
}

/* All intervals of a trace in [from, to). */
static struct seen intervals(int fd, uint64_t from, uint64_t to)
{
	struct recorder r = {.sink = {.interval = on_interval, .cpu_interval = on_cpu_interval}};
	const struct event *events;
	struct source *src;
	struct trace *t;
	struct engine *e;
	struct err err;
	int n;

	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	assert_int_equal(engine_new(&e, SCHEDULE_CPUS, from, to, &err), 0);
	assert_int_equal(engine_add_sink(e, &r.sink, &err), 0);
	assert_int_equal(trace_source(t, from, to, &src, &err), 0);
	while ((n = src->next(src, &events, &err)) > 0)
		for (int i = 0; i < n; i++)
			if (events[i].ts < to) /* the cut cannot know what comes after */
				assert_int_equal(engine_apply(e, &events[i], 1, &err), 0);
	assert_int_equal(n, 0);
	src->close(src);
	assert_int_equal(engine_finish(e, to, &err), 0);
	engine_free(e);
	trace_close(t);
	return r.seen;
}

static int compare_intervals(const void *pa, const void *pb)
{
	const struct interval *a = pa, *b = pb;

	if (a->from_ns != b->from_ns)
		return a->from_ns < b->from_ns ? -1 : 1;
	return (a->waker > b->waker) - (a->waker < b->waker);
}

struct row {
	uint32_t tid;
	struct interval iv;
};

static int compare_rows(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return compare_intervals(&a->iv, &b->iv);
}

/* What a gap touches counts in totals only, and a cut may know less of its length: left out. */
static struct row *rows_of(const struct seen *s, size_t *n)
{
	struct row *rows = calloc(s->n + 1, sizeof(*rows));

	assert_non_null(rows);
	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (!(s->list[i].flags & IVF_GAP))
			rows[(*n)++] = (struct row){s->tids[i], s->list[i]};
	qsort(rows, *n, sizeof(*rows), compare_rows);
	return rows;
}

static bool same_interval(const struct row *a, const struct row *b)
{
	if (a->tid != b->tid || a->iv.from_ns != b->iv.from_ns || a->iv.to_ns != b->iv.to_ns ||
	    a->iv.state != b->iv.state || a->iv.gap_ns != b->iv.gap_ns)
		return false;
	return a->iv.start_ns == b->iv.start_ns && a->iv.flags == b->iv.flags &&
	       a->iv.cause == b->iv.cause && a->iv.raw_state == b->iv.raw_state &&
	       a->iv.syscall == b->iv.syscall && a->iv.waker == b->iv.waker &&
	       a->iv.waking_ns == b->iv.waking_ns && a->iv.cpu == b->iv.cpu;
}

static void print_row(const char *what, const struct row *r)
{
	print_error("%s: tid %u %s [%llu, %llu) start %llu gap %llu flags %x cause %d waker %u "
		    "waking %llu cpu %u raw %x syscall %d\n",
		    what, r->tid, state_name(r->iv.state), (unsigned long long)r->iv.from_ns,
		    (unsigned long long)r->iv.to_ns, (unsigned long long)r->iv.start_ns,
		    (unsigned long long)r->iv.gap_ns, r->iv.flags, r->iv.cause, r->iv.waker,
		    (unsigned long long)r->iv.waking_ns, r->iv.cpu, r->iv.raw_state, r->iv.syscall);
}

static void assert_same_tasks(const struct seen *whole, const struct seen *cut)
{
	size_t na, nb, n;
	struct row *a = rows_of(whole, &na), *b = rows_of(cut, &nb);

	n = na < nb ? na : nb;
	for (size_t i = 0; i < n; i++)
		if (!same_interval(&a[i], &b[i])) {
			print_row("whole", &a[i]);
			print_row("cut", &b[i]);
			fail();
		}
	assert_int_equal(na, nb);
	free(a);
	free(b);
}

static void cpu_totals(const struct seen *s, uint64_t totals[SCHEDULE_CPUS][CS_OTHER + 1])
{
	memset(totals, 0, sizeof(uint64_t[SCHEDULE_CPUS][CS_OTHER + 1]));
	for (size_t i = 0; i < s->ncpus; i++)
		totals[s->cpus[i].cpu][s->cpus[i].state] += s->cpus[i].to_ns - s->cpus[i].from_ns;
}

static void assert_same_cpus(const struct seen *whole, const struct seen *cut, uint64_t wall)
{
	uint64_t a[SCHEDULE_CPUS][CS_OTHER + 1], b[SCHEDULE_CPUS][CS_OTHER + 1];

	cpu_totals(whole, a);
	cpu_totals(cut, b);
	for (int cpu = 0; cpu < SCHEDULE_CPUS; cpu++) {
		for (int state = CS_RUN; state <= CS_OTHER; state++)
			assert_int_equal(a[cpu][state], b[cpu][state]);
		assert_int_equal(a[cpu][CS_RUN] + a[cpu][CS_IDLE] + a[cpu][CS_GAP], wall);
	}
}

/* Copies [from, to) of the traces into a new memfd. */
static int copy_traces(const int *fds, size_t n, uint64_t from, uint64_t to, uint64_t *lost)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 64};
	struct meta_end end = {.end_ns = to};
	int out = memory_file(NULL, 0);
	struct trace_writer *w;
	struct copy c;
	struct meta meta;
	struct err err;

	simple_meta(&meta, SCHEDULE_CPUS, from);
	assert_int_equal(trace_writer_new(&w, out, &opt, &meta, &err), 0);
	assert_int_equal(copy_init(&c, w, SCHEDULE_CPUS, from, to, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct source *src;
		struct trace *t;

		assert_int_equal(trace_open(&t, fd_path(fds[i]), &err), 0);
		assert_int_equal(
			trace_source(t, n == 1 ? from : 0, n == 1 ? to : UINT64_MAX, &src, &err),
			0);
		assert_int_equal(copy_run(&c, src, &err), 0);
		src->close(src);
		trace_close(t);
	}
	assert_int_equal(copy_finish(&c, &err), 0);
	if (lost)
		*lost = c.lost;
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	copy_free(&c);
	meta_free(&meta);
	return out;
}

static uint64_t last_ns(const struct event_list *l)
{
	return l->list[l->n - 1].ts + 50000;
}

static void test_whole(void **state)
{
	struct event_list events = {0}, before = {0}, after = {0};
	size_t checkpoints_before, checkpoints_after;
	int fd, copy;

	(void)state;
	schedule_events(&events, 1, STEPS, 500);
	fd = schedule_trace(&events, 700);
	copy = copy_traces(&fd, 1, SCHEDULE_START, UINT64_MAX, NULL);
	read_trace(fd_path(fd), &before, &checkpoints_before, NULL);
	read_trace(fd_path(copy), &after, &checkpoints_after, NULL);
	assert_int_equal(before.n, events.n);
	assert_int_equal(after.n, before.n);
	for (size_t i = 0; i < before.n; i++)
		assert_event_equal(&after.list[i], &before.list[i], i);
	assert_int_equal(checkpoints_after, checkpoints_before);
	list_free(&events);
	list_free(&before);
	list_free(&after);
	close(fd);
	close(copy);
}

static void check_window(int fd, uint64_t from, uint64_t to)
{
	int cut = copy_traces(&fd, 1, from, to, NULL);
	struct seen whole = intervals(fd, from, to), part = intervals(cut, from, to);

	assert_same_tasks(&whole, &part);
	assert_same_cpus(&whole, &part, to - from);
	seen_free(&whole);
	seen_free(&part);
	close(cut);
}

static void check_windows(uint64_t seed, size_t gaps, size_t segment)
{
	struct event_list events = {0};
	uint64_t length, dice = seed;
	int fd;

	schedule_events(&events, seed, STEPS, gaps);
	fd = schedule_trace(&events, segment);
	length = last_ns(&events) - SCHEDULE_START;
	check_window(fd, SCHEDULE_START, last_ns(&events));
	for (int i = 0; i < 25; i++) {
		uint64_t a = random_next(&dice) % length, b = a + random_next(&dice) % (length - a);

		check_window(fd, SCHEDULE_START + a, SCHEDULE_START + b + 1);
	}
	/* edges on an event, the nastiest place */
	for (int i = 0; i < 25; i++) {
		size_t a = random_next(&dice) % (events.n / 2);
		size_t b = events.n / 2 + random_next(&dice) % (events.n / 2);

		check_window(fd, events.list[a].ts, events.list[b].ts);
	}
	list_free(&events);
	close(fd);
}

static void test_windows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 4; seed++) {
		check_windows(seed, 0, 0);
		check_windows(seed, 0, 700);
	}
}

static void test_windows_with_gaps(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++) {
		check_windows(seed, 300, 0);
		check_windows(seed, 300, 700);
	}
}

/* Pieces cut at the same instants give the events of the whole again, gaps and counts included. */
static void test_cut_and_merge(void **state)
{
	struct event_list events = {0}, merged = {0};
	uint64_t lost = 0, sum = 0, whole, length;
	int fd, pieces[4], back;
	size_t at = 0;

	(void)state;
	schedule_events(&events, 9, STEPS, 200);
	fd = schedule_trace(&events, 900);
	length = last_ns(&events) - SCHEDULE_START;
	for (uint64_t i = 0; i < 4; i++) {
		pieces[i] = copy_traces(&fd, 1, SCHEDULE_START + length * i / 4,
					SCHEDULE_START + length * (i + 1) / 4, &lost);
		sum += lost;
	}
	back = copy_traces(pieces, 4, SCHEDULE_START, UINT64_MAX, &lost);
	close(copy_traces(&fd, 1, SCHEDULE_START, UINT64_MAX, &whole));
	assert_true(whole > 100);
	assert_int_equal(sum, whole);
	assert_int_equal(lost, whole);
	read_trace(fd_path(back), &merged, NULL, NULL);
	for (size_t i = 0; i < events.n; i++) {
		if (events.list[i].kind == EV_GAP)
			continue;
		while (at < merged.n && merged.list[at].kind == EV_GAP)
			at++;
		assert_true(at < merged.n);
		assert_event_equal(&merged.list[at++], &events.list[i], i);
	}
	list_free(&events);
	list_free(&merged);
	for (int i = 0; i < 4; i++)
		close(pieces[i]);
	close(fd);
	close(back);
}

/* The first segment's checkpoint is gone: the source begins with gaps. */
static void test_no_beginning(void **state)
{
	struct gap_info gap = {.end_ns = SCHEDULE_START + 1000, .reason = GAP_CORRUPT};
	struct trace_writer_options opt = {.level = 0};
	struct event_list events = {0}, out = {0};
	struct event lost = {.ts = SCHEDULE_START, .kind = EV_GAP, .ext = &gap};
	struct event checkpoint = {.kind = EV_CHECKPOINT, .cpu = CPU_NONE};
	struct checkpoint late = *schedule_checkpoint();
	int fd = memory_file(NULL, 0);
	struct meta_end end = {.end_ns = SCHEDULE_START + 2000};
	struct trace_writer *w;
	struct copy c;
	struct meta meta;
	size_t checkpoints;
	struct err err;

	(void)state;
	for (uint16_t cpu = 0; cpu < SCHEDULE_CPUS; cpu++) {
		lost.cpu = cpu;
		list_add(&events, &lost);
	}
	late.ts = checkpoint.ts = SCHEDULE_START + 1000;
	checkpoint.ext = &late;
	simple_meta(&meta, SCHEDULE_CPUS, SCHEDULE_START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(copy_init(&c, w, SCHEDULE_CPUS, SCHEDULE_START, UINT64_MAX, &err), 0);
	assert_int_equal(copy_events(&c, events.list, events.n, &err), 0);
	assert_int_equal(copy_events(&c, &checkpoint, 1, &err), 0);
	assert_int_equal(copy_finish(&c, &err), 0);
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	copy_free(&c);
	read_trace(fd_path(fd), &out, &checkpoints, NULL);
	assert_int_equal(checkpoints, 2);
	assert_int_equal(out.n, SCHEDULE_CPUS);
	for (size_t i = 0; i < out.n; i++)
		assert_event_equal(&out.list[i], &events.list[i], i);
	list_free(&events);
	list_free(&out);
	meta_free(&meta);
	close(fd);
}

/* A window that begins inside a segment: what its stacks mean is told again, and only that. */
static void test_frames(void **state)
{
	struct frames_info old = {"old\0", 5}, info = {"a\0\0b", 5};
	const struct event frames = {.ts = SCHEDULE_START + 200,
				     .ext = &info,
				     .tid = 7,
				     .value = 3,
				     .cpu = CPU_NONE,
				     .kind = EV_FRAMES};
	struct event before = frames, late = frames, want = frames;
	struct event checkpoint = {
		.ts = SCHEDULE_START + 100, .kind = EV_CHECKPOINT, .cpu = CPU_NONE};
	struct trace_writer_options opt = {.level = 0};
	struct checkpoint ck = *schedule_checkpoint();
	struct meta_end end = {.end_ns = SCHEDULE_START + 2000};
	int fd = memory_file(NULL, 0);
	struct event_list out = {0};
	struct trace_writer *w;
	struct copy c;
	struct meta meta;
	size_t checkpoints;
	struct err err;

	(void)state;
	before.ts = SCHEDULE_START + 50; /* of the segment before */
	before.ext = &old;
	ck.ts = checkpoint.ts;
	checkpoint.ext = &ck;
	late.ts = SCHEDULE_START + 1500;
	simple_meta(&meta, SCHEDULE_CPUS, SCHEDULE_START + 1000);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(copy_init(&c, w, SCHEDULE_CPUS, SCHEDULE_START + 1000, UINT64_MAX, &err),
			 0);
	assert_int_equal(copy_events(&c, &before, 1, &err), 0);
	assert_int_equal(copy_events(&c, &checkpoint, 1, &err), 0);
	assert_int_equal(copy_events(&c, &frames, 1, &err), 0);
	assert_int_equal(copy_events(&c, &late, 1, &err), 0);
	assert_int_equal(copy_finish(&c, &err), 0);
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	copy_free(&c);
	read_trace(fd_path(fd), &out, &checkpoints, NULL);
	assert_int_equal(checkpoints, 1);
	assert_int_equal(out.n, 2);
	want.ts = SCHEDULE_START + 1000;
	assert_event_equal(&out.list[0], &want, 0);
	assert_event_equal(&out.list[1], &late, 1);
	list_free(&out);
	meta_free(&meta);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_windows_with_gaps),
		cmocka_unit_test(test_cut_and_merge),
		cmocka_unit_test(test_no_beginning),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
