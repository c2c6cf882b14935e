#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What threads read and write and their memory, event by event, against /proc."""
import json
import os
import signal
import subprocess

from lib import (CPUS, RSTAT, case, check, dump, end, equal, expect, finish, good, info, note,
                 record, record_workload, recording, report, run, start, unless_hidden, wait_for,
                 within, workload)

TRACE = "f.data"
FILE = "file"
IO = ("rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes")
# What the way from the look at the memory to the end may take: a page of a program or library that
# is touched for the first time brings 16 of them.
PAGES = 64 * os.sysconf("SC_PAGE_SIZE")


def accounts(options=()):
    """Every account in the trace, by thread, oldest first."""
    found = {}
    for event in dump(TRACE, "--kind", "acct", *options):
        found.setdefault(event["tid"], []).append(event)
    return found


def proc_io(path):
    with open(f"{path}/io", encoding="ascii") as f:
        return {key: int(value) for key, value in (line.split(": ") for line in f)}


def files(*args, options=()):
    """Records the workload; returns what it printed, with what the printing itself took."""
    with open(FILE, "w", encoding="ascii"):
        pass
    done = good(record(TRACE, *options, cmd=workload("files", FILE, *args)))
    told = json.loads(done.stdout)
    main = told["tasks"][1]
    expect(main["tid"] == told["pid"], "the main thread is the second")
    main["wchar"] += len(done.stdout)
    main["syscw"] += 1
    return told


def exact_at_the_end():
    told = files(2048, 32)
    check(TRACE)
    expect(info(TRACE)["lost"] == 0, "events were lost")
    found = accounts()
    for task in told["tasks"]:
        expect(task["tid"] in found, f"nothing was told of {task['tid']}")
        last = found[task["tid"]][-1]
        equal({key: last[key] for key in IO}, {key: task[key] for key in IO},
              f"the last account of {task['tid']}")
    return told, found


def never_backwards(found):
    for tid, events in found.items():
        for a, b in zip(events, events[1:]):
            for key in IO:
                expect(a[key] <= b[key], f"{tid}: {key} went from {a[key]} to {b[key]}")


def memory(told, found):
    """The kernel's own look at its page tables is exact; ours is the last thing before the end."""
    events = [event for event in found[told["pid"]] if event["rss_bytes"]]
    expect(events, "memory was not told")
    within(events[-1]["rss_bytes"], told["rss_kb"] * 1024, PAGES, "memory at the end")
    within(max(event["rss_peak_bytes"] for event in events), told["peak_kb"] * 1024, PAGES, "peak")
    expect(told["peak_kb"] > told["rss_kb"] + 8192, "the workload gave something back")


def stopped_all_along():
    """A process that does nothing while it is recorded: its values are those of /proc."""
    with open(FILE, "wb") as f:
        f.write(bytes(300000))
    script = f"cat {FILE} >/dev/null; read line <{FILE}; kill -STOP $$"
    load = subprocess.Popen(["sh", "-c", script])
    try:
        wait_for(lambda: open(f"/proc/{load.pid}/stat", encoding="ascii").read().split()[2] == "T",
                 "it has stopped itself")
        want = proc_io(f"/proc/{load.pid}/task/{load.pid}")
        good(record(TRACE, "--duration", "0.3"))
        found = accounts().get(load.pid)
        expect(found, "nothing was told of it")
        equal({key: found[-1][key] for key in IO}, want, "its account")
        expect(want["rchar"] > 0 and found[-1]["rss_bytes"] > 0, "it has read, it has memory")
    finally:
        load.send_signal(signal.SIGKILL)
        end(load)


