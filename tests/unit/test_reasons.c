// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a blocked task waits for: every rule, by stack, request, IO wait, socket and system call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "flow_events.h"
#include "replay/offcpu/reasons.h"
#include "replay/syscalls.h"
#include "synthetic.h"

#define S 0x1
#define D 0x2

static uint16_t call(const char *arch, const char *name)
{
	for (int32_t i = 0; i < 1024; i++)
		if (syscall_name(arch, i) && !strcmp(syscall_name(arch, i), name))
			return (uint16_t)(i + 1);
	fail_msg("%s has no %s", arch, name);
	return 0;
}

#define X86(name) call("x86_64", name)

/* -- names -- */

/* Frames innermost first, with ';' for the NULs. */
static const char *of_stack(const char *text)
{
	char frames[512];
	enum wait_reason reason;
	size_t len = strlen(text) + 1;

	memcpy(frames, text, len);
	for (size_t i = 0; i < len; i++)
		if (frames[i] == ';')
			frames[i] = '\0';
	return reason_of_frames(frames, (uint32_t)len, &reason) ? wait_reason_name(reason) : "-";
}

static void test_stacks(void **state)
{
	static const struct {
		const char *stack, *reason;
	} cases[] = {
		{"io_schedule;folio_wait_bit_common;filemap_read;ext4_file_read_iter", "disk"},
		{"io_schedule;bit_wait_io;__wait_on_bit;out_of_line_wait_on_bit", "disk"},
		{"io_schedule;rq_qos_wait;wbt_wait;__rq_qos_throttle", "disk"},
		{"io_schedule;blk_mq_get_tag;__blk_mq_alloc_requests", "disk"},
		{"io_schedule_timeout;balance_dirty_pages;generic_perform_write", "disk"},
		{"schedule_timeout;io_schedule_timeout;__wait_for_common;submit_bio_wait", "disk"},
		{"wait_on_page_bit;wait_on_page_writeback;__filemap_fdatawait_range", "disk"},
		{"jbd2_log_wait_commit;ext4_sync_file;do_fsync", "disk"},
		{"io_schedule;folio_wait_bit_common;filemap_fault;asm_exc_page_fault;tcp_recvmsg",
		 "disk"},
		{"schedule_timeout;inet_csk_accept;inet_accept;do_accept", "network"},
		{"schedule_timeout;wait_woken;sk_wait_data;tcp_recvmsg_locked;tcp_recvmsg",
		 "network"},
		{"schedule_timeout;__skb_wait_for_more_packets;__skb_recv_udp;udp_recvmsg",
		 "network"},
		{"schedule_timeout;inet_wait_for_connect;__inet_stream_connect", "network"},
		{"__lock_sock;lock_sock_nested;tcp_sendmsg", "network"},
		{"futex_wait_queue_me;futex_wait;do_futex;__x64_sys_futex", "lock"},
		{"futex_wait_queue;__futex_wait;futex_wait;do_futex", "lock"},
		{"futex_do_wait;__futex_wait;futex_wait;do_futex;__x64_sys_futex", "lock"},
		{"rwsem_down_write_slowpath;down_write_killable;vm_mmap_pgoff", "lock"},
		{"__mutex_lock.constprop.0;pipe_write;vfs_write", "lock"},
		{"schedule_preempt_disabled;__mutex_lock.isra.0+0x12/0x40;ep_send_events", "lock"},
		{"locks_lock_inode_wait;__do_sys_flock", "lock"},
		{"pipe_read;new_sync_read;vfs_read", "pipe"},
		{"anon_pipe_read;vfs_read;ksys_read", "pipe"},
		{"anon_pipe_write [kernel];vfs_write", "pipe"},
		{"schedule_timeout;unix_stream_read_generic;unix_stream_recvmsg", "pipe"},
		{"schedule_timeout;__skb_wait_for_more_packets;unix_dgram_recvmsg", "pipe"},
		{"schedule_timeout;wait_woken;n_tty_read;tty_read", "pipe"},
		{"schedule_hrtimeout_range;ep_poll;do_epoll_wait", "poll"},
		{"do_epoll_wait;__x64_sys_epoll_wait", "poll"},
		{"schedule_hrtimeout_range_clock;poll_schedule_timeout.constprop.0;do_sys_poll",
		 "poll"},
		{"poll_schedule_timeout;do_select;core_sys_select", "poll"},
		{"do_nanosleep;hrtimer_nanosleep;common_nsleep", "sleep"},
		{"do_wait;kernel_wait4;__do_sys_wait4", "child"},
		{"schedule_timeout;wait_for_vfork_done;kernel_clone", "child"},
		{"schedule_timeout;__wait_for_common;wait_for_completion_state;kernel_clone;"
		 "__do_sys_vfork",
		 "child"},
		{"io_schedule;folio_wait_bit_common;do_swap_page;copy_process;kernel_clone",
		 "disk"},
		{"schedule_timeout", "-"},
		{"schedule_timeout;wait_woken", "-"},
		{"worker_thread;kthread;ret_from_fork", "-"},
		{"pipe_reader;my_tcp_thing;xio_schedule", "-"},
		{"", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(of_stack(cases[i].stack), cases[i].reason) != 0)
			fail_msg("%s: %s, not %s", cases[i].stack, of_stack(cases[i].stack),
				 cases[i].reason);
}

/* -- verdicts -- */

/* What comes out, a line each: "100 disk iowait 10-20". */
static void tell(void *ctx, const struct interval *iv, const struct wait_verdict *v)
{
	FILE *f = ctx;

	fprintf(f, "%u %s %s %lu-%lu", iv->task->info.tid, wait_reason_name(v->reason),
		reason_basis_name(v->basis), iv->from_ns, iv->to_ns);
	if (v->idle_work)
		fputs(" idle", f);
	if (v->socket)
		fprintf(f, " socket=%lu", v->socket);
	if (v->dev)
		fprintf(f, " dev=%u:%u", v->dev >> 20, v->dev & 0xfffff);
	putc('\n', f);
}

/* malloc'd */
static char *run_on(const char *arch, const struct synth *s, uint64_t end)
{
	struct stacks stacks = {0};
	struct engine *e = NULL;
	struct reasons *r = NULL;
	struct err err = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(engine_new(&e, 2, 0, UINT64_MAX, &err), 0);
	assert_int_equal(reasons_new(&r, arch, &stacks, e, tell, f, &err), 0);
	assert_int_equal(engine_add_sink(e, reasons_sink(r), &err), 0);
	for (size_t i = 0; i < s->n; i++) {
		stacks_event(&stacks, &s->ev[i]);
		assert_int_equal(engine_apply(e, &s->ev[i], 1, &err), 0);
	}
	assert_int_equal(engine_finish(e, end, &err), 0);
	assert_false(reasons_failed(r) || stacks.failed);
	fclose(f);
	engine_free(e);
	reasons_free(r);
	stacks_free(&stacks);
	return text;
}

static void expect(struct synth *s, uint64_t end, const char *want)
{
	char *text = run_on("x86_64", s, end);

	if (strcmp(text, want) != 0)
		fail_msg("got:\n%s\nwant:\n%s", text, want);
	free(text);
	synth_free(s);
	memset(s, 0, sizeof(*s));
}

/* 100 is on CPU 0 at 10. */
static void begin(struct synth *s, bool kthread)
{
	struct task_snapshot t = snap(100, 100, TS_RUN, 0, 0, 5);

	if (kthread)
		t.info.flags = TASKF_KTHREAD;
	ev_start(s, 10, 2, &t, 1);
}

/* It blocks at `from`, is woken at `to`, and runs at once. */
static void wait_in(struct synth *s, uint64_t from, uint64_t to, uint32_t raw, uint16_t aux,
		    bool iowait)
{
	ev_switch_in(s, from, 0, 100, raw, 0, aux, iowait);
	ev_wakeup(s, to, 0, 0, 100, 0);
	ev_switch(s, to, 0, 0, 0, 100);
}

static const char *verdict(uint32_t raw, uint16_t aux, bool iowait, bool kthread, const char *arch)
{
	static char line[100];
	struct synth s = {0};
	char *text;

	begin(&s, kthread);
	wait_in(&s, 20, 30, raw, aux, iowait);
	text = run_on(arch, &s, 40);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	synth_free(&s);
	return line;
}

static void test_calls(void **state)
{
	static const struct {
		const char *name;
		uint32_t raw;
		bool iowait;
		const char *want;
	} cases[] = {
		{"futex", S, false, "100 lock syscall 20-30"},
		{"futex", 0x2001, false, "100 lock syscall 20-30"},
		{"flock", S, false, "100 lock syscall 20-30"},
		{"fcntl", S, false, "100 lock syscall 20-30"},
		{"semtimedop", S, false, "100 lock syscall 20-30"},
		{"read", S, false, "100 pipe syscall 20-30"},
		{"writev", S, false, "100 pipe syscall 20-30"},
		{"msgrcv", S, false, "100 pipe syscall 20-30"},
		{"recvfrom", S, false, "100 network syscall 20-30"},
		{"sendmsg", S, false, "100 network syscall 20-30"},
		{"accept4", S, false, "100 network syscall 20-30"},
		{"connect", S, false, "100 network syscall 20-30"},
		{"ppoll", S, false, "100 poll syscall 20-30"},
		{"pselect6", S, false, "100 poll syscall 20-30"},
		{"epoll_pwait", S, false, "100 poll syscall 20-30"},
		{"nanosleep", S, false, "100 sleep syscall 20-30"},
		{"clock_nanosleep", S, false, "100 sleep syscall 20-30"},
		{"wait4", S, false, "100 child syscall 20-30"},
		{"waitid", S, false, "100 child syscall 20-30"},
		{"clone", 0x2102, false, "100 child syscall 20-30"},
		{"clone3", 0x2102, false, "100 child syscall 20-30"},
		{"read", D, true, "100 disk iowait 20-30"},
		{"read", D, false, "100 other syscall 20-30"},
		{"fsync", D, false, "100 disk syscall 20-30"},
		{"io_getevents", S, false, "100 other syscall 20-30"},
		{"io_uring_enter", S, true, "100 other syscall 20-30"},
		{"ioctl", S, false, "100 other syscall 20-30"},
		{"execve", 0x102, false, "100 other syscall 20-30"},
		{"read", 0x4, false, "100 other state 20-30"}, /* T */
		{"read", 0x8, false, "100 other state 20-30"}, /* t */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char *const archs[] = {"x86_64", "aarch64"};

		for (size_t a = 0; a < 2; a++) {
			const char *got = verdict(cases[i].raw, call(archs[a], cases[i].name),
						  cases[i].iowait, false, archs[a]);

			if (strcmp(got, cases[i].want) != 0)
				fail_msg("%s on %s: %s, not %s", cases[i].name, archs[a], got,
					 cases[i].want);
		}
	}
	assert_string_equal(verdict(0x102, X86("vfork"), false, false, "x86_64"),
			    "100 child syscall 20-30");
	assert_string_equal(verdict(D, X86("vfork"), false, false, "x86_64"),
			    "100 other syscall 20-30");
	assert_string_equal(verdict(S, X86("pause"), false, false, "x86_64"),
			    "100 sleep syscall 20-30");
	assert_string_equal(verdict(S, X86("read"), false, false, "vax"),
			    "100 other syscall 20-30");
}

static void test_without_call(void **state)
{
	(void)state;
	assert_string_equal(verdict(S, 0, false, false, "x86_64"), "100 other state 20-30");
	assert_string_equal(verdict(D, 0, false, false, "x86_64"), "100 other state 20-30");
	assert_string_equal(verdict(D, AUX_SYSCALL_NONE, true, false, "x86_64"),
			    "100 disk iowait 20-30");
	assert_string_equal(verdict(S, AUX_SYSCALL_COMPAT, false, false, "x86_64"),
			    "100 other state 20-30");
	/* kernel threads */
	assert_string_equal(verdict(0x402, AUX_SYSCALL_NONE, false, true, "x86_64"),
			    "100 other state 20-30 idle");
	assert_string_equal(verdict(S, AUX_SYSCALL_NONE, false, true, "x86_64"),
			    "100 other state 20-30 idle");
	assert_string_equal(verdict(D, AUX_SYSCALL_NONE, false, true, "x86_64"),
			    "100 other state 20-30");
	assert_string_equal(verdict(D, AUX_SYSCALL_NONE, true, true, "x86_64"),
			    "100 disk iowait 20-30");
}

/* 100 waits in D from 20 on; at 30 CPU 1, where 200 runs, wakes it. */
static const char *woken_by_200(uint32_t raw, const char *name, bool kthread, uint16_t flags,
				uint32_t tgid)
{
	static char line[100];
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 5),
		snap(200, tgid, TS_RUN, 0, 1, 5),
	};
	struct synth s = {0};
	char *text;

	if (kthread)
		t[1].info.flags = TASKF_KTHREAD;
	ev_start(&s, 10, 2, t, 2);
	ev_switch_in(&s, 20, 0, 100, raw, 0, name ? X86(name) : AUX_SYSCALL_NONE, false);
	ev_waking(&s, 30, 1, 200, 100);
	s.ev[s.n - 1].flags |= flags;
	ev_wakeup(&s, 30, 1, 200, 100, 0);
	ev_switch(&s, 30, 0, 0, 0, 100);
	text = run_on("x86_64", &s, 40);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	synth_free(&s);
	return line;
}

