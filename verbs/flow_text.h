/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* flow_text: devices, block requests, TCP states in words, for dump's lines and objects. */
#ifndef RSTAT_VERBS_FLOW_TEXT_H
#define RSTAT_VERBS_FLOW_TEXT_H

#include <stddef.h>

#include "format/event.h"

#define FLOW_TEXT 64 /* enough for every one of these */

/* All return buf, or a text that stays. */

/* "259:1" of an event.value. */
const char *flow_device(uint32_t dev, char buf[FLOW_TEXT]);
/* "read", "write", "zeroes" of an event.aux; a number when it is none of enum io_op. */
const char *flow_io_op(uint16_t op, char buf[FLOW_TEXT]);
/* The i-th flag of an IO event of this kind: its name; "" when it is not set; NULL: no more. */
const char *flow_io_flag(const struct event *ev, unsigned i);
/* "EIO"; "errno 999" when the C library has no name for it. */
const char *flow_errno(uint32_t error, char buf[FLOW_TEXT]);
/* "ESTAB", "SYN-SENT" as ss(8) has it, of TCP_*. */
const char *flow_tcp_state(uint8_t state, char buf[FLOW_TEXT]);
/* The same of any socket: one that is no connection is UNCONN. */
const char *flow_socket_state(const struct socket_info *info, char buf[FLOW_TEXT]);

#endif
