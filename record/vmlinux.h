/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* vmlinux: where the running kernel has things, as its BTF tells. */
#ifndef RSTAT_RECORD_VMLINUX_H
#define RSTAT_RECORD_VMLINUX_H

#include <bpf/btf.h>

/* Of a per-CPU variable, relative to others (bpf/context.h uses that). -1: there is none. */
long vmlinux_percpu_offset(const struct btf *vmlinux, const char *name);

/* Bytes from the start of a struct; -1: no such struct or member, anonymous ones not looked into. */
long vmlinux_member_offset(const struct btf *vmlinux, const char *type, const char *name);

#endif
