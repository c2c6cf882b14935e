// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Which tasks a report is about: filters, the focus on a command; and what it refuses. */
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

/* Processes 100 (threads 100, 101; user 7, cgroup 70), 200 (user 8, /a/b), kthread 300. */
static void start_five(struct synth *s)
{
	struct task_snapshot t[] = {SLEEPER(100, 100), SLEEPER(101, 100), SLEEPER(200, 200),
				    SLEEPER(300, 300)};

	t[0].info.uid = t[1].info.uid = 7;
	t[0].info.cgroup_id = t[1].info.cgroup_id = 70;
	t[2].info.uid = 8;
	t[2].info.cgroup_id = 80;
	t[3].info.flags = TASKF_KTHREAD;
	ev_start(s, T0, 2, t, 4);
	ev_name(s, T0, NAME_USER, 7, "seven");
	ev_name(s, T0, NAME_CGROUP, 70, "/a");
	ev_name(s, T0, NAME_CGROUP, 80, "/a/b");
}

static void expect_tids(struct select select, const char *want)
{
	struct report_case c = {
		.opt = {.format = ROWS_CSV, .by = BY_THREAD, .fields = "tid", .sort = "tid:asc"},
	};
	char text[200] = "tid\n";
	struct synth s = {0};

	for (size_t i = 0; want[i]; i++)
		text[4 + i] = want[i] == ' ' ? '\n' : want[i];
	c.opt.select = select;
	start_five(&s);
	expect_report(&s, c, text);
	synth_free(&s);
}

static struct select pick(enum select_kind kind, bool negative, const char *text)
{
	struct select select = {0};

	assert_int_equal(select_add(&select, kind, negative, text, NULL), 0);
	return select;
}

static void test_filters(void **state)
{
	struct select both;

	(void)state;
	expect_tids((struct select){0}, "100 101 200 300 ");
	expect_tids(pick(SELECT_PID, false, "100"), "100 101 ");
	expect_tids(pick(SELECT_PID, false, "100,200"), "100 101 200 ");
	expect_tids(pick(SELECT_PID, true, "100"), "200 300 ");
	expect_tids(pick(SELECT_TID, false, "101"), "101 ");
	expect_tids(pick(SELECT_TID, true, "101,300"), "100 200 ");
	expect_tids(pick(SELECT_COMM, false, "t10*"), "100 101 ");
	expect_tids(pick(SELECT_COMM, true, "t?00"), "101 ");
	expect_tids(pick(SELECT_USER, false, "seven"), "100 101 ");
	expect_tids(pick(SELECT_USER, false, "8"), "200 ");
	expect_tids(pick(SELECT_USER, true, "seven"), "200 300 ");
	expect_tids(pick(SELECT_CGROUP, false, "/a"), "100 101 200 "); /* and below */
	expect_tids(pick(SELECT_CGROUP, false, "a/b/"), "200 ");
	expect_tids(pick(SELECT_CGROUP, false, "80"), "200 ");
	expect_tids(pick(SELECT_CGROUP, true, "/*/b"), "100 101 300 ");
	both = pick(SELECT_PID, false, "100");
	assert_int_equal(select_add(&both, SELECT_TID, true, "100", NULL), 0);
	expect_tids(both, "101 ");
	expect_tids((struct select){.kthreads = KTHREADS_NO}, "100 101 200 ");
	expect_tids((struct select){.kthreads = KTHREADS_ONLY}, "300 ");
}

