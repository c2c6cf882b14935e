// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * From fork to reap. The kernel's order is: exit, parent woken, final switch (then a zombie, or
 * gone at once), reap, free. The reap has no event unless the hook on release_task is live; without
 * it the waits of the parent tell (life_wait, life_back_from_wait), and at the latest EV_FREE.
 */
#include "engine/internal.h"

#include <stddef.h>
#include <string.h>

/* A task_struct is freed 14-20 ms after its reap; a zombie that lasted this long was one. */
#define FREE_DELAY_NS 100000000u

static bool is_leader(const struct etask *y)
{
	return y->t.info.tid == y->t.info.tgid;
}

static bool is_zombie(const struct etask *y)
{
	return y->t.state == TS_ZOMBIE || y->t.state == TS_LEADER_ZOMBIE;
}

/* ---- end of life ---- */

static void emit_zombie(struct engine *e, const struct etask *y, uint64_t t, enum reap_method how,
			uint32_t by)
{
	bool bound = how == REAP_FREE || how == REAP_REUSE;
	struct interval iv = {
		.task = &y->t,
		.start_ns = y->t.since_ns,
		.end_ns = t,
		.state = (enum task_state)y->t.state,
		.syscall = SYSCALL_UNKNOWN,
		.waker = by,
		.cpu = y->t.cpu,
		.reap_method = (uint8_t)how,
	};
	uint64_t h0, h1;

	/*
	 * Until a known reap a zombie cannot have been anything else, gaps or not. A wait for any
	 * child tells of this one only when no other wait was lost.
	 */
	if (uncertain(e, y, t, &h0, &h1) &&
	    (bound || how == REAP_WAIT || y->t.state == TS_LEADER_ZOMBIE)) {
		emit_split(e, y, h0, t);
		return;
	}
	if (bound) {
		/* A child that was reaped by itself was no zombie, and its EV_FREE is as late. */
		if (!(y->t.flags & TASK_ZOMBIE_SURE) && t - y->t.since_ns < FREE_DELAY_NS) {
			emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, t);
			return;
		}
		iv.flags |= IVF_REAP_BOUND;
	}
	if (bound || how == REAP_WAIT)
		iv.flags |= IVF_INFERRED;
	if (y->t.flags & TASK_GAP)
		iv.flags |= IVF_GAP;
	if (y->t.flags & TASK_SINCE_APPROX)
		iv.flags |= IVF_SINCE_APPROX;
	emit_interval(e, &iv);
}

void life_gone(struct engine *e, struct etask *y, uint64_t t, enum reap_method how, uint32_t by,
	       bool await_free)
{
	uint64_t h0, h1;

	if (y->t.state == TS_RUN) {
		struct cpu *c = cpu_at(e, y->t.cpu);

		if (c && c->cur == y)
			cpu_lose(e, c, c->proof_ns, t);
	}
	if (is_zombie(y)) {
		emit_zombie(e, y, t, how, by);
	} else if (uncertain(e, y, t, &h0, &h1)) {
		emit_split(e, y, h0, t);
	} else {
		/* It cannot have gone from this state: its end was hidden. */
		e->counts.contradictions++;
		emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, t);
	}
	task_remove(e, y, await_free);
}

/*
 * z, which has just switched away as a zombie, ended while its parent was on its way into a wait,
 * and that has not gone to sleep: so it finds z at once. (Of several that end at that time a wait for
 * any child takes one, and this may be another one.)
 */
static bool is_reaped_at_once(struct engine *e, const struct etask *z)
{
	struct etask *parent = task_find(e, z->t.info.ppid);

	if (e->reaps_exact || !(z->t.flags & TASK_GROUP_DEAD) || !parent ||
	    !(parent->t.flags & TASK_IN_WAIT) || parent->t.state != TS_RUN ||
	    parent->t.info.tgid != z->t.info.ppid)
		return false;
	if (!z->t.exited_ns || parent->wait_ns < z->t.exited_ns ||
	    parent->t.since_ns > parent->wait_ns || e->gaps.last_ns >= z->t.exited_ns)
		return false;
	if (parent->wait_pid && parent->wait_pid != z->t.info.tid)
		return false;
	parent->t.flags &= (uint16_t)~TASK_IN_WAIT;
	return true;
}

