// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The group offcpu: every nanosecond of a life has one place, by every grouping and in every window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "flow_events.h"
#include "replay/syscalls.h"
#include "report_run.h"
#include "sim.h"

static const struct meta call_meta = {
	.version = "1.1.0",
	.hostname = "host",
	.kernel = "6.1.0",
	.arch = "x86_64",
	.features = "sched,io,net,fs,syscall",
	.start_ns = T0,
	.cpus = report_cpus,
	.ncpus = 2,
};

#define PARTS "runq_ns,disk_ns,net_ns,lock_ns,pipe_ns,poll_ns,sleep_ns,child_ns,other_ns"

static uint16_t call(const char *name)
{
	for (int32_t i = 0; i < 1024; i++)
		if (syscall_name("x86_64", i) && !strcmp(syscall_name("x86_64", i), name))
			return (uint16_t)(i + 1);
	fail_msg("no %s", name);
	return 0;
}

/* -- one place for every nanosecond -- */

/*
 * 10 ms. 100 and its thread 101, 200 with a child, all on CPU 0 one after the other, one reason
 * each ms: what they do is in the table of test_parts().
 */
static void stay(struct synth *s, uint32_t tid, int64_t from, int64_t to, const char *name,
		 uint32_t raw, bool iowait)
{
	ev_switch(s, AT(from), 0, 0, 0, tid);
	ev_switch_in(s, AT(from + 10), 0, tid, raw, 0, call(name), iowait);
	ev_waking(s, AT(to), 0, 0, tid);
	ev_wakeup(s, AT(to), 0, 0, tid, 0);
}

static void stream(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUNNABLE, 0, 0, AT(-5)),
		snap(101, 100, TS_SLEEP, 0x1, 0, AT(-5)),
		snap(200, 200, TS_DISK, 0x2, 1, AT(-5)),
		snap(300, 300, TS_ZOMBIE, 0x20 << 16, 1, AT(-50)),
		snap(7, 7, TS_IDLE, 0x402, 1, AT(-5)),
	};

	t[1].syscall = call("epoll_wait") - 1;
	t[4].info.flags = TASKF_KTHREAD;
	ev_start(s, T0, 2, t, 5);
	ev_socket(s, AT(1), 0, tcp_socket(7, 1));
	stay(s, 100, 100, 1000, "futex", 0x1, false);
	stay(s, 100, 1100, 2000, "read", 0x2, true);
	stay(s, 100, 2100, 3000, "read", 0x1, false);
	stay(s, 100, 3100, 4000, "recvfrom", 0x1, false);
	stay(s, 100, 4100, 5000, "clock_nanosleep", 0x1, false);
	stay(s, 100, 5100, 6000, "wait4", 0x1, false);
	stay(s, 100, 6100, 7000, "ioctl", 0x1, false);
	stay(s, 100, 7100, 8000, "read", 0x1, false);
	ev_switch(s, AT(8100), 0, 0, 0, 100);
	ev_net(s, AT(8150), 100, 7, 0, 10);
	ev_switch_in(s, AT(8200), 0, 100, 0x1, 0, call("poll"), false);
}

static void test_parts(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_report(&s,
		      (struct report_case){.groups = "offcpu",
					   .meta = &call_meta,
					   .opt = {.format = ROWS_CSV,
						   .by = BY_THREAD,
						   .sort = "tid:asc",
						   .fields = "tid,life_ns,oncpu_ns," PARTS
							     ",idle_work_ns,"
							     "zombie_ns,gap_ns,by"}},
		      "tid,life_ns,oncpu_ns," PARTS ",idle_work_ns,zombie_ns,gap_ns,by\n"
		      "7,10000000,0,0,0,0,0,0,0,0,0,10000000,10000000,0,0,state 100%\n"
		      "100,10000000,180000,900000,890000,1780000,890000,890000,1800000,890000,"
		      "890000,890000,0,0,0,\"syscall 80%, iowait 10%, socket 10%\"\n"
		      "101,10000000,0,0,0,0,0,0,10000000,0,0,0,0,0,0,syscall 100%\n"
		      "200,10000000,0,0,0,0,0,0,0,0,0,10000000,0,0,0,state 100%\n"
		      "300,0,0,0,0,0,0,0,0,0,0,0,0,10000000,0,\n");
	synth_free(&s);
}

