// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The engine's rules for sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <cmocka.h>

#include "flow_events.h"

#define S	    1000000000ull
#define ESTABLISHED 1
#define SYN_SENT    2
#define FIN_WAIT1   4
#define CLOSE	    7

static void begin(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, 1, 0, 900),
		snap(200, 200, TS_SLEEP, 1, 0, 900),
	};

	ev_start(s, 1000, 1, t, 2);
}

static void test_connection(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_socket(&s, 1100, 100, tcp_socket(7, CLOSE));
	ev_state(&s, 1110, 100, 7, CLOSE, SYN_SENT, 0);
	ev_state(&s, 1200, 0, 7, SYN_SENT, ESTABLISHED, 0);
	ev_net(&s, 1300, 200, 7, 10, 0);
	ev_retransmit(&s, 1350, 7, 3);
	ev_reset(&s, 1360, 7, false);
	ev_reset(&s, 1370, 7, true);
	ev_net(&s, 1400, 100, 7, 0, 20);
	ev_state(&s, 1500, 0, 7, ESTABLISHED, CLOSE, ECONNRESET);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.gone = true,
			.counts = &counts,
			.want = "state 7 tcp:1007 state=7 since=0 owner=100 by=100 at=1110 7>2\n"
				"state 7 tcp:1007 state=2 since=1110 owner=100 by=100 at=1200 2>1\n"
				"net 7 tcp:1007 state=1 since=1200 owner=200 by=200 tx=10/1 rx=0/0 "
				"1295-1300\n"
				"retransmit 7 tcp:1007 state=1 since=1200 owner=200 by=200 at=1350 "
				"segments=3\n"
				"reset 7 tcp:1007 state=1 since=1200 owner=200 by=200 at=1360\n"
				"reset 7 tcp:1007 state=1 since=1200 owner=200 by=200 at=1370 "
				"sent=1\n"
				"net 7 tcp:1007 state=1 since=1200 owner=100 by=100 tx=0/0 rx=20/1 "
				"1395-1400\n"
				"state 7 tcp:1007 state=1 since=1200 owner=100 by=100 at=1500 1>7 "
				"error=104\n"
				"closed 7 tcp:1007 state=7 since=1500 owner=100\n"
				"gone 100\n"
				"gone 200\n"});
	assert_int_equal(counts.sockets_unknown, 0);
	synth_free(&s);
}

/* Counted once, and a description may still come. A state that was not the one before is taken. */
static void test_unknown(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_net(&s, 1100, 100, 7, 1, 0);
	ev_net(&s, 1110, 100, 7, 1, 0);
	ev_state(&s, 1120, 0, 8, ESTABLISHED, FIN_WAIT1, 0);
	ev_retransmit(&s, 1130, 9, 1);
	ev_net(&s, 1140, 999, 9, 1, 0); /* by somebody unknown: not by the owner */
	ev_socket(&s, 1150, 0, udp_socket(7));
	ev_net(&s, 1160, 200, 7, 1, 0);
	ev_state(&s, 1170, 0, 8, ESTABLISHED, CLOSE, 0);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.counts = &counts,
			.want = "net 7 ? state=0 since=0 owner=100 by=100 tx=1/1 rx=0/0 1095-1100\n"
				"net 7 ? state=0 since=0 owner=100 by=100 tx=1/1 rx=0/0 1105-1110\n"
				"state 8 ? state=1 since=0 owner=? by=? at=1120 1>4\n"
				"retransmit 9 ? state=0 since=0 owner=? by=? at=1130 segments=1\n"
				"net 9 ? state=0 since=0 owner=? by=? tx=1/1 rx=0/0 1135-1140\n"
				"net 7 other:1007 state=1 since=0 owner=200 by=200 tx=1/1 rx=0/0 "
				"1155-1160\n"
				"state 8 ? state=1 since=0 owner=? by=? at=1170 1>7\n"});
	assert_int_equal(counts.sockets_unknown, 3);
	synth_free(&s);
}

