// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* An address this far behind the nearest symbol belongs to something that has none. */
#define FUNCTION_MAX (1u << 20)

struct symbol {
	uint64_t address;
	uint32_t name; /* offset of its text */
};

struct symbols {
	struct symbol *symbol; /* by address */
	size_t n;
	uint32_t room;
	char *text; /* NUL-terminated names, one behind the other */
	size_t used, size;
};

static int add(struct symbols *s, uint64_t address, const char *name, size_t len)
{
	if (!ARRAY_ROOM(s->symbol, s->room, s->n))
		return -ENOMEM;
	if (s->size - s->used <= len) {
		size_t size = s->size ? 2 * s->size : 1 << 20;
		char *more = realloc(s->text, size);

		if (!more)
			return -ENOMEM;
		s->text = more;
		s->size = size;
	}
	s->symbol[s->n++] = (struct symbol){.address = address, .name = (uint32_t)s->used};
	memcpy(s->text + s->used, name, len);
	s->text[s->used + len] = '\0';
	s->used += len + 1;
	return 0;
}

/* "ffffffff81000000 T name" or "... t name\t[module]". Data cannot be called. */
static int add_line(struct symbols *s, char *line)
{
	char *end, *name, *tab;
	uint64_t address = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || !strchr("tTwW", end[1]) || !end[1] || end[2] != ' ')
		return 0;
	name = end + 3;
	name[strcspn(name, "\n")] = '\0';
	tab = strchr(name, '\t');
	if (tab)
		*tab = ' ';
	if (!address || !*name)
		return 0;
	/* room for a whole one is what callers have */
	name[strnlen(name, SYMBOL_ROOM - 1)] = '\0';
	return add(s, address, name, strlen(name));
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : 1;
}

static int read_all(struct symbols *s, FILE *f)
{
	char line[1024];
	int ret = 0;

	while (!ret && fgets(line, sizeof(line), f))
		ret = add_line(s, line);
	return ret ? ret : ferror(f) ? -EIO : 0;
}

int symbols_new(struct symbols **out, const char *root, struct err *err)
{
	struct symbols *s = calloc(1, sizeof(*s));
	char path[4096];
	FILE *f;
	int ret;

	*out = NULL;
	snprintf(path, sizeof(path), "%s/proc/kallsyms", root);
	f = s ? fopen(path, "re") : NULL;
	ret = !s ? -ENOMEM : !f ? -errno : read_all(s, f);
	if (f)
		fclose(f);
	if (!ret && !s->n)
		ret = -EPERM;
	if (ret) {
		symbols_free(s);
		if (ret == -EPERM)
			return err_set(
				err, ret,
				"%s has no addresses (kernel.kptr_restrict, or no CAP_SYSLOG)",
				path);
		return err_errno(err, ret, "cannot read %s", path);
	}
	qsort(s->symbol, s->n, sizeof(*s->symbol), compare);
	*out = s;
	return 0;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->symbol);
	free(s->text);
	free(s);
}

void symbols_name(const struct symbols *s, uint64_t address, char name[SYMBOL_ROOM])
{
	size_t low = 0, high = s ? s->n : 0;

	name[0] = '\0';
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (s->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - s->symbol[low - 1].address >= FUNCTION_MAX)
		return;
	/* of several names for one place the first in the file: the linker's order */
	while (low > 1 && s->symbol[low - 2].address == s->symbol[low - 1].address)
		low--;
	strcpy(name, s->text + s->symbol[low - 1].name);
}
