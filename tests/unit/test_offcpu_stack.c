// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Where the waits were: rows by stack, folded stacks, chains of wakers, and the flame graph. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replay/offcpu/flame.h"
#include "replay/offcpu/places.h"
#include "replay/syscalls.h"
#include "report_run.h"
#include "sim.h"

static const struct meta call_meta = {
	.version = "1.1.0",
	.hostname = "host",
	.kernel = "6.1.0",
	.arch = "x86_64",
	.features = "sched,io,net,fs,syscall,stacks",
	.start_ns = T0,
	.cpus = report_cpus,
	.ncpus = 2,
};

static uint16_t call(const char *name)
{
	for (int32_t i = 0; i < 1024; i++)
		if (syscall_name("x86_64", i) && !strcmp(syscall_name("x86_64", i), name))
			return (uint16_t)(i + 1);
	fail_msg("no %s", name);
	return 0;
}

static void ev_frames(struct synth *s, uint64_t ts, uint32_t tgid, uint32_t id, const char *text)
{
	size_t len = strlen(text) + 1;
	char *frames = synth_ext(s, text, len);
	struct frames_info info = {.frames = frames, .frames_len = (uint32_t)len};

	for (size_t i = 0; i < len; i++)
		if (frames[i] == ';')
			frames[i] = '\0';
	synth_add(s, (struct event){.ts = ts,
				    .kind = EV_FRAMES,
				    .cpu = CPU_NONE,
				    .tid = tgid,
				    .value = id,
				    .ext = synth_ext(s, &info, sizeof(info))});
}

/* On CPU 0: in at `from`, out 10 us later, woken at `to`. */
static void stay(struct synth *s, uint32_t tid, int64_t from, int64_t to, const char *name,
		 uint32_t kernel, uint32_t user)
{
	ev_switch(s, AT(from), 0, 0, 0, tid);
	if (kernel || user)
		ev_stack(s, AT(from + 10), 0, tid, kernel, user);
	ev_switch_in(s, AT(from + 10), 0, tid, 0x1, 0, call(name), false);
	ev_waking(s, AT(to), 0, 0, tid);
	ev_wakeup(s, AT(to), 0, 0, tid, 0);
}

static void stream(struct synth *s)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUNNABLE, 0, 0, AT(-5)),
				    snap(200, 200, TS_RUNNABLE, 0, 0, AT(-5))};

	memcpy(t[1].info.comm, "a;<b>&\x01", 8);
	ev_start(s, T0, 2, t, 2);
	ev_frames(s, T0, 0, 1, "__schedule;schedule;do_nanosleep;hrtimer_nanosleep;entry");
	ev_frames(s, T0, 0, 2, "__schedule;schedule;futex_do_wait;do_futex;entry");
	ev_frames(s, T0, 100, 1, "clock_nanosleep;sleeper;main");
	stay(s, 100, 100, 1000, "clock_nanosleep", 1, 1);
	stay(s, 100, 1100, 2000, "clock_nanosleep", 1, 1);
	stay(s, 100, 2100, 3000, "futex", 2, 9); /* a user stack that nothing defines */
	stay(s, 200, 3100, 4000, "poll", 0, 0);
	stay(s, 200, 4100, 5000, "futex", 7, 0); /* nothing defines it */
}

static void test_rows(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_report(&s,
		      (struct report_case){.groups = "offcpu",
					   .meta = &call_meta,
					   .opt = {.format = ROWS_CSV,
						   .stack = true,
						   .fields = "group,pid,reason,wait_ns,count,"
							     "max_ns,stack,offcpu_ns"}},
		      "group,pid,reason,wait_ns,count,max_ns,stack,offcpu_ns\n"
		      "offcpu,100,,,,,,\n"
		      "offcpu,200,,,,,,\n"
		      "offcpu_stack,200,run queue,8200000,3,5000000,(run queue),9980000\n"
		      "offcpu_stack,200,poll,890000,1,890000,poll,9980000\n"
		      "offcpu_stack,200,lock,890000,1,890000,futex,9980000\n"
		      "offcpu_stack,100,run queue,7300000,4,7000000,(run queue),9970000\n"
		      "offcpu_stack,100,sleep,1780000,2,890000,main;sleeper;clock_nanosleep;entry;"
		      "hrtimer_nanosleep;do_nanosleep,9970000\n"
		      "offcpu_stack,100,lock,890000,1,890000,entry;do_futex;futex_do_wait,"
		      "9970000\n");
	synth_free(&s);
}

