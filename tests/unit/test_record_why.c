// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/: counters, symbols, what stacks mean; from lists, files and made-up stacks. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <cmocka.h>

#include "record/counters.h"
#include "record/frames.h"
#include "record/ring_decode.h"
#include "record/symbols.h"
#include "record/usersyms.h"
#include "tests/unit/scratch.h"

/* ---- counters ---- */

static void test_counter_lists(void **state)
{
	struct counters c = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(counters_parse(&c, "cycles,page-faults:u,r00C0:k", &err), 0);
	assert_int_equal(counters_parse(&c, "branches:uk", &err), 0);
	assert_int_equal(c.n, 4);
	assert_int_equal(c.counter[0].type, PERF_TYPE_HARDWARE);
	assert_int_equal(c.counter[0].config, PERF_COUNT_HW_CPU_CYCLES);
	assert_false(c.counter[0].user || c.counter[0].kernel);
	assert_int_equal(c.counter[1].type, PERF_TYPE_SOFTWARE);
	assert_int_equal(c.counter[1].config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_true(c.counter[1].user && !c.counter[1].kernel);
	assert_string_equal(c.counter[1].name, "page-faults:u");
	assert_int_equal(c.counter[2].type, PERF_TYPE_RAW);
	assert_int_equal(c.counter[2].config, 0xc0);
	assert_true(c.counter[2].kernel && !c.counter[2].user);
	assert_true(c.counter[3].kernel && c.counter[3].user);
}

static void test_bad_counters(void **state)
{
	static const char *const bad[] = {"",		"cycle",   "cycles,",
					  ",cycles",	"cycles:", "cycles:x",
					  "r",		"rxyz",	   "r12345678901234567",
					  "cycles:u:k", "cycles u"};
	struct counters c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c.n = 0;
		assert_int_equal(counters_parse(&c, bad[i], &err), -EINVAL);
	}
	assert_non_null(strstr(err.msg, "'cycles u' is no counter; there is: cycles, "));
	assert_non_null(strstr(err.msg, ", task-clock, and rNNNN"));
	c.n = 0;
	assert_int_equal(counters_parse(&c, "r1,r2,r3,r4,r5,r6,r7,r8", &err), 0);
	assert_int_equal(counters_parse(&c, "cycles", &err), -E2BIG);
	assert_int_equal(c.n, 8);
}

/* What cannot be counted is said; what can is live. Software counters need no hardware. */
static void test_open_counters(void **state)
{
	struct meta_counter meta[COUNTERS_MAX];
	struct counter_events *events;
	struct counters c = {0};
	struct err err = {0};

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(counters_parse(&c, "page-faults,rffffffffffffffff,cpu-clock", &err), 0);
	assert_int_equal(counter_events_open(&events, &c, 1, meta, &err), 0);
	assert_true(meta[0].live);
	assert_string_equal(meta[0].why, "");
	assert_false(meta[1].live);
	assert_string_equal(meta[1].name, "rffffffffffffffff");
	assert_true(meta[1].why[0]);
	assert_true(meta[2].live);
	counter_events_close(events);
}

/* ---- records ---- */

