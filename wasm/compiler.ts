// The compiler module from JavaScript: bytes in, bytes out, no host access.

import { BpfcastError } from "./errors.ts";
import type { Architecture } from "./manifest.ts";
import type { Reference } from "./reference.ts";

/** A fact of the target. */
export type TargetNeed =
  /** Raw BTF of `vmlinux` or of a module. */
  | { kind: "btf"; module: string }
  /** The `format` file of a tracepoint. */
  | { kind: "tracepoint"; category: string; event: string }
  /** Bytes that a symbol of a binary has, as decimal text. The binary is empty for that of the process of -p. */
  | { kind: "symbol"; binary: string; name: string }
  /** Whether programs of a type may call a function of the kernel: the answer has no bytes. */
  | { kind: "kfunc"; programType: ProgramType; name: string };

/** Program types of the kernel that may call different functions of it. */
export const PROGRAM_TYPES = ["kprobe", "perf_event", "raw_tracepoint", "tracepoint", "tracing"] as const;
export type ProgramType = (typeof PROGRAM_TYPES)[number];

/** Another file of the script: `#include "path"`, `#include <path>` or `import "path"`, by its use. */
export interface HeaderNeed {
  kind: "header";
  path: string;
  use: "quoted" | "system" | "import";
  /** Name of the file that names it, as its answer gave it; empty for the script and the command line. */
  from: string;
}

const USE_KEYS = { quoted: '"', system: "<", import: "@" };

/** What the compiler asks for before it can go on. Answer with `Compiler.supply`. */
export type Need = TargetNeed | HeaderNeed;

/**
 * The answer to a need: its bytes, or that there is no such thing, with similar names for the error message. The name is a file's,
 * for messages; one name stands for one text. That of a folder ends with `/*`: its text imports what is in it. `refused` says
 * why a file that is there is not read.
 */
export type Answer = { found: true; bytes: Uint8Array; name?: string } | { found: false; candidates: string[]; refused?: string };

/** A place in the script, or in another file of it. */
export interface Span {
  /** Name of the other file; absent in the script itself. */
  file?: string;
  /** Byte offsets in the file, end exclusive; lines and byte columns from 1. */
  start: number;
  end: number;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** What belongs to a diagnostic elsewhere: what it refers to, then the macros that it is in. */
export interface Note extends Span {
  message: string;
}

export interface Diagnostic extends Span {
  severity: "error" | "warning";
  /** Stable name, as `unknown-field`. */
  code: string;
  message: string;
  hint: string;
  notes: Note[];
}

export interface CompileOptions {
  /** Shown in diagnostics and line info: a file name, or `stdin`. */
  name: string;
  /** Stages whose dump is wanted: ast, types, ir, bpf, llvm. */
  dump?: string[];
  /** Variables of the environment; those called BPFTRACE_ and a config key set that key, whatever the script says. */
  environment?: Record<string, string | undefined>;
  /** Words behind the script, which positional parameters in attach points stand for; absent while they are not known. */
  parameters?: string[];
  /** Headers to read before the script. */
  includes?: string[];
  /** Report helpers that fail where the script runs. */
  helperErrors?: boolean;
  /** The script runs at once, where it is compiled: what its probes stand for need not be known. */
  live?: boolean;
  /** The script will run in a PID namespace of its own: `pid` and `tid` are those in it. */
  pidNamespace?: boolean;
  /** x86_64 unless told. */
  architecture?: Architecture;
  /** What makes the instructions: our own code generator unless told. */
  backend?: "own" | "llvm";
}

export type CompileResult =
  | { kind: "object"; object: Uint8Array; diagnostics: Diagnostic[]; dumps: Record<string, string> }
  /** With the LLVM back end: `text` is for llc, whose object is for `Compiler.link`, before anything else is compiled. */
  | { kind: "llvm"; text: string; diagnostics: Diagnostic[]; dumps: Record<string, string> }
  | { kind: "needs"; needs: Need[]; diagnostics: Diagnostic[] }
  | { kind: "failed"; diagnostics: Diagnostic[]; dumps: Record<string, string> };

/** The text is bytes: comments may hold what is no UTF-8. */
export type FormatResult = { kind: "formatted"; text: Uint8Array } | { kind: "failed"; diagnostics: Diagnostic[] };

export interface CompilerApi {
  /** Records a fact of the target for this and all later compiles. */
  supply(need: Need, answer: Answer): void;
  compile(source: Uint8Array, options: CompileOptions): CompileResult;
  /** The result of the compile before, from the object that llc made of its text. */
  link(object: Uint8Array): CompileResult;
  /** Lays the text of a script out anew. Comments, and everything else but layout and `;`, stay as they are. */
  format(source: Uint8Array, name: string): FormatResult;
}

/** Exports of the module: addresses and lengths in its memory. */
interface Exports {
  memory: WebAssembly.Memory;
  allocateProfile(size: number): number;
  allocateCompile(size: number): number;
  supplyKernelBtf(bytes: number, length: number): void;
  supplyKernelFunction(key: number, keyLength: number, isAllowed: boolean): void;
  supplyTracepoint(name: number, nameLength: number, text: number, length: number): void;
  supplySymbol(key: number, keyLength: number, size: number): void;
  supplyMissingTracepoint(name: number, nameLength: number, candidates: number, length: number): void;
  supplyMissingKernelBtf(): void;
  supplyHeader(key: number, keyLength: number, name: number, nameLength: number, text: number, length: number): void;
  supplyMissingHeader(key: number, keyLength: number, why: number, whyLength: number): void;
  compile(
    source: number,
    length: number,
    name: number,
    nameLength: number,
    dumps: number,
    environment: number,
    environmentLength: number,
    settings: number,
    settingsLength: number,
    architecture: number,
  ): number;
  link(object: number, length: number): number;
  format(source: number, length: number, name: number, nameLength: number): number;
  resultPointer(part: number): number;
  resultLength(part: number): number;
  release(): void;
  memoryInUse(): number;
  reference(): number;
  referenceLength(): number;
}

/** Parts of a result, by the number that the module knows them by. */
const enum Part {
  Object = 0,
  Diagnostics = 1,
  Needs = 2,
  FirstDump = 3,
  Llvm = 7,
}

/** In the order of the module's `Status`. */
const enum Status {
  Object = 0,
  Needs = 1,
  Failed = 2,
  Llvm = 3,
}

/** Dump stages in the order of their parts; the compiler takes a bit each. */
const DUMPS = ["ast", "types", "ir", "bpf", "llvm"];

/** In the order of the module's `Architecture`. */
const ARCHITECTURES: Architecture[] = ["x86_64", "aarch64"];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const PREFIX = "BPFTRACE_";

/** `KEY=VALUE` lines of the variables that may be configuration. */
function settingsOf(environment: Record<string, string | undefined>): string {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(PREFIX) && value !== undefined && !value.includes("\n"))
    .map(([name, value]) => `${name.slice(PREFIX.length)}=${value}`)
    .join("\n");
}

