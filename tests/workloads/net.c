// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * net [CHUNKS [early]]: sends CHUNKS messages (default 500) of changing size through sockets of every
 * kind, looks at each before it is received, and connects where nobody listens and where it is
 * reset. Prints, for each socket, its cookie and what went through it by the program's own count.
 * early: asks for the cookie before anything goes through a socket, since the kernel gives a socket
 * one only when it is asked for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#define LONGEST 3000u

static char buffer[65536];
static const char *separator = "";
static bool early;

struct end {
	int fd;
	uint64_t tx, rx, tx_calls, rx_calls;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len))
		fail("SO_COOKIE");
	return cookie;
}

static void print_end(const char *what, const char *side, const struct end *e)
{
	const uint64_t cookie = cookie_of(e->fd);

	printf("%s\n{\"what\":\"%s %s\",\"cookie\":%llu,\"tx_bytes\":%llu,\"rx_bytes\":%llu,"
	       "\"tx_calls\":%llu,\"rx_calls\":%llu}",
	       separator, what, side, (unsigned long long)cookie, (unsigned long long)e->tx,
	       (unsigned long long)e->rx, (unsigned long long)e->tx_calls,
	       (unsigned long long)e->rx_calls);
	separator = ",";
}

/* One message, by another system call each time. */
static void put(struct end *e, size_t len, unsigned how)
{
	struct iovec iov = {buffer, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct mmsghdr many[1] = {{.msg_hdr = msg}};
	ssize_t n;

	switch (how % 5) {
	case 0: n = send(e->fd, buffer, len, MSG_NOSIGNAL); break;
	case 1: n = write(e->fd, buffer, len); break;
	case 2: n = sendmsg(e->fd, &msg, MSG_NOSIGNAL); break;
	case 3: n = writev(e->fd, &iov, 1); break;
	default: n = sendmmsg(e->fd, many, 1, 0) == 1 ? (ssize_t)many[0].msg_len : -1;
	}
	if (n <= 0)
		fail("send");
	e->tx += (uint64_t)n;
	e->tx_calls++;
}

/* What is there now, at most `most`; looked at before. */
static size_t get(struct end *e, size_t most, unsigned how)
{
	struct iovec iov = {buffer, most};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (recv(e->fd, buffer, most, MSG_PEEK) < 0)
		fail("peek");
	switch (how % 3) {
	case 0: n = recv(e->fd, buffer, most, 0); break;
	case 1: n = read(e->fd, buffer, most); break;
	default: n = recvmsg(e->fd, &msg, 0);
	}
	if (n <= 0)
		fail("receive");
	e->rx += (uint64_t)n;
	e->rx_calls++;
	return (size_t)n;
}

static void chatter(const char *what, struct end *a, struct end *b, unsigned chunks)
{
	unsigned i;

	if (early)
		cookie_of(a->fd), cookie_of(b->fd);
	for (i = 0; i < chunks; i++) {
		struct end *from = i % 7 ? a : b, *to = i % 7 ? b : a;
		uint64_t before = from->tx, left;

		put(from, 1 + i * 37 % LONGEST, i);
		for (left = from->tx - before; left;)
			left -= get(to, sizeof(buffer), i);
	}
	print_end(what, "a", a);
	print_end(what, "b", b);
}

static socklen_t loopback(int family, struct sockaddr_storage *at, unsigned port)
{
	memset(at, 0, sizeof(*at));
	at->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		((struct sockaddr_in *)at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		((struct sockaddr_in *)at)->sin_port = htons((uint16_t)port);
		return sizeof(struct sockaddr_in);
	}
	((struct sockaddr_in6 *)at)->sin6_addr = in6addr_loopback;
	((struct sockaddr_in6 *)at)->sin6_port = htons((uint16_t)port);
	return sizeof(struct sockaddr_in6);
}

/* A socket with a port of its own. Returns -1 where the family is not there. */
static int bound(int family, int type, struct sockaddr_storage *at, socklen_t *len)
{
	int fd = socket(family, type, 0);

	*len = loopback(family, at, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)at, *len))
		return -1;
	if (getsockname(fd, (struct sockaddr *)at, len))
		fail("getsockname");
	return fd;
}

static bool tcp_pair(int family, struct end *a, struct end *b)
{
	struct sockaddr_storage at;
	socklen_t len;
	int listener = bound(family, SOCK_STREAM, &at, &len);

	*a = *b = (struct end){};
	if (listener < 0)
		return false;
	a->fd = socket(family, SOCK_STREAM, 0);
	if (listen(listener, 1) || a->fd < 0 || connect(a->fd, (struct sockaddr *)&at, len))
		fail("connect");
	b->fd = accept(listener, NULL, NULL);
	if (b->fd < 0)
		fail("accept");
	close(listener);
	return true;
}

static void close_pair(const struct end *a, const struct end *b)
{
	close(a->fd);
	close(b->fd);
}

