// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The group fs: bytes of system calls, dirtied, submitted and charged; and memory, also in cpu. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report_run.h"

#define SLEEPER(t, p) snap(t, p, TS_SLEEP, 0x1, 0, T0 - 1)

#define CSV(how, f, ...)                                                                           \
	((struct report_case){.groups = "fs",                                                      \
			      .meta = &full_meta,                                                  \
			      .feed = how,                                                         \
			      .opt = {.format = ROWS_CSV, .fields = f, __VA_ARGS__}})

/* Process 100 with thread 101 and 200 are in /a, 300 is a kernel thread in /. */
static void stream(struct synth *s)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200),
				    SLEEPER(300, 300)};

	t[0].info.cgroup_id = t[1].info.cgroup_id = t[2].info.cgroup_id = 70;
	t[3].info.cgroup_id = 1;
	t[3].info.flags = TASKF_KTHREAD;
	ev_start(s, T0, 2, t, 4);
	ev_name(s, T0, NAME_CGROUP, 70, "/a");
	ev_name(s, T0, NAME_CGROUP, 1, "/");
}

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

static void account(const struct report *r, uint32_t tid, struct acct_info delta)
{
	const struct account a = {feed_task(r, tid), AT(10), AT(20), delta};

	feed_account(r, &a);
}

#define ACCT(tid, ...) account(r, tid, (struct acct_info){__VA_ARGS__})

static void request(const struct report *r, uint32_t tid, uint16_t op, uint64_t bytes,
		    uint64_t cgroup_id, uint16_t flags)
{
	const struct request_share share = {tid ? feed_task(r, tid) : NULL, bytes, AT(100)};
	const struct request rq = {
		.dev = 8u << 20,
		.op = op,
		.flags = flags,
		.bytes = bytes,
		.cgroup_id = cgroup_id,
		.queued_ns = AT(100),
		.issued_ns = AT(100),
		.done_ns = AT(100),
		.shares = &share,
		.nshares = 1,
	};

	feed_request(r, &rq);
}

static void feed_sums(struct report *r)
{
	ACCT(100, .rchar = 1000, .wchar = 20, .syscr = 3, .syscw = 4, .read_bytes = 250,
	     .write_bytes = 4096, .cancelled_write_bytes = 8);
	ACCT(101, .rchar = 1000, .wchar = 1, .syscr = 1, .syscw = 1, .write_bytes = 1);
	ACCT(101, .rchar = 1, .wchar = 1, .syscr = 1, .syscw = 1, .cancelled_write_bytes = 1);
	ACCT(200, .rchar = 10, .read_bytes = 4096, .syscr = 1); /* read-ahead: more than asked */
}

static void test_sums(void **state)
{
	const char *fields = "tid,rchar,wchar,syscr,syscw,read_bytes,write_bytes,"
			     "cancelled_write_bytes,hit_pct_est";
	const char *names = "rchar,wchar,syscr,syscw,read_bytes,write_bytes,"
			    "cancelled_write_bytes,hit_pct_est\n";
	char want[400];

	(void)state;
	snprintf(want, sizeof(want),
		 "tid,%s100,1000,20,3,4,250,4096,8,75\n101,1001,2,2,2,0,1,1,100\n"
		 "200,10,0,1,0,4096,0,0,0\n",
		 names);
	expect(CSV(feed_sums, fields, .by = BY_THREAD, .sort = "tid:asc"), want);
	snprintf(want, sizeof(want),
		 "pid,%s100,2001,22,5,6,250,4097,9,87.506\n200,10,0,1,0,4096,0,0,0\n", names);
	expect(CSV(feed_sums,
		   "pid,rchar,wchar,syscr,syscw,read_bytes,write_bytes,cancelled_write_bytes,"
		   "hit_pct_est"),
	       want);
	expect(CSV(feed_sums, "user,rchar,wchar,read_bytes", .by = BY_USER),
	       "user,rchar,wchar,read_bytes\n0,2011,22,4346\n");
}

