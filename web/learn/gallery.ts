// Scripts to begin with, for each kind of probe, each aggregation and most of the language. Loaded when the gallery is opened.

import { FIRST_SCRIPT } from "./first.ts";
import { LANGUAGE_SCRIPTS } from "./language-scripts.ts";
import { PROBE_SCRIPTS, SCRIPTS_FOR_ELSEWHERE } from "./probe-scripts.ts";
import { bt, type ScriptRow } from "./script-text.ts";

export interface GalleryScript {
  title: string;
  group: string;
  /** What it shows, in a sentence. */
  about: string;
  script: string;
  /** The simulated kernel has nothing of the kind; a real one does. */
  runsHere?: false;
}

const FIRST_STEPS: Record<string, readonly ScriptRow[]> = {
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
};

const QUESTIONS: Record<string, readonly ScriptRow[]> = {
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

export const GALLERY: readonly GalleryScript[] = [
  ...Object.entries({ ...FIRST_STEPS, ...PROBE_SCRIPTS, ...LANGUAGE_SCRIPTS, ...QUESTIONS }).flatMap(([group, scripts]) =>
    scripts.map(([title, about, script]) => ({ title, group, about, script })),
  ),
  ...SCRIPTS_FOR_ELSEWHERE.map(([title, about, script]) => ({
    title,
    group: "On a real kernel only",
    about,
    script,
    runsHere: false as const,
  })),
];
