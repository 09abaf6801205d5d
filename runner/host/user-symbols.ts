// Symbols of processes: what is mapped where, from /proc, and the symbols of those files.

import { readFileSync, readlinkSync } from "node:fs";
import type { SymbolPlace } from "../core/names.ts";
import { ElfSymbols } from "./elf-symbols.ts";

interface Mapping {
  start: bigint;
  end: bigint;
  fileOffset: number;
  path: string;
}

/** `start-end permissions offset device inode path`: proc_pid_maps(5). Only mappings of files are of use. */
export function parseMappings(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ +(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, start = "", end = "", offset = "", path = ""] = match;
    mappings.push({ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), fileOffset: Number.parseInt(offset, 16), path });
  }
  return mappings;
}

/** How long a program is waited for that loads no C library. */
const START_MILLISECONDS = 200;

export class UserSymbols {
  /** Kept when a process has ended: its stacks may be printed later. */
  readonly #mappings = new Map<number, Mapping[]>();
  readonly #files = new Map<string, ElfSymbols | undefined>();

  #read(pid: number): Mapping[] {
    try {
      const mappings = parseMappings(readFileSync(`/proc/${pid}/maps`, "utf8"));
      this.#mappings.set(pid, mappings);
      return mappings;
    } catch {
      // It has ended: what was known of it stays.
      return this.#mappings.get(pid) ?? [];
    }
  }

  #file(pid: number, path: string): ElfSymbols | undefined {
    if (this.#files.has(path)) return this.#files.get(path);
    // As the process sees it, which may live in another root.
    const symbols = ElfSymbols.read(`/proc/${pid}/root${path}`) ?? ElfSymbols.read(path);
    this.#files.set(path, symbols);
    return symbols;
  }

  /** Looks at a process that is about to start a program, until its libraries are there: it may end before it is asked about. */
  remember(pid: number): void {
    const end = performance.now() + START_MILLISECONDS;
    while (performance.now() < end) {
      try {
        // Until then it is a copy of this process.
        if (readlinkSync(`/proc/${pid}/exe`) === process.execPath) continue;
      } catch {
        return;
      }
      if (this.#read(pid).some(({ path }) => path.includes("/libc"))) return;
    }
  }

  find(pid: number, address: bigint): SymbolPlace | undefined {
    const holds = ({ start, end }: Mapping) => address >= start && address < end;
    // Libraries may have been loaded since the last look.
    const mapping = this.#mappings.get(pid)?.find(holds) ?? (address === 0n ? undefined : this.#read(pid).find(holds));
    if (mapping === undefined) return undefined;
    const { path, start, fileOffset } = mapping;
    const symbols = this.#file(pid, path);
    const place = symbols?.addressOf(Number(address - start) + fileOffset);
    const found = place === undefined ? undefined : symbols?.find(place);
    return { name: found?.name ?? "", offset: found?.offset ?? 0, module: path };
  }
}
