/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * kernel: the running kernel as a place where events come from. Loads and attaches the BPF
 * programs, takes the task snapshot, drains the rings, merges CPUs by time. Everything else of
 * record/ (options, the child, the trace file, the terminal) is above this line.
 */
#ifndef RSTAT_RECORD_KERNEL_H
#define RSTAT_RECORD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/event.h"
#include "format/meta.h"
#include "record/counters.h"
#include "record/stackmaps.h"

/* Characters of a pattern for names, '*' included: bit 63 of its automaton is the last state. */
#define KERNEL_GLOB_MAX 62u

/*
 * Which tasks to record; all lists empty: every task. Within a list one match is enough, every
 * list that is not empty must match. What does not match shows as TID_OTHER. Tasks that are there
 * already are matched by the first kernel_snapshot().
 */
struct kernel_filter {
	const uint32_t *pids; /* process ids: all threads, and all children from now on */
	size_t npids;
	const uint32_t *tids;
	size_t ntids;
	const char *const *comms; /* globs with * and ? */
	size_t ncomms;
	const uint64_t *cgroups; /* cgroup v2 ids; each with its descendants */
	size_t ncgroups;
	/* Bit mask, one bit per CPU; NULL: all. Switches on these CPUs, wake-ups of tasks that are
	 * or go there, migrations from or to them; what happens in a task's life, on any CPU. */
	const uint64_t *cpus;
	size_t ncpu_words;
};

#define KERNEL_RING_BYTES 4194304u /* default per CPU; less where memory is short */

/* What can be left out of a recording; scheduling cannot. */
enum kernel_feature {
	FEATURE_IO = 1 << 0, /* block requests */
	FEATURE_FS = 1 << 1, /* what threads read and write, and memory */
	FEATURE_NET = 1 << 2, /* sockets */
	FEATURE_SYSCALL = 1 << 3, /* the system call that a thread blocks in */
	FEATURE_IRQ = 1 << 4, /* interrupts, hard and soft */
	FEATURE_SAMPLES = 1 << 7, /* figures of the machine; not the programs': record/samples.h */
};
#define FEATURES_DEFAULT (FEATURE_IO | FEATURE_FS | FEATURE_NET | FEATURE_SYSCALL | FEATURE_SAMPLES)

struct kernel_options {
	uint32_t features; /* enum kernel_feature */
	uint64_t ring_bytes; /* per CPU; rounded up to a power of two; 0: the default */
	uint32_t args_limit; /* bytes of exec arguments, at most RING_ARGS_MAX */
	bool profile; /* programs fill the cost histograms */
	bool verbose; /* libbpf's own messages go to stderr */
	enum stack_mode stacks; /* of whom stacks are taken when they block */
	bool user_stacks; /* the program's own too */
	struct counters counters; /* read at every switch */
	struct kernel_filter filter;
};

struct kernel;

/*
 * Probes the hook table, loads, attaches. From here on events flow into the rings.
 * -EPERM: a capability is missing (err names it and how to get it); -ENOENT: no BTF;
 * -EOPNOTSUPP: a required hook has no live alternative, or host_is_ours() says no.
 */
int kernel_open(struct kernel **out, const struct kernel_options *opt, struct err *err);
void kernel_close(struct kernel *k); /* detaches everything; NULL is fine */

/*
 * Detaches: no event after this. What the rings still hold, trailing gaps too, can be drained; what
 * threads on a CPU have sent and received since their last record comes out right before end_ns.
 */
int kernel_stop(struct kernel *k, uint64_t end_ns, struct err *err);

/* What the rings got: less than asked for where the kernel allows no more. */
uint64_t kernel_ring_bytes(const struct kernel *k);

/*
 * The hook table as probed, live or not, then other things that were asked for and that the kernel
 * refuses; the kernel's own, valid until kernel_close().
 */
const struct meta_hook *kernel_hooks(const struct kernel *k, size_t *n);