static void test_table(void **state)
{
	struct report_case c = {.groups = "offcpu", .meta = &call_meta, .opt = {.stack = true}};
	struct synth s = {0};
	char *text;

	(void)state;
	stream(&s);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_non_null(strstr(text, "do_nanosleep < hrtimer_nanosleep < entry <~"));
	assert_null(strstr(text, "\x01"));
	free(text);
	synth_free(&s);
}

static void test_folded(void **state)
{
	struct synth s = {0};

	(void)state;
	stream(&s);
	expect_report(&s, (struct report_case){.meta = &call_meta, .opt = {.flame = FLAME_FOLDED}},
		      "a:<b>&\\x01;(run queue) 8200000\n"
		      "a:<b>&\\x01;lock;futex 890000\n"
		      "a:<b>&\\x01;poll;poll 890000\n"
		      "t100;(run queue) 7300000\n"
		      "t100;entry;do_futex;futex_do_wait 890000\n"
		      "t100;main;sleeper;clock_nanosleep;entry;hrtimer_nanosleep;do_nanosleep "
		      "1780000\n");
	synth_free(&s);
}

/* 100 waits for 200, which waits for 300, which an interrupt wakes. What was over before does not count. */
static void test_wakers(void **state)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, AT(-5)),
				    snap(200, 200, TS_RUN, 0, 1, AT(-5)),
				    snap(300, 300, TS_RUNNABLE, 0, 1, AT(-5))};
	struct synth s = {0};
	struct event *ev;

	(void)state;
	ev_start(&s, T0, 2, t, 3);
	ev_switch_in(&s, AT(100), 0, 100, 0x1, 0, call("futex"), false);
	ev_switch_in(&s, AT(200), 1, 200, 0x1, 300, call("read"), false);
	ev_switch_in(&s, AT(300), 1, 300, 0x2, 0, call("fsync"), true);
	ev_waking(&s, AT(1000), 0, 0, 300)->flags = EVF_CTX_HARDIRQ;
	ev_wakeup(&s, AT(1000), 0, 0, 300, 1)->flags = EVF_CTX_HARDIRQ;
	ev_switch(&s, AT(1000), 1, 0, 0, 300);
	ev_wakeup(&s, AT(1100), 1, 300, 200, 1);
	ev_switch_in(&s, AT(1200), 1, 300, 0x1, 200, call("pause"), false);
	ev_wakeup(&s, AT(1300), 1, 200, 100, 0);
	ev_switch(&s, AT(1300), 0, 0, 0, 100);
	/* 200 runs on; 100 waits for it once more, but its own wait is over */
	ev_switch_in(&s, AT(1400), 0, 100, 0x1, 0, call("futex"), false);
	ev = ev_wakeup(&s, AT(1500), 1, 200, 100, 0);
	assert_non_null(ev);
	ev_switch(&s, AT(1500), 0, 0, 0, 100);
	expect_report(&s,
		      (struct report_case){.meta = &call_meta,
					   .end = AT(1600),
					   .opt = {.flame = FLAME_FOLDED, .wakers = true}},
		      "t100;lock;futex;t200 100000\n"
		      "t100;lock;futex;t200;read;t300;fsync;(interrupt) 1200000\n"
		      "t200;(run queue) 100000\n"
		      "t200;pipe;read;t300;fsync;(interrupt) 900000\n"
		      "t300;(run queue) 200000\n"
		      "t300;disk;fsync;(interrupt) 700000\n"
		      "t300;sleep;pause 400000\n");
	synth_free(&s);
}

