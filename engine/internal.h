/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * internal: what the files of the engine share, and nobody else sees.
 *
 *   engine.c      life of the engine, dispatch, lookups
 *   sched.c       switches, wake-ups, migrations
 *   cpus.c        what a CPU runs: gaps, contradictions, learning it again
 *   life.c        fork, exec, exit, zombie, reap; names and groups of tasks
 *   snapshot.c    the kernel's word on a task, checkpoints coming in
 *   checkpoint.c  checkpoints going out
 *   tasks.c       the table of live tasks
 *   emit.c        intervals to the sinks
 *   gaps.c        the list of gaps
 *   names.c       names of users, cgroups and devices
 *   requests.c    block requests (flows.h); request_table.c, request_checkpoint.c
 *   accounts.c    what tasks read and wrote
 *   sockets.c     sockets
 *   metrics.c     figures of the machine
 *   pool.c        objects that come and go
 *   order.c       things by key
 */
#ifndef RSTAT_ENGINE_INTERNAL_H
#define RSTAT_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/flows.h"
#include "engine/gaps.h"
#include "engine/order.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define TID_LIMIT   (1u << 22) /* PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h) */
#define PAGE_BITS   10
#define PAGE_TIDS   (1u << PAGE_BITS)
#define MAX_SINKS   40
#define RUN_HISTORY 8 /* slices per CPU kept for interval.other; a power of two */

/*
 * A wake-up may come out up to this long before the switch-out of the sleeper that it woke: the
 * kernel does them in that order, but clocks of CPUs differ a little. Longer ago it was a redundant
 * one, of a task that was still running.
 */
#define EARLY_WAKE_NS 10000u

/* Flags of a task that belong to its current state, not to the task. */
#define STATE_FLAGS                                                                                \
	(TASK_CERTAIN | TASK_IOWAIT | TASK_SINCE_APPROX | TASK_INFERRED | TASK_GAP |               \
	 TASK_ZOMBIE_SURE | TASK_WOKEN_EARLY | TASK_HIDDEN | TASK_STACK)

/* A task with what only the engine needs of it. The first cache line is what a switch touches. */
struct etask {
	uint64_t clean_ns; /* gaps that ended before this do not touch the current state */
	uint64_t wake_ns; /* a wake-up that has not (yet) changed the state; 0 none */
	uint32_t wake_waker;
	uint32_t wait_pid; /* TASK_IN_WAIT: for whom, 0 any */
	struct task t;

	uint64_t
		late_wake_ns; /* the last wake-up that changed nothing, of a task thought off CPU */
	uint32_t late_waker;
	uint32_t pins; /* parts of open requests that refer to it: it stays until they are told */
	uint64_t
		sure_ns; /* TS_UNKNOWN: from when on its closing event tells the state; gaps apart */
	struct etask *next_free; /* in one of the lists of entries that are not used */
	struct order_node zombie; /* in the order of its state, see struct zombies */
	uint32_t mark; /* seen in checkpoint number `mark` */
	uint32_t snapshot; /* ... and where in it */
	uint32_t account; /* accounts.c: number + 1, 0 none */
	uint32_t kernel_stack, user_stack; /* with TASK_STACK: where it blocked */
	uint8_t zombie_state; /* as it was put among the zombies */
	uint64_t
		claim_ns; /* a checkpoint inside a gap had it asleep, if it still was, since then; or 0 */
	uint64_t wait_ns; /* TASK_IN_WAIT that lasts until a child has ended: since when; else 0 */
	bool tree; /* of the recorded command, or of what that started */
	bool used;
	bool gone; /* not used any more, but pinned */
} __attribute__((aligned(64)));

#define KNOWN_NEVER UINT64_MAX
#define HIDES_NOT   UINT64_MAX

#define SAID_BLOCK 0x1u
#define SAID_STACK 0x2u

struct cpu {
	struct etask *cur; /* CS_RUN */
	uint32_t cur_tid; /* CS_GAP: TID_OTHER */
	uint16_t id;
	uint8_t state; /* enum cpu_state; CS_GAP: not known */
	bool gap; /* the state began at the end of a gap */
	bool left_out; /* its switches are not recorded */
	bool absent; /* not in the first checkpoint and no event yet */
	uint64_t since_ns;
	uint64_t proof_ns; /* last instant at which cur was known to be on it */
	uint64_t told_ns; /* up to here cur's slice has been told, if later than it began */
	uint64_t known_ns; /* CS_GAP: no event lost after this; KNOWN_NEVER: nothing known yet */
	uint64_t hide_ns; /* CS_GAP: since when what it did may be hidden; HIDES_NOT: events lost */
	uint32_t nr; /* running and runnable */
	uint64_t depth_since_ns;
	uint64_t lost;
	uint8_t said; /* SAID_*: events that the next switch belongs to */
	bool block_iowait;
	uint32_t block_tid; /* of the last EV_BLOCK */
	int32_t block_syscall;
	uint32_t stack_tid, kernel_stack, user_stack; /* of the last EV_STACK */
	uint32_t run_pos; /* ring of the last slices: who, since when */
	struct {
		uint64_t start_ns;
		uint32_t tid;
	} run[RUN_HISTORY];
} __attribute__((aligned(64)));

