#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A ring made far too small: losses are counted, placed in time, and never read as idle."""
import json
import signal
import time

from lib import (CPUS, background, by_tid, case, check, dump, equal, expect, finish, info, note,
                 recording, report, start, until_collected, within, workload)

TRACE = "t.data"


def lossy_recording():
    """Two threads on each CPU yield to each other: no CPU is ever idle meanwhile and no yielder
    ever sleeps. The recorder is stopped twice for a while, so that rings must overflow."""
    with recording(TRACE, "--buffer", "64K") as recorder:
        time.sleep(0.3)
        with background(*[workload("yielder", 60000, cpu) for cpu in CPUS]) as loads:
            for _ in range(2):
                time.sleep(0.2)
                recorder.send_signal(signal.SIGSTOP)
                time.sleep(0.15)
                recorder.send_signal(signal.SIGCONT)
            told = [json.loads(load.stdout.read()) for load in loads]
        time.sleep(0.2)
    return told, recorder.error_text


start()
told, summary = lossy_recording()
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
    covered = sum(gap["end_ns"] - gap["ts_ns"] for gap in gaps)
    expect(covered <= len(CPUS) * facts["duration_ns"] // 2, "nearly all of the trace is a gap")
with case("run + idle + gap = wall on every CPU"):
    check(TRACE)
    for row in report(TRACE, "idle", "cpu"):
        total = row["run_ns"] + row["idle_ns"] + row["gap_ns"] + row.get("other_ns", 0)
        equal(total, facts["duration_ns"], f"CPU {row['cpu']}")
with case("no gap is read as idle"):
    # From the last start to the first end of the yielders no CPU had a moment to rest.
    first = dump(TRACE)[0]["ts_ns"]
    expect(first >= 0, "times are from the start of the trace")
    tids = {t["tid"] for load in told for t in load["tasks"]}
    life = by_tid(report(TRACE, "life"))
    begin = max(life[tid]["start_ns"] for tid in tids)
    end = min(life[tid]["end_ns"] for tid in tids)
    window = f"+{begin + 20000000}ns,+{end - 20000000}ns"
    for row in report(TRACE, "idle", "cpu", "--time", window):
        note(f"CPU {row['cpu']}: idle {row['idle_ns']:,}, gap {row['gap_ns']:,} ns")
        expect(row["idle_ns"] < 5000000, f"CPU {row['cpu']} is said to be idle")
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
            tolerance = max(want // 100, 200000) + 1500 * task["slices"]
            expect(row["oncpu_ns"] <= task["oncpu_ns"] + tolerance, "more than the kernel has")
            within(known, want, tolerance + row["gap_ns"], "on-CPU + wait, less the gap")
finish()
