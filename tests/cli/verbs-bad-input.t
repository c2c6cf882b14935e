## What is no trace is told in one line, with exit 2.
$ : >empty; head -c 4096 /dev/zero >zeros; printf 'hello\n' >text; for f in empty zeros text . none; do rstat info $f; echo "$?"; done
2
2
2
2
2
! rstat info: 'empty' is empty, not a trace
! rstat info: 'zeros' is not a trace
! rstat info: 'text' is not a trace
! rstat info: '.' is a directory, not a trace
! rstat info: cannot open 'none': No such file or directory

$ for v in check dump; do rstat $v text; echo "$?"; done
2
2
! rstat check: 'text' is not a trace
! rstat dump: 'text' is not a trace

$ for v in recover cut merge; do rstat $v text -o new; echo "$?"; done; ls new
2
2
2
! rstat recover: 'text' is not a trace
! rstat cut: say what to cut out with --time A,B
! rstat merge: 'text' is not a trace
! ls: cannot access 'new': No such file or directory
[2]

$ rstat info <empty -
! rstat info: standard input is empty, not a trace
[2]

$ printf 'hello' | rstat dump -
! rstat dump: standard input is not a trace
[2]

## Without a name it is rstat.data.
$ rstat info
! rstat info: there is no rstat.data here; name a trace, or record one with 'rstat record'
[2]

$ rstat check --strict
! rstat check: there is no rstat.data here; name a trace, or record one with 'rstat record'
[2]

$ rstat dump one two
! rstat dump: 'two': one trace at a time
[2]

$ rstat dump -i one two
! rstat dump: 'two': the trace is given by -i already
[2]

## Options.
$ rstat info --nonsense
! rstat info: unknown option --nonsense; 'rstat info --help' lists the options
[2]

$ rstat info -q
! rstat info: unknown option -q; 'rstat info --help' lists the options
[2]

$ rstat dump --format xml
! rstat dump: --format: 'xml' is neither text nor ndjson
[2]

$ rstat info --format
! rstat info: --format needs an argument: FORMAT
[2]

$ rstat dump --time 5
! rstat dump: --time: '5' is not A,B; a side may be empty or +1.5s, -10s, 40%, 14:30:05 or 2026-11-21T14:30:05Z
[2]

$ rstat dump --time -1s,+-3s
! rstat dump: --time: '-3s' is negative; a duration is not
[2]

$ rstat dump --time 1
! rstat dump: --time: '1' is not A,B; a side may be empty or +1.5s, -10s, 40%, 14:30:05 or 2026-11-21T14:30:05Z
[2]

$ rstat dump --pid -3
! rstat dump: --pid: '-3' is negative
[2]

$ rstat dump --pid 99999999999999
! rstat dump: --pid: '99999999999999' is too large; the most is 4194304
[2]

$ rstat dump --tid x
! rstat dump: --tid: 'x' is not a number
[2]

$ rstat dump --cpu 0-
! rstat dump: --cpu: '0-' is not a list of CPUs such as 0,2-5
[2]

$ rstat dump --cpu 3-1
! rstat dump: --cpu: '3-1': 3-1 runs backwards
[2]

$ rstat dump --kind switch,nonsense
! rstat dump: --kind: 'nonsense' is no kind of event; 'rstat dump --help' lists them
[2]

$ rstat dump --kind ,
! rstat dump: --kind: an empty name in ','
[2]

$ rstat dump --st
! rstat dump: there is no rstat.data here; name a trace, or record one with 'rstat record'
[2]

$ rstat check extra --time 0,1
! rstat check: unknown option --time; 'rstat check --help' lists the options
[2]

## A new trace never costs an old file.
$ rstat recover text
! rstat recover: name the new trace with -o FILE
[2]

$ rstat cut -o new text
! rstat cut: say what to cut out with --time A,B
[2]

$ rstat merge -o new
! rstat merge: name the pieces to merge
[2]

$ rstat cut --time 0%,200% -o new text
! rstat cut: --time: '200%' is not a share between 0% and 100%
[2]
