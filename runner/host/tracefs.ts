// Where tracefs is, and what is in it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";

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

/**
 * Kernel functions that can be probed; where the kernel has no such list, all functions of its symbol table.
 */
export function traceableFunctions(): string[] {
  const place = findTracefs();
  for (const [path, field] of [
    [`${place}/available_filter_functions`, 0],
    ["/proc/kallsyms", 2],
  ] as const) {
    try {
      const lines = readFileSync(path, "latin1").split("\n");
      const wanted = field === 0 ? lines : lines.filter((line) => /^\S+ [tT] /.test(line));
      const names = wanted.map((line) => line.split(/\s/)[field] ?? "").filter((name) => name !== "");
      if (names.length > 0) return names;
    } catch {
      // Not readable here: the next one may be.
    }
  }
  return [];
}
