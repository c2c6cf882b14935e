// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The engine's rules for block requests: a stream by hand, and all that it tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <cmocka.h>

#include "flow_events.h"

#define A 0xa000
#define B 0xb000
#define C 0xc000

/* Tasks 100 (cgroup 5) and 200, asleep, from 1000 on. */
static void begin(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, 1, 0, 900),
		snap(200, 200, TS_SLEEP, 1, 0, 900),
	};

	t[0].info.cgroup_id = 5;
	ev_start(s, 1000, 1, t, 2);
}

static void test_simple(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};
	struct io_info charged = {.request = B, .sector = 8, .bytes = 512, .cgroup_id = 9};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 4096)->flags = EVF_IO_SYNC;
	*ev_io(&s, 1150, EV_IO_START, 200, B, 8, 512) = (struct event){.ts = 1150,
								       .kind = EV_IO_START,
								       .tid = 200,
								       .value = DEV + 1,
								       .aux = IO_WRITE,
								       .ext = &charged};
	ev_io(&s, 1200, EV_IO_ISSUE, 0, A, 100, 4096);
	ev_io(&s, 1500, EV_IO_DONE, 0, A, 100, 4096);
	expect_flows(
		&s, (struct flow_expect){
			    .end = 2000,
			    .counts = &counts,
			    .want = "rq 8:0 op0 100+4096 q=1100 i=1200 d=1500 cgroup=5 sync=1 "
				    "100:4096@1100\n"
				    "rq 8:1 op1 8+512 q=1150 d=2000 cgroup=9 200:512@1150 open\n"});
	assert_int_equal(counts.requests_unknown + counts.requests_unended + counts.ignored, 0);
	synth_free(&s);
}

/* Was there before the trace; issue or completion alone; never started at all. */
static void test_no_start(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1200, EV_IO_ISSUE, 0, A, 100, 4096);
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 100, 4096);
	ev_io(&s, 1400, EV_IO_DONE, 0, B, 200, 512);
	ev_io(&s, 1500, EV_IO_REQUEUE, 0, C, 300, 512);
	ev_io(&s, 1600, EV_IO_ISSUE, 0, C, 300, 1024); /* grown: still one share */
	ev_io(&s, 1700, EV_IO_DONE, 0, C, 300, 1024);
	ev_io(&s, 1800, EV_IO_ISSUE, 0, C, 0, 0)->flags = EVF_IO_UNSTARTED;
	ev_io(&s, 1900, EV_IO_DONE, 0, C, 0, 0)->flags = EVF_IO_UNSTARTED;
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.counts = &counts,
			.want = "rq 8:0 op0 100+4096 i=1200 d=1300 ?:4096@0 no-start\n"
				"rq 8:0 op0 200+512 d=1400 ?:512@0 no-start no-issue\n"
				"rq 8:0 op0 300+1024 i=1600 d=1700 requeues=1 ?:1024@0 no-start\n"
				"rq 8:0 op0 0+0 i=1800 d=1900 ?:0@0 no-start unstarted\n"});
	assert_int_equal(counts.requests_unknown, 3);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.filtered = true,
			.counts = &counts,
			.want = "rq 8:0 op0 100+4096 i=1200 d=1300 ?:4096@0 no-start\n"
				"rq 8:0 op0 200+512 d=1400 ?:512@0 no-start no-issue\n"
				"rq 8:0 op0 300+1024 i=1600 d=1700 requeues=1 ?:1024@0 no-start\n"
				"rq 8:0 op0 0+0 i=1800 d=1900 ?:0@0 no-start unstarted\n"});
	assert_int_equal(counts.requests_unknown, 0);
	synth_free(&s);
}

/*
 * A write with data and a flush is completed in two steps: its data, then nothing more. Also when
 * that is all that is known of it.
 */
