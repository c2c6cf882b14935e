// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The group net: traffic is whose it was, connections are whose they are; both by connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "replay/net.h"
#include "report_run.h"

#define SLEEPER(t, p) snap(t, p, TS_SLEEP, 0x1, 0, T0 - 1)

#define CSV(how, f, ...)                                                                           \
	((struct report_case){.groups = "net",                                                     \
			      .meta = &full_meta,                                                  \
			      .feed = how,                                                         \
			      .opt = {.format = ROWS_CSV, .fields = f, __VA_ARGS__}})

#define ESTAB	 TCP_STATE_ESTABLISHED
#define SYN_SENT TCP_STATE_SYN_SENT
#define SYN_RECV TCP_STATE_SYN_RECV
#define CLOSE	 TCP_STATE_CLOSE
#define LISTEN	 TCP_STATE_LISTEN

static void stream(struct synth *s)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200)};

	ev_start(s, T0, 2, t, 3);
}

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

static struct socket inet_socket(uint32_t id, uint16_t family, uint16_t type, const char *local,
				 uint16_t lport, const char *remote, uint16_t rport, uint8_t state)
{
	struct socket so = {
		.id = id,
		.info = {.id = 1000 + id,
			 .family = family,
			 .type = type,
			 .protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
			 .local_port = lport,
			 .remote_port = rport,
			 .state = state},
		.seen_ns = AT(50),
	};

	assert_int_equal(inet_pton(family, local, so.info.local), 1);
	assert_int_equal(inet_pton(family, remote, so.info.remote), 1);
	return so;
}

static struct socket tcp(uint32_t id, uint8_t state)
{
	return inet_socket(id, AF_INET, SOCK_STREAM, "10.0.0.1", 4000, "10.0.0.2", 80, state);
}

static struct socket udp(uint32_t id, uint8_t state)
{
	return inet_socket(id, AF_INET, SOCK_DGRAM, "0.0.0.0", 53, "0.0.0.0", 0, state);
}

/* As the engine: the task, else the owner; the state changes after it was told. */
static void tell(const struct report *r, struct socket *so, struct socket_event se, uint32_t tid)
{
	se.socket = so;
	se.task = tid ? feed_task(r, tid) : so->owner;
	if (tid)
		so->owner = se.task;
	if (!se.ts)
		se.ts = AT(60);
	feed_socket(r, &se);
	if (se.kind == SE_STATE)
		so->info.state = se.after;
}

static void traffic(const struct report *r, struct socket *so, uint32_t tid, uint64_t tx,
		    uint64_t rx)
{
	tell(r, so,
	     (struct socket_event){.kind = SE_TRAFFIC,
				   .cpu = tid == 200,
				   .tx_bytes = tx,
				   .rx_bytes = rx,
				   .tx_calls = tx != 0,
				   .rx_calls = rx ? 2 : 0},
	     tid);
}

static void to_state(const struct report *r, struct socket *so, uint32_t tid, uint8_t after,
		     uint32_t error)
{
	tell(r, so,
	     (struct socket_event){
		     .kind = SE_STATE, .before = so->info.state, .after = after, .error = error},
	     tid);
}

static void feed_traffic(struct report *r)
{
	struct socket a = tcp(1, ESTAB), b = udp(2, CLOSE), c = {.id = 3, .info = {.id = 9}};
	struct socket pair = {.id = 4, .info = {.id = 10, .family = AF_UNIX, .state = ESTAB}};

	traffic(r, &a, 100, 1000, 20);
	traffic(r, &a, 101, 300, 0);
	traffic(r, &b, 200, 0, 7);
	traffic(r, &b, 200, 0, 7);
	traffic(r, &pair, 200, 5, 0);
	traffic(r, &c, 0, 0, 64);
}

