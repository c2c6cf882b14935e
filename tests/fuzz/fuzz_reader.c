// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * fuzz_reader: any bytes as a trace. Each input is read as it is, and once more with its checksums
 * put right, as otherwise hardly anything behind them would ever be reached. Reads all events, then
 * a window, and touches everything that an event points to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "format/block.h"
#include "format/checkpoint.h"
#include "format/reader.h"
#include "format/varint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void touch_text(const char *text)
{
	sink += strlen(text);
}

static void touch_task(const struct task_snapshot *t)
{
	sink += t->info.tid + strnlen(t->info.comm, TASK_COMM_LEN + 1);
	if (t->info.comm[TASK_COMM_LEN - 1])
		abort(); /* readers promise a NUL */
}

static void touch_exec(const struct exec_info *x)
{
	touch_text(x->filename);
	if (x->args_len && x->args[x->args_len - 1])
		abort();
}

static void touch_frames(const struct frames_info *f)
{
	touch_text(f->frames);
	if (f->frames_len && f->frames[f->frames_len - 1])
		abort();
}

static void touch_checkpoint(const struct checkpoint *ck)
{
	for (uint32_t i = 0; i < ck->ntasks; i++)
		touch_task(&ck->tasks[i]);
	for (uint32_t i = 0; i < ck->ncpus; i++)
		sink += ck->cpus[i].tid;
	for (uint32_t i = 0; i < ck->nnames; i++)
		touch_text(ck->names[i].name);
	for (uint32_t i = 0; i < ck->nrequests; i++)
		sink += ck->requests[i].io.request + ck->requests[i].done_bytes;
	for (uint32_t i = 0; i < ck->nsockets; i++)
		sink += ck->sockets[i].info.remote[15] + ck->sockets[i].used_ns;
	for (uint32_t i = 0; i < ck->nmetrics; i++)
		sink += ck->metrics[i].metric + ck->metrics[i].value + ck->metrics[i].ts;
	for (uint32_t i = 0; i < ck->naccounts; i++)
		sink += ck->accounts[i].acct.rss_peak_bytes + ck->accounts[i].ts;
}

static void touch_event(const struct event *ev)
{
	if (!event_kind_name(ev->kind))
		abort(); /* what is not known is not delivered */
	switch (ev->kind) {
	case EV_FORK: sink += ((const struct task_info *)ev->ext)->tid; break;
	case EV_EXEC: touch_exec(ev->ext); break;
	case EV_RENAME: touch_text(((const struct rename_info *)ev->ext)->comm); break;
	case EV_CGROUP: sink += ((const struct cgroup_info *)ev->ext)->cgroup_id; break;
	case EV_TASK: touch_task(ev->ext); break;
	case EV_GAP: sink += ((const struct gap_info *)ev->ext)->count; break;
	case EV_NAME: touch_text(((const struct name_info *)ev->ext)->name); break;
	case EV_CHECKPOINT: touch_checkpoint(ev->ext); break;
	case EV_IO_START:
	case EV_IO_ISSUE:
	case EV_IO_DONE:
	case EV_IO_REQUEUE:
	case EV_IO_MERGE: sink += ((const struct io_info *)ev->ext)->cgroup_id; break;
	case EV_ACCT: sink += ((const struct acct_info *)ev->ext)->rss_peak_bytes; break;
	case EV_SOCKET: sink += ((const struct socket_info *)ev->ext)->remote[15]; break;
	case EV_NET: sink += ((const struct net_info *)ev->ext)->first_ns; break;
	case EV_SOCKET_STATE:
	case EV_RETRANSMIT:
	case EV_RESET: sink += ((const struct socket_ref *)ev->ext)->socket; break;
	case EV_FRAMES: touch_frames(ev->ext); break;
	case EV_COUNTERS:
		sink += ((const struct counters_info *)ev->ext)->value[COUNTERS_MAX - 1];
		break;
	case EV_IRQ: sink += ((const struct irq_info *)ev->ext)->start_ns; break;
	case EV_SAMPLE: sink += ((const struct sample_info *)ev->ext)->value; break;
	case EV_FREE:
		if (ev->ext)
			sink += ((const struct free_info *)ev->ext)->start_ns;
		break;
	default: /* of a new kind: say above what it points to */
		if (ev->ext)
			abort();
	}
}

static uint64_t drain(struct trace *t, uint64_t from_ns, uint64_t to_ns)
{
	const struct event *events;
	struct source *src;
	uint64_t middle = 0;
	struct err err;
	int n;

	if (trace_source(t, from_ns, to_ns, &src, &err))
		return 0;
	while ((n = src->next(src, &events, &err)) > 0)
		for (int i = 0; i < n; i++) {
			touch_event(&events[i]);
			middle = events[i].ts / 2 + middle / 2;
		}
	src->close(src);
	return middle;
}

static void read_trace(const char *path)
{
	const struct trace_damage *damages;
	uint64_t first, last, middle;
	struct trace *t;
	struct err err;

	if (trace_open(&t, path, &err))
		return;
	middle = drain(t, 0, UINT64_MAX);
	drain(t, middle, middle + 1000);
	trace_span(t, &first, &last);
	for (size_t i = trace_damages(t, &damages); i-- > 0;)
		touch_text(damages[i].what);
	sink += trace_meta(t)->ncpus + trace_complete(t) + (trace_end(t) ? 1 : 0) + first + last;
	trace_close(t);
}

/* Makes every checksum right that sits where one belongs. */
static void repair(uint8_t *data, size_t size)
{
	size_t at = FILE_HEADER_BYTES;

	if (size < FILE_HEADER_BYTES)
		return;
	le64_put(data + 16, XXH3_64bits(data, 16));
	while (size - at >= BLOCK_HEADER_BYTES) {
		uint8_t *h = data + at;
		size_t stored = le32_get(h + 28), left = size - at - BLOCK_HEADER_BYTES;
		uint8_t *next;

		memcpy(h, BLOCK_MAGIC, MAGIC_BYTES);
		h[9] = FORMAT_MAJOR;
		if (stored <= left)
			le64_put(h + 80, XXH3_64bits(h + BLOCK_HEADER_BYTES, stored));
		le64_put(h + 88, XXH3_64bits(h, 88));
		if (stored > left) { /* try the next one that looks like a block */
			next = memmem(h + 8, size - at - 8, BLOCK_MAGIC, MAGIC_BYTES);
			if (!next)
				return;
			at = (size_t)(next - data);
			continue;
		}
		at += BLOCK_HEADER_BYTES + stored;
	}
}

static void read_bytes(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	read_trace(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		return 0;
	read_bytes(data, size);
	memcpy(copy, data, size);
	repair(copy, size);
	read_bytes(copy, size);
	free(copy);
	return 0;
}
