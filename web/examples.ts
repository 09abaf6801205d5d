// Scripts to begin with: one for each kind of thing that people trace.

export interface Example {
  title: string;
  script: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    title: "Hello",
    script: 'begin {\n  printf("Hello from %s, which runs on %d CPUs\\n", comm, ncpus);\n  exit();\n}\n',
  },
  {
    title: "System calls by program",
    script: "// Counts until it is stopped, then prints the map.\ntracepoint:raw_syscalls:sys_enter {\n  @calls[comm] = count();\n}\n",
  },
  {
    title: "Files that are opened",
    script: 'tracepoint:syscalls:sys_enter_openat {\n  printf("%-16s %s\\n", comm, str(args.filename));\n}\n',
  },
  {
    title: "Latency of reads, as a histogram",
    script:
      "tracepoint:syscalls:sys_enter_read {\n  @start[tid] = nsecs;\n}\n\ntracepoint:syscalls:sys_exit_read /@start[tid]/ {\n" +
      "  @microseconds[comm] = hist((nsecs - @start[tid]) / 1000);\n  delete(@start[tid]);\n}\n\ninterval:s:2 {\n  exit();\n}\n\nend {\n  clear(@start);\n}\n",
  },
  {
    title: "A map each second",
    script:
      'tracepoint:raw_syscalls:sys_enter {\n  @[comm] = count();\n}\n\ninterval:s:1 {\n  time("%H:%M:%S\\n");\n  print(@, 3);\n  clear(@);\n}\n',
  },
];
