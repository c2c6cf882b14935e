// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What moves adds up: a stream of requests, accounts and traffic in no particular order, some of it
 * nobody's, has the same sums by process, thread, comm, cgroup, user, device and connection, and over
 * the windows that it is cut into. The sums are those that were put in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "flow_events.h"
#include "report_run.h"

#define SLEEPER(t, p) snap(t, p, TS_SLEEP, 0x1, 0, T0 - 1)
#define STEPS	      3000
#define REQUESTS      16
#define SUMS	      8

static const uint32_t tids[] = {100, 101, 200, 300, 999}; /* 999 is nobody */

struct totals {
	uint64_t rd_ios, rd_bytes, wr_ios, wr_bytes;
	uint64_t rchar, wchar;
	uint64_t tx, rx;
};

static uint32_t seed;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

struct open {
	uint64_t sector, bytes;
	uint32_t dev;
	uint16_t op;
	bool used;
};

static void io_step(struct synth *s, uint64_t ts, struct open *open, struct totals *sum)
{
	uint32_t i = pick(REQUESTS);
	struct open *o = &open[i];
	uint8_t kind = o->used ? EV_IO_DONE : EV_IO_START;
	struct event *ev;

	if (!o->used)
		*o = (struct open){.sector = 1000 * pick(1000),
				   .bytes = 512 * (1 + pick(64)),
				   .dev = pick(2) ? DEV : DEV + 16,
				   .op = pick(2) ? IO_READ : IO_WRITE};
	ev = ev_io(s, ts, kind, kind == EV_IO_START ? tids[pick(5)] : 0, 1 + i, o->sector,
		   o->bytes);
	ev->value = o->dev;
	ev->aux = o->op;
	if (kind == EV_IO_DONE && o->op == IO_READ) {
		sum->rd_ios++;
		sum->rd_bytes += o->bytes;
	} else if (kind == EV_IO_DONE) {
		sum->wr_ios++;
		sum->wr_bytes += o->bytes;
	}
	o->used = !o->used;
}

/* Counters of threads 100, 101, 200 and 300 start at the fork of nobody: the first only sets them. */
static void make(struct synth *s, struct totals *sum)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200),
				    SLEEPER(300, 300)};
	struct open open[REQUESTS] = {{0}};
	struct acct_info acct[4] = {{0}};

	seed = 7;
	*sum = (struct totals){0};
	for (unsigned i = 0; i < 4; i++) {
		t[i].info.cgroup_id = 70 + i / 2;
		t[i].info.uid = i / 3;
	}
	ev_start(s, T0, 2, t, 4);
	for (unsigned i = 0; i < 4; i++)
		ev_acct(s, T0, tids[i], acct[i]);
	for (unsigned i = 0; i < 6; i++)
		ev_socket(s, T0, 0, i % 2 ? tcp_socket(50 + i, 1) : udp_socket(50 + i));
	for (uint32_t i = 1; i < STEPS; i++) {
		uint64_t ts = AT(3 * i), n = 1 + pick(5000);
		uint32_t who = pick(4);

		switch (pick(4)) {
		case 0:
			acct[who].rchar += n;
			acct[who].wchar += 2 * n;
			acct[who].rss_bytes = n;
			sum->rchar += n;
			sum->wchar += 2 * n;
			ev_acct(s, ts, tids[who], acct[who]);
			break;
		case 1:
			sum->tx += n;
			sum->rx += n / 2;
			/* two of the eight were never described */
			ev_net(s, ts, tids[pick(5)], 50 + pick(8), n, n / 2);
			break;
		default: io_step(s, ts, open, sum); break;
		}
	}
}

/* Adds up the columns of a CSV. */
static void add_up(const struct synth *s, const char *group, const char *fields, enum subject_by by,
		   uint64_t from, uint64_t to, uint64_t sums[SUMS])
{
	struct report_case c = {
		.groups = group,
		.meta = &full_meta,
		.from = from,
		.to = to,
		.opt = {.format = ROWS_CSV, .by = by, .fields = fields},
	};
	char *text = report_text(s, &c), *line;

	if (!text)
		fail_msg("%s", c.err.msg);
	line = strchr(text, '\n') + 1;
	while (*line) {
		for (unsigned i = 0; *line != '\n'; i++) {
			sums[i] += strtoull(line, &line, 10);
			line += *line == ',';
		}
		line++;
	}
	free(text);
}

#define IO_FIELDS  "rd_ios,rd_bytes,wr_ios,wr_bytes"
#define FS_FIELDS  "rchar,wchar,io_rd_bytes,io_wr_bytes"
#define NET_FIELDS "tx_bytes,rx_bytes"

static void expect_sums(const uint64_t got[SUMS], uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	assert_int_equal(got[0], a);
	assert_int_equal(got[1], b);
	assert_int_equal(got[2], c);
	assert_int_equal(got[3], d);
}

