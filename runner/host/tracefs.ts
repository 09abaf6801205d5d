// Where tracefs is, and what is in it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import type { KernelFunction } from "../core/facts.ts";
import { KERNEL_MODULE } from "../core/targets.ts";

const PLACES = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/** The mounted tracefs, or undefined. */
export function findTracefs(): string | undefined {
  return PLACES.find((place) => existsSync(`${place}/events`));
}

/** @throws BpfcastError `no-tracefs`. */
export function requireTracefs(): string {
  const place = findTracefs();
  if (place !== undefined) return place;
  const root = process.geteuid?.() === 0;
  throw new BpfcastError(
    "no-tracefs",
    root ? "tracefs is not mounted, so that tracepoints cannot be found" : "tracefs cannot be read without root",
    {
      hint: root ? "mount it: mount -t tracefs tracefs /sys/kernel/tracing" : "run bpfcast as root",
      exitCode: 1,
    },
  );
}

/** A part of a tracepoint's name is a directory's name: nothing that leads elsewhere. */
function isName(part: string): boolean {
  return /^[A-Za-z0-9_.:-]+$/.test(part) && part !== "." && part !== "..";
}

/** The text of a tracepoint's format, or undefined when there is no such tracepoint. */
export function readFormat(category: string, event: string): string | undefined {
  if (!isName(category) || !isName(event)) return undefined;
  try {
    return readFileSync(`${requireTracefs()}/events/${category}/${event}/format`, "latin1");
  } catch (error) {
    if (error instanceof BpfcastError) throw error;
    return undefined;
  }
}

export function hasTracepoint(category: string, event: string): boolean {
  return isName(category) && isName(event) && existsSync(`${requireTracefs()}/events/${category}/${event}/id`);
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

export function tracepointCategories(): string[] {
  return directories(`${requireTracefs()}/events`);
}

/** Events of a category that programs can be attached to. */
export function tracepointEvents(category: string): string[] {
  return isName(category) ? directories(`${requireTracefs()}/events/${category}`) : [];
}

/** Every tracepoint, as `category:event`. */
export function allTracepoints(): string[] {
  try {
    return readFileSync(`${requireTracefs()}/available_events`, "latin1")
      .split("\n")
      .filter((line) => line.includes(":"));
  } catch (error) {
    if (error instanceof BpfcastError) throw error;
    return tracepointCategories().flatMap((category) => tracepointEvents(category).map((event) => `${category}:${event}`));
  }
}

/** Functions in the lines of a list: `name`, or `name [module]`. */
export function parseFunctions(text: string): KernelFunction[] {
  const found: KernelFunction[] = [];
  for (const line of text.split("\n")) {
    const blank = line.search(/[ \t]/);
    if (blank < 0) {
      if (line !== "") found.push({ name: line, module: KERNEL_MODULE });
      continue;
    }
    const module = /\[([^\]]+)\]/.exec(line);
    found.push({ name: line.slice(0, blank), module: module?.[1] ?? KERNEL_MODULE });
  }
  return found;
}

/** Functions in the lines of a symbol table: `address type name [module]`. */
function parseSymbols(text: string): KernelFunction[] {
  const code = text.split("\n").filter((line) => /^\S+ [tT] /.test(line));
  return parseFunctions(code.map((line) => line.slice(line.indexOf(" ") + 3)).join("\n"));
}

let listFile: string | undefined;

/** Takes the functions that can be probed from a file instead of the kernel's own list: --traceable-functions. */
export function useFunctionList(file: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error && "code" in error && error.code === "ENOENT" ? "No such file or directory" : String(error);
    throw new BpfcastError("cannot-read", `Failed to open kernel function info: Could not read functions from ${file}. (${reason})`);
  }
  listFile = file;
}

/** True when the list of functions was given, so that what is not in it does not exist. */
export function hasFunctionList(): boolean {
  return listFile !== undefined;
}

let functions: KernelFunction[] | undefined;

/** Kernel functions that can be probed; where the kernel has no such list, all functions of its symbol table. */
export function traceableFunctions(): KernelFunction[] {
  functions ??= readFunctions();
  return functions;
}

function readFunctions(): KernelFunction[] {
  if (listFile !== undefined) return parseFunctions(readFileSync(listFile, "latin1"));
  const list = `${findTracefs()}/available_filter_functions`;
  for (const [path, parse] of [
    [list, parseFunctions],
    ["/proc/kallsyms", parseSymbols],
  ] as const) {
    try {
      const found = parse(readFileSync(path, "latin1"));
      if (found.length > 0) return found;
    } catch {
      // Not readable here: the next one may be.
    }
  }
  return [];
}

/** Whether the kernel can trace its functions, and so has a list of them. */
export function hasFunctionTracing(): boolean {
  return listFile !== undefined || existsSync(`${findTracefs()}/available_filter_functions`);
}

/** Modules that are loaded. */
export function loadedModules(): string[] {
  try {
    return readFileSync("/proc/modules", "latin1")
      .split("\n")
      .map((line) => line.split(" ")[0] ?? "")
      .filter((name) => name !== "");
  } catch {
    return [];
  }
}