static void test_flush(void **state)
{
	static const uint8_t kinds[] = {EV_IO_START, EV_IO_ISSUE, EV_IO_DONE, EV_IO_DONE};
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 4; i++) {
		struct event *ev = ev_io(&s, 1100 + i, kinds[i], i ? 0 : 100, A, i < 3 ? 100 : 101,
					 i < 3 ? 512 : 0);

		ev->flags = i == 2 ? EVF_IO_FUA | EVF_IO_PARTIAL : EVF_IO_FUA;
		ev->aux = IO_WRITE;
	}
	synth_add(&s, s.ev[s.n - 2])->ts = 1200;
	synth_add(&s, s.ev[s.n - 2])->ts = 1300;
	expect_flows(&s, (struct flow_expect){
				 .end = 2000,
				 .counts = &counts,
				 .want = "rq 8:0 op1 100+512 q=1100 i=1101 d=1103 cgroup=5 "
					 "100:512@1100\n"
					 "rq 8:0 op1 100+512 d=1300 ?:512@0 no-start no-issue\n"});
	assert_int_equal(counts.requests_unknown, 1);
	synth_free(&s);
}

static void test_merges(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 1024); /* 100-102 */
	ev_io(&s, 1110, EV_IO_MERGE, 200, 0, 102, 512); /* 100-103 */
	ev_io(&s, 1120, EV_IO_MERGE, 200, 0, 98, 1024)->flags = EVF_IO_FRONT; /* 98-103 */
	ev_io(&s, 1130, EV_IO_MERGE, 200, 0, 90, 512); /* nobody ends there */
	ev_io(&s, 1140, EV_IO_MERGE, 200, 0, 103, 512)->aux = IO_WRITE; /* another kind */
	ev_io(&s, 1150, EV_IO_MERGE, 200, 0, 103, 512)->value = DEV + 1; /* another device */
	ev_io(&s, 1160, EV_IO_START, 200, B, 103, 512); /* 103-104 */
	ev_io(&s, 1170, EV_IO_MERGE, 200, B, 104, 512); /* 103-105 */
	ev_io(&s, 1180, EV_IO_MERGE, 100, B, 103, 1024)->flags = EVF_IO_ABSORBED; /* 98-105 */
	ev_io(&s, 1200, EV_IO_ISSUE, 0, A, 98, 3584);
	ev_io(&s, 1210, EV_IO_MERGE, 200, 0, 105, 512); /* too late */
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 98, 3584);
	expect_flows(&s,
		     (struct flow_expect){
			     .end = 2000,
			     .counts = &counts,
			     .want = "rq 8:0 op0 103+0 q=1160 d=1180 merges=1 200:0@1160 absorbed\n"
				     "rq 8:0 op0 98+3584 q=1100 i=1200 d=1300 merges=3 cgroup=5 "
				     "100:1024@1100 200:512@1110 200:1024@1120 200:512@1160 "
				     "200:512@1170\n"});
	assert_int_equal(counts.merges_unknown, 4);
	expect_flows(&s,
		     (struct flow_expect){
			     .end = 2000,
			     .filtered = true,
			     .counts = &counts,
			     .want = "rq 8:0 op0 103+0 q=1160 d=1180 merges=1 200:0@1160 absorbed\n"
				     "rq 8:0 op0 98+3584 q=1100 i=1200 d=1300 merges=3 cgroup=5 "
				     "100:1024@1100 200:512@1110 200:1024@1120 200:512@1160 "
				     "200:512@1170\n"});
	assert_int_equal(counts.merges_unknown, 0);
	synth_free(&s);
}

/* The issue shows more, or less, than the merges that are known add up to. */
static void test_kernel_knows_better(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1200, EV_IO_ISSUE, 0, A, 100, 2048); /* somebody behind */
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 100, 2048);
	ev_io(&s, 1400, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1500, EV_IO_ISSUE, 0, A, 98, 2048); /* somebody in front */
	ev_io_error(&s, 1600, A, 98, 1536, EIO); /* and only that and 512 were done */
	ev_io(&s, 1700, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1710, EV_IO_MERGE, 200, 0, 102, 512); /* not into this one */
	ev_io(&s, 1720, EV_IO_ISSUE, 0, A, 100, 1024);
	ev_io(&s, 1730, EV_IO_DONE, 0, A, 100, 1024);
	ev_io(&s, 1800, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1900, EV_IO_DONE, 0, A, 98, 3072); /* in front and behind, never issued */
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.want = "rq 8:0 op0 100+2048 q=1100 i=1200 d=1300 cgroup=5 100:1024@1100 "
				"?:1024@0\n"
				"rq 8:0 op0 98+1536 q=1400 i=1500 d=1600 error=5 cgroup=5 "
				"100:512@1400 ?:1024@0\n"
				"rq 8:0 op0 100+1024 q=1700 i=1720 d=1730 merges=1 cgroup=5 "
				"100:1024@1700 200:0@1710\n"
				"rq 8:0 op0 98+3072 q=1800 d=1900 cgroup=5 100:1024@1800 ?:2048@0 "
				"no-issue\n"});
	synth_free(&s);
}