void life_final_switch(struct engine *e, struct etask *y, uint64_t t, uint32_t raw)
{
	bool exit_seen = y->t.flags & TASK_EXITED && e->gaps.last_ns < y->t.exited_ns;

	if (raw & RAW_EXIT_DEAD || y->t.flags & (TASK_REAPED | TASK_UNNAMED) || !is_leader(y) ||
	    is_reaped_at_once(e, y)) {
		task_remove(e, y, true);
		return;
	}
	if (y->t.flags & TASK_GROUP_DEAD)
		enter(e, y, TS_ZOMBIE, y->t.cpu, t);
	else if (exit_seen)
		enter(e, y, TS_LEADER_ZOMBIE, y->t.cpu, t);
	else
		enter(e, y, TS_UNKNOWN, y->t.cpu, t);
	y->sure_ns = t;
	y->wake_ns = y->t.waking_ns = 0;
	y->t.waker = 0;
	y->t.flags |= TASK_EXITED;
	if (raw & RAW_EXIT_ZOMBIE)
		y->t.flags |= TASK_ZOMBIE_SURE;
	task_enter_zombies(e, y);
}

/* The last thread of the process exits: its leader, when gone before, can be waited for now. */
static void group_dead(struct engine *e, struct etask *leader, uint64_t t)
{
	leader->t.flags |= TASK_GROUP_DEAD;
	if (leader->t.state != TS_LEADER_ZOMBIE)
		return;
	emit_current(e, leader, leader->t.since_ns, t, 0);
	enter(e, leader, TS_ZOMBIE, leader->t.cpu, t);
	task_move_zombie(e, leader);
}

/* z was that until t; from then on it may have changed without an event that says so. */
static void doubt(struct engine *e, struct etask *z, uint64_t t)
{
	uint64_t h0, h1;

	if (uncertain(e, z, t, &h0, &h1))
		emit_split(e, z, h0, t);
	else
		emit_current(e, z, z->t.since_ns, t, IVF_GAP);
	enter(e, z, TS_UNKNOWN, z->t.cpu, t);
	z->sure_ns = t;
	task_move_zombie(e, z);
}

static struct etask *zombie_of(const struct order_node *node)
{
	return node ? (struct etask *)((char *)node - offsetof(struct etask, zombie)) : NULL;
}

/* Something happened to one of them (tid, 0 any), by whom is not known (a fork was lost). */
static void doubt_all(struct engine *e, struct order *zombies, uint32_t tid, uint64_t t)
{
	struct etask *z;

	if (!tid) {
		while ((z = zombie_of(order_from(zombies, 0, 0))))
			doubt(e, z, t); /* and so it is not among them any more */
		return;
	}
	z = task_find(e, tid);
	if (z && z->t.state == TS_ZOMBIE)
		doubt(e, z, t);
}

void life_exit(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y, *leader;

	cpu_acts(e, ev->cpu, ev->tid, t);
	if (ev->tid == TID_OTHER)
		return;
	y = ev->flags & EVF_LEAVES ? task_find(e, ev->tid) : task_get(e, ev->tid, t);
	if (!y)
		return;
	y->t.exited_ns = t;
	y->t.exit_code = ev->value;
	y->t.flags |= TASK_EXITED;
	y->t.flags &= (uint16_t)~TASK_IN_WAIT;
	if (!(ev->flags & EVF_GROUP_DEAD))
		return;
	y->t.flags |= TASK_GROUP_DEAD;
	leader = is_leader(y) ? NULL : task_find(e, y->t.info.tgid);
	if (leader) {
		leader->t.exit_code = ev->value; /* as wait4 reports it for the process */
		group_dead(e, leader, t);
	} else if (!y->t.info.tgid) {
		doubt_all(e, &e->zombies.leaders, 0, t);
	}
}

