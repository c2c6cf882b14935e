// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The group io: whose requests are whose, what counts as what, and that the sums agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/numbers.h"
#include "report_run.h"

#define DISK  (8u << 20)
#define OTHER (253u << 20 | 1)

#define SLEEPER(t, p) snap(t, p, TS_SLEEP, 0x1, 0, T0 - 1)

#define CSV(how, f, ...)                                                                           \
	((struct report_case){.groups = "io",                                                      \
			      .meta = &full_meta,                                                  \
			      .feed = how,                                                         \
			      .opt = {.format = ROWS_CSV, .fields = f, __VA_ARGS__}})

/* Process 100 with thread 101 (cgroup 70), 200 (cgroup 80), and 300, a kernel thread. */
static void stream(struct synth *s)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200),
				    SLEEPER(300, 300)};

	t[0].info.cgroup_id = t[1].info.cgroup_id = 70;
	t[2].info.cgroup_id = 80;
	t[3].info.cgroup_id = 1;
	t[3].info.flags = TASKF_KTHREAD;
	ev_start(s, T0, 2, t, 4);
	ev_name(s, T0, NAME_CGROUP, 70, "/a");
	ev_name(s, T0, NAME_CGROUP, 80, "/b");
	ev_name(s, T0, NAME_CGROUP, 1, "/");
	ev_name(s, T0, NAME_DEVICE, DISK, "sda");
}

static void expect(struct report_case c, const char *want)
{
	struct synth s = {0};

	stream(&s);
	expect_report(&s, c, want);
	synth_free(&s);
}

/* A request of one task (0: nobody known), queued at 100 us, issued and done so many us later. */
struct simple {
	uint32_t tid, dev, error, requeues, merges;
	uint16_t op, flags;
	uint64_t bytes, queue, device, cgroup_id;
};

static void request(const struct report *r, struct simple x)
{
	const struct task *task = x.tid ? feed_task(r, x.tid) : NULL;
	const struct request_share share = {task, x.bytes, AT(100)};
	const bool absorbed = x.flags & RQF_ABSORBED;
	const struct request rq = {
		.dev = x.dev ? x.dev : DISK,
		.op = x.op,
		.flags = x.flags,
		.error = x.error,
		.bytes = x.bytes,
		.cgroup_id = x.cgroup_id ? x.cgroup_id
			     : task	 ? task->info.cgroup_id
					 : 0,
		.queued_ns = x.flags & (RQF_NO_START | RQF_UNSTARTED) ? 0 : AT(100),
		.issued_ns = x.flags & RQF_NO_ISSUE || absorbed ? 0 : AT(100 + x.queue),
		.done_ns = AT(100 + x.queue + x.device),
		.requeues = x.requeues,
		.merges = x.merges,
		.shares = &share,
		.nshares = 1,
	};

	feed_request(r, &rq);
}

#define RQ(...) request(r, (struct simple){__VA_ARGS__})

static void feed_classes(struct report *r)
{
	RQ(.tid = 100, .op = IO_READ, .bytes = 4096, .queue = 1, .device = 10);
	RQ(.tid = 101, .op = IO_READ, .bytes = 8192, .queue = 3, .device = 30);
	RQ(.tid = 100, .op = IO_WRITE, .bytes = 512, .queue = 2, .device = 20, .error = 5);
	RQ(.tid = 100, .op = IO_WRITE_ZEROES, .bytes = 1024, .queue = 2, .device = 20);
	RQ(.tid = 100, .op = IO_SECURE_ERASE, .bytes = 2048, .queue = 2, .device = 20);
	RQ(.tid = 200, .op = IO_DISCARD, .bytes = 65536, .queue = 5, .device = 50, .requeues = 2);
	RQ(.dev = OTHER, .op = IO_FLUSH, .device = 70, .flags = RQF_UNSTARTED | RQF_NO_START);
	RQ(.dev = OTHER, .op = IO_OTHER, .device = 5, .flags = RQF_UNSTARTED | RQF_NO_START);
}

