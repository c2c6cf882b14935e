## needs samples/waits.rstat
## Threads that wait for a lock, a pipe, poll, a time, a child, the network, the disk, with stacks.
$ rstat info samples/waits.rstat | head -36
trace        samples/waits.rstat, rstat trace 1.1, complete
host         vm, Linux 6.18.44-fc-v595 x86_64, Debian GNU/Linux 12 (bookworm)
CPUs         2, 2 cores, 1 L3 cache, 1 package, 1 NUMA node
command      rstat record -q -o build/samples/try/waits.rstat --stacks=all -- nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file
child        nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file (PID 13444), exit code 0
features     sched,io,fs,net,syscall,samples
stacks       all, 275 taken, 0 lost
start        2026-11-21T14:16:15.834025595Z
duration     32.9 ms, ended by: command ended
events       1,017, 30,866/s
  switch                   278   27.3 %
  waking                   132   13.0 %
  wakeup                   132   13.0 %
  wakeup_new                13    1.3 %
  migrate                    6    0.6 %
  fork                      13    1.3 %
  exec                       2    0.2 %
  exit                      13    1.3 %
  rename                    13    1.3 %
  free                       2    0.2 %
  wait                       1    0.1 %
  name                      55    5.4 %
  io_start                  17    1.7 %
  io_issue                  17    1.7 %
  io_done                   17    1.7 %
  acct                      68    6.7 %
  socket                     4    0.4 %
  net                        4    0.4 %
  socket_state              11    1.1 %
  stack                    132   13.0 %
  frames                    18    1.8 %
  sample                    69    6.8 %
lost         0
size         14.6 kB, 14.4 bytes per event
segments     1
hooks

$ rstat check samples/waits.rstat
trace        samples/waits.rstat, rstat trace 1.1
read         1,017 events in 1 segment
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
             0 block requests whose start was not seen
             0 block requests whose end was not seen
             0 IO merged into a request that is not known
             0 uses of a socket that nothing described
invariants   all hold, over 792 intervals of 132 tasks and 17 block requests

$ rstat report --by thread samples/waits.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
focus    PID 13444 and the 1 process below it (--all: the machine): nice -n -10 build/tests/workl...

cpu by thread: time on a CPU, waiting for one, and blocked
  PID    TID  COMM       ON-CPU  %CPU  %ALL     WAIT  BLOCKED  SLICES  VOL  INVOL  MIGR
13444  13466  hog       15.0 ms  45.5  22.8  3.21 ms  2.11 ms      13    4      9     1
13444  13465  holder    10.1 ms  30.7  15.3  16.8 ms  32.1 us       9    2      7     1
13444  13444  reasons   2.92 ms   8.9   4.4   482 us  29.5 ms      10    3      7     1
13444  13474  disk       629 us   1.9   1.0   456 us  1.48 ms      17   17      0     0
13473  13473  child      251 us   0.8   0.4  93.9 us  18.1 ms       2    2      0     0
13444  13471  parent     184 us   0.6   0.3  2.80 ms  18.2 ms       4    2      2     0
13444  13470  sleeper    112 us   0.3   0.2  1.16 ms  20.1 ms       3    3      0     0
13444  13467  locker    99.2 us   0.3   0.2  38.8 us  26.7 ms       3    3      0     0
13444  13475  answerer  98.5 us   0.3   0.2  67.9 us  16.1 ms       3    2      1     0
13444  13472  asker     92.5 us   0.3   0.1   174 us  16.4 ms       2    2      0     0
13444  13468  reader    91.6 us   0.3   0.1  29.3 us  13.4 ms       2    2      0     0
13444  13469  poller    34.8 us   0.1   0.1  21.2 us  21.4 ms       2    2      0     0

$ rstat report -g states --by thread -n 5 samples/waits.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
focus    PID 13444 and the 1 process below it (--all: the machine): nice -n -10 build/tests/workl...
no hook  release_task: fentry release_task: Operation not permitted; kprobe: not built into this
         kernel

totals by thread: time in D and Z (or what --state asks for) in the window, summed up
  PID    TID  COMM     STATE  COUNT    TOTAL  LONGEST  OPEN
