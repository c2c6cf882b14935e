// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Writing that fails, is slow, or takes a byte at a time. */
#include <errno.h>
#include <fcntl.h>
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
};

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
	return write(fd, data, b->most && b->most < bytes ? b->most : bytes);
}

/* Writes all of it; stops at the first failure, as the recorder must. Returns that. */
static int record(int fd, const struct event_list *in, struct trace_writer_options *opt,
		  uint64_t *bytes)
{
	struct meta_end end = {.end_ns = in->list[in->n - 1].ts};
	struct checkpoint ck = {.ts = START};
	struct trace_writer *w = NULL;
	struct err err = {0}, again = {0};
	struct meta meta;
	uint64_t events;
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
		trace_writer_totals(w, &events, bytes);
		if (ret) { /* the first failure sticks, whatever is tried */
			assert_int_equal(trace_write_event(w, &in->list[0], &again), ret);
			assert_int_equal(trace_writer_flush(w, UINT64_MAX, 0, &again), ret);
			assert_int_equal(trace_write_checkpoint(w, &ck, &again), ret);
			assert_int_equal(trace_writer_finish(w, &end, &again), ret);
			assert_string_equal(again.msg, err.msg);
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
		uint64_t bytes = 0;
		int ret = record(fd, in, &opt, &bytes);

		calls = b.calls;
		if (calls < fail_at) {
			assert_int_equal(ret, 0);
			assert_int_equal(check_beginning(fd, in), in->n);
		} else {
			/* write(2) that takes nothing and says nothing is an IO error */
			assert_int_equal(ret, error ? -error : -EIO);
			/* not one byte was tried after the failure */
			assert_int_equal(calls, fail_at + (partial ? 1 : 0));
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
		uint64_t bytes;

		assert_int_equal(record(fd, &in, &opt, &bytes), 0);
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
	uint64_t bytes;
	int fds[2];

	(void)state;
	random_events(&in, 13, 40000, NCPUS);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	reader = (struct slow_reader){fds[0], memory_file(NULL, 0)};
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	assert_int_equal(record(fds[1], &in, &opt, &bytes), 0);
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
		cmocka_unit_test(refused_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
