// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/offcpu/reasons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "replay/syscalls.h"

#define CALLS_MAX 1024 /* numbers of system calls are below */

/* Address families, include/linux/socket.h: those of sockets that never leave the machine. */
#define FAMILY_UNIX    1
#define FAMILY_NETLINK 16

enum direction { MOVES_RX = 1, MOVES_TX = 2 };

/* What is known of a system call by its number. */
struct call {
	uint8_t asleep, in_disk; /* enum wait_reason in S, in D; WAIT_REASONS: says nothing */
	uint8_t moves; /* enum direction: through a socket, if it is about one */
	bool waits_io; /* for block requests that were made before */
	bool restart; /* goes on with what a signal interrupted */
	bool maps; /* changes an address space, under its lock */
};

/* What is kept of a task, by task.id. */
struct known {
	uint64_t done_ns; /* a block request of its own was completed, the last time */
	uint32_t done_dev;
	int32_t before; /* the system call that restart_syscall(2) would go on with */
	uint8_t moves; /* enum direction; not 0: `iv` waits for word of a socket */
	struct wait_verdict verdict; /* of `iv` if none comes */
	struct interval iv;
};

struct reasons {
	struct sink sink;
	char arch[16];
	const struct stacks *stacks;
	const struct engine *engine;
	reasons_fn *tell;
	void *ctx;
	struct call calls[CALLS_MAX];
	struct known *tasks;
	uint32_t room;
	bool failed;
};

/* -- system calls -- */

static uint8_t moves_of(const char *name)
{
	static const char *const rx[] = {"read", "readv", "recvfrom", "recvmsg", "recvmmsg"};
	static const char *const tx[] = {"write", "writev", "sendto", "sendmsg", "sendmmsg"};
	static const char *const any[] = {"accept", "accept4",	"connect",	 "splice",
					  "tee",    "sendfile", "io_uring_enter"};

	for (size_t i = 0; i < sizeof(rx) / sizeof(rx[0]); i++)
		if (!strcmp(name, rx[i]))
			return MOVES_RX;
	for (size_t i = 0; i < sizeof(tx) / sizeof(tx[0]); i++)
		if (!strcmp(name, tx[i]))
			return MOVES_TX;
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		if (!strcmp(name, any[i]))
			return MOVES_RX | MOVES_TX;
	return 0;
}

