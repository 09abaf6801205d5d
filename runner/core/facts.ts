// What `bind` must know of the host that an object will run on. Plain data: gathered by the host, or made up by a test.

import type { TracepointFormat } from "./tracepoint-format.ts";

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
  /** Names of the functions that kprobe patterns may match; empty when the object has no such pattern. */
  functions: string[];
  /** Values of the constants that the object asks for, by the binding's kind, or `kind:name`. */
  constants: Map<string, bigint>;
  /** For a probe that does not exist (`category:event`): names of similar ones. */
  similar: Map<string, string[]>;
}

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
}
