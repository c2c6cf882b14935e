// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * timeline_wakes: who or what ends the waits of a timeline that is being made.
 *
 * A wake-up says whether it was made in an interrupt, hard or soft, but not in which. When
 * interrupts were recorded (record --with irq), the handler that a wake-up was made in is told
 * right after it on the same CPU, as it returns. A hard interrupt that no handler is told of is one
 * of the vectors that the kernel serves by itself: the CPU's own timer, or calls between CPUs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/explain/timeline_maker.h"
#include "replay/syscalls.h"

/* -- system calls -- */

/*
 * What ends these besides their time and a signal is some task's doing: nothing that an interrupt
 * handler does can.
 */
static const struct {
	const char *name;
	enum call_class class;
} calls[] = {
	{"nanosleep", CALL_SLEEPS},
	{"clock_nanosleep", CALL_SLEEPS},

	{"futex", CALL_TASKS},
	{"futex_wait", CALL_TASKS},
	{"futex_waitv", CALL_TASKS},
	{"semop", CALL_TASKS},
	{"semtimedop", CALL_TASKS},
	{"msgrcv", CALL_TASKS},
	{"msgsnd", CALL_TASKS},
	{"mq_timedreceive", CALL_TASKS},
	{"mq_timedsend", CALL_TASKS},
	{"flock", CALL_TASKS},
	{"wait4", CALL_TASKS},
	{"waitid", CALL_TASKS},
	{"pause", CALL_TASKS},
	{"rt_sigsuspend", CALL_TASKS},
	{"rt_sigtimedwait", CALL_TASKS},

	{"poll", CALL_POLLS},
	{"ppoll", CALL_POLLS},
	{"select", CALL_POLLS},
	{"pselect6", CALL_POLLS},
	{"epoll_wait", CALL_POLLS},
	{"epoll_pwait", CALL_POLLS},
	{"epoll_pwait2", CALL_POLLS},

	{"read", CALL_RECEIVES},
	{"readv", CALL_RECEIVES},
	{"recvfrom", CALL_RECEIVES},
	{"recvmsg", CALL_RECEIVES},
	{"recvmmsg", CALL_RECEIVES},
	{"accept", CALL_RECEIVES},
	{"accept4", CALL_RECEIVES},
};

static enum call_class class_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].class;
	return CALL_OTHER;
}

static bool hook_live(const struct meta *meta, const char *name)
{
	for (size_t i = 0; i < meta->nhooks; i++)
		if (meta->hooks[i].live && !strcmp(meta->hooks[i].name, name))
			return true;
	return false;
}

