// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The engine against a model scheduler that knows the truth: every interval without losses, and
 * with losses never a claim that is false.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sim.h"

#ifndef SEEDS
#define SEEDS 150
#endif

struct claim {
	struct interval iv;
	uint32_t tid;
	size_t after; /* events applied when it came */
};

/* Keeps every interval, and checks that they follow one another without a hole. */
struct keeper {
	struct sink sink;
	struct engine *e;
	struct claim *claims;
	size_t n, cap, applied;
	struct cpu_interval *cpus;
	size_t ncpus, cpus_cap;
	uint32_t *cpu_tids;
	uint64_t last_to[4096]; /* by task id, 0 none yet */
	uint64_t cpu_last_to[64], cpu_depth_ns[64];
	uint64_t lo;
	const char *what;
	uint32_t seed;
};

static void failed(const struct keeper *k, const char *why, const struct interval *iv)
{
	print_error("%s seed %u: %s: task %u %s %llu-%llu flags 0x%x\n", k->what, k->seed, why,
		    iv->task->info.tid, state_name(iv->state), (unsigned long long)iv->start_ns,
		    (unsigned long long)iv->end_ns, iv->flags);
	fail();
}

static void keep_interval(struct sink *s, const struct interval *iv)
{
	struct keeper *k = (struct keeper *)s;
	uint64_t *last = &k->last_to[iv->task->id];

	assert_true(iv->task->id < 4096 && iv->from_ns >= k->lo);
	if (*last && iv->from_ns != *last)
		failed(k, "not where the one before ended", iv);
	if (!*last && iv->from_ns != (iv->task->seen_ns > k->lo ? iv->task->seen_ns : k->lo))
		failed(k, "not from the beginning", iv);
	*last = iv->to_ns;
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 4096;
		k->claims = realloc(k->claims, k->cap * sizeof(*k->claims));
		assert_non_null(k->claims);
	}
	k->claims[k->n++] = (struct claim){*iv, iv->task->info.tid, k->applied};
}

static void keep_cpu(struct sink *s, const struct cpu_interval *iv)
{
	struct keeper *k = (struct keeper *)s;

	assert_true(iv->from_ns <= iv->to_ns);
	assert_int_equal(iv->from_ns, k->cpu_last_to[iv->cpu] ? k->cpu_last_to[iv->cpu] : k->lo);
	assert_int_equal(iv->state == CS_RUN, iv->task != NULL);
	k->cpu_last_to[iv->cpu] = iv->to_ns;
	if (k->ncpus == k->cpus_cap) {
		k->cpus_cap = k->cpus_cap ? 2 * k->cpus_cap : 4096;
		k->cpus = realloc(k->cpus, k->cpus_cap * sizeof(*k->cpus));
		k->cpu_tids = realloc(k->cpu_tids, k->cpus_cap * sizeof(*k->cpu_tids));
		assert_non_null(k->cpus);
		assert_non_null(k->cpu_tids);
	}
	k->cpu_tids[k->ncpus] = iv->task ? iv->task->info.tid : 0;
	k->cpus[k->ncpus++] = *iv;
}

static void keep_depth(struct sink *s, const struct depth_interval *d)
{
	struct keeper *k = (struct keeper *)s;

	assert_true(d->from_ns < d->to_ns && d->depth <= SIM_TASKS);
	k->cpu_depth_ns[d->cpu] += d->to_ns - d->from_ns;
}

static void keep_gone(struct sink *s, const struct task *task)
{
	struct keeper *k = (struct keeper *)s;

	k->last_to[task->id] = 0;
}

static void keeper_run(struct keeper *k, const struct sim *m, const struct event *ev, size_t n,
		       uint64_t from, uint64_t to)
{
	const char *what = k->what;
	struct err err = {0};

	memset(k, 0, sizeof(*k));
	k->what = what;
	k->sink = (struct sink){.interval = keep_interval,
				.cpu_interval = keep_cpu,
				.depth = keep_depth,
				.task_gone = keep_gone};
	k->lo = from > ev[0].ts ? from : ev[0].ts;
	k->seed = m->opt.seed;
	assert_int_equal(engine_new(&k->e, m->opt.ncpus, from, to, &err), 0);
	if (!m->opt.waits)
		engine_reaps_exact(k->e);
	assert_int_equal(engine_add_sink(k->e, &k->sink, &err), 0);
	for (size_t i = 0; i < n; i++) {
		k->applied = i + 1;
		assert_int_equal(engine_apply(k->e, &ev[i], 1, &err), 0);
	}
}

static void keeper_finish(struct keeper *k, uint64_t end)
{
	struct err err = {0};

	assert_int_equal(engine_finish(k->e, end, &err), 0);
}

