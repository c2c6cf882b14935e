// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The running recording: one thread that sleeps as long as the rings allow. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/units.h"
#include "record/cost.h"
#include "record/host.h"
#include "record/privilege.h"
#include "record/recording.h"
#include "record/show.h"
#include "record/signals.h"

#define MSEC UINT64_C(1000000)

/* Ring rooms of 1/1024: below LOW the pause may grow, above HIGH it must shrink. */
#define FILL_LOW     16
#define FILL_HIGH    64
#define FILL_ALARM   256
#define PAUSE_MIN_NS (1 * MSEC)
/* An idle machine is woken 5 times a second; with FLUSH_AGE_NS no event waits for a second. */
#define PAUSE_MAX_NS (200 * MSEC)
#define FLUSH_AGE_NS (400 * MSEC)
/*
 * A window is read from the checkpoint before it: 10 s or 16 MiB is what a reader may have to
 * decode for nothing, against some kilobytes per checkpoint.
 */
#define SEGMENT_NS    (10 * NSEC_PER_SEC)
#define SEGMENT_BYTES (UINT64_C(16) << 20)
/* Reading the tasks takes time in which rings fill: with losses that go on, ever more rarely. */
#define SNAPSHOT_MIN_NS NSEC_PER_SEC
#define SNAPSHOT_MAX_NS (32 * NSEC_PER_SEC)
/* Timing costs every run some nanoseconds: 1 % of the time is enough to know the mean. */
#define SAMPLE_EVERY_NS	  (5 * NSEC_PER_SEC)
#define SAMPLE_NS	  (50 * MSEC)
#define PROGRESS_EVERY_NS NSEC_PER_SEC
/* How long a command may take to follow the signal that ends the recording. */
#define CHILD_GRACE_NS NSEC_PER_SEC

struct loop {
	struct recording *r;
	int epoll_fd;
	uint64_t pause_ns;
	uint64_t segment_ns, segment_bytes, snapshot_ns, snapshot_wait_ns, shown_ns, shown_events;
	uint64_t stacks_lost; /* when the segment began */
	uint64_t grace_ns; /* end of the command's grace, 0: no signal yet */
	bool snapshot_failed, progress;
};

enum source_id { FROM_DOORBELL, FROM_SIGNAL, FROM_CHILD };

static int watch(struct loop *l, int fd, enum source_id id)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = id};

	return fd >= 0 && epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int loop_open(struct loop *l, struct recording *r, struct err *err)
{
	int ret;

	*l = (struct loop){.r = r,
			   .pause_ns = PAUSE_MIN_NS,
			   .snapshot_wait_ns = SNAPSHOT_MIN_NS,
			   .shown_ns = r->start_ns};
	l->segment_ns = l->snapshot_ns = r->start_ns;
	/* the terminal is the command's where there is one: it prints there, or fills the screen */
	l->progress = !r->opt->quiet && !r->opt->command && show_progress_wanted();
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ret = l->epoll_fd < 0 ? -errno : 0;
	if (!ret)
		ret = watch(l, kernel_doorbell_fd(r->kernel), FROM_DOORBELL);
	if (!ret)
		ret = watch(l, signals_fd(), FROM_SIGNAL);
	if (!ret && r->child.pid)
		ret = watch(l, r->child.pid_fd, FROM_CHILD);
	return ret ? err_errno(err, ret, "cannot wait for events") : 0;
}

static void stop(struct recording *r, uint64_t at_ns, const char *why)
{
	if (r->end_ns)
		return;
	r->end_ns = at_ns;
	snprintf(r->stopped_by, sizeof(r->stopped_by), "%s", why);
}

/* The first signal: the command, if it runs, gets it too, and some time to be recorded ending. */
static void on_signal(struct loop *l, uint64_t now)
{
	struct recording *r = l->r;
	bool by_terminal;
	const int signal = signals_first(&by_terminal);

	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, signals_fd(), NULL);
	if (!r->child.pid) {
		stop(r, now, signals_name(signal));
		return;
	}
	if (!by_terminal)
		kill(r->child.pid, signal);
	l->grace_ns = now + CHILD_GRACE_NS;
}

