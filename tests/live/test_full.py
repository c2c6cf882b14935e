#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""No space left: the recording stops, says why, and leaves a valid trace."""
import os
import subprocess

from lib import (CPUS, PATIENCE, RSTAT, background, case, check, equal, expect, finish, good, info,
                 note, private_mounts, record, report, run, start, workload)

private_mounts()
start()
os.mkdir("tiny")
# A private namespace: the mount is gone with this program.
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "tiny"], check=True)
with case("a disk that fills up"):
    trace = "tiny/t.data"
    with background(workload("pipe", 10**8, CPUS[0]), workload("mixed", 4, 300000)):
        done = record(trace, "--duration", "120s")
    equal(done.returncode, 125, f"exit code ({done.stderr.strip()})")
    expect("No space left" in done.stderr, f"the message does not say why: {done.stderr}")
    facts = info(trace)
    note(f"{facts['bytes']:,} bytes, {facts['events']:,} events, {facts['duration_ns']:,} ns")
    expect(facts["events"] > 1000, "hardly anything was kept")
    equal([facts["complete"], facts["recorder"]["stopped_by"]], [False, "ENOSPC"], "the end")
    expect(f"{facts['events']:,} events" in done.stderr, f"not what is there: {done.stderr}")
    expect(facts["bytes"] > 200 * 1024, "more was given up than the end needs")
    equal(run([RSTAT, "check", "--strict", trace]).returncode, 3, "check --strict")
    check(trace)
    expect(any(row["gap_ns"] for row in report(trace)), "nothing is said to be unknown")
    good(run([RSTAT, "recover", "-o", "whole.data", trace]))
    equal(info("whole.data")["complete"], True, "complete after recover")
    equal(report("whole.data"), report(trace), "report after recover")
with case("a full disk from the start"):
    try:
        with open("tiny/filler", "wb", buffering=0) as f:
            while f.write(bytes(4096)):
                pass
    except OSError:
        pass  # it is full
    done = record("tiny/second.data", "--duration", "1s")
    equal(done.returncode, 125, "exit code")
    expect("No space left" in done.stderr, f"the message does not say why: {done.stderr}")
with case("standard output that takes nothing"):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([RSTAT, "record", "-o", "-", "--duration", "1s"], stdout=full,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              check=False)
    equal(done.returncode, 125, "exit code")
    expect(b"No space left" in done.stderr, f"the message does not say why: {done.stderr}")
with case("a report that cannot be written"):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([RSTAT, "report", "tiny/t.data"], stdout=full,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    equal(done.returncode, 2, "exit code")
    expect(done.stderr.strip(), "no word on what went wrong")
    equal(run([RSTAT, "report", "tiny/t.data"]).returncode, 0, "the same to a pipe")
subprocess.run(["umount", "tiny"], check=False)
finish()