/* The counters that were asked for, counted or not; the kernel's own. */
const struct meta_counter *kernel_counters(const struct kernel *k, size_t *n);

/* Of the FEATURE_* that were asked for those of which something is recorded. */
uint32_t kernel_features(const struct kernel *k, uint32_t asked);

/* Whether kernel (or user) stacks are taken, as the options asked. */
bool kernel_takes_stacks(const struct kernel *k, bool user);

/*
 * The addresses of a stack, innermost first.
 *
 * @id  of an EV_STACK, not 0
 * Returns how many, 0 when there is no such stack, or not any more.
 */
size_t kernel_stack(struct kernel *k, bool user, uint32_t id, uint64_t ips[STACK_DEPTH_MAX]);

/*
 * Whether the process of this number began, or turned to another program, in [from_ns, to_ns]: what
 * can be read about it after that is not of before. Known at once, and only for a while; of user
 * stacks only.
 */
bool kernel_began(const struct kernel *k, uint32_t tgid, uint64_t from_ns, uint64_t to_ns);

/*
 * Makes room for stacks where it gets scarce: what was asked for by kernel_stack() so far is not to
 * be had any more then, and gets other ids when it is taken again. To be called now and then, with
 * everything before until_ns drained and its stacks asked for.
 *
 * @lost  stacks have been lost lately
 */
void kernel_renew_stacks(struct kernel *k, uint64_t now_ns, uint64_t until_ns, bool lost);

/*
 * Reads the state of every task (iter/task). The entries come out of kernel_drain() as EV_TASK,
 * merged by their own time. Called at the start, and again after a loss.
 */
int kernel_snapshot(struct kernel *k, struct err *err);

/*
 * With FEATURE_FS: what every thread has read and written so far; EV_ACCT, merged by time. Called
 * at the start, again after a loss, and once more at the end, so that sums are exact for who lives
 * on.
 *
 * @as_of_ns  for the end: what is read now comes out as if it had been read then; 0: as it is
 */
int kernel_accounts(struct kernel *k, uint64_t as_of_ns, struct err *err);

/*
 * With FEATURE_NET: every socket that a process holds open; EV_SOCKET with SOCKF_BEFORE, tid: the
 * process, merged by time. Called at the start.
 */
int kernel_sockets(struct kernel *k, struct err *err);

/*
 * Takes every committed event older than until_ns out of the rings, merged over CPUs by time,
 * in order within each CPU. EV_GAP stands where events were lost.
 *
 * @events  valid until the next call
 * Returns how many, or a negative errno. 0: none now; after any other number there may be more.
 */
int kernel_drain(struct kernel *k, uint64_t until_ns, const struct event **events, struct err *err);

/*
 * Whether the last kernel_drain() held events older than until_ns back, because a program on some CPU
 * was still busy with one that may come before them.
 */
bool kernel_pending(const struct kernel *k);

/* Readable when a ring is half full; for poll/epoll. kernel_doorbell_ack() makes it quiet. */
int kernel_doorbell_fd(const struct kernel *k);
void kernel_doorbell_ack(struct kernel *k);

/* How full the fullest ring is, in 1/1024, and the events lost so far over all CPUs. */
uint32_t kernel_fill(const struct kernel *k);
uint64_t kernel_lost(const struct kernel *k);

/* Times programs (BPF_ENABLE_STATS) between on and off; costs some ns per event while on. */
int kernel_time_programs(struct kernel *k, bool on, struct err *err);

/* Cost and misses per program so far; `programs` is the kernel's own. */
int kernel_programs(struct kernel *k, const struct meta_program **programs, size_t *n,
		    uint64_t *sample_ns, struct err *err);

/* With options.profile: bucket i counts runs of [2^i, 2^(i+1)) ns, 32 buckets, over all CPUs. */
int kernel_cost_histogram(struct kernel *k, size_t program, uint64_t buckets[32], struct err *err);

#endif
