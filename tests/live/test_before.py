#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Tasks that were in their state before the recorder came, or stay in it until it goes."""
import json
import time

from lib import (background, by_tid, case, check, equal, expect, finish, info, note, recording,
                 report, start, task_state, wait_for, within, workload)

TRACE = "t.data"


def state_rows(tid, state):
    return [r for r in report(TRACE, "states", "thread", "--state", state) if r["tid"] == tid]


def record_beside(name, args, ready, seconds):
    """Starts the workload, waits until it is ready, records for some seconds, ends the recording
    before (or after) the workload ends. Returns (its PID, what it printed or None)."""
    with background(workload(name, *args)) as (proc,):
        wait_for(lambda: ready(proc.pid), f"{name} is in its state", proc)
        with recording(TRACE):
            time.sleep(seconds)
        check(TRACE)
        told = proc.stdout.read() if seconds * 1000 > args[0] else None
        return proc.pid, json.loads(told) if told else None


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        children = f.read().split()
    return int(children[0]) if children else 0


def disk_before(ends):
    ms = 1000 if ends else 5000
    seconds = 2 if ends else 0.5
    pid, told = record_beside("vfork_parent", [ms], lambda p: task_state(p) == "D", seconds)
    found = state_rows(pid, "D")
    equal(len(found), 1, f"D intervals of {pid}")
    row = found[0]
    note(f"D from {row['start_ns']:,} to {row['end_ns']:,}, open {row['open']}")
    equal(row["open"], not ends, "open")
    expect(row["start_ns"] <= 0, "it began before the trace")
    expect("vfork" in str(row["reason"]), f"the reason does not name vfork: {row['reason']}")
    if ends:
        expect(row["end_ns"] <= told["at_most_ns"], "longer than it was")
    else:
        within(row["end_ns"], info(TRACE)["duration_ns"], 1, "its end is the end of the window")


def zombie_before(ends):
    ms = 1000 if ends else 5000
    seconds = 2 if ends else 0.5
    children = []

    def ready(pid):
        children[:] = [child_of(pid)]
        return task_state(children[0]) == "Z"

    record_beside("zombie", [ms], ready, seconds)
    found = state_rows(children[0], "Z")
    equal(len(found), 1, f"Z intervals of {children[0]}")
    row = found[0]
    note(f"Z from {row['start_ns']:,} to {row['end_ns']:,}, open {row['open']}")
    equal(row["open"], not ends, "open")
    expect(row["start_ns"] <= 0, "it began before the trace")
    if ends:
        expect(0 < row["end_ns"] < ms * 1000000 + 50000000, "it was reaped within the trace")


def blocked_throughout():
    """Neither thread makes a single event: all that is known is the kernel's word at the start."""
    with background(workload("blocked", 3000)) as (proc,):
        wait_for(lambda: task_state(proc.pid) == "S", "blocked", proc)
        time.sleep(0.1)
        with recording(TRACE):
            time.sleep(1)
        check(TRACE)
        told = json.loads(proc.stdout.read())
    rows = by_tid(report(TRACE))
    length = info(TRACE)["duration_ns"]
    for task in told["tasks"]:
        row = rows[task["tid"]]
        equal(row["comm"], task["comm"], "comm")
        equal(row["slices"], 0, "slices")
        equal(row["oncpu_ns"], 0, "on-CPU time")
        within(row["blocked_ns"], length, row["gap_ns"], "blocked time is the whole window")
        found = state_rows(task["tid"], "S")
        equal(len(found), 1, "sleep intervals")
        expect(found[0]["open"], "it is still open at the end")
        name = {"0": "read", "202": "futex"}[str(told["syscalls"][str(task["tid"])])]
        expect(name in str(found[0]["reason"]), f"{found[0]['reason']} is not {name}")


start()
with case("a D that was there before, and ends"):
    disk_before(ends=True)
with case("a D that was there before, and stays"):
    disk_before(ends=False)
with case("a zombie that was there before, and is reaped"):
    zombie_before(ends=True)
with case("a zombie that was there before, and stays"):
    zombie_before(ends=False)
with case("threads blocked in a known system call throughout"):
    blocked_throughout()
finish()
