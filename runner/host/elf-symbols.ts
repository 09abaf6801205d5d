// Functions and variables of an executable file or library: the symbol tables of an ELF file.

import { ElfFile, fileOffsetIn, MAX_TABLE, type Segment, textAt, word } from "./elf-file.ts";

const SYMBOL_BYTES = 24;
const SYMBOL_TABLE = 2;
const DYNAMIC_SYMBOLS = 11;
const FUNCTION = 2;
const INDIRECT_FUNCTION = 10;

export interface FileSymbol {
  name: string;
  /** Bytes behind the symbol's start. */
  offset: number;
}

/** Functions of one file, sorted by address. */
export class ElfSymbols {
  #segments: Segment[] = [];
  #addresses = new Float64Array(0);
  #sizes = new Float64Array(0);
  #names: number[] = [];
  #strings: Uint8Array[] = [];

  /** @returns undefined when the file cannot be read or is no 64-bit little-endian ELF file. */
  static read(path: string): ElfSymbols | undefined {
    return ElfFile.read(path, (file) => {
      const symbols = new ElfSymbols();
      symbols.#read(file);
      return symbols;
    });
  }

  #read(file: ElfFile): void {
    this.#segments = file.segments;
    const found: { address: number; size: number; name: number; table: number }[] = [];
    for (const section of file.sections) {
      if (section.type !== SYMBOL_TABLE && section.type !== DYNAMIC_SYMBOLS) continue;
      const strings = file.sections[section.link];
      if (strings === undefined) continue;
      const table = this.#strings.length;
      this.#strings.push(new Uint8Array(file.data(strings).buffer));
      const symbols = file.data(section);
      for (let symbol = 0; symbol + SYMBOL_BYTES <= symbols.byteLength; symbol += SYMBOL_BYTES) {
        const kind = symbols.getUint8(symbol + 4) & 15;
        const address = word(symbols, symbol + 8);
        // Section 0: the symbol is somewhere else.
        if ((kind !== FUNCTION && kind !== INDIRECT_FUNCTION) || symbols.getUint16(symbol + 6, true) === 0 || address === 0) continue;
        found.push({ address, size: word(symbols, symbol + 16), name: symbols.getUint32(symbol, true), table });
      }
    }
    found.sort((left, right) => left.address - right.address);
    this.#addresses = Float64Array.from(found, ({ address }) => address);
    this.#sizes = Float64Array.from(found, ({ size }) => size);
    this.#names = found.map(({ name, table }) => table * MAX_TABLE + name);
  }

  /** The address, as the file's symbols count it, of a byte of the file; undefined when that byte is not mapped. */
  addressOf(fileOffset: number): number | undefined {
    const segment = this.#segments.find(
      (candidate) => fileOffset >= candidate.fileOffset && fileOffset < candidate.fileOffset + candidate.size,
    );
    return segment === undefined ? undefined : fileOffset - segment.fileOffset + segment.address;
  }

  /** The function that holds `address`. One without a size reaches up to the next. */
  find(address: number): FileSymbol | undefined {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#addresses[middle] as number) <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const start = this.#addresses[low - 1] as number;
    // Of several that start there, the first in the file that is long enough.
    let best = -1;
    for (let index = low - 1; index >= 0 && this.#addresses[index] === start; index--) {
      const size = this.#sizes[index] as number;
      if (size === 0 || address < start + size) best = index;
    }
    return best < 0 ? undefined : { name: this.#name(best), offset: address - start };
  }

  /** The byte of the file that is mapped at an address; undefined when none is. */
  fileOffsetOf(address: number): number | undefined {
    return fileOffsetIn(this.#segments, address);
  }

  /** Where the function called `name` starts; undefined where none does, or several do in different places. */
  addressOfFunction(name: string): number | undefined {
    const addresses = new Set(this.#names.flatMap((_, index) => (this.#name(index) === name ? [this.#addresses[index] as number] : [])));
    return addresses.size === 1 ? [...addresses][0] : undefined;
  }

  /** Names of all functions, each once, sorted. */
  names(): string[] {
    return [...new Set(this.#names.map((_, index) => this.#name(index)))].filter((name) => name !== "").sort();
  }

  #name(index: number): string {
    const packed = this.#names[index] as number;
    return textAt(this.#strings[Math.floor(packed / MAX_TABLE)] as Uint8Array, packed % MAX_TABLE);
  }
}

/** A function or variable by name: its address and size; undefined where the file has none, or cannot be read. */
export function findSymbol(path: string, name: string): { address: number; size: number } | undefined {
  return ElfFile.read(path, (file) => {
    const wanted = new TextEncoder().encode(name);
    for (const section of file.sections) {
      const strings = file.sections[section.link];
      if ((section.type !== SYMBOL_TABLE && section.type !== DYNAMIC_SYMBOLS) || strings === undefined) continue;
      const texts = new Uint8Array(file.data(strings).buffer);
      const symbols = file.data(section);
      for (let symbol = 0; symbol + SYMBOL_BYTES <= symbols.byteLength; symbol += SYMBOL_BYTES) {
        const start = symbols.getUint32(symbol, true);
        if (texts[start + wanted.length] !== 0 || !wanted.every((byte, index) => texts[start + index] === byte)) continue;
        const address = word(symbols, symbol + 8);
        if (symbols.getUint16(symbol + 6, true) !== 0 && address !== 0) return { address, size: word(symbols, symbol + 16) };
      }
    }
    return undefined;
  });
}
