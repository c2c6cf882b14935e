## needs samples/net.rstat
## A client and a server on one host: 500 questions and answers, a call that is refused, one that is
## reset, datagrams.
$ rstat info samples/net.rstat | tail -n +4 | head -33
command      rstat record -q -o build/samples/net.rstat -- build/tests/workloads/talk 500
child        build/tests/workloads/talk 500 (PID 11121), exit code 0
features     sched,io,fs,net,syscall,samples
start        2026-11-21T14:15:51.262635821Z
clocks       monotonic 16969.837639183 s, since boot 16969.837639183 s
duration     12.6 ms, ended by: command ended
events       3,772, 299,462/s
  switch                 1,127   29.9 %
  waking                   642   17.0 %
  wakeup                   642   17.0 %
  wakeup_new                24    0.6 %
  migrate                    4    0.1 %
  fork                      24    0.6 %
  exec                       1    0.0 %
  exit                      24    0.6 %
  rename                     3    0.1 %
  free                      25    0.7 %
  wait                       1    0.0 %
  name                      54    1.4 %
  acct                      65    1.7 %
  socket                    11    0.3 %
  net                    1,043   27.7 %
  socket_state              18    0.5 %
  reset                      4    0.1 %
  sample                    60    1.6 %
lost         0
size         16.6 kB, 4.4 bytes per event
segments     1
hooks
  sched_switch             tp_btf
  sched_waking             tp_btf
  sched_wakeup             tp_btf
  sched_wakeup_new         tp_btf

$ rstat check samples/net.rstat
trace        samples/net.rstat, rstat trace 1.1
read         3,772 events in 1 segment
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
invariants   all hold, over 3,015 intervals of 133 tasks

$ rstat report -g net samples/net.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:15:51 UTC
window   all of it, 12.6 ms
events   3,772 (299,462/s), none lost
CPUs     93.4 % busy, 6.6 % idle
focus    PID 11121 and the 1 process below it (--all: the machine): build/tests/workloads/talk 500

net by process: bytes through sockets, connections, segments sent again
  PID COMM   USER    SENT RECEIVED  SENT/s  RECV/s NEW ACTIVE FAILED RETRANS RST SENT RST RECV
11121 client root 11.0 kB   150 kB  875 kB 11.9 MB   3      3      1       0        0        2
11514 server root  150 kB  11.0 kB 11.9 MB  875 kB   2      3      0       0        1        0

$ rstat report -g net --by connection samples/net.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:15:51 UTC
window   all of it, 12.6 ms
events   3,772 (299,462/s), none lost
CPUs     93.4 % busy, 6.6 % idle
focus    PID 11121 and the 1 process below it (--all: the machine): build/tests/workloads/talk 500

net by connection: bytes through each socket, who used it last, and what became of it
PROTO  LOCAL            REMOTE           STATE      SENT  RECEIVED    PID  COMM    NOTE
tcp    127.0.0.1:37576  127.0.0.1:59235  CLOSE   10.0 kB    150 kB  11121  client  new
tcp    127.0.0.1:59235  127.0.0.1:37576  CLOSE    150 kB   10.0 kB  11514  server  new
udp    127.0.0.1:43396  *                UNCONN     0 B    1.00 kB  11514  server  -
udp    127.0.0.1:43186  127.0.0.1:43396  ESTAB   1.00 kB      0 B   11121  client  -
tcp    127.0.0.1:59235  127.0.0.1:37578  CLOSE      0 B      20 B   11514  server  reset sent
tcp    127.0.0.1:37578  127.0.0.1:59235  CLOSE     20 B       0 B   11121  client  ECONNRESET
tcp    127.0.0.1:37834  127.0.0.1:54065  CLOSE      0 B       0 B   11121  client  ECONNREFUSED
1 connection with nothing here; --zero shows them

$ rstat report -g net --by connection --all samples/net.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:15:51 UTC
window   all of it, 12.6 ms
events   3,772 (299,462/s), none lost
CPUs     93.4 % busy, 6.6 % idle
command  PID 11121: build/tests/workloads/talk 500

net by connection: bytes through each socket, who used it last, and what became of it
PROTO  LOCAL            REMOTE           STATE      SENT  RECEIVED    PID  COMM    NOTE
tcp    127.0.0.1:37576  127.0.0.1:59235  CLOSE   10.0 kB    150 kB  11121  client  new
tcp    127.0.0.1:59235  127.0.0.1:37576  CLOSE    150 kB   10.0 kB  11514  server  new
udp    127.0.0.1:43396  *                UNCONN     0 B    1.00 kB  11514  server  -
udp    127.0.0.1:43186  127.0.0.1:43396  ESTAB   1.00 kB      0 B   11121  client  -
tcp    127.0.0.1:59235  127.0.0.1:37578  CLOSE      0 B      20 B   11514  server  reset sent
tcp    127.0.0.1:37578  127.0.0.1:59235  CLOSE     20 B       0 B   11121  client  ECONNRESET
tcp    127.0.0.1:37834  127.0.0.1:54065  CLOSE      0 B       0 B   11121  client  ECONNREFUSED
?      -                -                -          0 B       0 B       -  ?       reset sent
4 connections with nothing here; --zero shows them

