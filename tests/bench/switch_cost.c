// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * switch_cost [ROUNDS]: what the program in sched_switch takes, by what is recorded besides
 * scheduling, while something else (pinned_switch) switches. Prints "FEATURES NS" lines.
 *
 * The kernel times the program; of windows of some milliseconds the fastest twentieth counts, since
 * only what disturbs makes one slower. Repeats to about 1 ns, which comparing two whole recordings
 * does not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/features.h"
#include "record/kernel.h"

#define WINDOWS	   25
#define WINDOW_US  8000
#define RUNS_MIN   1000 /* in a window that counts */
#define ROUNDS_MAX 200

static const uint32_t variants[] = {0,		FEATURE_SYSCALL, FEATURE_IO,
				    FEATURE_FS, FEATURE_NET,	 FEATURES_DEFAULT};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static double samples[VARIANTS][ROUNDS_MAX * WINDOWS];
static size_t taken[VARIANTS];

static void fail(const struct err *err)
{
	fprintf(stderr, "switch_cost: %s\n", err->msg);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Runs of the program in sched_switch, and their time, so far. */
static void look(struct kernel *k, uint64_t *runs, uint64_t *ns)
{
	const struct meta_program *programs;
	struct err err = {0};
	uint64_t sample_ns;
	size_t n;

	if (kernel_programs(k, &programs, &n, &sample_ns, &err) < 0)
		fail(&err);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(programs[i].name, "sched_switch")) {
			*runs = programs[i].runs;
			*ns = programs[i].run_ns;
		}
}

static void measure(size_t variant)
{
	const struct kernel_options opt = {.features = variants[variant], .args_limit = 1024};
	uint64_t runs = 0, ns = 0, runs_before, ns_before;
	const struct event *events;
	struct err err = {0};
	struct kernel *k;
	int ret;

	if (kernel_open(&k, &opt, &err) < 0 || kernel_time_programs(k, true, &err) < 0)
		fail(&err);
	for (int i = 0; i < WINDOWS; i++) {
		usleep(WINDOW_US);
		while ((ret = kernel_drain(k, now_ns(), &events, &err)) > 0)
			;
		if (ret < 0)
			fail(&err);
		runs_before = runs;
		ns_before = ns;
		look(k, &runs, &ns);
		if (i && runs - runs_before >= RUNS_MIN)
			samples[variant][taken[variant]++] = (double)(ns - ns_before) /
							     (double)(runs - runs_before);
	}
	kernel_close(k);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (int r = 0; r < rounds; r++)
		for (size_t v = 0; v < VARIANTS; v++)
			measure(v);
	for (size_t v = 0; v < VARIANTS; v++) {
		char text[64];

		if (!taken[v]) {
			fprintf(stderr, "switch_cost: nothing switches\n");
			return 1;
		}
		qsort(samples[v], taken[v], sizeof(double), compare);
		features_text(variants[v], text, sizeof(text));
		printf("%s %.1f\n", text, samples[v][taken[v] / 20]);
	}
	return 0;
}
