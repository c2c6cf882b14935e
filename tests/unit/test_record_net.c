// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/ring and record/sockets: what is recorded of sockets, from records to events. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "record/ring.h"
#include "record/ring_decode.h"
#include "record/sockets.h"

#define STRIDE (RING_HEADER_BYTES + RING_BYTES_MIN + RING_MARGIN)
#define NCPUS  2u

static uint64_t arena_memory[RING_MARGIN];

/* A record of `kind` with `len` bytes behind it. Returns what ring_decode() does. */
static int decode(struct event *event, unsigned kind, unsigned flags, uint32_t value,
		  const void *tail, size_t len)
{
	struct {
		struct ring_rec rec;
		uint8_t tail[256];
	} r = {.rec = {.ts = 5, .tid = 7, .peer = 8}};
	struct ring_arena arena = {.base = (uint8_t *)arena_memory, .size = sizeof(arena_memory)};

	r.rec.word0 = RING_WORD0(kind, flags, (sizeof(r.rec) + len) / 8, value);
	memcpy(r.tail, tail, len);
	memset(event, 0xff, sizeof(*event));
	return ring_decode(&r.rec, &arena, event);
}

static void test_net(void **state)
{
	const struct ring_net net = {.socket = 1,
				     .tx_bytes = UINT64_C(1) << 40,
				     .rx_bytes = 3,
				     .first_ns = 4,
				     .tx_calls = UINT32_MAX,
				     .rx_calls = 6};
	const struct net_info *info;
	struct event ev;

	(void)state;
	assert_int_equal(decode(&ev, REC_NET, 0, 0, &net, sizeof(net)), 1);
	assert_int_equal(ev.kind, EV_NET);
	assert_int_equal(ev.tid, 7);
	assert_int_equal(ev.ts, 5);
	info = ev.ext;
	assert_int_equal(info->socket, 1);
	assert_int_equal(info->tx_bytes, UINT64_C(1) << 40);
	assert_int_equal(info->rx_bytes, 3);
	assert_int_equal(info->first_ns, 4);
	assert_int_equal(info->tx_calls, UINT32_MAX);
	assert_int_equal(info->rx_calls, 6);
	assert_int_equal(decode(&ev, REC_NET, 0, 0, &net, sizeof(net) - 8), -EIO);
}

static void test_socket(void **state)
{
	struct ring_socket socket = {.id = 11,
				     .netns = 12,
				     .family = 10,
				     .type = 1,
				     .protocol = 262,
				     .local_port = 65535,
				     .remote_port = 80,
				     .state = 10};
	const struct socket_info *info;
	struct event ev;

	(void)state;
	memset(socket.local, 0xa1, sizeof(socket.local));
	memset(socket.remote, 0xb2, sizeof(socket.remote));
	assert_int_equal(decode(&ev, REC_SOCKET, 0, 0, &socket, sizeof(socket)), 1);
	assert_int_equal(ev.kind, EV_SOCKET);
	info = ev.ext;
	assert_int_equal(info->id, 11);
	assert_int_equal(info->netns, 12);
	assert_int_equal(info->family, 10);
	assert_int_equal(info->type, 1);
	assert_int_equal(info->protocol, 262);
	assert_int_equal(info->local_port, 65535);
	assert_int_equal(info->remote_port, 80);
	assert_int_equal(info->state, 10);
	assert_int_equal(info->flags, 0);
	assert_memory_equal(info->local, socket.local, 16);
	assert_memory_equal(info->remote, socket.remote, 16);
	assert_int_equal(decode(&ev, REC_SOCKET, 0, 0, &socket, sizeof(socket) - 8), -EIO);
}

static void test_references(void **state)
{
	const uint64_t socket = UINT64_C(0x8000000000000001);
	struct event ev;

	(void)state;
	assert_int_equal(decode(&ev, REC_SOCKET_STATE, 0, 2 | 7 << 8 | 111 << 16, &socket, 8), 1);
	assert_int_equal(ev.value, 2 | 7 << 8 | 111 << 16);
	assert_int_equal(((const struct socket_ref *)ev.ext)->socket, socket);

	assert_int_equal(decode(&ev, REC_RETRANSMIT, RECF_NET_SYNACK, 0, &socket, 8), 1);
	assert_int_equal(ev.aux, 8);
	assert_int_equal(ev.peer, 0);
	assert_int_equal(ev.flags, EVF_NET_SYNACK);

	assert_int_equal(decode(&ev, REC_RESET, RECF_NET_SENT, 0, &socket, 8), 1);
	assert_int_equal(ev.kind, EV_RESET);
	assert_int_equal(ev.flags, EVF_NET_SENT);
	assert_int_equal(decode(&ev, REC_RESET, 0, 0, &socket, 0), -EIO);
}

static struct open_socket open_socket(uint64_t id, uint32_t tid, uint64_t ts)
{
	return (struct open_socket){
		.rec = {.word0 = RING_WORD0(REC_SOCKET, 0, sizeof(struct open_socket) / 8, 0),
			.ts = ts,
			.tid = tid},
		.socket = {.id = id, .flags = SOCKF_BEFORE}};
}

