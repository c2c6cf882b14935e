/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * kernel: the kernel's types, as far as the programs read them. Written by hand, so that a build
 * needs no BTF; every access is relocated by libbpf to the layout of the kernel that runs (CO-RE).
 *
 * A struct named x___y is a flavour: the same type as it was in other kernels. Each one cites the
 * commit that changed it.
 */
#ifndef RSTAT_BPF_KERNEL_H
#define RSTAT_BPF_KERNEL_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;

#include "bpf/events.h"

#define true 1
#define false 0
#define NULL	     ((void *)0)
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define likely(x)    __builtin_expect(!!(x), 1)
#define unlikely(x)  __builtin_expect(!!(x), 0)
#define barrier()    asm volatile("" ::: "memory")

/* include/linux/sched.h; macros there, so not in BTF. The values have been the same since 4.14. */
#define TASK_UNINTERRUPTIBLE 0x2u
#define TASK_DEAD	     0x80u
#define TASK_WAKING	     0x200u
#define TASK_NOLOAD	     0x400u
#define TASK_NEW	     0x800u
#define TASK_RTLOCK_WAIT     0x1000u
#define TASK_FROZEN	     0x8000u
#define WEXITED		     0x00000004 /* include/uapi/linux/wait.h */
#define WNOHANG		     0x00000001
#define WNOWAIT		     0x01000000
#define PF_KTHREAD	     0x00200000u
#define SIGNAL_GROUP_EXIT    0x4u /* include/linux/sched/signal.h */
#define TS_COMPAT	     0x2u /* arch/x86/include/asm/thread_info.h */
#define MAX_RT_PRIO	     100

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct thread_info {
	unsigned int cpu;
	unsigned int status; /* x86: TS_COMPAT in a 32-bit system call */
};

/* arm64 and others keep the preemption count in the task. */
struct thread_info___count {
	unsigned int preempt_count;
};

struct rq {
	unsigned int nr_running;
	u64 clock, clock_task;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	unsigned char sched_delayed;
	u64 exec_start, sum_exec_runtime, prev_sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct sched_info {
	unsigned long pcount;
	unsigned long long run_delay, last_arrival, last_queued;
};

struct percpu_counter {
	s64 count;
	s32 *counters;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	unsigned long total_vm, hiwater_rss;
	struct percpu_counter rss_stat[4];
};

/* Before f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter", 6.2). */
typedef struct {
	s64 counter;
} atomic64_t;

struct mm_rss_stat {
	atomic64_t count[4];
};
struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
};

