// Whole scripts in the kernel and in the machine: the events that they send and the maps that they leave.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BoundObject } from "../../runner/core/bind.ts";
import type { BatchHandler, LoadedObject } from "../../runner/core/kernel.ts";
import type { TargetTypes } from "../../runner/simulated/core-types.ts";
import { loadObject, stoppedError } from "../../runner/simulated/load.ts";
import type { Compiler } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Machine } from "../../wasm/machine.ts";
import { COUNTER_SECTION, RING_BUFFER_MAP } from "../../wasm/manifest.ts";
import { bindLive, outcomeOf, runLive } from "../support/differential.ts";
import { supplyLive } from "../support/needs.ts";

/** What two runs answer differently, or the kernel alone. */
const UNSTEADY =
  /\b(nsecs|elapsed|rand|jiffies|curtask|kstack|ustack|cgroup|cgroupid|strftime|time|system|cat|signal|kaddr|uaddr|macaddr|path|kptr|uptr|cpid|buf\(pid|str\(0x|debugf|printf\("%s", \(int8 \*\))/;

/** Script texts that the suite's tests run by a BEGIN probe alone, out of the tests' own sources. */
export function suiteScripts(): string[] {
  const found = new Set<string>();
  const tests = readdirSync("test/kernel").filter((name) => name.endsWith(".test.ts"));
  for (const file of [...tests.map((name) => join("test/kernel", name)), "test/support/language-rows.ts"]) {
    const source = readFileSync(file, "utf8");
    for (const [literal, quote] of source.matchAll(/(["'])(?:BEGIN|begin) \{(?:\\.|(?!\1)[^\\\n])*\1/g)) {
      found.add(new Function(`return ${literal}`)() as string);
      if (quote === undefined) throw new Error("a literal has a quote");
    }
  }
  return [...found].filter((script) => !UNSTEADY.test(script));
}

/** The little of a loaded object that runs begin programs and reads what they leave. */
function loadedInMachine(
  machine: Machine,
  bound: BoundObject,
  targets: TargetTypes | undefined,
): Pick<LoadedObject, "onBatch" | "testRun" | "drain" | "readMap" | "close"> & { isFlooded(): boolean } {
  const loaded = loadObject(machine, bound, targets);
  const handle = (name: string): number => loaded.maps.get(name) ?? 0;
  let handler: BatchHandler = () => {};
  /** Bytes of all records. */
  let sent = 0;
  return {
    onBatch: (to) => {
      handler = to;
    },
    testRun: async (symbol) => {
      const program = loaded.programs.get(symbol)?.handle ?? 0;
      const result = machine.run(program);
      if (!result.ok) throw stoppedError(result.fault, loaded, bound);
      return { value: Number(result.returned), duration: 0 };
    },
    drain: () => {
      const batch = machine.drain(handle(RING_BUFFER_MAP));
      sent += batch.length;
      if (batch.length > 0) handler(batch);
    },
    readMap: async (symbol) => machine.readMap(handle(symbol)),
    close: () => {},
    isFlooded: () =>
      sent > bound.ringBytes ||
      (loaded.maps.has(COUNTER_SECTION) && machine.readMap(handle(COUNTER_SECTION)).values.some((byte) => byte !== 0)),
  };
}

/** Lets the machine's current event be this process on CPU 0, as test runs have it. */
export function beThisProcess(machine: Machine): void {
  machine.setEvent({
    process: process.pid,
    thread: process.pid,
    user: process.getuid?.() ?? 0,
    group: process.getgid?.() ?? 0,
    comm: readFileSync("/proc/self/comm", "utf8").trim(),
    cpu: 0,
  });
}

/**
 * What differs after a script ran in both; empty when nothing does, undefined when it was not compared: the compiler or the kernel do
 * not take it.
 * @param prepare lays out what the script reads beyond its own memory.
 */
export async function scriptDifference(
  compiler: Compiler,
  machine: Machine,
  targets: TargetTypes | undefined,
  script: string,
  prepare: (machine: Machine) => void = () => {},
): Promise<string | undefined> {
  const source = new TextEncoder().encode(script);
  for (let round = 0; round < 8; round++) {
    const made = compiler.compile(source, { name: "stdin", live: true });
    if (made.kind === "needs") {
      for (const need of made.needs) supplyLive(compiler, need);
      continue;
    }
    if (made.kind !== "object") return undefined;
    let bound: BoundObject;
    let kernel: string[];
    try {
      bound = bindLive(made.object);
      kernel = await runLive(bound);
    } catch (error) {
      if (error instanceof BpfcastError) return undefined;
      throw error;
    }
    machine.reset({ cpus: machine.cpus });
    beThisProcess(machine);
    prepare(machine);
    try {
      const loaded = loadedInMachine(machine, bound, targets);
      const ours = await outcomeOf(bound, loaded);
      // How much of a flood arrives depends on who reads while the program runs, and behind the ring's end records lie on older ones.
      if (loaded.isFlooded()) return undefined;
      const at = kernel.findIndex((line, index) => line !== ours[index]);
      return at < 0 ? "" : `kernel  ${kernel[at]}\nmachine ${ours[at]}`;
    } catch (error) {
      if (error instanceof BpfcastError) return `${error.message} (${error.details.log ?? ""}, line ${error.details.location?.line})`;
      throw error;
    }
  }
  return undefined;
}