$ rstat report -g net --by thread --format csv samples/net.rstat
group,pid,tid,comm,user,cgroup,tx_bytes,rx_bytes,bytes,tx_bytes_per_s,rx_bytes_per_s,tx_calls,rx_calls,conns_new,conns_active,conns_failed,retransmits,retransmits_failed,retransmits_per_s,retransmits_per_mib,resets_sent,resets_received,gap_ns
net,11121,11121,client,root,/,11020,150000,161020,874889,11908649,521,500,3,3,1,0,0,0,0,0,2,0
net,11514,11514,server,root,/,150000,11020,161020,11908649,874889,500,521,2,3,0,0,0,0,0,1,0,0

$ rstat report -g net --by connection --format ndjson samples/net.rstat
{"group": "net", "proto": "tcp", "local": "127.0.0.1:37576", "remote": "127.0.0.1:59235", "state": "CLOSE", "tx_bytes": 10000, "rx_bytes": 150000, "bytes": 160000, "tx_bytes_per_s": 793910, "rx_bytes_per_s": 11908649, "tx_calls": 500, "rx_calls": 500, "pid": 11121, "tid": 11121, "comm": "client", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": 0, "resets_sent": 0, "resets_received": 0, "origin": "new", "failed": false, "error": null, "start_ns": 3332618, "end_ns": 11990676, "last_ns": 12046539, "connections": 1, "cookie": 1097, "netns": 4026531833}
{"group": "net", "proto": "tcp", "local": "127.0.0.1:59235", "remote": "127.0.0.1:37576", "state": "CLOSE", "tx_bytes": 150000, "rx_bytes": 10000, "bytes": 160000, "tx_bytes_per_s": 11908649, "rx_bytes_per_s": 793910, "tx_calls": 500, "rx_calls": 500, "pid": 11514, "tid": 11514, "comm": "server", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": 0, "resets_sent": 0, "resets_received": 0, "origin": "new", "failed": false, "error": null, "start_ns": 3381991, "end_ns": 11978127, "last_ns": 11978127, "connections": 1, "cookie": 1098, "netns": 4026531833}
{"group": "net", "proto": "udp", "local": "127.0.0.1:43396", "remote": "*", "state": "UNCONN", "tx_bytes": 0, "rx_bytes": 1000, "bytes": 1000, "tx_bytes_per_s": 0, "rx_bytes_per_s": 79391, "tx_calls": 0, "rx_calls": 20, "pid": 11514, "tid": 11514, "comm": "server", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": null, "resets_sent": 0, "resets_received": 0, "origin": null, "failed": false, "error": null, "start_ns": 12122372, "end_ns": null, "last_ns": 12332425, "connections": 1, "cookie": 4968, "netns": 4026531833}
{"group": "net", "proto": "udp", "local": "127.0.0.1:43186", "remote": "127.0.0.1:43396", "state": "ESTAB", "tx_bytes": 1000, "rx_bytes": 0, "bytes": 1000, "tx_bytes_per_s": 79391, "rx_bytes_per_s": 0, "tx_calls": 20, "rx_calls": 0, "pid": 11121, "tid": 11121, "comm": "client", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": 0, "resets_sent": 0, "resets_received": 0, "origin": null, "failed": false, "error": null, "start_ns": 12118326, "end_ns": null, "last_ns": 12292085, "connections": 1, "cookie": 4967, "netns": 4026531833}
{"group": "net", "proto": "tcp", "local": "127.0.0.1:59235", "remote": "127.0.0.1:37578", "state": "CLOSE", "tx_bytes": 0, "rx_bytes": 20, "bytes": 20, "tx_bytes_per_s": 0, "rx_bytes_per_s": 1588, "tx_calls": 0, "rx_calls": 1, "pid": 11514, "tid": 11514, "comm": "server", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": null, "resets_sent": 1, "resets_received": 0, "origin": "new", "failed": false, "error": null, "start_ns": 12042253, "end_ns": 12071015, "last_ns": 12085056, "connections": 1, "cookie": 4966, "netns": 4026531833}
{"group": "net", "proto": "tcp", "local": "127.0.0.1:37578", "remote": "127.0.0.1:59235", "state": "CLOSE", "tx_bytes": 20, "rx_bytes": 0, "bytes": 20, "tx_bytes_per_s": 1588, "rx_bytes_per_s": 0, "tx_calls": 1, "rx_calls": 0, "pid": 11121, "tid": 11121, "comm": "client", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": 0, "resets_sent": 0, "resets_received": 1, "origin": "new", "failed": false, "error": "ECONNRESET", "start_ns": 12015443, "end_ns": 12075452, "last_ns": 12075452, "connections": 1, "cookie": 4965, "netns": 4026531833}
{"group": "net", "proto": "tcp", "local": "127.0.0.1:59235", "remote": "*", "state": "CLOSE", "tx_bytes": 0, "rx_bytes": 0, "bytes": 0, "tx_bytes_per_s": 0, "rx_bytes_per_s": 0, "tx_calls": 0, "rx_calls": 0, "pid": 11121, "tid": 11121, "comm": "client", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": null, "resets_sent": 0, "resets_received": 0, "origin": null, "failed": false, "error": null, "start_ns": 3227772, "end_ns": 12568076, "last_ns": 12568076, "connections": 1, "cookie": 1096, "netns": 4026531833}
{"group": "net", "proto": "tcp", "local": "127.0.0.1:37834", "remote": "127.0.0.1:54065", "state": "CLOSE", "tx_bytes": 0, "rx_bytes": 0, "bytes": 0, "tx_bytes_per_s": 0, "rx_bytes_per_s": 0, "tx_calls": 0, "rx_calls": 0, "pid": 11121, "tid": 11121, "comm": "client", "retransmits": 0, "retransmits_failed": 0, "retransmits_per_mib": null, "resets_sent": 0, "resets_received": 1, "origin": "new", "failed": true, "error": "ECONNREFUSED", "start_ns": 12428267, "end_ns": 12443090, "last_ns": 12443090, "connections": 1, "cookie": 4969, "netns": 4026531833}

$ rstat report -g net --time 50%, samples/net.rstat
host     vm, Linux 6.18.44-fc-v595 x86_64, 2 CPUs, 2026-11-21 14:15:51 UTC
window   +0.006297 s .. +0.012595 s (2026-11-21 14:15:51.268933 .. 14:15:51.275231 UTC), 6.30 ms
events   2,438 (387,110/s), none lost
CPUs     100.0 % busy, 0.0 % idle
focus    PID 11121 and the 1 process below it (--all: the machine): build/tests/workloads/talk 500

net by process: bytes through sockets, connections, segments sent again
  PID COMM   USER    SENT RECEIVED  SENT/s  RECV/s NEW ACTIVE FAILED RETRANS RST SENT RST RECV
11121 client root 7.74 kB   101 kB 1.23 MB 16.1 MB   2      3      1       0        0        2
11514 server root  101 kB  7.74 kB 16.0 MB 1.23 MB   1      3      0       0        1        0

$ rstat dump --kind socket,socket_state,reset samples/net.rstat
     0.003227772 [000] socket      socket 1096 of talk:11121: tcp 127.0.0.1:59235 -> * CLOSE, network namespace 4026531833
     0.003228373 [000] socket_state socket 1096 (tcp 127.0.0.1:59235 -> *) CLOSE -> LISTEN by talk:11121
     0.003332618 [000] socket      socket 1097 of client:11121: tcp 127.0.0.1 -> 127.0.0.1:59235 CLOSE, network namespace 4026531833
     0.003333069 [000] socket_state socket 1097 (tcp 127.0.0.1 -> 127.0.0.1:59235) CLOSE -> SYN-SENT by client:11121
     0.003370464 [000] socket      socket 1097 of client:11121: tcp 127.0.0.1:37576 -> 127.0.0.1:59235 SYN-SENT, network namespace 4026531833
     0.003370815 [000] socket_state socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) SYN-SENT -> ESTAB by client:11121
     0.003381991 [000] socket      socket 1098: tcp 127.0.0.1:59235 -> 127.0.0.1:37576 SYN-RECV, network namespace 4026531833
     0.003382312 [000] socket_state socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) SYN-RECV -> ESTAB
     0.011943115 [001] socket_state socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) ESTAB -> FIN-WAIT-1 by server:11514
     0.011947121 [001] socket_state socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) ESTAB -> CLOSE-WAIT
     0.011968293 [001] socket_state socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) CLOSE-WAIT -> LAST-ACK by client:11121
     0.011972489 [001] socket_state socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) FIN-WAIT-1 -> FIN-WAIT-2
     0.011978127 [001] socket_state socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) FIN-WAIT-2 -> CLOSE
     0.011990676 [001] socket_state socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) LAST-ACK -> CLOSE by client:11121
     0.012015443 [001] socket      socket 4965 of client:11121: tcp 127.0.0.1 -> 127.0.0.1:59235 CLOSE, network namespace 4026531833
     0.012015883 [001] socket_state socket 4965 (tcp 127.0.0.1 -> 127.0.0.1:59235) CLOSE -> SYN-SENT by client:11121
     0.012032969 [001] socket      socket 4965 of client:11121: tcp 127.0.0.1:37578 -> 127.0.0.1:59235 SYN-SENT, network namespace 4026531833
     0.012033329 [001] socket_state socket 4965 (tcp 127.0.0.1:37578 -> 127.0.0.1:59235) SYN-SENT -> ESTAB by client:11121
     0.012042253 [001] socket      socket 4966: tcp 127.0.0.1:59235 -> 127.0.0.1:37578 SYN-RECV, network namespace 4026531833
     0.012042573 [001] socket_state socket 4966 (tcp 127.0.0.1:59235 -> 127.0.0.1:37578) SYN-RECV -> ESTAB
     0.012071015 [001] socket_state socket 4966 (tcp 127.0.0.1:59235 -> 127.0.0.1:37578) ESTAB -> CLOSE by server:11514
     0.012074661 [001] reset       socket 4965 (tcp 127.0.0.1:37578 -> 127.0.0.1:59235) received
     0.012075452 [001] socket_state socket 4965 (tcp 127.0.0.1:37578 -> 127.0.0.1:59235) ESTAB -> CLOSE, error ECONNRESET
     0.012077996 [001] reset       socket 4966 (tcp 127.0.0.1:59235 -> 127.0.0.1:37578) sent by server:11514
     0.012118326 [001] socket      socket 4967 of client:11121: udp 127.0.0.1:43186 -> 127.0.0.1:43396 ESTAB, network namespace 4026531833
     0.012122372 [001] socket      socket 4968 of server:11514: udp 127.0.0.1:43396 -> * UNCONN, network namespace 4026531833
     0.012428267 [001] socket      socket 4969 of client:11121: tcp 127.0.0.1 -> 127.0.0.1:54065 CLOSE, network namespace 4026531833
     0.012428648 [001] socket_state socket 4969 (tcp 127.0.0.1 -> 127.0.0.1:54065) CLOSE -> SYN-SENT by client:11121
     0.012435248 [001] reset       no socket sent
     0.012441377 [001] socket      socket 4969 of client:11121: tcp 127.0.0.1:37834 -> 127.0.0.1:54065 SYN-SENT, network namespace 4026531833
     0.012441808 [001] reset       socket 4969 (tcp 127.0.0.1:37834 -> 127.0.0.1:54065) received by client:11121
     0.012443090 [001] socket_state socket 4969 (tcp 127.0.0.1:37834 -> 127.0.0.1:54065) SYN-SENT -> CLOSE by client:11121, error ECONNREFUSED
     0.012568076 [001] socket_state socket 1096 (tcp 127.0.0.1:59235 -> *) LISTEN -> CLOSE by client:11121

