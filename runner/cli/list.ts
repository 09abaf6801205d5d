// `-l`: the probes that a pattern names, a line each, sorted; with -v the fields of tracepoints below each.

import { isPattern, matchesGlob } from "../core/glob.ts";
import { parseTracepointFormat } from "../core/tracepoint-format.ts";
import { readFormat, traceableFunctions, tracepointCategories, tracepointEvents } from "../host/tracefs.ts";

const SOFTWARE = [
  "alignment-faults",
  "bpf-output",
  "context-switches",
  "cpu-clock",
  "cpu-migrations",
  "cpu",
  "cs",
  "dummy",
  "emulation-faults",
  "faults",
  "major-faults",
  "minor-faults",
  "page-faults",
  "task-clock",
];
const HARDWARE = [
  "backend-stalls",
  "branch-instructions",
  "branch-misses",
  "branches",
  "bus-cycles",
  "cache-misses",
  "cache-references",
  "cpu-cycles",
  "cycles",
  "frontend-stalls",
  "instructions",
  "ref-cycles",
];
const UNITS = ["hz", "ms", "s", "us"];

interface Provider {
  name: string;
  short: string;
  /** Listed where the pattern names no provider. */
  byDefault: boolean;
  list(pattern: string): string[];
}

function named(names: string[]): (pattern: string) => string[] {
  return (pattern) => names.filter((name) => matchesGlob(pattern, name) || matchesGlob(pattern, `${name}:`)).map((name) => `${name}:`);
}

function functions(pattern: string): string[] {
  return [...new Set(traceableFunctions())].filter((name) => !name.includes(".part.") && matchesGlob(pattern, name));
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

const PROVIDERS: Provider[] = [
  { name: "kprobe", short: "k", byDefault: true, list: functions },
  { name: "kretprobe", short: "kr", byDefault: false, list: functions },
  { name: "tracepoint", short: "t", byDefault: true, list: tracepoints },
  { name: "software", short: "s", byDefault: true, list: named(SOFTWARE) },
  { name: "hardware", short: "h", byDefault: true, list: named(HARDWARE) },
  { name: "interval", short: "i", byDefault: false, list: named(UNITS) },
  { name: "profile", short: "p", byDefault: false, list: named(UNITS) },
];

function providersOf(word: string): Provider[] {
  const lower = word.toLowerCase();
  return PROVIDERS.filter((row) => row.short === lower || matchesGlob(lower, row.name));
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

/** The fields of a listed tracepoint, four blanks before each. */
function fieldsOf(line: string): string {
  const [provider, category = "", event = ""] = line.split(":");
  if (provider !== "tracepoint") return "";
  const text = readFormat(category, event);
  if (text === undefined) return "";
  const declarations = parseTracepointFormat(text).fields.filter(({ name }) => !name.startsWith("common_"));
  return declarations.map(({ declaration }) => `    ${declaration}\n`).join("");
}

/** @param pattern patterns with commas between them; undefined for everything. */
export function listProbes(pattern: string | undefined, verbose: boolean): string {
  const lines = new Set((pattern ?? "*:*").split(",").flatMap((part) => listOne(part).sort()));
  return [...lines].map((line) => `${line}\n${verbose ? fieldsOf(line) : ""}`).join("");
}