static void test_partial_error_requeue(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 2048);
	ev_io(&s, 1110, EV_IO_MERGE, 200, 0, 98, 1024)->flags = EVF_IO_FRONT;
	ev_io(&s, 1200, EV_IO_ISSUE, 0, A, 98, 3072);
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 98, 512)->flags = EVF_IO_PARTIAL;
	ev_io(&s, 1310, EV_IO_REQUEUE, 0, A, 99, 2560);
	ev_io(&s, 1320, EV_IO_ISSUE, 0, A, 99, 2560);
	ev_io(&s, 1400, EV_IO_DONE, 0, A, 99, 2560);
	/* An error after a part: the part in front was 200's. */
	ev_io(&s, 1500, EV_IO_START, 100, A, 100, 2048);
	ev_io(&s, 1510, EV_IO_MERGE, 200, 0, 98, 1024)->flags = EVF_IO_FRONT;
	ev_io(&s, 1520, EV_IO_ISSUE, 0, A, 98, 3072);
	ev_io(&s, 1530, EV_IO_DONE, 0, A, 98, 1024)->flags = EVF_IO_PARTIAL;
	ev_io_error(&s, 1540, A, 100, 512, EIO);
	/* More than what is known of it. */
	ev_io(&s, 1600, EV_IO_START, 100, A, 100, 512);
	ev_io(&s, 1610, EV_IO_DONE, 0, A, 100, 512)->flags = EVF_IO_PARTIAL;
	ev_io(&s, 1620, EV_IO_DONE, 0, A, 101, 1024);
	/* Given back, and not issued again yet. */
	ev_io(&s, 1700, EV_IO_START, 100, A, 100, 512);
	ev_io(&s, 1710, EV_IO_ISSUE, 0, A, 100, 512);
	ev_io(&s, 1720, EV_IO_REQUEUE, 0, A, 100, 512);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.want = "rq 8:0 op0 98+3072 q=1100 i=1320 d=1400 requeues=1 merges=1 cgroup=5 "
				"100:2048@1100 200:1024@1110\n"
				"rq 8:0 op0 98+1536 q=1500 i=1520 d=1540 error=5 merges=1 cgroup=5 "
				"100:512@1500 200:1024@1510\n"
				"rq 8:0 op0 100+1536 q=1600 d=1620 cgroup=5 100:512@1600 ?:1024@0 "
				"no-issue\n"
				"rq 8:0 op0 100+512 q=1700 d=2000 requeues=1 cgroup=5 100:512@1700 "
				"open\n"});
	synth_free(&s);
}

/* Two with one address: the first one's end is not known. */
static void test_address_again(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1200, EV_IO_START, 200, A, 900, 512);
	ev_io(&s, 1300, EV_IO_ISSUE, 0, A, 900, 512);
	ev_io(&s, 1350, EV_IO_ISSUE, 0, A, 900, 512)->value = DEV + 1;
	ev_io(&s, 1400, EV_IO_DONE, 0, A, 900, 512)->value = DEV + 1;
	expect_flows(&s,
		     (struct flow_expect){
			     .end = 2000,
			     .counts = &counts,
			     .want = "rq 8:0 op0 100+0 q=1100 d=1200 cgroup=5 100:0@1100 no-issue "
				     "no-end\n"
				     "rq 8:0 op0 900+0 q=1200 i=1300 d=1350 200:0@1200 no-end\n"
				     "rq 8:1 op0 900+512 i=1350 d=1400 ?:512@0 no-start\n"});
	assert_int_equal(counts.requests_no_end, 2);
	assert_int_equal(counts.requests_unended, 2);
	assert_int_equal(counts.requests_unknown, 1);
	synth_free(&s);
}

