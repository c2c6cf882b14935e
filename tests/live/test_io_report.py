#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""report -g io against fio's JSON (requests, bytes, latency) and against /proc/diskstats."""
import os
import subprocess

from disk import (SIZE, TRACE, disk, diskstats, few_are_hidden, fio, lay_out, wait_until_quiet,
                  watched)
from lib import (PATIENCE, Skipped, background, by_tid, case, check, equal, expect, finish, good,
                 info, note, private_mounts, report, run, start, unless_hidden)

REQUESTS = 600


def whole():
    """Nothing was lost, and no request is without an end."""
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    rows = report(TRACE, "io", "device")
    few_are_hidden(sum(row["no_end"] for row in rows),
                   sum(row["rd_ios"] + row["wr_ios"] for row in rows),
                   "requests whose end was not seen")


def row_of_fio(job, most="bytes"):
    """The thread of this fio that does the load."""
    rows = [row for row in report(TRACE, "io", "thread") if row["pid"] == job["pid"]]
    expect(rows, "no thread of fio has made a request")
    return max(rows, key=lambda row: row[most])


def load(*options):
    fio("--number_ios=1", *options)  # its own program comes from the disk as well, once
    lay_out()
    with watched():
        job = fio(*options)
    whole()
    return job


def latencies(row, job, op):
    """fio times the call: ours, what the thread itself needed of a CPU, and its wait for one."""
    calls = job[op]["total_ios"]
    theirs = job[op]["clat_ns"]["mean"]
    ours = row["queue_mean_ns"] + row["dev_mean_ns"]
    cpu = by_tid(report(TRACE, "cpu", "thread"))[row["tid"]]
    around = (cpu["oncpu_ns"] + cpu["runq_ns"] + cpu["gap_ns"]) / calls
    note(f"{op}: mean {ours:,} ns of {theirs:,.0f} ns by fio, which has up to {around:,.0f} ns of "
         f"CPU and wait in a call; longest {row['dev_max_ns']:,} of {job[op]['clat_ns']['max']:,}")
    expect(ours <= theirs, f"queue + device takes {ours:,} ns, the whole call {theirs:,.0f} ns")
    expect(theirs - ours <= around * 1.01 + 2000,
           f"{theirs - ours:,.0f} ns of fio's mean are neither the request nor the thread's CPU")
    expect(row["dev_max_ns"] <= job[op]["clat_ns"]["max"], "no request is longer than its call")
    expect(row["queue_min_ns"] + row["dev_min_ns"] <= job[op]["clat_ns"]["min"] * 1.01 + 1000,
           "the shortest call has a request in it")


def direct(op, order):
    job = load("--direct=1", "--ioengine=psync", "--bs=4k", f"--number_ios={REQUESTS}",
               f"--rw={order}{op}")
    row = row_of_fio(job)
    short = {"read": "rd", "write": "wr"}[op]
    note(f"{order}{op}: {row[f'{short}_ios']} requests, {row['seq_pct']:.1f} % sequential")
    missing = row["no_end"] + row["open"]  # each of them is still told to have begun
    few_are_hidden(missing, job[op]["total_ios"], "requests of fio without an end")
    equal(row[f"{short}_ios"] + missing, job[op]["total_ios"], f"{op} requests")
    equal(row[f"{short}_bytes"] + 4096 * missing, job[op]["io_bytes"], f"{op} bytes")
    equal(row["dev_count"], row["queue_count"], "requests with both latencies")
    equal((row["errors"], row["unknown"]), (0, 0), "errors, unknown")
    expect(row["left_out"] <= missing, f"left out: {row['left_out']}")
    latencies(row, job, op)
    if order:
        expect(row["seq_pct"] < 5, f"random: {row['seq_pct']} % sequential")
    else:
        expect(row["seq_pct"] > 95, f"sequential: {row['seq_pct']} %")


def synchronous():
    """With O_SYNC every write is on the device when it returns: by the thread itself."""
    job = load("--ioengine=psync", "--bs=4k", "--sync=1", "--number_ios=100", "--rw=randwrite")
    row = row_of_fio(job, "wr_bytes")  # its program, read from the disk, can be more
    equal(job["write"]["io_bytes"], 100 * 4096, "what fio wrote")
    note(f"sync: {row['wr_ios']} requests, {row['wr_bytes']:,} bytes for {100 * 4096:,}")
    expect(row["wr_bytes"] >= job["write"]["io_bytes"], "it is on the device")


