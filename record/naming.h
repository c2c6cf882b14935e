/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * naming: what users, cgroups, block devices and interrupts are called. Read from files only: a name service that asks the
 * network could hold up the recorder for seconds.
 */
#ifndef RSTAT_RECORD_NAMING_H
#define RSTAT_RECORD_NAMING_H

#include <stdint.h>

#include "base/err.h"

struct naming;

/* @root  "" for this machine, or a folder with a copy of its /proc, /sys and /etc (tests) */
int naming_new(struct naming **out, const char *root, struct err *err);
void naming_free(struct naming *n);

/*
 * The name, valid until the next call; NULL when it has none (now). Asking again for one that
 * has none is cheap.
 */
const char *naming_user(struct naming *n, uint32_t uid);
const char *naming_cgroup(struct naming *n, uint64_t id); /* path below the cgroup v2 root */
const char *naming_device(struct naming *n, uint32_t dev); /* "vda1"; dev: major << 20 | minor */
/* Who handles it, "virtio2-req.0" or "i2c,acpi"; of NAME_IRQ's soft ones "TIMER", "NET_RX", ... */
const char *naming_irq(struct naming *n, uint64_t id);

/* Where cgroup v2 is mounted (first mount); NULL when it is not. */
const char *naming_cgroup_root(const struct naming *n);

/*
 * The id of a cgroup that the user names: a path below the cgroup v2 root or a full one.
 * -ENOENT: there is no such cgroup, or no cgroup v2.
 */
int naming_cgroup_id(const struct naming *n, const char *path, uint64_t *id, struct err *err);

#endif
