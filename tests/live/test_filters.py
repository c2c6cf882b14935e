#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Filters in the kernel: what matches is exact, the rest leaves no name and little weight."""
import json
import os
import sys
import time

from lib import (CPUS, RSTAT, background, by_tid, case, check, compare_accounts, equal, expect,
                 finish, good, info, near_account, note, record, record_workload, recording, report,
                 run, start, steal_ns, switches_of, unless_hidden, until_collected, wait_for,
                 wake_ups_ns, workload)

TRACE = "t.data"


def threads(proc, n):
    """The threads that it has started, once they are there and have their names."""
    def found():
        return {tid: comm_of(proc.pid, tid) for tid in map(int, os.listdir(
            f"/proc/{proc.pid}/task")) if tid != proc.pid}

    def named():
        return len(found()) == n and comm_of(proc.pid, proc.pid) not in found().values()

    wait_for(named, f"{n} threads", proc)
    return {"pid": proc.pid, "tids": set(found())}


def comm_of(pid, tid):
    with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8") as f:
        return f.read()


def record_two(options_for, switches=100):
    """Records `wanted` and `other`, which outlive it, under a filter, until each of their threads
    has switched so often. Returns who they are."""
    def count():
        return [switches_of(who["pid"], tid) for who in (wanted, others) for tid in who["tids"]]

    with background(workload("mixed", 3, 600000), workload("pipe", 10**8, CPUS[0])) as procs:
        want, other = procs
        wanted, others = threads(want, 3), threads(other, 2)
        with recording(TRACE, *options_for(want.pid)):
            begin = count()
            wait_for(lambda: all(now - n >= switches for n, now in zip(begin, count())), "switches")
    check(TRACE)
    return wanted, others


def only(wanted, others, expected=None):
    """The wanted tasks have figures, nobody else has."""
    rows = by_tid(report(TRACE))
    expected = expected if expected is not None else wanted["tids"]
    busy = {tid for tid, row in rows.items() if row["oncpu_ns"]}
    expect(expected <= busy, f"{expected - busy} left out")
    # Who woke a wanted task is known by its number, for the instant at which it did so.
    stray = [rows[tid] for tid in busy - expected - {wanted["pid"]}]
    stray = [row for row in stray if row["comm"] or row["oncpu_ns"] > 1000000]
    equal(stray, [], "others with CPU time")
    for tid in expected:
        expect(rows[tid]["slices"] > 10, f"{tid}: {rows[tid]['slices']} slices only")
    expect(not busy & others["tids"], "the other workload is there")


def exact():
    told = record_workload(TRACE, "mixed", 4, 1000, options=["--comm", "mixed*"])
    window = until_collected(TRACE, told)
    rows = by_tid(report(TRACE, "cpu", "thread", *window))
    wake_ups = wake_ups_ns(TRACE, "thread", "tid", *window)
    for task in told["tasks"]:
        expect(task["tid"] in rows, f"{task['tid']} is not in the report")
        compare_accounts(rows[task["tid"]], task, wake_ups)


LEAVES = """
import json, os, sys, time
def stay(cpu):
    os.sched_setaffinity(0, {cpu})
    begin = time.monotonic_ns()
    while time.monotonic_ns() < begin + 50000000:
        pass
    time.sleep(0.05)
    return time.monotonic_ns() - begin
here, there = int(sys.argv[1]), int(sys.argv[2])
print(json.dumps({"pid": os.getpid(), "here": stay(here), "there": stay(there),
                  "again": stay(here)}))
"""


def leaves():
    """What a task does on a CPU that is not recorded is unknown, and only that."""
    done = record(TRACE, "-C", CPUS[0],
                  cmd=[sys.executable, "-c", LEAVES, str(CPUS[0]), str(CPUS[1])])
    told = json.loads(good(done).stdout)
    row = by_tid(report(TRACE))[told["pid"]]
    expect(row["gap_ns"] >= told["there"] - 1000000, f"{row} leaves out {told}")
    known = row["oncpu_ns"] + row["runq_ns"] + row["blocked_ns"]
    expect(known >= told["here"] + told["again"] - 1000000, f"{row} knows less than {told}")
    check(TRACE)


ALPHA = """
import ctypes, json, os, sys, time
def spin(seconds):
    begin = time.thread_time_ns()
    while time.thread_time_ns() < begin + seconds * 1e9:
        pass
    return time.thread_time_ns() - begin
def name(comm):
    ctypes.CDLL(None).prctl(15, comm.encode())
begin = time.thread_time_ns()
name("alpha")
told = {"pid": os.getpid(), "inside": spin(0.1)}
name("beta")
spin(0.2)
time.sleep(0.1)
name("alpha")
told["inside"] += spin(0.1)
print(json.dumps(told), flush=True)
os.execvp("sleep", ["sleep", "0.3"])
"""


def renamed():
    """What it does under another name, or as another program, is unknown; not that it ends."""
    began, stolen = time.monotonic_ns(), steal_ns()
    done = record(TRACE, "--comm", "alpha", cmd=[sys.executable, "-c", ALPHA])
    stolen = steal_ns() - stolen
    told = json.loads(good(done).stdout)
    check(TRACE)
    row = by_tid(report(TRACE))[told["pid"]]
    note(f"{row['oncpu_ns']:,} ns, itself says {told['inside']:,}, gap {row['gap_ns']:,}")
    near_account(row["oncpu_ns"], told["inside"], told["inside"] // 50 + 5000000 + stolen,
                 "time inside")
    expect(row["gap_ns"] >= 550000000, f"outside is unknown: {row}")
    equal(sum(r["oncpu_ns"] for r in report(TRACE)), row["oncpu_ns"], "of all")
    life = {r["pid"]: r for r in report(TRACE, "life", "process")}[told["pid"]]
    equal(life["exit_code"], 0, f"exit code in {life}")
    expect(life["dur_ns"] < time.monotonic_ns() - began, f"it has ended: {life}")


start()
with case("what leaves the filter"):
    unless_hidden(TRACE, renamed)
with case("-p"):
    wanted, others = record_two(lambda pid: ["-p", pid])
    only(wanted, others)
    expect(str(wanted["pid"]) in json.dumps(info(TRACE)), "the filter is not kept in the trace")
with case("--comm"):
    wanted, others = record_two(lambda pid: ["--comm", "mixed-*"])
    only(wanted, others)
with case("--tid"):
    chosen = []

    def last_thread(pid):
        chosen.append(max(int(tid) for tid in os.listdir(f"/proc/{pid}/task")))
        return ["--tid", chosen[0]]

    wanted, others = record_two(last_thread)
    only(wanted, others, set(chosen))
with case("-C"):
    wanted, others = record_two(lambda pid: ["-C", CPUS[0]])
    cpus = {row["cpu"] for row in report(TRACE, "cpu", "cpu") if row["oncpu_ns"]}
    equal(cpus, {CPUS[0]}, "CPUs with events")
if len(CPUS) > 1:
    with case("-C, and a task that leaves these CPUs"):
        unless_hidden(TRACE, leaves)
else:
    note("one CPU: no task can leave it")
with case("-p follows the children"):
    argv = [RSTAT, "record", "-o", TRACE, "--comm", "short", "--", *workload("short", 50)]
    told = json.loads(run(argv).stdout)
    life = {row["pid"] for row in report(TRACE, "life", "process")}
    expect(life.issuperset(told["pids"]), "a child is missing")
with case("a filtered workload is as exact as an unfiltered one"):
    unless_hidden(TRACE, exact)
finish()