/* 100 waits for a futex on CPU 0 from AT(100) on, while 200 runs on CPU 1. */
static void start_futex(struct synth *s)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, AT(-5)),
				    snap(200, 200, TS_RUN, 0, 1, AT(-5))};

	ev_start(s, T0, 2, t, 2);
	ev_switch_in(s, AT(100), 0, 100, 0x1, 0, call("futex"), false);
}

/* 200 slept while 100 waited for it, and is gone when 100 runs again. */
static void test_waker_gone(void **state)
{
	struct synth s = {0};

	(void)state;
	start_futex(&s);
	ev_switch_in(&s, AT(200), 1, 200, 0x1, 0, call("read"), false);
	ev_wakeup(&s, AT(300), 1, 0, 200, 1)->flags = EVF_CTX_HARDIRQ;
	ev_switch(&s, AT(300), 1, 0, 0, 200);
	ev_waking(&s, AT(400), 1, 200, 100);
	ev_exit(&s, AT(410), 1, 200, 0, true);
	ev_switch(&s, AT(420), 1, 200, 0x90, 0);
	ev_fork(&s, AT(425), 1, 0, 2, 200, 200); /* another one has its TID */
	ev_wakeup(&s, AT(430), 0, 0, 100, 0);
	ev_switch(&s, AT(430), 0, 0, 0, 100);
	expect_report(&s,
		      (struct report_case){.meta = &call_meta,
					   .end = AT(500),
					   .opt = {.flame = FLAME_FOLDED, .wakers = true}},
		      "child;other;(forked) 75000\n"
		      "t100;lock;futex;t200;read;(interrupt) 330000\n"
		      "t200;pipe;read;(interrupt) 100000\n");
	synth_free(&s);
}

/* One that was gone before the wake-up was made did not make it: its TID is somebody else's. */
static void test_waker_gone_before(void **state)
{
	struct synth s = {0};

	(void)state;
	start_futex(&s);
	ev_exit(&s, AT(110), 1, 200, 0, true);
	ev_switch(&s, AT(120), 1, 200, 0x90, 0);
	ev_waking(&s, AT(400), 1, 200, 100);
	ev_wakeup(&s, AT(430), 0, 0, 100, 0);
	ev_switch(&s, AT(430), 0, 0, 0, 100);
	expect_report(&s,
		      (struct report_case){.meta = &call_meta,
					   .end = AT(500),
					   .opt = {.flame = FLAME_FOLDED, .wakers = true}},
		      "t100;lock;futex;(not known) 330000\n");
	synth_free(&s);
}

/* -- sums -- */

static uint64_t folded_sum(const char *text)
{
	uint64_t all = 0;

	for (const char *p = text; *p; p++)
		if (*p == ' ' && isdigit((unsigned char)p[1])) {
			char *end;
			const uint64_t ns = strtoull(p + 1, &end, 10);

			if (*end == '\n')
				all += ns;
		}
	return all;
}

static uint64_t csv_sum(const char *text, unsigned columns)
{
	uint64_t all = 0;

	for (const char *at = strchr(text, '\n') + 1; *at;) {
		for (unsigned i = 0; i < columns; i++) {
			all += strtoull(at, NULL, 10);
			at += strcspn(at, ",\n") + 1;
		}
	}
	return all;
}

static char *run_sim(const struct sim *m, struct report_options opt, uint32_t keep)
{
	struct report_case c = {.groups = "offcpu",
				.meta = &call_meta,
				.from = m->start,
				.to = m->end,
				.end = m->end,
				.keep = keep,
				.opt = opt};
	char *text = report_text(&m->s, &c);

	if (!text)
		fail_msg("%s", c.err.msg);
	return text;
}

