// Random scripts through both back ends: equal maps, relocations and manifest, and equal events and map contents after their BEGIN
// programs ran, many in one object. FUZZ_SEED repeats a run; `npm run fuzz` runs longer.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bind, readManifest } from "../../runner/core/bind.ts";
import { gatherFacts } from "../../runner/host/facts.ts";
import { HostKernel } from "../../runner/host/kernel.ts";
import { HostNames } from "../../runner/host/names.ts";
import { answerNeed } from "../../runner/host/profile.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { CONTRACT_PARTS, compileBoth, contract, startLlc } from "../support/llvm.ts";
import { Random, runMilliseconds, runSeed } from "../support/random.ts";
import { ScriptGenerator } from "../support/random-script.ts";
import { mayTrace } from "../support/root.ts";

const seed = runSeed();
const llc = startLlc();
const compiler = await Compiler.create(readFileSync(".out/testing-pipeline.wasm"));
test.after(() => llc.close());

const RING_PAGES = 64;

/** What differs between two runs, and what stands for it. */
const UNSTEADY: [RegExp, string][] = [
  [/\b(nsecs|rand|jiffies)\b/g, "(uint64)pid"],
  [/curtask->se\.vruntime/g, "curtask->pid"],
  [/\(uint64\)curtask/g, "(uint64)tid"],
];

function steady(script: string): string {
  return UNSTEADY.reduce((text, [what, by]) => text.replace(what, by), script);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Events in their order, and each map's entries by key. */
async function run(bytes: Uint8Array): Promise<string[]> {
  const bound = bind(bytes, gatherFacts(bytes, readManifest(bytes), new HostNames(), 0), { ringBufferPages: RING_PAGES });
  const object = await new HostKernel(false).load(bound);
  try {
    const seen: string[] = [];
    if (bound.hasRingBuffer) object.onBatch((batch) => seen.push(hex(batch)));
    for (const { symbol } of bound.programs) {
      await object.testRun(symbol);
      if (bound.hasRingBuffer) object.drain();
    }
    const lines = [`events ${seen.join("")}`];
    for (const { name, symbol } of bound.manifest.maps) {
      const { count, keySize, valueSize, keys, values } = await object.readMap(symbol);
      const entries = Array.from(
        { length: count },
        (_, i) => `${hex(keys.subarray(i * keySize, (i + 1) * keySize))}=${hex(values.subarray(i * valueSize, (i + 1) * valueSize))}`,
      );
      lines.push(`${name} ${entries.sort().join(" ")}`);
    }
    return lines;
  } finally {
    object.close();
  }
}

/** What is wrong with a script; empty when both back ends agree, undefined when it was not compared. */
async function disagreement(script: string): Promise<string | undefined> {
  const both = await compileBoth(compiler, llc, script, (need) => compiler.supply(need, answerNeed(need)));
  if (both === undefined) return undefined;
  const [own, llvm] = [contract(both.own), contract(both.llvm)];
  // Relocations differ: each side finds other code dead.
  for (const part of CONTRACT_PARTS.filter((name) => name !== "relocations"))
    if (JSON.stringify(own[part]) !== JSON.stringify(llvm[part]))
      return `${part}: ${JSON.stringify(own[part])}\nllvm ${JSON.stringify(llvm[part])}`;
  const results: string[][] = [];
  for (const object of [both.own, both.llvm]) {
    try {
      results.push(await run(object));
    } catch (error) {
      const log = error instanceof Error && "details" in error ? JSON.stringify(error.details).slice(-1500) : "";
      return `${object === both.own ? "own" : "llvm"}: ${error instanceof Error ? error.message : error} ${log}`;
    }
  }
  const [first = [], second = []] = results;
  const at = first.findIndex((line, index) => line !== second[index]);
  return at < 0 ? "" : `own  ${first[at]}\nllvm ${second[at]}`;
}

/** Scripts that once went wrong. */
const FINDINGS = [
  // Sizes and offsets of the target as shift counts and divisors.
  "BEGIN { $n = pid; @a = $n << offsetof(struct task_struct, tgid); @b = $n >> sizeof(struct task_struct); @c = 7 << sizeof(struct task_struct); }",
  "BEGIN { $n = pid; @a = $n / offsetof(struct task_struct, thread_info); @b = $n % offsetof(struct task_struct, thread_info); }",
];

if (mayTrace()) {
  test("what once went wrong", async () => {
    for (const script of FINDINGS) assert.is(await disagreement(script), "", script);
  });

  test(`scripts: both back ends send the same and leave the same maps, seed ${seed}`, async () => {
    // Values of per-CPU maps lie on the CPU that they were made on.
    spawnSync("taskset", ["-cp", "0", `${process.pid}`]);
    const random = new Random(seed + 31);
    const generator = new ScriptGenerator(random, true, ["BEGIN"]);
    const end = Date.now() + runMilliseconds();
    let compared = 0;
    while (Date.now() < end || compared === 0) {
      const script = steady(generator.script(10 + random.below(80), 12));
      const wrong = await disagreement(script);
      if (wrong === undefined) continue;
      compared++;
      assert.is(wrong, "", `${wrong}\nfor ${script}`);
    }
    if (process.env["TEST_MODE"] === "fuzz") console.log(`${compared} scripts`);
  });
}

test.run();
