## needs samples/pipe.rstat samples/compile.rstat samples/states.rstat samples/lost.rstat samples/killed.rstat
## Every group on the trace that has most to say about it, times included. What a sample shows does
## not change: a change of this page is a change of rstat.
$ rstat report samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
focus    PID 23343 (--all: the machine): build/tests/workloads/pipe 2000 0

cpu by process: time on a CPU, waiting for one, and blocked
  PID  COMM  USER   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR
23343  pipe  root  15.4 ms  78.2  39.1  7.98 ms  29.4 ms   4,024  2,264  1,760     3

$ rstat report --by thread samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
focus    PID 23343 (--all: the machine): build/tests/workloads/pipe 2000 0

cpu by thread: time on a CPU, waiting for one, and blocked
  PID    TID  COMM   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR
23343  23346  ping  7.02 ms  35.7  17.9  3.90 ms  5.61 ms   2,003  1,121    882     0
23343  23347  pong  6.92 ms  35.3  17.6  3.96 ms  5.64 ms   2,003  1,125    878     1
23343  23343  pipe  1.41 ms   7.2   3.6   112 us  18.1 ms      18     18      0     2

$ rstat report --all --by cpu samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
command  PID 23343: build/tests/workloads/pipe 2000 0

cpu by cpu: time on a CPU, waiting for one, and blocked
CPU   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR
  0  15.2 ms  77.4  38.7  8.06 ms   939 ms   4,008  2,248  1,760     3
  1  1.97 ms  10.1   5.0   202 us   951 ms      33     32      0     3

$ rstat report -g latency --by thread samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
focus    PID 23343 (--all: the machine): build/tests/workloads/pipe 2000 0

latency by thread: from ready (woken, forked, preempted, yielded) to running
all together
CAUSE      COUNT     MEAN      P50      P99      MAX       MAX AT
wakeup     2,262  1.27 us  1.00 us  2.33 us  64.7 us  +0.019386 s
fork           2  34.9 us  20.8 us  48.9 us  48.9 us  +0.002940 s
preempted  1,760  2.86 us  2.78 us  3.67 us  29.4 us  +0.004008 s

  PID    TID  COMM  CAUSE      COUNT     MEAN      P50      P99      MAX       MAX AT
23343  23347  pong  wakeup     1,124  1.28 us  1.00 us  1.76 us  64.7 us  +0.019386 s
23343  23346  ping  fork           1  48.9 us  48.9 us  48.9 us  48.9 us  +0.002940 s
23343  23347  pong  preempted    878  2.85 us  2.78 us  3.67 us  29.4 us  +0.004008 s
23343  23346  ping  preempted    882  2.86 us  2.79 us  3.69 us  24.0 us  +0.015795 s
23343  23347  pong  fork           1  20.8 us  20.8 us  20.8 us  20.8 us  +0.002934 s
23343  23346  ping  wakeup     1,120  1.19 us  1.00 us  1.88 us  14.6 us  +0.005032 s
23343  23343  pipe  wakeup        18  6.24 us  6.81 us  9.53 us  9.53 us  +0.007249 s

the worst waits
      START   WAITED    TID  COMM  CAUSE      CPU  RAN THERE MEANWHILE
+0.019321 s  64.7 us  23347  pong  wakeup       0  ping (23346)
+0.002891 s  48.9 us  23346  pipe  fork         0  pipe (23343)
+0.005772 s  46.1 us  23347  pong  wakeup       0  ping (23346)
+0.003979 s  29.4 us  23347  pong  preempted    0  ping (23346)
+0.006561 s  27.9 us  23347  pong  wakeup       0  ping (23346)
+0.015771 s  24.0 us  23346  ping  preempted    0  pong (23347)
+0.019386 s  20.9 us  23346  ping  preempted    0  pong (23347)
+0.002913 s  20.8 us  23347  pipe  fork         1  idle
+0.005017 s  14.6 us  23346  ping  wakeup       0  pong (23347)
+0.014871 s  14.3 us  23347  pong  preempted    0  ping (23346)

$ rstat report -g waking,slice,sleep --by thread samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
focus    PID 23343 (--all: the machine): build/tests/workloads/pipe 2000 0

