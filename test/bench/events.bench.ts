// Nanoseconds that a program takes per event, as the kernel counts them (bpf_stats_enabled, run_time_ns / run_cnt), on this
// machine's kernel, beside the peers. ROUNDS rounds, in turns.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { inTurns, measure, spelled, tracers } from "./processes.ts";
import { Report } from "./report.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
const SWITCH = "/proc/sys/kernel/bpf_stats_enabled";
/** What runs less often than this is no probe of the load. */
const FEWEST_RUNS = 10_000;

const scripts: [name: string, script: string][] = [
  ["@ = count()", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"],
  ["@[comm] = count()", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"],
  ["@[pid, comm] = hist(args.id)", "tracepoint:raw_syscalls:sys_enter { @[pid, comm] = hist(args.id); }"],
  ["read latency, enter", "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; }"],
  [
    "read latency, both",
    "tracepoint:syscalls:sys_enter_read { @start[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@start[tid]/ { @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }",
  ],
  ['/comm == "dd"/', 'tracepoint:raw_syscalls:sys_enter /comm == "dd"/ { @ = count(); }'],
  ['/comm =~ "^d.$"/', 'tracepoint:raw_syscalls:sys_enter /comm =~ "^d.$"/ { @ = count(); }'],
  ["printf", 'tracepoint:syscalls:sys_enter_read { printf("%d\\n", pid); }'],
  ["@[kstack(3)] = count()", "tracepoint:syscalls:sys_enter_read { @[kstack(3)] = count(); }"],
  ["@[str()] = count()", "tracepoint:syscalls:sys_enter_write { @[str(args.buf, 8)] = count(); }"],
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
    spawn("dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=500000", "status=none"], { stdio: "ignore" }).on("close", () => done());
  });
}

const before = readFileSync(SWITCH, "utf8").trim();
const all = tracers();
const report = new Report("events", "program");
try {
  writeFileSync(SWITCH, "1");
  for (const [name, script] of scripts) {
    const figures = await inTurns(all, ROUNDS, async (tracer) => {
      const known = new Set(programs().map(({ id }) => id));
      let found = 0;
      await measure([...tracer.command, "-o", "/dev/null", "-e", spelled(tracer, script)], async () => {
        await dd();
        // Of two programs of a script both are in the figure: time per pair of events.
        for (const { id, run_time_ns: time = 0, run_cnt: count = 0 } of programs())
          if (!known.has(id) && count > FEWEST_RUNS) found += time / count;
      });
      return found === 0 ? undefined : { nanoseconds: found };
    });
    report.add(name, "ns/event", figures.get("nanoseconds"));
  }
} finally {
  writeFileSync(SWITCH, before);
}
report.print();
