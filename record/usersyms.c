// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/usersyms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/elfsyms.h"
#include "record/host.h"

#define PROCESSES    64u /* whose maps are kept; direct mapped */
#define FILES	     256u /* of symbols; direct mapped by inode */
#define SYMBOL_BYTES (64u << 20) /* of them all: beyond, new files have no names */
#define MAPS_MAX     4096u /* executable mappings of one process */
/* A library that was loaded since shows as an address that nothing has: then look again, not always. */
#define LOOK_AGAIN_NS UINT64_C(100000000)

struct mapping {
	uint64_t start, end, offset;
	uint64_t dev, inode;
	char *path; /* as in maps */
};

struct process {
	uint32_t tgid; /* 0: an unused slot */
	uint64_t read_ns;
	struct mapping *map; /* by address */
	size_t n;
};

struct file {
	uint64_t dev, inode;
	bool known;
	struct elfsyms *symbols; /* NULL: none to be had */
};

struct usersyms {
	struct process process[PROCESSES];
	struct file file[FILES];
	size_t bytes;
};

int usersyms_new(struct usersyms **out, struct err *err)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static void clear(struct process *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->map[i].path);
	free(p->map);
	*p = (struct process){};
}

void usersyms_free(struct usersyms *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < PROCESSES; i++)
		clear(&u->process[i]);
	for (size_t i = 0; i < FILES; i++)
		elfsyms_free(u->file[i].symbols);
	free(u);
}

void usersyms_forget(struct usersyms *u, uint32_t tgid)
{
	if (u->process[tgid % PROCESSES].tgid == tgid)
		clear(&u->process[tgid % PROCESSES]);
}

/* "start-end r-xp offset major:minor inode    path" */
static void add_mapping(struct process *p, char *line)
{
	struct mapping m;
	unsigned major, minor;
	char perms[5], *path;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (p->n == MAPS_MAX ||
	    sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &m.start,
		   &m.end, perms, &m.offset, &major, &minor, &m.inode, &at) < 7 ||
	    perms[2] != 'x')
		return;
	path = line + at;
	m.dev = (uint64_t)major << 32 | minor;
	m.path = strdup(path);
	if (!(p->n & (p->n - 1))) {
		struct mapping *more = reallocarray(p->map, p->n ? 2 * p->n : 1, sizeof(*p->map));

		if (more)
			p->map = more;
		else
			free(m.path), m.path = NULL;
	}
	if (m.path)
		p->map[p->n++] = m;
}

static void read_maps(struct process *p, uint32_t tgid)
{
	char path[64], line[PATH_MAX + 256];
	FILE *f;

	clear(p);
	p->tgid = tgid;
	snprintf(path, sizeof(path), "/proc/%u/maps", tgid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		add_mapping(p, line);
	if (f)
		fclose(f);
	p->read_ns = host_now();
}

uint64_t usersyms_read_ns(const struct usersyms *u, uint32_t tgid)
{
	const struct process *p = &u->process[tgid % PROCESSES];

	return p->tgid == tgid ? p->read_ns : 0;
}

static const struct mapping *find(const struct process *p, uint64_t address)
{
	for (size_t i = 0; i < p->n; i++)
		if (address >= p->map[i].start && address < p->map[i].end)
			return &p->map[i];
	return NULL;
}

/* The file as the process sees it, which may be in another mount namespace. */
static struct elfsyms *read_file(const struct mapping *m, uint32_t tgid)
{
	char path[PATH_MAX + 32];
	struct elfsyms *symbols = NULL;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/root%s", tgid, m->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	/* another file may have that name by now; of file systems that make up devices, see inode */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_ino == m->inode)
		symbols = elfsyms_read(fd);
	close(fd);
	return symbols;
}

static const struct elfsyms *symbols_of(struct usersyms *u, const struct mapping *m, uint32_t tgid)
{
	struct file *file = &u->file[(m->inode ^ m->dev) % FILES];

	if (file->known && file->dev == m->dev && file->inode == m->inode)
		return file->symbols;
	u->bytes -= elfsyms_bytes(file->symbols);
	elfsyms_free(file->symbols);
	*file = (struct file){.dev = m->dev, .inode = m->inode, .known = true};
	if (u->bytes < SYMBOL_BYTES)
		file->symbols = read_file(m, tgid);
	u->bytes += elfsyms_bytes(file->symbols);
	return file->symbols;
}

static void name_in(struct usersyms *u, const struct mapping *m, uint32_t tgid, uint64_t address,
		    char name[USERSYM_ROOM])
{
	const uint64_t offset = address - m->start + m->offset;
	const char *symbol, *base;

	if (m->path[0] != '/') {
		/* "[vdso]", "[vsyscall]"; memory that a program made itself has no name, or any */
		snprintf(name, USERSYM_ROOM, "%s", m->path[0] == '[' ? m->path : "[unknown]");
		return;
	}
	symbol = elfsyms_name(symbols_of(u, m, tgid), offset);
	if (symbol) {
		snprintf(name, USERSYM_ROOM, "%s", symbol);
		return;
	}
	base = strrchr(m->path, '/') + 1;
	snprintf(name, USERSYM_ROOM, "[%.400s+0x%" PRIx64 "]", base, offset);
}

void usersyms_name(struct usersyms *u, uint32_t tgid, uint64_t address, char name[USERSYM_ROOM])
{
	struct process *p = &u->process[tgid % PROCESSES];
	const struct mapping *m;

	if (p->tgid != tgid)
		read_maps(p, tgid);
	m = find(p, address);
	if (!m && p->n && host_now() - p->read_ns > LOOK_AGAIN_NS) {
		read_maps(p, tgid);
		m = find(p, address);
	}
	if (m)
		name_in(u, m, tgid, address, name);
	else
		strcpy(name, p->n ? "[unknown]" : "[gone]");
}
