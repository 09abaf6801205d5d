// Scripts of the gallery for aggregations, maps and the rest of the language.

import { bt, type ScriptRow } from "./script-text.ts";

export const LANGUAGE_SCRIPTS: Record<string, readonly ScriptRow[]> = {
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
};
