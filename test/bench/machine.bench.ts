// How fast the machine interprets: simple arithmetic, the stack, and a hash table that is updated and looked up. CPU time of the best of five.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { MapType } from "../../wasm/machine.ts";
import { add, call, copy, encode, exit, ifZero, make, map, move } from "../machine/code.ts";
import { newMachine } from "../machine/machine.ts";
import { runner } from "../simulated/run.ts";
import type { Instruction } from "../support/instructions.ts";
import { oneLiners } from "../support/one-liners.ts";
import { Report } from "./report.ts";

const ROUNDS = 2_000_000;
const machine = await newMachine();
const handle = machine.createMap({ type: MapType.hash, keySize: 8, valueSize: 8, capacity: 16, name: "hash" });

/** A loop of `ROUNDS` over the body, counted in r6. */
function loop(body: Instruction[]): Instruction[] {
  return [move(0, 0), move(6, ROUNDS), ...body, add(6, -1), make(0x55, 6, 0, -body.length - 2, 0), move(0, 0), exit];
}

const store = (offset: number, source: number) => make(0x7b, 10, source, offset);
const rows: [name: string, code: Instruction[]][] = [
  [
    "arithmetic",
    loop([make(0x0f, 0, 6), make(0xa7, 0, 0, 0, 7), make(0x27, 0, 0, 0, 3), copy(2, 0), make(0x77, 2, 0, 0, 5), make(0x0f, 0, 2)]),
  ],
  ["stack", loop([store(-8, 6), make(0x79, 1, 10, -8), store(-16, 1), make(0x79, 2, 10, -16)])],
  [
    "hash table",
    loop([
      move(1, 5),
      store(-8, 1),
      store(-16, 6),
      ...map(1, handle),
      copy(2, 10),
      add(2, -8),
      copy(3, 10),
      add(3, -16),
      move(4, 0),
      call(2),
      ...map(1, handle),
      copy(2, 10),
      add(2, -8),
      call(1),
      ifZero(0, 3),
      make(0x79, 1, 0, 0),
      add(1, 1),
      make(0x7b, 0, 1, 0),
    ]),
  ],
];

const report = new Report("machine", "interpreted");
for (const [name, code] of rows) {
  const added = machine.addProgram(encode(code));
  if (!added.ok) throw new Error(added.fault.kind);
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    const run = machine.run(added.program, { budget: 1e9 });
    if (!run.ok) throw new Error(run.fault.kind);
    best = Math.max(best, run.instructions / process.cpuUsage(before).user);
  }
  report.add(name, "million instructions per CPU second", { bpfcast: best });
}

/** System calls that a script sees, with the records that the simulation lays out for them and the lines that it prints. */
const CALLS = 20_000;
for (const [name, script] of oneLiners) {
  if (!/^tracepoint:(raw_syscalls|syscalls:sys_e\w+_read)\b/.test(script)) continue;
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    await runner.run(script, { processes: { dd: {} }, steps: [{ syscall: "read", process: "dd", returns: 1, times: CALLS }] });
    best = Math.max(best, CALLS / (process.cpuUsage(before).user / 1000));
  }
  report.add(`simulated system calls: ${name}`, "thousand per CPU second", { bpfcast: best });
}
const module = readFileSync(".out/machine.wasm");
report.add("machine.wasm", "bytes", { bpfcast: module.length });
report.add("machine.wasm, gzip", "bytes", { bpfcast: gzipSync(module).length });
report.print();