static void test_traffic(void **state)
{
	struct report_case cpu = CSV(feed_traffic, "cpu,tx_bytes,conns_new,retransmits",
				     .by = BY_CPU, .sort = "cpu:asc");

	(void)state;
	expect(CSV(feed_traffic, "pid,comm,tx_bytes,rx_bytes,bytes,tx_calls,rx_calls,conns_active"),
	       "pid,comm,tx_bytes,rx_bytes,bytes,tx_calls,rx_calls,conns_active\n"
	       "100,t100,1300,20,1320,2,2,1\n"
	       ",?,0,64,64,0,2,0\n"
	       "200,t200,5,14,19,1,4,1\n");
	expect(CSV(feed_traffic, "tid,tx_bytes,rx_bytes", .by = BY_THREAD),
	       "tid,tx_bytes,rx_bytes\n100,1000,20\n101,300,0\n,0,64\n200,5,14\n");
	expect(cpu, "cpu,tx_bytes,conns_new,retransmits\n0,1300,,\n1,5,,\n");
	assert_int_equal(cpulist_parse(&cpu.opt.select.cpus, "1", NULL), 0);
	expect(cpu, "cpu,tx_bytes,conns_new,retransmits\n1,5,,\n");
	cpu = CSV(feed_traffic, "pid,tx_bytes_per_s,rx_bytes_per_s", .top = 1);
	cpu.end = AT(500000);
	expect(cpu, "pid,tx_bytes_per_s,rx_bytes_per_s\n100,2600,40\n");
}

static void feed_connects(struct report *r)
{
	struct socket good = tcp(1, CLOSE), bad = tcp(2, CLOSE), server = tcp(3, LISTEN);
	struct socket given_up = tcp(4, CLOSE), old = tcp(5, ESTAB), waiting = tcp(6, CLOSE);
	struct socket half = tcp(7, LISTEN), listener = tcp(8, LISTEN);

	to_state(r, &good, 100, SYN_SENT, 0);
	to_state(r, &good, 0, ESTAB, 0);
	to_state(r, &good, 100, 4, 0);
	to_state(r, &good, 0, CLOSE, 0);
	to_state(r, &bad, 100, SYN_SENT, 0);
	to_state(r, &bad, 0, CLOSE, ECONNREFUSED);
	to_state(r, &given_up, 101, SYN_SENT, 0);
	to_state(r, &given_up, 101, CLOSE, 0);
	/* nobody owns it until somebody has accepted it */
	to_state(r, &server, 0, SYN_RECV, 0);
	to_state(r, &server, 0, ESTAB, 0);
	traffic(r, &server, 200, 1, 1);
	to_state(r, &half, 0, SYN_RECV, 0);
	to_state(r, &half, 0, CLOSE, ECONNRESET);
	to_state(r, &waiting, 200, SYN_SENT, 0);
	feed_socket_gone(r, &bad);
	feed_socket_gone(r, &half);
	old.owner = feed_task(r, 200); /* never used: it is told of when it goes */
	old.info.flags = SOCKF_BEFORE;
	feed_socket_gone(r, &old);
	feed_socket_gone(r, &listener);
}

static void test_connects(void **state)
{
	(void)state;
	expect(CSV(feed_connects, "comm,conns_new,conns_active,conns_failed", .sort = "comm"),
	       "comm,conns_new,conns_active,conns_failed\n?,0,0,1\nt100,3,1,2\nt200,2,2,0\n");
}

static void feed_again(struct report *r)
{
	struct socket so = tcp(1, CLOSE), u = udp(2, CLOSE);

	for (int i = 0; i < 3; i++) { /* one socket, used for one call after another */
		to_state(r, &so, 100, SYN_SENT, 0);
		to_state(r, &so, 0, CLOSE, ETIMEDOUT);
	}
	traffic(r, &u, 200, 10, 0);
	feed_socket_gone(r, &u); /* the engine forgets it, and meets it again */
	u.id = 7;
	traffic(r, &u, 200, 10, 0);
}

static void test_again(void **state)
{
	(void)state;
	expect(CSV(feed_again, "pid,conns_new,conns_active,conns_failed", .sort = "pid:asc"),
	       "pid,conns_new,conns_active,conns_failed\n100,3,0,3\n200,0,1,0\n");
	expect(CSV(feed_again, "proto,tx_bytes,error", .by = BY_CONNECTION),
	       "proto,tx_bytes,error\nudp,20,\ntcp,0,ETIMEDOUT\n");
}