/* Closed: what a thread moved before is told up to its next switch; a second later it is gone. */
static void test_closed(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_socket(&s, 1100, 100, tcp_socket(7, ESTABLISHED));
	ev_socket(&s, 1100, 100, tcp_socket(8, ESTABLISHED));
	ev_state(&s, 1200, 0, 7, ESTABLISHED, CLOSE, 0);
	ev_state(&s, 1200, 0, 8, ESTABLISHED, CLOSE, 0);
	ev_net(&s, 1300, 100, 7, 5, 0);
	ev_state(&s, 1400, 100, 8, CLOSE, SYN_SENT, 0); /* used again */
	ev_net(&s, 2 * S, 100, 8, 5, 0);
	expect_flows(
		&s,
		(struct flow_expect){
			.from = 1250,
			.end = 2 * S,
			.gone = true,
			.counts = &counts,
			.want = "net 7 tcp:1007 state=7 since=1200 owner=100 by=100 tx=5/1 rx=0/0 "
				"1295-1300\n"
				"state 8 tcp:1008 state=7 since=1200 owner=100 by=100 at=1400 7>2\n"
				"closed 7 tcp:1007 state=7 since=1200 owner=100\n"
				"net 8 tcp:1008 state=2 since=1400 owner=100 by=100 tx=5/1 rx=0/0 "
				"1999999995-2000000000\n"
				"closed 8 tcp:1008 state=2 since=1400 owner=100\n"
				"gone 100\n"
				"gone 200\n"});
	assert_int_equal(counts.sockets_unknown, 0);
	synth_free(&s);
}

/* One without states that nobody uses is forgotten; one with states is not. */
static void test_idle(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_socket(&s, 1 * S, 100, udp_socket(7));
	ev_socket(&s, 1 * S, 100, udp_socket(8));
	ev_socket(&s, 1 * S, 100, tcp_socket(9, ESTABLISHED));
	ev_net(&s, 11 * S, 100, 8, 1, 0);
	ev_net(&s, 21 * S, 100, 7, 2, 0); /* to the nanosecond */
	ev_net(&s, 31 * S + 1, 100, 8, 3, 0);
	ev_net(&s, 90 * S, 100, 9, 4, 0);
	ev_net(&s, 90 * S, 100, 7, 5, 0);
	expect_flows(&s, (struct flow_expect){
				 .end = 90 * S,
				 .gone = true,
				 .counts = &counts,
				 .want = "net 8 other:1008 state=1 since=0 owner=100 by=100 tx=1/1 "
					 "rx=0/0 10999999995-11000000000\n"
					 "net 7 other:1007 state=1 since=0 owner=100 by=100 tx=2/1 "
					 "rx=0/0 20999999995-21000000000\n"
					 "closed 8 other:1008 state=1 since=0 owner=100\n"
					 "net 8 ? state=0 since=0 owner=100 by=100 tx=3/1 rx=0/0 "
					 "30999999996-31000000001\n"
					 "closed 7 other:1007 state=1 since=0 owner=100\n"
					 "closed 8 ? state=0 since=0 owner=100\n"
					 "net 9 tcp:1009 state=1 since=0 owner=100 by=100 tx=4/1 "
					 "rx=0/0 89999999995-90000000000\n"
					 "net 7 ? state=0 since=0 owner=100 by=100 tx=5/1 rx=0/0 "
					 "89999999995-90000000000\n"
					 "closed 7 ? state=0 since=0 owner=100\n"
					 "closed 9 tcp:1009 state=1 since=0 owner=100\n"
					 "gone 100\n"
					 "gone 200\n"});
	assert_int_equal(counts.sockets_unknown, 2);
	synth_free(&s);
}