static void tcp(const char *what, int family, unsigned chunks)
{
	struct end a, b;

	if (!tcp_pair(family, &a, &b))
		return;
	chatter(what, &a, &b, chunks);
	close_pair(&a, &b);
}

static void udp(const char *what, int family, unsigned chunks)
{
	struct sockaddr_storage at, bt;
	socklen_t len;
	struct end a = {.fd = bound(family, SOCK_DGRAM, &at, &len)};
	struct end b = {.fd = bound(family, SOCK_DGRAM, &bt, &len)};

	if (a.fd < 0 || b.fd < 0)
		return;
	if (connect(a.fd, (struct sockaddr *)&bt, len) ||
	    connect(b.fd, (struct sockaddr *)&at, len))
		fail("connect");
	chatter(what, &a, &b, chunks);
	close_pair(&a, &b);
}

static void unix_pair(const char *what, int type, unsigned chunks)
{
	struct end a = {}, b = {};
	int fds[2];

	if (socketpair(AF_UNIX, type, 0, fds))
		fail("socketpair");
	a.fd = fds[0];
	b.fd = fds[1];
	chatter(what, &a, &b, chunks);
	close_pair(&a, &b);
}

/* sendfile() into a socket; what comes out of it is received. */
static void from_file(unsigned chunks)
{
	int file = memfd_create("net", 0);
	struct end a, b;
	unsigned i;

	if (file < 0 || write(file, buffer, sizeof(buffer)) != sizeof(buffer) ||
	    !tcp_pair(AF_INET, &a, &b))
		fail("file");
	for (i = 0; i < chunks / 10; i++) {
		off_t at = 0;
		ssize_t n = sendfile(a.fd, file, &at, 1 + i * 97 % LONGEST), left;

		if (n <= 0)
			fail("sendfile");
		a.tx += (uint64_t)n;
		a.tx_calls++;
		for (left = n; left;)
			left -= (ssize_t)get(&b, sizeof(buffer), i);
	}
	print_end("sendfile", "a", &a);
	print_end("sendfile", "b", &b);
	close_pair(&a, &b);
	close(file);
}

/* splice() out of a socket into a pipe. */
static void to_pipe(unsigned chunks)
{
	struct end a, b;
	unsigned i;
	int p[2];

	if (pipe(p) || !tcp_pair(AF_INET, &a, &b))
		fail("pipe");
	for (i = 0; i < chunks / 10; i++) {
		uint64_t left, before = a.tx;

		put(&a, 1 + i * 89 % LONGEST, i);
		for (left = a.tx - before; left;) {
			ssize_t n = splice(b.fd, NULL, p[1], NULL, left, 0);

			if (n <= 0 || read(p[0], buffer, (size_t)n) != n)
				fail("splice");
			left -= (uint64_t)n;
			b.rx += (uint64_t)n;
			b.rx_calls++;
		}
	}
	print_end("splice", "a", &a);
	print_end("splice", "b", &b);
	close_pair(&a, &b);
}

/* Where nobody listens: the port of a socket that is bound only. */
static void refused(void)
{
	struct sockaddr_storage at;
	socklen_t len;
	int nobody = bound(AF_INET, SOCK_STREAM, &at, &len);
	struct end a = {.fd = socket(AF_INET, SOCK_STREAM, 0)};

	if (nobody < 0 || a.fd < 0)
		fail("socket");
	if (!connect(a.fd, (struct sockaddr *)&at, len) || errno != ECONNREFUSED)
		fail("not refused");
	print_end("refused", "a", &a);
	close_pair(&a, &(struct end){.fd = nobody});
}

/* a goes away with a reset that b hears of. */
static void reset(void)
{
	const struct linger now = {.l_onoff = 1};
	struct end a, b;

	if (!tcp_pair(AF_INET, &a, &b))
		fail("socket");
	print_end("reset", "a", &a);
	print_end("reset", "b", &b);
	if (setsockopt(a.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		fail("SO_LINGER");
	close(a.fd);
	if (recv(b.fd, buffer, 1, 0) >= 0 || errno != ECONNRESET)
		fail("not reset");
	close(b.fd);
}

int main(int argc, char **argv)
{
	unsigned chunks = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 500;

	early = argc > 2 && !strcmp(argv[2], "early");
	printf("{\"pid\":%d,\"sockets\":[", (int)getpid());
	tcp("tcp", AF_INET, chunks);
	tcp("tcp6", AF_INET6, chunks);
	udp("udp", AF_INET, chunks);
	udp("udp6", AF_INET6, chunks);
	unix_pair("unix stream", SOCK_STREAM, chunks);
	unix_pair("unix dgram", SOCK_DGRAM, chunks);
	unix_pair("unix seqpacket", SOCK_SEQPACKET, chunks);
	from_file(chunks);
	to_pipe(chunks);
	refused();
	reset();
	printf("]}\n");
	return 0;
}
