// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <stddef.h>

#include "format/event.h"

static const char *const names[EV_KIND_END] = {
	[EV_SWITCH] = "switch",
	[EV_WAKING] = "waking",
	[EV_WAKEUP] = "wakeup",
	[EV_WAKEUP_NEW] = "wakeup_new",
	[EV_MIGRATE] = "migrate",
	[EV_FORK] = "fork",
	[EV_EXEC] = "exec",
	[EV_EXIT] = "exit",
	[EV_RENAME] = "rename",
	[EV_FREE] = "free",
	[EV_REAP] = "reap",
	[EV_WAIT] = "wait",
	[EV_CGROUP] = "cgroup",
	[EV_TASK] = "task",
	[EV_BLOCK] = "block",
	[EV_GAP] = "gap",
	[EV_NAME] = "name",
	[EV_CHECKPOINT] = "checkpoint",
	[EV_IO_START] = "io_start",
	[EV_IO_ISSUE] = "io_issue",
	[EV_IO_DONE] = "io_done",
	[EV_IO_REQUEUE] = "io_requeue",
	[EV_IO_MERGE] = "io_merge",
	[EV_ACCT] = "acct",
	[EV_SOCKET] = "socket",
	[EV_NET] = "net",
	[EV_SOCKET_STATE] = "socket_state",
	[EV_RETRANSMIT] = "retransmit",
	[EV_RESET] = "reset",
	[EV_STACK] = "stack",
	[EV_FRAMES] = "frames",
	[EV_COUNTERS] = "counters",
	[EV_IRQ] = "irq",
	[EV_SAMPLE] = "sample",
};

const char *event_kind_name(enum event_kind kind)
{
	return kind > 0 && kind < EV_KIND_END ? names[kind] : NULL;
}
