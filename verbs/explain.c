// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* explain: why a thread waited, and what that was waiting for, down to a root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/units.h"
#include "replay/explain/explain.h"
#include "replay/explain/explain_print.h"
#include "replay/views/view_states.h"
#include "verbs/answer.h"
#include "verbs/select_args.h"
#include "verbs/verbs.h"

#define VERB "explain"

enum {
	KEY_WORST = 1,
	KEY_STATE,
	KEY_ALL,
	KEY_DEPTH,
	KEY_LEAST,
	KEY_FORMAT,
};

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	READER_OPTION_TIME,
	{0, 0, NULL, NULL, "What to explain:"},
	{KEY_WORST, 0, "worst", "N",
	 "The N longest waits, one by one. Default: 5; with one --tid and without this: all that the "
	 "thread did in the window."},
	{KEY_STATE, 0, "state", "S,T,...",
	 "What counts as a wait: R (ready, waiting for a CPU) S D I T t P, or all. Default: R,D."},
	{0, 0, NULL, NULL, "Whose waits (each may be given more than once):"},
	SELECT_OPTIONS,
	{KEY_ALL, 0, "all", NULL,
	 "All of the machine. Without it the waits of a trace of 'record -- CMD' are those of CMD and "
	 "what it started, unless one of the options above says otherwise."},
	{0, 0, NULL, NULL, "How far:"},
	{KEY_DEPTH, 0, "depth", "N", "So many steps down at most. Default: 10."},
	{KEY_LEAST, 0, "least", "PERCENT",
	 "Steps below this part of the wait are summed up. Default: 1; 0 tells each."},
	{0, 0, NULL, NULL, "Output:"},
	{KEY_FORMAT, 0, "format", "FORMAT",
	 "table (default), csv, json or ndjson. The last three have a row per step, times in ns "
	 "since the start of the trace."},
	ANSWER_OPTIONS,
	OPTIONS_END,
};

struct args {
	struct answer_args answer;
	struct explain_options explain;
	bool worst;
};

static int set_states(struct args *a, const char *arg, struct err *err)
{
	uint32_t states;
	int rc = states_parse(arg, &states, err);

	if (rc)
		return rc;
	if (states & 1u << TS_RUN)
		states |= 1u << TS_RUNNABLE;
	a->explain.states = states & WAITS_STATES;
	if (!a->explain.states)
		return err_set(err, -EINVAL, "'%.40s': nobody waits there: R S D I T t P, or all",
			       arg);
	return 0;
}

/* "1", "0.5": percent to ppm. */
static int set_least(struct args *a, const char *arg, struct err *err)
{
	uint64_t whole, ppm = 0;
	const char *dot = strchr(arg, '.');
	char text[24] = "";
	int rc;

	if (strlen(arg) >= sizeof(text) || (dot && (!dot[1] || strlen(dot) > 5 || dot == arg)))
		return err_set(err, -EINVAL, "'%.40s': a percentage, such as 1 or 0.5", arg);
	memcpy(text, arg, dot ? (size_t)(dot - arg) : strlen(arg));
	rc = parse_u64(text, 100, &whole, err);
	if (rc)
		return rc;
	if (dot) {
		snprintf(text, sizeof(text), "%s%.*s", dot + 1, (int)(5 - strlen(dot)), "0000");
		rc = parse_u64(text, 9999, &ppm, err);
	}
	a->explain.least_ppm = (uint32_t)(whole * 10000 + ppm);
	return rc;
}

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	struct args *a = ctx;
	struct explain_options *o = &a->explain;
	int rc = answer_args_set(&a->answer, key, arg, err);

	if (!rc)
		rc = select_args_set(&o->select, key, arg, err);
	if (rc)
		return rc;
	switch (key) {
	case KEY_WORST:
		a->worst = true;
		rc = parse_u32(arg, WAITS_MAX, &o->worst, err);
		return rc || o->worst ? rc : err_set(err, -EINVAL, "at least 1");
	case KEY_STATE: return set_states(a, arg, err);
	case KEY_DEPTH:
		rc = parse_u32(arg, CHAIN_DEPTH_MAX, &o->depth, err);
		return rc || o->depth ? rc : err_set(err, -EINVAL, "at least 1");
	case KEY_LEAST: return set_least(a, arg, err);
	case KEY_FORMAT: return rows_format_parse(arg, &o->format, err);
	case KEY_ALL: o->all = true; break;
	default: break;
	}
	return 0;
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] [FILE]",
	.about = "Tells from a trace why threads waited: who or what held them up, what that was "
		 "waiting for itself, down to a root, each step with its time.",
	.options = options,
	.set = set,
};

static int read_pass(struct explain *e, const struct reader *in, uint64_t from, uint64_t to,
		     struct err *err)
{
	const struct event *events;
	struct source *src;
	int n, rc = trace_source(in->trace, from, to, &src, err);

	if (rc)
		return rc;
	while ((n = src->next(src, &events, err)) > 0) {
		rc = explain_apply(e, events, (size_t)n, err);
		if (rc)
			break;
	}
	src->close(src);
	if (rc >= 0 && n < 0)
		rc = n;
	return rc < 0 ? rc : explain_end_pass(e, err);
}

static int tell(void *ctx, struct reader *in, struct err *err)
{
	const struct meta *meta = trace_meta(in->trace);
	uint64_t first, last, from, to;
	struct report_input input;
	struct args *a = ctx;
	struct explain *e = NULL;
	int rc;

	a->explain.color = a->answer.color;
	a->explain.width = a->answer.width;
	trace_span(in->trace, &first, &last);
	rc = explain_new(&e, &a->explain, meta, in->span.start_ns, in->window.from_ns,
			 reader_window_end(in), last, meta_cpu_limit(meta), err);
	while (!rc && (rc = explain_pass(e, &from, &to, err)) > 0)
		rc = read_pass(e, in, from, to, err);
	if (!rc) {
		answer_begin(&a->answer, in, a->explain.format == ROWS_TABLE, &input);
		explain_print(explain_result(e), &input, stdout);
	}
	explain_free(e);
	return rc;
}

int verb_explain(int argc, char **argv)
{
	/* A trace is read more than once. */
	struct args a = {.answer = {.reader = {.spool = true}},
			 .explain = {.states = WAITS_DEFAULT,
				     .depth = CHAIN_DEPTH,
				     .least_ppm = 10000,
				     .width = REPORT_WIDTH}};
	struct err err = {0};
	int code, rc = answer_parse(&command, argc, argv, &a, &a.answer, &err);

	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (!a.worst && a.explain.select.want[SELECT_TID].n != 1)
		a.explain.worst = EXPLAIN_WORST;
	if (rc > 0)
		rc = explain_check(&a.explain, &err);
	code = rc ? verb_fail(VERB, EXIT_USAGE, &err) : answer(VERB, &a.answer, tell, &a);
	select_free(&a.explain.select);
	return code;
}
