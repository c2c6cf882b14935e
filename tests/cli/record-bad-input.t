## What record refuses, it refuses before anything is attached, started or written: so without
## privilege too.
$ rstat record --duration -1
! rstat record: --duration: '-1' is negative; a duration is not
[125]

$ rstat record --duration 0
! rstat record: --duration: '0' is nothing; give more than zero, or leave the option out for no limit
[125]

$ rstat record --duration soon
! rstat record: --duration: 'soon' is not a duration such as 1.5s, 200ms, 10us, 2m or 1h
[125]

$ rstat record --max-size 1K
! rstat record: --max-size: '1K' is less than 64K, the least a trace needs
[125]

$ rstat record --buffer 1K
! rstat record: --buffer: '1K' is not between 4K and 256M per CPU
[125]

$ rstat record --nice 20
! rstat record: --nice: '20' is not between -20 and 19
[125]

$ rstat record --compression 20
! rstat record: --compression: '20' is not between 0 and 19
[125]

$ rstat record --with io,disk
! rstat record: --with: 'disk' is no feature; there are: io, fs, net, syscall, samples, irq, stacks, counters
[125]

$ rstat record --without ''
! rstat record: --without: '' is no feature; there are: io, fs, net, syscall, samples, irq, stacks, counters
[125]

$ rstat record --without samples --sample-interval 1s
! rstat record: --sample-interval and --without samples contradict each other
[125]

$ rstat record --stacks D true
! rstat record: --stacks: 'D' would be the command; write --stacks=D, or put -- in front of a command of that name
[125]

$ rstat record --start 14:30
! rstat record: --start: '14:30' is no start: give +30s (from now), @14:30 or @14:30:05 (local time), or /10s (next multiple)
[125]

$ rstat record --comm "$(printf '%063d' 0)"
! rstat record: --comm: '0000000000000000000000000000000000000000...' is longer than the 62 characters that a pattern may have (a name has at most 15)
[125]

$ rstat record --bogus
! rstat record: unknown option --bogus; 'rstat record --help' lists the options
[125]

$ rstat record -o
! rstat record: --output needs an argument: FILE
[125]

$ rstat record -p 4194305
! rstat record: --pid: there is no process 4194305 (list them with ps -e)
[125]

$ rstat record --tid 4194305
! rstat record: --tid: there is no thread 4194305 (list them with ps -eL)
[125]

$ rstat record -p 1,x
! rstat record: --pid: 'x' is not a number
[125]

$ rstat record --comm ''
! rstat record: --comm: an empty name matches nothing; give a glob like 'make*'
[125]

$ rstat record -C 100000
! rstat record: --cpu: '100000': a CPU number is below 8192
[125]

$ rstat record --only
! rstat record: --only needs a command: rstat record --only -- CMD
[125]

## Outputs that cannot be written, or that are somebody's.
$ rstat record -o no/such/folder/t.data
! rstat record: cannot write 'no/such/folder/t.data': its folder does not open (create it, or choose another place with -o): No such file or directory
[125]

$ rstat record -o samples
! rstat record: 'samples' is a symbolic link, which rstat does not follow (give the file it points to; '-o -' is standard output)
[125]

$ rstat record -o samples/
! rstat record: cannot write 'samples/': it names a folder; give a file, e.g. -o rstat.data
[125]

$ echo 'dear diary' >letter; rstat record -o letter -- touch ran; cat letter; ls ran 2>/dev/null
dear diary
! rstat record: 'letter' exists and is not a trace; it is left alone (move it away, or choose another file with -o)
[2]

$ ln -s letter link; rstat record -o link; ls
letter
link
samples
! rstat record: 'link' is a symbolic link, which rstat does not follow (give the file it points to; '-o -' is standard output)

$ rstat record -o /dev/zero
! rstat record: cannot write '/dev/zero': it is a device or a socket; choose a file with -o
[125]

## The command: 127 when it is not there, 126 when it cannot be run; no trace is left behind.
$ rstat record -- no-such-command; ls
letter
link
samples
! rstat record: command 'no-such-command' was not found (check its spelling and PATH)

$ rstat record -- ./letter
! rstat record: command './letter' is not an executable file (chmod +x, or name its interpreter)
[126]

$ rstat record -- .
! rstat record: command '.' is not an executable file (chmod +x, or name its interpreter)
[126]

## profile
$ rstat profile 0
! rstat profile: zero seconds show nothing
[2]

$ rstat profile -1
! rstat profile: unknown option -1; 'rstat profile --help' lists the options
[2]

$ rstat profile 1 2
! rstat profile: '2' is one operand too many; give the seconds
[2]

$ rstat record --stacks=some
! rstat record: --stacks: 'some' is not all, D or off
[125]

$ rstat record --user-stacks --stacks=off
! rstat record: --user-stacks and --stacks=off contradict each other
[125]

$ rstat record --counters cycles,cycle
! rstat record: --counters: 'cycle' is no counter; there is: cycles, instructions, cache-references, cache-misses, branches, branch-misses, page-faults, minor-faults, major-faults, context-switches, cpu-migrations, cpu-clock, task-clock, and rNNNN (raw); :u or :k behind it counts in programs or in the kernel only
[125]

$ rstat record --counters r1,r2,r3,r4,r5,r6,r7,r8,cycles
! rstat record: --counters: 'cycles' is one too many: at most 8
[125]

$ rstat profile --buffer 2G
! rstat profile: --buffer: '2G' is not between 4K and 256M per CPU
[2]

$ rstat record --without stacks --user-stacks
! rstat record: --user-stacks and --stacks=off contradict each other
[125]

$ rstat record --with io,
! rstat record: --with: '' is no feature; there are: io, fs, net, syscall, samples, irq, stacks, counters
[125]