waking by thread: from sched_waking, the moment somebody decides to wake it, to running
all together
COUNT     MEAN      P50      P99      MAX       MAX AT
2,262  2.26 us  1.92 us  7.54 us  84.2 us  +0.019386 s

  PID    TID  COMM  COUNT     MEAN      P50      P99      MAX       MAX AT
23343  23347  pong  1,124  2.24 us  1.92 us  2.74 us  84.2 us  +0.019386 s
23343  23343  pipe     18  12.6 us  10.5 us  26.8 us  26.8 us  +0.002086 s
23343  23346  ping  1,120  2.11 us  1.92 us  2.92 us  15.5 us  +0.005032 s

the worst waits
      START   WAITED    TID  COMM   CPU  RAN THERE MEANWHILE
+0.019302 s  84.2 us  23347  pong     0  ping (23346)
+0.005771 s  47.1 us  23347  pong     0  ping (23346)
+0.006549 s  39.4 us  23347  pong     0  ping (23346)
+0.002974 s  29.9 us  23347  pong     0  idle
+0.002059 s  26.8 us  23343  rstat    0  idle
+0.003990 s  23.4 us  23343  pipe     1  idle
+0.019357 s  22.9 us  23343  pipe     1  idle
+0.019394 s  19.2 us  23343  pipe     1  idle
+0.005016 s  15.5 us  23346  ping     0  pong (23347)
+0.019284 s  12.8 us  23343  pipe     1  idle

slice by thread: how long it runs at a time, and how that ends
all together
ENDED      COUNT  PRE%     MEAN      P50      P99      MAX       MAX AT
voluntary  2,264  43.7  3.84 us  2.79 us  8.18 us   854 us  +0.002940 s
preempted  1,760  43.7  3.78 us  3.70 us  4.50 us  61.7 us  +0.019386 s

  PID    TID  COMM  ENDED      COUNT  PRE%     MEAN      P50      P99      MAX       MAX AT
23343  23343  pipe  voluntary     18   0.0  78.5 us  10.8 us   854 us   854 us  +0.002940 s
23343  23346  ping  preempted    882  44.0  3.81 us  3.70 us  4.24 us  61.7 us  +0.019386 s
23343  23346  ping  voluntary  1,121  44.0  3.26 us  2.78 us  4.66 us  48.9 us  +0.005818 s
23343  23347  pong  voluntary  1,125  43.8  3.23 us  2.79 us  4.72 us  36.5 us  +0.002971 s
23343  23347  pong  preempted    878  43.8  3.74 us  3.70 us  4.56 us  21.6 us  +0.014580 s

sleep by thread: how long it is blocked at a time, by state
all together
STATE  COUNT     MEAN      P50      P99      MAX       MAX AT
D          1  31.5 us  31.5 us  31.5 us  31.5 us  +0.003002 s
S      2,261  49.7 us  2.71 us  17.1 us  85.2 ms  +0.002084 s

  PID    TID  COMM  STATE  COUNT     MEAN      P50      P99      MAX       MAX AT
23343  23347  pong  D          1  31.5 us  31.5 us  31.5 us  31.5 us  +0.003002 s
23343  23343  pipe  S         18  5.62 ms  1.06 ms  85.2 ms  85.2 ms  +0.002084 s
23343  23347  pong  S      1,123  4.99 us  2.71 us  3.14 us  2.56 ms  +0.019321 s
23343  23346  ping  S      1,120  5.01 us  2.71 us  3.26 us  2.55 ms  +0.019322 s

$ rstat report --all -g idle,depth,migration samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
command  PID 23343: build/tests/workloads/pipe 2000 0

idle: what each CPU did with its time, and how long it was idle at a time
CPU      RUN     IDLE  %IDLE  COUNT    MEAN      P50      P99      MAX       MAX AT
  0  15.2 ms  4.44 ms   22.6      3  875 us  38.2 us  2.56 ms  2.56 ms  +0.019325 s
  1  1.97 ms  17.7 ms   89.9     30  589 us   481 us  1.08 ms  1.08 ms  +0.011560 s

depth: run-queue depth: tasks that each CPU had, running and waiting, over time
CPU  MEAN  P50  P90  P99  P99.9  MAX       MAX AT  %BUSY  %QUEUED
  0  1.18    1    2    2      2    3  +0.014576 s   77.6     40.8
  1  0.11    0    1    1      1    2  +0.002968 s   11.0      0.1

