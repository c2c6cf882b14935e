## What report does not understand is told before a trace is opened, with exit 2.
$ rstat report -g cpu,nothing none
! rstat report: --group: 'nothing' is not a group: cpu, latency, waking, slice, sleep, idle, migration, states, totals, life, depth, io, fs, memory, net, offcpu, machine, schedstat, counters or irq
[2]

$ rstat report --by pid none
! rstat report: --by: 'pid' is not a grouping: process, thread, comm, cgroup, user, cpu, device or connection
[2]

$ rstat report -g io,latency --by device none
! rstat report: latency cannot be by device; it can be by process, thread, comm, cgroup, user, cpu
[2]

$ rstat report -g net,fs --by cpu none
! rstat report: fs cannot be by cpu; it can be by process, thread, comm, cgroup, user
[2]

$ rstat report -g cpu,io -C 0 none
! rstat report: -C: what io tells of is not of one CPU
[2]

$ rstat report --format xml none
! rstat report: --format: 'xml' is not a format: table, csv, json, ndjson, html, folded or svg
[2]

$ rstat report --state D,Q none
! rstat report: --state: 'Q' is not a state: R Rq S D I T t P N Z Zl, or all
[2]

$ rstat report -n -3 none
! rstat report: --top: '-3' is negative
[2]

$ rstat report -p 12,x none
! rstat report: --pid: 'x' is not a number
[2]

$ rstat report --kthreads maybe none
! rstat report: --kthreads: 'maybe': yes, no or only
[2]

$ rstat report --color red none
! rstat report: --color: 'red': auto, always or never
[2]

$ rstat report --time 5s,1s none
! rstat report: --time: '5s' is not a time; write +1.5s, -10s, 40%, 14:30:05 or 2026-11-21T14:30:05Z
[2]

$ rstat report -C 3-1 none
! rstat report: --cpu: '3-1': 3-1 runs backwards
[2]

$ rstat report --frobnicate
! rstat report: unknown option --frobnicate; 'rstat report --help' lists the options
[2]

$ rstat report --no-c x
! rstat report: --no-c is ambiguous: --no-comm or --no-cgroup
[2]

$ rstat report -F
! rstat report: --fields needs an argument: KEY,...
[2]

$ rstat report one two
! rstat report: 'two': one trace at a time
[2]

$ rstat report -i one two
! rstat report: 'two': the trace is given by -i already
[2]

## What is no trace, in one line.
$ : >empty; printf 'hello\n' >text; for f in empty text . none; do rstat report $f; echo "$?"; done
2
2
2
2
! rstat report: 'empty' is empty, not a trace
! rstat report: 'text' is not a trace
! rstat report: '.' is a directory, not a trace
! rstat report: cannot open 'none': No such file or directory

$ printf 'hello\n' | rstat report -
! rstat report: standard input is not a trace
[2]

$ rstat report
! rstat report: there is no rstat.data here; name a trace, or record one with 'rstat record'
[2]

$ rstat report -g cpu --stack none
! rstat report: --stack is of the group offcpu: -g offcpu
[2]

$ rstat report -g cpu,offcpu --format svg none
! rstat report: only the group offcpu has stacks to be folded or drawn: -g offcpu
[2]

$ rstat report -g offcpu --wakers none
! rstat report: --wakers needs --format folded or svg
[2]

$ rstat report -g offcpu --by cpu none
! rstat report: offcpu cannot be by cpu; it can be by process, thread, comm, cgroup, user
[2]

## The keys of a group, without a trace.
$ rstat report -g idle -F help
idle: what each CPU did with its time, and how long it was idle at a time
    group            GROUP       The group of this row
  * cpu              CPU         CPU
  * run_ns           RUN         Time that tasks ran
  * idle_ns          IDLE        Time idle
  * idle_pct         %IDLE       The same, in percent
  * other_ns         OTHER       Time of what the recording's filters left out
  * gap_ns           GAP         Time of which nothing is known, because events were lost
  * count            COUNT       How often it was idle
  * mean_ns          MEAN        Mean length
  * p50_ns           P50         Median
    p90_ns           P90         90 % are not longer
  * p99_ns           P99         99 % are not longer
    p999_ns          P99.9       99.9 % are not longer
  * max_ns           MAX         The longest
  * max_at_ns        MAX AT      When the longest ended
    left_out         LEFT        How many more touch a gap or an edge of the window: their length is not known

* in the table by default. -F a,b,c chooses, -F +a,-b changes the default.