static void test_sums(void **state)
{
	static const enum subject_by bys[] = {BY_PROCESS, BY_THREAD, BY_COMM,
					      BY_CGROUP,  BY_USER,   BY_COUNT};
	struct synth s = {0};
	struct totals t;

	(void)state;
	make(&s, &t);
	assert_true(t.rd_ios > 200 && t.wr_ios > 200 && t.tx && t.rchar);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t io[SUMS] = {0}, fs[SUMS] = {0}, net[SUMS] = {0};
		bool other = bys[i] == BY_COUNT;

		add_up(&s, "io", IO_FIELDS, other ? BY_DEVICE : bys[i], 0, 0, io);
		expect_sums(io, t.rd_ios, t.rd_bytes, t.wr_ios, t.wr_bytes);
		add_up(&s, "net", NET_FIELDS, other ? BY_CONNECTION : bys[i], 0, 0, net);
		expect_sums(net, t.tx, t.rx, 0, 0);
		if (other)
			break;
		add_up(&s, "fs", FS_FIELDS, bys[i], 0, 0, fs);
		expect_sums(fs, t.rchar, t.wchar, t.rd_bytes, t.wr_bytes);
	}
	synth_free(&s);
}

static void test_windows(void **state)
{
	const uint64_t cuts[] = {T0, AT(100), AT(2500), AT(2501), AT(7777), AT(10000)};
	uint64_t io[SUMS] = {0}, dev[SUMS] = {0}, fs[SUMS] = {0}, net[SUMS] = {0}, conn[SUMS] = {0};
	struct synth s = {0};
	struct totals t;

	(void)state;
	make(&s, &t);
	for (unsigned i = 0; i < 5; i++) {
		add_up(&s, "io", IO_FIELDS, BY_PROCESS, cuts[i], cuts[i + 1], io);
		add_up(&s, "io", IO_FIELDS, BY_DEVICE, cuts[i], cuts[i + 1], dev);
		add_up(&s, "fs", FS_FIELDS, BY_THREAD, cuts[i], cuts[i + 1], fs);
		add_up(&s, "net", NET_FIELDS, BY_PROCESS, cuts[i], cuts[i + 1], net);
		add_up(&s, "net", NET_FIELDS, BY_CONNECTION, cuts[i], cuts[i + 1], conn);
	}
	expect_sums(io, t.rd_ios, t.rd_bytes, t.wr_ios, t.wr_bytes);
	expect_sums(dev, t.rd_ios, t.rd_bytes, t.wr_ios, t.wr_bytes);
	expect_sums(fs, t.rchar, t.wchar, t.rd_bytes, t.wr_bytes);
	expect_sums(net, t.tx, t.rx, 0, 0);
	expect_sums(conn, t.tx, t.rx, 0, 0);
	synth_free(&s);
}

/* From events to rows, latencies and the open one included. */
static void test_whole_way(void **state)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(200, 200)};
	struct report_case c = {
		.groups = "io",
		.meta = &full_meta,
		.opt = {.format = ROWS_CSV,
			.fields = "pid,rd_ios,rd_bytes,queue_max_ns,dev_max_ns,seq_pct,errors,open,"
				  "open_oldest_ns",
			.sort = "pid:asc"},
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, T0, 2, t, 2);
	ev_io(&s, AT(10), EV_IO_START, 100, 1, 0, 4096);
	ev_io(&s, AT(11), EV_IO_START, 100, 2, 8, 4096);
	ev_io(&s, AT(20), EV_IO_ISSUE, 0, 2, 8, 4096);
	ev_io(&s, AT(22), EV_IO_ISSUE, 0, 1, 0, 4096);
	ev_io_error(&s, AT(60), 2, 8, 4096, 5);
	ev_io(&s, AT(70), EV_IO_DONE, 0, 1, 0, 4096);
	ev_io(&s, AT(4000), EV_IO_START, 200, 1, 99, 512);
	expect_report(&s, c,
		      "pid,rd_ios,rd_bytes,queue_max_ns,dev_max_ns,seq_pct,errors,open,"
		      "open_oldest_ns\n"
		      "100,2,8192,12000,48000,100,1,0,\n"
		      "200,0,0,,,,0,1,6000000\n");
	synth_free(&s);
}

/* The default group of a trace that has none of it costs nothing and says nothing of it. */
static void test_masks(void **state)
{
	struct report_options opt = {0};
	struct report *r = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(report_new(&r, &opt, &report_meta, T0, T0, UINT64_MAX, 2, &err), 0);
	assert_null(r->views[0]->sink.account);
	assert_null(r->views[0]->sink.task_gone);
	assert_null(r->views[0]->sink.request);
	assert_null(r->views[0]->sink.socket);
	assert_int_equal(r->views[0]->sink.kinds, 1u << EV_MIGRATE);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_whole_way),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
