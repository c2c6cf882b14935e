/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* life: tasks are made, renamed, moved, exit and go. Rare next to sched.h, and larger. */
#ifndef RSTAT_BPF_LIFE_H
#define RSTAT_BPF_LIFE_H

#include "bpf/acct.h"
#include "bpf/cost.h"
#include "bpf/filter.h"
#include "bpf/ring.h"
#include "bpf/stacks.h"
#include "bpf/task.h"
#include "bpf/traffic.h"

/* "exit: add group_dead to the tracepoint" (6.16); the last argument of sched_process_exit. */
const volatile bool exit_has_group_dead = true;
const volatile u32 args_limit = 1024; /* at most RING_ARGS_MAX */

/* Where an exec program puts the file name until it knows the record's length. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, RING_PATH_MAX);
	__uint(max_entries, 1);
} scratch SEC(".maps");

static __always_inline void put_fork(struct task_struct *child, u32 parent_tid, u32 clone_flags)
{
	struct ring_rec *rec;

	if (child->pid == child->tgid)
		stack_begin((u32)child->tgid);
	if (filter_need)
		filter_learn(child, filter_bits(parent_tid) & FILTER_PID);
	if (!filter_task(child))
		return;
	rec = ring_reserve(RING_IRQS_ON, sizeof(*rec) + sizeof(struct ring_task), 1);
	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = (u32)child->pid;
	rec->peer = parent_tid;
	task_identity((struct ring_task *)(rec + 1), child);
	ring_commit(rec, RING_WORD0(REC_FORK, 0, (sizeof(*rec) + sizeof(struct ring_task)) / 8,
				    clone_flags));
}

SEC("tp_btf/task_newtask")
int on_newtask(u64 *ctx)
{
	u64 begin = cost_begin();

	put_fork((struct task_struct *)ctx[0], (u32)bpf_get_current_pid_tgid(), (u32)ctx[1]);
	cost_end(PROG_FORK, begin);
	return 0;
}

/* Where there is no task_newtask: the same moment but for the clone flags. */
SEC("tp_btf/sched_process_fork")
int on_fork(u64 *ctx)
{
	struct task_struct *parent = (struct task_struct *)ctx[0];
	u64 begin = cost_begin();

	put_fork((struct task_struct *)ctx[1], (u32)parent->pid, 0);
	cost_end(PROG_FORK, begin);
	return 0;
}

/* Fills the record's variable part; returns how the arguments came out. */
static __always_inline void fill_exec(struct ring_exec *exec, struct task_struct *p,
				      const char *path, u32 path_bytes, u64 args_at, u32 args_len,
				      bool truncated)
{
	u8 *tail = (u8 *)(exec + 1);

	exec->uid = p->cred->uid.val;
	exec->path_words = (u16)(path_bytes / 8);
	bpf_probe_read_kernel(exec->comm, sizeof(exec->comm), p->comm);
	bpf_probe_read_kernel(tail, path_bytes, path);
	/* the pages were written a moment ago; if one is gone already, so are the arguments */
	if (args_len && bpf_probe_read_user(tail + path_bytes, args_len, (void *)args_at)) {
		args_len = 0;
		truncated = true;
	}
	exec->args_len = (u16)args_len;
	exec->truncated = truncated;
}

static __always_inline void put_exec(struct task_struct *p, u32 old_tid, struct linux_binprm *bprm)
{
	const u32 fixed = sizeof(struct ring_rec) + sizeof(struct ring_exec);
	u64 args_at = p->mm->arg_start, args_all = p->mm->arg_end - args_at;
	u32 zero = 0, path_bytes, args_len, bytes;
	struct ring_rec *rec;
	char *path;
	long len;

	path = bpf_map_lookup_elem(&scratch, &zero);
	if (!path)
		return;
	len = bpf_probe_read_kernel_str(path, RING_PATH_MAX, bprm->filename);
	if (len <= 0 || len > RING_PATH_MAX) {
		path[0] = '\0';
		len = 1;
	}
	/* the tail of the last word is whatever it was: never read, the NUL comes before it */
	path_bytes = ((u32)len + 7) & (2 * RING_PATH_MAX - 8);
	if (path_bytes > RING_PATH_MAX)
		return;
	args_len = args_all > args_limit ? args_limit : (u32)args_all;
	args_len &= 2 * RING_ARGS_MAX - 1;
	if (args_len > RING_ARGS_MAX)
		return;
	bytes = fixed + path_bytes + ((args_len + 7) & ~7u);
	rec = ring_reserve(RING_IRQS_ON, bytes, 1);
	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = (u32)p->pid;
	rec->peer = old_tid;
	fill_exec((struct ring_exec *)(rec + 1), p, path, path_bytes, args_at, args_len,
		  args_all > args_len);
	ring_commit(rec, RING_WORD0(REC_EXEC, 0, bytes / 8, 0));
}

