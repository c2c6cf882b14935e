## needs samples/pipe.rstat samples/compile.rstat samples/states.rstat samples/lost.rstat samples/killed.rstat
## The worst waits of a machine: who ran instead, and who ended a sleep.
$ rstat explain --all --worst 4 samples/states.rstat
window   all of it, 1.00 s
waits    the 4 longest of 168 (1.21 s in all)
hint     'rstat record --with irq' finds out more about interrupts

         START       TIME
   +0.000000 s     1.00 s  vfork_parent (23371) waited for a child in vfork (D), since before the
                               trace, not over at the end of the trace

         START       TIME
   +0.514879 s     200 ms  vfork_parent (23380) waited for a child in vfork (D), woken by
                               vfork_parent (23385)
   +0.515203 s     200 ms    vfork_parent (23385) was blocked, woken by an interrupt (timer, device
                                 or the kernel itself)
   +0.514879 s     388 us    2 smaller steps
              =    200 ms  the 2 steps below it together

         START       TIME
   +0.513876 s    1.00 ms  blocked (23383) waited for CPU 0
   +0.513973 s     905 us    vfork_parent (23380) ran there
   +0.513876 s    97.3 us    bash (23339) ran there
              =   1.00 ms  the 2 steps below it together

         START       TIME
   +0.217623 s     820 us  kdamond.0 (77) waited for CPU 1
   +0.217647 s     796 us    kworker/1:3 (21013) ran there
   +0.217623 s    23.9 us    the CPU was idle, on its way to it
              =    820 us  the 2 steps below it together

## All of one thread's time.
$ rstat explain --tid 23346 samples/pipe.rstat
window   all of it, 19.6 ms
hint     'rstat record --with irq' finds out more about interrupts

         START       TIME
   +0.002887 s    16.5 ms  ping (23346), all of its time here
   +0.002940 s    7.02 ms    ping (23346) ran, 2,003 slices
   +0.002891 s    3.90 ms    ping (23346) waited for CPU 0, 2,003 times
   +0.003010 s    3.85 ms      pong (23347) preempted it and ran there, 2,001 slices
   +0.002891 s    50.9 us      2 smaller steps
   +0.002971 s    3.06 ms    ping (23346) was blocked, 1,119 times, woken by pong (23347)
   +0.003004 s    3.02 ms      pong (23347) ran, 1,119 slices
   +0.002971 s    32.7 us      2 smaller steps
   +0.016769 s    2.55 ms    ping (23346) was blocked, woken by pipe (23343)
   +0.016769 s    2.30 ms      pipe (23343) was blocked, 3 times, woken by an interrupt (timer,
                                   device or the kernel itself)
   +0.016951 s     225 us      pipe (23343) ran, 3 slices
   +0.016943 s    25.8 us      pipe (23343) waited for CPU 1, 3 times
   +0.016943 s    25.8 us        the CPU was idle, on its way to it
   +0.002887 s    3.99 us    ping (23346) was not there yet, forked by pipe (23343)
   +0.002887 s    3.99 us      pipe (23343) ran
              =   16.5 ms  the 5 steps below it together

## One wait of a process, in a window, and only the first steps.
$ rstat explain -p 23343 --worst 1 --state S --time +12ms, --depth 1 samples/pipe.rstat
window   +0.012000 s .. +0.019630 s (2026-11-21 12:11:14.818445 .. 12:11:14.826076 UTC), 7.63 ms
waits    the longest of 792 (14.3 ms in all)
hint     'rstat record --with irq' finds out more about interrupts

         START       TIME
   +0.016763 s    2.56 ms  pong (23347) was blocked, woken by pipe (23343)
   +0.016763 s    2.31 ms    pipe (23343) was blocked, 3 times, woken by an interrupt (timer, device
                                 or the kernel itself)
   +0.016951 s     224 us    pipe (23343) ran, 3 slices
   +0.016943 s    25.8 us    pipe (23343) waited for CPU 1, 3 times (more below: --depth)
              =   2.56 ms  the 3 steps below it together

$ rstat explain --worst 1 --state D,S --tid 23380 --least 0 --time +0.51s, samples/states.rstat
window   +0.510000 s .. +1.000000 s (2026-11-21 12:11:15.789430 .. 12:11:16.279430 UTC), 490 ms
waits    1 (200 ms in all)
hint     'rstat record --with irq' finds out more about interrupts

         START       TIME
   +0.514879 s     200 ms  vfork_parent (23380) waited for a child in vfork (D), woken by
                               vfork_parent (23385)
   +0.515203 s     200 ms    vfork_parent (23385) was blocked, woken by an interrupt (timer, device
                                 or the kernel itself)
   +0.514879 s     334 us    vfork_parent (23385) waited for CPU 1, 2 times
   +0.514879 s     314 us      blocked (23383) ran there
   +0.715308 s    17.5 us      the CPU was idle, on its way to it
   +0.515192 s    2.89 us      leader_zombie (23382) ran there
   +0.515195 s    54.1 us    vfork_parent (23385) ran, 2 slices
              =    200 ms  the 3 steps below it together

