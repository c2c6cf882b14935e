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
			* with its exit_state: 0x20 a zombie now, 0x10 gone), flags: PREEMPT, YIELD,
			* IOWAIT, aux: the system call that peer blocks in, AUX_SYSCALL_* */
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
	EV_FREE =
		10, /* tid: its task_struct was freed (an RCU callback, after the reap); ext: struct
		       * free_info; NULL, or 0 in it: not told */
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
	EV_IO_START = 19, /* tid made a block request; value: device (dev_t as the kernel has it,
			   * major << 20 | minor), aux: enum io_op, flags: EVF_IO_*, ext: struct
			   * io_info */
	EV_IO_ISSUE = 20, /* the request went to the driver; fields as IO_START, tid 0 */
	EV_IO_DONE = 21, /* the driver completed io_info.bytes of it; fields as IO_ISSUE, flags:
			  * EVF_IO_PARTIAL when some of it is still to come */
	EV_IO_REQUEUE = 22, /* the driver gave it back; it will be issued again; as IO_ISSUE */
	EV_IO_MERGE = 23, /* tid's IO went into a request that was there (io_info.request 0: the
			   * one on the device that it touches), flags: EVF_IO_FRONT; or, with
			   * EVF_IO_ABSORBED, the request io_info.request became a part of the one
			   * that ends where it begins */
	EV_ACCT = 24, /* tid; ext: struct acct_info */
	EV_SOCKET = 25, /* what a socket is now; tid: who uses it, 0 not known; ext: struct
			 * socket_info */
	EV_NET = 26, /* tid sent and received through a socket; ext: struct net_info */
	EV_SOCKET_STATE =
		27, /* tid: who changed it, 0 an interrupt; value: TCP state before | after << 8
			       * | error (errno) << 16; ext: struct socket_ref */
	EV_RETRANSMIT = 28, /* aux: segments sent again, value: errno when that failed, flags:
			     * EVF_NET_SYNACK (of a listening socket); ext: struct socket_ref */
	EV_RESET =
		29, /* a TCP reset; tid: as SOCKET_STATE, flags: EVF_NET_SENT, else received; ext:
			* struct socket_ref, 0: sent by no socket (nobody listens there) */
	EV_STACK =
		30, /* tid is about to switch out; value: its kernel stack, peer: its user stack, ids of
			* EV_FRAMES, 0 none. Comes right before its EV_SWITCH on the same CPU.
			* flags: EVF_STACK_LOST */
	EV_FRAMES =
		31, /* what a stack id means, in every segment that uses it; value: the id, tid: the
			 * process of a user stack, 0 for a kernel stack; ext: struct frames_info */
	EV_COUNTERS =
		32, /* what tid's slice counted, at its EV_SWITCH; ext: struct counters_info */
	EV_IRQ =
		33, /* an interrupt handler returned; value: the interrupt's number, or with EVF_IRQ_SOFT the
		      * soft interrupt's; tid: who was interrupted; ext: struct irq_info */
	EV_SAMPLE =
		34, /* a figure of the machine, told when it changed; value: which (NAME_METRIC); ext:
			 * struct sample_info */
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
	EVF_IOWAIT = 1 << 6, /* SWITCH, BLOCK: the kernel counts it as IO wait */
	EVF_THREADGROUP = 1 << 7, /* CGROUP: all threads of the process */

	EVF_IO_SYNC = 1 << 0, /* IO_*: somebody waits for it (REQ_SYNC) */
	EVF_IO_META = 1 << 1, /* file system metadata */
	EVF_IO_RAHEAD = 1 << 2, /* read-ahead */
	EVF_IO_PREFLUSH = 1 << 3, /* the device's cache is flushed first */
	EVF_IO_FUA = 1 << 4, /* done when it is on the medium */
	EVF_IO_PARTIAL = 1 << 5, /* IO_DONE: not the last part */
	EVF_IO_FRONT = 1 << 5, /* IO_MERGE: before what was there, else behind it */
	EVF_IO_ABSORBED = 1 << 6, /* IO_MERGE: a whole request went into another */
	EVF_IO_UNSTARTED = 1 << 7, /* IO_*: a request that the kernel does not account (flush
				    * machinery, passthrough): it has no IO_START */

	EVF_NET_SYNACK = 1 << 0, /* RETRANSMIT */
	EVF_NET_SENT = 1 << 1, /* RESET */

	EVF_STACK_LOST =
		1 << 0, /* STACK: the kernel could not take or keep one that was asked for */
	EVF_IRQ_SOFT = 1 << 0, /* IRQ */
	EVF_LEAVES =
		1 << 6, /* RENAME, CGROUP: from here on the filter leaves it out; EXIT: it has */
	EVF_WAIT_BLOCKS = 1 << 0, /* WAIT: lasts until a child has ended; else that is not told */
	EVF_SAMPLE_GONE =
		1 << 0, /* SAMPLE: it cannot be read any more; its value is the last one */
};