static void test_records(void **state)
{
	static uint64_t memory[RING_MARGIN];
	struct ring_arena arena = {.base = (uint8_t *)memory, .size = sizeof(memory)};
	struct {
		struct ring_rec rec;
		uint64_t tail[12];
	} r = {.rec = {.ts = 5, .tid = 7, .peer = 9}, .tail = {100, 90, 1, 2, 3}};
	const struct counters_info *counters;
	struct event ev;

	(void)state;
	r.rec.word0 = RING_WORD0(REC_STACK, RECF_STACK_LOST, 3, 11);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), 1);
	assert_int_equal(ev.kind, EV_STACK);
	assert_int_equal(ev.value, 11);
	assert_int_equal(ev.peer, 9);
	assert_int_equal(ev.flags, EVF_STACK_LOST);
	r.rec.word0 = RING_WORD0(REC_COUNTERS, 0, 3 + 2 + 2, 0);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), 1);
	assert_int_equal(ev.kind, EV_COUNTERS);
	counters = ev.ext;
	assert_int_equal(counters->enabled_ns, 100);
	assert_int_equal(counters->running_ns, 90);
	assert_int_equal(counters->value[0], 1);
	assert_int_equal(counters->value[1], 2);
	assert_int_equal(counters->value[2], 0); /* not of this record */
	r.rec.word0 = RING_WORD0(REC_COUNTERS, 0, 3 + 2 + 9, 0);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), -EIO);
	r.rec.word0 = RING_WORD0(REC_COUNTERS, 0, 3 + 1, 0);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), -EIO);
	r.rec.word0 = RING_WORD0(REC_IRQ, RECF_IRQ_SOFT, 4, 3);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), 1);
	assert_int_equal(ev.kind, EV_IRQ);
	assert_int_equal(ev.flags, EVF_IRQ_SOFT);
	assert_int_equal(((const struct irq_info *)ev.ext)->start_ns, 100);
	r.rec.word0 = RING_WORD0(REC_IRQ, 0, 3, 3);
	assert_int_equal(ring_decode(&r.rec, &arena, &ev), -EIO);
}

/* ---- symbols of the kernel ---- */

/* In no order, with data, two names for a place, a module, and lines that make no sense. */
static const char kallsyms[] = "ffffffff81000100 t second\n"
			       "ffffffff81000000 T first\n"
			       "ffffffff81000000 T alias\n"
			       "ffffffff81000180 D data\n"
			       "ffffffff81000200 T __schedule\n"
			       "ffffffff81000300 T schedule\n"
			       "ffffffff81000400 W futex_wait\n"
			       "ffffffffc0000010 t act\t[mod]\n"
			       "what is this\n"
			       "\n"
			       "ffffffffc0001000 t bpf_prog_1_on_switch\t[bpf]\n";

static void expect_name(const struct symbols *s, uint64_t address, const char *want)
{
	char name[SYMBOL_ROOM];

	symbols_name(s, address, name);
	assert_string_equal(name, want);
}

static void test_symbols(void **dir)
{
	struct symbols *s;
	struct err err = {0};

	scratch_write(*dir, "proc/kallsyms", kallsyms, strlen(kallsyms));
	assert_int_equal(symbols_new(&s, *dir, &err), 0);
	expect_name(s, 0xffffffff80ffffff, "");
	expect_name(s, 0xffffffff81000000, "first");
	expect_name(s, 0xffffffff810000ff, "first");
	expect_name(s, 0xffffffff81000100, "second");
	expect_name(s, 0xffffffff81000190, "second"); /* nobody calls data */
	expect_name(s, 0xffffffffc0000011, "act [mod]");
	expect_name(s, 0xffffffffc0000011 - 0x100, "");
	expect_name(s, UINT64_MAX, "");
	expect_name(NULL, 0xffffffff81000000, "");
	symbols_free(s);
}

static void test_hidden_symbols(void **dir)
{
	const char zeroes[] = "0000000000000000 T first\n0000000000000000 t act\t[mod]\n";
	struct symbols *s;
	struct err err = {0};

	assert_int_equal(symbols_new(&s, *dir, &err), -ENOENT);
	scratch_write(*dir, "proc/kallsyms", zeroes, strlen(zeroes));
	assert_int_equal(symbols_new(&s, *dir, &err), -EPERM);
	assert_null(s);
	assert_non_null(strstr(err.msg, "kptr_restrict"));
}

/* ---- symbols of programs ---- */

__attribute__((noinline)) static int some_function(int n)
{
	/* not empty, so that it has a middle */
	return n * 3 + (n >> 2);
}

static void expect_user(struct usersyms *u, uint32_t pid, const void *address, const char *want)
{
	char name[USERSYM_ROOM];

	usersyms_name(u, pid, (uint64_t)(uintptr_t)address, name);
	assert_string_equal(name, want);
}

