// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * files FILE [KB] [MB]: a thread writes so many KB to FILE, which is there, and reads them back, then
 * the main thread appends half of that and touches so many MB of memory, of which it gives the
 * half back. Prints what the kernel has counted for each thread and for the memory, and what it
 * does after that until it ends: the bytes and calls of this output and of the look itself.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define CHUNK 4096

static const char *file;
static long kbytes;

/* One open, one read: what the account lacks is exactly this read. */
static ssize_t read_once(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	check(fd < 0, path);
	len = read(fd, to, size - 1);
	check(len <= 0, path);
	to[len] = '\0';
	close(fd);
	return len;
}

static uint64_t number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	check(!at, key);
	return strtoull(at + strlen(key), NULL, 10);
}

static int print_account(char *to, size_t size, const char *text, ssize_t len)
{
	return snprintf(to, size,
			"{\"tid\": %d, \"rchar\": %" PRIu64 ", \"wchar\": %" PRIu64
			", \"syscr\": %" PRIu64 ", \"syscw\": %" PRIu64 ", \"read_bytes\": %" PRIu64
			", \"write_bytes\": %" PRIu64 ", \"cancelled_write_bytes\": %" PRIu64 "}",
			gettid(), number(text, "rchar: ") + (uint64_t)len, number(text, "wchar: "),
			number(text, "syscr: ") + 1, number(text, "syscw: "),
			number(text, "\nread_bytes: "), number(text, "\nwrite_bytes: "),
			number(text, "cancelled_write_bytes: "));
}

static void write_some(int flags, long bytes)
{
	static const char chunk[CHUNK];
	int fd = open(file, O_WRONLY | flags);

	check(fd < 0, file);
	for (; bytes > 0; bytes -= CHUNK)
		check(write(fd, chunk, CHUNK) != CHUNK, "write");
	close(fd);
}

static void *worker(void *out)
{
	char text[1024], chunk[CHUNK];
	ssize_t len;
	int fd;

	write_some(O_TRUNC, kbytes * 1024);
	fd = open(file, O_RDONLY);
	check(fd < 0, file);
	while ((len = read(fd, chunk, sizeof(chunk))) > 0)
		;
	check(len < 0, "read");
	close(fd);
	len = read_once("/proc/thread-self/io", text, sizeof(text));
	print_account(out, 512, text, len);
	return NULL;
}

/* Half of it stays: the peak is higher than what there is at the end. */
static void touch(long mbytes)
{
	size_t half = (size_t)mbytes << 19;
	char *p = aligned_alloc(CHUNK, 2 * half);

	check(!p, "aligned_alloc");
	memset(p, 1, 2 * half);
	check(madvise(p, half, MADV_DONTNEED), "madvise");
}

int main(int argc, char **argv)
{
	static char of_worker[512], of_main[512], text[8192], out[2048];
	uint64_t rss, peak;
	pthread_t thread;
	ssize_t len;
	int n;

	check(argc < 2, "usage: files FILE [KB] [MB]");
	file = argv[1];
	kbytes = arg_or(argc, argv, 2, 1024);
	check(pthread_create(&thread, NULL, worker, of_worker) != 0, "pthread_create");
	check(pthread_join(thread, NULL) != 0, "pthread_join");
	write_some(O_APPEND, kbytes * 512);
	touch(arg_or(argc, argv, 3, 16));
	read_once("/proc/self/status", text, sizeof(text));
	peak = number(text, "VmHWM:");
	read_once("/proc/self/smaps_rollup", text, sizeof(text));
	rss = number(text, "Rss:");
	len = read_once("/proc/thread-self/io", text, sizeof(text));
	print_account(of_main, sizeof(of_main), text, len);
	n = snprintf(out, sizeof(out),
		     "{\"pid\": %d, \"rss_kb\": %" PRIu64 ", \"peak_kb\": %" PRIu64
		     ", \"tasks\": [%s, %s]}\n",
		     getpid(), rss, peak, of_worker, of_main);
	check(write(STDOUT_FILENO, out, (size_t)n) != n, "write");
	_exit(0); /* nothing more is read or written */
}