/* Some sleep in stacks. */
static void dress(struct sim *m, struct synth *out)
{
	static const char *const stacks[] = {"io_schedule;read", "futex_wait;futex", "f;g;h"};
	static const char *const names[] = {"futex", "read", "recvfrom", "poll", "nanosleep"};

	for (uint32_t i = 0; i < 3; i++)
		ev_frames(out, m->start, 0, i + 1, stacks[i]);
	for (size_t i = 0; i < m->s.n; i++) {
		struct event ev = m->s.ev[i];

		if (ev.kind == EV_SWITCH && ev.value && !(ev.flags & EVF_PREEMPT)) {
			ev.aux = call(names[sim_dice(m, 5)]);
			if (ev.peer && sim_dice(m, 2))
				ev_stack(out, ev.ts, ev.cpu, ev.peer, 1 + sim_dice(m, 3), 0);
		}
		synth_add(out, ev);
	}
}

static void test_sums(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 8; seed++) {
		struct synth plain, dressed = {0};
		struct sim m = {0};

		sim_run(&m, (struct sim_options){
				    .seed = seed, .steps = 1200, .ncpus = 2, .lives = true});
		dress(&m, &dressed);
		plain = m.s;
		m.s = dressed;
		for (enum subject_by by = BY_PROCESS; by < BY_CPU; by++) {
			char *csv = run_sim(&m,
					    (struct report_options){.format = ROWS_CSV,
								    .by = by,
								    .all = true,
								    .fields = "runq_ns,blocked_ns"},
					    0);
			uint64_t want = csv_sum(csv, 2);

			free(csv);
			for (unsigned k = 0; k < 4; k++) {
				char *text = run_sim(&m,
						     (struct report_options){.flame = FLAME_FOLDED,
									     .by = by,
									     .all = true,
									     .wakers = k & 1},
						     k & 2 ? 3 : 0);

				assert_int_equal(folded_sum(text), want);
				free(text);
			}
		}
		synth_free(&m.s);
		m.s = plain;
		sim_free(&m);
	}
}

/* Too many different places are summed up; no time is lost. */
static void test_bounds(void **state)
{
	struct places p = {0};
	uint64_t all = 0, rest = 0;

	(void)state;
	for (uint32_t i = 0; i < PLACES_MAX + 1000; i++) {
		struct place place = {.key = {.subject = i % 3,
					      .reason = WAIT_POLL,
					      .kernel = STACK_NONE,
					      .user = STACK_NONE,
					      .leaf = (int32_t)i},
				      .ns = i,
				      .max_ns = i,
				      .count = 1};

		assert_int_equal(places_add(&p, &place), 0);
		all += i;
	}
	assert_int_equal(p.n, PLACES_MAX + 3);
	for (uint32_t i = 0; i < p.n; i++) {
		all -= p.list[i].ns;
		if (p.list[i].key.leaf != LEAF_REST)
			continue;
		rest += p.list[i].count;
		assert_in_range(p.list[i].max_ns, PLACES_MAX + 997, PLACES_MAX + 999);
	}
	assert_int_equal(all, 0);
	assert_int_equal(rest, 1000);
	places_free(&p);
}

/* -- the graph -- */

static char *svg_of(struct flame *f)
{
	static const struct flame_legend legend = {
		.title = "a <title> & more",
		.subtitle = "\x1b[1mbold\x1b[0m",
		.kinds = {"one", "\"two\""},
		.hues = {10, 200},
	};
	struct err err = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(flame_svg(f, &legend, out, &err), 0);
	fclose(out);
	return text;
}

/* Not strstr(): a sanitizer's one looks at all of what is left each time. */
static unsigned count_of(const char *text, const char *what)
{
	const size_t len = strlen(what);
	unsigned n = 0;

	for (; *text; text++)
		n += *text == *what && !strncmp(text, what, len);
	return n;
}

