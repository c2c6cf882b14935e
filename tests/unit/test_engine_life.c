// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* From fork to reap: zombies and how their end is known, exec by a thread, TIDs used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "synthetic.h"

#define S      0x1
#define DEAD   0x80
#define ZOMBIE 0xa0
#define GONE   0x90

/* 100 runs on CPU 0; CPU 1 is idle. Times in us, to stay clear of the 10 us around a switch. */
static void start(struct synth *s)
{
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, 900000);

	ev_start(s, 1000000, 2, &t, 1);
}

/* A child (or thread) of 100 that runs on CPU 1 from 1,100,000 to its last switch at 1,200,000. */
static void live(struct synth *s, uint32_t tid, uint32_t tgid, bool last, uint32_t raw)
{
	ev_fork(s, 1050000, 0, 100, 100, tid, tgid);
	ev_wakeup_new(s, 1060000, 0, 100, tid, 1);
	ev_switch(s, 1100000, 1, 0, 0, tid);
	ev_exit(s, 1190000, 1, tid, 256, last);
	ev_switch(s, 1200000, 1, tid, raw, 0);
}

#define LIVED                                                                                      \
	"200 new 1050000-1060000 waker=100\n"                                                      \
	"200 runnable:fork 1060000-1100000 cpu1 waker=100\n"                                       \
	"200 run 1100000-1200000 cpu1 exit\n"
#define PARENT "100 run 900000-2000000 (1000000-2000000) cpu0 open before\n"

static void expect(struct synth *s, const char *want)
{
	expect_run(s, (struct expect){.ncpus = 2, .end = 2000000, .want = want});
	synth_free(s);
}

static void test_reap_exact(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, DEAD);
	ev_reap(&s, 1400000, 0, 100, 200);
	ev_free(&s, 1420000, 0, 200);
	expect(&s, LIVED "200 zombie 1200000-1400000 waker=100 reap=exact\n" PARENT);
}

/* No hook on the reap: the wait that comes when it is a zombie already. */
static void test_reap_by_wait(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, ZOMBIE);
	ev_wait(&s, 1500000, 0, 100, 200);
	ev_free(&s, 1520000, 0, 200);
	expect(&s, LIVED "200 zombie 1200000-1500000 waker=100 reap=wait inferred\n" PARENT);
}

/* Somebody else's wait, or one for another child, is not it. */
static void test_other_waits(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(300, 300, TS_SLEEP, S, 1, 900000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000000, 2, t, 2);
	live(&s, 200, 200, true, ZOMBIE);
	ev_wait(&s, 1400000, 0, 100, 201);
	ev_wakeup(&s, 1450000, 1, 0, 300, 1);
	ev_switch(&s, 1450000, 1, 0, 0, 300);
	ev_wait(&s, 1460000, 1, 300, 200);
	ev_wait(&s, 1460000, 1, 300, 0);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 2,
			   .from = 1500000,
			   .end = 2000000,
			   .want = "100 run 900000-2000000 (1500000-2000000) cpu0 open before\n"
				   "300 run 1450000-2000000 (1500000-2000000) cpu1 open before\n"
				   "200 zombie 1200000-2000000 (1500000-2000000) open before\n"});
	synth_free(&s);
}

/* The parent sleeps inside the wait; the child that exits wakes it; it reaps when it runs again. */
static void test_reap_by_sleeping_parent(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 1050000, 0, 100, 100, 200, 200);
	ev_wakeup_new(&s, 1060000, 0, 100, 200, 1);
	ev_wait(&s, 1070000, 0, 100, 0);
	ev_switch(&s, 1080000, 0, 100, S, 0);
	ev_switch(&s, 1100000, 1, 0, 0, 200);
	ev_exit(&s, 1190000, 1, 200, 0, true);
	ev_wakeup(&s, 1195000, 1, 200, 100, 0);
	ev_switch(&s, 1200000, 1, 200, ZOMBIE, 0);
	ev_switch(&s, 1300000, 0, 0, 0, 100);
	expect(&s, "200 new 1050000-1060000 waker=100\n"
		   "100 run 900000-1080000 (1000000-1080000) cpu0 before\n"
		   "200 runnable:fork 1060000-1100000 cpu1 waker=100\n"
		   "100 sleep 1080000-1195000 cpu0 raw=0x1 waker=200\n"
		   "200 run 1100000-1200000 cpu1 exit\n"
		   "100 runnable:wakeup 1195000-1300000 cpu0 waker=200\n"
		   "200 zombie 1200000-1300000 waker=100 reap=wait inferred\n"
		   "100 run 1300000-2000000 cpu0 open\n");
}

