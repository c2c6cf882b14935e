// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Traces that were cut, flipped, or put together wrongly: what is whole is delivered unchanged, what
 * is not becomes a gap that covers it, and is said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "format/block.h"
#include "format/fields.h"
#include "format/varint.h"
#include "tests/unit/trace_helper.h"

#define START 1000000000u
#define NCPUS 3

struct fixture {
	struct event_list in; /* in order of time */
	uint8_t *data;
	size_t bytes;
	struct trace_block *blocks;
	size_t nblocks;
};

static void fixture_make(struct fixture *f, size_t events, size_t flush, size_t checkpoint)
{
	struct trace_writer_options opt = {.level = 1, .block_events = 20};
	size_t packed = 0;
	int fd;

	memset(f, 0, sizeof(*f));
	random_events(&f->in, 7, events, NCPUS);
	for (size_t i = 0; i < f->in.n; i++)
		packed += fields_ext(f->in.list[i].kind) && fields_ext(f->in.list[i].kind)->packed;
	assert_in_range(packed, events / 10, events / 4); /* such columns are cut and flipped too */
	fd = write_trace(&f->in, &opt, NCPUS, START, flush, checkpoint);
	f->data = slurp(fd, &f->bytes);
	close(fd);
	f->blocks = find_blocks(f->data, f->bytes, &f->nblocks);
}

static void fixture_free(struct fixture *f)
{
	list_free(&f->in);
	free(f->data);
	free(f->blocks);
}

/* Whether the i-th event of its CPU sits in one of the lost blocks. */
static bool is_lost(const struct fixture *f, const bool *lost, uint16_t cpu, uint64_t i)
{
	for (size_t b = 0; b < f->nblocks; b++) {
		const struct block_header *h = &f->blocks[b].h;

		if (h->type == BLOCK_EVENTS && h->cpu == cpu && i >= h->cpu_events &&
		    i < h->cpu_events + h->events)
			return lost[b];
	}
	fail();
	return true;
}

static bool made_by_reader(const struct event *ev)
{
	const struct gap_info *gap = ev->ext;

	return ev->kind == EV_GAP && (gap->reason == GAP_CORRUPT || gap->reason == GAP_CUT);
}

static bool covered(const struct event_list *out, const struct event *ev)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct event *g = &out->list[i];

		if (made_by_reader(g) && g->cpu == ev->cpu && g->ts <= ev->ts &&
		    ((const struct gap_info *)g->ext)->end_ns >= ev->ts)
			return true;
	}
	return false;
}

/* Everything of whole blocks is there, in order; what is lost is covered by a gap of its CPU. */
static void check_delivery(const struct fixture *f, const bool *lost, const struct event_list *out,
			   bool cover)
{
	size_t at[NCPUS + 1] = {0};
	uint64_t index[NCPUS + 1] = {0};

	for (size_t i = 0; i < f->in.n; i++) {
		const struct event *want = &f->in.list[i];
		size_t c = want->cpu == CPU_NONE ? NCPUS : want->cpu;

		if (is_lost(f, lost, want->cpu, index[c]++)) {
			if (cover && want->cpu != CPU_NONE)
				assert_true(covered(out, want));
			continue;
		}
		while (at[c] < out->n &&
		       (out->list[at[c]].cpu != want->cpu || made_by_reader(&out->list[at[c]])))
			at[c]++;
		assert_true(at[c] < out->n);
		assert_event_equal(&out->list[at[c]], want, i);
		at[c]++;
	}
	for (size_t c = 0; c <= NCPUS; c++)
		for (; at[c] < out->n; at[c]++)
			assert_true(out->list[at[c]].cpu != (c == NCPUS ? CPU_NONE : c) ||
				    made_by_reader(&out->list[at[c]]));
}

/* A gap claims that nothing was lost outside of it; it must not swallow what was delivered. */
static void check_gaps_are_narrow(const struct event_list *out)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct event *g = &out->list[i];

		if (!made_by_reader(g))
			continue;
		for (size_t k = 0; k < out->n; k++) {
			const struct event *ev = &out->list[k];

			if (ev->cpu != g->cpu || made_by_reader(ev))
				continue;
			assert_true(ev->ts <= g->ts ||
				    ev->ts >= ((const struct gap_info *)g->ext)->end_ns);
		}
	}
}

