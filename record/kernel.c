// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "bpf/events.h"
#include "bpf/rstat.skel.h" /* after events.h: it speaks of u64 and the like */
#include "record/accounts.h"
#include "record/caps.h"
#include "record/filter.h"
#include "record/hooks.h"
#include "record/limit.h"
#include "record/proctasks.h"
#include "record/ring.h"
#include "record/snapshot.h"
#include "record/sockets.h"
#include "record/vmlinux.h"

#define OLD_REQUESTS 8192u /* that are made and not yet seen at one time: bpf/io_old.h */
#define OLD_CALLS    16384u /* threads that are in a send or receive at one time: bpf/net_old.h */

struct kernel {
	struct rstat_bpf *skel;
	struct btf *vmlinux;
	struct hooks hooks;
	struct rings *rings;
	void *map; /* the rings' memory */
	size_t map_bytes;
	uint64_t ring_bytes;
	unsigned ncpus;
	bool filtered; /* by task */
	struct counter_events *counters;
	struct meta_counter counter_meta[COUNTERS_MAX];
	size_t ncounters;
	struct ring_buffer *doorbell;
	struct meta_program programs[HOOKS_MAX];
	int stats_fd; /* BPF_ENABLE_STATS, -1: off */
	uint64_t stats_since_ns, stats_ns;
};

/*
 * libbpf explains itself on stderr only when the user asked. Its first warning goes into errors:
 * those after it only say how far the failure spread.
 */
static struct {
	bool verbose;
	char first[200];
} libbpf_log;

static int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	va_list copy;

	if (level == LIBBPF_WARN && !libbpf_log.first[0]) {
		va_copy(copy, ap);
		vsnprintf(libbpf_log.first, sizeof(libbpf_log.first), fmt, copy);
		va_end(copy);
		libbpf_log.first[strcspn(libbpf_log.first, "\n")] = '\0';
	}
	return libbpf_log.verbose && level != LIBBPF_DEBUG ? vfprintf(stderr, fmt, ap) : 0;
}

static uint64_t round_up_pow2(uint64_t n)
{
	uint64_t p = RING_BYTES_MIN;

	while (p < n && p < 1ull << 40)
		p <<= 1;
	return p;
}

static uint64_t element_bytes(uint64_t ring_bytes)
{
	return RING_HEADER_BYTES + ring_bytes + RING_MARGIN;
}

/*
 * The memory is the kernel's and cannot be swapped out, for every CPU that could ever be plugged
 * in: on hosts that prepare for hundreds the rings must not take more than a part of it.
 */
static uint64_t default_ring(unsigned ncpus)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t ring_bytes = KERNEL_RING_BYTES;

	while (ring_bytes > KERNEL_RING_BYTES / 16 && ring_bytes * ncpus > memory / 32)
		ring_bytes /= 2;
	return ring_bytes;
}

/*
 * Early kernels refuse with E2BIG an array's element that is longer than one kmalloc() can be
 * (array_map_alloc() in kernel/bpf/arraymap.c); 6.18 takes elements of nearly 2 GiB (measured).
 * Where that changed does not matter: the kernel that is there is asked.
 */
static uint64_t largest_ring(uint64_t ring_bytes)
{
	for (; ring_bytes > RING_BYTES_MIN; ring_bytes /= 2) {
		int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rstat_probe", sizeof(uint32_t),
					(uint32_t)element_bytes(ring_bytes), 1, NULL);

		if (fd >= 0)
			close(fd);
		if (fd >= 0 || errno != E2BIG)
			break;
	}
	return ring_bytes;
}

