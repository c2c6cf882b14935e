// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What `check` asks of the reader beyond the events: headers that lie, and how much is damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/block.h"
#include "tests/unit/trace_helper.h"

#define START 1000000000u
#define NCPUS 3

struct fixture {
	uint8_t *data;
	size_t bytes;
	struct trace_block *blocks;
	size_t nblocks;
};

static void fixture_make(struct fixture *f, const struct event_list *in, uint32_t block_events,
			 size_t flush)
{
	const struct trace_writer_options opt = {.level = 1, .block_events = block_events};
	int fd = write_trace(in, &opt, NCPUS, START, flush, 0);

	f->data = slurp(fd, &f->bytes);
	close(fd);
	f->blocks = find_blocks(f->data, f->bytes, &f->nblocks);
}

static void fixture_free(struct fixture *f)
{
	free(f->data);
	free(f->blocks);
}

/* How many damages of CPU `cpu` there are when all is read, and whether it is told of `what`. */
static size_t checked(const struct fixture *f, bool check, uint16_t cpu, const char *what)
{
	int fd = memory_file(f->data, f->bytes);
	const struct trace_damage *list;
	const struct event *events;
	struct source *src;
	size_t n, found = 0;
	struct trace *t;
	struct err err;

	assert_int_equal(trace_open(&t, fd_path(fd), &err), 0);
	if (check)
		trace_check_headers(t);
	assert_int_equal(trace_source(t, 0, UINT64_MAX, &src, &err), 0);
	while (src->next(src, &events, &err) > 0)
		;
	src->close(src);
	n = trace_damages(t, &list);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].cpu, cpu);
		found += strstr(list[i].what, what) != NULL;
	}
	trace_close(t);
	close(fd);
	return n == found ? n : SIZE_MAX;
}

/* Whole, each with the right checksum, and what it says is not so: who checks is told. */
static void headers_that_lie(void **state)
{
	static const struct {
		size_t field;
		const char *what;
	} lies[] = {
		{offsetof(struct block_header, cpu_events), "number of events before"},
		{offsetof(struct block_header, first_ns), "other times"},
		{offsetof(struct block_header, last_ns), "other times"},
		{offsetof(struct block_header, lost), "number of lost events"},
	};
	struct event_list in = {0};
	struct fixture f;

	(void)state;
	random_events(&in, 7, 300, NCPUS);
	fixture_make(&f, &in, 20, 90);
	assert_int_equal(checked(&f, true, 0, ""), 0);
	for (size_t b = 0; b < f.nblocks; b++) {
		uint8_t *at = f.data + f.blocks[b].offset, kept[BLOCK_HEADER_BYTES];

		if (f.blocks[b].h.type != BLOCK_EVENTS)
			continue;
		memcpy(kept, at, sizeof(kept));
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
			struct block_header h = f.blocks[b].h;
			uint64_t *field = (uint64_t *)(void *)((char *)&h + lies[i].field);

			*field += lies[i].field == offsetof(struct block_header, first_ns) ? -1 : 1;
			block_header_pack(at, &h, at + BLOCK_HEADER_BYTES);
			/* the next one of that CPU then does not agree with this one */
			assert_in_range(checked(&f, true, h.cpu, lies[i].what), 1, 2);
		}
		memcpy(at, kept, sizeof(kept));
	}
	fixture_free(&f);
	list_free(&in);
}

/* More of them than anybody keeps: not listed, but counted. */
static void more_than_are_kept(void **state)
{
	const struct trace_damage *list;
	struct event_list in = {0}, out = {0};
	struct fixture f;
	struct trace *t;
	size_t n = 0;
	int fd;

	(void)state;
	for (uint64_t i = 0; i < 20000; i++)
		list_add(&in, &(struct event){.ts = START + i, .kind = EV_FREE, .tid = 9});
	fixture_make(&f, &in, 1, 0);
	for (size_t i = 0; i < f.nblocks; i++)
		if (f.blocks[i].h.type == BLOCK_EVENTS) {
			f.data[f.blocks[i].end - 1] ^= 1;
			n++;
		}
	assert_in_range(n, 17000, 20000);
	fd = memory_file(f.data, f.bytes);
	read_trace(fd_path(fd), &out, NULL, &t);
	assert_in_range(trace_damages(t, &list), 10000, 16999);
	assert_int_equal(trace_damages(t, &list) + trace_damages_more(t), n);
	trace_close(t);
	close(fd);
	list_free(&in);
	list_free(&out);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_that_lie),
		cmocka_unit_test(more_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
