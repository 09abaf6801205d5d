// Random programs in the kernel and in the machine: what differs.

import type { Machine } from "../../wasm/machine.ts";
import { bytesOf, compileToObject } from "../compiler/backend.ts";
import { RandomProgram, Random as SmallRandom } from "../compiler/bpf/random-program.ts";
import { LoadError, runInKernel } from "../compiler/kernel-runner.ts";
import { buildObject, type ProgramSpec } from "../support/objects.ts";
import { runInMachine } from "./machine.ts";
import { randomCode } from "./random-code.ts";

const MAP = "map cells type 2 key 4 value 8 entries 4 flags 0\n";
/** Programs of one object. */
export const BATCH = 60;

/** Runs an object in both. @returns the first difference; empty when there is none. */
function difference(machine: Machine, object: Uint8Array, describe: (program: number) => string): string {
  const kernel = runInKernel(object);
  const ours = runInMachine(machine, object);
  if (kernel.programs.length !== ours.programs.length)
    return `${kernel.programs.length} programs, and ${ours.programs.length} in the machine`;
  for (const [index, { name, returned }] of kernel.programs.entries()) {
    const own = ours.programs[index];
    const counters = [kernel.counters[index], ours.counters[index]];
    if (own?.name !== name) return `program ${index} is ${name}, in the machine ${own?.name}`;
    if (own.returned === returned && counters[0] === counters[1]) continue;
    return `${name}: kernel ${returned} ${counters[0]}, machine ${own.returned} ${counters[1]}\n${describe(index)}`;
  }
  const at = kernel.counters.findIndex((value, index) => value !== ours.counters[index]);
  return at < 0 ? "" : `counter ${at}: kernel ${kernel.counters[at]}, machine ${ours.counters[at]}`;
}

/** A batch of programs of IR. */
export function programDifference(machine: Machine, seed: number): string {
  const random = new SmallRandom(seed);
  const size = 8 + random.below(40);
  const programs = Array.from({ length: BATCH }, (_, index) => new RandomProgram(random, `program_${index}`, index, size).print());
  const object = bytesOf(compileToObject(MAP + programs.join("\n"), random.below(2) === 0));
  return difference(machine, object, (index) => `seed ${seed}\n${programs[index]}`);
}

/** A batch of programs of instructions. */
export function arithmeticDifference(machine: Machine, seed: number): string {
  const random = new SmallRandom(seed);
  const programs = Array.from({ length: BATCH }, (_, index): ProgramSpec => {
    return { name: `program_${index}`, section: "raw_tp/test", code: randomCode(random, index * 8) };
  });
  const object = buildObject({ programs, data: { ".data.counters": new Uint8Array(BATCH * 8) } });
  try {
    return difference(machine, object, (index) => `seed ${seed}\n${JSON.stringify(programs[index]?.code)}`);
  } catch (error) {
    if (error instanceof LoadError) return `seed ${seed}: the kernel refuses it: ${error.message}`;
    throw error;
  }
}
