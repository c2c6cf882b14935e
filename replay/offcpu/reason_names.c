// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What names of kernel functions and of system calls say of a wait. Functions are those of kernels
 * 5.10 to 6.18 that are on the stack while somebody waits there; an order decides where a stack
 * has several: a mutex on the way to a pipe is a lock, a page fault in a receive is the disk.
 */
#include <stddef.h>
#include <string.h>

#include "replay/offcpu/reasons.h"

const char *wait_reason_name(enum wait_reason reason)
{
	static const char *const names[WAIT_REASONS] = {"disk", "network", "lock",  "pipe",
							"poll", "sleep",   "child", "other"};

	return reason < WAIT_REASONS ? names[reason] : "?";
}

const char *reason_basis_name(enum reason_basis basis)
{
	static const char *const names[BASIS_COUNT] = {"stack",	  "request", "iowait", "socket",
						       "syscall", "waker",   "state"};

	return basis < BASIS_COUNT ? names[basis] : "?";
}

/* A name that ends in '*' stands for all that begin so. Sorted by reason only. */
static const struct {
	const char *name;
	enum wait_reason reason;
} functions[] = {
	{"io_schedule*", WAIT_DISK},
	{"blk_*", WAIT_DISK},
	{"__blk_*", WAIT_DISK},
	{"blkdev_*", WAIT_DISK},
	{"__blkdev_*", WAIT_DISK},
	{"rq_qos_wait", WAIT_DISK},
	{"wbt_wait", WAIT_DISK},
	{"bio_await*", WAIT_DISK},
	{"submit_bio_wait", WAIT_DISK},
	{"__bio_queue_enter", WAIT_DISK},
	{"bit_wait_io*", WAIT_DISK},
	{"wait_on_page_*", WAIT_DISK},
	{"__lock_page*", WAIT_DISK},
	{"folio_wait_*", WAIT_DISK},
	{"__folio_lock*", WAIT_DISK},
	{"wait_on_buffer", WAIT_DISK},
	{"__wait_on_buffer", WAIT_DISK},
	{"balance_dirty_pages*", WAIT_DISK},
	{"wb_wait_for_completion", WAIT_DISK},
	{"__writeback_inodes_sb_nr", WAIT_DISK},
	{"swap_read*", WAIT_DISK},
	{"dio_await_*", WAIT_DISK},
	{"dio_bio_*", WAIT_DISK},
	{"__iomap_dio_rw", WAIT_DISK},
	{"inode_dio_wait*", WAIT_DISK},
	{"do_get_write_access", WAIT_DISK},
	{"wait_transaction_*", WAIT_DISK},
	{"start_this_handle", WAIT_DISK},
	{"add_transaction_credits", WAIT_DISK},
	{"jbd2_*", WAIT_DISK},
	{"__jbd2_*", WAIT_DISK},
	{"ext4_fc_commit", WAIT_DISK},
	{"xlog_*", WAIT_DISK},
	{"xfs_buf_*", WAIT_DISK},
	{"xfs_log_*", WAIT_DISK},
	{"btrfs_wait_*", WAIT_DISK},
	{"btrfs_start_ordered_extent*", WAIT_DISK},
	{"btrfs_commit_transaction", WAIT_DISK},
	{"f2fs_wait_*", WAIT_DISK},
	{"md_flush_request", WAIT_DISK},
	{"request_wait_answer", WAIT_DISK}, /* FUSE */
	{"p9_client_rpc", WAIT_DISK},

	{"tcp_*", WAIT_NET},
	{"__tcp_*", WAIT_NET},
	{"udp_*", WAIT_NET},
	{"udpv6_*", WAIT_NET},
	{"__skb_recv_udp", WAIT_NET},
	{"inet_*", WAIT_NET},
	{"__inet_*", WAIT_NET},
	{"inet6_*", WAIT_NET},
	{"sk_wait_data", WAIT_NET},
	{"sk_stream_wait_*", WAIT_NET},
	{"__lock_sock*", WAIT_NET},
	{"raw_recvmsg", WAIT_NET},
	{"rawv6_recvmsg", WAIT_NET},
	{"ping_recvmsg", WAIT_NET},
	{"packet_recvmsg", WAIT_NET},
	{"packet_sendmsg", WAIT_NET},
	{"sctp_*", WAIT_NET},
	{"mptcp_*", WAIT_NET},
	{"smc_*", WAIT_NET},
	{"tipc_*", WAIT_NET},
	{"vsock_*", WAIT_NET},
	{"rxrpc_*", WAIT_NET},
	{"rpc_wait_bit_killable", WAIT_NET},
	{"__rpc_execute", WAIT_NET},
	{"nfs_wait_*", WAIT_NET},

	{"futex_wait*", WAIT_LOCK},
	{"__futex_wait", WAIT_LOCK},
	{"futex_do_wait", WAIT_LOCK},
	{"futex_lock_pi", WAIT_LOCK},
	{"do_futex", WAIT_LOCK},
	{"rt_mutex_*", WAIT_LOCK},
	{"__rt_mutex_*", WAIT_LOCK},
	{"rtlock_*", WAIT_LOCK},
	{"__rwbase_*", WAIT_LOCK},
	{"rwbase_*", WAIT_LOCK},
	{"mutex_lock*", WAIT_LOCK},
	{"__mutex_lock*", WAIT_LOCK},
	{"ww_mutex_lock*", WAIT_LOCK},
	{"__ww_mutex_lock*", WAIT_LOCK},
	{"rwsem_down_*", WAIT_LOCK},
	{"down_*", WAIT_LOCK},
	{"__down*", WAIT_LOCK},
	{"down", WAIT_LOCK},
	{"percpu_down_*", WAIT_LOCK},
	{"__percpu_down_*", WAIT_LOCK},
	{"percpu_rwsem_wait", WAIT_LOCK},
	{"flock_lock_inode_wait", WAIT_LOCK},
	{"locks_lock_inode_wait", WAIT_LOCK},
	{"posix_lock_inode_wait", WAIT_LOCK},
	{"fcntl_setlk*", WAIT_LOCK},
	{"do_lock_file_wait*", WAIT_LOCK},
	{"do_semtimedop", WAIT_LOCK},
	{"__do_semtimedop", WAIT_LOCK},

	{"pipe_read", WAIT_PIPE},
	{"pipe_write", WAIT_PIPE},
	{"anon_pipe_read", WAIT_PIPE},
	{"anon_pipe_write", WAIT_PIPE},
	{"pipe_wait*", WAIT_PIPE},
	{"fifo_open", WAIT_PIPE},
	{"fifo_pipe_*", WAIT_PIPE},
	{"wait_for_partner", WAIT_PIPE},
	{"ipipe_prep*", WAIT_PIPE},
	{"opipe_prep*", WAIT_PIPE},
	{"splice_from_pipe*", WAIT_PIPE},
	{"unix_*", WAIT_PIPE},
	{"netlink_*", WAIT_PIPE},
	{"n_tty_*", WAIT_PIPE},
	{"tty_*", WAIT_PIPE},
	{"eventfd_read", WAIT_PIPE},
	{"eventfd_write", WAIT_PIPE},
	{"signalfd_*", WAIT_PIPE},
	{"inotify_read", WAIT_PIPE},
	{"fanotify_read", WAIT_PIPE},
	{"do_msgrcv*", WAIT_PIPE},
	{"do_msgsnd", WAIT_PIPE},
	{"wq_sleep*", WAIT_PIPE}, /* POSIX message queues */
	{"do_mq_*", WAIT_PIPE},
	{"evdev_read", WAIT_PIPE},
	{"devkmsg_read", WAIT_PIPE},
	{"do_syslog*", WAIT_PIPE},
	{"syslog_print", WAIT_PIPE},

	{"ep_poll", WAIT_POLL},
	{"do_epoll_wait", WAIT_POLL},
	{"do_epoll_pwait*", WAIT_POLL},
	{"poll_schedule_timeout*", WAIT_POLL},
	{"do_poll*", WAIT_POLL},
	{"do_sys_poll", WAIT_POLL},
	{"do_select", WAIT_POLL},
	{"core_sys_select", WAIT_POLL},

	{"hrtimer_nanosleep*", WAIT_SLEEP},
	{"do_nanosleep", WAIT_SLEEP},
	{"common_nsleep*", WAIT_SLEEP},
	{"alarmtimer_do_nsleep", WAIT_SLEEP},
	{"alarm_timer_nsleep", WAIT_SLEEP},
	{"msleep*", WAIT_SLEEP},
	{"usleep_range*", WAIT_SLEEP},
	{"timerfd_read*", WAIT_SLEEP},
	{"sigsuspend", WAIT_SLEEP},
	{"do_sigtimedwait*", WAIT_SLEEP},
	{"__do_sys_pause", WAIT_SLEEP},
	{"__x64_sys_pause", WAIT_SLEEP},

	{"do_wait", WAIT_CHILD},
	{"__do_wait", WAIT_CHILD},
	{"kernel_wait4", WAIT_CHILD},
	{"kernel_waitid", WAIT_CHILD},
	{"wait_for_vfork_done", WAIT_CHILD},
	{"kernel_clone", WAIT_CHILD}, /* where that is inlined */
	{"_do_fork", WAIT_CHILD},
};

