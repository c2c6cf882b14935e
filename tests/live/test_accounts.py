#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Thread by thread, rstat's figures against the kernel's own: schedstat and getrusage."""
from lib import (CPUS, Skipped, by_tid, case, check, compare_accounts, expect, finish, info, note,
                 record_workload, report, start, unless_hidden, until_collected)

TRACE = "t.data"


def accounts(name, *args, **kwargs):
    """Records one workload, compares all its threads, returns [(row, task)]."""
    told = record_workload(TRACE, name, *args, **kwargs)
    check(TRACE)
    expect(info(TRACE)["lost"] == 0, "events were lost")
    rows = by_tid(report(TRACE, "cpu", "thread", *until_collected(TRACE, told)))
    for task in told["tasks"]:
        expect(task["tid"] in rows, f"{task['comm']} ({task['tid']}) is not in the report")
    pairs = [(rows[task["tid"]], task) for task in told["tasks"]]
    for row, task in pairs:
        compare_accounts(row, task)
    return pairs


def hog_is_close(tries=5):
    """Within 0.5 %, when it has the CPU to itself and the hypervisor takes none of it: stolen time
    is running to rstat and nothing to the kernel."""
    for i in range(tries):
        # first as anybody; if others were there, ahead of them, for as long as the kernel allows it
        ms, under = (800, ("chrt", "-f", "1")) if i else (2000, ())
        row, task = accounts("hog", ms, CPUS[-1], under=under)[0]
        stolen = task["stolen_ns"]
        off = abs(row["oncpu_ns"] - task["oncpu_ns"])
        note(f"hog: off by {100 * off / task['oncpu_ns']:.3f} %, stolen {stolen:,} ns")
        if row["gap_ns"] == 0 and not stolen and task["runq_ns"] < task["oncpu_ns"] // 50:
            expect(off <= task["oncpu_ns"] // 200,
                   f"on-CPU {row['oncpu_ns']:,} ns, expected {task['oncpu_ns']:,} +- 0.5 %")
            return
    raise Skipped("the machine is too busy: the hog never had a CPU to itself")


def causes(name, *args):
    """How often each cause made the threads of a workload wait."""
    told = record_workload(TRACE, name, *args)
    count = {}
    for row in report(TRACE, "latency", "thread"):
        if row["tid"] in [task["tid"] for task in told["tasks"]]:
            count[row["cause"]] = count.get(row["cause"], 0) + row["count"]
    note(f"{name}: {count}")
    return count


def yields_are_yields():
    """Only who calls sched_yield() yields, whatever this kernel calls a preemption."""
    calls = 5000
    count = causes("yielder", calls, CPUS[-1])
    yielded = count.get("yield", 0)
    # a tick on the way out of the call takes the CPU from it too, and looks the same
    expect(calls < yielded <= 2.02 * calls, f"{yielded} of {2 * calls} calls yielded")
    count = causes("pipe", 3000, CPUS[-1])
    expect(not count.get("yield"), "a ping-pong does not yield")
    expect(count.get("wakeup", 0) > 3000, "it waits for a wake-up")


start()
with case("who yields"):
    yields_are_yields()
with case("cpu hog"):
    unless_hidden(TRACE, hog_is_close)
for title, load in (("pipe ping-pong on one CPU", ("pipe", 20000, CPUS[0])),
                    ("800 short sleeps", ("sleeper", 800, 1000)),
                    ("threads that compute, sleep and lock", ("mixed", 6, 1500)),
                    ("sched_yield", ("yielder", 20000, CPUS[-1]))):
    with case(title):
        unless_hidden(TRACE, lambda: accounts(*load))
finish()