## Machines: a row per step, the same keys in every format.
$ rstat explain --worst 1 --tid 23380 --format csv samples/states.rstat
group,wait,depth,what,pid,tid,comm,start_ns,dur_ns,count,by,by_tid,state,syscall,cpu
explain,1,0,child,23380,23380,vfork_parent,514878562,200493564,1,vfork_parent (23385),23385,D,vfork,
explain,1,1,other,23385,23385,vfork_parent,515202814,200105226,1,hard interrupt,,S,,
explain,1,1,others,,,,514878562,388338,2,,,,,

$ rstat explain --worst 1 --tid 23380 --format ndjson samples/states.rstat
{"group": "explain", "wait": 1, "depth": 0, "what": "child", "pid": 23380, "tid": 23380, "comm": "vfork_parent", "start_ns": 514878562, "dur_ns": 200493564, "count": 1, "by": "vfork_parent (23385)", "by_tid": 23385, "state": "D", "syscall": "vfork", "cpu": null}
{"group": "explain", "wait": 1, "depth": 1, "what": "other", "pid": 23385, "tid": 23385, "comm": "vfork_parent", "start_ns": 515202814, "dur_ns": 200105226, "count": 1, "by": "hard interrupt", "by_tid": null, "state": "S", "syscall": null, "cpu": null}
{"group": "explain", "wait": 1, "depth": 1, "what": "others", "pid": null, "tid": null, "comm": null, "start_ns": 514878562, "dur_ns": 388338, "count": 2, "by": null, "by_tid": null, "state": null, "syscall": null, "cpu": null}

$ rstat explain --worst 1 --tid 23380 --format json samples/states.rstat
{"schema": "rstat.explain/1",
"trace": {"host": "vm", "kernel": "6.18.44-fc-v595", "start_utc": "2026-11-21T12:11:15.279430033Z", "duration_ns": 1000000000, "complete": true, "filters": ""},
"window": {"from_ns": 0, "to_ns": 1000000000, "duration_ns": 1000000000, "lost": 0, "gaps": 0},
"waits": {"seen": 3, "seen_ns": 201232585, "unsure": 0, "complete": true},
"rows": [
{"group": "explain", "wait": 1, "depth": 0, "what": "child", "pid": 23380, "tid": 23380, "comm": "vfork_parent", "start_ns": 514878562, "dur_ns": 200493564, "count": 1, "by": "vfork_parent (23385)", "by_tid": 23385, "state": "D", "syscall": "vfork", "cpu": null},
{"group": "explain", "wait": 1, "depth": 1, "what": "other", "pid": 23385, "tid": 23385, "comm": "vfork_parent", "start_ns": 515202814, "dur_ns": 200105226, "count": 1, "by": "hard interrupt", "by_tid": null, "state": "S", "syscall": null, "cpu": null},
{"group": "explain", "wait": 1, "depth": 1, "what": "others", "pid": null, "tid": null, "comm": null, "start_ns": 514878562, "dur_ns": 388338, "count": 2, "by": null, "by_tid": null, "state": null, "syscall": null, "cpu": null}
]}

## Steps add up: those one further down to the one that they explain.
$ rstat explain --all --worst 50 --state all --least 0 --format json samples/compile.rstat | python3 -c 'import json, sys; rows = json.load(sys.stdin)["rows"]; bad = [r for i, r in enumerate(rows) if (n := next((k for k in range(i + 1, len(rows)) if rows[k]["depth"] <= r["depth"]), len(rows))) > i + 1 and r["dur_ns"] != sum(x["dur_ns"] for x in rows[i + 1:n] if x["depth"] == r["depth"] + 1)]; print(len({r["wait"] for r in rows}), "waits,", len(bad), "bad")'
50 waits, 0 bad

## With events lost, and without an end.
$ rstat explain --all --worst 2 samples/lost.rstat
window   all of it, 52.3 ms
waits    the 2 longest of 8,360 (20.4 ms in all)
lost     7,964 events in 26 gaps; 108 waits of unknown length left out

         START       TIME
   +0.002616 s     766 us  kworker/u8:0 (14637) waited for CPU 1
   +0.002616 s     766 us    pipe (23390) ran there

         START       TIME
   +0.012876 s     252 us  ping (23393) waited for CPU 0
   +0.012876 s     248 us    rstat (9244) preempted it and ran there
   +0.013123 s    4.10 us    pong (23394) ran there
              =    252 us  the 2 steps below it together

$ rstat explain --all --worst 1 samples/killed.rstat; rstat explain --strict --all --worst 1 samples/killed.rstat >out
window   all of it, 846 ms
waits    the longest of 1,064 (13.2 ms in all)
lost     an unknown number of events in 2 gaps

         START       TIME
   +0.052913 s     453 us  sleeper (23396) waited for CPU 1
   +0.052913 s     449 us    rstat (9244) ran there
   +0.053362 s    3.21 us    rstat (23395) ran there
              =    453 us  the 2 steps below it together
! rstat explain: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s
! rstat explain: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s
[3]

