// From the start of the process to attached and out: CPU and memory, beside the peers. ROUNDS rounds, in turns.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./measure.ts";
import { inTurns, measure, tracers } from "./processes.ts";
import { Report } from "./report.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 9);
/** A program has a limit of lines, by its limit of instructions. */
const LINES_OF_PROBE = 1000;
/** What takes half a minute is measured once. */
const ONCE = 1;

const all = tracers();
const report = new Report("start", "start to out");

async function add(name: string, rounds: number, words: string[]): Promise<void> {
  const figures = await inTurns(all, rounds, async (tracer) => {
    const usage = await measure([...tracer.command, ...words]);
    return usage === undefined ? undefined : { cpu: usage.cpu, memory: usage.memory / 1024 };
  });
  report.add(name, "CPU s", figures.get("cpu"));
  report.add(name, "MiB", figures.get("memory"));
}

const node = await inTurns([{ name: "node -e 0", command: ["node", "-e", "0"], isOld: false }], ROUNDS, async ({ command }) => {
  const usage = await measure(command);
  return usage && { cpu: usage.cpu };
});
report.add("node -e 0", "CPU s", node.get("cpu"));
await add("BEGIN { exit(); }", ROUNDS, ["-e", "BEGIN { exit(); }"]);
await add("@[comm] = count()", ROUNDS, ["-e", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); } BEGIN { exit(); }"]);
for (const [name, pattern] of [
  ["1 tracepoint", "sys_enter_read"],
  ["360 tracepoints", "sys_enter_*"],
  ["720 tracepoints", "sys_*"],
] as const)
  await add(name, ONCE, ["-e", `tracepoint:syscalls:${pattern} { @ = count(); } BEGIN { exit(); }`]);

for (const lines of [1, 100, 1000, 10_000]) {
  let text = "BEGIN { exit(); }\n";
  for (let done = 0; done < lines; done += LINES_OF_PROBE) {
    const statements = Array.from({ length: Math.min(lines, LINES_OF_PROBE) }, (_, line) => `  @m${line % 20}[${line % 50}] = count();`);
    text += `tracepoint:raw_syscalls:sys_e${done % 2000 === 0 ? "nter" : "xit"} {\n${statements.join("\n")}\n}\n`;
  }
  const file = join(folder, `lines-${lines}.bt`);
  writeFileSync(file, text);
  await add(`script of ${lines} lines`, lines > 100 ? ONCE : ROUNDS, [file]);
}
report.print();
