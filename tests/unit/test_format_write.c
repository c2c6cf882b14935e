// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Writing that fails, is slow, or takes a byte at a time. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/trace_helper.h"

#define START 1000000000u
#define NCPUS 2

/* How the write that is put in the place of write(2) behaves. */
struct behaviour {
	unsigned int calls;
	unsigned int fail_at; /* this call and those after it, from 1; 0 never */
	int error;
	size_t partial; /* bytes that the failing call still takes */
	unsigned int interrupt_every; /* such a call gives EINTR */
	size_t most; /* bytes that a call takes at most; 0: all */
	bool once; /* only that one call fails */
	size_t room; /* of the disk: what is longer gets ENOSPC; 0: enough */
};

/* As a disk that is full: the last write that has some room is short. */
static ssize_t write_into_room(struct behaviour *b, int fd, const void *data, size_t bytes)
{
	size_t used = (size_t)lseek(fd, 0, SEEK_END);

	if (used >= b->room) {
		errno = ENOSPC;
		return -1;
	}
	return write(fd, data, bytes < b->room - used ? bytes : b->room - used);
}

static ssize_t behave(void *ctx, int fd, const void *data, size_t bytes)
{
	struct behaviour *b = ctx;

	b->calls++;
	if (b->fail_at && (b->once ? b->calls == b->fail_at : b->calls >= b->fail_at)) {
		if (b->partial && b->calls == b->fail_at)
			return write(fd, data, b->partial < bytes ? b->partial : bytes - 1);
		errno = b->error;
		return b->error ? -1 : 0;
	}
	if (b->interrupt_every && b->calls % b->interrupt_every == 0) {
		errno = EINTR;
		return -1;
	}
	if (b->room)
		return write_into_room(b, fd, data, bytes);
	return write(fd, data, b->most && b->most < bytes ? b->most : bytes);
}

/* Writes all of it; stops at the first failure, as the recorder must. Returns that. */
static int record(int fd, const struct event_list *in, struct trace_writer_options *opt,
		  uint64_t *bytes, uint64_t *events)
{
	struct meta_end end = {.end_ns = in->list[in->n - 1].ts};
	struct checkpoint ck = {.ts = START};
	struct trace_writer *w = NULL;
	struct err err = {0}, again = {0};
	struct meta meta;
	int ret;

	simple_meta(&meta, NCPUS, START);
	ret = trace_writer_new(&w, fd, opt, &meta, &err);
	if (!ret)
		ret = trace_write_checkpoint(w, &ck, &err);
	for (size_t i = 0; i < in->n && !ret; i++) {
		ret = trace_write_event(w, &in->list[i], &err);
		if (!ret && i % 50 == 49)
			ret = trace_writer_flush(w, in->list[i].ts, 0, &err);
	}
	if (!ret)
		ret = trace_writer_finish(w, &end, &err);
	if (ret) {
		assert_int_equal(err.code, ret);
		assert_non_null(strstr(err.msg, strerror(-ret)));
	}
	if (w) {
		trace_writer_totals(w, events, bytes);
		if (ret) { /* the first failure sticks, whatever is tried */
			assert_int_equal(trace_write_event(w, &in->list[0], &again), ret);
			assert_int_equal(trace_writer_flush(w, UINT64_MAX, 0, &again), ret);
			assert_int_equal(trace_write_checkpoint(w, &ck, &again), ret);
			assert_int_equal(trace_writer_finish(w, &end, &again), ret);
			assert_string_equal(again.msg, err.msg);
			trace_writer_totals(w, events, bytes);
		}
	}
	trace_writer_free(w);
	meta_free(&meta);
	return ret;
}

/* Per CPU, what can be read is a beginning of what was given. Returns how much. */
static size_t check_beginning(int fd, const struct event_list *in)
{
	struct event_list out = {0};
	size_t total = 0;

	read_trace(fd_path(fd), &out, NULL, NULL);
	for (int c = 0; c <= NCPUS; c++) {
		uint16_t cpu = c == NCPUS ? CPU_NONE : (uint16_t)c;
		size_t i = 0;

		for (size_t k = 0; k < out.n; k++) {
			const struct gap_info *gap = out.list[k].ext;

			if (out.list[k].cpu != cpu ||
			    (out.list[k].kind == EV_GAP && gap->reason != GAP_RING_FULL))
				continue;
			while (i < in->n && in->list[i].cpu != cpu)
				i++;
			assert_true(i < in->n);
			assert_event_equal(&out.list[k], &in->list[i++], k);
			total++;
		}
	}
	list_free(&out);
	return total;
}

