// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The group memory: changes in order, extremes and lines; series that are too long; its absence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/width.h"
#include "replay/views/rss_points.h"
#include "report_run.h"

#define SLEEPER(t, p) snap(t, p, TS_SLEEP, 0x1, 0, T0 - 1)
#define MB(n)	      ((uint64_t)(n) << 20)

static const char point_fields[] = "pid,at_ns,rss_bytes,rss_peak_bytes,step_ns";
static const char table_fields[] = "pid,rss_first_bytes,rss_min_bytes,rss_max_bytes,"
				   "rss_max_at_ns,rss_bytes,rss_peak_bytes,rss_line";

#define REPORT(how, fmt, list)                                                                     \
	((struct report_case){.groups = "memory",                                                  \
			      .meta = &full_meta,                                                  \
			      .feed = how,                                                         \
			      .opt = {.format = fmt, .fields = list}})
#define POINTS(how) REPORT(how, ROWS_CSV, point_fields)

/* Process 100 with thread 101, 200, and 300, a kernel thread; the trace is 10 ms long. */
static void stream(struct synth *s)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200),
				    SLEEPER(300, 300)};

	t[3].info.flags = TASKF_KTHREAD;
	ev_start(s, T0, 2, t, 4);
}

static char *text_of(struct report_case *c)
{
	struct synth s = {0};
	char *text;

	stream(&s);
	text = report_text(&s, c);
	if (!text)
		fail_msg("report failed: %s", c->err.msg);
	synth_free(&s);
	return text;
}

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

static void tell(const struct report *r, uint32_t tid, uint64_t us, uint64_t rss, uint64_t mark)
{
	const struct account a = {.task = feed_task(r, tid),
				  .from_ns = AT(0),
				  .to_ns = AT(us),
				  .delta = {.rchar = us, .rss_bytes = rss, .rss_peak_bytes = mark}};

	feed_account(r, &a);
}

/* Up, down and up again; 200 says something in between. */
static void feed_changes(struct report *r)
{
	tell(r, 100, 1000, 4096, 4096);
	tell(r, 101, 2000, 8192, 8192); /* the same address space */
	tell(r, 100, 2500, 8192, 8192); /* no change */
	tell(r, 200, 3000, 4096, 12288); /* it had more before */
	tell(r, 300, 3100, 0, 0); /* has none */
	tell(r, 100, 3500, 0, 8192); /* not told, which is no zero */
	tell(r, 100, 4000, 0, 16384); /* not told, but for the mark */
	tell(r, 100, 5000, 2048, 16384);
	tell(r, 101, 7000, 4096, 4096); /* after an exec the mark begins anew */
}

static void test_changes(void **state)
{
	(void)state;
	expect(POINTS(feed_changes), "pid,at_ns,rss_bytes,rss_peak_bytes,step_ns\n"
				     "100,1000000,4096,4096,0\n"
				     "100,2000000,8192,8192,0\n"
				     "200,3000000,4096,12288,0\n"
				     "100,4000000,,16384,0\n"
				     "100,5000000,2048,16384,0\n"
				     "100,7000000,4096,16384,0\n");
}

/* What a row is about, and no more than that. */
static void test_keys(void **state)
{
	struct report_case c = REPORT(feed_changes, ROWS_NDJSON, NULL);
	char *text;

	(void)state;
	c.opt.top = 1;
	text = text_of(&c);
	assert_string_equal(text, "{\"group\": \"memory\", \"pid\": 100, \"comm\": \"t100\", "
				  "\"user\": \"0\", \"cgroup\": null, \"tasks\": 2, "
				  "\"at_ns\": 1000000, \"rss_bytes\": 4096, "
				  "\"rss_peak_bytes\": 4096, \"step_ns\": 0, \"gap_ns\": 0}\n");
	free(text);
}

static void test_whole(void **state)
{
	struct report_case c = REPORT(feed_changes, ROWS_CSV, table_fields);

	(void)state;
	c.opt.top = 2; /* the same figures in each row of a process but for rss and peak */
	expect(c, "pid,rss_first_bytes,rss_min_bytes,rss_max_bytes,rss_max_at_ns,rss_bytes,"
		  "rss_peak_bytes,rss_line\n"
		  "100,4096,2048,8192,2000000,4096,4096, ▄▄██████▂▂▄▄▄▄▄\n"
		  "100,4096,2048,8192,2000000,8192,8192, ▄▄██████▂▂▄▄▄▄▄\n");
}