migration by process: moves between CPUs: how many, how often, how far
all together
COUNT  P50/s  P99/s  PLACED  BALANCED  CROSS-L3  CROSS-DIE  CROSS-NODE
    6    305    305       5         1         0          0           0

  PID  COMM         USER  COUNT  P50/s  P99/s  PLACED  BALANCED  CROSS-L3  CROSS-DIE  CROSS-NODE
23343  pipe         root      3    152    152       3         0         0          0           0
   15  rcu_preempt  root      3    152    152       2         1         0          0           0

$ rstat report --format csv samples/pipe.rstat
group,pid,comm,user,cgroup,tasks,oncpu_ns,oncpu_pct,machine_pct,runq_ns,blocked_ns,dstate_ns,zombie_ns,slices,nvcsw,nivcsw,migrations,cpus,gap_ns
cpu,23343,pipe,root,/,3,15350081,78.195,39.097,7975952,29351592,31452,4287,4024,2264,1760,3,0-1,0

$ rstat report --by comm --format ndjson samples/pipe.rstat
{"group": "cpu", "comm": "ping", "tasks": 1, "oncpu_ns": 7003946, "oncpu_pct": 35.679, "machine_pct": 17.839, "runq_ns": 3852071, "blocked_ns": 5610474, "dstate_ns": 0, "zombie_ns": 0, "slices": 2003, "nvcsw": 1121, "nivcsw": 882, "migrations": 0, "cpus": "0", "gap_ns": 0}
{"group": "cpu", "comm": "pong", "tasks": 1, "oncpu_ns": 6900730, "oncpu_pct": 35.153, "machine_pct": 17.576, "runq_ns": 3941897, "blocked_ns": 5632883, "dstate_ns": 31452, "zombie_ns": 0, "slices": 2003, "nvcsw": 1125, "nivcsw": 878, "migrations": 1, "cpus": "0-1", "gap_ns": 0}
{"group": "cpu", "comm": "pipe", "tasks": 3, "oncpu_ns": 1208131, "oncpu_pct": 6.154, "machine_pct": 3.077, "runq_ns": 180161, "blocked_ns": 16024377, "dstate_ns": 0, "zombie_ns": 4287, "slices": 18, "nvcsw": 18, "nivcsw": 0, "migrations": 1, "cpus": "0-1", "gap_ns": 0}
{"group": "cpu", "comm": "rstat", "tasks": 1, "oncpu_ns": 237274, "oncpu_pct": 1.209, "machine_pct": 0.604, "runq_ns": 1823, "blocked_ns": 2083858, "dstate_ns": 0, "zombie_ns": 0, "slices": 0, "nvcsw": 0, "nivcsw": 0, "migrations": 1, "cpus": "0", "gap_ns": 0}

## A window cuts intervals; its ends are where they were asked for.
$ rstat report --by thread --time +5ms,+15ms samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   +0.005000 s .. +0.015000 s (2026-11-21 12:11:14.811445 .. 12:11:14.821445 UTC), 10.0 ms
events   6,237 (623,700/s), none lost
CPUs     51.9 % busy, 48.1 % idle
focus    PID 23343 (--all: the machine): build/tests/workloads/pipe 2000 0

cpu by thread: time on a CPU, waiting for one, and blocked
  PID    TID  COMM   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES  VOL  INVOL  MIGR
23343  23346  ping  5.03 ms  50.3  25.2  2.77 ms  2.19 ms   1,456  814    641     0
23343  23347  pong  4.97 ms  49.7  24.8  2.81 ms  2.22 ms   1,455  818    637     0
23343  23343  pipe  81.7 us   0.8   0.4  71.4 us  9.85 ms      10   10      0     0

## A parallel compile: short processes, their arguments, who started whom.
$ rstat report -g life --tree samples/compile.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 62.6 ms
events   572 (9,139/s), none lost
CPUs     91.5 % busy, 8.5 % idle
focus    PID 23350 and the 18 processes below it (--all: the machine): make -s -j4 -C /tmp/tmp.7i...