static void fail_each_write(const struct event_list *in, int error, size_t partial, bool background)
{
	unsigned int fail_at = 0, calls;

	do {
		struct behaviour b = {.fail_at = ++fail_at, .error = error, .partial = partial};
		struct trace_writer_options opt = {.level = 1,
						   .block_events = 30,
						   .background = background,
						   .write = behave,
						   .write_ctx = &b};
		int fd = memory_file(NULL, 0);
		uint64_t bytes = 0, events = 0;
		int ret = record(fd, in, &opt, &bytes, &events);

		calls = b.calls;
		if (calls < fail_at) {
			assert_int_equal(ret, 0);
			assert_int_equal(check_beginning(fd, in), in->n);
		} else {
			/* write(2) that takes nothing and says nothing is an IO error */
			assert_int_equal(ret, error ? -error : -EIO);
			/* nothing was tried after the failure but to end the file, a few times */
			assert_in_range(calls, fail_at + (partial ? 1 : 0),
					fail_at + (partial ? 1 : 0) + (error == ENOSPC ? 5 : 1));
			if (fail_at > 1) {
				assert_int_equal(lseek(fd, 0, SEEK_END), bytes);
				check_beginning(fd, in);
			}
		}
		close(fd);
	} while (calls >= fail_at);
	assert_true(fail_at > 20);
}

static void failures(void **state)
{
	struct event_list in = {0};

	(void)state;
	random_events(&in, 11, 400, NCPUS);
	for (int background = 0; background < 2; background++) {
		fail_each_write(&in, ENOSPC, 0, background);
		fail_each_write(&in, EIO, 0, background);
		fail_each_write(&in, ENOSPC, 17, background);
		fail_each_write(&in, EPIPE, 200, background);
		fail_each_write(&in, 0, 0, background);
	}
	list_free(&in);
}

/* What a trace that was ended after a failure says, and that all of it is true. */
static void check_ended(int fd, const struct event_list *in, uint64_t events)
{
	struct event_list out = {0};
	const struct meta_end *end;
	struct trace *t;
	size_t gaps = 0, others = 0;

	read_trace(fd_path(fd), &out, NULL, &t);
	end = trace_end(t);
	assert_non_null(end);
	assert_int_equal(end->end_ns, in->list[in->n - 1].ts);
	for (size_t i = 0; i < out.n; i++) {
		const struct gap_info *gap = out.list[i].ext;

		if (out.list[i].kind != EV_GAP || gap->reason == GAP_RING_FULL) {
			others++;
			continue;
		}
		assert_int_equal(gap->reason, GAP_CUT);
		assert_true(gap->end_ns >= end->end_ns);
		gaps++;
	}
	assert_int_equal(others, events);
	assert_int_equal(trace_complete(t), !end->cut);
	if (end->cut) {
		/* every CPU is unknown from its last event on, and nothing else is wrong */
		assert_int_equal(gaps, NCPUS);
		assert_string_equal(end->stopped_by, "ENOSPC");
	} else {
		assert_int_equal(gaps, 0);
		assert_int_equal(events, in->n);
	}
	trace_close(t);
	list_free(&out);
}

/* Disks of every size: the file is never longer, and says that it is not all. */
static void full_disk(void **state)
{
	struct event_list in = {0};
	size_t whole = 0, ended = 0, longest = 0;

	(void)state;
	random_events(&in, 21, 3000, NCPUS);
	for (size_t room = 1500; !whole; room += 331) {
		struct behaviour b = {.room = room};
		struct trace_writer_options opt = {.level = 1,
						   .block_events = 40,
						   .background = room % 2,
						   .write = behave,
						   .write_ctx = &b};
		int fd = memory_file(NULL, 0);
		uint64_t bytes = 0, events = 0;
		size_t size;
		int ret = record(fd, &in, &opt, &bytes, &events);

		size = (size_t)lseek(fd, 0, SEEK_END);
		assert_int_equal(size, bytes);
		assert_in_range(size, 0, room);
		assert_int_equal(ret, ret ? -ENOSPC : 0);
		whole = ret ? 0 : size;
		/* META, a checkpoint and the footer have to have room in any case */
		if (size > 3000 || whole) {
			check_ended(fd, &in, events);
			assert_true(size + 8192 > room); /* not much is given up */
			longest = events > longest ? events : longest;
			ended++;
		}
		close(fd);
	}
	assert_int_equal(longest, in.n);
	assert_true(ended > 20);
	list_free(&in);
}

/* One write fails, later ones would not: all is there up to it, and an end. */
static void passing_failure(void **state)
{
	struct event_list in = {0};
	unsigned int fail_at, calls = UINT_MAX;

	(void)state;
	random_events(&in, 22, 1000, NCPUS);
	for (fail_at = 4; calls >= fail_at; fail_at++) { /* META, SYNC, CHECKPOINT are whole */
		struct behaviour b = {.fail_at = fail_at, .error = ENOSPC, .once = true};
		struct trace_writer_options opt = {.level = 1, .write = behave, .write_ctx = &b};
		int fd = memory_file(NULL, 0);
		uint64_t bytes = 0, events = 0;
		int ret = record(fd, &in, &opt, &bytes, &events);

		calls = b.calls;
		assert_int_equal(ret, calls < fail_at ? 0 : -ENOSPC);
		assert_int_equal(lseek(fd, 0, SEEK_END), bytes);
		check_ended(fd, &in, events);
		close(fd);
	}
	assert_true(fail_at > 20);
	list_free(&in);
}

