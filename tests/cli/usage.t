## Who types nothing, or something wrong, is told what there is.
$ rstat nonsense
! rstat: 'nonsense' is not a verb; 'rstat --help' lists them
[2]
