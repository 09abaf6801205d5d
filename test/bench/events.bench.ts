// Nanoseconds that a program takes per event, as the kernel counts them (bpf_stats_enabled, run_time_ns / run_cnt), on this
// machine's kernel, beside the peers. Minimum of the rounds.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { table } from "./measure.ts";
import { measureTracing, tracers } from "./processes.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
const SWITCH = "/proc/sys/kernel/bpf_stats_enabled";

const scripts: [name: string, script: string][] = [
  ["@ = count()", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"],
  ["@[comm] = count()", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"],
  ["@[pid, comm] = hist(args.id)", "tracepoint:raw_syscalls:sys_enter { @[pid, comm] = hist(args.id); }"],
  [
    "read latency",
    "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start, tid); }",
  ],
  ['/comm == "dd"/', 'tracepoint:raw_syscalls:sys_enter /comm == "dd"/ { @ = count(); }'],
  ['/comm =~ "^d.$"/', 'tracepoint:raw_syscalls:sys_enter /comm =~ "^d.$"/ { @ = count(); }'],
  ["printf", 'tracepoint:syscalls:sys_enter_read { printf("%d\\n", pid); }'],
  ["@[kstack(3)] = count()", "tracepoint:syscalls:sys_enter_read { @[kstack(3)] = count(); }"],
  ["str(args.filename)", "tracepoint:syscalls:sys_enter_newfstatat { @[str(args.filename)] = count(); }"],
  ["stats", "tracepoint:syscalls:sys_exit_read { @ = stats(args.ret); }"],
];

interface Program {
  id: number;
  run_time_ns?: number;
  run_cnt?: number;
}

function programs(): Program[] {
  return JSON.parse(spawnSync("bpftool", ["-j", "prog", "show"], { encoding: "utf8", maxBuffer: 1 << 26 }).stdout) as Program[];
}

/** The load: `dd` reads and writes single bytes. */
function dd(): Promise<void> {
  return new Promise((done) => {
    spawn("dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=1000000", "status=none"], { stdio: "ignore" }).on("close", () => done());
  });
}

const before = readFileSync(SWITCH, "utf8").trim();
const all = tracers();
const rows = [["nanoseconds per event", ...all.map(({ name }) => name)]];
try {
  writeFileSync(SWITCH, "1");
  for (const [name, script] of scripts) {
    const best = all.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { command }] of all.entries()) {
        const known = new Set(programs().map(({ id }) => id));
        await measureTracing([...command, "-o", "/dev/null", "-e", script], async () => {
          await dd();
          // Of two programs of a script both are in the figure: time per pair of events.
          let nanoseconds = 0;
          for (const { id, run_time_ns: time = 0, run_cnt: count = 0 } of programs())
            if (!known.has(id) && count > 10_000) nanoseconds += time / count;
          if (nanoseconds > 0) best[index] = Math.min(best[index] ?? nanoseconds, nanoseconds);
        });
      }
    }
    rows.push([name, ...best.map((figure) => (Number.isFinite(figure) ? figure.toFixed(1) : "-"))]);
  }
} finally {
  writeFileSync(SWITCH, before);
}
console.log(table(rows));
