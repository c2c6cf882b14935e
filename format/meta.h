/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * meta: what a trace says about the host, the recording and the recorder. Stored as JSON so that
 * either side may know keys that the other does not; read into and written from plain structs.
 */
#ifndef RSTAT_FORMAT_META_H
#define RSTAT_FORMAT_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct meta_cpu {
	uint16_t cpu;
	int32_t core, l3, die, package, node; /* ids from sysfs, -1 where the host does not say */
};

/* One line of the hook table as it came out of probing. */
struct meta_hook {
	char name[32]; /* "sched_switch" */
	char alternative[32]; /* "tp_btf", "raw_tp", "fentry", "kprobe"; "" when not live */
	bool live;
	bool required;
	char why[160]; /* why it is not live */
	char needed[64]; /* views that would have used it, comma-separated: "states,life" */
	char feature[16]; /* it belongs to: "sched" (or ""), "io", "net", "fs" */
};

/* One of `record --counters`. */
struct meta_counter {
	char name[48]; /* as the user gave it: "cycles", "r00c0", "page-faults" */
	bool live;
	char why[96]; /* why not */
};

/* Known when the recording starts. */
struct meta {
	char version[32]; /* of rstat */
	char hostname[65], kernel[65], arch[65], os[128];
	char command_line[1024]; /* of the recorder */
	char child_command[1024]; /* of `record -- CMD`, "" if none */
	uint32_t child_pid; /* root of the report's default focus, 0 none */
	uint64_t start_ns; /* MONOTONIC at the start of the trace */
	uint64_t start_utc_ns; /* the same instant, CLOCK_REALTIME */
	int64_t boottime_offset_ns; /* BOOTTIME - MONOTONIC */
	uint32_t user_hz, page_size;
	uint64_t ring_bytes; /* per CPU */
	uint32_t args_limit; /* exec arguments are cut at so many bytes */
	char reap[16]; /* how the reap is known: "hook", "wait", "free" */
	bool filtered; /* kernel filters are on: what they left out shows as TID_OTHER */
	char filters[1024]; /* as the user gave them */
	char features
		[64]; /* that are on, comma-separated: "sched,io,net,fs"; "" before 1.1: sched */
	struct meta_cpu *cpus;
	size_t ncpus;
	struct meta_hook *hooks;
	size_t nhooks;
	struct meta_counter *counters;
	size_t ncounters;
	char stacks[16]; /* --stacks: "all", "D", "" off */
	bool user_stacks;
	bool kernel_symbols; /* the kernel told its symbols */
	bool tree; /* checkpoints say who descends from child_pid: SNAPF_TREE */
};

/* Cost of one program of the recorder. */
struct meta_program {
	char name[32];
	uint64_t runs; /* while sampled */
	uint64_t run_ns; /* while sampled */
	uint64_t events; /* ring records it wrote over the whole recording, 0 unknown */
	uint64_t missed; /* recursion_misses: runs that the kernel skipped */
};

/* Known when it ends; written in the footer. */
struct meta_end {
	uint64_t end_ns; /* MONOTONIC */
	uint64_t cpu_ns; /* of the recorder, all threads, user + system */
	uint64_t max_rss_bytes;
	uint64_t lost; /* all CPUs */
	uint64_t stacks, stacks_lost; /* EV_STACKs; of these with EVF_STACK_LOST */
	uint64_t program_sample_ns; /* for how long programs were timed */
	bool child_exited;
	int child_status; /* wait4 status of CMD */
	bool cut; /* what came after the last block is lost: it could not be written */
	char stopped_by[64]; /* "SIGINT", "duration", "max-size", "command ended", "ENOSPC" */
	struct meta_program *programs;
	size_t nprograms;
};

/* Whether a feature ("sched", "io", "fs", "net") was recorded. */
bool meta_has_feature(const struct meta *meta, const char *feature);
/* Filters left out some tasks, not just what was on some CPUs (record -C). */
bool meta_leaves_out_tasks(const struct meta *meta);

/* JSON text, malloc'd, NUL-terminated; NULL when out of memory. */
char *meta_to_json(const struct meta *meta);
char *meta_end_to_json(const struct meta_end *end);

/* Fills from JSON; unknown keys are skipped, missing ones are zero. Free with meta_free(). */
int meta_from_json(struct meta *meta, const char *json, size_t len, struct err *err);
int meta_end_from_json(struct meta_end *end, const char *json, size_t len, struct err *err);
void meta_free(struct meta *meta);
void meta_end_free(struct meta_end *end);

#endif