/* As the kernel's counters have them: zeroes and secure erases are writes, discards are not. */
static void test_classes(void **state)
{
	const char *fields = "pid,comm,rd_ios,wr_ios,rd_bytes,wr_bytes,bytes,discards,"
			     "discard_bytes,flushes,internal,errors,requeues";

	(void)state;
	expect(CSV(feed_classes, fields),
	       "pid,comm,rd_ios,wr_ios,rd_bytes,wr_bytes,bytes,discards,discard_bytes,flushes,"
	       "internal,errors,requeues\n"
	       "100,t100,2,3,12288,3584,15872,0,0,0,0,1,0\n"
	       "200,t200,0,0,0,0,65536,1,65536,0,0,0,2\n"
	       ",?,0,0,0,0,0,0,0,1,1,0,0\n");
	expect(CSV(feed_classes, "dev,rd_ios,wr_ios,rd_bytes,wr_bytes,discards,flushes,internal",
		   .by = BY_DEVICE),
	       "dev,rd_ios,wr_ios,rd_bytes,wr_bytes,discards,flushes,internal\n"
	       "sda,2,3,12288,3584,1,0,0\n"
	       "253:1,0,0,0,0,0,1,1\n");
	expect(CSV(feed_classes, "tid,rd_ios,wr_ios,rd_bytes", .by = BY_THREAD, .sort = "tid:asc"),
	       "tid,rd_ios,wr_ios,rd_bytes\n"
	       "100,1,3,4096\n101,1,0,8192\n200,0,0,0\n,0,0,0\n");
	expect(CSV(feed_classes, "comm,flushes,flush_mean_ns,flush_max_ns,dev_count",
		   .sort = "flushes", .top = 1),
	       "comm,flushes,flush_mean_ns,flush_max_ns,dev_count\n?,1,70000,70000,0\n");
}

static void test_rates(void **state)
{
	struct report_case c = CSV(feed_classes, "pid,iops,rd_bytes_per_s,wr_bytes_per_s",
				   .top = 2);

	(void)state;
	c.end = AT(500000);
	expect(c, "pid,iops,rd_bytes_per_s,wr_bytes_per_s\n100,10,24576,7168\n200,2,0,0\n");
}

static void feed_delays(struct report *r)
{
	RQ(.tid = 100, .op = IO_READ, .bytes = 1, .queue = 4, .device = 40);
	RQ(.tid = 100, .op = IO_READ, .bytes = 1, .queue = 1, .device = 90);
	RQ(.tid = 100, .op = IO_READ, .bytes = 1, .queue = 9, .device = 20, .flags = RQF_BEFORE);
	/* none of these has a latency that is known */
	RQ(.tid = 100, .op = IO_READ, .bytes = 1, .queue = 700, .device = 900, .flags = RQF_GAP);
	RQ(.tid = 100, .op = IO_READ, .bytes = 1, .device = 900, .flags = RQF_NO_ISSUE);
	RQ(.tid = 100, .op = IO_READ, .bytes = 9, .device = 900, .flags = RQF_OPEN);
	RQ(.tid = 100, .op = IO_READ, .bytes = 9, .device = 900, .flags = RQF_NO_END);
	/* only the first half is not */
	RQ(.op = IO_READ, .bytes = 1, .device = 60, .flags = RQF_NO_START);
}

