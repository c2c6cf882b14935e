#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Where the time went: a thread that waits for each reason in turn, for times that it knows."""
import xml.etree.ElementTree

from lib import (RSTAT, case, check, equal, expect, finish, good, near_account, note,
                 record_workload, report, run, start, unless_hidden, within)

TRACE = "t.data"
REASONS = ["disk", "net", "lock", "pipe", "poll", "sleep", "child"]
PARTS = ["oncpu_ns", "runq_ns", "gap_ns", "other_ns"] + [f"{r}_ns" for r in REASONS]
EDGE_NS = 1000000  # a wait is measured from some instructions before to some after it
SWITCH_NS = 2000  # ... and the kernel's clock of it is read some instructions before rstat's,
STACK_NS = 8000  # ... between which a stack may be taken


def row_of(told, by="thread", *options):
    rows = [r for r in report(TRACE, "offcpu", by, *options)
            if r["group"] == "offcpu" and r.get("tid", told["tid"]) == told["tid"]
            and r["pid"] == told["pid"]]
    equal(len(rows), 1, "rows of the thread")
    return rows[0]


def adds_up(row):
    equal(sum(row[part] for part in PARTS), row["life_ns"], "the parts of the life")


def compare(told, row, switch_ns=SWITCH_NS):
    """Each reason: 2 % of its waits, what the way out of and into them takes, and stolen time."""
    slices = [r["slices"] for r in report(TRACE, "cpu") if r["tid"] == told["tid"]][0]
    for reason in REASONS:
        want, got = told[f"{reason}_ns"], row[f"{reason}_ns"]
        note(f"{reason}: {got:,} ns, the thread says {want:,} ({got - want:+,})")
    for reason in REASONS:
        # the other way round: what is stolen is on a CPU to rstat, and no time there to the thread
        near_account(told[f"{reason}_ns"], row[f"{reason}_ns"],
                     told[f"{reason}_ns"] // 50 + EDGE_NS + row["gap_ns"] + told["stolen_ns"] +
                     (slices * switch_ns if reason == "disk" else 0), reason)
    expect(row["other_ns"] <= EDGE_NS + row["gap_ns"], f"other: {row['other_ns']:,} ns")


def recorded(*options):
    told = record_workload(TRACE, "waits", "waits.tmp", options=options)
    check(TRACE)
    row = row_of(told)
    note(f"told by: {row['by']}")
    adds_up(row)
    return told, row


def by_calls():
    told, row = recorded()
    compare(told, row)
    expect(row["by_socket_ns"] >= told["net_ns"] // 4, "no socket told of a wait")
    equal(row["by_stack_ns"], 0, "by stacks that are not there")
    for by in ("process", "comm", "cgroup", "user"):
        for each in report(TRACE, "offcpu", by):
            adds_up(each)


def by_stacks():
    told, row = recorded("--stacks=all")
    compare(told, row, SWITCH_NS + STACK_NS)
    expect(row["by_stack_ns"] >= row["blocked_ns"] * 8 // 10, f"told by {row['by']}")


def only_states():
    told, row = recorded("--without", "syscall")
    blocked = sum(told[f"{r}_ns"] for r in REASONS)
    within(row["blocked_ns"], blocked,
           blocked // 50 + EDGE_NS + row["gap_ns"] + told["stolen_ns"], "all waits")
    text = good(run([RSTAT, "report", "-g", "offcpu", TRACE])).stdout
    expect("recorded without system calls" in text, "the report does not say what it lacks")


def flame_graphs():
    told, _ = recorded("--stacks=all")
    rows = report(TRACE, "offcpu", "process")
    want = sum(r["runq_ns"] + r["blocked_ns"] for r in rows)
    for options in ([], ["--wakers"]):
        argv = [RSTAT, "report", "-g", "offcpu", "--all", *options, TRACE]
        lines = good(run(argv + ["--format", "folded"])).stdout.splitlines()
        equal(sum(int(line.rpartition(" ")[2]) for line in lines), want, "sum of folded stacks")
        svg = good(run(argv + ["--format", "svg"])).stdout
        root = xml.etree.ElementTree.fromstring(svg)
        titles = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
        expect(titles[1].startswith("all (") and titles[1].endswith(", 100.00%)"), titles[1])
    rows = [r for r in report(TRACE, "offcpu", "process", "--stack", "-p", told["pid"])
            if r["group"] == "offcpu_stack"]
    futex = [r["stack"] for r in rows if r["reason"] == "lock"]
    expect(any("futex" in stack and ";" in stack for stack in futex), f"stacks of locks: {futex}")


def address_space():
    """Without stacks: waits for the lock of an address space, which a fatal signal ends."""
    told = record_workload(TRACE, "maps", 8)
    check(TRACE)
    row = row_of(told)
    adds_up(row)
    slices = [r["slices"] for r in report(TRACE, "cpu") if r["tid"] == told["tid"]][0]
    note(f"{row['by_waker_ns']:,} ns by their wakers, the thread says {told['took_ns']:,}")
    within(row["by_waker_ns"], told["took_ns"], told["took_ns"] // 50 + EDGE_NS + row["gap_ns"] +
           row["oncpu_ns"] + row["runq_ns"] + slices * SWITCH_NS + told["stolen_ns"],
           "waits for the lock")
    expect(row["lock_ns"] >= row["by_waker_ns"], f"they are a lock: {row}")
    expect(row["other_ns"] <= EDGE_NS + row["gap_ns"], f"other: {row['other_ns']:,} ns")


def main():
    start()
    with case("by system calls, sockets, requests: every millisecond where it belongs"):
        unless_hidden(TRACE, by_calls)
    with case("without stacks: the lock of an address space"):
        unless_hidden(TRACE, address_space)
    with case("by stacks: the same"):
        unless_hidden(TRACE, by_stacks)
    with case("by states only: said, and still all of the life"):
        unless_hidden(TRACE, only_states)
    with case("folded stacks and graphs have all of the waits"):
        unless_hidden(TRACE, flame_graphs)
    finish()


if __name__ == "__main__":
    main()
