#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""kill -9 of the recorder at random moments: what reached the file is whole and right."""
import json
import os
import random
import time

from lib import (CPUS, RSTAT, background, case, check, equal, expect, finish, good, info, note,
                 recording, report, run, start, workload)


def kill_after(seconds, tries=5):
    trace = "killed.data"
    # A recorder that is held up flushes later: not more than a second is in memory if it is not.
    for _ in range(tries):
        with background(workload("pipe", 10**8, CPUS[0]), workload("mixed", 4, 300000)):
            with recording(trace) as recorder:
                time.sleep(seconds)
                recorder.kill()
                recorder.wait()
        facts = info(trace)
        equal(facts["complete"], False, "complete")
        missing = seconds - facts["duration_ns"] / 1e9
        note(f"killed after {seconds:.3f} s: {facts['events']:,} events, {missing:.3f} s not there")
        if missing < 1.3:
            break
    expect(missing < 1.3, "more than a second was in memory, every time")
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
