// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "engine/state.h"

#include <stdio.h>

enum task_state state_from_raw(uint32_t raw)
{
	if (!raw)
		return TS_RUNNABLE;
	if (raw & (RAW_EXIT_ZOMBIE | RAW_EXIT_DEAD | RAW_DEAD))
		return raw & RAW_EXIT_ZOMBIE ? TS_ZOMBIE : TS_DEAD;
	if ((raw & RAW_IDLE) == RAW_IDLE)
		return TS_IDLE;
	if (raw & (RAW_UNINTERRUPTIBLE | RAW_RTLOCK_WAIT | RAW_FROZEN))
		return TS_DISK;
	if (raw & RAW_TRACED)
		return TS_TRACED;
	if (raw & RAW_STOPPED)
		return TS_STOPPED;
	if (raw & RAW_PARKED)
		return TS_PARKED;
	if (raw & RAW_NEW)
		return TS_NEW;
	return TS_SLEEP;
}

static const struct {
	char letter;
	const char *name;
} states[TS_COUNT] = {
	[TS_UNKNOWN] = {'?', "unknown"},   [TS_RUN] = {'R', "run"},
	[TS_RUNNABLE] = {'R', "runnable"}, [TS_SLEEP] = {'S', "sleep"},
	[TS_DISK] = {'D', "disk"},	   [TS_IDLE] = {'I', "idle"},
	[TS_STOPPED] = {'T', "stopped"},   [TS_TRACED] = {'t', "traced"},
	[TS_PARKED] = {'P', "parked"},	   [TS_NEW] = {'N', "new"},
	[TS_ZOMBIE] = {'Z', "zombie"},	   [TS_LEADER_ZOMBIE] = {'Z', "leader-zombie"},
	[TS_DEAD] = {'X', "dead"},
};

char state_letter(enum task_state state)
{
	return state < TS_COUNT ? states[state].letter : '?';
}

const char *state_name(enum task_state state)
{
	return state < TS_COUNT ? states[state].name : "unknown";
}

const char *runnable_cause_name(enum runnable_cause cause)
{
	static const char *const names[RC_COUNT] = {
		[RC_NONE] = "none",	      [RC_WAKEUP] = "wakeup", [RC_FORK] = "fork",
		[RC_PREEMPTED] = "preempted", [RC_YIELD] = "yield",   [RC_INFERRED] = "inferred",
	};

	return cause < RC_COUNT ? names[cause] : "none";
}

const char *state_describe(uint32_t raw, int iowait, char *buf, unsigned len)
{
	const char *tags[4];
	unsigned n = 0;
	int used;

	if (raw & RAW_WAKEKILL && state_from_raw(raw) == TS_DISK)
		tags[n++] = "killable";
	if (iowait)
		tags[n++] = "iowait";
	if (raw & RAW_FROZEN)
		tags[n++] = "frozen";
	if (raw & RAW_RTLOCK_WAIT)
		tags[n++] = "rtlock";
	used = snprintf(buf, len, "%c", state_letter(state_from_raw(raw)));
	for (unsigned i = 0; i < n && used > 0 && (unsigned)used < len; i++)
		used += snprintf(buf + used, len - (unsigned)used, "%s%s%s", i ? ", " : " (",
				 tags[i], i + 1 == n ? ")" : "");
	return buf;
}
