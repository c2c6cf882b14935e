## Who types nothing, or something wrong, is told what there is.
$ rstat nonsense
! rstat: 'nonsense' is not a verb; 'rstat --help' lists them
[2]

$ rstat help nonsense
! rstat: 'nonsense' is not a verb; 'rstat --help' lists them
[2]

## help VERB is VERB --help.
$ for v in record report explain profile info check recover dump cut merge; do cmp <(rstat help $v) <(rstat $v --help) && rstat help $v | head -1; done
usage: rstat record [OPTIONS] [-- CMD [ARG...]]
usage: rstat report [OPTIONS] [FILE]
usage: rstat explain [OPTIONS] [FILE]
usage: rstat profile [OPTIONS] [SECONDS]
usage: rstat info [OPTIONS] [FILE]
usage: rstat check [OPTIONS] [FILE]
usage: rstat recover [OPTIONS] -o FILE [FILE]
usage: rstat dump [OPTIONS] [FILE]
usage: rstat cut --time A,B -o FILE [FILE]
usage: rstat merge -o FILE PIECE PIECE...

## What cannot be written is never exit 0, whatever it is; who stops reading early is no error.
$ for a in --help --version help 'help dump' 'dump -V' 'report -F help'; do rstat $a >/dev/full && echo "$a"; rstat $a >&- && echo "$a"; done 2>/dev/null
[2]

$ rstat --version >/dev/full
! rstat: cannot write to standard output: No space left on device
[2]

$ for f in 'info' 'info --format json' check dump 'dump --format ndjson' report 'report --format json' 'report --format csv' 'report --format ndjson' 'report --format folded' 'report --format svg' explain 'explain --format json' 'explain --format csv'; do rstat $f samples/waits.rstat >/dev/full && echo "$f"; rstat $f samples/waits.rstat >&- && echo "$f"; rstat $f samples/waits.rstat | head -1 >/dev/null; echo "${PIPESTATUS[0]}"; done 2>&1 | sort | uniq -c
     14 0
      1 rstat check: cannot write to standard output: Bad file descriptor
      1 rstat check: cannot write to standard output: No space left on device
      2 rstat dump: cannot write to standard output: Bad file descriptor
      2 rstat dump: cannot write to standard output: No space left on device
      3 rstat explain: cannot write to standard output: Bad file descriptor
      3 rstat explain: cannot write to standard output: No space left on device
      2 rstat info: cannot write to standard output: Bad file descriptor
      2 rstat info: cannot write to standard output: No space left on device
      6 rstat report: cannot write to standard output: Bad file descriptor
      6 rstat report: cannot write to standard output: No space left on device

$ for f in recover merge 'cut --time ,50%'; do rstat $f -o - samples/waits.rstat >/dev/full; echo $?; rstat $f -o - samples/waits.rstat >&-; echo $?; done 2>/dev/null | sort | uniq -c
      6 2

## Every group is in the help, and no line of any help is longer than 80 columns.
$ rstat report -g x 2>&1 none | sed 's/.*not a group: //; s/ or /, /; s/, /\n/g' | while read -r g; do rstat help report | grep -q "^ *$g  *[^ ]" || echo "$g"; done

$ for v in record report explain profile info check recover dump cut merge; do rstat help $v | awk -v v=$v 'length($0) > 80 {print v ": " $0}'; done
