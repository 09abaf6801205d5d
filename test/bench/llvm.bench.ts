// What the LLVM back end costs, in Node and in headless Chromium: bytes over the wire, the first compile from nothing, further ones,
// memory. The same scripts by our own back end stand beside it.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ProfileTarget } from "../../runner/core/profile-target.ts";
import { readProfileFile } from "../../runner/host/profile-file.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { openPage, pageMemory, startBrowser } from "../browser/browser.ts";
import { compileWith } from "../browser/compile.ts";
import type { PageCalls } from "../browser/llvm-page.ts";
import { GLUE, MODULE, PROFILE, serveLlvm, WASM } from "../browser/llvm-site.ts";
import { startLlc } from "../support/llvm.ts";
import { milliseconds } from "./measure.ts";
import { table } from "./report.ts";

declare const calls: PageCalls;

const SCRIPTS: [name: string, script: string][] = [
  ["begin", "BEGIN { @ = 1; }"],
  ["count by comm", "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"],
  ["openat", readFileSync("test/compiler/golden/openat.bt", "utf8")],
  ["aggregates", readFileSync("test/compiler/golden/aggregates.bt", "utf8")],
];
const WARM_ROUNDS = 20;

interface Place {
  name: string;
  compile(script: string, backend: "own" | "llvm"): Promise<{ took: number; object: string; errors: string[] }>;
  /** Resident bytes. */
  memory(): Promise<number>;
}

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
const rows: string[][] = [
  ["", "first ms", ...SCRIPTS.map(([name]) => `${name} ms`), "MiB before", "after first", "after all", "own, warm ms"],
];

async function measure(place: Place): Promise<void> {
  const time = async (script: string, backend: "own" | "llvm") => {
    const { took, object, errors } = await place.compile(script, backend);
    if (object === "") throw new Error(`${place.name}: ${errors.join("; ")}`);
    return took;
  };
  const median = async (script: string, backend: "own" | "llvm") => {
    const times: number[] = [];
    for (let round = 0; round < WARM_ROUNDS; round++) times.push(await time(script, backend));
    return times.sort((a, b) => a - b)[WARM_ROUNDS >> 1] ?? 0;
  };
  const own: number[] = [];
  for (const [, script] of SCRIPTS) own.push(await median(script, "own"));
  const before = await place.memory();
  const first = await time(SCRIPTS[0]?.[1] ?? "", "llvm");
  const afterFirst = await place.memory();
  const warm: number[] = [];
  for (const [, script] of SCRIPTS) warm.push(await median(script, "llvm"));
  const cells = [milliseconds(first), ...warm.map(milliseconds), megabytes(before), megabytes(afterFirst), megabytes(await place.memory())];
  rows.push([place.name, ...cells, own.map(milliseconds).join(" ")]);
}

const compiler = await Compiler.create(readFileSync(MODULE));
const target = new ProfileTarget(readProfileFile(PROFILE), "default.profile");
let llc: ReturnType<typeof startLlc> | undefined;
await measure({
  name: "Node",
  compile(script, backend) {
    // The thread starts within the first compile's time.
    if (backend === "llvm") llc ??= startLlc();
    return compileWith(compiler, target, script, backend === "llvm" ? llc : undefined);
  },
  memory: () => Promise.resolve(process.memoryUsage.rss()),
});
await llc?.close();

const site = await serveLlvm();
const browser = await startBrowser();
const page = await openPage(browser, `${site.address}/index.html`, []);
await measure({
  name: "Chromium",
  compile: (script, backend) =>
    backend === "llvm"
      ? page.evaluate((text) => calls.compileLlvm(text, "/llvm/llc.wasm"), script)
      : page.evaluate((text) => calls.compileOwn(text), script),
  memory: () => pageMemory(browser),
});
await browser.close();
await site.close();
const sizes = [GLUE, WASM, MODULE].map((file) => {
  const bytes = readFileSync(file);
  return [file.replace(/.*\//, ""), `${bytes.length}`, `${gzipSync(bytes, { level: 9 }).length}`];
});
console.log(table([["file", "bytes", "gzip -9"], ...sizes]));
console.log(`\nload, instantiate, first compile; then the median of ${WARM_ROUNDS} compiles each\n${table(rows)}`);
