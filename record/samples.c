// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/samples.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "record/limit.h"
#include "record/sources.h"

/* Room for a text at first; it grows when one fills it. */
#define TEXT_BYTES 16384u
#define TEXT_MAX   (64u << 20)
#define NAME_ROOM  160u

struct metric {
	char *name;
	uint32_t round; /* the sample that had it last, 0 none yet */
	bool told, named, rare;
	struct sample_info info; /* as told last */
	struct name_info name_info;
};

/* An event to be, by number: metrics move when they get more. */
struct change {
	uint32_t metric;
	bool gone;
};

struct samples {
	char root[2048];
	uint32_t cpu_limit;
	struct source *sources;
	size_t nsources;
	uint32_t sources_room;
	struct metric *metrics;
	uint32_t n, room, nchanges;
	struct change *changes; /* room each for these two: */
	struct event *events; /* twice as many: names */
	char *text;
	size_t text_room;
	uint32_t round;
	bool rare; /* the source that is being read is */
	char absent[256];
	struct kept {
		void *own;
		void (*release)(void *own);
	} * kept;
	size_t nkept;
};

const char *samples_root(const struct samples *s)
{
	return s->root;
}

uint32_t samples_cpu_limit(const struct samples *s)
{
	return s->cpu_limit;
}

void samples_lack(struct samples *s, const char *what)
{
	const size_t len = strlen(s->absent);

	snprintf(s->absent + len, sizeof(s->absent) - len, "%s%s", len ? ", " : "", what);
}

void samples_absent(const struct samples *s, char *to, size_t size)
{
	snprintf(to, size, "%s", s->absent);
}

/* ---- metrics ---- */

static bool grow(struct samples *s)
{
	const uint32_t room = s->room ? 2 * s->room : 256;
	struct metric *metrics = reallocarray(s->metrics, room, sizeof(*metrics));
	struct change *changes;
	struct event *events;

	if (!metrics)
		return false;
	s->metrics = metrics;
	changes = reallocarray(s->changes, room, sizeof(*changes));
	if (!changes)
		return false;
	s->changes = changes;
	events = reallocarray(s->events, 2 * (size_t)room, sizeof(*events));
	if (!events)
		return false;
	s->events = events;
	s->room = room;
	return true;
}

uint32_t samples_metric(struct samples *s, const char *fmt, ...)
{
	char name[NAME_ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (s->n == s->room && !grow(s))
		return METRIC_NONE;
	s->metrics[s->n] = (struct metric){.name = strdup(name)};
	if (!s->metrics[s->n].name)
		return METRIC_NONE;
	return s->n++;
}

uint32_t samples_next(const struct samples *s)
{
	return s->n;
}

const char *samples_name(const struct samples *s, uint32_t metric)
{
	return metric < s->n ? s->metrics[metric].name : NULL;
}

void samples_set(struct samples *s, uint32_t metric, uint64_t value)
{
	struct metric *m;

	if (metric >= s->n)
		return;
	m = &s->metrics[metric];
	if (m->round == s->round)
		return; /* a file that has a line twice */
	m->round = s->round;
	m->rare = s->rare;
	if (m->told && m->info.value == value)
		return;
	m->info.value = value;
	m->told = true;
	s->changes[s->nchanges++] = (struct change){.metric = metric};
}

/* Those that the sources that were read do not have any more. */
static void miss(struct samples *s, bool whole)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct metric *m = &s->metrics[i];

		if (!m->told || m->round == s->round || (m->rare && !whole))
			continue;
		m->told = false;
		s->changes[s->nchanges++] = (struct change){.metric = i, .gone = true};
	}
}

/* ---- files ---- */

