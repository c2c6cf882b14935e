// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/samples: what a folder with a machine's files becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "record/samples.h"
#include "tests/unit/scratch.h"

#define CPUS 4

static void put(void *dir, const char *name, const char *text)
{
	scratch_write(dir, name, text, strlen(text));
}

/* What the events of one recording said so far. */
struct told {
	struct samples *samples;
	char names[4096][96];
	uint32_t nnames;
	struct {
		uint64_t value;
		bool told, gone;
	} last[4096]; /* in the last sample */
	size_t n; /* EV_SAMPLEs in the last sample */
};

static struct told *told_new(void *dir)
{
	struct told *t = calloc(1, sizeof(*t));
	struct err err = {0};

	assert_non_null(t);
	assert_int_equal(samples_new(&t->samples, dir, CPUS, &err), 0);
	return t;
}

static void told_free(struct told *t)
{
	samples_free(t->samples);
	free(t);
}

static void take(struct told *t, uint64_t now, bool whole)
{
	const struct event *events;
	size_t n = samples_take(t->samples, now, whole, &events);

	memset(t->last, 0, sizeof(t->last));
	t->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct event *ev = &events[i];

		assert_int_equal(ev->ts, now);
		assert_int_equal(ev->cpu, CPU_NONE);
		if (ev->kind == EV_NAME) {
			const struct name_info *name = ev->ext;

			assert_int_equal(name->kind, NAME_METRIC);
			assert_true(name->id < 4096 && strlen(name->name) < 96);
			assert_string_equal(t->names[name->id], ""); /* named once */
			strcpy(t->names[name->id], name->name);
			t->nnames++;
			continue;
		}
		assert_int_equal(ev->kind, EV_SAMPLE);
		assert_true(*t->names[ev->value]); /* named before */
		assert_false(t->last[ev->value].told); /* told once */
		t->last[ev->value].told = true;
		t->last[ev->value].gone = ev->flags & EVF_SAMPLE_GONE;
		t->last[ev->value].value = ((const struct sample_info *)ev->ext)->value;
		t->n++;
	}
}

static int find(const struct told *t, const char *name)
{
	for (int i = 0; i < 4096; i++)
		if (!strcmp(t->names[i], name))
			return i;
	return -1;
}

/* In the last sample. */
#define TOLD(t, name, want)                                                                        \
	do {                                                                                       \
		int at_ = find(t, name);                                                           \
		if (at_ < 0)                                                                       \
			fail_msg("no metric %s", name);                                            \
		assert_true((t)->last[at_].told && !(t)->last[at_].gone);                          \
		assert_int_equal((t)->last[at_].value, want);                                      \
	} while (0)
#define NOT_TOLD(t, name)                                                                          \
	do {                                                                                       \
		int at_ = find(t, name);                                                           \
		assert_true(at_ < 0 || !(t)->last[at_].told);                                      \
	} while (0)
#define GONE(t, name)                                                                              \
	do {                                                                                       \
		int at_ = find(t, name);                                                           \
		assert_true(at_ >= 0 && (t)->last[at_].told && (t)->last[at_].gone);               \
	} while (0)

#define STAT_HEAD "cpu  12 3 4 50 6 0 7 8 0 0\n"
#define STAT_TAIL                                                                                  \
	"intr 99 0 1 2\nctxt 1990473\nbtime 1062191376\nprocesses 2915\nprocs_running 2\n"         \
	"procs_blocked 1\nsoftirq 5 1 2\n"