/* One '*' stands for anything; at the end of the name, what a compiler or a symbol table adds. */
static bool matches(const char *pattern, const char *name, size_t len)
{
	size_t head = strcspn(pattern, "*"), tail;

	if (strncmp(pattern, name, head) != 0 || head > len)
		return false;
	if (!pattern[head])
		return len == head;
	tail = strlen(pattern + head + 1);
	return len >= head + tail && !memcmp(name + len - tail, pattern + head + 1, tail);
}

static enum wait_reason reason_of_function(const char *name, enum wait_reason below)
{
	size_t len = strcspn(name, "+. ");

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (functions[i].reason >= below)
			break;
		if (matches(functions[i].name, name, len))
			return functions[i].reason;
	}
	return below;
}

bool reason_of_frames(const char *frames, uint32_t len, enum wait_reason *out)
{
	enum wait_reason best = WAIT_OTHER;

	for (uint32_t at = 0; at < len; at += (uint32_t)strlen(frames + at) + 1)
		best = reason_of_function(frames + at, best);
	if (best == WAIT_OTHER)
		return false;
	*out = best;
	return true;
}

static const struct {
	const char *name;
	enum wait_reason reason;
} calls[] = {
	{"fsync", WAIT_DISK},
	{"fdatasync", WAIT_DISK},
	{"sync", WAIT_DISK},
	{"syncfs", WAIT_DISK},
	{"sync_file_range", WAIT_DISK},
	{"msync", WAIT_DISK},

	{"recvfrom", WAIT_NET},
	{"recvmsg", WAIT_NET},
	{"recvmmsg", WAIT_NET},
	{"sendto", WAIT_NET},
	{"sendmsg", WAIT_NET},
	{"sendmmsg", WAIT_NET},
	{"accept", WAIT_NET},
	{"accept4", WAIT_NET},
	{"connect", WAIT_NET},

	{"futex", WAIT_LOCK},
	{"futex_wait", WAIT_LOCK},
	{"futex_waitv", WAIT_LOCK},
	{"flock", WAIT_LOCK},
	{"fcntl", WAIT_LOCK},
	{"semop", WAIT_LOCK},
	{"semtimedop", WAIT_LOCK},

	{"read", WAIT_PIPE},
	{"readv", WAIT_PIPE},
	{"write", WAIT_PIPE},
	{"writev", WAIT_PIPE},
	{"splice", WAIT_PIPE},
	{"tee", WAIT_PIPE},
	{"vmsplice", WAIT_PIPE},
	{"sendfile", WAIT_PIPE},
	{"msgrcv", WAIT_PIPE},
	{"msgsnd", WAIT_PIPE},
	{"mq_timedreceive", WAIT_PIPE},
	{"mq_timedsend", WAIT_PIPE},

	{"poll", WAIT_POLL},
	{"ppoll", WAIT_POLL},
	{"select", WAIT_POLL},
	{"pselect6", WAIT_POLL},
	{"epoll_wait", WAIT_POLL},
	{"epoll_wait_old", WAIT_POLL},
	{"epoll_pwait", WAIT_POLL},
	{"epoll_pwait2", WAIT_POLL},

	{"nanosleep", WAIT_SLEEP},
	{"clock_nanosleep", WAIT_SLEEP},
	{"pause", WAIT_SLEEP},
	{"rt_sigsuspend", WAIT_SLEEP},
	{"rt_sigtimedwait", WAIT_SLEEP},

	{"wait4", WAIT_CHILD},
	{"waitid", WAIT_CHILD},
	{"vfork", WAIT_CHILD},
};

/* In D these hold up the parent until the child has its own program; they do nothing else long. */
static bool is_fork(const char *name)
{
	return !strcmp(name, "clone") || !strcmp(name, "clone3") || !strcmp(name, "fork");
}

bool reason_of_syscall(const char *name, enum task_state state, enum wait_reason *out)
{
	if (state == TS_DISK && is_fork(name)) {
		*out = WAIT_CHILD;
		return true;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		*out = calls[i].reason;
		/* What waits in S for somebody waits in D for something of the kernel's own. */
		return state == TS_SLEEP || calls[i].reason == WAIT_DISK ||
		       calls[i].reason == WAIT_NET || calls[i].reason == WAIT_CHILD;
	}
	return false;
}
