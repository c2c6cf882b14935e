## needs samples/disk.rstat
## Block requests and files: direct random reads by a thread of fio, a file that dd writes and syncs
## itself, one that it leaves to a kernel thread (which writes what others had dirtied, too).
$ rstat info samples/disk.rstat
trace        samples/disk.rstat, rstat trace 1.1, complete
host         vm, Linux 6.18.44-fc-v595 x86_64, Debian GNU/Linux 12 (bookworm)
CPUs         2, 2 cores, 1 L3 cache, 1 package, 1 NUMA node
command      rstat record -q -o disk.rstat -- sh load
child        sh load (PID 1751), exit code 0
features     sched,io,fs,net,syscall,samples
start        2026-11-21T14:14:45.034906365Z
clocks       monotonic 16903.609909727 s, since boot 16903.609909727 s
duration     439 ms, ended by: command ended
events       2,867, 6,527/s
  switch                   861   30.0 %
  waking                   384   13.4 %
  wakeup                   384   13.4 %
  wakeup_new                14    0.5 %
  migrate                    9    0.3 %
  fork                      14    0.5 %
  exec                       9    0.3 %
  exit                      14    0.5 %
  rename                     9    0.3 %
  free                       9    0.3 %
  wait                      16    0.6 %
  name                      55    1.9 %
  io_start                 260    9.1 %
  io_issue                 258    9.0 %
  io_done                  260    9.1 %
  io_merge                  25    0.9 %
  acct                     210    7.3 %
  sample                    76    2.7 %
lost         0
size         23.5 kB, 8.2 bytes per event
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
  accounts                 iter
  sock_send                tp_btf
  sock_recv                tp_btf
  inet_sock_set_state      tp_btf
  tcp_retransmit_skb       tp_btf
  tcp_retransmit_synack    tp_btf
  tcp_send_reset           tp_btf
  tcp_receive_reset        tp_btf
  open_sockets             iter
  tcp_sockets              iter
  block_io_start           tp_btf
  block_rq_issue           tp_btf
  block_rq_complete        tp_btf
  block_rq_requeue         tp_btf
  block_bio_backmerge      tp_btf
  block_bio_frontmerge     tp_btf
  block_rq_merge           tp_btf
reap by      wait: inferred from wait4 and waitid
recorder     rstat 1.0.0, rings of 4.19 MB per CPU, 324 ms CPU, 22.0 MB of memory
  sched_switch             1.07 us per run, 886 events
  sched_waking             775 ns per run, 395 events
  sched_wakeup             299 ns per run, 395 events
  sched_wakeup_new         1.00 us per run, 14 events
  sched_migrate_task       411 ns per run, 9 events
  fork                     911 ns per run, 14 events
  exec                     1.20 us per run, 9 events
  exit                     1.27 us per run, 14 events
  rename                   411 ns per run, 9 events
  free                     1.64 us per run, 9 events
  wait                     682 ns per run, 16 events
  accounts                 165 events
  block_io_start           1.09 us per run, 260 events
  block_rq_issue           456 ns per run, 258 events
  block_rq_complete        809 ns per run, 260 events

$ rstat check samples/disk.rstat
trace        samples/disk.rstat, rstat trace 1.1
read         2,867 events in 1 segment
damage       none
the engine's counts
             0 gaps
             0 events lost
             0 contradictions (a switch whose previous task was not the one there)
             0 switch-ins without a wake-up (inferred)
             2 wake-ups before the sleeper's switch-out
             0 wake-ups of a task that was running or runnable (redundant)
             0 times that ran backwards (held)
             0 tasks that nothing described
             0 block requests whose start was not seen
             0 block requests whose end was not seen
             0 IO merged into a request that is not known
             0 uses of a socket that nothing described
invariants   all hold, over 2,265 intervals of 150 tasks and 262 block requests

$ rstat report -g io samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load

io by process: block requests: how many, how large, how long they were queued and the device took
 PID  COMM  USER  READS  WRITES    READ  WRITTEN    Q P99  DEV P50  DEV P99  DEV MAX  %SEQ
1796  dd    root      0       6    0 B   2.11 MB  8.50 us  49.5 us  1.30 ms  1.30 ms   0.0
1787  fio   root    200       0  819 kB     0 B   8.74 us  30.8 us  94.5 us   177 us   0.0
1798  sync  root      0      44    0 B    250 kB  81.8 us  2.69 ms  2.78 ms  2.78 ms   0.0

$ rstat report -g io --all --by thread -n 5 samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
command  PID 1751: sh load