struct task_io_accounting {
	u64 rchar, wchar, syscr, syscw;
	u64 read_bytes, write_bytes, cancelled_write_bytes;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct kernfs_node {
	u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

struct task_group {
	struct cfs_rq **cfs_rq;
};

struct upid {
	int nr;
};

struct pid {
	struct upid numbers[1];
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	int on_cpu, on_rq, prio;
	struct sched_entity se;
	struct sched_info sched_info;
	struct mm_struct *mm;
	int exit_state, exit_code;
	unsigned in_execve : 1, in_iowait : 1;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	u64 start_time, start_boottime;
	struct task_io_accounting ioac;
	struct task_group *sched_task_group;
	const struct cred *cred;
	char comm[16];
	struct signal_struct *signal;
	struct css_set *cgroups;
};

/* Before 2f064a59a11f ("sched: Change task_struct::state", 5.14). */
struct task_struct___state {
	long state;
};

/* Before bcf9033e5449 ("sched: move CPU field back into thread_info", 5.16). */
struct task_struct___cpu {
	unsigned int cpu;
};

/* Before cf25e24db61c ("time: Rename tsk->real_start_time", 5.5). */
struct task_struct___real_start {
	u64 real_start_time;
};

struct linux_binprm {
	const char *filename;
};

struct request;
struct gendisk;

struct block_device {
	u32 bd_dev;
};

struct gendisk {
	struct block_device *part0;
};

struct request_queue {
	struct gendisk *disk;
};

struct blkcg {
	struct cgroup_subsys_state css;
};

struct blkcg_gq {
	struct blkcg *blkcg;
};

struct bvec_iter {
	u64 bi_sector;
	unsigned int bi_size;
};

struct bio {
	struct block_device *bi_bdev;
	unsigned int bi_opf;
	struct bvec_iter bi_iter;
	struct blkcg_gq *bi_blkg;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int rq_flags;
	unsigned int __data_len;
	u64 __sector;
	struct bio *bio;
	struct block_device *part;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id, seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, orig_ax, di, si, dx, cx, ax;
};
#define NR_sched_yield	      24
#define NR_wait4	      61
#define NR_waitid	      247
#define PT_REGS_SYSCALL(regs) ((s64)(regs)->orig_ax)
#define PT_REGS_ARG1(regs)    ((regs)->di)
#define PT_REGS_ARG3(regs)    ((regs)->dx)
#define PT_REGS_SYSARG4(regs) ((regs)->r10)
/* of a function of the kernel, which a system call is not */
#define PT_REGS_FUNCTION_ARG2(regs) ((regs)->si)
#define PT_REGS_FUNCTION_ARG4(regs) ((regs)->cx)
#define PT_REGS_RETURN(regs)	    ((regs)->ax)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	s32 syscallno;
};
struct user_pt_regs {
	u64 regs[31];
};
#define NR_sched_yield		   124
#define NR_waitid		   95
#define NR_wait4		   260
#define PT_REGS_SYSCALL(ctx)	   ((s64)(ctx)->syscallno)
#define PT_REGS_ARG1(ctx)	   (((const struct user_pt_regs *)(ctx))->regs[0])
#define PT_REGS_ARG3(ctx)	   (((const struct user_pt_regs *)(ctx))->regs[2])
#define PT_REGS_SYSARG4(ctx)	   (((const struct user_pt_regs *)(ctx))->regs[3])
#define PT_REGS_FUNCTION_ARG2(ctx) (((const struct user_pt_regs *)(ctx))->regs[1])
#define PT_REGS_FUNCTION_ARG4(ctx) PT_REGS_SYSARG4(ctx)
#define PT_REGS_RETURN(ctx)	   PT_REGS_ARG1(ctx)
#else
#error "pt_regs of this architecture: add the system call number, arguments, and NR_*"
#endif

#pragma clang attribute pop

static __always_inline u32 task_cpu(struct task_struct *p)
{
	if (bpf_core_field_exists(p->thread_info.cpu))
		return p->thread_info.cpu;
	return ((struct task_struct___cpu *)p)->cpu;
}

static __always_inline u32 task_state(struct task_struct *p)
{
	if (bpf_core_field_exists(p->__state))
		return p->__state;
	return (u32)((struct task_struct___state *)p)->state;
}

static __always_inline u64 task_start_ns(struct task_struct *p)
{
	if (bpf_core_field_exists(p->start_boottime))
		return p->start_boottime;
	return ((struct task_struct___real_start *)p)->real_start_time;
}

static __always_inline u64 task_cgroup_id(struct task_struct *p)
{
	return p->cgroups->dfl_cgrp->kn->id;
}

/* The run queue that p is on, or was on last; NULL where the kernel does not say. */
static __always_inline struct rq *task_rq(struct task_struct *p)
{
	if (!bpf_core_field_exists(p->se.cfs_rq))
		return NULL; /* CONFIG_FAIR_GROUP_SCHED is off */
	return p->se.cfs_rq->rq;
}

static __always_inline bool task_in_execve(struct task_struct *task)
{
	return bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve);
}

static __always_inline bool task_in_iowait(struct task_struct *task)
{
	return BPF_CORE_READ_BITFIELD(task, in_iowait);
}

/* As wait4 would report it now. */
static __always_inline u32 task_exit_code(struct task_struct *p, bool group_dead)
{
	if (!group_dead)
		return (u32)p->exit_code;
	if (p->signal->flags & SIGNAL_GROUP_EXIT)
		return (u32)p->signal->group_exit_code;
	return (u32)p->group_leader->exit_code;
}

/* The system call that a task which is not on a CPU is in; -1 none, -2 not known. */
static __always_inline s32 task_syscall(struct task_struct *p)
{
	struct pt_regs *regs;

	if (p->flags & PF_KTHREAD)
		return -1;
#if defined(__TARGET_ARCH_x86)
	if (p->thread_info.status & TS_COMPAT)
		return -2; /* another numbering */
#endif
	regs = (struct pt_regs *)bpf_task_pt_regs(p);
	return (s32)PT_REGS_SYSCALL(regs);
}

/*
 * How current, which waits for a child, does so: whether that can reap one, and whether it lasts
 * until there is one; false where its system call does not tell.
 */
static __always_inline void current_wait(struct task_struct *current, bool *reaps, bool *blocks)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(current);
	const s32 syscall = task_syscall(current);
	u64 options = 0;

	if (syscall == NR_waitid)
		options = PT_REGS_SYSARG4(regs);
	else if (syscall == NR_wait4)
		options = PT_REGS_ARG3(regs);
	*reaps = syscall != NR_waitid || (options & WEXITED && !(options & WNOWAIT));
	*blocks = (syscall == NR_waitid || syscall == NR_wait4) && !(options & WNOHANG);
}

#endif
