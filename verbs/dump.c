// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* dump: the raw events of a trace, one per line. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/units.h"
#include "verbs/event_text.h"
#include "verbs/reader_args.h"
#include "verbs/select_args.h"
#include "verbs/verbs.h"

#define VERB "dump"

enum { KEY_FORMAT = 1, KEY_KIND };

/* What to print. */
struct wanted {
	struct select tasks;
	uint64_t kinds; /* bit per enum event_kind; 0: all but checkpoints */
};

struct args {
	struct reader_args reader;
	struct wanted wanted;
	bool json;
};

static const struct option_spec options[] = {
	READER_OPTION_INPUT,
	{KEY_FORMAT, 0, "format", "FORMAT", "text (default) or ndjson: one JSON object per line."},
	{0, 0, NULL, NULL, "Which events (an option may be given more than once):"},
	READER_OPTION_TIME,
	SELECT_OPTIONS,
	{KEY_KIND, 0, "kind", "KIND,...",
	 "Events of these kinds: switch, waking, wakeup, wakeup_new, migrate, fork, exec, exit, "
	 "rename, free, reap, wait, cgroup, task, block, gap, name, io_start, io_issue, io_done, "
	 "io_requeue, io_merge, acct, socket, net, socket_state, retransmit, reset, stack, frames, "
	 "counters, irq, sample, and checkpoint, which is printed only when it is named."},
	{0, 0, NULL, NULL, "Otherwise:"},
	READER_OPTION_STRICT,
	OPTIONS_END,
};

static int add_kinds(struct wanted *w, const char *arg, struct err *err)
{
	const char *whole = arg;

	while (*arg) {
		size_t len = strcspn(arg, ",");
		const char *name;
		int kind = 1;

		for (; len && kind < EV_KIND_END; kind++) {
			name = event_kind_name((enum event_kind)kind);
			if (name && strlen(name) == len && !strncmp(name, arg, len))
				break;
		}
		if (!len)
			return err_set(err, -EINVAL, "an empty name in '%.60s'", whole);
		if (kind == EV_KIND_END)
			return err_set(err, -EINVAL,
				       "'%.*s' is no kind of event; 'rstat dump --help' lists them",
				       (int)(len < 40 ? len : 40), arg);
		w->kinds |= UINT64_C(1) << kind;
		arg += len;
		if (*arg == ',')
			arg++;
	}
	return w->kinds ? 0 : err_set(err, -EINVAL, "names no kind of event");
}

static int set(void *ctx, int key, const char *arg, struct err *err)
{
	struct args *args = ctx;
	int rc = reader_args_set(&args->reader, key, arg, err);

	if (!rc)
		rc = select_args_set(&args->wanted.tasks, key, arg, err);
	if (rc)
		return rc;
	switch (key) {
	case KEY_FORMAT:
		args->json = !strcmp(arg, "ndjson");
		if (!args->json && strcmp(arg, "text") != 0)
			return err_set(err, -EINVAL, "'%.40s' is neither text nor ndjson", arg);
		return 0;
	case KEY_KIND: return add_kinds(&args->wanted, arg, err);
	default: return 0;
	}
}

static const struct command command = {
	.verb = VERB,
	.synopsis = "[OPTIONS] [FILE]",
	.about = "Prints the events of a trace as they were recorded, in the order of time.",
	.options = options,
	.set = set,
};

/* What an event's tasks say: nobody's, of none that is wanted, of one that is. */
enum verdict { NOBODY, OUT, IN };

/* What is known of a task, under a new name where it gets one. */
static enum verdict judge(struct select *s, const struct engine *e, uint32_t tid, const char *comm)
{
	/* no user has this uid, and no cgroup this id */
	struct task_info info = {.tid = tid, .tgid = tid, .uid = UINT32_MAX};
	const struct task *task;

	if (!tid || tid == TID_OTHER)
		return NOBODY;
	task = engine_task(e, tid);
	if (task)
		info = task->info;
	if (comm)
		memcpy(info.comm, comm, TASK_COMM_LEN - 1);
	return select_task(s, &info, e) ? IN : OUT;
}

/* The second task of an event, where it is part of what happens. */
static uint32_t other_task(const struct event *ev)
{
	switch (ev->kind) {
	case EV_SWITCH:
	/* a wake-up in an interrupt is not the doing of whom it interrupted, but it shows it */
	case EV_WAKING:
	case EV_WAKEUP:
	case EV_WAKEUP_NEW:
	case EV_FORK:
	case EV_REAP:
	case EV_EXEC: return ev->peer;
	default: return 0;
	}
}

/* The name that the event's task has from now on; NULL when it keeps its own. */
static const char *new_name(const struct event *ev)
{
	switch (ev->kind) {
	case EV_EXEC: return ((const struct exec_info *)ev->ext)->comm;
	case EV_RENAME: return ((const struct rename_info *)ev->ext)->comm;
	default: return NULL;
	}
}

static enum verdict judge_event(struct select *s, const struct engine *e, const struct event *ev)
{
	const char *comm = new_name(ev);
	enum verdict one, other;

	if (ev->kind == EV_FORK || ev->kind == EV_TASK) /* both begin with the task_info */
		one = select_task(s, ev->ext, e) ? IN : OUT;
	else
		one = judge(s, e, ev->tid, NULL);
	if (one != IN && comm)
		one = judge(s, e, ev->tid, comm);
	other = judge(s, e, other_task(ev), NULL);
	return one > other ? one : other;
}

