// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * kind_bytes TRACE: what each kind of event takes on disk. The trace is written anew without it, and
 * what that saves is its share: "KIND EVENTS BYTES" lines.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/reader.h"
#include "format/writer.h"

#define KINDS	    64
#define FEW	    100 /* a share of less says nothing */
#define FLUSH_EVERY 4096
#define MAX_AGE_NS  500000000u /* as the recorder */

static int check(int ret, const struct err *err)
{
	if (ret < 0) {
		fprintf(stderr, "kind_bytes: %s\n", err->msg);
		exit(1);
	}
	return ret;
}

/* Returns how large the trace is without events of kind `left_out` (KINDS: with all). */
static uint64_t size_without(struct trace *t, unsigned left_out, uint64_t counts[KINDS])
{
	const struct trace_writer_options opt = {.level = 3, .background = true};
	struct meta_end end = {0};
	struct trace_writer *w;
	const struct event *events;
	uint64_t taken, bytes, n = 0;
	struct source *src;
	struct err err;
	int fd = memfd_create("kind_bytes", MFD_CLOEXEC), got;

	if (fd < 0) {
		perror("kind_bytes: memfd_create");
		exit(1);
	}
	check(trace_writer_new(&w, fd, &opt, trace_meta(t), &err), &err);
	check(trace_source(t, 0, UINT64_MAX, &src, &err), &err);
	while ((got = check(src->next(src, &events, &err), &err)) > 0)
		for (int i = 0; i < got; i++) {
			if (events[i].kind < KINDS && counts)
				counts[events[i].kind]++;
			if (events[i].kind != left_out)
				check(trace_write_event(w, &events[i], &err), &err);
			if (++n % FLUSH_EVERY == 0)
				check(trace_writer_flush(w, events[i].ts, MAX_AGE_NS, &err), &err);
			end.end_ns = events[i].ts;
		}
	src->close(src);
	check(trace_writer_finish(w, &end, &err), &err);
	trace_writer_totals(w, &taken, &bytes);
	trace_writer_free(w);
	close(fd);
	return bytes;
}

int main(int argc, char **argv)
{
	uint64_t counts[KINDS] = {0}, all;
	struct trace *t;
	struct err err;

	if (argc != 2) {
		fputs("usage: kind_bytes TRACE\n", stderr);
		return 2;
	}
	check(trace_open(&t, argv[1], &err), &err);
	all = size_without(t, KINDS, counts);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint64_t less;

		if (kind == EV_CHECKPOINT || counts[kind] < FEW)
			continue;
		less = size_without(t, kind, NULL);
		printf("%s %llu %llu\n", event_kind_name((enum event_kind)kind),
		       (unsigned long long)counts[kind],
		       (unsigned long long)(all > less ? all - less : 0));
	}
	trace_close(t);
	return 0;
}
