// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * talk [MESSAGES]: a client and a server, processes of these names, talk over 127.0.0.1. The client
 * asks MESSAGES short questions over TCP, each of which is answered; it calls where nobody
 * listens, and where the line is cut (reset) in the middle of the talk; it sends some datagrams.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

#define QUESTION  20
#define ANSWER	  300
#define DATAGRAMS 20

static char buffer[4096];
static long messages;

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

static int called(const struct sockaddr_in *at, int type)
{
	int fd = socket(AF_INET, type, 0), yes = 1;

	check(fd < 0, "socket");
	check(connect(fd, (const struct sockaddr *)at, sizeof(*at)), "connect");
	if (type == SOCK_STREAM)
		check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), "setsockopt");
	return fd;
}

/* The bytes of one message, whole. */
static void get(int fd, size_t size)
{
	check(recv(fd, buffer, size, MSG_WAITALL) != (ssize_t)size, "recv");
}

static void put(int fd, size_t size)
{
	check(send(fd, buffer, size, 0) != (ssize_t)size, "send");
}

static int serve(int listener, int inbox)
{
	struct linger at_once = {.l_onoff = 1};
	int fd = accept(listener, NULL, NULL);

	check(fd < 0, "accept");
	for (long i = 0; i < messages; i++) {
		get(fd, QUESTION);
		put(fd, ANSWER);
	}
	check(close(fd), "close");
	fd = accept(listener, NULL, NULL);
	check(fd < 0, "accept");
	get(fd, QUESTION);
	check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), "setsockopt");
	check(close(fd), "close");
	for (int i = 0; i < DATAGRAMS; i++)
		check(recv(inbox, buffer, sizeof(buffer), 0) < 0, "recv");
	return 0;
}

static void ask(const struct sockaddr_in *tcp, const struct sockaddr_in *udp)
{
	int fd = called(tcp, SOCK_STREAM);

	for (long i = 0; i < messages; i++) {
		put(fd, QUESTION);
		get(fd, ANSWER);
	}
	check(close(fd), "close");
	fd = called(tcp, SOCK_STREAM);
	put(fd, QUESTION);
	check(recv(fd, buffer, ANSWER, 0) >= 0 || errno != ECONNRESET, "the reset");
	check(close(fd), "close");
	fd = called(udp, SOCK_DGRAM);
	for (int i = 0; i < DATAGRAMS; i++)
		put(fd, 50);
	check(close(fd), "close");
}

int main(int argc, char **argv)
{
	struct sockaddr_in tcp, udp, nobody;
	int listener = bound(SOCK_STREAM, &tcp), inbox = bound(SOCK_DGRAM, &udp);
	int empty = bound(SOCK_STREAM, &nobody), fd, status;
	pid_t server;

	messages = arg_or(argc, argv, 1, 500);
	check(listen(listener, 4), "listen");
	server = fork();
	check(server < 0, "fork");
	if (!server) {
		prctl(PR_SET_NAME, "server");
		return serve(listener, inbox);
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	prctl(PR_SET_NAME, "client");
	ask(&tcp, &udp);
	check(!connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) || errno != ECONNREFUSED,
	      "the refusal");
	close(fd);
	close(empty);
	check(waitpid(server, &status, 0) != server || status, "the server");
	return 0;
}