static void test_table(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_report(
		&s, (struct report_case){.groups = "offcpu", .meta = &call_meta},
		"host     host, Linux 6.1.0 x86_64, 2 CPUs, 2023-11-14 22:13:20 UTC\n"
		"window   all of it, 10.0 ms\n"
		"events   36 (3,600/s), none lost\n"
		"CPUs     0.9 % busy, 99.1 % idle\n"
		"\n"
		"offcpu by process: where the time went: on a CPU, in a run queue, or waiting for "
		"what\n"
		"in % of the lives of its threads, added up\n"
		"waits are told by: state 51%, syscall 44%, iowait 2%, socket 2%\n"
		"PID  COMM  USER     LIFE  CPU  RUNQ  DISK  NET  LOCK  PIPE  POLL  SLEEP  CHILD  "
		"OTHER\n"
		"100  t100  0     20.0 ms  0.9   4.5   4.5  8.9   4.5   4.5  59.0    4.5    4.5    "
		"4.5\n"
		"200  t200  0     10.0 ms  0.0   0.0   0.0  0.0   0.0   0.0   0.0    0.0    0.0  "
		"100.0\n"
		"no room for by; -F chooses\n"
		"2 processes asleep all the time; --zero shows them\n");
	synth_free(&s);
}

/* What the recording lacks is said, and no line is longer than a terminal's. */
static void test_notes(void **state)
{
	static const struct {
		const char *features, *said;
	} cases[] = {
		{"sched,io,net,fs", "recorded without system calls"},
		{"sched,io,fs,syscall", "recorded without net"},
		{"sched,io,net,fs,syscall", NULL},
	};
	struct synth s = {0};

	(void)state;
	stream(&s);
	ev_gap(&s, AT(8300), 0, AT(8400), 5);
	ev_switch(&s, AT(8500), 0, 0, 0, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meta meta = call_meta;
		struct report_case c = {
			.groups = "offcpu",
			.meta = &meta,
			.opt = {.zero = true, .stack = true, .by = BY_THREAD},
		};
		char *text;

		snprintf(meta.features, sizeof(meta.features), "%s", cases[i].features);
		text = report_text(&s, &c);
		assert_non_null(text);
		if (cases[i].said)
			assert_non_null(strstr(text, cases[i].said));
		else
			assert_null(strstr(text, "recorded without"));
		assert_non_null(strstr(text, " GAP"));
		for (const char *line = text; *line; line = strchr(line, '\n') + 1)
			assert_in_range(strcspn(line, "\n"), 0, 100);
		free(text);
	}
	synth_free(&s);
}

/* -- sums -- */

#define COLUMNS 32

struct sums {
	char names[COLUMNS][24];
	uint64_t of[COLUMNS];
	size_t n, rows;
};

static uint64_t sum(const struct sums *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->names[i], name))
			return s->of[i];
	fail_msg("no column %s", name);
	return 0;
}

/* Adds up a CSV of numbers; of every row, the parts are its life. */
static void add_up(char *csv, struct sums *s, bool parts)
{
	char *line, *next = csv;

	memset(s, 0, sizeof(*s));
	for (line = strsep(&next, "\n"); line && *line; line = strsep(&next, "\n")) {
		uint64_t life = 0, rest = 0;
		char *cell;

		for (size_t i = 0; (cell = strsep(&line, ",")); i++) {
			uint64_t v = strtoull(cell, NULL, 10);

			assert_true(i < COLUMNS);
			if (!s->rows) {
				snprintf(s->names[i], sizeof(s->names[i]), "%s", cell);
				s->n = i + 1;
				continue;
			}
			s->of[i] += v;
			if (!strcmp(s->names[i], "life_ns"))
				life = v;
			else if (strcmp(s->names[i], "zombie_ns") != 0)
				rest += v;
		}
		if (parts && s->rows)
			assert_int_equal(life, rest);
		s->rows++;
	}
}

static void run_sums(const struct synth *s, const struct sim *m, const char *group,
		     enum subject_by by, uint64_t from, uint64_t to, uint32_t keep,
		     struct sums *out)
{
	bool off = !strcmp(group, "offcpu");
	struct report_case c = {
		.groups = group,
		.meta = &call_meta,
		.from = from,
		.to = to,
		.end = m->end,
		.keep = keep,
		.opt = {.format = ROWS_CSV,
			.by = by,
			.all = true,
			.fields = off ? "life_ns,oncpu_ns," PARTS ",gap_ns,zombie_ns"
				      : "oncpu_ns,runq_ns,blocked_ns,zombie_ns,gap_ns"},
	};
	char *text = report_text(s, &c);

	if (!text)
		fail_msg("%s", c.err.msg);
	add_up(text, out, off);
	free(text);
}

static void same(const struct sums *a, const struct sums *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->of[i] != b->of[i])
			fail_msg("%s: %lu, not %lu", a->names[i], b->of[i], a->of[i]);
}

