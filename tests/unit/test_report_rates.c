// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The groups counters and irq, and time on a CPU net of interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replay/views/irq_nest.h"
#include "report_run.h"

static struct meta_counter hardware[] = {
	{"cycles:u", true, ""},	   {"instructions:u", true, ""},
	{"cycles:k", true, ""},	   {"instructions:k", true, ""},
	{"page-faults", true, ""}, {"r00c0", false, "this machine has no hardware counters"},
};
static struct meta_counter software[] = {
	{"cycles", false, "this machine has no such hardware counter"},
	{"task-clock", true, ""},
	{"instructions", false, "this machine has no such hardware counter"},
	{"page-faults", true, ""},
	{"r1", false, "not permitted (CAP_PERFMON)"},
	{"page-faults", true, ""},
};
static struct meta_counter whole[] = {
	{"cycles", true, ""},
	{"instructions", true, ""},
	{"instructions:u", true, ""},
};

#define META(...)                                                                                  \
	{                                                                                          \
		.version = "1.1.0", .hostname = "host", .kernel = "6.1.0", .arch = "x86_64",       \
		.start_ns = T0, .cpus = report_cpus, .ncpus = 2, __VA_ARGS__                       \
	}
static const struct meta hardware_meta = META(.features = "sched", .counters = hardware,
					      .ncounters = 6);
static const struct meta software_meta = META(.features = "sched", .counters = software,
					      .ncounters = 6);
static const struct meta whole_meta = META(.features = "sched", .counters = whole, .ncounters = 3);
static const struct meta absent_meta = META(.features = "sched", .counters = software,
					    .ncounters = 1);
static const struct meta irq_meta = META(.features = "sched,irq");

#define COUNTED(on, run, ...)                                                                      \
	((struct counters_info){                                                                   \
		.value = {__VA_ARGS__}, .enabled_ns = (on)*1000, .running_ns = (run)*1000})

/* CPU 0: 100 runs 0-1000, 200 runs 1000-3000, 100 runs 3000-7000, 200 from then on. */
static void stream(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, AT(0)),
		snap(200, 200, TS_RUNNABLE, 0, 0, AT(0)),
	};

	ev_start(s, T0, 2, t, 2);
	ev_counters(s, AT(1000), 0, 100, COUNTED(1000, 1000, 1000, 2000, 500, 250, 3));
	ev_preempt(s, AT(1000), 0, 100, 200);
	ev_counters(s, AT(3000), 0, 200, COUNTED(2000, 500, 300, 150, 100, 25, 8));
	ev_preempt(s, AT(3000), 0, 200, 100);
	ev_counters(s, AT(7000), 0, 100, COUNTED(4000, 1500, 2000, 1000, 0, 0, 5));
	ev_preempt(s, AT(7000), 0, 100, 200);
}

#define REPORT(m, what, how, ...)                                                                  \
	((struct report_case){.groups = what, .meta = m, .opt = {.format = how, __VA_ARGS__}})

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

/* What the table has after its first lines. */
static void expect_table(struct report_case c, void (*fill)(struct synth *s), const char *want)
{
	struct synth s = {0};
	char *got, *from;

	fill(&s);
	got = report_text(&s, &c);
	if (!got)
		fail_msg("report failed: %s", c.err.msg);
	from = strstr(got, "\n\n");
	assert_non_null(from);
	if (strcmp(from + 2, want) != 0)
		fail_msg("got:\n%s\nwant:\n%s", from + 2, want);
	free(got);
	synth_free(&s);
}

#define KEYS                                                                                       \
	"comm,oncpu_ns,cycles:u,cycles:u_per_s,instructions:u,cycles:k,instructions:k,"            \
	"page-faults,page-faults_per_s,r00c0,r00c0_per_s,ipc,ipc_user,ipc_kernel,running_pct"

/*
 * 100 was counted for half of its time: 3000 cycles are 6000, in 5 ms. Page faults are software's.
 * 200 for a quarter; its second slice has not ended. Ratios are of what was counted together.
 */
static void test_hardware(void **state)
{
	(void)state;
	expect(REPORT(&hardware_meta, "counters", ROWS_CSV, .by = BY_THREAD, .fields = KEYS),
	       KEYS "\n"
		    "t100,5000000,6000,1200000,6000,1000,500,8,1600,,,0.929,1,0.5,50\n"
		    "t200,2000000,1200,600000,600,400,100,8,4000,,,0.438,0.5,0.25,25\n");
}

