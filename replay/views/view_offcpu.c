// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * view_offcpu: where the life of each task went. Every nanosecond of it in the window is in one of
 * the parts: on a CPU, in a run queue, waiting for one of the reasons, or not known. A dead task
 * that is not reaped yet does not live.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "replay/offcpu/reasons.h"
#include "replay/view.h"

struct offcpu_figures {
	uint64_t oncpu_ns, runq_ns, zombie_ns, unknown_ns;
	uint64_t waits[WAIT_REASONS];
	uint64_t d_ns; /* waits in the state D */
	uint64_t idle_work_ns; /* of waits[WAIT_OTHER]: kernel threads without work */
	uint64_t by[BASIS_COUNT]; /* what told of the waits */
};

static void add(struct view *v, const struct interval *iv, const struct wait_verdict *verdict)
{
	uint64_t len = iv->to_ns - iv->from_ns;
	uint32_t id = subjects_of(v->subjects, iv->task, iv->cpu);
	struct offcpu_figures *f;

	f = id == SUBJECT_NONE ? NULL : VIEW_FIGURES(v, id, struct offcpu_figures);
	if (!f)
		return;
	if (verdict) {
		f->waits[verdict->reason] += len;
		f->by[verdict->basis] += len;
		f->d_ns += iv->state == TS_DISK ? len : 0;
		f->idle_work_ns += verdict->idle_work ? len : 0;
		return;
	}
	switch (iv->state) {
	case TS_RUN: f->oncpu_ns += len; break;
	case TS_RUNNABLE: f->runq_ns += len; break;
	case TS_ZOMBIE:
	case TS_LEADER_ZOMBIE:
	case TS_DEAD: f->zombie_ns += len; break;
	case TS_UNKNOWN: f->unknown_ns += len; break;
	default: /* forked and not yet woken */
		f->waits[WAIT_OTHER] += len;
		f->by[BASIS_STATE] += len;
	}
}

static void on_wait(void *ctx, const struct interval *iv, const struct wait_verdict *verdict)
{
	add(ctx, iv, verdict);
}

static struct sink *reasons_of(struct sink *s)
{
	return reasons_sink(((struct view *)s)->own);
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	bool blocked = state_is_blocked(iv->state);

	if (blocked || iv->state == TS_RUN)
		reasons_of(s)->interval(reasons_of(s), iv);
	if (!blocked)
		add((struct view *)s, iv, NULL);
}

static void on_request(struct sink *s, const struct request *rq)
{
	reasons_of(s)->request(reasons_of(s), rq);
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	reasons_of(s)->socket(reasons_of(s), se);
}

static void on_gone(struct sink *s, const struct task *task)
{
	reasons_of(s)->task_gone(reasons_of(s), task);
}

static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	reasons_of(s)->task_changed(reasons_of(s), task, before);
}

static int start(struct view *v, struct err *err)
{
	struct reasons *r;
	int rc = reasons_new(&r, v->env->meta->arch, v->env->stacks, v->env->engine, on_wait, v,
			     err);

	v->own = rc ? NULL : r;
	return rc;
}

static void stop(struct view *v)
{
	reasons_free(v->own);
}

static int fold(void *to, void *from)
{
	uint64_t *a = to;
	const uint64_t *b = from;

	for (size_t i = 0; i < sizeof(struct offcpu_figures) / sizeof(*a); i++)
		a[i] += b[i];
	return 0;
}

static uint64_t blocked_ns(const struct offcpu_figures *f)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WAIT_REASONS; i++)
		sum += f->waits[i];
	return sum;
}

static uint64_t life_ns(const struct offcpu_figures *f)
{
	return f->oncpu_ns + f->runq_ns + blocked_ns(f) + f->unknown_ns;
}

static uint64_t weight(const void *figures)
{
	const struct offcpu_figures *f = figures;

	return f->oncpu_ns + f->runq_ns + f->d_ns;
}

static bool absent(const struct view *v, const void *figures, unsigned split)
{
	const struct offcpu_figures *f = figures;

	(void)v;
	(void)split;
	return !life_ns(f) && !f->zombie_ns;
}

/*
 * In S or I from the first to the last: the daemons of a whole machine. Of a command, or of tasks
 * that were asked for, that is an answer.
 */
static bool empty(const struct view_row *row)
{
	const struct subjects *s = row->view->subjects;

	return !s->focus && !select_names_tasks(s->select) && !weight(row->figures);
}

#define BASES_TEXT 160

