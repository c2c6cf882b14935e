/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * sources: between samples.c, which keeps metrics and makes events of them and knows no source, the
 * files that know what a source's text means (samples_proc.c, samples_sys.c, samples_schedstat.c),
 * and the list of those (samples_open.c).
 */
#ifndef RSTAT_RECORD_SOURCES_H
#define RSTAT_RECORD_SOURCES_H

#include "record/samples.h"

#define METRIC_NONE UINT32_MAX /* samples_set() does nothing with it */

/* An open file. */
struct source {
	int fd; /* -1: gone for good */
	bool one_line; /* it comes whole in one read */
	bool rare;
	uint32_t arg; /* the parser's: its metric, or the first of them */
	void *own; /* the parser's, too */
	/* NUL-terminated text, which it may change. */
	void (*parse)(struct samples *s, struct source *source, char *text);
};

/* None yet: samples_new() without its sources. Errors: -ENOMEM */
struct samples *samples_empty(const char *root, uint32_t cpu_limit);

/*
 * Opens root/path and keeps it.
 *
 * Returns 0, or a negative errno: -ENOENT and others when it is not to be had, -ENOMEM.
 */
int samples_open(struct samples *s, const char *path, struct source source);

/* The same for a file that is a number; its metric has this name. */
int samples_open_number(struct samples *s, const char *path, const char *name);

/* A new metric; METRIC_NONE when out of memory. */
uint32_t samples_metric(struct samples *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

uint32_t samples_next(const struct samples *s); /* the number that the next one gets */
const char *samples_name(const struct samples *s, uint32_t metric); /* NULL: there is none */

/* What it is in this sample. */
void samples_set(struct samples *s, uint32_t metric, uint64_t value);

const char *samples_root(const struct samples *s);
uint32_t samples_cpu_limit(const struct samples *s);

/* One more source that this host lacks. */
void samples_lack(struct samples *s, const char *what);

/* ---- reading numbers: they move *text past what they read, and are false when it is none ---- */
bool samples_number(char **text, uint64_t *n);
bool samples_skip(char **text, const char *word); /* and all blanks behind it */
char *samples_line(char **text); /* the next line without its end, NULL: no more */

/* Keeps what parsers share, to be freed with the samples; also when it fails: -ENOMEM. */
int samples_keep(struct samples *s, void *own, void (*release)(void *own));

/* ---- the families; each opens what there is. 0 or -ENOMEM ---- */
int sources_proc(struct samples *s);
int sources_sys(struct samples *s);
int sources_schedstat(struct samples *s);

#endif