static void test_wakers(void **state)
{
	static const struct {
		uint32_t raw;
		const char *name;
		bool kthread;
		uint16_t flags;
		const char *want;
	} cases[] = {
		{D, "rename", false, 0, "100 lock waker 20-30"},
		{D, "write", false, 0, "100 lock waker 20-30"},
		{D, "clone", false, 0, "100 lock waker 20-30"}, /* not vfork's wait */
		{D, NULL, false, 0, "100 lock waker 20-30"}, /* a page fault */
		{D, "fsync", false, 0, "100 disk syscall 20-30"},
		{D, "sendto", false, 0, "100 network syscall 20-30"},
		{D, "rename", true, 0, "100 other syscall 20-30"},
		{D, "rename", false, EVF_CTX_HARDIRQ, "100 other syscall 20-30"},
		{D, "rename", false, EVF_CTX_SOFTIRQ, "100 other syscall 20-30"},
		{D, "rename", false, EVF_CTX_UNKNOWN, "100 other syscall 20-30"},
		{D, NULL, true, 0, "100 other state 20-30"},
		{0x102, "munmap", false, 0, "100 lock waker 20-30"},
		{0x102, "mmap", true, 0, "100 other syscall 20-30"},
		{0x102, NULL, false, 0, "100 other state 20-30"}, /* of another process */
		{0x102, "execve", false, 0, "100 other syscall 20-30"},
		{0x102, "clone", false, 0, "100 child syscall 20-30"},
		{S, "ioctl", false, 0, "100 other syscall 20-30"},
		{S, "read", false, 0, "100 pipe syscall 20-30"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = woken_by_200(cases[i].raw, cases[i].name, cases[i].kthread,
					       cases[i].flags, 200);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu: %s, not %s", i, got, cases[i].want);
	}
	/* A page fault that another thread of the process ends, or holds up with its system call. */
	assert_string_equal(woken_by_200(0x102, NULL, false, 0, 100), "100 lock waker 20-30");
	assert_string_equal(woken_by_200(0x102, "read", false, 0, 100), "100 other syscall 20-30");
}

/* The wake-up takes effect when 200 is gone, whether its TID is another's by then or not. */
static void test_waker_gone(void **state)
{
	struct task_snapshot t[] = {
		snap(100, 100, TS_RUN, 0, 0, 5),
		snap(200, 200, TS_RUN, 0, 1, 5),
		snap(300, 300, TS_RUNNABLE, 0, 1, 5),
	};

	(void)state;
	for (int k = 0; k < 4; k++) {
		bool kthread = k & 1, reused = k & 2;
		struct synth s = {0};
		char *text;

		t[1].info.flags = kthread ? TASKF_KTHREAD : 0;
		t[2].info.flags = kthread ? 0 : TASKF_KTHREAD;
		ev_start(&s, 10, 2, t, 3);
		ev_switch_in(&s, 20, 0, 100, D, 0, X86("rename"), false);
		ev_waking(&s, 30, 1, 200, 100);
		ev_exit(&s, 31, 1, 200, 0, true);
		ev_switch(&s, 32, 1, 200, RAW_DEAD | RAW_EXIT_DEAD, 300);
		if (reused) /* by one of the other kind */
			ev_fork(&s, 33, 1, 300, 300, 200, 200);
		ev_wakeup(&s, 34, 0, 0, 100, 0);
		ev_switch(&s, 35, 0, 0, 0, 100);
		text = run_on("x86_64", &s, 40);
		if (!strstr(text, kthread ? "100 other syscall 20-34" : "100 lock waker 20-34"))
			fail_msg("case %d: %s", k, text);
		free(text);
		synth_free(&s);
	}
}

/* A request of its own counts when it is completed during the wait, and only in D or in AIO. */
static void test_requests(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s, false);
	ev_io(&s, 15, EV_IO_START, 100, 1, 0, 512);
	ev_switch_in(&s, 20, 0, 100, D, 0, X86("mmap"), false);
	ev_io(&s, 28, EV_IO_DONE, 0, 1, 0, 512);
	ev_wakeup(&s, 30, 0, 0, 100, 0);
	ev_switch(&s, 30, 0, 0, 0, 100);
	wait_in(&s, 40, 50, D, X86("mmap"), false); /* done before */
	ev_io(&s, 51, EV_IO_START, 100, 2, 0, 512);
	ev_switch_in(&s, 60, 0, 100, S, 0, X86("nanosleep"), false);
	ev_io(&s, 65, EV_IO_DONE, 0, 2, 0, 512); /* read-ahead */
	ev_wakeup(&s, 70, 0, 0, 100, 0);
	ev_switch(&s, 70, 0, 0, 0, 100);
	ev_io(&s, 71, EV_IO_START, 100, 3, 0, 512);
	ev_switch_in(&s, 80, 0, 100, S, 0, X86("io_getevents"), false);
	ev_io(&s, 88, EV_IO_DONE, 0, 3, 0, 512);
	ev_wakeup(&s, 90, 0, 0, 100, 0);
	ev_switch(&s, 90, 0, 0, 0, 100);
	ev_io(&s, 91, EV_IO_START, 100, 4, 0, 512);
	ev_switch_in(&s, 95, 0, 100, D, 0, X86("read"), false); /* neither ends */
	expect(&s, 100,
	       "100 disk request 20-30 dev=8:0\n"
	       "100 other syscall 40-50\n"
	       "100 sleep syscall 60-70\n"
	       "100 disk request 80-90 dev=8:0\n"
	       "100 disk request 95-100 dev=8:0\n");
}