/* ---- reap ---- */

/* The first child of `tgid` in that order which is not older than `after` (start_ns). */
static struct etask *first_child(const struct order *zombies, uint32_t tgid, uint64_t after)
{
	struct order_node *node = order_from(zombies, tgid, after);

	return node && node->key.major == tgid ? zombie_of(node) : NULL;
}

/* A wait of process `tgid` for pid (0: any) may have reaped any of its zombies that match. */
static void doubt_children(struct engine *e, uint32_t tgid, uint32_t pid, uint64_t t)
{
	struct etask *z;

	if (!pid) {
		while ((z = first_child(&e->zombies.waitable, tgid, 0)))
			doubt(e, z, t);
		return;
	}
	z = task_find(e, pid);
	if (z && z->t.state == TS_ZOMBIE && z->t.info.ppid == tgid)
		doubt(e, z, t);
}

/* Its parent is gone: whoever adopted it is not known. */
static bool is_orphan(const struct engine *e, const struct etask *y)
{
	const struct etask *parent = task_find(e, y->t.info.ppid);

	return !parent || parent->t.flags & TASK_GROUP_DEAD;
}

/* Can a wait of process `tgid` for `pid` (0: any) take z? */
static bool can_take(const struct engine *e, const struct etask *z, uint32_t tgid, uint32_t pid)
{
	if (pid && z->t.info.tid != pid)
		return false;
	return z->t.info.ppid == tgid || ((pid || tgid == 1) && is_orphan(e, z));
}

/*
 * The oldest of these zombies that a wait of process `tgid` for any child can take: the kernel goes
 * by age. NULL: none. Orphans are init's, so it is asked for each parent that has zombies.
 */
static struct etask *oldest(const struct engine *e, const struct order *zombies, uint32_t tgid,
			    uint64_t after)
{
	struct etask *best = NULL, *z;
	struct order_node *node;

	if (tgid != 1)
		return first_child(zombies, tgid, after);
	for (node = order_from(zombies, 0, 0); node;
	     node = order_from(zombies, node->key.major + 1, 0)) {
		z = first_child(zombies, (uint32_t)node->key.major, after);
		if (z && can_take(e, z, tgid, 0) &&
		    (!best || z->t.info.start_ns < best->t.info.start_ns))
			best = z;
	}
	return best;
}

/* A wait of process `tgid` for this child takes it, if it is a zombie. */
static bool wait_takes_one(struct engine *e, uint32_t tgid, uint64_t t, uint32_t by, uint32_t pid)
{
	struct etask *z = task_find(e, pid);

	if (!z || z->t.state != TS_ZOMBIE || !can_take(e, z, tgid, pid))
		return false;
	life_gone(e, z, t, REAP_WAIT, by, true);
	return true;
}

/*
 * A wait of process `tgid` for `pid` (0: any) takes a zombie, if there is one. An old one of which
 * it is not sure that it was there still is gone now, one way or the other; but the wait may as
 * well have taken the next one: of that, and so on up to one that was there for sure, nothing is
 * known from now on.
 */
static bool wait_takes(struct engine *e, uint32_t tgid, uint64_t t, uint32_t by, uint32_t pid)
{
	struct etask *z, *older;
	uint64_t h0, h1, start;
	bool first, sure;

	if (pid)
		return wait_takes_one(e, tgid, t, by, pid);
	z = oldest(e, &e->zombies.waitable, tgid, 0);
	if (!z)
		return false;
	older = oldest(e, &e->zombies.doubtful, tgid, 0);
	first = !older || older->t.info.start_ns > z->t.info.start_ns;
	for (; z; z = oldest(e, &e->zombies.waitable, tgid, start + 1)) {
		sure = !uncertain(e, z, t, &h0, &h1);
		start = z->t.info.start_ns;
		if (first)
			life_gone(e, z, t, REAP_WAIT, by, true);
		else
			doubt(e, z, t);
		if (sure)
			break;
		first = false;
	}
	return true;
}