/* Those that have ended and are not known to be reaped, by parent and start_ns. */
struct zombies {
	struct order waitable; /* TS_ZOMBIE */
	struct order leaders; /* TS_LEADER_ZOMBIE */
	struct order doubtful; /* TS_UNKNOWN: may be reaped, or not yet be one that can be */
};

struct tid_page {
	struct etask *task[PAGE_TIDS];
	uint16_t unfreed[PAGE_TIDS]; /* see tasks.c */
	uint32_t used;
};

struct sink_list {
	struct sink *list[MAX_SINKS + 1]; /* NULL ends it */
};

struct name {
	uint64_t id;
	uint8_t kind;
	uint32_t mark; /* in checkpoint number `mark` */
	char *name;
};

struct engine {
	/* hot */
	uint64_t now_ns;
	uint64_t lo_ns, hi_ns; /* the window, and not before the first event */
	struct cpu *cpus;
	uint32_t ncpus;
	uint32_t nuncertain; /* CPUs in CS_GAP that are not absent */
	bool oom;
	bool want_depth, want_other;
	bool some_cpus; /* some are left out: a task may run where it is not seen */
	uint16_t unsure; /* a bit per task state that tells nothing of what comes after */
	uint64_t want_kinds; /* of events, a bit each */
	struct engine_counts counts;
	struct tid_page *pages[TID_LIMIT >> PAGE_BITS];

	uint64_t window_from_ns;
	bool started; /* an event has been applied */
	bool loaded; /* a checkpoint has been applied */
	bool reaps_exact, saw_free;
	uint32_t tree_pid; /* of engine_tree(), 0: none, or it has been seen */
	bool hides; /* a CPU contradicted itself, here or before the first checkpoint */
	bool filtered; /* tasks are left out: their slices are not seen */
	struct sink *sinks[MAX_SINKS]; /* all, in the order in which they are told */
	uint32_t nsinks;
	/* Of them, those that want what is told most often. */
	struct sink_list on_state[TS_COUNT]; /* interval(), by enum task_state */
	struct sink_list on_stretch[TS_COUNT];
	struct sink_list on_cpu, on_request, on_account, on_socket;
	/* A slice, a wait, a sleep: only what differs from one to the next is set anew. */
	struct interval run, wait, sleep;

	struct etask **chunks; /* of TASKS_PER_CHUNK */
	uint32_t nchunks, task_limit;
	struct etask *fresh; /* entries that never were a task */
	struct etask *oldest, *latest; /* entries of tasks that are gone, in order */
	uint32_t nlately; /* so many of them */
	struct etask *lately[TASKS_LATELY]; /* by TID: the one that went last, if not used since */
	struct zombies zombies;
	uint32_t mark;
	struct gaps gaps;
	struct gaps hidden; /* stretches of CPUs that their own next record contradicted */

	struct requests requests;
	struct accounts accounts;
	struct sockets sockets;
	struct metrics metrics;

	struct name *names; /* open addressing, a power of two */
	uint32_t nnames, names_cap;
	uint64_t names_seed;

	struct task_snapshot *out_tasks; /* engine_checkpoint() */
	struct cpu_snapshot *out_cpus;
	struct name_info *out_names;
	uint32_t out_tasks_cap, out_names_cap;
};

/* ---- tasks.c ---- */
static inline struct etask *task_find(const struct engine *e, uint32_t tid)
{
	const struct tid_page *p;

	if (tid >= TID_LIMIT)
		return NULL;
	p = e->pages[tid >> PAGE_BITS];
	return p ? p->task[tid & (PAGE_TIDS - 1)] : NULL;
}

/* Who had this TID and is gone, the last of them; NULL: nobody lately. */
static inline struct etask *task_find_gone(const struct engine *e, uint32_t tid)
{
	struct etask *y = e->lately[tid & (TASKS_LATELY - 1)];

	return y && !y->used && y->t.info.tid == tid ? y : NULL;
}