static size_t count_gaps(const struct event_list *out, uint8_t reason)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		n += made_by_reader(&out->list[i]) &&
		     ((const struct gap_info *)out->list[i].ext)->reason == reason;
	return n;
}

static void check_time_order(const struct event_list *out)
{
	for (size_t i = 1; i < out->n; i++)
		assert_true(out->list[i].ts >= out->list[i - 1].ts);
}

/* Reads data as a file, and as a pipe; both must deliver and say the same. */
static void read_both(const uint8_t *data, size_t bytes, struct event_list *out, bool *complete)
{
	struct event_list piped = {0};
	int fd = memory_file(data, bytes);
	struct trace *t;

	read_trace(fd_path(fd), out, NULL, &t);
	*complete = trace_complete(t);
	trace_close(t);
	close(fd);
	read_piped(data, bytes, &piped, &t);
	assert_int_equal(trace_complete(t), *complete);
	trace_close(t);
	assert_int_equal(piped.n, out->n);
	for (size_t i = 0; i < out->n; i++)
		assert_event_equal(&piped.list[i], &out->list[i], i);
	list_free(&piped);
}

/* As a file, and every so often as both. */
static void read_some(const uint8_t *data, size_t bytes, struct event_list *out, bool *complete)
{
	static unsigned int turn;
	struct trace *t;
	int fd;

	if (turn++ % 7 == 0) {
		read_both(data, bytes, out, complete);
		return;
	}
	fd = memory_file(data, bytes);
	read_trace(fd_path(fd), out, NULL, &t);
	*complete = trace_complete(t);
	trace_close(t);
	close(fd);
}

static void cut_everywhere(void **state)
{
	struct fixture f;
	bool *lost;
	size_t final_sync;

	(void)state;
	fixture_make(&f, 160, 50, 80);
	lost = calloc(f.nblocks, sizeof(*lost));
	assert_non_null(lost);
	assert_int_equal(f.blocks[2].h.type, BLOCK_CHECKPOINT);
	for (final_sync = f.nblocks; f.blocks[final_sync - 1].h.type != BLOCK_SYNC;)
		final_sync--;
	final_sync--;
	/* with fewer bytes not one block header is there */
	for (size_t bytes = 0; bytes < FILE_HEADER_BYTES; bytes++) {
		int fd = memory_file(f.data, bytes);
		struct trace *t;
		struct err err;

		assert_int_equal(trace_open(&t, fd_path(fd), &err), -EINVAL);
		close(fd);
	}
	for (size_t bytes = FILE_HEADER_BYTES; bytes < f.bytes; bytes++) {
		struct event_list out = {0};
		bool complete;

		for (size_t b = 0; b < f.nblocks; b++)
			lost[b] = f.blocks[b].end > bytes;
		read_some(f.data, bytes, &out, &complete);
		assert_false(complete);
		/* nobody can know of what never was there: not all that is lost is in a gap */
		check_delivery(&f, lost, &out, false);
		check_gaps_are_narrow(&out);
		check_time_order(&out);
		if (bytes < f.blocks[0].end)
			assert_int_equal(count_gaps(&out, GAP_CUT), 0); /* no CPU is known */
		else if (bytes < f.blocks[final_sync].offset + BLOCK_HEADER_BYTES)
			assert_in_range(count_gaps(&out, GAP_CUT), NCPUS, NCPUS + 1);
		else
			assert_int_equal(count_gaps(&out, GAP_CUT), 0);
		if (bytes >= f.blocks[2].end) /* the first checkpoint */
			assert_int_equal(count_gaps(&out, GAP_CORRUPT), 0);
		list_free(&out);
	}
	free(lost);
	fixture_free(&f);
}

static void flip(struct fixture *f, bool *lost, size_t byte, uint8_t mask)
{
	struct event_list out = {0};
	bool complete;

	for (size_t b = 0; b < f->nblocks; b++)
		lost[b] = byte >= f->blocks[b].offset && byte < f->blocks[b].end;
	f->data[byte] ^= mask;
	read_some(f->data, f->bytes, &out, &complete);
	f->data[byte] ^= mask;
	if (complete)
		print_error("a flip of %#x at byte %zu was not seen\n", mask, byte);
	assert_false(complete);
	check_delivery(f, lost, &out, true);
	check_gaps_are_narrow(&out);
	check_time_order(&out);
	assert_int_equal(count_gaps(&out, GAP_CUT), 0);
	list_free(&out);
}