void life_wait(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y;

	cpu_acts(e, ev->cpu, ev->tid, t);
	y = task_find(e, ev->tid);
	if (!y || e->reaps_exact)
		return;
	if (!y->t.info.tgid) {
		doubt_all(e, &e->zombies.waitable, ev->value, t);
		return;
	}
	if (e->some_cpus && !ev->value) {
		doubt_children(e, y->t.info.tgid, 0, t);
		return;
	}
	if (wait_takes(e, y->t.info.tgid, t, ev->tid, ev->value)) {
		y->t.flags &= (uint16_t)~TASK_IN_WAIT;
		return;
	}
	y->t.flags |= TASK_IN_WAIT;
	y->wait_pid = ev->value;
	y->wait_ns = ev->flags & EVF_WAIT_BLOCKS ? t : 0;
}

/*
 * do_wait() sleeps in TASK_INTERRUPTIBLE and is woken by the child that exits, which may still be
 * on its way to its final switch then. Whatever else wakes it is a signal: that ends the wait.
 */
void life_back_from_wait(struct engine *e, struct etask *y, uint64_t t)
{
	uint32_t tgid = y->t.info.tgid, waker = y->t.waker, pid = y->wait_pid;
	struct etask *child;

	y->t.flags &= (uint16_t)~TASK_IN_WAIT;
	if (e->reaps_exact || !waker || y->t.raw_state != RAW_INTERRUPTIBLE)
		return;
	child = task_find(e, waker);
	if (child && !is_leader(child))
		child = task_find(e, child->t.info.tgid); /* its last thread woke us */
	if (child && (child->t.info.ppid != tgid || !(child->t.flags & TASK_EXITED)))
		return;
	if (e->some_cpus && !pid) {
		/* One that ended where nothing is recorded may have been first in the row. */
		doubt_children(e, tgid, 0, t);
		return;
	}
	if (!wait_takes(e, tgid, t, y->t.info.tid, pid) && child && child->t.state == TS_RUN &&
	    (!pid || pid == child->t.info.tid))
		child->t.flags |= TASK_REAPED;
}

void life_doubt_wait(struct engine *e, struct etask *y, uint64_t t)
{
	if (!e->reaps_exact)
		doubt_children(e, y->t.info.tgid, y->wait_pid, t);
}

void life_reap(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y = task_find(e, ev->tid);

	e->reaps_exact = true;
	if (!y)
		return;
	if (y->t.state == TS_RUN && y->t.flags & TASK_EXITED) {
		y->t.flags |= TASK_REAPED;
		return;
	}
	/* de_thread(): the old leader is released under the TID of the thread that took its place. */
	if (y->t.state == TS_RUN && ev->peer == y->t.info.tgid) {
		if (ev->peer != ev->tid)
			life_take_leader(e, y, t);
		return;
	}
	life_gone(e, y, t, REAP_EXACT, ev->peer, true);
}

#define START_TICK_NS 10000000u

/* /proc, where the recorder has tasks from that its programs do not show, counts in ticks. */
static bool same_start(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= START_TICK_NS;
}

void life_free(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct free_info *info = ev->ext;
	struct etask *y = task_find(e, ev->tid);
	bool older = task_take_unfreed(e, ev->tid);
	uint64_t h0, h1;

	e->saw_free = true;
	if (info && info->start_ns && y && y->t.info.start_ns)
		older = !same_start(info->start_ns, y->t.info.start_ns);
	if (older || !y || y->t.state == TS_RUN)
		return;
	/* Of a task that is certainly alive: it belongs to one that had the TID before. */
	if (is_zombie(y) || uncertain(e, y, t, &h0, &h1))
		life_gone(e, y, t, REAP_FREE, 0, false);
}

