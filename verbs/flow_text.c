// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/flow_text.h"

#include <stdio.h>
#include <string.h>

#include "replay/net.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *flow_device(uint32_t dev, char buf[FLOW_TEXT])
{
	snprintf(buf, FLOW_TEXT, "%u:%u", dev >> 20, dev & 0xfffff);
	return buf;
}

static const char *named(const char *const *names, size_t n, unsigned i, const char *what,
			 char buf[FLOW_TEXT])
{
	if (i < n && names[i])
		return names[i];
	snprintf(buf, FLOW_TEXT, "%s %u", what, i);
	return buf;
}

const char *flow_io_op(uint16_t op, char buf[FLOW_TEXT])
{
	static const char *const names[] = {
		[IO_READ] = "read",
		[IO_WRITE] = "write",
		[IO_FLUSH] = "flush",
		[IO_DISCARD] = "discard",
		[IO_SECURE_ERASE] = "secure_erase",
		[IO_WRITE_ZEROES] = "write_zeroes",
		[IO_OTHER] = "other",
	};

	return named(names, COUNT(names), op, "operation", buf);
}

const char *flow_io_flag(const struct event *ev, unsigned i)
{
	static const char *const names[8] = {"sync", "meta",	"rahead",   "preflush",
					     "fua",  "partial", "absorbed", "unstarted"};

	if (i >= COUNT(names))
		return NULL;
	if (!(ev->flags >> i & 1))
		return "";
	return 1 << i == EVF_IO_FRONT && ev->kind == EV_IO_MERGE ? "front" : names[i];
}

const char *flow_errno(uint32_t error, char buf[FLOW_TEXT])
{
	const char *name = error <= INT32_MAX ? strerrorname_np((int)error) : NULL;

	if (name)
		return name;
	snprintf(buf, FLOW_TEXT, "errno %u", error);
	return buf;
}

const char *flow_tcp_state(uint8_t state, char buf[FLOW_TEXT])
{
	/* include/net/tcp_states.h, the kernel's interface; 12 is half of SYN-RECV */
	static const char *const names[] = {
		[1] = "ESTAB",	    [2] = "SYN-SENT",  [3] = "SYN-RECV", [4] = "FIN-WAIT-1",
		[5] = "FIN-WAIT-2", [6] = "TIME-WAIT", [7] = "CLOSE",	 [8] = "CLOSE-WAIT",
		[9] = "LAST-ACK",   [10] = "LISTEN",   [11] = "CLOSING", [12] = "SYN-RECV",
	};

	return named(names, COUNT(names), state, "state", buf);
}

const char *flow_socket_state(const struct socket_info *info, char buf[FLOW_TEXT])
{
	const char *name = net_state(info);

	return name ? name : flow_tcp_state(info->state, buf);
}
