// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/buf.h"
#include "format/meta.h"

/*
 * Names and command lines are any bytes, JSON strings are Unicode. A byte that is no part of valid
 * UTF-8 becomes the code point RAW_BYTE + byte, in a private-use plane; a text that really has such
 * a code point has its four bytes spelt that way. Both ways are exact.
 */
#define RAW_BYTE 0x10fe00u

enum json_kind { JSON_TEXT, JSON_U16, JSON_U32, JSON_I32, JSON_U64, JSON_BOOL };

struct key {
	const char *name;
	enum json_kind kind;
	size_t offset, size;
};

#define KEY(type, kind, member)                                                                    \
	{                                                                                          \
#member, JSON_##kind, offsetof(type, member), sizeof(((type *)0)->member)          \
	}

static const struct key meta_keys[] = {
	KEY(struct meta, TEXT, version),
	KEY(struct meta, TEXT, hostname),
	KEY(struct meta, TEXT, kernel),
	KEY(struct meta, TEXT, arch),
	KEY(struct meta, TEXT, os),
	KEY(struct meta, TEXT, command_line),
	KEY(struct meta, TEXT, child_command),
	KEY(struct meta, U32, child_pid),
	KEY(struct meta, U64, start_ns),
	KEY(struct meta, U64, start_utc_ns),
	KEY(struct meta, U64, boottime_offset_ns),
	KEY(struct meta, U32, user_hz),
	KEY(struct meta, U32, page_size),
	KEY(struct meta, U64, ring_bytes),
	KEY(struct meta, U32, args_limit),
	KEY(struct meta, TEXT, reap),
	KEY(struct meta, BOOL, filtered),
	KEY(struct meta, TEXT, filters),
	KEY(struct meta, TEXT, features),
	KEY(struct meta, TEXT, stacks),
	KEY(struct meta, BOOL, user_stacks),
	KEY(struct meta, BOOL, kernel_symbols),
	KEY(struct meta, BOOL, tree),
};

static const struct key cpu_keys[] = {
	KEY(struct meta_cpu, U16, cpu),	    KEY(struct meta_cpu, I32, core),
	KEY(struct meta_cpu, I32, l3),	    KEY(struct meta_cpu, I32, die),
	KEY(struct meta_cpu, I32, package), KEY(struct meta_cpu, I32, node),
};

static const struct key hook_keys[] = {
	KEY(struct meta_hook, TEXT, name),    KEY(struct meta_hook, TEXT, alternative),
	KEY(struct meta_hook, BOOL, live),    KEY(struct meta_hook, BOOL, required),
	KEY(struct meta_hook, TEXT, why),     KEY(struct meta_hook, TEXT, needed),
	KEY(struct meta_hook, TEXT, feature),
};

static const struct key counter_keys[] = {
	KEY(struct meta_counter, TEXT, name),
	KEY(struct meta_counter, BOOL, live),
	KEY(struct meta_counter, TEXT, why),
};

static const struct key end_keys[] = {
	KEY(struct meta_end, U64, end_ns),
	KEY(struct meta_end, U64, cpu_ns),
	KEY(struct meta_end, U64, max_rss_bytes),
	KEY(struct meta_end, U64, lost),
	KEY(struct meta_end, U64, stacks),
	KEY(struct meta_end, U64, stacks_lost),
	KEY(struct meta_end, U64, program_sample_ns),
	KEY(struct meta_end, BOOL, cut),
	KEY(struct meta_end, BOOL, child_exited),
	KEY(struct meta_end, I32, child_status),
	KEY(struct meta_end, TEXT, stopped_by),
};

static const struct key program_keys[] = {
	KEY(struct meta_program, TEXT, name),  KEY(struct meta_program, U64, runs),
	KEY(struct meta_program, U64, run_ns), KEY(struct meta_program, U64, events),
	KEY(struct meta_program, U64, missed),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool put_code_point(struct buf *out, uint32_t c)
{
	const uint8_t utf8[4] = {(uint8_t)(0xf0 | c >> 18), (uint8_t)(0x80 | (c >> 12 & 0x3f)),
				 (uint8_t)(0x80 | (c >> 6 & 0x3f)), (uint8_t)(0x80 | (c & 0x3f))};

	return buf_add(out, utf8, sizeof(utf8));
}

/* Length and value of the UTF-8 sequence at p; 0 when it is not a valid one. */
static size_t utf8_length(const uint8_t *p, size_t left, uint32_t *value)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc0 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf8 ? 4
			       : 0;
	uint32_t c = n == 1 ? *p : *p & (0xffu >> (n + 1));

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return 0;
	*value = c;
	return n;
}