/* ... and it may run before the child's last switch: then the child never is a zombie. */
static void test_reap_before_final_switch(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 1050000, 0, 100, 100, 200, 200);
	ev_wakeup_new(&s, 1060000, 0, 100, 200, 1);
	ev_wait(&s, 1070000, 0, 100, 200);
	ev_switch(&s, 1080000, 0, 100, S, 0);
	ev_switch(&s, 1100000, 1, 0, 0, 200);
	ev_exit(&s, 1190000, 1, 200, 0, true);
	ev_wakeup(&s, 1195000, 1, 200, 100, 0);
	ev_switch(&s, 1196000, 0, 0, 0, 100);
	ev_switch(&s, 1200000, 1, 200, DEAD, 0);
	expect(&s, "200 new 1050000-1060000 waker=100\n"
		   "100 run 900000-1080000 (1000000-1080000) cpu0 before\n"
		   "200 runnable:fork 1060000-1100000 cpu1 waker=100\n"
		   "100 sleep 1080000-1195000 cpu0 raw=0x1 waker=200\n"
		   "100 runnable:wakeup 1195000-1196000 cpu0 waker=200\n"
		   "200 run 1100000-1200000 cpu1 exit\n"
		   "100 run 1196000-2000000 cpu0 open\n");
}

struct reaps {
	struct sink sink;
	uint64_t zombie_end;
	unsigned method, zombies;
};

static void on_zombie(struct sink *s, const struct interval *iv)
{
	struct reaps *r = (struct reaps *)s;

	if (iv->state != TS_ZOMBIE)
		return;
	r->zombies++;
	r->zombie_end = iv->end_ns;
	r->method = iv->reap_method;
}

/* The second of two engines, the first of which had the events before `at`. */
static struct reaps reaps_behind(const struct synth *s, size_t at)
{
	struct reaps r = {.sink = {.interval = on_zombie}};
	struct engine *first, *second;
	struct checkpoint cp;
	struct synth rest = {0};
	struct err err = {0};

