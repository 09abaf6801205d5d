// bind: the object of a script and the facts of a host -> the object for that very host. Pure: needs no kernel.
//
// Sets the constants of `.rodata`, gives the per-CPU scratch its size, rewrites the reads of tracepoint fields and expands probe
// patterns. CO-RE relocations are left to libbpf.

import { BpfcastError } from "../../wasm/errors.ts";
import {
  type Binding,
  COUNTER_SECTION,
  MANIFEST_SECTION,
  type Manifest,
  type Program,
  RELOCATION_SECTION,
  type Relocation,
  RING_BUFFER_MAP,
  SCRATCH_SECTION,
} from "../../wasm/manifest.ts";
import { parseManifest, parseRelocations } from "../../wasm/parse-manifest.ts";
import { btfStrings, copyRecords, readBtfExt, writeBtfExt } from "./btf-ext.ts";
import {
  type ElfObject,
  type ElfSymbol,
  encodeRelocations,
  findSection,
  readElf,
  relocationsOf,
  type Section,
  SectionFlag,
  SymbolType,
  viewOf,
  writeElf,
} from "./elf.ts";
import type { BindParameters, HostFacts } from "./facts.ts";
import { isPattern, matchesGlob } from "./glob.ts";
import { bindParameter, checkOptions } from "./parameters.ts";
import { type Patch, patchesFor } from "./relocate.ts";

/** One place that a program is attached to. */
export type Attachment =
  | { kind: "tracepoint"; category: string; event: string }
  | { kind: "rawtracepoint"; event: string }
  /** A function of a binary by name, plus `offset` bytes; without a name `offset` is the address in the file's own terms. */
  | { kind: "uprobe"; binary: string; function: string; offset: number; isReturn: boolean }
  /** Every `period` events of perf's `type` and `config`, on every CPU. */
  | { kind: "perf"; type: number; config: number; period: number }
  /** `function` may be followed in the kernel's spelling by nothing; `offset` in bytes, kprobe only. */
  | { kind: "kprobe"; function: string; offset: number; isReturn: boolean }
  /** Nanoseconds between two samples, or samples a second; on every CPU, or on one. */
  | { kind: "timer"; perSecond: boolean; amount: number; everyCpu: boolean };

export interface BoundProgram {
  /** ELF symbol. */
  symbol: string;
  /** Index into the manifest's programs; several bound programs may stem from one. */
  program: number;
  attachments: Attachment[];
}

export interface BoundObject {
  bytes: Uint8Array;
  manifest: Manifest;
  /** The programs to load; the object may hold others, which must not be. */
  programs: BoundProgram[];
  /** Bytes of the ring buffer: a power of two, at least a page. */
  ringBytes: number;
  /** Whether the object counts what it loses. */
  hasCounters: boolean;
  /** Whether it has a ring buffer; scripts without events need none. */
  hasRingBuffer: boolean;
  warnings: BpfcastError[];
}

/** Part of the ring that is left to exit, print and errors when printf floods it: an eighth, at most this. */
const MAX_RING_RESERVE = 65_536;
/** Bounds of the ring's size, in KiB, when neither script nor user gave one; the peer's own. */
const MIN_RING_KIB = 256;
const MAX_RING_KIB = 16_544;
/** Attachments of one script, unless the user allows more: each costs the kernel memory and every call of its place time. */
const MAX_PROBES = 1024;
/** What the kernel can hold in one map value since 5.11 or so; 5.10 stops at 4 MiB and says so itself. */
const MAX_SCRATCH_BYTES = 1 << 28;

const NANOSECONDS: Record<string, number> = { s: 1e9, ms: 1e6, us: 1e3 };

/** The power of two nearest to `pages`; between two as far, the larger. */
function nearestPowerOfTwo(pages: number): number {
  const above = 2 ** Math.ceil(Math.log2(pages));
  return above - pages <= pages - above / 2 ? above : above / 2;
}

function ringBytes(manifest: Manifest, facts: HostFacts, parameters: BindParameters): number {
  const asked = parameters.ringBufferPages || manifest.config.ringBufferPages;
  if (asked > 0) return nearestPowerOfTwo(Math.max(asked, facts.possibleCpus)) * facts.pageSize;
  const kib = Math.min(Math.max(facts.availableMemory / 1024, MIN_RING_KIB), MAX_RING_KIB);
  return nearestPowerOfTwo((kib * 1024) / facts.pageSize) * facts.pageSize;
}

