// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "replay/explain/explain_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "replay/explain/timeline_maker.h"
#include "replay/net.h"
#include "replay/syscalls.h"
#include "replay/offcpu/reasons.h"
#include "replay/view.h"

#define IDLE_EXIT_NS 2000000u /* longer than any CPU takes to come out of idle */

/* Text that grows up to its room. */
struct out {
	char *text;
	size_t len, size;
};

static void __attribute__((format(printf, 2, 3))) put(struct out *o, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(o->text + o->len, o->size - o->len, format, ap);
	va_end(ap);
	if (n > 0)
		o->len += (size_t)n < o->size - o->len ? (size_t)n : o->size - o->len - 1;
}

/* -- names -- */

/* Not escaped. */
static void put_name(const struct explained *e, uint32_t who, struct out *o)
{
	const struct actor *a;

	if (who > WHO_TASKS || who >= e->timeline->nactors) {
		put(o, who == WHO_IDLE	     ? "an idle CPU"
		       : who == WHO_FILTERED ? "not recorded"
					     : "?");
		return;
	}
	a = &e->timeline->actors[who];
	if (a->comm[0])
		put(o, "%s (%u)", a->comm, a->tid);
	else
		put(o, "TID %u", a->tid);
}

static const char *op_name(uint16_t op)
{
	switch (op) {
	case IO_READ: return "read";
	case IO_WRITE: return "write";
	case IO_FLUSH: return "flush";
	case IO_DISCARD:
	case IO_SECURE_ERASE: return "discard";
	case IO_WRITE_ZEROES: return "write zeroes";
	default: return "request";
	}
}

static void put_device(const struct explained *e, uint32_t dev, struct out *o)
{
	const char *name = timeline_device(e->timeline, dev);

	if (name && *name)
		put(o, "%s", name);
	else
		put(o, "%u:%u", dev >> 20, dev & 0xfffff);
}

static void put_request(const struct explained *e, const struct step *s, struct out *o)
{
	const struct io_line *io = &e->timeline->ios[s->detail];
	char bytes[UNITS_BUF];

	put_device(e, io->dev, o);
	put(o, " %s", op_name(io->op));
	if (s->count > 1)
		return; /* of several that differ */
	if (io->bytes)
		put(o, " %s at sector %" PRIu64, format_bytes(io->bytes, bytes), io->sector);
}

static void put_wire(const struct explained *e, uint32_t wire, struct out *o)
{
	const struct socket_info *info;
	char protocol[24], address[NET_ADDRESS];
	const char *remote;

	if (wire >= e->timeline->nwires) {
		put(o, "the network");
		return;
	}
	info = &e->timeline->wires[wire].info;
	put(o, "%s", net_protocol(info, protocol));
	remote = net_address(info, true, 0, address);
	if (remote && info->remote_port) {
		put(o, " %s", remote);
		return;
	}
	remote = net_address(info, false, 0, address);
	if (remote)
		put(o, " to %s", remote);
}

/* Not escaped: a handler's name is the recorded machine's. */
static void put_irq(const struct explained *e, uint32_t irq, struct out *o)
{
	const char *name;

	switch (irq) {
	case IRQ_NOT_TOLD: put(o, "interrupt"); return;
	case IRQ_NONE: put(o, "timer or kernel"); return;
	case IRQ_SOME_HARD: put(o, "hard interrupt"); return;
	case IRQ_SOME_SOFT: put(o, "soft interrupt"); return;
	default: break;
	}
	name = timeline_irq(e->timeline, irq);
	put(o, "%s interrupt ", irq & IRQ_SOFT ? "soft" : "hard");
	if (name)
		put(o, "%s", name);
	else
		put(o, "%u", irq & IRQ_SOFT ? irq & ~IRQ_SOFT : irq - 1);
}

/* -- machine words -- */

const char *explain_what(const struct step *s)
{
	static const char *const words[STEP_COUNT] = {
		[STEP_WINDOW] = "window",	[STEP_RUN] = "run",
		[STEP_RUNQUEUE] = "runqueue",	[STEP_BEHIND] = "behind",
		[STEP_PREEMPTED] = "preempted", [STEP_IDLE] = "idle",
		[STEP_FILTERED] = "filtered",	[STEP_BEFORE] = "before",
		[STEP_QUEUE] = "queue",		[STEP_DEVICE] = "device",
		[STEP_AFTER] = "after",		[STEP_WAKING] = "waking",
		[STEP_UNBORN] = "fork",		[STEP_GONE] = "exited",
		[STEP_AGAIN] = "again",		[STEP_UNKNOWN] = "unknown",
		[STEP_UNREAD] = "unread",	[STEP_OTHERS] = "others",
	};

	if (s->what == STEP_BLOCKED)
		return wait_reason_name((enum wait_reason)s->reason);
	return words[s->what];
}

