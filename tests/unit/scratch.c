// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS 5

int scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/rstat-test.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0)
		return -1;
	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int scratch_teardown(void **state)
{
	int ret = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return ret;
}

const char *scratch_path(void *state, const char *name)
{
	static char paths[PATHS][4096];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)state, name);
	return path;
}

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

void scratch_write(void *state, const char *name, const void *data, size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s", scratch_path(state, name));
	for (char *p = path + strlen(state) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	f = fopen(path, "w");
	must(f && fwrite(data, 1, len, f) == len && !fclose(f), path);
}

long scratch_read(void *state, const char *name, void *buf, size_t size)
{
	FILE *f = fopen(scratch_path(state, name), "r");
	size_t n;

	if (!f)
		return -1;
	n = fread(buf, 1, size, f);
	fclose(f);
	return (long)n;
}

int scratch_entries(void *state)
{
	DIR *dir = opendir(state);
	int n = 0;

	must(dir != NULL, state);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}
