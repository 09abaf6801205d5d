// What is known of the target so far, and what a compile found missing.
//
// The profile lives in its own memory region and only grows: the host supplies a fact once, in answer to a need, and every
// later compile finds it. A fact may be that the target has no such thing.

import { Headers } from "../source/headers";
import { Architecture } from "./architecture";
import { Btf } from "./btf";
import { TracepointFormat } from "./tracepoint";

/** What the host answered about one tracepoint. */
@final
export class TracepointFact {
  format: TracepointFormat | null = null;
  /** Names like the one asked for, when the target lacks it. */
  candidates: Array<string> = [];
}

export class Profile {
  architecture: Architecture = Architecture.X86_64;
  /** BTF of the kernel proper; null until supplied, or when the target has none. */
  kernel: Btf | null = null;
  kernelAnswered: bool = false;
  /** Why the supplied BTF could not be used; empty otherwise. */
  kernelError: string = "";
  headers: Headers = new Headers();
  /** Whether programs may call a function of the kernel, by `program type:function`. */
  kernelFunctions: Map<string, bool> = new Map();
  /** By `category:event`. */
  tracepoints: Map<string, TracepointFact> = new Map();
  /** Bytes of symbols of binaries, by binary and name with a line's end between them; 0 where nobody knows. */
  symbols: Map<string, i32> = new Map();

  supplyKernelBtf(bytes: usize, length: u32): void {
    this.kernelAnswered = true;
    const btf = Btf.open(bytes, length);
    this.kernelError = btf.error;
    this.kernel = btf.error.length == 0 ? btf : null;
  }

  supplyTracepoint(name: string, text: usize, length: u32): void {
    const fact = new TracepointFact();
    fact.format = TracepointFormat.parse(text, length);
    this.tracepoints.set(name, fact);
  }

  supplyMissingTracepoint(name: string, candidates: Array<string>): void {
    const fact = new TracepointFact();
    fact.candidates = candidates;
    this.tracepoints.set(name, fact);
  }
}

/** Facts that a compile asked for and the profile lacks, each once. */
export class Needs {
  kernelBtf: bool = false;
  /** `category:event`. */
  tracepoints: Array<string> = [];
  /** `program type:function`. */
  kernelFunctions: Array<string> = [];

  /** As `Profile.symbols` has them. */
  symbols: Array<string> = [];

  get any(): bool {
    return this.kernelBtf || this.tracepoints.length > 0 || this.symbols.length > 0 || this.kernelFunctions.length > 0;
  }

  symbol(key: string): void {
    if (this.symbols.indexOf(key) < 0) this.symbols.push(key);
  }

  kernelFunction(name: string): void {
    if (this.kernelFunctions.indexOf(name) < 0) this.kernelFunctions.push(name);
  }

  tracepoint(name: string): void {
    if (this.tracepoints.indexOf(name) < 0) this.tracepoints.push(name);
  }
}