/* Slices count where they end, whole: that of 100 from 3000 on in a window that begins at 5000. */
static void test_window(void **state)
{
	struct report_case c = REPORT(&hardware_meta, "counters", ROWS_CSV, .by = BY_THREAD,
				      .fields = "comm,oncpu_ns,slices,cycles:u,page-faults_per_s");

	(void)state;
	c.from = AT(5000);
	c.to = AT(8000);
	expect(c, "comm,oncpu_ns,slices,cycles:u,page-faults_per_s\n"
		  "t100,4000000,1,5333,1250\nt200,0,0,0,\n");
}

static void test_keys_with_colons(void **state)
{
	(void)state;
	expect(REPORT(&hardware_meta, "counters", ROWS_CSV, .by = BY_THREAD,
		      .fields = "comm,cycles:k", .sort = "cycles:k:asc"),
	       "comm,cycles:k\nt200,400\nt100,1000\n");
	expect(REPORT(&hardware_meta, "counters", ROWS_CSV, .by = BY_THREAD,
		      .fields = "comm,cycles:u", .sort = "cycles:u"),
	       "comm,cycles:u\nt100,6000\nt200,1200\n");
}

static void test_bad_keys(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_refusal(&s, REPORT(&hardware_meta, "counters", ROWS_CSV, .sort = "cycles:u:up"),
		       "'up' is no order");
	expect_refusal(&s, REPORT(&hardware_meta, "counters", ROWS_CSV, .fields = "cycles"),
		       "'cycles' is not a field");
	synth_free(&s);
}

static void test_by_cpu(void **state)
{
	(void)state;
	expect(REPORT(&hardware_meta, "counters", ROWS_CSV, .by = BY_CPU,
		      .fields = "cpu,oncpu_ns,cycles:u,page-faults"),
	       "cpu,oncpu_ns,cycles:u,page-faults\n0,7000000,7700,16\n");
}

/* ipc of the whole is what was counted as such. Never counted: no figure is made up. */
static void test_whole(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	ev_counters(&s, AT(9000), 0, 200, COUNTED(2000, 0, 0, 0, 0));
	ev_preempt(&s, AT(9000), 0, 200, 100);
	expect_report(&s,
		      REPORT(&whole_meta, "counters", ROWS_CSV, .by = BY_THREAD,
			     .fields = "comm,cycles,instructions,ipc,ipc_user,running_pct"),
		      "comm,cycles,instructions,ipc,ipc_user,running_pct\n"
		      "t100,6000,6000,1,,50\nt200,2400,1200,0.5,,12.5\n");
	synth_free(&s);
	ev_start(&s, T0, 2, (struct task_snapshot[]){snap(100, 100, TS_RUN, 0, 0, AT(0))}, 1);
	ev_counters(&s, AT(1000), 0, 100, COUNTED(1000, 0, 0, 0, 0));
	ev_switch(&s, AT(1000), 0, 100, 1, 0);
	expect_report(&s,
		      REPORT(&whole_meta, "counters", ROWS_CSV, .by = BY_THREAD,
			     .fields = "comm,cycles,cycles_per_s,ipc,running_pct"),
		      "comm,cycles,cycles_per_s,ipc,running_pct\nt100,,,,0\n");
	synth_free(&s);
}

/* 100 ran from before the trace; of its next slice a part is unknown; only the last one is sure. */
static void test_unsure(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, AT(-500));
	struct synth s = {0};

	(void)state;
	ev_start(&s, T0, 2, &t, 1);
	ev_counters(&s, AT(500), 0, 100, COUNTED(500, 500, 0, 7, 0, 70));
	ev_switch(&s, AT(500), 0, 100, 1, 0);
	ev_wakeup(&s, AT(600), 1, 0, 100, 0);
	ev_switch(&s, AT(600), 0, 0, 0, 100);
	ev_gap(&s, AT(700), 0, AT(800), 3);
	ev_counters(&s, AT(1000), 0, 100, COUNTED(400, 400, 0, 11, 0, 110));
	ev_switch(&s, AT(1000), 0, 100, 1, 0);
	ev_wakeup(&s, AT(2000), 1, 0, 100, 0);
	ev_switch(&s, AT(2000), 0, 0, 0, 100);
	ev_counters(&s, AT(3000), 0, 100, COUNTED(1000, 1000, 0, 2, 0, 20));
	ev_switch(&s, AT(3000), 0, 100, 1, 0);
	expect_report(&s,
		      REPORT(&software_meta, "counters", ROWS_CSV, .by = BY_THREAD,
			     .fields = "comm,oncpu_ns,slices,task-clock,page-faults,"
				       "page-faults_per_s,gap_ns"),
		      "comm,oncpu_ns,slices,task-clock,page-faults,page-faults_per_s,gap_ns\n"
		      "t100,1000000,1,20,200,20000,100000\n");
	synth_free(&s);
}

