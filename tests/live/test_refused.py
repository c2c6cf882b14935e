#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Kernels that refuse a helper or a program: what can be recorded without is, and what cannot be is
said by its own name. RSTAT_TEST_REFUSE makes this kernel one of them (tests/README.md)."""
import os

from lib import (RSTAT, case, check, dump, equal, expect, finish, good, info, note, record, run,
                 start, unless_hidden)

TRACE = "t.data"
KINDS = {"switch", "wakeup", "waking", "stack", "frames", "counters", "irq", "fork", "exit"}
ABSENT = {"release_task", "tcp_splice_read"}  # with neither fexit nor kprobes
EVERYTHING = ["sched", "io", "fs", "net", "syscall", "samples", "irq"]
ALL = ["--user-stacks", "--counters", "page-faults", "--with", "irq"]


def recorded(*refused, code=0):
    """Records with everything on; returns (the process, the trace's facts, its kinds of KINDS)."""
    os.environ["RSTAT_TEST_REFUSE"] = ",".join(refused)
    try:
        done = record(TRACE, *ALL, cmd=["sh", "-c", "sleep 0.1; true"])
    finally:
        del os.environ["RSTAT_TEST_REFUSE"]
    equal(done.returncode, code, f"exit code; {done.stderr}")
    for line in done.stderr.splitlines():
        if not any(word in line for word in (*ABSENT, "t.data:")):
            note(line)
    if code:
        return done, None, None
    check(TRACE)
    events = dump(TRACE)
    equal(info(TRACE)["lost"], 0, "lost events")
    return done, info(TRACE), {e["kind"] for e in events} & KINDS


def missing(facts):
    return {h["name"] for h in facts["hooks"] if not h["live"]} - ABSENT


def parts():
    _, plain, kinds = recorded()
    equal(kinds, KINDS, "nothing refused: kinds")
    equal(missing(plain), set(), "nothing refused: hooks that are missing")

    done, facts, kinds = recorded("stacks")
    equal(kinds, KINDS - {"stack", "frames"}, "without stacks: kinds")
    equal(missing(facts), {"stacks"}, "without stacks: what is missing")
    equal(done.stderr.count("bpf_get_stackid"), 1, "the reason, said once")
    expect("stacks" not in facts or not facts["stacks"], f"info: {facts.get('stacks')}")

    _, facts, kinds = recorded("user_stacks")
    equal(kinds, KINDS, "without user stacks: kinds")
    equal(missing(facts), {"user_stacks"}, "without user stacks: what is missing")
    expect(not facts["stacks"]["user"], "info: user")
    expect(not [e for e in dump(TRACE) if e["kind"] == "stack" and (e["user_stack"] or e["lost"])],
           "stacks that nobody could take are not lost")

    done, facts, kinds = recorded("counters")
    equal(kinds, KINDS - {"counters"}, "without counters: kinds")
    equal(missing(facts), set(), "without counters: hooks")
    expect(not facts["counters"][0]["live"], "info: live")
    equal(done.stderr.count("not counted: page-faults: the kernel refuses it"), 1, "said once")


def programs():
    """One that is not required costs its own events and no others."""
    _, facts, kinds = recorded("on_waking", "on_softirq_exit", "stacks")
    equal(missing(facts), {"sched_waking", "softirq", "stacks"}, "what is missing")
    equal(facts["features"], EVERYTHING, "irq is one still: hard ones")

    _, facts, _ = recorded("on_irq_exit", "on_softirq_exit")
    equal(missing(facts), {"irq_handler", "softirq"}, "what is missing")
    equal(facts["features"], [f for f in EVERYTHING if f != "irq"], "features")
    done = good(run([RSTAT, "info", TRACE]))
    expect("features     sched,io,fs,net,syscall,samples\n" in done.stdout, done.stdout)
    equal(kinds, KINDS - {"waking", "stack", "frames"}, "kinds")


def required():
    for program, name in (("on_switch", "hook sched_switch is needed"),
                          ("on_exit", "hook exit is needed"),
                          ("each_task", "does not let its tasks be listed")):
        os.unlink(TRACE)
        done = recorded(program, "counters", code=125)[0]
        equal(len(done.stderr.splitlines()), 1, "one sentence")
        expect(name in done.stderr, done.stderr)
        expect(not os.path.exists(TRACE), "a trace is left behind")
        good(record(TRACE, "--duration", "50ms"))
    # another way to the same event
    _, facts, kinds = recorded("on_newtask")
    fork = [h for h in facts["hooks"] if h["name"] == "fork"][0]
    expect(fork["live"] and "fork" in kinds, f"{fork}")
    equal(missing(facts), set(), "what is missing")


start()
for title, test in (("what required programs do besides", parts), ("programs", programs),
                    ("what is required", required)):
    with case(title):
        unless_hidden(TRACE, test)
finish()
