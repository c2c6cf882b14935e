// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Reports of what is not whole: lost events, many that are gone, names that bite; the tree; JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "replay/dist.h"
#include "report_run.h"

static struct report_case csv(const char *groups, const char *fields)
{
	return (struct report_case){.groups = groups,
				    .opt = {.format = ROWS_CSV, .fields = fields}};
}

/*
 * CPU 0 loses events from 300 to 500: 100 ran since 100, and is switched out at 700. What it did
 * in between is not known: 200 us of running, 200 unknown, 200 of running, and none of the two
 * pieces is a slice whose length is known.
 */
static void lossy(struct synth *s)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1000);

	ev_start(s, T0, 2, &t, 1);
	ev_wakeup(s, AT(90), 0, 0, 100, 0);
	ev_switch(s, AT(100), 0, 0, 0, 100);
	ev_gap(s, AT(300), 0, AT(500), 12);
	ev_switch(s, AT(700), 0, 100, 0x1, 0);
}

static void test_gap(void **state)
{
	struct report_case by_cpu = csv("cpu", "cpu,oncpu_ns,gap_ns");
	struct synth s = {0};

	(void)state;
	lossy(&s);
	expect_report(&s, csv("cpu", "pid,oncpu_ns,runq_ns,blocked_ns,gap_ns"),
		      "pid,oncpu_ns,runq_ns,blocked_ns,gap_ns\n100,400000,10000,9390000,200000\n");
	expect_report(&s, csv("slice", "pid,cause,count,max_ns,left_out,gap_ns"),
		      "pid,cause,count,max_ns,left_out,gap_ns\n100,voluntary,0,,2,200000\n");
	expect_report(&s, csv("idle", "cpu,run_ns,idle_ns,gap_ns"),
		      "cpu,run_ns,idle_ns,gap_ns\n0,400000,9400000,200000\n1,0,10000000,0\n");
	/* 1 task for 410 of the 9800 us that are known */
	expect_report(&s, csv("depth", "cpu,depth_mean,depth_max,busy_pct,gap_ns"),
		      "cpu,depth_mean,depth_max,busy_pct,gap_ns\n"
		      "0,0.041,1,4.184,200000\n1,0,0,0,0\n");
	by_cpu.opt.by = BY_CPU;
	expect_report(&s, by_cpu, "cpu,oncpu_ns,gap_ns\n0,400000,200000\n");
	synth_free(&s);
}

static void test_gap_header(void **state)
{
	struct report_case c = {.opt = {.format = ROWS_TABLE}};
	struct synth s = {0};
	char *text;

	(void)state;
	lossy(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, "12 lost in 1 gap; unknown: 200 us of CPU time"));
	assert_non_null(strstr(text, "2.0 % busy, 97.0 % idle, 1.0 % unknown"));
	assert_non_null(strstr(text, "GAP\n"));
	free(text);
	synth_free(&s);
}

/* Where the trace was cut, nobody knows how many events are missing. */
static void test_uncounted_gap(void **state)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1000);
	struct report_case c = {.opt = {.format = ROWS_TABLE}};
	struct synth s = {0};
	char *text;

	(void)state;
	ev_start(&s, T0, 2, &t, 1);
	ev_gap(&s, AT(300), 0, AT(500), 0);
	ev_gap(&s, AT(300), 1, AT(500), 0);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, "an unknown number of events lost in 2 gaps; unknown: "
				     "19.4 ms of CPU time\n"));
	free(text);
	ev_gap(&s, AT(700), 0, AT(800), 3);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, ", 3 lost in 3 gaps; "));
	free(text);
	synth_free(&s);
}

static void filtered_start(struct synth *s, uint32_t here, uint32_t there)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1000);
	const struct cpu_snapshot cpus[] = {
		{.tid = here, .since_ns = T0},
		{.cpu = 1, .tid = there, .since_ns = T0, .left_out = here != there},
	};

	ev_checkpoint(s, &(struct checkpoint){
				 .ts = T0, .tasks = &t, .ntasks = 1, .cpus = cpus, .ncpus = 2});
}