static void put_proc(void *dir)
{
	put(dir, "proc/stat",
	    STAT_HEAD "cpu0 10 1 2 30 4 5 6 7 8 9\ncpu2 1 2 3 4 5 6 7\n" STAT_TAIL);
	put(dir, "proc/loadavg", "0.05 12.30 3.00 2/345 6789\n");
	put(dir, "proc/meminfo",
	    "MemTotal:       24684096 kB\nMemFree:        22794028 kB\nBuffers:            8572 kB\n"
	    "Cached:          1443432 kB\nSwapCached:            7 kB\nMemAvailable:          9 kB\n"
	    "SwapTotal: 100 kB\nSwapFree: 40 kB\nDirty: 3 kB\nWritebackTmp: 77 kB\n"
	    "Writeback: 4 kB\nSlab: 5 kB\nSReclaimable: 6 kB\nShmem: 8 kB\n");
	put(dir, "proc/vmstat",
	    "nr_free_pages 1\npgmajfault 22\npgmajfault_x 3\npswpin 5\npswpout 6\noom_kill 1\n");
	put(dir, "proc/pressure/cpu",
	    "some avg10=0.12 avg60=0.00 avg300=0.00 total=4704926213\n"
	    "full avg10=0.00 avg60=0.00 avg300=0.00 total=17\n");
	put(dir, "proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
	put(dir, "proc/pressure/irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
}

static void test_proc(void **dir)
{
	struct told *t;
	char absent[256];

	put_proc(*dir);
	t = told_new(*dir);
	take(t, 1000, true);
	TOLD(t, "cpu0.user_ticks", 10);
	TOLD(t, "cpu0.nice_ticks", 1);
	TOLD(t, "cpu0.system_ticks", 2);
	TOLD(t, "cpu0.idle_ticks", 30);
	TOLD(t, "cpu0.iowait_ticks", 4);
	TOLD(t, "cpu0.irq_ticks", 5);
	TOLD(t, "cpu0.softirq_ticks", 6);
	TOLD(t, "cpu0.steal_ticks", 7);
	TOLD(t, "cpu0.guest_ticks", 8);
	TOLD(t, "cpu0.guest_nice_ticks", 9);
	TOLD(t, "cpu2.softirq_ticks", 7);
	NOT_TOLD(t, "cpu2.steal_ticks"); /* an old kernel */
	NOT_TOLD(t, "cpu1.user_ticks"); /* offline */
	TOLD(t, "stat.ctxt", 1990473);
	TOLD(t, "stat.processes", 2915);
	TOLD(t, "stat.procs_running", 2);
	TOLD(t, "stat.procs_blocked", 1);
	TOLD(t, "load.1m_centi", 5);
	TOLD(t, "load.5m_centi", 1230);
	TOLD(t, "load.15m_centi", 300);
	TOLD(t, "load.running", 2);
	TOLD(t, "load.total", 345);
	TOLD(t, "mem.total_kb", 24684096);
	TOLD(t, "mem.available_kb", 9); /* where it has not been since 3.14, but it is found */
	TOLD(t, "mem.cached_kb", 1443432);
	TOLD(t, "swap.cached_kb", 7);
	TOLD(t, "swap.total_kb", 100);
	TOLD(t, "swap.free_kb", 40);
	TOLD(t, "mem.writeback_kb", 4);
	TOLD(t, "mem.slab_kb", 5);
	TOLD(t, "mem.slab_reclaimable_kb", 6);
	TOLD(t, "mem.shmem_kb", 8);
	TOLD(t, "vm.pgmajfault", 22);
	TOLD(t, "vm.pswpin", 5);
	TOLD(t, "vm.pswpout", 6);
	TOLD(t, "vm.oom_kill", 1);
	TOLD(t, "psi.cpu.some_us", 4704926213);
	TOLD(t, "psi.cpu.full_us", 17);
	TOLD(t, "psi.io.some_us", 5);
	NOT_TOLD(t, "psi.io.full_us");
	NOT_TOLD(t, "psi.memory.some_us");
	TOLD(t, "psi.irq.full_us", 3);
	assert_int_equal(t->n, t->nnames);
	samples_absent(t->samples, absent, sizeof(absent));
	assert_string_equal(absent,
			    "temperature, frequency, throttling, GPU, power profile, schedstat");
	told_free(t);
}

static void test_only_changes(void **dir)
{
	struct told *t;

	put_proc(*dir);
	t = told_new(*dir);
	take(t, 1000, true);
	take(t, 2000, false);
	assert_int_equal(t->n, 0);
	put(*dir, "proc/loadavg", "0.06 12.30 3.00 2/346 6790\n");
	take(t, 3000, false);
	assert_int_equal(t->n, 2);
	TOLD(t, "load.1m_centi", 6);
	TOLD(t, "load.total", 346);
	told_free(t);
}

/* A CPU that goes, comes back as it was, and one that was not there. */
static void test_hotplug(void **dir)
{
	struct told *t;

	put_proc(*dir);
	t = told_new(*dir);
	take(t, 1, true);
	put(*dir, "proc/stat", STAT_HEAD "cpu0 10 1 2 30 4 5 6 7 8 9\n" STAT_TAIL);
	take(t, 2, false);
	assert_int_equal(t->n, 7);
	GONE(t, "cpu2.user_ticks");
	GONE(t, "cpu2.softirq_ticks");
	take(t, 3, false);
	assert_int_equal(t->n, 0); /* that is said once */
	put(*dir, "proc/stat",
	    STAT_HEAD "cpu0 10 1 2 30 4 5 6 7 8 9\ncpu1 1 0 0 0 0 0 0 0 0 0\n"
		      "cpu2 1 2 3 4 5 6 7\ncpu4 6 6 6\ncpu99999999999 1 2 3\n" STAT_TAIL);
	take(t, 4, false);
	assert_int_equal(t->n, 17);
	TOLD(t, "cpu1.user_ticks", 1);
	TOLD(t, "cpu2.user_ticks", 1);
	NOT_TOLD(t, "cpu4.user_ticks"); /* beyond what this machine can have */
	told_free(t);
}

static void put_sys(void *dir)
{
	put(dir, "sys/class/thermal/thermal_zone0/type", "acpitz\n");
	put(dir, "sys/class/thermal/thermal_zone0/temp", "27800\n");
	put(dir, "sys/class/thermal/thermal_zone10/type", "x86 pkg/temp\n");
	put(dir, "sys/class/thermal/thermal_zone10/temp", "-1500\n");
	put(dir, "sys/class/thermal/thermal_zone2/temp", "5\n"); /* no type */
	put(dir, "sys/class/thermal/cooling_device0/type", "Processor\n");
	put(dir, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2400123\n");
	put(dir, "sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "<unknown>\n");
	put(dir, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
	put(dir, "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "4\n");
	put(dir, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_max_time_ms", "9\n");
	put(dir, "sys/class/drm/card1/device/gpu_busy_percent", "42\n");
	put(dir, "sys/class/drm/card1-HDMI-A-1/device/gpu_busy_percent", "1\n");
	put(dir, "sys/class/drm/card0/gt/gt0/throttle_reason_thermal", "1\n");
	put(dir, "sys/class/drm/card0/gt/gt0/rps_act_freq_mhz", "300\n");
	put(dir, "sys/firmware/acpi/platform_profile_choices", "low-power balanced performance\n");
	put(dir, "sys/firmware/acpi/platform_profile", "balanced\n");
}

static void test_sys(void **dir)
{
	struct told *t;
	char absent[256];

	put_sys(*dir);
	t = told_new(*dir);
	take(t, 1, true);
	TOLD(t, "thermal.0.acpitz.millicelsius", 27800);
	TOLD(t, "thermal.10.x86_pkg_temp.millicelsius", (uint64_t)-1500);
	TOLD(t, "thermal.2..millicelsius", 5);
	TOLD(t, "cpu0.freq_khz", 2400123);
	NOT_TOLD(t, "cpu3.freq_khz");
	TOLD(t, "cpu0.core_throttle_count", 3);
	TOLD(t, "cpu0.package_throttle_count", 4);
	TOLD(t, "gpu.card1.busy_pct", 42);
	TOLD(t, "gpu.card0.gt0.throttle_reason_thermal", 1);
	TOLD(t, "platform_profile.low-power", 0);
	TOLD(t, "platform_profile.balanced", 1);
	TOLD(t, "platform_profile.performance", 0);
	assert_int_equal(t->n, 11);
	samples_absent(t->samples, absent, sizeof(absent));
	assert_string_equal(absent, "stat, pressure, loadavg, meminfo, vmstat, schedstat");

	put(*dir, "sys/firmware/acpi/platform_profile", "performance\n");
	put(*dir, "sys/class/thermal/thermal_zone0/temp", ""); /* a sensor that is asleep */
	take(t, 2, false);
	assert_int_equal(t->n, 3);
	TOLD(t, "platform_profile.balanced", 0);
	TOLD(t, "platform_profile.performance", 1);
	GONE(t, "thermal.0.acpitz.millicelsius");
	put(*dir, "sys/class/thermal/thermal_zone0/temp", "27800\n");
	take(t, 3, false);
	assert_int_equal(t->n, 1);
	TOLD(t, "thermal.0.acpitz.millicelsius", 27800);
	told_free(t);
}

static void test_nothing(void **dir)
{
	struct told *t = told_new(*dir);

	take(t, 1, true);
	assert_int_equal(t->n, 0);
	told_free(t);
}

/* ---- schedstat ---- */

/* " 1 2 3 ... n" plus `from`. */
static void counters(char *to, size_t size, int from, int n)
{
	size_t used = 0;

	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(to + used, size - used, " %d", from + i);
}

static void put_schedstat(void *dir, int version, const char *domain, int per_domain)
{
	char text[2048], first[512], second[512];

	counters(first, sizeof(first), 101, per_domain);
	counters(second, sizeof(second), 201, per_domain);
	snprintf(text, sizeof(text),
		 "version %d\ntimestamp 4295123456\ncpu0 1 0 3 4 5 6 7000 8000 9\n"
		 "domain0%s 0003%s\ncpu1 11 0 13 14 15 16 17000 18000 19\ndomain0%s 0003%s\n",
		 version, domain, first, domain, second);
	put(dir, "proc/schedstat", text);
}

static void test_schedstat_15(void **dir)
{
	struct told *t;

	put_schedstat(*dir, 15, "", 36);
	t = told_new(*dir);
	take(t, 1, true);
	assert_int_equal(t->n, 2 + 2 * (9 + 36));
	TOLD(t, "schedstat.version", 15);
	TOLD(t, "schedstat.timestamp", 4295123456);
	TOLD(t, "schedstat.cpu0.yld_count", 1);
	TOLD(t, "schedstat.cpu0.sched_count", 3);
	TOLD(t, "schedstat.cpu0.sched_goidle", 4);
	TOLD(t, "schedstat.cpu0.ttwu_count", 5);
	TOLD(t, "schedstat.cpu0.ttwu_local", 6);
	TOLD(t, "schedstat.cpu0.rq_cpu_time_ns", 7000);
	TOLD(t, "schedstat.cpu0.run_delay_ns", 8000);
	TOLD(t, "schedstat.cpu1.pcount", 19);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_count", 101);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_imbalance", 104);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_nobusyg", 108);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_count", 109);
	TOLD(t, "schedstat.cpu0.domain0.newidle_lb_count", 117);
	TOLD(t, "schedstat.cpu0.domain0.alb_count", 125);
	TOLD(t, "schedstat.cpu0.domain0.sbf_pushed", 133);
	TOLD(t, "schedstat.cpu1.domain0.ttwu_wake_remote", 234);
	TOLD(t, "schedstat.cpu1.domain0.ttwu_move_balance", 236);
	told_free(t);
}

static void test_schedstat_16(void **dir)
{
	struct told *t;

	put_schedstat(*dir, 16, "", 36);
	t = told_new(*dir);
	take(t, 1, true);
	assert_int_equal(t->n, 2 + 2 * (9 + 36));
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_count", 101);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_count", 109);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_imbalance", 112);
	TOLD(t, "schedstat.cpu0.domain0.newidle_lb_nobusyg", 124);
	told_free(t);
}

static void test_schedstat_17(void **dir)
{
	struct told *t;

	put_schedstat(*dir, 17, " MC", 45);
	t = told_new(*dir);
	take(t, 1, true);
	assert_int_equal(t->n, 2 + 2 * (9 + 1 + 45));
	TOLD(t, "schedstat.cpu0.domain0.name.MC", 1);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_count", 101);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_imbalance_load", 104);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_imbalance_util", 105);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_imbalance_task", 106);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_imbalance_misfit", 107);
	TOLD(t, "schedstat.cpu0.domain0.busy_lb_gained", 108);
	TOLD(t, "schedstat.cpu0.domain0.idle_lb_count", 112);
	TOLD(t, "schedstat.cpu0.domain0.newidle_lb_nobusyg", 133);
	TOLD(t, "schedstat.cpu1.domain0.alb_count", 234);
	TOLD(t, "schedstat.cpu1.domain0.ttwu_move_balance", 245);
	told_free(t);
}

/* It is only read when asked for, and what is not read is not gone. */
static void test_schedstat_is_rare(void **dir)
{
	struct told *t;

	put_schedstat(*dir, 17, " MC", 45);
	t = told_new(*dir);
	take(t, 1, true);
	put(*dir, "proc/schedstat", "version 17\ntimestamp 5\ncpu0 2 0 3 4 5 6 7000 8000 9\n");
	take(t, 2, false);
	assert_int_equal(t->n, 0);
	take(t, 3, true);
	assert_int_equal(t->n, 2 + 9 + 2 * 46);
	TOLD(t, "schedstat.timestamp", 5);
	TOLD(t, "schedstat.cpu0.yld_count", 2);
	GONE(t, "schedstat.cpu0.domain0.busy_lb_count");
	GONE(t, "schedstat.cpu1.pcount");
	told_free(t);
}

static void test_schedstat_unknown(void **dir)
{
	struct told *t;
	char absent[256];

	put_schedstat(*dir, 18, " MC", 45);
	t = told_new(*dir);
	take(t, 1, true);
	assert_int_equal(t->n, 0);
	samples_absent(t->samples, absent, sizeof(absent));
	assert_non_null(strstr(absent, "schedstat (version 18 is not known)"));
	told_free(t);
}

/* Lines that nobody has seen yet are passed over. */
static void test_nonsense(void **dir)
{
	struct told *t;

	put(*dir, "proc/stat", "cpu0\ncpux 1\n\nctxt\nctxt 5\nctxt 6\nprocesses x");
	put(*dir, "proc/loadavg", "0.05 x");
	put(*dir, "proc/meminfo", "MemTotal 5\nMemTotal:\nMemFree: x\n:\nDirty: 7");
	put(*dir, "proc/vmstat", "");
	put(*dir, "proc/pressure/cpu",
	    "some\nsome total=5\nfull avg10=0.00 total=\nother total=7\n");
	put(*dir, "proc/schedstat",
	    "version 17\ndomain0 MC 3 1\ncpu 1\ncpu0 1 2\ndomain\ndomain0\ndomain1 MC\ndomain2 MC 3\n"
	    "domain9999 MC 3 1\ncpu99 1\ndomain0 MC 3 5\n");
	t = told_new(*dir);
	take(t, 1, true);
	TOLD(t, "stat.ctxt", 5);
	TOLD(t, "load.1m_centi", 5);
	TOLD(t, "mem.dirty_kb", 7);
	TOLD(t, "psi.cpu.some_us", 5);
	TOLD(t, "schedstat.cpu0.array_exp", 2);
	assert_int_equal(t->n, 7);
	told_free(t);
}

/* A file that is larger than what there is room for at first. */
static void test_long_file(void **dir)
{
	const size_t size = 100000;
	char *text = malloc(size + 200);
	struct told *t;

	assert_non_null(text);
	strcpy(text, "cpu0 1 2 3 4 5 6 7 8 9 10\nintr");
	while (strlen(text) < size)
		strcat(text + strlen(text), " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
	strcat(text, "\nctxt 77\n");
	put(*dir, "proc/stat", text);
	free(text);
	t = told_new(*dir);
	take(t, 1, true);
	TOLD(t, "cpu0.guest_nice_ticks", 10);
	TOLD(t, "stat.ctxt", 77);
	told_free(t);
}

/* More files than the soft limit allows. */
static void test_many_files(void **dir)
{
	struct rlimit old, few;
	struct told *t;

	put_sys(*dir);
	put_proc(*dir);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){8, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	t = told_new(*dir);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	take(t, 1, true);
	TOLD(t, "gpu.card1.busy_pct", 42);
	TOLD(t, "platform_profile.balanced", 1);
	told_free(t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_proc),
		TEST(test_only_changes),
		TEST(test_hotplug),
		TEST(test_sys),
		TEST(test_nothing),
		TEST(test_schedstat_15),
		TEST(test_schedstat_16),
		TEST(test_schedstat_17),
		TEST(test_schedstat_is_rare),
		TEST(test_schedstat_unknown),
		TEST(test_nonsense),
		TEST(test_long_file),
		TEST(test_many_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
