// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Samples of the machine: the engine's last values, and the groups machine and schedstat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report_run.h"

#define SEC(s) AT((s)*INT64_C(1000000))

enum { USER = 1, SYSTEM, IDLE, STEAL, FREE, PSI, TEMP, CTXT, LOAD, USER1, FREQ1, THROTTLE };

static const struct meta sampled_meta = {
	.version = "1.1.0",
	.hostname = "host",
	.kernel = "6.1.0",
	.arch = "x86_64",
	.features = "sched,samples",
	.start_ns = T0,
	.user_hz = 100,
	.cpus = report_cpus,
	.ncpus = 2,
};

static void name_metrics(struct synth *s)
{
	static const char *const names[] = {
		[USER] = "cpu0.user_ticks",
		[SYSTEM] = "cpu0.system_ticks",
		[IDLE] = "cpu0.idle_ticks",
		[STEAL] = "cpu0.steal_ticks",
		[FREE] = "mem.free_kb",
		[PSI] = "psi.io.some_us",
		[TEMP] = "thermal.0.x.millicelsius",
		[CTXT] = "stat.ctxt",
		[LOAD] = "load.1m_centi",
		[USER1] = "cpu1.user_ticks",
		[FREQ1] = "cpu1.freq_khz",
		[THROTTLE] = "cpu1.core_throttle_count",
	};

	for (uint32_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		ev_name(s, T0, NAME_METRIC, i, names[i]);
}

/* Samples at 1, 2, 3 and 5 seconds. */
static void stream(struct synth *s)
{
	ev_start(s, T0, 2, NULL, 0);
	name_metrics(s);
	ev_sample(s, SEC(1), USER, 1000, 0);
	ev_sample(s, SEC(1), SYSTEM, 500, 0);
	ev_sample(s, SEC(1), IDLE, 100, 0);
	ev_sample(s, SEC(1), STEAL, 7, 0);
	ev_sample(s, SEC(1), FREE, 1000, 0);
	ev_sample(s, SEC(1), PSI, 100, 0);
	ev_sample(s, SEC(1), TEMP, (uint64_t)-1500, 0);
	ev_sample(s, SEC(1), CTXT, 10, 0);
	ev_sample(s, SEC(1), LOAD, 25, 0);
	ev_sample(s, SEC(2), USER, 1030, 0);
	ev_sample(s, SEC(2), SYSTEM, 520, 0);
	ev_sample(s, SEC(2), IDLE, 150, 0);
	ev_sample(s, SEC(2), FREE, 4000, 0);
	ev_sample(s, SEC(2), USER1, 5, 0); /* this CPU came later */
	ev_sample(s, SEC(2), FREQ1, 2400999, 0);
	ev_sample(s, SEC(2), THROTTLE, 3, 0);
	ev_sample(s, SEC(3), CTXT, 20, 0);
	ev_sample(s, SEC(3), FREE, 500, 0);
	ev_sample(s, SEC(5), USER, 1060, 0);
	ev_sample(s, SEC(5), IDLE, 130, 0); /* it can go back */
	ev_sample(s, SEC(5), PSI, 500100, 0);
	ev_sample(s, SEC(5), TEMP, 2500, 0);
	ev_sample(s, SEC(5), CTXT, 110, 0);
	ev_sample(s, SEC(5), USER1, 15, 0);
	ev_sample(s, SEC(5), FREQ1, 800000, 0);
	ev_sample(s, SEC(5), THROTTLE, 5, 0);
}

#define REPORT(what, how, ...)                                                                     \
	((struct report_case){.groups = what,                                                      \
			      .meta = &sampled_meta,                                               \
			      .end = SEC(6),                                                       \
			      .opt = {.format = how, __VA_ARGS__}})
#define CSV(...) REPORT("machine", ROWS_CSV, __VA_ARGS__)

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

#define HEAD                                                                                       \
	"group,metric,first,last,min,max,change,rate_per_s,share_pct,samples,first_at_ns,"         \
	"last_at_ns\n"

static void test_rows(void **state)
{
	(void)state;
	expect(CSV(),
	       HEAD "machine,cpu0.idle_ticks,100,130,100,150,30,7.5,7.5,4,1000000000,5000000000\n"
		    "machine,cpu0.steal_ticks,7,7,7,7,0,0,0,4,1000000000,5000000000\n"
		    "machine,cpu0.system_ticks,500,520,500,520,20,5,5,4,1000000000,5000000000\n"
		    "machine,cpu0.user_ticks,1000,1060,1000,1060,60,15,15,4,1000000000,5000000000\n"
		    "machine,cpu1.core_throttle_count,3,5,3,5,2,0.667,,3,2000000000,5000000000\n"
		    "machine,cpu1.freq_khz,2400999,800000,800000,2400999,,,,3,2000000000,"
		    "5000000000\n"
		    "machine,cpu1.user_ticks,5,15,5,15,10,3.333,3.333,3,2000000000,5000000000\n"
		    "machine,load.1m_centi,25,25,25,25,,,,4,1000000000,5000000000\n"
		    "machine,mem.free_kb,1000,500,500,4000,,,,4,1000000000,5000000000\n"
		    "machine,psi.io.some_us,100,500100,100,500100,500000,125000,12.5,4,1000000000,"
		    "5000000000\n"
		    "machine,stat.ctxt,10,110,10,110,100,25,,4,1000000000,5000000000\n"
		    "machine,thermal.0.x.millicelsius,-1500,2500,-1500,2500,,,,4,1000000000,"
		    "5000000000\n");
}

/* From the samples inside: what does not change there is as it was before. */
static void test_window(void **state)
{
	struct report_case c = CSV();

	(void)state;
	c.from = SEC(2) - 5;
	c.to = SEC(4);
	expect(c, HEAD "machine,cpu0.idle_ticks,150,150,150,150,0,0,0,2,2000000000,3000000000\n"
		       "machine,cpu0.steal_ticks,7,7,7,7,0,0,0,2,2000000000,3000000000\n"
		       "machine,cpu0.system_ticks,520,520,520,520,0,0,0,2,2000000000,3000000000\n"
		       "machine,cpu0.user_ticks,1030,1030,1030,1030,0,0,0,2,2000000000,3000000000\n"
		       "machine,cpu1.core_throttle_count,3,3,3,3,0,0,,2,2000000000,3000000000\n"
		       "machine,cpu1.freq_khz,2400999,2400999,2400999,2400999,,,,2,2000000000,"
		       "3000000000\n"
		       "machine,cpu1.user_ticks,5,5,5,5,0,0,0,2,2000000000,3000000000\n"
		       "machine,load.1m_centi,25,25,25,25,,,,2,2000000000,3000000000\n"
		       "machine,mem.free_kb,4000,500,500,4000,,,,2,2000000000,3000000000\n"
		       "machine,psi.io.some_us,100,100,100,100,0,0,0,2,2000000000,3000000000\n"
		       "machine,stat.ctxt,10,20,10,20,10,10,,2,2000000000,3000000000\n"
		       "machine,thermal.0.x.millicelsius,-1500,-1500,-1500,-1500,,,,2,2000000000,"
		       "3000000000\n");
	/* one sample: nothing per second */
	c = CSV(.fields = "metric,first,last,change,rate_per_s,share_pct,samples",
		.sort = "metric:desc", .top = 2);
	c.from = SEC(4);
	c.to = SEC(6);
	expect(c, "metric,first,last,change,rate_per_s,share_pct,samples\n"
		  "thermal.0.x.millicelsius,2500,2500,,,,1\nstat.ctxt,110,110,0,,,1\n");
}

static void test_cpus(void **state)
{
	struct report_case c = CSV(.fields = "metric");

	(void)state;
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "1", &c.err), 0);
	expect(c, "metric\ncpu1.core_throttle_count\ncpu1.freq_khz\ncpu1.user_ticks\n"
		  "load.1m_centi\nmem.free_kb\npsi.io.some_us\nstat.ctxt\n"
		  "thermal.0.x.millicelsius\n");
}

