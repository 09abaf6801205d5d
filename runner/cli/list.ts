// `-l`: the probes and types that patterns name, a line each, sorted; with -v what each gives below it.

import { BtfKind } from "../core/btf.ts";
import { membersOf, type Parameter, type Prototype, prototypeOf } from "../core/btf-text.ts";
import { isPattern, matchesGlob } from "../core/glob.ts";
import { HARDWARE_EVENTS, SOFTWARE_EVENTS } from "../core/perf-events.ts";
import { parseTracepointFormat } from "../core/tracepoint-format.ts";
import { loadAddon } from "../host/addon.ts";
import { findBinaries } from "../host/binaries.ts";
import { btfFile, ITERATOR, iteratorNames, loadBtf, modulesWithBtf } from "../host/btf.ts";
import { ElfSymbols } from "../host/elf-symbols.ts";
import { hostArchitecture } from "../host/facts.ts";
import { rawTracepointParameters, rawTracepoints } from "../host/raw-tracepoints.ts";
import { staticTracepoints } from "../host/static-tracepoints.ts";
import { hasFunctionTracing, readFormat, traceableFunctions, tracepointCategories, tracepointEvents } from "../host/tracefs.ts";

const UNITS = ["hz", "ms", "s", "us"];

interface Provider {
  name: string;
  short: string;
  /** Listed where the pattern names no provider. */
  byDefault: boolean;
  /** What follows the provider in each line. */
  list(pattern: string): string[];
  /** What a listed probe gives, by its parts. */
  details?(parts: string[]): Parameter[];
}

/** `module:name`, or the name in any module. */
function splitModule(pattern: string): [module: string, name: string] {
  const colon = pattern.indexOf(":");
  return colon < 0 ? ["", pattern] : [pattern.slice(0, colon), pattern.slice(colon + 1)];
}

function named(names: string[]): (pattern: string) => string[] {
  return (pattern) => names.filter((name) => matchesGlob(pattern, name) || matchesGlob(pattern, `${name}:`)).map((name) => `${name}:`);
}

function functions(pattern: string): string[] {
  const [module, name] = splitModule(pattern);
  const found = traceableFunctions().filter(
    (own) => !own.name.includes(".part.") && matchesGlob(name, own.name) && (module === "" || matchesGlob(module, own.module)),
  );
  return found.map((own) => (module === "" ? own.name : `${own.module}:${own.name}`));
}

function typedFunctions(pattern: string): string[] {
  if (!hasFunctionTracing()) return [];
  const [module, name] = splitModule(pattern);
  const traceable = new Set(traceableFunctions().map((own) => own.name));
  const found: string[] = [];
  for (const own of modulesWithBtf()) {
    if (module !== "" && !matchesGlob(module, own)) continue;
    for (const known of loadBtf(own)?.functions.keys() ?? [])
      if (matchesGlob(name, known) && traceable.has(known)) found.push(`${own}:${known}`);
  }
  return found;
}

function rawPoints(pattern: string): string[] {
  const [module, name] = splitModule(pattern);
  return rawTracepoints()
    .filter((own) => matchesGlob(name, own.name) && (module === "" || matchesGlob(module, own.module)))
    .map((own) => `${own.module}:${own.name}`);
}

function userFunctions(pattern: string): string[] {
  const colon = pattern.lastIndexOf(":");
  if (colon < 0) return [];
  const name = pattern.slice(colon + 1);
  return findBinaries(pattern.slice(0, colon)).flatMap((file) =>
    (ElfSymbols.read(file)?.names() ?? []).filter((own) => matchesGlob(name, own)).map((own) => `${file}:${own}`),
  );
}

/** `binary:name` or `binary:namespace:name`. */
function staticPoints(pattern: string): string[] {
  const [binary = "", ...parts] = pattern.split(":");
  const [namespace, name] = parts.length > 1 ? [parts[0] ?? "*", parts[1] ?? "*"] : ["*", parts[0] ?? "*"];
  if (parts.length === 0 && binary !== "*") return [];
  return findBinaries(binary).flatMap((file) =>
    staticTracepoints(file, hostArchitecture())
      .filter((own) => matchesGlob(namespace, own.namespace) && matchesGlob(name, own.name))
      .map((own) => `${file}:${own.namespace}:${own.name}`),
  );
}

