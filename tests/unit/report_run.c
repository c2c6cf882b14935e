// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "report_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct meta_cpu report_cpus[2] = {
	{.cpu = 0, .core = 0, .l3 = 0, .die = 0, .package = 0, .node = 0},
	{.cpu = 1, .core = 1, .l3 = 1, .die = 0, .package = 0, .node = 1},
};

struct meta report_meta = {
	.version = "1.0.0",
	.hostname = "host",
	.kernel = "6.1.0",
	.arch = "x86_64",
	.start_ns = T0,
	.cpus = report_cpus,
	.ncpus = 2,
};

const struct meta full_meta = {
	.version = "1.1.0",
	.hostname = "host",
	.kernel = "6.1.0",
	.arch = "x86_64",
	.features = "sched,io,net,fs",
	.start_ns = T0,
	.cpus = report_cpus,
	.ncpus = 2,
};

#define FEED(callback, ...)                                                                        \
	for (size_t i = 0; i < r->nviews; i++)                                                     \
		if (r->views[i]->sink.callback)                                                    \
	r->views[i]->sink.callback(&r->views[i]->sink, __VA_ARGS__)

void feed_request(const struct report *r, const struct request *rq)
{
	FEED(request, rq);
}

void feed_account(const struct report *r, const struct account *a)
{
	FEED(account, a);
}

void feed_socket(const struct report *r, const struct socket_event *se)
{
	FEED(socket, se);
}

void feed_socket_gone(const struct report *r, const struct socket *socket)
{
	FEED(socket_gone, socket);
}

void feed_event(const struct report *r, const struct event *ev)
{
	FEED(event, ev, engine_task(r->engine, ev->tid));
}

const struct task *feed_task(const struct report *r, uint32_t tid)
{
	const struct task *task = engine_task(r->engine, tid);

	assert_non_null(task);
	return task;
}

static int run(struct report *r, const struct synth *s, struct report_case *c, FILE *f)
{
	const struct report_input in = {
		.name = "synthetic",
		.meta = r->env.meta,
		.complete = true,
		.windowed = c->from || c->to,
		.first_ns = T0,
		.last_ns = c->end,
		.start_utc_ns = UINT64_C(1700000000000000000),
	};
	int rc;

	if (c->keep) {
		r->env.list_keep = c->keep;
		r->subjects->keep = c->keep;
		if (r->lives)
			r->lives->keep = c->keep;
	}
	for (size_t i = 0; i < s->n; i++) { /* one by one: what ext points to may go */
		rc = report_apply(r, &s->ev[i], 1, &c->err);
		if (rc)
			return rc;
	}
	if (c->feed)
		c->feed(r);
	rc = report_finish(r, c->end, &c->err);
	c->gone = r->subjects->folded;
	return rc ? rc : report_print(r, &in, f, &c->err);
}

char *report_text(const struct synth *s, struct report_case *c)
{
	struct report *r = NULL;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc = 0;

	assert_non_null(f);
	if (c->groups)
		rc = report_add_groups(&c->opt, c->groups, &c->err);
	if (!c->end)
		c->end = AT(10000);
	if (!rc)
		rc = report_new(&r, &c->opt, c->meta ? c->meta : &report_meta, T0,
				c->from ? c->from : T0, c->to ? c->to : c->end, 2, &c->err);
	if (!rc)
		rc = run(r, s, c, f);
	report_free(r);
	assert_int_equal(fclose(f), 0);
	if (!rc)
		return text;
	assert_true(c->err.code < 0 && c->err.msg[0]);
	free(text);
	return NULL;
}

void expect_report(const struct synth *s, struct report_case c, const char *want)
{
	char *got = report_text(s, &c);

	if (!got)
		fail_msg("report failed: %s", c.err.msg);
	if (strcmp(got, want) != 0) /* cmocka cuts long strings */
		fail_msg("got:\n%s\nwant:\n%s", got, want);
	free(got);
	select_free(&c.opt.select);
}

void expect_refusal(const struct synth *s, struct report_case c, const char *what)
{
	char *got = report_text(s, &c);

	assert_null(got);
	if (!strstr(c.err.msg, what))
		fail_msg("\"%s\" does not say \"%s\"", c.err.msg, what);
	select_free(&c.opt.select);
}

static void exec_with_args(struct synth *s, uint64_t ts, uint16_t cpu, uint32_t tid)
{
	static const char args[] = "prog\0-x\0two words\0it's";
	struct exec_info info = {
		.comm = "prog",
		.filename = "/bin/prog",
		.args = synth_ext(s, args, sizeof(args)),
		.args_len = sizeof(args),
	};

	synth_add(s, (struct event){.ts = ts,
				    .kind = EV_EXEC,
				    .cpu = cpu,
				    .tid = tid,
				    .peer = tid,
				    .ext = synth_ext(s, &info, sizeof(info))});
}

void report_scenario(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, 0x1, 0, AT(-600)),
		snap(200, 200, TS_DISK, 0x102, 1, AT(-100)),
		snap(300, 300, TS_ZOMBIE, 0x20 << 16, 1, AT(-50)),
		snap(400, 400, TS_RUN, 0, 1, AT(-20)),
	};

	t[1].syscall = 58; /* vfork on x86-64 */
	ev_start(s, T0, 2, t, 4);
	ev_waking(s, AT(90), 0, 0, 100);
	ev_wakeup(s, AT(100), 0, 0, 100, 0);
	ev_switch(s, AT(110), 0, 0, 0, 100);
	ev_waking(s, AT(200), 0, 100, 200);
	ev_wakeup(s, AT(202), 0, 100, 200, 1);
	ev_preempt(s, AT(300), 1, 400, 200);
	ev_block(s, AT(400), 0, 100, 0, false);
	ev_switch(s, AT(400), 0, 100, 0x1, 0);
	ev_switch(s, AT(500), 1, 200, 0x1, 400);
	ev_yield(s, AT(700), 1, 400, 0);
	ev_migrate(s, AT(750), 0, 400, 1, 0);
	ev_switch(s, AT(800), 0, 0, 0, 400);
	ev_fork(s, AT(900), 0, 400, 400, 500, 500);
	ev_wakeup_new(s, AT(910), 0, 400, 500, 1);
	ev_switch(s, AT(930), 1, 0, 0, 500);
	exec_with_args(s, AT(1000), 1, 500);
	ev_exit(s, AT(1100), 1, 500, 3 << 8, true);
	ev_switch(s, AT(1150), 1, 500, 0x80, 0);
	ev_reap(s, AT(1300), 0, 400, 500);
	ev_switch(s, AT(2000), 0, 400, 0x1, 0);
}
