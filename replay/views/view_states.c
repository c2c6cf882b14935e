// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* view_states: every stretch in D or Z (or what --state asks for), with its reason and its end. */
#include "replay/views/view_states.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "replay/syscalls.h"

struct entry {
	uint64_t start_ns, end_ns; /* whole; open: the end of the window */
	uint64_t gap_ns, cgroup_id;
	uint32_t pid, tid, uid, waker, raw_state, exit_code;
	int32_t syscall;
	uint16_t cpu, flags;
	uint8_t state, cause, reap_method;
	bool open, iowait, kthread;
	char comm[TASK_COMM_LEN], waker_comm[TASK_COMM_LEN];
};

/* The longest `keep` ones: an array, a heap with the shortest on top once it is full. */
struct states_own {
	struct entry *list;
	size_t n;
	uint32_t room;
	uint64_t dropped;
};

const char *states_letter(enum task_state state)
{
	static const char *const letters[TS_COUNT] = {
		[TS_UNKNOWN] = "?", [TS_RUN] = "R",  [TS_RUNNABLE] = "R", [TS_SLEEP] = "S",
		[TS_DISK] = "D",    [TS_IDLE] = "I", [TS_STOPPED] = "T",  [TS_TRACED] = "t",
		[TS_PARKED] = "P",  [TS_NEW] = "N",  [TS_ZOMBIE] = "Z",	  [TS_LEADER_ZOMBIE] = "Zl",
		[TS_DEAD] = "X",
	};

	return state < TS_COUNT ? letters[state] : "?";
}

const char *states_name(enum task_state state)
{
	return state == TS_RUNNABLE ? "Rq" : states_letter(state);
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(word, s, len);
}

int states_parse(const char *text, uint32_t *states, struct err *err)
{
	const char *s = text;

	*states = 0;
	if (!strcmp(text, "all")) {
		*states = (1u << TS_COUNT) - 1;
		return 0;
	}
	for (;;) {
		const char *end = strchrnul(s, ',');
		size_t len = (size_t)(end - s);
		uint32_t found = 0;

		for (unsigned i = TS_RUN; i < TS_DEAD; i++) {
			const enum task_state state = (enum task_state)i;

			if (is_word(s, len, states_letter(state)) ||
			    is_word(s, len, states_name(state)))
				found |= 1u << i;
		}
		if (!found)
			return err_set(err, -EINVAL,
				       "'%.*s' is not a state: R Rq S D I T t P N Z Zl, or all",
				       (int)(len < 40 ? len : 40), s);
		*states |= found;
		if (!*end)
			return 0;
		s = end + 1;
	}
}

static int start(struct view *v, struct err *err)
{
	v->own = calloc(1, sizeof(struct states_own));
	v->sink.states = v->env->states;
	return v->own ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static void stop(struct view *v)
{
	struct states_own *own = v->own;

	if (own)
		free(own->list);
	free(own);
}

static uint64_t length(const struct entry *e)
{
	return e->end_ns - e->start_ns;
}

static void sift_down(struct states_own *own, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1;
		struct entry tmp;

		for (size_t c = left; c < left + 2 && c < own->n; c++)
			if (length(&own->list[c]) < length(&own->list[least]))
				least = c;
		if (least == i)
			return;
		tmp = own->list[i];
		own->list[i] = own->list[least];
		own->list[least] = tmp;
		i = least;
	}
}

/* Room for one more entry, or NULL when those that are there are all worth more. */
static struct entry *add_entry(struct view *v, uint64_t length_ns)
{
	struct states_own *own = v->own;
	uint32_t keep = v->env->list_keep;

	if (own->n >= keep) {
		own->dropped++;
		return length_ns > length(&own->list[0]) ? &own->list[0] : NULL;
	}
	if (!ARRAY_ROOM(own->list, own->room, own->n)) {
		v->failed = true;
		return NULL;
	}
	return &own->list[own->n++];
}

static void added(struct view *v, const struct entry *e)
{
	struct states_own *own = v->own;

	if (own->n < v->env->list_keep)
		return;
	if (e == &own->list[0] && own->dropped) {
		sift_down(own, 0);
		return;
	}
	for (size_t i = own->n / 2; i-- > 0;) /* just full: a heap from now on */
		sift_down(own, i);
}