function iterators(pattern: string): string[] {
  return loadAddon().hasProbeType("iter") ? iteratorNames().filter((name) => matchesGlob(pattern, name)) : [];
}

function tracepoints(pattern: string): string[] {
  const colon = pattern.indexOf(":");
  const [category, event] = colon < 0 ? ["*", pattern] : [pattern.slice(0, colon), pattern.slice(colon + 1)];
  const found: string[] = [];
  // Events of ftrace itself are described like tracepoints, but nothing can be attached to them.
  for (const own of tracepointCategories().filter((name) => name !== "ftrace")) {
    // `-l '*word*'` looks for the word anywhere in the name.
    for (const name of tracepointEvents(own)) {
      if (matchesGlob(category, own) && matchesGlob(event, name)) found.push(`${own}:${name}`);
      else if (colon < 0 && isPattern(pattern) && matchesGlob(pattern, `${own}:${name}`)) found.push(`${own}:${name}`);
    }
  }
  return found;
}

// What probes give

function prototype(parts: string[]): Prototype | undefined {
  const [module, name = ""] = parts.length > 1 ? parts : [undefined, parts[0]];
  for (const own of module === undefined ? modulesWithBtf() : [module]) {
    const btf = loadBtf(own);
    const id = btf?.functions.get(name);
    const found = btf === undefined || id === undefined ? undefined : prototypeOf(btf, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parameters(parts: string[]): Parameter[] {
  return prototype(parts)?.parameters ?? [];
}

function returned(parts: string[]): Parameter[] {
  const type = prototype(parts)?.returns ?? "void";
  return type === "void" ? [] : [{ type, name: "retval" }];
}

function iteratorFields([name = ""]: string[]): Parameter[] {
  for (const module of modulesWithBtf()) {
    const btf = loadBtf(module);
    for (const [id, own] of btf?.named(BtfKind.Struct) ?? [])
      if (btf !== undefined && own === ITERATOR + name) return membersOf(btf, id).filter((member) => member.name !== "meta");
  }
  return [];
}

function eventFields([category = "", event = ""]: string[]): Parameter[] {
  const text = readFormat(category, event);
  const fields = text === undefined ? [] : parseTracepointFormat(text).fields;
  return fields.filter(({ name }) => !name.startsWith("common_")).map(({ declaration }) => ({ type: declaration, name: "" }));
}

const numbered = (parts: string[]) => parameters(parts).map(({ type }, index) => ({ type, name: `arg${index}` }));
const withReturn = (parts: string[]) => [...parameters(parts), ...returned(parts)];
const rawArguments = ([module = "", name = ""]: string[]) => rawTracepointParameters({ name, module });

const PROVIDERS: Provider[] = [
  { name: "kprobe", short: "k", byDefault: true, list: functions, details: numbered },
  { name: "kretprobe", short: "kr", byDefault: false, list: functions, details: returned },
  { name: "fentry", short: "f", byDefault: true, list: typedFunctions, details: parameters },
  { name: "fexit", short: "fr", byDefault: false, list: typedFunctions, details: withReturn },
  { name: "tracepoint", short: "t", byDefault: true, list: tracepoints, details: eventFields },
  { name: "rawtracepoint", short: "rt", byDefault: true, list: rawPoints, details: rawArguments },
  { name: "software", short: "s", byDefault: true, list: named(SOFTWARE_EVENTS.flat()) },
  { name: "hardware", short: "h", byDefault: true, list: named(HARDWARE_EVENTS.flat()) },
  { name: "iter", short: "it", byDefault: true, list: iterators, details: iteratorFields },
  { name: "interval", short: "i", byDefault: false, list: named(UNITS) },
  { name: "profile", short: "p", byDefault: false, list: named(UNITS) },
  { name: "uprobe", short: "u", byDefault: false, list: userFunctions },
  { name: "uretprobe", short: "ur", byDefault: false, list: userFunctions },
  { name: "usdt", short: "U", byDefault: false, list: staticPoints },
  { name: "self", short: "self", byDefault: false, list: (pattern) => ["signal:SIGUSR1"].filter((name) => matchesGlob(pattern, name)) },
];
/** Former names. */
const ALIASES: Record<string, string> = { kfunc: "fentry", kretfunc: "fexit" };

function providersOf(word: string): Provider[] {
  // The only short name that differs from another by case alone.
  if (word === "U") return PROVIDERS.filter(({ short }) => short === word);
  const lower = word.toLowerCase();
  const name = ALIASES[lower] ?? lower;
  return PROVIDERS.filter((row) => row.short === name || matchesGlob(name, row.name));
}

/** Lines for one pattern. */
function listOne(pattern: string): string[] {
  const colon = pattern.indexOf(":");
  const lines: string[] = [];
  if (colon < 0) {
    for (const row of PROVIDERS.filter(({ byDefault }) => byDefault))
      for (const found of row.list(pattern)) lines.push(`${row.name}:${found}`);
    return lines;
  }
  const everywhere = pattern.slice(0, colon) === "*";
  for (const row of providersOf(pattern.slice(0, colon))) {
    if (everywhere && !row.byDefault) continue;
    for (const found of row.list(pattern.slice(colon + 1))) lines.push(`${row.name}:${found}`);
  }
  return lines;
}

/** What a listed probe gives, four blanks before each. */
function detailsOf(line: string): string {
  const [provider = "", ...parts] = line.split(":");
  const fields = PROVIDERS.find(({ name }) => name === provider)?.details?.(parts) ?? [];
  return fields.map(({ type, name }) => `    ${type}${name === "" ? "" : ` ${name}`}\n`).join("");
}

// Types

const TAGS: Record<string, BtfKind[]> = {
  struct: [BtfKind.Struct],
  union: [BtfKind.Union],
  enum: [BtfKind.Enum, BtfKind.Enum64],
};

function listTypes(tag: string, pattern: string, verbose: boolean): string {
  const kinds = TAGS[tag] ?? [];
  const lines = new Set<string>();
  for (const module of modulesWithBtf()) {
    const found = [...(loadBtf(module)?.named(...kinds) ?? [])].filter(([, name]) => matchesGlob(pattern, name));
    if (found.length === 0) continue;
    const definitions = verbose
      ? definitionsOf(
          module,
          found.map(([id]) => id),
        )
      : undefined;
    for (const [, name] of found) {
      const definition = definitions?.get(`${tag} ${name}`);
      if (!verbose) lines.add(`${tag} ${name}\n`);
      else if (definition !== undefined) lines.add(`${module}: ${definition}\n\n`);
    }
  }
  return [...lines].sort().join("");
}

/** C definitions of types by tag and name, out of all that libbpf prints for them. */
function definitionsOf(module: string, ids: number[]): Map<string, string> {
  const definitions = new Map<string, string>();
  const base = modulesWithBtf()[0] ?? module;
  const text = loadAddon().dumpTypes(btfFile(module), module === base ? "" : btfFile(base), ids);
  for (const block of text.split("\n\n")) {
    const name = /^((?:struct|union|enum) \w+) \{/.exec(block)?.[1];
    if (name !== undefined) definitions.set(name, block.trimEnd());
  }
  return definitions;
}

/** Text for patterns with commas between them, one by one. */
export function* listPatterns(patterns: string, verbose: boolean): Generator<string> {
  for (const part of patterns.split(",")) {
    const type = /^\s*(struct|union|enum)\s+(\S+)\s*$/.exec(part);
    if (type !== null) yield listTypes(type[1] ?? "", type[2] ?? "", verbose);
    else yield listPlaces([...new Set(listOne(part))].sort(), verbose);
  }
}

/** Lines for probes by their full names. */
export function listPlaces(lines: string[], verbose: boolean): string {
  return lines.map((line) => `${line}\n${verbose ? detailsOf(line) : ""}`).join("");
}
