// Copies of programs: one attach point stands for several places that one program cannot serve, or needs other code on this host.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Binding, Manifest, Program, ProgramKind } from "../../wasm/manifest.ts";
import { btfStrings, copyRecords, readBtfExt, writeBtfExt } from "./btf-ext.ts";
import {
  type ElfObject,
  type ElfSymbol,
  encodeRelocations,
  findSection,
  relocationsOf,
  type Section,
  SectionFlag,
  SymbolType,
  viewOf,
} from "./elf.ts";
import type { HostFacts } from "./facts.ts";
import type { Patch } from "./relocate.ts";
import { type Attachment, placeName } from "./targets.ts";

/** What makes a program another one. */
export interface Changes {
  patches: Patch[];
  /** Code before its first instruction. */
  prologue: Uint8Array;
  /** What stands in `.rodata` for its place. */
  constants: PlaceConstant[];
}

export type PlaceBinding = Extract<Binding, { kind: "probe_name" | "usdt_argument" | "user_address" }>;

export interface PlaceConstant {
  binding: PlaceBinding;
  bytes: Uint8Array;
}

const RODATA = ".rodata";
const LOAD_WIDE = 0x18;
const INSTRUCTION_BYTES = 8;

/** Bytes of `.rodata` before anything was appended to it. */
const originals = new WeakMap<ElfObject, number>();

export function programSymbol(object: ElfObject, name: string): { symbol: ElfSymbol; section: Section } {
  const symbol = object.symbols.find((candidate) => candidate.name === name && candidate.type === SymbolType.Function);
  const section = symbol === undefined ? undefined : object.sections[symbol.section];
  if (symbol === undefined || section === undefined || (section.flags & SectionFlag.Execute) === 0) {
    throw new BpfcastError("bad-object", `the object has no program '${name}'`);
  }
  if (symbol.size === 0 || symbol.size % 8 !== 0 || symbol.value % 8 !== 0 || symbol.value + symbol.size > section.data.length) {
    throw new BpfcastError("bad-object", `the object's program '${name}' has no valid place`);
  }
  return { symbol, section };
}

/** The constants of a program that depend on the place that it is attached to. */
export function placeBindings(manifest: Manifest, program: number): PlaceBinding[] {
  return manifest.bindings.filter((binding): binding is PlaceBinding => "program" in binding && binding.program === program);
}

/** @throws BpfcastError `name-too-long`, `unknown-symbol`, `unreadable-argument`. */
export function placeConstant(
  { source }: Manifest,
  program: Program,
  binding: PlaceBinding,
  place: Attachment,
  facts: HostFacts,
): Uint8Array {
  const { size } = binding;
  const bytes = new Uint8Array(size);
  if (binding.kind === "usdt_argument") {
    // Of an argument that the tracepoint does not have nothing is set: it is 0.
    const description = place.kind === "usdt" ? place.place.arguments[binding.argument] : undefined;
    if (typeof description === "string") {
      const what = `arg${binding.argument} of ${placeName(program, place)}`;
      throw new BpfcastError("unreadable-argument", `${what} can not be read: the file says that it is in '${description}'`, {
        location: program.location,
        source,
        exitCode: 1,
      });
    }
    bytes.set(description ?? []);
    return bytes;
  }
  if (binding.kind === "user_address") {
    if (place.kind !== "usdt" && place.kind !== "uprobe") return bytes;
    const own = placeAddress(place, facts);
    const wanted = facts.userSymbols.get(`${place.binary}:${binding.name}`);
    if (wanted === undefined || own === undefined) {
      const missing = wanted === undefined || place.kind === "usdt" ? binding.name : place.function;
      throw new BpfcastError("unknown-symbol", `Could not resolve symbol: ${place.binary}:${missing}`, {
        location: binding.location,
        source,
        exitCode: 1,
      });
    }
    viewOf(bytes).setBigInt64(0, BigInt(wanted - own), true);
    return bytes;
  }
  const name = placeName(program, place);
  const text = new TextEncoder().encode(name);
  if (text.length >= size) {
    throw new BpfcastError("name-too-long", `the probe's name has ${text.length} bytes, and there is room for ${size - 1}: ${name}`, {
      location: program.location,
      source,
    });
  }
  bytes.set(text);
  return bytes;
}

/** Where a place of a binary is, as the file counts addresses; undefined where its function is not known. */
function placeAddress(place: Extract<Attachment, { kind: "usdt" | "uprobe" }>, facts: HostFacts): number | undefined {
  if (place.kind === "usdt") return place.place.address;
  if (place.function === "") return place.offset;
  const start = facts.userSymbols.get(`${place.binary}:${place.function}`);
  return start === undefined ? undefined : start + place.offset;
}

/** `.rodata` of the object, ready to be written to. */
function constantsOf(object: ElfObject, end: number): Section {
  const rodata = findSection(object, RODATA);
  if (rodata === undefined || end > rodata.data.length)
    throw new BpfcastError("bad-object", "a constant of the object lies outside its .rodata section");
  rodata.data = rodata.data.slice();
  return rodata;
}

/** Makes the changes in the program itself. Its copies must have been made before. */
export function changeProgram(object: ElfObject, manifest: Manifest, program: number, changes: Changes): void {
  const { symbol, section } = programSymbol(object, manifest.programs[program]?.name ?? "");
  section.data = section.data.slice();
  for (const { instruction, bytes } of changes.patches) section.data.set(bytes, symbol.value + instruction * INSTRUCTION_BYTES);
  for (const { binding, bytes } of changes.constants) constantsOf(object, binding.offset + binding.size).data.set(bytes, binding.offset);
}