int samples_open(struct samples *s, const char *path, struct source source)
{
	char full[4096];
	int fd;

	if (!ARRAY_ROOM(s->sources, s->sources_room, s->nsources))
		return -ENOMEM;
	if (snprintf(full, sizeof(full), "%s%s", s->root, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == EMFILE && limit_raise_files())
		fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	source.fd = fd;
	s->sources[s->nsources++] = source;
	return 0;
}

static void parse_number(struct samples *s, struct source *source, char *text)
{
	const bool minus = *text == '-';
	uint64_t n;

	text += minus;
	if (samples_number(&text, &n))
		samples_set(s, source->arg, minus ? -n : n);
}

int samples_open_number(struct samples *s, const char *path, const char *name)
{
	struct source source = {.one_line = true, .parse = parse_number, .arg = s->n};
	int ret = samples_open(s, path, source);

	if (ret)
		return ret;
	return samples_metric(s, "%s", name) == METRIC_NONE ? -ENOMEM : 0;
}

static bool grow_text(struct samples *s)
{
	const size_t room = s->text_room ? 2 * s->text_room : TEXT_BYTES;
	char *text = room <= TEXT_MAX ? realloc(s->text, room) : NULL;

	if (!text)
		return false;
	s->text = text;
	s->text_room = room;
	return true;
}

/* The whole file; false when it cannot be read now, or never again (fd -1). */
static bool read_text(struct samples *s, struct source *source)
{
	size_t len = 0;

	for (;;) {
		ssize_t got;

		if (s->text_room - len < 2 && !grow_text(s))
			return false;
		got = pread(source->fd, s->text + len, s->text_room - len - 1, (off_t)len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			/* a device that went; others are only busy, or asleep */
			if (errno == ENODEV) {
				close(source->fd);
				source->fd = -1;
			}
			return false;
		}
		len += (size_t)got;
		if (!got || source->one_line)
			break;
	}
	s->text[len] = '\0';
	return true;
}

/* ---- numbers ---- */

bool samples_number(char **text, uint64_t *n)
{
	char *p = *text;
	uint64_t value = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	*text = p;
	*n = value;
	return true;
}

bool samples_skip(char **text, const char *word)
{
	const size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0)
		return false;
	*text += len;
	*text += strspn(*text, " \t");
	return true;
}

char *samples_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchrnul(line, '\n');
	*text = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

/* ---- a sample ---- */

/* Now that metrics do not move any more. */
static size_t make_events(struct samples *s, uint64_t now_ns)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->nchanges; i++) {
		const struct change *c = &s->changes[i];
		struct metric *m = &s->metrics[c->metric];

		if (!m->named) {
			m->named = true;
			m->name_info = (struct name_info){
				.id = c->metric, .kind = NAME_METRIC, .name = m->name};
			s->events[n++] = (struct event){.ts = now_ns,
							.ext = &m->name_info,
							.cpu = CPU_NONE,
							.kind = EV_NAME};
		}
		s->events[n++] = (struct event){.ts = now_ns,
						.ext = &m->info,
						.value = c->metric,
						.cpu = CPU_NONE,
						.kind = EV_SAMPLE,
						.flags = c->gone ? EVF_SAMPLE_GONE : 0};
	}
	return n;
}

size_t samples_take(struct samples *s, uint64_t now_ns, bool whole, const struct event **events)
{
	s->round++;
	s->nchanges = 0;
	for (size_t i = 0; i < s->nsources; i++) {
		struct source *source = &s->sources[i];

		if (source->fd < 0 || (source->rare && !whole) || !read_text(s, source))
			continue;
		s->rare = source->rare;
		source->parse(s, source, s->text);
	}
	miss(s, whole);
	*events = s->events;
	return make_events(s, now_ns);
}

struct samples *samples_empty(const char *root, uint32_t cpu_limit)
{
	struct samples *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	snprintf(s->root, sizeof(s->root), "%s", root);
	s->cpu_limit = cpu_limit;
	if (grow(s) && grow_text(s))
		return s;
	samples_free(s);
	return NULL;
}

int samples_keep(struct samples *s, void *own, void (*release)(void *own))
{
	struct kept *more = reallocarray(s->kept, s->nkept + 1, sizeof(*more));

	if (!more) {
		release(own);
		return -ENOMEM;
	}
	s->kept = more;
	s->kept[s->nkept++] = (struct kept){own, release};
	return 0;
}

void samples_free(struct samples *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nsources; i++)
		if (s->sources[i].fd >= 0)
			close(s->sources[i].fd);
	for (uint32_t i = 0; i < s->n; i++)
		free(s->metrics[i].name);
	for (size_t i = 0; i < s->nkept; i++)
		s->kept[i].release(s->kept[i].own);
	free(s->kept);
	free(s->sources);
	free(s->metrics);
	free(s->changes);
	free(s->events);
	free(s->text);
	free(s);
}
