// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* direct FILE [COUNT [BYTES]]: writes, then reads COUNT blocks past the page cache, one by one. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

struct moved {
	uint64_t ns, shortest_ns, longest_ns, bytes;
};

static void took(struct moved *m, uint64_t ns, ssize_t bytes)
{
	m->ns += ns;
	m->bytes += (uint64_t)bytes;
	if (!m->shortest_ns || ns < m->shortest_ns)
		m->shortest_ns = ns;
	if (ns > m->longest_ns)
		m->longest_ns = ns;
}

static struct moved move(int fd, char *block, size_t bytes, long count, int writes)
{
	struct moved m = {0};

	for (long i = 0; i < count; i++) {
		off_t at = (off_t)bytes * i;
		uint64_t begin = now_ns();
		ssize_t n = writes ? pwrite(fd, block, bytes, at) : pread(fd, block, bytes, at);

		check(n != (ssize_t)bytes, writes ? "pwrite" : "pread");
		took(&m, now_ns() - begin, n);
	}
	return m;
}

static void print(const char *name, const struct moved *m)
{
	printf("\"%s\": {\"bytes\": %" PRIu64 ", \"ns\": %" PRIu64 ", \"shortest_ns\": %" PRIu64
	       ", \"longest_ns\": %" PRIu64 "}, ",
	       name, m->bytes, m->ns, m->shortest_ns, m->longest_ns);
}

int main(int argc, char **argv)
{
	long count = arg_or(argc, argv, 2, 40);
	size_t bytes = (size_t)arg_or(argc, argv, 3, 16384);
	struct moved wrote, read;
	char *block = NULL;
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: direct FILE [COUNT [BYTES]]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_DIRECT);
	check(fd < 0, argv[1]);
	check(posix_memalign((void **)&block, 4096, bytes), "posix_memalign");
	memset(block, 'x', bytes);
	wrote = move(fd, block, bytes, count, 1);
	read = move(fd, block, bytes, count, 0);
	close(fd);
	free(block);
	printf("{");
	print("write", &wrote);
	print("read", &read);
	printf("\"pid\": %d, \"count\": %ld}\n", getpid(), count);
	return 0;
}