/* Each of the four lost. What the gap can explain is not counted as wrong. */
static void test_losses(void **state)
{
	static const struct {
		int lost;
		const char *want;
		unsigned unknown, merges;
	} cases[] = {
		{0,
		 "rq 8:0 op0 100+1024 i=1400 d=1500 ?:1024@0 no-start\n"
		 "rq 8:0 op0 300+512 q=1600 i=1700 d=1800 200:512@1600\n",
		 1, 1},
		{1,
		 "rq 8:0 op0 100+1024 q=1200 i=1400 d=1500 cgroup=5 100:512@1200 ?:512@0 gap\n"
		 "rq 8:0 op0 300+512 q=1600 i=1700 d=1800 200:512@1600\n",
		 0, 0},
		{2,
		 "rq 8:0 op0 100+1024 q=1200 d=1500 merges=1 cgroup=5 100:512@1200 200:512@1300 "
		 "no-issue gap\n"
		 "rq 8:0 op0 300+512 q=1600 i=1700 d=1800 200:512@1600\n",
		 0, 0},
		{3,
		 "rq 8:0 op0 100+0 q=1200 i=1400 d=1600 merges=1 cgroup=5 100:0@1200 200:0@1300 "
		 "no-end gap\n"
		 "rq 8:0 op0 300+512 q=1600 i=1700 d=1800 200:512@1600\n",
		 0, 0},
		/* the next one at that address: completed, and it is not the one that is known */
		{4,
		 "rq 8:0 op0 100+1024 q=1200 i=1400 d=1500 merges=1 cgroup=5 100:512@1200 "
		 "200:512@1300\n"
		 "rq 8:0 op0 300+512 i=1700 d=1800 ?:512@0 no-start\n",
		 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct engine_counts counts;
		struct synth s = {0};
		size_t at;

		begin(&s);
		at = s.n;
		ev_io(&s, 1200, EV_IO_START, 100, A, 100, 512);
		ev_io(&s, 1300, EV_IO_MERGE, 200, 0, 101, 512);
		ev_io(&s, 1400, EV_IO_ISSUE, 0, A, 100, 1024);
		ev_io(&s, 1500, EV_IO_DONE, 0, A, 100, 1024);
		ev_io(&s, 1600, EV_IO_START, 200, A, 300, 512);
		ev_io(&s, 1700, EV_IO_ISSUE, 0, A, 300, 512);
		ev_io(&s, 1800, EV_IO_DONE, 0, A, 300, 512);
		at += (size_t)cases[i].lost;
		ev_gap(&s, s.ev[at].ts, 0, s.ev[at].ts, 1);
		s.ev[at] = s.ev[--s.n];
		expect_flows(&s, (struct flow_expect){
					 .end = 2000, .counts = &counts, .want = cases[i].want});
		assert_int_equal(counts.requests_unknown, cases[i].unknown);
		assert_int_equal(counts.merges_unknown, cases[i].merges);
		assert_int_equal(counts.requests_unended, 0);
		synth_free(&s);
	}
}

/* The end of one and the start of the next are lost: the next one's end is not taken for its. */
static void test_lost_in_between(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 1024);
	ev_io(&s, 1110, EV_IO_ISSUE, 0, A, 100, 1024);
	ev_io(&s, 1120, EV_IO_START, 100, B, 500, 1024);
	ev_io(&s, 1130, EV_IO_ISSUE, 0, B, 500, 1024);
	ev_gap(&s, 1200, 0, 1300, 4);
	ev_io(&s, 1400, EV_IO_DONE, 0, A, 700, 512);
	expect_flows(&s,
		     (struct flow_expect){
			     .end = 2000,
			     .counts = &counts,
			     .want = "rq 8:0 op0 100+0 q=1100 i=1110 d=1400 cgroup=5 100:0@1100 "
				     "no-end gap\n"
				     "rq 8:0 op0 700+512 d=1400 ?:512@0 no-start no-issue\n"
				     "rq 8:0 op0 500+1024 q=1120 i=1130 d=2000 cgroup=5 "
				     "100:1024@1120 open gap\n"});
	assert_int_equal(counts.requests_unended, 0);
	synth_free(&s);
}

