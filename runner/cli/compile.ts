// From a script to an object: asks the compiler, answers its needs from the target, asks again.

import type { CompileResult, Compiler, Diagnostic } from "../../wasm/compiler.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Source } from "../../wasm/manifest.ts";
import { asDiagnostic, compileDiagnostics } from "../core/diagnostics.ts";
import type { Target } from "../core/target.ts";
import { HeaderFiles } from "../host/headers.ts";

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
  /** Errors before warnings, as the peer has them. */
  diagnostics: Diagnostic[];
  /** The script with the headers that were read. */
  source: Source;
  /** Places where local headers were looked for, found or not. */
  headerFiles: string[];
  /** What it was compiled for in the end, and whether that was asked for anything. */
  target: Target;
  asked: boolean;
  /** Text of each stage asked for. */
  dumps: Record<string, string>;
}

/** Where compilers come from: a new one for each script, unless somebody keeps them. */
export interface CompilerSource {
  /** A compiler that knows at most what this target has answered. */
  of(target: Target): Promise<Compiler>;
}

const NEW_COMPILERS: CompilerSource = {
  of: async () => (await import("../../wasm/compiler-node.ts")).loadCompiler(),
};

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
export async function compileFor(
  script: Script,
  { warnings, includeFolders = [], ...options }: ScriptOptions,
  target: Target,
  compilers: CompilerSource = NEW_COMPILERS,
): Promise<Compiled> {
  let compiler = await compilers.of(target);
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
        compiler = await compilers.of(target);
        continue;
      }
      for (const need of result.needs) compiler.supply(need, need.kind === "header" ? headers.answer(need) : target.answer(need));
      asked ||= facts.length > 0;
      continue;
    }
    const ofSeverity = (wanted: string) => result.diagnostics.filter(({ severity }) => severity === wanted);
    const missing = result.kind === "object" ? target.missingFeature?.(result.object) : undefined;
    return {
      object: result.kind === "object" && missing === undefined ? result.object : undefined,
      diagnostics: [
        ...ofSeverity("error"),
        ...(missing === undefined ? [] : [asDiagnostic(missing)]),
        ...(warnings ? ofSeverity("warning") : []),
      ],
      source: { name: script.name, text: new TextDecoder().decode(script.bytes), files: headers.texts },
      headerFiles: headers.places,
      target,
      asked,
      dumps: result.dumps,
    };
  }
  throw new BpfcastError("compiler-failed", "the compiler keeps asking for facts of the target: this is an error of bpfcast", {
    exitCode: 2,
  });
}

/** What a compile has to say, ready to be printed. */
export function messagesOf({ object, diagnostics, source, target, asked }: Compiled): string {
  // Whatever the machine at hand has, what is said here holds for another.
  const note = object === undefined && asked && target.description !== "" ? `NOTE: compiled for ${target.description}\n` : "";
  return compileDiagnostics(diagnostics, source) + note;
}

/** The same, with its messages. @throws as `compileFor`. */
export async function compileScript(script: Script, options: ScriptOptions, target: Target): Promise<Compiled & { messages: string }> {
  const compiled = await compileFor(script, options, target);
  return { ...compiled, messages: messagesOf(compiled) };
}
