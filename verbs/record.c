// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* rstat record: options, then record/recorder.h does it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/options.h"
#include "base/units.h"
#include "record/features.h"
#include "record/recorder.h"
#include "verbs/buffer_arg.h"
#include "verbs/record_filters.h"
#include "verbs/verbs.h"

#define SIZE_MIN      65536
#define SAMPLE_MIN_NS (NSEC_PER_SEC / 100)
#define SAMPLE_MAX_NS (3600 * NSEC_PER_SEC)
#define LEVEL_MAX     19 /* above, zstd wants so much memory that it asks for a flag of its own */

enum key {
	KEY_OUTPUT = 1,
	KEY_DURATION,
	KEY_MAX_SIZE,
	KEY_START,
	KEY_PID,
	KEY_TID,
	KEY_COMM,
	KEY_CGROUP,
	KEY_CPU,
	KEY_ONLY,
	KEY_WITH,
	KEY_WITHOUT,
	KEY_STACKS,
	KEY_USER_STACKS,
	KEY_COUNTERS,
	KEY_SAMPLE_INTERVAL,
	KEY_BUFFER,
	KEY_NICE,
	KEY_COMPRESSION,
	KEY_QUIET,
	KEY_VERBOSE,
};

/* clang-format off: rows stay rows */
static const struct option_spec options[] = {
	{KEY_OUTPUT, 'o', "output", "FILE",
	 "Where the trace goes; '-' is standard output. Default: rstat.data. An existing trace is "
	 "kept as FILE.old; anything else is never overwritten."},
	{KEY_DURATION, 0, "duration", "TIME", "Stop after so long: 10s, 500ms, 5m."},
	{KEY_MAX_SIZE, 0, "max-size", "SIZE",
	 "Stop before the trace would get larger, at least 64K: 100M."},
	{KEY_START, 0, "start", "WHEN",
	 "Start later: +30s from now, @14:30 or @14:30:05 local time, /10s at the next multiple."},
	{0, 0, NULL, NULL, "What is recorded (default: the whole machine)"},
	{KEY_PID, 'p', "pid", "PID,...", "Only these processes and their children from now on."},
	{KEY_TID, 0, "tid", "TID,...", "Only these threads."},
	{KEY_COMM, 0, "comm", "GLOB", "Only tasks of this name; * and ? are wild cards."},
	{KEY_CGROUP, 0, "cgroup", "PATH,...", "Only tasks in these cgroups (v2) and below."},
	{KEY_CPU, 'C', "cpu", "CPUS", "Only what happens on these CPUs: 0,2-5."},
	{KEY_ONLY, 0, "only", NULL, "Only CMD and its children."},
	{KEY_WITH, 0, "with", "LIST",
	 "Record these, too, besides scheduling: irq (interrupts), stacks and counters, as the options "
	 "below. Recorded anyway: io (block devices), fs (files, memory), net (sockets), syscall (what "
	 "threads block in), samples (load, memory, temperature ...)."},
	{KEY_WITHOUT, 0, "without", "LIST", "Leave some of these out: io,fs,net,syscall,samples."},
	{KEY_STACKS, 0, "stacks", "[=WHAT]",
	 "Where threads block in the kernel: all, D (only in D) or off. Default: off; without WHAT "
	 "all."},
	{KEY_USER_STACKS, 0, "user-stacks", NULL,
	 "Also where in their programs; needs frame pointers in these. Alone it means --stacks=all."},
	{KEY_COUNTERS, 0, "counters", "LIST",
	 "What every slice counts, up to 8: cycles,instructions:u,page-faults,r00c0; names as of "
	 "perf list."},
	{KEY_SAMPLE_INTERVAL, 0, "sample-interval", "TIME",
	 "How often the machine is sampled, 10ms to 1h. Default: 1s."},
	{0, 0, NULL, NULL, "The recorder itself"},
	{KEY_BUFFER, 0, "buffer", "SIZE",
	 "Ring buffer per CPU, rounded up to a power of two. Default: 4M."},
	{KEY_NICE, 0, "nice", "N",
	 "Priority of the recorder, -20 to 19; 0 leaves it alone. Default: -20."},
	{KEY_COMPRESSION, 0, "compression", "LEVEL", "zstd level 1 to 19, 0 for none. Default: 1."},
	{KEY_QUIET, 'q', "quiet", NULL, "Print errors only."},
	{KEY_VERBOSE, 'v', "verbose", NULL, "Print every hook and how it is attached."},
	OPTIONS_END,
};
/* clang-format on */