static void test_matches_nothing(void **state)
{
	static const struct {
		enum select_kind kind;
		const char *text, *says;
	} cases[] = {
		{SELECT_PID, "999", "PID 999 is not in this part of the trace"},
		{SELECT_TID, "100,999", "TID 999 is not"},
		{SELECT_PID, "101", "PID 101 is not"},
		{SELECT_COMM, "x\n*", "no task here has the comm 'x\\n*'"},
		{SELECT_USER, "nobody", "no task here has the user 'nobody'"},
		{SELECT_CGROUP, "/b", "no task here has the cgroup '/b'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct report_case c = {.opt = {.format = ROWS_CSV}};
		struct synth s = {0};

		c.opt.select = pick(cases[i].kind, false, cases[i].text);
		start_five(&s);
		expect_refusal(&s, c, cases[i].says);
		synth_free(&s);
	}
}

static void test_bad_arguments(void **state)
{
	struct select select = {0};
	struct report_options opt = {0};
	enum subject_by by;
	uint32_t states;
	struct err err = {0};

	(void)state;
	assert_int_equal(select_add(&select, SELECT_PID, false, "-1", &err), -22);
	assert_int_equal(select_add(&select, SELECT_PID, false, "1,", &err), -22);
	assert_int_equal(select_add(&select, SELECT_PID, false, "99999999999", &err), -34);
	assert_int_equal(select_add(&select, SELECT_COMM, false, "", &err), -22);
	assert_int_equal(select_kthreads(&select, "maybe", &err), -22);
	select_free(&select);
	assert_int_equal(report_add_groups(&opt, "cpu,nothing", &err), -22);
	assert_non_null(strstr(err.msg, "'nothing' is not a group: cpu, latency, waking, "));
	assert_non_null(strstr(err.msg, ", machine, schedstat, counters or irq"));
	assert_int_equal(report_add_groups(&opt, "", &err), -22);
	assert_int_equal(subject_by_parse("pid", &by, &err), -22);
	assert_int_equal(states_parse("D,Q", &states, &err), -22);
	assert_int_equal(states_parse("", &states, &err), -22);
	assert_int_equal(states_parse("D,Zl", &states, &err), 0);
	assert_int_equal(states, 1u << TS_DISK | 1u << TS_LEADER_ZOMBIE);
}

static void test_unknown_fields(void **state)
{
	struct synth s = {0};

	(void)state;
	start_five(&s);
	expect_refusal(&s, (struct report_case){.opt = {.fields = "pid,p99_ns"}},
		       "'p99_ns' is not a field; there are: group, pid, comm");
	expect_refusal(&s, (struct report_case){.opt = {.sort = "size"}},
		       "'size' is not a sort key; there are: group, pid");
	/* known to one of the groups is enough */
	free(report_text(&s, &(struct report_case){.groups = "cpu,latency",
						   .opt = {.fields = "pid,p99_ns"}}));
	synth_free(&s);
}

static void test_cpus(void **state)
{
	struct report_case c = {
		.opt = {.format = ROWS_CSV, .by = BY_THREAD, .fields = "tid,oncpu_ns,blocked_ns"}};
	struct synth s = {0};

	(void)state;
	report_scenario(&s);
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "0", NULL), 0);
	expect_report(&s, c,
		      "tid,oncpu_ns,blocked_ns\n400,1200000,8000000\n100,290000,9700000\n"
		      "500,0,10000\n"); /* it was forked there */
	/* and this is all of its life */
	c = (struct report_case){
		.groups = "life",
		.opt = {.format = ROWS_CSV, .fields = "pid,start_ns,end_ns,exit_code,oncpu_ns"}};
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "0", NULL), 0);
	expect_report(&s, c,
		      "pid,start_ns,end_ns,exit_code,oncpu_ns\n100,-999999900,,,290000\n"
		      "400,-999999600,,,1200000\n500,900000,1150000,3,0\n");
	c = (struct report_case){
		.opt = {.format = ROWS_CSV, .by = BY_THREAD, .fields = "tid,oncpu_ns,blocked_ns"}};
	memset(&c.opt.select, 0, sizeof(c.opt.select));
	assert_int_equal(cpulist_parse(&c.opt.select.no_cpus, "0", NULL), 0);
	c.opt.nkinds = 0;
	expect_report(&s, c,
		      "tid,oncpu_ns,blocked_ns\n400,500000,0\n500,220000,0\n"
		      "200,200000,9702000\n300,0,0\n");
	memset(&c.opt.select, 0, sizeof(c.opt.select));
	assert_int_equal(cpulist_parse(&c.opt.select.cpus, "1,3", NULL), 0);
	expect_refusal(&s, c, "there is no CPU 3 in the trace (0-1)");
	synth_free(&s);
}