static void flip_everywhere(void **state)
{
	struct fixture f;
	bool *lost;

	(void)state;
	fixture_make(&f, 160, 50, 80);
	lost = calloc(f.nblocks, sizeof(*lost));
	assert_non_null(lost);
	for (size_t byte = 0; byte < f.bytes; byte++)
		flip(&f, lost, byte, (uint8_t)(1 << byte % 8));
	free(lost);
	fixture_free(&f);
}

static void flip_every_bit(void **state)
{
	struct fixture f;
	bool *lost;

	(void)state;
	fixture_make(&f, 24, 12, 0);
	lost = calloc(f.nblocks, sizeof(*lost));
	assert_non_null(lost);
	for (size_t byte = 0; byte < f.bytes; byte++)
		for (unsigned int bit = 0; bit < 8; bit++)
			flip(&f, lost, byte, (uint8_t)(1 << bit));
	free(lost);
	fixture_free(&f);
}

/* Any set of blocks taken out whole: sequence numbers and SYNC blocks tell. */
static void blocks_removed(void **state)
{
	struct fixture f;
	uint64_t seed = 3;
	bool *lost;
	uint8_t *copy;

	(void)state;
	fixture_make(&f, 600, 90, 150);
	lost = calloc(f.nblocks, sizeof(*lost));
	copy = malloc(f.bytes);
	assert_non_null(lost);
	assert_non_null(copy);
	for (int round = 0; round < 200; round++) {
		struct event_list out = {0};
		size_t bytes = f.blocks[0].end;
		bool complete;

		memcpy(copy, f.data, bytes);
		for (size_t b = 1; b < f.nblocks; b++) {
			size_t len = f.blocks[b].end - f.blocks[b].offset;

			lost[b] = f.blocks[b].h.type == BLOCK_EVENTS && random_next(&seed) % 4 == 0;
			if (lost[b])
				continue;
			memcpy(copy + bytes, f.data + f.blocks[b].offset, len);
			bytes += len;
		}
		read_both(copy, bytes, &out, &complete);
		check_delivery(&f, lost, &out, true);
		check_time_order(&out);
		list_free(&out);
	}
	free(copy);
	free(lost);
	fixture_free(&f);
}

/* The exact count of what is missing is known from the blocks around it. */
static void counts_of_the_missing(void **state)
{
	const struct trace_damage *damages;
	struct event_list out = {0};
	struct fixture f;
	size_t b = 0, n, found = 0;
	struct trace *t;
	int fd;

	(void)state;
	fixture_make(&f, 300, 90, 0);
	while (f.blocks[b].h.type != BLOCK_EVENTS || f.blocks[b].h.cpu != 1 ||
	       !f.blocks[b].h.cpu_seq)
		b++;
	f.data[f.blocks[b].offset + 10] ^= 1; /* its header */
	fd = memory_file(f.data, f.bytes);
	read_trace(fd_path(fd), &out, NULL, &t);
	for (size_t i = 0; i < out.n; i++) {
		const struct gap_info *gap = out.list[i].ext;

		if (!made_by_reader(&out.list[i]))
			continue;
		found++;
		assert_int_equal(out.list[i].cpu, 1);
		assert_in_range(gap->count, f.blocks[b].h.events, UINT64_MAX);
		assert_in_range(f.blocks[b].h.first_ns, out.list[i].ts, gap->end_ns);
		assert_in_range(f.blocks[b].h.last_ns, out.list[i].ts, gap->end_ns);
	}
	assert_int_equal(found, 1);
	n = trace_damages(t, &damages);
	found = 0;
	for (size_t i = 0; i < n; i++)
		if (damages[i].cpu == 1) {
			found++;
			assert_in_range(damages[i].events, f.blocks[b].h.events, UINT64_MAX);
			assert_int_equal(damages[i].offset, f.blocks[b].offset);
		}
	assert_int_equal(found, 1);
	trace_close(t);
	close(fd);
	list_free(&out);
	fixture_free(&f);
}