static void test_delays(void **state)
{
	(void)state;
	expect(CSV(feed_delays,
		   "comm,rd_ios,queue_count,queue_min_ns,queue_mean_ns,queue_p50_ns,queue_p99_ns,"
		   "queue_max_ns,queue_max_at_ns,left_out"),
	       "comm,rd_ios,queue_count,queue_min_ns,queue_mean_ns,queue_p50_ns,queue_p99_ns,"
	       "queue_max_ns,queue_max_at_ns,left_out\n"
	       "t100,5,3,1000,4666,4000,9000,9000,109000,1\n"
	       "?,1,0,,,,,,,0\n");
	expect(CSV(feed_delays, "comm,dev_count,dev_min_ns,dev_mean_ns,dev_p50_ns,dev_p90_ns,"
				"dev_p99_ns,dev_p999_ns,dev_max_ns,dev_max_at_ns,unknown,no_end"),
	       "comm,dev_count,dev_min_ns,dev_mean_ns,dev_p50_ns,dev_p90_ns,dev_p99_ns,"
	       "dev_p999_ns,dev_max_ns,dev_max_at_ns,unknown,no_end\n"
	       "t100,3,20000,50000,40000,90000,90000,90000,90000,191000,0,1\n"
	       "?,1,60000,60000,60000,60000,60000,60000,60000,160000,1,0\n");
}

static void test_open(void **state)
{
	(void)state;
	expect(CSV(feed_delays, "comm,open,open_oldest_ns,rd_bytes,rd_ios", .top = 1),
	       "comm,open,open_oldest_ns,rd_bytes,rd_ios\nt100,1,9900000,5,5\n");
}

static void feed_shares(struct report *r)
{
	const struct request_share shares[] = {
		{feed_task(r, 100), 4096, AT(100)},
		{feed_task(r, 200), 8192, AT(101)},
		{NULL, 512, 0},
	};
	const struct request_share lost = {feed_task(r, 200), 0, AT(90)};
	struct request rq = {
		.dev = DISK,
		.op = IO_WRITE,
		.bytes = 12800,
		.cgroup_id = 70,
		.queued_ns = AT(100),
		.issued_ns = AT(110),
		.done_ns = AT(150),
		.merges = 2,
		.shares = shares,
		.nshares = 3,
	};

	feed_request(r, &rq);
	/* one that went into it: a merge, not a write */
	rq.flags = RQF_ABSORBED;
	rq.bytes = 0;
	rq.merges = 1;
	rq.shares = &lost;
	rq.nshares = 1;
	feed_request(r, &rq);
}

/* Its number and latency are the maker's, its bytes everybody's own. */
static void test_shares(void **state)
{
	const char *fields = "comm,wr_ios,wr_bytes,wr_merges,dev_count";

	(void)state;
	expect(CSV(feed_shares, fields), "comm,wr_ios,wr_bytes,wr_merges,dev_count\n"
					 "t200,0,8192,1,0\n"
					 "t100,1,4096,2,1\n"
					 "?,0,512,0,0\n");
	expect(CSV(feed_shares, "dev,wr_ios,wr_bytes,wr_merges,dev_count", .by = BY_DEVICE),
	       "dev,wr_ios,wr_bytes,wr_merges,dev_count\nsda,1,12800,3,1\n");
}

static void feed_charged(struct report *r)
{
	RQ(.tid = 300, .op = IO_WRITE, .bytes = 4096, .cgroup_id = 70, .device = 1);
	RQ(.tid = 300, .op = IO_WRITE, .bytes = 1000, .cgroup_id = 90, .device = 1);
	RQ(.tid = 300, .op = IO_WRITE, .bytes = 512, .device = 1);
	RQ(.tid = 100, .op = IO_READ, .bytes = 64, .device = 1);
	RQ(.op = IO_READ, .bytes = 3, .device = 1, .flags = RQF_NO_START);
}

/* By cgroup it is the one that is charged that counts, not that of the kernel thread. */
static void test_cgroup(void **state)
{
	struct report_case c = CSV(feed_charged, "cgroup,rd_bytes,wr_bytes,other_cgroup_bytes",
				   .by = BY_CGROUP);

	(void)state;
	expect(c, "cgroup,rd_bytes,wr_bytes,other_cgroup_bytes\n"
		  "/a,64,4096,4096\n"
		  "90,0,1000,1000\n"
		  "/,0,512,0\n"
		  "?,3,0,0\n");
	assert_int_equal(select_add(&c.opt.select, SELECT_CGROUP, false, "/a", NULL), 0);
	expect(c, "cgroup,rd_bytes,wr_bytes,other_cgroup_bytes\n/a,64,4096,4096\n");
	expect(CSV(feed_charged, "comm,wr_bytes,other_cgroup_bytes", .top = 1),
	       "comm,wr_bytes,other_cgroup_bytes\nt300,5608,5096\n");
}

