// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * More open requests and sockets than the engine keeps: the oldest go, and that is told. And more tasks
 * than anybody keeps, one after the other.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/flows.h"
#include "flow_events.h"

#define MORE	    10
#define ESTABLISHED 1
#define CLOSE	    7

/* Counts, since a text of a million lines is no use. */
struct tally {
	struct sink sink;
	unsigned requests, no_end, open, done, gone, described;
	uint64_t first_gone, last_gone, tx;
};

static void on_request(struct sink *s, const struct request *rq)
{
	struct tally *t = (struct tally *)s;

	t->requests++;
	t->no_end += (rq->flags & RQF_NO_END) != 0;
	t->open += (rq->flags & RQF_OPEN) != 0;
	t->done += !(rq->flags & (RQF_OPEN | RQF_NO_END | RQF_NO_START));
	if (rq->flags & RQF_NO_END && !t->first_gone)
		t->first_gone = rq->sector;
	if (rq->flags & RQF_NO_END)
		t->last_gone = rq->sector;
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	struct tally *t = (struct tally *)s;

	if (se->kind == SE_TRAFFIC) {
		t->tx += se->tx_bytes;
		t->described += se->socket->info.family != 0;
	}
}

static void on_socket_gone(struct sink *s, const struct socket *socket)
{
	struct tally *t = (struct tally *)s;

	t->gone++;
	if (!t->first_gone)
		t->first_gone = socket->info.id;
}

static struct engine *begin(struct tally *t)
{
	struct task_snapshot task = snap(100, 100, TS_SLEEP, 1, 0, 900);
	struct synth s = {0};
	struct engine *e;
	struct err err;

	*t = (struct tally){.sink = {.request = on_request,
				     .socket = on_socket,
				     .socket_gone = on_socket_gone}};
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(e, &t->sink, &err), 0);
	ev_start(&s, 1000, 1, &task, 1);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	synth_free(&s);
	return e;
}

static void apply(struct engine *e, uint64_t ts, uint8_t kind, uint32_t value, const void *ext)
{
	const struct event ev = {.ts = ts, .kind = kind, .tid = 100, .value = value, .ext = ext};
	struct err err;

	assert_int_equal(engine_apply(e, &ev, 1, &err), 0);
}

static void test_requests(void **state)
{
	struct io_info io = {.bytes = 512};
	struct engine *e;
	struct tally t;
	struct err err;

	(void)state;
	e = begin(&t);
	for (uint64_t i = 1; i <= REQUESTS_MAX + MORE; i++) {
		io.request = i;
		io.sector = 8 * i;
		apply(e, 1100 + i, EV_IO_START, DEV, &io);
	}
	assert_int_equal(t.requests, MORE);
	assert_int_equal(t.no_end, MORE);
	assert_int_equal(t.first_gone, 8);
	assert_int_equal(t.last_gone, 8 * MORE);
	assert_int_equal(engine_counts(e)->requests_unended, MORE);
	/* the end of one that is not known any more, and of one that is */
	for (uint64_t i = MORE; i <= MORE + 1; i++) {
		io.request = i;
		io.sector = 8 * i;
		apply(e, 2000000000, EV_IO_DONE, DEV, &io);
	}
	assert_int_equal(engine_counts(e)->requests_unknown, 1);
	assert_int_equal(t.done, 1);
	assert_int_equal(engine_finish(e, 3000000000, &err), 0);
	assert_int_equal(t.open, REQUESTS_MAX - 1);
	engine_free(e);
}

static void test_sockets(void **state)
{
	struct net_info net = {.tx_bytes = 7, .tx_calls = 1};
	struct engine *e;
	struct tally t;

	(void)state;
	e = begin(&t);
	for (uint64_t i = 1; i <= SOCKETS_MAX + MORE; i++) {
		struct socket_info info = tcp_socket(i, ESTABLISHED);

		apply(e, 1100 + i, EV_SOCKET, 0, &info);
	}
	assert_int_equal(t.gone, MORE);
	assert_int_equal(t.first_gone, 1);
	assert_int_equal(engine_counts(e)->sockets_dropped, MORE);
	assert_int_equal(engine_counts(e)->sockets_unknown, 0);
	/* traffic is never dropped; of what is not known any more that is counted */
	net.socket = 1;
	apply(e, 2000000, EV_NET, 0, &net);
	net.socket = SOCKETS_MAX;
	apply(e, 2000001, EV_NET, 0, &net);
	assert_int_equal(t.tx, 14);
	assert_int_equal(t.described, 1);
	assert_int_equal(engine_counts(e)->sockets_unknown, 1);
	engine_free(e);
}