static void keeper_free(struct keeper *k)
{
	engine_free(k->e);
	free(k->claims);
	free(k->cpus);
	free(k->cpu_tids);
}

/* ---- without losses: equality ---- */

static int by_task(const void *a, const void *b)
{
	const struct seg *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static struct seg seg_of(const struct claim *c)
{
	return (struct seg){.tid = c->tid,
			    .state = c->iv.state,
			    .cause = c->iv.cause,
			    .raw = c->iv.raw_state,
			    .waker = c->iv.waker,
			    .cpu = c->iv.cpu,
			    .start = c->iv.start_ns,
			    .end = c->iv.end_ns,
			    .waking = c->iv.waking_ns,
			    .open = c->iv.flags & IVF_OPEN || (c->iv.state == TS_UNKNOWN)};
}

static void seg_text(const struct seg *s, char *buf, size_t len)
{
	bool waits = s->state == TS_RUNNABLE, sleeps = state_is_blocked(s->state);

	snprintf(buf, len, "%u %s:%u raw=%x waker=%u cpu=%d %llu-%llu waking=%llu open=%d", s->tid,
		 state_name(s->state), waits ? s->cause : 0, sleeps ? s->raw : 0,
		 s->open || s->state == TS_LEADER_ZOMBIE ? 0 : s->waker,
		 s->state == TS_RUN || waits || sleeps ? s->cpu : -1, (unsigned long long)s->start,
		 (unsigned long long)s->end, (unsigned long long)(waits ? s->waking : 0), s->open);
}

static void assert_all_true(const struct keeper *k, const struct sim *m)
{
	struct seg *got = calloc(k->n, sizeof(*got));
	size_t n = 0;

	assert_non_null(got);
	for (size_t i = 0; i < k->n; i++)
		if (k->claims[i].iv.start_ns < k->claims[i].iv.end_ns)
			got[n++] = seg_of(&k->claims[i]);
	qsort(got, n, sizeof(*got), by_task);
	qsort(m->segs, m->nsegs, sizeof(*m->segs), by_task);
	for (size_t i = 0; i < n || i < m->nsegs; i++) {
		char a[200] = "nothing", b[200] = "nothing";

		if (i < n)
			seg_text(&got[i], a, sizeof(a));
		if (i < m->nsegs && m->segs[i].untold)
			m->segs[i].state = TS_UNKNOWN;
		if (i < m->nsegs)
			seg_text(&m->segs[i], b, sizeof(b));
		if (strcmp(a, b) != 0) {
			print_error("seed %u\n", k->seed);
			assert_string_equal(a, b);
		}
	}
	free(got);
}

static int by_cpu(const void *a, const void *b)
{
	const struct cpu_seg *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* The first stretch of that CPU that ends at or after ns; the stretches are sorted. */
static size_t first_cpu_seg(const struct sim *m, uint16_t cpu, uint64_t ns)
{
	const struct cpu_seg key = {.cpu = cpu, .end = ns};
	size_t lo = 0, hi = m->ncpu_segs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (by_cpu(&m->cpu_segs[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void assert_cpus_true(const struct keeper *k, const struct sim *m, bool all)
{
	qsort(m->cpu_segs, m->ncpu_segs, sizeof(*m->cpu_segs), by_cpu);
	for (size_t i = 0; i < k->ncpus; i++) {
		const struct cpu_interval *iv = &k->cpus[i];
		bool found = false;

		if ((iv->state == CS_GAP && !all) || (m->opt.hides && iv->flags & IVF_OPEN))
			continue;
		for (size_t j = first_cpu_seg(m, iv->cpu, iv->from_ns); j < m->ncpu_segs; j++) {
			const struct cpu_seg *s = &m->cpu_segs[j];

			if (s->cpu != iv->cpu || s->start > iv->from_ns || found)
				break;
			found = s->end >= iv->to_ns && (iv->state == CS_IDLE) == (s->tid == 0);
			if (all)
				found &= s->start == iv->from_ns && s->end == iv->to_ns;
		}
		if (!found) {
			print_error("%s seed %u cpu%u %d %u %llu-%llu is not true\n", k->what,
				    k->seed, iv->cpu, iv->state, k->cpu_tids[i],
				    (unsigned long long)iv->from_ns, (unsigned long long)iv->to_ns);
			fail();
		}
	}
}

static void assert_counts_zero(const struct engine_counts *c)
{
	assert_int_equal(c->contradictions, 0);
	assert_int_equal(c->inferred_switch_ins, 0);
	assert_int_equal(c->unknown_tasks, 0);
	assert_int_equal(c->clamped, 0);
	assert_int_equal(c->checkpoint_diffs, 0);
	assert_int_equal(c->ignored, 0);
}

static struct sim_options options(uint32_t seed)
{
	return (struct sim_options){
		.seed = seed,
		.steps = 200 + seed * 7 % 2500,
		.ncpus = (uint16_t)(1 + seed % SIM_CPUS),
		.lives = seed % 3 != 0,
		.waits = seed % 2,
		.words = seed % 5 > 2,
		.heals = seed % 7 > 3,
	};
}

static void test_truth(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_options opt = options(seed);
		static struct keeper k;
		struct sim m;

		opt.redundant_when_queued = seed % 4 == 0;
		sim_run(&m, opt);
		keeper_run(&k, &m, m.s.ev, m.s.n, 0, UINT64_MAX);
		keeper_finish(&k, m.end);
		k.what = "truth";
		assert_all_true(&k, &m);
		assert_cpus_true(&k, &m, true);
		for (uint16_t c = 0; c < opt.ncpus; c++) {
			assert_int_equal(k.cpu_last_to[c], m.end);
			assert_int_equal(k.cpu_depth_ns[c], m.end - m.start);
		}
		assert_counts_zero(engine_counts(k.e));
		keeper_free(&k);
		sim_free(&m);
	}
}

/* ---- windows and checkpoints ---- */

/* Every interval that the whole run has in [from, to), clipped, and nothing else. */
static void test_windows(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		static struct keeper all, some;
		uint64_t from, to;
		size_t j = 0;
		struct sim m;

		sim_run(&m, options(seed));
		from = m.start + (m.end - m.start) * (seed % 7) / 10;
		to = from + (m.end - from) * (1 + seed % 5) / 6;
		keeper_run(&all, &m, m.s.ev, m.s.n, 0, UINT64_MAX);
		keeper_finish(&all, m.end);
		keeper_run(&some, &m, m.s.ev, m.s.n, from, to);
		keeper_finish(&some, m.end);
		for (size_t i = 0; i < all.n; i++) {
			const struct interval *a = &all.claims[i].iv, *b = &some.claims[j].iv;

			if (a->start_ns >= to || a->end_ns < from ||
			    (a->end_ns == from && a->start_ns < from))
				continue;
			assert_true(j < some.n);
			assert_int_equal(all.claims[i].tid, some.claims[j].tid);
			assert_int_equal(a->state, b->state);
			assert_int_equal(a->start_ns, b->start_ns);
			assert_int_equal(b->from_ns, a->start_ns > from ? a->start_ns : from);
			assert_int_equal(b->to_ns, a->end_ns < to ? a->end_ns : to);
			if (a->flags & IVF_OPEN)
				assert_int_equal(b->end_ns, to);
			else
				assert_int_equal(b->end_ns, a->end_ns);
			assert_int_equal(!!(b->flags & IVF_STARTED_BEFORE), a->start_ns < from);
			j++;
		}
		assert_int_equal(j, some.n);
		for (uint16_t c = 0; c < m.opt.ncpus; c++) {
			assert_int_equal(some.cpu_last_to[c], to);
			assert_int_equal(some.cpu_depth_ns[c], to - from);
		}
		keeper_free(&all);
		keeper_free(&some);
		sim_free(&m);
	}
}

/* The stream from event `at` on, behind a checkpoint of the engine that had all before. */
static void split(const struct sim *m, const struct synth *s, size_t at, struct keeper *second)
{
	static struct keeper first;
	struct synth rest = {0};
	struct checkpoint cp;
	struct err err = {0};

	keeper_run(&first, m, s->ev, at, 0, UINT64_MAX);
	assert_int_equal(engine_checkpoint(first.e, s->ev[at].ts, &cp, &err), 0);
	ev_checkpoint(&rest, &cp);
	for (size_t i = at; i < s->n; i++)
		synth_add(&rest, s->ev[i]);
	keeper_run(second, m, rest.ev, rest.n, 0, UINT64_MAX);
	keeper_finish(second, m->end);
	keeper_finish(&first, s->ev[at].ts);
	keeper_free(&first);
	synth_free(&rest);
}

/* What the whole run has behind the split point, the empty left out. */
static size_t keep_behind(struct keeper *k, size_t after, uint64_t ts)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		const struct interval *iv = &k->claims[i].iv;

		if (k->claims[i].after > after && iv->end_ns > ts && iv->start_ns < iv->end_ns)
			k->claims[n++] = k->claims[i];
	}
	return k->n = n;
}

static void test_split(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4 * SEEDS; seed++) {
		static struct keeper all, second;
		struct sim m;
		size_t at;

		sim_run(&m, options(seed));
		at = 1 + (seed * 7919u) % (m.s.n - 1);
		keeper_run(&all, &m, m.s.ev, m.s.n, 0, UINT64_MAX);
		keeper_finish(&all, m.end);
		split(&m, &m.s, at, &second);
		keep_behind(&all, at, m.s.ev[at].ts);
		keep_behind(&second, 0, m.s.ev[at].ts);
		for (size_t j = 0; j < all.n; j++) {
			struct seg a = seg_of(&all.claims[j]), b = seg_of(&second.claims[j]);
			char x[200], y[200];

			/* The tasks that are still there are finished in another order. */
			if (a.open)
				break;
			assert_true(j < second.n);
			seg_text(&a, x, sizeof(x));
			seg_text(&b, y, sizeof(y));
			if (strcmp(x, y) != 0)
				print_error("seed %u at %zu\n", seed, at);
			assert_string_equal(x, y);
		}
		assert_int_equal(all.n, second.n);
		assert_counts_zero(engine_counts(second.e));
		keeper_free(&all);
		keeper_free(&second);
		sim_free(&m);
	}
}

/* ---- with losses: nothing false ---- */

static bool agrees(const struct interval *iv, const struct seg *s)
{
	if (iv->state == TS_RUN && iv->cpu != s->cpu)
		return false;
	/* Blocked, how is not known. */
	if (iv->state == TS_SLEEP && !iv->raw_state && iv->flags & IVF_GAP)
		return state_is_blocked((enum task_state)s->state);
	if (state_is_blocked(iv->state) && iv->raw_state != s->raw)
		return false;
	return iv->state == s->state;
}

/* What the engine was told of a task around a time. */
static void print_events(const struct synth *s, uint32_t tid, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct event *ev = &s->ev[i];
		uint64_t end = ev->kind == EV_GAP ? ((const struct gap_info *)ev->ext)->end_ns : 0;

		if ((end ? end : ev->ts) < from || ev->ts > to)
			continue;
		if (ev->tid == tid || ev->peer == tid || ev->kind == EV_GAP ||
		    ev->kind == EV_CHECKPOINT)
			print_error("  %llu cpu%u %s tid %u peer %u value 0x%x %llu\n",
				    (unsigned long long)ev->ts, ev->cpu,
				    event_kind_name((enum event_kind)ev->kind), ev->tid, ev->peer,
				    ev->value, (unsigned long long)end);
	}
}

