#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A ring made far too small: losses are counted, placed in time, and never read as idle."""
import contextlib
import os
import signal

from lib import (CPUS, SLICE_NS, TICK_NS, by_tid, case, check, dump, equal, expect, finish, held,
                 info, note, recording, report, start, steal_ns, switches_of, tell, until_collected,
                 wait_for, within)

TRACE = "t.data"
MANY = 4000  # switches, of less than 16 bytes each never


def have_switched(loads):
    """Returns when all of their yielding threads have switched MANY times more."""
    tids = [(load.pid, int(tid)) for load in loads for tid in os.listdir(f"/proc/{load.pid}/task")
            if int(tid) != load.pid]
    before = {task: switches_of(*task) for task in tids}
    wait_for(lambda: all(switches_of(*task) >= n + MANY for task, n in before.items()),
             f"{MANY} switches of each of {tids}")


def lossy_recording():
    """Two threads on each CPU yield to each other: no CPU is ever idle meanwhile and no yielder
    ever sleeps. The recorder is stopped twice for so many switches that rings must overflow, and
    runs for as many before, between and after."""
    before = steal_ns()
    with recording(TRACE, "--buffer", "32K") as recorder, contextlib.ExitStack() as stack:
        loads = [stack.enter_context(held("yielder", 0, cpu)) for cpu in CPUS]
        for load in loads:
            wait_for(lambda load=load: len(os.listdir(f"/proc/{load.pid}/task")) == 3, "yielders")
        for _ in range(2):
            have_switched(loads)
            recorder.send_signal(signal.SIGSTOP)
            have_switched(loads)
            recorder.send_signal(signal.SIGCONT)
        have_switched(loads)
        told = [tell(load) for load in loads]
    return told, recorder.error_text, steal_ns() - before


start()
told, summary, stolen = lossy_recording()
facts = info(TRACE)
gaps = [e for e in dump(TRACE) if e["kind"] == "gap"]
with case("lost events are counted"):
    note(f"{facts['lost']:,} of {facts['events'] + facts['lost']:,} lost, {len(gaps)} gaps")
    expect(facts["lost"] > 0, "nothing was lost: the test is too tame")
    equal(sum(gap["count"] for gap in gaps), facts["lost"], "the gaps' counts add up")
    expect("lost" in summary, f"the summary does not say so: {summary}")
with case("they are placed in time"):
    for gap in gaps:
        expect(0 <= gap["ts_ns"] <= gap["end_ns"] <= facts["duration_ns"], f"gap {gap}")
    # what lasts has its length told at its end
    known = [e for e in dump(TRACE, "--kind", "switch,wakeup,waking") if "cpu" in e]
    for gap in gaps:
        inside = [e for e in known if e["cpu"] == gap["cpu"]
                  and gap["ts_ns"] < e["ts_ns"] < gap["end_ns"]]
        equal(inside, [], f"what is known of the time of {gap}")
    covered = sum(gap["end_ns"] - gap["ts_ns"] for gap in gaps)
    note(f"gaps cover {covered:,} of {len(CPUS)} x {facts['duration_ns']:,} ns")
with case("run + idle + gap = wall on every CPU"):
    check(TRACE)
    for row in report(TRACE, "idle", "cpu"):
        total = row["run_ns"] + row["idle_ns"] + row["gap_ns"] + row.get("other_ns", 0)
        equal(total, facts["duration_ns"], f"CPU {row['cpu']}")
with case("no gap is read as idle"):
    # While all of the yielders were at it no CPU had a moment to rest.
    first = dump(TRACE)[0]["ts_ns"]
    expect(first >= 0, "times are from the start of the trace")
    begin = max(load["began_utc_ns"] for load in told) - facts["start_utc_ns"]
    end = min(load["ended_utc_ns"] for load in told) - facts["start_utc_ns"]
    window = f"+{begin + 1000000}ns,+{end - 1000000}ns"  # clocks may drift
    for row in report(TRACE, "idle", "cpu", "--time", window):
        note(f"CPU {row['cpu']}: idle {row['idle_ns']:,}, gap {row['gap_ns']:,} ns")
        expect(row["idle_ns"] < 1000000, f"CPU {row['cpu']} is said to be idle")
with case("no gap is read as sleep, and what is known is right"):
    for load in told:
        rows = by_tid(report(TRACE, "cpu", "thread", *until_collected(TRACE, load)))
        for task in load["tasks"]:
            row = rows[task["tid"]]
            note(f"{task['tid']}: blocked {row['blocked_ns']:,} of {task['held_ns']:,}, "
                 f"gap {row['gap_ns']:,} ns")
            # it only sleeps until its accounts are read
            expect(row["blocked_ns"] <= task["held_ns"] + 1000000,
                   f"{task['tid']} is said to sleep")
            want = task["oncpu_ns"] + task["runq_ns"]
            known = row["oncpu_ns"] + row["runq_ns"]
            tolerance = max(want // 100, 200000) + SLICE_NS * task["slices"] + stolen
            tolerance += TICK_NS if steal_ns() else 0  # stolen time is told in these
            expect(row["oncpu_ns"] <= task["oncpu_ns"] + tolerance, "more than the kernel has")
            within(known, want, tolerance + row["gap_ns"], "on-CPU + wait, less the gap")
finish()