static void test_svg(void **state)
{
	struct err err = {0};
	struct flame *f;
	uint32_t at;
	char *text, *again;

	(void)state;
	assert_int_equal(flame_new(&f, &err), 0);
	text = svg_of(f); /* nothing at all is a graph too */
	assert_int_equal(count_of(text, "<g><title>"), 1);
	free(text);
	at = flame_frame(f, FLAME_ROOT, "x<y>&\"'\xff\x1b]0;]]>\xef\xbf\xbf");
	flame_add(f, at, 0, 600);
	flame_add(f, flame_frame(f, at, "main"), 1, 300);
	flame_add(f, flame_frame(f, FLAME_ROOT, "z"), 1, 100);
	text = svg_of(f);
	assert_non_null(strstr(text, "<g><title>all (1.00 us, 100.00%)</title>"));
	assert_non_null(strstr(text, "<title>x&lt;y&gt;&amp;&quot;'\\xff\\x1b]0;]]&gt;? (900 ns, "
				     "90.00%)</title><rect x=\"10.00\""));
	assert_non_null(strstr(text, "<title>main (300 ns, 30.00%)"));
	assert_non_null(strstr(text, "<title>z (100 ns, 10.00%)</title><rect x=\"1072.00\""));
	assert_int_equal(count_of(text, "<g><title>"), 4);
	assert_null(strpbrk(text, "\x1b\x01"));
	assert_int_equal(count_of(text, "http://www.w3.org/"), count_of(text, "http"));
	again = svg_of(f);
	assert_string_equal(text, again);
	free(text);
	free(again);
	flame_free(f);
}

/* Tens of thousands of stacks are drawn as what can be seen of them; the time is all there. */
static void test_many(void **state)
{
	struct err err = {0};
	struct flame *f;
	char *text = NULL, name[32];
	size_t len;
	FILE *out;

	(void)state;
	assert_int_equal(flame_new(&f, &err), 0);
	for (unsigned i = 0; i < 60000; i++) {
		uint32_t at = FLAME_ROOT;

		for (unsigned depth = 0; depth < 10; depth++) {
			snprintf(name, sizeof(name), "f%u", (i >> (9 - depth)) * 7 + depth);
			at = flame_frame(f, at, name);
		}
		flame_add(f, at, i % 3, 1 + i % 1000);
	}
	out = open_memstream(&text, &len);
	assert_int_equal(flame_folded(f, out, &err), 0);
	fclose(out);
	assert_int_equal(count_of(text, "\n"), 60000);
	assert_int_equal(folded_sum(text), 60 * 1000 * 1001 / 2);
	free(text);
	text = svg_of(f);
	assert_in_range(count_of(text, "<g><title>"), 100, 12 * 12000);
	assert_non_null(strstr(text, " small ones)"));
	assert_in_range(strlen(text), 10000, 4000000);
	free(text);
	flame_free(f);
}

/* No program calls that deep, and no printing goes down that far. */
static void test_deep(void **state)
{
	const struct task_snapshot t = snap(100, 100, TS_RUNNABLE, 0, 0, AT(-5));
	const size_t frames = 1000000;
	struct report_case c = {.meta = &call_meta, .opt = {.flame = FLAME_FOLDED}};
	char *names = calloc(1, 2 * frames), *text;
	struct synth s = {0};

	(void)state;
	assert_non_null(names);
	for (size_t i = 0; i < frames; i++)
		memcpy(names + 2 * i, i < 256 ? "f;" : "g;", 2);
	names[2 * frames - 1] = '\0';
	ev_start(&s, T0, 2, &t, 1);
	ev_frames(&s, T0, 0, 1, names);
	stay(&s, 100, 100, 1000, "futex", 1, 0);
	text = report_text(&s, &c);
	assert_non_null(text);
	assert_int_equal(count_of(text, ";f"), 256);
	assert_int_equal(count_of(text, ";g"), 0);
	free(text);
	c.opt = (struct report_options){.flame = FLAME_SVG};
	text = report_text(&s, &c);
	assert_int_equal(count_of(text, "<title>f ("), 256);
	free(text);
	free(names);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_table),
		cmocka_unit_test(test_folded),	   cmocka_unit_test(test_wakers),
		cmocka_unit_test(test_waker_gone), cmocka_unit_test(test_waker_gone_before),
		cmocka_unit_test(test_sums),	   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_svg),	   cmocka_unit_test(test_many),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
