// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_life: who was born, ran which program, and ended how. */
#include "replay/views/view_life.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Of the view: whether anything of the window has come. */
static bool *in_window(struct view *v)
{
	return v->own;
}

static int start(struct view *v, struct err *err)
{
	v->own = calloc(1, sizeof(bool));
	if (!v->own)
		return err_set(err, -ENOMEM, "out of memory");
	*in_window(v) = v->env->from_ns <= v->env->start_ns;
	return 0;
}

static void stop(struct view *v)
{
	free(v->own);
}

static struct life_figures *figures(struct view *v, const struct task *task, uint32_t cpu)
{
	uint32_t id = subjects_of(v->subjects, task, cpu);
	struct life_figures *f = id == SUBJECT_NONE ? NULL : view_figures(v, id);
	bool by_thread = v->subjects->by == BY_THREAD;
	const struct task_info *info = &task->info;

	if (!f)
		return NULL;
	if (!f->seen || info->tid == info->tgid || by_thread)
		f->ppid = info->ppid;
	if (!f->start_ns && (info->tid == info->tgid || by_thread)) {
		int64_t offset = v->env->meta->boottime_offset_ns;

		/* EV_FORK tells it best; outside the window it would be known or not by chance */
		if (task->forked_ns && task->forked_ns >= v->env->from_ns)
			f->start_ns = task->forked_ns;
		else if (info->start_ns && (int64_t)info->start_ns > offset)
			f->start_ns = info->start_ns - (uint64_t)offset;
	}
	f->seen = true;
	f->asked = f->asked || subjects_asked(v->subjects, task, cpu);
	return f;
}

static int set_text(char **to, const char *from, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, from, len);
	copy[len] = '\0';
	free(*to);
	*to = copy;
	return 0;
}

static void task_exec(struct view *v, struct life_figures *f, const struct exec_info *exec)
{
	f->execs++;
	if (!exec)
		return;
	if (exec->filename && set_text(&f->filename, exec->filename, strlen(exec->filename)))
		v->failed = true;
	if (set_text(&f->args, exec->args, exec->args ? exec->args_len : 0))
		v->failed = true;
	f->args_len = exec->args ? exec->args_len : 0;
	f->truncated = exec->truncated;
}

static void task_exit(struct view *v, struct life_figures *f, const struct event *ev,
		      const struct task *task)
{
	bool leader = task->info.tid == task->info.tgid;
	bool last = ev->flags & EVF_GROUP_DEAD;

	if (v->subjects->by == BY_THREAD) {
		f->end_ns = ev->ts;
		f->exit_code = ev->value;
		f->has_exit = true;
		return;
	}
	/* the last one's is the process's: exit_group() by a thread outlives the leader's own */
	if (leader || last) {
		f->exit_code = ev->value;
		f->has_exit = true;
	}
	if (last)
		f->end_ns = ev->ts;
}

static void on_event(struct sink *s, const struct event *ev, const struct task *task)
{
	struct view *v = (struct view *)s;
	struct life_figures *f;

	*in_window(v) = true;
	if ((ev->kind != EV_FORK && ev->kind != EV_EXEC && ev->kind != EV_EXIT) || !task)
		return;
	f = figures(v, task, ev->cpu);
	if (!f)
		return;
	if (ev->kind == EV_EXEC) {
		task_exec(v, f, ev->ext);
	} else if (ev->kind == EV_EXIT) {
		task_exit(v, f, ev, task);
	} else {
		f->threads++;
		if (v->subjects->by == BY_THREAD || task->info.tid == task->info.tgid) {
			f->start_ns = ev->ts;
			f->started = true;
		}
	}
}

/* Whether its EV_EXIT was lost, or came before the window. */
static void found_dead(struct view *v, struct life_figures *f, const struct task *task,
		       uint64_t end_ns)
{
	if (f->end_ns)
		return;
	f->dead = true;
	f->end_ns = end_ns;
	if (!f->has_exit)
		f->exit_code = task->exit_code;
	f->has_exit |= end_ns >= v->env->from_ns;
}

