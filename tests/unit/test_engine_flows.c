// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Random streams of block IO, accounting and sockets, with tasks that come and go: a segment alone
 * tells what the whole does, windows add up to the whole, and with losses everything still does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "flow_events.h"
#include "replay/invariants.h"

#ifndef SEEDS
#define SEEDS 200
#endif

#define STEPS	 600
#define REQUESTS 24
#define TASKS	 30
#define FIRST	 300 /* TID of the first of them */
#define SOCKETS	 30
#define START	 1000000000ull

struct model {
	struct synth s;
	uint32_t rng;
	uint64_t t;
	bool filtered, alive[TASKS];
	struct {
		bool open, issued;
		uint64_t sector, bytes, done;
		uint8_t op;
	} rq[REQUESTS];
	struct acct_info acct[TASKS];
	uint8_t state[SOCKETS];
	uint64_t cookie[SOCKETS], next_cookie;
};

static uint32_t dice(struct model *m, uint32_t n)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 17;
	m->rng ^= m->rng << 5;
	return m->rng % n;
}

static uint64_t tick(struct model *m)
{
	static const uint64_t spans[] = {0, 100, 10000, 1000000, 500000000, 11000000000};
	uint64_t span = spans[dice(m, 40) ? dice(m, 4) : 4 + dice(m, 2)];

	return m->t += span ? dice(m, 2) ? span : dice(m, (uint32_t)span) : 0;
}

/* Somebody alive, now and then nobody that is known. */
static uint32_t somebody(struct model *m)
{
	uint32_t i = dice(m, TASKS);

	if (!dice(m, 30))
		return dice(m, 2) ? 0 : 9999;
	for (uint32_t n = 0; n < TASKS; n++)
		if (m->alive[(i + n) % TASKS])
			return FIRST + (i + n) % TASKS;
	return 100;
}

static void task_step(struct model *m)
{
	uint32_t i = dice(m, TASKS), tid = FIRST + i;
	uint32_t tgid = i % 4 && m->alive[i - i % 4] ? tid - i % 4 : tid;

	for (uint32_t j = i + 1; i % 4 == 0 && j < i + 4 && j < TASKS; j++)
		if (m->alive[i] && m->alive[j])
			return; /* its TID is its process's as long as that has threads */
	if (m->alive[i]) {
		ev_wakeup(&m->s, tick(m), 0, 0, tid, 0);
		ev_switch(&m->s, m->t, 0, 0, 0, tid);
		ev_exit(&m->s, tick(m), 0, tid, 0, true);
		ev_switch(&m->s, m->t, 0, tid, 0x10, 0);
	} else {
		ev_wakeup(&m->s, tick(m), 0, 0, 100, 0);
		ev_switch(&m->s, m->t, 0, 0, 0, 100);
		ev_fork(&m->s, tick(m), 0, 100, 100, tid, tgid);
		ev_switch(&m->s, tick(m), 0, 100, 1, 0);
		memset(&m->acct[i], 0, sizeof(m->acct[i]));
	}
	m->alive[i] = !m->alive[i];
}

static struct event *io(struct model *m, uint8_t kind, uint32_t tid, uint32_t i, uint64_t sector,
			uint64_t bytes)
{
	struct event *ev = ev_io(&m->s, tick(m), kind, tid, 0x1000 + i * 64, sector, bytes);

	ev->aux = m->rq[i].op;
	return ev;
}

static void merge(struct model *m, uint32_t i)
{
	bool front = dice(m, 2);
	uint64_t end = m->rq[i].sector + m->rq[i].bytes / 512;
	uint64_t sector = front ? m->rq[i].sector - 1 : end;
	struct event *ev = io(m, EV_IO_MERGE, somebody(m), i, sector, 512);

	((struct io_info *)ev->ext)->request = 0;
	ev->flags = front ? EVF_IO_FRONT : 0;
	m->rq[i].bytes += 512;
	if (front)
		m->rq[i].sector--;
}

/* i becomes a part of one that ends where it begins, if there is one. */
static void absorb(struct model *m, uint32_t i)
{
	for (uint32_t j = 0; j < REQUESTS; j++)
		if (m->rq[j].open && !m->rq[j].issued && j != i && m->rq[j].op == m->rq[i].op &&
		    m->rq[j].sector + m->rq[j].bytes / 512 == m->rq[i].sector) {
			io(m, EV_IO_MERGE, somebody(m), i, m->rq[i].sector, m->rq[i].bytes)->flags =
				EVF_IO_ABSORBED;
			m->rq[j].bytes += m->rq[i].bytes;
			m->rq[i].open = false;
			return;
		}
}

