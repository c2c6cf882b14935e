// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Configuring and loading the programs; finding out what to do without on kernels that refuse some. */
#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "record/accounts.h"
#include "record/features.h"
#include "record/filter.h"
#include "record/kernel_own.h"
#include "record/testing.h"
#include "record/vmlinux.h"

#define OLD_REQUESTS 8192u /* that are made and not yet seen at one time: bpf/io_old.h */
#define OLD_CALLS    16384u /* threads that are in a send or receive at one time: bpf/net_old.h */

/* ---- what libbpf says ---- */

/*
 * Its first warning goes into errors: those after it only say how far the failure spread. And what
 * the verifier had against a program, from the log that comes with it.
 */
static struct {
	bool verbose;
	char first[200], verdict[120];
} libbpf_log;

/* The line before the last one, which counts instructions. */
static void keep_verdict(const char *text)
{
	const char *end = strstr(text, "\nprocessed "), *line = end;

	if (!end || !strstr(text, "BEGIN PROG LOAD LOG"))
		return;
	while (line > text && line[-1] != '\n')
		line--;
	snprintf(libbpf_log.verdict, sizeof(libbpf_log.verdict), "%.*s", (int)(end - line), line);
}

static int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	va_list copy;
	char *text;

	if (level == LIBBPF_WARN) {
		va_copy(copy, ap);
		if (vasprintf(&text, fmt, copy) >= 0) {
			if (!libbpf_log.first[0])
				snprintf(libbpf_log.first, sizeof(libbpf_log.first), "%.*s",
					 (int)strcspn(text, "\n"), text);
			if (!libbpf_log.verdict[0])
				keep_verdict(text);
			free(text);
		}
		va_end(copy);
	}
	return libbpf_log.verbose && level != LIBBPF_DEBUG ? vfprintf(stderr, fmt, ap) : 0;
}

void kernel_hear_libbpf(bool verbose)
{
	libbpf_log.verbose = verbose;
	libbpf_log.first[0] = libbpf_log.verdict[0] = '\0';
	libbpf_set_print(log_libbpf);
}

/* ---- configuring ---- */

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
	if (!(k->parts & PART_CONTEXT))
		return;
	/* the programs find the run queue through the task's queue: CONFIG_FAIR_GROUP_SCHED */
	if (rq < 0 || count < 0 || vmlinux_member_offset(k->vmlinux, "sched_entity", "cfs_rq") < 0)
		return;
	k->skel->rodata->count_from_rq = count - rq;
	k->skel->rodata->count_how = k->parts & PART_CAST ? COUNT_BY_CAST : COUNT_BY_READ;
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
	    (hooks_uses(&k->hooks, "on_send_enter") || hooks_uses(&k->hooks, "on_recv_enter") ||
	     hooks_uses(&k->hooks, "on_splice_enter")))
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
	const enum stack_mode stacks = k->parts & PART_STACKS ? opt->stacks : STACK_MODE_OFF;
	const struct counter_events *counters = k->parts & PART_COUNTERS ? k->counters : NULL;
	struct rstat_bpf *skel = k->skel;
	int r;

	skel->rodata->ring_mask = k->ring_bytes - 1;
	skel->rodata->profile = opt->profile;
	skel->rodata->switch_has_prev_state = hooks_tracepoint_args(k->vmlinux, "sched_switch") >=
					      4;
	skel->rodata->exit_has_group_dead = hooks_tracepoint_args(k->vmlinux,
								  "sched_process_exit") >= 2;
	skel->rodata->args_limit = opt->args_limit < RING_ARGS_MAX ? opt->args_limit
								   : RING_ARGS_MAX;
	skel->rodata->syscall_on = (k->parts & PART_SYSCALL) != 0;
	configure_context(k);
	r = configure_io(k, err);
	r = r ?: accounts_configure(skel, k->vmlinux, k->parts & PART_FS, k->ncpus, err);
	r = r ?: configure_net(k, k->parts & PART_NET, err);
	r = r ?: stackmaps_configure(skel, stacks, k->parts & PART_USER_STACKS, err);
	r = r ?: counter_events_configure(counters, skel, err);
	r = r ?: filter_configure(skel, &opt->filter, err);
	if (r)
		return r;
	skel->rodata->sched_extras = skel->rodata->profile || skel->rodata->filter_any ||
				     skel->rodata->counters_live || skel->rodata->stacks_of;
	if (bpf_map__set_value_size(skel->maps.rings,
				    (uint32_t)kernel_ring_stride(k->ring_bytes)) ||
	    bpf_map__set_max_entries(skel->maps.rings, k->ncpus))
		return err_set(err, -EINVAL, "cannot size the rings");
	return hooks_select(&k->hooks, skel->obj, err);
}

