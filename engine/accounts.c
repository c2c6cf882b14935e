// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What tasks have read and written: from counters that only go up, how much between two looks at
 * them. A look that was lost is made up for by the next one.
 */
#include "engine/internal.h"

#include <stdlib.h>

#include "base/array.h"

/* y->account is its number + 1. */
struct account_state {
	struct acct_info acct;
	uint64_t ts;
};

/* The counters, not the memory. */
#define COUNTERS 7
static const size_t counters[COUNTERS] = {
	offsetof(struct acct_info, rchar),
	offsetof(struct acct_info, wchar),
	offsetof(struct acct_info, syscr),
	offsetof(struct acct_info, syscw),
	offsetof(struct acct_info, read_bytes),
	offsetof(struct acct_info, write_bytes),
	offsetof(struct acct_info, cancelled_write_bytes),
};

static uint64_t *counter(struct acct_info *a, unsigned i)
{
	return (uint64_t *)((char *)a + counters[i]);
}

static uint64_t value(const struct acct_info *a, unsigned i)
{
	return *(const uint64_t *)((const char *)a + counters[i]);
}

static struct account_state *state_of(const struct engine *e, const struct etask *y)
{
	if (!y->account)
		return NULL;
	return pool_at(&e->accounts.pool, sizeof(struct account_state), y->account - 1);
}

static struct account_state *state_get(struct engine *e, struct etask *y)
{
	struct account_state *a = state_of(e, y);
	uint32_t number;

	if (a)
		return a;
	a = pool_get(&e->accounts.pool, sizeof(*a), &number);
	if (a)
		y->account = number + 1;
	else
		e->oom = true;
	return a;
}

/*
 * delta = now - before; false when a counter went down (or up by what cannot be): these are not of
 * the same task.
 */
static bool subtract(const struct acct_info *now, const struct acct_info *before,
		     struct acct_info *delta)
{
	for (unsigned i = 0; i < COUNTERS; i++) {
		if (value(now, i) < value(before, i))
			return false;
		*counter(delta, i) = value(now, i) - value(before, i);
		if (*counter(delta, i) > INT64_MAX)
			return false;
	}
	return true;
}

static void tell(struct engine *e, const struct account *a)
{
	for (struct sink *const *on = e->on_account.list; *on; on++)
		(*on)->account(*on, a);
}

void account_event(struct engine *e, const struct event *ev, uint64_t t)
{
	const struct acct_info *now = ev->ext;
	struct account account = {.to_ns = t};
	const struct acct_info zero = {0};
	struct etask *y = task_find(e, ev->tid);
	struct account_state *a;
	uint64_t rss;

	if (!y)
		return; /* a task that the filters left out, or that is gone */
	a = state_of(e, y);
	if (a || y->t.forked_ns) {
		account.from_ns = a ? a->ts : y->t.forked_ns;
		if (!subtract(now, a ? &a->acct : &zero, &account.delta)) {
			e->counts.clamped++;
			account.from_ns = 0;
			account.delta = zero;
		}
	}
	a = state_get(e, y);
	if (!a)
		return;
	rss = now->rss_bytes ? now->rss_bytes : a->acct.rss_bytes;
	a->acct = *now;
	a->acct.rss_bytes = rss;
	a->ts = t;
	account.task = &y->t;
	account.delta.rss_bytes = now->rss_bytes;
	account.delta.rss_peak_bytes = now->rss_peak_bytes;
	if (t >= e->lo_ns && t < e->hi_ns)
		tell(e, &account);
}

const struct acct_info *engine_account(const struct engine *e, const struct task *t)
{
	const struct etask *y = (const struct etask *)((const char *)t - offsetof(struct etask, t));
	const struct account_state *a = state_of(e, y);

	return a ? &a->acct : NULL;
}

void account_forget(struct engine *e, struct etask *y)
{
	if (y->account)
		pool_put(&e->accounts.pool, sizeof(struct account_state), y->account - 1);
	y->account = 0;
}

/* ---- checkpoints ---- */

/* One that was forked and has not been looked at yet counts from zero, since its fork. */
bool accounts_out(struct engine *e, struct checkpoint *out)
{
	struct accounts *all = &e->accounts;
	const struct etask *y;
	uint32_t pos = 0, n = 0;

	while ((y = task_next(e, &pos))) {
		const struct account_state *a = state_of(e, y);

		if (!a && !y->t.forked_ns)
			continue;
		if (!ARRAY_ROOM(all->snaps, all->snaps_cap, n))
			return false;
		all->snaps[n] = (struct account_snapshot){
			.tid = y->t.info.tid,
			.ts = a ? a->ts : y->t.forked_ns,
		};
		if (a)
			all->snaps[n].acct = a->acct;
		n++;
	}
	out->accounts = all->snaps;
	out->naccounts = n;
	return true;
}

void accounts_in(struct engine *e, const struct checkpoint *cp, uint64_t t)
{
	for (uint32_t i = 0; i < cp->naccounts; i++) {
		const struct account_snapshot *s = &cp->accounts[i];
		struct etask *y = task_find(e, s->tid);
		struct account_state *a;

		if (!y || y->account || y->t.forked_ns)
			continue; /* the next look tells all that was lost */
		a = state_get(e, y);
		if (!a)
			return;
		a->acct = s->acct;
		a->ts = earlier(s->ts, t);
	}
}

void accounts_free(struct engine *e)
{
	pool_free(&e->accounts.pool);
	free(e->accounts.snaps);
}