static void test_user_symbols(void **state)
{
	const uint32_t pid = (uint32_t)getpid();
	char *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
	struct usersyms *u;
	struct err err = {0};
	pid_t child;

	(void)state;
	assert_int_equal(some_function(4), 13);
	assert_int_equal(usersyms_new(&u, &err), 0);
	expect_user(u, pid, (const char *)some_function + 2, "some_function");
	expect_user(u, pid, dlsym(RTLD_DEFAULT, "getppid"), "getppid"); /* of a library */
	assert_true(page != MAP_FAILED);
	expect_user(u, pid, page + 8, "[unknown]");
	if (vdso)
		expect_user(u, pid, vdso + 8, "[vdso]");
	expect_user(u, pid, (void *)8, "[unknown]");
	child = fork();
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	expect_user(u, (uint32_t)child, (const char *)some_function + 2, "[gone]");
	usersyms_forget(u, pid);
	expect_user(u, pid, (const char *)some_function + 2, "some_function");
	munmap(page, 4096);
	usersyms_free(u);
}

/* A file without symbols: the place in it. */
static void test_nameless_file(void **dir)
{
	const size_t bytes = 2 * 4096;
	char zeroes[2 * 4096] = {0}, want[64];
	struct usersyms *u;
	struct err err = {0};
	char *page;
	int fd;

	scratch_write(*dir, "blob", zeroes, bytes);
	fd = open(scratch_path(*dir, "blob"), O_RDONLY);
	page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096);
	if (page == MAP_FAILED)
		skip(); /* a file system mounted noexec */
	assert_int_equal(usersyms_new(&u, &err), 0);
	snprintf(want, sizeof(want), "[blob+0x%x]", 4096 + 16);
	expect_user(u, (uint32_t)getpid(), page + 16, want);
	usersyms_free(u);
	munmap(page, 4096);
	close(fd);
}

/* ---- frames ---- */

static uint64_t stack[STACK_DEPTH_MAX];
static size_t depth, asked;
static uint64_t used_ns = 1, began_ns;

bool kernel_began(const struct kernel *k, uint32_t tgid, uint64_t from_ns, uint64_t to_ns)
{
	(void)k;
	return tgid == (uint32_t)getpid() && began_ns >= from_ns && began_ns <= to_ns;
}

size_t kernel_stack(struct kernel *k, bool user, uint32_t id, uint64_t ips[STACK_DEPTH_MAX])
{
	(void)k, (void)user, (void)id;
	asked++;
	memcpy(ips, stack, sizeof(stack));
	return depth;
}

static void set_stack(size_t n, const uint64_t *ips)
{
	depth = n;
	memcpy(stack, ips, n * sizeof(*ips));
}
#define STACK(...) set_stack(sizeof((uint64_t[]){__VA_ARGS__}) / 8, (uint64_t[]){__VA_ARGS__})

static void expect_frames(struct frames *f, uint32_t tgid, uint32_t id, const char *want,
			  uint32_t len)
{
	struct frames_info info;
	struct err err = {0};

	assert_int_equal(frames_define(f, tgid, id, used_ns, &info, &err), 1);
	assert_int_equal(info.frames_len, len);
	assert_memory_equal(info.frames, want, len);
	assert_int_equal(frames_define(f, tgid, id, used_ns, &info, &err), 0); /* once */
}

static void test_kernel_frames(void **dir)
{
	struct frames *f;
	struct err err = {0};

	scratch_write(*dir, "proc/kallsyms", kallsyms, strlen(kallsyms));
	assert_int_equal(frames_new(&f, NULL, *dir, false, &err), 0);
	assert_true(frames_has_kernel_symbols(f));
	assert_null(frames_why(f));
	/* the program, the scheduler, and a caller whose call is its last instruction */
	STACK(0xffffffffc0001008, 0xffffffff81000210, 0xffffffff81000310, 0xffffffff81000410,
	      0xffffffff81000100);
	expect_frames(f, 0, 1, "futex_wait\0first", 17);
	/* without any of that: as it is, with a hole where nothing is known */
	STACK(0xffffffff81000100, 0x1234, 0xffffffffc0000020);
	expect_frames(f, 0, 2, "second\0\0act [mod]", 18);
	/* never nothing */
	STACK(0xffffffff81000210, 0xffffffff81000310);
	expect_frames(f, 0, 3, "schedule", 9);
	STACK(0xffffffff81000100);
	depth = 0; /* not there: no frames, said all the same */
	expect_frames(f, 0, 4, "", 0);
	/* the kernel may have forgotten it by then: it stays what it was */
	frames_new_segment(f);
	STACK(0xffffffff81000100);
	expect_frames(f, 0, 1, "futex_wait\0first", 17);
	frames_new_segment(f);
	frames_new_segment(f);
	expect_frames(f, 0, 1, "second", 7);
	/* many: the table grows */
	for (uint32_t i = 10; i < 5000; i++)
		expect_frames(f, 0, i, "second", 7);
	frames_free(f);
}

