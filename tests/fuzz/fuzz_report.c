// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * fuzz_report: any stream of events through everything behind the reader: an engine as check and
 * dump have it, with what must add up and each event in words and in JSON, a report of every group
 * or a flame graph, and explain. Checkpoints are hand-made ones, or the engine's own by way of the
 * disk's encoding. With FUZZ_SHOW in the environment the events are printed: FUZZ_SHOW=1 fuzz_report
 * FILE. With FUZZ_HOSTILE only what is true of any stream is asserted: not what must add up when the
 * stream is steady.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "events.h"
#include "replay/explain/explain.h"
#include "replay/explain/explain_print.h"
#include "replay/invariants.h"
#include "replay/report.h"
#include "replay/views/view_states.h"
#include "verbs/event_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How the report is made: the first bytes of the input. */
struct settings {
	uint8_t by, format, flags, window, meta;
};

#define SET_TREE     0x01
#define SET_NO_SPLIT 0x02
#define SET_ZERO     0x04
#define SET_FEW	     0x08 /* few rows and list entries are kept */
#define SET_CHILD    0x10
#define SET_STEADY   0x20
#define SET_FILTERED 0x40
#define SET_SELECT   0x80

#define META_HZ	      0x01
#define META_CPUS     0x02
#define META_COUNTERS 0x04
#define META_ALL      0x08 /* everything was recorded */
#define META_EXPLAIN  0x10 /* also explain */
#define META_STACK    0x20
#define META_FLAME    0x40 /* with STACK: a flame graph, and nothing else */

struct run {
	struct input in;
	struct engine *engine;
	struct invariants *invariants;
	struct report *report;
	struct event_text words;
	uint64_t last_ns;
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz_report: %s\n", what);
	abort();
}

static void check_json(const char *text, size_t len)
{
	json_error_t e;
	json_t *json = json_loadb(
		text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);

	if (!json)
		fprintf(stderr, "%s at %d in:\n%.*s\n", e.text, e.position, (int)len, text);
	need(json, "this is not JSON");
	json_decref(json);
}

/* ---- as dump and check do ---- */

static void print_event(struct run *run, const struct event *ev)
{
	struct text *out = run->words.out;

	event_text_line(&run->words, ev);
	if (out->fd == STDERR_FILENO)
		text_flush(out);
	text_init(out, out->fd);
	event_text_json(&run->words, ev);
	if (!out->flushed)
		check_json(out->buf, out->len);
	text_init(out, out->fd);
}

static void begin(struct run *run, uint64_t first_ns)
{
	struct err err;

	if (run->invariants)
		return;
	need(!invariants_new(&run->invariants, FUZZ_CPUS, first_ns, UINT64_MAX, &err), err.msg);
	need(!engine_add_sink(run->engine, invariants_sink(run->invariants), &err), err.msg);
}

static void finish_check(struct run *run, bool steady)
{
	struct err err;

	if (!run->invariants)
		return;
	invariants_finish(run->invariants, run->last_ns);
	need(!engine_finish(run->engine, run->last_ns, &err), err.msg);
	err.msg[0] = 0;
	if (!invariants_check(run->invariants, &err))
		return;
	steady = steady && !getenv("FUZZ_HOSTILE");
	for (enum invariant i = 0; i < INV_COUNT; i++)
		if (invariants_broken(run->invariants, i) && (steady || i == INV_NEGATIVE)) {
			fprintf(stderr, "%s: %s\n", invariant_name(i), err.msg);
			abort();
		}
}

/* ---- the report ---- */

static struct meta_cpu cpus[FUZZ_CPUS] = {
	{.cpu = 0, .core = 0, .l3 = 0, .die = 0, .package = 0, .node = 0},
	{.cpu = 1, .core = 0, .l3 = 0, .die = 0, .package = 0, .node = 0},
	{.cpu = 2, .core = 1, .l3 = 1, .die = 1, .package = 0, .node = 1},
	{.cpu = 3, .core = -1, .l3 = -1, .die = -1, .package = -1, .node = -1},
};
static struct meta_counter counters[2] = {
	{.name = "cycles", .live = true},
	{.name = "faults", .live = true},
};

static struct meta_hook hooks[1] = {{.name = "irq_handler", .live = true, .feature = "irq"}};

