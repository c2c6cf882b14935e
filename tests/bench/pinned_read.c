// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pinned_read CPU FILE cpu|wall [ROUNDS]: as pinned_switch, with block requests. For each line on
 * standard input it reads ROUNDS (default 1,000) times 4 KiB past the page cache from places all
 * over FILE, which is to be some MiB long, and answers with "NS READS": its CPU time, or, since much
 * of a request is done in interrupts, the time it took.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		fail("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long rounds = argc > 4 ? atol(argv[4]) : 1000;
	clockid_t clock = CLOCK_MONOTONIC;
	uint64_t place = 1;
	struct stat st;
	cpu_set_t set;
	void *buffer;
	char line[16];
	int fd;

	if (argc < 4) {
		fputs("usage: pinned_read CPU FILE cpu|wall [ROUNDS]\n", stderr);
		return 2;
	}
	if (!strcmp(argv[3], "cpu"))
		clock = CLOCK_PROCESS_CPUTIME_ID;
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	fd = open(argv[2], O_RDONLY | O_DIRECT);
	if (fd < 0 || fstat(fd, &st) || st.st_size < BLOCK)
		fail(argv[2]);
	if (sched_setaffinity(0, sizeof(set), &set) || posix_memalign(&buffer, BLOCK, BLOCK))
		fail("set-up");
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t before = now_ns(clock);

		for (long i = 0; i < rounds; i++) {
			place = place * 6364136223846793005u + 1442695040888963407u;
			if (pread(fd, buffer, BLOCK,
				  (off_t)((place >> 33) % ((uint64_t)st.st_size / BLOCK) *
					  BLOCK)) != BLOCK)
				fail("pread");
		}
		printf("%llu %ld\n", (unsigned long long)(now_ns(clock) - before), rounds);
		fflush(stdout);
	}
	free(buffer);
	close(fd);
	return 0;
}