/* What the table has after its first lines. */
static void expect_table(struct report_case c, const struct synth *s, const char *want)
{
	char *got = report_text(s, &c), *from;

	if (!got)
		fail_msg("report failed: %s", c.err.msg);
	from = strstr(got, "\n\n");
	assert_non_null(from);
	if (strcmp(from + 2, want) != 0)
		fail_msg("got:\n%s\nwant:\n%s", from + 2, want);
	free(got);
}

static void test_table(void **state)
{
	struct report_case c = REPORT("machine", ROWS_TABLE);
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_table(
		c, &s,
		"machine: CPU times, load, memory, pressure, temperature ... as the machine tells "
		"them\n"
		"4 samples, from +1.000000 s to +5.000000 s\n"
		"CPU  %USER  %NICE  %SYS  %IOWAIT  %IRQ  %SOFT  %STEAL  %IDLE  MHZ  MIN    MAX  THROTTLED\n"
		"all   58.3    0.0  16.7      0.0   0.0    0.0     0.0   25.0    -    -      -          2\n"
		"  0   54.5    0.0  18.2      0.0   0.0    0.0     0.0   27.3    -    -      -          0\n"
		"  1  100.0    0.0   0.0      0.0   0.0    0.0     0.0    0.0  800  800  2,400          2\n"
		"\n"
		"METRIC         FIRST    LAST     MIN      MAX  CHANGE  PER S  %TIME\n"
		"load.1m         0.25    0.25    0.25     0.25       -      -      -\n"
		"mem.free     1.02 MB  512 kB  512 kB  4.10 MB       -      -      -\n"
		"psi.io.some        -       -       -        -  500 ms      -   12.5\n"
		"stat.ctxt          -       -       -        -     100  25.00      -\n"
		"thermal.0.x   -1.5 C   2.5 C  -1.5 C    2.5 C       -      -      -\n");
	synth_free(&s);
}