/* "syscall 96%, iowait 4%": the largest first, none below half a percent. */
static size_t bases_text(const uint64_t by[BASIS_COUNT], char buf[BASES_TEXT])
{
	uint64_t left[BASIS_COUNT], all = 0;
	size_t len = 0;

	memcpy(left, by, sizeof(left));
	for (unsigned i = 0; i < BASIS_COUNT; i++)
		all += by[i];
	buf[0] = '\0';
	for (unsigned k = 0; all && k < BASIS_COUNT && len < BASES_TEXT; k++) {
		unsigned most = 0, percent;

		for (unsigned i = 1; i < BASIS_COUNT; i++)
			most = left[i] > left[most] ? i : most;
		percent = (unsigned)(((unsigned __int128)left[most] * 100 + all / 2) / all);
		if (!percent)
			break;
		len += (size_t)snprintf(buf + len, BASES_TEXT - len, "%s%s %u%%", len ? ", " : "",
					reason_basis_name((enum reason_basis)most), percent);
		left[most] = 0;
	}
	return len;
}

/* What the figures rest on. */
static int before(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	uint64_t by[BASIS_COUNT] = {0};
	char text[BASES_TEXT];

	(void)err;
	for (uint32_t id = 0; id < v->room && id < v->subjects->n; id++) {
		const struct offcpu_figures *of = view_figures(v, id);

		for (unsigned i = 0; i < BASIS_COUNT; i++)
			by[i] += of->by[i];
	}
	fprintf(f, "in %% of %s\n",
		v->subjects->by == BY_THREAD ? "its life in the window"
					     : "the lives of its threads, added up");
	if (bases_text(by, text))
		fprintf(f, "waits are told by: %s\n", text);
	if (!view_recorded(v->env, "syscall"))
		table_warning(f, style,
			      "recorded without system calls: most of what was waited for is not "
			      "known (OTHER)");
	else if (!view_recorded(v->env, "net"))
		table_warning(f, style,
			      "recorded without net: waits in read and write on a socket are PIPE");
	return 0;
}

/* -- fields -- */

static const struct offcpu_figures *figures_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

/* Time, and its share of the life. */
#define SHARE_OF(name, ns)                                                                         \
	static void get_##name##_share(const void *row, struct value *v)                           \
	{                                                                                          \
		const struct offcpu_figures *f = figures_of(row);                                  \
		value_share(v, ns, life_ns(f));                                                    \
	}

#define PART(name, ns)                                                                             \
	SHARE_OF(name, ns)                                                                         \
	static void get_##name##_ns(const void *row, struct value *v)                              \
	{                                                                                          \
		const struct offcpu_figures *f = figures_of(row);                                  \
		value_u(v, VT_NS, ns);                                                             \
	}

PART(oncpu, f->oncpu_ns)
PART(runq, f->runq_ns)
PART(disk, f->waits[WAIT_DISK])
PART(net, f->waits[WAIT_NET])
PART(lock, f->waits[WAIT_LOCK])
PART(pipe, f->waits[WAIT_PIPE])
PART(poll, f->waits[WAIT_POLL])
PART(sleep, f->waits[WAIT_SLEEP])
PART(child, f->waits[WAIT_CHILD])
PART(other, f->waits[WAIT_OTHER])
PART(idle_work, f->idle_work_ns)
SHARE_OF(unknown, f->unknown_ns)

#define GET_NS(name, ns)                                                                           \
	static void get_##name(const void *row, struct value *v)                                   \
	{                                                                                          \
		const struct offcpu_figures *f = figures_of(row);                                  \
		value_u(v, VT_NS, ns);                                                             \
	}

GET_NS(life, life_ns(f))
GET_NS(zombie, f->zombie_ns)
GET_NS(blocked, blocked_ns(f))
GET_NS(by_stack, f->by[BASIS_STACK])
GET_NS(by_request, f->by[BASIS_REQUEST])
GET_NS(by_iowait, f->by[BASIS_IOWAIT])
GET_NS(by_socket, f->by[BASIS_SOCKET])
GET_NS(by_syscall, f->by[BASIS_SYSCALL])
GET_NS(by_waker, f->by[BASIS_WAKER])
GET_NS(by_state, f->by[BASIS_STATE])

static void get_by(const void *row, struct value *v)
{
	static _Thread_local char buf[BASES_TEXT];

	if (bases_text(figures_of(row)->by, buf))
		value_text(v, buf);
}

#define SHARE FIELD_TABLE | FIELD_HIDDEN