/* With filters by task, idle is among what they leave out: that is no CPU that was never idle. */
static void test_filtered_idle(void **state)
{
	const char *fields = "cpu,run_ns,idle_ns,idle_pct,other_ns,count";
	struct report_case table = {.opt = {.format = ROWS_TABLE}, .groups = "idle"};
	struct report_case rows = csv("idle", fields);
	struct report_case json = {.opt = {.format = ROWS_JSON}, .groups = "idle"};
	struct meta meta = report_meta;
	struct synth s = {0};
	char *text;

	(void)state;
	meta.filtered = true;
	strcpy(meta.filters, "-p 100");
	table.meta = rows.meta = json.meta = &meta;
	filtered_start(&s, TID_OTHER, TID_OTHER);
	ev_wakeup(&s, AT(90), 0, 0, 100, 0);
	ev_switch(&s, AT(100), 0, TID_OTHER, 0, 100);
	ev_switch(&s, AT(1100), 0, 100, 0x1, TID_OTHER);
	text = report_text(&s, &table);
	assert_non_null(text);
	assert_non_null(strstr(text, "CPUs     5.0 % busy, 95.0 % idle or filtered out\n"));
	assert_non_null(
		strstr(text, "\n(idle time \"-\": not recorded, because of the filters)\n"));
	free(text);
	text = report_text(&s, &json);
	assert_non_null(text);
	assert_non_null(
		strstr(text, "\"run_ns\": 1000000, \"idle_ns\": null, \"other_ns\": 19000000"));
	free(text);
	expect_report(&s, rows,
		      "cpu,run_ns,idle_ns,idle_pct,other_ns,count\n"
		      "0,1000000,,,9000000,\n1,0,,,10000000,\n");
	synth_free(&s);
	/* CPU 0 alone: that is known */
	strcpy(meta.filters, "-C 0");
	s = (struct synth){0};
	filtered_start(&s, 0, TID_OTHER);
	ev_wakeup(&s, AT(90), 0, 0, 100, 0);
	ev_switch(&s, AT(100), 0, 0, 0, 100);
	ev_switch(&s, AT(1100), 0, 100, 0x1, 0);
	table.opt.nkinds = 0;
	text = report_text(&s, &table);
	assert_non_null(text);
	assert_non_null(strstr(text, "CPUs     5.0 % busy, 45.0 % idle, 50.0 % filtered out\n"));
	free(text);
	table.opt.nkinds = 0; /* also where it was never idle */
	table.from = AT(200);
	table.to = AT(1000);
	text = report_text(&s, &table);
	assert_non_null(text);
	assert_non_null(strstr(text, "CPUs     50.0 % busy, 0.0 % idle, 50.0 % filtered out\n"));
	free(text);
	expect_report(&s, rows,
		      "cpu,run_ns,idle_ns,idle_pct,other_ns,count\n"
		      "0,1000000,9000000,90,0,1\n1,0,,,10000000,\n");
	synth_free(&s);
}

/* A switch that the kernel did not show counts in the window that it is in. */
static void test_unseen_header(void **state)
{
	struct task_snapshot t[2] = {snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1000),
				     snap(200, 200, TS_SLEEP, 0x1, 0, T0 - 1000)};
	struct report_case c = {.opt = {.format = ROWS_TABLE}};
	struct synth s = {0};
	char *whole, *after;

	(void)state;
	ev_start(&s, T0, 2, t, 2);
	ev_wakeup(&s, AT(90), 0, 0, 100, 0);
	ev_switch(&s, AT(100), 0, 0, 0, 100);
	ev_switch(&s, AT(200), 0, 200, 0x1, 0);
	ev_wakeup(&s, AT(400), 0, 0, 200, 0);
	ev_switch(&s, AT(410), 0, 0, 0, 200);
	whole = report_text(&s, &c);
	assert_non_null(whole);
	assert_non_null(strstr(whole, "; 1 switch that the kernel did not show"));
	c.from = AT(300);
	after = report_text(&s, &c);
	assert_non_null(after);
	assert_non_null(strstr(after, "none lost\n"));
	free(whole);
	free(after);
	synth_free(&s);
}

/* A hundred processes that run for 0.1 to 10 us and are gone; room for 3 rows. */
static void many_gone(struct synth *s)
{
	struct task_snapshot t = snap(1, 1, TS_RUN, 0, 1, T0 - 1000);
	uint64_t at = 100;

	ev_start(s, T0, 2, &t, 1);
	for (uint32_t i = 1; i <= 100; i++, at += 40) {
		uint32_t pid = 1000 + i;

		ev_fork(s, AT(at), 1, 1, 1, pid, pid);
		ev_wakeup_new(s, AT(at + 1), 1, 1, pid, 0);
		ev_switch(s, AT(at + 2), 0, 0, 0, pid);
		ev_exit(s, AT(at + 2), 0, pid, 0, true);
		ev_switch(s, AT(at + 2) + 100 * i, 0, pid, 0x80, 0);
		ev_reap(s, AT(at + 30), 1, 1, pid);
		ev_free(s, AT(at + 31), 1, pid);
	}
}