$ rstat dump --kind net samples/net.rstat | head -4
     0.003417104 [000] net         client:11121 socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) tx_bytes 20 in calls 1, rx_bytes 0 in calls 0, since 0.003411075
     0.003438210 [001] net         server:11514 socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) tx_bytes 300 in calls 1, rx_bytes 20 in calls 1, since 0.003412231
     0.003451079 [001] net         client:11121 socket 1097 (tcp 127.0.0.1:37576 -> 127.0.0.1:59235) tx_bytes 20 in calls 1, rx_bytes 300 in calls 1, since 0.003440323
     0.003460022 [001] net         server:11514 socket 1098 (tcp 127.0.0.1:59235 -> 127.0.0.1:37576) tx_bytes 300 in calls 1, rx_bytes 20 in calls 1, since 0.003452641

$ rstat dump --kind net,reset --comm client --format ndjson samples/net.rstat | tail -2
{"ts_ns":12292085,"cpu":1,"kind":"net","tid":11121,"comm":"client","socket":4967,"proto":"udp","local":"127.0.0.1:43186","remote":"127.0.0.1:43396","tx_bytes":50,"rx_bytes":0,"tx_calls":1,"rx_calls":0,"first_ns":12291354}
{"ts_ns":12441808,"cpu":1,"kind":"reset","tid":11121,"comm":"client","socket":4969,"proto":"tcp","local":"127.0.0.1:37834","remote":"127.0.0.1:54065","sent":false}