static void feed_trouble(struct report *r)
{
	struct socket a = tcp(1, ESTAB), b = tcp(2, ESTAB);
	struct socket_event again = {.kind = SE_RETRANSMIT, .segments = 3};

	traffic(r, &a, 100, 1 << 19, 0);
	tell(r, &a, again, 0);
	again.error = ENETDOWN;
	again.segments = 0;
	tell(r, &a, again, 0);
	tell(r, &a, (struct socket_event){.kind = SE_RESET, .sent = true}, 0);
	tell(r, &b, (struct socket_event){.kind = SE_RESET}, 0); /* nobody knows whose */
	feed_socket_gone(r, &b);
}

static void test_trouble(void **state)
{
	struct report_case c = CSV(feed_trouble,
				   "comm,retransmits,retransmits_failed,retransmits_per_s,"
				   "retransmits_per_mib,resets_sent,resets_received");

	(void)state;
	c.end = AT(2000000);
	expect(c, "comm,retransmits,retransmits_failed,retransmits_per_s,retransmits_per_mib,"
		  "resets_sent,resets_received\n"
		  "t100,4,1,2,8,1,0\n"
		  "?,0,0,0,,0,1\n");
	expect(CSV(feed_trouble,
		   "tx_bytes,retransmits,retransmits_per_mib,resets_sent,"
		   "resets_received,pid,comm",
		   .by = BY_CONNECTION),
	       "tx_bytes,retransmits,retransmits_per_mib,resets_sent,resets_received,pid,comm\n"
	       "524288,4,8,1,0,100,t100\n0,0,,0,1,,?\n");
}

static void test_connections(void **state)
{
	(void)state;
	expect(CSV(feed_connects,
		   "cookie,proto,local,remote,state,tx_bytes,origin,failed,error,note,pid",
		   .by = BY_CONNECTION, .sort = "cookie:asc"),
	       "cookie,proto,local,remote,state,tx_bytes,origin,failed,error,note,pid\n"
	       "1001,tcp,10.0.0.1:4000,10.0.0.2:80,CLOSE,0,new,false,,new,100\n"
	       "1002,tcp,10.0.0.1:4000,10.0.0.2:80,CLOSE,0,new,true,ECONNREFUSED,ECONNREFUSED,100\n"
	       "1003,tcp,10.0.0.1:4000,10.0.0.2:80,ESTAB,1,new,false,,new,200\n"
	       "1004,tcp,10.0.0.1:4000,10.0.0.2:80,CLOSE,0,new,true,,given up,100\n"
	       "1005,tcp,10.0.0.1:4000,10.0.0.2:80,ESTAB,0,before,false,,before,200\n"
	       "1006,tcp,10.0.0.1:4000,10.0.0.2:80,SYN-SENT,0,new,false,,new,200\n"
	       "1007,tcp,10.0.0.1:4000,10.0.0.2:80,CLOSE,0,,true,ECONNRESET,ECONNRESET,\n"
	       "1008,tcp,10.0.0.1:4000,10.0.0.2:80,LISTEN,0,,false,,,\n");
	expect(CSV(feed_traffic, "proto,local,remote,state,tx_bytes,rx_bytes,pid,tid",
		   .by = BY_CONNECTION),
	       "proto,local,remote,state,tx_bytes,rx_bytes,pid,tid\n"
	       "tcp,10.0.0.1:4000,10.0.0.2:80,ESTAB,1300,20,100,101\n"
	       "?,,,,0,64,,\n"
	       "udp,*:53,*,UNCONN,0,14,200,200\n"
	       "unix,,,ESTAB,5,0,200,200\n");
}

