## needs samples/pipe.rstat samples/compile.rstat samples/states.rstat samples/lost.rstat samples/killed.rstat
## What a trace says of itself, whole and not.
$ rstat info samples/pipe.rstat
trace        samples/pipe.rstat, rstat trace 1.0, complete
host         vm, Linux 6.18.44-fc-v595 x86_64, Debian GNU/Linux 12 (bookworm)
CPUs         2, 2 cores, 1 L3 cache, 1 package, 1 NUMA node
command      rstat record -q -o /tmp/samples/pipe.rstat -- build/tests/workloads/pipe 2000 0
child        build/tests/workloads/pipe 2000 0 (PID 23343), exit code 0
start        2026-11-21T12:11:14.806445783Z
clocks       monotonic 9493.381449145 s, since boot 9493.381449145 s
duration     19.6 ms, ended by: command ended
events       8,650, 440,639/s
  switch                 4,074   47.1 %
  waking                 2,276   26.3 %
  wakeup                 2,276   26.3 %
  wakeup_new                 4    0.0 %
  migrate                    6    0.1 %
  fork                       4    0.0 %
  exec                       1    0.0 %
  exit                       4    0.0 %
  rename                     3    0.0 %
  free                       1    0.0 %
  block                      1    0.0 %
lost         0
size         14.0 kB, 1.6 bytes per event
segments     1
hooks
  sched_switch             tp_btf
  sched_waking             tp_btf
  sched_wakeup             tp_btf
  sched_wakeup_new         tp_btf
  sched_migrate_task       tp_btf
  fork                     tp_btf
  exec                     tp_btf
  exit                     tp_btf
  rename                   tp_btf
  free                     tp_btf
  wait                     tp_btf
  release_task             not live: fentry release_task: Operation not permitted; kprobe: not built into this kernel (for states)
  cgroup_attach_task       tp_btf
  cgroup_mkdir             tp_btf
reap by      wait: inferred from wait4 and waitid
recorder     rstat 1.0.0, rings of 4.19 MB per CPU, 87.0 ms CPU, 20.9 MB of memory
  sched_switch             92 ns per run, 4,082 events
  sched_waking             108 ns per run, 2,280 events
  sched_wakeup             106 ns per run, 2,280 events
  sched_wakeup_new         170 ns per run, 4 events
  sched_migrate_task       128 ns per run, 6 events
  fork                     216 ns per run, 4 events
  exec                     1 events
  exit                     204 ns per run, 4 events
  rename                   246 ns per run, 3 events
  free                     321 ns per run, 1 events
  wait                     381 ns per run

$ rstat info samples/killed.rstat
trace        samples/killed.rstat, rstat trace 1.0, cut or not finished; see rstat check
host         vm, Linux 6.18.44-fc-v595 x86_64, Debian GNU/Linux 12 (bookworm)
CPUs         2, 2 cores, 1 L3 cache, 1 package, 1 NUMA node
command      rstat record -q -o /tmp/samples/killed.rstat --duration 20s
start        2026-11-21T12:11:16.735262335Z
clocks       monotonic 9495.310265697 s, since boot 9495.310265697 s
duration     846 ms
events       4,255, 5,032/s
  switch                 2,120   49.8 %
  waking                 1,061   24.9 %
  wakeup                 1,062   25.0 %
  wakeup_new                 2    0.0 %
  migrate                    6    0.1 %
  fork                       2    0.0 %
  exit                       1    0.0 %
  free                       1    0.0 %
lost         0 known, in 2 gaps
size         15.6 kB, 3.7 bytes per event
segments     1
hooks
  sched_switch             tp_btf
  sched_waking             tp_btf
  sched_wakeup             tp_btf
  sched_wakeup_new         tp_btf
  sched_migrate_task       tp_btf
  fork                     tp_btf
  exec                     tp_btf
  exit                     tp_btf
  rename                   tp_btf
  free                     tp_btf
  wait                     tp_btf
  release_task             not live: fentry release_task: Operation not permitted; kprobe: not built into this kernel (for states)
  cgroup_attach_task       tp_btf
  cgroup_mkdir             tp_btf
reap by      wait: inferred from wait4 and waitid
recorder     rstat 1.0.0, rings of 4.19 MB per CPU; what it cost was in the end of the trace, which is missing
! rstat info: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s

