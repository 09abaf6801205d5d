// Scripts to begin with, for each kind of probe, each aggregation and most of the language. Loaded when the gallery is opened.

import { FIRST_SCRIPT } from "./first.ts";
import { bt } from "./script-text.ts";

export interface GalleryScript {
  title: string;
  group: string;
  /** What it shows, in a sentence. */
  about: string;
  script: string;
  /** The simulated kernel has nothing of the kind; a real one does. */
  runsHere?: false;
}

/** Groups by name, each a list of [title, sentence, script]. */
const GROUPS: Record<string, readonly (readonly [title: string, about: string, script: string])[]> = {
  "Start here": [
    [
      "Hello",
      "One line of text, then the end.",
      bt`
begin {
  printf("Hello from %s, which runs on %d CPUs\n", comm, ncpus);
  exit();
}
`,
    ],
    ["System calls by program", "Counts what each program asks the kernel for, until it is stopped.", FIRST_SCRIPT],
    [
      "Files that are opened",
      "A line for each file that a program opens, with the name of both.",
      bt`
tracepoint:syscalls:sys_enter_openat {
  printf("%-16s %s\n", comm, str(args.filename));
}
`,
    ],
    [
      "Latency of reads, as a histogram",
      "How long reads take, by program: a time is kept at the entry and looked up at the exit.",
      bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  $took = (int64)nsecs - @start[tid];
  @microseconds[comm] = hist((uint64)$took / 1000);
  _ = delete(@start, tid);
}

interval:s:2 {
  exit();
}

end {
  clear(@start);
}
`,
    ],
    [
      "A map each second",
      "The three busiest programs of every second, with the time of day.",
      bt`
tracepoint:raw_syscalls:sys_enter {
  @[comm] = count();
}

interval:s:1 {
  time("%H:%M:%S\n");
  print(@, 3);
  clear(@);
}
`,
    ],
  ],
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
  Aggregations: [
    [
      "count: how often",
      "One number for each key. Each CPU counts for itself, so nothing is lost.",
      bt`
tracepoint:syscalls:sys_enter_openat {
  @opened[str(args.filename)] = count();
}
`,
    ],
    [
      "sum: how much in all",
      "Adds up, here the bytes that each program has written to sockets.",
      bt`
tracepoint:syscalls:sys_exit_writev /args.ret > 0/ {
  @bytes[comm] = sum(args.ret);
}
`,
    ],
    [
      "avg, min and max",
      "The mean, the smallest and the largest read of each program.",
      bt`
tracepoint:syscalls:sys_exit_read {
  @mean[comm] = avg(args.ret);
  @smallest[comm] = min(args.ret);
  @largest[comm] = max(args.ret);
}
`,
    ],
    [
      "stats: three in one",
      "Count, average and total of what goes to the disk.",
      bt`
tracepoint:block:block_rq_issue {
  @bytes[args.comm] = stats(args.bytes);
}
`,
    ],
    [
      "hist: powers of two",
      "Each bucket is twice as wide as the one before: for what is mostly small and sometimes huge.",
      bt`
tracepoint:syscalls:sys_exit_read {
  @coarse = hist(args.ret);
  // With 2 more bits, each of them has four parts.
  @fine = hist(args.ret, 2);
}
`,
    ],
    [
      "lhist: equal steps",
      "Buckets of equal width between two bounds: here from 0 to 4096, each 512 wide.",
      bt`
tracepoint:syscalls:sys_exit_read {
  @bytes[comm] = lhist(args.ret, 0, 4096, 512);
}
`,
    ],
    [
      "tseries: over time",
      "A curve: the bytes read in each fifth of a second, for the last two seconds.",
      bt`
config = {
  unstable_tseries = enable
}

tracepoint:syscalls:sys_exit_read /args.ret > 0/ {
  @bytes = tseries(args.ret, 200ms, 10, "sum");
}

interval:s:2 {
  exit();
}
`,
    ],
  ],
  Maps: [
    [
      "Keys of several parts",
      "Who calls what: a program, its user and a system call make one key.",
      bt`
tracepoint:raw_syscalls:sys_enter {
  @[comm, username, syscall_name(args.id)] = count();
}
`,
    ],
    [
      "Only the top of a map",
      "print() with a number shows the largest values; a second one divides them, here into thousands.",
      bt`
tracepoint:syscalls:sys_exit_writev /args.ret > 0/ {
  @bytes[comm, pid] = sum(args.ret);
}

tracepoint:syscalls:sys_exit_read /args.ret > 0/ {
  @bytes[comm, pid] = sum(args.ret);
}

interval:s:1 {
  print(@bytes, 2, 1000);
  clear(@bytes);
}
`,
    ],
    [
      "A loop over a map",
      "for goes through the entries: .0 is the key, .1 the value.",
      bt`
tracepoint:raw_syscalls:sys_enter {
  @calls[comm] = count();
}

interval:s:1 {
  for ($entry : @calls) {
    printf("%-10s %6d calls\n", $entry.0, (int64)$entry.1);
  }
  exit();
}

end {
  clear(@calls);
}
`,
    ],
    [
      "Leaving out one key",
      "delete() takes a single entry away and says whether it was there.",
      bt`
tracepoint:raw_syscalls:sys_enter {
  @calls[comm] = count();
}

interval:s:1 {
  if (delete(@calls, "nginx")) {
    printf("Without nginx, in this second:\n");
  }
  print(@calls);
  clear(@calls);
}
`,
    ],
    [
      "A map that forgets",
      "Declared as lruhash, a map has room for so many entries, here three, and drops those that were not used for longest.",
      bt`
let @last = lruhash(3);

tracepoint:syscalls:sys_enter_openat {
  @last[str(args.filename)] = nsecs / 1ms;
}
`,
    ],
    [
      "Tuples as values",
      "Several values that belong together are kept as one.",
      bt`
tracepoint:syscalls:sys_enter_openat {
  @last_opened[comm] = (pid, str(args.filename));
}

interval:s:1 {
  $web = @last_opened["nginx"];
  printf("Process %d has opened %s\n", $web.0, $web.1);
}
`,
    ],
  ],
  "The language": [
    [
      "Predicates",
      "Between slashes stands a condition: only then does the body run.",
      bt`
tracepoint:raw_syscalls:sys_enter /comm == "nginx" && args.id != 3/ {
  @[syscall_name(args.id)] = count();
}
`,
    ],
    [
      "if, else and counting loops",
      "Decisions as in other languages; a loop goes over a range, whose end is not part of it.",
      bt`
begin {
  for ($number : 1..6) {
    $square = $number * $number;
    if ($square > 10) {
      printf("%d squared is %d\n", $number, $square);
    } else {
      printf("%d squared is 10 at most\n", $number);
    }
  }
  exit();
}
`,
    ],
    [
      "Macros",
      "A name for what would be written twice; it works on maps and on any expression.",
      bt`
macro count_sizes(@sizes, size) {
  if (size > 0) {
    @sizes[comm] = hist(size);
  }
}

tracepoint:syscalls:sys_exit_read {
  count_sizes(@read, args.ret);
}

tracepoint:syscalls:sys_exit_writev {
  count_sizes(@written, args.ret);
}
`,
    ],
    [
      "Strings and patterns",
      "=~ tests for a regular expression, strcontains() for a part of a text.",
      bt`
tracepoint:syscalls:sys_enter_openat {
  $file = str(args.filename);
  if ($file =~ "/var/www/.*\.html") {
    @pages[$file] = count();
  } else if (strcontains($file, "/lib/")) {
    @libraries[$file] = count();
  }
}
`,
    ],
    [
      "Named parameters",
      "getopt() makes an option of the command line, such as --program=bash; here it has its default.",
      bt`
tracepoint:raw_syscalls:sys_enter /comm == getopt("program", "postgres", "whose calls to count")/ {
  @[comm, syscall_name(args.id)] = count();
}
`,
    ],
    [
      "Decimal numbers",
      "Half pages and the like: a decimal is compared exactly, though the kernel has no fractions.",
      bt`
tracepoint:syscalls:sys_exit_writev /args.ret > 1.5 * 4096/ {
  @more_than_a_page_and_a_half[comm] = count();
}
`,
    ],
    [
      "Records",
      "Values with names, put together on the spot and printed as a whole.",
      bt`
tracepoint:sched:sched_process_exec {
  $event = (program = comm, process = pid, user = uid);
  print($event);
}
`,
    ],
  ],
  "Where time goes": [
    [
      "Latency of the disk",
      "From the request to its completion, which come on different threads: device and sector are the key.",
      bt`
tracepoint:block:block_rq_issue {
  @start[args.dev, args.sector] = (int64)nsecs;
}

tracepoint:block:block_rq_complete /has_key(@start, (args.dev, args.sector))/ {
  $took = (int64)nsecs - @start[args.dev, args.sector];
  @microseconds = hist((uint64)$took / 1000);
  _ = delete(@start, (args.dev, args.sector));
}
`,
    ],
    [
      "Slow reads only",
      "A line for each read of more than 100 microseconds.",
      bt`
tracepoint:syscalls:sys_enter_read {
  @start[tid] = (int64)nsecs;
}

tracepoint:syscalls:sys_exit_read /has_key(@start, tid)/ {
  $took = (int64)nsecs - @start[tid];
  _ = delete(@start, tid);
  if ($took > 100us) {
    printf("%s waited %d us for %d bytes\n", comm, (uint64)$took / 1000, args.ret);
  }
}
`,
    ],
    [
      "How long processes live",
      "From exec to exit: short-lived processes are easily missed by tools that look now and then.",
      bt`
tracepoint:sched:sched_process_exec {
  @born[pid] = (int64)nsecs;
}

tracepoint:sched:sched_process_exit /has_key(@born, pid)/ {
  $lived = (int64)nsecs - @born[pid];
  printf("%-6d %-8s %6d us\n", pid, comm, (uint64)$lived / 1000);
  _ = delete(@born, pid);
}
`,
    ],
    [
      "The way into the kernel",
      "kstack is the chain of functions that led here: a map with it as its key counts each way once.",
      bt`
kprobe:vfs_read {
  @[kstack(4), comm] = count();
}
`,
    ],
    [
      "The way through a program",
      "ustack is the same for the program itself: which of its functions opens files?",
      bt`
tracepoint:syscalls:sys_enter_openat /comm == "nginx"/ {
  @opens[ustack] = count();
}
`,
    ],
  ],
  "What goes wrong": [
    [
      "Files that are not there",
      "The name is known at the entry, the error at the exit: both are told in one line.",
      bt`
tracepoint:syscalls:sys_enter_openat {
  @name[tid] = args.filename;
}

tracepoint:syscalls:sys_exit_openat /args.ret < 0/ {
  printf("%-10s %s: %s\n", comm, str(@name[tid]), strerror(-args.ret));
}

interval:s:1 {
  exit();
}

end {
  clear(@name);
}
`,
    ],
    [
      "New processes",
      "Who starts whom, and with which words.",
      bt`
tracepoint:sched:sched_process_fork {
  printf("%s (%d) makes process %d\n", args.parent_comm, args.parent_pid, args.child_pid);
}

tracepoint:syscalls:sys_enter_execve {
  printf("%d becomes ", pid);
  join(args.argv);
}
`,
    ],
  ],
};

/** What only a real kernel has, in the same form. */
const ELSEWHERE: (typeof GROUPS)[string] = [
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

export const GALLERY: readonly GalleryScript[] = [
  ...Object.entries(GROUPS).flatMap(([group, scripts]) => scripts.map(([title, about, script]) => ({ title, group, about, script }))),
  ...ELSEWHERE.map(([title, about, script]) => ({
    title,
    group: "On a real kernel only",
    about,
    script,
    runsHere: false as const,
  })),
];