static void test_none(void **state)
{
	struct report_case c = REPORT("machine,schedstat", ROWS_TABLE);
	static const char machine[] = "machine: CPU times, load, memory, pressure, temperature ... "
				      "as the machine tells them\n";
	char want[600];
	struct synth s = {0};

	(void)state;
	stream(&s);
	c.from = SEC(4);
	c.to = SEC(4) + 5;
	snprintf(want, sizeof(want),
		 "%s(no sample lies in this window)\n\n"
		 "schedstat: the scheduler's own statistics by CPU and domain\n"
		 "(this host has no /proc/schedstat)\n",
		 machine);
	expect_table(c, &s, want);
	c.meta = &report_meta;
	c.from = c.to = 0;
	snprintf(want, sizeof(want),
		 "%s(recorded without samples)\n\n"
		 "schedstat: the scheduler's own statistics by CPU and domain\n"
		 "(recorded without samples)\n",
		 machine);
	c.opt.nkinds = 0;
	synth_free(&s);
	s = (struct synth){0};
	ev_start(&s, T0, 2, NULL, 0);
	expect_table(c, &s, want);
	synth_free(&s);
}

/* A figure that goes has no more samples; it may come back. */
static void test_gone(void **state)
{
	struct report_case c = CSV(.fields = "metric,first,last,samples,last_at_ns");
	struct synth s = {0};

	(void)state;
	ev_start(&s, T0, 2, NULL, 0);
	name_metrics(&s);
	ev_sample(&s, SEC(1), CTXT, 1, 0);
	ev_sample(&s, SEC(1), TEMP, 5, 0);
	ev_sample(&s, SEC(1), FREE, 6, 0);
	ev_sample(&s, SEC(1), LOAD, 7, 0);
	ev_sample(&s, SEC(2), CTXT, 2, 0);
	ev_sample(&s, SEC(3), CTXT, 3, 0);
	ev_sample(&s, SEC(3), TEMP, 5, EVF_SAMPLE_GONE);
	ev_sample(&s, SEC(3), FREE, 6, EVF_SAMPLE_GONE);
	ev_sample(&s, SEC(4), CTXT, 4, 0);
	ev_sample(&s, SEC(5), CTXT, 5, 0);
	ev_sample(&s, SEC(5), FREE, 9, 0);
	expect_report(&s, c,
		      "metric,first,last,samples,last_at_ns\n"
		      "load.1m_centi,7,7,5,5000000000\n"
		      "mem.free_kb,6,9,3,5000000000\n"
		      "stat.ctxt,1,5,5,5000000000\n"
		      "thermal.0.x.millicelsius,5,5,2,2000000000\n");
	c.from = SEC(3); /* it went in the first sample of the window: no sample has it */
	expect_report(&s, c,
		      "metric,first,last,samples,last_at_ns\n"
		      "load.1m_centi,7,7,3,5000000000\n"
		      "mem.free_kb,9,9,1,5000000000\n"
		      "stat.ctxt,3,5,3,5000000000\n");
	synth_free(&s);
}