13473  13473  child    Z          1  2.60 ms  2.60 ms     0
13444  13474  disk     D         16  1.48 ms   161 us     0
13444  13444  reasons  Z          1  35.4 us  35.4 us     1
13444  13465  holder   D          1  22.6 us  22.6 us     0
13444  13466  hog      D          1  10.0 us  10.0 us     0

states: every stretch in D or Z (or --state): since when, how long, why, and who ended it
STATE        START  LENGTH     TID  COMM   REASON         DETAIL  ENDED BY
Z      +0.024429 s  2.60 ms  13473  child  exited with 0  -       parent (13471)
D      +0.006335 s  161 us   13474  disk   pread64        iowait  interrupt
D      +0.006551 s  120 us   13474  disk   pread64        iowait  interrupt
D      +0.006919 s  99.6 us  13474  disk   pread64        iowait  interrupt
D      +0.007977 s  95.9 us  13474  disk   pread64        iowait  interrupt
15 more rows; -n 0 shows all

## The lock's holder is pushed off its CPU by the hog, and the locker waits for both.
$ rstat report -g latency -n 3 --comm holder --no-split --by thread samples/waits.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
command  PID 13444: nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file

latency by thread: from ready (woken, forked, preempted, yielded) to running
all together
CAUSE  COUNT     MEAN      P50      P99      MAX       MAX AT
-          8  2.10 ms  1.39 ms  10.6 ms  10.6 ms  +0.019750 s

  PID    TID  COMM    CAUSE  COUNT     MEAN      P50      P99      MAX       MAX AT
13444  13465  holder  -          8  2.10 ms  1.39 ms  10.6 ms  10.6 ms  +0.019750 s

the worst waits
      START   WAITED    TID  COMM    CAUSE      CPU  RAN THERE MEANWHILE
+0.009172 s  10.6 ms  13465  holder  preempted    0  hog (13466)
+0.024259 s  1.66 ms  13465  holder  preempted    0  hog (13466)
+0.021542 s  1.52 ms  13465  holder  preempted    0  hog (13466)
+0.019862 s  1.46 ms  13465  holder  preempted    0  hog (13466)
+0.005659 s  1.39 ms  13465  holder  wakeup       0  fuzz_report (13166)
+0.007921 s   131 us  13465  holder  preempted    0  rstat (13443)
+0.029928 s  40.1 us  13465  holder  preempted    0  memfd:sealed-91 (27316)
+0.007084 s  10.2 us  13465  holder  preempted    0  hog (13466)

$ rstat dump --comm locker --kind switch,stack samples/waits.rstat | head -8
     0.005767794 [001] stack       locker:13467 kernel stack 942
     0.005767794 [001] switch      locker:13467 S (futex) -> reasons:13468
     0.007084635 [001] switch      idle R -> locker:13467
     0.007115832 [001] stack       locker:13467 kernel stack 942
     0.007115832 [001] switch      locker:13467 S (futex) -> idle
     0.032463599 [001] switch      fuzz_report:13166 R -> locker:13467
     0.032514114 [001] switch      locker:13467 X -> reasons:13444

$ rstat dump --kind frames samples/waits.rstat | grep futex
     0.001925557 [   ] frames      kernel stack 10894: futex_do_wait < __futex_wait < futex_wait < do_futex < __x64_sys_futex < do_syscall_64 < entry_SYSCALL_64_after_hwframe
     0.005767794 [   ] frames      kernel stack 942: futex_do_wait < __futex_wait < futex_wait < do_futex < __x64_sys_futex < do_syscall_64 < entry_SYSCALL_64_after_hwframe

$ rstat dump --comm locker --kind stack --format ndjson samples/waits.rstat | head -1
{"ts_ns":5767794,"cpu":1,"kind":"stack","tid":13467,"comm":"locker","kernel_stack":942,"user_stack":0,"lost":false}

$ rstat dump --kind frames --format ndjson samples/waits.rstat | grep futex
{"ts_ns":1925557,"cpu":null,"kind":"frames","stack":10894,"pid":0,"frames":["futex_do_wait","__futex_wait","futex_wait","do_futex","__x64_sys_futex","do_syscall_64","entry_SYSCALL_64_after_hwframe"]}
{"ts_ns":5767794,"cpu":null,"kind":"frames","stack":942,"pid":0,"frames":["futex_do_wait","__futex_wait","futex_wait","do_futex","__x64_sys_futex","do_syscall_64","entry_SYSCALL_64_after_hwframe"]}
