// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Chains of waits that end at a device or a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain_run.h"
#include "flow_events.h"

static void test_disk(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ev_io(&s, AT(90), EV_IO_START, 100, 7, 2048, 4096)->cpu = 0;
	ev_switch_in(&s, AT(100), 0, 100, 0x2, 0, IN_READ, true);
	ev_io(&s, AT(120), EV_IO_ISSUE, 0, 7, 2048, 4096)->cpu = 1;
	ev_io(&s, AT(190), EV_IO_DONE, 0, 7, 2048, 4096)->cpu = 1;
	ex_irq_wake(&s, 195, 1, 0, 100, 0, EVF_CTX_SOFTIRQ);
	ev_switch(&s, AT(200), 0, 0, 0, 100);
	ex_block(&s, 250, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){0},
		     "0 disk 100 100+95 by 8:0 read 4.10 kB at sector 2048\n"
		     "1 device 100 120+70 by 8:0\n"
		     "1 queue 100 100+20 by 8:0\n"
		     "1 after 100 190+5\n");
	synth_free(&s);
}

/* The trace ends before the request does. */
static void test_disk_open(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ev_io(&s, AT(90), EV_IO_START, 100, 7, 2048, 4096)->cpu = 0;
	ev_switch_in(&s, AT(100), 0, 100, 0x2, 0, IN_READ, true);
	ev_io(&s, AT(120), EV_IO_ISSUE, 0, 7, 2048, 4096)->cpu = 1;
	expect_steps(&s, (struct explain_case){.end = AT(500)},
		     "0 disk 100 100+400 by 8:0 read 4.10 kB at sector 2048\n"
		     "1 device 100 120+380 by 8:0\n"
		     "1 queue 100 100+20 by 8:0\n");
	synth_free(&s);
}

/* A kernel thread's part of the way: it waits for the request that the sleeper made. */
static void test_disk_of_another(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ev_io(&s, AT(90), EV_IO_START, 100, 7, 2048, 4096)->cpu = 0;
	ev_io(&s, AT(95), EV_IO_ISSUE, 0, 7, 2048, 4096)->cpu = 0;
	ev_switch_in(&s, AT(100), 0, 100, 0x2, 0, IN_READ, true);
	ev_io(&s, AT(190), EV_IO_DONE, 0, 7, 2048, 4096)->cpu = 1;
	ex_irq_wake(&s, 191, 1, 0, 200, 1, EVF_CTX_SOFTIRQ);
	ev_switch(&s, AT(192), 1, 0, 0, 200);
	ex_wake(&s, 194, 1, 200, 100, 0);
	ev_switch(&s, AT(200), 0, 0, 0, 100);
	ex_block(&s, 210, 1, 200, 0, 0);
	ex_block(&s, 250, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){0},
		     "0 disk 100 100+94 by t200 (200)\n"
		     "1 other 200 100+91 by 8:0 read 4.10 kB at sector 2048\n"
		     "2 device 200 100+90 by 8:0\n"
		     "2 after 200 190+1\n"
		     "1 run 200 192+2\n"
		     "1 runqueue 200 191+1 by an idle CPU\n"
		     "2 idle 191+1\n");
	synth_free(&s);
}

/* Two ends of one connection when `here`. */
static void sockets(struct synth *s, bool here)
{
	struct socket_info mine = tcp_socket(1, 1), theirs = tcp_socket(2, 1);
	static const uint8_t a[4] = {10, 0, 0, 1}, b[4] = {10, 0, 0, 2};

	mine.local_port = theirs.remote_port = 4000;
	theirs.local_port = 80;
	memcpy(mine.local, a, 4);
	memcpy(mine.remote, b, 4);
	memcpy(theirs.local, b, 4);
	memcpy(theirs.remote, a, 4);
	ev_socket(s, AT(1), 100, mine);
	if (here)
		ev_socket(s, AT(1), 200, theirs);
}

static void net(struct synth *s, uint64_t us, uint64_t first, uint32_t tid, uint64_t socket,
		uint64_t tx, uint64_t rx)
{
	struct net_info info = {.socket = socket,
				.tx_bytes = tx,
				.rx_bytes = rx,
				.tx_calls = tx > 0,
				.rx_calls = rx > 0,
				.first_ns = AT(first)};

	synth_add(s, (struct event){.ts = AT(us),
				    .kind = EV_NET,
				    .tid = tid,
				    .cpu = tid == 100 ? 0 : 1,
				    .ext = synth_ext(s, &info, sizeof(info))});
}