	assert_int_equal(engine_new(&first, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_apply(first, s->ev, at, &err), 0);
	assert_int_equal(engine_checkpoint(first, s->ev[at].ts, &cp, &err), 0);
	ev_checkpoint(&rest, &cp);
	for (size_t i = at; i < s->n; i++)
		synth_add(&rest, s->ev[i]);
	assert_int_equal(engine_new(&second, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(second, &r.sink, &err), 0);
	assert_int_equal(engine_apply(second, rest.ev, rest.n, &err), 0);
	engine_free(first);
	engine_free(second);
	synth_free(&rest);
	return r;
}

struct sums {
	struct sink whole, stretch;
	uint64_t ns[2][TS_COUNT], n[2][TS_COUNT], flags[2];
};

static void sum_whole(struct sink *s, const struct interval *iv)
{
	struct sums *sums = (struct sums *)s;

	sums->ns[0][iv->state] += iv->to_ns - iv->from_ns - iv->gap_ns;
	sums->n[0][iv->state]++;
	sums->flags[0] += iv->flags + iv->cpu + iv->task->info.tid;
}

static void sum_stretch(struct sink *s, const struct task *task, enum task_state state, uint64_t ns,
			uint16_t cpu, uint16_t flags)
{
	struct sums *sums = (struct sums *)((char *)s - offsetof(struct sums, stretch));

	sums->ns[1][state] += ns;
	sums->n[1][state]++;
	sums->flags[1] += flags + cpu + task->info.tid;
}

/* Who only adds up is told the same as who wants to know all, whatever the window cuts. */
static void test_stretches_are_intervals(void **state)
{
	static const uint64_t windows[][2] = {
		{0, UINT64_MAX}, {1060000, 1150000}, {1100000, 1200000}, {1250000, 1250000}};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct sums sums = {.whole = {.interval = sum_whole, .parts = true},
				    .stretch.stretch = sum_stretch};
		struct synth s = {0};
		struct engine *e;
		struct err err = {0};

		start(&s);
		live(&s, 200, 200, true, DEAD);
		ev_rename(&s, 1205000, 0, 100, "renamed");
		ev_gap(&s, 1210000, 1, 1220000, 3);
		ev_reap(&s, 1400000, 0, 100, 200);
		ev_switch(&s, 1500000, 0, 100, S, 0);
		ev_wakeup(&s, 1600000, 1, 0, 100, 0);
		ev_switch(&s, 1650000, 0, 0, 0, 100);
		assert_int_equal(engine_new(&e, 2, windows[i][0], windows[i][1], &err), 0);
		assert_int_equal(engine_add_sink(e, &sums.whole, &err), 0);
		assert_int_equal(engine_add_sink(e, &sums.stretch, &err), 0);
		assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
		assert_int_equal(engine_finish(e, 2000000, &err), 0);
		assert_memory_equal(sums.ns[0], sums.ns[1], sizeof(sums.ns[0]));
		assert_memory_equal(sums.n[0], sums.n[1], sizeof(sums.n[0]));
		assert_int_equal(sums.flags[0], sums.flags[1]);
		assert_true(i ||
			    (sums.n[1][TS_RUN] && sums.n[1][TS_SLEEP] && sums.n[1][TS_ZOMBIE]));
		engine_free(e);
		synth_free(&s);
	}
}

#define CHILDREN 20000u

struct in_order {
	struct sink sink;
	uint64_t last_start_ns;
	uint32_t n;
};

static void on_reap(struct sink *s, const struct interval *iv)
{
	struct in_order *o = (struct in_order *)s;

	if (iv->state != TS_ZOMBIE)
		return;
	assert_int_equal(iv->reap_method, REAP_WAIT);
	assert_true(iv->task->info.start_ns > o->last_start_ns);
	o->last_start_ns = iv->task->info.start_ns;
	o->n++;
}

/*
 * The oldest goes first, whichever became a zombie first. There are so many that a wait must not look
 * at all of them.
 */
static void test_many_zombies(void **state)
{
	struct in_order order = {.sink = {.interval = on_reap}};
	struct synth s = {0};
	struct engine *e;
	struct err err = {0};

	(void)state;
	start(&s);
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(engine_add_sink(e, &order.sink, &err), 0);
	assert_int_equal(engine_apply(e, s.ev, s.n, &err), 0);
	for (uint32_t i = 0; i < 2 * CHILDREN; i++) {
		uint32_t tid = 1000 + i % CHILDREN;
		const struct task_info info = {.tid = tid,
					       .tgid = tid,
					       .ppid = i % 3 ? 100 : 7,
					       .start_ns = 1 + i * 7919u % CHILDREN};
		uint64_t ts = 1100000 + 1000u * (uint64_t)i;
		const struct event child[] = {
			{.ts = ts, .kind = EV_FORK, .tid = tid, .peer = 100, .ext = &info},
			{.ts = ts, .kind = EV_WAKEUP_NEW, .tid = tid, .peer = 100, .value = 1},
			{.ts = ts, .kind = EV_SWITCH, .cpu = 1, .tid = tid},
			{.ts = ts, .kind = EV_EXIT, .cpu = 1, .tid = tid, .flags = EVF_GROUP_DEAD},
			{.ts = ts, .kind = EV_SWITCH, .cpu = 1, .peer = tid, .value = DEAD},
		};
		const struct event wait = {.ts = ts, .kind = EV_WAIT, .tid = 100};

		assert_int_equal(i < CHILDREN ? engine_apply(e, child, 5, &err)
					      : engine_apply(e, &wait, 1, &err),
				 0);
	}
	assert_int_equal(order.n, CHILDREN - (CHILDREN + 2) / 3);
	engine_free(e);
	synth_free(&s);
}

/* A checkpoint carries that the parent is in a wait, and that the child is reaped already. */
static void test_waits_through_checkpoints(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		struct synth s = {0};

		start(&s);
		ev_fork(&s, 1050000, 0, 100, 100, 200, 200);
		ev_wakeup_new(&s, 1060000, 0, 100, 200, 1);
		ev_wait(&s, 1070000, 0, 100, early ? 200 : 0);
		ev_switch(&s, 1080000, 0, 100, S, 0);
		ev_switch(&s, 1100000, 1, 0, 0, 200);
		ev_exit(&s, 1190000, 1, 200, 0, true);
		ev_wakeup(&s, 1195000, 1, 200, 100, 0);
		if (early)
			ev_switch(&s, 1196000, 0, 0, 0, 100);
		ev_switch(&s, 1200000, 1, 200, DEAD, 0);
		if (!early)
			ev_switch(&s, 1300000, 0, 0, 0, 100);
		/* What ends at the very instant of the checkpoint is not behind it. */
		for (size_t at = 1; at < s.n - 1; at++) {
			struct reaps r = reaps_behind(&s, at);

			assert_int_equal(r.zombies, early ? 0 : 1);
			assert_int_equal(r.zombie_end, early ? 0 : 1300000);
			assert_int_equal(r.method, early ? REAP_NONE : REAP_WAIT);
		}
		synth_free(&s);
	}
}