/* What nobody is known for is in no report about somebody. */
static void test_filter(void **state)
{
	struct report_case c = CSV(feed_shares, "dev,wr_ios,wr_bytes", .by = BY_DEVICE);

	(void)state;
	assert_int_equal(select_add(&c.opt.select, SELECT_PID, false, "200", NULL), 0);
	expect(c, "dev,wr_ios,wr_bytes\nsda,0,8192\n");
	c = CSV(feed_shares, "pid,wr_ios,wr_bytes");
	assert_int_equal(select_add(&c.opt.select, SELECT_PID, true, "200", NULL), 0);
	expect(c, "pid,wr_ios,wr_bytes\n100,1,4096\n,0,512\n");
	c = CSV(feed_charged, "comm,rd_bytes,wr_bytes", .select = {.kthreads = KTHREADS_ONLY});
	expect(c, "comm,rd_bytes,wr_bytes\nt300,0,5608\n");
}

static void io_event(const struct report *r, uint8_t kind, uint32_t tid, uint16_t op,
		     uint64_t sector, uint64_t sectors, uint8_t flags)
{
	const struct io_info io = {.request = 1, .sector = sector, .bytes = 512 * sectors};
	const struct event ev = {.ts = AT(1),
				 .kind = kind,
				 .tid = tid,
				 .value = op == IO_FLUSH ? OTHER : DISK,
				 .aux = op == IO_FLUSH ? IO_READ : op,
				 .flags = flags,
				 .ext = &io};

	feed_event(r, &ev);
}

/* Few or many, each has its number, and keeps it. */
static void test_numbers(void **state)
{
	struct numbers d = {0};

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(numbers_get(&d, i * 0x01000193u), i);
		assert_int_equal(numbers_get(&d, i / 2 * 0x01000193u), i / 2);
	}
	assert_int_equal(d.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(d.keys[i], i * 0x01000193u);
		assert_int_equal(numbers_get(&d, d.keys[i]), i);
	}
	numbers_free(&d);
	/* multiples of what undoes a known factor: they all met in one slot, which takes minutes */
	for (uint64_t i = 0; i < 300000; i++)
		assert_int_equal(numbers_get(&d, i * 0xf1de83e19937733du), i);
	numbers_free(&d);
}

static void feed_sequence(struct report *r)
{
	io_event(r, EV_IO_START, 100, IO_READ, 0, 8, 0); /* the first has nothing before it */
	io_event(r, EV_IO_START, 100, IO_READ, 8, 8, 0); /* yes */
	io_event(r, EV_IO_START, 200, IO_READ, 500, 8, 0);
	io_event(r, EV_IO_START, 100, IO_FLUSH, 500, 8, 0); /* another device, the first there */
	io_event(r, EV_IO_START, 100, IO_DISCARD, 0, 8, 0); /* no reading or writing */
	io_event(r, EV_IO_START, 100, IO_WRITE, 16, 8, 0); /* yes */
	io_event(r, EV_IO_MERGE, 100, IO_WRITE, 24, 8, 0);
	io_event(r, EV_IO_MERGE, 100, IO_WRITE, 8, 8, EVF_IO_FRONT);
	io_event(r, EV_IO_MERGE, 100, IO_WRITE, 90, 8, EVF_IO_ABSORBED);
	io_event(r, EV_IO_START, 100, IO_READ, 32, 8, 0); /* yes: what was merged counts */
	io_event(r, EV_IO_START, 100, IO_READ, 41, 8, 0); /* no */
	io_event(r, EV_IO_START, 101, IO_READ, 0, 0, 0); /* nothing */
}