/**
 * Appends to `.rodata` a copy of all constants of the object as it came, with a place's own among them. All: an address may have been
 * made from that of another constant.
 * @returns how far they were moved; 0 when there are none of the place's own.
 */
function copyConstants(object: ElfObject, constants: PlaceConstant[]): number {
  const [first] = constants;
  if (first === undefined) return 0;
  const rodata = constantsOf(object, first.binding.offset + first.binding.size);
  const original = originals.get(object) ?? rodata.data.length;
  originals.set(object, original);
  const start = (rodata.data.length + 7) & ~7;
  const own = rodata.data.slice(0, original);
  for (const { binding, bytes } of constants) own.set(bytes, binding.offset);
  rodata.data = concatenate(rodata.data, new Uint8Array(start - rodata.data.length), own);
  return start;
}

/** Appends a copy of a program, changed, to its own section. Returns its symbol's name. */
export function copyProgram(object: ElfObject, manifest: Manifest, program: number, copy: number, changes: Changes): string {
  const name = manifest.programs[program]?.name ?? "";
  const { symbol, section } = programSymbol(object, name);
  const { prologue, patches, constants } = changes;
  const start = section.data.length;
  const code = section.data.slice(symbol.value, symbol.value + symbol.size);
  for (const { instruction, bytes } of patches) code.set(bytes, instruction * INSTRUCTION_BYTES);
  const relocations = relocationsOf(object, symbol.section);
  const entries = relocations?.entries.filter(({ offset }) => offset >= symbol.value && offset < symbol.value + symbol.size) ?? [];

  const moved = copyConstants(object, constants);
  if (moved > 0) {
    const view = viewOf(code);
    for (const entry of entries) {
      const at = entry.offset - symbol.value;
      const target = object.symbols[entry.symbol];
      if (target === undefined || object.sections[target.section]?.name !== RODATA || view.getUint8(at) !== LOAD_WIDE) continue;
      view.setInt32(at + 4, view.getInt32(at + 4, true) + moved, true);
    }
  }
  section.data = concatenate(section.data, prologue, code);
  const relocationSection = relocations === undefined ? undefined : object.sections[relocations.section];
  if (relocations !== undefined && relocationSection !== undefined) {
    const copies = entries.map((entry) => ({ ...entry, offset: entry.offset - symbol.value + start + prologue.length }));
    relocationSection.data = encodeRelocations([...relocations.entries, ...copies]);
  }
  const ext = findSection(object, ".BTF.ext");
  const btf = findSection(object, ".BTF");
  const strings = btf === undefined ? undefined : btfStrings(btf.data);
  if (ext !== undefined && strings !== undefined) {
    const tables = readBtfExt(ext.data);
    copyRecords(tables, strings, section.name, symbol.value, symbol.size, start, prologue.length);
    ext.data = writeBtfExt(tables);
  }
  const duplicate = `${name}_${copy}`;
  if (object.symbols.some((other) => other.name === duplicate))
    throw new BpfcastError("bad-object", `the object has two programs '${duplicate}'`);
  object.symbols.push({ ...symbol, name: duplicate, value: start, size: symbol.size + prologue.length });
  return duplicate;
}

function concatenate(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Probe kinds whose programs ask themselves whether they run in the process that -p names; others are attached to it alone. */
const FILTERED: readonly ProgramKind[] = ["kprobe", "kretprobe", "fentry", "fexit", "tracepoint", "rawtracepoint"];

const GET_CURRENT_PID_TGID = 14;
const GET_NS_CURRENT_PID_TGID = 120;

/** One instruction: opcode, registers (source in the high half), offset, immediate. */
function instruction(opcode: number, registers: number, offset: number, immediate: number): Uint8Array {
  const bytes = new Uint8Array(INSTRUCTION_BYTES);
  const view = viewOf(bytes);
  view.setUint8(0, opcode);
  view.setUint8(1, registers);
  view.setInt16(2, offset, true);
  view.setInt32(4, immediate | 0, true);
  return bytes;
}

function loadWide(register: number, value: bigint): Uint8Array {
  return concatenate(
    instruction(LOAD_WIDE, register, 0, Number(BigInt.asIntN(32, value))),
    instruction(0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
  );
}

/** Code that leaves a program of `kind` unless process `pid` runs it; the context is in r1 again behind it. Uses r6. */
export function processFilter(kind: ProgramKind, pid: number | undefined, facts: HostFacts): Uint8Array {
  if (pid === undefined || !FILTERED.includes(kind)) return new Uint8Array(0);
  const namespace = facts.pidNamespace;
  const own =
    namespace === undefined
      ? [instruction(0x85, 0, 0, GET_CURRENT_PID_TGID), instruction(0x77, 0, 0, 32)] // r0 = helper(); r0 >>= 32
      : [
          // struct bpf_pidns_info { u32 pid, tgid; } at r10 - 8
          instruction(0x7a, 10, -8, 0),
          loadWide(1, namespace.device),
          loadWide(2, namespace.inode),
          instruction(0xbf, 0xa3, 0, 0),
          instruction(0x07, 3, 0, -8),
          instruction(0xb7, 4, 0, 8),
          instruction(0x85, 0, 0, GET_NS_CURRENT_PID_TGID),
          instruction(0x61, 0xa0, -4, 0),
        ];
  return concatenate(
    instruction(0xbf, 0x16, 0, 0), // r6 = r1
    ...own,
    instruction(0x15, 0, 2, pid), // if r0 == pid goto +2
    instruction(0xb7, 0, 0, kind === "tracepoint" ? 1 : 0),
    instruction(0x95, 0, 0, 0),
    instruction(0xbf, 0x61, 0, 0), // r1 = r6
  );
}
