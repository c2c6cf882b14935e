// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What ends a wait when it is no task: which interrupt, as far as the trace tells; and waits that
 * end after the window.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain_run.h"
#include "flow_events.h"

#define TIMER  1
#define NET_RX 3
#define DISK   36 /* a handler's number */

/* 100 blocks in a system call on CPU 0 at 100; the interrupts of the other are then told. */
static void asleep(struct synth *s, uint16_t in)
{
	ex_start(s);
	ev_name(s, AT(1), NAME_IRQ, DISK, "virtio1-req.0");
	ex_begin(s, 10, 0, 100);
	ex_block(s, 100, 0, 100, in, 0);
}

static void runs_again(struct synth *s)
{
	ev_switch(s, AT(210), 0, 0, 0, 100);
	ex_block(s, 250, 0, 100, IN_NANOSLEEP, 0);
}

/* The recording had interrupts, from handlers and soft ones. */
static struct meta meta_with_irq(void)
{
	static struct meta_hook hook = {.name = "irq_handler", .live = true};
	struct meta meta = full_meta;

	strcpy(meta.features, "sched,io,net,fs,irq");
	meta.hooks = &hook;
	meta.nhooks = 1;
	return meta;
}

static void expect_by(struct synth *s, const struct meta *meta, const char *want)
{
	struct explain_case c = {.tid = 100,
				 .worst = 1,
				 .states = SLEEPS,
				 .from = AT(90),
				 .end = AT(280),
				 .meta = meta};
	char *got = explain_steps(s, &c);
	const char *by = strstr(got, " by ");

	if (c.failed)
		fail_msg("explain failed: %s", c.err.msg);
	if (!by || strncmp(by + 4, want, strlen(want)) != 0 || by[4 + strlen(want)] != '\n')
		fail_msg("got:\n%s\nwant: by %s", got, want);
	free(got);
	synth_free(s);
}

/* Without interrupts in the trace: only what follows from the system call and the context. */
static void test_context(void **state)
{
	static const struct {
		uint16_t in;
		uint8_t flags;
		const char *by;
	} cases[] = {
		{IN_NANOSLEEP, EVF_CTX_HARDIRQ, "timer"},
		{IN_NANOSLEEP, EVF_CTX_SOFTIRQ, "timer or signal"},
		{IN_FUTEX, EVF_CTX_HARDIRQ, "timer or signal"},
		{IN_FUTEX, EVF_CTX_SOFTIRQ, "timer or signal"},
		{IN_POLL, EVF_CTX_HARDIRQ, "hard interrupt"},
		{IN_POLL, EVF_CTX_HARDIRQ | EVF_CTX_SOFTIRQ, "hard interrupt"},
		{IN_POLL, EVF_CTX_SOFTIRQ, "soft interrupt"},
		{IN_RECVFROM, EVF_CTX_SOFTIRQ, "soft interrupt"},
		{IN_POLL, 0, "interrupt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct synth s;

		asleep(&s, cases[i].in);
		ex_irq_wake(&s, 200, 0, 0, 100, 0, cases[i].flags);
		runs_again(&s);
		expect_by(&s, &full_meta, cases[i].by);
	}
}

/* With them: the handler or soft interrupt around the wake-up, or that there was none. */
static void test_told(void **state)
{
	static const struct {
		uint16_t in;
		uint8_t flags;
		uint64_t from, to; /* of the interrupt that is told; 0: none */
		uint32_t number;
		bool soft;
		const char *by;
	} cases[] = {
		{IN_POLL, EVF_CTX_HARDIRQ, 0, 0, 0, false, "timer or kernel"},
		{IN_FUTEX, EVF_CTX_HARDIRQ, 0, 0, 0, false, "timer"},
		{IN_NANOSLEEP, EVF_CTX_HARDIRQ, 0, 0, 0, false, "timer"},
		{IN_POLL, EVF_CTX_HARDIRQ, 199, 201, DISK, false, "hard interrupt virtio1-req.0"},
		{IN_FUTEX, EVF_CTX_HARDIRQ, 200, 200, DISK, false, "hard interrupt virtio1-req.0"},
		{IN_POLL, EVF_CTX_HARDIRQ, 199, 201, 40, false, "hard interrupt 40"},
		{IN_POLL, EVF_CTX_HARDIRQ, 201, 202, DISK, false, "timer or kernel"}, /* after it */
		{IN_POLL, EVF_CTX_HARDIRQ, 199, 202, TIMER, true,
		 "timer or kernel"}, /* within it */
		{IN_POLL, EVF_CTX_SOFTIRQ, 199, 202, TIMER, true, "timer"},
		{IN_RECVFROM, EVF_CTX_SOFTIRQ, 199, 202, TIMER, true, "timer"},
		{IN_POLL, EVF_CTX_SOFTIRQ, 199, 202, NET_RX, true, "the network"},
		{IN_FUTEX, EVF_CTX_SOFTIRQ, 199, 202, NET_RX, true, "soft interrupt 3"},
		{IN_POLL, EVF_CTX_SOFTIRQ, 199, 202, 9, true, "soft interrupt 9"},
		{IN_POLL, EVF_CTX_SOFTIRQ, 199, 202, DISK, false, "soft interrupt"}, /* nested */
		{IN_POLL, EVF_CTX_SOFTIRQ, 0, 0, 0, false, "soft interrupt"},
	};
	const struct meta meta = meta_with_irq();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct synth s;

		asleep(&s, cases[i].in);
		ex_irq_wake(&s, 200, 0, 0, 100, 0, cases[i].flags);
		if (cases[i].to)
			ev_irq(&s, AT(cases[i].from), AT(cases[i].to), 0, 0, cases[i].number,
			       cases[i].soft);
		runs_again(&s);
		expect_by(&s, &meta, cases[i].by);
	}
}

