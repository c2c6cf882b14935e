#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""report -g fs against /proc/PID/io as the workload reads it at its end; the page cache hot and
cold; what nothing was recorded of."""
import json
import os

from lib import (RSTAT, by_tid, case, check, equal, expect, finish, good, info, note, record,
                 report, report_command, run, start, unless_hidden, within, workload)

TRACE = "f.data"
FILE = "file"
IO = ("rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes")
PAGE = os.sysconf("SC_PAGE_SIZE")
SIZE = 8 << 20
ELF = 64 << 10  # what a program reads of its libraries through system calls is far less


def files(*args, options=()):
    """Records the workload; returns what it printed, with what the printing itself took."""
    with open(FILE, "w", encoding="ascii"):
        pass
    done = good(record(TRACE, *options, cmd=workload("files", FILE, *args)))
    told = json.loads(done.stdout)
    told["tasks"][1]["wchar"] += len(done.stdout)
    told["tasks"][1]["syscw"] += 1
    return told


def of(row):
    return {key: row[key] for key in IO}


def as_the_kernel_has_it():
    told = files(2048, 32)
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    rows = by_tid(report(TRACE, "fs", "thread"))
    for task in told["tasks"]:
        equal(of(rows[task["tid"]]), {key: task[key] for key in IO}, f"thread {task['tid']}")
    want = {key: sum(task[key] for task in told["tasks"]) for key in IO}
    [row] = [row for row in report_command(TRACE, "fs") if row["pid"] == told["pid"]]
    equal(of(row), want, "by process")
    share = max(0, want["rchar"] - want["read_bytes"]) / want["rchar"]
    within(row["hit_pct_est"], 100 * share, 0.1, "estimate of what the page cache served")
    # Before its exec the command has another name, under which it reads a byte, the word to go on,
    # and pages of the program. An account that is taken of it then belongs to that name.
    rows = {row["comm"]: of(row) for row in report_command(TRACE, "fs", "comm")}
    equal({key: sum(row[key] for row in rows.values()) for key in IO}, want, "all names together")
    early = {key: want[key] - rows["files"][key] for key in IO}
    expect(early["rchar"] <= 1 and early["syscr"] <= 1
           and not any(n for key, n in early.items()
                       if key not in ("rchar", "syscr", "read_bytes")), f"by comm: {rows}")
    note(f"{want}")
    return told


def memory(told):
    # a counter of the kernel may be off by a batch per CPU (lib/percpu_counter.c), VmHWM with it
    counters, batch = 3, max(32, 2 * os.cpu_count())
    off = counters * batch * os.cpu_count() * PAGE
    [row] = [row for row in report(TRACE, "cpu", "process") if row["pid"] == told["pid"]]
    within(row["rss_peak_bytes"], told["peak_kb"] * 1024, off, "peak of the memory")
    [row] = [row for row in report(TRACE, "fs", "process") if row["pid"] == told["pid"]]
    lowest, highest = told["rss_kb"] * 1024 - off, told["peak_kb"] * 1024 + off
    expect(lowest <= row["rss_max_bytes"] <= highest, f"most seen of it: {row['rss_max_bytes']:,}")
    expect(row["rss_min_bytes"] <= row["rss_max_bytes"], "the least and the most")


def cat():
    """Reads the file whole; returns its row."""
    good(record(TRACE, cmd=["cat", FILE]))
    [row] = [row for row in report_command(TRACE, "fs") if row["comm"] == "cat"]
    expect(SIZE <= row["rchar"] <= SIZE + ELF, f"rchar: {row['rchar']:,}")
    # what was fetched is what was asked of the disk, and came
    no_end = sum(r["no_end"] for r in report(TRACE, "io", "device"))
    equal(row["io_rd_bytes"], row["read_bytes"],
          f"submitted reads, when {no_end} requests have no end")
    return row


def hot_and_cold():
    fd = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, os.urandom(SIZE))
    os.fsync(fd)
    good(run(["cat", FILE]))  # cat itself is in memory from here on
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    cold = cat()
    hot = cat()
    os.posix_fadvise(fd, 0, SIZE // 2, os.POSIX_FADV_DONTNEED)
    half = cat()
    os.close(fd)
    for name, row in (("cold", cold), ("hot", hot), ("half of it", half)):
        note(f"{name}: {row['read_bytes']:,} of {row['rchar']:,} bytes from the device, "
             f"hits {row['hit_pct_est']} %")
        share = max(0, row["rchar"] - row["read_bytes"]) / row["rchar"]
        within(row["hit_pct_est"], 100 * share, 0.1, f"hits, {name}")
    # pages of the program itself that nobody used for a while may have been taken back
    within(hot["read_bytes"], 0, ELF, "from the device when it is in memory")
    within(cold["read_bytes"], SIZE, ELF, "from the device when it is not")
    within(half["read_bytes"], SIZE // 2, SIZE // 16, "from the device when half of it is not")


def deleted(tries=6):
    """What is deleted before it was written back need never be written. It may be, when somebody
    on this machine asks for a sync just then: once more."""
    for left in reversed(range(tries)):
        good(record(TRACE, cmd=["sh", "-c", "head -c 1000000 /dev/zero >new; rm new"]))
        rows = {row["comm"]: row for row in report_command(TRACE, "fs")}
        dirtied, cancelled = rows["head"]["write_bytes"], rows["rm"]["cancelled_write_bytes"]
        equal(rows["head"]["wchar"], 1000000, "written by head")
        equal(dirtied, -(-1000000 // PAGE) * PAGE, "dirtied by head")
        if cancelled < dirtied and left:
            note(f"{cancelled:,} of {dirtied:,} bytes cancelled: were some written?")
            continue
        equal(cancelled, dirtied, "cancelled by rm")
        return


def nothing_known(title):
    for form in ("json", "table"):
        done = good(run([RSTAT, "report", "-g", "fs", "--all", "--format", form, TRACE]))
        if form == "json":
            answer = json.loads(done.stdout)
            equal(answer["rows"], [], title)
            equal(answer["trace"].get("not_recorded") or answer.get("not_recorded"), ["fs"], title)
        else:
            expect("(not recorded)" in done.stdout, f"{title}: {done.stdout}")
            expect("no data" in done.stdout, f"{title}: {done.stdout}")
    expect(all(row["rss_bytes"] is None for row in
               report(TRACE, "cpu", "process", "--fields", "pid,rss_bytes")), f"{title}: memory")


def not_recorded():
    files(64, 1, options=("--without", "fs"))
    nothing_known("--without fs")
    os.environ["RSTAT_HOOKS_WITHOUT"] = "iter"
    try:
        good(record(TRACE, cmd=["true"]))
    finally:
        del os.environ["RSTAT_HOOKS_WITHOUT"]
    expect("fs" not in info(TRACE)["features"], "nothing of it was recorded")
    expect("accounts" in {h["name"] for h in info(TRACE)["hooks"] if not h["live"]}, "asked for")
    nothing_known("no hook for it")


start("cat", "head")
with case("what a process read and wrote, as /proc/PID/io has it at its end"):
    told = unless_hidden(TRACE, as_the_kernel_has_it)
with case("its memory"):
    memory(told)
for title, test in (("the page cache, cold and hot", hot_and_cold),
                    ("what is deleted before it is written", deleted),
                    ("what was not recorded is unknown, not 0", not_recorded)):
    with case(title):
        unless_hidden(TRACE, test)  # of a request the end may be
finish()