/* The recorder knew more than what is left of the trace: its next checkpoint tells. */
static void test_heal(void **state)
{
	struct synth whole = {0}, damaged = {0};
	struct engine_counts counts;
	struct checkpoint cp;
	struct engine *e;
	struct err err;

	(void)state;
	begin(&whole);
	ev_io(&whole, 1200, EV_IO_START, 200, B, 500, 1024);
	ev_io(&whole, 1210, EV_IO_ISSUE, 0, B, 500, 1024);
	ev_io_error(&whole, 1220, B, 500, 512, EIO)->flags = EVF_IO_PARTIAL;
	ev_io(&whole, 1230, EV_IO_REQUEUE, 0, B, 501, 512);
	ev_io(&whole, 1240, EV_IO_START, 200, C, 700, 512);
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, whole.ev, whole.n, &err), 0);
	assert_int_equal(engine_checkpoint(e, 1300, &cp, &err), 0);

	begin(&damaged);
	ev_io(&damaged, 1100, EV_IO_START, 100, A, 100, 512);
	ev_io(&damaged, 1110, EV_IO_START, 100, C, 700, 512);
	ev_gap(&damaged, 1200, 0, 1290, 0);
	ev_checkpoint(&damaged, &cp);
	engine_free(e);
	ev_io(&damaged, 1400, EV_IO_ISSUE, 0, B, 501, 512);
	ev_io(&damaged, 1500, EV_IO_DONE, 0, B, 501, 512);
	expect_flows(
		&damaged,
		(struct flow_expect){
			.end = 2000,
			.counts = &counts,
			.want = "rq 8:0 op0 700+0 q=1110 d=1300 cgroup=5 100:0@1110 no-issue no-end "
				"gap\n"
				"rq 8:0 op0 100+0 q=1100 d=1300 cgroup=5 100:0@1100 no-issue no-end "
				"gap\n"
				"rq 8:0 op0 500+1024 q=1200 i=1400 d=1500 error=5 requeues=1 "
				"200:1024@1200 gap\n"
				"rq 8:0 op0 700+512 q=1240 d=2000 200:512@1240 open gap\n"});
	assert_int_equal(counts.requests_unknown + counts.requests_unended, 0);
	/* Without a gap the two disagree. */
	damaged.ev[3].kind = EV_KIND_END;
	expect_flows(
		&damaged,
		(struct flow_expect){
			.end = 2000,
			.counts = &counts,
			.want = "rq 8:0 op0 501+512 i=1400 d=1500 ?:512@0 no-start\n"
				"rq 8:0 op0 100+512 q=1100 d=2000 cgroup=5 100:512@1100 open\n"
				"rq 8:0 op0 700+512 q=1110 d=2000 cgroup=5 100:512@1110 open\n"});
	assert_int_equal(counts.checkpoint_diffs, 2);
	synth_free(&damaged);
	synth_free(&whole);
}

/*
 * What a CPU hid may have been the end of one that seems to have none. It does not spoil one whose
 * events are all there.
 */