## A wait that outlasts the window: cut to it, and who ended it after that.
$ rstat explain --worst 1 --state D --tid 23380 --time +0.52s,+0.6s samples/states.rstat
window   +0.520000 s .. +0.600000 s (2026-11-21 12:11:15.799430 .. 12:11:15.879430 UTC), 80.0 ms
waits    1 (80.0 ms in all)
hint     'rstat record --with irq' finds out more about interrupts

         START       TIME
   +0.520000 s    80.0 ms  vfork_parent (23380) waited for a child in vfork (D), since before the
                               window, woken by vfork_parent (23385) (after the window)
   +0.520000 s    80.0 ms    vfork_parent (23385) was blocked, woken by an interrupt (timer, device
                                 or the kernel itself) (after the window)

## From a pipe: by way of a file without a name, of which nothing is left.
$ mkdir spool; cat samples/pipe.rstat | TMPDIR=spool rstat explain --worst 1 -; ls -A spool
window   all of it, 19.6 ms
focus    PID 23343 and the processes below it (--all: the machine)
waits    the longest of 4,025 (8.01 ms in all)

         START       TIME
   +0.019321 s    64.7 us  pong (23347) waited for CPU 0
   +0.019325 s    61.7 us    ping (23346) ran there
   +0.019321 s    3.03 us    the CPU was idle, on its way to it
              =   64.7 us  the 2 steps below it together

$ rstat explain --worst 1 - <samples/pipe.rstat
window   all of it, 19.6 ms
focus    PID 23343 and the processes below it (--all: the machine)
waits    the longest of 4,025 (8.01 ms in all)

         START       TIME
   +0.019321 s    64.7 us  pong (23347) waited for CPU 0
   +0.019325 s    61.7 us    ping (23346) ran there
   +0.019321 s    3.03 us    the CPU was idle, on its way to it
              =   64.7 us  the 2 steps below it together

$ head -c 9000 samples/pipe.rstat | rstat explain --strict --worst 1 -
window   all of it, 19.4 ms
focus    PID 23343 and the processes below it (--all: the machine)
waits    none
lost     8,524 events in 3 gaps
! rstat explain: standard input was cut or not finished: nothing is known after +0.019428 s
[3]

$ cat samples/pipe.rstat | TMPDIR=/nowhere rstat explain -
! rstat explain: cannot copy the trace from the pipe to '/nowhere' (set TMPDIR, or save the trace to a file): No such file or directory
[2]

$ : | rstat explain -
! rstat explain: standard input is empty, not a trace
[2]

$ echo no trace | rstat explain -
! rstat explain: standard input is not a trace
[2]

## What cannot be.
$ rstat explain --tid 1,2 samples/pipe.rstat
window   all of it, 19.6 ms
waits    none

$ rstat explain --tid 99999 samples/pipe.rstat
! rstat explain: TID 99999 is not in this part of the trace; 'rstat report --all' lists what is
[2]

$ rstat explain --tid 99999 --worst 3 samples/pipe.rstat
! rstat explain: TID 99999 is not in this part of the trace; 'rstat report --all' lists what is
[2]

$ rstat explain --worst 0 samples/pipe.rstat
! rstat explain: --worst: at least 1
[2]

$ rstat explain --worst 1001 samples/pipe.rstat
! rstat explain: --worst: '1001' is too large; the most is 1000
[2]

$ rstat explain --depth 0 samples/pipe.rstat
! rstat explain: --depth: at least 1
[2]

$ rstat explain --depth 65 samples/pipe.rstat
! rstat explain: --depth: '65' is too large; the most is 64
[2]

$ for p in x 101 1.2.3 .5 1. 0.12345 -1; do rstat explain --least $p samples/pipe.rstat; done
! rstat explain: --least: 'x' is not a number
! rstat explain: --least: '101' is too large; the most is 100
! rstat explain: --least: '2.30' is not a number
! rstat explain: --least: '.5': a percentage, such as 1 or 0.5
! rstat explain: --least: '1.': a percentage, such as 1 or 0.5
! rstat explain: --least: '0.12345': a percentage, such as 1 or 0.5
! rstat explain: --least: '-1' is negative
[2]

$ rstat explain --state Z samples/pipe.rstat
! rstat explain: --state: 'Z': nobody waits there: R S D I T t P, or all
[2]

$ rstat explain --state Q samples/pipe.rstat
! rstat explain: --state: 'Q' is not a state: R Rq S D I T t P N Z Zl, or all
[2]

$ rstat explain --time +5s, samples/pipe.rstat
! rstat explain: --time: the window '+5s,' is outside the trace, which is 19.6 ms long
[2]

$ rstat explain --format xml samples/pipe.rstat
! rstat explain: --format: 'xml' is not a format: table, csv, json or ndjson
[2]

$ rstat explain nothing
! rstat explain: cannot open 'nothing': No such file or directory
[2]

$ rstat explain samples/pipe.rstat samples/states.rstat
! rstat explain: 'samples/states.rstat': one trace at a time
[2]