$ rstat check samples/pipe.rstat
trace        samples/pipe.rstat, rstat trace 1.0
read         8,650 events in 1 segment
damage       none
the engine's counts
             0 gaps
             0 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 10,456 intervals of 99 tasks

$ rstat check samples/compile.rstat
trace        samples/compile.rstat, rstat trace 1.0
read         572 events in 1 segment
damage       none
the engine's counts
             0 gaps
             0 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 563 intervals of 115 tasks

$ rstat check samples/states.rstat
trace        samples/states.rstat, rstat trace 1.0
read         696 events in 1 segment
damage       none
the engine's counts
             0 gaps
             0 events lost
             5 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 611 intervals of 110 tasks

$ rstat check samples/lost.rstat
trace        samples/lost.rstat, rstat trace 1.0
read         18,354 events in 1 segment
damage       none
the engine's counts
            26 gaps
         7,964 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             2 wake-ups before the sleeper's switch-out
            31 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 22,149 intervals of 99 tasks

$ rstat check samples/killed.rstat
trace        samples/killed.rstat, rstat trace 1.0
read         4,257 events in 1 segment
damage
  byte 15612: the end is missing; missing: no events
  byte 15612: CPU 0: the file ends before the recording did; missing: +0.845563 s .. +0.845563 s, CPU 0
  byte 15612: CPU 1: the file ends before the recording did; missing: +0.845563 s .. +0.845563 s, CPU 1
the engine's counts
             2 gaps
             0 events lost
             4 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 3,394 intervals of 98 tasks
! rstat check: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s

$ rstat check --strict samples/killed.rstat >/dev/null
! rstat check: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s
[3]

$ rstat dump samples/pipe.rstat | head -30
     0.000052909 [001] switch      rstat:23342 S -> idle
     0.001104525 [001] waking      rstat:23342 by idle (hard interrupt), was on CPU 1
     0.001106408 [001] wakeup      rstat:23342 by idle (hard interrupt), to CPU 1, queue 1
     0.001112827 [001] switch      idle R -> rstat:23342
     0.001561115 [001] fork        rstat:23344 of process 23342, parent 23339, user 0, cgroup 1, by rstat:23342
     0.001568376 [001] wakeup_new  rstat:23344 by rstat:23342, to CPU 0, queue 1
     0.001591670 [001] switch      rstat:23342 S -> idle
     0.001613768 [000] switch      idle R -> rstat:23344
     0.001722210 [000] fork        rstat:23345 of process 23342, parent 23339, user 0, cgroup 1, by rstat:23344
     0.001726316 [000] wakeup_new  rstat:23345 by rstat:23344, to CPU 0, queue 2
     0.001848618 [000] exit        rstat:23344, status 0
     0.001853255 [000] waking      rstat:23342 by rstat:23344, was on CPU 1
     0.001880080 [001] wakeup      rstat:23342 by idle (hard interrupt), to CPU 1, queue 1
     0.001881963 [001] switch      idle R -> rstat:23342
     0.001893084 [000] switch      rstat:23344 X -> rstat:23345
     0.001924176 [001] switch      rstat:23342 S -> idle
     0.001988617 [000] waking      rstat:23342 by rstat:23345, was on CPU 1
     0.002004846 [001] wakeup      rstat:23342 by idle (hard interrupt), to CPU 1, queue 1
     0.002006028 [001] switch      idle R -> rstat:23342
     0.002010644 [001] switch      rstat:23342 S -> idle
     0.002037750 [000] waking      rstat:23342 by rstat:23345, was on CPU 1
     0.002047454 [000] switch      rstat:23345 S -> idle
     0.002052477 [001] wakeup      rstat:23342 by idle (hard interrupt), to CPU 1, queue 1
     0.002053588 [001] switch      idle R -> rstat:23342
     0.002058866 [001] waking      rstat:23343 by rstat:23342, was on CPU 1
     0.002062151 [001] migrate     rstat:23343 from CPU 1 to 0, at its wake-up
     0.002075831 [001] switch      rstat:23342 S -> idle
     0.002083858 [000] wakeup      rstat:23343 by idle (hard interrupt), to CPU 0, queue 1
     0.002085681 [000] switch      idle R -> rstat:23343
     0.002322955 [000] rename      rstat:23343 is now pipe