/* The sum over connections is that over processes, and a filter takes the same from both. */
static void test_filter(void **state)
{
	struct report_case c = CSV(feed_traffic, "proto,tx_bytes,rx_bytes", .by = BY_CONNECTION);

	(void)state;
	assert_int_equal(select_add(&c.opt.select, SELECT_TID, false, "101", NULL), 0);
	expect(c, "proto,tx_bytes,rx_bytes\ntcp,300,0\n");
	c = CSV(feed_traffic, "pid,tx_bytes,rx_bytes");
	assert_int_equal(select_add(&c.opt.select, SELECT_TID, false, "101", NULL), 0);
	expect(c, "pid,tx_bytes,rx_bytes\n100,300,0\n");
	c = CSV(feed_connects, "cookie,pid", .by = BY_CONNECTION, .sort = "cookie:asc");
	assert_int_equal(select_add(&c.opt.select, SELECT_PID, false, "200", NULL), 0);
	expect(c, "cookie,pid\n1003,200\n1005,200\n1006,200\n");
}

static void feed_times(struct report *r)
{
	struct socket so = tcp(1, CLOSE), before = tcp(2, ESTAB), closed = tcp(3, ESTAB);

	tell(r, &so,
	     (struct socket_event){
		     .kind = SE_STATE, .before = CLOSE, .after = SYN_SENT, .ts = AT(50)},
	     100);
	tell(r, &so,
	     (struct socket_event){
		     .kind = SE_STATE, .before = SYN_SENT, .after = CLOSE, .ts = AT(80)},
	     0);
	before.info.flags = SOCKF_BEFORE;
	tell(r, &before, (struct socket_event){.kind = SE_TRAFFIC, .tx_bytes = 1, .ts = AT(70)},
	     100);
	/* described again when it is closed, without its addresses */
	closed.seen_ns = T0;
	traffic(r, &closed, 100, 2, 0);
	to_state(r, &closed, 100, CLOSE, 0);
	memset(closed.info.remote, 0, sizeof(closed.info.remote));
	closed.info.remote_port = 0;
	feed_socket_gone(r, &closed);
}

static void test_times(void **state)
{
	(void)state;
	expect(CSV(feed_times, "cookie,remote,start_ns,end_ns,last_ns", .by = BY_CONNECTION,
		   .sort = "cookie:asc"),
	       "cookie,remote,start_ns,end_ns,last_ns\n"
	       "1001,10.0.0.2:80,50000,80000,80000\n"
	       "1002,10.0.0.2:80,,,70000\n"
	       "1003,10.0.0.2:80,,60000,60000\n");
}

static void feed_folded(struct report *r)
{
	for (uint32_t i = 0; i < 40; i++) {
		struct socket so = tcp(i % 4, ESTAB);

		so.info.id = 5000 + i;
		traffic(r, &so, 100, 100 + i, 1);
		to_state(r, &so, 100, CLOSE, 0);
		feed_socket_gone(r, &so);
	}
}

/* Beyond the limit the least are summed up, and say how many they are. */
static void test_folded(void **state)
{
	struct report_case c = CSV(feed_folded, "proto,connections,tx_bytes,rx_bytes",
				   .by = BY_CONNECTION);
	uint64_t n = 0, tx = 0, rx = 0;
	struct synth s = {0};
	char *text, proto[16];
	unsigned v[3];
	int others = 0;

	(void)state;
	c.keep = 4;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
		assert_int_equal(sscanf(line, "%15[^,],%u,%u,%u", proto, &v[0], &v[1], &v[2]), 4);
		others += !strcmp(proto, "(others)");
		n += v[0];
		tx += v[1];
		rx += v[2];
	}
	assert_int_equal(others, 1);
	assert_int_equal(n, 40);
	assert_int_equal(rx, 40);
	assert_int_equal(tx, 40 * 100 + 39 * 40 / 2);
	free(text);
	synth_free(&s);
}