/* record -- CMD, PID 400 of the scenario: 400 and its child 500. */
static void test_focus(void **state)
{
	struct meta meta = report_meta;
	struct report_case c = {.meta = &meta,
				.opt = {.format = ROWS_CSV, .fields = "pid,oncpu_ns"}};
	struct synth s = {0};

	(void)state;
	meta.child_pid = 400;
	strcpy(meta.child_command, "cmd");
	report_scenario(&s);
	expect_report(&s, c, "pid,oncpu_ns\n400,1700000\n500,220000\n");
	c.opt.nkinds = 0;
	c.opt.all = true;
	expect_report(&s, c,
		      "pid,oncpu_ns\n400,1700000\n100,290000\n500,220000\n200,200000\n300,0\n");
	/* naming tasks is another focus */
	c.opt.nkinds = 0;
	c.opt.all = false;
	c.opt.select = pick(SELECT_PID, false, "100");
	expect_report(&s, c, "pid,oncpu_ns\n100,290000\n");
	synth_free(&s);
}

/* Who is in the tree: by forks, by a checkpoint in any order; a PID that is used again is not. */
static void test_focus_tree(void **state)
{
	struct task_snapshot t[] = {SLEEPER(30, 30), SLEEPER(20, 20), SLEEPER(10, 10),
				    SLEEPER(40, 40)};
	struct task_info born = {.tid = 50, .tgid = 50, .ppid = 30};
	struct checkpoint ck = {.tasks = t, .ntasks = 4};
	struct event fork = {.ts = 5, .kind = EV_FORK, .tid = 50, .ext = &born};
	struct focus *f;

	(void)state;
	t[0].info.ppid = 20;
	t[1].info.ppid = 10;
	assert_int_equal(focus_new(&f, 10, false, NULL), 0);
	focus_event(f, &(struct event){.kind = EV_CHECKPOINT, .ext = &ck});
	assert_true(focus_has(f, 10) && focus_has(f, 20) && focus_has(f, 30));
	assert_false(focus_has(f, 40));
	focus_event(f, &fork);
	focus_event(f, &fork); /* as when what is before a window is read first */
	assert_true(focus_has(f, 50));
	assert_int_equal(focus_processes(f), 4);
	born.ppid = 40;
	focus_event(f, &fork);
	assert_false(focus_has(f, 50));
	assert_false(focus_has(f, UINT32_MAX));
	focus_free(f);
}

/*
 * The checkpoint says who is in, parents or not: 30 is in though its parent is gone, 40 is another
 * one than before. A thread's TID that was a process's is no process's any more.
 */
static void test_focus_told(void **state)
{
	struct task_snapshot t[] = {SLEEPER(30, 30), SLEEPER(40, 40), SLEEPER(10, 10),
				    SLEEPER(60, 30)};
	struct task_info born = {.tid = 50, .tgid = 50, .ppid = 30},
			 thread = {.tid = 50, .tgid = 40};
	struct checkpoint ck = {.tasks = t, .ntasks = 4};
	const struct event start = {.kind = EV_CHECKPOINT, .ext = &ck};
	struct task_snapshot word = {.info = {.tid = 70, .tgid = 70, .ppid = 40}};
	struct focus *f;

	(void)state;
	t[0].info.ppid = 1;
	t[0].flags = t[1].flags = t[2].flags = SNAPF_TREE;
	t[1].info.ppid = 10;
	assert_int_equal(focus_new(&f, 10, true, NULL), 0);
	focus_event(f, &start);
	assert_true(focus_has(f, 10) && focus_has(f, 30) && focus_has(f, 40));
	assert_int_equal(focus_processes(f), 3);
	t[1].flags = 0;
	focus_event(f, &start);
	assert_false(focus_has(f, 40));
	focus_event(f, &(struct event){.ts = 5, .kind = EV_FORK, .tid = 50, .ext = &born});
	assert_true(focus_has(f, 50));
	assert_int_equal(focus_processes(f), 4);
	focus_event(f, &(struct event){.ts = 6, .kind = EV_FORK, .tid = 50, .ext = &thread});
	assert_false(focus_has(f, 50));
	/* with CLONE_PARENT: its forker is in, its parent is not */
	born.ppid = 1;
	focus_event(f,
		    &(struct event){.ts = 7, .kind = EV_FORK, .tid = 50, .peer = 30, .ext = &born});
	assert_true(focus_has(f, 50));
	/* the kernel's word of one whose fork is not in the trace */
	focus_event(f, &(struct event){.kind = EV_TASK, .tid = 70, .ext = &word});
	assert_false(focus_has(f, 70));
	word.info.ppid = 10;
	focus_event(f, &(struct event){.kind = EV_TASK, .tid = 70, .ext = &word});
	assert_true(focus_has(f, 70));
	focus_free(f);
}