/* Somebody else's request says nothing. */
static void test_request_of_another(void **state)
{
	struct task_snapshot t[] = {snap(100, 100, TS_RUN, 0, 0, 5),
				    snap(200, 200, TS_RUN, 0, 1, 5)};
	struct synth s = {0};

	(void)state;
	ev_start(&s, 10, 2, t, 2);
	ev_io(&s, 15, EV_IO_START, 200, 1, 0, 512);
	ev_switch_in(&s, 20, 0, 100, D, 0, X86("mmap"), false);
	ev_io(&s, 28, EV_IO_DONE, 0, 1, 0, 512);
	ev_wakeup(&s, 30, 0, 0, 100, 0);
	ev_switch(&s, 30, 0, 0, 0, 100);
	expect(&s, 40, "100 other syscall 20-30\n");
}

static struct socket_info unix_socket(uint64_t id)
{
	return (struct socket_info){.id = id, .family = 1, .type = 1};
}

/* The next slice tells what a read was about, in its direction. */
static void test_sockets(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s, false);
	ev_socket(&s, 11, 0, tcp_socket(7, 1));
	ev_socket(&s, 11, 0, unix_socket(8));
	wait_in(&s, 20, 30, S, X86("read"), false);
	ev_net(&s, 35, 100, 7, 0, 10);
	wait_in(&s, 40, 50, S, X86("read"), false);
	ev_net(&s, 55, 100, 7, 10, 0); /* sent: not what it had waited for */
	wait_in(&s, 60, 70, S, X86("write"), false);
	ev_net(&s, 75, 100, 7, 10, 0);
	wait_in(&s, 80, 90, S, X86("recvmsg"), false);
	ev_net(&s, 95, 100, 8, 0, 10);
	wait_in(&s, 100, 110, S, X86("recvmsg"), false);
	ev_net(&s, 115, 100, 9, 0, 10); /* never described */
	wait_in(&s, 120, 130, S, X86("futex"), false);
	ev_net(&s, 135, 100, 7, 10, 10);
	wait_in(&s, 140, 150, S, X86("io_uring_enter"), true);
	ev_net(&s, 155, 100, 7, 10, 10);
	expect(&s, 160,
	       "100 network socket 20-30 socket=7\n"
	       "100 pipe syscall 40-50\n"
	       "100 network socket 60-70 socket=7\n"
	       "100 pipe socket 80-90 socket=8\n"
	       "100 network syscall 100-110\n"
	       "100 lock syscall 120-130\n"
	       "100 network socket 140-150 socket=7\n");
}