/* A new entry, TS_UNKNOWN since t. NULL: no memory (e->oom) or an impossible TID (ignored). */
struct etask *task_create(struct engine *e, uint32_t tid, uint64_t t);
struct etask *task_unknown(struct engine *e, uint32_t tid, uint64_t t); /* create, and count */
static inline struct etask *task_get(struct engine *e, uint32_t tid, uint64_t t)
{
	struct etask *y = task_find(e, tid);

	return likely(y) ? y : task_unknown(e, tid, t);
}

/* Tells the sinks and forgets it. await_free: an EV_FREE of this TID is still to come. */
void task_remove(struct engine *e, struct etask *y, bool await_free);
bool task_take_unfreed(struct engine *e, uint32_t tid); /* an EV_FREE is of a task gone before */
void task_rekey(struct engine *e, struct etask *y, uint32_t tid); /* the entry at tid is gone */
struct etask *task_next(const struct engine *e, uint32_t *pos); /* iterate; *pos starts at 0 */
void tasks_free(struct engine *e);
void task_unpin(struct engine *e, struct etask *y); /* one pin less; when gone it goes now */
void task_enter_zombies(struct engine *e, struct etask *y);
void task_leave_zombies(struct engine *e, struct etask *y);
/* Its state, its parent or its age changed: when it is among the zombies, it finds its new place. */
void task_move_zombie(struct engine *e, struct etask *y);

/* ---- emit.c ---- */
/* Nobody asks for intervals of this state: nothing needs to be emitted. */
static inline bool is_wanted(const struct engine *e, enum task_state state)
{
	return e->on_state[state].list[0] != NULL || e->on_stretch[state].list[0] != NULL;
}

/* Nothing of it needs to be clipped. */
static inline bool is_inside(const struct engine *e, uint64_t start, uint64_t end)
{
	return likely(start >= e->lo_ns && end <= e->hi_ns && start < end);
}

bool clip_slow(const struct engine *e, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to,
	       uint16_t *flags);
/* Clips to the window; false when nothing of it lies in it. */
static inline bool clip(const struct engine *e, uint64_t start, uint64_t end, uint64_t *from,
			uint64_t *to, uint16_t *flags)
{
	if (!is_inside(e, start, end))
		return clip_slow(e, start, end, from, to, flags);
	*from = start;
	*to = end;
	return true;
}

void emit_stretch_slow(const struct engine *e, const struct etask *y, enum task_state state,
		       uint64_t start, uint64_t end, uint16_t cpu, uint16_t flags);
/* [start, end) of y to those that add up. */
static inline void emit_stretch(const struct engine *e, const struct etask *y,
				enum task_state state, uint64_t start, uint64_t end, uint16_t cpu,
				uint16_t flags)
{
	struct sink *const *on = e->on_stretch[state].list;

	if (!*on)
		return;
	if (!is_inside(e, start, end) || state == TS_UNKNOWN) {
		emit_stretch_slow(e, y, state, start, end, cpu, flags);
		return;
	}
	do {
		(*on)->stretch(*on, &y->t, state, end - start, cpu, flags);
	} while (*++on);
}

/* To those that want to know all of it. */
static inline void emit_whole(const struct engine *e, struct interval *iv)
{
	struct sink *const *on = e->on_state[iv->state].list;

	if (!*on || !clip(e, iv->start_ns, iv->end_ns, &iv->from_ns, &iv->to_ns, &iv->flags))
		return;
	iv->gap_ns = iv->state == TS_UNKNOWN ? iv->to_ns - iv->from_ns : 0;
	do {
		(*on)->interval(*on, iv);
	} while (*++on);
}

static inline const struct etask *etask_of(const struct task *t)
{
	return (const struct etask *)((const char *)t - offsetof(struct etask, t));
}

/* The same two of a slice in parts: what came before `told` has been told. */
void emit_rest(const struct engine *e, struct interval *iv, uint64_t told);
static inline void emit_interval(const struct engine *e, struct interval *iv)
{
	emit_stretch(e, etask_of(iv->task), iv->state, iv->start_ns, iv->end_ns, iv->cpu,
		     iv->flags);
	emit_whole(e, iv);
}

/* [start, end) in the task's current state, with all that is known of it. */
void emit_current_slow(struct engine *e, const struct etask *y, uint64_t start, uint64_t end,
		       uint16_t flags);
static inline void emit_current(struct engine *e, const struct etask *y, uint64_t start,
				uint64_t end, uint16_t flags)
{
	if (is_wanted(e, (enum task_state)y->t.state))
		emit_current_slow(e, y, start, end, flags);
}

