/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * event: one thing that happened, decoded. The currency between every source (a file, a pipe, the
 * running kernel), the encoder and the engine.
 *
 * All times are CLOCK_MONOTONIC nanoseconds of the recorded machine. TIDs are those of the initial
 * PID namespace; 0 is the idle task (idle belongs to the CPU, see event.cpu).
 */
#ifndef RSTAT_FORMAT_EVENT_H
#define RSTAT_FORMAT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define TASK_COMM_LEN	16
#define CPU_NONE	UINT16_MAX /* an event of no CPU: snapshots, names */
#define TID_OTHER	UINT32_MAX /* "some task that the recording's filters left out, or idle" */
#define SYSCALL_NONE	(-1) /* not in a system call */
#define SYSCALL_UNKNOWN (-2) /* not known */

/* Written to disk: values are fixed, append only. */
enum event_kind {
	EV_SWITCH = 1, /* tid: next, peer: previous, value: raw prev_state (of a task's last switch
			* with its exit_state: 0x20 a zombie now, 0x10 gone), flags: PREEMPT */
	EV_WAKING = 2, /* tid: woken, peer: current task of the waking CPU, value: the CPU that
			     * the woken task ran on last, flags: EVF_CTX_* */
	EV_WAKEUP = 3, /* as WAKING; value: the CPU it was put on, aux: that queue's nr_running */
	EV_WAKEUP_NEW = 4, /* a forked task's first wake-up; fields as WAKEUP */
	EV_MIGRATE = 5, /* tid; value: destination CPU, aux: source CPU, flags: PLACED */
	EV_FORK = 6, /* tid: child, peer: the thread that called fork, value: clone flags (low
			     * 32 bits; 0 when the hook does not know them), ext: struct task_info */
	EV_EXEC = 7, /* tid: after, peer: TID before (differs when a non-leader calls exec),
			     * ext: struct exec_info */
	EV_EXIT = 8, /* tid; value: exit code as wait4 reports it, flags: GROUP_DEAD */
	EV_RENAME = 9, /* tid; ext: struct rename_info */
	EV_FREE = 10, /* tid: its task_struct was freed (an RCU callback, after the reap) */
	EV_REAP = 11, /* tid: reaped, peer: by whom (exact hook: release_task) */
	EV_WAIT = 12, /* tid: called wait4/waitid, value: the PID waited for, 0 for any */
	EV_CGROUP = 13, /* tid moved; ext: struct cgroup_info; flags: THREADGROUP */
	EV_TASK = 14, /* tid; the kernel's word on a task at ts; ext: struct task_snapshot */
	EV_BLOCK = 15, /* tid is about to switch out blocked: value: (int32_t) system call,
			     * flags: IOWAIT. Comes right before its EV_SWITCH on the same CPU. */
	EV_GAP = 16, /* events of event.cpu were lost; ts: first lost, ext: struct gap_info */
	EV_NAME = 17, /* ext: struct name_info: the name of a user or cgroup */
	EV_CHECKPOINT = 18, /* a segment starts here; ext: struct checkpoint (format/checkpoint.h).
			     * Not a stored event kind: sources make it from checkpoint blocks. */
	EV_KIND_END /* not a kind */
};

/* event.flags. Written to disk: append only. */
enum event_flags {
	EVF_PREEMPT = 1 << 0, /* SWITCH: the kernel's preempt argument */
	EVF_YIELD = 1 << 1, /* SWITCH: prev is in sched_yield(2) */
	EVF_CTX_HARDIRQ = 1 << 1, /* WAKING, WAKEUP: in a hard interrupt; peer was interrupted */
	EVF_CTX_SOFTIRQ = 1 << 2, /* WAKING, WAKEUP: in a soft interrupt; peer was interrupted */
	EVF_CTX_UNKNOWN = 1 << 3, /* WAKING, WAKEUP: this kernel does not tell the context */
	EVF_GROUP_DEAD = 1 << 4, /* EXIT: the last thread of its process */
	EVF_PLACED = 1 << 5, /* MIGRATE: placed at a wake-up, not balanced */
	EVF_IOWAIT = 1 << 6, /* BLOCK: the kernel counts it as IO wait */
	EVF_THREADGROUP = 1 << 7, /* CGROUP: all threads of the process */
};

struct event {
	uint64_t ts; /* ns */
	const void *ext; /* by kind; valid until the source's next call */
	uint32_t tid;
	uint32_t peer;
	uint32_t value;
	uint16_t cpu; /* where it happened, CPU_NONE for none */
	uint16_t aux;
	uint8_t kind; /* enum event_kind */
	uint8_t flags;
};

