// Hand-made BPF objects for tests of the runner: programs, maps, BTF, line information and a manifest, in the layout that
// libbpf accepts.

import {
  type ElfObject,
  type ElfSymbol,
  encodeRelocations,
  type Section,
  SectionFlag,
  SectionType,
  SymbolBinding,
  SymbolType,
  writeElf,
} from "../../runner/core/elf.ts";
import {
  type EventInfo,
  type Location,
  MANIFEST_SECTION,
  type Manifest,
  type MapInfo,
  type Program,
  RELOCATION_SECTION,
  type Relocation,
} from "../../wasm/manifest.ts";
import { assemble, type Instruction } from "./instructions.ts";

const MAP_TYPES = { hash: 1, array: 2, percpu_hash: 5, percpu_array: 6, lru_hash: 9, lru_percpu_hash: 10, ringbuf: 27 } as const;
const R_BPF_64_64 = 1;

export interface MapSpec {
  name: string;
  type: keyof typeof MAP_TYPES;
  keySize?: number;
  valueSize?: number;
  maxEntries: number;
}

export interface ProgramSpec {
  name: string;
  section: string;
  code: Instruction[];
  /** Script lines by instruction slot; the first must be slot 0. Line 1 for the whole program when absent. */
  lines?: { slot: number; line: number; column: number }[];
}

export interface ObjectSpec {
  programs: ProgramSpec[];
  maps?: MapSpec[];
  /** Data sections by name: `.rodata`, `.data.counters`. */
  data?: Record<string, Uint8Array>;
  manifest?: Manifest | Uint8Array;
  relocations?: Relocation[];
  /** For the text of line information. */
  script?: string;
}

export const NOWHERE: Location = { line: 1, column: 1, endLine: 1, endColumn: 2 };

/** A valid manifest; tests override what they are about. */
export function makeManifest(overrides: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    compiler: "bpfcast 0.1.0",
    source: { name: "stdin", text: "begin { }\n" },
    arch: process.arch === "arm64" ? "aarch64" : "x86_64",
    programs: [],
    maps: [],
    events: [],
    tracepoints: [],
    bindings: [],
    features: [],
    texts: [],
    scratch: { slotSize: 0, slotsPerCpu: 0 },
    config: {
      printMapsOnExit: true,
      stringTruncationTrailer: "..",
      ringBufferPages: 0,
      missingProbes: "error",
      cacheUserSymbols: "AUTO",
      cppDemangle: true,
      lazySymbolication: true,
      logSize: 1_000_000,
      maxCatBytes: 10_240,
      maxPrograms: 1024,
      maxProbes: 1024,
      showDebugInfo: false,
      stackMode: "bpftrace",
    },
    unsafe: false,
    ...overrides,
  };
}

export function makeProgram(overrides: Partial<Program> & Pick<Program, "name" | "kind">): Program {
  return { section: "raw_tp", probe: overrides.kind, target: [], body: 0, location: NOWHERE, ...overrides };
}

export function makeMap(overrides: Partial<MapInfo> & Pick<MapInfo, "name" | "value">): MapInfo {
  return {
    symbol: overrides.name === "@" ? "at_" : overrides.name.replace("@", "at_"),
    type: "hash",
    key: { kind: "int", size: 8, signed: true },
    keySize: 8,
    valueSize: 8,
    capacity: 4096,
    bucketOffset: 0,
    presenceOffset: 0,
    ...overrides,
  };
}

/** A printf event whose arguments follow the record's head one after another. */
export function makePrintf(format: string, args: Extract<EventInfo, { kind: "printf" }>["args"] = [], size?: number): EventInfo {
  const end = args.reduce((most, { offset, type }) => Math.max(most, offset + ("size" in type ? type.size : 8)), 8);
  return { kind: "printf", format, size: size ?? Math.ceil(end / 8) * 8, args, location: NOWHERE };
}

/** Builds `.BTF`: type ids from 1, strings at offsets. Layout: Documentation/bpf/btf.rst. */
class BtfWriter {
  readonly #strings: number[] = [0];
  readonly #words: number[] = [];
  #count = 0;

  string(text: string): number {
    const offset = this.#strings.length;
    this.#strings.push(...new TextEncoder().encode(text), 0);
    return offset;
  }