function applyBindings(object: ElfObject, manifest: Manifest, facts: HostFacts, ring: number, parameters: BindParameters): void {
  if (manifest.bindings.length === 0) return;
  const rodata = findSection(object, ".rodata");
  if (rodata === undefined) throw new BpfcastError("bad-object", "the object has constants to set but no .rodata section");
  rodata.data = rodata.data.slice();
  const view = viewOf(rodata.data);
  for (const binding of manifest.bindings) {
    const { offset, size, kind } = binding;
    if (offset + size > rodata.data.length)
      throw new BpfcastError("bad-object", "a constant of the object lies outside its .rodata section");
    if (kind === "max_cpu") view.setUint32(offset, facts.possibleCpus - 1, true);
    else if (kind === "ring_limit") view.setBigUint64(offset, BigInt(ring - Math.min(ring / 8, MAX_RING_RESERVE)), true);
    else if (!bindConstant(binding, view, manifest, facts))
      bindParameter(binding, view, parameters.positional ?? [], manifest, parameters.named);
  }
}

/** Sets a constant that the host answers; false for other bindings. */
function bindConstant(binding: Binding, view: DataView, manifest: Manifest, facts: HostFacts): boolean {
  if (binding.kind === "option" || binding.kind.startsWith("parameter_")) return false;
  const value = facts.constants.get("name" in binding ? `${binding.kind}:${binding.name}` : binding.kind);
  if (value !== undefined) {
    view.setBigUint64(binding.offset, BigInt.asUintN(64, value), true);
    return true;
  }
  if (!("name" in binding)) return true;
  const { location, name, kind } = binding;
  const message = kind === "kernel_address" ? `Failed to resolve kernel symbol: ${name}` : `Failed to get \`cgroupid\` for path: "${name}"`;
  throw new BpfcastError("unknown-symbol", message, { location, source: manifest.source, exitCode: 1 });
}

function growScratch(object: ElfObject, manifest: Manifest, facts: HostFacts): void {
  const size = manifest.scratch.slotSize * manifest.scratch.slotsPerCpu * facts.possibleCpus;
  if (size === 0) return;
  const section = findSection(object, SCRATCH_SECTION);
  if (section === undefined) throw new BpfcastError("bad-object", `the object needs scratch memory but has no ${SCRATCH_SECTION} section`);
  if (size > MAX_SCRATCH_BYTES) {
    throw new BpfcastError(
      "scratch-too-large",
      `the script needs ${size} bytes of scratch memory on this machine's ${facts.possibleCpus} CPUs`,
      {
        hint: "a smaller max_strlen makes it smaller",
      },
    );
  }
  section.data = new Uint8Array(size);
}