static void test_frames_without_names(void **dir)
{
	struct frames *f;
	struct err err = {0};

	assert_int_equal(frames_new(&f, NULL, *dir, false, &err), 0);
	assert_false(frames_has_kernel_symbols(f));
	assert_non_null(strstr(frames_why(f), "kallsyms"));
	STACK(1, 2, 3);
	expect_frames(f, 0, 1, "\0\0", 3);
	frames_free(f);
}

/* What a user stack means is kept: the process may be gone in the next segment. An exec ends it. */
static void test_user_frames(void **dir)
{
	const uint32_t pid = (uint32_t)getpid();
	struct frames_info info;
	struct frames *f;
	struct err err = {0};

	assert_int_equal(frames_new(&f, NULL, *dir, true, &err), 0);
	STACK((uint64_t)(uintptr_t)some_function, (uint64_t)(uintptr_t)some_function + 3);
	asked = 0;
	expect_frames(f, pid, 1, "some_function\0some_function", 28);
	assert_int_equal(asked, 1);
	frames_new_segment(f);
	expect_frames(f, pid, 1, "some_function\0some_function", 28);
	assert_int_equal(asked, 1);
	frames_exec(f, pid);
	STACK((uint64_t)(uintptr_t)some_function);
	expect_frames(f, pid, 1, "some_function", 14);
	assert_int_equal(asked, 2);
	expect_frames(f, UINT32_MAX, 1, "[gone]", 7); /* the same id of another process */
	frames_new_segment(f); /* not used in two segments: forgotten */
	frames_new_segment(f);
	expect_frames(f, pid, 1, "some_function", 14);
	assert_int_equal(asked, 4);
	/* another process of this number; one of a number that nothing is known of changes nothing */
	frames_fork(f, pid);
	expect_frames(f, pid, 1, "some_function", 14);
	assert_int_equal(asked, 5);
	frames_fork(f, pid + 1);
	assert_int_equal(frames_define(f, pid, 1, used_ns, &info, &err), 0);
	frames_free(f);
}

/* What is known of a process is of the program that it runs now: a stack of before has no names. */
static void test_late_frames(void **dir)
{
	const uint32_t pid = (uint32_t)getpid();
	struct frames_info info;
	struct frames *f;
	struct err err = {0};

	assert_int_equal(frames_new(&f, NULL, *dir, true, &err), 0);
	STACK((uint64_t)(uintptr_t)some_function, (uint64_t)(uintptr_t)some_function + 3);
	used_ns = 1000;
	began_ns = 2000;
	assert_int_equal(frames_define(f, pid, 1, used_ns, &info, &err), 1);
	assert_int_equal(info.frames_len, 14);
	assert_memory_equal(info.frames, "[gone]\0[gone]", 14);
	/* the same one once more, by the new program */
	used_ns = 3000;
	expect_frames(f, pid, 1, "some_function\0some_function", 28);
	/* what had been read before is of before */
	frames_new_segment(f);
	used_ns = 4000;
	began_ns = UINT64_MAX;
	expect_frames(f, pid, 2, "some_function\0some_function", 28);
	frames_free(f);
	used_ns = 1;
	began_ns = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter_lists),
		cmocka_unit_test(test_bad_counters),
		cmocka_unit_test(test_open_counters),
		cmocka_unit_test(test_records),
		cmocka_unit_test_setup_teardown(test_symbols, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_hidden_symbols, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(test_user_symbols),
		cmocka_unit_test_setup_teardown(test_nameless_file, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_kernel_frames, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_frames_without_names, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(test_late_frames, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_user_frames, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