/* The thread that used it goes: its process. That goes too, and another gets the TID: nobody. */
static void test_owner_goes(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_socket(&s, 1010, 0, tcp_socket(7, ESTABLISHED));
	ev_switch(&s, 1050, 0, 0, 0, 200);
	ev_fork(&s, 1100, 0, 200, 200, 300, 300);
	ev_fork(&s, 1105, 0, 200, 300, 301, 300);
	ev_wakeup_new(&s, 1110, 0, 200, 301, 0);
	ev_switch(&s, 1120, 0, 200, 1, 301);
	ev_net(&s, 1130, 301, 7, 1, 0);
	ev_exit(&s, 1140, 0, 301, 0, false);
	ev_switch(&s, 1150, 0, 301, 0x10, 0);
	ev_retransmit(&s, 1160, 7, 1);
	ev_wakeup_new(&s, 1170, 0, 0, 300, 0);
	ev_switch(&s, 1170, 0, 0, 0, 300);
	ev_exit(&s, 1180, 0, 300, 0, true);
	ev_switch(&s, 1190, 0, 300, 0x10, 200);
	ev_fork(&s, 1200, 0, 200, 200, 300, 300);
	ev_fork(&s, 1200, 0, 200, 300, 301, 300);
	ev_retransmit(&s, 1210, 7, 1);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.want = "net 7 tcp:1007 state=1 since=0 owner=301 by=301 tx=1/1 rx=0/0 "
				"1125-1130\n"
				"retransmit 7 tcp:1007 state=1 since=0 owner=300 by=300 at=1160 "
				"segments=1\n"
				"retransmit 7 tcp:1007 state=1 since=0 owner=? by=? at=1210 "
				"segments=1\n"});
	synth_free(&s);
}

/* A new description takes the place of the one before, but for when it was first there. */
static void test_described_again(void **state)
{
	struct socket_info before = tcp_socket(7, CLOSE), after = tcp_socket(7, ESTABLISHED);
	struct synth s = {0};
	struct engine *e;
	struct err err;

	(void)state;
	before.flags = SOCKF_BEFORE;
	after.remote_port = 443;
	begin(&s);
	ev_socket(&s, 1100, 100, before);
	ev_state(&s, 1150, 100, 7, CLOSE, SYN_SENT, 0);
	ev_socket(&s, 1200, 0, after);
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_null(engine_socket(e, 8));
	assert_int_equal(engine_socket(e, 7)->info.remote_port, 443);
	assert_int_equal(engine_socket(e, 7)->info.flags, SOCKF_BEFORE);
	assert_int_equal(engine_socket(e, 7)->since_ns, 0);
	assert_int_equal(engine_socket(e, 7)->seen_ns, 1100);
	assert_int_equal(engine_socket(e, 7)->owner->info.tid, 100);
	engine_free(e);
	synth_free(&s);
}

/* Only what is in the window; a socket that was there is told even when nothing happened. */
static void test_window(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_socket(&s, 1100, 100, tcp_socket(7, ESTABLISHED));
	ev_socket(&s, 1100, 100, tcp_socket(8, ESTABLISHED));
	ev_net(&s, 1100, 100, 7, 1, 0);
	ev_state(&s, 1100, 0, 8, ESTABLISHED, CLOSE, 0);
	ev_net(&s, 1250, 100, 9, 1, 0);
	ev_net(&s, 1300, 100, 7, 2, 0);
	ev_socket(&s, 1310, 100, tcp_socket(10, ESTABLISHED));
	expect_flows(&s, (struct flow_expect){
				 .from = 1200,
				 .to = 1300,
				 .end = 2000,
				 .gone = true,
				 .want = "net 9 ? state=0 since=0 owner=100 by=100 tx=1/1 rx=0/0 "
					 "1245-1250\n"
					 "closed 9 ? state=0 since=0 owner=100\n"
					 "closed 7 tcp:1007 state=1 since=0 owner=100\n"
					 "gone 100\n"
					 "gone 200\n"});
	synth_free(&s);
}

/* Ids are dense: as many as are in use at a time. */
static void test_ids(void **state)
{
	struct synth s = {0};
	struct engine *e;
	struct err err;

	(void)state;
	begin(&s);
	for (uint64_t i = 0; i < 2000; i++) {
		ev_socket(&s, i * S / 100, 100, tcp_socket(i << 32, ESTABLISHED));
		ev_state(&s, i * S / 100 + 1, 0, i << 32, ESTABLISHED, CLOSE, 0);
	}
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_null(engine_socket(e, 1ull << 32));
	assert_non_null(engine_socket(e, 1999ull << 32));
	assert_true(engine_socket(e, 1999ull << 32)->id < 128);
	engine_free(e);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_closed),	   cmocka_unit_test(test_idle),
		cmocka_unit_test(test_owner_goes), cmocka_unit_test(test_described_again),
		cmocka_unit_test(test_window),	   cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