static void ran(struct view *v, struct life_figures *f, const struct interval *iv)
{
	/* time is of what it was then; its end is its end, whatever it became */
	if (subjects_asked(v->subjects, iv->task, iv->cpu))
		f->oncpu_ns += view_known_ns(iv);
	if (!(iv->flags & IVF_EXIT))
		return;
	if (iv->to_ns > f->last_ns)
		f->last_ns = iv->to_ns;
	if (v->subjects->by == BY_THREAD || iv->task->flags & TASK_GROUP_DEAD)
		found_dead(v, f, iv->task, iv->to_ns);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	const bool dead = iv->state == TS_ZOMBIE ||
			  (iv->state == TS_LEADER_ZOMBIE && v->subjects->by == BY_THREAD);
	const bool unsure = iv->flags & (IVF_GAP | IVF_INFERRED | IVF_SINCE_APPROX);
	struct life_figures *f;

	*in_window(v) = true;
	/* any interval shows that it was there; most need no more than that */
	if (iv->state != TS_RUN && !dead && !(iv->flags & (IVF_OPEN | IVF_STARTED_BEFORE)))
		return;
	f = figures(v, iv->task, iv->cpu);
	if (f && dead)
		found_dead(v, f, iv->task, unsure ? 0 : iv->start_ns);
	else if (f && iv->state == TS_RUN)
		ran(v, f, iv);
}

/* What it was until now may be what is asked for, without a slice in the window. */
static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	struct view *v = (struct view *)s;
	const struct subjects *asked = v->subjects->asked;
	struct life_figures *f;

	if (!asked || !*in_window(v) || !select_cpu(asked->select, task->cpu) ||
	    !select_task(asked->select, before, v->env->engine))
		return;
	f = figures(v, task, task->cpu);
	if (f)
		f->asked = true;
}

/* It ends when it leaves the CPU for good; taking down its memory comes after its EV_EXIT. 0: lives. */
static uint64_t end_of(const struct life_figures *f)
{
	return f->end_ns && f->last_ns > f->end_ns ? f->last_ns : f->end_ns;
}

bool life_happened(const struct life_figures *f)
{
	return f->started || f->execs || f->has_exit || f->threads;
}

static bool empty(const struct view_row *row)
{
	return !life_happened(row->figures);
}

static bool absent(const struct view *v, const void *fig, unsigned split)
{
	(void)v;
	(void)split;
	return !((const struct life_figures *)fig)->asked;
}

static uint64_t weight(const void *fig)
{
	const struct life_figures *f = fig;

	return f->asked ? f->oncpu_ns + 1 : 0;
}

static int fold(void *to, void *from)
{
	struct life_figures *a = to;
	const struct life_figures *b = from;

	if (!b->asked)
		return 0;
	if (!a->start_ns || (b->start_ns && b->start_ns < a->start_ns))
		a->start_ns = b->start_ns;
	if (end_of(b) > a->end_ns)
		a->end_ns = end_of(b);
	a->oncpu_ns += b->oncpu_ns;
	a->forks += b->forks ? b->forks : 1;
	a->execs += b->execs;
	a->threads += b->threads;
	a->started = a->seen = a->asked = true;
	return 0;
}

static void release(void *fig)
{
	free(((struct life_figures *)fig)->filename);
	free(((struct life_figures *)fig)->args);
}

/* -- fields -- */

static const struct life_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static void get_start(const void *row, struct value *v)
{
	if (figures_of(row)->start_ns)
		value_time(v, ((const struct view_row *)row)->view->env, figures_of(row)->start_ns);
}

static void get_end(const void *row, struct value *v)
{
	uint64_t end = end_of(figures_of(row));

	if (end)
		value_time(v, ((const struct view_row *)row)->view->env, end);
}

static void get_dur(const void *row, struct value *v)
{
	const struct view_row *r = row;
	const struct life_figures *f = r->figures;
	uint64_t end = f->end_ns ? end_of(f) : r->view->env->to_ns;

	if (f->start_ns && end >= f->start_ns && (f->end_ns || !f->dead))
		value_u(v, VT_NS, end - f->start_ns);
}

static void get_ppid(const void *row, struct value *v)
{
	if (!figures_of(row)->forks)
		value_u(v, VT_ID, figures_of(row)->ppid);
}

static bool has_code(const struct life_figures *f)
{
	return f->has_exit || f->dead;
}

/* As a shell has it: 128 + the signal for one that was killed. */
static void get_exit_code(const void *row, struct value *v)
{
	const struct life_figures *f = figures_of(row);
	uint32_t sig = f->exit_code & 0x7f;

	if (has_code(f))
		value_u(v, VT_ID, sig ? 128 + sig : f->exit_code >> 8 & 0xff);
}

static void get_signal(const void *row, struct value *v)
{
	const struct life_figures *f = figures_of(row);

	if (has_code(f) && f->exit_code & 0x7f)
		value_u(v, VT_ID, f->exit_code & 0x7f);
}

/* "0", "1", "SIGKILL" */
static void get_exit(const void *row, struct value *v)
{
	static _Thread_local char buf[24];
	const struct life_figures *f = figures_of(row);
	unsigned sig = f->exit_code & 0x7f;
	const char *name = sig ? sigabbrev_np((int)sig) : NULL;

	if (!has_code(f))
		return;
	if (name)
		snprintf(buf, sizeof(buf), "SIG%s", name);
	else
		snprintf(buf, sizeof(buf), "%u", sig ? 128 + sig : f->exit_code >> 8 & 0xff);
	value_text(v, buf);
}