int maker_learn(struct timeline_maker *m, const struct meta *meta, struct err *err)
{
	for (int32_t i = 0; i < (int32_t)sizeof(m->calls); i++)
		m->calls[i] = (uint8_t)class_of(syscall_name(meta->arch, i));
	m->t->own_timer = !strcmp(meta->arch, "x86_64") || !strcmp(meta->arch, "i686");
	if (!meta_has_feature(meta, "irq"))
		return 0;
	m->handlers = hook_live(meta, "irq_handler");
	m->wakes = calloc(m->t->ncpus + 1, sizeof(*m->wakes));
	return m->wakes ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* -- interrupts -- */

static void settle(struct timeline_maker *m, const struct open_wake *w, uint32_t irq)
{
	struct seen *seen = w->task < m->seen_room ? &m->seen[w->task] : NULL;
	struct stretch *st;

	if (!seen || seen->waking_ns != w->ns)
		return;
	seen->waking_irq = irq;
	st = seen->last ? &m->t->stretches[seen->last - 1] : NULL;
	if (st && st->flags & (ST_HARDIRQ | ST_SOFTIRQ) && st->to_ns - st->called_ns == w->ns)
		st->irq = irq;
}

static struct cpu_wakes *wakes_of(const struct timeline_maker *m, uint16_t cpu)
{
	return m->wakes && cpu < m->t->ncpus ? &m->wakes[cpu] : NULL;
}

static void note_open(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	struct cpu_wakes *w = wakes_of(m, ev->cpu);

	if (w && w->n < WAKES_OPEN)
		w->list[w->n++] = (struct open_wake){ev->ts, task->id,
						     (ev->flags & EVF_CTX_HARDIRQ) != 0};
}

void maker_on_irq(struct timeline_maker *m, const struct event *ev)
{
	const struct irq_info *info = ev->ext;
	struct cpu_wakes *w = wakes_of(m, ev->cpu);
	bool soft = ev->flags & EVF_IRQ_SOFT;
	uint32_t left = 0;

	if (!w || !info || ev->value >= IRQ_MAX)
		return;
	for (uint32_t i = 0; i < w->n; i++) {
		const struct open_wake wake = w->list[i];

		if (wake.hard != soft && wake.ns >= info->start_ns && wake.ns <= ev->ts)
			settle(m, &wake, soft ? ev->value | IRQ_SOFT : ev->value + 1);
		else
			w->list[left++] = wake;
	}
	w->n = left;
}

/* No interrupt is open any more. */
void maker_on_switch(struct timeline_maker *m, const struct event *ev)
{
	struct cpu_wakes *w = wakes_of(m, ev->cpu);

	if (!w)
		return;
	for (uint32_t i = 0; i < w->n; i++)
		if (w->list[i].hard && m->handlers)
			settle(m, &w->list[i], IRQ_NONE);
	w->n = 0;
}

void maker_on_gap(struct timeline_maker *m, const struct event *ev)
{
	struct cpu_wakes *w = wakes_of(m, ev->cpu);

	if (w)
		w->n = 0;
}

/* -- wake-ups -- */

void maker_on_waking(struct timeline_maker *m, const struct event *ev, const struct task *task)
{
	struct seen *seen = maker_seen(m, task);

	if (!seen)
		return;
	seen->waking_ns = ev->ts;
	seen->waking_irq = IRQ_NOT_TOLD;
	seen->waking_cpu = ev->cpu;
	seen->waking_flags = (ev->flags & EVF_CTX_HARDIRQ ? ST_HARDIRQ : 0) |
			     (ev->flags & EVF_CTX_SOFTIRQ ? ST_SOFTIRQ : 0);
	if (seen->waking_flags)
		note_open(m, ev, task);
	else if (!ev->peer)
		seen->waking_flags = ST_BY_IDLE;
	else if (ev->flags & EVF_CTX_UNKNOWN)
		seen->waking_flags = ST_DOUBT;
}

/* The engine holds a sched_waking that came before the sleep until that began. */
static bool is_its_own(const struct seen *seen, const struct interval *iv)
{
	return iv->task->waking_ns == seen->waking_ns ||
	       (iv->task->waking_ns == iv->start_ns && seen->waking_ns < iv->start_ns);
}

void maker_on_woken(struct timeline_maker *m, const struct interval *iv, uint32_t at)
{
	struct stretch *st = &m->t->stretches[at];
	struct seen *seen = &m->seen[iv->task->id];
	uint64_t called = iv->task->waking_ns;

	seen->last = at + 1;
	if (iv->flags & (IVF_OPEN | IVF_CLIPPED_END | IVF_GAP) || !called || !is_its_own(seen, iv))
		return;
	if (called < iv->from_ns)
		called = iv->from_ns;
	if (called < iv->to_ns && iv->to_ns - called <= UINT32_MAX)
		st->called_ns = (uint32_t)(iv->to_ns - called);
	if (seen->waking_flags & ST_DOUBT) {
		st->flags |= ST_DOUBT;
	} else if (!iv->waker && seen->waking_flags) {
		st->cpu = seen->waking_cpu;
		st->flags |= seen->waking_flags;
		st->irq = seen->waking_irq;
	}
}