/* ---- fork, exec, identity ---- */

static bool in_tree(const struct engine *e, uint32_t tid)
{
	const struct etask *y = tid ? task_find(e, tid) : NULL;

	/* the command itself may have been filtered out */
	return y ? y->tree : tid && tid == e->tree_pid;
}

void life_join_tree(struct engine *e, struct etask *y, uint32_t by)
{
	const bool is_root = e->tree_pid && y->t.info.tid == e->tree_pid;

	y->tree = y->tree || is_root || in_tree(e, y->t.info.tgid) || in_tree(e, y->t.info.ppid) ||
		  in_tree(e, by);
	if (is_root) /* its PID may be another's later */
		e->tree_pid = 0;
}

void life_fork(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct task_info *info = ev->ext;
	struct etask *y = task_find(e, ev->tid);

	cpu_acts(e, ev->cpu, ev->peer, t);
	if (y) {
		if (info->start_ns && y->t.info.start_ns == info->start_ns) {
			y->t.forked_ns = t; /* a snapshot was faster */
			life_join_tree(e, y, ev->peer);
			return;
		}
		life_gone(e, y, t, REAP_REUSE, 0, true);
	}
	if (ev->tid == e->tree_pid)
		e->tree_pid = 0; /* it was there before: now the PID is another's */
	y = task_create(e, ev->tid, t);
	if (!y)
		return;
	y->t.info = *info;
	y->t.info.tid = ev->tid;
	y->t.forked_ns = t;
	y->t.flags = 0;
	life_join_tree(e, y, ev->peer);
	enter(e, y, TS_NEW, ev->cpu, t);
	y->sure_ns = KNOWN_NEVER;
}

void life_take_leader(struct engine *e, struct etask *y, uint64_t t)
{
	uint32_t tid = y->t.info.tgid;
	struct etask *leader = task_find(e, tid);
	struct task_info before = y->t.info;

	if (leader == y || !tid || tid >= TID_LIMIT)
		return;
	/* The new leader inherits the age of the old one (de_thread(), fs/exec.c). */
	y->t.info.start_ns = leader ? leader->t.info.start_ns : 0;
	if (leader) {
		y->tree = y->tree || leader->tree;
		life_gone(e, leader, t, REAP_EXEC, tid, false);
	}
	task_rekey(e, y, tid);
	for (uint32_t i = 0; i < e->ncpus; i++)
		if (e->cpus[i].cur == y)
			e->cpus[i].cur_tid = tid;
	tell_changed(e, y, &before);
}

/* ev->peer becomes ev->tid, if no switch has shown it under that TID already. */
static void exec_by_thread(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y = task_find(e, ev->peer), *seen = task_find(e, ev->tid);

	if (!y || (y->t.info.tgid && y->t.info.tgid != ev->tid))
		return;
	if (seen && seen->t.state == TS_RUN && y->t.state != TS_RUN) {
		/* Its switch-in was hidden: it is two entries until now. */
		seen->t.info = y->t.info;
		seen->t.info.tid = ev->tid;
		seen->t.info.start_ns = 0; /* the old leader's, and that is gone */
		seen->tree = seen->tree || y->tree;
		seen->t.flags &= (uint16_t)~TASK_UNNAMED;
		life_gone(e, y, t, REAP_EXEC, ev->tid, true);
		return;
	}
	cpu_acts(e, ev->cpu, ev->peer, t); /* under the TID that it had */
	y = task_find(e, ev->peer);
	if (!y)
		return;
	y->t.info.tgid = ev->tid;
	life_take_leader(e, y, t);
}