/*
 * For tests only: makes the kernel refuse a program, or the helper that reads a map; with another
 * type the verifier will not have it.
 */
static void spoil(struct rstat_bpf *skel)
{
	static const char variable[] = "RSTAT_TEST_REFUSE";
	struct bpf_program *prog;

	if (!getenv(variable))
		return;
	if (testing_lists(variable, "stacks"))
		bpf_map__set_type(skel->maps.kernel_stacks_0, BPF_MAP_TYPE_ARRAY);
	if (testing_lists(variable, "user_stacks"))
		bpf_map__set_type(skel->maps.user_stacks_0, BPF_MAP_TYPE_ARRAY);
	if (testing_lists(variable, "counters"))
		bpf_map__set_type(skel->maps.counter_events, BPF_MAP_TYPE_ARRAY);
	bpf_object__for_each_program(
		prog, skel->obj) if (testing_lists(variable, bpf_program__name(prog)))
		bpf_program__set_type(prog, BPF_PROG_TYPE_SOCKET_FILTER);
}

/* On failure there is no skeleton. @r_load  what the kernel said, 0: loaded */
static int try_load(struct kernel *k, const struct kernel_options *opt, int *r_load,
		    struct err *err)
{
	int r;

	*r_load = 0;
	libbpf_log.first[0] = libbpf_log.verdict[0] = '\0';
	k->skel = rstat_bpf__open();
	if (!k->skel)
		return err_errno(err, -errno, "cannot open the BPF programs (%s)",
				 libbpf_log.first);
	r = configure(k, opt, err);
	if (!r) {
		spoil(k->skel);
		*r_load = rstat_bpf__load(k->skel);
	}
	if (r || *r_load) {
		rstat_bpf__destroy(k->skel);
		k->skel = NULL;
	}
	return r;
}

/* ---- what a kernel refuses ---- */

static const struct part {
	enum kernel_part part;
	uint32_t feature; /* whose hooks are of no use without it */
	const char *name, *needed; /* NULL: hooks of the feature, or counters, tell */
} parts[] = {
	{PART_CONTEXT, 0, "context", "waking"},
	{PART_CAST, 0, NULL, NULL},
	{PART_SYSCALL, FEATURE_SYSCALL, "syscall", "offcpu,states"},
	{PART_FS, FEATURE_FS, NULL, NULL},
	{PART_NET, FEATURE_NET, NULL, NULL},
	{PART_STACKS, 0, "stacks", "offcpu"},
	{PART_USER_STACKS, 0, "user_stacks", "offcpu"},
	{PART_COUNTERS, 0, NULL, NULL},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))
static_assert(PARTS == KERNEL_PARTS, "all of them");

static uint32_t parts_asked(const struct kernel *k, const struct kernel_options *opt)
{
	const bool stacks = opt->stacks != STACK_MODE_OFF;
	const bool cast = btf__find_by_name_kind(k->vmlinux, "bpf_rdonly_cast", BTF_KIND_FUNC) >= 0;

	return PART_CONTEXT | (cast ? PART_CAST : 0) |
	       (opt->features & FEATURE_SYSCALL ? PART_SYSCALL : 0) |
	       (hooks_feature_live(&k->hooks, FEATURE_FS) ? PART_FS : 0) |
	       (hooks_feature_live(&k->hooks, FEATURE_NET) ? PART_NET : 0) |
	       (stacks ? PART_STACKS : 0) | (stacks && opt->user_stacks ? PART_USER_STACKS : 0) |
	       (k->counters ? PART_COUNTERS : 0);
}

/* Why the last load failed. */
static void say_why(char *to, size_t size, int r)
{
	snprintf(to, size, "the kernel refuses it: %s",
		 libbpf_log.verdict[0] ? libbpf_log.verdict : strerror(-r));
}

static void refuse_part(struct kernel *k, const struct part *part, int r)
{
	struct meta_hook *meta;
	char why[160];

	say_why(why, sizeof(why), r);
	k->parts &= ~part->part;
	if (part->part == PART_STACKS)
		k->parts &= ~PART_USER_STACKS;
	if (part->part == PART_COUNTERS)
		counter_events_refuse(k->counters, k->counter_meta, why);
	if (part->feature)
		hooks_refuse(&k->hooks, part->feature, why);
	if (!part->name)
		return;
	meta = &k->refused[k->nrefused++];
	snprintf(meta->name, sizeof(meta->name), "%s", part->name);
	snprintf(meta->needed, sizeof(meta->needed), "%s", part->needed);
	snprintf(meta->feature, sizeof(meta->feature), "%s", feature_name(part->feature));
	snprintf(meta->why, sizeof(meta->why), "%s", why);
}

