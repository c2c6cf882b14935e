# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What the tests of block requests share: fio on a file of known place, /proc/diskstats."""
import contextlib
import json
import os
import time

from lib import PATIENCE, background, expect, hidden, note, recording, skip

TRACE = "i.data"
FILE = "load"
SIZE = 16 << 20
QUIET_NS = 3000000  # with nothing completing for so long, a count and the trace mean the same


def disk():
    """The device that the scratch folder is on, as (name, "major:minor")."""
    device = os.stat(".").st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    link = f"/sys/dev/block/{number}"
    if not os.path.exists(link) or not os.path.isdir(f"{link}/queue") and \
            not os.path.exists(f"{link}/partition"):
        skip(f"the scratch folder is not on a block device ({number})")
    return os.path.basename(os.readlink(link)), number


def diskstats(name=None):
    """[requests, merged, sectors, ms] of reads, writes, discards; flushes. Of our disk, or name."""
    name = name or disk()[0]
    with open("/proc/diskstats", encoding="ascii") as f:
        for line in f:
            fields = line.split()
            if fields[2] == name:
                n = list(map(int, fields[3:]))
                return {"read": n[0:4], "write": n[4:8], "discard": n[11:15], "flush": n[15]}
    raise AssertionError(f"{name} is not in /proc/diskstats")


def fio(*options):
    """Runs a load on FILE; returns its JSON, and its "pid": others may run one as well."""
    argv = ["fio", "--name=load", f"--filename={FILE}", f"--size={SIZE}", "--output-format=json",
            "--thread", "--randrepeat=1", *options]
    with background(argv) as [proc]:
        text = proc.communicate(timeout=PATIENCE)[0].decode()
        expect(proc.returncode == 0, f"fio: {proc.returncode}\n{text}")
    return dict(json.loads(text[text.index("{"):])["jobs"][0], pid=proc.pid)


@contextlib.contextmanager
def watched():
    """A recording of what is done inside."""
    with recording(TRACE) as proc:
        yield
    expect(proc.returncode == 0, proc.error_text)


def few_are_hidden(count, of, what):
    """None may be without an end, but for those that the kernel hid: the interrupt came while it
    shows nothing, as it does in some recordings. That is one in some hundreds."""
    if count:
        note(f"{what}: {count} of {of}")
    expect(not count or hidden(TRACE) and count <= 2 + of // 50, f"{what}: {count} of {of}")


def lay_out():
    """The file with its blocks written: nothing of that is to happen while we look."""
    fd = os.open(FILE, os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(SIZE >> 20):
        os.write(fd, os.urandom(1 << 20))
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def wait_until_quiet():
    """Waits for a moment in which the disk does nothing; returns (time, its counts)."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        before, since = diskstats(), time.time_ns()
        time.sleep(2 * QUIET_NS / 1e9)
        after, now = diskstats(), time.time_ns()
        if before == after:
            return (since + now) // 2, after
    return None