static void io_start(struct model *m, uint32_t i)
{
	uint32_t j = dice(m, REQUESTS);

	m->rq[i].open = true;
	m->rq[i].issued = false;
	m->rq[i].done = 0;
	m->rq[i].op = (uint8_t)dice(m, 2);
	m->rq[i].sector = 100000 * (1 + i) + dice(m, 1000);
	m->rq[i].bytes = 512ull * (1 + dice(m, 8));
	if (m->rq[j].open && !m->rq[j].issued && dice(m, 2)) {
		m->rq[i].op = m->rq[j].op;
		m->rq[i].sector = m->rq[j].sector + m->rq[j].bytes / 512;
	}
	if (dice(m, 20)) /* else it was there before the trace, or is filtered out */
		io(m, EV_IO_START, somebody(m), i, m->rq[i].sector, m->rq[i].bytes);
}

static void io_done(struct model *m, uint32_t i)
{
	uint64_t left = m->rq[i].bytes - m->rq[i].done, part = left, sector;
	struct event *ev;

	if (left >= 1024 && !dice(m, 4))
		part = 512;
	sector = m->rq[i].sector + m->rq[i].done / 512;
	ev = io(m, EV_IO_DONE, 0, i, sector, part);
	m->rq[i].done += part;
	if (part < left && dice(m, 2)) {
		ev->flags = EVF_IO_PARTIAL;
		return;
	}
	m->rq[i].open = false;
	if (part < left)
		((struct io_info *)ev->ext)->error = 5;
}

static void io_step(struct model *m)
{
	uint32_t i = dice(m, REQUESTS);
	uint64_t left = m->rq[i].bytes - m->rq[i].done;

	if (!m->rq[i].open) {
		io_start(m, i);
	} else if (!m->rq[i].issued) {
		switch (dice(m, 4)) {
		case 0: merge(m, i); break;
		case 1: absorb(m, i); break;
		default:
			io(m, EV_IO_ISSUE, 0, i, m->rq[i].sector + m->rq[i].done / 512, left);
			m->rq[i].issued = true;
		}
	} else if (!dice(m, 8)) {
		io(m, EV_IO_REQUEUE, 0, i, m->rq[i].sector + m->rq[i].done / 512, left);
		io(m, EV_IO_ISSUE, 0, i, m->rq[i].sector + m->rq[i].done / 512, left);
	} else {
		io_done(m, i);
	}
}

static void acct_step(struct model *m)
{
	uint32_t i = dice(m, TASKS);
	struct acct_info *a = &m->acct[i];

	if (!m->alive[i])
		return;
	a->rchar += dice(m, 10000);
	a->wchar += dice(m, 10000);
	a->syscr += dice(m, 10);
	a->write_bytes += dice(m, 10000);
	a->rss_bytes = dice(m, 3) * 4096;
	ev_acct(&m->s, tick(m), FIRST + i, *a);
}

static void socket_step(struct model *m)
{
	uint32_t i = dice(m, SOCKETS);
	bool tcp = i % 2;
	uint8_t to;

	if (!m->cookie[i] || (!tcp && !dice(m, 20))) {
		m->cookie[i] = ++m->next_cookie;
		m->state[i] = 7;
		if (dice(m, 8))
			ev_socket(&m->s, tick(m), somebody(m),
				  tcp ? tcp_socket(m->cookie[i], 7) : udp_socket(m->cookie[i]));
	}
	switch (dice(m, 8)) {
	case 0: ev_retransmit(&m->s, tick(m), m->cookie[i], 2); break;
	case 1: ev_reset(&m->s, tick(m), m->cookie[i], dice(m, 2)); break;
	case 2:
	case 3:
		if (!tcp)
			break;
		to = m->state[i] == 7 ? 2 : m->state[i] == 2 ? 1 : 7;
		ev_state(&m->s, tick(m), dice(m, 2) ? somebody(m) : 0, m->cookie[i], m->state[i],
			 to, 0);
		m->state[i] = to;
		if (to == 7 && dice(m, 2))
			m->cookie[i] = 0;
		break;
	case 4:
		if (!dice(m, 10)) { /* again, elsewhere */
			struct socket_info info = tcp ? tcp_socket(m->cookie[i], m->state[i])
						      : udp_socket(m->cookie[i]);

			info.remote_port = (uint16_t)dice(m, 1000);
			ev_socket(&m->s, tick(m), somebody(m), info);
			break;
		} /* fallthrough */
	default:
		tick(m);
		ev_net(&m->s, m->t, somebody(m), m->cookie[i], dice(m, 100), dice(m, 100));
	}
}