def buffered():
    """Read ahead in large requests, and written by somebody else, later."""
    lay_out()
    with watched():
        job = fio("--ioengine=psync", "--bs=4k", "--rw=read", "--invalidate=1")
    whole()
    row = row_of_fio(job)
    note(f"buffered read: {row['rd_ios']} requests for {SIZE // 4096} calls")
    expect(SIZE <= row["rd_bytes"] <= SIZE + (4 << 20), f"{row['rd_bytes']:,} bytes of {SIZE:,}")
    expect(row["rd_ios"] < SIZE // 4096 // 4, "read-ahead makes large requests")
    with watched():
        job = fio("--ioengine=psync", "--bs=4k", "--rw=write", "--fallocate=none")
        good(run(["sync", "-f", "."]))
    whole()
    rows = report(TRACE, "io", "process")
    by_fio = sum(row["wr_bytes"] for row in rows if row["pid"] == job["pid"])
    total = sum(row["wr_bytes"] for row in rows)
    note(f"buffered write: {total:,} bytes, {by_fio:,} by fio itself")
    expect(total >= SIZE, "it is on the device in the end")
    expect(by_fio < SIZE // 2, "fio only dirtied it")


def agrees_with_diskstats(tries=4):
    """The row of the disk, in a window between two moments in which it did nothing."""
    number = disk()[1]
    for _ in range(tries):
        with watched():
            since = wait_until_quiet()
            lay_out()
            fio("--rw=randrw", "--bs=8k", "--number_ios=500", "--direct=1", "--ioengine=psync")
            fio("--rw=randwrite", "--bs=4k", "--number_ios=300", "--fsync=100", "--ioengine=psync")
            fio("--rw=read", "--bs=64k", "--invalidate=1", "--ioengine=psync")
            until = wait_until_quiet()
        if since and until:
            break
    else:
        raise Skipped("the disk was never quiet")
    whole()
    begin = info(TRACE)["start_utc_ns"]
    window = f"+{since[0] - begin}ns,+{until[0] - begin}ns"
    rows = report(TRACE, "io", "device", "--time", window)
    [row] = [row for row in rows if row["dev"] in (number, disk()[0])]
    moved = {op: [b - a for a, b in zip(since[1][op], until[1][op])]
             for op in ("read", "write", "discard")}
    moved["flush"] = until[1]["flush"] - since[1]["flush"]
    want = [(moved[op][0], moved[op][2] * 512) for op in ("read", "write", "discard")]
    got = [(row["rd_ios"], row["rd_bytes"]), (row["wr_ios"], row["wr_bytes"]),
           (row["discards"], row["discard_bytes"])]
    note(f"(requests, bytes) of reads, writes, discards: {got}, {row['flushes']} flushes")
    equal(got, want, "(requests, bytes) of reads, writes, discards")
    equal((row["rd_merges"], row["wr_merges"]), (moved["read"][1], moved["write"][1]), "merges")
    equal(row["flushes"], moved["flush"], "flushes")
    count = sum(count for count, _ in got)
    # the empty write that only asks for a flush is a request that is never issued
    empty = count - row["dev_count"] - row["left_out"]
    expect(0 <= empty <= 2 * row["flushes"], f"{empty} of {count} requests without a latency")
    everybody(window, row)
    return times(row, moved, count)


def times_agree_too(tries=5):
    far = []
    while len(far) < tries:
        text = agrees_with_diskstats()
        if not text:
            return
        note(f"once more: {text}")
        far.append(text)
    expect(False, f"every time: {far}")


def everybody(window, disk_row):
    """Who moved it: the sums by process are those of the disk, if there is only one."""
    rows = report(TRACE, "io", "process", "--time", window)
    devices = report(TRACE, "io", "device", "--time", window)
    for key in ("rd_ios", "wr_ios", "rd_bytes", "wr_bytes", "discards", "flushes", "rd_merges"):
        equal(sum(row[key] for row in rows), sum(row[key] for row in devices), f"{key}, by process")
    expect(disk_row["rd_bytes"] > SIZE, "the load was one")


def times(row, moved, count):
    """The kernel's clock of a request starts when it is allocated, and counts whole milliseconds of
    the sum. With a plug the time is the one at which the plug was begun. Who is held up before the
    request begins makes the kernel's far longer: that is returned, and is not so every time."""
    kernel = sum(moved[op][3] for op in ("read", "write", "discard")) * 1000000
    ours = row["queue_mean_ns"] * row["queue_count"] + row["dev_mean_ns"] * row["dev_count"]
    note(f"time of all requests: {ours:,} ns, by the kernel {kernel:,} ns")
    slack = 3000000 + count * 1000
    expect(ours <= kernel + slack, f"{ours:,} ns of requests are more than the kernel's {kernel:,}")
    return "" if kernel <= ours * 1.1 + slack else f"the kernel's {kernel:,} ns, ours {ours:,}"


def device_that_goes(size=4 << 20):
    """A loop device, read whole, then detached while it is recorded: name and figures stay."""
    with open("image", "wb") as f:
        f.write(os.urandom(size))
    if run(["losetup", "--version"]).returncode:
        raise Skipped("losetup is not installed")
    with watched():
        found = run(["losetup", "--find", "--show", "image"])
        if found.returncode:
            raise Skipped(f"no loop device: {found.stderr.strip()}")
        loop = found.stdout.strip()
        try:
            before = diskstats(os.path.basename(loop))
            argv = ["dd", f"if={loop}", "of=/dev/null", "bs=64k", "iflag=direct", "status=none"]
            with background(argv) as [dd]:
                equal(dd.wait(PATIENCE), 0, "exit code of dd")
            after = diskstats(os.path.basename(loop))
        finally:
            good(run(["losetup", "--detach", loop]))
    whole()
    [row] = [row for row in report(TRACE, "io", "device") if row["dev"] == os.path.basename(loop)]
    count, _, sectors, _ = (b - a for a, b in zip(before["read"], after["read"]))
    note(f"{row['dev']}: {row['rd_ios']} reads, {row['rd_bytes']:,} bytes, {row['open']} open")
    expect(row["rd_ios"] >= count > 0 and row["rd_bytes"] >= sectors * 512 >= size,
           f"{row['rd_ios']} of {count} reads, {row['rd_bytes']:,} of {sectors * 512:,} bytes")
    # udev and losetup look at it as well, before and after
    expect(row["rd_bytes"] <= sectors * 512 + (2 << 20), "no more than that and a few looks")
    equal((row["open"], row["unknown"]), (0, 0), "open, unknown")
    [mine] = [row for row in report(TRACE, "io", "process") if row["pid"] == dd.pid]
    expect(mine["rd_bytes"] >= size, "who read it")


def request_that_fails(size=4 << 20):
    """A loop device whose file is on a file system with no room for it: its first write that finds
    none fails, and dd with it."""
    os.makedirs("small", exist_ok=True)
    good(run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "small"]))
    try:
        with open("small/image", "wb") as f:
            f.truncate(size)
        found = run(["losetup", "--find", "--show", "small/image"])
        if found.returncode:
            raise Skipped(f"no loop device: {found.stderr.strip()}")
        loop = found.stdout.strip()
        argv = ["dd", "if=/dev/zero", f"of={loop}", "bs=64k", "oflag=direct", "status=none"]
        try:
            with watched():
                with subprocess.Popen(argv, stderr=subprocess.PIPE) as dd:
                    said = dd.stderr.read().decode()
        finally:
            good(run(["losetup", "--detach", loop]))
    finally:
        good(run(["umount", "small"]))
    expect(dd.returncode, "dd has found room")
    whole()
    [row] = [r for r in report(TRACE, "io", "device") if r["dev"] == os.path.basename(loop)]
    [mine] = [r for r in report(TRACE, "io", "process") if r["pid"] == dd.pid]
    note(f"{said.strip()}: {row['errors']} of {row['wr_ios']} writes")
    equal((row["errors"], mine["errors"]), (1, 1), "requests that failed")
    expect(1 < row["wr_ios"] <= 17, f"{row['wr_ios']} writes of 64 kB until 1 MB is full")


private_mounts()
start("fio", "sync")
os.environ["LC_ALL"] = "C"
disk()
for title, test in (("direct sequential reads", lambda: direct("read", "")),
                    ("direct random reads", lambda: direct("read", "rand")),
                    ("direct sequential writes", lambda: direct("write", "")),
                    ("direct random writes", lambda: direct("write", "rand")),
                    ("synchronous writes", synchronous),
                    ("through the page cache", buffered),
                    ("a device that disappears", device_that_goes),
                    ("a request that fails", request_that_fails),
                    ("the disk's row is /proc/diskstats", times_agree_too)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