static void test_network(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	sockets(&s, false);
	ex_begin(&s, 10, 0, 100);
	net(&s, 100, 90, 100, 1, 50, 0);
	ex_block(&s, 100, 0, 100, IN_RECVFROM, 0);
	ex_irq_wake(&s, 300, 1, 0, 100, 0, EVF_CTX_SOFTIRQ);
	ev_switch(&s, AT(302), 0, 0, 0, 100);
	net(&s, 320, 310, 100, 1, 0, 70);
	ex_block(&s, 320, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(400)},
		"0 network 100 100+200 by tcp 10.0.0.2:80\n");
	synth_free(&s);
}

/* The data come from 200, which has slept. */
static void peer_answers(struct synth *s, bool preempted)
{
	ex_start(s);
	sockets(s, true);
	ex_begin(s, 10, 0, 100);
	ex_begin(s, 20, 1, 200);
	ex_block(s, 50, 1, 200, IN_NANOSLEEP, 0);
	ex_block(s, 100, 0, 100, IN_RECVFROM, 0);
	ex_begin(s, 280, 1, 200);
	ex_irq_wake(s, 300, 1, 200, 100, 0, EVF_CTX_SOFTIRQ);
	if (preempted) { /* for long, with the data sent and the send not back yet */
		ex_irq_wake(s, 301, 1, 200, 300, 1, EVF_CTX_HARDIRQ);
		ev_preempt(s, AT(301), 1, 200, 300);
	}
	ev_switch(s, AT(302), 0, 0, 0, 100);
	net(s, 320, 310, 100, 1, 0, 70);
	ex_block(s, 320, 0, 100, IN_NANOSLEEP, 0);
	if (preempted)
		ex_block(s, 9000, 1, 300, IN_NANOSLEEP, 200);
	net(s, 9010, preempted ? 9001 : 302, 200, 2, 70, 0);
	ex_block(s, 9010, 1, 200, IN_NANOSLEEP, 0);
}

static void test_peer(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct synth s;

		peer_answers(&s, i);
		expect_steps(&s,
			     (struct explain_case){.tid = 100,
						   .worst = 1,
						   .states = SLEEPS,
						   .from = AT(90),
						   .end = AT(9500)},
			     "0 sleep 100 320+9180\n");
		expect_steps(&s, (struct explain_case){.tid = 100, .from = AT(90), .end = AT(9500)},
			     "0 window 100 90+9410\n"
			     "1 sleep 100 320+9180\n"
			     "1 network 100 100+200 by t200 (200)\n"
			     "2 sleep 200 100+180 by timer\n"
			     "2 run 200 280+20\n"
			     "1 run 100 90+28 x2\n"
			     "1 runqueue 100 300+2 by an idle CPU\n"
			     "2 idle 300+2\n");
		synth_free(&s);
	}
}

/* 200 closes its end: nothing is sent, and 100 reads the end of the file. */
static void test_peer_closes(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	sockets(&s, true);
	ex_begin(&s, 10, 0, 100);
	ex_begin(&s, 20, 1, 200);
	ex_block(&s, 50, 1, 200, IN_NANOSLEEP, 0);
	ex_block(&s, 100, 0, 100, IN_RECVFROM, 0);
	ex_begin(&s, 280, 1, 200);
	ev_state(&s, AT(298), 200, 2, 1, 4, 0); /* FIN_WAIT1 */
	s.ev[s.n - 1].cpu = 1;
	ev_state(&s, AT(299), 0, 1, 1, 8, 0); /* CLOSE_WAIT, in the soft interrupt of that CPU */
	s.ev[s.n - 1].cpu = 1;
	ex_irq_wake(&s, 300, 1, 200, 100, 0, EVF_CTX_SOFTIRQ);
	ev_switch(&s, AT(302), 0, 0, 0, 100);
	ex_block(&s, 320, 0, 100, IN_NANOSLEEP, 0);
	ex_block(&s, 330, 1, 200, IN_NANOSLEEP, 0);
	expect_steps(
		&s,
		(struct explain_case){
			.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(310)},
		"0 network 100 100+200 closed by t200 (200)\n"
		"1 sleep 200 100+180 by timer\n"
		"1 run 200 280+20\n");
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_disk_open),
		cmocka_unit_test(test_disk_of_another),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_peer_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