static void test_absent(void **state)
{
	(void)state;
	expect_table(
		REPORT(&software_meta, "counters", ROWS_TABLE, .by = BY_THREAD), stream,
		"counters by thread: what the slices counted, and how much in a second on a CPU\n"
		"PID  TID  COMM   ON-CPU  TASK-CLOCK    PER S  PAGE-FAULTS      PER S\n"
		"100  100  t100  5.00 ms     3.00 us   600 us          250  50,000.00\n"
		"200  200  t200  2.00 ms      150 ns  75.0 us           25  12,500.00\n"
		"(not counted: cycles, instructions: this machine has no such hardware counter; "
		"r1: not permitted\n(CAP_PERFMON))\n");
}

static void test_none(void **state)
{
	static const char about[] =
		"counters by process: what the slices counted, and how much in a second on a CPU\n";
	char want[300];

	(void)state;
	snprintf(want, sizeof(want), "%s(recorded without counters)\n", about);
	expect_table(REPORT(&report_meta, "counters", ROWS_TABLE), stream, want);
	snprintf(want, sizeof(want),
		 "%s(not counted: cycles: this machine has no such hardware counter)\n", about);
	expect_table(REPORT(&absent_meta, "counters", ROWS_TABLE), stream, want);
	expect(REPORT(&absent_meta, "counters", ROWS_NDJSON), "");
}

static void test_json(void **state)
{
	struct report_case c = REPORT(&software_meta, "counters", ROWS_JSON);
	struct synth s = {0};
	char *got;

	(void)state;
	stream(&s);
	got = report_text(&s, &c);
	assert_non_null(got);
	assert_non_null(strstr(got, "\"counters\": [{\"name\": \"cycles\", \"live\": false, "
				    "\"why\": \"this machine has no such hardware counter\"}, "
				    "{\"name\": \"task-clock\", \"live\": true}, "));
	assert_non_null(strstr(got, "\"cycles\": null, \"cycles_per_s\": null, "));
	free(got);
	synth_free(&s);
}

/* ---- interrupts ---- */

/*
 * CPU 0, 100 runs: hard 9 at 100-110; soft 3 at 200-300 with hard 9 at 210-230 and hard 7 at
 * 240-270, inside of which hard 9 at 250-255. CPU 1 is idle: hard 9 at 400-401, soft 3 at 500-502.
 */
static void irq_stream(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, AT(0)),
	};

	ev_start(s, T0, 2, t, 1);
	ev_name(s, T0, NAME_IRQ, 9, "virtio0-req");
	ev_name(s, T0, NAME_IRQ, UINT64_C(1) << 32 | 3, "NET_RX");
	ev_irq(s, AT(100), AT(110), 0, 100, 9, false);
	ev_irq(s, AT(210), AT(230), 0, 100, 9, false);
	ev_irq(s, AT(250), AT(255), 0, 100, 9, false);
	ev_irq(s, AT(240), AT(270), 0, 100, 7, false);
	ev_irq(s, AT(200), AT(300), 0, 100, 3, true);
	ev_irq(s, AT(400), AT(401), 1, 0, 9, false);
	ev_irq(s, AT(500), AT(502), 1, 0, 3, true);
	ev_switch(s, AT(1000), 0, 100, 1, 0);
}

#define IRQ_KEYS                                                                                   \
	"cpu,kind,irq,name,count,count_per_s,total_ns,self_ns,wall_pct,mean_ns,p50_ns,p99_ns,"     \
	"max_ns,max_at_ns"

static void expect_irq(struct report_case c, const char *want)
{
	struct synth s = {0};

	irq_stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

static void test_irq(void **state)
{
	struct report_case c = REPORT(&irq_meta, "irq", ROWS_CSV, .fields = IRQ_KEYS);

	(void)state;
	c.end = AT(1000);
	expect_irq(c, IRQ_KEYS
		   "\n,soft,3,NET_RX,2,2000,102000,52000,5.1,51000,2000,100000,100000,300000\n"
		   ",hard,9,virtio0-req,4,4000,36000,36000,1.8,9000,5000,20000,20000,230000\n"
		   ",hard,7,,1,1000,30000,25000,1.5,30000,30000,30000,30000,270000\n");
}

static void test_irq_by_cpu(void **state)
{
	struct report_case c = REPORT(&irq_meta, "irq", ROWS_CSV, .by = BY_CPU,
				      .fields = "cpu,kind,irq,count,total_ns,self_ns,wall_pct");

	(void)state;
	c.end = AT(1000);
	expect_irq(c, "cpu,kind,irq,count,total_ns,self_ns,wall_pct\n"
		      "0,soft,3,1,100000,50000,10\n0,hard,9,3,35000,35000,3.5\n"
		      "0,hard,7,1,30000,25000,3\n1,soft,3,1,2000,2000,0.2\n"
		      "1,hard,9,1,1000,1000,0.1\n");
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "1", &c.err), 0);
	c.opt.by = BY_PROCESS;
	expect_irq(c, "cpu,kind,irq,count,total_ns,self_ns,wall_pct\n,soft,3,1,2000,2000,0.2\n"
		      ",hard,9,1,1000,1000,0.1\n");
}