struct record_args {
	struct recorder_options opt;
	bool stacks_given, interval_given;
	bool counters; /* those of the default, when none are named */
	struct record_filters filters;
};

static int set_positive(uint64_t *out, int parsed, const char *arg, struct err *err)
{
	if (!parsed && !*out)
		return err_set(err, -ERANGE,
			       "'%.64s' is nothing; give more than zero, or leave the "
			       "option out for no limit",
			       arg);
	return parsed;
}

static int set_max_size(struct recorder_options *opt, const char *arg, struct err *err)
{
	int ret = parse_size(arg, &opt->max_bytes, err);

	if (!ret && opt->max_bytes < SIZE_MIN)
		ret = err_set(err, -ERANGE, "'%.64s' is less than 64K, the least a trace needs",
			      arg);
	return ret;
}

static int set_sample_interval(struct recorder_options *opt, const char *arg, struct err *err)
{
	int ret = parse_duration(arg, &opt->sample_ns, err);

	if (!ret && (opt->sample_ns < SAMPLE_MIN_NS || opt->sample_ns > SAMPLE_MAX_NS))
		ret = err_set(err, -ERANGE, "'%.64s' is not between 10ms and 1h", arg);
	return ret;
}

static int set_stacks(struct recorder_options *opt, const char *arg, struct err *err)
{
	if (!arg || !strcmp(arg, "all"))
		opt->kernel.stacks = STACK_MODE_ALL;
	else if (!strcmp(arg, "D"))
		opt->kernel.stacks = STACK_MODE_D;
	else if (!strcmp(arg, "off"))
		opt->kernel.stacks = STACK_MODE_OFF;
	else
		return err_set(err, -EINVAL, "'%.64s' is not all, D or off", arg);
	return 0;
}

/* What --with counters counts; --counters says otherwise. */
#define COUNTERS_DEFAULT "cycles,instructions,page-faults"

/* One word of --with and --without. What has an option of its own is a feature too. */
static int set_feature(struct record_args *a, bool with, const char *word, struct err *err)
{
	struct kernel_options *k = &a->opt.kernel;

	if (!strcmp(word, "stacks")) {
		a->stacks_given = true;
		if (!with)
			k->stacks = STACK_MODE_OFF;
		else if (k->stacks == STACK_MODE_OFF)
			k->stacks = STACK_MODE_ALL;
		return 0;
	}
	if (strcmp(word, "counters") != 0)
		return features_set(&k->features, with, word, err);
	a->counters = with;
	if (!with)
		k->counters.n = 0;
	return 0;
}

static int set_features(struct record_args *a, bool with, const char *list, struct err *err)
{
	char word[128];
	size_t len;
	int ret;

	do {
		len = strcspn(list, ",");
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		ret = set_feature(a, with, word, err);
		list += len;
	} while (!ret && *list++);
	return ret;
}

/* `--stacks D`: the argument is optional, so this D is the command. */
static int check_command(char *const *argv, int first, struct err *err)
{
	static const char *const whats[] = {"all", "D", "off"};

	if (strcmp(argv[first - 1], "--stacks") != 0)
		return 0;
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (!strcmp(argv[first], whats[i]))
			return err_set(err, -EINVAL,
				       "--stacks: '%s' would be the command; write --stacks=%s, or "
				       "put -- in front of a command of that name",
				       whats[i], whats[i]);
	return 0;
}

/* What options say together. */
static int settle(struct record_args *a, struct err *err)
{
	struct kernel_options *k = &a->opt.kernel;

	if (k->user_stacks && !a->stacks_given)
		k->stacks = STACK_MODE_ALL;
	if (k->user_stacks && k->stacks == STACK_MODE_OFF)
		return err_set(err, -EINVAL,
			       "--user-stacks and --stacks=off contradict each other");
	if (a->interval_given && !(k->features & FEATURE_SAMPLES))
		return err_set(err, -EINVAL,
			       "--sample-interval and --without samples contradict each other");
	if (a->opt.only_command && !a->opt.command)
		return err_set(err, -EINVAL, "--only needs a command: rstat record --only -- CMD");
	if (a->counters && !k->counters.n)
		return counters_parse(&k->counters, COUNTERS_DEFAULT, err);
	return 0;
}