/* Preempted on the way back, it is told a slice later; a sleep in between ends the wait for word. */
static void test_late(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s, false);
	ev_socket(&s, 11, 0, tcp_socket(7, 1));
	wait_in(&s, 20, 30, S, X86("read"), false);
	ev_preempt(&s, 31, 0, 100, 0);
	ev_switch(&s, 33, 0, 0, 0, 100);
	ev_net(&s, 35, 100, 7, 0, 10);
	wait_in(&s, 40, 50, S, X86("read"), false);
	wait_in(&s, 60, 70, S, X86("nanosleep"), false);
	ev_net(&s, 75, 100, 7, 0, 10);
	wait_in(&s, 80, 90, S, X86("read"), false);
	ev_exec(&s, 92, 0, 100, 100, "other");
	ev_net(&s, 95, 100, 7, 0, 10);
	ev_switch_in(&s, 98, 0, 100, S, 0, X86("read"), false); /* open */
	expect(&s, 100,
	       "100 network socket 20-30 socket=7\n"
	       "100 pipe syscall 40-50\n"
	       "100 sleep syscall 60-70\n"
	       "100 pipe syscall 80-90\n"
	       "100 pipe syscall 98-100\n");
}

static void test_restart(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s, false);
	wait_in(&s, 20, 30, S, X86("nanosleep"), false);
	wait_in(&s, 40, 50, S, X86("restart_syscall"), false);
	wait_in(&s, 60, 70, S, X86("restart_syscall"), false);
	wait_in(&s, 80, 90, S, X86("poll"), false);
	wait_in(&s, 92, 95, S, X86("restart_syscall"), false);
	expect(&s, 100,
	       "100 sleep syscall 20-30\n"
	       "100 sleep syscall 40-50\n"
	       "100 sleep syscall 60-70\n"
	       "100 poll syscall 80-90\n"
	       "100 poll syscall 92-95\n");
}

