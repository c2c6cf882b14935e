/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* xml: text inside SVG and HTML. */
#ifndef RSTAT_BASE_XML_H
#define RSTAT_BASE_XML_H

#include <stddef.h>
#include <stdio.h>

/* Text that is escaped for a terminal already: no control characters, valid UTF-8. */
void xml_put(FILE *out, const char *text, size_t len);

/* Text that nobody vouches for, as tables show it. */
void xml_text(FILE *out, const char *text, size_t len);

#endif