static int set_option(void *ctx, int key, const char *arg, struct err *err)
{
	struct record_args *a = ctx;
	struct recorder_options *opt = &a->opt;

	switch ((enum key)key) {
	case KEY_OUTPUT: opt->output = arg; return 0;
	case KEY_DURATION:
		return set_positive(&opt->duration_ns, parse_duration(arg, &opt->duration_ns, err),
				    arg, err);
	case KEY_MAX_SIZE: return set_max_size(opt, arg, err);
	case KEY_START: return schedule_parse(&opt->start, arg, err);
	case KEY_PID: return record_filters_add(&a->filters, FILTER_PID, arg, err);
	case KEY_TID: return record_filters_add(&a->filters, FILTER_TID, arg, err);
	case KEY_COMM: return record_filters_add(&a->filters, FILTER_COMM, arg, err);
	case KEY_CGROUP: return record_filters_add(&a->filters, FILTER_CGROUP, arg, err);
	case KEY_CPU: return record_filters_add(&a->filters, FILTER_CPU, arg, err);
	case KEY_ONLY:
		opt->only_command = true;
		append_quoted(a->filters.text, sizeof(a->filters.text), "--only");
		return 0;
	case KEY_WITH: return set_features(a, true, arg, err);
	case KEY_WITHOUT: return set_features(a, false, arg, err);
	case KEY_STACKS: a->stacks_given = true; return set_stacks(opt, arg, err);
	case KEY_USER_STACKS: opt->kernel.user_stacks = true; return 0;
	case KEY_COUNTERS: return counters_parse(&opt->kernel.counters, arg, err);
	case KEY_SAMPLE_INTERVAL:
		a->interval_given = true;
		return set_sample_interval(opt, arg, err);
	case KEY_BUFFER: return buffer_arg_parse(arg, &opt->kernel.ring_bytes, err);
	case KEY_NICE: opt->nice_asked = true; return parse_int(arg, -20, 19, &opt->nice, err);
	case KEY_COMPRESSION: return parse_int(arg, 0, LEVEL_MAX, &opt->level, err);
	case KEY_QUIET: opt->quiet = true; return 0;
	case KEY_VERBOSE: opt->verbose = opt->kernel.verbose = true; return 0;
	}
	return -EINVAL;
}

static const struct command command = {
	.verb = "record",
	.synopsis = "[OPTIONS] [-- CMD [ARG...]]",
	.about =
		"Records this machine, or one command on it, into a trace, until CMD ends, a limit is "
		"reached or Ctrl-C. Needs root, or CAP_BPF and CAP_PERFMON.",
	.options = options,
	.stop_at_operand = true,
	.set = set_option,
};

int verb_record(int argc, char **argv)
{
	struct record_args a = {
		.opt =
			{
				.output = "rstat.data",
				.nice = RECORDER_NICE,
				.level = RECORDER_LEVEL,
				.sample_ns = RECORDER_SAMPLE_NS,
				.kernel = {.features = FEATURES_DEFAULT,
					   .ring_bytes = 0, /* the default */
					   .args_limit = RECORDER_ARGS_LIMIT},
			},
	};
	char command_line[1024] = "rstat";
	int first, exit_code = EXIT_RECORD, ret;
	struct err err = {0};

	for (int i = 0; i < argc; i++)
		append_quoted(command_line, sizeof(command_line), argv[i]);
	first = options_parse(&command, argc, argv, &a, &err);
	ret = first < 0 ? first : 0;
	if (first > 0) {
		if (first < argc)
			a.opt.command = argv + first;
		a.opt.command_line = command_line;
		a.opt.filters = a.filters.text;
		a.opt.kernel.filter = record_filters_of(&a.filters);
		ret = settle(&a, &err);
		if (!ret && a.opt.command)
			ret = check_command(argv, first, &err);
		if (!ret)
			ret = recorder_run(&a.opt, &exit_code, &err);
	}
	record_filters_free(&a.filters);
	if (ret)
		return verb_fail("record", exit_code, &err);
	return first == OPTIONS_ANSWERED ? verb_flush("record", EXIT_OK) : exit_code;
}
