/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * events: what the kernel side writes and the recorder drains. Included by both worlds and by
 * nothing else; not a disk format, so it may change with every commit.
 *
 * One ring per CPU, in one mmapable array map: element c is a struct ring_page followed by
 * ring_bytes of data and RING_MARGIN. The producer is the CPU itself, interrupts included:
 *
 *   reserve  compare-and-swap of `head` (a plain store suffices where interrupts are off)
 *   fill     words 1..n-1; the time is read after the reservation, so that an interrupt which
 *            nests cannot come out older than, yet ahead of, what it interrupted; and so that the
 *            consumer waits for a CPU that stops in between, as those of virtual machines do
 *   commit   word 0, never 0, last (release)
 *
 * Up to `limit` a reservation needs to look at nothing else. Beyond it the producer looks at `tail`
 * and `unsaid`, rings the doorbell, and sets the next limit: at most where the ring is full, at
 * half of it while less is used, 0 while losses have not been announced.
 *
 * The consumer reads records from `tail` until word 0 is 0, zeroes what it read, then moves
 * `tail`. A record starts at (position & (ring_bytes - 1)) and may run into the margin: nothing
 * wraps. No record ever wakes the consumer; a ring that is half full rings the doorbell once.
 *
 * An event that finds the ring full is counted in `lost` and in `unsaid`; whoever takes `unsaid`
 * with one atomic exchange must announce it: the producer with a REC_LOST before the next record
 * that fits, or the consumer when it has emptied the ring.
 */
#ifndef RSTAT_BPF_EVENTS_H
#define RSTAT_BPF_EVENTS_H

#ifndef __bpf__
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#endif

#define RING_HEADER_BYTES 4096u
#define RING_MARGIN	  8192u /* more than the longest record */
#define RING_ARGS_MAX	  4096u /* exec arguments are cut here at the latest */
#define RING_PATH_MAX	  1024u /* file and cgroup names are cut here, the NUL included */
#define RING_COMM_LEN	  16u

/* Fields as struct net_info. */
struct ring_net {
	u64 socket;
	u64 tx_bytes, rx_bytes;
	u64 first_ns;
	u32 tx_calls, rx_calls;
};

/*
 * First page of a CPU's ring. What a plain event touches is in the first cache line. The consumer's
 * word has a line of its own.
 */
struct ring_page {
	u64 head; /* producer: bytes reserved since the start */
	u64 limit; /* producer: up to here it need not look at anything else; see bpf/ring.h */
	u64 count_at; /* producer: where this CPU's preemption count is; 0: not looked for yet */
	/* traffic of the thread that runs, not yet in a record: bpf/traffic.h */
	u32 net_tid; /* whose; 0: there is none */
	u32 net_busy; /* it is being changed */
	u64 lost; /* events dropped since the start */
	u64 unsaid; /* of these, not yet announced */
	u64 first_lost_ns; /* of the unsaid ones; 0: as last_lost_ns. Who takes `unsaid` takes it too */
	u64 last_lost_ns;
	u64 doorbell; /* head when the doorbell last rang */
	u64 net_tick; /* jiffies when net.first_ns was last looked at */
	struct ring_net net;
	u64 pad;
	u64 tail; /* consumer: bytes freed since the start */
};

/* Values are those of enum event_kind (format/event.h); REC_LOST makes EV_GAP. */
enum ring_kind {
	REC_SWITCH = 1, /* the upper half of `value`: event.aux */
	REC_WAKING = 2,
	REC_WAKEUP = 3,
	REC_WAKEUP_NEW = 4,
	REC_MIGRATE = 5,
	REC_FORK = 6, /* + struct ring_task */
	REC_EXEC = 7, /* + struct ring_exec */
	REC_EXIT = 8,
	REC_RENAME = 9, /* + comm */
	REC_FREE = 10, /* + u64 start_ns */
	REC_REAP = 11,
	REC_WAIT = 12,
	REC_CGROUP = 13, /* + u64 cgroup id */
	REC_TASK = 14, /* + struct ring_snapshot; `ts` is the snapshot's */
	REC_LOST = 16, /* + struct ring_lost; `ts` is that of the first lost event */
	REC_NAME = 17, /* + struct ring_name: a cgroup was made */
	REC_IO_START = 19, /* IO_*: value: dev_t, peer: enum io_op; + struct ring_io */
	REC_IO_ISSUE = 20,
	REC_IO_DONE = 21,
	REC_IO_REQUEUE = 22,
	REC_IO_MERGE = 23,
	REC_ACCT = 24, /* + struct ring_acct */
	REC_SOCKET = 25, /* + struct ring_socket */
	REC_NET = 26, /* + struct ring_net */
	REC_SOCKET_STATE = 27, /* + u64 socket */
	REC_RETRANSMIT = 28, /* peer: segments; + u64 socket */
	REC_RESET = 29, /* + u64 socket */
	REC_STACK = 30, /* value: kernel stack, peer: user stack: bpf/stacks.h, 0 none */
	REC_COUNTERS = 32, /* + struct ring_counters, a u64 per counter */
	REC_IRQ = 33, /* + u64 start_ns */
	REC_END
};

