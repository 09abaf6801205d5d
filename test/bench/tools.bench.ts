// The official tools of bpftrace packages: what a compile costs and what it makes. BPFTRACE_TOOLS is a comma list of folders.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { instructions } from "../support/llvm.ts";
import { llvmInstructions, loadedInstructions, MODULE, milliseconds, refusal, timeCompile } from "./measure.ts";
import { table } from "./report.ts";

const folders = (process.env["BPFTRACE_TOOLS"] ?? "/usr/sbin").split(",").filter((name) => existsSync(join(name, "opensnoop.bt")));
const module = await WebAssembly.compile(readFileSync(MODULE));

for (const folder of folders) {
  const rows = [["tool", "first ms", "warm ms", "worst ms", "in file", "loaded", "llvm"]];
  const refused: string[] = [];
  const medians: number[] = [];
  let sum = 0;
  let sumOfLlvm = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".bt"))) {
    const name = basename(file, ".bt");
    const source = readFileSync(join(folder, file));
    const { result, timing } = await timeCompile(module, source);
    if (result.kind !== "object") {
      refused.push(`${name}: ${refusal(result)}`);
      continue;
    }
    const size = instructions(result.object);
    sum += size;
    medians.push(timing.median);
    const loaded = loadedInstructions(result.object);
    const llvm = await llvmInstructions(module, source);
    sumOfLlvm += llvm;
    rows.push([
      name,
      milliseconds(timing.first),
      milliseconds(timing.median),
      milliseconds(timing.worst),
      `${size}`,
      `${loaded ?? "-"}`,
      `${llvm}`,
    ]);
  }
  medians.sort((a, b) => a - b);
  console.log(`${folder}\n${table(rows)}`);
  console.log(
    `${medians.length} tools, ${sum} instructions, ${sumOfLlvm} by LLVM; warm: median ${milliseconds(medians[medians.length >> 1] ?? 0)} ms, worst ${milliseconds(medians.at(-1) ?? 0)} ms`,
  );
  for (const line of refused) console.log(`not compiled: ${line}`);
}