/* The handler's end comes before the wake-up is done on the other CPU. */
static void test_told_early(void **state)
{
	const struct meta meta = meta_with_irq();
	struct synth s;

	(void)state;
	asleep(&s, IN_POLL);
	ev_waking(&s, AT(200), 1, 0, 100)->flags = EVF_CTX_HARDIRQ;
	ev_irq(&s, AT(199), AT(201), 1, 0, DISK, false);
	ev_wakeup(&s, AT(203), 0, 0, 100, 0);
	runs_again(&s);
	expect_by(&s, &meta, "hard interrupt virtio1-req.0");
}

/* A request of its own ends in its soft interrupt, or shortly before one that is about others. */
static void test_told_request(void **state)
{
	const struct meta meta = meta_with_irq();

	(void)state;
	for (int rcu = 0; rcu < 2; rcu++) {
		struct synth s;

		ex_start(&s);
		ex_begin(&s, 10, 0, 100);
		ev_io(&s, AT(90), EV_IO_START, 100, 7, 2048, 4096)->cpu = 0;
		ev_switch_in(&s, AT(100), 0, 100, 0x1, 0, IN_READ, true);
		ev_io(&s, AT(199), EV_IO_DONE, 0, 7, 2048, 4096)->cpu = 0;
		ex_irq_wake(&s, 200, 0, 0, 100, 0, EVF_CTX_SOFTIRQ);
		ev_irq(&s, AT(198), AT(201), 0, 0, rcu ? 9 : 4, true);
		runs_again(&s);
		expect_by(&s, &meta, rcu ? "soft interrupt 9" : "8:0 read 4.10 kB at sector 2048");
	}
}

/* What was lost between the wake-up and the end of its interrupt may have told of it. */
static void test_told_lost(void **state)
{
	const struct meta meta = meta_with_irq();
	struct synth s;

	(void)state;
	asleep(&s, IN_POLL);
	ex_irq_wake(&s, 200, 1, 0, 100, 0, EVF_CTX_HARDIRQ);
	ev_gap(&s, AT(201), 1, AT(202), 3);
	runs_again(&s);
	ex_begin(&s, 260, 1, 300);
	expect_by(&s, &meta, "hard interrupt");
}

static void net(struct synth *s, uint64_t us, uint64_t tx, uint64_t rx)
{
	struct net_info info = {.socket = 1,
				.tx_bytes = tx,
				.rx_bytes = rx,
				.tx_calls = tx > 0,
				.rx_calls = rx > 0,
				.first_ns = AT(us)};

	synth_add(s, (struct event){.ts = AT(us + 1),
				    .kind = EV_NET,
				    .tid = 100,
				    .cpu = 0,
				    .ext = synth_ext(s, &info, sizeof(info))});
}

