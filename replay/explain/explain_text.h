/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* explain_text: steps in words. */
#ifndef RSTAT_REPLAY_EXPLAIN_EXPLAIN_TEXT_H
#define RSTAT_REPLAY_EXPLAIN_EXPLAIN_TEXT_H

#include "replay/explain/explained.h"

#define EXPLAIN_TEXT 600

/* What a step says, as a clause: escaped for a terminal. */
char *explain_sentence(const struct explained *e, const struct step *s, char *buf, size_t size);
/* Who or what held it up; NULL: nobody, or not known. Not escaped. */
const char *explain_by(const struct explained *e, const struct step *s, char *buf, size_t size);
/* One word for machines. */
const char *explain_what(const struct step *s);

#endif
