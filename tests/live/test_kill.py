#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""kill -9 of the recorder at random moments: what reached the file is whole and right."""
import json
import os
import random
import time

from lib import (CPUS, RSTAT, background, case, check, equal, expect, finish, good, info, note,
                 recording, report, run, start, workload)


def kill_after(seconds):
    trace = f"{seconds:.3f}.data"
    # mixed lives longer than the recorder and never blocks for more than some milliseconds
    with background(workload("pipe", 400000, CPUS[0]), workload("mixed", 4, 3500)):
        with recording(trace) as recorder:
            time.sleep(seconds)
            recorder.kill()
            recorder.wait()
    facts = info(trace)
    equal(facts["complete"], False, "complete")
    missing = seconds - facts["duration_ns"] / 1e9
    note(f"killed after {seconds:.3f} s: {facts['events']:,} events, {missing:.3f} s not there")
    expect(missing < 1.3, "more than a second was in memory")
    strict = run([RSTAT, "check", "--strict", trace])
    equal(strict.returncode, 3, "check --strict")
    check(trace)
    rows = report(trace)
    for row in rows:
        expect(row["oncpu_ns"] <= facts["duration_ns"], f"more on CPU than there was: {row}")
    good(run([RSTAT, "recover", "-o", "whole.data", trace]))
    equal(info("whole.data")["complete"], True, "complete after recover")
    equal(info("whole.data")["events"], facts["events"], "events after recover")
    equal(json.dumps(report("whole.data")), json.dumps(rows), "report after recover")
    os.unlink("whole.data")


start()
dice = random.Random()
for moment in sorted(dice.uniform(0.05, 2.2) for _ in range(5)):
    with case("killed at a random moment"):
        kill_after(moment)
finish()
