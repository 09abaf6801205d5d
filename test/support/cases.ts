// The scripts of the first slice with what they must print under test/support/load.c: from one object each, on every kernel.

import * as assert from "uvu/assert";

/** Calls that the load makes of each kind. */
export const CALLS = 250;

/** A disk for the block I/O case, in the virtual machine. */
export const DISK = "/dev/vda";

export interface Case {
  name: string;
  script: string;
  /** Device that the load reads instead of making system calls. */
  device?: string;
  /** Needs probes that a kernel without kprobes or a block device lacks: virtual machines only. */
  vmOnly?: boolean;
  /** Ends by itself: is run without the load. */
  alone?: boolean;
  /** First kernel series that has the helpers. */
  since?: string;
  /** What stdout must satisfy; `parent` is the process id that the load's parent has. Returns what is wrong, or an empty string. */
  wrong(stdout: string, parent: string): string;
}

const lines = (stdout: string, pattern: RegExp) => stdout.split("\n").filter((line) => pattern.test(line)).length;

function expectLine(stdout: string, line: string): string {
  return stdout.split("\n").includes(line) ? "" : `no line '${line}'`;
}

/** Sum of the counts of a histogram's lines. */
function histogramTotal(stdout: string): number {
  let total = 0;
  for (const line of stdout.split("\n")) total += Number(/^[[(].*[\])]\s+(\d+) \|/.exec(line)?.[1] ?? 0);
  return total;
}