/* 100 has 64 MB for a while, 200 has the same all along until it ends, and 400 never says. */
static void feed_table(struct report *r)
{
	struct synth s = {0};
	struct err err = {0};

	tell(r, 100, 0, MB(1), MB(1));
	tell(r, 100, 3000, MB(64), MB(64));
	tell(r, 100, 7000, MB(1), MB(64));
	tell(r, 200, 0, MB(100), MB(100));
	ev_wakeup(&s, AT(4900), 1, 0, 200, 0);
	ev_switch(&s, AT(4900), 0, 0, 0, 200);
	ev_exit(&s, AT(5001), 0, 200, 0, true);
	ev_switch(&s, AT(5002), 0, 200, 0x80, 0);
	assert_int_equal(report_apply(r, s.ev, s.n, &err), 0);
	synth_free(&s);
}

static void test_table(void **state)
{
	struct report_case c = REPORT(feed_table, ROWS_TABLE, NULL);
	char *text, *at;

	(void)state;
	text = text_of(&c);
	at = strstr(text, "\nmemory by process: ");
	assert_non_null(at);
	at = strchr(at + 1, '\n');
	assert_string_equal(
		at, "\n"
		    "PID  COMM  USER    FIRST      MIN      MAX       MAX AT     LAST     PEAK  "
		    "OVER THE WINDOW\n"
		    "200  t200  0      105 MB   105 MB   105 MB  +0.000000 s   105 MB   105 MB  "
		    "█████████████\n"
		    "100  t100  0     1.05 MB  1.05 MB  67.1 MB  +0.003000 s  1.05 MB  67.1 MB  "
		    "▁▁▁▁▁▁▁██████████▁▁▁▁▁▁▁\n");
	free(text);
	c.opt.width = 200; /* no longer than is of use */
	text = text_of(&c);
	assert_non_null(strstr(text, "  ▁▁▁▁▁▁▁▁▁▁▁▁█████████████████▁▁▁▁▁▁▁▁▁▁▁\n"));
	free(text);
}

/* The longest values there are. */
static void feed_wide(struct report *r)
{
	for (uint64_t us = 0; us < 9000; us += 100)
		tell(r, 100, us, UINT64_C(123456789012345) + us, UINT64_C(1234567890123456));
}

static void test_width(void **state)
{
	struct report_case c = REPORT(feed_wide, ROWS_TABLE, NULL);
	char *text = text_of(&c);

	(void)state;
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_in_range(text_width(line, (size_t)(end - line)), 0, 100);
	}
	free(text);
}

/* ---- too many points ---- */

static void feed_long(struct report *r)
{
	for (uint64_t us = 0; us < 9000; us++)
		tell(r, 100, us, us == 4567 ? 99 : us == 1234 ? 77777 : 1000 + us % 7, 0);
	tell(r, 100, 9000, 5, 0);
	tell(r, 100, 9001, 50, 0);
}

/* Bounded, in order, and the first, the last, the least and the most are exact. */
static void test_long(void **state)
{
	struct report_case c = POINTS(feed_long);
	unsigned long long at, rss, peak, step, before = 0;
	unsigned rows = 0;
	bool least = false, most = false;
	char *text = text_of(&c), *line = strchr(text, '\n') + 1;

	(void)state;
	assert_int_equal(strncmp(line, "100,0,1000,1000,", 16), 0);
	for (; *line; line = strchr(line, '\n') + 1, rows++) {
		assert_int_equal(sscanf(line, "100,%llu,%llu,%llu,%llu", &at, &rss, &peak, &step),
				 4);
		assert_true(at >= before && step % 1000 == 0 && step > 0);
		least |= at == 9000000 && rss == 5;
		most |= at == 1234000 && rss == 77777 && peak == 77777;
		assert_true(peak == (at < 1234000 ? peak : 77777) && peak >= rss);
		before = at;
	}
	assert_true(least && most);
	assert_true(at == 9001000 && rss == 50);
	assert_in_range(rows, 500, 4096);
	free(text);
	c = REPORT(feed_long, ROWS_CSV,
		   "rss_first_bytes,rss_min_bytes,rss_max_bytes,rss_max_at_ns");
	c.opt.top = 1;
	expect(c, "rss_first_bytes,rss_min_bytes,rss_max_bytes,rss_max_at_ns\n"
		  "1000,5,77777,1234000\n");
}