/* The event that says what it is comes after its end: it is known from then on, and not before. */
static void test_closed_first(void **state)
{
	struct socket_ref closed = {.socket = 5};
	struct socket_info info = tcp_socket(5, CLOSE);
	struct net_info net = {.socket = 5, .tx_bytes = 3, .tx_calls = 1};
	struct engine *e;
	struct tally t;

	(void)state;
	e = begin(&t);
	apply(e, 1100, EV_SOCKET_STATE, ESTABLISHED | CLOSE << 8, &closed);
	assert_int_equal(engine_counts(e)->sockets_unknown, 1);
	apply(e, 1200, EV_SOCKET, 0, &info);
	apply(e, 1300, EV_NET, 0, &net);
	assert_int_equal(t.tx, 3);
	assert_int_equal(t.described, 1);
	assert_int_equal(engine_counts(e)->sockets_unknown, 1);
	engine_free(e);
}

static size_t heap(void)
{
	return mallinfo2().uordblks; /* 0 under a sanitizer, which has an allocator of its own */
}

/* A million tasks, one after the other, TIDs all over the place: no more than what is alive. */
static void test_a_million_tasks(void **state)
{
	struct task_info info = {.ppid = 1, .start_ns = 1};
	struct task_snapshot init = snap(1, 1, TS_RUN, 0, 0, 900);
	struct synth s = {0};
	struct err err = {0};
	uint64_t ts = 2000;
	struct engine *e;
	size_t before, most = 0;

	(void)state;
	ev_start(&s, 1000, 2, &init, 1);
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	before = heap();
	for (uint32_t i = 0; i < 1000000; i++) {
		uint32_t tid = 2 + i * 7 % 4000000, old = 2 + (i - 50) * 7 % 4000000;
		struct event ev[] = {
			{.ts = ts, .kind = EV_FORK, .tid = tid, .peer = 1, .ext = &info},
			{.ts = ts, .kind = EV_WAKEUP_NEW, .tid = tid, .peer = 1, .value = 1},
			{.ts = ts + 100, .kind = EV_SWITCH, .cpu = 1, .tid = tid, .peer = 0},
			{.ts = ts + 200,
			 .kind = EV_EXIT,
			 .cpu = 1,
			 .tid = tid,
			 .flags = EVF_GROUP_DEAD},
			{.ts = ts + 300, .kind = EV_SWITCH, .cpu = 1, .peer = tid, .value = 0xa0},
			{.ts = ts + 400, .kind = EV_WAIT, .tid = 1},
			{.ts = ts + 500, .kind = EV_FREE, .tid = i >= 50 ? old : 999},
		};

		info.tid = info.tgid = tid;
		info.start_ns = ts;
		assert_int_equal(engine_apply(e, ev, sizeof(ev) / sizeof(ev[0]), &err), 0);
		ts += 1000;
		if (i % 1000 == 0 && heap() > most)
			most = heap();
	}
	/* A chunk of tasks, those lately gone, and a page or two of TIDs at a time. */
	assert_true(engine_task_limit(e) <= TASKS_LATELY + 2 * 64);
	assert_true(most < before + 65536 + TASKS_LATELY * 512);
	for (uint32_t i = 0; i < 2 * TASKS_LATELY; i++) {
		uint32_t tid = 2 + (999999 - i) * 7 % 4000000;
		const struct task *gone = engine_task_lately(e, tid);

		assert_null(engine_task(e, tid));
		if (!gone != (i >= TASKS_LATELY))
			fail_msg("the task that was %u before the last is %s", i,
				 gone ? "known" : "forgotten");
		if (gone)
			assert_int_equal(gone->info.start_ns, ts - (i + 1) * 1000);
	}
	assert_int_equal(engine_counts(e)->contradictions, 0);
	assert_int_equal(engine_finish(e, ts, &err), 0);
	engine_free(e);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_closed_first),
		cmocka_unit_test(test_a_million_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