/* Is it, as far as it is a claim, in the truth? Those of one TID are together, see by_task(). */
static bool is_true(const struct sim *m, const struct claim *c)
{
	const struct interval *iv = &c->iv;
	const struct seg key = {.tid = c->tid};
	uint64_t to = iv->flags & IVF_REAP_BOUND ? iv->from_ns + 1 : iv->to_ns;
	size_t lo = 0, hi = m->nsegs;

	if (iv->state == TS_UNKNOWN || iv->from_ns == iv->to_ns)
		return true;
	if (m->opt.hides && iv->flags & IVF_OPEN)
		return true; /* the last switch of all may be a hidden one */
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (by_task(&m->segs[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* A slice without length is not in the truth: then two stretches make one claim. */
	for (uint64_t upto = iv->from_ns; lo < m->nsegs && m->segs[lo].tid == c->tid; lo++) {
		if (m->segs[lo].start <= upto && m->segs[lo].end >= upto &&
		    agrees(iv, &m->segs[lo]))
			upto = m->segs[lo].end;
		if (upto >= to)
			return true;
	}
	/* It got another TID in the middle. */
	for (size_t i = 0; i < m->nsegs; i++)
		if (m->segs[i].first_tid == c->tid && m->segs[i].tid != c->tid &&
		    m->segs[i].start <= iv->from_ns && m->segs[i].end >= to &&
		    agrees(iv, &m->segs[i]))
			return true;
	return false;
}

static void assert_claims_true(const struct keeper *k, const struct sim *m, const struct synth *s)
{
	qsort(m->segs, m->nsegs, sizeof(*m->segs), by_task);
	for (size_t i = 0; i < k->n; i++) {
		const struct claim *c = &k->claims[i];
		uint64_t from = c->iv.from_ns, to = c->iv.to_ns;

		if (is_true(m, c))
			continue;
		print_error("%s seed %u: not true: %u %s raw=%x cpu%u %llu-%llu %s flags 0x%x\n",
			    k->what, k->seed, c->tid, state_name(c->iv.state), c->iv.raw_state,
			    c->iv.cpu, (unsigned long long)from, (unsigned long long)to,
			    runnable_cause_name(c->iv.cause), c->iv.flags);
		for (size_t j = 0; j < m->nsegs; j++) {
			const struct seg *g = &m->segs[j];
			char text[200];

			if ((g->tid != c->tid && g->first_tid != c->tid) || g->end < from ||
			    g->start > to)
				continue;
			seg_text(g, text, sizeof(text));
			print_error("  truth: %s\n", text);
		}
		print_events(s, c->tid, from > 3000 ? from - 3000 : 0, to + 1000);
		fail();
	}
}

static void assert_whole(const struct keeper *k, const struct sim *m)
{
	for (uint16_t c = 0; c < m->opt.ncpus; c++) {
		assert_int_equal(k->cpu_last_to[c], m->end);
		assert_int_equal(k->cpu_depth_ns[c], m->end - k->lo);
	}
}

static void test_losses(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 10 * SEEDS; seed++) {
		static struct keeper k;
		struct synth s = {0};
		struct sim m;

		sim_run(&m, options(seed));
		sim_lose(&m, seed, 1 + seed % 8, 1 + seed % 60, &s);
		k.what = "losses";
		keeper_run(&k, &m, s.ev, s.n, 0, UINT64_MAX);
		keeper_finish(&k, m.end);
		k.what = "losses";
		assert_claims_true(&k, &m, &s);
		assert_cpus_true(&k, &m, false);
		assert_whole(&k, &m);
		keeper_free(&k);
		split(&m, &s, 1 + (seed * 7919u) % (s.n - 1), &k);
		k.what = "losses, split";
		assert_claims_true(&k, &m, &s);
		assert_cpus_true(&k, &m, false);
		assert_whole(&k, &m);
		keeper_free(&k);
		synth_free(&s);
		sim_free(&m);
	}
}

/* Switch-outs and wake-ups that never appear, as on one kernel that was measured; KERNEL.md. */
static void test_hidden_switches(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4 * SEEDS; seed++) {
		struct sim_options opt = options(seed);
		static struct keeper k;
		struct sim m;

		opt.hides = true;
		sim_run(&m, opt);
		keeper_run(&k, &m, m.s.ev, m.s.n, 0, UINT64_MAX);
		keeper_finish(&k, m.end);
		k.what = "hidden";
		assert_claims_true(&k, &m, &m.s);
		assert_cpus_true(&k, &m, false);
		assert_whole(&k, &m);
		keeper_free(&k);
		split(&m, &m.s, 1 + (seed * 7919u) % (m.s.n - 1), &k);
		k.what = "hidden, split";
		assert_claims_true(&k, &m, &m.s);
		assert_cpus_true(&k, &m, false);
		assert_whole(&k, &m);
		keeper_free(&k);
		sim_free(&m);
	}
}

/* Nothing runs on `left_out` as far as is known, and what runs elsewhere is known. */
static void assert_known(const struct keeper *k, uint16_t left_out)
{
	uint64_t run_ns = 0;

	for (size_t i = 0; i < k->ncpus; i++) {
		assert_int_equal(k->cpus[i].cpu == left_out, k->cpus[i].state == CS_OTHER);
		if (k->cpus[i].state == CS_RUN)
			run_ns += k->cpus[i].to_ns - k->cpus[i].from_ns;
	}
	for (size_t i = 0; i < k->n; i++)
		if (k->claims[i].iv.state == TS_RUN)
			run_ns -= k->claims[i].iv.to_ns - k->claims[i].iv.from_ns;
	assert_int_equal(run_ns, 0);
	assert_int_equal(engine_counts(k->e)->contradictions, 0);
}

/* One CPU is not recorded: what a task does there is not claimed. */
static void test_left_out(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4 * SEEDS; seed++) {
		struct sim_options opt = options(seed);
		static struct keeper k;
		struct synth s = {0};
		struct sim m;

		opt.ncpus = opt.ncpus < 2 ? 2 : opt.ncpus;
		opt.plain_exec = true;
		sim_run(&m, opt);
		sim_leave_out(&m, (uint16_t)(seed % opt.ncpus), &s);
		k.what = "left out";
		keeper_run(&k, &m, s.ev, s.n, 0, UINT64_MAX);
		keeper_finish(&k, m.end);
		k.what = "left out";
		assert_claims_true(&k, &m, &s);
		assert_known(&k, (uint16_t)(seed % opt.ncpus));
		keeper_free(&k);
		split(&m, &s, 1 + (seed * 7919u) % (s.n - 1), &k);
		k.what = "left out, split";
		assert_claims_true(&k, &m, &s);
		keeper_free(&k);
		synth_free(&s);
		sim_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_split),		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_hidden_switches), cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
