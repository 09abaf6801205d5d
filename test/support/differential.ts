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
import { type KernelRun, LoadError, runInKernel } from "../compiler/kernel-runner.ts";
import { backEdges } from "./back-edges.ts";
import { type Both, CONTRACT_PARTS, type Contract, compileBoth, contract } from "./llvm.ts";
import { supplyLive } from "./needs.ts";
import { reduceIr } from "./reduce.ts";

/** The back ends. */
export const SIDES = ["own", "llvm"] as const;
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

const loadLive = (bound: BoundObject) => new HostKernel({ verbose: false, logSize: 1_000_000 }).load(bound);

/** Loads an object of a script, as this kernel needs it. */
export async function loadScript(bytes: Uint8Array): Promise<void> {
  (await loadLive(bindLive(bytes))).close();
}

/** Runs a bound object's programs in the kernel: see `outcomeOf`. */
export async function runLive(bound: BoundObject): Promise<string[]> {
  return outcomeOf(bound, await loadLive(bound));
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

/** What became of programs that went through both back ends. */
export class Tally {
  /** Programs that both back ends made, all of which libbpf was to accept and the kernel to load. */
  compiled = 0;
  /** Those that ran, with the same results from both. */
  executed = 0;
  /** Programs of objects that from both back ends are more than the verifier follows (a million instructions). */
  tooLarge = 0;
  /** Objects whose CO-RE records were compared, and those in which LLVM has fewer than we. */
  objects = 0;
  fewerRecords = 0;
  readonly findings: string[] = [];

  /** After so many nobody reads on. */
  get isEnough(): boolean {
    return this.findings.length >= 5;
  }

  toString(): string {
    const { compiled, executed, tooLarge, objects, fewerRecords, findings } = this;
    const records = objects > 0 ? `; CO-RE records of ${objects} objects compared, LLVM lacks some in ${fewerRecords}` : "";
    return `${compiled} programs compiled by both back ends, accepted by libbpf and loaded, ${executed} executed, ${findings.length} differences${records}; ${tooLarge} more are too much for the verifier from both`;
  }
}

/** What differs in the contract of two objects; empty when nothing does. Of relocations LLVM may have fewer: it finds more code dead. */
export function contractDifference({ own, llvm }: Both, parts: readonly (keyof Contract)[], tally?: Tally): string {
  const [ours, other] = [contract(own), contract(llvm)];
  const common = ours.relocations.filter((record) => other.relocations.includes(record));
  if (tally !== undefined && parts.includes("relocations")) {
    tally.objects++;
    if (common.length < ours.relocations.length) tally.fewerRecords++;
  }
  ours.relocations = common;
  const refused = [...backEdges(own).map((text) => `own ${text}`), ...backEdges(llvm).map((text) => `llvm ${text}`)];
  if (refused.length > 0) return `refused before kernel 6.6: ${refused.join(", ")}`;
  const part = parts.find((name) => JSON.stringify(ours[name]) !== JSON.stringify(other[name]));
  return part === undefined ? "" : `${part}: ${JSON.stringify(ours[part])}\nllvm ${JSON.stringify(other[part])}`;
}

/** What two compilers may not agree on when LLVM has the IR before our passes: each side finds other code dead. */
const BEFORE_PASSES = CONTRACT_PARTS.filter((name) => name !== "relocations");

/** How a script fared: undefined when it has errors and was not compared. `wrong` is empty when both back ends agree. */
export interface Comparison {
  wrong: string;
  programs: number;
}

/**
 * Compares the objects of both back ends, and what they do when all their programs run.
 * @param compiler the product's, or one of the module `testing-pipeline`, which gives LLVM the IR before our passes.
 */
export async function compareScript(
  compiler: Compiler,
  llc: LlcWorker,
  script: string,
  parts: readonly (keyof Contract)[] = BEFORE_PASSES,
  tally?: Tally,
): Promise<Comparison | undefined> {
  const both = await compileBoth(compiler, llc, script, (need) => supplyLive(compiler, need));
  if (both === undefined) return undefined;
  const programs = readManifest(both.own).programs.length;
  const difference = contractDifference(both, parts, tally);
  if (difference !== "") return { wrong: difference, programs };
  return { wrong: await resultDifference(both), programs };
}

/** What a comparison says of objects of which no kernel's verifier sees the end, from neither back end. */
export const TOO_LARGE = "too large";

/** @param refusals of one script's objects. */
export function areTooLarge(refusals: string[]): boolean {
  return refusals.length === SIDES.length && refusals.every((text) => /BPF program is too large\. Processed 10000\d\d insn/.test(text));
}

/** Runs the programs of both objects: what differs, `TOO_LARGE`, or empty when nothing does. */
export async function resultDifference(both: Pick<Both, "own" | "llvm">): Promise<string> {
  const results: string[][] = [];
  const refusals: string[] = [];
  for (const side of SIDES) {
    try {
      results.push(await runLive(bindLive(both[side])));
    } catch (error) {
      refusals.push(`${side}: ${refusalText(error)}`);
    }
  }
  if (refusals.length > 0) return areTooLarge(refusals) ? TOO_LARGE : refusals.join("\n");
  const [first = [], second = []] = results;
  const at = first.findIndex((line, index) => line !== second[index]);
  return at < 0 ? "" : `own  ${first[at]}\nllvm ${second[at]}`;
}

/** Why an object did not load, with the end of the kernel's log. */
export function refusalText(error: unknown): string {
  const log = error instanceof Error && "details" in error ? JSON.stringify(error.details).slice(-1500) : "";
  return `${error instanceof Error ? error.message : error} ${log}`;
}

/** What is wrong with a script; empty when both back ends agree, undefined when it was not compared. */
export async function disagreement(compiler: Compiler, llc: LlcWorker, script: string): Promise<string | undefined> {
  return (await compareScript(compiler, llc, script))?.wrong;
}

const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";
/** Programs of one object where nothing else is asked for. */
const BATCH = 60;

/** Random programs of IR, to lie in one object. */
export function irPrograms(seed: number, count = BATCH): string[] {
  const random = new SmallRandom(seed);
  const size = 8 + random.below(40);
  return Array.from({ length: count }, (_, i) => new RandomProgram(random, `program_${i}`, i, size).print());
}

/** One object of all the programs, from each back end. */
export async function irObjects(llc: LlcWorker, functions: string[]): Promise<{ own: Uint8Array; llvm: Uint8Array }> {
  const ir = MAP + functions.join("\n");
  const llvm = bytesOf(linkLlvm(ir, await llc.compile(textOf(compileToLlvm(ir)))));
  return { own: bytesOf(compileToObject(ir, true)), llvm };
}

/** What two runs of the same programs differ in, as `PROGRAM: own, llvm`. */
export function runDifferences(own: KernelRun, llvm: KernelRun): string[] {
  return own.programs.flatMap(({ name, returned }, i) =>
    llvm.counters[i] === own.counters[i] && llvm.programs[i]?.returned === returned
      ? []
      : [`${name}: own ${own.counters[i]}, llvm ${llvm.counters[i]}`],
  );
}

async function irDifferences(llc: LlcWorker, functions: string[]): Promise<string[]> {
  const objects = await irObjects(llc, functions);
  const refused = SIDES.flatMap((side) => backEdges(objects[side]).map((text) => `${side} refused before kernel 6.6: ${text}`));
  if (refused.length > 0) return refused;
  const runs: KernelRun[] = [];
  for (const side of SIDES) {
    try {
      runs.push(runInKernel(objects[side]));
    } catch (error) {
      if (error instanceof LoadError) return [`${side} refused: ${error.message.slice(-1500)}`];
      throw error;
    }
  }
  const [own, llvm] = runs;
  return own?.programs.length === functions.length && llvm !== undefined ? runDifferences(own, llvm) : ["not all programs ran"];
}

/**
 * A batch of random programs: what is wrong; empty when both back ends agree.
 * @param smaller with a program that shows it alone, made smaller.
 */
export async function irDisagreement(llc: LlcWorker, seed: number, smaller = true, count = BATCH): Promise<string> {
  const functions = irPrograms(seed, count);
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

/** What kind of difference one is, so that a smaller script is one for the same reason. */
export function kindOf(wrong: string): string {
  const refused = /^(own|llvm): /.exec(wrong);
  if (refused === null) return (/^\w+/.exec(wrong) ?? [""])[0];
  // The verifier's last words, without its numbers.
  const words = /\n([^\n]*)\nprocessed \d/.exec(wrong.replaceAll("\\n", "\n"))?.[1] ?? wrong.slice(0, 80);
  return `${refused[0]}${words.replace(/[0-9]+|0x[0-9a-f]+/g, "")}`;
}

/** Time to make a failing program smaller in. */
export const REDUCE_MILLISECONDS = 20_000;
