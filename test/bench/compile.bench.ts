// What a compile costs, script by script: one table for each set. Instructions are counted in instructions.bench.ts.

import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { allScripts } from "../support/script-list.ts";
import { MODULE, milliseconds, refusal, timeCompile } from "./measure.ts";
import { Report } from "./report.ts";

const bytes = readFileSync(MODULE);
const size = new Report("module", "compiler module");
size.add("compiler.wasm", "bytes", { raw: statSync(MODULE).size, gzip: gzipSync(bytes, { level: 9 }).length });
size.print();
const module = await WebAssembly.compile(bytes);
const scripts = allScripts().filter(({ set }) => set !== "probes");
const refused: string[] = [];
for (const wanted of new Set(scripts.map(({ set }) => set))) {
  const report = new Report(`compile-${wanted.replaceAll("/", "-").replace(/^-/, "")}`, `compile, ${wanted}`);
  const medians: number[] = [];
  for (const { set, name, text } of scripts) {
    if (set !== wanted) continue;
    const { result, timing } = await timeCompile(module, new TextEncoder().encode(text));
    if (result.kind !== "object") {
      refused.push(`${set} ${name}: ${refusal(result)}`);
      continue;
    }
    medians.push(timing.median);
    report.add(name, "ms", { first: timing.first, warm: timing.median, worst: timing.worst });
  }
  medians.sort((a, b) => a - b);
  const middle = milliseconds(medians[medians.length >> 1] ?? 0);
  report.print();
  console.log(`${medians.length} scripts, warm: median ${middle} ms, worst ${milliseconds(medians.at(-1) ?? 0)} ms\n`);
}
for (const line of refused) console.log(`not compiled: ${line}`);