/* ---- schedstat ---- */

static void schedstat_stream(struct synth *s)
{
	static const char *const names[] = {
		"schedstat.version",
		"schedstat.timestamp",
		"schedstat.cpu0.run_delay_ns",
		"schedstat.cpu0.pcount",
		"schedstat.cpu0.domain0.name.MC",
		"schedstat.cpu0.domain0.busy_lb_count",
		"schedstat.cpu0.domain10.alb_count",
		"schedstat.cpu1.domain0.busy_lb_count",
		"schedstat.cpux.y",
		"schedstat.cpu0.domain1",
		"stat.ctxt",
	};

	ev_start(s, T0, 2, NULL, 0);
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ev_name(s, T0, NAME_METRIC, 100 + i, names[i]);
	ev_sample(s, SEC(1), 100, 17, 0);
	ev_sample(s, SEC(1), 101, 5000, 0);
	ev_sample(s, SEC(1), 102, 1000000, 0);
	ev_sample(s, SEC(1), 103, 10, 0);
	ev_sample(s, SEC(1), 104, 1, 0);
	ev_sample(s, SEC(1), 105, 7, 0);
	ev_sample(s, SEC(1), 106, 8, 0);
	ev_sample(s, SEC(1), 107, 9, 0);
	ev_sample(s, SEC(1), 108, 9, 0);
	ev_sample(s, SEC(1), 109, 9, 0);
	ev_sample(s, SEC(2), 110, 9, 0); /* a sample without schedstat */
	ev_sample(s, SEC(5), 101, 6000, 0);
	ev_sample(s, SEC(5), 102, 3000000, 0);
	ev_sample(s, SEC(5), 103, 30, 0);
	ev_sample(s, SEC(5), 105, 11, 0);
}

static void test_schedstat(void **state)
{
	struct report_case c = REPORT("schedstat", ROWS_CSV);
	struct synth s = {0};

	(void)state;
	schedstat_stream(&s);
	expect_report(&s, c,
		      "group,cpu,domain,domain_name,field,change,rate_per_s,first,last,samples\n"
		      "schedstat,0,,,pcount,20,5,10,30,2\n"
		      "schedstat,0,,,run_delay_ns,2000000,500000,1000000,3000000,2\n"
		      "schedstat,0,0,MC,busy_lb_count,4,1,7,11,2\n"
		      "schedstat,0,10,,alb_count,0,0,8,8,2\n"
		      "schedstat,1,0,,busy_lb_count,0,0,9,9,2\n");
	c.opt = (struct report_options){.format = ROWS_TABLE};
	expect_table(c, &s,
		     "schedstat: the scheduler's own statistics by CPU and domain\n"
		     "version 17, 2 samples, from +1.000000 s to +5.000000 s\n"
		     "CPU  DOMAIN  NAME  FIELD           CHANGE   PER S\n"
		     "  0       -  -     pcount              20    5.00\n"
		     "  0       -  -     run_delay_ns   2.00 ms  500 us\n"
		     "  0       0  MC    busy_lb_count        4    1.00\n"
		     "2 rows with nothing here; --zero shows them\n");
	c.opt = (struct report_options){.format = ROWS_TABLE};
	c.from = SEC(2);
	c.to = SEC(4);
	expect_table(c, &s,
		     "schedstat: the scheduler's own statistics by CPU and domain\n"
		     "(no sample of it lies in this window: it is read with every tenth)\n");
	synth_free(&s);
}

/* ---- the engine ---- */

struct told {
	struct sink sink;
	char text[1000];
};

static void on_metric(struct sink *s, const struct metric *m)
{
	struct told *t = (struct told *)s;
	size_t len = strlen(t->text);

	snprintf(t->text + len, sizeof(t->text) - len, "%u %s %llu: %lld@%llu -> %lld%s\n", m->id,
		 m->name ? m->name : "?", (unsigned long long)m->ts, (long long)m->before,
		 (unsigned long long)m->before_ts, (long long)m->value, m->gone ? " gone" : "");
}

