// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* rename: threads with names that a careless program would print as they are. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/workloads/oracle.h"

static const char *const names[] = {
	"plain",	 "two words",	  "a\"quote'",
	"back\\slash",	 "new\nline",	  "\033[31mred\033[0m",
	"\001\177ctl\t", "\xff\xfe\xc3(", "caf\xc3\xa9 \xe2\x82\xac",
	"<b>&amp;</b>",	 "=1+1,;|%s%n",	  "",
};

int main(void)
{
	unsigned n = sizeof(names) / sizeof(names[0]);

	printf("{\"pid\": %d, \"names_hex\": [", getpid());
	for (unsigned i = 0; i < n; i++) {
		check(prctl(PR_SET_NAME, names[i]), "prctl");
		sleep_ns(5000000);
		printf("%s\"", i ? ", " : "");
		for (const char *p = names[i]; *p && p < names[i] + 15; p++)
			printf("%02x", (unsigned char)*p);
		printf("\"");
	}
	printf("]}\n");
	return 0;
}
