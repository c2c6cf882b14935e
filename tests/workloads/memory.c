// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * memory [MB] [MS]: after a while touches so many MB of memory, holds them for so many ms and gives
 * them back, for a while. Prints the kernel's own high-water mark at the end, and when (UTC) it had all
 * of the memory, when it began to give it back, and when it had none of it any more.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define MS   UINT64_C(1000000)
#define PAGE 4096
#define STEP 20 /* ms: memory is told of when a thread switches away */

static void hold(long ms)
{
	for (; ms > 0; ms -= STEP)
		sleep_ns(STEP * MS);
}

static uint64_t utc_ns(void)
{
	struct timespec ts;

	check(clock_gettime(CLOCK_REALTIME, &ts), "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t peak_kb(void)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t len;
	char *at;

	check(fd < 0, "/proc/self/status");
	len = read(fd, text, sizeof(text) - 1);
	check(len <= 0, "/proc/self/status");
	text[len] = '\0';
	close(fd);
	at = strstr(text, "VmHWM:");
	check(!at, "VmHWM");
	return strtoull(at + strlen("VmHWM:"), NULL, 10);
}

int main(int argc, char **argv)
{
	size_t bytes = (size_t)arg_or(argc, argv, 1, 64) << 20;
	long ms = arg_or(argc, argv, 2, 300);
	uint64_t full_ns, free_ns, none_ns;
	char *p;

	hold(ms / 2);
	p = aligned_alloc(PAGE, bytes);
	check(!p, "aligned_alloc");
	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)p)[i] = 1;
	full_ns = utc_ns();
	hold(ms);
	free_ns = utc_ns();
	free(p); /* so much goes back to the kernel at once */
	none_ns = utc_ns();
	hold(ms / 2);
	printf("{\"pid\": %d, \"peak_kb\": %" PRIu64 ", \"full_utc_ns\": %" PRIu64
	       ", \"free_utc_ns\": %" PRIu64 ", \"none_utc_ns\": %" PRIu64 "}\n",
	       getpid(), peak_kb(), full_ns, free_ns, none_ns);
	return 0;
}
