// An ELF file of a program or library, read in parts: its sections and how it is mapped (ELF-64 specification, little endian).

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const LOAD = 1;
/** Larger tables are damage. */
export const MAX_TABLE = 1 << 28;
const MAX_SECTIONS = 65_536;

/** A part of the file as it is mapped. */
export interface Segment {
  fileOffset: number;
  address: number;
  size: number;
}

export interface FileSection {
  /** Place of its name among the names of sections. */
  name: number;
  type: number;
  address: number;
  offset: number;
  size: number;
  link: number;
}

const latin1 = new TextDecoder("latin1");

/** A number of 64 bits. Addresses are below 2^53 in every file, which is all that doubles hold. */
export function word(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/** The NUL-terminated text at a place. */
export function textAt(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start);
  return latin1.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
}

export class ElfFile {
  readonly #descriptor: number;
  readonly #size: number;
  readonly segments: Segment[] = [];
  readonly sections: FileSection[] = [];
  /** Index of the section with the names of sections. */
  #names = 0;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#size = fstatSync(descriptor).size;
  }

  /**
   * Reads a file by `use`.
   * @returns undefined when the file cannot be read, is damaged, or is no 64-bit little-endian ELF file.
   */
  static read<T>(path: string, use: (file: ElfFile) => T): T | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch {
      return undefined;
    }
    try {
      const file = new ElfFile(descriptor);
      return file.#readHeaders() ? use(file) : undefined;
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  /** @throws RangeError for what lies outside of the file. */
  part(offset: number, length: number): DataView {
    if (offset < 0 || length < 0 || length > MAX_TABLE || offset + length > this.#size)
      throw new RangeError("a table lies outside of the file");
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw new RangeError("the file ended");
      done += count;
    }
    return new DataView(bytes.buffer);
  }

  #readHeaders(): boolean {
    const header = this.part(0, HEADER_BYTES);
    // 0x7f ELF, 64 bits, little endian.
    if (header.getUint32(0, false) !== 0x7f454c46 || header.getUint8(4) !== 2 || header.getUint8(5) !== 1) return false;
    const programs = this.part(word(header, 32), header.getUint16(56, true) * PROGRAM_HEADER_BYTES);
    for (let at = 0; at < programs.byteLength; at += PROGRAM_HEADER_BYTES) {
      if (programs.getUint32(at, true) !== LOAD) continue;
      this.segments.push({ fileOffset: word(programs, at + 8), address: word(programs, at + 16), size: word(programs, at + 32) });
    }
    const count = Math.min(header.getUint16(60, true), MAX_SECTIONS);
    if (count === 0) return true;
    this.#names = header.getUint16(62, true);
    const table = this.part(word(header, 40), count * SECTION_HEADER_BYTES);
    for (let at = 0; at < table.byteLength; at += SECTION_HEADER_BYTES) {
      this.sections.push({
        name: table.getUint32(at, true),
        type: table.getUint32(at + 4, true),
        address: word(table, at + 16),
        offset: word(table, at + 24),
        size: word(table, at + 32),
        link: table.getUint32(at + 40, true),
      });
    }
    return true;
  }

  data({ offset, size }: FileSection): DataView {
    return this.part(offset, size);
  }

  sectionNamed(name: string): FileSection | undefined {
    const table = this.sections[this.#names];
    if (table === undefined) return undefined;
    const names = new Uint8Array(this.data(table).buffer);
    return this.sections.find((section) => textAt(names, section.name) === name);
  }

  /** The byte of the file that is mapped at an address; undefined when none is. */
  fileOffsetOf(address: number): number | undefined {
    return fileOffsetIn(this.segments, address);
  }
}

export function fileOffsetIn(segments: Segment[], address: number): number | undefined {
  const segment = segments.find((candidate) => address >= candidate.address && address < candidate.address + candidate.size);
  return segment === undefined ? undefined : address - segment.address + segment.fileOffset;
}