SEC("tp_btf/sched_process_exec")
int on_exec(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin = cost_begin();
	u32 old_tid = (u32)ctx[1];

	stack_begin((u32)p->tgid);
	/* a thread that is not the leader takes the leader's TID along with its own past */
	if (filter_need && old_tid != (u32)p->pid)
		filter_learn(p, filter_bits(old_tid) & (FILTER_PID | FILTER_TID));
	if (filter_task(p))
		put_exec(p, old_tid, (struct linux_binprm *)ctx[2]);
	cost_end(PROG_EXEC, begin);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin = cost_begin();
	bool group_dead = exit_has_group_dead ? (bool)ctx[1] : !p->signal->live.counter;
	u32 flags = 0;

	traffic_exit();
	acct_exit(p);
	if (!filter_task(p))
		flags = RECF_LEAVES;
	if (!flags || filter_has_left(p))
		ring_put(RING_IRQS_ON, REC_EXIT, flags | (group_dead ? RECF_GROUP_DEAD : 0),
			 task_exit_code(p, group_dead), (u32)p->pid, 0);
	cost_end(PROG_EXIT, begin);
	return 0;
}

/* A task that a filter has just begun to match: what it is and does, for who never saw it. */
static __noinline int put_task(struct task_struct *p)
{
	const u32 bytes = sizeof(struct ring_rec) + sizeof(struct ring_snapshot);
	struct ring_rec *rec = ring_reserve(RING_IRQS_ON, bytes, 1);
	struct ring_snapshot *s = (struct ring_snapshot *)(rec + 1);

	if (!rec)
		return 0;
	task_snapshot(s, p, 0);
	rec->ts = s->ts = bpf_ktime_get_ns();
	rec->tid = (u32)p->pid;
	ring_commit(rec, RING_WORD0(REC_TASK, 0, bytes / 8, 0));
	return 0;
}

static __always_inline void handle_rename(struct task_struct *p, const char *comm)
{
	const u32 bytes = sizeof(struct ring_rec) + RING_COMM_LEN;
	bool before = filter_task(p), after = before;
	struct ring_rec *rec;
	char *to;

	if (filter_need & FILTER_COMM) {
		u8 *slot = filter_slot((u32)p->pid);

		if (slot)
			*slot = (*slot & ~FILTER_COMM) | filter_comm(comm);
		after = filter_task(p);
	}
	if (after != before)
		filter_left(p, before);
	if (after && !before)
		put_task(p);
	if (!before && !after)
		return;
	rec = ring_reserve(RING_IRQS_ON, bytes, 1);
	if (!rec)
		return;
	to = (char *)(rec + 1);
	rec->ts = bpf_ktime_get_ns();
	rec->tid = (u32)p->pid;
	rec->peer = (u32)bpf_get_current_pid_tgid();
	bpf_probe_read_kernel_str(to, RING_COMM_LEN, comm);
	ring_commit(rec, RING_WORD0(REC_RENAME, after ? 0 : RECF_LEAVES, bytes / 8, 0));
}

SEC("tp_btf/task_rename")
int on_rename(u64 *ctx)
{
	u64 begin = cost_begin();

	/* it has the new program's memory, and maps that: on_exec() comes when all is done */
	if (task_in_execve((struct task_struct *)ctx[0]))
		stack_begin((u32)((struct task_struct *)ctx[0])->tgid);
	handle_rename((struct task_struct *)ctx[0], (const char *)ctx[1]);
	cost_end(PROG_RENAME, begin);
	return 0;
}

SEC("tp_btf/sched_process_free")
int on_free(u64 *ctx)
{
	struct task_struct *p = (struct task_struct *)ctx[0];
	u64 begin = cost_begin();

	if (filter_task(p) || filter_has_left(p))
		ring_put_u64(RING_IRQS_ON, REC_FREE, 0, 0, (u32)p->pid, 0, task_start_ns(p));
	cost_end(PROG_FREE, begin);
	return 0;
}

