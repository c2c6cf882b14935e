## needs samples/pipe.rstat samples/compile.rstat samples/states.rstat samples/lost.rstat samples/killed.rstat
## What a trace says of itself, whole and not.
$ rstat info samples/pipe.rstat
$ rstat info samples/killed.rstat
$ rstat check samples/pipe.rstat
$ rstat check samples/compile.rstat
$ rstat check samples/states.rstat
$ rstat check samples/lost.rstat
$ rstat check samples/killed.rstat
$ rstat check --strict samples/killed.rstat >/dev/null
$ rstat dump samples/pipe.rstat | head -30
$ rstat dump --kind gap samples/lost.rstat
$ rstat dump --kind exec --format ndjson samples/compile.rstat | head -5
## A pipe reads as the file does.
$ cat samples/pipe.rstat | rstat report --format csv - | cmp - <(rstat report --format csv samples/pipe.rstat)
## Made whole, cut and put together again, it says the same.
$ rstat recover -o whole.rstat samples/killed.rstat 2>/dev/null && rstat check --strict whole.rstat
$ rstat report --all --format csv samples/killed.rstat 2>/dev/null | cmp - <(rstat report --all --format csv whole.rstat)
$ rstat cut --time ,50% -o a.rstat samples/compile.rstat 2>/dev/null && rstat cut --time 50%, -o b.rstat samples/compile.rstat 2>/dev/null && rstat merge -o ab.rstat a.rstat b.rstat 2>/dev/null && rstat report --format csv ab.rstat | cmp - <(rstat report --format csv samples/compile.rstat)
## A piece cut off, and a byte changed.
$ head -c 9000 samples/pipe.rstat >cut.rstat; rstat check cut.rstat
$ (head -c 5000 samples/pipe.rstat; printf x; tail -c +5002 samples/pipe.rstat) >flip.rstat; rstat check flip.rstat