static void test_hidden(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_switch(&s, 1050, 0, 0, 0, 100);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 512);
	ev_io(&s, 1110, EV_IO_START, 100, B, 200, 512);
	ev_io(&s, 1120, EV_IO_START, 100, C, 300, 512);
	ev_switch(&s, 1150, 0, 200, 1, 0); /* and 100's switch-out was not told */
	ev_io(&s, 1200, EV_IO_START, 200, A, 400, 512);
	ev_io(&s, 1210, EV_IO_DONE, 0, B, 200, 512);
	ev_io(&s, 1220, EV_IO_START, 200, A, 500, 512);
	expect_flows(
		&s,
		(struct flow_expect){
			.end = 2000,
			.counts = &counts,
			.want = "rq 8:0 op0 100+0 q=1100 d=1200 cgroup=5 100:0@1100 no-issue no-end "
				"gap\n"
				"rq 8:0 op0 200+512 q=1110 d=1210 cgroup=5 100:512@1110 no-issue\n"
				"rq 8:0 op0 400+0 q=1200 d=1220 200:0@1200 no-issue no-end\n"
				"rq 8:0 op0 300+512 q=1120 d=2000 cgroup=5 100:512@1120 open gap\n"
				"rq 8:0 op0 500+512 q=1220 d=2000 200:512@1220 open\n"});
	assert_int_equal(counts.contradictions, 1);
	assert_int_equal(counts.requests_no_end, 2);
	assert_int_equal(counts.requests_unended, 1);
	synth_free(&s);
}

/* A task stays as long as something of it is open, and is told as gone only then. */
static void test_exit_with_open(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_switch(&s, 1050, 0, 0, 0, 200);
	ev_fork(&s, 1100, 0, 200, 200, 300, 300);
	ev_wakeup_new(&s, 1110, 0, 200, 300, 0);
	ev_switch(&s, 1120, 0, 200, 1, 300);
	ev_io(&s, 1130, EV_IO_START, 300, A, 100, 512);
	ev_io(&s, 1140, EV_IO_MERGE, 300, 0, 101, 512);
	ev_exit(&s, 1150, 0, 300, 0, true);
	ev_switch(&s, 1160, 0, 300, 0x10, 0);
	ev_fork(&s, 1200, 0, 200, 200, 300, 300);
	ev_io(&s, 1210, EV_IO_START, 300, B, 200, 512);
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 100, 1024);
	ev_io(&s, 1310, EV_IO_DONE, 0, B, 200, 512);
	expect_flows(&s, (struct flow_expect){.end = 2000,
					      .gone = true,
					      .want = "rq 8:0 op0 100+1024 q=1130 d=1300 merges=1 "
						      "300:512@1130 300:512@1140 no-issue\n"
						      "gone 300\n"
						      "rq 8:0 op0 200+512 q=1210 d=1310 "
						      "300:512@1210 no-issue\n"
						      "gone 100\n"
						      "gone 200\n"
						      "gone 300\n"});
	synth_free(&s);
}

static void test_windows(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s);
	ev_io(&s, 1100, EV_IO_START, 100, A, 100, 512); /* over before */
	ev_io(&s, 1110, EV_IO_DONE, 0, A, 100, 512);
	ev_io(&s, 1120, EV_IO_START, 100, A, 200, 512); /* begins before */
	ev_io(&s, 1300, EV_IO_DONE, 0, A, 200, 512);
	ev_io(&s, 1310, EV_IO_START, 100, A, 300, 512); /* inside */
	ev_io(&s, 1320, EV_IO_ISSUE, 0, A, 300, 512);
	ev_io(&s, 1330, EV_IO_DONE, 0, A, 300, 512);
	ev_io(&s, 1340, EV_IO_START, 200, A, 400, 512); /* ends after */
	ev_io(&s, 1350, EV_IO_START, 200, B, 500, 512); /* does not end */
	ev_io(&s, 1600, EV_IO_ISSUE, 0, A, 400, 512);
	ev_io_error(&s, 1610, A, 400, 512, EIO);
	ev_io(&s, 1620, EV_IO_START, 200, C, 600, 512); /* comes after */
	ev_io(&s, 1630, EV_IO_DONE, 0, 0xd000, 600, 512);
	expect_flows(
		&s,
		(struct flow_expect){
			.from = 1200,
			.to = 1500,
			.end = 2000,
			.want = "rq 8:0 op0 200+512 q=1120 d=1300 cgroup=5 100:512@1120 no-issue "
				"before\n"
				"rq 8:0 op0 300+512 q=1310 i=1320 d=1330 cgroup=5 100:512@1310\n"
				"rq 8:0 op0 400+512 q=1340 d=1500 200:512@1340 open\n"
				"rq 8:0 op0 500+512 q=1350 d=1500 200:512@1350 open\n"});
	synth_free(&s);
}