static bool wants_tasks(const struct select *s)
{
	return select_names_tasks(s) || s->kthreads == KTHREADS_ONLY;
}

static bool is_kind(const struct wanted *w, const struct event *ev)
{
	return w->kinds ? w->kinds >> ev->kind & 1 : ev->kind != EV_CHECKPOINT;
}

static bool is_cpu(const struct wanted *w, const struct event *ev)
{
	return ev->cpu == CPU_NONE ? cpulist_empty(&w->tasks.cpus) : select_cpu(&w->tasks, ev->cpu);
}

static bool is_task(struct wanted *w, const struct engine *e, const struct event *ev)
{
	struct select *s = &w->tasks;

	if (!select_has_tasks(s) || ev->kind == EV_GAP) /* what is missing concerns every task */
		return true;
	if (ev->kind == EV_NAME || ev->kind == EV_CHECKPOINT)
		return !wants_tasks(s);
	switch (judge_event(s, e, ev)) {
	case IN: return true;
	case OUT: return false;
	default: return !wants_tasks(s);
	}
}

struct dump {
	struct args *args;
	struct event_text text;
	struct time_window window;
	bool found; /* an event of the tasks asked for, of whatever kind */
};

static bool in_window(const struct dump *d, const struct event *ev)
{
	if (ev->ts >= d->window.to_ns)
		return false;
	/* a gap that began before the window may reach into it */
	return ev->ts >= d->window.from_ns ||
	       (ev->kind == EV_GAP &&
		((const struct gap_info *)ev->ext)->end_ns >= d->window.from_ns);
}

static void print_event(struct dump *d, const struct event *ev)
{
	struct wanted *w = &d->args->wanted;
	bool kind = is_kind(w, ev);

	if ((d->found && !kind) || !in_window(d, ev) || !is_cpu(w, ev) ||
	    !is_task(w, d->text.engine, ev))
		return;
	if (ev->kind != EV_GAP)
		d->found = true;
	if (!kind)
		return;
	if (d->args->json)
		event_text_json(&d->text, ev);
	else
		event_text_line(&d->text, ev);
}

static int print_all(struct dump *d, struct engine *e, struct source *src, struct err *err)
{
	const struct event *events;
	struct text *out = d->text.out;
	int n, rc;

	while ((n = src->next(src, &events, err)) > 0) {
		for (int i = 0; i < n; i++) {
			print_event(d, &events[i]);
			rc = engine_apply(e, &events[i], 1, err);
			if (rc)
				return rc;
		}
		if (out->error)
			break;
	}
	if (n < 0)
		return n;
	text_flush(out);
	if (out->error && out->error != -EPIPE)
		return err_errno(err, out->error, "cannot write to standard output");
	return 0;
}

static int dump(struct reader *in, struct args *args, struct err *err)
{
	struct dump d = {.args = args, .window = in->window};
	struct text *out = malloc(sizeof(*out));
	struct engine *engine = NULL;
	struct source *src;
	int rc;

	if (!out)
		return err_set(err, -ENOMEM, "out of memory");
	text_init(out, STDOUT_FILENO);
	/* without --time nothing is left out, whatever the trace says of its span */
	if (!in->windowed)
		d.window.from_ns = 0;
	d.window.to_ns = reader_window_end(in);
	rc = engine_new(&engine, meta_cpu_limit(trace_meta(in->trace)), 0, UINT64_MAX, err);
	if (!rc)
		rc = trace_source(in->trace, d.window.from_ns, d.window.to_ns, &src, err);
	if (!rc) {
		d.text = (struct event_text){out, engine, in->span.start_ns, trace_meta(in->trace)};
		rc = print_all(&d, engine, src, err);
		src->close(src);
	}
	if (!rc && !d.found && wants_tasks(&args->wanted.tasks) && !out->error)
		rc = err_set(err, -ESRCH, "no event of the tasks asked for%s",
			     in->windowed ? " in this window" : "");
	engine_free(engine);
	free(out);
	return rc;
}

static int run(struct args *args, int argc, char **argv, struct err *err)
{
	char text[TIME_WINDOW_BUF];
	struct reader in;
	int rc;

	rc = options_parse(&command, argc, argv, args, err);
	if (rc == OPTIONS_ANSWERED)
		return verb_flush(VERB, EXIT_OK);
	if (rc > 0)
		rc = reader_args_operands(&args->reader, argc, argv, rc, err);
	if (!rc)
		rc = reader_open(&in, &args->reader, err);
	if (rc)
		return verb_fail(VERB, EXIT_USAGE, err);
	signal(SIGPIPE, SIG_IGN); /* whoever reads may stop early */
	if (in.windowed)
		fprintf(stderr, "rstat " VERB ": window %s\n",
			time_window_format(&in.window, &in.span, text));
	rc = dump(&in, args, err);
	if (rc) {
		reader_abort(&in);
		return verb_fail(VERB, EXIT_USAGE, err);
	}
	return reader_close(&in, VERB);
}

int verb_dump(int argc, char **argv)
{
	struct err err = {0};
	struct args *args = calloc(1, sizeof(*args));
	int code;

	if (!args) {
		err_set(&err, -ENOMEM, "out of memory");
		return verb_fail(VERB, EXIT_USAGE, &err);
	}
	code = run(args, argc, argv, &err);
	select_free(&args->wanted.tasks);
	free(args);
	return code;
}