/* Somebody ends it by waking or reaping the task. Of one in the queue the waker has begun it. */
static bool has_waker(enum task_state state)
{
	return state_is_blocked(state) || state == TS_NEW || state == TS_ZOMBIE ||
	       state == TS_LEADER_ZOMBIE;
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct view *v = (struct view *)s;
	bool open = iv->flags & (IVF_OPEN | IVF_CLIPPED_END);
	uint64_t end = open ? iv->to_ns : iv->end_ns;
	const struct task *waker;
	struct entry *e;

	if (!(v->env->states >> iv->state & 1))
		return;
	if (subjects_of(v->subjects, iv->task, iv->cpu) == SUBJECT_NONE)
		return;
	e = add_entry(v, end - iv->start_ns);
	if (!e)
		return;
	*e = (struct entry){
		.start_ns = iv->start_ns,
		.end_ns = end,
		.gap_ns = iv->gap_ns,
		.cgroup_id = iv->task->info.cgroup_id,
		.pid = iv->task->info.tgid,
		.tid = iv->task->info.tid,
		.uid = iv->task->info.uid,
		.waker = open || !has_waker(iv->state) ? 0 : iv->waker,
		.raw_state = iv->raw_state,
		.exit_code = iv->task->exit_code,
		.syscall = iv->syscall,
		.cpu = iv->cpu,
		.flags = iv->flags,
		.state = (uint8_t)iv->state,
		.cause = (uint8_t)iv->cause,
		.reap_method = iv->reap_method,
		.open = open,
		.iowait = iv->flags & IVF_IOWAIT,
		.kthread = iv->task->info.flags & TASKF_KTHREAD,
	};
	memcpy(e->comm, iv->task->info.comm, TASK_COMM_LEN - 1);
	waker = e->waker ? engine_waker(v->env->engine, iv) : NULL;
	if (waker)
		memcpy(e->waker_comm, waker->info.comm, TASK_COMM_LEN - 1);
	added(v, e);
}

static int rows(struct view *v, struct view_rows *out)
{
	struct states_own *own = v->own;

	for (size_t i = 0; i < own->n; i++) {
		struct view_row *row = view_add_row(out);

		if (!row)
			return -ENOMEM;
		row->view = v;
		row->figures = &own->list[i];
	}
	return 0;
}

static int before(struct view *v, FILE *f, const struct table_style *style, struct err *err)
{
	const struct states_own *own = v->own;
	char dropped[UNITS_BUF], kept[UNITS_BUF];

	(void)err;
	if (own->dropped)
		table_note(
			f, style,
			"%s shorter ones are not listed (the longest %s are kept); --time narrows, "
			"-g totals has all",
			format_count(own->dropped, dropped), format_count(v->env->list_keep, kept));
	return 0;
}

static const struct entry *entry_of(const void *row)
{
	return ((const struct view_row *)row)->figures;
}

static const struct view_env *env_of(const void *row)
{
	return ((const struct view_row *)row)->view->env;
}

static void get_pid(const void *row, struct value *v)
{
	value_u(v, VT_ID, entry_of(row)->pid);
}

static void get_tid(const void *row, struct value *v)
{
	value_u(v, VT_ID, entry_of(row)->tid);
}

static void get_comm(const void *row, struct value *v)
{
	value_text(v, entry_of(row)->comm);
}

static void get_user(const void *row, struct value *v)
{
	value_user(v, env_of(row), entry_of(row)->uid);
}

static void get_cgroup(const void *row, struct value *v)
{
	value_cgroup(v, env_of(row), entry_of(row)->cgroup_id);
}

static void get_cpu(const void *row, struct value *v)
{
	if (entry_of(row)->cpu != CPU_NONE)
		value_u(v, VT_ID, entry_of(row)->cpu);
}

static void get_state(const void *row, struct value *v)
{
	value_text(v, states_name((enum task_state)entry_of(row)->state));
}

