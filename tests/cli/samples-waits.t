## needs samples/waits.rstat
## Threads that wait for a lock, a pipe, poll, a time, a child, the network, the disk, with stacks.
$ rstat info samples/waits.rstat | head -37
trace        samples/waits.rstat, rstat trace 1.1, complete
host         vm, Linux 6.18.44-fc-v595 x86_64, Debian GNU/Linux 12 (bookworm)
CPUs         2, 2 cores, 1 L3 cache, 1 package, 1 NUMA node
command      rstat record -q -o build/samples/try/waits.rstat --stacks=all -- nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file
child        nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file (PID 13444), exit code 0
features     sched,io,fs,net,syscall,samples
stacks       all, 275 taken, 0 lost
start        2026-11-21T14:16:15.834025595Z
clocks       monotonic 16994.409028952 s, since boot 16994.409028952 s
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

## Where the time of each thread went, told by its stacks.
$ rstat report -g offcpu --by thread samples/waits.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
focus    PID 13444 and the 1 process below it (--all: the machine): nice -n -10 build/tests/workl...

offcpu by thread: where the time went: on a CPU, in a run queue, or waiting for what
in % of its life in the window
waits are told by: stack 98%, syscall 2%
  PID   TID COMM        LIFE  CPU RUNQ DISK  NET LOCK PIPE POLL SLEEP CHILD OTHER  ZOMBIE
13444 13466 hog      20.3 ms 73.8 15.8  0.0  0.0  0.2  0.0  0.0  10.2   0.0   0.1    0
13444 13465 holder   26.9 ms 37.5 62.4  0.0  0.0  0.0  0.0  0.0   0.0   0.0   0.1    0
13444 13444 reasons  32.9 ms  8.9  1.5  0.0  0.0 79.7  9.9  0.0   0.0   0.0   0.0 35.4 us
13444 13474 disk     2.57 ms 24.5 17.8 57.6  0.0  0.0  0.0  0.0   0.0   0.0   0.1    0
13473 13473 child    18.4 ms  1.4  0.5  0.0  0.0  0.0  0.0  0.0  98.1   0.0   0.0 2.60 ms
13444 13471 parent   21.2 ms  0.9 13.2  0.0  0.0  0.0  0.0  0.0   0.0  85.9   0.0    0
13444 13470 sleeper  21.4 ms  0.5  5.4  0.0  0.0  0.0  0.0  0.0  94.1   0.0   0.0    0
13444 13467 locker   26.8 ms  0.4  0.1  0.0  0.0 99.5  0.0  0.0   0.0   0.0   0.0    0
13444 13475 answerer 16.2 ms  0.6  0.4  0.0  0.0  0.0  0.0  0.0  99.0   0.0   0.0    0
13444 13472 asker    16.7 ms  0.6  1.0  0.0 98.4  0.0  0.0  0.0   0.0   0.0   0.0    0
13444 13468 reader   13.5 ms  0.7  0.2  0.0  0.0  0.0 99.1  0.0   0.0   0.0   0.0    0
13444 13469 poller   21.5 ms  0.2  0.1  0.0  0.0  0.0  0.0 99.7   0.0   0.0   0.0    0
no room for by; -F chooses

## Who only waits in a window is no less part of the answer; of a whole machine only when asked for.
$ rstat report -g offcpu --by thread --time 40%,60% samples/waits.rstat | tail -13
waits are told by: stack 100%
  PID   TID COMM        LIFE  CPU RUNQ DISK   NET  LOCK PIPE  POLL SLEEP CHILD OTHER TOLD BY
