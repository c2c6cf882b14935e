// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The kernel side of rstat: one small program per hook, by topic. They share the rings and the
 * filters, so they are one object.
 */
#include "bpf/kernel.h"
#include "bpf/acct.h"
#include "bpf/io.h"
#include "bpf/irq.h"
#include "bpf/life.h"
#include "bpf/net.h"
#include "bpf/net_old.h"
#include "bpf/open_sockets.h"
#include "bpf/sched.h"
#include "bpf/task.h"

/* Programs that read task_struct need a license that the kernel takes for GPL-compatible. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
