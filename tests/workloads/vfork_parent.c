// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* vfork_parent [MS]: a parent that is in D state while its vfork child sleeps for MS, or, with 0,
 * until the end of standard input. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

int main(int argc, char **argv)
{
	volatile uint64_t ms = (uint64_t)arg_or(argc, argv, 1, 200);
	volatile uint64_t slept_ns = 0; /* written by the child: memory is shared */
	uint64_t before_ns = now_ns(), after_ns;
	pid_t child = vfork();

	check(child < 0, "vfork");
	if (!child) {
		uint64_t start = now_ns();

		if (ms)
			sleep_ns(ms * 1000000);
		else
			until_told();
		slept_ns = now_ns() - start;
		_exit(0);
	}
	after_ns = now_ns();
	check(waitpid(child, NULL, 0) != child, "waitpid");
	printf("{\"pid\": %d, \"child\": %d, \"at_least_ns\": %" PRIu64 ", \"at_most_ns\": %" PRIu64
	       "}\n",
	       getpid(), child, slept_ns, after_ns - before_ns);
	return 0;
}
