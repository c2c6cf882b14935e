#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Thread by thread, rstat's figures against the kernel's own: schedstat and getrusage."""
from lib import (CPUS, by_tid, case, check, compare_accounts, expect, finish, info, note,
                 record_workload, report, start, steal_ns, until_collected)


def accounts(name, *args, trace="t.data"):
    """Records one workload, compares all its threads, returns [(row, task)]."""
    told = record_workload(trace, name, *args)
    check(trace)
    expect(info(trace)["lost"] == 0, "events were lost")
    rows = by_tid(report(trace, "cpu", "thread", *until_collected(trace, told)))
    for task in told["tasks"]:
        expect(task["tid"] in rows, f"{task['comm']} ({task['tid']}) is not in the report")
    pairs = [(rows[task["tid"]], task) for task in told["tasks"]]
    for row, task in pairs:
        compare_accounts(row, task)
    return pairs


def hog_is_close(tries=3):
    """Within 0.5 % where nothing hides it. What the hypervisor steals is running to rstat and
    nothing to the kernel, so a run that was stolen from is repeated."""
    for left in reversed(range(tries)):
        before = steal_ns()
        row, task = accounts("hog", 2000, CPUS[-1])[0]
        stolen = steal_ns() - before
        off = abs(row["oncpu_ns"] - task["oncpu_ns"])
        note(f"hog: off by {100 * off / task['oncpu_ns']:.3f} %, stolen {stolen:,} ns")
        if off <= task["oncpu_ns"] // 200 or not left:
            break
    expect(row["gap_ns"] > 0 or off <= task["oncpu_ns"] // 200,
           f"on-CPU {row['oncpu_ns']:,} ns, expected {task['oncpu_ns']:,} +- 0.5 %")


start()
with case("cpu hog"):
    hog_is_close()
with case("pipe ping-pong on one CPU"):
    accounts("pipe", 20000, CPUS[0])
with case("800 short sleeps"):
    accounts("sleeper", 800, 1000)
with case("threads that compute, sleep and lock"):
    accounts("mixed", 6, 1500)
with case("sched_yield"):
    accounts("yielder", 20000, CPUS[-1])
finish()