static struct meta make_meta(const struct settings *set)
{
	struct meta meta = {
		.version = "1.1.0",
		.hostname = "\x1b[0m\"host",
		.arch = "x86_64",
		.start_ns = FUZZ_START,
		.user_hz = set->meta & META_HZ ? 100 : 0,
		.page_size = 4096,
		.filtered = set->flags & SET_FILTERED,
		.child_pid = set->flags & SET_CHILD ? 5 : 0,
		.cpus = cpus,
		.ncpus = set->meta & META_CPUS ? FUZZ_CPUS : set->meta >> 6,
		.counters = counters,
		.ncounters = set->meta & META_COUNTERS ? 2 : 0,
		.hooks = hooks,
		.nhooks = set->meta & META_ALL ? 1 : 0,
		.stacks = "all",
		.user_stacks = true,
		.tree = set->flags & SET_CHILD && set->meta & META_ALL,
	};

	if (set->meta & META_ALL)
		strcpy(meta.features, "sched,io,net,fs,syscall,stacks,samples,irq");
	return meta;
}

static void add_groups(struct report_options *opt)
{
	if (opt->flame) {
		opt->kinds[opt->nkinds++] = &view_offcpu;
		return;
	}
	for (size_t i = 0; view_kinds[i] && opt->nkinds < REPORT_VIEWS; i++)
		if (view_can_be_by(view_kinds[i], opt->by))
			opt->kinds[opt->nkinds++] = view_kinds[i];
}

static void new_report(struct run *run, const struct settings *set, struct report_options *opt,
		       const struct meta *meta)
{
	uint64_t from = FUZZ_START, to = UINT64_MAX;
	struct err err;

	*opt = (struct report_options){
		.by = set->by % BY_COUNT,
		.format = set->format % 4,
		.states = set->format & 4 ? STATES_DEFAULT : UINT32_MAX,
		.tree = set->flags & SET_TREE,
		.no_split = set->flags & SET_NO_SPLIT,
		.zero = set->flags & SET_ZERO,
		.color = set->format & 8,
		.width = 100,
	};
	opt->stack = set->meta & META_STACK && view_can_be_by(&view_offcpu, opt->by);
	if (opt->stack && set->meta & META_FLAME) {
		opt->flame = set->format & 1 ? FLAME_SVG : FLAME_FOLDED;
		opt->wakers = set->format & 2;
	}
	if (set->window & 0x0f)
		from = FUZZ_START + (set->window & 0x0fu) * 100000u;
	if (set->window & 0xf0)
		to = FUZZ_START + (set->window & 0xf0u) * 100000u;
	add_groups(opt);
	if (set->flags & SET_SELECT)
		need(!select_add(&opt->select, SELECT_COMM, false, "*m*", &err), err.msg);
	need(!report_new(&run->report, opt, meta, FUZZ_START, from, to, FUZZ_CPUS, &err), err.msg);
	if (set->flags & SET_FEW) {
		run->report->env.list_keep = 4;
		run->report->subjects->keep = 4;
		if (run->report->lives)
			run->report->lives->keep = 4;
	}
}

/* What `print` prints is JSON when it should be. */
struct output {
	FILE *f;
	char *text;
	size_t len;
};

static void open_output(struct output *out)
{
	*out = (struct output){0};
	out->f = open_memstream(&out->text, &out->len);
	need(out->f, "no memory");
}

static void close_output(struct output *out, bool json)
{
	fclose(out->f);
	if (json && out->len)
		check_json(out->text, out->len);
	free(out->text);
}

static struct report_input make_input(const struct run *run, const struct meta *meta,
				      uint64_t from_ns)
{
	return (struct report_input){
		.name = "fuzz",
		.meta = meta,
		.complete = true,
		.windowed = from_ns > FUZZ_START,
		.first_ns = FUZZ_START,
		.last_ns = run->last_ns,
		.start_utc_ns = UINT64_C(1700000000000000000),
	};
}

static void finish_report(struct run *run, const struct meta *meta)
{
	const struct report_input in = make_input(run, meta, run->report->env.from_ns);
	const struct report_options *opt = run->report->opt;
	struct err err = {0};
	struct output out;
	bool found;

	/* fails only when a filter matched nothing */
	found = !report_finish(run->report, run->last_ns, &err);
	need(found || err.code == -EINVAL, err.msg);
	open_output(&out);
	if (found)
		need(!report_print(run->report, &in, out.f, &err), err.msg);
	close_output(&out, opt->format == ROWS_JSON && !opt->flame);
}

/* ---- explain: the stream again, once for each pass ---- */

static void explain_stream(struct explain *e, struct input in)
{
	struct event ev;
	struct err err;

	while (input_event(&in, &ev)) {
		int rc = ev.kind == FUZZ_KIND_SELF ? 0 : explain_apply(e, &ev, 1, &err);

		need(rc >= 0, err.msg);
		if (rc)
			break;
	}
	input_free(&in);
}