static void make(struct model *m, uint32_t seed)
{
	struct task_snapshot t = snap(100, 100, TS_SLEEP, 1, 0, START - 100);

	memset(m, 0, sizeof(*m));
	m->rng = seed * 2654435761u + 1;
	m->t = START;
	ev_start(&m->s, START, 1, &t, 1);
	for (uint32_t i = 0; i < 20; i++)
		task_step(m);
	for (uint32_t i = 0; i < STEPS; i++)
		switch (dice(m, 12)) {
		case 0: task_step(m); break;
		case 1:
		case 2: acct_step(m); break;
		case 3:
		case 4:
		case 5: socket_step(m); break;
		default: io_step(m); break;
		}
	m->t += 1000;
}

static struct engine *start(struct flow_log *l, uint64_t from, uint64_t to)
{
	struct engine *e;
	struct err err;

	assert_int_equal(engine_new(&e, 1, from, to, &err), 0);
	assert_int_equal(engine_add_sink(e, flow_sink(l), &err), 0);
	return e;
}

static void apply(struct engine *e, const struct event *ev, size_t n)
{
	struct err err;

	assert_int_equal(engine_apply(e, ev, n, &err), 0);
}

static void finish(struct engine *e, uint64_t end)
{
	struct err err;

	assert_int_equal(engine_finish(e, end, &err), 0);
	engine_free(e);
}

/* ---- a segment alone ---- */

/*
 * The lines are the same, but that the segment does not know who put something into a request before
 * it began when that task was gone by then: "?" for a TID.
 */
static bool same_line(const char *whole, const char *part, uint64_t ts, unsigned *unknown)
{
	while (*whole && *whole != '\n') {
		if (*whole == *part) {
			whole++;
			part++;
			continue;
		}
		if (*part++ != '?' || part[0] != ':')
			return false;
		whole += strcspn(whole, ":\n");
		if (strtoull(strchr(part, '@') + 1, NULL, 10) >= ts)
			return false;
		++*unknown;
	}
	return *whole == *part;
}

static bool is_task(const char *line)
{
	return !strncmp(line, "gone ", 5);
}

/* From here on; when tasks go is not compared. */
static void assert_same(const char *whole, const char *part, uint64_t ts, uint32_t seed,
			unsigned *unknown)
{
	for (;;) {
		while (is_task(whole))
			whole = strchr(whole, '\n') + 1;
		while (is_task(part))
			part = strchr(part, '\n') + 1;
		if (!same_line(whole, part, ts, unknown)) {
			print_error("seed %u from %llu:\n%.200s\n---\n%.200s\n", seed,
				    (unsigned long long)ts, whole, part);
			fail();
		}
		if (!*whole)
			return;
		whole = strchr(whole, '\n') + 1;
		part = strchr(part, '\n') + 1;
	}
}

static void test_segments(void **state)
{
	unsigned unknown = 0, lines = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct flow_log whole = {0}, part = {0};
		struct synth cut = {0};
		struct engine *e, *f;
		struct checkpoint cp;
		struct model m;
		struct err err;
		size_t at, from;

		make(&m, seed);
		at = 1 + dice(&m, (uint32_t)m.s.n - 1);
		while (m.s.ev[at].ts == m.s.ev[at - 1].ts && at > 1)
			at--;
		whole.gone = part.gone = true;
		e = start(&whole, m.s.ev[at].ts, UINT64_MAX);
		apply(e, m.s.ev, at);
		from = whole.len;
		assert_int_equal(engine_checkpoint(e, m.s.ev[at].ts, &cp, &err), 0);
		ev_checkpoint(&cut, &cp);
		f = start(&part, 0, UINT64_MAX);
		apply(f, cut.ev, 1);
		/* It is its own checkpoint again, and the one it came from agrees. */
		assert_int_equal(engine_checkpoint(f, m.s.ev[at].ts, &cp, &err), 0);
		assert_int_equal(cp.nrequests,
				 ((const struct checkpoint *)cut.ev[0].ext)->nrequests);
		assert_int_equal(cp.nsockets, ((const struct checkpoint *)cut.ev[0].ext)->nsockets);
		apply(e, cut.ev, 1);
		assert_int_equal(engine_counts(e)->checkpoint_diffs, 0);
		assert_int_equal(whole.len, from);
		apply(f, m.s.ev + at, m.s.n - at);
		apply(e, m.s.ev + at, m.s.n - at);
		finish(e, m.t);
		finish(f, m.t);
		assert_same(whole.text + from, part.text, m.s.ev[at].ts, seed, &unknown);
		for (const char *c = part.text; *c; c++)
			lines += *c == '\n';
		flow_log_free(&whole);
		flow_log_free(&part);
		synth_free(&cut);
		synth_free(&m.s);
	}
	assert_true(lines > 100 * SEEDS && unknown < lines / 25);
}

