// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/ring: the consumer and the merge, against a producer made of plain memory. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "record/ring.h"

#define NCPUS  3u
#define RING   RING_BYTES_MIN
#define STRIDE (RING_HEADER_BYTES + RING + RING_MARGIN)
#define ALL    UINT64_MAX

struct fixture {
	uint8_t *memory;
	struct rings *rings;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	f->memory = calloc(NCPUS, STRIDE);
	assert_int_equal(rings_new(&f->rings, f->memory, STRIDE, NCPUS, RING, &err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rings_free(f->rings);
	free(f->memory);
	free(f);
	return 0;
}

static struct ring_page *page_of(struct fixture *f, unsigned cpu)
{
	return (struct ring_page *)(f->memory + (size_t)STRIDE * cpu);
}

static uint8_t *data_of(struct ring_page *page)
{
	return (uint8_t *)page + RING_HEADER_BYTES;
}

static void commit(struct ring_rec *rec, unsigned kind, unsigned flags, size_t bytes,
		   uint32_t value)
{
	__atomic_store_n(&rec->word0, RING_WORD0(kind, flags, bytes / 8, value), __ATOMIC_RELEASE);
}

/* The producer of bpf/ring.h, in C: it looks at tail and losses only beyond page->limit. */
static int lose(struct ring_page *page, uint64_t now)
{
	uint64_t none = 0;

	__atomic_compare_exchange_n(&page->first_lost_ns, &none, now, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
	__atomic_store_n(&page->last_lost_ns, now, __ATOMIC_RELEASE);
	__atomic_fetch_add(&page->lost, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&page->unsaid, 1, __ATOMIC_ACQ_REL);
	page->limit = 0;
	return -1;
}

static int renew(struct ring_page *page, size_t bytes, uint64_t now)
{
	struct ring_rec *rec = (struct ring_rec *)(data_of(page) + (page->head & (RING - 1)));
	struct ring_lost *lost = (struct ring_lost *)(rec + 1);
	uint64_t tail = __atomic_load_n(&page->tail, __ATOMIC_ACQUIRE);
	uint64_t unsaid = __atomic_load_n(&page->unsaid, __ATOMIC_ACQUIRE);
	uint64_t end = page->head + bytes + (unsaid ? sizeof(*rec) + sizeof(*lost) : 0);

	if (end - tail > RING)
		return lose(page, now);
	if (unsaid) {
		__atomic_store_n(&page->head, end - bytes, __ATOMIC_RELEASE);
		lost->count = __atomic_exchange_n(&page->unsaid, 0, __ATOMIC_ACQ_REL);
		rec->ts = __atomic_exchange_n(&page->first_lost_ns, 0, __ATOMIC_ACQ_REL);
		lost->last_ns = __atomic_load_n(&page->last_lost_ns, __ATOMIC_ACQUIRE);
		rec->ts = rec->ts ? rec->ts : lost->last_ns;
		commit(rec, REC_LOST, 0, sizeof(*rec) + sizeof(*lost), 0);
	}
	page->limit = end - tail <= RING / 2 ? tail + RING / 2 : end + RING / 16;
	if (page->limit - tail > RING)
		page->limit = tail + RING;
	return 0;
}

static struct ring_rec *reserve(struct ring_page *page, size_t bytes, uint64_t now)
{
	struct ring_rec *rec;

	if (page->head + bytes > page->limit && renew(page, bytes, now) < 0)
		return NULL;
	rec = (struct ring_rec *)(data_of(page) + (page->head & (RING - 1)));
	__atomic_store_n(&page->head, page->head + bytes, __ATOMIC_RELEASE);
	/* what the consumer has given back is zero */
	assert_int_equal(rec->word0, 0);
	return rec;
}

static bool put(struct ring_page *page, unsigned kind, uint64_t ts, uint32_t tid)
{
	struct ring_rec *rec = reserve(page, sizeof(*rec), ts);

	if (!rec)
		return false;
	rec->ts = ts;
	rec->tid = tid;
	rec->peer = tid + 1;
	commit(rec, kind, 0, sizeof(*rec), tid + 2);
	return true;
}

static struct ring_rec *put_tail(struct ring_page *page, unsigned kind, uint64_t ts,
				 const void *tail, size_t len)
{
	struct ring_rec *rec = reserve(page, sizeof(*rec) + len, ts);

	assert_non_null(rec);
	rec->ts = ts;
	rec->tid = 7;
	rec->peer = 8;
	memcpy(rec + 1, tail, len);
	commit(rec, kind, 0, sizeof(*rec) + len, 0);
	return rec;
}

static int drain(struct fixture *f, uint64_t until, const struct event **e)
{
	struct err err = {0};

	return rings_drain(f->rings, until, e, &err);
}

/* Drains once and compares the times, in order. */
static void expect_times(struct fixture *f, uint64_t until, size_t n, ...)
{
	const struct event *e;
	va_list ap;
	size_t i;

	assert_int_equal(drain(f, until, &e), n);
	va_start(ap, n);
	for (i = 0; i < n; i++)
		assert_int_equal(e[i].ts, va_arg(ap, int));
	va_end(ap);
}

static void test_sizes(void **state)
{
	struct rings *rings;
	struct err err = {0};
	uint8_t page[RING_HEADER_BYTES] = {0};

	(void)state;
	assert_int_equal(rings_new(&rings, page, STRIDE, 1, RING + 8, &err), -EINVAL);
	assert_int_equal(rings_new(&rings, page, STRIDE, 1, RING / 2, &err), -EINVAL);
	assert_true(strlen(err.msg) > 0);
}

static void test_hot_kinds(void **state)
{
	struct fixture *f = *state;
	struct ring_rec *rec;
	const struct event *e;

	expect_times(f, ALL, 0);
	rec = reserve(page_of(f, 1), sizeof(*rec), 0);
	rec->ts = 100;
	rec->tid = 11;
	rec->peer = 12;
	commit(rec, REC_SWITCH, RECF_IOWAIT, sizeof(*rec), 0x2102 | 59u << 16);
	rec = reserve(page_of(f, 1), sizeof(*rec), 0);
	rec->ts = 101;
	rec->tid = 13;
	rec->peer = 14;
	commit(rec, REC_WAKEUP, RECF_CTX_SOFTIRQ, sizeof(*rec), 5u << 16 | 2);

	assert_int_equal(drain(f, ALL, &e), 2);
	assert_int_equal(e[0].kind, EV_SWITCH);
	assert_int_equal(e[0].cpu, 1);
	assert_int_equal(e[0].tid, 11);
	assert_int_equal(e[0].peer, 12);
	assert_int_equal(e[0].value, 0x2102);
	assert_int_equal(e[0].aux, 59);
	assert_int_equal(e[0].flags, EVF_IOWAIT);
	assert_int_equal(e[1].kind, EV_WAKEUP);
	assert_int_equal(e[1].value, 2);
	assert_int_equal(e[1].aux, 5);
	assert_int_equal(e[1].flags, EVF_CTX_SOFTIRQ);
	assert_int_equal(rings_events(f->rings, EV_WAKEUP), 1);
	assert_int_equal(rings_events(f->rings, EV_WAKING), 0);
}

static void test_long_kinds(void **state)
{
	struct fixture *f = *state;
	struct ring_task task = {.tid = 1,
				 .tgid = 2,
				 .ppid = 3,
				 .uid = 4,
				 .start_ns = 5,
				 .cgroup_id = 6,
				 .flags = TASKF_KTHREAD};
	struct {
		struct ring_exec exec;
		char tail[24];
	} exec = {{.uid = 9, .path_words = 1, .args_len = 9, .truncated = 1},
		  "/a/b\0xxxone\0two\0z"};
	struct {
		struct ring_name name;
		char path[16];
	} name = {{.id = 77}, "/some/group"};
	uint64_t cgroup = 78, start_ns = 79;
	const struct exec_info *x;
	const struct event *e;

	/* no NUL: a name that is not terminated must not run on */
	memset(task.comm, 'c', sizeof(task.comm));
	memset(exec.exec.comm, 'd', sizeof(exec.exec.comm));
	put_tail(page_of(f, 0), REC_FORK, 1, &task, sizeof(task));
	put_tail(page_of(f, 0), REC_EXEC, 2, &exec, sizeof(exec));
	put_tail(page_of(f, 0), REC_RENAME, 3, "new\0garbagegarba", 16);
	put_tail(page_of(f, 0), REC_CGROUP, 4, &cgroup, sizeof(cgroup));
	put_tail(page_of(f, 0), REC_NAME, 5, &name, sizeof(name));
	put_tail(page_of(f, 0), REC_FREE, 6, &start_ns, sizeof(start_ns));

	assert_int_equal(drain(f, ALL, &e), 6);
	assert_int_equal(((const struct free_info *)e[5].ext)->start_ns, start_ns);
	assert_int_equal(((const struct task_info *)e[0].ext)->cgroup_id, 6);
	assert_int_equal(((const struct task_info *)e[0].ext)->start_ns, 5);
	assert_string_equal(((const struct task_info *)e[0].ext)->comm, "ccccccccccccccc");
	x = e[1].ext;
	assert_string_equal(x->filename, "/a/b");
	assert_true(x->truncated == 1 && x->uid == 9);
	/* cut in the middle of an argument: the NUL is put back */
	assert_int_equal(x->args_len, 9 + 1);
	assert_memory_equal(x->args, "one\0two\0z", 10);
	assert_string_equal(x->comm, "ddddddddddddddd");
	assert_string_equal(((const struct rename_info *)e[2].ext)->comm, "new");
	assert_int_equal(((const struct cgroup_info *)e[3].ext)->cgroup_id, 78);
	assert_true(e[4].kind == EV_NAME && e[4].cpu == CPU_NONE);
	assert_int_equal(((const struct name_info *)e[4].ext)->kind, NAME_CGROUP);
	assert_string_equal(((const struct name_info *)e[4].ext)->name, "/some/group");
}

static void test_merge_and_watermark(void **state)
{
	struct fixture *f = *state;

	put(page_of(f, 0), REC_SWITCH, 10, 1);
	put(page_of(f, 0), REC_SWITCH, 40, 1);
	put(page_of(f, 1), REC_SWITCH, 20, 1);
	put(page_of(f, 1), REC_SWITCH, 30, 1);
	put(page_of(f, 1), REC_SWITCH, 50, 1);
	put(page_of(f, 2), REC_SWITCH, 25, 1);
	expect_times(f, 10, 0);
	expect_times(f, 30, 3, 10, 20, 25);
	assert_int_equal(page_of(f, 0)->tail, 24);
	assert_int_equal(page_of(f, 1)->tail, 24);
	expect_times(f, ALL, 3, 30, 40, 50);
	expect_times(f, ALL, 0);
}

/* What is reserved but not committed has a time that nobody knows yet: nothing may pass it. */
static void test_uncommitted_holds_back(void **state)
{
	struct fixture *f = *state;
	struct ring_rec *rec;

	put(page_of(f, 0), REC_SWITCH, 10, 1);
	rec = reserve(page_of(f, 0), sizeof(*rec), 0);
	put(page_of(f, 0), REC_SWITCH, 30, 1);
	put(page_of(f, 1), REC_SWITCH, 5, 1);
	put(page_of(f, 1), REC_SWITCH, 20, 1);
	expect_times(f, ALL, 2, 5, 10);
	assert_true(rings_pending(f->rings));
	expect_times(f, ALL, 0);
	assert_true(rings_pending(f->rings));
	assert_int_equal(page_of(f, 0)->tail, 24);
	rec->ts = 15;
	commit(rec, REC_SWITCH, 0, sizeof(*rec), 0);
	expect_times(f, ALL, 3, 15, 20, 30);
	assert_false(rings_pending(f->rings));
}

/* For ten seconds that is patience; then nobody is working on it any more. */
static void test_never_committed(void **state)
{
	const uint64_t begin = 1000, second = 1000000000;
	struct fixture *f = *state;
	const struct event *e;
	struct err err = {0};
	struct ring_rec *rec;

	put(page_of(f, 1), REC_SWITCH, 5, 1);
	rec = reserve(page_of(f, 1), sizeof(*rec), 0);
	assert_int_equal(drain(f, begin, &e), 1);
	assert_int_equal(drain(f, begin + 9 * second, &e), 0);
	rec->ts = 6;
	commit(rec, REC_SWITCH, 0, sizeof(*rec), 0);
	reserve(page_of(f, 1), sizeof(*rec), 0);
	assert_int_equal(drain(f, begin + 9 * second, &e), 1);
	assert_int_equal(drain(f, begin + 18 * second, &e), 0);
	assert_int_equal(rings_drain(f->rings, begin + 20 * second, &e, &err), -EIO);
	assert_non_null(strstr(err.msg, "CPU 1"));
}

static void test_tangles(void **state)
{
	struct fixture *f = *state;

	/* 30 was interrupted by 20, that by 15, then 25 */
	put(page_of(f, 0), REC_SWITCH, 30, 1);
	put(page_of(f, 0), REC_SWITCH, 20, 1);
	put(page_of(f, 0), REC_SWITCH, 15, 1);
	put(page_of(f, 0), REC_SWITCH, 25, 1);
	put(page_of(f, 0), REC_SWITCH, 40, 1);
	put(page_of(f, 1), REC_SWITCH, 22, 1);
	expect_times(f, 26, 4, 15, 20, 22, 25);
	/* half taken: none of it is given back, or it would be seen twice or never */
	assert_int_equal(page_of(f, 0)->tail, 0);
	expect_times(f, ALL, 2, 30, 40);
	assert_int_equal(page_of(f, 0)->tail, 5 * 24);
}

static void test_equal_times_keep_their_order(void **state)
{
	struct fixture *f = *state;
	const struct event *e;

	put(page_of(f, 0), REC_EXIT, 10, 1);
	put(page_of(f, 1), REC_SWITCH, 10, 3);
	put(page_of(f, 0), REC_SWITCH, 10, 2);
	assert_int_equal(drain(f, ALL, &e), 3);
	assert_int_equal(e[0].kind, EV_EXIT);
	assert_int_equal(e[1].tid, 2); /* right behind what its CPU did at that time */
	assert_int_equal(e[2].tid, 3);
}

/* Many times round, with lengths that cross the end in every way. */
static void test_wrap_and_zeroing(void **state)
{
	struct fixture *f = *state;
	struct ring_page *page = page_of(f, 0);
	struct {
		struct ring_name name;
		char path[RING_PATH_MAX];
	} name = {{.id = 1}, ""};
	uint64_t ts = 1, seen = 0;
	const struct event *e;
	size_t round, i;

	memset(name.path, 'p', sizeof(name.path) - 8);
	for (round = 0; round < 400; round++) {
		size_t first = ts;

		for (i = 0; i < round % 7; i++) {
			if (i % 3 == 2)
				put_tail(page, REC_NAME, ts++, &name, 8 + 8 * (round % 128));
			else
				assert_true(put(page, REC_SWITCH, ts++, 1));
		}
		assert_int_equal(drain(f, ALL, &e), ts - first);
		for (i = first; i < ts; i++)
			assert_int_equal(e[i - first].ts, i);
		seen += ts - first;
		assert_int_equal(page->tail, page->head);
	}
	assert_int_equal(seen, ts - 1);
	assert_true(page->head > 4 * RING);
	for (i = 0; i < RING + RING_MARGIN; i++)
		assert_int_equal(data_of(page)[i], 0);
}

/* Full to the last byte: what comes behind the youngest record is the oldest one, already taken. */
static void test_full_to_the_last_byte(void **state)
{
	static const uint8_t tail[16];
	struct fixture *f = *state;
	struct ring_page *page = page_of(f, 0);
	const struct event *e;
	uint64_t ts = 1;
	int lap, n, i;

	for (lap = 0; lap < 3; lap++) {
		/* one record as long as what the equal ones leave over */
		size_t rest = RING % sizeof(struct ring_rec), first = ts;

		if (rest)
			put_tail(page, REC_WAKING, ts++, tail, rest);
		while (put(page, REC_SWITCH, ts, 1))
			ts++;
		assert_int_equal(page->head - page->tail, RING);
		n = drain(f, ALL, &e);
		assert_int_equal(n, ts - first);
		for (i = 0; i < n; i++)
			assert_int_equal(e[i].ts, first + i);
		/* and the event that did not fit */
		assert_int_equal(drain(f, ALL, &e), 1);
		assert_int_equal(e[0].kind, EV_GAP);
		assert_int_equal(e[0].ts, ts);
		assert_int_equal(page->head, page->tail);
		ts++;
	}
}

static void test_batches(void **state)
{
	struct fixture *f = *state;
	uint64_t ts = 1, next = 1;
	const struct event *e;
	int n, calls = 0, i;

	while (put(page_of(f, 0), REC_SWITCH, ts, 1) && put(page_of(f, 1), REC_SWITCH, ts + 1, 1))
		ts += 2;
	while ((n = drain(f, ALL, &e)) > 0) {
		for (i = 0; i < n && next < ts; i++)
			assert_int_equal(e[i].ts, next++);
		calls++;
	}
	assert_int_equal(n, 0);
	assert_int_equal(next, ts);
	assert_true(calls >= 1);
}

static void test_gap_before_the_next_record(void **state)
{
	struct fixture *f = *state;
	struct ring_page *page = page_of(f, 2);
	const struct gap_info *gap;
	const struct event *e;
	uint64_t ts = 1, fit;
	int n;

	while (put(page, REC_SWITCH, ts, 1))
		ts++;
	fit = ts - 1;
	assert_int_equal(fit, RING / 24);
	put(page, REC_SWITCH, ts + 5, 1);
	assert_int_equal(rings_lost(f->rings), 2);
	assert_int_equal(rings_fill(f->rings), RING / 24 * 24 * 1024 / RING);
	/* the ring is still full of older events: they come first; until then nothing is said */
	assert_int_equal(drain(f, fit, &e), fit - 1);
	assert_true(put(page, REC_SWITCH, ts + 10, 1));
	assert_int_equal(page->unsaid, 0);
	n = drain(f, ALL, &e);
	assert_int_equal(n, 3);
	assert_int_equal(e[0].ts, fit);
	assert_int_equal(e[1].kind, EV_GAP);
	assert_int_equal(e[1].cpu, 2);
	assert_int_equal(e[1].ts, ts);
	gap = e[1].ext;
	assert_int_equal(gap->count, 2);
	assert_int_equal(gap->end_ns, ts + 5);
	assert_int_equal(gap->reason, GAP_RING_FULL);
	assert_int_equal(e[2].ts, ts + 10);
}

/* A CPU that lost events and then fell silent: the consumer says it, in its place in time. */
static void test_trailing_gap(void **state)
{
	struct fixture *f = *state;
	struct ring_page *page = page_of(f, 0);
	const struct event *e;
	uint64_t ts = 1;
	int n;

	while (put(page, REC_SWITCH, ts, 1))
		ts++;
	put(page_of(f, 1), REC_SWITCH, ts + 100, 1);
	/* the producer still sees a full ring: the others wait for the gap */
	n = drain(f, ALL, &e);
	assert_int_equal(n, ts - 1);
	n = drain(f, ALL, &e);
	assert_int_equal(n, 2);
	assert_int_equal(e[0].kind, EV_GAP);
	assert_int_equal(e[0].cpu, 0);
	assert_int_equal(e[0].ts, ts);
	assert_int_equal(((const struct gap_info *)e[0].ext)->count, 1);
	assert_int_equal(e[1].ts, ts + 100);
	assert_int_equal(page->unsaid, 0);
	/* said once */
	put(page, REC_SWITCH, ts + 200, 1);
	expect_times(f, ALL, 1, (int)ts + 200);
}

/* A gap that somebody else announced in the meantime says nothing. */
static void test_empty_gap(void **state)
{
	struct fixture *f = *state;
	struct ring_lost lost = {0};

	put_tail(page_of(f, 0), REC_LOST, 5, &lost, sizeof(lost));
	put(page_of(f, 0), REC_SWITCH, 6, 1);
	expect_times(f, ALL, 1, 6);
}

static struct ring_snapshot *snapshots(size_t n, uint64_t first)
{
	struct ring_snapshot *s = calloc(n, sizeof(*s));
	size_t i;

	for (i = 0; i < n; i++) {
		s[i].ts = first + 10 * i;
		s[i].id.tid = (uint32_t)i + 1;
		s[i].syscall = SYSCALL_NONE;
	}
	return s;
}

static void test_snapshots(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	const struct event *e;

	put(page_of(f, 0), REC_SWITCH, 15, 1);
	assert_int_equal(rings_add_snapshots(f->rings, snapshots(3, 10), 3, &err), 0);
	assert_int_equal(drain(f, 25, &e), 3);
	assert_int_equal(e[0].kind, EV_TASK);
	assert_int_equal(e[0].cpu, CPU_NONE);
	assert_int_equal(((const struct task_snapshot *)e[0].ext)->syscall, SYSCALL_NONE);
	assert_int_equal(e[1].ts, 15);
	assert_int_equal(e[2].ts, 20);
	/* a second one before the first is all out */
	assert_int_equal(rings_add_snapshots(f->rings, snapshots(2, 100), 2, &err), 0);
	put(page_of(f, 0), REC_SWITCH, 105, 1);
	expect_times(f, ALL, 4, 30, 100, 105, 110);
	expect_times(f, ALL, 0);
}

/* Where it happened says nothing there; that something is missing does. */
static void test_cpu_that_is_left_out(void **state)
{
	struct fixture *f = *state;
	const struct event *e;
	uint64_t ts = 1;
	int n;

	rings_leave_out(f->rings, 0);
	while (put(page_of(f, 0), REC_WAKEUP, ts, 1))
		ts++;
	put(page_of(f, 1), REC_SWITCH, ts + 1, 1);
	n = drain(f, ALL, &e);
	assert_int_equal(n, ts - 1);
	assert_int_equal(e[0].cpu, CPU_NONE);
	assert_int_equal(drain(f, ALL, &e), 2);
	assert_int_equal(e[0].kind, EV_GAP);
	assert_int_equal(e[0].cpu, 0);
	assert_int_equal(e[1].cpu, 1);
}

static void expect_damaged(struct fixture *f)
{
	const struct event *e;
	struct err err = {0};

	assert_int_equal(rings_drain(f->rings, ALL, &e, &err), -EIO);
	assert_true(strlen(err.msg) > 0);
}

static void test_damaged(void **state)
{
	static const struct {
		unsigned kind, words;
	} bad[] = {{REC_SWITCH, 0}, {REC_SWITCH, 2}, {REC_SWITCH, RING_MARGIN / 8 + 1},
		   {REC_END, 3},    {0, 3},	     {REC_FORK, 3},
		   {REC_RENAME, 4}, {REC_TASK, 10}};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture *f = *state;
		struct ring_rec *rec;

		tear_down(state);
		set_up(state);
		f = *state;
		rec = reserve(page_of(f, 0), sizeof(*rec), 0);
		rec->ts = 1;
		commit(rec, bad[i].kind, 0, bad[i].words * 8, 1);
		expect_damaged(f);
	}
}

/* Lengths inside a record that point out of it. */
static void test_damaged_exec(void **state)
{
	struct fixture *f = *state;
	struct ring_exec exec = {.path_words = 100, .args_len = 4000};

	put_tail(page_of(f, 0), REC_EXEC, 1, &exec, sizeof(exec));
	expect_damaged(f);
}

#define STRESS 300000u

struct producer {
	struct ring_page *page;
	uint64_t put;
};

static void *produce(void *arg)
{
	struct producer *p = arg;
	uint64_t i;

	for (i = 1; i <= STRESS; i++)
		p->put += put(p->page, REC_SWITCH, i, 1);
	return NULL;
}

/*
 * All that was produced either comes out, in order, or lies in a gap that comes out before the next
 * event does. A gap may be longer than what it counts, never shorter.
 */
static void test_against_a_running_producer(void **state)
{
	struct fixture *f = *state;
	struct producer p = {.page = page_of(f, 1)};
	uint64_t seen = 0, gaps = 0, last = 0;
	const struct event *e;
	pthread_t thread;
	bool done = false;
	int n, i;

	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	for (;;) {
		n = drain(f, ALL, &e);
		assert_true(n >= 0);
		for (i = 0; i < n; i++) {
			const struct gap_info *gap = e[i].ext;

			if (e[i].kind == EV_GAP) {
				assert_true(e[i].ts <= last + 1);
				assert_true(gap->end_ns >= last);
				assert_true(gap->count <= gap->end_ns - e[i].ts + 1);
				last = gap->end_ns;
				gaps += gap->count;
			} else {
				assert_int_equal(e[i].ts, last + 1);
				last = e[i].ts;
				seen++;
			}
		}
		if (!n && done)
			break;
		if (!n && seen + gaps >= STRESS) {
			pthread_join(thread, NULL);
			done = true;
		}
	}
	assert_int_equal(seen, p.put);
	assert_int_equal(gaps, rings_lost(f->rings));
	assert_int_equal(seen + gaps, STRESS);
	assert_int_equal(last, STRESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		TEST(test_hot_kinds),
		TEST(test_long_kinds),
		TEST(test_merge_and_watermark),
		TEST(test_uncommitted_holds_back),
		TEST(test_never_committed),
		TEST(test_tangles),
		TEST(test_equal_times_keep_their_order),
		TEST(test_wrap_and_zeroing),
		TEST(test_full_to_the_last_byte),
		TEST(test_batches),
		TEST(test_gap_before_the_next_record),
		TEST(test_trailing_gap),
		TEST(test_empty_gap),
		TEST(test_snapshots),
		TEST(test_cpu_that_is_left_out),
		TEST(test_damaged),
		TEST(test_damaged_exec),
		TEST(test_against_a_running_producer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
