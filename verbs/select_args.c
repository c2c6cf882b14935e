// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "verbs/select_args.h"

int select_args_set(struct select *s, int key, const char *arg, struct err *err)
{
	int rc;

	if (key >= SELECT_KEY_PID && key <= SELECT_KEY_USER)
		rc = select_add(s, (enum select_kind)(key - SELECT_KEY_PID), false, arg, err);
	else if (key >= SELECT_KEY_NO_PID && key <= SELECT_KEY_NO_USER)
		rc = select_add(s, (enum select_kind)(key - SELECT_KEY_NO_PID), true, arg, err);
	else if (key == SELECT_KEY_CPU)
		rc = cpulist_parse(&s->cpus, arg, err);
	else if (key == SELECT_KEY_NO_CPU)
		rc = cpulist_parse(&s->no_cpus, arg, err);
	else if (key == SELECT_KEY_KTHREADS)
		rc = select_kthreads(s, arg, err);
	else
		return 0;
	return rc ? rc : 1;
}
