// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * long_trace IN BYTES OUT: the events of a recording over and over, each time later, until the trace
 * has so many bytes. For what reading a part of a very long trace takes. IN must hold the
 * scheduler's events only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/reader.h"
#include "format/writer.h"

#define FLUSH_EVERY 4096

static int check(int ret, const struct err *err)
{
	if (ret < 0) {
		fprintf(stderr, "long_trace: %s\n", err->msg);
		exit(1);
	}
	return ret;
}

static void write_checkpoint(struct trace_writer *w, const struct event *ev, uint64_t later)
{
	struct checkpoint ck = *(const struct checkpoint *)ev->ext;
	struct task_snapshot *tasks = calloc(ck.ntasks + 1, sizeof(*tasks));
	struct cpu_snapshot *cpus = calloc(ck.ncpus + 1, sizeof(*cpus));
	struct err err;

	if (!tasks || !cpus)
		exit(1);
	for (uint32_t i = 0; i < ck.ntasks; i++) {
		tasks[i] = ck.tasks[i];
		tasks[i].since_ns += later;
	}
	for (uint32_t i = 0; i < ck.ncpus; i++) {
		cpus[i] = ck.cpus[i];
		cpus[i].since_ns += later;
	}
	ck.ts += later;
	ck.tasks = tasks;
	ck.cpus = cpus;
	check(trace_write_checkpoint(w, &ck, &err), &err);
	free(tasks);
	free(cpus);
}

static void copy_once(struct trace_writer *w, const char *path, uint64_t later)
{
	const struct event *events;
	struct source *src;
	struct trace *t;
	struct err err;
	uint32_t n = 0;
	int k;

	check(trace_open(&t, path, &err), &err);
	check(trace_source(t, 0, UINT64_MAX, &src, &err), &err);
	while ((k = check(src->next(src, &events, &err), &err)) > 0) {
		for (int i = 0; i < k; i++) {
			struct event ev = events[i];

			if (ev.kind == EV_CHECKPOINT) {
				write_checkpoint(w, &ev, later);
				continue;
			}
			ev.ts += later;
			check(trace_write_event(w, &ev, &err), &err);
			if (++n % FLUSH_EVERY == 0)
				check(trace_writer_flush(w, ev.ts, 500000000u, &err), &err);
		}
	}
	src->close(src);
	trace_close(t);
}

/* Starts OUT as IN has its facts. *last_ns: when IN ends; returns how long it is. */
static uint64_t begin(const char *path, struct trace_writer **w, int fd, uint64_t *last_ns)
{
	const struct trace_writer_options opt = {.level = 1, .background = true};
	uint64_t first_ns;
	struct trace *t;
	struct err err;

	check(trace_open(&t, path, &err), &err);
	trace_span(t, &first_ns, last_ns);
	check(trace_writer_new(w, fd, &opt, trace_meta(t), &err), &err);
	trace_close(t);
	return *last_ns - first_ns + 1;
}

int main(int argc, char **argv)
{
	uint64_t want, length, events, bytes, later = 0, last_ns;
	struct meta_end end = {.stopped_by = "long enough"};
	struct trace_writer *w;
	struct err err;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: long_trace IN BYTES OUT\n");
		return 2;
	}
	want = strtoull(argv[2], NULL, 10);
	fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror("long_trace");
		return 1;
	}
	length = begin(argv[1], &w, fd, &last_ns);
	do {
		copy_once(w, argv[1], later);
		trace_writer_totals(w, &events, &bytes);
		end.end_ns = last_ns + later;
		later += length;
	} while (bytes < want);
	check(trace_writer_finish(w, &end, &err), &err);
	trace_writer_free(w);
	return close(fd) ? 1 : 0;
}
