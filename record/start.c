// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The start of a recording: everything that can fail, before anything is left behind. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/exit.h"
#include "base/units.h"
#include "base/version.h"
#include "record/cost.h"
#include "record/features.h"
#include "record/host.h"
#include "record/limit.h"
#include "record/privilege.h"
#include "record/recording.h"
#include "record/show.h"
#include "record/signals.h"

/* Attaching and reading the tasks takes some hundred milliseconds. */
#define LEAD_NS	      (2 * NSEC_PER_SEC)
#define CLOCK_LOOK_NS NSEC_PER_SEC
#define DRAIN_NS      UINT64_C(20000000) /* while programs run and the start is not yet */

static uint64_t now_utc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Sleeps, unless a signal asks to end. */
static int nap(uint64_t ns, struct err *err)
{
	struct pollfd pfd = {.fd = signals_fd(), .events = POLLIN};
	struct timespec ts = {.tv_sec = (time_t)(ns / NSEC_PER_SEC),
			      .tv_nsec = (long)(ns % NSEC_PER_SEC)};

	if (ppoll(&pfd, 1, &ts, NULL) > 0)
		return err_set(err, -EINTR,
			       "stopped by %s before the recording began; nothing was "
			       "recorded",
			       signals_name(signals_first(NULL)));
	return 0;
}

/*
 * Waits for --start, up to the lead. The wall clock may be set meanwhile, so it is looked at
 * again every second. What would fail is found out before the wait.
 */
static int wait_for_start(const struct recorder_options *opt, uint64_t start_utc, struct err *err)
{
	struct kernel *trial;
	uint64_t now = now_utc();
	int ret;

	if (start_utc <= now + LEAD_NS)
		return 0;
	ret = kernel_open(&trial, &opt->kernel, err);
	if (ret)
		return ret;
	kernel_close(trial);
	if (!opt->quiet) {
		char wait[UNITS_BUF];

		show_note("recording starts in %s", format_ns(start_utc - now, wait));
	}
	while (!ret && (now = now_utc()) + LEAD_NS < start_utc) {
		const uint64_t left = start_utc - LEAD_NS - now;

		ret = nap(left < CLOCK_LOOK_NS ? left : CLOCK_LOOK_NS, err);
	}
	return ret;
}

static const char *reap_method(const struct meta_hook *hooks, size_t n)
{
	const char *method = "free";

	for (size_t i = 0; i < n; i++) {
		if (!hooks[i].live)
			continue;
		if (!strcmp(hooks[i].name, "release_task"))
			return "hook";
		if (!strcmp(hooks[i].name, "wait"))
			method = "wait";
	}
	return method;
}

static void join_words(char *out, size_t size, char *const *words)
{
	size_t used = 0;

	for (; *words && used < size; words++) {
		int n = snprintf(out + used, size - used, "%s%s", used ? " " : "", *words);

		used += n > 0 ? (size_t)n : 0;
	}
}

static int fill_counters(struct recording *r, struct err *err)
{
	struct meta *m = &r->meta;
	const struct meta_counter *counters = kernel_counters(r->kernel, &m->ncounters);

	m->counters = calloc(m->ncounters ? m->ncounters : 1, sizeof(*counters));
	if (!m->counters)
		return err_set(err, -ENOMEM, "out of memory");
	if (m->ncounters)
		memcpy(m->counters, counters, m->ncounters * sizeof(*counters));
	return 0;
}

static int fill_meta(struct recording *r, struct err *err)
{
	const struct recorder_options *opt = r->opt;
	struct meta *m = &r->meta;
	const struct meta_hook *hooks = kernel_hooks(r->kernel, &m->nhooks);
	int ret = host_facts(m, "", err);

	if (ret)
		return ret;
	m->hooks = calloc(m->nhooks ? m->nhooks : 1, sizeof(*m->hooks));
	if (!m->hooks)
		return err_set(err, -ENOMEM, "out of memory");
	memcpy(m->hooks, hooks, m->nhooks * sizeof(*hooks));
	snprintf(m->version, sizeof(m->version), "%s", RSTAT_VERSION);
	snprintf(m->reap, sizeof(m->reap), "%s", reap_method(hooks, m->nhooks));
	snprintf(m->command_line, sizeof(m->command_line), "%s", opt->command_line);
	snprintf(m->filters, sizeof(m->filters), "%s", opt->filters);
	m->filtered = *opt->filters || opt->only_command;
	m->ring_bytes = kernel_ring_bytes(r->kernel);
	features_text(kernel_features(r->kernel, opt->kernel.features), m->features,
		      sizeof(m->features));
	m->args_limit = opt->kernel.args_limit;
	ret = fill_counters(r, err);
	if (ret)
		return ret;
	if (r->frames) {
		strcpy(m->stacks, opt->kernel.stacks == STACK_MODE_ALL ? "all" : "D");
		m->user_stacks = kernel_takes_stacks(r->kernel, true);
		m->kernel_symbols = frames_has_kernel_symbols(r->frames);
	}
	m->child_pid = (uint32_t)r->child.pid;
	m->tree = m->child_pid != 0;
	if (opt->command)
		join_words(m->child_command, sizeof(m->child_command), opt->command);
	return 0;
}