static void configure_context(struct kernel *k)
{
	long rq = vmlinux_percpu_offset(k->vmlinux, "runqueues");
	long count = vmlinux_percpu_offset(k->vmlinux, "__preempt_count");
	long hot = vmlinux_percpu_offset(k->vmlinux, "pcpu_hot"), member;

	/* in struct pcpu_hot from Linux 6.2 to 6.14 */
	if (count < 0 && hot >= 0) {
		member = vmlinux_member_offset(k->vmlinux, "pcpu_hot", "preempt_count");
		count = member < 0 ? -1 : hot + member;
	}
	/* the programs find the run queue through the task's queue: CONFIG_FAIR_GROUP_SCHED */
	if (rq < 0 || count < 0 || vmlinux_member_offset(k->vmlinux, "sched_entity", "cfs_rq") < 0)
		return;
	k->skel->rodata->count_from_rq = count - rq;
	k->skel->rodata->count_how = btf__find_by_name_kind(k->vmlinux, "bpf_rdonly_cast",
							    BTF_KIND_FUNC) < 0
					     ? COUNT_BY_READ
					     : COUNT_BY_CAST;
}

static int configure_net(struct kernel *k, bool on, struct err *err)
{
	struct rstat_bpf *skel = k->skel;
	int r = 0;

	skel->rodata->net_on = on;
	skel->rodata->retransmit_has_err = hooks_tracepoint_args(k->vmlinux,
								 "tcp_retransmit_skb") >= 3;
	/* not every kernel has this kind of map */
	if (!on)
		r = bpf_map__set_autocreate(skel->maps.sockets, false);
	if (!r &&
	    (hooks_uses(&k->hooks, "on_send_enter") || hooks_uses(&k->hooks, "on_recv_enter")))
		r = bpf_map__set_max_entries(skel->maps.old_calls, OLD_CALLS);
	return r ? err_set(err, r, "cannot size the maps") : 0;
}

static int configure_io(struct kernel *k, struct err *err)
{
	struct rstat_bpf *skel = k->skel;

	if (getrandom(&skel->rodata->io_key, sizeof(skel->rodata->io_key), 0) !=
	    (ssize_t)sizeof(skel->rodata->io_key))
		return err_errno(err, -errno, "cannot get a random number");
	skel->rodata->io_old = hooks_uses(&k->hooks, "on_io_getrq");
	if (skel->rodata->io_old && bpf_map__set_max_entries(skel->maps.io_made, OLD_REQUESTS))
		return err_set(err, -EINVAL, "cannot size the maps");
	return 0;
}

static int configure(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	struct rstat_bpf *skel = k->skel;
	int r;

	skel->rodata->ring_bytes = k->ring_bytes;
	skel->rodata->profile = opt->profile;
	skel->rodata->switch_has_prev_state = hooks_tracepoint_args(k->vmlinux, "sched_switch") >=
					      4;
	skel->rodata->exit_has_group_dead = hooks_tracepoint_args(k->vmlinux,
								  "sched_process_exit") >= 2;
	skel->rodata->args_limit = opt->args_limit < RING_ARGS_MAX ? opt->args_limit
								   : RING_ARGS_MAX;
	skel->rodata->syscall_on = opt->features & FEATURE_SYSCALL;
	configure_context(k);
	r = configure_io(k, err);
	r = r
		    ?: accounts_configure(skel, k->vmlinux,
					  hooks_feature_live(&k->hooks, FEATURE_FS), k->ncpus, err);
	r = r ?: configure_net(k, hooks_feature_live(&k->hooks, FEATURE_NET), err);
	r = r ?: stackmaps_configure(skel, opt->stacks, opt->user_stacks, err);
	r = r ?: counter_events_configure(k->counters, skel, err);
	r = r ?: filter_configure(skel, &opt->filter, err);
	if (r)
		return r;
	if (bpf_map__set_value_size(skel->maps.rings, (uint32_t)element_bytes(k->ring_bytes)) ||
	    bpf_map__set_max_entries(skel->maps.rings, k->ncpus))
		return err_set(err, -EINVAL, "cannot size the rings");
	return hooks_select(&k->hooks, skel->obj, err);
}

static int open_skeleton(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	k->skel = rstat_bpf__open();
	if (!k->skel)
		return err_errno(err, -errno, "cannot open the BPF programs (%s)",
				 libbpf_log.first);
	return configure(k, opt, err);
}

/*
 * The programs failed to load together: loads each hook's alone, on rings as small as can be, to
 * find the ones to do without; those of a feature with the required ones, which do a part of its
 * work. Slow, but it happens only on kernels nobody has tried.
 */