life by process: processes: born, what they ran, ended how
  PID COMM  USER       START   LIVED  ON-CPU  PPID EXIT COMMAND
23350 make  root -0.088641 s  151 ms 3.48 ms 23349 0    make -s -j4 -C /tmp/tmp.7i2F882tD6
23353  cc   root +0.004535 s 41.0 ms 1.63 ms 23350 0    cc -c f1.c -o f1.o
23360   cc1 root +0.009474 s 27.3 ms 12.3 ms 23353 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23365   as  root +0.036878 s 8.23 ms 2.46 ms 23353 0    as --64 -o f1.o /tmp/ccwDnGcz.s
23354  cc   root +0.004774 s 38.1 ms 1.74 ms 23350 0    cc -c f2.c -o f2.o
23357   cc1 root +0.006861 s 20.0 ms 10.9 ms 23354 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23361   as  root +0.026943 s 11.5 ms 2.92 ms 23354 0    as --64 -o f2.o /tmp/ccOwVhCx.s
23355  cc   root +0.005026 s 32.0 ms 1.49 ms 23350 0    cc -c f3.c -o f3.o
23359   cc1 root +0.008059 s 19.7 ms 9.36 ms 23355 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23362   as  root +0.027775 s 7.73 ms 2.41 ms 23355 0    as --64 -o f3.o /tmp/ccGmMbGA.s
23356  cc   root +0.006252 s 29.4 ms 1.72 ms 23350 0    cc -c f4.c -o f4.o
23358   cc1 root +0.007459 s 23.8 ms 12.2 ms 23356 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23363   as  root +0.031345 s 3.77 ms 2.60 ms 23356 0    as --64 -o f4.o /tmp/ccJZKPnw.s
23364  cc   root +0.035819 s 21.9 ms 1.95 ms 23350 0    cc -c f5.c -o f5.o
23367   cc1 root +0.039387 s 15.2 ms 12.2 ms 23364 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23369   as  root +0.054825 s 2.50 ms 2.46 ms 23364 0    as --64 -o f5.o /tmp/ccv3oipX.s
23366  cc   root +0.038600 s 23.3 ms 1.85 ms 23350 0    cc -c f6.c -o f6.o
23368   cc1 root +0.043766 s 14.6 ms 13.8 ms 23366 0    /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet~
23370   as  root +0.058501 s 2.81 ms 2.79 ms 23366 0    as --64 -o f6.o /tmp/ccnmGd1E.s

$ rstat report --by comm samples/compile.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 62.6 ms
events   572 (9,139/s), none lost
CPUs     91.5 % busy, 8.5 % idle
focus    PID 23350 and the 18 processes below it (--all: the machine): make -s -j4 -C /tmp/tmp.7i...

cpu by comm: time on a CPU, waiting for one, and blocked
COMM   THREADS   ON-CPU   %CPU  %ALL     WAIT  BLOCKED  SLICES  VOL  INVOL  MIGR
cc1          6  70.3 ms  112.4  56.2  46.1 ms  1.36 ms      35   11     24     2
as           6  15.1 ms   24.1  12.1  18.6 ms   308 us      16    9      7     1
cc          18  10.7 ms   17.0   8.5  29.3 ms   149 ms      51   41     10     9
make         7  3.75 ms    6.0   3.0  6.99 ms  50.8 ms      17   13      4     1
rstat        1   321 us    0.5   0.3  1.44 us  2.44 ms       0    0      0     1

$ rstat report -g totals samples/compile.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 62.6 ms
events   572 (9,139/s), none lost
CPUs     91.5 % busy, 8.5 % idle
focus    PID 23350 and the 18 processes below it (--all: the machine): make -s -j4 -C /tmp/tmp.7i...

totals by process: time in D and Z (or what --state asks for) in the window, summed up
  PID  COMM  USER  STATE  COUNT    TOTAL  LONGEST  OPEN
