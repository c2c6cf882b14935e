// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/waits.h"

#include <string.h>

static bool wanted(struct waits *w, const struct interval *iv)
{
	const struct task_info *info = &iv->task->info;
	/* Asked in any case: it notes what was found. */
	bool in = select_task(w->select, info, w->engine);

	return in && select_cpu(w->select, iv->cpu) &&
	       (!w->focus || focus_has(w->focus, info->tgid));
}

static void keep(struct waits *w, const struct interval *iv)
{
	uint64_t len = iv->to_ns - iv->from_ns;
	uint32_t at = w->n;

	while (at && len > w->list[at - 1].to_ns - w->list[at - 1].from_ns)
		at--;
	if (at >= w->keep)
		return;
	w->n += w->n < w->keep;
	memmove(&w->list[at + 1], &w->list[at], (w->n - 1 - at) * sizeof(w->list[0]));
	w->list[at] = (struct wait){
		.from_ns = iv->from_ns,
		.to_ns = iv->to_ns,
		.start_ns = iv->start_ns,
		.end_ns = iv->flags & (IVF_OPEN | IVF_CLIPPED_END) ? 0 : iv->to_ns,
		.tid = iv->task->info.tid,
		.state = iv->state,
	};
}

static void on_interval(struct sink *s, const struct interval *iv)
{
	struct waits *w = (struct waits *)s;
	uint64_t len = iv->to_ns - iv->from_ns;

	if (!wanted(w, iv) || !len || !(w->states >> iv->state & 1))
		return;
	if (iv->flags & IVF_GAP) {
		w->unsure++;
		return;
	}
	w->seen++;
	w->seen_ns += len;
	keep(w, iv);
}

void waits_init(struct waits *w, const struct engine *e, struct select *select,
		const struct focus *focus, uint32_t states, uint32_t keep_n)
{
	memset(w, 0, sizeof(*w));
	w->engine = e;
	w->select = select;
	w->focus = focus;
	w->keep = keep_n < WAITS_MAX ? keep_n : WAITS_MAX;
	w->states = states;
	w->sink.interval = on_interval;
	/* A task that never waits is there too, when it is asked for. */
	w->sink.states = select_names_tasks(select) ? 0 : states;
}