/* Nothing of what y does from t on is recorded, as the filter does not want it any more. */
static void leave(struct engine *e, struct etask *y, uint64_t t)
{
	struct cpu *c = cpu_at(e, y->t.cpu);
	uint64_t h0, h1;

	if (y->t.state == TS_UNKNOWN)
		return;
	if (uncertain(e, y, t, &h0, &h1))
		emit_split(e, y, h0, t);
	else
		emit_current(e, y, y->t.since_ns, t, IVF_CLIPPED_END);
	if (y->t.state == TS_RUN && c && c->cur == y) {
		emit_cpu(e, c, t, 0);
		cpu_set(c, TID_OTHER, NULL, t);
	}
	enter(e, y, TS_UNKNOWN, y->t.cpu, t);
	task_move_zombie(e, y);
	y->t.flags &= (uint16_t)~TASK_IN_WAIT;
	y->t.waking_ns = y->wake_ns = 0;
	y->t.waker = 0;
	y->sure_ns = KNOWN_NEVER;
	e->filtered = true;
}

/* y runs on the event's CPU, of which what ran so far was not recorded. */
static void come_in(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	struct cpu *c = cpu_at(e, ev->cpu);

	if (!c || c->state != CS_OTHER || c->left_out || y->t.state != TS_UNKNOWN)
		return;
	emit_implied(e, y, TS_UNKNOWN, RC_NONE, y->t.since_ns, t);
	emit_cpu(e, c, t, 0);
	cpu_set(c, y->t.info.tid, y, t);
	task_leave_zombies(e, y);
	enter(e, y, TS_RUN, c->id, t);
	y->t.flags |= TASK_GAP;
}

static bool is_renamed(const struct etask *y, const char *comm)
{
	return strncmp(y->t.info.comm, comm, TASK_COMM_LEN) != 0;
}

void life_exec(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct exec_info *info = ev->ext;
	struct task_info before;
	struct etask *y;

	if (ev->peer && ev->peer != ev->tid)
		exec_by_thread(e, ev, t);
	cpu_acts(e, ev->cpu, ev->tid, t);
	if (ev->tid == TID_OTHER)
		return;
	y = task_get(e, ev->tid, t);
	if (!y)
		return;
	if (y->t.info.uid != info->uid || is_renamed(y, info->comm))
		emit_part(e, y, t);
	before = y->t.info;
	y->t.info.uid = info->uid;
	memcpy(y->t.info.comm, info->comm, TASK_COMM_LEN);
	tell_changed(e, y, &before);
}

void life_rename(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct rename_info *info = ev->ext;
	struct etask *y = task_find(e, ev->tid);
	struct task_info before;

	if (!y)
		return;
	if (ev->flags & EVF_LEAVES)
		leave(e, y, t);
	else if (is_renamed(y, info->comm))
		emit_part(e, y, t);
	before = y->t.info;
	memcpy(y->t.info.comm, info->comm, TASK_COMM_LEN);
	tell_changed(e, y, &before);
	if (ev->peer == ev->tid && !(ev->flags & EVF_LEAVES))
		come_in(e, y, ev, t);
}

static void move_to(struct engine *e, struct etask *y, const struct event *ev, uint64_t t)
{
	const uint64_t cgroup_id = ((const struct cgroup_info *)ev->ext)->cgroup_id;
	struct task_info before = y->t.info;

	if (ev->flags & EVF_LEAVES)
		leave(e, y, t);
	if (before.cgroup_id == cgroup_id)
		return;
	if (before.cgroup_id)
		emit_part(e, y, t);
	y->t.info.cgroup_id = cgroup_id;
	tell_changed(e, y, &before);
}

void life_cgroup(struct engine *e, const struct event *ev, uint64_t t)
{
	struct etask *y = task_find(e, ev->tid);
	uint32_t tgid, pos = 0;

	if (!y)
		return;
	tgid = y->t.info.tgid;
	move_to(e, y, ev, t);
	if (!(ev->flags & EVF_THREADGROUP) || !tgid)
		return;
	/* Rare enough for a walk over all tasks. */
	while ((y = task_next(e, &pos)))
		if (y->t.info.tgid == tgid)
			move_to(e, y, ev, t);
}
