// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * pinned_send CPU tcp|udp [ROUNDS]: as pinned_switch, with sockets on the loopback device. tcp: two
 * processes on one CPU throw a byte to and fro. udp: one process sends itself datagrams of a byte,
 * 32 at a time, so that there are no switches. For each line on standard input it runs ROUNDS
 * (default 4,000) and answers with "CPU_NS SENDS"; everything that is sent is also received.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BURST 32

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		fail("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A socket on a port of its own; where that is goes to `at`. */
static int bound(int type, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type, 0);

	*at = (struct sockaddr_in){.sin_family = AF_INET};
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)at, len) ||
	    getsockname(fd, (struct sockaddr *)at, &len))
		fail("socket");
	return fd;
}

static int no_delay(int fd)
{
	int on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		fail("TCP_NODELAY");
	return fd;
}

static pid_t echo(int listener)
{
	pid_t pid = fork();
	char byte;
	int fd;

	if (pid < 0)
		fail("fork");
	if (pid)
		return pid;
	fd = no_delay(accept(listener, NULL, NULL));
	while (recv(fd, &byte, 1, 0) == 1)
		if (send(fd, &byte, 1, 0) != 1)
			break;
	_exit(0);
}

static void there_and_back(int fd)
{
	char byte = 0;

	if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1)
		fail("tcp");
}

static void burst(int fd)
{
	char byte = 0;
	int i;

	for (i = 0; i < BURST; i++)
		if (send(fd, &byte, 1, 0) != 1)
			fail("send");
	for (i = 0; i < BURST; i++)
		if (recv(fd, &byte, 1, 0) != 1)
			fail("recv");
}

int main(int argc, char **argv)
{
	long rounds = argc > 3 ? atol(argv[3]) : 4000, sends, i;
	bool tcp = argc > 2 && !strcmp(argv[2], "tcp");
	struct sockaddr_in at;
	clockid_t other = CLOCK_PROCESS_CPUTIME_ID;
	cpu_set_t set;
	char line[16];
	pid_t child = 0;
	int fd;

	if (argc < 3) {
		fputs("usage: pinned_send CPU tcp|udp [ROUNDS]\n", stderr);
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	fd = bound(tcp ? SOCK_STREAM : SOCK_DGRAM, &at);
	if (sched_setaffinity(0, sizeof(set), &set) || (tcp && listen(fd, 1)))
		fail("set-up");
	if (tcp) {
		child = echo(fd);
		fd = no_delay(socket(AF_INET, SOCK_STREAM, 0));
		if (clock_getcpuclockid(child, &other))
			fail("clock_getcpuclockid");
	}
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		fail("connect");
	sends = tcp ? 2 * rounds : rounds / BURST * BURST;
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + (tcp ? cpu_ns(other) : 0);

		for (i = 0; tcp && i < rounds; i++)
			there_and_back(fd);
		for (i = 0; !tcp && i < rounds / BURST; i++)
			burst(fd);
		printf("%llu %ld\n",
		       (unsigned long long)(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) +
					    (tcp ? cpu_ns(other) : 0) - before),
		       sends);
		fflush(stdout);
	}
	close(fd);
	if (tcp)
		waitpid(child, NULL, 0);
	return 0;
}