/* A process below the next one, down to the root, which comes last; and two that go round. */
static void test_focus_chain(void **state)
{
	const uint32_t n = 400000;
	struct task_snapshot *t = calloc(n + 2, sizeof(*t));
	struct checkpoint ck = {.tasks = t, .ntasks = n + 2};
	const struct event ev = {.kind = EV_CHECKPOINT, .ext = &ck};
	struct focus *f;

	(void)state;
	assert_non_null(t);
	for (uint32_t i = 0; i < n; i++)
		t[i].info = (struct task_info){.tid = n - i, .tgid = n - i, .ppid = n - i - 1};
	t[n].info = (struct task_info){.tid = n + 1, .tgid = n + 1, .ppid = n + 2};
	t[n + 1].info = (struct task_info){.tid = n + 2, .tgid = n + 2, .ppid = n + 1};
	assert_int_equal(focus_new(&f, 10, false, NULL), 0);
	focus_event(f, &ev);
	assert_int_equal(focus_processes(f), n - 9);
	assert_true(focus_has(f, 10) && focus_has(f, 11) && focus_has(f, n));
	assert_false(focus_has(f, 9) || focus_has(f, n + 1) || focus_has(f, n + 2));
	/* once more, and one of the others has come in */
	t[n].info.ppid = 20;
	focus_event(f, &ev);
	assert_int_equal(focus_processes(f), n - 7);
	assert_true(focus_has(f, n + 1) && focus_has(f, n + 2));
	focus_free(f);
	free(t);
}

/*
 * Times in us: 10 forks 20 at 100, which runs from 110 to 510, as "alpha" from 200 on, "beta" from
 * 300 on, "gamma" from 400 on, and exits with 3; 30 sleeps, in /a until 600, in /b from then on.
 */
static void start_renamed(struct synth *s)
{
	struct task_snapshot t[] = {snap(10, 10, TS_RUN, 0, 0, T0 - 1), SLEEPER(30, 30)};

	t[1].info.cgroup_id = 70;
	ev_start(s, T0, 2, t, 2);
	ev_name(s, T0, NAME_CGROUP, 70, "/a");
	ev_name(s, T0, NAME_CGROUP, 80, "/b");
	ev_fork(s, AT(100), 0, 10, 10, 20, 20);
	ev_wakeup_new(s, AT(101), 0, 10, 20, 0);
	ev_switch(s, AT(110), 0, 10, 1, 20);
	ev_rename(s, AT(200), 0, 20, "alpha");
	ev_rename(s, AT(300), 0, 20, "beta");
	ev_rename(s, AT(400), 0, 20, "gamma");
	ev_exit(s, AT(500), 0, 20, 3 << 8, true);
	ev_wakeup(s, AT(505), 0, 20, 10, 0);
	ev_switch(s, AT(510), 0, 20, 0x80, 10);
	ev_cgroup(s, AT(600), 0, 30, 80, false);
}

static struct report_case renamed(const char *groups, const char *fields, const char *comm)
{
	struct report_case c = {
		.groups = groups,
		.opt = {.format = ROWS_CSV, .fields = fields, .states = 1u << TS_RUN},
	};

	c.opt.select = pick(SELECT_COMM, false, comm);
	return c;
}

/*
 * One that matches for a part of the window: life has all of it, and its time on a CPU is, in every
 * group, that of the part.
 */
