// Functions of an executable file or library: the symbol tables of an ELF file (ELF-64 specification, little endian).

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const LOAD = 1;
const SYMBOL_TABLE = 2;
const DYNAMIC_SYMBOLS = 11;
const FUNCTION = 2;
const INDIRECT_FUNCTION = 10;
/** Larger tables are damage, not symbols. */
const MAX_TABLE = 1 << 28;
const MAX_SECTIONS = 65_536;

/** A part of the file as it is mapped. */
interface Segment {
  fileOffset: number;
  address: number;
  size: number;
}

export interface FileSymbol {
  name: string;
  /** Bytes behind the symbol's start. */
  offset: number;
}

const latin1 = new TextDecoder("latin1");

/** Symbols of one file, sorted by address. Addresses are below 2^53 in every file, which is all that doubles hold. */
export class ElfSymbols {
  readonly #segments: Segment[] = [];
  #addresses = new Float64Array(0);
  #sizes = new Float64Array(0);
  #names: number[] = [];
  #strings: Uint8Array[] = [];

  /** @returns undefined when the file cannot be read or is no 64-bit little-endian ELF file. */
  static read(path: string): ElfSymbols | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch {
      return undefined;
    }
    try {
      const symbols = new ElfSymbols();
      return symbols.#read(descriptor, fstatSync(descriptor).size) ? symbols : undefined;
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  #read(descriptor: number, fileSize: number): boolean {
    const part = (offset: number, length: number): DataView => {
      if (offset < 0 || length < 0 || length > MAX_TABLE || offset + length > fileSize)
        throw new RangeError("a table lies outside of the file");
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, bytes, done, length - done, offset + done);
        if (count === 0) throw new RangeError("the file ended");
        done += count;
      }
      return new DataView(bytes.buffer);
    };
    const header = part(0, HEADER_BYTES);
    // 0x7f ELF, 64 bits, little endian.
    if (header.getUint32(0, false) !== 0x7f454c46 || header.getUint8(4) !== 2 || header.getUint8(5) !== 1) return false;
    const word = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

    const programs = part(word(header, 32), header.getUint16(56, true) * PROGRAM_HEADER_BYTES);
    for (let at = 0; at < programs.byteLength; at += PROGRAM_HEADER_BYTES) {
      if (programs.getUint32(at, true) !== LOAD) continue;
      this.#segments.push({ fileOffset: word(programs, at + 8), address: word(programs, at + 16), size: word(programs, at + 32) });
    }
    const count = Math.min(header.getUint16(60, true), MAX_SECTIONS);
    if (count === 0) return true;
    const sections = part(word(header, 40), count * SECTION_HEADER_BYTES);
    const found: { address: number; size: number; name: number; table: number }[] = [];
    for (let at = 0; at < sections.byteLength; at += SECTION_HEADER_BYTES) {
      const type = sections.getUint32(at + 4, true);
      if (type !== SYMBOL_TABLE && type !== DYNAMIC_SYMBOLS) continue;
      const strings = sections.getUint32(at + 40, true) * SECTION_HEADER_BYTES;
      if (strings + SECTION_HEADER_BYTES > sections.byteLength) continue;
      const table = this.#strings.length;
      this.#strings.push(new Uint8Array(part(word(sections, strings + 24), word(sections, strings + 32)).buffer));
      const symbols = part(word(sections, at + 24), word(sections, at + 32));
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
    return true;
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
    const segment = this.#segments.find((candidate) => address >= candidate.address && address < candidate.address + candidate.size);
    return segment === undefined ? undefined : address - segment.address + segment.fileOffset;
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
    const strings = this.#strings[Math.floor(packed / MAX_TABLE)] as Uint8Array;
    const start = packed % MAX_TABLE;
    const end = strings.indexOf(0, start);
    return latin1.decode(strings.subarray(start, end < 0 ? strings.length : end));
  }
}