io by thread: block requests: how many, how large, how long they were queued and the device took
  PID   TID COMM         READS WRITES   READ WRITTEN   Q P99 DEV P50 DEV P99 DEV MAX %SEQ DISCARDS
20750 20750 kworker/u8:2     0      3   0 B  4.52 MB  343 us 2.79 ms 2.80 ms 2.80 ms  0.0        0
 1796  1796 dd               0      6   0 B  2.11 MB 8.50 us 49.5 us 1.30 ms 1.30 ms  0.0        0
 1787  1795 fio            200      0 819 kB    0 B  8.74 us 30.8 us 94.5 us  177 us  0.0        0
 1732  1732 cc1              0      2   0 B   483 kB 26.8 us  576 us  718 us  718 us  0.0        1
 1798  1798 sync             0     44   0 B   250 kB 81.8 us 2.69 ms 2.78 ms 2.78 ms  0.0        0
2 more threads; -n 0 shows all
1 thread with nothing here; --zero shows them

$ rstat report -g io --by device samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load

io by device: block requests: how many, how large, how long they were queued and the device took
DEVICE  READS  WRITES    READ  WRITTEN    Q P99  DEV P50  DEV P99  DEV MAX  %SEQ
vda       200      50  819 kB  2.36 MB  80.1 us  31.8 us  2.78 ms  2.78 ms   0.0

$ rstat report -g io --all --by cgroup -F +other_cgroup_bytes samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
command  PID 1751: sh load

io by cgroup: block requests: how many, how large, how long they were queued and the device took
CGROUP THREADS READS WRITES   READ WRITTEN   Q P99 DEV P50 DEV P99 DEV MAX %SEQ DISCARDS OTHER CG
/            0   200     55 819 kB 7.37 MB 81.7 us 31.8 us 2.78 ms 2.80 ms  0.0        3     0 B
1 cgroup with nothing here; --zero shows them

## 200 reads of 4 KiB, one by one, in the machine formats; times are ns.
$ rstat report -g io --comm fio --by thread --format csv samples/disk.rstat
group,pid,tid,comm,user,cgroup,rd_ios,wr_ios,rd_bytes,wr_bytes,bytes,iops,rd_bytes_per_s,wr_bytes_per_s,queue_p50_ns,queue_p99_ns,queue_max_ns,dev_p50_ns,dev_p99_ns,dev_max_ns,seq_pct,errors,open,open_oldest_ns,discards,discard_bytes,flushes,flush_mean_ns,flush_max_ns,internal,rd_merges,wr_merges,requeues,other_cgroup_bytes,queue_count,queue_min_ns,queue_mean_ns,queue_p90_ns,queue_p999_ns,queue_max_at_ns,dev_count,dev_min_ns,dev_mean_ns,dev_p90_ns,dev_p999_ns,dev_max_at_ns,unknown,no_end,left_out,gap_ns
io,1787,1795,fio,root,/,200,0,819200,0,819200,455.351,1865117,0,1124,8736,19429,30784,94464,176674,0,0,0,,0,0,0,,,0,0,0,0,0,200,1041,1404,1476,19429,410108487,200,28041,34778,39040,176674,391397554,0,0,0,0

$ rstat report -g io --by device --format json samples/disk.rstat
{"schema": "rstat.report/1",
"trace": {"host": "vm", "kernel": "6.18.44-fc-v595", "arch": "x86_64", "cpus": 2, "start_utc": "2026-11-21T14:14:45.034906365Z", "duration_ns": 439221841, "complete": true, "rstat": "1.0.0", "filters": "", "command": "sh load", "command_pid": 1751, "hooks_missing": [], "damage": []},
"window": {"from_ns": 0, "to_ns": 439221841, "from_utc": "2026-11-21T14:14:45.034906365Z", "to_utc": "2026-11-21T14:14:45.474128206Z", "duration_ns": 439221841, "events": 2867, "lost": 0, "gaps": 0, "run_ns": 878443682, "idle_ns": 0, "other_ns": 0, "gap_ns": 0, "focus_pid": 1751},
"rows": [
{"group": "io", "dev": "vda", "rd_ios": 200, "wr_ios": 50, "rd_bytes": 819200, "wr_bytes": 2363392, "bytes": 3182592, "iops": 569.188, "rd_bytes_per_s": 1865117, "wr_bytes_per_s": 5380862, "queue_p50_ns": 1164, "queue_p99_ns": 80128, "queue_max_ns": 81802, "dev_p50_ns": 31808, "dev_p99_ns": 2777088, "dev_max_ns": 2781733, "seq_pct": 0, "errors": 0, "open": 0, "open_oldest_ns": null, "discards": 0, "discard_bytes": 0, "flushes": 0, "flush_mean_ns": null, "flush_max_ns": null, "internal": 0, "rd_merges": 0, "wr_merges": 18, "requeues": 0, "other_cgroup_bytes": 0, "queue_count": 248, "queue_min_ns": 1041, "queue_mean_ns": 8178, "queue_p90_ns": 37248, "queue_p999_ns": 81802, "queue_max_at_ns": 435747998, "dev_count": 248, "dev_min_ns": 28041, "dev_mean_ns": 419524, "dev_p90_ns": 2695168, "dev_p999_ns": 2781733, "dev_max_at_ns": 438541078, "unknown": 0, "no_end": 0, "left_out": 0}
]}