23354  cc    root  D          5  2.52 ms  1.92 ms     0
23355  cc    root  D          4  2.48 ms  1.23 ms     0
23355  cc    root  Z          1  1.41 ms  1.41 ms     0
23350  make  root  D          6  1.35 ms   853 us     0
23357  cc1   root  D          3   959 us   650 us     0
23354  cc    root  Z          1   903 us   903 us     0
23366  cc    root  D          4   599 us   312 us     0
23366  cc    root  Z          1   396 us   396 us     0
23353  cc    root  D          4   285 us   108 us     0
23367  cc1   root  D          1   266 us   266 us     0
23356  cc    root  D          3   263 us   136 us     0
23364  cc    root  D          3   251 us   109 us     0
23361  as    root  D          1   182 us   182 us     0
23358  cc1   root  D          1   138 us   138 us     0
23362  as    root  Z          1  76.7 us  76.7 us     0
23365  as    root  D          1  72.7 us  72.7 us     0
23362  as    root  D          1  53.0 us  53.0 us     0
23350  make  root  Z          1  32.4 us  32.4 us     1
23361  as    root  Z          1  13.3 us  13.3 us     0
23360  cc1   root  Z          1  4.73 us  4.73 us     0
23364  cc    root  Z          1  4.17 us  4.17 us     0
23367  cc1   root  Z          1  3.58 us  3.58 us     0
23365  as    root  Z          1  1.06 us  1.06 us     0
23353  cc    root  Z          1     0        0        0
23356  cc    root  Z          1     0        0        0
23357  cc1   root  Z          1     0        0        0
23358  cc1   root  Z          1     0        0        0
23359  cc1   root  Z          1     0        0        0
23363  as    root  Z          1     0        0        0
23369  as    root  Z          1     0        0        0
23368  cc1   root  Z          1     0        0        0
23370  as    root  Z          1     0        0        0

## D and Z, before, within and beyond the recording.
$ rstat report --all -g states --by thread --comm 'vfork*' --comm 'zombie*' --comm walking-dead --comm 'leader*' samples/states.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:15 UTC
window   all of it, 1.00 s
events   696 (696/s), none lost; 5 switches that the kernel did not show
CPUs     0.8 % busy, 97.7 % idle, 1.5 % unknown
no hook  release_task: fentry release_task: Operation not permitted; kprobe: not built into this
         kernel

totals by thread: time in D and Z (or what --state asks for) in the window, summed up
  PID    TID  COMM           STATE  COUNT    TOTAL  LONGEST  OPEN
23371  23371  vfork_parent   D          1  1.00 s   1.00 s      1
23374  23374  walking-dead   Z          1   910 ms   910 ms     0
23380  23380  vfork_parent   D          1   200 ms   200 ms     0
23382  23382  leader_zombie  Zl         1   200 ms   200 ms     0
23384  23384  walking-dead   Z          1   100 ms   100 ms     0
23382  23382  leader_zombie  D          1   518 us   518 us     0
23382  23382  leader_zombie  Z          1   133 us   133 us     0
23385  23385  vfork_parent   Z          1  11.7 us  11.7 us     0
23381  23381  zombie         Z          1     0        0        0
23380  23380  vfork_parent   Z          1     0        0        0
23372  23372  zombie         Z          1     0        0        0

