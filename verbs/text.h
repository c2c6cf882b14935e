/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * text: a line-oriented output that is written in large pieces, without stdio's cost per item.
 * The first write error sticks; appending after it does nothing.
 */
#ifndef RSTAT_VERBS_TEXT_H
#define RSTAT_VERBS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_BUFFER  (1u << 17)
#define TEXT_RESERVE 4096 /* the most that one append writes; larger ones are split */

struct text {
	int fd;
	int error; /* negative errno of the first failed write */
	size_t len;
	uint64_t flushed; /* bytes that left buf so far */
	char buf[TEXT_BUFFER];
};

void text_init(struct text *t, int fd);
/* Writes what is buffered. Returns t->error. */
int text_flush(struct text *t);

void text_put(struct text *t, const char *s, size_t len);
void text_str(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_u64(struct text *t, uint64_t n);
void text_hex(struct text *t, uint64_t n); /* "0x1f" */
void text_i64(struct text *t, int64_t n);
void text_u64_padded(struct text *t, uint64_t n, unsigned width, char pad);
uint64_t text_mark(const struct text *t); /* where it has come to */
void text_pad_to(struct text *t, uint64_t from, size_t width); /* blanks: from is a text_mark() */

/* A name of the recorded machine, escaped: for a terminal, or as a quoted JSON string. */
void text_escaped(struct text *t, const char *s, size_t len);
void text_json_string(struct text *t, const char *s, size_t len);

#endif