static void ev_frames(struct synth *s, uint64_t ts, uint32_t tgid, uint32_t id, const char *text)
{
	size_t len = strlen(text) + 1;
	char *frames = synth_ext(s, text, len);
	struct frames_info info = {.frames = frames, .frames_len = (uint32_t)len};

	for (size_t i = 0; i < len; i++)
		if (frames[i] == ';')
			frames[i] = '\0';
	synth_add(s, (struct event){.ts = ts,
				    .kind = EV_FRAMES,
				    .cpu = CPU_NONE,
				    .tid = tgid,
				    .value = id,
				    .ext = synth_ext(s, &info, sizeof(info))});
}

static void stack_wait(struct synth *s, uint64_t from, uint64_t to, uint32_t raw, uint16_t aux,
		       uint32_t stack)
{
	ev_stack(s, from, 0, 100, stack, 0);
	wait_in(s, from, to, raw, aux, false);
}

/* A stack decides, where it says anything; a user stack never does. */
static void test_by_stack(void **state)
{
	struct synth s = {0};

	(void)state;
	begin(&s, false);
	ev_frames(&s, 12, 0, 1, "__schedule;schedule;jbd2_log_wait_commit;do_fsync");
	ev_frames(&s, 12, 0, 2, "__schedule;schedule;schedule_timeout;wait_woken");
	ev_frames(&s, 12, 100, 3, "tcp_recvmsg;main");
	ev_frames(&s, 12, 0, 4,
		  "bpf_prog_6deef7357e7b4530;__traceiter_sched_switch;__schedule;"
		  "schedule;do_wait;kernel_wait4");
	stack_wait(&s, 20, 30, D, X86("read"), 1);
	stack_wait(&s, 40, 50, S, X86("poll"), 2); /* nothing in it */
	stack_wait(&s, 60, 70, S, X86("poll"), 3); /* not a kernel stack */
	stack_wait(&s, 80, 90, S, X86("read"), 4);
	stack_wait(&s, 92, 95, S, X86("read"), 5); /* never defined */
	expect(&s, 100,
	       "100 disk stack 20-30\n"
	       "100 poll syscall 40-50\n"
	       "100 poll syscall 60-70\n"
	       "100 child stack 80-90\n"
	       "100 pipe syscall 92-95\n");
}