static void get_detail(const void *row, struct value *v)
{
	static _Thread_local char buf[64];
	const struct entry *e = entry_of(row);
	char *tags;

	if (e->state != TS_DISK || !e->raw_state)
		return;
	state_describe(e->raw_state, e->iowait, buf, sizeof(buf)); /* "D (killable, iowait)" */
	tags = strchr(buf, '(');
	if (!tags)
		return;
	tags[strcspn(tags, ")")] = '\0';
	value_text(v, tags + 1);
}

static void get_start(const void *row, struct value *v)
{
	value_time(v, env_of(row), entry_of(row)->start_ns);
}

static void get_end(const void *row, struct value *v)
{
	value_time(v, env_of(row), entry_of(row)->end_ns);
}

static void get_dur(const void *row, struct value *v)
{
	value_u(v, VT_NS, length(entry_of(row)));
}

static void get_open(const void *row, struct value *v)
{
	value_u(v, VT_BOOL, entry_of(row)->open);
}

/* A table says "open" instead of a number of the window's end. */
static void get_length_text(const void *row, struct value *v)
{
	static _Thread_local char buf[VALUE_BUF + 8];
	const struct entry *e = entry_of(row);
	char number[VALUE_BUF];
	struct value len = {.type = VT_NS, .u = length(e)};

	snprintf(buf, sizeof(buf), "%s%s", value_format(&len, number), e->open ? " open" : "");
	value_text(v, buf);
}

static void text_exit(char *buf, size_t size, uint32_t status)
{
	unsigned sig = status & 0x7f;
	const char *name = sig ? sigabbrev_np((int)sig) : NULL;

	if (!sig)
		snprintf(buf, size, "exited with %u", status >> 8 & 0xff);
	else if (name)
		snprintf(buf, size, "killed by SIG%s", name);
	else
		snprintf(buf, size, "killed by signal %u", sig);
}

/*
 * Blocked: the system call it is in. A clone, clone3 or vfork that blocks in D until a fatal signal
 * waits for its vfork child to exec or exit (kernel/fork.c, wait_for_vfork_done).
 */
static void get_reason(const void *row, struct value *v)
{
	static _Thread_local char buf[64];
	const struct entry *e = entry_of(row);
	const char *name;

	switch (e->state) {
	case TS_ZOMBIE: text_exit(buf, sizeof(buf), e->exit_code); break;
	case TS_LEADER_ZOMBIE: strcpy(buf, "leader exited, its threads live on"); break;
	case TS_RUNNABLE: value_text(v, runnable_cause_name((enum runnable_cause)e->cause)); return;
	case TS_RUN:
	case TS_NEW:
	case TS_UNKNOWN: return;
	default:
		if (e->syscall == SYSCALL_UNKNOWN)
			return;
		if (e->syscall == SYSCALL_NONE) {
			value_text(v, e->kthread ? "kernel thread" : "not in a system call");
			return;
		}
		name = syscall_name(env_of(row)->meta->arch, e->syscall);
		if (!name)
			snprintf(buf, sizeof(buf), "system call %d", e->syscall);
		else if (e->state == TS_DISK && e->raw_state & RAW_WAKEKILL &&
			 (!strcmp(name, "vfork") || !strcmp(name, "clone") ||
			  !strcmp(name, "clone3")))
			strcpy(buf, "vfork");
		else
			snprintf(buf, sizeof(buf), "%s", name);
	}
	value_text(v, buf);
}

static void get_syscall(const void *row, struct value *v)
{
	if (entry_of(row)->syscall >= 0)
		value_u(v, VT_ID, (uint64_t)entry_of(row)->syscall);
}

static void get_waker_tid(const void *row, struct value *v)
{
	const struct entry *e = entry_of(row);

	if (e->waker && e->waker != TID_OTHER)
		value_u(v, VT_ID, e->waker);
}

static void get_waker_comm(const void *row, struct value *v)
{
	if (entry_of(row)->waker_comm[0])
		value_text(v, entry_of(row)->waker_comm);
}