static void on_child(struct loop *l, uint64_t now)
{
	struct recording *r = l->r;

	if (!child_reap(&r->child, false))
		return;
	stop(r, now, l->grace_ns ? signals_name(signals_first(NULL)) : "command ended");
}

/* Sleeps at most until something is due. */
static int wait_for_work(struct loop *l, uint64_t now, struct err *err)
{
	struct recording *r = l->r;
	struct epoll_event events[4];
	uint64_t until = now + l->pause_ns;
	int n;

	if (r->opt->duration_ns && until > r->start_ns + r->opt->duration_ns)
		until = r->start_ns + r->opt->duration_ns;
	if (!r->sampling.impossible && until > r->sampling.next_ns)
		until = r->sampling.next_ns;
	if (until > sampler_next(&r->sampler))
		until = sampler_next(&r->sampler);
	n = epoll_wait(l->epoll_fd, events, 4,
		       until > now ? (int)((until - now + MSEC - 1) / MSEC) : 0);
	if (n < 0 && errno != EINTR)
		return err_errno(err, -errno, "cannot wait for events");
	now = host_now();
	for (int i = 0; i < n; i++)
		switch (events[i].data.u32) {
		case FROM_DOORBELL: kernel_doorbell_ack(r->kernel); break;
		case FROM_SIGNAL: on_signal(l, now); break;
		case FROM_CHILD: on_child(l, now); break;
		}
	return 0;
}

/* Long pauses make few and cheap drains; a ring that fills shortens them at once. */
static void adapt_pause(struct loop *l, uint32_t fill)
{
	if (fill >= FILL_ALARM)
		l->pause_ns /= 4;
	else if (fill >= FILL_HIGH)
		l->pause_ns /= 2;
	else if (fill < FILL_LOW)
		l->pause_ns *= 2;
	if (l->pause_ns < PAUSE_MIN_NS)
		l->pause_ns = PAUSE_MIN_NS;
	if (l->pause_ns > PAUSE_MAX_NS)
		l->pause_ns = PAUSE_MAX_NS;
}

void recording_sample(struct recording *r, bool on)
{
	struct sampling *s = &r->sampling;

	if (s->impossible)
		return;
	privilege_admin(true);
	s->impossible = kernel_time_programs(r->kernel, on, NULL) < 0;
	privilege_admin(false);
	s->on = on && !s->impossible;
	s->next_ns = host_now() + (on ? SAMPLE_NS : SAMPLE_EVERY_NS);
}

int recording_checkpoint(struct recording *r, uint64_t ts, struct err *err)
{
	struct checkpoint ck;
	int ret = engine_checkpoint(r->engine, ts, &ck, err);

	if (!ret)
		ret = trace_write_checkpoint(r->writer, &ck, err);
	if (r->frames)
		frames_new_segment(r->frames);
	return ret ? ret : pump_stacks_of(&r->pump, &ck, err);
}

/* After a loss nothing is sure any more: the kernel is asked again, but not all the time. */
static void heal(struct loop *l, uint64_t now)
{
	const uint64_t past = now - l->snapshot_ns;
	struct recording *r = l->r;
	struct err err;

	if (!r->pump.saw_gap || past < l->snapshot_wait_ns)
		return;
	r->pump.saw_gap = false;
	if (past > 2 * l->snapshot_wait_ns)
		l->snapshot_wait_ns = SNAPSHOT_MIN_NS;
	else if (l->snapshot_wait_ns < SNAPSHOT_MAX_NS)
		l->snapshot_wait_ns *= 2;
	l->snapshot_ns = now;
	if ((kernel_snapshot(r->kernel, &err) || kernel_accounts(r->kernel, 0, &err)) &&
	    !l->snapshot_failed) {
		l->snapshot_failed = true;
		if (!r->opt->quiet)
			show_note("events were lost and the tasks could not be read again: %s",
				  err.msg);
	}
}