/* Who gets no answer in time and asks again was not woken by the network; who gets one was. */
static void test_asks_again(void **state)
{
	static const struct {
		uint16_t in;
		bool asked, got; /* in this order */
		const char *by;
	} cases[] = {
		{IN_RECVFROM, true, false, "soft interrupt"},
		{IN_RECVFROM, true, true, "soft interrupt"},
		{IN_RECVFROM, false, true, "tcp 0.0.0.2:80"},
		{IN_POLL, true, false, "tcp 0.0.0.2:80"},
		{IN_FUTEX, false, true, "timer or signal"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct socket_info mine = tcp_socket(1, 1);
		struct synth s;

		mine.local_port = 4000;
		mine.remote_port = 80;
		memset(mine.remote, 0, sizeof(mine.remote));
		mine.remote[3] = 2;
		ex_start(&s);
		ev_socket(&s, AT(1), 100, mine);
		ex_begin(&s, 10, 0, 100);
		ex_block(&s, 100, 0, 100, cases[i].in, 0);
		ex_irq_wake(&s, 200, 0, 0, 100, 0, EVF_CTX_SOFTIRQ);
		ev_switch(&s, AT(210), 0, 0, 0, 100);
		if (cases[i].asked)
			net(&s, 220, 10, 0);
		if (cases[i].got)
			net(&s, 230, 0, 10);
		ex_block(&s, 250, 0, 100, IN_NANOSLEEP, 0);
		expect_by(&s, &full_meta, cases[i].by);
	}
}

/* A kernel that does not tell whether it was an interrupt. */
static void test_doubt(void **state)
{
	struct synth s;

	(void)state;
	asleep(&s, IN_FUTEX);
	ex_begin(&s, 150, 1, 200);
	ex_irq_wake(&s, 200, 1, 200, 100, 0, EVF_CTX_UNKNOWN);
	runs_again(&s);
	ex_block(&s, 260, 1, 200, IN_NANOSLEEP, 0);
	expect_by(&s, &full_meta, "t200 (200) or an interrupt");
}

/* -- what ends after the window -- */

/* 100 waits for 200 from 100 to 300, which sleeps until 280; both go on, to the end. */
static void waits_long(struct synth *s)
{
	ex_start(s);
	ex_begin(s, 10, 0, 100);
	ex_begin(s, 20, 1, 200);
	ex_block(s, 50, 1, 200, IN_NANOSLEEP, 0);
	ex_block(s, 100, 0, 100, IN_FUTEX, 0);
	ex_begin(s, 280, 1, 200);
	ex_wake(s, 300, 1, 200, 100, 0);
	ev_switch(s, AT(301), 0, 0, 0, 100);
	ex_block(s, 400, 0, 100, IN_POLL, 0);
	ex_block(s, 410, 1, 200, IN_POLL, 0);
}

static void test_later(void **state)
{
	struct explain_case c = {.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90)};
	struct synth s;

	(void)state;
	waits_long(&s);
	c.to = AT(200);
	expect_steps(&s, c,
		     "0 lock 100 100+100 by t200 (200) later\n"
		     "1 sleep 200 100+100 by timer later\n");
	/* The sleeper is awake by then. */
	c.to = AT(290);
	expect_steps(&s, c,
		     "0 lock 100 100+190 by t200 (200) later\n"
		     "1 sleep 200 100+180 by timer\n"
		     "1 run 200 280+10\n");
	c.worst = 0;
	c.to = AT(200);
	expect_steps(&s, c,
		     "0 window 100 90+110\n"
		     "1 lock 100 100+100 by t200 (200) later\n"
		     "2 sleep 200 100+100 by timer later\n"
		     "1 run 100 90+10\n");
	/* Never over. */
	c.worst = 1;
	c.from = AT(350);
	c.to = AT(500);
	expect_steps(&s, c, "0 poll 100 400+100\n");
	synth_free(&s);
}

/* How it ended is lost: in the window it was not over, for all that is known. */
static void test_later_lost(void **state)
{
	struct explain_case c = {
		.tid = 100, .worst = 1, .states = SLEEPS, .from = AT(90), .to = AT(200)};
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_block(&s, 100, 0, 100, IN_FUTEX, 0);
	ev_gap(&s, AT(210), 0, AT(220), 5);
	ex_begin(&s, 300, 0, 100);
	ex_block(&s, 400, 0, 100, IN_POLL, 0);
	expect_steps(&s, c, "0 lock 100 100+100\n");
	synth_free(&s);
}

/* A block request that is made after the window ends a wait inside. */
static void test_later_disk(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ev_switch_in(&s, AT(100), 0, 100, 0x2, 0, IN_READ, true);
	ev_io(&s, AT(250), EV_IO_START, 100, 7, 2048, 4096)->cpu = 0;
	ev_io(&s, AT(260), EV_IO_ISSUE, 0, 7, 2048, 4096)->cpu = 1;
	ev_io(&s, AT(290), EV_IO_DONE, 0, 7, 2048, 4096)->cpu = 1;
	ex_irq_wake(&s, 295, 1, 0, 100, 0, EVF_CTX_SOFTIRQ);
	ev_switch(&s, AT(300), 0, 0, 0, 100);
	ex_block(&s, 350, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){.from = AT(90), .to = AT(200)},
		     "0 disk 100 100+100 by 8:0 read 4.10 kB at sector 2048 later\n"
		     "1 before 100 100+100\n");
	synth_free(&s);
}

