// Where results go, in whatever form. Text and JSON implement it.

import type { Field, Location, MapInfo, Source } from "../../wasm/manifest.ts";
import type { PrintfFormat } from "./format/printf.ts";
import type { Memory } from "./format/values.ts";
import type { MapTable } from "./maps.ts";

/** Receives bytes; they are only valid during the call. */
export interface Sink {
  /** Results: standard output, or the file of `-o`. */
  write(bytes: Uint8Array): void;
  /** Messages about the run: standard error. */
  writeError(text: string): void;
}

/** Keeps everything as one text. */
export class CapturedText implements Sink {
  #parts: Uint8Array[] = [];

  write(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
  }

  writeError(text: string): void {
    this.#parts.push(new TextEncoder().encode(text));
  }

  /** What has been written since the last time. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    return whole;
  }
}

export type MessageKind = "time" | "cat" | "join" | "syscall";

export interface Output {
  attachedProbes(count: number): void;
  /** A message of the record at `at`. */
  printf(format: PrintfFormat, memory: Memory, at: number): void;
  /** print() of a value. */
  value(field: Field, memory: Memory, at: number): void;
  /**
   * print() of a map. `top`: only the last so many entries, 0 for all. `div`: numbers are divided by it.
   */
  map(table: MapTable, top: number, div: number): void;
  /** What time(), cat(), join() or system() printed. */
  message(kind: MessageKind, bytes: Uint8Array): void;
  /** A message of errorf() or warnf(), with its place in the script. */
  report(kind: "errorf" | "warnf", message: Uint8Array, source: Source, location: Location, library: string): void;
  lostEvents(count: number): void;
  /** A message about the whole run, whatever the form of the output. */
  warning(message: string): void;
  /** A warning of a program, with its place in the script. */
  runtimeError(message: string, source: Source, location: Location): void;
  /** A helper that failed (0: a key that is not there), with its place in the script. */
  helperError(helper: string, code: number, source: Source, location: Location): void;
  /** The script's tests: their number; one that is to run; how it ended, after how many nanoseconds, and what it said; all of them. */
  testsBegin(count: number): void;
  testBegins(name: string): void;
  testEnded(name: string, passed: boolean, duration: number, said: Uint8Array): void;
  testsEnded(count: number, failed: string[]): void;
  /** A bench: nanoseconds of one run. `width`: characters of the longest name of all. */
  benchEnded(name: string, average: number, iterations: number, width: number, isFirst: boolean): void;
  /** After the last event, before the maps are printed at exit. */
  end(): void;
  /** Gives everything that is buffered to the sink. */
  flush(): void;
  /** Bytes that are buffered. */
  readonly pending: number;
}

/** Output is handed over when so much is waiting, also in the middle of a batch or a map. */
export const FLUSH_BYTES = 65_536;

/** What print(@map, top, div) makes of a number: a divisor of 0 counts as 1. */
export function divisor(div: number): number {
  return div === 0 ? 1 : div;
}

/** The first of the entries that print shows: the last `top` of the order, or all. */
export function firstShown({ size }: MapTable, top: number): number {
  return top > 0 ? Math.max(size - top, 0) : 0;
}

/** True when the map prints as a block of lines for each entry. */
export function isBlock(map: MapInfo): boolean {
  return map.value.kind === "hist" || map.value.kind === "lhist" || map.value.kind === "tseries";
}