$ rstat dump --kind gap samples/lost.rstat
     0.004708341 [000] gap         until 0.005283748, events lost: 329, ring full
     0.006507220 [000] gap         until 0.007039673, events lost: 308, ring full
     0.008337556 [000] gap         until 0.008801697, events lost: 278, ring full
     0.010062244 [000] gap         until 0.010637230, events lost: 326, ring full
     0.011803808 [000] gap         until 0.012356731, events lost: 300, ring full
     0.014011295 [000] gap         until 0.014377851, events lost: 192, ring full
     0.015773509 [000] gap         until 0.016312892, events lost: 328, ring full
     0.017528202 [000] gap         until 0.018064791, events lost: 308, ring full
     0.019307452 [000] gap         until 0.019862649, events lost: 330, ring full
     0.021056607 [000] gap         until 0.021596180, events lost: 338, ring full
     0.022923407 [000] gap         until 0.023366036, events lost: 264, ring full
     0.024690188 [000] gap         until 0.025167639, events lost: 268, ring full
     0.026380775 [000] gap         until 0.026932186, events lost: 324, ring full
     0.028188097 [000] gap         until 0.028696824, events lost: 321, ring full
     0.029890612 [000] gap         until 0.030424858, events lost: 326, ring full
     0.031668309 [000] gap         until 0.032212880, events lost: 338, ring full
     0.033420378 [000] gap         until 0.034010077, events lost: 345, ring full
     0.035225156 [000] gap         until 0.035806562, events lost: 351, ring full
     0.036991226 [000] gap         until 0.037553003, events lost: 352, ring full
     0.038771757 [000] gap         until 0.039324571, events lost: 322, ring full
     0.040503536 [000] gap         until 0.041043531, events lost: 340, ring full
     0.042241525 [000] gap         until 0.042788499, events lost: 317, ring full
     0.044004790 [000] gap         until 0.044496513, events lost: 260, ring full
     0.045713825 [000] gap         until 0.046256964, events lost: 311, ring full
     0.047565723 [000] gap         until 0.048069453, events lost: 289, ring full
     0.049273226 [000] gap         until 0.049599231, events lost: 199, ring full

## One task of a switch that is wanted is enough, and the idle task is nobody's.
$ rstat dump --kthreads only --kind switch samples/compile.rstat | head -3
     0.009247110 [000] switch      cc:23359 R (preempted) -> migration/0:18
     0.009272709 [000] switch      migration/0:18 S -> make:23350
     0.010784460 [001] switch      cc1:23359 R -> rcu_preempt:15

$ rstat dump --kind exec --no-comm 'c*' samples/compile.rstat | tail -2
     0.055027215 [001] exec        as:23369: /usr/bin/as [as --64 -o f5.o /tmp/ccv3oipX.s]
     0.058732232 [000] exec        as:23370: /usr/bin/as [as --64 -o f6.o /tmp/ccnmGd1E.s]

$ rstat dump --kind exec --comm make --no-cgroup / samples/compile.rstat
! rstat dump: no event of the tasks asked for
[2]

$ rstat dump --user root --no-user 0 samples/compile.rstat
! rstat dump: no event of the tasks asked for
[2]

$ rstat dump --kind fork,exit --user 0 --no-cpu 1 --no-pid 23350 samples/compile.rstat | head -4
     0.002012617 [000] fork        rstat:23352 of process 23349, parent 23339, user 0, cgroup 1, by rstat:23351
     0.002181879 [000] exit        rstat:23351, status 0
     0.004534843 [000] fork        make:23353 of process 23353, parent 23350, user 0, cgroup 1, by make:23350
     0.004773859 [000] fork        make:23354 of process 23354, parent 23350, user 0, cgroup 1, by make:23350

