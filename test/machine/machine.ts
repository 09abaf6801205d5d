// A machine for tests, and objects run in it as test/compiler/kernel-runner.ts runs them in the kernel.

import { readFileSync } from "node:fs";
import { type LoadedObjectCode, loadObject, stoppedError } from "../../runner/simulated/load.ts";
import { Machine, type MachineOptions } from "../../wasm/machine.ts";
import { contextArgument, type KernelRun } from "../compiler/kernel-runner.ts";

let module: WebAssembly.Module | undefined;

export async function newMachine(options: MachineOptions = { cpus: 2 }): Promise<Machine> {
  module ??= new WebAssembly.Module(readFileSync(".out/machine.wasm"));
  return Machine.create(module, options);
}

/** The context that run-programs.c gives. */
export function testContext(): Uint8Array {
  const context = new Uint8Array(88);
  const view = new DataView(context.buffer);
  for (let index = 0; index < 11; index++) view.setBigUint64(index * 8, BigInt.asUintN(64, contextArgument(index)), true);
  return context;
}

/** Loads `object` and runs each of its programs once, in the order of the object. @throws BpfcastError. */
export function runInMachine(machine: Machine, object: Uint8Array): KernelRun {
  machine.reset({ cpus: 2 });
  const loaded: LoadedObjectCode = loadObject(machine, { bytes: object }, undefined);
  const run: KernelRun = { programs: [], counters: [] };
  const context = testContext();
  for (const { handle, symbol } of loaded.programs.values()) {
    const result = machine.run(handle, { context });
    if (!result.ok) throw stoppedError(result.fault, loaded, { bytes: object });
    run.programs.push({ name: symbol, returned: Number(result.returned & 0xffff_ffffn) });
  }
  const counters = loaded.maps.get(".data.counters");
  if (counters !== undefined) {
    const { values } = machine.readMap(counters);
    const view = new DataView(values.buffer);
    for (let at = 0; at + 8 <= values.length; at += 8) run.counters.push(view.getBigUint64(at, true));
  }
  return run;
}
