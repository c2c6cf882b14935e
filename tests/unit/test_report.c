// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Every group of the report on a stream by hand; the numbers are worked out in report_run.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report_run.h"

static struct synth scenario;

#define CSV(...)       CSV_OF(NULL, __VA_ARGS__)
#define CSV_OF(g, ...) ((struct report_case){.groups = g, .opt = {.format = ROWS_CSV, __VA_ARGS__}})

static void test_cpu(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV(.by = BY_THREAD,
			  .fields = "group,pid,tid,comm,oncpu_ns,oncpu_pct,machine_pct,runq_ns,"
				    "blocked_ns,dstate_ns,zombie_ns,slices,nvcsw,nivcsw,migrations,"
				    "gap_ns"),
		      "group,pid,tid,comm,oncpu_ns,oncpu_pct,machine_pct,runq_ns,blocked_ns,"
		      "dstate_ns,zombie_ns,slices,nvcsw,nivcsw,migrations,gap_ns\n"
		      "cpu,400,400,t400,1700000,17,8.5,300000,8000000,0,0,3,1,2,1,0\n"
		      "cpu,100,100,t100,290000,2.9,1.45,10000,9700000,0,0,1,1,0,0,0\n"
		      "cpu,500,500,prog,220000,2.2,1.1,20000,10000,0,150000,1,1,0,0,0\n"
		      "cpu,200,200,t200,200000,2,1,98000,9702000,202000,0,1,1,0,0,0\n"
		      "cpu,300,300,t300,0,0,0,0,0,0,10000000,0,0,0,0,0\n");
}

static void test_cpu_window(void **state)
{
	struct report_case c = CSV(.by = BY_THREAD,
				   .fields = "tid,oncpu_ns,runq_ns,blocked_ns,slices,nvcsw,nivcsw");

	(void)state;
	/* cuts 100's slice at both... its start, 400's first wait at its start */
	c.from = AT(350);
	c.to = AT(600);
	expect_report(&scenario, c,
		      "tid,oncpu_ns,runq_ns,blocked_ns,slices,nvcsw,nivcsw\n"
		      "200,150000,0,100000,1,1,0\n"
		      "400,100000,150000,0,1,0,0\n"
		      "100,50000,0,200000,1,1,0\n"
		      "300,0,0,0,0,0,0\n");
}

static void test_by(void **state)
{
	(void)state;
	expect_report(&scenario, CSV(.by = BY_COMM, .fields = "comm,tasks,oncpu_ns", .top = 2),
		      "comm,tasks,oncpu_ns\nt400,1,1700000\nt100,1,290000\n");
	expect_report(&scenario, CSV(.by = BY_USER, .fields = "user,tasks,oncpu_ns"),
		      "user,tasks,oncpu_ns\n0,5,2410000\n");
	expect_report(&scenario, CSV(.by = BY_CPU, .fields = "cpu,oncpu_ns"),
		      "cpu,oncpu_ns\n0,1490000\n1,920000\n");
	expect_report(&scenario, CSV(.fields = "pid,comm,user,tasks,oncpu_ns", .top = 1),
		      "pid,comm,user,tasks,oncpu_ns\n400,t400,0,1,1700000\n");
}

static void test_latency(void **state)
{
	const char *fields = "tid,cause,count,total_ns,mean_ns,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,"
			     "max_at_ns,max_cpu,max_tid,max_ran_tid,max_ran_comm,left_out";

	(void)state;
	expect_report(&scenario,
		      CSV_OF("latency", .by = BY_THREAD, .fields = fields, .sort = "tid:asc"),
		      "tid,cause,count,total_ns,mean_ns,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,"
		      "max_at_ns,max_cpu,max_tid,max_ran_tid,max_ran_comm,left_out\n"
		      "100,wakeup,1,10000,10000,10000,10000,10000,10000,10000,110000,0,100,,,0\n"
		      "200,wakeup,1,98000,98000,98000,98000,98000,98000,98000,300000,1,200,400,"
		      "t400,0\n"
		      "400,preempted,1,200000,200000,200000,200000,200000,200000,200000,500000,1,"
		      "400,200,t200,0\n"
		      "400,yield,1,100000,100000,100000,100000,100000,100000,100000,800000,0,400,,,"
		      "0\n"
		      "500,fork,1,20000,20000,20000,20000,20000,20000,20000,930000,1,500,,,0\n");
	expect_report(&scenario,
		      CSV_OF("latency", .by = BY_THREAD, .no_split = true,
			     .fields = "tid,cause,count,mean_ns,p50_ns,p99_ns,max_ns,max_at_ns",
			     .top = 1),
		      "tid,cause,count,mean_ns,p50_ns,p99_ns,max_ns,max_at_ns\n"
		      "400,,2,150000,100000,200000,200000,500000\n");
}

static void test_waking(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("waking", .by = BY_THREAD, .fields = "tid,count,max_ns,max_at_ns"),
		      "tid,count,max_ns,max_at_ns\n200,1,100000,300000\n100,1,20000,110000\n");
}

