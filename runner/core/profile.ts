// A profile: what may be known of a target machine, in one document that is the same each time it is made from the same machine.
//
// Layout, before compression, version 1:
//   bpfcast-profile 1\n
//   {...}\n                   the head: canonical JSON (sorted keys, no blanks), which lists the sections in their order
//   the sections' bytes, one behind the other
//
// Sections: `btf` (raw BTF of the kernel, named vmlinux, or split BTF of a module), `tracepoints` (`category:event` on a line,
// below it the lines of its fields as tracefs has them), `functions` (`[module]` on a line, below it the names of the functions that
// can be probed), `rawtracepoints` (a name a line). Names are sorted by their bytes. Files are gzip streams of it.

import { PROGRAM_TYPES, type ProgramType } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Architecture } from "../../wasm/manifest.ts";
import { array, boolean, integer, nullable, oneOf, record, refuse, SchemaError, text, textLike, withOptional } from "../../wasm/schema.ts";

export const PROFILE_VERSION = 1;
const MAGIC = "bpfcast-profile ";

/** Longest head that is read; real ones are below 100 KB. */
const MAX_HEAD_BYTES = 1 << 22;
const MAX_SECTIONS = 20_000;
/** Longest list of names; real ones are below 5 MB. Each line becomes an object, so that a small file could ask for much memory. */
const MAX_LIST_BYTES = 1 << 24;
const MAX_REASON = 200;

/** What the kernel can do, by the names of uapi/linux/bpf.h in lower case without their prefix. */
export interface ProfileFeatures {
  helpers: string[];
  mapTypes: string[];
  /** kprobe_multi, uprobe_multi, kprobe_session, iter. */
  probeTypes: string[];
  /** Functions of the kernel that programs of a type may call; absent where nobody tried. */
  kernelFunctions?: Record<ProgramType, string[]>;
}

/** What a profile may lack, if the machine did not give it. */
export const PROFILE_PARTS = ["btf", "features", "functions", "tracepoints"] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

export interface Profile {
  architecture: Architecture;
  /** Release of the kernel, as `uname -r`; empty when unknown. */
  kernel: string;
  /** Bytes, or null when unknown. */
  pageSize: number | null;
  /** Holds only types and tracepoints in common use. */
  isReduced: boolean;
  missing: ProfilePart[];
  features: ProfileFeatures | null;
  /** Raw BTF by module; the kernel's own is `vmlinux`. */
  btf: Map<string, Uint8Array>;
  /** Lines of the fields by `category:event`. */
  tracepoints: Map<string, string>;
  /** Names by module; the kernel's own is `vmlinux`. */
  functions: Map<string, string[]>;
  rawTracepoints: string[];
}

const name = textLike(/^[A-Za-z0-9_.-]{1,100}$/, "a name");
const namedFeatures = { helpers: array(name, 10_000), mapTypes: array(name, 1000), probeTypes: array(name, 100) };
const functionNames = array(name, 10_000);
const kernelFunctions = record({
  kprobe: functionNames,
  perf_event: functionNames,
  raw_tracepoint: functionNames,
  tracepoint: functionNames,
  tracing: functionNames,
});
const features = withOptional<ProfileFeatures>("kernelFunctions", record({ ...namedFeatures, kernelFunctions }), record(namedFeatures));
const head = record({
  architecture: oneOf("x86_64", "aarch64"),
  features: nullable(features),
  kernel: text(200),
  missing: array(oneOf(...PROFILE_PARTS), PROFILE_PARTS.length),
  pageSize: nullable(integer(1024, 1 << 24)),
  reduced: boolean,
  sections: array(
    record({ bytes: integer(0, 2 ** 31), kind: oneOf("btf", "functions", "rawtracepoints", "tracepoints"), name }),
    MAX_SECTIONS,
  ),
});