static const char *by_cause(const struct explained *e, const struct step *s, struct out *o)
{
	switch (s->cause) {
	case CAUSE_TASK:
	case CAUSE_PEER:
	case CAUSE_PEER_STATE:
	case CAUSE_FILTERED: put_name(e, s->by, o); break;
	case CAUSE_REQUEST:
	case CAUSE_OPEN_REQUEST: put_request(e, s, o); break;
	case CAUSE_REMOTE: put_wire(e, s->detail, o); break;
	case CAUSE_TIMER: put(o, "timer"); break;
	case CAUSE_TIME_OR_SIGNAL: put(o, "timer or signal"); break;
	case CAUSE_INTERRUPT: put_irq(e, s->detail, o); break;
	default: return NULL;
	}
	return o->text;
}

const char *explain_by(const struct explained *e, const struct step *s, char *buf, size_t size)
{
	struct out o = {buf, 0, size};

	buf[0] = '\0';
	switch (s->what) {
	case STEP_BLOCKED: return by_cause(e, s, &o);
	case STEP_QUEUE:
	case STEP_DEVICE: put_device(e, e->timeline->ios[s->detail].dev, &o); return buf;
	case STEP_RUNQUEUE:
	case STEP_UNBORN:
		if (s->by == WHO_NOBODY || s->by == WHO_UNKNOWN)
			return NULL;
		put_name(e, s->by, &o);
		return buf;
	default: return NULL;
	}
}

/* -- sentences -- */

static void put_safe_name(const struct explained *e, uint32_t who, struct out *o)
{
	char raw[TASK_COMM_LEN + 32], safe[ESCAPE_ROOM(sizeof(raw))];
	struct out name = {raw, 0, sizeof(raw)};

	put_name(e, who, &name);
	escape_terminal(safe, sizeof(safe), raw, name.len);
	put(o, "%s", safe);
}

static void put_times(const struct step *s, const char *what, struct out *o)
{
	char n[UNITS_BUF];

	if (s->count > 1)
		put(o, ", %s %s", format_count(s->count, n), what);
}

static const char *blocked_verb(const struct step *s)
{
	switch (s->reason) {
	case WAIT_DISK: return "waited for a disk";
	case WAIT_NET: return "waited for the network";
	case WAIT_LOCK: return "waited for a lock";
	case WAIT_PIPE: return "waited for a pipe or socket";
	case WAIT_POLL: return "polled";
	case WAIT_SLEEP: return "slept";
	case WAIT_CHILD: return "waited for a child";
	default: break;
	}
	switch (s->state) {
	case TS_IDLE: return "had no work";
	case TS_STOPPED: return "was stopped";
	case TS_TRACED: return "was traced";
	case TS_PARKED: return "was parked";
	default: break;
	}
	return s->kernel && s->state == TS_SLEEP ? "had no work" : "was blocked";
}

static void put_interrupt(const struct explained *e, const struct step *s, struct out *o)
{
	char raw[200], safe[ESCAPE_ROOM(sizeof(raw))];
	struct out by = {raw, 0, sizeof(raw)};

	switch (s->detail) {
	case IRQ_NOT_TOLD: put(o, ", woken by an interrupt"); return;
	case IRQ_NONE:
		put(o, ", woken by an interrupt (timer or the kernel itself, no device)");
		return;
	case IRQ_SOME_HARD:
		put(o, ", woken by an interrupt (timer, device or the kernel itself)");
		return;
	case IRQ_SOME_SOFT:
		put(o, ", woken by an interrupt (network, timer, device or the kernel itself)");
		return;
	default: break;
	}
	put_irq(e, s->detail, &by);
	escape_terminal(safe, sizeof(safe), raw, by.len);
	put(o, ", woken by the %s", safe);
}

static void put_cause(const struct explained *e, const struct step *s, struct out *o)
{
	char raw[200] = "", safe[ESCAPE_ROOM(sizeof(raw))];
	struct out by = {raw, 0, sizeof(raw)};

	switch (s->cause) {
	case CAUSE_TASK:
		put(o, ", woken by ");
		put_safe_name(e, s->by, o);
		if (s->doubt)
			put(o, ", or by an interrupt while that ran");
		break;
	case CAUSE_FILTERED: put(o, ", woken by what was not recorded"); break;
	case CAUSE_PEER:
	case CAUSE_PEER_STATE:
		put(o, ", until ");
		put_safe_name(e, s->by, o);
		put_wire(e, s->detail, &by);
		put(o, s->cause == CAUSE_PEER ? " sent through %s" : " opened or closed %s", raw);
		break;
	case CAUSE_REQUEST:
	case CAUSE_OPEN_REQUEST:
		put_request(e, s, &by);
		escape_terminal(safe, sizeof(safe), raw, by.len);
		put(o, s->cause == CAUSE_REQUEST ? ", until %s was done" : ", with %s not done yet",
		    safe);
		break;
	case CAUSE_REMOTE:
		put_wire(e, s->detail, &by);
		put(o, ", woken by %s", raw);
		break;
	case CAUSE_TIMER: put(o, ", until a timer ran out"); break;
	case CAUSE_TIME_OR_SIGNAL: put(o, ", until its time was up or a signal came"); break;
	case CAUSE_INTERRUPT: put_interrupt(e, s, o); break;
	case CAUSE_OPEN:
		put(o, ", not over at the end of the %s",
		    e->to_ns == UINT64_MAX ? "trace" : "window");
		break;
	default: put(o, ", who woke it is not known"); break;
	}
	if (s->after)
		put(o, s->count > 1 ? " (the last time after the window)" : " (after the window)");
}