## dirtied, submitted and charged are three facts: the second dd dirtied what a kworker submitted.
$ rstat report -g fs --by thread samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load

fs by thread: bytes of system calls and of devices; %HIT is an estimate
 PID   TID  COMM    RCHAR    WCHAR  SYSCR  SYSCW  FETCHED  DIRTIED  %HIT(EST)  SUBM RD  SUBM WR
1797  1797  dd    4.20 MB  4.19 MB     74     64     0 B   4.19 MB      100.0     0 B      0 B
1796  1796  dd    2.10 MB  2.10 MB     42     32     0 B   2.11 MB      100.0     0 B   2.11 MB
1787  1795  fio    819 kB     0 B     201      0   819 kB     0 B         0.0   819 kB     0 B
1798  1798  sync  6.98 kB     0 B      10      0     0 B      0 B       100.0     0 B    250 kB
1787  1787  fio   62.6 kB  1.47 kB     96      3     0 B      0 B       100.0     0 B      0 B
1751  1751  sh    4.23 kB     0 B      11      0     0 B   4.10 kB      100.0     0 B      0 B
1787  1794  fio      1 B      0 B       2      0     0 B      0 B       100.0     0 B      0 B
2 threads with nothing here; --zero shows them
dirtied: in memory, by whom; submitted: to a device, by whom; charged (--by cgroup): for whom

$ rstat report -g fs --all --comm 'kworker*' --comm dd samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
command  PID 1751: sh load

fs by process: bytes of system calls and of devices; %HIT is an estimate
  PID  COMM          USER    RCHAR    WCHAR  SYSCR  SYSCW  FETCHED  DIRTIED  %HIT(EST)  SUBM WR
 1797  dd            root  4.20 MB  4.19 MB     74     64     0 B   4.19 MB      100.0     0 B
 1796  dd            root  2.10 MB  2.10 MB     37     32     0 B   2.11 MB      100.0  2.11 MB
20750  kworker/u8:2  root     0 B      0 B       0      0     0 B   36.9 kB          -  4.52 MB
dirtied: in memory, by whom; submitted: to a device, by whom; charged (--by cgroup): for whom

$ rstat report -g fs --comm dd --format ndjson samples/disk.rstat
{"group": "fs", "pid": 1797, "comm": "dd", "user": "root", "cgroup": "/", "tasks": 1, "rchar": 4201280, "wchar": 4194304, "syscr": 74, "syscw": 64, "read_bytes": 0, "write_bytes": 4194304, "cancelled_write_bytes": 0, "hit_pct_est": 100, "io_rd_bytes": 0, "io_wr_bytes": 0, "charged_rd_bytes": null, "charged_wr_bytes": null, "rss_last_bytes": 2002944, "rss_min_bytes": 2002944, "rss_max_bytes": 2002944, "gap_ns": 0}
{"group": "fs", "pid": 1796, "comm": "dd", "user": "root", "cgroup": "/", "tasks": 1, "rchar": 2102548, "wchar": 2097152, "syscr": 37, "syscw": 32, "read_bytes": 0, "write_bytes": 2109440, "cancelled_write_bytes": 0, "hit_pct_est": 100, "io_rd_bytes": 0, "io_wr_bytes": 2113536, "charged_rd_bytes": null, "charged_wr_bytes": null, "rss_last_bytes": 1949696, "rss_min_bytes": 1949696, "rss_max_bytes": 1949696, "gap_ns": 0}

$ rstat report -g states,totals -n 4 samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load
no hook  release_task: fentry release_task: Operation not permitted; kprobe: not built into this
         kernel

states: every stretch in D or Z (or --state): since when, how long, why, and who ended it
STATE        START  LENGTH    TID  COMM  REASON  DETAIL    ENDED BY
D      +0.435784 s  2.90 ms  1798  sync  syncfs  iowait    kworker/u8:2 (20750)
D      +0.430047 s  1.31 ms  1796  dd    fsync   iowait    kworker/u8:2 (20750)
D      +0.008134 s  461 us   1751  sh    vfork   killable  sh (1787)
D      +0.435207 s  438 us   1798  sync  syncfs  -         kworker/u8:2 (20750)
224 more rows; -n 0 shows all

