// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* rstat profile: what the recorder's own programs cost, live, as histograms. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/options.h"
#include "base/units.h"
#include "record/host.h"
#include "record/kernel.h"
#include "record/recorder.h"
#include "record/signals.h"
#include "verbs/buffer_arg.h"
#include "verbs/verbs.h"

#define BUCKETS	      32
#define DEFAULT_NS    (5 * NSEC_PER_SEC)
#define SHOW_EVERY_NS NSEC_PER_SEC
#define DRAIN_MS      20
#define BAR_WIDTH     36 /* a line is 80 columns then */

enum key { KEY_BUFFER = 1 };

static const struct option_spec options[] = {
	{KEY_BUFFER, 0, "buffer", "SIZE", "Ring buffer per CPU, 4K to 256M. Default: 4M."},
	OPTIONS_END,
};

static int set_option(void *ctx, int key, const char *arg, struct err *err)
{
	(void)key;
	return buffer_arg_parse(arg, ctx, err);
}

static const struct command command = {
	.verb = "profile",
	.synopsis = "[OPTIONS] [SECONDS]",
	.about =
		"Attaches the recorder's programs for some seconds (default 5), writes no trace, and "
		"shows how long each run of them takes.",
	.options = options,
	.set = set_option,
};

static uint64_t sum(const uint64_t buckets[BUCKETS])
{
	uint64_t n = 0;

	for (int i = 0; i < BUCKETS; i++)
		n += buckets[i];
	return n;
}

/*
 * Nearest rank, then where in its bucket [2^i, 2^(i+1)) that rank would be if they were spread
 * evenly: a power of two is coarse, and the middle of it a better guess than its edge.
 */
static uint64_t quantile(const uint64_t buckets[BUCKETS], uint64_t n, unsigned percent)
{
	uint64_t rank = (n * percent + 99) / 100, below = 0;

	if (!rank)
		rank = 1;
	for (int i = 0; i < BUCKETS; i++) {
		if (below + buckets[i] >= rank)
			return (UINT64_C(1) << i) +
			       (UINT64_C(1) << i) * (rank - below) / (buckets[i] + 1);
		below += buckets[i];
	}
	return 0;
}

static void show_bars(const uint64_t buckets[BUCKETS], uint64_t n)
{
	char from[UNITS_BUF], to[UNITS_BUF], count[UNITS_BUF];
	uint64_t most = 1;

	for (int i = 0; i < BUCKETS; i++)
		if (buckets[i] > most)
			most = buckets[i];
	for (int i = 0; i < BUCKETS; i++) {
		const int bar = (int)((buckets[i] * BAR_WIDTH + most - 1) / most);

		if (!buckets[i])
			continue;
		printf("  %8s .. %-8s %12s %5.1f%% %.*s\n", format_ns(UINT64_C(1) << i, from),
		       format_ns(UINT64_C(2) << i, to), format_count(buckets[i], count),
		       100.0 * (double)buckets[i] / (double)n, bar,
		       "####################################");
	}
}

/* The mean is the kernel's own, measured around the program; the buckets are from inside it. */
static void show_program(const struct meta_program *p, const uint64_t buckets[BUCKETS], bool bars)
{
	const uint64_t n = sum(buckets);
	char count[UNITS_BUF], mean[UNITS_BUF], p50[UNITS_BUF], p99[UNITS_BUF];

	if (!n)
		return;
	printf("%-21s %11s runs  mean %-7s p50 ~%-7s p99 ~%s\n", p->name, format_count(n, count),
	       p->runs ? format_ns(p->run_ns / p->runs, mean) : "-",
	       format_ns(quantile(buckets, n, 50), p50), format_ns(quantile(buckets, n, 99), p99));
	if (bars)
		show_bars(buckets, n);
}

/* Meanwhile, on a terminal: a line for each program, so that all fit. At the end: histograms too. */
static int show(struct kernel *k, uint64_t past_ns, bool clear, bool bars, struct err *err)
{
	const struct meta_program *programs;
	uint64_t sample_ns, buckets[BUCKETS], all_ns = 0;
	char text[UNITS_BUF];
	size_t n;
	int ret = kernel_programs(k, &programs, &n, &sample_ns, err);

	if (ret < 0)
		return ret;
	if (clear)
		fputs("\033[H\033[2J", stdout);
	for (size_t i = 0; i < n; i++) {
		ret = kernel_cost_histogram(k, i, buckets, err);
		if (ret < 0)
			return ret;
		show_program(&programs[i], buckets, bars);
		all_ns += programs[i].run_ns;
	}
	printf("%s, %s events lost, programs took %.3f %% of one CPU\n", format_ns(past_ns, text),
	       format_count(kernel_lost(k), (char[UNITS_BUF]){0}),
	       past_ns ? 100.0 * (double)all_ns / (double)past_ns : 0);
	if (!bars)
		fflush(stdout); /* the last one is flushed by who tells an error */
	return 0;
}

/* The rings are emptied all the while: a full one would make the programs look cheap. */
static int run(struct kernel *k, uint64_t length_ns, struct err *err)
{
	const bool live = isatty(STDOUT_FILENO);
	const uint64_t start = host_now();
	uint64_t shown = start, now = start;
	struct pollfd pfd = {.fd = signals_fd(), .events = POLLIN};
	int ret = 0;

	while (!ret && now - start < length_ns && poll(&pfd, 1, DRAIN_MS) <= 0) {
		const struct event *events;

		do {
			ret = kernel_drain(k, now, &events, err);
		} while (ret > 0);
		now = host_now();
		if (!ret && live && now - shown >= SHOW_EVERY_NS) {
			ret = show(k, now - start, true, false, err);
			shown = now;
		}
	}
	return ret ? ret : show(k, now - start, live, true, err);
}

static int profile(uint64_t ring_bytes, uint64_t length_ns, struct err *err)
{
	const struct kernel_options opt = {.features = FEATURES_DEFAULT,
					   .ring_bytes = ring_bytes,
					   .args_limit = RECORDER_ARGS_LIMIT,
					   .profile = true};
	struct kernel *k;
	int ret = signals_install(err);

	if (ret)
		return ret;
	ret = kernel_open(&k, &opt, err);
	if (ret)
		return ret;
	/* without CAP_SYS_ADMIN the mean is missing, no more */
	kernel_time_programs(k, true, NULL);
	ret = run(k, length_ns, err);
	kernel_close(k);
	return ret;
}

int verb_profile(int argc, char **argv)
{
	uint64_t ring_bytes = 0, length_ns = DEFAULT_NS;
	struct err err = {0};
	int first = options_parse(&command, argc, argv, &ring_bytes, &err);
	int ret = first < 0 ? first : 0;

	if (first == OPTIONS_ANSWERED)
		return verb_flush("profile", EXIT_OK);
	if (!ret && argc - first > 1)
		ret = err_set(&err, -EINVAL, "'%.64s' is one operand too many; give the seconds",
			      argv[first + 1]);
	if (!ret && first < argc)
		ret = parse_duration(argv[first], &length_ns, &err);
	if (!ret && !length_ns)
		ret = err_set(&err, -ERANGE, "zero seconds show nothing");
	if (ret)
		return verb_fail("profile", EXIT_USAGE, &err);
	ret = profile(ring_bytes, length_ns, &err);
	if (ret)
		return verb_fail("profile", EXIT_RECORD, &err);
	return verb_flush("profile", EXIT_OK);
}
