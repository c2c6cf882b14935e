#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Tasks that were in their state before the recorder came, or stay in it until it goes."""
import os
import time

from lib import (by_tid, case, check, equal, expect, finish, held, info, note, recording, report,
                 start, system_call, task_state, tell, unless_hidden, wait_for, within)

TRACE = "t.data"
DRIFT_NS = 1000000  # how far the clocks may drift apart in a recording


def state_rows(tid, state):
    return [r for r in report(TRACE, "states", "thread", "--state", state) if r["tid"] == tid]


def record_beside(name, ready, ends):
    """Records a workload that was in its state before. It leaves it while it is recorded, or only
    later. Returns (its PID, what it printed or None, between which times of the trace it left)."""
    with held(name) as proc:
        wait_for(lambda: ready(proc.pid), f"{name} is in its state", proc)
        told, times = None, []
        with recording(TRACE):
            time.sleep(0.1)
            if ends:
                times.append(time.time_ns())
                told = tell(proc)
                times.append(time.time_ns())
        begin = info(TRACE)["start_utc_ns"]
        check(TRACE)
        return proc.pid, told, [at - begin for at in times]


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        children = f.read().split()
    return int(children[0]) if children else 0


def from_before(row, ends, times):
    """It began before the trace, and ended when it did, or is open at the end of the trace."""
    note(f"{row['state']} from {row['start_ns']:,} to {row['end_ns']:,}, open {row['open']}")
    equal(row["open"], not ends, "open")
    expect(row["start_ns"] <= 0, "it began before the trace")
    if ends:
        expect(times[0] - DRIFT_NS <= row["end_ns"] <= times[1] + DRIFT_NS,
               f"it ended at {row['end_ns']:,}, within {times}")
    else:
        within(row["end_ns"], info(TRACE)["duration_ns"], 1, "its end is the end of the window")


def disk_before(ends):
    pid, told, times = record_beside("vfork_parent", lambda p: task_state(p) == "D", ends)
    found = state_rows(pid, "D")
    equal(len(found), 1, f"D intervals of {pid}")
    row = found[0]
    from_before(row, ends, times)
    expect("vfork" in str(row["reason"]), f"the reason does not name vfork: {row['reason']}")
    if ends:
        equal(row["waker_tid"], told["child"], "who ended it")


def zombie_before(ends):
    children = []

    def ready(pid):
        children[:] = [child_of(pid)]
        return task_state(children[0]) == "Z"

    _, _, times = record_beside("zombie", ready, ends)
    found = state_rows(children[0], "Z")
    equal(len(found), 1, f"Z intervals of {children[0]}")
    from_before(found[0], ends, times)


def blocked_throughout():
    """Neither thread makes a single event: all that is known is the kernel's word at the start."""
    calls = {"read": 0, "futex": 202}

    def ready(pid):
        tids = [int(tid) for tid in os.listdir(f"/proc/{pid}/task") if int(tid) != pid]
        return sorted(system_call(tid) or 0 for tid in tids) == sorted(calls.values())

    with held("blocked") as proc:
        wait_for(lambda: ready(proc.pid), "blocked", proc)
        with recording(TRACE):
            time.sleep(0.2)
        check(TRACE)
        told = tell(proc)
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
for title, test in (("a D that was there before, and ends", lambda: disk_before(ends=True)),
                    ("a D that was there before, and stays", lambda: disk_before(ends=False)),
                    ("a zombie that was there before, and is reaped",
                     lambda: zombie_before(ends=True)),
                    ("a zombie that was there before, and stays",
                     lambda: zombie_before(ends=False)),
                    ("threads blocked in a known system call throughout", blocked_throughout)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