/* Sums stay exact, the largest stay by themselves. */
static void test_folded(void **state)
{
	struct report_case c = csv("cpu", "pid,comm,tasks,oncpu_ns,slices");
	struct report_case life = csv("life", "pid,comm,processes,oncpu_ns");
	uint64_t oncpu = 0, tasks = 0;
	struct synth s = {0};
	char *text, *line, *save;
	unsigned rows = 0;

	(void)state;
	many_gone(&s);
	c.keep = 3;
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_int_equal(c.gone, 85); /* by seventeens; 15 came after */
	strtok_r(text, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		unsigned long long ns, n;
		char *p = strchr(line, ',');

		p = strchr(p + 1, ',');
		assert_int_equal(sscanf(p, ",%llu,%llu", &n, &ns), 2);
		oncpu += ns;
		tasks += n;
		rows++;
		if (rows == 2) /* after 1 itself, which runs throughout */
			assert_true(!strncmp(line, ",child (gone),", 14));
	}
	assert_int_equal(oncpu, 10000000 + 5050 * 100);
	assert_int_equal(tasks, 101);
	assert_int_equal(rows, 17); /* 15 children, those that are folded, and 1 */
	free(text);
	life.keep = 3;
	life.opt.top = 1;
	life.opt.sort = "processes";
	text = report_text(&s, &life);
	assert_non_null(strstr(text, ",child (gone),85,"));
	free(text);
	synth_free(&s);
}

/* A list keeps the longest. */
static void test_list_limit(void **state)
{
	struct report_case c = csv("states", "tid,dur_ns");
	struct synth s = {0};
	char *text;

	(void)state;
	many_gone(&s); /* zombies for 28 us less what they ran */
	c.keep = 2;
	expect_report(&s, c, "tid,dur_ns\n1001,27900\n1002,27800\n");
	c.opt = (struct report_options){.format = ROWS_TABLE, .width = 200};
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, "are kept); --time narrows, -g totals has all\n"));
	assert_null(strstr(text, "has all\n\n"));
	free(text);
	synth_free(&s);
}

static void test_tree(void **state)
{
	struct task_snapshot t[] = {
		snap(1, 1, TS_SLEEP, 0x1, 0, T0 - 1000),
		snap(50, 50, TS_SLEEP, 0x1, 0, T0 - 1000),
		snap(60, 60, TS_SLEEP, 0x1, 0, T0 - 1000),
	};
	struct report_case c = {.groups = "life",
				.opt = {.format = ROWS_TABLE, .tree = true, .fields = "pid,comm"}};
	struct synth s = {0};
	char *text;

	(void)state;
	t[0].info.ppid = 0;
	t[0].info.start_ns = T0 - 5000;
	t[1].info.start_ns = t[2].info.start_ns = T0 - 4000;
	ev_start(&s, T0, 2, t, 3);
	ev_fork(&s, AT(10), 0, 50, 50, 70, 70);
	ev_fork(&s, AT(20), 0, 70, 70, 80, 80);
	ev_fork(&s, AT(30), 0, 50, 50, 90, 90);
	text = report_text(&s, &c);
	assert_non_null(text);
	/* 60 did nothing; 1 and 50 are there for what is below them */
	assert_string_equal(strstr(text, "PID"), "PID  COMM\n"
						 "  1  t1\n"
						 " 50   t50\n"
						 " 70    child\n"
						 " 80     child\n"
						 " 90    child\n");
	free(text);
	c.opt.format = ROWS_CSV;
	c.opt.fields = "pid,depth";
	c.opt.nkinds = 0;
	expect_report(&s, c, "pid,depth\n1,0\n50,1\n70,2\n80,3\n90,2\n60,1\n");
	synth_free(&s);
}

