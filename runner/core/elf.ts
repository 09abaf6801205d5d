// ELF64 little-endian relocatable objects: as much of the format as binding an object needs.
//
// Objects are untrusted. `readElf` checks every offset and size before it is used, so what it returns can be worked with without
// further checks, and every malformed file is a BpfcastError. Source of the layouts: System V ABI, chapter 4 (elf.h).

import { BpfcastError } from "../../wasm/errors.ts";

export const SectionType = { Null: 0, Program: 1, SymbolTable: 2, StringTable: 3, NoBits: 8, Relocations: 9 } as const;
export const SectionFlag = { Write: 1, Allocate: 2, Execute: 4 } as const;
export const SymbolType = { None: 0, Object: 1, Function: 2, Section: 3 } as const;
export const SymbolBinding = { Local: 0, Global: 1 } as const;

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 16;
const MACHINE_BPF = 247;
const TYPE_RELOCATABLE = 1;
/** Far above what an object has, far below what would exhaust memory. */
const MAX_SECTIONS = 65_000;

export interface Section {
  name: string;
  type: number;
  flags: number;
  /** Empty for a section without bytes in the file. Its length is the section's size otherwise. */
  data: Uint8Array;
  /** Size in memory of a section without bytes in the file. */
  memorySize: number;
  /** Section index (a symbol table's strings, a relocation section's symbols). */
  link: number;
  /** A relocation section's target; a symbol table's first global symbol. */
  info: number;
  alignment: number;
  entrySize: number;
}

export interface ElfSymbol {
  name: string;
  type: number;
  binding: number;
  visibility: number;
  /** Section index; 0 undefined, from 0xff00 on special. */
  section: number;
  value: number;
  size: number;
}

export interface ElfRelocation {
  /** Bytes from the start of the target section. */
  offset: number;
  type: number;
  symbol: number;
}

/** A whole object: sections by index (0 is the null section), and the one symbol table. */
export interface ElfObject {
  sections: Section[];
  symbols: ElfSymbol[];
  symbolTable: number;
}

function damaged(what: string): never {
  throw new BpfcastError("bad-object", `not a usable BPF object: ${what}`);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A u64 that must be small, as every offset and size of a real object is. */
function readSize(view: DataView, offset: number, what: string): number {
  const value = view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 4294967296;
  return value <= 0xffff_ffff ? value : damaged(`${what} is too large`);
}

const decoder = new TextDecoder("utf-8");

function readName(strings: Uint8Array, offset: number): string {
  if (offset >= strings.length) return offset === 0 ? "" : damaged("a name lies outside the string table");
  const end = strings.indexOf(0, offset);
  return end < 0 ? damaged("a name has no end") : decoder.decode(strings.subarray(offset, end));
}

function slice(bytes: Uint8Array, offset: number, size: number, what: string): Uint8Array {
  if (offset + size > bytes.length) damaged(`${what} reaches beyond the end of the file`);
  return bytes.subarray(offset, offset + size);
}

function readSections(bytes: Uint8Array, view: DataView): Section[] {
  const tableOffset = readSize(view, 40, "the section table's offset");
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (view.getUint16(58, true) !== SECTION_HEADER_BYTES || count === 0 || count > MAX_SECTIONS) damaged("it has no section table");
  const table = viewOf(slice(bytes, tableOffset, count * SECTION_HEADER_BYTES, "the section table"));
  const nameOffsets: number[] = [];
  const sections: Section[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * SECTION_HEADER_BYTES;
    const type = table.getUint32(at + 4, true);
    const size = readSize(table, at + 32, "a section");
    const hasBytes = type !== SectionType.Null && type !== SectionType.NoBits;
    nameOffsets.push(table.getUint32(at, true));
    sections.push({
      name: "",
      type,
      flags: readSize(table, at + 8, "a section's flags"),
      data: hasBytes ? slice(bytes, readSize(table, at + 24, "a section's offset"), size, `section ${index}`) : new Uint8Array(0),
      memorySize: hasBytes ? 0 : size,
      link: table.getUint32(at + 40, true),
      info: table.getUint32(at + 44, true),
      alignment: Math.min(readSize(table, at + 48, "an alignment"), 4096),
      entrySize: readSize(table, at + 56, "an entry size"),
    });
  }
  const names = sections[namesIndex];
  if (names === undefined || names.type !== SectionType.StringTable) return damaged("it has no section names");
  sections.forEach((section, index) => {
    section.name = readName(names.data, nameOffsets[index] ?? 0);
  });
  return sections;
}

function readSymbols(sections: Section[], tableIndex: number): ElfSymbol[] {
  const table = sections[tableIndex];
  const strings = table === undefined ? undefined : sections[table.link];
  if (table === undefined || strings === undefined || strings.type !== SectionType.StringTable) return damaged("its symbols have no names");
  if (table.data.length % SYMBOL_BYTES !== 0) damaged("its symbol table is truncated");
  const view = viewOf(table.data);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at < table.data.length; at += SYMBOL_BYTES) {
    const info = view.getUint8(at + 4);
    symbols.push({
      name: readName(strings.data, view.getUint32(at, true)),
      type: info & 15,
      binding: info >> 4,
      visibility: view.getUint8(at + 5),
      section: view.getUint16(at + 6, true),
      value: readSize(view, at + 8, "a symbol's value"),
      size: readSize(view, at + 16, "a symbol's size"),
    });
  }
  return symbols;
}