/* Those that wait for mmap_lock so that a fatal signal ends it (mmap_write_lock_killable()). */
static bool changes_maps(const char *name)
{
	static const char *const names[] = {
		"mmap",		 "mmap2",      "munmap",	   "mremap", "mprotect", "brk",
		"pkey_mprotect", "madvise",    "process_madvise",  "mlock",  "mlock2",	 "munlock",
		"mlockall",	 "munlockall", "remap_file_pages", "shmat",  "shmdt",	 "mseal"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void learn_calls(struct reasons *r)
{
	for (int32_t i = 0; i < CALLS_MAX; i++) {
		const char *name = syscall_name(r->arch, i);
		struct call *c = &r->calls[i];
		enum wait_reason reason;

		c->asleep = c->in_disk = WAIT_REASONS;
		if (!name)
			continue;
		if (reason_of_syscall(name, TS_SLEEP, &reason))
			c->asleep = (uint8_t)reason;
		if (reason_of_syscall(name, TS_DISK, &reason))
			c->in_disk = (uint8_t)reason;
		c->moves = moves_of(name);
		c->waits_io = !strcmp(name, "io_getevents") || !strcmp(name, "io_pgetevents") ||
			      !strcmp(name, "io_uring_enter");
		c->restart = !strcmp(name, "restart_syscall");
		c->maps = changes_maps(name);
	}
}

static const struct call *call_of(const struct reasons *r, int32_t number)
{
	return number >= 0 && number < CALLS_MAX ? &r->calls[number] : NULL;
}

const char *reasons_syscall(const struct reasons *r, const struct interval *iv)
{
	return syscall_name(r->arch, iv->syscall);
}

/* -- tasks -- */

static struct known *known_of(struct reasons *r, const struct task *task)
{
	uint32_t before = r->room;

	if (!ARRAY_ROOM(r->tasks, r->room, task->id)) {
		r->failed = true;
		return NULL;
	}
	for (uint32_t i = before; i < r->room; i++)
		r->tasks[i].before = SYSCALL_UNKNOWN;
	return &r->tasks[task->id];
}

/* The interval that waits for word of a socket waits no longer. */
static void settle(struct reasons *r, struct known *k, const struct task *task)
{
	if (!k->moves)
		return;
	k->moves = 0;
	k->iv.task = task;
	r->tell(r->ctx, &k->iv, &k->verdict);
}

/* -- verdicts -- */

static bool by_stack(const struct reasons *r, const struct interval *iv, struct wait_verdict *v)
{
	uint32_t stack;

	/* for the analyzer, no call of a table is no table */
	if (!r->stacks || !iv->kernel_stack) /* NOLINT(clang-analyzer-core.NullDereference) */
		return false;
	stack = stacks_find(r->stacks, 0, iv->kernel_stack);
	if (stack == STACK_NONE || r->stacks->list[stack].reason >= WAIT_REASONS)
		return false;
	v->reason = (enum wait_reason)r->stacks->list[stack].reason;
	v->basis = BASIS_STACK;
	return true;
}

static bool by_request(const struct interval *iv, const struct call *c, const struct known *k,
		       struct wait_verdict *v)
{
	if (iv->state != TS_DISK && !(c && c->waits_io))
		return false;
	if (!k || !k->done_ns || k->done_ns < iv->start_ns || k->done_ns > iv->end_ns)
		return false;
	v->reason = WAIT_DISK;
	v->basis = BASIS_REQUEST;
	v->dev = k->done_dev;
	return true;
}

/* A task that waits in io_uring_enter(2) is in IO wait whatever it waits for. */
static bool by_iowait(const struct interval *iv, const struct call *c, struct wait_verdict *v)
{
	if (!(iv->flags & IVF_IOWAIT) || (c && c->waits_io))
		return false;
	v->reason = WAIT_DISK;
	v->basis = BASIS_IOWAIT;
	return true;
}

static void by_call(const struct interval *iv, const struct call *c, struct wait_verdict *v)
{
	uint8_t reason = iv->state == TS_DISK ? c->in_disk : c->asleep;

	if (iv->state != TS_DISK && iv->state != TS_SLEEP)
		return;
	v->basis = BASIS_SYSCALL;
	if (iv->state == TS_DISK && reason == WAIT_CHILD && !(iv->raw_state & RAW_WAKEKILL))
		return; /* copying its memory, say: vfork waits killable */
	if (reason < WAIT_REASONS)
		v->reason = (enum wait_reason)reason;
}

static bool is_program(const struct task *task)
{
	return !(task->flags & TASK_UNNAMED) && !(task->info.flags & TASKF_KTHREAD);
}

/* The process whose thread ended a wait; 0: it was none, or itself, or that is not known. */
static uint32_t ended_by_program(const struct reasons *r, const struct interval *iv)
{
	const struct task *waker = engine_waker(r->engine, iv);

	return waker && waker != iv->task && is_program(waker) ? waker->info.tgid : 0;
}

/*
 * Waits that a fatal signal ends are for another program in vfork, exec and FUSE, and for the lock of
 * the address space in the system calls that change it and, of threads of one process, in page faults.
 */
static bool is_lock(const struct interval *iv, const struct call *c, uint32_t waker_tgid)
{
	if (!waker_tgid || iv->raw_state & RAW_FROZEN || !iv->raw_state)
		return false;
	if (!(iv->raw_state & RAW_WAKEKILL))
		return true;
	return c ? c->maps : iv->syscall == SYSCALL_NONE && waker_tgid == iv->task->info.tgid;
}

static void by_waker(const struct reasons *r, const struct interval *iv, const struct call *c,
		     struct wait_verdict *v)
{
	if (iv->state != TS_DISK || !iv->waker || iv->waker == TID_OTHER ||
	    iv->flags & (IVF_OPEN | IVF_GAP | IVF_INFERRED | IVF_WAKER_UNSURE) ||
	    !is_lock(iv, c, ended_by_program(r, iv)))
		return;
	v->reason = WAIT_LOCK;
	v->basis = BASIS_WAKER;
}

/* Returns whether traffic through a socket may change the verdict. */
static bool judge(const struct reasons *r, const struct interval *iv, const struct known *k,
		  struct wait_verdict *v)
{
	bool kernel = iv->task->info.flags & TASKF_KTHREAD;
	const struct call *c = call_of(r, iv->syscall);

	*v = (struct wait_verdict){.reason = WAIT_OTHER, .basis = BASIS_STATE};
	if (c && c->restart && k && k->before >= 0)
		c = call_of(r, k->before);
	v->idle_work = kernel && iv->state != TS_DISK;
	if (iv->state != TS_SLEEP && iv->state != TS_DISK)
		return false;
	if (by_stack(r, iv, v) || by_request(iv, c, k, v) || by_iowait(iv, c, v)) {
		v->idle_work = false;
		return false;
	}
	if (kernel)
		return false;
	if (c)
		by_call(iv, c, v);
	if (v->reason == WAIT_OTHER)
		by_waker(r, iv, c, v);
	return c && iv->state == TS_SLEEP && c->moves && !(iv->flags & (IVF_OPEN | IVF_GAP));
}

static void blocked(struct reasons *r, const struct interval *iv)
{
	struct known *k = known_of(r, iv->task);
	const struct call *c = call_of(r, iv->syscall);
	struct wait_verdict v;
	bool late;

	if (k)
		settle(r, k, iv->task);
	late = judge(r, iv, k, &v);
	if (k && c && !c->restart)
		k->before = iv->syscall;
	if (!late || !k) {
		r->tell(r->ctx, iv, &v);
		return;
	}
	if (c && c->restart)
		c = call_of(r, k->before);
	k->moves = c->moves;
	k->verdict = v;
	k->iv = *iv;
}

/* -- callbacks -- */

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct reasons *r = (struct reasons *)s;

	if (state_is_blocked(iv->state)) {
		blocked(r, iv);
		return;
	}
	/* Preempted, it may not be back from the system call yet. */
	if (iv->state == TS_RUN && !(iv->flags & (IVF_PREEMPTED | IVF_PART)) &&
	    iv->task->id < r->room)
		settle(r, &r->tasks[iv->task->id], iv->task);
}

static void on_request(struct sink *s, const struct request *rq)
{
	struct reasons *r = (struct reasons *)s;

	if (rq->flags & (RQF_NO_END | RQF_ABSORBED))
		return;
	for (uint32_t i = 0; i < rq->nshares; i++) {
		const struct task *task = rq->shares[i].task;
		struct known *k = task ? known_of(r, task) : NULL;

		if (!k)
			continue;
		k->done_ns = rq->done_ns;
		k->done_dev = rq->dev;
	}
}

static void on_socket(struct sink *s, const struct socket_event *se)
{
	struct reasons *r = (struct reasons *)s;
	uint16_t family = se->socket->info.family;
	struct known *k;
	uint8_t moved;

	if (se->kind != SE_TRAFFIC || !family || !se->task || se->task->id >= r->room)
		return;
	k = &r->tasks[se->task->id];
	moved = (uint8_t)((se->rx_calls ? MOVES_RX : 0) | (se->tx_calls ? MOVES_TX : 0));
	if (!(k->moves & moved))
		return;
	k->verdict = (struct wait_verdict){
		.reason = family == FAMILY_UNIX || family == FAMILY_NETLINK ? WAIT_PIPE : WAIT_NET,
		.basis = BASIS_SOCKET,
		.socket = se->socket->info.id,
	};
	settle(r, k, se->task);
}

static void on_gone(struct sink *s, const struct task *task)
{
	struct reasons *r = (struct reasons *)s;
	struct known *k = task->id < r->room ? &r->tasks[task->id] : NULL;

	if (!k)
		return;
	settle(r, k, task);
	*k = (struct known){.before = SYSCALL_UNKNOWN};
}

static void on_changed(struct sink *s, const struct task *task, const struct task_info *before)
{
	struct reasons *r = (struct reasons *)s;

	(void)before;
	if (task->id < r->room)
		settle(r, &r->tasks[task->id], task);
}

int reasons_new(struct reasons **out, const char *arch, const struct stacks *stacks,
		const struct engine *engine, reasons_fn *tell, void *ctx, struct err *err)
{
	struct reasons *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(err, -ENOMEM, "out of memory");
	r->sink = (struct sink){
		.interval = on_interval,
		.states = 1u << TS_RUN | 1u << TS_SLEEP | 1u << TS_DISK | 1u << TS_IDLE |
			  1u << TS_STOPPED | 1u << TS_TRACED | 1u << TS_PARKED,
		.request = on_request,
		.socket = on_socket,
		.task_gone = on_gone,
		.task_changed = on_changed,
	};
	strncpy(r->arch, arch, sizeof(r->arch) - 1);
	r->stacks = stacks;
	r->engine = engine;
	r->tell = tell;
	r->ctx = ctx;
	learn_calls(r);
	*out = r;
	return 0;
}

void reasons_free(struct reasons *r)
{
	if (!r)
		return;
	free(r->tasks);
	free(r);
}

struct sink *reasons_sink(struct reasons *r)
{
	return &r->sink;
}

bool reasons_failed(const struct reasons *r)
{
	return r->failed;
}