/* Many more than a table is made for, with all addresses alike in their low bits. */
static void test_many(void **state)
{
	struct flow_log l = {0};
	struct synth s = {0};
	struct engine *e;
	struct err err;
	uint32_t n = 0;

	(void)state;
	begin(&s);
	for (uint64_t i = 0; i < 5000; i++)
		ev_io(&s, 1100 + i, EV_IO_START, 100, i << 32, 8 * i, 4096);
	for (uint64_t i = 0; i < 5000; i += 2)
		ev_io(&s, 7000 + i, EV_IO_DONE, 0, i << 32, 8 * i, 4096);
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(e, flow_sink(&l), &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	for (const char *c = l.text; *c; c++)
		n += *c == '\n';
	assert_int_equal(n, 2500);
	assert_int_equal(engine_finish(e, 20000, &err), 0);
	n = 0;
	for (const char *c = l.text; *c; c++)
		n += *c == '\n';
	assert_int_equal(n, 5000);
	assert_int_equal(engine_counts(e)->requests_unknown, 0);
	engine_free(e);
	flow_log_free(&l);
	synth_free(&s);
}

#define HOSTILE 300000u

/* Keys that met in one slot of a hash by a known number; minutes when they do, or all are walked. */
static void test_hostile(void **state)
{
	const uint64_t golden = 0x9e3779b97f4a7c15ull;
	uint64_t inverse = golden;
	struct synth s = {0};
	struct engine *e;
	struct err err;

	(void)state;
	for (int i = 0; i < 6; i++)
		inverse *= 2 - golden * inverse;
	assert_int_equal(golden * inverse, 1);
	begin(&s);
	for (uint64_t i = 1; i <= HOSTILE; i++)
		ev_io(&s, 2000, EV_IO_START, 100, inverse * i, 16 * i, 512);
	/* every second one goes on where the one of its number ends; the others nowhere */
	for (uint64_t i = 1; i <= HOSTILE; i++)
		ev_io(&s, 3000, EV_IO_MERGE, 200, 0, 16 * i + 1 + i % 2, 512);
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_int_equal(engine_counts(e)->merges_unknown, HOSTILE / 2);
	engine_free(e);
	synth_free(&s);
}

struct last_request {
	struct sink sink;
	uint32_t nshares;
	uint64_t bytes, own;
};

static void on_request(struct sink *sink, const struct request *rq)
{
	struct last_request *l = (struct last_request *)sink;

	l->nshares = rq->nshares;
	for (uint32_t i = 0; i < rq->nshares; i++) {
		l->bytes += rq->shares[i].bytes;
		if (rq->shares[i].task)
			l->own += rq->shares[i].bytes;
	}
}

/* More IOs in one request than any kernel makes: no byte is lost, but whose they are. */
static void test_too_many_parts(void **state)
{
	const uint64_t more = 20000;
	struct last_request l = {.sink = {.request = on_request}};
	struct synth s = {0};
	struct engine *e;
	struct err err;

	(void)state;
	begin(&s);
	ev_io(&s, 2000, EV_IO_START, 100, A, 8, 512);
	for (uint64_t i = 1; i <= more; i++)
		ev_io(&s, 2000 + i, EV_IO_MERGE, 200, i % 2 ? A : 0, 8 + i, 512);
	ev_io(&s, 50000, EV_IO_ISSUE, 0, A, 8, 512 * (more + 1));
	ev_io(&s, 60000, EV_IO_DONE, 0, A, 8, 512 * (more + 1));
	assert_int_equal(engine_new(&e, 1, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(e, &l.sink, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	assert_int_equal(engine_counts(e)->merges_unknown, 0);
	assert_int_equal(l.nshares, 8192);
	assert_int_equal(l.bytes, 512 * (more + 1));
	assert_int_equal(l.own, 512 * 8191);
	engine_free(e);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_no_start),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_kernel_knows_better),
		cmocka_unit_test(test_partial_error_requeue),
		cmocka_unit_test(test_address_again),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_lost_in_between),
		cmocka_unit_test(test_heal),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_exit_with_open),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_too_many_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
