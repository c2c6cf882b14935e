## A page of most groups; what it says is what the tables say, and it is well-formed.
$ rstat report --format html samples/waits.rstat >page.html; python3 -c "import sys,xml.etree.ElementTree as E; page=E.fromstring(open('page.html').read().replace('<!DOCTYPE html>','')); [print(h.text) for h in page.iter('h2')]; print(page.find('body/pre').text)"
CPUs over time
Tasks that wait, over time
cpu by process
latency by process
offcpu by process
totals by process
states
io by process
fs by process
net by process
memory by process
life by process
machine
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:16:15 UTC
window   all of it, 32.9 ms
events   1,017 (30,866/s), none lost
CPUs     94.7 % busy, 5.3 % idle
focus    PID 13444 and the 1 process below it (--all: the machine): nice -n -10 build/tests/workloads/reasons /tmp/tmp.XaoYOQNTxY/file
no hook  release_task: fentry release_task: Operation not permitted; kprobe: not built into this kernel

## Every figure to the nanosecond, in the order of the table.
$ html() { rstat report --format html "$@" | python3 -c 'import re,sys; [print(",".join(re.findall(r"data-v=\"(.*?)\"",l))) for l in sys.stdin if l.startswith("<tr><td")]'; }; for o in '-g cpu --by thread -F pid,tid,oncpu_ns,runq_ns,nvcsw' '-g latency --no-split -F pid,count,p50_ns,max_ns,max_at_ns' '-g io -F pid,rd_bytes,dev_max_ns,errors' '-g depth -F cpu,max_at_ns' '-g life -F pid,start_ns,end_ns'; do html $o samples/waits.rstat >a; rstat report --format csv $o samples/waits.rstat | tail -n +2 >b; wc -l <a; diff a b; done
12
2
1
2
2

## What the first chart adds up to is the busy time of the header.
$ for w in running unknown; do rstat report --format html -g cpu samples/lost.rstat | python3 -c "import re,sys; n=[float(x) for x in re.findall('^$w: ([0-9.]+)', sys.stdin.read(), re.M)]; print('$w', len(n), '%.1f' % (100*sum(n)/len(n)/2))"; done; rstat report samples/lost.rstat | grep ^CPUs
running 262 37.0
unknown 262 12.9
CPUs     37.1 % busy, 50.0 % idle, 12.9 % unknown

## A hundred rows of each, unless -n says how many; an empty machine is no error.
$ for n in '' '-n 3' '-n 0'; do rstat report --format html -g life $n samples/compile.rstat --all | grep -c '^<tr><td'; done
20
3
20

$ rstat report --format html -g net samples/pipe.rstat | grep -A3 'net by'
<h2>net by process</h2>
<p>bytes through sockets, connections, segments sent again</p>
<pre>(not recorded)
</pre>

$ rstat report --format html -g nothing samples/pipe.rstat
! rstat report: --group: 'nothing' is not a group: cpu, latency, waking, slice, sleep, idle, migration, states, totals, life, depth, io, fs, memory, net, offcpu, machine, schedstat, counters or irq
[2]

$ rstat report --format html samples/waits.rstat >/dev/full
! rstat report: cannot write to standard output: No space left on device
[2]

$ script -qec 'rstat report --format html samples/pipe.rstat' /dev/null </dev/null | tr -d '\r'
rstat report: --format html is a page, not for a terminal: redirect it, >report.html

## Times of the charts are those of the tables, in a window too.
$ rstat report --format html -g cpu --time 40%,80% samples/compile.rstat | grep -o '<div class="axis">.*' | head -1 | sed 's/<[^>]*>/ /g'; rstat report --time 40%,80% samples/compile.rstat | grep ^window
  +0.025034 s  +0.031292 s  +0.037550 s  +0.043809 s  +0.050067 s  
window   +0.025033 s .. +0.050067 s (2026-11-21 12:11:14.947372 .. 12:11:14.972405 UTC), 25.0 ms