def rarely(trips=20000):
    """Two processes that throw a byte to and fro switch all the time; what that comes to is told
    100 times a second."""
    told = record_workload(TRACE, "pipe", trips, CPUS[-1])
    seconds = info(TRACE)["duration_ns"] / 1e9
    found = accounts()
    for task in told["tasks"]:
        events = found[task["tid"]]
        note(f"{trips:,} round trips in {seconds:.2f} s: {len(events)} accounts of {task['tid']}")
        expect(3 <= len(events) <= 101 * seconds + 5, f"{len(events)} accounts in {seconds} s")
        expect(events[-1]["syscw"] >= trips, "all of it is in the last one")
        expect(events[0]["syscw"] < trips // 2, "some of it is told on the way")


def filtered():
    told = files(512, 8, options=("--only",))
    found = accounts()
    mine = {task["tid"] for task in told["tasks"]}
    equal(set(found), mine, "the threads that are told")
    for task in told["tasks"]:
        equal({key: found[task["tid"]][-1][key] for key in IO},
              {key: task[key] for key in IO}, f"the last account of {task['tid']}")


def left_out():
    files(64, 1, options=("--without", "fs"))
    equal(accounts(), {}, "accounts of a recording without fs")
    expect("fs" not in info(TRACE)["features"], "the trace says so")


def lives_on():
    """Of who neither ends nor switches away, the end of the recording tells."""
    with recording(TRACE):
        before = proc_io("/proc/thread-self")
        with open(FILE, "wb", buffering=0) as f:
            for _ in range(50):
                f.write(bytes(10000))
    last = accounts()[os.getpid()][-1]
    after = proc_io("/proc/thread-self")
    for key in ("wchar", "syscw", "write_bytes"):
        expect(before[key] + (50 if key == "syscw" else 500000) <= last[key] <= after[key],
               f"{key}: {before[key]} before, {last[key]} at the end, {after[key]} after")


def over_time(mbytes=64, ms=300, slack=1 << 20):
    """Memory that comes, is held and goes."""
    told = record_workload(TRACE, "memory", mbytes, ms)
    size = mbytes << 20
    rows = [row for row in report(TRACE, "memory", "process") if row["pid"] == told["pid"]]
    equal([row["at_ns"] for row in rows], sorted(row["at_ns"] for row in rows), "the order")
    equal({row["step_ns"] for row in rows}, {0}, "every change is there")
    within(rows[-1]["rss_peak_bytes"], told["peak_kb"] * 1024, slack, "the peak")
    note(f"peak {rows[-1]['rss_peak_bytes']:,}, VmHWM {told['peak_kb'] * 1024:,}")
    full, free, none = (told[key] - info(TRACE)["start_utc_ns"]
                        for key in ("full_utc_ns", "free_utc_ns", "none_utc_ns"))
    sure = 1000000  # how far the clocks may have drifted apart
    told_of = [(row["at_ns"], row["rss_bytes"]) for row in rows if row["rss_bytes"]]
    held = [rss for at, rss in told_of if at <= free - sure][-1]
    within(held, rows[-1]["rss_peak_bytes"], slack, "what it held at last")
    for at, rss in told_of:
        if full + sure < at < free - sure:
            expect(rss >= size, f"{rss:,} at {at:,}, when it had all of it")
        if at > none + sure:
            expect(rss < size // 4, f"{rss:,} at {at:,}, when it had given it back")
    expect(told_of[0][1] < size // 4 and told_of[0][0] < full, "it has less at first")
    expect(told_of[-1][0] > free, "that it gives it back is told")
    return told["pid"]


def line_of_it(pid):
    """In the table: low, up to the top, down again."""
    shown = good(run([RSTAT, "report", "-g", "memory", "-p", str(pid), TRACE])).stdout
    expect(all(len(line) <= 100 for line in shown.splitlines()), "lines of 100 columns")
    line = [row for row in shown.splitlines() if row.lstrip().startswith(f"{pid} ")]
    equal(len(line), 1, "rows of the process")
    line = "".join(char for char in line[0] if "\u2581" <= char <= "\u2588")
    note(line)
    low, full = "\u2581", "\u2588"
    expect(line.lstrip(low).rstrip(low).strip("\u2581\u2582\u2583\u2584\u2585\u2586\u2587")
           == full * line.count(full) and line.count(full) >= 1,
           "up once, and down once")
    expect(line.startswith(low) and line.endswith(low), "low before and after")


start()
with case("the last account is the kernel's own, thread by thread"):
    all_told, all_found = unless_hidden(TRACE, exact_at_the_end)
with case("accounts only grow"):
    never_backwards(all_found)
with case("memory and its peak"):
    memory(all_told, all_found)
for name, test in (("a process that does nothing meanwhile", stopped_all_along),
                   ("many switches, few accounts", rarely),
                   ("only the command's threads", filtered),
                   ("--without fs", left_out),
                   ("what lives on", lives_on)):
    with case(name):
        unless_hidden(TRACE, test)
with case("memory over time: it comes and goes"):
    unless_hidden(TRACE, lambda: line_of_it(over_time()))
finish()