/** The other options that shape the code, as lines. */
function optionsText({ parameters, includes = [], helperErrors, live, pidNamespace, backend }: CompileOptions): string {
  const lines: string[] = [];
  if (parameters !== undefined) lines.push("parameters=", ...parameters.map((word) => `parameter=${word.replaceAll("\n", " ")}`));
  lines.push(...includes.map((file) => `include=${file.replaceAll("\n", " ")}`));
  if (helperErrors) lines.push("helper-errors=1");
  if (live) lines.push("live=1");
  if (pidNamespace) lines.push("pid-namespace=1");
  if (backend === "llvm") lines.push("llvm=1");
  return lines.join("\n");
}

function internalError(what: string): BpfcastError {
  return new BpfcastError("internal-compiler-error", `internal error in the compiler: ${what}`);
}

/** One instance of the compiler with its profile. Not re-entrant, but any number of compiles may follow each other. */
export class Compiler implements CompilerApi {
  readonly #exports: Exports;
  /** Stages whose text the compile in hand is to give. */
  #dumpBits = 0;

  private constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, {
      env: {
        // Of the builds for tests; the product traps instead, which saves the texts.
        abort: (message: number, file: number, line: number, column: number) => {
          throw internalError(`${this.#text(message)} at ${this.#text(file)}:${line}:${column}`);
        },
      },
    });
    this.#exports = instance.exports as unknown as Exports;
  }

  static async create(module: WebAssembly.Module | BufferSource): Promise<Compiler> {
    return new Compiler(module instanceof WebAssembly.Module ? module : await WebAssembly.compile(module));
  }

  /** A string of the AssemblyScript runtime: UTF-16, its byte length four bytes before. */
  #text(pointer: number): string {
    if (pointer === 0) return "";
    const memory = this.#exports.memory.buffer;
    const length = new DataView(memory).getUint32(pointer - 4, true);
    return new TextDecoder("utf-16le").decode(new Uint8Array(memory, pointer, length));
  }

  #put(bytes: Uint8Array, profile: boolean): number {
    const pointer = profile ? this.#exports.allocateProfile(bytes.length) : this.#exports.allocateCompile(bytes.length);
    new Uint8Array(this.#exports.memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  }

  #part(part: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, this.#exports.resultPointer(part), this.#exports.resultLength(part)).slice();
  }

  supply(need: Need, answer: Answer): void {
    if (need.kind === "btf") {
      if (answer.found) this.#exports.supplyKernelBtf(this.#put(answer.bytes, true), answer.bytes.length);
      else this.#exports.supplyMissingKernelBtf();
      return;
    }
    if (need.kind === "header") {
      this.#supplyHeader(need, answer);
      return;
    }
    if (need.kind === "symbol") {
      const key = encoder.encode(`${need.binary}\n${need.name}`);
      const size = answer.found ? Number(decoder.decode(answer.bytes)) : 0;
      this.#exports.supplySymbol(this.#put(key, true), key.length, size <= 8 ? size : 0);
      return;
    }
    if (need.kind === "kfunc") {
      const key = encoder.encode(`${need.programType}:${need.name}`);
      this.#exports.supplyKernelFunction(this.#put(key, true), key.length, answer.found);
      return;
    }
    const name = encoder.encode(`${need.category}:${need.event}`);
    const bytes = answer.found ? answer.bytes : encoder.encode(answer.candidates.join("\n"));
    const namePointer = this.#put(name, true);
    const pointer = this.#put(bytes, true);
    if (answer.found) this.#exports.supplyTracepoint(namePointer, name.length, pointer, bytes.length);
    else this.#exports.supplyMissingTracepoint(namePointer, name.length, pointer, bytes.length);
  }

  #supplyHeader({ path, use, from }: HeaderNeed, answer: Answer): void {
    const key = encoder.encode(`${USE_KEYS[use]}${path}\n${from}`);
    const keyPointer = this.#put(key, true);
    if (!answer.found) {
      const why = encoder.encode(answer.refused ?? "");
      this.#exports.supplyMissingHeader(keyPointer, key.length, this.#put(why, true), why.length);
      return;
    }
    const name = encoder.encode(answer.name ?? path);
    const namePointer = this.#put(name, true);
    const text = this.#put(answer.bytes, true);
    this.#exports.supplyHeader(keyPointer, key.length, namePointer, name.length, text, answer.bytes.length);
  }

  compile(source: Uint8Array, options: CompileOptions): CompileResult {
    const name = encoder.encode(options.name);
    const environment = encoder.encode(settingsOf(options.environment ?? {}));
    const settings = encoder.encode(optionsText(options));
    this.#dumpBits = 0;
    for (const stage of options.dump ?? []) if (DUMPS.includes(stage)) this.#dumpBits |= 1 << DUMPS.indexOf(stage);
    return this.#guarded(() =>
      this.#exports.compile(
        this.#put(source, false),
        source.length,
        this.#put(name, false),
        name.length,
        this.#dumpBits,
        this.#put(environment, false),
        environment.length,
        this.#put(settings, false),
        settings.length,
        ARCHITECTURES.indexOf(options.architecture ?? "x86_64"),
      ),
    );
  }

  link(object: Uint8Array): CompileResult {
    return this.#guarded(() => this.#exports.link(this.#put(object, false), object.length));
  }

  format(source: Uint8Array, name: string): FormatResult {
    const bytes = encoder.encode(name);
    this.#dumpBits = 0;
    const result = this.#guarded(() =>
      this.#exports.format(this.#put(source, false), source.length, this.#put(bytes, false), bytes.length),
    );
    return result.kind === "object"
      ? { kind: "formatted", text: result.object }
      : { kind: "failed", diagnostics: result.kind === "failed" ? result.diagnostics : [] };
  }

  /** Runs a step of the module and reads its result, whose memory is given back unless another step follows. */
  #guarded(step: () => Status): CompileResult {
    let waits = false;
    try {
      const status = step();
      const json = (part: Part) => JSON.parse(decoder.decode(this.#part(part))) as unknown;
      const diagnostics = json(Part.Diagnostics) as Diagnostic[];
      if (status === Status.Needs) return { kind: "needs", needs: json(Part.Needs) as Need[], diagnostics };
      const dumps: Record<string, string> = {};
      DUMPS.forEach((stage, index) => {
        if (this.#dumpBits & (1 << index)) dumps[stage] = decoder.decode(this.#part(Part.FirstDump + index));
      });
      if (status === Status.Failed) return { kind: "failed", diagnostics, dumps };
      if (status === Status.Llvm) {
        waits = true;
        return { kind: "llvm", text: decoder.decode(this.#part(Part.Llvm)), diagnostics, dumps };
      }
      return { kind: "object", object: this.#part(Part.Object), diagnostics, dumps };
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
        // A compile is the same everywhere: the script and this place are all that a report needs.
        const place = /wasm-function\[\d+\]:0x[0-9a-f]+/.exec(error.stack ?? "")?.[0];
        throw internalError(place === undefined ? error.message : `${error.message} at ${place}`);
      }
      throw error;
    } finally {
      if (!waits) this.#exports.release();
    }
  }

  /** What the language has: the rows of the compiler's own tables. */
  reference(): Reference {
    const pointer = this.#exports.reference();
    try {
      return JSON.parse(decoder.decode(new Uint8Array(this.#exports.memory.buffer, pointer, this.#exports.referenceLength()))) as Reference;
    } finally {
      this.#exports.release();
    }
  }

  /** Bytes of memory that profile and compile regions hold. */
  get memoryInUse(): number {
    return this.#exports.memoryInUse();
  }
}
