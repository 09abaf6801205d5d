// Section `.BTF.ext`: functions, source lines and CO-RE relocations by instruction. Layout: Documentation/bpf/btf.rst of the kernel.

import { BpfcastError } from "../../wasm/errors.ts";
import { type ElfObject, findSection, viewOf } from "./elf.ts";

const MAGIC = 0xeb9f;
const HEADER_BYTES = 32;

/** Records about one section; each starts with the u32 byte offset of its instruction. */
interface InfoBlock {
  /** Offset of the section's name in the strings of `.BTF`. */
  sectionName: number;
  records: Uint8Array[];
}

interface InfoTable {
  recordSize: number;
  blocks: InfoBlock[];
}

/** The tables in the order of the header: func_info, line_info, core_relo. */
export type BtfExt = [InfoTable, InfoTable, InfoTable];

function damaged(): never {
  throw new BpfcastError("bad-object", "not a usable BPF object: its .BTF.ext section is damaged");
}

function readTable(bytes: Uint8Array, start: number, length: number): InfoTable {
  if (length === 0) return { recordSize: 0, blocks: [] };
  if (length < 4 || start + length > bytes.length) damaged();
  const view = viewOf(bytes);
  const recordSize = view.getUint32(start, true);
  if (recordSize < 4 || recordSize > 1024) damaged();
  const blocks: InfoBlock[] = [];
  const end = start + length;
  let at = start + 4;
  while (at < end) {
    if (at + 8 > end) damaged();
    const sectionName = view.getUint32(at, true);
    const count = view.getUint32(at + 4, true);
    at += 8;
    if (at + count * recordSize > end) damaged();
    const records: Uint8Array[] = [];
    for (let index = 0; index < count; index++, at += recordSize) records.push(bytes.subarray(at, at + recordSize));
    blocks.push({ sectionName, records });
  }
  return { recordSize, blocks };
}

export function readBtfExt(bytes: Uint8Array): BtfExt {
  if (bytes.length < 24) damaged();
  const view = viewOf(bytes);
  const headerBytes = view.getUint32(4, true);
  if (view.getUint16(0, true) !== MAGIC || headerBytes < 24 || headerBytes > bytes.length) damaged();
  const table = (at: number): InfoTable =>
    at + 8 > headerBytes
      ? { recordSize: 0, blocks: [] }
      : readTable(bytes, headerBytes + view.getUint32(at, true), view.getUint32(at + 4, true));
  return [table(8), table(16), table(24)];
}

function tableBytes(table: InfoTable): number {
  if (table.recordSize === 0) return 0;
  return table.blocks.reduce((sum, block) => sum + 8 + block.records.length * table.recordSize, 4);
}

export function writeBtfExt(tables: BtfExt): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + tables.reduce((sum, table) => sum + tableBytes(table), 0));
  const view = viewOf(bytes);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, 1);
  view.setUint32(4, HEADER_BYTES, true);
  let at = HEADER_BYTES;
  tables.forEach((table, index) => {
    view.setUint32(8 + 8 * index, at - HEADER_BYTES, true);
    view.setUint32(12 + 8 * index, tableBytes(table), true);
    if (table.recordSize === 0) return;
    view.setUint32(at, table.recordSize, true);
    at += 4;
    for (const block of table.blocks) {
      view.setUint32(at, block.sectionName, true);
      view.setUint32(at + 4, block.records.length, true);
      at += 8;
      for (const record of block.records) {
        bytes.set(record, at);
        at += table.recordSize;
      }
    }
  });
  return bytes;
}

/** The strings of a `.BTF` section, or undefined when it is damaged. */
export function btfStrings(btf: Uint8Array): Uint8Array | undefined {
  if (btf.length < 24) return undefined;
  const view = viewOf(btf);
  const start = view.getUint32(4, true) + view.getUint32(16, true);
  const length = view.getUint32(20, true);
  return start + length <= btf.length ? btf.subarray(start, start + length) : undefined;
}

export function stringAt(strings: Uint8Array, offset: number): string {
  if (offset >= strings.length) return "";
  const end = strings.indexOf(0, offset);
  return new TextDecoder().decode(strings.subarray(offset, end < 0 ? strings.length : end));
}

