#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""How processes begin and end: the short ones, zombies of each kind, vfork, exec by a thread."""
from lib import (case, check, compare_accounts, equal, expect, finish, info, note,
                 record_workload, report, start, unless_hidden, until_collected, within)

TRACE = "t.data"
EDGE_NS = 20000000  # on a busy machine a task's last way into its state may be held up


def states_of(tid, state):
    return [r for r in report(TRACE, "states") if r["tid"] == tid and r["state"] == state]


def as_long_as_told(what, row, told):
    """What those who took part read from their clocks is around it, but for its beginning: who is
    waited for may be seen to be there a little before it is."""
    note(f"{what}: {row['dur_ns']:,} ns, {told['at_least_ns']:,} to {told['at_most_ns']:,}")
    expect(told["at_least_ns"] - EDGE_NS <= row["dur_ns"] <= told["at_most_ns"],
           f"{what}: {row['dur_ns']:,} ns, not {told['at_least_ns']:,} to {told['at_most_ns']:,}")


def short_processes():
    told = record_workload(TRACE, "short", 1000)
    check(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    life = {row["pid"]: row for row in report(TRACE, "life", "process")}
    missing = [pid for pid in told["pids"] if pid not in life]
    expect(not missing, f"{len(missing)} of 1000 are not in life: {missing[:10]}")
    for i, pid in enumerate(told["pids"]):
        equal(life[pid]["ppid"], told["pid"], f"parent of {pid}")
        equal(life[pid]["exit_code"], i % 100, f"exit code of {pid}")
        span = life[pid]["end_ns"] - life[pid]["start_ns"]
        expect(0 < span <= told["longest_ns"], f"{pid} lived for {span:,} ns")
    cpu = {row["pid"]: row for row in report(TRACE, "cpu", "process")}
    got = sum(cpu[pid]["oncpu_ns"] for pid in told["pids"])
    gap = sum(cpu[pid]["gap_ns"] for pid in told["pids"])
    note(f"1000 processes: {got:,} ns of CPU, wait4 says {told['cpu_ns']:,}; gaps {gap:,} ns")
    within(got, told["cpu_ns"], told["cpu_ns"] // 50 + gap, "CPU time of all")


def zombie():
    told = record_workload(TRACE, "zombie", 300)
    check(TRACE)
    found = states_of(told["child"], "Z")
    equal(len(found), 1, "zombie intervals of the child")
    expect(not found[0]["open"], "it was reaped, so it is not open")
    as_long_as_told("zombie", found[0], told)


def autoreap():
    told = record_workload(TRACE, "autoreap", 10)
    check(TRACE)
    for child in told["children"]:
        equal(states_of(child, "Z"), [], f"zombie intervals of {child}")
    life = {row["pid"] for row in report(TRACE, "life", "process")}
    expect(life.issuperset(told["children"]), "a child is not in life")


def leader_zombie():
    told = record_workload(TRACE, "leader_zombie", 300)
    check(TRACE)
    rows = [r for r in report(TRACE, "states") if r["tid"] == told["pid"]]
    held = [r for r in rows if r["state"] == "Zl"]
    equal(len(held), 1, f"leader-zombie intervals among {rows}")
    as_long_as_told("leader-zombie", held[0], told)
    long_z = [r for r in rows if r["state"] == "Z" and r["dur_ns"] > told["at_least_ns"] // 2]
    equal(long_z, [], "it is no ordinary zombie meanwhile")


def vfork_parent():
    told = record_workload(TRACE, "vfork_parent", 200)
    check(TRACE)
    found = [r for r in states_of(told["pid"], "D") if r["dur_ns"] > 100000000]
    equal(len(found), 1, "long D intervals of the parent")
    row = found[0]
    as_long_as_told("vfork", row, told)
    expect("vfork" in str(row["reason"]), f"the reason does not name vfork: {row['reason']}")
    equal(row["waker_tid"], told["child"], "who ended it")


def exec_thread():
    told = record_workload(TRACE, "exec_thread")
    check(TRACE)
    task = told["tasks"][0]
    # One task goes on under another number: its figures before the exec are part of its life. The
    # leader that had the number before is a task, and a row, of its own.
    rows = [r for r in report(TRACE, "cpu", "thread", *until_collected(TRACE, told))
            if r["tid"] == task["tid"] and r["comm"] == task["comm"]]
    equal(len(rows), 1, "rows of the new TID")
    compare_accounts(rows[0], task)
    row = {r["pid"]: r for r in report(TRACE, "life", "process")}[told["pid"]]
    expect(row["filename"].endswith("exec_thread"), f"file name {row['filename']}")
    expect("after" in row["args"], f"arguments {row['args']}")


start()
with case("1000 processes that live for less than 2 ms"):
    unless_hidden(TRACE, short_processes)
with case("a zombie kept for 300 ms"):
    zombie()
with case("children of who ignores SIGCHLD are no zombies"):
    autoreap()
with case("a leader that exits before its thread"):
    leader_zombie()
with case("a vfork parent is in D for 200 ms"):
    vfork_parent()
with case("exec by a thread that is not the leader"):
    unless_hidden(TRACE, exec_thread)
finish()