/* A signal ends the wait: a child that is a zombie by then was not reaped by it. */
static void test_wait_interrupted(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_fork(&s, 1050000, 0, 100, 100, 200, 200);
	ev_wakeup_new(&s, 1060000, 0, 100, 200, 1);
	ev_wait(&s, 1070000, 0, 100, 0);
	ev_switch(&s, 1080000, 0, 100, S, 0);
	ev_switch(&s, 1100000, 1, 0, 0, 200);
	ev_wakeup(&s, 1150000, 0, 0, 100, 0);
	ev_switch(&s, 1160000, 0, 0, 0, 100);
	ev_exit(&s, 1190000, 1, 200, 0, true);
	ev_switch(&s, 1200000, 1, 200, ZOMBIE, 0);
	expect_run(&s,
		   (struct expect){
			   .ncpus = 2,
			   .from = 1300000,
			   .end = 2000000,
			   .want = "100 run 1160000-2000000 (1300000-2000000) cpu0 open before\n"
				   "200 zombie 1200000-2000000 (1300000-2000000) open before\n"});
	synth_free(&s);
}

/* Nothing but the free: an upper bound, and it says so. */
static void test_reap_by_free(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, ZOMBIE);
	ev_free(&s, 1220000, 1, 200);
	expect(&s, LIVED "200 zombie 1200000-1220000 reap=free inferred bound\n" PARENT);
}

/* Without the kernel's word at the last switch it may have been gone at once. */
static void test_perhaps_no_zombie(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, DEAD);
	ev_free(&s, 1220000, 1, 200);
	expect(&s, LIVED "200 unknown 1200000-1220000 gap\n" PARENT);
}

/* Its parent ignores SIGCHLD. */
static void test_auto_reaped(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, GONE);
	ev_free(&s, 1220000, 1, 200);
	expect(&s, LIVED PARENT);
}

static void test_thread_is_no_zombie(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 100, false, DEAD);
	ev_free(&s, 1220000, 1, 200);
	expect(&s, LIVED PARENT);
}

/* A leader that exits before its threads, in either order of the last two records. */
static void test_leader_zombie(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(101, 100, TS_RUN, 0, 1, 900000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000000, 2, t, 2);
	ev_exit(&s, 1100000, 0, 100, 0, false);
	ev_switch(&s, 1200000, 0, 100, ZOMBIE, 0);
	ev_exit(&s, 1300000, 1, 101, 0, true);
	ev_switch(&s, 1400000, 1, 101, GONE, 0);
	ev_reap(&s, 1500000, 1, 1, 100);
	expect(&s, "100 run 900000-1200000 (1000000-1200000) cpu0 before exit\n"
		   "100 leader-zombie 1200000-1300000\n"
		   "101 run 900000-1400000 (1000000-1400000) cpu1 before exit\n"
		   "100 zombie 1300000-1500000 waker=1 reap=exact\n");
	ev_start(&s, 1000000, 2, t, 2);
	ev_exit(&s, 1190000, 1, 101, 0, true);
	ev_exit(&s, 1191000, 0, 100, 0, false);
	ev_switch(&s, 1200000, 0, 100, ZOMBIE, 0);
	ev_switch(&s, 1400000, 1, 101, GONE, 0);
	ev_reap(&s, 1500000, 1, 1, 100);
	expect(&s, "100 run 900000-1200000 (1000000-1200000) cpu0 before exit\n"
		   "101 run 900000-1400000 (1000000-1400000) cpu1 before exit\n"
		   "100 zombie 1200000-1500000 waker=1 reap=exact\n");
}

