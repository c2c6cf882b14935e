#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""How processes begin and end: the short ones, zombies of each kind, vfork, exec by a thread."""
from lib import (SLICE_NS, as_long_as_told, case, check, compare_accounts, equal, expect, finish,
                 info, near_account, note, record_workload, report, start, unless_hidden,
                 until_collected, wake_ups_ns)

TRACE = "t.data"


def states_of(tid, state):
    return [r for r in report(TRACE, "states") if r["tid"] == tid and r["state"] == state]


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
    gap, slices = (sum(cpu[pid][key] for pid in told["pids"]) for key in ("gap_ns", "slices"))
    note(f"1000 processes: {got:,} ns of CPU, wait4 says {told['cpu_ns']:,}; gaps {gap:,} ns, "
         f"{slices:,} slices, stolen {told['stolen_ns']:,} ns")
    # the first slice, and the wait for it, is there for each of them in any case
    near_account(got, told["cpu_ns"], told["cpu_ns"] // 50 + gap + told["stolen_ns"] +
                 SLICE_NS * (slices - len(told["pids"])), "CPU time of all")


def zombie():
    told = record_workload(TRACE, "zombie", 300)
    check(TRACE)
    found = states_of(told["child"], "Z")
    equal(len(found), 1, "zombie intervals of the child")
    expect(not found[0]["open"], "it was reaped, so it is not open")
    as_long_as_told(TRACE, "zombie", found[0], told)


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
    as_long_as_told(TRACE, "leader-zombie", held[0], told)
    early = [r for r in rows if r["state"] == "Z" and r["start_ns"] < held[0]["end_ns"]]
    equal(early, [], "it is no ordinary zombie meanwhile")


def vfork_parent():
    told = record_workload(TRACE, "vfork_parent", 200)
    check(TRACE)
    rows = states_of(told["pid"], "D")
    found = [r for r in rows if r["waker_tid"] == told["child"]]
    equal(len(found), 1, f"D intervals of the parent that the child ended, of {rows}")
    row = found[0]
    as_long_as_told(TRACE, "vfork", row, told)
    expect("vfork" in str(row["reason"]), f"the reason does not name vfork: {row['reason']}")


def exec_thread():
    told = record_workload(TRACE, "exec_thread")
    check(TRACE)
    task = told["tasks"][0]
    # One task goes on under another number: its figures before the exec are part of its life. The
    # leader that had the number before is a task, and a row, of its own.
    rows = [r for r in report(TRACE, "cpu", "thread", *until_collected(TRACE, told))
            if r["tid"] == task["tid"] and r["comm"] == task["comm"]]
    equal(len(rows), 1, "rows of the new TID")
    compare_accounts(rows[0], task,
                     wake_ups_ns(TRACE, "thread", "tid", *until_collected(TRACE, told)))
    row = {r["pid"]: r for r in report(TRACE, "life", "process")}[told["pid"]]
    expect(row["filename"].endswith("exec_thread"), f"file name {row['filename']}")
    expect("after" in row["args"], f"arguments {row['args']}")


start()
for title, test in (("1000 processes that live for less than 2 ms", short_processes),
                    ("a zombie kept for 300 ms", zombie),
                    ("children of who ignores SIGCHLD are no zombies", autoreap),
                    ("a leader that exits before its thread", leader_zombie),
                    ("a vfork parent is in D for 200 ms", vfork_parent),
                    ("exec by a thread that is not the leader", exec_thread)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
