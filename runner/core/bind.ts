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
  type ProgramKind,
  RELOCATION_SECTION,
  type Relocation,
  RING_BUFFER_MAP,
  SCRATCH_SECTION,
} from "../../wasm/manifest.ts";
import { parseManifest, parseRelocations } from "../../wasm/parse-manifest.ts";
import {
  type Changes,
  changeProgram,
  copyProgram,
  type PlaceConstant,
  placeBindings,
  placeConstant,
  processFilter,
  programSymbol,
} from "./copies.ts";
import { type ElfObject, findSection, readElf, SymbolType, viewOf, writeElf } from "./elf.ts";
import type { BindParameters, HostFacts, TestMode } from "./facts.ts";
import { ProbeReport } from "./missing.ts";
import { bindParameter, checkOptions } from "./parameters.ts";
import { patchesFor } from "./relocate.ts";
import { type Attachment, isListed, placeName, targetsOf, typedTarget } from "./targets.ts";
import type { TracepointFormat } from "./tracepoint-format.ts";

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
  /** The process that alone is traced, or undefined. */
  pid?: number | undefined;
  /** The script's tests or benches are to be run, in place of tracing. */
  mode?: TestMode | undefined;
  warnings: BpfcastError[];
}

/** Part of the ring that is left to exit, print and errors when printf floods it: an eighth, at most this. */
const MAX_RING_RESERVE = 65_536;
/** Bounds of the ring's size, in KiB, when neither script nor user gave one; the peer's own. */
const MIN_RING_KIB = 256;
const MAX_RING_KIB = 16_544;
/** Attachments of one script, unless the user allows more: each costs the kernel memory and every call of its place time. */
const MAX_PROBES = 1024;
/** Programs of one script, unless the user allows more. */
const MAX_PROGRAMS = 1024;
/** What the kernel can hold in one map value since 5.11 or so; 5.10 stops at 4 MiB and says so itself. */
const MAX_SCRATCH_BYTES = 1 << 28;

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
    else if ("program" in binding) continue;
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

/** Tests and benches are loaded for their modes only, in which nothing is attached. */
function isOfMode(kind: ProgramKind, mode: TestMode | undefined): boolean {
  return mode === undefined ? kind !== "test" && kind !== "bench" : kind === mode;
}

interface Variant {
  attachments: Attachment[];
  changes: Changes;
}

/** The programs that an attach point needs on this host: one for all targets where that is possible. */
function variantsOf(
  object: ElfObject,
  manifest: Manifest,
  relocations: Relocation[],
  index: number,
  targets: Attachment[],
  facts: HostFacts,
  parameters: BindParameters,
): Variant[] {
  const program = manifest.programs[index];
  if (program === undefined) return [];
  const { symbol, section } = programSymbol(object, program.name);
  const code = section.data.subarray(symbol.value, symbol.value + symbol.size);
  const relocated = relocations.some((relocation) => relocation.program === index);
  if (relocated && !["tracepoint", "fentry", "fexit", "rawtracepoint"].includes(program.kind))
    throw new BpfcastError("bad-relocation", "the object relocates a program that reads no fields");
  const own = placeBindings(manifest, index);
  const prologue = processFilter(program.kind, parameters.pid, facts);
  const variants = new Map<string, Variant>();
  for (const target of targets) {
    const patches = relocated ? patchesFor(manifest, relocations, index, code, formatOf(program, target, facts)) : [];
    const constants = own.map((binding): PlaceConstant => ({ binding, bytes: placeConstant(manifest, program, binding, target, facts) }));
    // The verifier checks programs of these kinds against the very function that they are attached to.
    const place =
      target.kind === "fentry"
        ? `${target.module}:${target.function}`
        : target.kind === "rawtracepoint" && target.isTyped
          ? `${target.module}:${target.event}`
          : "";
    const key = `${place} ${constants.map(({ bytes }) => bytes.join()).join(" ")} ${patches.map(({ instruction, bytes }) => `${instruction}:${bytes.join()}`).join(" ")}`;
    const known = variants.get(key);
    if (known === undefined) variants.set(key, { attachments: [target], changes: { patches, prologue, constants } });
    else known.attachments.push(target);
  }
  if (targets.length === 0) return [{ attachments: [], changes: { patches: [], prologue, constants: [] } }];
  return [...variants.values()];
}