/*
 * Loads hook i (or none: SIZE_MAX) and, with_required, those that are required, to see whether that
 * works; 1: it does not.
 */
static int try_hooks(struct kernel *k, const struct kernel_options *opt, size_t i,
		     bool with_required, int *r_load, struct err *err)
{
	const struct hooks whole = k->hooks;
	int r;

	for (size_t j = 0; j < k->hooks.n; j++)
		if (j != i && !(with_required && k->hooks.hook[j]->required))
			k->hooks.nparts[j] = 0;
	r = try_load(k, opt, r_load, err);
	k->hooks = whole;
	rstat_bpf__destroy(k->skel);
	k->skel = NULL;
	return r ? r : *r_load != 0;
}

/* Alone, or with the required ones, which do a part of its work. */
static int settle_hook(struct kernel *k, const struct kernel_options *opt, size_t i,
		       bool with_required, struct err *err)
{
	char why[160];
	int r_load, r;

	while (k->hooks.chosen[i]) {
		r = try_hooks(k, opt, i, with_required, &r_load, err);
		if (r <= 0)
			return r;
		say_why(why, sizeof(why), r_load);
		hooks_reject(&k->hooks, i, why);
	}
	return 0;
}

/* What nothing can be recorded without, and nothing else. */
static int settle_required(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	const uint32_t asked = k->parts;
	int r_load, r;

	k->parts = 0;
	r = try_hooks(k, opt, SIZE_MAX, false, &r_load, err);
	if (r > 0)
		r = err_set(err, -EOPNOTSUPP,
			    "cannot record: the kernel does not let its tasks be listed (%s)",
			    libbpf_log.verdict[0] ? libbpf_log.verdict : libbpf_log.first);
	for (size_t i = 0; !r && i < k->hooks.n; i++)
		if (k->hooks.hook[i]->required)
			r = settle_hook(k, opt, i, false, err);
	k->parts = asked;
	return r ? r : hooks_check_required(&k->hooks, err);
}

/* Each part on its own, with the programs that it is in. */
static int settle_parts(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	uint32_t good = 0;
	int r_load, r = 0;

	for (size_t i = 0; r >= 0 && i < PARTS; i++) {
		const uint32_t left = k->parts;

		if (!(left & parts[i].part))
			continue;
		k->parts = good | parts[i].part;
		r = try_hooks(k, opt, SIZE_MAX, true, &r_load, err);
		k->parts = left;
		if (r > 0)
			refuse_part(k, &parts[i], r_load);
		else
			good |= parts[i].part;
	}
	return r < 0 ? r : 0;
}

/*
 * The programs failed to load together: finds the ones to do without, on rings as small as can be.
 * First what is required, then what that does besides, then every other hook, with the required
 * ones if it has a feature, as they do a part of its work. Slow, but it happens only on kernels
 * nobody has tried.
 */
static int settle(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	const uint64_t ring_bytes = k->ring_bytes;
	int r;

	k->ring_bytes = RING_BYTES_MIN;
	r = settle_required(k, opt, err);
	r = r ?: settle_parts(k, opt, err);
	for (size_t i = 0; !r && i < k->hooks.n; i++)
		if (!k->hooks.hook[i]->required)
			r = settle_hook(k, opt, i, k->hooks.hook[i]->feature, err);
	k->ring_bytes = ring_bytes;
	k->parts &= parts_asked(k, opt); /* no hook of a feature is left */
	return r;
}

/* No fault of any program: others would fail as well. */
static bool is_shortage(int r)
{
	return r == -EMFILE || r == -ENFILE;
}

int kernel_load(struct kernel *k, const struct kernel_options *opt, struct err *err)
{
	int r_load, r;

	k->parts = parts_asked(k, opt);
	r = try_load(k, opt, &r_load, err);
	if (!r && r_load && !is_shortage(r_load)) {
		r = settle(k, opt, err);
		r = r ?: try_load(k, opt, &r_load, err);
	}
	if (!r && r_load)
		r = err_errno(err, r_load, "cannot load the BPF programs (%s)", libbpf_log.first);
	return r;
}
