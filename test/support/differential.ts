// Programs through both back ends into the kernel: what differs afterwards.

import { spawnSync } from "node:child_process";
import { type BoundObject, bind, readManifest } from "../../runner/core/bind.ts";
import type { LoadedObject } from "../../runner/core/kernel.ts";
import { gatherFacts } from "../../runner/host/facts.ts";
import { HostKernel } from "../../runner/host/kernel.ts";
import { HostNames } from "../../runner/host/names.ts";
import type { Compiler } from "../../wasm/compiler.ts";
import type { LlcWorker } from "../../wasm/llvm-node.ts";
import { bytesOf, compileToLlvm, compileToObject, linkLlvm, textOf } from "../compiler/backend.ts";
import { RandomProgram, Random as SmallRandom } from "../compiler/bpf/random-program.ts";
import { LoadError, runInKernel } from "../compiler/kernel-runner.ts";
import { CONTRACT_PARTS, compileBoth, contract } from "./llvm.ts";
import { supplyLive } from "./needs.ts";
import { reduceIr } from "./reduce.ts";

const RING_PAGES = 64;

/** What differs between two runs of a script, and what stands for it. */
const UNSTEADY: [RegExp, string][] = [
  [/\b(nsecs|rand|jiffies)\b/g, "(uint64)pid"],
  [/curtask->se\.vruntime/g, "curtask->pid"],
  [/\(uint64\)curtask/g, "(uint64)tid"],
];

/** A random script without them. */
export function steady(script: string): string {
  return UNSTEADY.reduce((text, [what, by]) => text.replace(what, by), script);
}

/** Values of per-CPU maps lie on the CPU that they were made on: both runs are to have the same. */
export function pinToOneCpu(): void {
  spawnSync("taskset", ["-cp", "0", `${process.pid}`]);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The object for this machine. */
export function bindLive(bytes: Uint8Array): BoundObject {
  return bind(bytes, gatherFacts(bytes, readManifest(bytes), new HostNames(), 0), { ringBufferPages: RING_PAGES });
}

/** Runs a bound object's programs in the kernel: see `outcomeOf`. */
export async function runLive(bound: BoundObject): Promise<string[]> {
  return outcomeOf(bound, await new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bound));
}

/** What a loaded object's programs do: events in their order, and each map's entries by key. */
export async function outcomeOf(
  bound: BoundObject,
  object: Pick<LoadedObject, "onBatch" | "testRun" | "drain" | "readMap" | "close">,
): Promise<string[]> {
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

/**
 * What is wrong with a script; empty when both back ends agree, undefined when it was not compared.
 * @param compiler of the module `testing-pipeline`, which gives LLVM the IR before our passes.
 */
export async function disagreement(compiler: Compiler, llc: LlcWorker, script: string): Promise<string | undefined> {
  const both = await compileBoth(compiler, llc, script, (need) => supplyLive(compiler, need));
  if (both === undefined) return undefined;
  const [own, llvm] = [contract(both.own), contract(both.llvm)];
  // Relocations differ: each side finds other code dead.
  for (const part of CONTRACT_PARTS.filter((name) => name !== "relocations"))
    if (JSON.stringify(own[part]) !== JSON.stringify(llvm[part]))
      return `${part}: ${JSON.stringify(own[part])}\nllvm ${JSON.stringify(llvm[part])}`;
  const results: string[][] = [];
  for (const object of [both.own, both.llvm]) {
    try {
      results.push(await runLive(bindLive(object)));
    } catch (error) {
      const log = error instanceof Error && "details" in error ? JSON.stringify(error.details).slice(-1500) : "";
      return `${object === both.own ? "own" : "llvm"}: ${error instanceof Error ? error.message : error} ${log}`;
    }
  }
  const [first = [], second = []] = results;
  const at = first.findIndex((line, index) => line !== second[index]);
  return at < 0 ? "" : `own  ${first[at]}\nllvm ${second[at]}`;
}

const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";
/** Programs of one object. */
export const BATCH = 60;

/** Programs of IR, which all lie in one object: the numbers that differ, as `PROGRAM: own, llvm`; empty when there are none. */
async function irDifferences(llc: LlcWorker, functions: string[]): Promise<string[]> {
  const ir = MAP + functions.join("\n");
  const llvm = runInKernel(bytesOf(linkLlvm(ir, await llc.compile(textOf(compileToLlvm(ir))))));
  let own: typeof llvm;
  try {
    own = runInKernel(bytesOf(compileToObject(ir, true)));
  } catch (error) {
    if (error instanceof LoadError) return [`refused: ${error.message.slice(-1500)}`];
    throw error;
  }
  return functions.flatMap((_, i) =>
    llvm.counters[i] === own.counters[i] && llvm.programs[i]?.returned === own.programs[i]?.returned
      ? []
      : [`program ${i}: own ${own.counters[i]}, llvm ${llvm.counters[i]}`],
  );
}

/**
 * A batch of random programs: what is wrong; empty when both back ends agree.
 * @param smaller with a program that shows it alone, made smaller.
 */
export async function irDisagreement(llc: LlcWorker, seed: number, smaller = true): Promise<string> {
  const random = new SmallRandom(seed);
  const size = 8 + random.below(40);
  const functions = Array.from({ length: BATCH }, (_, i) => new RandomProgram(random, `program_${i}`, i, size).print());
  const [first] = await irDifferences(llc, functions);
  if (first === undefined || !smaller) return first ?? "";
  const fails = async (text: string): Promise<boolean> => {
    try {
      return (await irDifferences(llc, [text])).length > 0;
    } catch {
      return false;
    }
  };
  // Programs of a batch share a map: alone, one may not show what it shows behind the others.
  for (const text of functions) {
    const alone = text.replace(/data counters \+ \d+/g, "data counters + 0");
    if (await fails(alone)) return `${first}\n${await reduceIr(alone, fails, REDUCE_MILLISECONDS)}`;
  }
  return `${first}, seed ${seed}`;
}

/** Time to make a failing program smaller in. */
export const REDUCE_MILLISECONDS = 20_000;