/* What CPUs run that the filter leaves out is nobody's business: not idle, and no task of ours. */
static void leave_out_cpus(struct recording *r)
{
	const struct kernel_filter *f = &r->opt->kernel.filter;
	uint32_t limit = host_cpu_limit("");

	for (uint32_t cpu = 0; f->cpus && cpu < limit; cpu++)
		if (cpu / 64 >= f->ncpu_words || !(f->cpus[cpu / 64] >> (cpu % 64) & 1))
			engine_leave_out(r->engine, (uint16_t)cpu);
}

static int open_sampler(struct recording *r, struct err *err)
{
	char absent[256];
	int ret = sampler_open(&r->sampler, host_cpu_limit(""), r->opt->sample_ns, err);

	if (ret || r->opt->quiet || !r->opt->verbose)
		return ret;
	samples_absent(r->sampler.samples, absent, sizeof(absent));
	if (*absent)
		show_note("this host has no figures of: %s", absent);
	return 0;
}

/* The kernel tells its symbols to who has capabilities: now. */
static int name_stacks(struct recording *r, struct err *err)
{
	int ret;

	if (!kernel_takes_stacks(r->kernel, false))
		return 0;
	ret = frames_new(&r->frames, r->kernel, "", kernel_takes_stacks(r->kernel, true), err);
	if (!ret && !frames_has_kernel_symbols(r->frames) && !r->opt->quiet)
		show_note("kernel stacks have no names: %s", frames_why(r->frames));
	return ret;
}

/* Attaches; with --only the command's tree joins the filter. */
static int open_kernel(struct recording *r, struct err *err)
{
	struct kernel_options k = r->opt->kernel;
	const uint32_t child = (uint32_t)r->child.pid;
	size_t n;
	int ret;

	if (r->opt->only_command) {
		k.filter.pids = &child;
		k.filter.npids = 1;
	}
	ret = kernel_open(&r->kernel, &k, err);
	if (ret)
		return ret;
	if (!r->opt->quiet) {
		const struct meta_hook *hooks = kernel_hooks(r->kernel, &n);

		show_hooks(hooks, n, r->opt->verbose);
		if (r->opt->verbose)
			show_features(kernel_features(r->kernel, r->opt->kernel.features));
		show_counters(kernel_counters(r->kernel, &n), r->opt->kernel.counters.n);
	}
	ret = name_stacks(r, err);
	if (!ret)
		ret = naming_new(&r->names, "", err);
	if (!ret && r->opt->kernel.features & FEATURE_SAMPLES)
		ret = open_sampler(r, err);
	if (!ret)
		ret = engine_new(&r->engine, host_cpu_limit(""), 0, UINT64_MAX, err);
	if (!ret && child)
		engine_tree(r->engine, child);
	r->pump = (struct pump){
		.kernel = r->kernel, .engine = r->engine, .names = r->names, .frames = r->frames};
	if (!ret)
		leave_out_cpus(r);
	if (!ret)
		ret = kernel_snapshot(r->kernel, err);
	if (!ret)
		ret = kernel_accounts(r->kernel, 0, err);
	return ret ? ret : kernel_sockets(r->kernel, err);
}

