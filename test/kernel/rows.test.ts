// What an introduction to bpftrace promises, row by row: each row of the list of features that the project was asked for, with a
// script that proves it on a real kernel under the load of test/support/load.c. Rows with kprobes run in a virtual machine.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CALLS } from "../support/cases.ts";
import { mayTrace } from "../support/root.ts";
import { runInVm } from "./vm.ts";

const bpfcast = resolve(".out/bpfcast.cjs");
const folder = mkdtempSync(join(tmpdir(), "bpfcast-rows-"));
const load = join(folder, "make-calls");
const attached = mayTrace() ? test : test.skip;

interface Row {
  /** Rows of the list, and of the tables of probes (P), values (B), functions (F) and aggregations (A). */
  ids: string;
  what: string;
  /** A script, or the words of a command line. */
  script: string | string[];
  /** Runs with the load as its child. */
  loaded?: boolean;
  vm?: boolean;
  /** stdout fits all of them. */
  prints: RegExp[];
}

const enter = "tracepoint:syscalls:sys_enter_";
const exit = "tracepoint:syscalls:sys_exit_";
const BAR = "@".repeat(52);

const rows: Row[] = [
  {
    ids: "S1",
    what: "--info",
    script: ["--info"],
    prints: [/^System$/m, /^ {2}OS: Linux /m, /^Build$/m, /^Kernel helpers$/m, /^Kernel features$/m, /^Map types$/m, /^Probe types$/m],
  },
  {
    ids: "S2",
    what: "-l with a wildcard",
    script: ["-l", "tracepoint:syscalls:sys_enter_get*pid"],
    prints: [/^tracepoint:syscalls:sys_enter_getpid$/m, /^tracepoint:syscalls:sys_enter_getppid$/m],
  },
  {
    ids: "S3 S15 P10 A1",
    what: "a one-liner counts system calls, and prints its map at the end",
    script: "tracepoint:raw_syscalls:sys_enter /args.id == 110/ { @[comm] = count(); }",
    loaded: true,
    prints: [new RegExp(`^@\\[load\\]: ${CALLS}$`, "m")],
  },
  {
    ids: "S4 A7",
    what: "a script file prints a histogram",
    script: ["FILE", `${exit}read /comm == "load"/ { @bytes = hist(args.ret); }`],
    loaded: true,
    prints: [new RegExp(`^@bytes: ?\\n\\[4, 8\\) +${CALLS} \\|${BAR}\\|$`, "m"), new RegExp(`^\\[64, 128\\) +${CALLS} \\|${BAR}\\|$`, "m")],
  },
  {
    ids: "S5 S6 P1",
    what: "comments, statements, begin and end",
    script: '// one\nBEGIN /* two */ { printf("a"); printf("b\\n"); exit(); } END { printf("end\\n"); }',
    prints: [/^ab\nend$/m],
  },
  {
    ids: "S7 S8 S10",
    what: "filters on numbers, texts, decimals and patterns",
    script: `${enter}read /pid != 123 && args->count > 10 && comm == "load"/ { @a = count(); }
${enter}read /args.count > 99.5 && comm =~ "^lo.d$"/ { @b = count(); }`,
    loaded: true,
    prints: [new RegExp(`^@a: ${CALLS}$`, "m"), new RegExp(`^@b: ${CALLS}$`, "m")],
  },
  {
    ids: "S9 S10 S11",
    what: "variables, operators, conditions and loops",
    script:
      'BEGIN { $n = 7; $s = "text"; $i = 0; while ($i < 3) { $i++; } if ($n % 2 == 1 && !($n > 9) || $n < 0) { printf("%d %d %d %d %d %s %d\\n", $n + 1, $n - 1, $n * 2, $n / 2, $n & 3 | 8 ^ 1, $s, $i); } unroll(2) { printf("u"); } }',
    prints: [/^8 6 14 3 11 text 3$/m, /^uu$/m],
  },
  {
    ids: "S12 B1 B2 B3 B17 F1 F12",
    what: "pid, tid, comm, args and str()",
    script: `${enter}openat /comm == "load"/ { @[comm, pid == tid, str(args.filename)] = count(); }`,
    loaded: true,
    prints: [new RegExp(`^@\\[load, true, /no/such/file\\]: ${CALLS}$`, "m")],
  },
  {
    ids: "S12 S15 P5 B16",
    what: "kprobe and argN",
    script: 'kprobe:vfs_read /comm == "load"/ { @[arg2] = count(); }',
    loaded: true,
    vm: true,
    prints: [new RegExp(`^@\\[100\\]: ${CALLS}$`, "m"), new RegExp(`^@\\[5\\]: ${CALLS}$`, "m")],
  },
  {
    ids: "P6 B19",
    what: "kretprobe and retval",
    script: 'kretprobe:vfs_read /comm == "load"/ { @[retval] = count(); }',
    loaded: true,
    vm: true,
    prints: [new RegExp(`^@\\[100\\]: ${CALLS}$`, "m"), new RegExp(`^@\\[5\\]: ${CALLS}$`, "m")],
  },
  {
    ids: "P5 B20 B21",
    what: "wildcards, func and probe",
    script: 'kprobe:vfs_rea* /comm == "load"/ { @[func, probe] = count(); }',
    loaded: true,
    vm: true,
    prints: [new RegExp(`^@\\[vfs_read, kprobe:vfs_read\\]: ${2 * CALLS}$`, "m")],
  },
  {
    ids: "S13 A2 A3 A4 A5 A6",
    what: "sum, min, max, avg and stats",
    script: `${exit}read /comm == "load"/ { @s = sum(args.ret); @i = min(args.ret); @x = max(args.ret); @a = avg(args.ret); @t = stats(args.ret); }`,
    loaded: true,
    prints: [
      new RegExp(`^@s: ${CALLS * 105}$`, "m"),
      /^@i: 5$/m,
      /^@x: 100$/m,
      /^@a: 52$/m,
      new RegExp(`^@t: { .count = ${CALLS * 2}, .average = 52, .total = ${CALLS * 105} }$`, "m"),
    ],
  },
  {
    ids: "S13 A8",
    what: "lhist",
    script: `${exit}read /comm == "load"/ { @ = lhist(args.ret, 0, 200, 50); }`,
    loaded: true,
    prints: [new RegExp(`^\\[0, 50\\) +${CALLS} \\|${BAR}\\|$`, "m"), new RegExp(`^\\[100, 150\\) +${CALLS} \\|${BAR}\\|$`, "m")],
  },
  {
    ids: "S14 F5 F6 F7",
    what: "delete, print with top and div, print of a value, clear, zero",
    script:
      "BEGIN { @x[1] = 10; @x[2] = 20; @x[3] = 30; delete(@x[1]); print(@x); print(@x, 1); print(@x, 1, 10); print((1, @x[2])); clear(@x); @z[5] = 7; zero(@z); }",
    prints: [/^@x\[2\]: 20\n@x\[3\]: 30\n\n?@x\[3\]: 30\n\n?@x\[3\]: 3\n\n?\(1, 20\)$/m, /^@z\[5\]: 0$/m],
  },
  {
    ids: "P14",
    what: "profile",
    script: "profile:hz:99 { @ = count(); } interval:ms:500 { exit(); }",
    prints: [/^@: [1-9]\d*$/m],
  },
  {
    ids: "P15",
    what: "interval",
    script: 'interval:ms:20 { @++; if (@ == 3) { printf("three\\n"); exit(); } }',
    prints: [/^three$/m],
  },
  {
    ids: "B7 B8 B9",
    what: "nsecs, elapsed and cpu",
    script: "BEGIN { $a = nsecs; $b = elapsed; print(nsecs >= $a && $a > 0); print(elapsed >= $b); print(cpu < 4096); }",
    prints: [/^true\ntrue\ntrue$/m],
  },
  {
    ids: "B13",
    what: "curtask and a chain of its fields",
    script: `${enter}getppid /comm == "load"/ { @[curtask.real_parent.tgid == ppid, curtask.tgid == pid] = count(); }`,
    loaded: true,
    prints: [new RegExp(`^@\\[true, true\\]: ${CALLS}$`, "m")],
  },
  {
    ids: "B23",
    // The load has ended when its stack is printed: bpftrace too has no name for the address then.
    what: "kstack and ustack",
    script:
      'uprobe:libc:syscall /comm == "load"/ { @[ustack(1)] = count(); } kprobe:vfs_read /comm == "load"/ { @k[kstack(1)] = count(); }',
    loaded: true,
    vm: true,
    prints: [/^@\[\n {8}(syscall\+\d+|0x[0-9a-f]+)\n\]: \d+$/m, new RegExp(`^@k\\[\\n {8}vfs_read\\+\\d+\\n\\]: ${2 * CALLS}$`, "m")],
  },
  {
    ids: "F16",
    what: "time",
    script: 'BEGIN { time(); time("%Y\\n"); }',
    prints: [/^\d\d:\d\d:\d\d\n20\d\d$/m],
  },
  {
    ids: "F20",
    what: "exit",
    script: 'BEGIN { printf("before\\n"); exit(); printf("behind\\n"); }',
    prints: [/^before$/m, /^(?![\s\S]*behind)/],
  },
  {
    ids: "F26",
    what: "ntop",
    script: 'BEGIN { print(ntop(0x0100007f)); print(ntop(pton("::1"))); print(ntop(10, pton("fe80::2"))); }',
    prints: [/^127\.0\.0\.1\n::1\nfe80::2$/m],
  },
];

