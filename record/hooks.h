/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * hooks: the table of everything rstat wants to hear from the kernel, each with its alternatives
 * in order of preference, and the probing that finds which of them this kernel offers. One event,
 * one program: never two alternatives at once.
 */
#ifndef RSTAT_RECORD_HOOKS_H
#define RSTAT_RECORD_HOOKS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>

#include "base/err.h"
#include "bpf/events.h"
#include "format/event.h"
#include "format/meta.h"

#define HOOKS_MAX	  40u
#define HOOK_ALTERNATIVES 3u
#define HOOK_PARTS_MAX	  12u /* programs at once for one hook */

/*
 * How one program gets one hook, or a part of it: "tp_btf", "fentry", "fexit", "kprobe",
 * "kretprobe" or "iter" (read when it is asked for, not attached).
 */
struct hook_way {
	const char *how; /* NULL: no more */
	const char *target; /* tracepoint, function, what is iterated over */
	const char *program; /* in bpf/rstat.bpf.c; several kprobes can share one */
};

struct hook {
	const char *name;
	const char *needed; /* views that use it */
	uint32_t feature; /* enum kernel_feature it belongs to; 0: scheduling */
	bool required;
	enum program_id id; /* slot in the cost histogram */
	enum event_kind events; /* what it makes */
	struct hook_way ways[HOOK_ALTERNATIVES];
};

/* The table as this kernel has it. */
struct hooks {
	size_t n;
	struct meta_hook meta[HOOKS_MAX]; /* in the table's order, without what is left out */
	const struct hook *hook[HOOKS_MAX];
	const struct btf *vmlinux; /* borrowed, for hooks_reject() */
	const struct hook_way *chosen[HOOKS_MAX]; /* NULL: not live */
	/* all that is in use: the chosen way, then what else that takes */
	struct hook_way parts[HOOKS_MAX][HOOK_PARTS_MAX];
	size_t nparts[HOOKS_MAX];
	struct bpf_link *links[HOOKS_MAX][HOOK_PARTS_MAX];
};

/*
 * Looks every alternative up in the kernel's BTF; tries those that BTF cannot tell about.
 *
 * @features  enum kernel_feature; hooks of others are left out
 */
void hooks_probe(struct hooks *hooks, const struct btf *vmlinux, uint32_t features);

/*
 * Something of the hook does not load: does without what is used along with the chosen way or, when
 * there is no such thing, takes that way out of the running. The next one, if any, is chosen.
 */
void hooks_reject(struct hooks *hooks, size_t i, const char *why);

/* None of a feature's hooks is of any use, for this reason. */
void hooks_refuse(struct hooks *hooks, uint32_t feature, const char *why);

/* Marks for loading exactly the programs that are chosen (and those that are no hook's). */
int hooks_select(const struct hooks *hooks, struct bpf_object *obj, struct err *err);

/* Attaches what is chosen, but for iterators. What fails and is not required is not live. */
int hooks_attach(struct hooks *hooks, struct bpf_object *obj, struct err *err);
void hooks_detach(struct hooks *hooks);

bool hooks_uses(const struct hooks *hooks, const char *program);

/* Whether any hook of a feature is in use: programs of other hooks do a part of its work then. */
bool hooks_feature_live(const struct hooks *hooks, uint32_t feature);

/* Whether another live hook makes events of the same kind: who made how many is not known. */
bool hooks_share(const struct hooks *hooks, size_t i);

/* -EOPNOTSUPP and the hook's name when a required hook is not live. */
int hooks_check_required(const struct hooks *hooks, struct err *err);

/* Arguments of a tracepoint, 0 when there is none of that name. */
unsigned hooks_tracepoint_args(const struct btf *vmlinux, const char *tracepoint);

#endif