/** Where a program finds what it reads, in its context. */
function formatOf(program: Program, target: Attachment, facts: HostFacts): TracepointFormat {
  const format =
    target.kind === "tracepoint"
      ? facts.tracepoints.get(`${target.category}:${target.event}`)
      : typedTarget(program, target, facts)?.format;
  if (format === undefined || format === null)
    throw new BpfcastError("bad-tracepoint-format", `nothing is known of the arguments of ${placeName(program, target)}`);
  return format;
}

/**
 * Makes the programs of one attach point in the object. The first is the program itself, unless it needs more code. Attach points
 * that name the same program are served by what `made` has for the first of them.
 */
function makeVariants(object: ElfObject, manifest: Manifest, index: number, variants: Variant[], made: BoundProgram[]): BoundProgram[] {
  const name = manifest.programs[index]?.name ?? "";
  const twin = made.find(({ program }) => manifest.programs[program]?.name === name);
  if (twin !== undefined) return variants.map(({ attachments }) => ({ symbol: twin.symbol, program: index, attachments }));
  const inPlace = variants[0]?.changes.prologue.length === 0;
  // The program itself last: copies are made from its unchanged code.
  const copies = variants.slice(inPlace ? 1 : 0).map(({ attachments, changes }, copy) => ({
    symbol: copyProgram(object, manifest, index, copy + 1, changes),
    program: index,
    attachments,
  }));
  const [first] = variants;
  if (!inPlace || first === undefined) return copies;
  changeProgram(object, manifest, index, first.changes);
  return [{ symbol: name, program: index, attachments: first.attachments }, ...copies];
}

function limitPrograms(manifest: Manifest, counts: number[], limit: number): void {
  const count = counts.reduce((sum, own) => sum + own, 0);
  if (count <= limit) return;
  const most = counts.indexOf(Math.max(...counts));
  const location = manifest.programs[most]?.location;
  throw new BpfcastError(
    "too-many-programs",
    `Your program is trying to generate more than ${limit} BPF programs, which exceeds the current limit of ${limit}`,
    {
      ...(location === undefined ? {} : { location, source: manifest.source }),
      hint: "You can increase the limit through the BPFTRACE_MAX_BPF_PROGS environment variable.",
    },
  );
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

  const report = new ProbeReport(manifest);
  const living = new Set<number>();
  const variants = manifest.programs.map((program, index) => {
    programSymbol(object, program.name);
    const always = program.kind === "begin" || program.kind === "end";
    if (!always && !isOfMode(program.kind, parameters.mode)) {
      living.add(program.body);
      return [];
    }
    const found = targetsOf(program, facts, parameters.unsafe === true);
    if (always || found.length > 0) living.add(program.body);
    else report.missing(program, facts);
    const [place] = found;
    if (facts.knowsFunctions && place?.kind === "kprobe" && !isListed(program, facts)) report.notTraceable(program);
    const filter = always ? undefined : parameters.probeFilter;
    const targets = filter === undefined ? found : found.filter((target) => filter.test(placeName(program, target)));
    return always || targets.length > 0 ? variantsOf(object, manifest, relocations, index, targets, facts, parameters) : [];
  });
  for (const body of new Set(manifest.programs.map((program) => program.body))) if (!living.has(body)) report.empty(body);
  report.raise();
  limitPrograms(
    manifest,
    variants.map((list) => list.length),
    parameters.maxPrograms ?? MAX_PROGRAMS,
  );
  const programs: BoundProgram[] = [];
  for (const [index, list] of variants.entries()) programs.push(...makeVariants(object, manifest, index, list, programs));
  limitProbes(manifest, programs, parameters.maxProbes ?? MAX_PROBES);
  const hasCounters = findSection(object, COUNTER_SECTION) !== undefined;
  const hasRingBuffer = object.symbols.some(({ name, type }) => name === RING_BUFFER_MAP && type === SymbolType.Object);
  return {
    bytes: writeElf(object),
    manifest,
    programs,
    ringBytes: ring,
    hasCounters,
    hasRingBuffer,
    pid: parameters.pid,
    mode: parameters.mode,
    warnings: report.warnings,
  };
}
