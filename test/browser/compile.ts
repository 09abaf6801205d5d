// A compile from a profile, the same in Node and in a page: what the two are compared by.

import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import type { CompileResult, Compiler } from "../../wasm/compiler.ts";

export interface Compiled {
  /** Bytes of the object in hexadecimal; empty where there is none. */
  object: string;
  errors: string[];
  /** Milliseconds. */
  took: number;
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function compileObject(
  compiler: Compiler,
  target: ProfileTarget,
  script: string,
  llc: { compile(text: string): Promise<Uint8Array> } | undefined,
): Promise<CompileResult> {
  for (;;) {
    const result = compiler.compile(new TextEncoder().encode(script), { name: "stdin", backend: llc === undefined ? "own" : "llvm" });
    if (result.kind === "llvm" && llc !== undefined) return compiler.link(await llc.compile(result.text));
    if (result.kind !== "needs") return result;
    for (const need of result.needs) {
      compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : target.answer(need));
    }
  }
}

/** Compiles with the LLVM back end where there is an llc, else with our own. */
export async function compileWith(
  compiler: Compiler,
  target: ProfileTarget,
  script: string,
  llc?: { compile(text: string): Promise<Uint8Array> },
): Promise<Compiled> {
  const started = performance.now();
  try {
    const result = await compileObject(compiler, target, script, llc);
    const took = performance.now() - started;
    if (result.kind === "object") return { object: hex(result.object), errors: [], took };
    return { object: "", errors: result.kind === "needs" ? ["needs"] : result.diagnostics.map(({ message }) => message), took };
  } catch (error) {
    return { object: "", errors: [error instanceof Error ? error.message : String(error)], took: performance.now() - started };
  }
}