/* A pipe, and a file that had something in it, are left as the failure left them. */
static void not_ours_to_cut(void **state)
{
	struct behaviour b = {.fail_at = 6, .error = ENOSPC, .partial = 20};
	struct trace_writer_options opt = {.level = 1, .write = behave, .write_ctx = &b};
	struct event_list in = {0};
	uint64_t bytes, events;
	int fd = memory_file("before", 6);

	(void)state;
	random_events(&in, 23, 400, NCPUS);
	assert_int_equal(lseek(fd, 0, SEEK_END), 6);
	assert_int_equal(record(fd, &in, &opt, &bytes, &events), -ENOSPC);
	assert_int_equal(b.calls, 7);
	assert_int_equal(lseek(fd, 0, SEEK_END), 6 + bytes);
	close(fd);
	list_free(&in);
}

static void short_and_interrupted(void **state)
{
	static const struct behaviour ways[] = {
		{.most = 1}, {.most = 13, .interrupt_every = 3}, {.interrupt_every = 2}};
	struct event_list in = {0};

	(void)state;
	random_events(&in, 12, 500, NCPUS);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct behaviour b = ways[i];
		struct trace_writer_options opt = {
			.level = 1, .background = i % 2, .write = behave, .write_ctx = &b};
		int fd = memory_file(NULL, 0);
		uint64_t bytes, events;

		assert_int_equal(record(fd, &in, &opt, &bytes, &events), 0);
		assert_int_equal(lseek(fd, 0, SEEK_END), bytes);
		assert_int_equal(check_beginning(fd, &in), in.n);
		close(fd);
	}
	list_free(&in);
}

struct slow_reader {
	int from, to;
};

static void *read_slowly(void *arg)
{
	struct slow_reader *r = arg;
	char piece[4096];
	ssize_t n;

	while ((n = read(r->from, piece, sizeof(piece))) > 0) {
		assert_int_equal(write(r->to, piece, (size_t)n), n);
		usleep(500);
	}
	return NULL;
}

/* A pipe that does not block and is read slower than it is written. */
static void nonblocking_pipe(void **state)
{
	struct trace_writer_options opt = {.level = 0, .background = true};
	struct event_list in = {0};
	struct slow_reader reader;
	pthread_t thread;
	uint64_t bytes, events;
	int fds[2];

	(void)state;
	random_events(&in, 13, 40000, NCPUS);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	reader = (struct slow_reader){fds[0], memory_file(NULL, 0)};
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	assert_int_equal(record(fds[1], &in, &opt, &bytes, &events), 0);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(lseek(reader.to, 0, SEEK_END), bytes);
	assert_int_equal(check_beginning(reader.to, &in), in.n);
	close(reader.to);
	close(fds[0]);
	list_free(&in);
}

/* Nothing is kept back longer than the caller asked: what a kill would lose is bounded. */
static void flush_by_age(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	int fd = memory_file(NULL, 0);
	struct trace_writer *w;
	struct meta meta;
	struct err err;
	uint64_t events, before, bytes;
	struct event ev = {.kind = EV_FREE, .tid = 5};

	(void)state;
	simple_meta(&meta, NCPUS, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	trace_writer_totals(w, &events, &before);
	ev.ts = START + 100;
	assert_int_equal(trace_write_event(w, &ev, &err), 0);
	assert_int_equal(trace_writer_flush(w, START + 1000, 1000, &err), 0);
	trace_writer_totals(w, &events, &bytes);
	assert_int_equal(events, 1);
	assert_int_equal(bytes, before);
	assert_int_equal(trace_writer_flush(w, START + 1100, 1000, &err), 0);
	trace_writer_totals(w, &events, &bytes);
	assert_true(bytes > before);
	assert_int_equal(lseek(fd, 0, SEEK_END), bytes);
	before = bytes;
	assert_int_equal(trace_writer_flush(w, START + 9000, 0, &err), 0); /* nothing to say */
	trace_writer_totals(w, &events, &bytes);
	assert_int_equal(bytes, before);
	trace_writer_free(w);
	meta_free(&meta);
	close(fd);
}

static void refused_events(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct event ev = {.ts = START};
	int fd = memory_file(NULL, 0);
	struct trace_writer *w;
	struct meta meta;
	struct err err;

	(void)state;
	simple_meta(&meta, NCPUS, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(trace_write_event(w, &ev, &err), -EINVAL);
	ev.kind = EV_KIND_END;
	assert_int_equal(trace_write_event(w, &ev, &err), -EINVAL);
	ev.kind = EV_SWITCH;
	ev.cpu = FORMAT_MAX_CPUS;
	assert_int_equal(trace_write_event(w, &ev, &err), -EINVAL);
	ev.cpu = FORMAT_MAX_CPUS - 1;
	assert_int_equal(trace_write_event(w, &ev, &err), 0);
	trace_writer_free(w);
	meta_free(&meta);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures),	    cmocka_unit_test(short_and_interrupted),
		cmocka_unit_test(nonblocking_pipe), cmocka_unit_test(flush_by_age),
		cmocka_unit_test(refused_events),   cmocka_unit_test(full_disk),
		cmocka_unit_test(passing_failure),  cmocka_unit_test(not_ours_to_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