/* event.aux of SWITCH: a system call's number + 1, or: */
#define AUX_SYSCALL_UNTOLD 0u /* runnable, or recorded without the feature */
#define AUX_SYSCALL_NONE   0xffffu /* a kernel thread, or blocked outside of one (a fault) */
#define AUX_SYSCALL_COMPAT 0xfffeu /* of another numbering (32-bit) */

/* event.aux of IO_*. Written to disk: append only. As enum req_op of include/linux/blk_types.h. */
enum io_op {
	IO_READ = 0,
	IO_WRITE = 1,
	IO_FLUSH = 2,
	IO_DISCARD = 3,
	IO_SECURE_ERASE = 5,
	IO_WRITE_ZEROES = 9,
	IO_OTHER = 63, /* zone operations, passthrough */
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
	SNAPF_HIDDEN = 1 << 12, /* checkpoint: a CPU contradicted itself since its state began */
	/* checkpoint, of waking_ns: the context was told, so `waker` is who woke it; an interrupt */
	SNAPF_WAKER_SURE = 1 << 13,
	SNAPF_WOKEN_BY_IRQ = 1 << 14,
	SNAPF_TREE = 1 << 15, /* checkpoint: of the recorded command, or of what that started */
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
	uint32_t kernel_stack, user_stack; /* checkpoint: where it blocked, ids of EV_FRAMES */
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

struct free_info {
	uint64_t start_ns; /* as of struct task_info: which of those that had the TID */
};

struct cgroup_info {
	uint64_t cgroup_id;
};

/* A block request, or what goes into one. */
struct io_info {
	uint64_t request; /* tells open requests apart; used again when it is done */
	uint64_t sector; /* of 512 bytes, on the whole disk */
	uint64_t bytes; /* IO_START, IO_ISSUE: of the request so far; IO_DONE: completed now */
	uint64_t
		cgroup_id; /* IO_START, IO_MERGE: charged for it when that is not tid's own, else 0 */
	uint32_t error; /* IO_DONE: errno, positive */
};

/*
 * What a thread has read and written since it was made (struct task_io_accounting and
 * Documentation/filesystems/proc.rst, "/proc/<pid>/io"), and its process's memory. Cumulative, so
 * that nothing is lost with an event.
 */
struct acct_info {
	uint64_t rchar, wchar, syscr, syscw;
	uint64_t read_bytes, write_bytes, cancelled_write_bytes;
	uint64_t rss_bytes; /* of the address space: file + anonymous + shared; 0 not told */
	uint64_t rss_peak_bytes; /* the kernel's high-water mark, as old as its last update */
};

/* Written to disk: append only. */
enum socket_flags {
	SOCKF_BEFORE = 1 << 0, /* was there when the recording began */
};

/* family: AF_*, type: SOCK_*, protocol: IPPROTO_*, state: TCP_* (include/net/tcp_states.h). */
struct socket_info {
	uint64_t id; /* the kernel's socket cookie: never used again */
	uint64_t netns; /* inode number */
	uint16_t family, type, protocol;
	uint16_t local_port, remote_port; /* 0 none */
	uint8_t state;
	uint32_t flags; /* enum socket_flags */
	uint8_t local[16], remote[16]; /* AF_INET: the first 4 bytes; zeroes: any, none */
};

/*
 * Adjacent calls of one thread on one socket, within one slice; those more than NET_COALESCE_NS
 * after the first one make another event. event.ts: when it was told: as the thread left the CPU,
 * turned to another socket, or went on; nothing was moved after it.
 */
#define NET_COALESCE_NS 10000000u
struct net_info {
	uint64_t socket; /* id */
	uint64_t tx_bytes, rx_bytes;
	uint64_t tx_calls, rx_calls; /* that moved something */
	uint64_t first_ns; /* when the first one returned */
};

struct socket_ref {
	uint64_t socket; /* id */
};

struct frames_info {
	const char
		*frames; /* symbols, the innermost first, NUL-separated; "" one that has no name */
	uint32_t frames_len; /* the last NUL included */
};

#define COUNTERS_MAX 8u
struct counters_info {
	uint64_t value[COUNTERS_MAX]; /* counted in the slice, in the order of META's counters */
	uint64_t enabled_ns, running_ns; /* of the slice: running < enabled: multiplexed */
};

struct irq_info {
	uint64_t start_ns; /* event.ts: the end */
};

struct sample_info {
	uint64_t value; /* absolute; signed figures as two's complement */
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
	NAME_METRIC = 4, /* id: of EV_SAMPLE; name: "cpu0.user_ticks", "mem.available_kb", ... */
	NAME_IRQ = 5, /* id: an interrupt's number, or (1 << 32) + a soft interrupt's */
	NAME_DEVICE = 3, /* id: dev_t of a block device, as in event.value; name: "vda1" */
};

struct name_info {
	uint64_t id;
	uint8_t kind; /* enum name_kind */
	const char *name;
};

/* "switch", "waking", ...; NULL for a kind this version does not know. */
const char *event_kind_name(enum event_kind kind);

#endif