static struct engine *run(const struct synth *s, struct told *t, uint64_t from, uint64_t to)
{
	struct engine *e;
	struct err err = {0};

	t->sink.metric = on_metric;
	assert_int_equal(engine_new(&e, 2, from, to, &err), 0);
	assert_int_equal(engine_add_sink(e, &t->sink, &err), 0);
	assert_int_equal(engine_apply(e, s->ev, s->n, &err), 0);
	return e;
}

static void test_engine(void **state)
{
	struct told t = {0};
	struct synth s = {0};
	struct engine *e;

	(void)state;
	ev_start(&s, 10, 2, NULL, 0);
	ev_name(&s, 10, NAME_METRIC, 7, "a");
	ev_sample(&s, 20, 7, 100, 0);
	ev_sample(&s, 30, 4000000000, 5, 0); /* has no name */
	ev_sample(&s, 40, 7, 90, 0);
	ev_sample(&s, 50, 7, 90, EVF_SAMPLE_GONE);
	ev_sample(&s, 60, 7, 3, 0);
	e = run(&s, &t, 0, UINT64_MAX);
	assert_string_equal(t.text, "7 a 20: 0@0 -> 100\n4000000000 ? 30: 0@0 -> 5\n"
				    "7 a 40: 100@20 -> 90\n7 a 50: 90@40 -> 90 gone\n"
				    "7 a 60: 0@0 -> 3\n");
	engine_free(e);
	t = (struct told){0};
	e = run(&s, &t, 35, 50);
	assert_string_equal(t.text, "7 a 40: 100@20 -> 90\n");
	engine_free(e);
	synth_free(&s);
}

/* Out to a checkpoint and in from it; what is gone is not there. */
static void test_checkpoint(void **state)
{
	struct told t = {0};
	struct synth s = {0}, next = {0};
	struct checkpoint ck;
	struct metric m;
	struct err err = {0};
	struct engine *e, *second;
	uint32_t pos = 0, n = 0;

	(void)state;
	ev_start(&s, 10, 2, NULL, 0);
	for (uint32_t i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%u", i);
		ev_name(&s, 10, NAME_METRIC, 3 * i, name);
		ev_sample(&s, 20 + i, 3 * i, 1000 + i, 0);
	}
	ev_sample(&s, 600, 30, 0, EVF_SAMPLE_GONE);
	e = run(&s, &t, 0, UINT64_MAX);
	assert_int_equal(engine_checkpoint(e, 700, &ck, &err), 0);
	assert_int_equal(ck.nmetrics, 499);
	assert_int_equal(ck.nnames, 499);

	synth_add(&next,
		  (struct event){.ts = 700, .ext = &ck, .cpu = CPU_NONE, .kind = EV_CHECKPOINT});
	ev_sample(&next, 800, 33, 7, 0);
	t = (struct told){0};
	second = run(&next, &t, 0, UINT64_MAX);
	assert_string_equal(t.text, "33 m11 800: 1011@31 -> 7\n");
	while (engine_metric(second, &pos, &m)) {
		char name[16];

		snprintf(name, sizeof(name), "m%u", m.id / 3);
		assert_string_equal(m.name, name);
		assert_int_equal(m.value, m.id == 33 ? 7 : 1000 + m.id / 3);
		assert_int_equal(m.ts, m.id == 33 ? 800 : 20 + m.id / 3);
		n++;
	}
	assert_int_equal(n, 499);
	/* a later checkpoint does not turn back what events said */
	pos = 0;
	assert_int_equal(engine_apply(second, next.ev, 1, &err), 0);
	while (engine_metric(second, &pos, &m))
		if (m.id == 33)
			assert_int_equal(m.value, 7);
	engine_free(second);
	engine_free(e);
	synth_free(&next);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_window),
		cmocka_unit_test(test_cpus),	   cmocka_unit_test(test_table),
		cmocka_unit_test(test_none),	   cmocka_unit_test(test_gone),
		cmocka_unit_test(test_schedstat),  cmocka_unit_test(test_engine),
		cmocka_unit_test(test_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