/** @throws BpfcastError `bad-object` for everything that is not a well-formed BPF object. */
export function readElf(bytes: Uint8Array): ElfObject {
  // A Buffer's slices are no copies, and sections are changed.
  bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    damaged("it is not an ELF file");
  }
  if (bytes[4] !== 2 || bytes[5] !== 1) damaged("it is not a 64-bit little-endian ELF file");
  const view = viewOf(bytes);
  if (view.getUint16(16, true) !== TYPE_RELOCATABLE) damaged("it is not a relocatable ELF file");
  if (view.getUint16(18, true) !== MACHINE_BPF) damaged("it was compiled for another machine than BPF");
  const sections = readSections(bytes, view);
  const tables = sections.flatMap((section, index) => (section.type === SectionType.SymbolTable ? [index] : []));
  const symbolTable = tables[0];
  if (symbolTable === undefined || tables.length > 1) return damaged("it has not exactly one symbol table");
  return { sections, symbols: readSymbols(sections, symbolTable), symbolTable };
}

export function findSection(object: ElfObject, name: string): Section | undefined {
  return object.sections.find((section) => section.name === name);
}

/** The relocations that apply to the section of this index, and the index of the section they are in; undefined without any. */
export function relocationsOf(object: ElfObject, target: number): { section: number; entries: ElfRelocation[] } | undefined {
  const index = object.sections.findIndex(({ type, info }) => type === SectionType.Relocations && info === target);
  const section = object.sections[index];
  if (section === undefined) return undefined;
  if (section.data.length % RELOCATION_BYTES !== 0) damaged("a relocation section is truncated");
  const view = viewOf(section.data);
  const entries: ElfRelocation[] = [];
  for (let at = 0; at < section.data.length; at += RELOCATION_BYTES) {
    entries.push({
      offset: readSize(view, at, "a relocation's offset"),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
    });
  }
  return { section: index, entries };
}

export function encodeRelocations(entries: ElfRelocation[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * RELOCATION_BYTES);
  const view = viewOf(bytes);
  entries.forEach(({ offset, type, symbol }, index) => {
    view.setUint32(index * RELOCATION_BYTES, offset, true);
    view.setUint32(index * RELOCATION_BYTES + 8, type, true);
    view.setUint32(index * RELOCATION_BYTES + 12, symbol, true);
  });
  return bytes;
}

/** A growing string table; equal names share one entry. */
class StringTable {
  readonly #offsets = new Map<string, number>([["", 0]]);
  readonly #parts: Uint8Array[] = [new Uint8Array(1)];
  #size = 1;

  add(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(`${name}\0`);
    const offset = this.#size;
    this.#offsets.set(name, offset);
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return offset;
  }

  bytes(): Uint8Array {
    const result = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }
}

function encodeSymbols(symbols: ElfSymbol[], strings: StringTable): Uint8Array {
  const bytes = new Uint8Array(symbols.length * SYMBOL_BYTES);
  const view = viewOf(bytes);
  symbols.forEach((symbol, index) => {
    const at = index * SYMBOL_BYTES;
    view.setUint32(at, strings.add(symbol.name), true);
    view.setUint8(at + 4, (symbol.binding << 4) | symbol.type);
    view.setUint8(at + 5, symbol.visibility);
    view.setUint16(at + 6, symbol.section, true);
    view.setUint32(at + 8, symbol.value, true);
    view.setUint32(at + 16, symbol.size, true);
  });
  return bytes;
}

/**
 * The file of an object. Symbol and string tables are written anew from `symbols`; every other section keeps its bytes, and gets
 * its place in the file from its order.
 */
export function writeElf(object: ElfObject): Uint8Array {
  const strings = new StringTable();
  const nameOffsets = object.sections.map((section) => strings.add(section.name));
  const symbolBytes = encodeSymbols(object.symbols, strings);
  const stringBytes = strings.bytes();
  const symbolStrings = object.sections[object.symbolTable]?.link ?? 0;

  // One string table serves the symbols and the section names; any other is left as it is.
  const contents = object.sections.map((section, index) => {
    if (index === object.symbolTable) return symbolBytes;
    return index === symbolStrings ? stringBytes : section.data;
  });
  const offsets: number[] = [];
  let end = HEADER_BYTES;
  object.sections.forEach((section, index) => {
    const alignment = Math.max(section.alignment, 1);
    end = Math.ceil(end / alignment) * alignment;
    offsets.push(section.type === SectionType.Null ? 0 : end);
    end += contents[index]?.length ?? 0;
  });
  const tableOffset = Math.ceil(end / 8) * 8;
  const bytes = new Uint8Array(tableOffset + object.sections.length * SECTION_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, TYPE_RELOCATABLE, true);
  view.setUint16(18, MACHINE_BPF, true);
  view.setUint32(20, 1, true);
  view.setUint32(40, tableOffset, true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(58, SECTION_HEADER_BYTES, true);
  view.setUint16(60, object.sections.length, true);
  view.setUint16(62, symbolStrings, true);
  const firstGlobal = object.symbols.findIndex((symbol) => symbol.binding !== SymbolBinding.Local);
  object.sections.forEach((section, index) => {
    const content = contents[index] ?? section.data;
    const offset = offsets[index] ?? 0;
    bytes.set(content, offset);
    const at = tableOffset + index * SECTION_HEADER_BYTES;
    view.setUint32(at, nameOffsets[index] ?? 0, true);
    view.setUint32(at + 4, section.type, true);
    view.setUint32(at + 8, section.flags, true);
    view.setUint32(at + 24, offset, true);
    view.setUint32(at + 32, content.length > 0 ? content.length : section.memorySize, true);
    view.setUint32(at + 40, section.link, true);
    const isSymbols = index === object.symbolTable;
    view.setUint32(at + 44, isSymbols ? (firstGlobal < 0 ? object.symbols.length : firstGlobal) : section.info, true);
    view.setUint32(at + 48, section.alignment, true);
    view.setUint32(at + 56, section.entrySize, true);
  });
  return bytes;
}