/* task_info.flags. Written to disk: append only. */
enum task_flags {
	TASKF_KTHREAD = 1 << 0,
	TASKF_NO_MM = 1 << 1,
};

/* Who a task is. Identity is (tid, start_ns). */
struct task_info {
	uint32_t tid, tgid;
	uint32_t ppid; /* TGID of the real parent */
	uint32_t uid;
	uint64_t start_ns; /* task_struct.start_boottime, CLOCK_BOOTTIME ns */
	uint64_t cgroup_id; /* cgroup v2 inode number; 0 unknown */
	uint32_t flags; /* enum task_flags */
	char comm[TASK_COMM_LEN]; /* as the kernel has it: any bytes, NUL-terminated */
};

/* task_snapshot.flags. Written to disk: append only. */
enum snapshot_flags {
	SNAPF_ON_CPU = 1 << 0, /* running on snapshot.cpu at ts */
	SNAPF_QUEUED = 1 << 1, /* on a run queue and not a delayed dequeue */
	SNAPF_GROUP_DEAD = 1 << 2, /* every thread of the process has exited */
	SNAPF_IOWAIT = 1 << 3, /* in_iowait */
	SNAPF_SINCE_APPROX = 1 << 4, /* since_ns comes from another clock; good to some us */
	/* checkpoint: a gap touched it, the state is the last one known; EV_TASK: its CPU is not
	 * recorded, only who it is counts */
	SNAPF_UNCERTAIN = 1 << 5,
	SNAPF_INFERRED = 1 << 6, /* the state began without an event that said so */
	SNAPF_IN_WAIT = 1 << 7, /* checkpoint: in wait4/waitid; exit_code: the PID, 0 any */
	SNAPF_EARLY_WAKE = 1 << 8, /* checkpoint: a wake-up came before the switch-out did */
	SNAPF_GAP = 1 << 9, /* checkpoint: the state began in or at the end of a gap */
	SNAPF_ZOMBIE_SURE = 1 << 10, /* checkpoint: the kernel said so */
	SNAPF_EXITED = 1 << 11, /* checkpoint: its EV_EXIT has been */
};

/* A task at an instant: in EV_TASK as the kernel has it, in a checkpoint as the engine has it. */
struct task_snapshot {
	struct task_info info;
	uint32_t flags; /* enum snapshot_flags */
	uint32_t state; /* raw __state | exit_state << 16 */
	uint16_t cpu; /* task_cpu() */
	uint8_t run_state; /* checkpoint: enum task_state of engine/state.h; EV_TASK: 0 */
	uint8_t cause; /* checkpoint: enum runnable_cause; EV_TASK: 0 */
	int32_t syscall; /* it is in, SYSCALL_NONE, SYSCALL_UNKNOWN */
	uint32_t waker; /* checkpoint: who woke it, when runnable */
	uint32_t exit_code;
	uint64_t since_ns; /* when the state began, MONOTONIC; 0 unknown */
	uint64_t waking_ns; /* checkpoint: its sched_waking, when runnable; 0 none */
	/* the kernel's own accounting at ts, EV_TASK only, 0 where unknown */
	uint64_t oncpu_ns, runq_ns, slices, nvcsw, nivcsw;
};

struct exec_info {
	uint32_t uid;
	uint8_t truncated; /* args were cut at the recorder's limit */
	char comm[TASK_COMM_LEN]; /* after the exec */
	const char *filename; /* NUL-terminated */
	const char *args; /* NUL-separated, args_len bytes, the last NUL included */
	uint32_t args_len;
};

struct rename_info {
	char comm[TASK_COMM_LEN];
};

struct cgroup_info {
	uint64_t cgroup_id;
};

/* Why events are missing. Written to disk: append only. */
enum gap_reason {
	GAP_RING_FULL = 1, /* the ring overflowed */
	GAP_CORRUPT = 2, /* a block failed its checksum, or is missing (made by readers) */
	GAP_CUT = 3, /* the file ends before the recording did (made by readers) */
	GAP_WRITE = 4, /* the recorder could not keep up writing */
};

struct gap_info {
	uint64_t end_ns; /* last lost event; before ts and after end_ns nothing was lost */
	uint64_t count; /* events lost; 0 unknown */
	uint8_t reason; /* enum gap_reason */
};

/* Written to disk: append only. */
enum name_kind {
	NAME_USER = 1, /* id: uid */
	NAME_CGROUP = 2, /* id: cgroup id; name: path below the cgroup v2 root */
};

struct name_info {
	uint64_t id;
	uint8_t kind; /* enum name_kind */
	const char *name;
};

/* "switch", "waking", ...; NULL for a kind this version does not know. */
const char *event_kind_name(enum event_kind kind);

#endif
