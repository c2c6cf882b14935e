// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/kernel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/accounts.h"
#include "record/caps.h"
#include "record/filter.h"
#include "record/host.h"
#include "record/kernel_own.h"
#include "record/limit.h"
#include "record/proctasks.h"
#include "record/snapshot.h"
#include "record/sockets.h"

static uint64_t round_up_pow2(uint64_t n)
{
	uint64_t p = RING_BYTES_MIN;

	while (p < n && p < 1ull << 40)
		p <<= 1;
	return p;
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
					(uint32_t)kernel_ring_stride(ring_bytes), 1, NULL);

		if (fd >= 0)
			close(fd);
		if (fd >= 0 || errno != E2BIG)
			break;
	}
	return ring_bytes;
}

static bool leaves_out(const struct kernel *k, unsigned cpu)
{
	const uint64_t *mask = k->skel->rodata->filter_cpu_mask;

	return k->skel->rodata->filter_cpus &&
	       (cpu >= FILTER_CPU_WORDS * 64 || !(mask[cpu / 64] >> (cpu % 64) & 1));
}

static int map_rings(struct kernel *k, struct err *err)
{
	size_t stride = (size_t)kernel_ring_stride(k->ring_bytes);
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
	r = r ?: kernel_load(k, opt, err);
	r = r
		    ?: stackmaps_new(&k->stacks, k->skel, kernel_takes_stacks(k, false),
				     kernel_takes_stacks(k, true), err);
	r = r ?: counter_events_fill(k->counters, k->skel, err);
	r = r ?: filter_fill(k->skel, &opt->filter, err);
	r = r ?: map_rings(k, err);
	if (r)
		return r;
	k->doorbell = ring_buffer__new(bpf_map__fd(k->skel->maps.doorbell), hear_doorbell, NULL,
				       NULL);
	if (!k->doorbell)
		return err_errno(err, -errno, "cannot listen for full rings");
	r = hooks_attach(&k->hooks, k->skel->obj, err);
	memcpy(k->told, k->hooks.meta, k->hooks.n * sizeof(*k->told));
	memcpy(k->told + k->hooks.n, k->refused, k->nrefused * sizeof(*k->told));
	return r;
}

int kernel_open(struct kernel **out, const struct kernel_options *opt, struct err *err)
{
	const struct kernel_filter *f = &opt->filter;
	int r = host_is_ours("", err);
	struct kernel *k;

	if (r)
		return r;
	k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(err, -ENOMEM, "cannot record: out of memory");
	k->stats_fd = -1;
	k->filtered = f->npids || f->ntids || f->ncomms || f->ncgroups;
	kernel_hear_libbpf(opt->verbose);
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
	stackmaps_free(k->stacks);
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
	*n = k->hooks.n + k->nrefused;
	return k->told;
}

const struct meta_counter *kernel_counters(const struct kernel *k, size_t *n)
{
	*n = k->ncounters;
	return k->counter_meta;
}

uint32_t kernel_features(const struct kernel *k, uint32_t asked)
{
	for (uint32_t left = asked & ~(uint32_t)FEATURE_SAMPLES; left; left &= left - 1) {
		const uint32_t feature = left & -left;

		if (feature == FEATURE_SYSCALL ? !(k->parts & PART_SYSCALL)
					       : !hooks_feature_live(&k->hooks, feature))
			asked &= ~feature;
	}
	return asked;
}

bool kernel_takes_stacks(const struct kernel *k, bool user)
{
	return k->parts & (user ? PART_USER_STACKS : PART_STACKS);
}

size_t kernel_stack(struct kernel *k, bool user, uint32_t id, uint64_t ips[STACK_DEPTH_MAX])
{
	return stackmaps_read(k->stacks, user, id, ips);
}

bool kernel_began(const struct kernel *k, uint32_t tgid, uint64_t from_ns, uint64_t to_ns)
{
	const uint64_t *places = k->skel->bss->begun, from = from_ns >> 12, to = to_ns >> 12;
	const uint64_t word = __atomic_load_n(&places[tgid % BEGUN_PLACES], __ATOMIC_ACQUIRE);

	return word && word >> 42 == tgid && ((word - from) & BEGUN_MASK) <= to - from;
}

void kernel_renew_stacks(struct kernel *k, uint64_t now_ns, uint64_t until_ns, bool lost)
{
	stackmaps_renew(k->stacks, now_ns, until_ns, lost);
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

bool kernel_pending(const struct kernel *k)
{
	return rings_pending(k->rings);
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