/* A CPU that was idle until the block that is lost: known until the horizon, not its last event. */
static void gap_begins_at_horizon(void **state)
{
	struct trace_writer_options opt = {.level = 1};
	struct meta_end end = {.end_ns = START + 9000};
	struct checkpoint ck = {.ts = START};
	struct event_list out = {0};
	struct trace_block *blocks;
	struct trace_writer *w;
	const struct gap_info *gap;
	struct meta meta;
	struct err err;
	size_t bytes, n, found = 0;
	uint8_t *data;
	int fd = memory_file(NULL, 0);

	(void)state;
	simple_meta(&meta, 2, START);
	assert_int_equal(trace_writer_new(&w, fd, &opt, &meta, &err), 0);
	assert_int_equal(trace_write_checkpoint(w, &ck, &err), 0);
	for (uint64_t t = 100; t <= 5000; t += 100) {
		struct event ev = {.ts = START + t, .kind = EV_FREE, .tid = 9};

		ev.cpu = t == 100 || t == 4100;
		assert_int_equal(trace_write_event(w, &ev, &err), 0);
		if (t % 1000 == 0)
			assert_int_equal(trace_writer_flush(w, START + t + 1, 0, &err), 0);
	}
	assert_int_equal(trace_writer_finish(w, &end, &err), 0);
	trace_writer_free(w);
	meta_free(&meta);
	data = slurp(fd, &bytes);
	close(fd);
	blocks = find_blocks(data, bytes, &n);
	for (size_t i = 0; i < n; i++)
		if (blocks[i].h.type == BLOCK_EVENTS && blocks[i].h.cpu == 1 && blocks[i].h.cpu_seq)
			data[blocks[i].offset + 20] ^= 1;
	fd = memory_file(data, bytes);
	read_trace(fd_path(fd), &out, NULL, NULL);
	for (size_t i = 0; i < out.n; i++)
		if (made_by_reader(&out.list[i])) {
			gap = out.list[i].ext;
			found++;
			assert_int_equal(out.list[i].cpu, 1);
			assert_int_equal(out.list[i].ts, START + 4001);
			assert_int_equal(gap->end_ns, START + 5000);
			assert_int_equal(gap->count, 1);
		}
	assert_int_equal(found, 1);
	close(fd);
	free(blocks);
	free(data);
	list_free(&out);
}

/* One block of any type taken out: never silent, and only events of that block are lost. */
static void each_block_removed(void **state)
{
	struct fixture f;
	bool *lost, complete;
	uint8_t *copy;

	(void)state;
	fixture_make(&f, 160, 50, 80);
	lost = calloc(f.nblocks, sizeof(*lost));
	copy = malloc(f.bytes);
	assert_non_null(lost);
	assert_non_null(copy);
	for (size_t b = 0; b < f.nblocks; b++) {
		struct event_list out = {0};
		size_t len = f.blocks[b].end - f.blocks[b].offset;

		memcpy(copy, f.data, f.blocks[b].offset);
		memcpy(copy + f.blocks[b].offset, f.data + f.blocks[b].end,
		       f.bytes - f.blocks[b].end);
		lost[b] = true;
		read_both(copy, f.bytes - len, &out, &complete);
		assert_false(complete);
		check_delivery(&f, lost, &out, true);
		check_gaps_are_narrow(&out);
		check_time_order(&out);
		list_free(&out);
		lost[b] = false;
	}
	free(copy);
	free(lost);
	fixture_free(&f);
}

