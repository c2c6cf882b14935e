/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* trace_helper: what the tests of format/ share: random events, traces in memory, comparing. */
#ifndef RSTAT_TESTS_TRACE_HELPER_H
#define RSTAT_TESTS_TRACE_HELPER_H

#include "format/block.h"
#include "format/reader.h"
#include "format/writer.h"

/* A growing list of events that owns its ext. */
struct event_list {
	struct event *list;
	size_t n, cap;
	void **owned;
	size_t nowned, owned_cap;
};

void list_add(struct event_list *l, const struct event *ev); /* ext copied deeply */
void list_free(struct event_list *l);

/* A deterministic generator. */
uint64_t random_next(uint64_t *seed);

/*
 * n events of ncpus CPUs (and CPU_NONE), times rising by small and large steps, per CPU mostly
 * plausible switches and wake-ups, now and then anything at all with extreme values.
 */
void random_events(struct event_list *l, uint64_t seed, size_t n, uint16_t ncpus);

/* Everything about two events is the same, ext included. */
bool event_equal(const struct event *a, const struct event *b);
void assert_event_equal(const struct event *a, const struct event *b, size_t index);

/* A meta of ncpus CPUs that starts at start_ns; free with meta_free(). */
void simple_meta(struct meta *meta, uint16_t ncpus, uint64_t start_ns);

/*
 * Writes a trace of these events to a new memfd: META, a checkpoint at start_ns, the events with a
 * flush every `flush_every` and a checkpoint every `checkpoint_every` events (0: none), the end.
 */
extern uint64_t horizon_lag_ns; /* by how much flushes stay behind what was given; 0 */
int write_trace(const struct event_list *l, const struct trace_writer_options *opt, uint16_t ncpus,
		uint64_t start_ns, size_t flush_every, size_t checkpoint_every);

/* A memfd with these bytes, and its path to open again. */
int memory_file(const void *data, size_t bytes);
const char *fd_path(int fd);
void *slurp(int fd, size_t *bytes);

/* The blocks of an intact trace, in order; free() it. */
struct trace_block {
	size_t offset, end;
	struct block_header h;
};
struct trace_block *find_blocks(const uint8_t *data, size_t bytes, size_t *n);

/* Opens and reads all events; must succeed. checkpoints are left out of the list, counted. */
void read_trace(const char *path, struct event_list *l, size_t *checkpoints, struct trace **keep);

/* The same through a pipe. */
void read_piped(const void *data, size_t bytes, struct event_list *l, struct trace **keep);

#endif