/* Same frames, one stack; an id can mean another one later. */
static void test_interning(void **state)
{
	struct stacks stacks = {0};
	struct synth s = {0};
	uint32_t at = 0, first;

	(void)state;
	for (uint32_t id = 1; id <= 2000; id++) {
		char text[64];

		snprintf(text, sizeof(text), "__schedule;f%u;g", id / 2);
		ev_frames(&s, 1, id & 1 ? 0 : 77, id, text);
	}
	for (size_t i = 0; i < s.n; i++)
		stacks_event(&stacks, &s.ev[i]);
	assert_int_equal(stacks.n, 1001);
	first = stacks_find(&stacks, 0, 1);
	assert_true(first != STACK_NONE);
	assert_string_equal(stack_frame(&stacks.list[first], &at), "f0");
	assert_string_equal(stack_frame(&stacks.list[first], &at), "g");
	assert_null(stack_frame(&stacks.list[first], &at));
	assert_int_equal(stacks_find(&stacks, 77, 2), stacks_find(&stacks, 0, 3));
	assert_int_equal(stacks_find(&stacks, 0, 2), STACK_NONE);
	assert_int_equal(stacks_find(&stacks, 0, 0), STACK_NONE);
	ev_frames(&s, 2, 0, 1, "f1000;g");
	stacks_event(&stacks, &s.ev[s.n - 1]);
	assert_int_equal(stacks_find(&stacks, 0, 1), stacks_find(&stacks, 77, 2000));
	/* one that is nothing but the way into the scheduler keeps its last frame */
	ev_frames(&s, 2, 0, 9000, "__schedule;schedule");
	stacks_event(&stacks, &s.ev[s.n - 1]);
	at = 0;
	assert_string_equal(stack_frame(&stacks.list[stacks_find(&stacks, 0, 9000)], &at),
			    "schedule");
	stacks_free(&stacks);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_without_call),
		cmocka_unit_test(test_wakers),
		cmocka_unit_test(test_waker_gone),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_request_of_another),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_by_stack),
		cmocka_unit_test(test_interning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