/* Totals are of the window, the lengths of each whole. */
static void test_irq_window(void **state)
{
	struct report_case c = REPORT(&irq_meta, "irq", ROWS_CSV,
				      .fields = "kind,irq,count,total_ns,self_ns,max_ns");

	(void)state;
	c.from = AT(245);
	c.to = AT(400);
	expect_irq(c, "kind,irq,count,total_ns,self_ns,max_ns\n"
		      "soft,3,1,55000,30000,100000\nhard,7,1,25000,20000,30000\n"
		      "hard,9,1,5000,5000,5000\n");
}

static void test_irq_none(void **state)
{
	(void)state;
	expect_table(REPORT(&software_meta, "irq", ROWS_TABLE), stream,
		     "irq: interrupts, how often and how long\n(recorded without interrupts)\n");
	expect_table(REPORT(&irq_meta, "irq", ROWS_TABLE), stream,
		     "irq: interrupts, how often and how long\n(no interrupts)\n");
}

/* 100 ran for 1000 us, 110 of them in interrupts: what is nested counts once. */
static void test_net(void **state)
{
	struct report_case c = REPORT(&irq_meta, "cpu", ROWS_CSV,
				      .fields = "oncpu_ns,oncpu_net_ns");

	(void)state;
	expect_irq(c, "oncpu_ns,oncpu_net_ns\n1000000,890000\n");
	c.opt.by = BY_CPU;
	expect_irq(c, "oncpu_ns,oncpu_net_ns\n1000000,890000\n");
	c.meta = &software_meta; /* not recorded: not known */
	expect_irq(c, "oncpu_ns,oncpu_net_ns\n1000000,\n");
}

/* The thread for soft interrupts: they are its work, hard ones are not. */
static void test_net_ksoftirqd(void **state)
{
	struct task_snapshot t = snap(15, 15, TS_RUN, 0, 0, AT(0));
	struct synth s = {0};

	(void)state;
	t.info.flags = TASKF_KTHREAD | TASKF_NO_MM;
	strcpy(t.info.comm, "ksoftirqd/0");
	ev_start(&s, T0, 2, &t, 1);
	ev_irq(&s, AT(20), AT(30), 0, 15, 9, false);
	ev_irq(&s, AT(10), AT(110), 0, 15, 3, true);
	ev_switch(&s, AT(200), 0, 15, 1, 0);
	expect_report(&s,
		      REPORT(&irq_meta, "cpu", ROWS_CSV, .fields = "comm,oncpu_ns,oncpu_net_ns"),
		      "comm,oncpu_ns,oncpu_net_ns\nksoftirqd/0,200000,190000\n");
	synth_free(&s);
}

/* Many, so that what is remembered of them is bounded; a start after the end counts as no time. */
static void test_nest(void **state)
{
	struct irq_nest nest = {0};
	struct irq_info info;
	struct event ev = {.kind = EV_IRQ, .cpu = 3, .ext = &info};
	uint64_t self;

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++) {
		info.start_ns = i * 1000000;
		ev.ts = info.start_ns + 1000;
		assert_int_equal(irq_nest_add(&nest, &ev, 0, &self), 0);
		assert_int_equal(self, 1000);
	}
	info.start_ns = UINT64_C(99001) * 1000000 - 5; /* over the last 1000 of them */
	ev.ts = UINT64_C(100001) * 1000000;
	assert_int_equal(irq_nest_add(&nest, &ev, 0, &self), 0);
	assert_int_equal(self, ev.ts - info.start_ns - 1000 * 1000);
	info.start_ns = ev.ts + 7;
	assert_int_equal(irq_nest_add(&nest, &ev, 0, &self), 0);
	assert_int_equal(self, 0);
	irq_nest_free(&nest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hardware),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_keys_with_colons),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_by_cpu),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_irq),
		cmocka_unit_test(test_irq_by_cpu),
		cmocka_unit_test(test_irq_window),
		cmocka_unit_test(test_irq_none),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_net_ksoftirqd),
		cmocka_unit_test(test_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