/* exec by a thread: it takes the leader's TID; a switch may show that before the exec does. */
static void exec_by_thread(bool seen_before)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(101, 100, TS_RUN, 0, 1, 900000),
	};
	struct synth s = {0};

	ev_start(&s, 1000000, 2, t, 2);
	ev_exit(&s, 1100000, 0, 100, 0, false);
	ev_switch(&s, 1200000, 0, 100, ZOMBIE, 0);
	if (seen_before) {
		ev_switch(&s, 1300000, 1, 100, 0x2, 0);
		ev_wakeup(&s, 1310000, 1, 0, 100, 1);
		ev_switch(&s, 1320000, 1, 0, 0, 100);
	}
	ev_exec(&s, 1330000, 1, 100, 101, "new");
	ev_free(&s, 1340000, 1, 101); /* the old leader, under the TID it got in exchange */
	ev_switch(&s, 1400000, 1, 100, S, 0);
	expect_run(
		&s,
		(struct expect){
			.ncpus = 2,
			.from = 1100000,
			.end = 2000000,
			.life = true,
			.want = seen_before
					? "100 run 900000-1200000 (1100000-1200000) cpu0 before exit\n"
					  "100 leader-zombie 1200000-1300000 waker=100 reap=exec\n"
					  "gone 100\n"
					  "changed 100 t101 cgroup=0 from 101 t101\n"
					  "100 run 900000-1300000 (1100000-1300000) cpu1 before\n"
					  "100 disk 1300000-1310000 cpu1 raw=0x2\n"
					  "100 runnable:wakeup 1310000-1320000 cpu1\n"
					  "changed 100 new cgroup=0 from 100 t101\n"
					  "100 run 1320000-1400000 cpu1\n"
					  "100 sleep 1400000-2000000 cpu1 raw=0x1 open\n"
					  "gone 100\n"
					: "100 run 900000-1200000 (1100000-1200000) cpu0 before exit\n"
					  "100 leader-zombie 1200000-1330000 waker=100 reap=exec\n"
					  "gone 100\n"
					  "changed 100 t101 cgroup=0 from 101 t101\n"
					  "changed 100 new cgroup=0 from 100 t101\n"
					  "100 run 900000-1400000 (1100000-1400000) cpu1 before\n"
					  "100 sleep 1400000-2000000 cpu1 raw=0x1 open\n"
					  "gone 100\n"});
	synth_free(&s);
}

static void test_exec_by_thread(void **state)
{
	(void)state;
	exec_by_thread(false);
	exec_by_thread(true);
}

/* The hook on release_task sees the old leader under the TID of the thread, before the exec. */
static void test_exec_reaps_leader(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(101, 100, TS_RUN, 0, 1, 900000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000000, 2, t, 2);
	ev_exit(&s, 1100000, 0, 100, 0, false);
	ev_switch(&s, 1200000, 0, 100, ZOMBIE, 0);
	ev_reap(&s, 1300000, 1, 100, 101);
	ev_exec(&s, 1330000, 1, 100, 101, "new");
	expect(&s, "100 run 900000-1200000 (1000000-1200000) cpu0 before exit\n"
		   "100 leader-zombie 1200000-1300000 waker=100 reap=exec\n"
		   "100 run 900000-2000000 (1000000-2000000) cpu1 open before\n");
}

/* The TID is another's before the free of the first: each free belongs to one of them. */
static void test_tid_reuse(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_free(&s, 1010000, 0, 999); /* frees are recorded */
	live(&s, 200, 200, true, ZOMBIE);
	ev_wait(&s, 1210000, 0, 100, 0);
	ev_fork(&s, 1220000, 0, 100, 100, 200, 200);
	ev_wakeup_new(&s, 1220000, 0, 100, 200, 1);
	ev_switch(&s, 1221000, 1, 0, 0, 200);
	ev_exit(&s, 1225000, 1, 200, 0, true);
	ev_switch(&s, 1226000, 1, 200, ZOMBIE, 0);
	ev_free(&s, 1230000, 0, 200); /* of the first */
	ev_free(&s, 1240000, 0, 200); /* of the second */
	expect(&s, LIVED "200 zombie 1200000-1210000 waker=100 reap=wait inferred\n"
			 "200 new 1220000-1220000 waker=100\n"
			 "200 runnable:fork 1220000-1221000 cpu1 waker=100\n"
			 "200 run 1221000-1226000 cpu1 exit\n"
			 "200 zombie 1226000-1240000 reap=free inferred bound\n" PARENT);
}

/* Forked again while it is thought a zombie: then it was reaped, at the latest now. */
static void test_reuse_ends_zombie(void **state)
{
	struct engine_counts counts;
	struct synth s = {0};

	(void)state;
	start(&s);
	live(&s, 200, 200, true, ZOMBIE);
	ev_fork(&s, 1500000, 0, 100, 100, 200, 200);
	expect_run(&s, (struct expect){
			       .ncpus = 2,
			       .from = 1200000,
			       .end = 2000000,
			       .counts = &counts,
			       .want = "200 zombie 1200000-1500000 reap=reuse inferred bound\n"
				       "100 run 900000-2000000 (1200000-2000000) cpu0 open before\n"
				       "200 new 1500000-2000000 open\n"});
	assert_int_equal(counts.contradictions, 0);
	synth_free(&s);
}