/* One with a name that bites, through the whole of every format. */
static void test_names(void **state)
{
	static const char bad[] = "\033[2J\",\n\xff'";
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, T0);
	enum rows_format formats[] = {ROWS_TABLE, ROWS_CSV, ROWS_JSON, ROWS_NDJSON};
	struct synth s = {0};

	(void)state;
	memcpy(t.info.comm, bad, sizeof(bad));
	ev_start(&s, T0, 2, &t, 1);
	ev_name(&s, T0, NAME_CGROUP, 5, "/x\x1b]0;title\a");
	for (size_t i = 0; i < 4; i++) {
		struct report_case c = {.groups = "cpu,latency,life,states,totals,slice",
					.opt = {.format = formats[i], .by = BY_THREAD}};
		char *text = report_text(&s, &c);

		assert_non_null(text);
		for (const unsigned char *p = (unsigned char *)text; *p; p++)
			assert_true(*p >= 0x20 || *p == '\n');
		assert_null(strchr(text, 0x7f));
		assert_null(strstr(text, "\xff"));
		if (formats[i] == ROWS_CSV)
			assert_non_null(strstr(text, "cpu,100,100,\"\\x1b[2J\"\",\\n\\xff'\",0,"));
		if (formats[i] == ROWS_JSON) {
			json_t *doc = json_loads(text, 0, NULL);

			assert_non_null(doc);
			assert_string_equal(
				json_string_value(json_object_get(
					json_array_get(json_object_get(doc, "rows"), 0), "comm")),
				"\033[2J\",\n\xee\xbf\xbf'"); /* U+EFFF */
			json_decref(doc);
		}
		free(text);
	}
	synth_free(&s);
}

static void test_json(void **state)
{
	struct report_case c = {.opt = {.format = ROWS_JSON, .top = 1, .by = BY_THREAD}};
	struct synth s = {0};
	json_t *doc, *row, *window;
	char *text;

	(void)state;
	report_scenario(&s);
	text = report_text(&s, &c);
	doc = json_loads(text, 0, NULL);
	assert_non_null(doc);
	assert_string_equal(json_string_value(json_object_get(doc, "schema")), "rstat.report/1");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(doc, "trace"), "start_utc")),
		"2023-11-14T22:13:20.000000000Z");
	window = json_object_get(doc, "window");
	assert_int_equal(json_integer_value(json_object_get(window, "from_ns")), 0);
	assert_int_equal(json_integer_value(json_object_get(window, "to_ns")), 10000000);
	assert_int_equal(json_integer_value(json_object_get(window, "run_ns")), 2410000);
	assert_int_equal(json_integer_value(json_object_get(window, "events")), s.n - 1);
	assert_int_equal(json_array_size(json_object_get(doc, "rows")), 1);
	row = json_array_get(json_object_get(doc, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "group")), "cpu");
	assert_int_equal(json_integer_value(json_object_get(row, "oncpu_ns")), 1700000);
	assert_true(json_real_value(json_object_get(row, "machine_pct")) == 8.5);
	json_decref(doc);
	free(text);
	synth_free(&s);
}

static void test_table(void **state)
{
	struct report_case c = {.opt = {.format = ROWS_TABLE}};
	struct synth s = {0};

	(void)state;
	report_scenario(&s);
	expect_report(
		&s, c,
		"host     host, Linux 6.1.0 x86_64, 2 CPUs, 2023-11-14 22:13:20 UTC\n"
		"window   all of it, 10.0 ms\n"
		"events   20 (2,000/s), none lost\n"
		"CPUs     12.1 % busy, 88.0 % idle\n"
		"\n"
		"cpu by process: time on a CPU, waiting for one, and blocked\n"
		"PID  COMM  USER   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES  VOL  INVOL  MIGR\n"
		"400  t400  0     1.70 ms  17.0   8.5   300 us  8.00 ms       3    1      2     1\n"
		"100  t100  0      290 us   2.9   1.5  10.0 us  9.70 ms       1    1      0     0\n"
		"500  prog  0      220 us   2.2   1.1  20.0 us  10.0 us       1    1      0     0\n"
		"200  t200  0      200 us   2.0   1.0  98.0 us  9.70 ms       1    1      0     0\n"
		"1 process with nothing here; --zero shows them\n");
	synth_free(&s);
}

