#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What one needs to record, who gets the file, and what is refused."""
import os
import stat

from lib import (RSTAT, case, check, equal, expect, finish, good, record, recording, run, skip,
                 start, wait_for)

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def caps_of(pid):
    """Those permitted, those effective."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        caps = {line[:6]: int(line.split()[1], 16) for line in f if line.startswith("Cap")}
    return tuple({n for n in range(64) if caps[kind] >> n & 1} for kind in ("CapPrm", "CapEff"))


start("setpriv")
if run([*AS_NOBODY, RSTAT, "--version"]).returncode:
    skip("another user cannot reach this rstat (folder permissions)")
os.mkdir("theirs")
os.chown("theirs", NOBODY, NOBODY)
with case("without privilege: which capability is missing, and how to get it"):
    done = run([*AS_NOBODY, RSTAT, "record", "-o", "theirs/t.data", "--", "true"])
    equal(done.returncode, 125, "exit code")
    expect("CAP_BPF" in done.stderr or "CAP_PERFMON" in done.stderr, done.stderr)
    equal(len(done.stderr.strip().splitlines()), 1, "lines of the message")
    equal(os.listdir("theirs"), [], "files left behind")
with case("CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE are enough"):
    caps = "+bpf,+perfmon,+sys_ptrace"
    done = run([*AS_NOBODY, f"--inh-caps={caps}", f"--ambient-caps={caps}", RSTAT, "record", "-o",
                "theirs/caps.data", "--", "true"])
    equal(done.returncode, 0, done.stderr)
    check("theirs/caps.data")
with case("what the recorder keeps, and none of it effective"):
    for options, kept in (((), {21}), (("--user-stacks",), {2, 19, 21})):
        with recording("kept.data", *options) as proc:
            # CAP_SYS_ADMIN; with user stacks CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE
            wait_for(lambda: caps_of(proc.pid) == (kept, set()),
                     f"with {options} {kept} is permitted, nothing effective", proc)
with case("a trace is private, and reading it needs no privilege"):
    good(record("theirs/root.data", cmd=["true"]))
    equal(stat.S_IMODE(os.stat("theirs/root.data").st_mode), 0o600, "mode")
    os.chown("theirs/root.data", NOBODY, NOBODY)
    for verb in ("report", "info", "check", "dump"):
        good(run([*AS_NOBODY, RSTAT, verb, "theirs/root.data"]))
with case("under sudo the file belongs to the caller"):
    env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY), SUDO_USER="nobody")
    good(run([RSTAT, "record", "-o", "theirs/sudo.data", "--", "true"], env=env))
    found = os.stat("theirs/sudo.data")
    equal((found.st_uid, found.st_gid), (NOBODY, NOBODY), "owner")
with case("an existing trace is kept, other files are not touched"):
    good(record("keep.data", cmd=["true"]))
    first = os.stat("keep.data").st_ino
    good(record("keep.data", cmd=["true"]))
    equal(os.stat("keep.data.old").st_ino, first, "the file kept as .old")
    with open("letter.txt", "w", encoding="ascii") as f:
        f.write("dear diary\n")
    os.symlink("letter.txt", "link.data")
    for target in ("letter.txt", "link.data"):
        done = record(target, cmd=["true"])
        equal(done.returncode, 125, f"exit code for {target}")
        expect(target in done.stderr, done.stderr)
    with open("letter.txt", encoding="ascii") as f:
        equal(f.read(), "dear diary\n", "the other file")
finish()