/* y is about to be called something else: what it ran so far belongs to what it is now. */
void emit_part(struct engine *e, const struct etask *y, uint64_t t);
/* [start, end) in a state that was found out afterwards; nothing when empty. */
void emit_implied(struct engine *e, const struct etask *y, enum task_state state,
		  enum runnable_cause cause, uint64_t start, uint64_t end);
static inline void emit_cpu(struct engine *e, const struct cpu *c, uint64_t end, uint16_t flags)
{
	struct sink *const *on = e->on_cpu.list;
	struct cpu_interval iv;

	if (!*on || c->since_ns >= end)
		return;
	iv.flags = (uint16_t)(flags | (c->gap ? IVF_GAP : 0));
	if (!clip(e, c->since_ns, end, &iv.from_ns, &iv.to_ns, &iv.flags))
		return;
	iv.cpu = c->id;
	iv.state = (enum cpu_state)c->state;
	iv.task = c->cur ? &c->cur->t : NULL;
	do {
		(*on)->cpu_interval(*on, &iv);
	} while (*++on);
}

void emit_depth(struct engine *e, struct cpu *c, uint64_t end);
/*
 * The current stretch of y, as far as it is uncertain at t: true when a gap touches it or its state
 * is not known, and then nothing is known in [*h0, *h1). Never for a running task.
 */
bool uncertain_slow(const struct engine *e, const struct etask *y, uint64_t t, uint64_t *h0,
		    uint64_t *h1);
static inline bool uncertain(const struct engine *e, const struct etask *y, uint64_t t,
			     uint64_t *h0, uint64_t *h1)
{
	if (likely(e->gaps.last_ns < y->clean_ns && !(e->unsure >> y->t.state & 1)))
		return false;
	return uncertain_slow(e, y, t, h0, h1);
}

/* Emits what is known before h0, and the unknown [h0, h1). */
void emit_split(struct engine *e, const struct etask *y, uint64_t h0, uint64_t h1);
void tell_changed(struct engine *e, const struct etask *y, const struct task_info *before);

/* ---- cpus.c ---- */
int cpus_new(struct engine *e, struct err *err);
/* Who runs on it is not known after `from`; no event of it is lost after `known`. */
void cpu_lose(struct engine *e, struct cpu *c, uint64_t from, uint64_t known);
/* At t, tid turns out to be what runs on c, against or beyond what the engine has there. */
void cpu_learn(struct engine *e, struct cpu *c, uint32_t tid, uint64_t t);
/* From now on no switch of c is expected. */
void cpu_leave_out(struct engine *e, struct cpu *c);
void cpu_gap(struct engine *e, const struct event *ev);
/* tid did something on c at t: it runs there. */
void cpu_acts_slow(struct engine *e, struct cpu *c, uint32_t tid, uint64_t t);
/*
 * When a wake-up of y, which was asleep, can have been hidden before t: in [*h0, *h1), as far as is
 * known at t. d: the CPU that tells at t, NULL none. False: nothing was hidden.
 */
bool cpus_hid(const struct engine *e, const struct cpu *d, const struct etask *y, uint64_t t,
	      uint64_t *h0, uint64_t *h1);
/* Until then y, asleep, was not woken: the kernel looks before it says sched_waking. */
uint64_t asleep_until(const struct etask *y);
/* Who runs on c is known again, since `start`: what went before stays hidden. */
void cpu_stop_hiding(struct engine *e, struct cpu *c, uint64_t start);
/* A wake-up after `from` may have been hidden in what is past, or on a CPU that is not known. */
bool cpus_have_hidden(const struct engine *e, uint64_t from, uint64_t t);

/* From t on tid, which is y (NULL: idle, or left out), is what runs on c. */
static inline void cpu_set(struct cpu *c, uint32_t tid, struct etask *y, uint64_t t)
{
	uint32_t slot = ++c->run_pos & (RUN_HISTORY - 1);

	c->run[slot].start_ns = t;
	c->run[slot].tid = tid;
	c->cur = y;
	c->cur_tid = tid;
	c->state = y ? CS_RUN : tid ? CS_OTHER : CS_IDLE;
	c->gap = false;
	c->since_ns = c->proof_ns = t;
}

static inline struct cpu *cpu_at(const struct engine *e, uint32_t cpu)
{
	return likely(cpu < e->ncpus) ? &e->cpus[cpu] : NULL;
}

