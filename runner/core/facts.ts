// What `bind` must know of the host that an object will run on. Plain data: gathered by the host, or made up by a test.

import type { TracepointFormat } from "./tracepoint-format.ts";

/** A function of the kernel, or of one of its modules; `vmlinux` for the kernel proper. */
export interface KernelFunction {
  name: string;
  module: string;
  /** What it is given and returns, where a program with a wildcard reads that: fields of the program's context. */
  format?: TracepointFormat;
}

/** A static tracepoint of a binary, with the places of the code that it stands for. */
export interface StaticTracepoint {
  binary: string;
  namespace: string;
  name: string;
  places: StaticPlace[];
}

export interface StaticPlace {
  /** Bytes from the start of the file, of the instruction and of the counter that says that somebody watches (0: none). */
  offset: number;
  semaphore: number;
  /** The instruction's address, as the symbols of the file count. */
  address: number;
  /** What `usdt_argument` of wasm/manifest.ts describes, for each argument; of one that no program can read, its operand. */
  arguments: (Uint8Array | string)[];
}

export interface HostFacts {
  arch: string;
  /** CPUs that the kernel can ever have; CPU numbers are below it. */
  possibleCpus: number;
  /** Bytes. */
  pageSize: number;
  /** Bytes of memory that are free for use; sizes the ring buffer. */
  availableMemory: number;
  /**
   * `category:event` of at least every tracepoint that a target of the object matches, with its format; null where it exists
   * and no program reads its fields.
   */
  tracepoints: Map<string, TracepointFormat | null>;
  /** Functions that kprobe patterns may match; empty when the object has no such pattern. */
  functions: KernelFunction[];
  /** `functions` holds all that can be probed: what is not in it does not exist. */
  knowsFunctions: boolean;
  /** Modules that are loaded; absent when no probe names one. */
  modules?: string[];
  /**
   * Functions (`function:MODULE:NAME`) and raw tracepoints (`rawtracepoint:MODULE:NAME`) that targets by BTF stand for, by the
   * parts of the target.
   */
  typed: Map<string, KernelFunction[]>;
  /** Names of the iterators that this kernel can load; absent when no probe names one, or nothing is known of them. */
  iterators?: string[];
  /** What the targets of uprobes (`binary:function`) stand for; the function is empty for an address. */
  userFunctions: Map<string, { binary: string; name: string }[]>;
  /** Addresses of symbols of binaries as the file counts them, by `binary:name`: of those that scripts ask for, and where probes are. */
  userSymbols: Map<string, number>;
  /** Static tracepoints that targets stand for, by the parts of the target with colons between them. */
  staticTracepoints: Map<string, StaticTracepoint[]>;
  /** The tracer is in a PID namespace of its own: `pid` is asked of the kernel by these numbers of the namespace. */
  pidNamespace?: { device: bigint; inode: bigint };
  /** Values of the constants that the object asks for, by the binding's kind, or `kind:name`. */
  constants: Map<string, bigint>;
  /** For a probe that does not exist (`category:event`): names of similar ones. */
  similar: Map<string, string[]>;
}

/** The number that a kernel's release (`6.12.3-amd64`) stands for: a byte for each of its first three parts. */
export function kernelVersion(release: string): bigint {
  const [, major = "0", minor = "0", patch = "0"] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(release) ?? [];
  return [major, minor, patch].reduce((sum, part) => (sum << 8n) | BigInt(Math.min(Number(part), 255)), 0n);
}

export type TestMode = "test" | "bench";

/** What the user may set when an object is run. */
export interface BindParameters {
  /** Words behind the script: `$1` is the first. */
  positional?: string[];
  /** Words behind the script that start with `--`: `--name` or `--name=value`. */
  named?: string[];
  /** Pages of the ring buffer; 0 or absent: what the object says. */
  ringBufferPages?: number;
  /** Most attachments of one script; absent: the peer's limit. */
  maxProbes?: number;
  /** Most programs. */
  maxPrograms?: number;
  /** Run the script's tests, or its benches, in place of tracing. */
  mode?: TestMode;
  /** Only what this process does. */
  pid?: number;
  /** Try functions that the given list does not have. */
  unsafe?: boolean;
  /** Only places whose name it finds something in; begin and end programs are exempt. */
  probeFilter?: RegExp;
}