export const cases: Case[] = [
  {
    name: "begin",
    script: 'BEGIN { printf("%d %s\\n", 6 * 7, "x"); exit(); }',
    wrong: (stdout) => expectLine(stdout, "42 x"),
  },
  {
    // 5.14 renamed the field: the object has to find out for itself, and to say the same of the kernel's version.
    name: "has-field",
    script: `BEGIN {
      let $state = 0xffff;
      if (has_field(struct task_struct, __state)) { $state = (uint64)curtask.__state; }
      printf("%d %d %d\\n", has_field(struct task_struct, __state) == (kernel_version() >= kernel_version(5, 14)),
        ($state == 0xffff) == !has_field(struct task_struct, __state), has_field(struct task_struct, nosuch));
      exit();
    }`,
    alone: true,
    wrong: (stdout) => expectLine(stdout, "1 1 0"),
  },
  {
    name: "count",
    script: 'tracepoint:raw_syscalls:sys_enter /comm == "load" && args->id == 110/ { @[comm] = count(); }',
    wrong: (stdout) => expectLine(stdout, `@[load]: ${CALLS}`),
  },
  {
    name: "openat",
    script: 'tracepoint:syscalls:sys_enter_openat /comm == "load"/ { printf("%s %s\\n", comm, str(args->filename)); }',
    wrong: (stdout) => {
      const found = lines(stdout, /^load \/no\/such\/file$/);
      return found === CALLS ? "" : `${found} lines instead of ${CALLS}`;
    },
  },
  {
    name: "kprobe",
    script: 'kprobe:vfs_read /comm == "load"/ { @bytes[comm] = sum(arg2); @h = hist(arg2); }',
    vmOnly: true,
    wrong: (stdout) =>
      expectLine(stdout, `@bytes[load]: ${CALLS * 105}`) ||
      (lines(stdout, new RegExp(`^\\[4, 8\\) +${CALLS} \\|@+\\|$`)) === 1 &&
      lines(stdout, new RegExp(`^\\[64, 128\\) +${CALLS} \\|@+\\|$`)) === 1
        ? ""
        : "the histogram's counts"),
  },
  {
    name: "core",
    script: 'tracepoint:syscalls:sys_enter_getppid /comm == "load"/ { printf("%d\\n", curtask->real_parent->tgid); }',
    wrong: (stdout, parent) => {
      const found = lines(stdout, new RegExp(`^${parent}$`));
      return found === CALLS ? "" : `${found} lines '${parent}' instead of ${CALLS}`;
    },
  },
  {
    name: "filter",
    script: 'tracepoint:syscalls:sys_enter_read /pid != 123 && args->count > 10 && comm == "load"/ { @reads = count(); }',
    wrong: (stdout) => expectLine(stdout, `@reads: ${CALLS}`),
  },
  {
    name: "block",
    script: `BEGIN { printf("Tracing\\n"); }
tracepoint:block:block_bio_queue { @start[args.sector] = nsecs; }
tracepoint:block:block_rq_complete, tracepoint:block:block_bio_complete /@start[args.sector]/ {
  @usecs = hist((nsecs - @start[args.sector]) / 1000);
  delete(@start, args.sector);
}
END { clear(@start); }`,
    device: DISK,
    vmOnly: true,
    wrong: (stdout) => {
      const total = histogramTotal(stdout);
      return total === CALLS ? "" : `${total} requests instead of ${CALLS}`;
    },
  },
  {
    name: "string-key",
    script: 'tracepoint:syscalls:sys_enter_openat /comm == "load"/ { @[str(args.filename, 200), pid > 0] = count(); }',
    wrong: (stdout) => expectLine(stdout, `@[/no/such/file, true]: ${CALLS}`),
  },
  {
    name: "aggregations",
    script: `tracepoint:syscalls:sys_enter_read /comm == "load"/ {
  @min = min(args.count); @max[1] = max(args.count); @avg = avg(args.count); @stats["x", 2] = stats(args.count);
  @l = lhist(args.count, 0, 200, 50); $n = args.count; if ($n == 5) { @five++; } else { @hundred++; }
}`,
    wrong: (stdout) =>
      expectLine(stdout, "@min: 5") ||
      expectLine(stdout, "@max[1]: 100") ||
      expectLine(stdout, "@avg: 52") ||
      expectLine(stdout, `@stats[x, 2]: { .count = ${CALLS * 2}, .average = 52, .total = ${CALLS * 105} }`) ||
      expectLine(stdout, `@five: ${CALLS}`) ||
      expectLine(stdout, `@hundred: ${CALLS}`) ||
      (histogramTotal(stdout) === CALLS * 2 ? "" : "the linear histogram's total"),
  },
  {
    name: "raw-tracepoint",
    script: 'rawtracepoint:sys_enter /comm == "load" && arg1 == 110/ { @calls = count(); }',
    wrong: (stdout) => expectLine(stdout, `@calls: ${CALLS}`),
  },
  {
    name: "tracepoint-wildcard",
    script: 'tracepoint:syscalls:sys_enter_getppi* /comm == "load"/ { @calls = count(); }',
    wrong: (stdout) => expectLine(stdout, `@calls: ${CALLS}`),
  },
  {
    name: "uprobe",
    script:
      'uprobe:libc:syscall /comm == "load"/ { @calls[arg0] = count(); } uretprobe:libc:syscall /comm == "load" && (int64)retval < 0/ { @failed = count(); }',
    wrong: (stdout) =>
      expectLine(stdout, `@calls[110]: ${CALLS}`) || expectLine(stdout, `@calls[257]: ${CALLS}`) || expectLine(stdout, `@failed: ${CALLS}`),
  },
  {
    name: "shared-program",
    script: 'uprobe:libc:syscall, uprobe:libc:read, uprobe:libc:getppid /comm == "load"/ { @calls[func] = count(); @all = count(); }',
    wrong: (stdout) =>
      lines(stdout, /^@calls\[(syscall|read|0x[0-9a-f]+)\]: \d+$/) === 2 && stdout.includes(`@all: ${4 * CALLS}\n`)
        ? ""
        : "the calls of the functions",
  },
  {
    name: "kretprobe",
    script: 'kretprobe:vfs_read /comm == "load"/ { @sizes[retval] = count(); } kprobe:vfs_rea* /comm == "load"/ { @entered = count(); }',
    vmOnly: true,
    wrong: (stdout) =>
      expectLine(stdout, `@sizes[100]: ${CALLS}`) ||
      expectLine(stdout, `@sizes[5]: ${CALLS}`) ||
      expectLine(stdout, `@entered: ${2 * CALLS}`),
  },
  {
    name: "timer",
    script: "interval:ms:10 { @ticks++; if (@ticks == 5) { exit(); } } profile:hz:50 { @samples = count(); }",
    alone: true,
    // Ticks may still come between exit() and the end of the attachments.
    wrong: (stdout) => (Number(/^@ticks: (\d+)$/m.exec(stdout)?.[1]) >= 5 && /^@samples: \d+$/m.test(stdout) ? "" : "the ticks or samples"),
  },
  {
    name: "short-range",
    script: "BEGIN { $sum = 0; for ($i : 0..10) { if ($i == 3) { continue; } if ($i == 8) { break; } $sum += $i; } print($sum); }",
    wrong: (stdout) => expectLine(stdout, "25"),
  },
  {
    name: "long-range",
    script:
      'BEGIN { $sum = 0; $text = "here"; for ($i : 0..1000) { $sum += $i; if ($i == 999) { printf("%s %d\\n", $text, $sum); } } @sum = $sum; }',
    since: "5.17",
    wrong: (stdout) => expectLine(stdout, "here 499500") || expectLine(stdout, "@sum: 499500"),
  },
  {
    name: "map-loop",
    script:
      'BEGIN { @a[1, "x"] = 10; @a[2, "y"] = 20; $sum = 0; for ($kv : @a) { $sum += $kv.1; printf("key %d %s\\n", $kv.0.0, $kv.0.1); } print($sum); }',
    since: "5.13",
    wrong: (stdout) => expectLine(stdout, "30") || expectLine(stdout, "key 1 x") || expectLine(stdout, "key 2 y"),
  },
  {
    name: "wildcard-fields",
    script: 'tracepoint:syscalls:sys_enter_openat* /comm == "load"/ { @[str(args.filename, 20)] = count(); }',
    wrong: (stdout) => expectLine(stdout, `@[/no/such/file]: ${CALLS}`),
  },
];

/** Asserts what a case must print. `output` is what `run` printed, the load's own line included. */
export function judge(one: Case, output: string): void {
  const parent = /^parent (\d+)$/m.exec(output)?.[1] ?? "";
  const wrong = one.wrong(output, parent);
  assert.is(wrong, "", `${one.name}: ${wrong}\n${output}`);
}

/** Whether one kernel series is older than another. */
export function isBefore(series: string, other: string): boolean {
  const [major = 0, minor = 0] = series.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
