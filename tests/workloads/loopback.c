// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * loopback [TCP_KIB [UDP_COUNT]]: a thread sends through TCP, and datagrams through UDP, to another
 * one of the same process, over 127.0.0.1; then it connects to a port where nobody listens. It ends
 * when the kernel has nothing left to send again for it: a FIN can outlive who closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define CHUNK	 4096
#define DATAGRAM 100

struct side {
	pid_t tid;
	uint64_t tcp, udp; /* bytes sent or received */
};

static struct side sent, received;
static int listener, inbox;
static struct sockaddr_in tcp_at, udp_at;
static long kib, datagrams;

static int bound(int type, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type, 0);

	check(fd < 0, "socket");
	*at = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	check(bind(fd, (struct sockaddr *)at, len), "bind");
	check(getsockname(fd, (struct sockaddr *)at, &len), "getsockname");
	return fd;
}

static void *receiver(void *arg)
{
	char block[CHUNK];
	int fd = accept(listener, NULL, NULL);
	ssize_t n;

	(void)arg;
	received.tid = gettid();
	check(fd < 0, "accept");
	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		received.tcp += (uint64_t)n;
	check(n < 0, "recv");
	close(fd);
	for (long i = 0; i < datagrams; i++) {
		n = recv(inbox, block, sizeof(block), 0);
		check(n != DATAGRAM, "recv of a datagram");
		received.udp += (uint64_t)n;
	}
	return NULL;
}

static void send_stream(void)
{
	char block[CHUNK] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd < 0 || connect(fd, (struct sockaddr *)&tcp_at, sizeof(tcp_at)), "connect");
	while (sent.tcp < (uint64_t)kib * 1024) {
		ssize_t n = send(fd, block, sizeof(block), 0);

		check(n <= 0, "send");
		sent.tcp += (uint64_t)n;
	}
	close(fd);
}

static void send_datagrams(void)
{
	char block[DATAGRAM] = "";
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(fd < 0, "socket");
	for (long i = 0; i < datagrams; i++) {
		check(sendto(fd, block, sizeof(block), 0, (struct sockaddr *)&udp_at,
			     sizeof(udp_at)) != DATAGRAM,
		      "sendto");
		sent.udp += DATAGRAM;
	}
	close(fd);
}

static int refused(void)
{
	struct sockaddr_in nobody;
	int port = bound(SOCK_STREAM, &nobody), fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd < 0, "socket"); /* bound, but nobody listens there */
	check(!connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) || errno != ECONNREFUSED,
	      "a connection that is to be refused");
	close(fd);
	close(port);
	return ntohs(nobody.sin_port);
}

/* Whether a connection of the port is neither closed nor in TIME_WAIT; /proc/net/tcp has them all. */
static int unfinished(int port)
{
	static const unsigned time_wait = 6, listening = 10; /* net/tcp_states.h */
	FILE *all = fopen("/proc/net/tcp", "re");
	unsigned local, remote, state;
	char line[256];
	int found = 0;

	check(!all, "/proc/net/tcp");
	while (fgets(line, sizeof(line), all)) {
		if (sscanf(line, " %*u: %*x:%x %*x:%x %x", &local, &remote, &state) != 3)
			continue; /* the heading */
		if (state != time_wait && state != listening)
			found |= local == (unsigned)port || remote == (unsigned)port;
	}
	fclose(all);
	return found;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int port;

	kib = arg_or(argc, argv, 1, 1024);
	datagrams = arg_or(argc, argv, 2, 100);
	sent.tid = gettid();
	listener = bound(SOCK_STREAM, &tcp_at);
	inbox = bound(SOCK_DGRAM, &udp_at);
	check(listen(listener, 1), "listen");
	check(pthread_create(&thread, NULL, receiver, NULL), "pthread_create");
	send_stream();
	send_datagrams();
	check(pthread_join(thread, NULL), "pthread_join");
	port = refused();
	while (unfinished(ntohs(tcp_at.sin_port)))
		sleep_ns(1000000);
	printf("{\"pid\": %d, \"tcp_port\": %d, \"udp_port\": %d, \"refused_port\": %d, "
	       "\"sent\": {\"tid\": %d, \"tcp\": %" PRIu64 ", \"udp\": %" PRIu64 "}, "
	       "\"received\": {\"tid\": %d, \"tcp\": %" PRIu64 ", \"udp\": %" PRIu64 "}}\n",
	       getpid(), ntohs(tcp_at.sin_port), ntohs(udp_at.sin_port), port, sent.tid, sent.tcp,
	       sent.udp, received.tid, received.tcp, received.udp);
	return 0;
}