13444 13466 hog      6.59 ms 97.4  2.6  0.0   0.0   0.0  0.0   0.0   0.0   0.0   0.0 -
13444 13468 reader   6.04 ms  1.3  0.2  0.0   0.0   0.0 98.6   0.0   0.0   0.0   0.0 stack 100%
13444 13470 sleeper  6.59 ms  1.0 17.4  0.0   0.0   0.0  0.0   0.0  81.6   0.0   0.0 stack 100%
13444 13465 holder   6.59 ms  0.3 99.7  0.0   0.0   0.0  0.0   0.0   0.0   0.0   0.0 -
13444 13444 reasons  6.59 ms  0.0  0.0  0.0   0.0 100.0  0.0   0.0   0.0   0.0   0.0 stack 100%
13444 13467 locker   6.59 ms  0.0  0.0  0.0   0.0 100.0  0.0   0.0   0.0   0.0   0.0 stack 100%
13444 13469 poller   6.59 ms  0.0  0.0  0.0   0.0   0.0  0.0 100.0   0.0   0.0   0.0 stack 100%
13444 13471 parent   6.59 ms  0.0  0.0  0.0   0.0   0.0  0.0   0.0   0.0 100.0   0.0 stack 100%
13444 13472 asker    6.59 ms  0.0  0.0  0.0 100.0   0.0  0.0   0.0   0.0   0.0   0.0 stack 100%
13473 13473 child    6.59 ms  0.0  0.0  0.0   0.0   0.0  0.0   0.0 100.0   0.0   0.0 stack 100%
13444 13475 answerer 6.59 ms  0.0  0.0  0.0   0.0   0.0  0.0   0.0 100.0   0.0   0.0 stack 100%

$ rstat report -g offcpu --by thread --time 40%,60% --all samples/waits.rstat | tail -4
13444  13465  holder       6.59 ms   0.3  99.7   0.0  0.0   0.0   0.0   0.0    0.0    0.0    0.0
   22     22  ksoftirqd/1  6.59 ms   0.3   0.3   0.0  0.0   0.0   0.0   0.0    0.0    0.0   99.4
no room for by; -F chooses
119 threads asleep all the time; --zero shows them

$ rstat report --stack --comm locker --comm disk --by thread samples/waits.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
command  PID 13444: nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file

offcpu by thread: where the time went: on a CPU, in a run queue, or waiting for what
in % of its life in the window
waits are told by: stack 100%
  PID   TID COMM      LIFE  CPU RUNQ DISK NET LOCK PIPE POLL SLEEP CHILD OTHER TOLD BY
13444 13474 disk   2.54 ms 24.6 17.3 58.1 0.0  0.0  0.0  0.0   0.0   0.0   0.0 stack 100%
13444 13467 locker 26.8 ms  0.4  0.1  0.0 0.0 99.6  0.0  0.0   0.0   0.0   0.0 stack 100%

offcpu_stack by thread: the longest waits by stack, or else by system call
  PID   TID COMM   REASON       TIME    % COUNT     MAX WHERE
13444 13467 locker lock      26.6 ms 99.9     2 25.3 ms futex_do_wait < __futex_wait < futex_wait <~
13444 13467 locker run queue 14.8 us  0.1     2 13.3 us (run queue)
13444 13474 disk   disk      1.48 ms 77.0    16  161 us schedule_timeout < io_schedule_timeout < __~
13444 13474 disk   run queue  441 us 23.0    16  337 us (run queue)
whole stacks: --format folded or svg, or -F reason,wait_ns,stack

$ rstat report -g offcpu --comm locker --by thread --format ndjson samples/waits.rstat
{"group": "offcpu", "pid": 13444, "tid": 13467, "comm": "locker", "user": "root", "cgroup": "/", "life_ns": 26759219, "oncpu_ns": 94611, "runq_ns": 14782, "blocked_ns": 26649826, "disk_ns": 0, "net_ns": 0, "lock_ns": 26649826, "pipe_ns": 0, "poll_ns": 0, "sleep_ns": 0, "child_ns": 0, "other_ns": 0, "idle_work_ns": 0, "zombie_ns": 0, "by": "stack 100%", "by_stack_ns": 26649826, "by_request_ns": 0, "by_iowait_ns": 0, "by_socket_ns": 0, "by_syscall_ns": 0, "by_waker_ns": 0, "by_state_ns": 0, "gap_ns": 0}

