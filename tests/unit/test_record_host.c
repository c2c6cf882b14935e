// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* record/host and record/naming: what a machine says of itself, from a copy of its files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "record/host.h"
#include "record/naming.h"
#include "tests/unit/scratch.h"

static void put(void *dir, const char *name, const char *text)
{
	scratch_write(dir, name, text, strlen(text));
}

static void put_cpu(void *dir, int cpu, const char *file, const char *text)
{
	char name[128];

	snprintf(name, sizeof(name), "sys/devices/system/cpu/cpu%d/%s", cpu, file);
	put(dir, name, text);
}

/* CPUs 0, 1 and 10; 2 is offline; 10 has its own cache (without an id), die, package and node. */
static void make_machine(void *dir)
{
	put(dir, "sys/devices/system/cpu/possible", "0-1,8-11\n");
	put(dir, "sys/devices/system/cpu/cpufreq/boost", "1\n");
	for (int cpu = 0; cpu < 2; cpu++) {
		put_cpu(dir, cpu, "topology/core_id", cpu ? "1\n" : "0\n");
		put_cpu(dir, cpu, "topology/die_id", "0\n");
		put_cpu(dir, cpu, "topology/physical_package_id", "0\n");
		put_cpu(dir, cpu, "cache/index0/level", "1\n");
		put_cpu(dir, cpu, "cache/index0/id", "99\n");
		put_cpu(dir, cpu, "cache/index1/level", "3\n");
		put_cpu(dir, cpu, "cache/index1/id", "4\n");
		put_cpu(dir, cpu, "node0/x", "");
	}
	put_cpu(dir, 1, "online", "1\n");
	put_cpu(dir, 2, "online", "0\n");
	put_cpu(dir, 10, "topology/core_id", "5\n");
	put_cpu(dir, 10, "topology/die_id", "2\n");
	put_cpu(dir, 10, "topology/physical_package_id", "1\n");
	put_cpu(dir, 10, "cache/index0/level", "3\n");
	put_cpu(dir, 10, "cache/index0/shared_cpu_list", "10-11\n");
	put_cpu(dir, 10, "node3/x", "");
	put(dir, "etc/os-release", "NAME=\"Test\"\nPRETTY_NAME=\"Test OS 12 (x)\"\nID=test\n");
	put(dir, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n");
}

static void test_cpus(void **dir)
{
	static const struct meta_cpu expected[] = {
		{.cpu = 0, .core = 0, .l3 = 4, .die = 0, .package = 0, .node = 0},
		{.cpu = 1, .core = 1, .l3 = 4, .die = 0, .package = 0, .node = 0},
		{.cpu = 10, .core = 5, .l3 = 10, .die = 2, .package = 1, .node = 3},
	};
	struct meta meta = {0};

	make_machine(*dir);
	assert_int_equal(host_facts(&meta, *dir, NULL), 0);
	assert_int_equal(meta.ncpus, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(meta.cpus[i].cpu, expected[i].cpu);
		assert_int_equal(meta.cpus[i].core, expected[i].core);
		assert_int_equal(meta.cpus[i].l3, expected[i].l3);
		assert_int_equal(meta.cpus[i].die, expected[i].die);
		assert_int_equal(meta.cpus[i].package, expected[i].package);
		assert_int_equal(meta.cpus[i].node, expected[i].node);
	}
	assert_string_equal(meta.os, "Test OS 12 (x)");
	assert_true(strlen(meta.kernel) && strlen(meta.arch) && strlen(meta.hostname));
	assert_true(meta.page_size >= 4096 && meta.user_hz > 0);
	assert_int_equal(host_cpu_limit(*dir), 12);
	meta_free(&meta);
}

static void test_nothing_known(void **dir)
{
	struct meta meta = {0};

	assert_int_equal(host_facts(&meta, *dir, NULL), 0);
	assert_true(meta.ncpus >= 1);
	assert_int_equal(meta.cpus[0].core, -1);
	assert_int_equal(meta.cpus[0].l3, -1);
	assert_int_equal(meta.cpus[0].node, -1);
	assert_string_equal(meta.os, "");
	assert_true(host_cpu_limit(*dir) >= 1);
	meta_free(&meta);
}

static void test_limit_of_one(void **dir)
{
	put(*dir, "sys/devices/system/cpu/possible", "0\n");
	assert_int_equal(host_cpu_limit(*dir), 1);
}

/* A link in /proc/self/ns. */
static void put_namespace(void *dir, const char *name, const char *of)
{
	char path[512];

	put(dir, "proc/self/ns/x", "");
	snprintf(path, sizeof(path), "%s/proc/self/ns/%s", (const char *)dir, name);
	unlink(path);
	assert_int_equal(symlink(of, path), 0);
}

static void test_namespaces(void **dir)
{
	struct err err = {0};

	assert_int_equal(host_is_ours(*dir, &err), 0); /* nothing is known */
	put_namespace(*dir, "pid", "pid:[4026531836]");
	put_namespace(*dir, "time", "time:[4026531834]");
	put(*dir, "proc/self/timens_offsets", "monotonic           0         0\n");
	assert_int_equal(host_is_ours(*dir, &err), 0);
	put_namespace(*dir, "time", "time:[4026532277]"); /* its clock is the host's all the same */
	assert_int_equal(host_is_ours(*dir, &err), 0);
	put(*dir, "proc/self/timens_offsets",
	    "monotonic           0         0\nboottime            0       500\n");
	assert_int_equal(host_is_ours(*dir, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "time namespace"));
	put_namespace(*dir, "time", "time:[4026531834]");
	put_namespace(*dir, "pid", "pid:[4026532276]");
	assert_int_equal(host_is_ours(*dir, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "--pid=host"));
}

static uint64_t utc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void test_clocks(void **state)
{
	uint64_t before, now, after, there;

	(void)state;
	before = utc();
	now = host_now();
	after = utc();
	there = host_utc(now);
	/* between two direct readings, however slow the machine (1 ms for an adjusted clock) */
	assert_in_range(there, before - 1000000, after + 1000000);
	/* a fixed offset: the same distance apart in both clocks */
	assert_in_range(host_utc(now + 5000000000) - there, 4999000000, 5001000000);
}

static uint64_t inode(void *dir, const char *name)
{
	struct stat st;

	assert_int_equal(stat(scratch_path(dir, name), &st), 0);
	return st.st_ino;
}

static void test_cgroups(void **dir)
{
	struct naming *names;
	struct err err = {0};
	uint64_t id = 0;

	put(*dir, "proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
	    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
	    "41 31 0:38 / /mnt/with\\040blank rw shared:9 - cgroup2 cgroup2 rw\n");
	put(*dir, "mnt/with blank/system.slice/cron.service/cgroup.procs", "");
	assert_int_equal(naming_new(&names, *dir, &err), 0);
	assert_string_equal(naming_cgroup_root(names), scratch_path(*dir, "mnt/with blank"));
	assert_string_equal(
		naming_cgroup(names, inode(*dir, "mnt/with blank/system.slice/cron.service")),
		"/system.slice/cron.service");
	assert_string_equal(naming_cgroup(names, inode(*dir, "mnt/with blank")), "/");
	assert_null(naming_cgroup(names, 0));
	assert_null(naming_cgroup(names, inode(*dir, "proc")));

	assert_int_equal(naming_cgroup_id(names, "/system.slice", &id, &err), 0);
	assert_int_equal(id, inode(*dir, "mnt/with blank/system.slice"));
	assert_int_equal(naming_cgroup_id(names, "system.slice/cron.service", &id, &err), 0);
	assert_int_equal(id, inode(*dir, "mnt/with blank/system.slice/cron.service"));
	assert_int_equal(naming_cgroup_id(names, scratch_path(*dir, "mnt/with blank/system.slice"),
					  &id, &err),
			 0);
	assert_int_equal(id, inode(*dir, "mnt/with blank/system.slice"));
	assert_int_equal(naming_cgroup_id(names, "/nowhere", &id, &err), -ENOENT);
	/* a file in a cgroup is none */
	assert_int_equal(
		naming_cgroup_id(names, "/system.slice/cron.service/cgroup.procs", &id, &err),
		-ENOENT);
	naming_free(names);
}

static void test_no_cgroups(void **dir)
{
	struct naming *names;
	struct err err = {0};
	uint64_t id;

	assert_int_equal(naming_new(&names, *dir, &err), 0);
	assert_null(naming_cgroup_root(names));
	assert_null(naming_cgroup(names, 5));
	assert_int_equal(naming_cgroup_id(names, "/x", &id, &err), -ENOENT);
	naming_free(names);
}

static void test_users(void **dir)
{
	struct naming *names;

	make_machine(*dir);
	assert_int_equal(naming_new(&names, *dir, NULL), 0);
	assert_string_equal(naming_user(names, 1000), "alice");
	assert_string_equal(naming_user(names, 0), "root");
	assert_null(naming_user(names, 1256)); /* shares the slot of 1000 */
	assert_string_equal(naming_user(names, 1000), "alice");
	assert_null(naming_user(names, 4294967294));
	naming_free(names);
}

static void put_link(void *dir, const char *name, const char *to)
{
	char path[512];

	put(dir, name, ""); /* with the folders that lead there */
	snprintf(path, sizeof(path), "%s/%s", (const char *)dir, name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(to, path), 0);
}

/* A device is called as the folder that sysfs has for its number; one that is gone, nothing. */
static void test_devices(void **dir)
{
	const uint32_t vda1 = 254u << 20 | 1, nvme = 259u << 20 | 0xfffff, gone = 8u << 20;
	struct naming *names;

	put_link(*dir, "sys/dev/block/254:1", "../../devices/pci0000:00/virtio0/block/vda/vda1");
	put_link(*dir, "sys/dev/block/259:1048575", "nvme0n1p7");
	assert_int_equal(naming_new(&names, *dir, NULL), 0);
	assert_string_equal(naming_device(names, vda1), "vda1");
	assert_string_equal(naming_device(names, nvme), "nvme0n1p7");
	assert_null(naming_device(names, gone));
	/* not looked for again, and in nobody's way */
	put_link(*dir, "sys/dev/block/8:0", "sda");
	assert_null(naming_device(names, gone));
	assert_string_equal(naming_device(names, vda1), "vda1");
	naming_free(names);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

static void test_interrupts(void **dir)
{
	const uint64_t soft = UINT64_C(1) << 32;
	struct naming *names;
	struct err err = {0};

	put(*dir, "sys/kernel/irq/9/actions", "acpi\n");
	put(*dir, "sys/kernel/irq/27/actions", "i2c_designware.0,idma64.0\n");
	put(*dir, "sys/kernel/irq/28/actions", "\n");
	assert_int_equal(naming_new(&names, *dir, &err), 0);
	assert_string_equal(naming_irq(names, 9), "acpi");
	assert_string_equal(naming_irq(names, 27), "i2c_designware.0,idma64.0");
	assert_null(naming_irq(names, 28));
	assert_null(naming_irq(names, 29));
	put(*dir, "sys/kernel/irq/29/actions", "late\n"); /* looked up once */
	assert_null(naming_irq(names, 29));
	assert_string_equal(naming_irq(names, soft), "HI");
	assert_string_equal(naming_irq(names, soft + 9), "RCU");
	assert_null(naming_irq(names, soft + 10));
	naming_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cpus),	 TEST(test_nothing_known),
		TEST(test_limit_of_one), TEST(test_namespaces),
		TEST(test_cgroups),	 TEST(test_no_cgroups),
		TEST(test_users),	 TEST(test_devices),
		TEST(test_interrupts),	 cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