static void test_sockets_merge(void **state)
{
	/* one process has 5 twice, two have 6, nobody has 8 */
	const struct open_socket held[] = {open_socket(5, 100, 10), open_socket(6, 100, 11),
					   open_socket(5, 100, 12), open_socket(6, 200, 13)};
	const struct open_socket all[] = {open_socket(6, 0, 20), open_socket(8, 0, 21),
					  open_socket(5, 0, 22), open_socket(8, 0, 23)};
	struct err err = {0};
	struct open_socket *out;
	size_t n;

	(void)state;
	assert_int_equal(sockets_merge(held, 4, all, 4, &out, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_int_equal(out[0].rec.ts, 10);
	assert_int_equal(out[1].rec.ts, 11);
	assert_int_equal(out[2].rec.ts, 13);
	assert_int_equal(out[2].rec.tid, 200);
	assert_int_equal(out[3].rec.ts, 21);
	assert_int_equal(out[3].rec.tid, 0);
	free(out);
	assert_int_equal(sockets_merge(NULL, 0, NULL, 0, &out, &n, &err), 0);
	assert_int_equal(n, 0);
	free(out);
}

struct fixture {
	uint8_t *memory;
	struct rings *rings;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	f->memory = calloc(NCPUS, STRIDE);
	assert_int_equal(rings_new(&f->rings, f->memory, STRIDE, NCPUS, RING_BYTES_MIN, &err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rings_free(f->rings);
	free(f->memory);
	free(f);
	return 0;
}

/* Lists come out by time, whichever was added first and however much is out already. */
static void test_add(void **state)
{
	const struct open_socket first[] = {open_socket(1, 1, 10), open_socket(2, 1, 30)};
	const struct open_socket second[] = {open_socket(3, 1, 5), open_socket(4, 1, 20),
					     open_socket(5, 1, 40)};
	struct open_socket broken = open_socket(6, 1, 1);
	const uint64_t ids[] = {1, 3, 4, 2, 5};
	struct fixture *f = *state;
	const struct event *e;
	struct err err = {0};
	int i, n;

	assert_int_equal(rings_add(f->rings, first, sizeof(first), &err), 0);
	assert_int_equal(rings_drain(f->rings, 11, &e, &err), 1);
	assert_int_equal(((const struct socket_info *)e[0].ext)->id, ids[0]);
	assert_int_equal(e[0].cpu, CPU_NONE);
	assert_int_equal(e[0].tid, 1);
	assert_int_equal(((const struct socket_info *)e[0].ext)->flags, SOCKF_BEFORE);
	assert_int_equal(rings_add(f->rings, second, sizeof(second), &err), 0);
	n = rings_drain(f->rings, UINT64_MAX, &e, &err);
	assert_int_equal(n, 4);
	for (i = 0; i < n; i++)
		assert_int_equal(((const struct socket_info *)e[i].ext)->id, ids[i + 1]);
	assert_int_equal(rings_drain(f->rings, UINT64_MAX, &e, &err), 0);

	assert_int_equal(rings_add(f->rings, first, 0, &err), 0);
	assert_int_equal(rings_add(f->rings, first, sizeof(first) - 8, &err), -EIO);
	broken.rec.word0 = 0;
	assert_int_equal(rings_add(f->rings, &broken, sizeof(broken), &err), -EIO);
	assert_int_equal(rings_drain(f->rings, UINT64_MAX, &e, &err), 0);
}

/* What threads have moved since their last record is told once, at the end. */
static void test_end(void **state)
{
	struct fixture *f = *state;
	struct ring_page *late = (struct ring_page *)f->memory;
	struct ring_page *page = (struct ring_page *)(f->memory + STRIDE);
	const struct net_info *info;
	const struct event *e;
	struct err err = {0};

	page->net_tid = 42;
	page->net = (struct ring_net){.socket = 9, .tx_bytes = 1000, .first_ns = 50, .tx_calls = 2};
	late->net_tid = 43;
	late->net = (struct ring_net){.socket = 9, .tx_bytes = 7, .first_ns = 100, .tx_calls = 1};
	assert_int_equal(rings_end(f->rings, 100, &err), 0);
	assert_int_equal(rings_drain(f->rings, 100, &e, &err), 1);
	assert_int_equal(e[0].kind, EV_NET);
	assert_int_equal(e[0].ts, 99);
	assert_int_equal(e[0].tid, 42);
	info = e[0].ext;
	assert_int_equal(info->socket, 9);
	assert_int_equal(info->tx_bytes, 1000);
	assert_int_equal(info->tx_calls, 2);
	assert_int_equal(info->first_ns, 50);
	assert_int_equal(rings_end(f->rings, 100, &err), 0);
	assert_int_equal(rings_drain(f->rings, UINT64_MAX, &e, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_sockets_merge),
		cmocka_unit_test_setup_teardown(test_add, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