/* As enum event_flags. */
enum ring_flags {
	RECF_PREEMPT = 1 << 0,
	RECF_YIELD = 1 << 1, /* REC_SWITCH only */
	RECF_CTX_HARDIRQ = 1 << 1,
	RECF_CTX_SOFTIRQ = 1 << 2,
	RECF_CTX_UNKNOWN = 1 << 3,
	RECF_GROUP_DEAD = 1 << 4,
	RECF_PLACED = 1 << 5,
	RECF_IOWAIT = 1 << 6,
	RECF_THREADGROUP = 1 << 7,

	RECF_IO_SYNC = 1 << 0,
	RECF_IO_META = 1 << 1,
	RECF_IO_RAHEAD = 1 << 2,
	RECF_IO_PREFLUSH = 1 << 3,
	RECF_IO_FUA = 1 << 4,
	RECF_IO_PARTIAL = 1 << 5,
	RECF_IO_FRONT = 1 << 5,
	RECF_IO_ABSORBED = 1 << 6,
	RECF_IO_UNSTARTED = 1 << 7,

	RECF_NET_SYNACK = 1 << 0,
	RECF_NET_SENT = 1 << 1,

	RECF_STACK_LOST = 1 << 0,
	RECF_IRQ_SOFT = 1 << 0,
	RECF_WAIT_BLOCKS = 1 << 0,
	RECF_LEAVES = 1 << 6,
};

/*
 * Every record starts so. Word 0 says what it is; where a kind has both a CPU and a number in
 * `value`, the CPU is in the low half and the number in the high half.
 */
struct ring_rec {
	u64 word0;
	u64 ts; /* bpf_ktime_get_ns() */
	u32 tid, peer; /* as struct event */
};

/* kind, flags, the record's length in 8-byte words, value: as struct event */
#define RING_WORD0(kind, flags, words, value)                                                      \
	((u64)(u8)(kind) | (u64)(u8)(flags) << 8 | (u64)(u16)(words) << 16 |                       \
	 (u64)(u32)(value) << 32)
#define RING_KIND(word0)  ((u8)(word0))
#define RING_FLAGS(word0) ((u8)((word0) >> 8))
#define RING_WORDS(word0) ((u16)((word0) >> 16))
#define RING_VALUE(word0) ((u32)((word0) >> 32))

/* Fields as struct task_info. */
struct ring_task {
	u32 tid, tgid, ppid, uid;
	u64 start_ns, cgroup_id;
	u32 flags, pad;
	char comm[RING_COMM_LEN];
};

/* Fields as struct task_snapshot. */
struct ring_snapshot {
	u64 ts;
	struct ring_task id;
	u32 flags, state;
	u32 cpu;
	s32 syscall;
	u32 exit_code, pad;
	u64 since_ns;
	u64 oncpu_ns, runq_ns, slices, nvcsw, nivcsw;
};

/* Followed by the file name (path_words, NUL-terminated) and the arguments. */
struct ring_exec {
	u32 uid;
	u16 path_words; /* 8-byte words */
	u16 args_len; /* bytes */
	u64 truncated;
	char comm[RING_COMM_LEN];
};

struct ring_lost {
	u64 count; /* 0: somebody else announced it */
	u64 last_ns;
};

/* Followed by the name: the path below the cgroup v2 root, NUL-terminated. */
struct ring_name {
	u64 id;
};

