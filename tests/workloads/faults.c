// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* faults [PAGES] [SLEEPS]: touches fresh pages, sleeping a little now and then. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

int main(int argc, char **argv)
{
	long pages = arg_or(argc, argv, 1, 20000), sleeps = arg_or(argc, argv, 2, 200);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)pages * page;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	check(memory == MAP_FAILED, "mmap");
	check(madvise(memory, bytes, MADV_NOHUGEPAGE), "madvise");
	for (long i = 0; i < pages; i++) {
		memory[(size_t)i * page] = 1;
		if (sleeps && i % (pages / sleeps + 1) == 0)
			sleep_ns(200000);
	}
	printf("{\"pid\": %d, \"pages\": %ld}\n", getpid(), pages);
	return 0;
}
