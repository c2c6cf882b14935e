# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Where the threads of workloads/sleeps.c block, read from dumped events."""
from lib import expect

# what the kernel's functions are called, by version: one of them is on the way into the scheduler
WHERE = {
    "read": {"anon_pipe_read", "pipe_read"},
    "futex": {"futex_do_wait", "futex_wait_queue", "futex_wait_queue_me"},
    "nanosleep": {"do_nanosleep"},
    "wait4": {"do_wait"},
    "epoll": {"do_epoll_wait", "ep_poll"},
    "vfork": {"kernel_clone", "wait_for_vfork_done"},
}


def longest(events, tid):
    """(length, switch-out, stack event or None) of the longest time that a thread was blocked: to
    its wake-up, for on a busy machine it can wait longer for a CPU."""
    best, out, stack = (0, None, None), None, {}
    for event in events:
        if event["kind"] == "stack":
            stack[event["cpu"]] = event
        told = stack.pop(event["cpu"], None) if event["kind"] == "switch" else None
        if event["kind"] == "switch" and event["prev_tid"] == tid:
            expect(told is None or told["tid"] == tid, f"{told} before {event}")
            out = (event, told) if event["prev_state"] and not event["preempt"] else None
        elif event["kind"] == "waking" and event["tid"] == tid and out:
            best = max(best, (event["ts_ns"] - out[0]["ts_ns"], *out), key=lambda b: b[0])
            out = None
    return best


def frames_of(events, pid, stack, ts_ns):
    """What a stack means at that time. pid: of a user stack, 0: a kernel stack."""
    found = [e["frames"] for e in events if e["kind"] == "frames" and e["ts_ns"] <= ts_ns
             and (e["pid"], e["stack"]) == (pid, stack)]
    expect(found, f"nothing tells what stack {stack} of {pid} is")
    return found[-1]