/* Everything before start_ns shapes the first checkpoint, and none of it is written. */
static int reach_start(struct recording *r, uint64_t start_utc, struct err *err)
{
	const struct schedule *start = &r->opt->start;
	/* both of one instant: who is stopped between two readings would begin too early */
	uint64_t now = host_now(), utc = host_utc(now);
	char late[UNITS_BUF];
	int ret = 0;

	if (start_utc < utc && start->kind == START_ALIGNED)
		start_utc = schedule_resolve(start, utc);
	else if (start_utc < utc && start->kind != START_NOW && !r->opt->quiet)
		show_note("the recording starts %s late: attaching took that long",
			  format_ns(utc - start_utc, late));
	r->start_ns = start_utc > utc ? now + (start_utc - utc) : now;
	for (;;) {
		const uint64_t until = now - SLACK_NS;
		uint64_t left;

		ret = pump_until(&r->pump, until < r->start_ns ? until : r->start_ns, err);
		if (ret || r->pump.reached_ns >= r->start_ns)
			return ret;
		left = until < r->start_ns ? r->start_ns - until : SLACK_NS;
		/* a signal this late gets a trace, if one without length */
		if (nap(left < DRAIN_NS ? left : DRAIN_NS, NULL) && r->start_ns > now)
			r->start_ns = now;
		now = host_now();
	}
}

struct writer_call {
	struct recording *r;
	struct err *err;
	int ret;
};

static void new_writer(void *arg)
{
	struct writer_call *c = arg;
	const struct trace_writer_options opt = {.level = c->r->opt->level, .background = true};

	c->ret = trace_writer_new(&c->r->writer, c->r->file.fd, &opt, &c->r->meta, c->err);
}

/* Compression is no reason to hold privileges: its thread is born without any. */
static int begin_trace(struct recording *r, struct err *err)
{
	struct writer_call call = {.r = r, .err = err};
	uid_t uid;
	gid_t gid;
	int ret;

	trace_file_sudo_owner(&uid, &gid);
	ret = fill_meta(r, err);
	if (!ret)
		ret = trace_file_open(&r->file, r->opt->output, uid, gid, err);
	if (ret)
		return ret;
	r->meta.start_ns = r->start_ns;
	r->meta.start_utc_ns = host_utc(r->start_ns);
	ret = privilege_run_without(new_writer, &call, err);
	if (!ret)
		ret = call.ret;
	if (ret) {
		recording_blame_output(r, "cannot begin ", err);
		return ret;
	}
	r->pump.writer = r->writer;
	r->pump.limit.max_bytes = r->opt->max_bytes;
	ret = recording_checkpoint(r, r->start_ns, err);
	/* a full disk is found out here, and nothing is left behind */
	if (!ret)
		ret = trace_writer_sync(r->writer, r->start_ns, err);
	if (ret)
		recording_blame_output(r, "cannot begin ", err);
	return ret;
}

static int prepare(struct recording *r, uint64_t *start_utc, int *exit_code, struct err *err)
{
	const struct recorder_options *opt = r->opt;
	int ret;

	*start_utc = schedule_resolve(&opt->start, now_utc());
	ret = trace_file_check(opt->output, err);
	if (ret)
		return ret;
	if (opt->command) {
		ret = child_find(opt->command[0], err);
		if (ret) {
			*exit_code = child_failure_code(ret);
			return ret;
		}
	}
	limit_keep_standard_files();
	ret = signals_install(err);
	/*
	 * Before anything is opened, raised or dropped, also for the trial that comes before a wait:
	 * the command gets none of it.
	 */
	if (!ret && opt->command)
		ret = child_fork(&r->child, opt->command, !strcmp(opt->output, "-"),
				 signals_restore, err);
	return ret ? ret : wait_for_start(opt, *start_utc, err);
}

int recording_start(struct recording *r, int *exit_code, struct err *err)
{
	struct cost cost;
	uint64_t start_utc;
	int ret = prepare(r, &start_utc, exit_code, err);

	if (ret)
		return ret;
	ret = cost_set_nice(r->opt->nice);
	if (ret && (r->opt->nice_asked || r->opt->verbose) && !r->opt->quiet)
		show_note(
			"the recorder keeps its priority: %s (CAP_SYS_NICE is needed, or --nice 0)",
			strerror(-ret));
	ret = open_kernel(r, err);
	if (!ret)
		ret = reach_start(r, start_utc, err);
	if (!ret)
		sampler_take(&r->sampler, host_now());
	if (!ret)
		ret = begin_trace(r, err);
	if (!ret && r->child.pid) {
		ret = child_go(&r->child, r->opt->command[0], err);
		if (ret)
			*exit_code = child_failure_code(ret);
	}
	if (!ret)
		ret = trace_file_commit(&r->file, err);
	if (ret)
		return ret;
	cost_read(&cost);
	r->start_cpu_ns = cost.cpu_ns;
	recording_sample(r, true);
	return privilege_drop(kernel_takes_stacks(r->kernel, true), err);
}