$ rstat report -g offcpu --by thread --format folded samples/waits.rstat
answerer;(run queue) 67872
answerer;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_clock_nanosleep;common_nsleep;hrtimer_nanosleep;do_nanosleep 16064583
answerer;other;(forked) 3194
asker;(run queue) 174469
asker;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_recvfrom;__sys_recvfrom;sock_recvmsg;tcp_recvmsg;tcp_recvmsg_locked;sk_wait_data;wait_woken;schedule_timeout 16414514
asker;other;(forked) 2273
child;(run queue) 93900
child;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_clock_nanosleep;common_nsleep;hrtimer_nanosleep;do_nanosleep 18066935
child;other;(forked) 5298
disk;(run queue) 455547
disk;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_pread64;vfs_read;ext4_file_read_iter;iomap_dio_rw;__iomap_dio_rw;io_schedule_timeout;schedule_timeout 1478274
disk;other;(forked) 2604
hog;(run queue) 3206334
hog;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_clock_nanosleep;common_nsleep;hrtimer_nanosleep;do_nanosleep 2069241
hog;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_futex;do_futex;futex_wait;__futex_wait;futex_do_wait 31818
hog;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_sched_setaffinity;sched_setaffinity;__sched_setaffinity;__set_cpus_allowed_ptr;affine_move_task;wait_for_completion;schedule_timeout 10015
hog;other;(forked) 3055
holder;(run queue) 16815522
holder;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_sched_setaffinity;sched_setaffinity;__sched_setaffinity;__set_cpus_allowed_ptr;affine_move_task;wait_for_completion;schedule_timeout 22563
holder;other;(forked) 9584
locker;(run queue) 38848
locker;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_futex;do_futex;futex_wait;__futex_wait;futex_do_wait 26649826
locker;other;(forked) 3305
parent;(run queue) 2797086
parent;entry_SYSCALL_64_after_hwframe;do_syscall_64;kernel_wait4;do_wait 18212302
parent;other;(forked) 2323
poller;(run queue) 21172
poller;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_poll;do_sys_poll;poll_schedule_timeout.constprop.0;schedule_hrtimeout_range_clock 21401791
poller;other;(forked) 2644
reader;(run queue) 29283
reader;entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_read;vfs_read;anon_pipe_read 13347607
reader;other;(forked) 2514
reasons;(run queue) 481934
reasons;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_futex;do_futex;futex_wait;__futex_wait;futex_do_wait 26232164
reasons;pipe;read 3274236
sleeper;(run queue) 1157514
sleeper;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_clock_nanosleep;common_nsleep;hrtimer_nanosleep;do_nanosleep 20129556
sleeper;other;(forked) 2373

$ rstat report --format folded --wakers --comm locker --comm parent samples/waits.rstat
parent;(run queue) 83905
parent;other;(forked) 5298
reasons;(run queue) 2790806
reasons;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_futex;do_futex;futex_wait;__futex_wait;futex_do_wait;holder 26649826
reasons;entry_SYSCALL_64_after_hwframe;do_syscall_64;kernel_wait4;do_wait;child;clock_nanosleep;(interrupt) 18212302

$ rstat report --format svg samples/waits.rstat | grep -c '<title>'
58

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

$ rstat explain --tid 13467 samples/waits.rstat
window   all of it, 32.9 ms

         START       TIME
   +0.005723 s    26.8 ms  locker (13467), all of its time here
   +0.005768 s    26.6 ms    locker (13467) waited for a lock in futex, 2 times, woken by holder
                                 (13465)
   +0.005768 s    16.7 ms      holder (13465) waited for CPU 0, 7 times
   +0.007027 s    15.0 ms        hog (13466) preempted it and ran there, 10 slices
   +0.005858 s    1.17 ms        fuzz_report (13166) ran there
   +0.005768 s     357 us        rstat (13443) preempted it and ran there, 4 slices
   +0.014380 s     178 us        5 smaller steps
   +0.007050 s    9.98 ms      holder (13465) ran, 8 slices
   +0.005723 s     141 us    3 smaller steps
              =   26.8 ms  the 2 steps below it together