static inline void cpu_acts(struct engine *e, uint16_t cpu, uint32_t tid, uint64_t t)
{
	struct cpu *c = cpu_at(e, cpu);

	if (!c)
		return;
	if (likely(c->cur_tid == tid && c->state != CS_GAP))
		c->proof_ns = t;
	else
		cpu_acts_slow(e, c, tid, t);
}

/* What a task does there is not recorded. */
static inline bool is_elsewhere(const struct engine *e, uint32_t cpu)
{
	return cpu >= e->ncpus || e->cpus[cpu].left_out;
}

static inline bool queued(const struct etask *y)
{
	return y->t.state == TS_RUN || y->t.state == TS_RUNNABLE;
}

static inline void depth_add(struct engine *e, uint16_t cpu, int n, uint64_t t)
{
	struct cpu *c = cpu_at(e, cpu);

	if (!c)
		return;
	if (unlikely(e->want_depth) && t > c->depth_since_ns)
		emit_depth(e, c, t);
	c->nr += (uint32_t)n;
}

/* The state of y from t on; its CPU and the depth of queues are the caller's. */
static inline void set_state(struct etask *y, enum task_state state, uint64_t t)
{
	y->t.state = (uint8_t)state;
	y->t.since_ns = y->clean_ns = t;
	y->t.flags = (uint16_t)((y->t.flags & ~STATE_FLAGS) | TASK_CERTAIN);
}

/* The task's new state from t on; the old one has been emitted. Keeps the depth of the queues. */
static inline void enter(struct engine *e, struct etask *y, enum task_state state, uint16_t cpu,
			 uint64_t t)
{
	bool was = queued(y), is = state == TS_RUN || state == TS_RUNNABLE;

	if (was && (!is || y->t.cpu != cpu))
		depth_add(e, y->t.cpu, -1, t);
	if (is && (!was || y->t.cpu != cpu))
		depth_add(e, cpu, 1, t);
	y->t.cpu = cpu;
	set_state(y, state, t);
}

/* ---- engine.c ---- */
/* Any event but those of sched.c. */
void apply_rare(struct engine *e, const struct event *ev, uint64_t t);
void tell_event(struct engine *e, const struct event *ev); /* to the sinks that want its kind */

/* ---- sched.c ---- */
/* All events of engine_apply(). Out of memory shows in e->oom. */
void sched_events(struct engine *e, const struct event *events, size_t n);

/* ---- life.c ---- */
/* y has got its identity; `by` has forked it, 0: not known. */
void life_join_tree(struct engine *e, struct etask *y, uint32_t by);
void life_fork(struct engine *e, const struct event *ev, uint64_t t);
void life_exec(struct engine *e, const struct event *ev, uint64_t t);
void life_exit(struct engine *e, const struct event *ev, uint64_t t);
void life_free(struct engine *e, const struct event *ev, uint64_t t);
void life_reap(struct engine *e, const struct event *ev, uint64_t t);
void life_wait(struct engine *e, const struct event *ev, uint64_t t);
void life_rename(struct engine *e, const struct event *ev, uint64_t t);
void life_cgroup(struct engine *e, const struct event *ev, uint64_t t);
/* The last slice of y ended at t; its RUN is emitted. May remove it. */
void life_final_switch(struct engine *e, struct etask *y, uint64_t t, uint32_t raw);
/* y, which is in a wait, runs again after a sleep that y->t.waker ended. */
void life_back_from_wait(struct engine *e, struct etask *y, uint64_t t);
/* y, which is in a wait, runs again at t and what it was woken by is not known. */
void life_doubt_wait(struct engine *e, struct etask *y, uint64_t t);
/* Takes over the TID of its process (exec by a non-leader). */
void life_take_leader(struct engine *e, struct etask *y, uint64_t t);
/* y turns out to be gone at t: closes what is open and removes it. */
void life_gone(struct engine *e, struct etask *y, uint64_t t, enum reap_method how, uint32_t by,
	       bool await_free);

/* ---- snapshot.c, checkpoint.c ---- */
/* Nothing that a checkpoint tells is later than itself, but a damaged one may say so. */
static inline uint64_t earlier(uint64_t ns, uint64_t t)
{
	return ns < t ? ns : t;
}

void snapshot_task(struct engine *e, const struct event *ev, uint64_t t);
void checkpoint_in(struct engine *e, const struct event *ev, uint64_t t);
void checkpoints_free(struct engine *e);

/* ---- names.c ---- */
void names_set(struct engine *e, const struct name_info *name);
struct name *names_find(const struct engine *e, uint8_t kind, uint64_t id); /* NULL: none */
const char *names_get(const struct engine *e, uint8_t kind, uint64_t id);
void engine_names_free(struct engine *e);

#endif