static void test_sequential(void **state)
{
	(void)state;
	expect(CSV(feed_sequence, "pid,seq_pct", .sort = "pid:asc"), "pid,seq_pct\n100,75\n");
	expect(CSV(feed_sequence, "dev,seq_pct", .by = BY_DEVICE, .sort = "dev"),
	       "dev,seq_pct\n253:1,\nsda,40\n");
}

/* Forty threads of one request each, all gone: the least of them are summed up. */
static void feed_gone(struct report *r)
{
	struct err err = {0};

	for (uint32_t i = 0; i < 40; i++) {
		uint64_t at = AT(1000 + 10 * i);
		uint32_t tid = 1000 + i;
		struct synth s = {0};

		ev_fork(&s, at, 0, 100, 100, tid, 100);
		assert_int_equal(report_apply(r, s.ev, s.n, &err), 0);
		RQ(.tid = tid, .op = IO_READ, .bytes = 4096 + i, .queue = 1, .device = 1 + i);
		ev_exit(&s, at + 2000, 0, tid, 0, false);
		ev_switch(&s, at + 3000, 0, tid, 0x80, 0);
		ev_reap(&s, at + 4000, 0, 100, tid);
		assert_int_equal(report_apply(r, s.ev + 1, s.n - 1, &err), 0);
		synth_free(&s);
	}
}

static void test_folded(void **state)
{
	struct report_case c = CSV(feed_gone,
				   "comm,rd_ios,rd_bytes,dev_count,dev_min_ns,dev_max_ns",
				   .by = BY_THREAD, .sort = "comm:asc,rd_bytes");
	struct report_case all = CSV(feed_gone, "rd_ios,rd_bytes,dev_count,dev_min_ns,dev_max_ns",
				     .by = BY_DEVICE);
	struct synth s = {0};
	uint64_t ios = 0, bytes = 0;
	unsigned n[5];
	char *text;
	int rows = 0;

	(void)state;
	c.keep = 1;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_true(c.gone > 20);
	for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
		char comm[32];

		assert_int_equal(sscanf(line, "%31[^,],%u,%u,%u,%u,%u", comm, &n[0], &n[1], &n[2],
					&n[3], &n[4]),
				 6);
		ios += n[0];
		bytes += n[1];
		assert_int_equal(n[0], n[2]);
		if (!strcmp(comm, "child (gone)")) {
			assert_int_equal(n[0], c.gone);
			assert_int_equal(n[3], 1000);
			assert_int_equal(n[4], 1000 * c.gone); /* those that moved least */
		}
		rows++;
	}
	assert_int_equal(rows, 40 - c.gone + 1);
	assert_int_equal(ios, 40);
	assert_int_equal(bytes, 40 * 4096 + 39 * 40 / 2);
	free(text);
	expect_report(&s, all,
		      "rd_ios,rd_bytes,dev_count,dev_min_ns,dev_max_ns\n"
		      "40,164620,40,1000,40000\n");
	synth_free(&s);
}

static void test_not_recorded(void **state)
{
	static const struct meta fs_only = {
		.version = "1.1.0", .hostname = "host", .features = "sched,fs", .ncpus = 0};
	struct report_case c = {.groups = "io", .meta = &fs_only};
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, "\nno data  -g io: recorded without io (record --with io)\n"));
	assert_non_null(strstr(text, "\n(not recorded)\n"));
	free(text);
	c.opt.format = ROWS_JSON;
	text = report_text(&s, &c);
	assert_non_null(strstr(text, "\"not_recorded\": [\"io\"]"));
	assert_non_null(strstr(text, "\"rows\": [\n]}"));
	free(text);
	c.meta = NULL; /* a trace of version 1.0 */
	text = report_text(&s, &c);
	assert_non_null(strstr(text, "\"not_recorded\": [\"io\"]"));
	free(text);
	synth_free(&s);
}