static void test_slice(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("slice", .by = BY_THREAD, .sort = "tid:asc,cause",
			     .fields = "tid,cause,count,preempted_pct,mean_ns,max_ns,max_at_ns"),
		      "tid,cause,count,preempted_pct,mean_ns,max_ns,max_at_ns\n"
		      "100,voluntary,1,0,290000,290000,400000\n"
		      "200,voluntary,1,0,200000,200000,500000\n"
		      "400,preempted,2,66.667,260000,320000,300000\n"
		      "400,voluntary,1,66.667,1200000,1200000,2000000\n"
		      "500,voluntary,1,0,220000,220000,1150000\n");
}

static void test_sleep(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("sleep", .by = BY_THREAD,
			     .fields = "tid,state,count,max_ns,max_at_ns,max_waker_tid"),
		      "tid,state,count,max_ns,max_at_ns,max_waker_tid\n"
		      "200,D,1,302000,202000,100\n"
		      "100,S,1,700000,100000,\n");
}

static void test_idle(void **state)
{
	(void)state;
	expect_report(&scenario, CSV_OF("idle", .tree = false),
		      "group,cpu,run_ns,idle_ns,idle_pct,other_ns,gap_ns,count,mean_ns,p50_ns,"
		      "p90_ns,p99_ns,p999_ns,max_ns,max_at_ns,left_out\n"
		      "idle,0,1490000,8510000,85.1,0,0,2,255000,110000,400000,400000,400000,400000,"
		      "800000,1\n"
		      "idle,1,920000,9080000,90.8,0,0,1,230000,230000,230000,230000,230000,230000,"
		      "930000,1\n");
}

static void test_migration(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("migration", .by = BY_THREAD,
			     .fields = "group,tid,count,per_s_p50,per_s_p99,placed,balanced,"
				       "cross_l3,cross_die,cross_node"),
		      "group,tid,count,per_s_p50,per_s_p99,placed,balanced,cross_l3,cross_die,"
		      "cross_node\n"
		      "migration,400,1,100,100,0,1,1,0,1\n");
}

/* 3 moves in the first second, none in the second, 1 in the third, 2 in the fourth. */
static void test_migration_per_second(void **state)
{
	static const uint64_t at[] = {100, 200, 300, 2500, 3100, 3200};
	struct task_snapshot t = snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1);
	struct report_case c = CSV_OF("migration", .fields = "pid,count,per_s_p50,per_s_p99");
	struct synth s = {0};

	(void)state;
	ev_start(&s, T0, 2, &t, 1);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		ev_migrate(&s, AT(at[i] * 1000), 0, 100, i & 1, !(i & 1));
	c.end = AT(4000000);
	expect_report(&s, c, "pid,count,per_s_p50,per_s_p99\n100,6,1,3\n");
	c.end = AT(3000000); /* seconds with 3, 0, 1; what comes after counts in no second */
	c.opt.nkinds = 0;
	expect_report(&s, c, "pid,count,per_s_p50,per_s_p99\n100,4,1,3\n");
	synth_free(&s);
}

static void test_states(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("states", .fields = "group,pid,tid,comm,state,start_ns,end_ns,dur_ns,"
						 "open,reason,waker_tid,waker_comm,reap"),
		      "group,pid,tid,comm,state,start_ns,end_ns,dur_ns,open,reason,waker_tid,"
		      "waker_comm,reap\n"
		      "states,300,300,t300,Z,-50000,10000000,10050000,true,exited with 0,,,\n"
		      "states,200,200,t200,D,-100000,202000,302000,false,vfork,100,t100,\n"
		      "states,500,500,prog,Z,1150000,1300000,150000,false,exited with 3,400,t400,"
		      "exact\n");
	expect_report(&scenario,
		      CSV_OF("states", .fields = "tid,state,dur_ns,open,reason,syscall",
			     .states = 1u << TS_SLEEP, .sort = "tid:asc,start_ns:asc"),
		      "tid,state,dur_ns,open,reason,syscall\n"
		      "100,S,700000,false,,\n"
		      "100,S,9600000,true,read,0\n"
		      "200,S,9500000,true,,\n"
		      "400,S,8000000,true,,\n");
}

/* Who wakes a task that waits in the queue then? It is who has put it there, before. */
static void test_who_ended(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("states", .fields = "tid,state,start_ns,reason,waker_tid,ended_by",
			     .states = 1u << TS_RUN | 1u << TS_RUNNABLE | 1u << TS_SLEEP,
			     .sort = "start_ns:asc", .top = 9),
		      "tid,state,start_ns,reason,waker_tid,ended_by\n"
		      "100,S,-600000,,,idle\n"
		      "400,R,-20000,,,\n"
		      "100,Rq,100000,wakeup,,\n"
		      "100,R,110000,,,\n"
		      "200,Rq,202000,wakeup,,\n"
		      "200,R,300000,,,\n"
		      "400,Rq,300000,preempted,,\n"
		      "100,S,400000,read,,\n"
		      "200,S,500000,,,\n");
}