static int reject_what_fails(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	struct hooks all = k->hooks;
	size_t i, j;
	int r;

	for (i = 0; i < all.n; i++) {
		while (k->hooks.chosen[i]) {
			struct hooks whole = k->hooks;

			for (j = 0; j < all.n; j++)
				if (j != i && !(all.hook[i]->feature && all.hook[j]->required))
					k->hooks.nparts[j] = 0;
			libbpf_log.first[0] = '\0';
			r = open_skeleton(k, opt, err);
			k->hooks = whole;
			if (r)
				return r;
			r = rstat_bpf__load(k->skel);
			rstat_bpf__destroy(k->skel);
			k->skel = NULL;
			if (!r)
				break;
			hooks_reject(&k->hooks, i, strerror(-r));
		}
	}
	return hooks_check_required(&k->hooks, err);
}

static int load(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	uint64_t ring_bytes = k->ring_bytes;
	int r = open_skeleton(k, opt, err);

	if (r)
		return r;
	if (!rstat_bpf__load(k->skel))
		return 0;
	rstat_bpf__destroy(k->skel);
	k->skel = NULL;
	k->ring_bytes = RING_BYTES_MIN;
	r = reject_what_fails(k, opt, err);
	k->ring_bytes = ring_bytes;
	r = r ?: open_skeleton(k, opt, err);
	if (r)
		return r;
	r = rstat_bpf__load(k->skel);
	if (r)
		return err_errno(err, r, "cannot load the BPF programs (%s)", libbpf_log.first);
	return 0;
}

static bool leaves_out(const struct kernel *k, unsigned cpu)
{
	const uint64_t *mask = k->skel->rodata->filter_cpu_mask;

	return k->skel->rodata->filter_cpus &&
	       (cpu >= FILTER_CPU_WORDS * 64 || !(mask[cpu / 64] >> (cpu % 64) & 1));
}

static int map_rings(struct kernel *k, struct err *err)
{
	size_t stride = (size_t)element_bytes(k->ring_bytes);
	unsigned cpu;
	int r;

	k->map_bytes = stride * k->ncpus;
	k->map = mmap(NULL, k->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(k->skel->maps.rings), 0);
	if (k->map == MAP_FAILED) {
		k->map = NULL;
		return err_errno(err, -errno, "cannot map %zu bytes of rings", k->map_bytes);
	}
	r = rings_new(&k->rings, k->map, stride, k->ncpus, k->ring_bytes, err);
	for (cpu = 0; !r && cpu < k->ncpus; cpu++)
		if (leaves_out(k, cpu))
			rings_leave_out(k->rings, cpu);
	return r;
}

