// The one-liners whose instructions are added up, in the benches and in the test that holds the sum.

export const oneLiners: [name: string, script: string][] = [
  ["count", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"],
  ["count by comm", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"],
  ["hist by pid, comm", "tracepoint:raw_syscalls:sys_enter { @[pid, comm] = hist(args.id); }"],
  [
    "read latency",
    "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start, tid); }",
  ],
  ["comm filter", 'tracepoint:raw_syscalls:sys_enter /comm == "dd"/ { @ = count(); }'],
  ["printf comm pid count", 'tracepoint:syscalls:sys_enter_read { printf("%s %d %d\\n", comm, pid, args.count); }'],
  ["printf pid", 'tracepoint:syscalls:sys_enter_read { printf("%d\\n", pid); }'],
  ["printf file name", 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'],
  ["kstack", "profile:hz:99 { @[kstack] = count(); }"],
  ["ustack", "profile:hz:99 { @[ustack] = count(); }"],
  ["lhist", "tracepoint:syscalls:sys_exit_read { @ = lhist(args.ret, 0, 1000, 100); }"],
  [
    "aggregations",
    "tracepoint:syscalls:sys_exit_read { @s = sum(args.ret); @a = avg(args.ret); @i = min(args.ret); @x = max(args.ret); @t = stats(args.ret); }",
  ],
  ["scalar map", "tracepoint:raw_syscalls:sys_enter { @ = args.id; }"],
  ["begin", "BEGIN { @ = 1; }"],
  ["begin printf", 'BEGIN { printf("hello\\n"); }'],
  ["if", "tracepoint:raw_syscalls:sys_enter { if (args.id * 2 + 1 > 100) { @a = count(); } else { @b = count(); } }"],
  ["loop", "BEGIN { $i = 0; while ($i < 10) { $i++; @ = $i; } }"],
  ["unroll", "BEGIN { unroll(5) { @ = @ + 1; } }"],
  ["strncmp", 'tracepoint:raw_syscalls:sys_enter /strncmp(comm, "dd", 2) == 0/ { @ = count(); }'],
];