  /** Adds a type: name, kind with member count, size or type, and what follows. Returns its id. */
  type(name: string, kind: number, count: number, size: number, ...rest: number[]): number {
    this.#words.push(name === "" ? 0 : this.string(name), (kind << 24) | count, size, ...rest);
    return ++this.#count;
  }

  bytes(): Uint8Array {
    const typeBytes = this.#words.length * 4;
    const bytes = new Uint8Array(24 + typeBytes + this.#strings.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [24, 0, typeBytes, typeBytes, this.#strings.length].forEach((value, index) => {
      view.setUint32(4 + 4 * index, value, true);
    });
    this.#words.forEach((word, index) => {
      view.setUint32(24 + 4 * index, word >>> 0, true);
    });
    bytes.set(this.#strings, 24 + typeBytes);
    return bytes;
  }
}

const Kind = { int: 1, pointer: 2, array: 3, struct: 4, function: 12, prototype: 13, variable: 14, section: 15 } as const;

/** Types of the maps: each a struct whose members are pointers to arrays, the number being the array's length. */
function describeMaps(btf: BtfWriter, int: number, maps: MapSpec[]): void {
  const variables: number[] = [];
  let at = 0;
  for (const map of maps) {
    const numbers: [string, number][] = [
      ["type", MAP_TYPES[map.type]],
      ["max_entries", map.maxEntries],
    ];
    if (map.keySize !== undefined) numbers.push(["key_size", map.keySize]);
    if (map.valueSize !== undefined) numbers.push(["value_size", map.valueSize]);
    const members = numbers.flatMap(([name, value], index) => {
      const array = btf.type("", Kind.array, 0, 0, int, int, value);
      return [btf.string(name), btf.type("", Kind.pointer, 0, array), index * 64];
    });
    const struct = btf.type("", Kind.struct, numbers.length, numbers.length * 8, ...members);
    const variable = btf.type(map.name, Kind.variable, 0, struct, 1);
    variables.push(variable, at, numbers.length * 8);
    at += mapBytes(map);
  }
  btf.type(".maps", Kind.section, maps.length, at, ...variables);
}

function mapBytes(map: MapSpec): number {
  return 8 * (2 + (map.keySize === undefined ? 0 : 1) + (map.valueSize === undefined ? 0 : 1));
}

interface Placed {
  spec: ProgramSpec;
  section: number;
  offset: number;
  bytes: Uint8Array;
}

/** `.BTF.ext` with a function and its lines for every program. */
function describeCode(btf: BtfWriter, int: number, sections: Section[], placed: Placed[], script: string): Uint8Array {
  const prototype = btf.type("", Kind.prototype, 0, int);
  const file = btf.string("script.bt");
  const lines = script.split("\n").map((line) => btf.string(line));
  const functions: number[] = [8];
  const lineInfo: number[] = [16];
  const names = new Map<number, number>();
  for (const { section } of placed) if (!names.has(section)) names.set(section, btf.string(sections[section]?.name ?? ""));
  for (const [section, name] of names) {
    const here = placed.filter((program) => program.section === section);
    functions.push(name, here.length);
    const rows: number[] = [];
    for (const { spec, offset } of here) {
      functions.push(offset, btf.type(spec.name, Kind.function, 1, prototype));
      for (const { slot, line, column } of spec.lines ?? [{ slot: 0, line: 1, column: 1 }]) {
        rows.push(offset + slot * 8, file, lines[line - 1] ?? 0, (line << 10) | column);
      }
    }
    lineInfo.push(name, rows.length / 4, ...rows);
  }
  const words = [
    0,
    32,
    0,
    functions.length * 4,
    functions.length * 4,
    lineInfo.length * 4,
    (functions.length + lineInfo.length) * 4,
    0,
    ...functions,
    ...lineInfo,
  ];
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word >>> 0, true);
  });
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  return bytes;
}

function section(name: string, type: number, flags: number, data: Uint8Array, alignment = 8): Section {
  return { name, type, flags, data, memorySize: 0, link: 0, info: 0, alignment, entrySize: 0 };
}