static int hear_doorbell(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

static int open_all(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	int r = caps_check(err);

	if (r)
		return r;
	k->vmlinux = btf__load_vmlinux_btf();
	if (!k->vmlinux)
		return err_set(
			err, -ENOENT,
			"cannot record: this kernel has no BTF (/sys/kernel/btf/vmlinux); it "
			"must be built with CONFIG_DEBUG_INFO_BTF=y");
	hooks_probe(&k->hooks, k->vmlinux, opt->features);
	r = hooks_check_required(&k->hooks, err);
	if (r)
		return r;
	r = libbpf_num_possible_cpus();
	if (r < 0)
		return err_errno(err, r, "cannot count the CPUs");
	k->ncpus = (unsigned)r;
	k->ring_bytes = largest_ring(round_up_pow2(opt->ring_bytes ?: default_ring(k->ncpus)));
	k->ncounters = opt->counters.n;
	if (k->ncounters)
		r = counter_events_open(&k->counters, &opt->counters, k->ncpus, k->counter_meta,
					err);
	else
		r = 0;
	r = r ?: load(k, opt, err);
	r = r ?: counter_events_fill(k->counters, k->skel, err);
	r = r ?: filter_fill(k->skel, &opt->filter, err);
	r = r ?: map_rings(k, err);
	if (r)
		return r;
	k->doorbell = ring_buffer__new(bpf_map__fd(k->skel->maps.doorbell), hear_doorbell, NULL,
				       NULL);
	if (!k->doorbell)
		return err_errno(err, -errno, "cannot listen for full rings");
	return hooks_attach(&k->hooks, k->skel->obj, err);
}

int kernel_open(struct kernel **out, const struct kernel_options *opt, struct err *err)
{
	const struct kernel_filter *f = &opt->filter;
	struct kernel *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return err_set(err, -ENOMEM, "cannot record: out of memory");
	k->stats_fd = -1;
	k->filtered = f->npids || f->ntids || f->ncomms || f->ncgroups;
	libbpf_log.verbose = opt->verbose;
	libbpf_log.first[0] = '\0';
	libbpf_set_print(log_libbpf);
	limit_raise_files();
	r = open_all(k, opt, err);
	if (r) {
		kernel_close(k);
		return r;
	}
	*out = k;
	return 0;
}

int kernel_stop(struct kernel *k, uint64_t end_ns, struct err *err)
{
	hooks_detach(&k->hooks);
	return rings_end(k->rings, end_ns, err);
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	hooks_detach(&k->hooks);
	ring_buffer__free(k->doorbell);
	rings_free(k->rings);
	if (k->map)
		munmap(k->map, k->map_bytes);
	rstat_bpf__destroy(k->skel);
	counter_events_close(k->counters);
	btf__free(k->vmlinux);
	if (k->stats_fd >= 0)
		close(k->stats_fd);
	free(k);
}

uint64_t kernel_ring_bytes(const struct kernel *k)
{
	return k->ring_bytes;
}

const struct meta_hook *kernel_hooks(const struct kernel *k, size_t *n)
{
	*n = k->hooks.n;
	return k->hooks.meta;
}

const struct meta_counter *kernel_counters(const struct kernel *k, size_t *n)
{
	*n = k->ncounters;
	return k->counter_meta;
}

size_t kernel_stack(const struct kernel *k, bool user, uint32_t id, uint64_t ips[STACK_DEPTH_MAX])
{
	return stackmaps_read(k->skel, user, id, ips);
}

/* What happens on a CPU that is left out stays unknown: only who these tasks are is told. */
static void doubt_other_cpus(const struct kernel *k, struct ring_snapshot *tasks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (leaves_out(k, tasks[i].cpu))
			tasks[i].flags |= SNAPF_UNCERTAIN;
}

int kernel_snapshot(struct kernel *k, struct err *err)
{
	struct ring_snapshot *tasks;
	uint32_t *tids = NULL;
	size_t ntids = 0, n;
	int r = 0;

	/* the filters are the programs' own: what they do not see, they cannot judge */
	if (!k->filtered)
		r = proctasks_list("", &tids, &ntids, err);
	r = r ?: snapshot_read(k->skel->progs.each_task, &tasks, &n, err);
	if (!r) {
		r = proctasks_add("", tids, ntids, &tasks, &n, err);
		if (r) {
			free(tasks);
		} else {
			doubt_other_cpus(k, tasks, n);
			r = rings_add_snapshots(k->rings, tasks, n, err);
		}
	}
	free(tids);
	return r;
}

int kernel_accounts(struct kernel *k, uint64_t as_of_ns, struct err *err)
{
	void *records = NULL;
	size_t bytes = 0;
	int r = accounts_read(k->skel, as_of_ns, &records, &bytes, err);

	r = r ?: rings_add(k->rings, records, bytes, err);
	free(records);
	return r;
}

/* What an iterator lists; nothing when this kernel cannot. */
static int list_sockets(struct kernel *k, const char *program, struct open_socket **out, size_t *n,
			struct err *err)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(k->skel->obj, program);
	void *buf = NULL;
	size_t len = 0;
	int r = 0;

	if (prog && bpf_program__autoload(prog))
		r = snapshot_iterate(prog, &buf, &len);
	if (r)
		return err_errno(err, r, "cannot list the open sockets");
	*out = buf;
	*n = len / sizeof(**out);
	return 0;
}

int kernel_sockets(struct kernel *k, struct err *err)
{
	struct open_socket *held = NULL, *all = NULL, *list = NULL;
	size_t n = 0, nall = 0, nlist = 0;
	int r = list_sockets(k, "each_file", &held, &n, err);

	r = r ?: list_sockets(k, "each_tcp", &all, &nall, err);
	r = r ?: sockets_merge(held, n, all, nall, &list, &nlist, err);
	r = r ?: rings_add(k->rings, list, nlist * sizeof(*list), err);
	free(held);
	free(all);
	free(list);
	return r;
}