/* Of one whose end was not seen nothing is said. */
static void get_ended_by(const void *row, struct value *v)
{
	static _Thread_local char buf[TASK_COMM_LEN + 24];
	const struct entry *e = entry_of(row);

	if (e->open || !has_waker((enum task_state)e->state))
		return;
	if (e->waker == TID_OTHER)
		value_text(v, "(filtered out)");
	else if (e->waker) {
		snprintf(buf, sizeof(buf), "%s (%u)", e->waker_comm, e->waker);
		value_text(v, buf);
	} else if (e->flags & IVF_WOKEN_BY_IRQ) {
		value_text(v, "interrupt");
	} else if (state_is_blocked((enum task_state)e->state) &&
		   !(e->flags & (IVF_GAP | IVF_INFERRED | IVF_WAKER_UNSURE))) {
		value_text(v, "idle");
	}
}

static void get_reap(const void *row, struct value *v)
{
	static const char *const names[] = {
		[REAP_EXACT] = "exact", [REAP_WAIT] = "wait",	[REAP_FREE] = "free",
		[REAP_EXEC] = "exec",	[REAP_REUSE] = "reuse",
	};
	unsigned method = entry_of(row)->reap_method;

	if (method && method < sizeof(names) / sizeof(names[0]))
		value_text(v, names[method]);
}

static void get_inferred(const void *row, struct value *v)
{
	value_u(v, VT_BOOL, (entry_of(row)->flags & (IVF_INFERRED | IVF_SINCE_APPROX)) != 0);
}

static void get_gap(const void *row, struct value *v)
{
	value_u(v, VT_NS, entry_of(row)->gap_ns);
}

static const struct field fields[] = {
	{"state", "STATE", VT_TEXT, FIELD_TABLE,
	 "D, Z, Zl (a leader that exited before its threads), or what --state asks for", get_state},
	{"start_ns", "START", VT_TIME, FIELD_TABLE, "When it began; may lie before the trace",
	 get_start},
	{"end_ns", "END", VT_TIME, 0, "When it ended; open: the end of the window", get_end},
	{"dur_ns", "LENGTH", VT_NS, 0, "Whole length, what lies before the window included",
	 get_dur},
	{"length", "LENGTH", VT_TEXT, FIELD_TABLE | FIELD_HIDDEN, "The same with \"open\"",
	 get_length_text},
	{"pid", "PID", VT_ID, 0, "Process id (TGID)", get_pid},
	{"tid", "TID", VT_ID, FIELD_TABLE, "Thread id", get_tid},
	{"comm", "COMM", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC, "Name of the thread", get_comm},
	{"user", "USER", VT_TEXT, FIELD_ELASTIC, "User", get_user},
	{"cgroup", "CGROUP", VT_TEXT, FIELD_ELASTIC, "Control group", get_cgroup},
	{"cpu", "CPU", VT_ID, 0, "Where it was last", get_cpu},
	{"open", "OPEN", VT_BOOL, 0, "It has not ended in the window", get_open},
	{"reason", "REASON", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC,
	 "The system call it is in, vfork, or how a zombie ended", get_reason},
	{"detail", "DETAIL", VT_TEXT, FIELD_TABLE | FIELD_IF_SET | FIELD_ELASTIC,
	 "What kind of D: killable, iowait, frozen, rtlock", get_detail},
	{"syscall", "NR", VT_ID, 0, "Number of the system call", get_syscall},
	{"waker_tid", "BY TID", VT_ID, 0, "Who ended it: woke or reaped it", get_waker_tid},
	{"waker_comm", "BY COMM", VT_TEXT, FIELD_ELASTIC, "Its name", get_waker_comm},
	{"ended_by", "ENDED BY", VT_TEXT, FIELD_TABLE | FIELD_ELASTIC | FIELD_HIDDEN,
	 "The same, name and TID", get_ended_by},
	{"reap", "REAP", VT_TEXT, 0,
	 "How the reap is known: exact, wait, free (not later than), exec, reuse", get_reap},
	{"inferred", "INFERRED", VT_BOOL, 0, "Its beginning or end was inferred", get_inferred},
	{"gap_ns", "GAP", VT_NS, FIELD_TABLE | FIELD_IF_SET | FIELD_BAD,
	 "How much of it is unknown, because events were lost", get_gap},
};

const struct view_kind view_states = {
	.name = "states",
	.about =
		"every stretch in D or Z (or --state): since when, how long, why, and who ended it",
	.sort = "dur_ns",
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(fields[0]),
	.sink = {.interval = on_interval},
	.start = start,
	.stop = stop,
	.rows = rows,
	.before = before,
};
