// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "explain_run.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* 100 and 200 and 300 asleep for long, two idle CPUs. */
void ex_start(struct synth *s)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_SLEEP, 0x1, 0, AT(-100)),
		snap(200, 200, TS_SLEEP, 0x1, 1, AT(-100)),
		snap(300, 300, TS_SLEEP, 0x1, 1, AT(-100)),
	};

	memset(s, 0, sizeof(*s));
	ev_start(s, T0, 2, t, 3);
}

/* Woken by an interrupt that came while the CPU was idle, and running at once. */
void ex_begin(struct synth *s, uint64_t us, uint16_t cpu, uint32_t tid)
{
	ev_waking(s, AT(us), cpu, 0, tid)->flags = EVF_CTX_HARDIRQ;
	ev_wakeup(s, AT(us), cpu, 0, tid, cpu)->flags = EVF_CTX_HARDIRQ;
	ev_switch(s, AT(us), cpu, 0, 0, tid);
}

void ex_irq_wake(struct synth *s, uint64_t us, uint16_t cpu, uint32_t interrupted, uint32_t tid,
		 uint16_t target, uint8_t flags)
{
	ev_waking(s, AT(us), cpu, interrupted, tid)->flags = flags;
	ev_wakeup(s, AT(us), cpu, interrupted, tid, target)->flags = flags;
}

void ex_wake(struct synth *s, uint64_t us, uint16_t cpu, uint32_t waker, uint32_t tid,
	     uint16_t target)
{
	ev_waking(s, AT(us), cpu, waker, tid);
	ev_wakeup(s, AT(us), cpu, waker, tid, target);
}

void ex_block(struct synth *s, uint64_t us, uint16_t cpu, uint32_t tid, uint16_t in, uint32_t next)
{
	ev_switch_in(s, AT(us), cpu, tid, 0x1, next, in, false);
}

/* ---- out ---- */

static void put_us(FILE *f, uint64_t ns)
{
	fprintf(f, "%" PRIu64, ns / 1000);
	if (ns % 1000)
		fprintf(f, ".%03u", (unsigned)(ns % 1000));
}

/* Steps below a step are no longer than that, and add up to it. */
static void check_sum(const struct chain *c, size_t at)
{
	const struct step *s = &c->steps[at];
	uint64_t sum = 0;
	size_t below = 0;

	assert_true(s->dur_ns <= s->root_ns && s->dur_ns > 0 && s->count > 0);
	for (size_t i = at + 1; i < c->n && c->steps[i].depth > s->depth; i++) {
		if (c->steps[i].depth != s->depth + 1)
			continue;
		assert_true(c->steps[i].start_ns >= s->start_ns);
		sum += c->steps[i].dur_ns;
		below++;
	}
	if (below && sum != s->dur_ns)
		fail_msg("step %zu (%s) takes %" PRIu64 ", those below it %" PRIu64, at,
			 explain_what(s), s->dur_ns, sum);
	/* Whoever waits for somebody known is explained. */
	if (!below && !s->deeper)
		assert_true(s->what != STEP_RUNQUEUE && s->what != STEP_WINDOW &&
			    !(s->what == STEP_BLOCKED && s->cause == CAUSE_TASK));
}

static void put_step(FILE *f, const struct explained *e, const struct step *s)
{
	char by[EXPLAIN_TEXT];
	const char *who = explain_by(e, s, by, sizeof(by));

	fprintf(f, "%u %s ", s->depth, explain_what(s));
	if (s->who <= WHO_TASKS)
		fprintf(f, "%u ", e->timeline->actors[s->who].tid);
	put_us(f, s->start_ns - T0);
	putc('+', f);
	put_us(f, s->dur_ns);
	if (s->count > 1)
		fprintf(f, " x%u", s->count);
	if (s->what == STEP_BLOCKED && s->cause == CAUSE_PEER_STATE)
		fputs(" closed", f);
	if (who)
		fprintf(f, " by %s", who);
	if (s->after)
		fputs(" later", f);
	if (s->doubt)
		fputs(" or an interrupt", f);
	if (s->deeper)
		fputs(" ...", f);
	putc('\n', f);
}

static int run_passes(struct explain *e, const struct synth *s, struct err *err)
{
	uint64_t from, to;
	int rc;

	while ((rc = explain_pass(e, &from, &to, err)) > 0) {
		assert_true(from <= to);
		rc = 0;
		/* One by one: what ext points to may go. */
		for (size_t i = 0; i < s->n && !rc; i++)
			rc = explain_apply(e, &s->ev[i], 1, err);
		if (rc >= 0)
			rc = explain_end_pass(e, err);
		if (rc)
			return rc;
	}
	return rc;
}

/* Neither the table nor any machine format may fail on it. */
static void print_all(const struct explained *e, struct explain_options *opt,
		      const struct explain_case *c)
{
	struct report_input in = {
		.name = "synthetic", .meta = e->meta, .first_ns = T0, .last_ns = c->end};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (unsigned i = 0; i < 4; i++) {
		static const enum rows_format formats[] = {ROWS_TABLE, ROWS_CSV, ROWS_JSON,
							   ROWS_NDJSON};

		opt->format = formats[i];
		explain_print(e, &in, f);
	}
	fclose(f);
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');

		if (end - line > 100 && *line == ' ')
			fail_msg("wider than 100 columns: %.*s", (int)(end - line), line);
		line = *end ? end + 1 : end;
	}
	free(text);
}

static void collect(const struct explained *e, struct explain_case *c, FILE *f)
{
	c->roots = e->nroots;
	c->steps = e->chain.n;
	for (size_t i = 0; i < e->chain.n; i++) {
		check_sum(&e->chain, i);
		put_step(f, e, &e->chain.steps[i]);
		if (!e->chain.steps[i].depth) {
			c->roots_ns += e->chain.steps[i].dur_ns;
			assert_int_equal(e->chain.steps[i].dur_ns, e->chain.steps[i].root_ns);
		}
	}
}

char *explain_steps(const struct synth *s, struct explain_case *c)
{
	struct explain_options opt = {
		.worst = c->worst || c->tid ? c->worst : 1,
		.states = c->states ? c->states : WAITS_DEFAULT,
		.depth = c->depth ? c->depth : CHAIN_DEPTH,
		.least_ppm = c->least_ppm,
		.limit = c->limit,
	};
	struct explain *e = NULL;
	char *text = NULL, tid[16];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc = 0;

	assert_non_null(f);
	if (!c->end)
		c->end = AT(1000);
	if (c->tid) {
		snprintf(tid, sizeof(tid), "%u", c->tid);
		rc = select_add(&opt.select, SELECT_TID, false, tid, &c->err);
	}
	if (!rc)
		rc = explain_new(&e, &opt, c->meta ? c->meta : &full_meta, T0,
				 c->from ? c->from : T0, c->to ? c->to : UINT64_MAX, c->end,
				 c->ncpus ? c->ncpus : 2, &c->err);
	if (!rc)
		rc = run_passes(e, s, &c->err);
	if (!rc) {
		collect(explain_result(e), c, f);
		print_all(explain_result(e), &opt, c);
	}
	c->failed = rc != 0;
	explain_free(e);
	select_free(&opt.select);
	fclose(f);
	return text;
}

void expect_steps(const struct synth *s, struct explain_case c, const char *want)
{
	char *got = explain_steps(s, &c);

	if (c.failed)
		fail_msg("explain failed: %s", c.err.msg);
	if (strcmp(got, want) != 0) /* cmocka cuts long strings */
		fail_msg("got:\n%s\nwant:\n%s", got, want);
	free(got);
}