static void put_before(const struct explained *e, const struct step *s, struct out *o)
{
	if (s->before)
		put(o, ", since before the %s", e->from_ns > e->start_ns ? "window" : "trace");
}

static void put_blocked(const struct explained *e, const struct step *s, struct out *o)
{
	const char *name = syscall_name(e->meta->arch, s->syscall);

	put_safe_name(e, s->who, o);
	put(o, " %s", blocked_verb(s));
	if (name)
		put(o, " in %s", name);
	if (s->state == TS_DISK)
		put(o, " (D)");
	put_before(e, s, o);
	put_times(s, "times", o);
	put_cause(e, s, o);
}

static void put_runqueue(const struct explained *e, const struct step *s, struct out *o)
{
	put_safe_name(e, s->who, o);
	if (s->cpu == CPU_NONE)
		put(o, " waited for a CPU");
	else
		put(o, " waited for CPU %u", s->cpu);
	put_before(e, s, o);
	put_times(s, "times", o);
}

static void put_io_step(const struct explained *e, const struct step *s, struct out *o)
{
	char raw[80] = "", safe[ESCAPE_ROOM(sizeof(raw))];
	struct out dev = {raw, 0, sizeof(raw)};

	put_device(e, e->timeline->ios[s->detail].dev, &dev);
	escape_terminal(safe, sizeof(safe), raw, dev.len);
	switch (s->what) {
	case STEP_BEFORE: put(o, "before there was a request"); break;
	case STEP_QUEUE: put(o, "in the queue of %s", safe); break;
	case STEP_DEVICE: put(o, "%s worked on it", safe); break;
	default: put(o, "from its completion to the wake-up"); break;
	}
}

static void put_task_step(const struct explained *e, const struct step *s, struct out *o)
{
	put_safe_name(e, s->who, o);
	switch (s->what) {
	case STEP_WINDOW: put(o, ", all of its time here"); break;
	case STEP_RUN:
		put(o, " ran");
		put_times(s, "slices", o);
		break;
	case STEP_BEHIND:
		put(o, " ran there");
		put_times(s, "slices", o);
		break;
	case STEP_PREEMPTED:
		put(o, " preempted it and ran there");
		put_times(s, "slices", o);
		break;
	case STEP_UNBORN:
		put(o, " was not there yet");
		if (s->by <= WHO_TASKS) {
			put(o, ", forked by ");
			put_safe_name(e, s->by, o);
		}
		break;
	case STEP_GONE: put(o, " had exited"); break;
	case STEP_FILTERED: put(o, " was not recorded, because of the filters"); break;
	default: put(o, " waited too, as above"); break;
	}
}

/* Why it is not known, as far as that is. */
static void put_unknown(const struct explained *e, struct out *o)
{
	bool filtered = e->meta->filtered;

	if (filtered && e->gaps)
		put(o, "not known: events were lost, or not recorded because of the filters");
	else if (filtered)
		put(o, "not recorded because of the filters");
	else if (e->gaps)
		put(o, "not known: events were lost, or nothing in the trace tells");
	else
		put(o, "not known: nothing in the trace tells");
}

/* A group of tasks that has used up its quota waits like this; so does who shares a busy host. */
static void put_idle(const struct step *s, struct out *o)
{
	if (s->dur_ns / (s->count ? s->count : 1) < IDLE_EXIT_NS)
		put(o, "the CPU was idle, on its way to it");
	else
		put(o,
		    "the CPU was idle, but it was kept from running: by a CPU quota, or the hypervisor");
}

char *explain_sentence(const struct explained *e, const struct step *s, char *buf, size_t size)
{
	struct out o = {buf, 0, size};
	char n[UNITS_BUF];

	buf[0] = '\0';
	switch (s->what) {
	case STEP_RUNQUEUE: put_runqueue(e, s, &o); break;
	case STEP_BLOCKED: put_blocked(e, s, &o); break;
	case STEP_IDLE: put_idle(s, &o); break;
	case STEP_FILTERED:
		if (s->who <= WHO_TASKS)
			put_task_step(e, s, &o);
		else
			put(&o, "tasks that were not recorded, because of the filters, ran there");
		break;
	case STEP_BEFORE:
	case STEP_QUEUE:
	case STEP_DEVICE:
	case STEP_AFTER: put_io_step(e, s, &o); break;
	case STEP_WAKING: put(&o, "the wake-up was on its way"); break;
	case STEP_UNKNOWN: put_unknown(e, &o); break;
	case STEP_UNREAD:
		put(&o, "not looked at: more than %s stretches",
		    format_count(e->opt->limit ? e->opt->limit : TIMELINE_LIMIT, n));
		break;
	case STEP_OTHERS: put(&o, "%s smaller steps", format_count(s->count, n)); break;
	default: put_task_step(e, s, &o); break;
	}
	if (s->deeper)
		put(&o, " (more below: --depth)");
	return buf;
}