/* One block of any type there twice, right behind itself or at the end. */
static void each_block_repeated(void **state)
{
	struct fixture f;
	bool *lost, complete;
	uint8_t *copy;

	(void)state;
	fixture_make(&f, 160, 50, 80);
	lost = calloc(f.nblocks, sizeof(*lost));
	copy = malloc(2 * f.bytes);
	assert_non_null(lost);
	assert_non_null(copy);
	for (size_t b = 0; b < 2 * f.nblocks; b++) {
		const struct trace_block *block = &f.blocks[b / 2];
		size_t len = block->end - block->offset;
		size_t at = b % 2 ? block->end : f.blocks[f.nblocks - 1].offset;
		struct event_list out = {0}, again = {0};
		size_t checkpoints;
		int fd;

		memcpy(copy, f.data, at);
		memcpy(copy + at, f.data + block->offset, len);
		memcpy(copy + at + len, f.data + at, f.bytes - at);
		fd = memory_file(copy, f.bytes + len);
		read_trace(fd_path(fd), &again, &checkpoints, NULL);
		assert_int_equal(checkpoints, 2);
		list_free(&again);
		close(fd);
		read_both(copy, f.bytes + len, &out, &complete);
		assert_false(complete);
		check_delivery(&f, lost, &out, true);
		check_time_order(&out);
		list_free(&out);
	}
	free(copy);
	free(lost);
	fixture_free(&f);
}

/* The same trace twice: the second is told of, and not read. */
static void two_in_a_row(void **state)
{
	struct event_list out = {0};
	struct fixture f;
	bool *lost, complete;
	uint8_t *copy;

	(void)state;
	fixture_make(&f, 160, 50, 80);
	lost = calloc(f.nblocks, sizeof(*lost));
	copy = malloc(2 * f.bytes);
	assert_non_null(lost);
	assert_non_null(copy);
	memcpy(copy, f.data, f.bytes);
	memcpy(copy + f.bytes, f.data, f.bytes);
	read_both(copy, 2 * f.bytes, &out, &complete);
	assert_false(complete);
	check_delivery(&f, lost, &out, true);
	assert_int_equal(count_gaps(&out, GAP_CUT) + count_gaps(&out, GAP_CORRUPT), 0);
	list_free(&out);
	free(copy);
	free(lost);
	fixture_free(&f);
}

/* It is read when the trace is opened and passed when events are: told of once. */
static void damaged_meta(void **state)
{
	const struct trace_damage *list;
	struct event_list out = {0};
	struct fixture f;
	struct trace *t;
	int fd;

	(void)state;
	fixture_make(&f, 100, 50, 0);
	assert_int_equal(f.blocks[0].h.type, BLOCK_META);
	f.data[f.blocks[0].end - 1] ^= 1;
	fd = memory_file(f.data, f.bytes);
	read_trace(fd_path(fd), &out, NULL, &t);
	assert_int_equal(trace_damages(t, &list), 1);
	assert_non_null(strstr(list[0].what, "META"));
	assert_int_equal(out.n, f.in.n);
	trace_close(t);
	list_free(&out);
	close(fd);
	fixture_free(&f);
}

static void garbage_around(void **state)
{
	struct fixture f;
	bool *lost, complete;
	uint8_t *copy;

	(void)state;
	fixture_make(&f, 200, 50, 0);
	lost = calloc(f.nblocks, sizeof(*lost));
	copy = calloc(1, f.bytes + 5000);
	assert_non_null(lost);
	assert_non_null(copy);
	for (int where = 0; where < 3; where++) {
		size_t at = where == 0	 ? f.bytes
			    : where == 1 ? f.blocks[3].offset
					 : FILE_HEADER_BYTES;
		struct event_list out = {0};

		memcpy(copy, f.data, at);
		memset(copy + at, where == 1 ? 0xb1 : 'r', 5000);
		memcpy(copy + at + 5000, f.data + at, f.bytes - at);
		read_both(copy, f.bytes + 5000, &out, &complete);
		assert_false(complete);
		check_delivery(&f, lost, &out, true);
		assert_int_equal(count_gaps(&out, GAP_CUT) + count_gaps(&out, GAP_CORRUPT), 0);
		list_free(&out);
	}
	free(copy);
	free(lost);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_everywhere),	 cmocka_unit_test(flip_everywhere),
		cmocka_unit_test(flip_every_bit),	 cmocka_unit_test(blocks_removed),
		cmocka_unit_test(counts_of_the_missing), cmocka_unit_test(gap_begins_at_horizon),
		cmocka_unit_test(damaged_meta),		 cmocka_unit_test(garbage_around),
		cmocka_unit_test(each_block_removed),	 cmocka_unit_test(two_in_a_row),
		cmocka_unit_test(each_block_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
