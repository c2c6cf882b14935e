/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* syscalls: names of system calls on the recorded machine, which need not be this one. */
#ifndef RSTAT_REPLAY_SYSCALLS_H
#define RSTAT_REPLAY_SYSCALLS_H

#include <stdint.h>

/*
 * @arch  as uname -m has it, from the trace: "x86_64", "aarch64", "riscv64"
 * NULL when the number or the architecture is not known.
 */
const char *syscall_name(const char *arch, int32_t number);

#endif