static const struct field fields[] = {
	{"life_ns", "LIFE", VT_NS, FIELD_TABLE,
	 "How long its threads lived in the window, all added up: the sum of what follows",
	 get_life},
	{"oncpu_share", "CPU", VT_PERCENT, SHARE, "On a CPU, in percent of life_ns",
	 get_oncpu_share},
	{"runq_share", "RUNQ", VT_PERCENT, SHARE, "In a run queue", get_runq_share},
	{"disk_share", "DISK", VT_PERCENT, SHARE, "Waiting for a disk or file system",
	 get_disk_share},
	{"net_share", "NET", VT_PERCENT, SHARE, "Waiting for the network", get_net_share},
	{"lock_share", "LOCK", VT_PERCENT, SHARE, "Waiting for a lock or a condition",
	 get_lock_share},
	{"pipe_share", "PIPE", VT_PERCENT, SHARE,
	 "Waiting for a pipe, a socket within the machine, a terminal, a queue", get_pipe_share},
	{"poll_share", "POLL", VT_PERCENT, SHARE, "Waiting for any of several files",
	 get_poll_share},
	{"sleep_share", "SLEEP", VT_PERCENT, SHARE, "Waiting for a time or a signal",
	 get_sleep_share},
	{"child_share", "CHILD", VT_PERCENT, SHARE,
	 "Waiting for a child to end, or to get its own program (vfork)", get_child_share},
	{"other_share", "OTHER", VT_PERCENT, SHARE, "Waiting for anything else", get_other_share},
	{"unknown_share", "%GAP", VT_PERCENT, FIELD_HIDDEN | FIELD_BAD,
	 "Not known: events were lost", get_unknown_share},
	{"oncpu_ns", "ON-CPU", VT_NS, 0, "On a CPU", get_oncpu_ns},
	{"runq_ns", "RUNQ", VT_NS, 0, "In a run queue", get_runq_ns},
	{"blocked_ns", "BLOCKED", VT_NS, 0, "The sum of the reasons", get_blocked},
	{"disk_ns", "DISK", VT_NS, 0, "Waiting for a disk or file system", get_disk_ns},
	{"net_ns", "NET", VT_NS, 0, "Waiting for the network", get_net_ns},
	{"lock_ns", "LOCK", VT_NS, 0, "Waiting for a lock or a condition", get_lock_ns},
	{"pipe_ns", "PIPE", VT_NS, 0,
	 "Waiting for a pipe, a socket within the machine, a terminal, a queue", get_pipe_ns},
	{"poll_ns", "POLL", VT_NS, 0, "Waiting for any of several files", get_poll_ns},
	{"sleep_ns", "SLEEP", VT_NS, 0, "Waiting for a time or a signal", get_sleep_ns},
	{"child_ns", "CHILD", VT_NS, 0,
	 "Waiting for a child to end, or to get its own program (vfork)", get_child_ns},
	{"other_ns", "OTHER", VT_NS, 0, "Waiting for anything else", get_other_ns},
	{"idle_work_ns", "NO WORK", VT_NS, 0, "Of other_ns, kernel threads that had nothing to do",
	 get_idle_work_ns},
	{"idle_work_share", "%NOWORK", VT_PERCENT, FIELD_HIDDEN, "The same in percent of life_ns",
	 get_idle_work_share},
	{"zombie_ns", "ZOMBIE", VT_NS, FIELD_TABLE | FIELD_IF_SET | FIELD_SPARE,
	 "Dead and not reaped, in no other figure", get_zombie},
	{"by", "TOLD BY", VT_TEXT, FIELD_TABLE | FIELD_SPARE,
	 "What the reasons rest on: stack, request (of its own, on a disk), iowait, socket (that it "
	 "used next), syscall, waker (a program that ended a wait in D); state: nothing but its "
	 "state",
	 get_by},
	{"by_stack_ns", "BY STACK", VT_NS, 0, "Of blocked_ns, told by kernel stacks", get_by_stack},
	{"by_request_ns", "BY REQUEST", VT_NS, 0, "Told by its own block requests", get_by_request},
	{"by_iowait_ns", "BY IOWAIT", VT_NS, 0, "Told by the kernel's mark of IO wait",
	 get_by_iowait},
	{"by_socket_ns", "BY SOCKET", VT_NS, 0, "Told by the socket that it used next",
	 get_by_socket},
	{"by_syscall_ns", "BY SYSCALL", VT_NS, 0, "Told by the system call", get_by_syscall},
	{"by_waker_ns", "BY WAKER", VT_NS, 0, "Told by the program that ended a wait in D",
	 get_by_waker},
	{"by_state_ns", "BY STATE", VT_NS, 0, "Told by nothing but its state", get_by_state},
};

const struct view_kind view_offcpu = {
	.name = "offcpu",
	.about = "where the time went: on a CPU, in a run queue, or waiting for what",
	.sort = "oncpu_ns,runq_ns,disk_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.figures_size = sizeof(struct offcpu_figures),
	.by_subject = true,
	.bys = BY_TASKS,
	.sink = {.interval = on_interval,
		 .parts = true,
		 .request = on_request,
		 .socket = on_socket,
		 .task_gone = on_gone,
		 .task_changed = on_changed},
	.start = start,
	.stop = stop,
	.before = before,
	.absent = absent,
	.empty = empty,
	.dull = "asleep all the time",
	.weight = weight,
	.fold = fold,
};