export function encodeBpfcastRelocations(relocations: Relocation[]): Uint8Array {
  const words = relocations.flatMap(({ kind, program, instruction, tracepoint, field }) => [kind, program, instruction, tracepoint, field]);
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** The object's file. */
export function buildObject(spec: ObjectSpec): Uint8Array {
  const maps = spec.maps ?? [];
  const sections: Section[] = [section("", SectionType.Null, 0, new Uint8Array(0), 0)];
  const placed: Placed[] = [];
  const uses: { section: number; offset: number; symbol: string }[] = [];
  for (const program of spec.programs) {
    const assembled = assemble(program.code);
    let index = sections.findIndex(({ name }) => name === program.section);
    if (index < 0)
      index =
        sections.push(section(program.section, SectionType.Program, SectionFlag.Allocate | SectionFlag.Execute, new Uint8Array(0))) - 1;
    const target = sections[index] as Section;
    const offset = target.data.length;
    target.data = Uint8Array.from([...target.data, ...assembled.bytes]);
    placed.push({ spec: program, section: index, offset, bytes: assembled.bytes });
    for (const use of assembled.uses) uses.push({ section: index, offset: offset + use.offset, symbol: use.symbol });
  }
  sections.push(section("license", SectionType.Program, SectionFlag.Allocate | SectionFlag.Write, new TextEncoder().encode("GPL\0"), 1));
  for (const [name, data] of Object.entries(spec.data ?? {})) {
    const flags = name === ".rodata" ? SectionFlag.Allocate : SectionFlag.Allocate | SectionFlag.Write;
    sections.push(section(name, SectionType.Program, flags, data));
  }
  const mapSection = sections.length;
  if (maps.length > 0) {
    const size = maps.reduce((sum, map) => sum + mapBytes(map), 0);
    sections.push(section(".maps", SectionType.Program, SectionFlag.Allocate | SectionFlag.Write, new Uint8Array(size)));
  }
  const btf = new BtfWriter();
  const int = btf.type("int", Kind.int, 0, 4, 0x01000020);
  if (maps.length > 0) describeMaps(btf, int, maps);
  const ext = describeCode(btf, int, sections, placed, spec.script ?? "begin { }\n");
  sections.push(section(".BTF", SectionType.Program, 0, btf.bytes(), 4), section(".BTF.ext", SectionType.Program, 0, ext, 4));
  if (spec.manifest !== undefined) {
    const bytes = spec.manifest instanceof Uint8Array ? spec.manifest : new TextEncoder().encode(JSON.stringify(spec.manifest));
    sections.push(section(MANIFEST_SECTION, SectionType.Program, 0, bytes, 1));
  }
  if (spec.relocations !== undefined)
    sections.push(section(RELOCATION_SECTION, SectionType.Program, 0, encodeBpfcastRelocations(spec.relocations), 4));

  const symbols: ElfSymbol[] = [{ name: "", type: 0, binding: 0, visibility: 0, section: 0, value: 0, size: 0 }];
  const symbolOf = new Map<string, number>();
  sections.forEach(({ name }, index) => {
    if (index === 0) return;
    symbolOf.set(name, symbols.length);
    symbols.push({ name: "", type: SymbolType.Section, binding: SymbolBinding.Local, visibility: 0, section: index, value: 0, size: 0 });
  });
  for (const { spec: program, section: index, offset, bytes } of placed) {
    symbols.push({
      name: program.name,
      type: SymbolType.Function,
      binding: SymbolBinding.Global,
      visibility: 0,
      section: index,
      value: offset,
      size: bytes.length,
    });
  }
  let at = 0;
  for (const map of maps) {
    symbolOf.set(map.name, symbols.length);
    symbols.push({
      name: map.name,
      type: SymbolType.Object,
      binding: SymbolBinding.Global,
      visibility: 0,
      section: mapSection,
      value: at,
      size: mapBytes(map),
    });
    at += mapBytes(map);
  }
  const symbolTable = sections.push({ ...section(".symtab", SectionType.SymbolTable, 0, new Uint8Array(0)), entrySize: 24 }) - 1;
  const strings = sections.push(section(".strtab", SectionType.StringTable, 0, new Uint8Array(0), 1)) - 1;
  (sections[symbolTable] as Section).link = strings;
  for (const target of new Set(uses.map((use) => use.section))) {
    const entries = uses
      .filter((use) => use.section === target)
      .map((use) => ({ offset: use.offset, type: R_BPF_64_64, symbol: symbolOf.get(use.symbol) ?? 0 }));
    sections.push({
      ...section(`.rel${sections[target]?.name}`, SectionType.Relocations, 0, encodeRelocations(entries)),
      link: symbolTable,
      info: target,
      entrySize: 16,
    });
  }
  const object: ElfObject = { sections, symbols, symbolTable };
  return writeElf(object);
}