totals by process: time in D and Z (or what --state asks for) in the window, summed up
 PID  COMM  USER  STATE  COUNT    TOTAL  LONGEST  OPEN
1787  fio   root  D        200  5.23 ms   145 us     0
1798  sync  root  D          6  3.47 ms  2.90 ms     0
1796  dd    root  D         13  1.54 ms  1.31 ms     0
1751  sh    root  D          4   698 us   461 us     0
5 more rows; -n 0 shows all

## The writer of a file waits for the requests that its fsync made, sync for those of a kworker.
$ rstat explain --comm dd --comm sync --worst 2 --state D samples/disk.rstat
window   all of it, 439 ms
waits    the 2 longest of 19 (5.01 ms in all)

         START       TIME
   +0.435784 s    2.90 ms  sync (1798) waited for a disk in syncfs (D), woken by kworker/u8:2
                               (20750)
   +0.435784 s    2.62 ms    kworker/u8:2 (20750) had no work, until vda write 131 kB at sector
                                 350693024 was done
   +0.435784 s    2.60 ms      vda worked on it
   +0.438383 s    16.7 us      from its completion to the wake-up
   +0.438410 s     278 us    kworker/u8:2 (20750) ran
   +0.438399 s    10.0 us    kworker/u8:2 (20750) waited for CPU 0
   +0.438399 s    10.0 us      cc1 (1791) ran there
              =   2.90 ms  the 3 steps below it together

         START       TIME
   +0.430047 s    1.31 ms  dd (1796) waited for a disk in fsync (D), woken by kworker/u8:2 (20750)
   +0.430047 s    1.26 ms    kworker/u8:2 (20750) had no work, until vda write 2.10 MB at sector
                                 51544064 was done
   +0.430047 s    1.25 ms      vda worked on it
   +0.431298 s    12.5 us      from its completion to the wake-up
   +0.431318 s    43.4 us    kworker/u8:2 (20750) ran
   +0.431310 s    7.77 us    kworker/u8:2 (20750) waited for CPU 1
   +0.431310 s    7.77 us      cc1 (1781) ran there
              =   1.31 ms  the 3 steps below it together

$ rstat report -g offcpu --by thread samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load

offcpu by thread: where the time went: on a CPU, in a run queue, or waiting for what
in % of its life in the window
waits are told by: syscall 99%, request 1%
 PID   TID  COMM     LIFE   CPU  RUNQ  DISK  NET  LOCK  PIPE  POLL  SLEEP  CHILD  OTHER   ZOMBIE
1787  1787  fio    420 ms  32.4  36.4   0.0  0.0   0.0   0.0   0.0   31.1    0.0    0.0     0
1787  1795  fio    125 ms   3.6  12.2   4.2  0.0  80.0   0.0   0.0    0.0    0.0    0.0     0
1797  1797  dd    2.36 ms  98.4   0.8   0.0  0.0   0.0   0.0   0.0    0.0    0.0    0.8  2.12 us
1796  1796  dd    3.68 ms  55.4   2.6  41.7  0.0   0.0   0.0   0.0    0.0    0.0    0.2     0
1751  1751  sh     439 ms   0.4   1.8   0.0  0.0   0.0   1.6   0.0    0.0   96.3    0.0  15.5 us
1798  1798  sync  4.63 ms  23.6   1.3  74.9  0.0   0.0   0.0   0.0    0.0    0.0    0.2     0
1787  1793  fio    164 us  72.4  11.4   0.0  0.0   0.0   0.0   0.0    0.0    0.0   16.2     0
1787  1794  fio    141 ms   0.1   2.1   0.0  0.0   0.0   0.0  97.9    0.0    0.0    0.0     0
1787  1792  fio   4.21 ms   2.4  95.5   0.0  0.0   2.0   0.0   0.0    0.0    0.0    0.2     0
no room for by; -F chooses

## A process without traffic is no mistake, one that was not there is.
$ rstat report -g net -p 1787 samples/disk.rstat | tail -2
net by process: bytes through sockets, connections, segments sent again
(none)

$ rstat report -g net -p 1786 samples/disk.rstat
! rstat report: PID 1786 is not in this part of the trace; 'rstat report --all' lists what is
[2]

