// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Streams that no kernel writes, made to be slow: each look-up finds many that it is not about. The
 * time is the process's own: what takes a fraction of a second in proportion to the events takes
 * minutes when it grows with their square.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "explain_run.h"
#include "flow_events.h"

#define N      100000u
#define MANY   300000u
#define LIMIT  (20 * (uint64_t)CLOCKS_PER_SEC) /* 100 times what it takes, with a sanitizer too */
#define US(i)  (1000 + 10 * (uint64_t)(i))
#define END_US US(MANY + 10)

static void is_quick(struct synth *s, struct explain_case c)
{
	clock_t begin = clock();
	char *text;

	c.end = AT(END_US);
	text = explain_steps(s, &c);
	if (c.failed)
		fail_msg("explain failed: %s", c.err.msg);
	if ((uint64_t)(clock() - begin) > LIMIT)
		fail_msg("it took %.1f s", (double)(clock() - begin) / CLOCKS_PER_SEC);
	assert_true(c.steps > 0);
	free(text);
	synth_free(s);
}

/* 100 is woken again and again by 200, which waits for a CPU and is moved all the time. */
static void test_moves(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_wake(&s, 20, 0, 100, 200, 0);
	for (uint32_t i = 0; i < N; i++) {
		ev_migrate(&s, AT(US(i)), 1, 200, i % 2, !(i % 2));
		ex_block(&s, US(i) + 1, 0, 100, IN_FUTEX, 0);
		ex_wake(&s, US(i) + 5, 1, 200, 100, 0);
		ev_switch(&s, AT(US(i) + 6), 0, 0, 0, 100);
	}
	is_quick(&s, (struct explain_case){.tid = 100});
}

/* Requests of 200 that end all at once, for each wait of 100; and some of many that never end. */
static void test_requests(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	for (uint32_t i = 0; i < N; i++) {
		ev_io(&s, AT(100), EV_IO_START, 200, i + 1, 2048 + 8 * (uint64_t)i, 4096);
		if (i % 2)
			ev_io(&s, AT(US(i)), EV_IO_DONE, 0, i + 1, 2048 + 8 * (uint64_t)i, 4096);
		ev_switch_in(&s, AT(US(i)) + 1, 0, 100, 0x2, 0, IN_READ, true);
		ex_irq_wake(&s, US(i) + 5, 0, 0, 100, 0, EVF_CTX_SOFTIRQ);
		ev_switch(&s, AT(US(i) + 6), 0, 0, 0, 100);
	}
	is_quick(&s, (struct explain_case){.tid = 100, .states = 1u << TS_DISK});
}

/* 100 receives now and then; the other end, of this machine, has never sent. */
static void test_traffic(void **state)
{
	struct socket_info mine = tcp_socket(1, 1), theirs = tcp_socket(2, 1);
	struct synth s;

	(void)state;
	mine.local_port = theirs.remote_port = 4000;
	mine.remote_port = theirs.local_port = 80;
	memset(mine.local, 1, 4);
	memset(mine.remote, 1, 4);
	memset(theirs.local, 1, 4);
	memset(theirs.remote, 1, 4);
	ex_start(&s);
	ev_socket(&s, AT(1), 100, mine);
	ev_socket(&s, AT(1), 200, theirs);
	ex_begin(&s, 10, 0, 100);
	for (uint32_t i = 0; i < MANY; i++) {
		struct net_info got = {
			.socket = 1, .rx_bytes = 1, .rx_calls = 1, .first_ns = AT(US(i) + 7)};
		struct net_info there = {
			.socket = 2, .rx_bytes = 1, .rx_calls = 1, .first_ns = AT(US(i) + 7)};

		ex_block(&s, US(i) + 1, 0, 100, IN_RECVFROM, 0);
		ex_irq_wake(&s, US(i) + 5, 0, 0, 100, 0, EVF_CTX_SOFTIRQ);
		ev_switch(&s, AT(US(i) + 6), 0, 0, 0, 100);
		synth_add(&s, (struct event){.ts = AT(US(i) + 8),
					     .kind = EV_NET,
					     .tid = 100,
					     .ext = synth_ext(&s, &got, sizeof(got))});
		synth_add(&s, (struct event){.ts = AT(US(i) + 8),
					     .kind = EV_NET,
					     .tid = 200,
					     .cpu = 1,
					     .ext = synth_ext(&s, &there, sizeof(there))});
	}
	is_quick(&s, (struct explain_case){.tid = 100});
}

/* Each of many waits is woken by another one that nothing else is known of. */
static void test_strangers(void **state)
{
	struct meta meta = full_meta;
	struct synth s;

	(void)state;
	meta.filtered = true;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	for (uint32_t i = 0; i < N; i++) {
		ex_block(&s, US(i) + 1, 0, 100, IN_FUTEX, TID_OTHER);
		ex_wake(&s, US(i) + 5, 1, 1000 + i, 100, 0);
		ev_switch(&s, AT(US(i) + 6), 0, TID_OTHER, 0, 100);
	}
	is_quick(&s, (struct explain_case){.tid = 100, .meta = &meta});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