/* 100 dirties 8192; a kernel thread writes it back for its group; 200 writes by itself. */
static void feed_writeback(struct report *r)
{
	ACCT(100, .wchar = 8192, .write_bytes = 8192, .syscw = 1);
	request(r, 300, IO_WRITE, 8192, 70, 0);
	request(r, 200, IO_WRITE, 512, 70, 0);
	request(r, 200, IO_READ, 1024, 70, 0);
	request(r, 0, IO_READ, 5, 0, RQF_NO_START);
	request(r, 200, IO_DISCARD, 4096, 70, 0);
	request(r, 200, IO_WRITE, 99999, 70, RQF_OPEN);
	request(r, 200, IO_WRITE, 99999, 70, RQF_NO_END);
	request(r, 200, IO_WRITE, 0, 70, RQF_ABSORBED);
}

static void test_writeback(void **state)
{
	const char *fields = "comm,wchar,write_bytes,io_rd_bytes,io_wr_bytes,charged_wr_bytes";

	(void)state;
	expect(CSV(feed_writeback, fields, .sort = "comm"),
	       "comm,wchar,write_bytes,io_rd_bytes,io_wr_bytes,charged_wr_bytes\n"
	       "?,,,5,0,\n"
	       "t100,8192,8192,0,0,\n"
	       "t200,,,1024,512,\n"
	       "t300,,,0,8192,\n");
	expect(CSV(feed_writeback,
		   "cgroup,write_bytes,io_rd_bytes,io_wr_bytes,charged_rd_bytes,charged_wr_bytes",
		   .by = BY_CGROUP, .sort = "cgroup"),
	       "cgroup,write_bytes,io_rd_bytes,io_wr_bytes,charged_rd_bytes,charged_wr_bytes\n"
	       "/,,0,8192,0,0\n"
	       "/a,8192,1024,512,1024,8704\n"
	       "?,,5,0,5,0\n");
}

static void feed_memory(struct report *r)
{
	ACCT(100, .rss_bytes = 4000, .rss_peak_bytes = 9000);
	ACCT(101, .rss_bytes = 7000, .rss_peak_bytes = 7000); /* the same address space */
	ACCT(200, .rss_bytes = 100);
	ACCT(100, .rss_bytes = 5000);
	ACCT(100, .rchar = 1); /* memory is not told */
}

static void test_memory(void **state)
{
	struct report_case c = CSV(feed_memory, "pid,rss_last_bytes,rss_min_bytes,rss_max_bytes",
				   .sort = "pid");

	(void)state;
	expect(c, "pid,rss_last_bytes,rss_min_bytes,rss_max_bytes\n"
		  "200,100,100,100\n100,5000,4000,7000\n");
	c = CSV(feed_memory, "pid,rss_bytes,rss_peak_bytes", .sort = "pid:asc");
	c.groups = "cpu";
	expect(c, "pid,rss_bytes,rss_peak_bytes\n100,5000,9000\n200,100,100\n300,,\n");
	/* a group's is the sum of its processes, once each: 4000, 7000, 7100, 5100 */
	c.opt.by = BY_CGROUP;
	c.opt.fields = "cgroup,rss_bytes,rss_peak_bytes";
	c.opt.sort = "cgroup:desc";
	expect(c, "cgroup,rss_bytes,rss_peak_bytes\n/a,5100,9000\n/,,\n");
	c.groups = "fs";
	c.opt.fields = "cgroup,rss_last_bytes,rss_min_bytes,rss_max_bytes";
	expect(c, "cgroup,rss_last_bytes,rss_min_bytes,rss_max_bytes\n/a,5100,4000,7100\n");
}

static void feed_gone(struct report *r)
{
	struct synth s = {0};
	struct err err = {0};

	feed_memory(r);
	ev_switch(&s, AT(5000), 0, 0, 0, 200);
	ev_exit(&s, AT(5001), 0, 200, 0, true);
	ev_switch(&s, AT(5002), 0, 200, 0x80, 0);
	ev_reap(&s, AT(5003), 0, 100, 200);
	assert_int_equal(report_apply(r, s.ev, s.n, &err), 0);
	synth_free(&s);
}