static void progress(struct loop *l, uint64_t now)
{
	struct recording *r = l->r;
	struct show_totals t = {.duration_ns = now - r->start_ns, .lost = kernel_lost(r->kernel)};
	const uint64_t past = now - l->shown_ns;

	if (!l->progress || past < PROGRESS_EVERY_NS)
		return;
	trace_writer_totals(r->writer, &t.events, &t.bytes);
	show_progress(&t, (t.events - l->shown_events) * NSEC_PER_SEC / past);
	l->shown_ns = now;
	l->shown_events = t.events;
}

/* With a limit of size only if there is room for several like the one before. */
static int new_segment(struct loop *l, uint64_t now, uint64_t until, struct err *err)
{
	struct recording *r = l->r;
	uint64_t room, left = 0, events;
	int ret = pump_room(&r->pump, until, &room, err);

	l->segment_ns = now;
	if (ret || room / 4 < r->checkpoint_bytes)
		return ret;
	ret = recording_checkpoint(r, until, err);
	if (!ret)
		ret = pump_room(&r->pump, until, &left, err);
	r->checkpoint_bytes = room - left;
	r->pump.limit.allowance = 0;
	trace_writer_totals(r->writer, &events, &l->segment_bytes);
	return ret;
}

/* A new segment tells all stacks again anyhow: time to let those have a place that had none. */
static void renew_stacks(struct loop *l, uint64_t now, uint64_t until)
{
	struct recording *r = l->r;
	const bool new_segment = l->segment_ns == now;

	if (!r->frames)
		return;
	kernel_renew_stacks(r->kernel, now, until,
			    new_segment && r->pump.stacks_lost != l->stacks_lost);
	if (new_segment)
		l->stacks_lost = r->pump.stacks_lost;
}

/* What has its own pace. `until` is how far the rings have been read. */
static int periodic(struct loop *l, uint64_t now, uint64_t until, struct err *err)
{
	struct recording *r = l->r;
	uint64_t events, bytes;
	int ret = 0;

	heal(l, now);
	if (!r->sampling.impossible && now >= r->sampling.next_ns)
		recording_sample(r, !r->sampling.on);
	trace_writer_totals(r->writer, &events, &bytes);
	if (now - l->segment_ns >= SEGMENT_NS || bytes - l->segment_bytes >= SEGMENT_BYTES) {
		ret = new_segment(l, now, until, err);
	} else {
		ret = trace_writer_flush(r->writer, until, FLUSH_AGE_NS, err);
	}
	if (ret)
		r->pump.write_failed = true;
	renew_stacks(l, now, until);
	progress(l, now);
	return ret;
}

static void check_time(struct loop *l, uint64_t now)
{
	struct recording *r = l->r;

	if (r->opt->duration_ns && now >= r->start_ns + r->opt->duration_ns)
		stop(r, r->start_ns + r->opt->duration_ns, "duration");
	if (l->grace_ns && now >= l->grace_ns) {
		bool by_terminal;
		const int signal = signals_first(&by_terminal);

		/* a background job ignores SIGINT; who signalled us wants it to end */
		if (!by_terminal && !r->child.exited)
			kill(r->child.pid, SIGTERM);
		stop(r, now, signals_name(signal));
	}
}

int recording_loop(struct recording *r, struct err *err)
{
	struct loop l;
	int ret = loop_open(&l, r, err);

	signals_allow_abort("'rstat recover' makes the trace whole");
	while (!ret && !r->end_ns) {
		uint64_t now, until;

		ret = wait_for_work(&l, host_now(), err);
		now = host_now();
		check_time(&l, now);
		if (ret || r->end_ns)
			break;
		if (now >= sampler_next(&r->sampler))
			sampler_take(&r->sampler, now); /* before the end: see check_time() */
		until = now - SLACK_NS;
		if (until < r->start_ns)
			continue;
		adapt_pause(&l, kernel_fill(r->kernel));
		ret = sampler_pump(&r->sampler, &r->pump, until, err);
		if (!ret && r->pump.limit.full_ns)
			stop(r, r->pump.limit.full_ns, "max-size");
		else if (!ret)
			ret = periodic(&l, now, r->pump.reached_ns, err);
	}
	if (ret)
		stop(r, host_now(), r->pump.write_failed ? strerrorname_np(-ret) : "error");
	if (l.epoll_fd >= 0)
		close(l.epoll_fd);
	show_progress_end();
	return ret;
}