function programSymbol(object: ElfObject, name: string): { symbol: ElfSymbol; section: Section } {
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

function tracepointTargets(program: Program, facts: HostFacts): Attachment[] {
  const [category = "", event = ""] = program.target;
  const wanted = `${category}:${event}`;
  if (!isPattern(wanted)) return facts.tracepoints.has(wanted) ? [{ kind: "tracepoint", category, event }] : [];
  const found: Attachment[] = [];
  for (const name of [...facts.tracepoints.keys()].sort()) {
    const colon = name.indexOf(":");
    const [ownCategory, ownEvent] = [name.slice(0, colon), name.slice(colon + 1)];
    if (matchesGlob(category, ownCategory) && matchesGlob(event, ownEvent))
      found.push({ kind: "tracepoint", category: ownCategory, event: ownEvent });
  }
  return found;
}

function functionTargets(program: Program, facts: HostFacts): Attachment[] {
  const [, name = "", offset = "0"] = program.target;
  const isReturn = program.kind === "kretprobe";
  const at = isReturn ? 0 : Number(offset);
  // Whether a function given by name can be probed shows when it is attached: the lists of all functions are long.
  const names = isPattern(name) ? facts.functions.filter((candidate) => matchesGlob(name, candidate)) : [name];
  return [...new Set(names)].sort().map((found) => ({ kind: "kprobe", function: found, offset: at, isReturn }));
}

function timerTarget(program: Program): Attachment {
  const [unit = "", amount = ""] = program.target;
  const everyCpu = program.kind === "profile";
  if (unit === "hz") return { kind: "timer", perSecond: true, amount: Number(amount), everyCpu };
  return { kind: "timer", perSecond: false, amount: Number(amount) * (NANOSECONDS[unit] ?? 0), everyCpu };
}

function targetsOf(program: Program, facts: HostFacts): Attachment[] {
  switch (program.kind) {
    case "begin":
    case "end":
      return [];
    case "tracepoint":
      return tracepointTargets(program, facts);
    case "rawtracepoint":
      return [{ kind: "rawtracepoint", event: program.target[0] ?? "" }];
    case "kprobe":
    case "kretprobe":
      return functionTargets(program, facts);
    case "uprobe":
    case "uretprobe": {
      const [binary = "", name = "", offset = ""] = program.target;
      return [{ kind: "uprobe", binary, function: name, offset: Number(offset), isReturn: program.kind === "uretprobe" }];
    }
    case "software":
    case "hardware": {
      const [type, config, period] = program.target.map(Number);
      return [{ kind: "perf", type: type ?? 0, config: config ?? 0, period: period ?? 0 }];
    }
    case "interval":
    case "profile":
      return [timerTarget(program)];
  }
}

/** Begin and end programs count as well, as they do for the peer. */
function limitProbes(manifest: Manifest, programs: BoundProgram[], limit: number): void {
  const count = programs.reduce((sum, { attachments }) => sum + Math.max(attachments.length, 1), 0);
  if (count <= limit) return;
  const most = programs.reduce((left, right) => (right.attachments.length > left.attachments.length ? right : left));
  const location = manifest.programs[most.program]?.location;
  throw new BpfcastError("too-many-probes", `Can't attach to ${count} probes because it exceeds the current limit of ${limit} probes.`, {
    ...(location === undefined ? {} : { location, source: manifest.source }),
    hint: "You can increase the limit through the BPFTRACE_MAX_PROBES environment variable, but BE CAREFUL since a high number of probes attached can cause your system to crash.",
  });
}

/** The error or warning for a probe that matches nothing on this host. The messages are the peer's. */
export function missingProbe(manifest: Manifest, program: Program, similar: string[]): BpfcastError {
  const pattern = program.target.some(isPattern);
  const place = program.target
    .slice(0, 2)
    .filter((part) => part !== "")
    .join(":");
  const message = pattern
    ? "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'."
    : `No matches for ${program.kind} ${place}.`;
  const details = similar.length > 0 ? { hint: `did you mean ${similar.join(", ")}?` } : {};
  return new BpfcastError("unknown-probe", message, { location: program.location, source: manifest.source, ...details });
}

/** Appends a copy of a program, patched, to its own section. Returns its symbol's name. */
function duplicateProgram(object: ElfObject, name: string, copy: number, patches: Patch[]): string {
  const { symbol, section } = programSymbol(object, name);
  const start = section.data.length;
  const code = section.data.slice(symbol.value, symbol.value + symbol.size);
  for (const { instruction, bytes } of patches) code.set(bytes, instruction * 8);
  const grown = new Uint8Array(start + code.length);
  grown.set(section.data);
  grown.set(code, start);
  section.data = grown;

  const relocations = relocationsOf(object, symbol.section);
  const relocationSection = relocations === undefined ? undefined : object.sections[relocations.section];
  if (relocations !== undefined && relocationSection !== undefined) {
    const copies = relocations.entries
      .filter(({ offset }) => offset >= symbol.value && offset < symbol.value + symbol.size)
      .map((entry) => ({ ...entry, offset: entry.offset - symbol.value + start }));
    relocationSection.data = encodeRelocations([...relocations.entries, ...copies]);
  }
  const ext = findSection(object, ".BTF.ext");
  const btf = findSection(object, ".BTF");
  const strings = btf === undefined ? undefined : btfStrings(btf.data);
  if (ext !== undefined && strings !== undefined) {
    const tables = readBtfExt(ext.data);
    copyRecords(tables, strings, section.name, symbol.value, symbol.size, start);
    ext.data = writeBtfExt(tables);
  }
  const duplicate = `${name}_${copy}`;
  if (object.symbols.some((other) => other.name === duplicate))
    throw new BpfcastError("bad-object", `the object has two programs '${duplicate}'`);
  object.symbols.push({ ...symbol, name: duplicate, value: start });
  return duplicate;
}

/** One program for all targets whose fields lie alike; a copy for each further layout. */
function bindTracepointProgram(
  object: ElfObject,
  manifest: Manifest,
  relocations: Relocation[],
  index: number,
  targets: Attachment[],
  facts: HostFacts,
): BoundProgram[] {
  const name = manifest.programs[index]?.name ?? "";
  const { symbol, section } = programSymbol(object, name);
  const code = section.data.subarray(symbol.value, symbol.value + symbol.size);
  const layouts = new Map<string, { patches: Patch[]; attachments: Attachment[] }>();
  for (const target of targets) {
    if (target.kind !== "tracepoint") continue;
    const format = facts.tracepoints.get(`${target.category}:${target.event}`);
    if (format === undefined || format === null)
      throw new BpfcastError("bad-tracepoint-format", `no format of tracepoint ${target.category}:${target.event}`);
    const patches = patchesFor(manifest, relocations, index, code, format);
    const key = patches.map(({ instruction, bytes }) => `${instruction}:${bytes.join()}`).join(" ");
    const layout = layouts.get(key);
    if (layout === undefined) layouts.set(key, { patches, attachments: [target] });
    else layout.attachments.push(target);
  }
  const bound: BoundProgram[] = [];
  const [first, ...others] = layouts.values();
  others.forEach(({ patches, attachments }, copy) => {
    bound.push({ symbol: duplicateProgram(object, name, copy + 1, patches), program: index, attachments });
  });
  // The original last: copies are made from its unpatched code.
  section.data = section.data.slice();
  for (const { instruction, bytes } of first?.patches ?? []) section.data.set(bytes, symbol.value + instruction * 8);
  bound.unshift({ symbol: name, program: index, attachments: first?.attachments ?? [] });
  return bound;
}

/** The manifest of an object that is not bound yet: what the host must be asked for. */
export function readManifest(bytes: Uint8Array): Manifest {
  const section = findSection(readElf(bytes), MANIFEST_SECTION);
  if (section === undefined) {
    throw new BpfcastError("no-manifest", "the object was not made by bpfcast: it has no manifest", {
      hint: "make one with `bpfcast build FILE -o x.o`",
    });
  }
  return parseManifest(section.data);
}

/**
 * @throws BpfcastError for a damaged or foreign object, for a probe or field that this host lacks (with the script's line).
 */
export function bind(bytes: Uint8Array, facts: HostFacts, parameters: BindParameters = {}): BoundObject {
  const object = readElf(bytes);
  const manifest = readManifest(bytes);
  checkOptions(manifest, parameters.named ?? []);
  const relocations = parseRelocations(findSection(object, RELOCATION_SECTION)?.data ?? new Uint8Array(0), manifest);
  const tied = manifest.features.find(({ feature }) => feature === "architecture");
  const readsRegisters = manifest.programs.some(({ kind }) => kind.endsWith("probe"));
  if ((tied !== undefined || readsRegisters) && manifest.arch !== facts.arch) {
    throw new BpfcastError("wrong-architecture", `the object is made for ${manifest.arch}, this machine is ${facts.arch}`, {
      hint: "build it with `--profile` of a machine like this one",
      ...(tied !== undefined && { location: tied.location, source: manifest.source }),
    });
  }
  const ring = ringBytes(manifest, facts, parameters);
  applyBindings(object, manifest, facts, ring, parameters);
  growScratch(object, manifest, facts);

  const warnings: BpfcastError[] = [];
  const programs: BoundProgram[] = [];
  manifest.programs.forEach((program, index) => {
    programSymbol(object, program.name);
    const targets = targetsOf(program, facts);
    if (targets.length === 0 && program.kind !== "begin" && program.kind !== "end") {
      const problem = missingProbe(manifest, program, facts.similar.get(program.target.join(":")) ?? []);
      if (manifest.config.missingProbes === "error") throw problem;
      if (manifest.config.missingProbes === "warn") warnings.push(problem);
      return;
    }
    const relocated = relocations.some((relocation) => relocation.program === index);
    if (relocated && program.kind !== "tracepoint")
      throw new BpfcastError("bad-relocation", "the object relocates a program that is no tracepoint's");
    if (relocated) programs.push(...bindTracepointProgram(object, manifest, relocations, index, targets, facts));
    else programs.push({ symbol: program.name, program: index, attachments: targets });
  });
  limitProbes(manifest, programs, parameters.maxProbes ?? MAX_PROBES);
  const hasCounters = findSection(object, COUNTER_SECTION) !== undefined;
  const hasRingBuffer = object.symbols.some(({ name, type }) => name === RING_BUFFER_MAP && type === SymbolType.Object);
  return { bytes: writeElf(object), manifest, programs, ringBytes: ring, hasCounters, hasRingBuffer, warnings };
}
