// Where simulated things lie: a heap for the kernel and one for each process, which only grow.

import { KERNEL_SPACE, type Machine } from "../../wasm/machine.ts";
import type { Btf } from "../core/btf.ts";
import type { TargetTypes } from "./core-types.ts";
import { badValue, type Room } from "./values.ts";

/** The kernel's heap lies in its direct mapping, beyond what the machine keeps for itself. */
const KERNEL_HEAP = 0xffff_8882_0000_0000n;
const USER_HEAP = 0x7f00_0000_0000n;
/** Between two objects nothing can be read: what runs over the end of one is seen. */
const GAP = 16n;

/** One address space. */
export class Memory implements Room {
  readonly #machine: Machine;
  readonly #space: number;
  readonly #types: TargetTypes;
  readonly #objects: ReadonlyMap<string, bigint>;
  #next: bigint;

  /** @param objects addresses by the names that a scenario has for them. */
  constructor(machine: Machine, space: number, types: TargetTypes, objects: ReadonlyMap<string, bigint>) {
    this.#machine = machine;
    this.#space = space;
    this.#types = types;
    this.#objects = objects;
    this.#next = space === KERNEL_SPACE ? KERNEL_HEAP : USER_HEAP;
  }

  place(bytes: Uint8Array, alignment: number): bigint {
    const unit = BigInt(Math.max(alignment, 8));
    const address = ((this.#next + unit - 1n) / unit) * unit;
    this.#machine.addMemory(this.#space, address, bytes);
    this.#next = address + BigInt(bytes.length) + GAP;
    return address;
  }

  object(name: string): bigint {
    const address = this.#objects.get(name);
    if (address === undefined) throw badValue(`object '${name}'`, "there is none of this name");
    return address;
  }

  type(name: string): { btf: Btf; id: number } {
    const found = this.#types.named(name);
    if (found === undefined) throw badValue(`type '${name}'`, "the profile's kernel has none of this name");
    return found;
  }
}