/* What the window's end cuts has not been ended yet: a lock that its waker would have told of. */
static void forget_wakers(struct sums *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->names[i], "lock_ns"))
			s->of[i] += sum(s, "other_ns");
	}
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->names[i], "other_ns"))
			s->of[i] = 0;
}

/* Windows cut lives in two: nothing is lost, nothing counts twice. */
static void in_windows(const struct synth *s, const struct sim *m, const struct sums *whole)
{
	uint64_t third = m->start + (m->end - m->start) / 3;
	struct sums a, b, all = *whole;

	run_sums(s, m, "offcpu", BY_THREAD, m->start, third, 0, &a);
	run_sums(s, m, "offcpu", BY_THREAD, third, m->end, 0, &b);
	for (size_t i = 0; i < a.n; i++)
		a.of[i] += b.of[i];
	forget_wakers(&all);
	forget_wakers(&a);
	same(&all, &a);
}

static void check_sums(const struct synth *s, const struct sim *m, struct sums *out)
{
	struct sums other, cpu;

	run_sums(s, m, "offcpu", BY_THREAD, m->start, m->end, 0, out);
	for (enum subject_by by = BY_PROCESS; by < BY_CPU; by++) {
		run_sums(s, m, "offcpu", by, m->start, m->end, 0, &other);
		same(out, &other);
		run_sums(s, m, "offcpu", by, m->start, m->end, 2, &other); /* the gone in one row */
		same(out, &other);
	}
	run_sums(s, m, "cpu", BY_THREAD, m->start, m->end, 0, &cpu);
	assert_int_equal(sum(out, "oncpu_ns"), sum(&cpu, "oncpu_ns"));
	assert_int_equal(sum(out, "runq_ns"), sum(&cpu, "runq_ns"));
	assert_int_equal(sum(out, "zombie_ns"), sum(&cpu, "zombie_ns"));
	assert_int_equal(sum(out, "gap_ns"), sum(&cpu, "gap_ns"));
	assert_int_equal(sum(out, "life_ns"), sum(&cpu, "oncpu_ns") + sum(&cpu, "runq_ns") +
						      sum(&cpu, "blocked_ns") +
						      sum(&cpu, "gap_ns"));
}

/* Sleeps of the model are in system calls, some of them IO wait. */
static void dress(struct synth *s, uint32_t seed)
{
	static const char *const names[] = {"futex",	 "read",  "recvfrom", "poll",
					    "nanosleep", "wait4", "ioctl",    "fsync"};

	for (size_t i = 0; i < s->n; i++) {
		struct event *ev = &s->ev[i];

		if (ev->kind != EV_SWITCH || !ev->value || ev->flags & EVF_PREEMPT)
			continue;
		seed = seed * 1664525 + 1013904223;
		ev->aux = call(names[seed >> 29]);
		if (ev->value & 0x2 && seed >> 20 & 1)
			ev->flags |= EVF_IOWAIT;
	}
}

static void test_sums(void **state)
{
	struct sums sums;

	(void)state;
	for (uint32_t seed = 1; seed <= 12; seed++) {
		struct sim m = {0};
		struct synth lossy = {0};
		uint64_t life = 0, oncpu = 0;

		sim_run(&m, (struct sim_options){.seed = seed,
						 .steps = 1500,
						 .ncpus = 2,
						 .lives = seed & 2,
						 .words = seed & 1,
						 .hides = seed % 5 == 4});
		dress(&m.s, seed);
		check_sums(&m.s, &m, &sums);
		for (size_t i = 0; i < m.nsegs; i++) {
			const struct seg *g = &m.segs[i];
			uint64_t from = g->start > m.start ? g->start : m.start;
			bool dead = g->state == TS_ZOMBIE || g->state == TS_LEADER_ZOMBIE ||
				    g->state == TS_DEAD;

			life += !dead && g->end > from ? g->end - from : 0;
			oncpu += g->state == TS_RUN && g->end > from ? g->end - from : 0;
		}
		if (!m.opt.hides) {
			assert_int_equal(sum(&sums, "life_ns"), life);
			assert_int_equal(sum(&sums, "oncpu_ns"), oncpu);
			/* who runs under a TID that it gets by exec is found out late */
			assert_true(m.opt.lives || !sum(&sums, "gap_ns"));
			assert_true(sum(&sums, "lock_ns") && sum(&sums, "child_ns"));
			if (!m.opt.lives) /* a window does not know who will be reaped */
				in_windows(&m.s, &m, &sums);
		}
		sim_lose(&m, seed, 8, 20, &lossy);
		check_sums(&lossy, &m, &sums);
		assert_true(sum(&sums, "gap_ns") > 0);
		synth_free(&lossy);
		sim_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