static bool is_raw_byte(uint32_t c)
{
	return c >= RAW_BYTE + 0x80 && c <= RAW_BYTE + 0xff;
}

static json_t *text_to_json(const char *text, size_t size)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strnlen(text, size);
	struct buf out = {0};
	bool ok = buf_reserve(&out, 1);
	json_t *json = NULL;

	while (left && ok) {
		uint32_t c = 0;
		size_t n = utf8_length(p, left, &c);

		if (n && !is_raw_byte(c)) {
			ok = buf_add(&out, p, n);
		} else {
			n = 1;
			ok = put_code_point(&out, RAW_BYTE + *p);
		}
		p += n;
		left -= n;
	}
	if (ok)
		json = json_stringn((const char *)out.data, out.len);
	buf_free(&out);
	return json;
}

/* What does not fit is cut; the rest of the array is zero. */
static void text_from_json(char *out, size_t size, const json_t *json)
{
	const uint8_t *p = (const uint8_t *)json_string_value(json);
	size_t left = json_string_length(json), len = 0;

	memset(out, 0, size);
	while (left && *p) {
		uint32_t c = 0;
		size_t n = utf8_length(p, left, &c);
		char raw = (char)c;
		bool is_raw = n && is_raw_byte(c);
		const char *bytes = is_raw ? &raw : (const char *)p;
		size_t nbytes = is_raw || !n ? 1 : n;

		if (len + nbytes >= size)
			break;
		memcpy(out + len, bytes, nbytes);
		len += nbytes;
		p += n ? n : 1;
		left -= n ? n : 1;
	}
}

static json_t *key_to_json(const struct key *key, const uint8_t *at)
{
	uint64_t v = 0;
	int32_t i32;

	if (key->kind == JSON_TEXT)
		return text_to_json((const char *)at, key->size);
	memcpy(&v, at, key->size);
	if (key->kind == JSON_BOOL)
		return json_boolean(v);
	if (key->kind == JSON_I32) {
		memcpy(&i32, at, sizeof(i32));
		return json_integer(i32);
	}
	return json_integer((json_int_t)v); /* 2^63 and more come out negative, and go back */
}

/* Adds the keys of one struct. False when out of memory. */
static bool struct_to_json(json_t *object, const struct key *keys, size_t n, const void *from)
{
	for (size_t i = 0; i < n; i++)
		if (json_object_set_new(
			    object, keys[i].name,
			    key_to_json(&keys[i], (const uint8_t *)from + keys[i].offset)))
			return false;
	return true;
}

static bool array_to_json(json_t *object, const char *name, const struct key *keys, size_t nkeys,
			  const void *array, size_t size, size_t n)
{
	json_t *list = json_array();

	if (json_object_set_new(object, name, list))
		return false;
	for (size_t i = 0; i < n; i++) {
		json_t *entry = json_object();

		if (json_array_append_new(list, entry) ||
		    !struct_to_json(entry, keys, nkeys, (const uint8_t *)array + i * size))
			return false;
	}
	return true;
}

static char *dump(json_t *object, bool ok)
{
	char *text = ok ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

bool meta_has_feature(const struct meta *meta, const char *feature)
{
	const char *list = meta->features[0] ? meta->features : "sched";
	size_t len = strlen(feature);

	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == len && !memcmp(at, feature, len))
			return true;
	return false;
}

bool meta_leaves_out_tasks(const struct meta *meta)
{
	size_t len;

	if (strlen(meta->filters) >= sizeof(meta->filters) - 1)
		return meta->filtered; /* its end may be cut off */
	for (const char *word = meta->filters; *word; word += len, word += strspn(word, " ")) {
		len = strcspn(word, " ");
		if ((len != 2 || memcmp(word, "-C", 2) != 0) && strspn(word, "0123456789,-") < len)
			return meta->filtered;
	}
	return meta->filtered && !*meta->filters; /* how is not known */
}

