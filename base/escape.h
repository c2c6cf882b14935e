/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * escape: names that come from the recorded machine, made safe for an output. A comm, a path or an
 * argument may hold any byte; nothing of it may reach a terminal or break a format.
 */
#ifndef RSTAT_BASE_ESCAPE_H
#define RSTAT_BASE_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* Room for the escaped form of `len` bytes, with the NUL. */
#define ESCAPE_ROOM(len) (6 * (size_t)(len) + 1)

/*
 * Decodes one UTF-8 character of s[0..len): its length 1..4 with *code set, or 0 when the bytes
 * are not valid UTF-8 (overlong forms and surrogates included).
 */
unsigned utf8_decode(const char *s, size_t len, uint32_t *code);

/*
 * For terminals and tables. Reversible: a backslash becomes "\\", newline, tab, return "\n" "\t"
 * "\r", other control characters (C1 and the bidirectional ones too) and bytes that are not UTF-8
 * become \xHH byte by byte. Printable UTF-8 stays.
 *
 * @size  of out, > 0; what does not fit is cut between two characters
 * Returns the length written.
 */
size_t escape_terminal(char *out, size_t size, const char *in, size_t len);

/*
 * Valid UTF-8 for a JSON library. Only what is not UTF-8 changes: such a byte 0xHH becomes the
 * private character U+EFHH (and so do the bytes of characters U+EF80..U+EFFF themselves, so that
 * the original bytes can always be had back). Same size and result as above.
 */
size_t escape_utf8(char *out, size_t size, const char *in, size_t len);

/*
 * The inside of a JSON string, quotes not included, pure ASCII: escape_utf8(), and then what JSON
 * wants escaped plus DEL and all beyond ASCII as \uXXXX. For outputs that write JSON by hand for
 * speed. Needs up to 6 bytes per byte.
 */
size_t escape_json(char *out, size_t size, const char *in, size_t len);

#endif