/* All together, then by thread, then by name. */
static void test_latency_table(void **state)
{
	struct report_case c = {.groups = "latency", .opt = {.by = BY_THREAD, .top = 2}};
	struct synth s = {0};
	char *text;

	(void)state;
	report_scenario(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_string_equal(
		strstr(text, "latency by"),
		"latency by thread: from ready (woken, forked, preempted, yielded) to running\n"
		"all together\n"
		"CAUSE      COUNT     MEAN      P50      P99      MAX       MAX AT\n"
		"wakeup         2  54.0 us  10.0 us  98.0 us  98.0 us  +0.000300 s\n"
		"fork           1  20.0 us  20.0 us  20.0 us  20.0 us  +0.000930 s\n"
		"preempted      1   200 us   200 us   200 us   200 us  +0.000500 s\n"
		"yield          1   100 us   100 us   100 us   100 us  +0.000800 s\n"
		"\n"
		"PID  TID  COMM  CAUSE      COUNT    MEAN     P50     P99     MAX       MAX AT\n"
		"400  400  t400  preempted      1  200 us  200 us  200 us  200 us  +0.000500 s\n"
		"400  400  t400  yield          1  100 us  100 us  100 us  100 us  +0.000800 s\n"
		"3 more rows; -n 0 shows all\n"
		"\n"
		"the worst waits\n"
		"      START  WAITED  TID  COMM  CAUSE      CPU  RAN THERE MEANWHILE\n"
		"+0.000300 s  200 us  400  t400  preempted    1  t200 (200)\n"
		"+0.000700 s  100 us  400  t400  yield        0  idle\n");
	free(text);
	synth_free(&s);
}

/* A hook that is not live is told by the views that needed it, and by no other. */
static void test_hooks(void **state)
{
	struct meta_hook hooks[] = {
		{.name = "sched_waking", .why = "no such event", .needed = "waking,states"},
		{.name = "task_rename", .why = "old kernel", .needed = "life"},
		{.name = "both", .why = "not this one", .needed = "waking"},
		{.name = "both", .live = true, .needed = "waking"},
	};
	struct report_case c = {.groups = "waking", .opt = {.format = ROWS_TABLE}};
	struct meta meta = report_meta;
	struct synth s = {0};
	char *text;

	(void)state;
	meta.hooks = hooks;
	meta.nhooks = 4;
	c.meta = &meta;
	report_scenario(&s);
	text = report_text(&s, &c);
	assert_non_null(strstr(text, "no hook  sched_waking: no such event\n"));
	assert_null(strstr(text, "task_rename"));
	assert_null(strstr(text, "not this one"));
	free(text);
	synth_free(&s);
}

static void test_dist(void **state)
{
	struct dist d = {0}, e = {0};

	(void)state;
	assert_int_equal(dist_quantile(&d, 500000), 0);
	for (uint64_t i = 1; i <= 64; i++)
		assert_int_equal(dist_add(&d, 1000 * i, i), 0);
	assert_int_equal(dist_quantile(&d, 500000), 32000);
	assert_int_equal(dist_quantile(&d, 990000), 64000);
	assert_int_equal(dist_quantile(&d, 1), 1000);
	assert_int_equal(dist_rank(&d, 2), 2000);
	for (uint64_t i = 65; i <= 1000; i++) /* from here on a histogram */
		assert_int_equal(dist_add(&d, 1000 * i, i), 0);
	assert_int_equal(d.count, 1000);
	assert_int_equal(d.max_at, 1000);
	assert_int_equal(dist_mean(&d), 500500);
	assert_in_range(dist_quantile(&d, 500000), 498000, 502000);
	assert_in_range(dist_quantile(&d, 999000), 995000, 1000000);
	assert_int_equal(dist_quantile(&d, 1000000), 1000000);
	dist_add(&e, 5000000, 7);
	assert_int_equal(dist_merge(&e, &d), 0);
	assert_int_equal(e.count, 1001);
	assert_int_equal(e.max_at, 7);
	assert_in_range(dist_quantile(&e, 500000), 498000, 503000);
	dist_free(&d);
	dist_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gap),	      cmocka_unit_test(test_gap_header),
		cmocka_unit_test(test_unseen_header), cmocka_unit_test(test_folded),
		cmocka_unit_test(test_list_limit),    cmocka_unit_test(test_tree),
		cmocka_unit_test(test_names),	      cmocka_unit_test(test_json),
		cmocka_unit_test(test_table),	      cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_latency_table), cmocka_unit_test(test_dist),
		cmocka_unit_test(test_uncounted_gap), cmocka_unit_test(test_filtered_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