/* The memory of what is gone is in no sum any more, but in its own row. */
static void test_memory_gone(void **state)
{
	struct report_case c = CSV(feed_gone, "cgroup,rss_last_bytes,rss_min_bytes,rss_max_bytes",
				   .by = BY_CGROUP);

	(void)state;
	expect(c, "cgroup,rss_last_bytes,rss_min_bytes,rss_max_bytes\n/a,5000,4000,7100\n");
	c.opt.by = BY_PROCESS;
	c.opt.fields = "pid,rss_last_bytes";
	c.opt.sort = "pid";
	expect(c, "pid,rss_last_bytes\n200,100\n100,5000\n");
}

/* A report of a trace without them has no columns of memory; asked for, they are empty. */
static void test_memory_not_recorded(void **state)
{
	struct report_case c = {.opt = {.format = ROWS_CSV, .top = 1}};
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_null(strstr(text, "rss"));
	free(text);
	c.meta = &full_meta;
	c.groups = NULL;
	c.opt.nkinds = 0;
	text = report_text(&s, &c);
	assert_non_null(strstr(text, ",gap_ns,rss_bytes,rss_peak_bytes\n"));
	free(text);
	c = (struct report_case){.opt = {.format = ROWS_CSV, .fields = "pid,rss_bytes", .top = 1}};
	expect_report(&s, c, "pid,rss_bytes\n100,\n");
	synth_free(&s);
}

static void test_without_io(void **state)
{
	static const struct meta fs_only = {
		.version = "1.1.0", .hostname = "host", .features = "sched,fs"};
	struct report_case c = CSV(feed_writeback, "comm,write_bytes,io_wr_bytes,charged_wr_bytes");

	(void)state;
	c.meta = &fs_only;
	expect(c, "comm,write_bytes,io_wr_bytes,charged_wr_bytes\nt100,8192,,\n");
}

/* No hook of it was live: nothing is known, whatever the features are. */
static void test_no_hook(void **state)
{
	static struct meta_hook hooks[] = {{.name = "sched_switch", .live = true},
					   {.name = "accounts", .feature = "fs", .needed = "fs"}};
	static const struct meta meta = {.version = "1.1.0",
					 .hostname = "host",
					 .features = "sched,io,fs",
					 .hooks = hooks,
					 .nhooks = 2};
	struct report_case c = CSV(feed_writeback, "comm,write_bytes,io_wr_bytes");
	struct synth s = {0};
	char *text;

	(void)state;
	c.meta = &meta;
	expect(c, "comm,write_bytes,io_wr_bytes\n");
	stream(&s);
	c.opt.format = ROWS_TABLE;
	c.opt.fields = NULL;
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(
		strstr(text, "\nno data  -g fs: nothing that it needs could be recorded\n"));
	assert_non_null(strstr(text, "\n(not recorded)\n"));
	free(text);
	hooks[1].live = true;
	c.opt.format = ROWS_CSV;
	c.opt.fields = "comm,write_bytes";
	c.opt.top = 1;
	expect(c, "comm,write_bytes\nt100,8192\n");
	synth_free(&s);
}

static void feed_large(struct report *r)
{
	feed_writeback(r);
	ACCT(200, .rchar = 123456789012, .wchar = 123456789012, .syscr = 123456789,
	     .syscw = 123456789, .read_bytes = 12345678901, .write_bytes = 123456789012,
	     .cancelled_write_bytes = 12345);
	request(r, 300, IO_READ, 123456789012, 70, 0);
}

static void test_table(void **state)
{
	struct report_case c = {.groups = "fs", .meta = &full_meta, .feed = feed_large};
	struct synth s = {0};
	char *text, *at;

	(void)state;
	stream(&s);
	for (int by = BY_PROCESS; by <= BY_USER; by++) {
		c.opt.by = (enum subject_by)by;
		text = report_text(&s, &c);
		assert_non_null(text);
		assert_non_null(strstr(text, "\ndirtied: in memory, by whom; submitted: "));
		assert_non_null(strstr(text, "estimate"));
		at = strstr(text, "CHRG WR");
		assert_true((at != NULL) == (by == BY_CGROUP));
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
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_writeback),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_gone),
		cmocka_unit_test(test_memory_not_recorded),
		cmocka_unit_test(test_without_io),
		cmocka_unit_test(test_no_hook),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
