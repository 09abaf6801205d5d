// What a compile costs, script by script: one table for each set. Instructions are counted in instructions.bench.ts.

import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { allScripts } from "../support/script-list.ts";
import { MODULE, milliseconds, refusal, timeCompile } from "./measure.ts";
import { table } from "./report.ts";

const bytes = readFileSync(MODULE);
console.log(`module: ${statSync(MODULE).size} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
const module = await WebAssembly.compile(bytes);
const scripts = allScripts().filter(({ set }) => set !== "probes");
const refused: string[] = [];
for (const wanted of new Set(scripts.map(({ set }) => set))) {
  const rows = [[wanted, "first ms", "warm ms", "worst ms"]];
  const medians: number[] = [];
  for (const { set, name, text } of scripts) {
    if (set !== wanted) continue;
    const { result, timing } = await timeCompile(module, new TextEncoder().encode(text));
    if (result.kind !== "object") {
      refused.push(`${set} ${name}: ${refusal(result)}`);
      continue;
    }
    medians.push(timing.median);
    rows.push([name, milliseconds(timing.first), milliseconds(timing.median), milliseconds(timing.worst)]);
  }
  medians.sort((a, b) => a - b);
  const middle = milliseconds(medians[medians.length >> 1] ?? 0);
  console.log(`${table(rows)}\n${medians.length} scripts, warm: median ${middle} ms, worst ${milliseconds(medians.at(-1) ?? 0)} ms\n`);
}
for (const line of refused) console.log(`not compiled: ${line}`);