/* What a step is made of is as long as the step. */
static void check_steps(const struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		uint64_t ns = 0;
		size_t below = 0;

		for (size_t k = i + 1; k < c->n && c->steps[k].depth > c->steps[i].depth; k++) {
			if (c->steps[k].depth != c->steps[i].depth + 1)
				continue;
			ns += c->steps[k].dur_ns;
			below++;
		}
		need(!below || ns == c->steps[i].dur_ns, "steps do not add up");
	}
}

static void explain_all(const struct run *run, const struct settings *set, struct input in,
			const struct meta *meta)
{
	struct explain_options opt = {
		.worst = set->window & 0x80 ? 0 : 7,
		.states = set->format & 4 ? WAITS_DEFAULT : WAITS_STATES,
		.depth = set->by & 8 ? 3 : CHAIN_DEPTH_MAX,
		.least_ppm = set->by & 16 ? 10000 : 0,
		.limit = set->by & 32 ? 8 : 0,
		.format = set->format % 4,
		.width = 100,
	};
	const uint64_t from_ns = FUZZ_START + (set->window & 0x0fu) * 100000u;
	const uint64_t to_ns = FUZZ_START + (set->window & 0x70u) * 100000u;
	const struct report_input input = make_input(run, meta, from_ns);
	struct explain *e = NULL;
	struct err err = {0};
	struct output out;
	uint64_t from, to;
	int rc;

	if (!opt.worst)
		need(!select_add(&opt.select, SELECT_TID, false, "1", &err), err.msg);
	need(!explain_new(&e, &opt, meta, FUZZ_START, from_ns, to_ns > from_ns ? to_ns : UINT64_MAX,
			  run->last_ns, FUZZ_CPUS, &err),
	     err.msg);
	while ((rc = explain_pass(e, &from, &to, &err)) > 0) {
		explain_stream(e, in);
		rc = explain_end_pass(e, &err);
		if (rc)
			break;
	}
	need(!rc || err.code == -EINVAL, err.msg);
	open_output(&out);
	if (!rc) {
		check_steps(&explain_result(e)->chain);
		explain_print(explain_result(e), &input, out.f);
	}
	close_output(&out, opt.format == ROWS_JSON);
	explain_free(e);
	select_free(&opt.select);
}

/* ---- the stream ---- */

/* What the engine knows now, as it comes back from a file. */
static void self_checkpoint(struct run *run, struct event *ev)
{
	struct checkpoint now;
	struct err err;

	need(!engine_checkpoint(run->engine, ev->ts, &now, &err), err.msg);
	*ev = (struct event){.kind = EV_CHECKPOINT,
			     .ts = ev->ts,
			     .cpu = CPU_NONE,
			     .ext = input_stored(&run->in, &now)};
}

static void apply(struct run *run, struct event *ev)
{
	struct err err;

	begin(run, ev->ts);
	if (ev->kind == FUZZ_KIND_SELF)
		self_checkpoint(run, ev);
	print_event(run, ev);
	if (run->report->env.from_ns > ev->ts)
		report_before_window(run->report, ev, 1);
	need(!engine_apply(run->engine, ev, 1, &err), err.msg);
	need(!report_apply(run->report, ev, 1, &err), err.msg);
	if (ev->ts > run->last_ns)
		run->last_ns = ev->ts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text out;
	struct run run = {.in = {.p = data, .end = data + size, .ts = FUZZ_START}};
	struct report_options opt;
	struct settings set;
	struct input start;
	struct event ev;
	struct meta meta;
	struct err err;

	if (size < sizeof(set))
		return 0;
	memcpy(&set, data, sizeof(set));
	run.in.p += sizeof(set);
	run.in.steady = set.flags & SET_STEADY;
	start = run.in;
	if (!out.fd)
		out.fd = getenv("FUZZ_SHOW") ? STDERR_FILENO
					     : open("/dev/null", O_WRONLY | O_CLOEXEC);
	text_init(&out, out.fd);
	meta = make_meta(&set);
	need(!engine_new(&run.engine, FUZZ_CPUS, 0, UINT64_MAX, &err), err.msg);
	if (meta.filtered)
		engine_filtered(run.engine);
	new_report(&run, &set, &opt, &meta);
	run.words = (struct event_text){&out, run.engine, FUZZ_START, &meta};
	while (input_event(&run.in, &ev))
		apply(&run, &ev);
	input_free(&run.in);
	finish_check(&run, run.in.steady);
	finish_report(&run, &meta);
	if (set.meta & META_EXPLAIN)
		explain_all(&run, &set, start, &meta);
	report_free(run.report);
	select_free(&opt.select);
	engine_free(run.engine);
	invariants_free(run.invariants);
	return 0;
}
