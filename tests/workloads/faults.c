// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* faults [PAGES] [SLEEPS]: touches fresh pages, sleeping a little now and then. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

int main(int argc, char **argv)
{
	long pages = arg_or(argc, argv, 1, 20000), sleeps = arg_or(argc, argv, 2, 200);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)pages * page;
	char *memory = aligned_alloc(page, bytes);

	if (!memory)
		return 1;
	check(madvise(memory, bytes, MADV_NOHUGEPAGE), "madvise");
	for (long i = 0; i < pages; i++) {
		memory[(size_t)i * page] = 1;
		if (sleeps && i % (pages / sleeps + 1) == 0)
			sleep_ns(200000);
	}
	printf("{\"pid\": %d, \"pages\": %ld}\n", getpid(), pages);
	free(memory);
	return 0;
}