static void test_renamed(void **state)
{
	static const struct {
		const char *comm, *ns, *whole;
	} parts[] = {
		{"child", "90000", "0"},  {"alpha", "100000", "0"}, {"beta", "100000", "0"},
		{"gamma", "110000", "1"}, {"*a", "310000", "1"},
	};
	struct report_case c;
	struct synth s = {0};
	char want[300];

	(void)state;
	start_renamed(&s);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *fields = "pid,comm,start_ns,end_ns,dur_ns,oncpu_ns,exit_code";

		snprintf(want, sizeof(want), "%s\n20,gamma,100000,510000,410000,%s,3\n", fields,
			 parts[i].ns);
		for (int by = BY_PROCESS; by <= BY_COMM; by++) {
			c = renamed("life", fields, parts[i].comm);
			c.opt.by = (enum subject_by)by;
			expect_report(&s, c, want);
		}
	}
	for (size_t i = 0; i < 4; i++) {
		const char *ns = parts[i].ns, *fields = "comm,state,count,total_ns,max_ns,open";

		snprintf(want, sizeof(want), "comm,oncpu_ns\n%s,%s\n", parts[i].comm, ns);
		c = renamed("cpu", "comm,oncpu_ns", parts[i].comm);
		c.opt.by = BY_COMM;
		expect_report(&s, c, want);
		snprintf(want, sizeof(want), "%s\n%s,R,%s,%s,%s,0\n", fields, parts[i].comm,
			 parts[i].whole, ns, ns);
		c = renamed("totals", fields, parts[i].comm);
		expect_report(&s, c, want);
		c = renamed("totals", fields, parts[i].comm);
		c.opt.by = BY_COMM;
		expect_report(&s, c, want);
	}
	/* where neither rows nor filters tell the parts apart, it is one stretch */
	c = (struct report_case){.groups = "totals",
				 .opt = {.format = ROWS_CSV,
					 .fields = "pid,count,total_ns,max_ns",
					 .sort = "pid:asc",
					 .states = 1u << TS_RUN}};
	expect_report(&s, c,
		      "pid,count,total_ns,max_ns\n10,2,9600000,9490000\n20,1,400000,400000\n");
	synth_free(&s);
}

/* Of the window, that is: what it was before does not count, what it becomes after neither. */
static void test_renamed_window(void **state)
{
	const char *fields = "pid,comm,end_ns,oncpu_ns";
	struct report_case c;
	struct synth s = {0};

	(void)state;
	start_renamed(&s);
	c = renamed("life", fields, "alpha");
	c.from = AT(350);
	expect_refusal(&s, c, "no task here has the comm 'alpha'");
	c = renamed("life", fields, "gamma");
	c.to = AT(350);
	expect_refusal(&s, c, "no task here has the comm 'gamma'");
	c = renamed("life", fields, "beta");
	c.from = AT(250);
	c.to = AT(450);
	expect_report(&s, c, "pid,comm,end_ns,oncpu_ns\n20,gamma,,100000\n");
	synth_free(&s);
}

/* It need not run to be moved. */
static void test_moved(void **state)
{
	static const char *const cgroups[] = {"/a", "/b"};
	struct synth s = {0};

	(void)state;
	start_renamed(&s);
	for (size_t i = 0; i < 2; i++) {
		struct report_case c = renamed("life", "pid,cgroup,oncpu_ns", "t30");

		assert_int_equal(select_add(&c.opt.select, SELECT_CGROUP, false, cgroups[i], NULL),
				 0);
		expect_report(&s, c, "pid,cgroup,oncpu_ns\n30,/b,0\n");
	}
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),	       cmocka_unit_test(test_matches_nothing),
		cmocka_unit_test(test_bad_arguments),  cmocka_unit_test(test_unknown_fields),
		cmocka_unit_test(test_cpus),	       cmocka_unit_test(test_focus),
		cmocka_unit_test(test_focus_tree),     cmocka_unit_test(test_focus_told),
		cmocka_unit_test(test_focus_chain),    cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_renamed_window), cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