states: every stretch in D or Z (or --state): since when, how long, why, and who ended it
STATE       START LENGTH         TID COMM          REASON          DETAIL           ENDED BY
D     -0.290001 s 1.29 s  open 23371 vfork_parent  vfork           killable         -
Z     -0.290370 s 1.20 s       23374 walking-dead  exited with 7   -                zombie (23372)
D     +0.514879 s 200 ms       23380 vfork_parent  vfork           killable         vfork_parent (2~
Zl    +0.526067 s 200 ms       23382 leader_zombie leader exited,~ -                -
Z     +0.514502 s 100 ms       23384 walking-dead  exited with 7   -                zombie (23381)
D     +0.515195 s 518 us       23382 leader_zombie not in a syste~ killable, iowait interrupt
Z     +0.726276 s 133 us       23382 leader_zombie exited with 0   -                bash (23339)
Z     +0.715406 s 11.7 us      23385 vfork_parent  exited with 0   -                vfork_parent (2~
Z     +0.614973 s 0            23381 zombie        exited with 0   -                bash (23339)
Z     +0.715669 s 0            23380 vfork_parent  exited with 0   -                bash (23339)
Z     +0.910180 s 0            23372 zombie        exited with 0   -                bash (23339)

$ rstat report --all -g states --state S --by thread --comm 'in-*' samples/states.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:15 UTC
window   all of it, 1.00 s
events   696 (696/s), none lost; 5 switches that the kernel did not show
CPUs     0.8 % busy, 97.7 % idle, 1.5 % unknown
no hook  release_task: fentry release_task: Operation not permitted; kprobe: not built into this
         kernel

totals by thread: time in D and Z (or what --state asks for) in the window, summed up
  PID    TID  COMM      STATE  COUNT   TOTAL  LONGEST  OPEN
23383  23386  in-read   S          2  304 ms   300 ms     0
23383  23388  in-futex  S          2  304 ms   300 ms     0

states: every stretch in D or Z (or --state): since when, how long, why, and who ended it
STATE        START  LENGTH     TID  COMM      REASON  ENDED BY
S      +0.515810 s  300 ms   23386  in-read   -       blocked (23383)
S      +0.515883 s  300 ms   23388  in-futex  -       blocked (23383)
S      +0.816129 s  3.48 ms  23386  in-read   -       blocked (23383)
S      +0.816086 s  3.48 ms  23388  in-futex  -       blocked (23383)

## Lost events: unknown, not idle.
$ rstat report --by thread samples/lost.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:16 UTC
window   all of it, 52.3 ms
events   18,328 (350,132/s), 7,964 lost in 26 gaps; unknown: 13.5 ms of CPU time
CPUs     37.1 % busy, 50.0 % idle, 12.9 % unknown
focus    PID 23390 (--all: the machine): build/tests/workloads/pipe 6000 0

cpu by thread: time on a CPU, waiting for one, and blocked
  PID    TID  COMM   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR      GAP
23390  23393  ping  16.0 ms  30.6  15.3  9.57 ms  9.71 ms   4,148  2,274  1,874     0  13.5 ms
23390  23394  pong  15.8 ms  30.3  15.1  9.55 ms  7.42 ms   4,154  2,378  1,776     1  16.0 ms
23390  23390  pipe  1.66 ms   3.2   1.6   317 us  36.9 ms      42     42      0     4  13.5 ms

$ rstat report --all -g idle samples/lost.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:16 UTC
window   all of it, 52.3 ms
events   18,328 (350,132/s), 7,964 lost in 26 gaps; unknown: 13.5 ms of CPU time
CPUs     37.1 % busy, 50.0 % idle, 12.9 % unknown
command  PID 23390: build/tests/workloads/pipe 6000 0

idle: what each CPU did with its time, and how long it was idle at a time
CPU      RUN     IDLE  %IDLE      GAP  COUNT    MEAN     P50      P99      MAX       MAX AT
  0  33.8 ms  4.98 ms    9.5  13.5 ms      8  293 us  110 us  1.06 ms  1.06 ms  +0.001103 s
  1  5.03 ms  47.3 ms   90.4     0       150  303 us  148 us  1.09 ms  1.10 ms  +0.037544 s

## Killed midway: what is there is right, and it says what is not.
$ rstat report --by thread samples/killed.rstat --comm sleeper --all
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:16 UTC
window   all of it, 846 ms
events   4,255 (5,032/s), an unknown number of events lost in 2 gaps; unknown: 4.22 ms of CPU time
CPUs     0.8 % busy, 98.9 % idle, 0.2 % unknown
damage   the end is missing
damage   CPU 0: the file ends before the recording did
damage   CPU 1: the file ends before the recording did

cpu by thread: time on a CPU, waiting for one, and blocked
  PID    TID  COMM      ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES  VOL  INVOL  MIGR      GAP
23396  23396  sleeper  5.47 ms   0.6   0.3  9.38 ms   828 ms     781  781      0     1  2.96 ms
23396  23397  sleeper   880 us   0.1   0.1  2.40 ms   842 ms     207  207      0     0     0
! rstat report: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s

$ rstat report --strict samples/killed.rstat >/dev/null
! rstat report: samples/killed.rstat was cut or not finished: nothing is known after +0.845563 s
[3]

## By user and cgroup, chosen fields, JSON as a whole.
$ rstat report --all --by user samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
command  PID 23343: build/tests/workloads/pipe 2000 0

cpu by user: time on a CPU, waiting for one, and blocked
USER  THREADS   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR
root       99  17.2 ms  87.4  43.7  8.26 ms  1.89 s    4,041  2,280  1,760     6

$ rstat report --all --by cgroup samples/pipe.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 19.6 ms
events   8,650 (440,639/s), none lost
CPUs     43.7 % busy, 56.3 % idle
command  PID 23343: build/tests/workloads/pipe 2000 0

cpu by cgroup: time on a CPU, waiting for one, and blocked
CGROUP  THREADS   ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES    VOL  INVOL  MIGR
/            86  17.2 ms  87.4  43.7  8.26 ms  1.64 s    4,041  2,280  1,760     6
1 cgroup with nothing here; --zero shows them

$ rstat report -F pid,comm,oncpu_ns,slices -s slices:asc samples/compile.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 62.6 ms
events   572 (9,139/s), none lost
CPUs     91.5 % busy, 8.5 % idle
focus    PID 23350 and the 18 processes below it (--all: the machine): make -s -j4 -C /tmp/tmp.7i...

cpu by process: time on a CPU, waiting for one, and blocked
  PID  COMM   ON-CPU  SLICES
23370  as    2.79 ms       2
23369  as    2.46 ms       2
23363  as    2.60 ms       3
23361  as    2.92 ms       4
23365  as    2.46 ms       4
23358  cc1   12.2 ms       5
23362  as    2.41 ms       5
23368  cc1   13.8 ms       6
23367  cc1   12.2 ms       6
23356  cc    1.72 ms       6
23360  cc1   12.3 ms       7
23357  cc1   10.9 ms       7
23359  cc1   9.36 ms       7
23364  cc    1.95 ms       8
23366  cc    1.85 ms       8
23354  cc    1.74 ms       8
23355  cc    1.49 ms       8
23353  cc    1.63 ms       9
23350  make  3.48 ms      14

$ rstat report -g latency --format json --comm ping samples/pipe.rstat
{"schema": "rstat.report/1",
"trace": {"host": "vm", "kernel": "6.18.44-fc-v595", "arch": "x86_64", "cpus": 2, "start_utc": "2026-11-21T12:11:14.806445783Z", "duration_ns": 19630574, "complete": true, "rstat": "1.0.0", "filters": "", "command": "build/tests/workloads/pipe 2000 0", "command_pid": 23343, "hooks_missing": [], "damage": []},
"window": {"from_ns": 0, "to_ns": 19630574, "from_utc": "2026-11-21T12:11:14.806445783Z", "to_utc": "2026-11-21T12:11:14.826076357Z", "duration_ns": 19630574, "events": 8650, "lost": 0, "gaps": 0, "run_ns": 17162401, "idle_ns": 22098747, "other_ns": 0, "gap_ns": 0, "focus_pid": null},
"rows": [
{"group": "latency", "pid": 23343, "comm": "pipe", "user": "root", "cgroup": "/", "tasks": 1, "cause": "preempted", "count": 882, "total_ns": 2522460, "mean_ns": 2859, "p50_ns": 2792, "p90_ns": 2840, "p99_ns": 3688, "p999_ns": 23976, "max_ns": 23976, "max_at_ns": 15795257, "max_cpu": 0, "max_tid": 23346, "below_10us": 879, "below_100us": 3, "below_1ms": 0, "below_10ms": 0, "below_100ms": 0, "longer": 0, "max_ran_tid": 23347, "max_ran_comm": "pong", "left_out": 0, "gap_ns": 0},
{"group": "latency", "pid": 23343, "comm": "pipe", "user": "root", "cgroup": "/", "tasks": 1, "cause": "wakeup", "count": 1120, "total_ns": 1329611, "mean_ns": 1187, "p50_ns": 1002, "p90_ns": 1756, "p99_ns": 1876, "p999_ns": 4912, "max_ns": 14632, "max_at_ns": 5031598, "max_cpu": 0, "max_tid": 23346, "below_10us": 1119, "below_100us": 1, "below_1ms": 0, "below_10ms": 0, "below_100ms": 0, "longer": 0, "max_ran_tid": 23347, "max_ran_comm": "pong", "left_out": 0, "gap_ns": 0}
]}

$ rstat report -g offcpu --stack -n 6 samples/compile.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 12:11:14 UTC
window   all of it, 62.6 ms
events   572 (9,139/s), none lost
CPUs     91.5 % busy, 8.5 % idle
focus    PID 23350 and the 18 processes below it (--all: the machine): make -s -j4 -C /tmp/tmp.7i...

offcpu by process: where the time went: on a CPU, in a run queue, or waiting for what
in % of the lives of its threads, added up
waits are told by: state 94%, syscall 4%, iowait 2%
recorded without system calls: most of what was waited for is not known (OTHER)
  PID  COMM  USER     LIFE   CPU  RUNQ  DISK  NET  LOCK  PIPE  POLL  SLEEP  CHILD  OTHER   ZOMBIE
23368  cc1   root  14.6 ms  94.0   5.9   0.0  0.0   0.0   0.0   0.0    0.0    0.0    0.1     0
23360  cc1   root  27.3 ms  44.9  55.1   0.0  0.0   0.0   0.0   0.0    0.0    0.0    0.0  4.73 us
23367  cc1   root  15.2 ms  80.2  18.0   1.8  0.0   0.0   0.0   0.0    0.0    0.0    0.0  3.58 us
23358  cc1   root  23.8 ms  51.1  48.3   0.6  0.0   0.0   0.0   0.0    0.0    0.0    0.0     0
23357  cc1   root  20.0 ms  54.7  40.5   4.8  0.0   0.0   0.0   0.0    0.0    0.0    0.0     0
23359  cc1   root  19.7 ms  47.6  52.4   0.0  0.0   0.0   0.0   0.0    0.0    0.0    0.0     0
no room for by; -F chooses
13 more processes; -n 0 shows all

offcpu_stack by process: the longest waits by stack, or else by system call
  PID  COMM  USER  REASON        TIME     %  COUNT      MAX  WHERE
23350  make  root  other      49.4 ms  83.6      6  26.3 ms  (not known)
23350  make  root  run queue  5.89 ms  10.0     14  2.93 ms  (run queue)
23350  make  root  pipe       2.44 ms   4.1      1  2.44 ms  read
23350  make  root  child      1.35 ms   2.3      6   853 us  clone3
23353  cc    root  other      35.3 ms  89.8      2  27.2 ms  (not known)
23353  cc    root  run queue  3.70 ms   9.4      9  3.37 ms  (run queue)
58 more processes; -n 0 shows all

$ rstat report --format folded samples/pipe.rstat
pipe;(run queue) 7975952
pipe;other;(forked) 7129
pipe;other;(not known) 27229153
pipe;other;sched_setaffinity 31452
pipe;pipe;read 2083858

$ rstat report --format folded --wakers --kthreads no --comm '*zombie' --comm vfork_parent --comm sleep samples/states.rstat
leader_zombie;(run queue) 38577
leader_zombie;disk;(no system call);(interrupt) 518262
leader_zombie;other;(forked) 3105
leader_zombie;other;(not known);(interrupt) 210150595
leader_zombie;other;(not known);leader_zombie;(not known);(interrupt) 10259919
sleep;(run queue) 15673
sleep;sleep;clock_nanosleep;(interrupt) 512515683
vfork_parent;(run queue) 371974
vfork_parent;child;vfork 1000000000
vfork_parent;child;vfork;vfork_parent;(not known);(interrupt) 200493564
vfork_parent;other;(forked) 7020
vfork_parent;other;(not known);(interrupt) 200105226
vfork_parent;sleep;clock_nanosleep 1000000000
zombie;(run queue) 57946
zombie;other;(forked) 5818
zombie;other;(not known);(interrupt) 100103772
zombie;other;(not known);walking-dead 86809
zombie;sleep;clock_nanosleep;(interrupt) 909815926

## A graph is XML, has a frame for all, and names nothing outside but the names of its own languages.
$ rstat report --format svg samples/compile.rstat >a.svg; python3 -c 'import re, sys, xml.etree.ElementTree as E; t = open("a.svg").read(); r = E.fromstring(t); n = [g[0].text for g in r.iter() if g.tag.endswith("}g") and g[0].tag.endswith("}title")]; print(n[0], len(n) > 10, sorted(set(re.findall("https?://[^\"\x27]*", t))))'
all (305 ms, 100.00%) True ['http://www.w3.org/1999/xhtml', 'http://www.w3.org/2000/svg']
