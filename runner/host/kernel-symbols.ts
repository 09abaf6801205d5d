// Symbols of the kernel and its modules: /proc/kallsyms, read when first asked for.

import { readFileSync } from "node:fs";
import type { SymbolPlace } from "../core/names.ts";

/** Addresses above this are the kernel's own: nothing lies 16 MiB behind its last symbol. */
const MAX_DISTANCE = 1n << 24n;

export class KernelSymbols {
  #addresses: BigUint64Array | undefined;
  #names: string[] = [];
  #modules: string[] = [];
  /** Absolute symbols, which no address lies in: before 6.15 per-CPU variables are such, by their offset in each CPU's. */
  readonly #absolute = new Map<string, bigint>();

  /** @param text `address type name[\t[module]]` a line. */
  #load(text: string): BigUint64Array {
    const rows: { address: bigint; name: string; module: string }[] = [];
    for (const line of text.split("\n")) {
      const match = /^([0-9a-f]+) (.) ([^\s]+)(?:\s+\[(.+)\])?$/.exec(line);
      if (match === null) continue;
      const [, digits = "", kind = "", name = "", module = ""] = match;
      const address = BigInt(`0x${digits}`);
      if (kind === "A" || kind === "a") this.#absolute.set(name, address);
      else if (address !== 0n) rows.push({ address, name, module });
    }
    rows.sort((left, right) => (left.address < right.address ? -1 : left.address > right.address ? 1 : 0));
    this.#names = rows.map(({ name }) => name);
    this.#modules = rows.map(({ module }) => module);
    const addresses = BigUint64Array.from(rows, ({ address }) => address);
    this.#addresses = addresses;
    return addresses;
  }

  #all(): BigUint64Array {
    if (this.#addresses !== undefined) return this.#addresses;
    try {
      return this.#load(readFileSync("/proc/kallsyms", "latin1"));
    } catch {
      return this.#load("");
    }
  }

  find(address: bigint): SymbolPlace | undefined {
    if (address === 0n) return undefined;
    const addresses = this.#all();
    let low = 0;
    let high = addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((addresses[middle] as bigint) <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const start = addresses[low - 1] as bigint;
    if (address - start > MAX_DISTANCE) return undefined;
    // Of several names for one address, the first in the kernel's order.
    while (low >= 2 && addresses[low - 2] === start) low--;
    const module = this.#modules[low - 1] ?? "";
    return { name: this.#names[low - 1] ?? "", offset: Number(address - start), module: module === "bpf" ? "" : module };
  }

  addressOf(name: string): bigint | undefined {
    const addresses = this.#all();
    const index = this.#names.indexOf(name);
    return index < 0 ? this.#absolute.get(name) : addresses[index];
  }
}