/* A free of a task that is certainly alive is of one that had the TID before the trace. */
static void test_free_of_the_living(void **state)
{
	struct synth s = {0};

	(void)state;
	start(&s);
	ev_free(&s, 1100000, 1, 100);
	ev_switch(&s, 1200000, 0, 100, S, 0);
	ev_free(&s, 1300000, 1, 100);
	expect(&s, "100 run 900000-1200000 (1000000-1200000) cpu0 before\n"
		   "100 sleep 1200000-2000000 cpu0 raw=0x1 open\n");
}

/* Its oldest child first, and of a process that is gone, init. */
static void test_oldest_first(void **state)
{
	struct task_snapshot t[] = {
		snap(1, 1, TS_RUN, 0, 0, 900000),
		snap(10, 10, TS_ZOMBIE, 0, 0, 900000),
		snap(11, 11, TS_ZOMBIE, 0, 0, 800000),
		snap(12, 12, TS_ZOMBIE, 0, 0, 700000),
	};
	struct synth s = {0};

	(void)state;
	t[3].info.ppid = 77;
	t[1].info.start_ns = 9;
	t[2].info.start_ns = 8;
	t[3].info.start_ns = 7;
	ev_start(&s, 1000000, 1, t, 4);
	ev_wait(&s, 1100000, 0, 1, 11);
	ev_wait(&s, 1200000, 0, 1, 0);
	ev_wait(&s, 1300000, 0, 1, 0);
	expect(&s, "11 zombie 800000-1100000 (1000000-1100000) waker=1 reap=wait inferred before\n"
		   "12 zombie 700000-1200000 (1000000-1200000) waker=1 reap=wait inferred before\n"
		   "10 zombie 900000-1300000 (1000000-1300000) waker=1 reap=wait inferred before\n"
		   "1 run 900000-2000000 (1000000-2000000) cpu0 open before\n");
}

/* Names and groups change, and the sinks hear of it with what was before. */
static void test_identity(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 900000),
		snap(101, 100, TS_SLEEP, S, 0, 900000),
		snap(200, 200, TS_SLEEP, S, 0, 900000),
	};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 1000000, 1, t, 3);
	ev_rename(&s, 1100000, 0, 101, "renamed");
	ev_cgroup(&s, 1200000, 0, 100, 7, true);
	ev_cgroup(&s, 1300000, 0, 101, 8, false);
	ev_cgroup(&s, 1400000, 0, 101, 8, false);
	ev_exec(&s, 1500000, 0, 100, 100, "execd");
	expect_run(&s, (struct expect){.ncpus = 1,
				       .end = 1600000,
				       .no_tasks = true,
				       .life = true,
				       .want = "changed 101 renamed cgroup=0 from 101 t101\n"
					       "changed 100 t100 cgroup=7 from 100 t100\n"
					       "changed 101 renamed cgroup=7 from 101 renamed\n"
					       "changed 101 renamed cgroup=8 from 101 renamed\n"
					       "changed 100 execd cgroup=7 from 100 t100\n"
					       "gone 100\ngone 101\ngone 200\n"});
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reap_exact),
		cmocka_unit_test(test_reap_by_wait),
		cmocka_unit_test(test_other_waits),
		cmocka_unit_test(test_reap_by_sleeping_parent),
		cmocka_unit_test(test_reap_before_final_switch),
		cmocka_unit_test(test_waits_through_checkpoints),
		cmocka_unit_test(test_stretches_are_intervals),
		cmocka_unit_test(test_many_zombies),
		cmocka_unit_test(test_wait_interrupted),
		cmocka_unit_test(test_reap_by_free),
		cmocka_unit_test(test_perhaps_no_zombie),
		cmocka_unit_test(test_auto_reaped),
		cmocka_unit_test(test_thread_is_no_zombie),
		cmocka_unit_test(test_leader_zombie),
		cmocka_unit_test(test_exec_by_thread),
		cmocka_unit_test(test_exec_reaps_leader),
		cmocka_unit_test(test_tid_reuse),
		cmocka_unit_test(test_reuse_ends_zombie),
		cmocka_unit_test(test_free_of_the_living),
		cmocka_unit_test(test_oldest_first),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