/** By the bytes of their names: the same order whatever the language of the machine. */
export function byName(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortedLists(lists: Record<ProgramType, string[]>): Record<string, string[]> {
  return Object.fromEntries(PROGRAM_TYPES.map((type) => [type, [...lists[type]].sort(byName)]));
}

function sortedEntries<V>(map: Map<string, V>): [string, V][] {
  return [...map].sort(([left], [right]) => byName(left, right));
}

interface Section {
  kind: "btf" | "functions" | "rawtracepoints" | "tracepoints";
  name: string;
  data: Uint8Array;
}

/** The document of a profile, uncompressed. */
export function writeProfile(profile: Profile): Uint8Array {
  const encode = (lines: string) => new TextEncoder().encode(lines);
  const tracepoints = sortedEntries(profile.tracepoints).map(([event, fields]) => `${event}\n${fields}`);
  const functions = sortedEntries(profile.functions).map(([module, names]) => `[${module}]\n${[...names].sort(byName).join("\n")}\n`);
  const sections: Section[] = sortedEntries(profile.btf).map(([module, data]) => ({ kind: "btf", name: module, data }));
  sections.push({ kind: "tracepoints", name: "all", data: encode(tracepoints.join("")) });
  sections.push({ kind: "functions", name: "all", data: encode(functions.join("")) });
  sections.push({ kind: "rawtracepoints", name: "all", data: encode([...profile.rawTracepoints].sort(byName).join("\n")) });
  const given = profile.features;
  const first = JSON.stringify({
    architecture: profile.architecture,
    features: given && {
      helpers: [...given.helpers].sort(byName),
      ...(given.kernelFunctions && { kernelFunctions: sortedLists(given.kernelFunctions) }),
      mapTypes: [...given.mapTypes].sort(byName),
      probeTypes: [...given.probeTypes].sort(byName),
    },
    kernel: profile.kernel,
    missing: [...profile.missing].sort(byName),
    pageSize: profile.pageSize,
    reduced: profile.isReduced,
    sections: sections.map(({ kind, name: own, data }) => ({ bytes: data.length, kind, name: own })),
  });
  const parts = [encode(`${MAGIC}${PROFILE_VERSION}\n${first}\n`), ...sections.map(({ data }) => data)];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bad(reason: string): never {
  throw new BpfcastError("bad-profile", `not a usable profile: ${reason}`, { hint: "make one with `bpfcast profile -o FILE`" });
}

/** The text of the line at `from`, and where the next one starts. */
function readLine(bytes: Uint8Array, from: number, longest: number): [string, number] {
  const end = bytes.subarray(from, from + longest).indexOf(0x0a);
  if (end < 0) bad("its head is damaged");
  return [new TextDecoder().decode(bytes.subarray(from, from + end)), from + end + 1];
}

const EVENT = /^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$/;

function readTracepoints(data: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const lines = new TextDecoder("latin1").decode(data).split("\n");
  let event = "";
  let fields: string[] = [];
  const finish = () => {
    if (event !== "") found.set(event, fields.join(""));
    fields = [];
  };
  for (const line of lines) {
    if (line.startsWith("\t")) {
      if (event === "") refuse("its list of tracepoints", "in order");
      fields.push(`${line}\n`);
    } else if (line !== "") {
      if (!EVENT.test(line) || found.has(line)) refuse("its list of tracepoints", "in order");
      finish();
      event = line;
    }
  }
  finish();
  return found;
}

function readFunctions(data: Uint8Array): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let names: string[] | undefined;
  for (const line of new TextDecoder("latin1").decode(data).split("\n")) {
    if (line.startsWith("[") && line.endsWith("]")) {
      names = [];
      found.set(line.slice(1, -1), names);
    } else if (line !== "") {
      if (names === undefined) return refuse("its list of functions", "in order");
      names.push(line);
    }
  }
  return found;
}

function readSections(bytes: Uint8Array, from: number, first: ReturnType<typeof head>): Profile {
  const profile: Profile = {
    architecture: first.architecture,
    kernel: first.kernel,
    pageSize: first.pageSize,
    isReduced: first.reduced,
    missing: first.missing,
    features: first.features,
    btf: new Map(),
    tracepoints: new Map(),
    functions: new Map(),
    rawTracepoints: [],
  };
  let at = from;
  for (const section of first.sections) {
    if (at + section.bytes > bytes.length) refuse("it", "complete: it was cut off");
    const data = bytes.subarray(at, at + section.bytes);
    at += section.bytes;
    if (section.kind !== "btf" && data.length > MAX_LIST_BYTES) refuse(`its list of ${section.kind}`, "below 16 MiB");
    switch (section.kind) {
      case "btf":
        profile.btf.set(section.name, data);
        break;
      case "tracepoints":
        profile.tracepoints = readTracepoints(data);
        break;
      case "functions":
        profile.functions = readFunctions(data);
        break;
      case "rawtracepoints":
        profile.rawTracepoints = new TextDecoder("latin1")
          .decode(data)
          .split("\n")
          .filter((line) => line !== "");
        break;
    }
  }
  if (at !== bytes.length) refuse("what is behind its sections", "empty");
  return profile;
}

/**
 * The profile in an uncompressed document, which may be damaged or hostile. The BTF is checked by who reads it.
 * @throws BpfcastError `bad-profile`, `newer-profile`.
 */
export function readProfile(bytes: Uint8Array): Profile {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length));
  if (start !== MAGIC) bad("it does not start as one");
  const [version, from] = readLine(bytes, MAGIC.length, 16);
  if (!/^[1-9][0-9]{0,8}$/.test(version)) bad("its version is no number");
  if (Number(version) > PROFILE_VERSION) {
    throw new BpfcastError("newer-profile", `a profile of version ${version}, and this bpfcast reads up to ${PROFILE_VERSION}`, {
      hint: "update bpfcast, or make the profile anew with this version",
    });
  }
  const [json, behind] = readLine(bytes, from, MAX_HEAD_BYTES);
  try {
    return readSections(bytes, behind, head(JSON.parse(json), "head"));
  } catch (error) {
    // It may name a field as the document has it.
    if (error instanceof SchemaError) bad(error.message.replace(/\p{C}/gu, "").slice(0, MAX_REASON));
    if (error instanceof SyntaxError) bad("its head is no JSON");
    throw error;
  }
}