static void get_filename(const void *row, struct value *v)
{
	value_text(v, figures_of(row)->filename);
}

static bool plain(const char *arg)
{
	return *arg && !strpbrk(arg, " \t\n'\"\\$`&|;<>()*?[]#~!{}");
}

/* One argument as one would type it: in single quotes if it needs them. Returns the new end. */
static char *put_arg(char *to, const char *arg)
{
	if (plain(arg))
		return stpcpy(to, arg);
	*to++ = '\'';
	for (; *arg; arg++) {
		if (*arg == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *arg;
	}
	*to++ = '\'';
	return to;
}

static void get_args(const void *row, struct value *v)
{
	static _Thread_local char *buf;
	static _Thread_local size_t room;
	const struct life_figures *f = figures_of(row);
	size_t need = 4 * (size_t)f->args_len + 16;
	char *to;

	if (!f->args)
		return;
	if (!buf || need > room) {
		char *bigger = realloc(buf, need);

		if (!bigger)
			return;
		buf = bigger;
		room = need;
	}
	to = buf;
	for (const char *arg = f->args; arg < f->args + f->args_len; arg += strlen(arg) + 1) {
		if (to != buf)
			*to++ = ' ';
		to = put_arg(to, arg);
	}
	if (f->truncated)
		to = stpcpy(to, " ...");
	v->type = VT_TEXT;
	v->text = buf;
	v->len = (size_t)(to - buf);
}

/* What is known best of what it ran. */
static void get_command(const void *row, struct value *v)
{
	get_args(row, v);
	if (v->type != VT_TEXT || !v->len)
		get_filename(row, v);
}

static void get_execs(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->execs);
}

static void get_oncpu(const void *row, struct value *v)
{
	value_u(v, VT_NS, figures_of(row)->oncpu_ns);
}

static void get_processes(const void *row, struct value *v)
{
	value_u(v, VT_COUNT, figures_of(row)->forks ? figures_of(row)->forks : 1);
}

static void get_depth(const void *row, struct value *v)
{
	const struct view_row *r = row;

	if (r->view->env->tree)
		value_u(v, VT_COUNT, r->depth);
}

static const struct field fields[] = {
	{"start_ns", "START", VT_TIME, FIELD_TABLE, "When it was forked; may lie before the trace",
	 get_start},
	{"end_ns", "END", VT_TIME, 0,
	 "When it left the CPU for good, maybe before the window; none: it lives, or, where it has an "
	 "exit_code, it is not known when",
	 get_end},
	{"dur_ns", "LIVED", VT_NS, FIELD_TABLE, "From its fork to its exit or the window's end",
	 get_dur},
	{"oncpu_ns", "ON-CPU", VT_NS, FIELD_TABLE, "Time on a CPU in the window", get_oncpu},
	{"ppid", "PPID", VT_ID, FIELD_TABLE, "Its parent when it was forked", get_ppid},
	{"exit_code", "CODE", VT_ID, 0, "Exit code; 128 + signal when killed by one",
	 get_exit_code},
	{"signal", "SIGNAL", VT_ID, 0, "What killed it", get_signal},
	{"exit", "EXIT", VT_TEXT, FIELD_TABLE | FIELD_HIDDEN,
	 "Exit code, or the name of the signal", get_exit},
	{"execs", "EXECS", VT_COUNT, 0, "How many programs it ran", get_execs},
	{"filename", "FILE", VT_TEXT, FIELD_ELASTIC, "The program of its last exec", get_filename},
	{"args", "ARGS", VT_TEXT, FIELD_ELASTIC,
	 "Its arguments as a shell would take them; \"...\": cut by the recorder", get_args},
	{"command", "COMMAND", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC | FIELD_HIDDEN,
	 "args, or filename", get_command},
	{"processes", "PROCS", VT_COUNT, 0, "How many it stands for (gone ones that are folded)",
	 get_processes},
	{"depth", "DEPTH", VT_COUNT, 0, "Depth in the tree (--tree)", get_depth},
};

const struct view_kind view_life = {
	.name = "life",
	.about = "processes: born, what they ran, ended how",
	.sort = "start_ns:asc",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct life_figures),
	.by_subject = true,
	.sink = {.interval = on_interval,
		 .event = on_event,
		 .kinds = 1u << EV_FORK | 1u << EV_EXEC | 1u << EV_EXIT,
		 .task_changed = on_changed,
		 .parts = true},
	.start = start,
	.stop = stop,
	.empty = empty,
	.absent = absent,
	.weight = weight,
	.fold = fold,
	.release = release,
};