function command(row: Row, index: number): string[] {
  let words = typeof row.script === "string" ? ["-e", row.script] : row.script;
  if (words[0] === "FILE") {
    const file = join(folder, `row-${index}.bt`);
    writeFileSync(file, words[1] ?? "");
    words = [file];
  }
  return [bpfcast, ...(row.loaded ? ["-c", `${load} ${CALLS}`] : []), ...words];
}

function judge(row: Row, stdout: string, more: string): void {
  for (const pattern of row.prints) assert.match(stdout, pattern, `${row.ids}: ${pattern}\n${stdout}\n${more}`);
}

test.before(() => {
  execFileSync("gcc", ["-O1", "-o", load, "test/support/load.c"]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

rows.forEach((row, index) => {
  if (row.vm) return;
  attached(`${row.ids}: ${row.what}`, () => {
    const ran = spawnSync("node", command(row, index), { encoding: "utf8", timeout: 60_000 });
    assert.is(ran.status, 0, ran.stderr);
    judge(row, ran.stdout, ran.stderr);
  });
});

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
for (const series of process.env["TEST_MODE"] === "matrix" ? ["5.10", "6.1", "6.12"] : ["6.1"]) {
  const inVm = rows.map((row, index) => ({ row, index })).filter(({ row }) => row.vm);
  test(`kernel ${series}: ${inVm.map(({ row }) => row.ids).join(", ")}`, async () => {
    const commands = inVm.map(({ row, index }) => `echo "=== ${index}"; node ${command(row, index).map(quoted).join(" ")}`);
    const { stdout, stderr } = await runInVm(series, `cd ${process.cwd()}\n${commands.join("\n")}\n`, 300);
    const outputs = new Map(stdout.split("=== ").map((part) => [Number(part.split("\n", 1)[0]), part.slice(part.indexOf("\n") + 1)]));
    for (const { row, index } of inVm) judge(row, outputs.get(index) ?? "", stderr);
  });
}

test.run();