/* It moves after the window: what it waited for inside is the queue that it was in then. */
static void test_later_moved(void **state)
{
	struct synth s;

	(void)state;
	ex_start(&s);
	ex_begin(&s, 10, 0, 200);
	ex_begin(&s, 20, 1, 300);
	ex_wake(&s, 100, 0, 200, 100, 0);
	ev_migrate(&s, AT(130), 1, 100, 0, 1);
	ex_block(&s, 150, 1, 300, IN_NANOSLEEP, 100);
	ex_block(&s, 160, 1, 100, IN_NANOSLEEP, 0);
	ex_block(&s, 200, 0, 200, IN_NANOSLEEP, 0);
	expect_steps(&s, (struct explain_case){.tid = 100, .worst = 1, .to = AT(120)},
		     "0 runqueue 100 100+20 by t200 (200)\n"
		     "1 behind 200 100+20\n");
	synth_free(&s);
}

/* -- who was not recorded -- */

/* 900 wakes twice, and nothing else is known of it: one step, and why below it. */
static void test_stranger(void **state)
{
	struct meta meta = full_meta;
	struct synth s;

	(void)state;
	meta.filtered = true;
	ex_start(&s);
	ex_begin(&s, 10, 0, 100);
	ex_begin(&s, 20, 1, 200);
	ex_block(&s, 30, 1, 200, IN_NANOSLEEP, TID_OTHER);
	ex_block(&s, 100, 0, 100, IN_FUTEX, TID_OTHER);
	ex_wake(&s, 150, 1, 900, 100, 0);
	ev_switch(&s, AT(160), 0, TID_OTHER, 0, 100);
	ex_block(&s, 200, 0, 100, IN_FUTEX, TID_OTHER);
	ex_wake(&s, 230, 1, 900, 100, 0);
	ev_switch(&s, AT(240), 0, TID_OTHER, 0, 100);
	ex_block(&s, 300, 0, 100, IN_NANOSLEEP, 0);
	expect_steps(
		&s, (struct explain_case){.tid = 100, .from = AT(90), .to = AT(250), .meta = &meta},
		"0 window 100 90+160\n"
		"1 lock 100 100+80 x2 by TID 900\n"
		"2 filtered 900 100+80 x2\n"
		"1 run 100 90+60 x3\n"
		"1 runqueue 100 150+20 x2 by not recorded\n"
		"2 filtered 150+20 x2\n");
	synth_free(&s);
}

/*
 * The wake-up that ended the wait takes effect when its waker is gone, and, if so told, when its TID
 * is another's already.
 */
static void test_gone(void **state)
{
	(void)state;
	for (int reused = 0; reused < 2; reused++) {
		struct synth s;

		ex_start(&s);
		ex_begin(&s, 50, 0, 100);
		ex_begin(&s, 60, 1, 200);
		ex_block(&s, 100, 0, 100, IN_FUTEX, 0);
		ex_block(&s, 110, 1, 200, IN_NANOSLEEP, 0);
		ex_begin(&s, 130, 1, 200);
		ev_waking(&s, AT(140), 1, 200, 100);
		ev_exit(&s, AT(143), 1, 200, 0, true);
		ev_switch(&s, AT(145), 1, 200, RAW_DEAD | RAW_EXIT_DEAD, 300);
		if (reused)
			ev_fork(&s, AT(146), 1, 300, 300, 200, 200);
		ev_wakeup(&s, AT(150), 0, 0, 100, 0);
		ev_switch(&s, AT(151), 0, 0, 0, 100);
		ex_block(&s, 160, 0, 100, IN_NANOSLEEP, 0);
		expect_steps(&s,
			     (struct explain_case){.tid = 100,
						   .worst = 1,
						   .states = SLEEPS,
						   .from = AT(90),
						   .to = AT(155)},
			     "0 lock 100 100+50 by t200 (200)\n"
			     "1 run 200 100+25 x2\n"
			     "1 sleep 200 110+20 by timer\n"
			     "1 waking 100 145+5\n");
		synth_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context),	     cmocka_unit_test(test_told),
		cmocka_unit_test(test_told_early),   cmocka_unit_test(test_told_lost),
		cmocka_unit_test(test_told_request), cmocka_unit_test(test_asks_again),
		cmocka_unit_test(test_doubt),	     cmocka_unit_test(test_later),
		cmocka_unit_test(test_later_lost),   cmocka_unit_test(test_later_disk),
		cmocka_unit_test(test_later_moved),  cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
