// From a script to an object: asks the compiler, answers its needs from the target, asks again.

import type { CompileResult, Compiler } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Target } from "../core/target.ts";
import { HeaderFiles } from "../host/headers.ts";
import { compileDiagnostics, errorText } from "./diagnostics.ts";

export interface Script {
  /** Shown in messages: a file name, or `stdin`. */
  name: string;
  bytes: Uint8Array;
}

/** What makes the instructions: our own code generator, or LLVM's. */
export type Backend = "own" | "llvm";

export interface ScriptOptions {
  /** Stages whose dump is wanted. */
  dump: string[];
  warnings: boolean;
  /** Words behind the script; absent while they are not known. */
  parameters?: string[];
  helperErrors?: boolean;
  /** Headers to read before the script, and folders where local headers are looked for. */
  includes?: string[];
  includeFolders?: string[];
  /** The script runs at once: what its probes stand for is found out then. */
  live?: boolean;
  /** The script will run in a PID namespace of its own. */
  pidNamespace?: boolean;
  backend?: Backend;
}

export interface Compiled {
  /** Undefined when the script has errors. */
  object: Uint8Array | undefined;
  /** Ready to be printed. */
  messages: string;
  /** Text of each stage asked for. */
  dumps: Record<string, string>;
}

/** Each answer lets the compiler see more of the script; each header may include another; more rounds than this are an error of the compiler. */
const MAX_ROUNDS = 128;

/** Has llc compile what waits for it. */
async function finish(compiler: Compiler, result: CompileResult): Promise<CompileResult> {
  if (result.kind !== "llvm") return result;
  const { LlcWorker } = await import("../../wasm/llvm-node.ts");
  const llc = new LlcWorker();
  try {
    return compiler.link(await llc.compile(result.text));
  } finally {
    await llc.close();
  }
}

/** @throws BpfcastError when the target cannot be asked, or the compiler fails. */
export async function compileScript(
  script: Script,
  { warnings, includeFolders = [], ...options }: ScriptOptions,
  target: Target,
): Promise<Compiled> {
  const { loadCompiler } = await import("../../wasm/compiler-node.ts");
  let compiler = await loadCompiler();
  const headers = new HeaderFiles(script.name, includeFolders);
  let asked = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { architecture } = target;
    const compiled = compiler.compile(script.bytes, { name: script.name, environment: process.env, architecture, ...options });
    const result = await finish(compiler, compiled);
    if (result.kind === "needs") {
      const facts = result.needs.filter((need) => need.kind !== "header");
      const replacement = target.replacement?.(facts);
      if (replacement !== undefined) {
        // Facts of two machines must not mix.
        target = replacement;
        compiler = await loadCompiler();
        continue;
      }
      for (const need of result.needs) compiler.supply(need, need.kind === "header" ? headers.answer(need) : target.answer(need));
      asked ||= facts.length > 0;
      continue;
    }
    // As the peer does, errors before warnings.
    const ofSeverity = (wanted: string) => result.diagnostics.filter(({ severity }) => severity === wanted);
    const shown = [...ofSeverity("error"), ...(warnings ? ofSeverity("warning") : [])];
    // Whatever the machine at hand has, what is said here holds for another.
    const note = result.kind === "failed" && asked && target.description !== "" ? `NOTE: compiled for ${target.description}\n` : "";
    const missing = result.kind === "object" ? target.missingFeature?.(result.object) : undefined;
    const source = { name: script.name, text: new TextDecoder().decode(script.bytes), files: headers.texts };
    return {
      object: result.kind === "object" && missing === undefined ? result.object : undefined,
      messages: compileDiagnostics(shown, source) + note + (missing === undefined ? "" : errorText(missing, "ERROR", false)),
      dumps: result.dumps,
    };
  }
  throw new BpfcastError("compiler-failed", "the compiler keeps asking for facts of the target: this is an error of bpfcast", {
    exitCode: 2,
  });
}
