// Scripts of the gallery for each kind of probe.

import { bt, type ScriptRow } from "./script-text.ts";

export const PROBE_SCRIPTS: Record<string, readonly ScriptRow[]> = {
  "Kinds of probes": [
    [
      "Before and after everything",
      "begin runs once at the start, end once when all is over: for a heading and a last word.",
      bt`
begin {
  printf("Counting system calls for a second\n");
}

tracepoint:raw_syscalls:sys_enter {
  @calls = count();
}

interval:s:1 {
  exit();
}

end {
  printf("There were %d\n", (int64)@calls);
  clear(@calls);
}
`,
    ],
    [
      "Every event of a category",
      "A pattern puts one body on hundreds of tracepoints; probe says which of them it was.",
      bt`
tracepoint:syscalls:sys_enter_* {
  @[probe] = count();
}

interval:s:1 {
  exit();
}
`,
    ],
    [
      "Raw tracepoints",
      "The same events at a lower price: arguments are plain numbers, here that of the system call.",
      bt`
rawtracepoint:sys_enter {
  @[syscall_name(arg1)] = count();
}
`,
    ],
    [
      "Calls of a kernel function",
      "kprobe stands at the entry of nearly any function of the kernel; arg2 is the third argument.",
      bt`
kprobe:vfs_read {
  @calls[comm] = count();
  @asked = hist(arg2);
}
`,
    ],
    [
      "What a kernel function returns",
      "kretprobe stands at its end, where retval is; reads that failed return less than zero.",
      bt`
kretprobe:vfs_read /(int64)retval > 0/ {
  @bytes[comm] = sum((int64)retval);
}
`,
    ],
    [
      "Arguments by name",
      "fentry knows the types of the kernel: arguments have names, and structures can be walked into.",
      bt`
fentry:tcp_connect {
  $to = args.sk.__sk_common;
  printf("%s connects to %s, port %d\n", comm, ntop($to.skc_daddr), bswap($to.skc_dport));
}
`,
    ],
    [
      "Arguments and result together",
      "fexit has both: how much of what was asked for did each read bring?",
      bt`
fexit:vfs_read /retval >= 0/ {
  @percent[comm] = lhist((uint64)retval * 100 / args.count, 0, 100, 10);
}
`,
    ],
    [
      "A function of a program",
      "uprobe stands at a function of a binary or a library: how often does bash ask for a line?",
      bt`
uprobe:/bin/bash:readline {
  @asked[comm, pid] = count();
}
`,
    ],
    [
      "What is typed into bash",
      "uretprobe stands where the function returns, here with the line that was typed.",
      bt`
uretprobe:/bin/bash:readline {
  time("%H:%M:%S  ");
  printf("%d %s\n", pid, str(retval));
}
`,
    ],
    [
      "Something each half second",
      "interval is a clock for output: strftime writes a time, elapsed is that since the start.",
      bt`
interval:ms:500 {
  printf("%s, %d ms after the start\n", strftime("%H:%M:%S.%l", nsecs), elapsed / 1ms);
}
`,
    ],
    [
      "Samples of what runs",
      "profile looks at every CPU 99 times a second: what is there most is what takes the time.",
      bt`
profile:hz:99 {
  @samples[comm, cpu] = count();
}
`,
    ],
    [
      "Page faults",
      "software counts events of perf in the kernel: this one runs at every tenth page fault.",
      bt`
software:page-faults:10 {
  @tens_of_faults[comm] = count();
}
`,
    ],
  ],
};

/** What only a real kernel has, which the simulated one refuses or never has an event of. */
export const SCRIPTS_FOR_ELSEWHERE: readonly ScriptRow[] = [
  [
    "All processes, at once",
    "iter walks over what the kernel has, here every task; it needs no event.",
    bt`
iter:task {
  printf("%-8d %s\n", ctx.task.pid, ctx.task.comm);
}
`,
  ],
  [
    "Probes that a program brings along",
    "usdt finds the places that the authors of a program have marked, here in the C library.",
    bt`
usdt:/usr/lib/x86_64-linux-gnu/libc.so.6:libc:memory_malloc_retry {
  @[comm] = count();
}
`,
  ],
  [
    "Who writes to this address",
    "watchpoint stops at accesses to a place in memory, which the processor itself watches.",
    bt`
watchpoint:0x10000000:8:w {
  @[kstack] = count();
}
`,
  ],
  [
    "Cache misses",
    "hardware counts with the processor's own counters: one sample for every ten thousand misses.",
    bt`
hardware:cache-misses:10000 {
  @[comm] = count();
}
`,
  ],
  [
    "A look at the map, on demand",
    "kill -USR1 and the process id of bpfcast prints what there is so far.",
    bt`
tracepoint:raw_syscalls:sys_enter {
  @[comm] = count();
}

self:signal:SIGUSR1 {
  print(@);
}
`,
  ],
];