/**
 * Copies the records about bytes [start, start + size) of a section to those that start at `to`, behind all others. `inserted`
 * bytes of code lie before the copied ones: they belong to the function, and to its first line.
 */
export function copyRecords(
  tables: BtfExt,
  strings: Uint8Array,
  sectionName: string,
  start: number,
  size: number,
  to: number,
  inserted: number,
): void {
  const relocations = tables[2];
  for (const table of tables) {
    for (const block of table.blocks) {
      if (stringAt(strings, block.sectionName) !== sectionName) continue;
      const copies: Uint8Array[] = [];
      for (const record of block.records) {
        const offset = viewOf(record).getUint32(0, true);
        if (offset < start || offset >= start + size) continue;
        const copy = record.slice();
        const isFirst = offset === start && table !== relocations;
        viewOf(copy).setUint32(0, offset - start + to + (isFirst ? 0 : inserted), true);
        copies.push(copy);
      }
      block.records.push(...copies);
    }
  }
}

/** A CO-RE relocation: `struct bpf_core_relo` of the kernel. */
export interface CoreRelocation {
  /** Bytes from the start of the section. */
  offset: number;
  /** Id of a type of the object. */
  type: number;
  access: string;
  kind: number;
}

const CORE_RECORD_BYTES = 16;

/** The CO-RE relocations by the name of their section. @throws BpfcastError `bad-object`. */
export function coreRelocations(btf: Uint8Array, ext: Uint8Array): Map<string, CoreRelocation[]> {
  const strings = btfStrings(btf) ?? new Uint8Array(0);
  const found = new Map<string, CoreRelocation[]>();
  for (const block of readBtfExt(ext)[2].blocks) {
    const name = stringAt(strings, block.sectionName);
    const list = found.get(name) ?? [];
    found.set(name, list);
    for (const record of block.records) {
      if (record.length < CORE_RECORD_BYTES) damaged();
      const view = viewOf(record);
      list.push({
        offset: view.getUint32(0, true),
        type: view.getUint32(4, true),
        access: stringAt(strings, view.getUint32(8, true)),
        kind: view.getUint32(12, true),
      });
    }
  }
  return found;
}

export interface SourceLine {
  /** Name of the script or header. */
  file: string;
  line: number;
  column: number;
}

/** The script's line of an instruction of a program, from the line records; undefined when the object has none for it. */
export function lineOfInstruction(object: ElfObject, program: string, instruction: number): SourceLine | undefined {
  const symbol = object.symbols.find(({ name, type }) => name === program && type === 2);
  const section = symbol === undefined ? undefined : object.sections[symbol.section];
  if (symbol === undefined || section === undefined || instruction * 8 >= symbol.size) return undefined;
  return lineAt(object, section.name, symbol.value, symbol.value + instruction * 8);
}

/** Where lines begin in a section, in the order of its bytes. */
export function lineRecords(object: ElfObject, section: string): (SourceLine & { offset: number })[] {
  const ext = findSection(object, ".BTF.ext");
  const btf = findSection(object, ".BTF");
  const strings = btf === undefined ? undefined : btfStrings(btf.data);
  if (ext === undefined || strings === undefined) return [];
  const blocks = readBtfExt(ext.data)[1].blocks.filter(({ sectionName }) => stringAt(strings, sectionName) === section);
  return blocks.flatMap(({ records }) =>
    records.flatMap((record) => {
      if (record.length < 16) return [];
      const view = viewOf(record);
      const place = view.getUint32(12, true);
      return [
        { offset: view.getUint32(0, true), file: stringAt(strings, view.getUint32(4, true)), line: place >>> 10, column: place & 1023 },
      ];
    }),
  );
}

/** The line of the instruction at byte `wanted` of a section, in a function that starts at byte `start`. */
export function lineAt(object: ElfObject, section: string, start: number, wanted: number): SourceLine | undefined {
  const found = lineRecords(object, section).findLast(({ offset }) => offset <= wanted && offset >= start);
  return found && { file: found.file, line: found.line, column: found.column };
}