static void test_refused(void **state)
{
	struct report_case c = {.groups = "cpu", .opt = {.by = BY_DEVICE}};
	struct synth s = {0};
	struct err err = {0};

	(void)state;
	stream(&s);
	expect_refusal(&s, c,
		       "cpu cannot be by device; it can be by process, thread, comm, cgroup, user, "
		       "cpu");
	c = (struct report_case){.groups = "io", .opt = {.by = BY_CONNECTION}};
	expect_refusal(&s, c,
		       "io cannot be by connection; it can be by process, thread, comm, cgroup, "
		       "user, device");
	c = (struct report_case){.groups = "idle,fs", .opt = {.by = BY_CPU}};
	expect_refusal(&s, c, "fs cannot be by cpu; it can be by process, ");
	c = (struct report_case){.groups = "cpu,io"};
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "0", &err), 0);
	expect_refusal(&s, c, "-C: what io tells of is not of one CPU");
	synth_free(&s);
}

/* By device without a group there is only one that is meant. */
static void test_default_group(void **state)
{
	struct report_case c = CSV(feed_shares, "group,dev,wr_ios", .by = BY_DEVICE);

	(void)state;
	c.groups = NULL;
	expect(c, "group,dev,wr_ios\nio,sda,1\n");
}

static void test_table(void **state)
{
	struct report_case c = {.groups = "io", .meta = &full_meta, .feed = feed_classes};
	struct synth s = {0};
	char *text, *at;

	(void)state;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	at = strstr(text, "\nio by process: ");
	assert_non_null(at);
	assert_string_equal(
		strchr(at + 1, '\n'),
		"\n"
		"PID COMM USER READS WRITES    READ WRITTEN   Q P99 DEV P50 DEV P99 DEV MAX %SEQ "
		"ERRORS DISCARDS\n"
		"100 t100 0        2      3 12.3 kB 3.58 kB 3.00 us 20.0 us 30.0 us 30.0 us    -"
		"      1        0\n"
		"200 t200 0        0      0    0 B     0 B  5.00 us 50.0 us 50.0 us 50.0 us    -"
		"      0        1\n"
		"1 process with nothing here; --zero shows them\n");
	free(text);
	synth_free(&s);
}

/* A request that was lost on the way does not go unseen. */
static void test_lost_end(void **state)
{
	struct report_case c = {.groups = "io", .meta = &full_meta, .feed = feed_delays};
	const char *want = "\n1 request whose end was not seen: in no figure but no_end\n";
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	for (int i = 0; i < 2; i++) {
		c.opt.by = i ? BY_DEVICE : BY_PROCESS;
		text = report_text(&s, &c);
		assert_non_null(strstr(text, want));
		free(text);
	}
	c.feed = feed_shares;
	text = report_text(&s, &c);
	assert_null(strstr(text, "not seen"));
	free(text);
	synth_free(&s);
}

static void feed_many(struct report *r)
{
	for (unsigned i = 0; i < 12345; i++) {
		RQ(.tid = 200, .op = i % 2, .bytes = 1234567890, .queue = 123456, .device = 234567,
		   .error = 5);
		RQ(.tid = 200, .op = IO_DISCARD, .bytes = 1);
		RQ(.tid = 200, .op = IO_READ, .bytes = 1, .flags = RQF_OPEN);
	}
	feed_sequence(r);
}

/* Large numbers and long names: still not wider than a screen. */
static void test_table_width(void **state)
{
	struct report_case c = {.groups = "io", .meta = &full_meta, .feed = feed_many};
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	ev_rename(&s, T0, 0, 200, "a-name-of-15-by");
	ev_name(&s, T0, NAME_USER, 0, "a-user-with-a-name");
	text = report_text(&s, &c);
	assert_non_null(strstr(text, "a-name"));
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_in_range(end - line, 0, 100);
	}
	free(text);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),	      cmocka_unit_test(test_rates),
		cmocka_unit_test(test_delays),	      cmocka_unit_test(test_open),
		cmocka_unit_test(test_shares),	      cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_filter),	      cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_numbers),	      cmocka_unit_test(test_folded),
		cmocka_unit_test(test_not_recorded),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_default_group), cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_width),   cmocka_unit_test(test_lost_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