int kernel_drain(struct kernel *k, uint64_t until_ns, const struct event **events, struct err *err)
{
	return rings_drain(k->rings, until_ns, events, err);
}

int kernel_doorbell_fd(const struct kernel *k)
{
	return ring_buffer__epoll_fd(k->doorbell);
}

void kernel_doorbell_ack(struct kernel *k)
{
	ring_buffer__consume(k->doorbell);
}

uint32_t kernel_fill(const struct kernel *k)
{
	return rings_fill(k->rings);
}

uint64_t kernel_lost(const struct kernel *k)
{
	return rings_lost(k->rings);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int kernel_time_programs(struct kernel *k, bool on, struct err *err)
{
	if (on == (k->stats_fd >= 0))
		return 0;
	if (!on) {
		close(k->stats_fd);
		k->stats_fd = -1;
		k->stats_ns += now_ns() - k->stats_since_ns;
		return 0;
	}
	k->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (k->stats_fd < 0)
		return err_errno(err, -errno, "cannot time the BPF programs (CAP_SYS_ADMIN)");
	k->stats_since_ns = now_ns();
	return 0;
}

/* Over all programs of hook i. */
static int add_program_costs(const struct kernel *k, size_t i, struct meta_program *p)
{
	size_t n, before;

	for (n = 0; n < k->hooks.nparts[i]; n++) {
		const char *name = k->hooks.parts[i][n].program;
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);
		struct bpf_program *prog;

		for (before = 0; before < n; before++)
			if (!strcmp(name, k->hooks.parts[i][before].program))
				break;
		if (before < n)
			continue; /* one program for several functions */
		prog = bpf_object__find_program_by_name(k->skel->obj, name);
		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			return -1;
		p->runs += info.run_cnt;
		p->run_ns += info.run_time_ns;
		p->missed += info.recursion_misses;
	}
	return 0;
}

int kernel_programs(struct kernel *k, const struct meta_program **programs, size_t *n,
		    uint64_t *sample_ns, struct err *err)
{
	size_t i;

	for (i = 0; i < k->hooks.n; i++) {
		struct meta_program *p = &k->programs[i];

		*p = (struct meta_program){};
		snprintf(p->name, sizeof(p->name), "%s", k->hooks.meta[i].name);
		if (add_program_costs(k, i, p))
			return err_errno(err, -errno, "cannot ask for the cost of %s", p->name);
		if (k->hooks.nparts[i] && !hooks_share(&k->hooks, i))
			p->events = rings_events(k->rings, k->hooks.hook[i]->events);
	}
	*programs = k->programs;
	*n = k->hooks.n;
	*sample_ns = k->stats_ns + (k->stats_fd >= 0 ? now_ns() - k->stats_since_ns : 0);
	return 0;
}

int kernel_cost_histogram(struct kernel *k, size_t program, uint64_t buckets[COST_BUCKETS],
			  struct err *err)
{
	struct rstat_bpf__costs {
		uint64_t buckets[COST_BUCKETS];
	} * costs;
	uint32_t slot;
	unsigned cpu, i;

	if (program >= k->hooks.n)
		return err_set(err, -EINVAL, "there is no program %zu", program);
	costs = calloc(k->ncpus, sizeof(*costs));
	if (!costs)
		return err_set(err, -ENOMEM, "cannot read a histogram: out of memory");
	memset(buckets, 0, COST_BUCKETS * sizeof(*buckets));
	slot = k->hooks.hook[program]->id;
	if (bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.costs), &slot, costs)) {
		free(costs);
		return err_errno(err, -errno, "cannot read the histogram of %s",
				 k->hooks.meta[program].name);
	}
	for (cpu = 0; cpu < k->ncpus; cpu++)
		for (i = 0; i < COST_BUCKETS; i++)
			buckets[i] += costs[cpu].buckets[i];
	free(costs);
	return 0;
}
