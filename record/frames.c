// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/privilege.h"
#include "record/symbols.h"
#include "record/usersyms.h"

#define TABLE_MIN     1024u /* a power of two */
#define EXECS	      4096u /* counters; two processes in one only cost definitions */
#define MACHINERY_MAX 12u /* leading frames that can be the recorder's own */
#define GONE	      "[gone]" /* as usersyms_name() has it */
/* From an exec's new memory, which can be read, until kernel_began() knows of it; generously. */
#define EXEC_NS 1000000u

struct definition {
	uint32_t tgid, id;
	uint32_t execs; /* of the process, when it was made */
	uint32_t segment; /* that it was said in last; 0: an unused slot */
	uint32_t len;
	bool late; /* the process had begun another program by then: made again for the next use */
	char *text; /* the kernel may have forgotten the stack in the next segment, and the
		     * process of a user stack may be gone */
};

struct frames {
	struct kernel *kernel;
	struct symbols *symbols; /* NULL: not to be had */
	struct err why;
	struct usersyms *users; /* NULL: no user stacks */
	uint32_t segment;
	struct definition *table; /* open addressing */
	uint32_t n, size;
	uint32_t execs[EXECS];
	bool named[EXECS]; /* processes that have had a user stack defined, in the same way */
	char text[STACK_DEPTH_MAX * USERSYM_ROOM];
};

int frames_new(struct frames **out, struct kernel *kernel, const char *root, bool user,
	       struct err *err)
{
	struct frames *f = calloc(1, sizeof(*f));

	*out = f;
	if (!f)
		return err_set(err, -ENOMEM, "cannot name stacks: out of memory");
	f->kernel = kernel;
	f->segment = 1;
	if (symbols_new(&f->symbols, root, &f->why) == -ENOMEM)
		return err_set(err, -ENOMEM, "cannot name stacks: %s", f->why.msg);
	return user ? usersyms_new(&f->users, err) : 0;
}

void frames_free(struct frames *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->size; i++)
		free(f->table[i].text);
	free(f->table);
	symbols_free(f->symbols);
	usersyms_free(f->users);
	free(f);
}

bool frames_has_kernel_symbols(const struct frames *f)
{
	return f->symbols != NULL;
}

const char *frames_why(const struct frames *f)
{
	return f->symbols ? NULL : f->why.msg;
}

void frames_exec(struct frames *f, uint32_t tgid)
{
	f->execs[tgid % EXECS]++;
	if (f->users)
		usersyms_forget(f->users, tgid);
}

void frames_fork(struct frames *f, uint32_t tgid)
{
	if (f->named[tgid % EXECS])
		frames_exec(f, tgid);
	f->named[tgid % EXECS] = false;
}

static struct definition *slot_of(const struct frames *f, uint32_t tgid, uint32_t id)
{
	uint32_t at = (tgid * 0x9e3779b1u ^ id * 0x85ebca6bu) & (f->size - 1);

	while (f->table[at].segment && (f->table[at].tgid != tgid || f->table[at].id != id))
		at = (at + 1) & (f->size - 1);
	return &f->table[at];
}

/* A new table for those that were said since `segment`. */
static int rebuild(struct frames *f, uint32_t size, uint32_t segment)
{
	struct definition *old = f->table, *table = calloc(size, sizeof(*table));
	const uint32_t old_size = f->size;

	if (!table)
		return -ENOMEM;
	f->table = table;
	f->size = size;
	f->n = 0;
	for (uint32_t i = 0; i < old_size; i++) {
		if (!old[i].segment || old[i].segment < segment) {
			free(old[i].text);
			continue;
		}
		*slot_of(f, old[i].tgid, old[i].id) = old[i];
		f->n++;
	}
	free(old);
	return 0;
}

void frames_new_segment(struct frames *f)
{
	/* without memory it stays as it is: the entries are only older than they need be */
	if (f->table)
		rebuild(f, f->size, f->segment);
	f->segment++;
}

/* What comes in front: this program, what called it, the scheduler's own last steps. */
static bool is_machinery(const char *name)
{
	static const char *const names[] = {"schedule", "preempt_schedule_common",
					    "preempt_schedule", "preempt_schedule_notrace",
					    "__cond_resched"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Where the thread's own frames begin: behind __schedule(), where there is one. */
static size_t first_own(const struct frames *f, const uint64_t *ips, size_t n)
{
	char name[SYMBOL_ROOM];
	size_t i;

	for (i = 0; i < n && i < MACHINERY_MAX; i++) {
		symbols_name(f->symbols, ips[i], name);
		if (!strncmp(name, "__schedule", 10) || !strncmp(name, "schedule_rtlock", 15))
			break;
	}
	if (i == n || i == MACHINERY_MAX)
		return 0;
	for (i++; i < n; i++) {
		symbols_name(f->symbols, ips[i] - 1, name);
		if (!is_machinery(name))
			break;
	}
	return i < n ? i : n - 1;
}

/* Whether the names of a user stack are of a program that came after it. */
static bool is_late(const struct frames *f, uint32_t tgid, uint64_t ts)
{
	const uint64_t read_ns = usersyms_read_ns(f->users, tgid);

	return read_ns >= ts && kernel_began(f->kernel, tgid, ts, read_ns + EXEC_NS);
}

/* Fills f->text; returns its length. Callers' addresses are those that they return to. */
static size_t describe(struct frames *f, uint32_t tgid, uint32_t id, uint64_t ts, bool *late)
{
	uint64_t ips[STACK_DEPTH_MAX];
	const size_t n = kernel_stack(f->kernel, tgid != 0, id, ips);
	size_t used = 0;

	if (tgid)
		privilege_trace(true);
	for (size_t i = tgid ? 0 : first_own(f, ips, n); i < n; i++) {
		char *name = f->text + used;

		if (tgid)
			usersyms_name(f->users, tgid, i ? ips[i] - 1 : ips[i], name);
		else
			symbols_name(f->symbols, i ? ips[i] - 1 : ips[i], name);
		used += strlen(name) + 1;
	}
	if (tgid)
		privilege_trace(false);
	*late = tgid && n && is_late(f, tgid, ts);
	if (!*late)
		return used;
	for (size_t i = 0; i < n; i++)
		memcpy(f->text + i * sizeof(GONE), GONE, sizeof(GONE));
	return n * sizeof(GONE);
}

int frames_define(struct frames *f, uint32_t tgid, uint32_t id, uint64_t ts,
		  struct frames_info *info, struct err *err)
{
	const uint32_t execs = tgid ? f->execs[tgid % EXECS] : 0;
	struct definition *d;

	if (2 * f->n >= f->size && rebuild(f, f->size ? 2 * f->size : TABLE_MIN, 0))
		return err_set(err, -ENOMEM, "cannot name stacks: out of memory");
	d = slot_of(f, tgid, id);
	if (d->segment == f->segment && d->execs == execs && !d->late)
		return 0;
	if (!d->text || d->execs != execs || d->late) {
		d->len = (uint32_t)describe(f, tgid, id, ts, &d->late);
		free(d->text);
		d->text = malloc(d->len ? d->len : 1);
		if (!d->text)
			return err_set(err, -ENOMEM, "cannot name stacks: out of memory");
		memcpy(d->text, f->text, d->len);
	}
	if (!d->segment)
		f->n++;
	d->tgid = tgid;
	d->id = id;
	d->execs = execs;
	f->named[tgid % EXECS] |= tgid != 0;
	d->segment = f->segment;
	*info = (struct frames_info){.frames = d->text, .frames_len = d->len};
	return 1;
}
