// The machine in Node.

import { readFile } from "node:fs/promises";
import { Machine, type MachineOptions } from "./machine.ts";

/** A machine from the module that lies beside the running script. */
export async function loadMachine(options: MachineOptions): Promise<Machine> {
  return Machine.create(await readFile(new URL("./machine.wasm", import.meta.url)), options);
}