$ rstat explain --worst 1 samples/waits.rstat
window   all of it, 32.9 ms
focus    PID 13444 and the processes below it (--all: the machine)
waits    the longest of 88 (26.9 ms in all)

         START       TIME
   +0.009172 s    10.6 ms  holder (13465) waited for CPU 0
   +0.009172 s    10.4 ms    hog (13466) preempted it and ran there, 4 slices
   +0.013397 s     154 us    3 smaller steps
              =   10.6 ms  the 2 steps below it together

$ rstat explain --comm parent --comm asker --comm reader --comm poller --state S --worst 4 samples/waits.rstat
window   all of it, 32.9 ms
waits    4 (69.4 ms in all)

         START       TIME
   +0.005819 s    21.4 ms  poller (13469) polled in poll, woken by sleeper (13470)
   +0.005858 s    20.1 ms    sleeper (13470) slept in clock_nanosleep, 2 times, until a timer ran
                                 out
   +0.005841 s    1.16 ms    sleeper (13470) waited for CPU 1, 3 times
   +0.017928 s    1.12 ms      fuzz_report (13166) ran there, 2 slices
   +0.005841 s    34.2 us      3 smaller steps
   +0.005819 s     115 us    2 smaller steps
              =   21.4 ms  the 3 steps below it together

         START       TIME
   +0.006212 s    18.2 ms  parent (13471) waited for a child in wait4, woken by child (13473)
   +0.006212 s    18.0 ms    child (13473) slept in clock_nanosleep, until a timer ran out
   +0.024236 s     189 us    2 smaller steps
              =   18.2 ms  the 2 steps below it together

         START       TIME
   +0.006101 s    16.4 ms  asker (13472) waited for the network in recvfrom, until answerer (13475)
                               sent through tcp 127.0.0.1:60697
   +0.006396 s    16.1 ms    answerer (13475) slept in clock_nanosleep, until a timer ran out
   +0.006101 s     262 us    answerer (13475) was not there yet, forked by reasons (13444)
   +0.006101 s     262 us      3 smaller steps
   +0.006364 s    87.7 us    2 smaller steps
              =   16.4 ms  the 3 steps below it together

         START       TIME
   +0.005784 s    13.3 ms  reader (13468) waited for a pipe or socket in read, woken by sleeper
                               (13470)
   +0.005858 s    12.1 ms    sleeper (13470) slept in clock_nanosleep, until a timer ran out
   +0.005841 s    1.15 ms    sleeper (13470) waited for CPU 1, 2 times
   +0.017928 s    1.12 ms      fuzz_report (13166) ran there
   +0.005841 s    34.2 us      3 smaller steps
   +0.005784 s     127 us    2 smaller steps
              =   13.3 ms  the 3 steps below it together

$ rstat explain --comm disk --state D --worst 1 samples/waits.rstat
window   all of it, 32.9 ms
waits    the longest of 16 (1.48 ms in all)

         START       TIME
   +0.006335 s     161 us  disk (13474) waited for a disk in pread64 (D), until vda read 65.5 kB at
                               sector 350496768 was done
   +0.006335 s     157 us    vda worked on it
   +0.006492 s    3.78 us    from its completion to the wake-up
              =    161 us  the 2 steps below it together

$ rstat explain --comm disk --state D --worst 1 --format csv samples/waits.rstat
group,wait,depth,what,pid,tid,comm,start_ns,dur_ns,count,by,by_tid,state,syscall,cpu
explain,1,0,disk,13444,13474,disk,6335480,160569,1,vda read 65.5 kB at sector 350496768,,D,pread64,
explain,1,1,device,13444,13474,disk,6335480,156793,1,vda,,,,
explain,1,1,after,13444,13474,disk,6492273,3776,1,,,,,

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