/* Between the points that stay, a value holds: at the end of each step it is the right one. */
static void test_steps(void **state)
{
	struct rss_points s = {0};
	const uint64_t ms = 1000000, n = 20000;
	uint64_t seed = 1, *all = calloc(n, sizeof(*all));

	(void)state;
	assert_non_null(all);
	for (uint64_t i = 0; i < n; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		all[i] = 1 + (seed >> 40);
		assert_int_equal(
			rss_points_add(&s, (struct rss_point){(i + 1) * ms, all[i], 0}, 256), 0);
		assert_true(s.n <= 256);
	}
	assert_true(s.n > 64 && s.step_ns >= 128 * ms);
	for (uint64_t from = 0; from < n;) { /* step by step */
		const uint64_t step = (from + 1) * ms / s.step_ns;
		uint64_t least = UINT64_MAX, most = 0, last = 0, i = from;
		uint64_t got_least = UINT64_MAX, got_most = 0, got_last = 0;

		for (; i < n && (i + 1) * ms / s.step_ns == step; i++) {
			least = all[i] < least ? all[i] : least;
			most = all[i] > most ? all[i] : most;
			last = all[i];
		}
		for (uint32_t k = 0; k < s.n; k++) {
			if (s.list[k].at_ns / s.step_ns != step)
				continue;
			got_last = s.list[k].rss_bytes;
			got_least = got_last < got_least ? got_last : got_least;
			got_most = got_last > got_most ? got_last : got_most;
		}
		assert_true(got_least == least && got_most == most && got_last == last);
		from = i;
	}
	rss_points_limit(&s, RSS_POINTS_LEAST);
	assert_true(s.n <= RSS_POINTS_LEAST && s.room == RSS_POINTS_LEAST);
	assert_true(s.list[0].rss_bytes == all[0] && s.list[s.n - 1].rss_bytes == all[n - 1]);
	rss_points_free(&s);
	free(all);
}