/* wait4() and waitid() that can reap, before they look: pid is NULL for "any child". */
SEC("tp_btf/sched_process_wait")
int on_wait(u64 *ctx)
{
	struct task_struct *current = bpf_get_current_task_btf();
	u64 begin = cost_begin();
	struct pid *pid = (struct pid *)ctx[0];
	bool reaps, blocks;

	current_wait(current, &reaps, &blocks);
	if (filter_task(current) && reaps)
		ring_put(RING_IRQS_ON, REC_WAIT, blocks ? RECF_WAIT_BLOCKS : 0,
			 pid ? (u32)pid->numbers[0].nr : 0, (u32)current->pid, 0);
	cost_end(PROG_WAIT, begin);
	return 0;
}

static __always_inline void handle_reap(struct task_struct *p)
{
	u64 begin = cost_begin();

	if (filter_task(p))
		ring_put(RING_IRQS_ON, REC_REAP, 0, 0, (u32)p->pid,
			 (u32)bpf_get_current_pid_tgid());
	cost_end(PROG_REAP, begin);
}

SEC("fentry/release_task")
int on_release(u64 *ctx)
{
	handle_reap((struct task_struct *)ctx[0]);
	return 0;
}

SEC("kprobe/release_task")
int on_release_kprobe(struct pt_regs *regs)
{
	u32 tid = 0;

	/* no typed pointer here; filters on anything but the TID do not apply */
	bpf_probe_read_kernel(&tid, sizeof(tid), &((struct task_struct *)PT_REGS_ARG1(regs))->pid);
	if (!filter_need || (filter_bits(tid) & filter_need) == filter_need)
		ring_put(RING_IRQS_ON, REC_REAP, 0, 0, tid, (u32)bpf_get_current_pid_tgid());
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int on_cgroup_attach(u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	struct task_struct *p = (struct task_struct *)ctx[2];
	u64 begin = cost_begin();
	u32 flags = (bool)ctx[3] ? RECF_THREADGROUP : 0;

	/* the others are the cgroup v1 hierarchies; where p leaves the filter, that is of interest */
	if (cgroup->root->hierarchy_id ||
	    (filter_need && (filter_bits((u32)p->pid) & filter_need) != filter_need))
		return 0;
	if (filter_cgroups && filter_cgroup(p)) {
		filter_left(p, false);
		put_task(p);
	} else if (filter_cgroups) {
		filter_left(p, true);
		flags |= RECF_LEAVES;
	}
	ring_put_u64(RING_IRQS_ON, REC_CGROUP, flags, 0, (u32)p->pid, 0, cgroup->kn->id);
	cost_end(PROG_CGROUP_ATTACH, begin);
	return 0;
}

static __always_inline void put_name(u64 id, const char *name)
{
	const u32 fixed = sizeof(struct ring_rec) + sizeof(struct ring_name);
	u32 zero = 0, name_bytes;
	struct ring_rec *rec;
	char *copy;
	long len;

	copy = bpf_map_lookup_elem(&scratch, &zero);
	if (!copy)
		return;
	len = bpf_probe_read_kernel_str(copy, RING_PATH_MAX, name);
	if (len <= 0)
		return;
	name_bytes = ((u32)len + 7) & (2 * RING_PATH_MAX - 8);
	if (name_bytes > RING_PATH_MAX)
		return;
	rec = ring_reserve(RING_IRQS_ON, fixed + name_bytes, 1);
	if (!rec)
		return;
	rec->ts = bpf_ktime_get_ns();
	rec->tid = rec->peer = 0;
	((struct ring_name *)(rec + 1))->id = id;
	bpf_probe_read_kernel((u8 *)rec + fixed, name_bytes, copy);
	ring_commit(rec, RING_WORD0(REC_NAME, 0, (fixed + name_bytes) / 8, 0));
}

SEC("tp_btf/cgroup_mkdir")
int on_cgroup_mkdir(u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	u64 begin = cost_begin();

	if (!cgroup->root->hierarchy_id)
		put_name(cgroup->kn->id, (const char *)ctx[1]);
	cost_end(PROG_CGROUP_MKDIR, begin);
	return 0;
}

#endif