$ rstat dump --kind exec --format ndjson samples/compile.rstat | head -5
{"ts_ns":2855132,"cpu":0,"kind":"exec","tid":23350,"comm":"make","old_tid":23350,"uid":0,"filename":"/usr/bin/make","args":["make","-s","-j4","-C","/tmp/tmp.7i2F882tD6"],"truncated":false}
{"ts_ns":4865305,"cpu":0,"kind":"exec","tid":23353,"comm":"cc","old_tid":23353,"uid":0,"filename":"/usr/bin/cc","args":["cc","-c","f1.c","-o","f1.o"],"truncated":false}
{"ts_ns":4954949,"cpu":1,"kind":"exec","tid":23354,"comm":"cc","old_tid":23354,"uid":0,"filename":"/usr/bin/cc","args":["cc","-c","f2.c","-o","f2.o"],"truncated":false}
{"ts_ns":5980286,"cpu":1,"kind":"exec","tid":23355,"comm":"cc","old_tid":23355,"uid":0,"filename":"/usr/bin/cc","args":["cc","-c","f3.c","-o","f3.o"],"truncated":false}
{"ts_ns":6465999,"cpu":0,"kind":"exec","tid":23356,"comm":"cc","old_tid":23356,"uid":0,"filename":"/usr/bin/cc","args":["cc","-c","f4.c","-o","f4.o"],"truncated":false}

## A pipe reads as the file does.
$ cat samples/pipe.rstat | rstat report --format csv - | cmp - <(rstat report --format csv samples/pipe.rstat)

## Made whole, cut and put together again, it says the same.
$ rstat recover -o whole.rstat samples/killed.rstat 2>/dev/null && rstat check --strict whole.rstat
trace        whole.rstat, rstat trace 1.1
read         4,257 events in 1 segment
damage       none
the engine's counts
             2 gaps
             0 events lost
             4 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 3,394 intervals of 98 tasks

$ rstat report --all --format csv samples/killed.rstat 2>/dev/null | cmp - <(rstat report --all --format csv whole.rstat)

$ rstat cut --time ,50% -o a.rstat samples/compile.rstat 2>/dev/null && rstat cut --time 50%, -o b.rstat samples/compile.rstat 2>/dev/null && rstat merge -o ab.rstat a.rstat b.rstat 2>/dev/null && rstat report --format csv ab.rstat | cmp - <(rstat report --format csv samples/compile.rstat)

## A piece cut off, and a byte changed.
$ head -c 9000 samples/pipe.rstat >cut.rstat; rstat check cut.rstat
trace        cut.rstat, rstat trace 1.0
read         3 events in 1 segment
damage
  byte 9000: the end is missing; missing: no events
  byte 3483: CPU 0: the file ends within a block; missing: +0.001613 s .. +0.019428 s, CPU 0
  byte 9000: CPU 0: the file ends before the recording did; missing: +0.019428 s .. +0.019428 s, CPU 0
  byte 9000: CPU 1: the file ends before the recording did; missing: +0.000000 s .. +0.019428 s, CPU 1
the engine's counts
             3 gaps
         8,524 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
invariants   all hold, over 95 intervals of 95 tasks
! rstat check: cut.rstat was cut or not finished: nothing is known after +0.019428 s

$ (head -c 5000 samples/pipe.rstat; printf x; tail -c +5002 samples/pipe.rstat) >flip.rstat; rstat check flip.rstat
trace        flip.rstat, rstat trace 1.0
read         127 events in 1 segment
damage
  byte 3483: CPU 0: a block's payload is damaged; missing: +0.001613 s .. +0.019428 s, CPU 0
the engine's counts
             1 gaps
         8,524 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             0 wake-ups before the sleeper's switch-out
            28 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             1 tasks that nothing described
invariants   all hold, over 260 intervals of 97 tasks
! rstat check: flip.rstat is damaged: CPU 0: a block's payload is damaged, missing: +0.001613 s .. +0.019428 s, CPU 0

## Ctrl-C at a pipe is for who writes; what came through it is told.
$ ended() { for i in $(seq 200); do grep -qs rstat /proc/$(cat pid)/comm && grep -q '^SigCgt:.*[2367abef]$' /proc/$(cat pid)/status && break; sleep .1; done 2>/dev/null; kill -INT $(cat pid); }; (head -c 4000 samples/pipe.rstat; ended; tail -c +4001 samples/pipe.rstat) | sh -c 'echo $$ >pid; exec rstat report -n 1 --format csv -F pid,slices -'
pid,slices
23343,4024