char *meta_to_json(const struct meta *meta)
{
	json_t *object = json_object();
	bool ok = object && struct_to_json(object, meta_keys, COUNT(meta_keys), meta) &&
		  array_to_json(object, "cpus", cpu_keys, COUNT(cpu_keys), meta->cpus,
				sizeof(*meta->cpus), meta->ncpus) &&
		  array_to_json(object, "hooks", hook_keys, COUNT(hook_keys), meta->hooks,
				sizeof(*meta->hooks), meta->nhooks) &&
		  array_to_json(object, "counters", counter_keys, COUNT(counter_keys),
				meta->counters, sizeof(*meta->counters), meta->ncounters);

	return dump(object, ok);
}

char *meta_end_to_json(const struct meta_end *end)
{
	json_t *object = json_object();
	bool ok = object && struct_to_json(object, end_keys, COUNT(end_keys), end) &&
		  array_to_json(object, "programs", program_keys, COUNT(program_keys),
				end->programs, sizeof(*end->programs), end->nprograms);

	return dump(object, ok);
}

static void key_from_json(const struct key *key, uint8_t *at, const json_t *json)
{
	json_int_t v = json_integer_value(json); /* 0 when it is none */
	bool truth = json_is_true(json);

	if (key->kind == JSON_TEXT)
		text_from_json((char *)at, key->size, json);
	else if (key->kind == JSON_BOOL)
		memcpy(at, &truth, sizeof(truth));
	else
		memcpy(at, &v, key->size);
}

static void struct_from_json(void *to, const struct key *keys, size_t n, const json_t *object)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *json = json_object_get(object, keys[i].name);

		if (json)
			key_from_json(&keys[i], (uint8_t *)to + keys[i].offset, json);
	}
}

/* A calloc'd array of json's length; NULL with *n 0 when it has none. False when out of memory. */
static bool array_from_json(void **array, size_t *n, size_t size, const struct key *keys,
			    size_t nkeys, const json_t *json)
{
	size_t count = json_array_size(json);
	uint8_t *list;

	if (!count)
		return true;
	list = calloc(count, size);
	if (!list)
		return false;
	for (size_t i = 0; i < count; i++)
		struct_from_json(list + i * size, keys, nkeys, json_array_get(json, i));
	*array = list;
	*n = count;
	return true;
}

static json_t *load(const char *text, size_t len, const char *what, struct err *err)
{
	json_error_t error;
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (object && !json_is_object(object)) {
		json_decref(object);
		object = NULL;
		snprintf(error.text, sizeof(error.text), "not an object");
	}
	if (!object)
		err_set(err, -EBADMSG, "%s of the trace is not JSON: %s", what, error.text);
	return object;
}

int meta_from_json(struct meta *meta, const char *json, size_t len, struct err *err)
{
	json_t *object;
	bool ok;

	memset(meta, 0, sizeof(*meta));
	object = load(json, len, "the header", err);
	if (!object)
		return -EBADMSG;
	struct_from_json(meta, meta_keys, COUNT(meta_keys), object);
	ok = array_from_json((void **)&meta->cpus, &meta->ncpus, sizeof(*meta->cpus), cpu_keys,
			     COUNT(cpu_keys), json_object_get(object, "cpus")) &&
	     array_from_json((void **)&meta->hooks, &meta->nhooks, sizeof(*meta->hooks), hook_keys,
			     COUNT(hook_keys), json_object_get(object, "hooks")) &&
	     array_from_json((void **)&meta->counters, &meta->ncounters, sizeof(*meta->counters),
			     counter_keys, COUNT(counter_keys),
			     json_object_get(object, "counters"));
	json_decref(object);
	if (!ok) {
		meta_free(meta);
		return err_set(err, -ENOMEM, "out of memory for the trace's header");
	}
	return 0;
}

int meta_end_from_json(struct meta_end *end, const char *json, size_t len, struct err *err)
{
	json_t *object;
	bool ok;

	memset(end, 0, sizeof(*end));
	object = load(json, len, "the end", err);
	if (!object)
		return -EBADMSG;
	struct_from_json(end, end_keys, COUNT(end_keys), object);
	ok = array_from_json((void **)&end->programs, &end->nprograms, sizeof(*end->programs),
			     program_keys, COUNT(program_keys),
			     json_object_get(object, "programs"));
	json_decref(object);
	if (!ok)
		return err_set(err, -ENOMEM, "out of memory for the trace's end");
	return 0;
}

void meta_free(struct meta *meta)
{
	free(meta->cpus);
	free(meta->hooks);
	free(meta->counters);
	memset(meta, 0, sizeof(*meta));
}

void meta_end_free(struct meta_end *end)
{
	free(end->programs);
	memset(end, 0, sizeof(*end));
}
