// From a script to an object: asks the compiler, answers its needs from this machine, asks again.

import { BpfcastError } from "../../wasm/errors.ts";
import { compileDiagnostics } from "./diagnostics.ts";

export interface Script {
  /** Shown in messages: a file name, or `stdin`. */
  name: string;
  bytes: Uint8Array;
}

export interface ScriptOptions {
  /** Stages whose dump is wanted. */
  dump: string[];
  warnings: boolean;
  /** Words behind the script; absent while they are not known. */
  parameters?: string[];
  helperErrors?: boolean;
  /** The script will run in a PID namespace of its own. */
  pidNamespace?: boolean;
}

export interface Compiled {
  /** Undefined when the script has errors. */
  object: Uint8Array | undefined;
  /** Ready to be printed. */
  messages: string;
  /** Text of each stage asked for. */
  dumps: Record<string, string>;
}

/** Each answer lets the compiler see more of the script; more rounds than this are an error of the compiler. */
const MAX_ROUNDS = 64;

/** @throws BpfcastError when the machine cannot be asked, or the compiler fails. */
export async function compileScript(script: Script, { warnings, ...options }: ScriptOptions): Promise<Compiled> {
  const [{ loadCompiler }, { answerNeed }] = await Promise.all([import("../../wasm/compiler.ts"), import("../host/profile.ts")]);
  const compiler = await loadCompiler();
  const source = { name: script.name, text: new TextDecoder().decode(script.bytes) };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = compiler.compile(script.bytes, {
      name: script.name,
      environment: process.env,
      ...options,
    });
    if (result.kind === "needs") {
      for (const need of result.needs) compiler.supply(need, answerNeed(need));
      continue;
    }
    // As the peer does, errors before warnings.
    const ofSeverity = (wanted: string) => result.diagnostics.filter(({ severity }) => severity === wanted);
    const shown = [...ofSeverity("error"), ...(warnings ? ofSeverity("warning") : [])];
    return {
      object: result.kind === "object" ? result.object : undefined,
      messages: compileDiagnostics(shown, source),
      dumps: result.dumps,
    };
  }
  throw new BpfcastError("compiler-failed", "the compiler keeps asking for facts of this machine: this is an error of bpfcast", {
    exitCode: 2,
  });
}