/* Where the kernel does not tell of interrupts, one may have woken while the CPU was idle. */
static void test_who_is_not_sure(void **state)
{
	struct task_snapshot t[] = {snap(100, 100, TS_SLEEP, 0x1, 0, T0 - 1000),
				    snap(200, 200, TS_SLEEP, 0x1, 1, T0 - 1000)};
	struct synth s = {0};

	(void)state;
	ev_start(&s, T0, 2, t, 2);
	ev_waking(&s, AT(10), 0, 0, 100);
	ev_wakeup(&s, AT(11), 0, 0, 100, 0);
	ev_waking(&s, AT(20), 1, 0, 200)->flags = EVF_CTX_UNKNOWN;
	ev_wakeup(&s, AT(21), 1, 0, 200, 1);
	expect_report(&s,
		      CSV_OF("states", .fields = "tid,end_ns,ended_by", .states = 1u << TS_SLEEP,
			     .sort = "tid:asc"),
		      "tid,end_ns,ended_by\n"
		      "100,11000,idle\n"
		      "200,21000,\n");
	synth_free(&s);
}

static void test_totals(void **state)
{
	(void)state;
	expect_report(&scenario, CSV_OF("totals", .fields = "pid,state,count,total_ns,max_ns,open"),
		      "pid,state,count,total_ns,max_ns,open\n"
		      "300,Z,1,10000000,10000000,1\n"
		      "200,D,1,202000,202000,0\n"
		      "500,Z,1,150000,150000,0\n");
}

static void test_life(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("life",
			     .fields = "pid,comm,start_ns,end_ns,dur_ns,oncpu_ns,ppid,"
				       "exit_code,signal,execs,filename,args",
			     .sort = "execs", .top = 1),
		      "pid,comm,start_ns,end_ns,dur_ns,oncpu_ns,ppid,exit_code,signal,execs,"
		      "filename,args\n"
		      "500,prog,900000,1150000,250000,220000,400,3,,1,/bin/prog,prog -x 'two "
		      "words' 'it'\\\\''s'\n");
}

/* Dead before the window began, or with its end in it but not its EV_EXIT: it does not live. */
static void test_life_dead(void **state)
{
	(void)state;
	expect_report(
		&scenario,
		CSV_OF("life", .fields = "pid,start_ns,end_ns,dur_ns,exit_code", .sort = "pid:asc"),
		"pid,start_ns,end_ns,dur_ns,exit_code\n"
		"100,-999999900,,1009999900,\n"
		"200,-999999800,,1009999800,\n"
		"300,-999999700,-50000,999949700,0\n"
		"400,-999999600,,1009999600,\n"
		"500,900000,1150000,250000,3\n");
	expect_report(&scenario,
		      CSV_OF("life", .fields = "pid,end_ns,exit_code", .sort = "exit_code",
			     .top = 1, .by = BY_THREAD, ),
		      "pid,end_ns,exit_code\n"
		      "500,1150000,3\n");
	for (int by = BY_PROCESS; by <= BY_THREAD; by++)
		for (int us = 1120; us <= 1200; us += 80)
			expect_report(&scenario,
				      (struct report_case){.groups = "life",
							   .from = AT(us),
							   .opt = {.fields = "pid,end_ns,exit_code",
								   .sort = "exit_code",
								   .top = 1,
								   .by = (enum subject_by)by,
								   .format = ROWS_CSV}},
				      "pid,end_ns,exit_code\n"
				      "500,1150000,3\n");
}

static void test_depth(void **state)
{
	(void)state;
	expect_report(
		&scenario,
		CSV_OF("depth", .fields = "cpu,depth_mean,depth_p50,depth_p90,depth_p99,"
					  "depth_p999,depth_max,max_at_ns,busy_pct,queued_pct"),
		"cpu,depth_mean,depth_p50,depth_p90,depth_p99,depth_p999,depth_max,max_at_ns,"
		"busy_pct,queued_pct\n"
		"0,0.155,0,1,1,1,1,100000,15.5,0\n"
		"1,0.128,0,0,2,2,2,202000,9.9,2.98\n");
}

static void test_many_groups(void **state)
{
	(void)state;
	expect_report(&scenario,
		      CSV_OF("idle,cpu", .fields = "group,cpu,pid,idle_ns,oncpu_ns", .top = 1),
		      "group,cpu,idle_ns,pid,oncpu_ns\nidle,0,8510000,,\ncpu,,,400,1700000\n");
}

static int set_up(void **state)
{
	(void)state;
	report_scenario(&scenario);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	synth_free(&scenario);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_cpu_window),
		cmocka_unit_test(test_by),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_waking),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_migration),
		cmocka_unit_test(test_migration_per_second),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_who_ended),
		cmocka_unit_test(test_who_is_not_sure),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_life_dead),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_many_groups),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