/* ---- windows ---- */

/* Counts what is told but as open, and not what gets told once per window. */
static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (const char *end; *text; text = end + 1) {
		char line[400];

		end = strchr(text, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		n += !strstr(line, " open") && strncmp(line, "gone", 4) != 0 &&
		     strncmp(line, "closed", 6) != 0;
	}
	return n;
}

static void test_windows(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct flow_log whole = {0};
		uint64_t cuts[4];
		unsigned n = 0;
		struct engine *e;
		struct model m;

		make(&m, seed);
		cuts[0] = 0;
		cuts[1] = m.s.ev[m.s.n / 3].ts;
		cuts[2] = m.s.ev[m.s.n * 2 / 3].ts;
		cuts[3] = UINT64_MAX;
		e = start(&whole, 0, UINT64_MAX);
		apply(e, m.s.ev, m.s.n);
		finish(e, m.t);
		for (int i = 0; i < 3; i++) {
			struct flow_log l = {0};

			e = start(&l, cuts[i], cuts[i + 1]);
			apply(e, m.s.ev, m.s.n);
			finish(e, m.t);
			n += count_lines(l.text);
			flow_log_free(&l);
		}
		assert_int_equal(n, count_lines(whole.text));
		flow_log_free(&whole);
		synth_free(&m.s);
	}
}

/* ---- losses ---- */

/* A copy with runs of events replaced by a gap each. */
static void lose(struct model *m, struct synth *out)
{
	for (size_t i = 0; i < m->s.n;) {
		size_t n = 1 + dice(m, 10);

		if (!i || dice(m, 40) || i + n >= m->s.n) {
			synth_add(out, m->s.ev[i++]);
			continue;
		}
		ev_gap(out, m->s.ev[i].ts, 0, m->s.ev[i + n - 1].ts, n);
		i += n;
	}
}

/* No time, no byte and no share is wrong, whatever is lost; and checkpoints in between do no harm. */
static void test_losses(void **state)
{
	uint64_t unended = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct invariants *inv;
		struct flow_log l = {0};
		struct synth lossy = {0}, now = {0};
		struct checkpoint cp;
		struct engine *e, *all;
		struct model m;
		struct err err = {0};
		size_t half;
		uint64_t ts;

		make(&m, seed);
		lose(&m, &lossy);
		e = start(&l, 0, UINT64_MAX);
		assert_int_equal(invariants_new(&inv, 1, START, UINT64_MAX, &err), 0);
		assert_int_equal(engine_add_sink(e, invariants_sink(inv), &err), 0);
		half = lossy.n / 2;
		while (half > 1 && lossy.ev[half].ts == lossy.ev[half - 1].ts)
			half--;
		apply(e, lossy.ev, half);
		if (seed % 2) {
			/* Damage, not a full ring: the recorder's checkpoint knows more. */
			size_t i = 0;

			ts = lossy.ev[half].ts;
			while (m.s.ev[i].ts < ts)
				i++;
			assert_int_equal(engine_new(&all, 1, 0, UINT64_MAX, &err), 0);
			apply(all, m.s.ev, i);
			assert_int_equal(engine_checkpoint(all, ts, &cp, &err), 0);
			ev_checkpoint(&now, &cp);
			engine_free(all);
			apply(e, now.ev, 1);
		}
		apply(e, lossy.ev + half, lossy.n - half);
		unended += engine_counts(e)->requests_unended;
		invariants_finish(inv, m.t);
		finish(e, m.t);
		if (invariants_check(inv, &err)) {
			for (unsigned i = INV_IO_BYTES; i < INV_COUNT; i++)
				if (invariants_broken(inv, i)) {
					print_error("seed %u: %s\n", seed, err.msg);
					fail();
				}
		}
		invariants_free(inv);
		flow_log_free(&l);
		synth_free(&lossy);
		synth_free(&now);
		synth_free(&m.s);
	}
	assert_int_equal(unended, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