$ rstat report -g machine samples/disk.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:14:45 UTC
window   all of it, 439 ms
events   2,867 (6,527/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 1751 and the 4 processes below it (--all: the machine): sh load

machine: CPU times, load, memory, pressure, temperature ... as the machine tells them
2 samples, from +0.002151 s to +0.439222 s
CPU  %USER  %NICE  %SYS  %IOWAIT  %IRQ  %SOFT  %STEAL  %IDLE
all   33.3   57.5   9.2      0.0   0.0    0.0     0.0    0.0
  0   34.9   58.1   7.0      0.0   0.0    0.0     0.0    0.0
  1   31.8   56.8  11.4      0.0   0.0    0.0     0.0    0.0

METRIC                  FIRST     LAST      MIN      MAX   CHANGE     PER S  %TIME
load.1m                  4.53     4.65     4.53     4.65        -         -      -
load.5m                  4.87     4.89     4.87     4.89        -         -      -
load.15m                 5.35     5.36     5.35     5.36        -         -      -
load.running                5        6        5        6        -         -      -
load.total                136      136      136      136        -         -      -
mem.anon               447 MB   450 MB   447 MB   450 MB        -         -      -
mem.available         24.2 GB  24.2 GB  24.2 GB  24.2 GB        -         -      -
mem.buffers           19.4 MB  19.4 MB  19.4 MB  19.4 MB        -         -      -
mem.cached            2.13 GB  2.14 GB  2.13 GB  2.14 GB        -         -      -
mem.dirty              455 kB  57.3 kB  57.3 kB   455 kB        -         -      -
mem.free              22.1 GB  22.1 GB  22.1 GB  22.1 GB        -         -      -
mem.mapped             138 MB   138 MB   138 MB   138 MB        -         -      -
mem.shmem             9.01 MB  9.01 MB  9.01 MB  9.01 MB        -         -      -
mem.slab               280 MB   280 MB   280 MB   280 MB        -         -      -
mem.slab_reclaimable   240 MB   240 MB   240 MB   240 MB        -         -      -
mem.total             25.3 GB  25.3 GB  25.3 GB  25.3 GB        -         -      -
mem.writeback            0 B   53.2 kB     0 B   53.2 kB        -         -      -
psi.cpu.some                -        -        -        -   417 ms         -   95.4
psi.io.some                 -        -        -        -  5.36 ms         -    1.2
stat.ctxt                   -        -        -        -      856  1,958.49      -
stat.processes              -        -        -        -       14     32.03      -
stat.procs_running          5        6        5        6        -         -      -
12 rows with nothing here; --zero shows them

## One request from its making to its end, and dd's bytes at its end.
$ rstat dump --comm fio --kind io_start,io_issue,io_done samples/disk.rstat | head -4
     0.391212147 [000] io_start    fio:1795 read vda sector 350790120, bytes 4096, request 0x75d0d16bdbe550f5, sync
     0.394189991 [000] io_start    fio:1795 read vda sector 350795696, bytes 4096, request 0x75d0d16bdbe55f75, sync
     0.398171270 [000] io_start    fio:1795 read vda sector 350796536, bytes 4096, request 0x75d0d16bdbe55df5, sync
     0.400469993 [000] io_start    fio:1795 read vda sector 350793480, bytes 4096, request 0x75d0d16bdbe55c75, sync

$ rstat dump --kind io_issue,io_done --format ndjson samples/disk.rstat | head -2
{"ts_ns":19742926,"cpu":1,"kind":"io_issue","dev":"254:0","dev_name":"vda","op":"write","request":"0x75d0d16bdbe5e7f5","sector":356784128,"bytes":479232,"flags":[]}
{"ts_ns":19901913,"cpu":1,"kind":"io_issue","dev":"254:0","dev_name":"vda","op":"discard","request":"0x75d0d16bdbe5e675","sector":351136944,"bytes":4096,"flags":["sync"]}

$ rstat dump --comm dd --kind acct samples/disk.rstat | tail -2
     0.434139674 [001] acct        dd:1797 rchar 4070208 wchar 3997696 syscr 72 syscw 61 read_bytes 0 write_bytes 4063232 cancelled 0 rss 2002944 peak 2002944
     0.434212442 [001] acct        dd:1797 rchar 4201280 wchar 4194304 syscr 74 syscw 64 read_bytes 0 write_bytes 4194304 cancelled 0 rss 2002944 peak 2002944

$ rstat dump --comm dd --kind switch samples/disk.rstat | grep -m3 dd:
     0.430046738 [000] switch      dd:1796 D (fsync), IO wait -> clang-tidy:1699
     0.431374345 [000] switch      clang-tidy:1699 R -> dd:1796
     0.431385361 [000] switch      dd:1796 D (fsync), IO wait -> clang-tidy:1699
