## needs samples/pipe.rstat samples/compile.rstat samples/states.rstat samples/lost.rstat samples/killed.rstat
## Every group on the trace that has most to say about it, times included. What a sample shows does
## not change: a change of this page is a change of rstat.
$ rstat report samples/pipe.rstat
$ rstat report --by thread samples/pipe.rstat
$ rstat report --all --by cpu samples/pipe.rstat
$ rstat report -g latency --by thread samples/pipe.rstat
$ rstat report -g waking,slice,sleep --by thread samples/pipe.rstat
$ rstat report --all -g idle,depth,migration samples/pipe.rstat
$ rstat report --format csv samples/pipe.rstat
$ rstat report --by comm --format ndjson samples/pipe.rstat
## A window cuts intervals; its ends are where they were asked for.
$ rstat report --by thread --time +5ms,+15ms samples/pipe.rstat
## A parallel compile: short processes, their arguments, who started whom.
$ rstat report -g life --tree samples/compile.rstat
$ rstat report --by comm samples/compile.rstat
$ rstat report -g totals samples/compile.rstat
## D and Z, before, within and beyond the recording.
$ rstat report --all -g states --by thread --comm 'vfork*' --comm 'zombie*' --comm walking-dead --comm 'leader*' samples/states.rstat
$ rstat report --all -g states --state S --by thread --comm 'in-*' samples/states.rstat
## Lost events: unknown, not idle.
$ rstat report --by thread samples/lost.rstat
$ rstat report --all -g idle samples/lost.rstat
## Killed midway: what is there is right, and it says what is not.
$ rstat report --by thread samples/killed.rstat --comm sleeper --all
$ rstat report --strict samples/killed.rstat >/dev/null
## By user and cgroup, chosen fields, JSON as a whole.
$ rstat report --all --by user samples/pipe.rstat
$ rstat report --all --by cgroup samples/pipe.rstat
$ rstat report -F pid,comm,oncpu_ns,slices -s slices:asc samples/compile.rstat
$ rstat report -g latency --format json --comm ping samples/pipe.rstat
