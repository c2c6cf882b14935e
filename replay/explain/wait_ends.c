// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/wait_ends.h"

#include <stdlib.h>

void wait_ends_add(struct wait_ends *w, uint32_t tid)
{
	if (w->n < WAITS_MAX)
		w->list[w->n++] = (struct wait_end){.tid = tid};
}

static int by_tid(const void *a, const void *b)
{
	const struct wait_end *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

void wait_ends_begin(struct wait_ends *w, uint64_t since_ns)
{
	qsort(w->list, w->n, sizeof(w->list[0]), by_tid);
	w->since_ns = since_ns;
	w->left = w->n;
}

static struct wait_end *find(const struct wait_ends *w, uint32_t tid)
{
	const struct wait_end want = {.tid = tid};

	return bsearch(&want, w->list, w->n, sizeof(w->list[0]), by_tid);
}

static void over(struct wait_ends *w, struct wait_end *end, uint64_t woken_ns)
{
	if (!end || end->over)
		return;
	end->over = true;
	end->woken_ns = woken_ns;
	if (!end->called_ns)
		end->called_ns = woken_ns;
	w->left--;
}

static void apply(struct wait_ends *w, const struct event *ev)
{
	struct wait_end *end;

	switch (ev->kind) {
	case EV_WAKING:
		end = find(w, ev->tid);
		if (end && !end->over)
			end->called_ns = ev->ts;
		break;
	case EV_WAKEUP: over(w, find(w, ev->tid), ev->ts); break;
	case EV_SWITCH: /* it was not blocked, or it is not known when it was woken */
		over(w, find(w, ev->tid), 0);
		over(w, find(w, ev->peer), 0);
		break;
	default: break;
	}
}

int wait_ends_apply(struct wait_ends *w, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n && w->left; i++)
		if (events[i].ts >= w->since_ns)
			apply(w, &events[i]);
	return !w->left;
}

const struct wait_end *wait_ends_find(const struct wait_ends *w, uint32_t tid)
{
	const struct wait_end *end = find(w, tid);

	return end && end->woken_ns ? end : NULL;
}
