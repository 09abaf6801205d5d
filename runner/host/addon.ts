// The native addon: its types, and where it is.

import { createRequire } from "node:module";
import { BpfcastError } from "../../wasm/errors.ts";

export interface NativeMapContents {
  count: number;
  keySize: number;
  valueSize: number;
  keys: ArrayBuffer;
  values: ArrayBuffer;
}

/** Every method throws a NativeError. */
export interface NativeObject {
  programs(): { name: string; section: string; instructions: number }[];
  setAutoload(program: string, load: boolean): void;
  setExpectedAttachType(program: string, type: number): void;
  setMaxEntries(map: string, count: number): void;
  /** Before `load`, for a program that is verified against one function. */
  setAttachTarget(program: string, name: string): void;
  /** Before `load`: `verifierLogs` has what the verifier says of the program, in at most `size` bytes. */
  keepVerifierLogs(program: string, size: number): void;
  verifierLogs(): { program: string; log: string }[];
  /** What libbpf said while the object was opened and loaded. */
  messages(): string;
  load(): void;
  programInfo(program: string): { translated: number; jited: number };
  /** What it returned, and the nanoseconds of one of `repeat` runs. */
  testRun(program: string, repeat: number): { value: number; duration: number };
  /** The returned buffer of `capacity` bytes holds each batch while `handler` runs, from its start on. */
  startRing(map: string, capacity: number, handler: (length: number) => void): ArrayBuffer;
  drainRing(): number;
  pauseRing(): void;
  attachTracepoint(program: string, category: string, event: string): void;
  attachKprobe(program: string, name: string, offset: number, isReturn: boolean): void;
  /** At an address in decimal. */
  attachKprobeAddress(program: string, address: string, isReturn: boolean): void;
  /** To the function that the program was loaded for. */
  attachTracing(program: string): void;
  attachKprobeMulti(program: string, names: string[], isReturn: boolean): void;
  attachRawTracepoint(program: string, event: string): void;
  /** `semaphore`: place in the file of a counter that is one more while it is attached, or 0. */
  attachUprobe(program: string, binary: string, name: string, offset: number, isReturn: boolean, pid: number, semaphore: number): void;
  /** On one CPU (-1: all), of one thread (-1: all). */
  attachPerfEvent(program: string, type: number, config: number, sample: number, isFrequency: boolean, cpu: number, thread: number): void;
  /** `address` in decimal, `type` the bits of bp_type; on one CPU (-1: all), of one thread (-1: all). */
  attachBreakpoint(program: string, address: string, length: number, type: number, cpu: number, thread: number): void;
  /** To the objects of one process, or of all with 0. */
  attachIterator(program: string, pid: number): void;
  /** The next bytes of an iterator's output, at most `size`; none at its end. */
  readIterator(program: string, size: number): ArrayBuffer;
  detach(): void;
  readMap(map: string): NativeMapContents;
  clearMap(map: string): void;
  zeroMap(map: string): void;
  close(): void;
}

export interface NativeChild {
  pid(): number;
  release(): void;
  signal(number: number): void;
  poll(): { code: number; signal: number } | null;
}

/** Clocks of clock_gettime(2). */
export const enum Clock {
  RealTime = 0,
  Monotonic = 1,
  Boot = 7,
  Tai = 11,
}

export interface NativeAddon {
  BpfObject: new (bytes: Uint8Array, verbose: boolean, btf: string) => NativeObject;
  /** A command to run, or a process to watch. */
  Child: new (
    command: string[] | number,
    onExit: () => void,
  ) => NativeChild;
  possibleCpus(): number;
  /** Nanoseconds of a clock. */
  clockTime(clock: Clock): bigint;
  /** By the numbers of uapi/linux/bpf.h. */
  hasHelper(programType: number, helper: number): boolean;
  /** A function of the kernel proper that programs of a type may call. */
  mayCallFunction(programType: number, name: string): boolean;
  hasMapType(type: number): boolean;
  /** kprobe_multi, uprobe_multi, kprobe_session, iter. */
  hasProbeType(name: string): boolean;
  /** C definitions of types of a BTF file, and of all that they need; `base` is the file that a module's goes on from, or "". */
  dumpTypes(file: string, base: string, ids: number[]): string;
  raiseMemoryLimit(): boolean;
  raiseFileLimit(): number;
  hasKprobeMulti(): boolean;
}

/** What the addon throws: errno name and number, and what libbpf said meanwhile. */
export interface NativeError extends Error {
  code: string;
  errno: number;
  log?: string;
}

export function isNativeError(error: unknown): error is NativeError {
  return error instanceof Error && "errno" in error && "code" in error && typeof error.code === "string";
}

/** Beside the bundle; bundles of tests lie up to two folders deeper. */
const PLACES = ["./bpfcast.node", "../bpfcast.node", "../../bpfcast.node"];

let loaded: NativeAddon | undefined;

/** @throws BpfcastError `no-addon`. */
export function loadAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  const require = createRequire(import.meta.url);
  let failure = "";
  for (const place of PLACES) {
    try {
      loaded = require(place) as NativeAddon;
      return loaded;
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
      if (!missing) failure = error instanceof Error ? error.message : String(error);
    }
  }
  throw new BpfcastError("no-addon", `the native part of bpfcast cannot be loaded${failure === "" ? "" : `: ${failure}`}`, {
    hint: "it is built by `npm run build` and needs libbpf (Debian: apt-get install libbpf-dev)",
  });
}