static void test_names(void **state)
{
	struct socket_info info = {.family = AF_INET6, .type = SOCK_STREAM, .protocol = 6};
	char buf[NET_ADDRESS], proto[24];

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", info.local);
	info.local_port = 443;
	assert_string_equal(net_address(&info, false, 0, buf), "[2001:db8::1]:443");
	assert_string_equal(net_address(&info, true, 0, buf), "*");
	info.remote_port = 9;
	assert_string_equal(net_address(&info, true, 0, buf), "*:9");
	inet_pton(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", info.local);
	info.local_port = 65535;
	assert_string_equal(net_address(&info, false, 0, buf),
			    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
	inet_pton(AF_INET6, "::ffff:1.2.3.4", info.local);
	assert_string_equal(net_address(&info, false, 0, buf), "[::ffff:1.2.3.4]:65535");
	assert_string_equal(net_address(&info, false, 18, buf), "1.2.3.4:65535");
	inet_pton(AF_INET6, "2001:db8:1234:5678::1", info.local);
	assert_string_equal(net_address(&info, false, 18, buf), "[2001:db8:~]:65535");
	assert_string_equal(net_address(&info, false, 29, buf), "[2001:db8:1234:5678::1]:65535");
	assert_string_equal(net_address(&info, false, 28, buf), "[2001:db8:1234:5678:~]:65535");
	assert_string_equal(net_protocol(&info, proto), "tcp6");
	info.type = SOCK_DGRAM;
	info.protocol = IPPROTO_UDP;
	assert_string_equal(net_protocol(&info, proto), "udp6");
	info.protocol = IPPROTO_ICMPV6;
	assert_string_equal(net_protocol(&info, proto), "ping6");
	info.family = AF_INET;
	info.type = SOCK_STREAM;
	info.protocol = 262;
	assert_string_equal(net_protocol(&info, proto), "mptcp");
	info.type = SOCK_RAW;
	info.protocol = 255;
	assert_string_equal(net_protocol(&info, proto), "raw");
	info.family = AF_NETLINK;
	assert_string_equal(net_protocol(&info, proto), "netlink");
	assert_null(net_address(&info, false, 0, buf));
	assert_null(net_state(&info));
	info.family = 77;
	assert_string_equal(net_protocol(&info, proto), "family 77");
	info.family = AF_UNIX;
	info.state = 7;
	assert_string_equal(net_state(&info), "UNCONN");
	info.family = 0;
	assert_string_equal(net_protocol(&info, proto), "?");
}

static void feed_wide(struct report *r)
{
	struct socket so = inet_socket(50, AF_INET6, SOCK_STREAM,
				       "1111:2222:3333:4444:5555:6666:7777:8888", 65535,
				       "1111:2222:3333:4444:5555:6666:7777:8888", 65534, SYN_SENT);

	traffic(r, &so, 200, 123456789012, 123456789012);
	tell(r, &so, (struct socket_event){.kind = SE_RETRANSMIT, .segments = 123456}, 0);
	to_state(r, &so, 200, CLOSE, EPROTONOSUPPORT);
	for (int i = 0; i < 20000; i++)
		tell(r, &so, (struct socket_event){.kind = SE_RESET, .sent = i % 2}, 0);
	feed_connects(r);
}

static void test_table(void **state)
{
	struct report_case c = {.groups = "net", .meta = &full_meta, .feed = feed_wide};
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	ev_rename(&s, T0, 0, 200, "a-name-of-15-by");
	for (int i = 0; i < 2; i++) {
		c.opt.by = i ? BY_CONNECTION : BY_PROCESS;
		text = report_text(&s, &c);
		assert_non_null(text);
		assert_non_null(strstr(text, i ? "\nnet by connection: " : "\nnet by process: "));
		if (i) { /* a listener is no connection */
			assert_non_null(strstr(text, "\n1 connection with nothing here; "));
			assert_non_null(strstr(text, "\ntcp6  [1111:22"));
			assert_non_null(strstr(text, " ECONNREFUSED\n"));
		}
		for (char *line = text, *end; *line; line = end + 1) {
			end = strchr(line, '\n');
			assert_in_range(end - line, 0, 100);
		}
		free(text);
	}
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traffic),	    cmocka_unit_test(test_connects),
		cmocka_unit_test(test_again),	    cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_connections), cmocka_unit_test(test_filter),
		cmocka_unit_test(test_times),	    cmocka_unit_test(test_folded),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