/* Fields as struct io_info, but for the error. */
struct ring_io {
	u64 request, sector, bytes, cgroup_id;
	s32 status; /* blk_status_t; negative: -errno */
	u32 pad;
};

#define ACCT_SLOTS    16384u /* threads whose last account is remembered; a power of two */
#define ACCT_CPUS_MAX 512u /* whose parts of a counter are summed; with more, memory is not told */

/* Fields as struct acct_info. */
struct ring_acct {
	u64 rchar, wchar, syscr, syscw;
	u64 read_bytes, write_bytes, cancelled_write_bytes;
	u64 rss_bytes, rss_peak_bytes;
};

/* Fields as struct socket_info. */
struct ring_socket {
	u64 id, netns;
	u16 family, type, protocol, local_port, remote_port;
	u8 state, pad;
	u32 flags;
	u8 local[16], remote[16];
};

/* Since the CPU's last switch. Followed by what each counter counted. */
struct ring_counters {
	u64 enabled, running; /* ns */
};
#define RING_COUNTERS 8u /* at most */

/* Maps of a kind of stacks. */
#define STACK_WAYS 2u

/* A process and a time in one word; of the time what is left in units of 2^12 ns. */
#define BEGUN_PLACES	4096u
#define BEGUN_MASK	((1ull << 42) - 1)
#define BEGUN(tgid, ns) ((u64)(tgid) << 42 | ((ns) >> 12 & BEGUN_MASK))

/* Whose stacks are taken when they block. */
enum stacks_of {
	STACKS_OFF,
	STACKS_D,
	STACKS_ALL,
};

/*
 * One glob on comm as a bit-parallel automaton: bit j of the state is "the first j characters of
 * the pattern have matched". The recorder compiles it, bpf/filter.h runs it.
 */
#define GLOBS_MAX 16u
struct glob {
	u64 accept[256]; /* bit j: pattern character j takes this byte */
	u64 stars; /* bit j: pattern character j is '*' */
	u64 final; /* the bit of "all matched"; 0: an unused slot */
};

/* What a task has that a filter asks for: one byte per TID in the map `watched`. */
#define FILTER_PID	 0x1u /* it or an ancestor is one of the processes */
#define FILTER_TID	 0x2u
#define FILTER_COMM	 0x4u
#define FILTER_LEFT	 0x8u /* it had all of that, and has it no more */
#define FILTER_PAGE	 4096u /* TIDs per element */
#define FILTER_TIDS	 (4u * 1024 * 1024) /* PID_MAX_LIMIT */
#define FILTER_CPU_WORDS 128u /* 8192 CPUs */

/* How programs reach the per-CPU preemption count: bpf/context.h. */
enum count_how {
	COUNT_UNKNOWN,
	COUNT_BY_READ, /* bpf_probe_read_kernel() */
	COUNT_BY_CAST, /* bpf_rdonly_cast() */
};

/* Programs by number: the slot of a program in the cost histogram. */
enum program_id {
	PROG_SWITCH,
	PROG_WAKING,
	PROG_WAKEUP,
	PROG_WAKEUP_NEW,
	PROG_MIGRATE,
	PROG_FORK,
	PROG_EXEC,
	PROG_EXIT,
	PROG_RENAME,
	PROG_FREE,
	PROG_WAIT,
	PROG_REAP,
	PROG_CGROUP_ATTACH,
	PROG_CGROUP_MKDIR,
	PROG_IO_START,
	PROG_IO_ISSUE,
	PROG_IO_DONE,
	PROG_IO_REQUEUE,
	PROG_IO_MERGE,
	PROG_IO_FRONT_MERGE,
	PROG_IO_ABSORB,
	PROG_ACCOUNTS,
	PROG_NET_SEND,
	PROG_NET_RECV,
	PROG_NET_SPLICE,
	PROG_SOCKET_STATE,
	PROG_RETRANSMIT,
	PROG_SYNACK,
	PROG_RESET_SENT,
	PROG_RESET_RECEIVED,
	PROG_OPEN_SOCKETS,
	PROG_TCP_SOCKETS,
	PROG_IRQ,
	PROG_SOFTIRQ,
	PROG_COUNT
};
#define COST_BUCKETS 32u

#endif