/* A time that goes back, and times as far apart as can be. */
static void test_odd_times(void **state)
{
	struct rss_points s = {0};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(rss_points_add(&s,
						(struct rss_point){i & 1 ? UINT64_MAX - i : i,
								   1 + i * 7 % 13, 0},
						RSS_POINTS_LEAST),
				 0);
	assert_true(s.n <= RSS_POINTS_LEAST);
	for (uint32_t i = 1; i < s.n; i++)
		assert_true(s.list[i].at_ns >= s.list[i - 1].at_ns);
	rss_points_free(&s);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Together they may be too many too: 64 for each process that is kept. */
static void feed_two(struct report *r)
{
	for (uint64_t us = 0; us < 2000; us++) {
		tell(r, 100, us, 1000 + us % 7, 0);
		tell(r, 200, us, 1000 + us % 5, 0);
	}
}

static void test_all_points(void **state)
{
	struct report_case c = REPORT(feed_two, ROWS_CSV, "pid,at_ns,rss_bytes");
	char *text = text_of(&c);

	(void)state;
	assert_int_equal(count(text, "\n") - 1, 4000);
	free(text);
	c.keep = 4;
	text = text_of(&c);
	assert_in_range(count(text, "\n") - 1, 30, 4 * 64);
	assert_true(count(text, "\n100,") > 10 && count(text, "\n200,") > 10);
	free(text);
}

/* ---- who is gone ---- */

static void feed_gone(struct report *r)
{
	for (uint32_t tid = 1000; tid < 1200; tid++) {
		struct synth s = {0};
		struct err err = {0};
		uint64_t at = (tid - 1000) * 10;

		ev_fork(&s, AT(at), 0, 100, 100, tid, tid);
		assert_int_equal(report_apply(r, s.ev, s.n, &err), 0);
		tell(r, tid, at + 1, tid, 2 * tid);
		ev_switch(&s, AT(at + 1), 0, 0, 0, tid);
		ev_exit(&s, AT(at + 2), 0, tid, 0, true);
		ev_switch(&s, AT(at + 2), 0, tid, 0x80, 0);
		ev_reap(&s, AT(at + 3), 0, 100, tid);
		assert_int_equal(report_apply(r, s.ev + 1, s.n - 1, &err), 0);
		synth_free(&s);
	}
}

static void test_gone(void **state)
{
	struct report_case c = REPORT(feed_gone, ROWS_CSV,
				      "comm,at_ns,rss_bytes,rss_peak_bytes,"
				      "rss_min_bytes,rss_max_bytes");
	char *text, *at;

	(void)state;
	c.keep = 1;
	text = text_of(&c);
	assert_true(c.gone > 100);
	at = strstr(text, "(gone),,,");
	assert_non_null(at);
	assert_non_null(strstr(at, ",1000,")); /* the least of all */
	assert_null(strstr(at + 1, "(gone)"));
	assert_true(count(text, ",1199,2398,")); /* the largest has a row of its own */
	free(text);
}

static void feed_thread(struct report *r)
{
	struct synth s = {0};
	struct err err = {0};

	tell(r, 101, 100, 4096, 4096);
	ev_switch(&s, AT(200), 0, 0, 0, 101);
	ev_exit(&s, AT(210), 0, 101, 0, false);
	ev_switch(&s, AT(220), 0, 101, 0x80, 0);
	assert_int_equal(report_apply(r, s.ev, s.n, &err), 0);
	synth_free(&s);
	tell(r, 100, 9000, 8192, 8192);
}

/* A process is one row, also when a thread of it ends before anything is told of another. */
static void test_thread_first(void **state)
{
	struct report_case c = REPORT(feed_thread, ROWS_TABLE, "pid,rss_first_bytes,rss_max_bytes");
	char *text = text_of(&c);

	(void)state;
	assert_int_equal(count(text, "\n100  "), 1);
	assert_non_null(strstr(text, "\n100  4.10 kB  8.19 kB\n"));
	free(text);
	c = (struct report_case){.groups = "cpu",
				 .feed = feed_thread,
				 .opt = {.format = ROWS_CSV, .fields = "pid,tasks", .sort = "pid"}};
	expect(c, "pid,tasks\n300,1\n200,1\n100,2\n");
}

/* ---- absence ---- */

static void test_not_recorded(void **state)
{
	static const struct meta sched_only = {
		.version = "1.1.0", .hostname = "host", .features = "sched"};
	struct report_case c = REPORT(NULL, ROWS_TABLE, NULL);
	struct synth s = {0};
	char *text;

	(void)state;
	c.meta = &sched_only;
	text = text_of(&c);
	assert_non_null(strstr(text, "-g memory: recorded without fs (record --with fs)\n"));
	assert_non_null(strstr(text, "over time\n(not recorded)\n"));
	free(text);
	c.groups = "fs,memory";
	c.opt = (struct report_options){.format = ROWS_JSON};
	text = text_of(&c);
	assert_non_null(strstr(text, "\"not_recorded\": [\"fs\"]"));
	free(text);
	c = REPORT(NULL, ROWS_TABLE, NULL); /* nothing told: nothing known, not nothing there */
	text = text_of(&c);
	assert_non_null(strstr(text, "over time\n(none)\n"));
	free(text);
	stream(&s);
	c = REPORT(NULL, ROWS_CSV, NULL);
	c.opt.by = BY_THREAD;
	expect_refusal(&s, c, "memory cannot be by thread; it can be by process");
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),	     cmocka_unit_test(test_keys),
		cmocka_unit_test(test_whole),	     cmocka_unit_test(test_table),
		cmocka_unit_test(test_width),	     cmocka_unit_test(test_long),
		cmocka_unit_test(test_steps),	     cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_all_points),   cmocka_unit_test(test_gone),
		cmocka_unit_test(test_thread_first), cmocka_unit_test(test_not_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
