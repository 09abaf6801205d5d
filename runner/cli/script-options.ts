// What the command line says of a compile, and the stages that it wants to see.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Backend, Compiled, ScriptOptions } from "./compile.ts";
import { writeObject } from "./execute.ts";
import type { Options } from "./options.ts";

/** Stages that the compiler can print, by the names that -d accepts; the peer's names stand for our nearest stage. */
const COMPILER_STAGES: Record<string, string[]> = {
  all: ["ast", "types", "ir", "bpf", "elf"],
  llvm: ["llvm"],
  ast: ["ast"],
  parse: ["ast"],
  types: ["types"],
  ir: ["ir"],
  codegen: ["ir"],
  "codegen-opt": ["ir"],
  bpf: ["bpf"],
  dis: ["bpf"],
  elf: ["elf"],
  libbpf: [],
  verifier: [],
};

function stagesOf(options: Options): string[] {
  const stages = new Set<string>();
  for (const stage of options.debug ?? []) {
    const found = COMPILER_STAGES[stage];
    if (found === undefined) throw new BpfcastError("usage", `USAGE: invalid option for -d: ${stage}`);
    for (const name of found) stages.add(name);
  }
  return [...stages];
}

/** @throws BpfcastError `usage` for what --backend does not know. */
function backendOf({ backend = "own" }: Options): Backend {
  if (backend === "own" || backend === "llvm") return backend;
  throw new BpfcastError("usage", `USAGE: invalid option for --backend: ${backend}`, { hint: "own and llvm are known" });
}

/** @throws BpfcastError `usage` for what -d and --backend do not know. */
export function scriptOptions(options: Options): ScriptOptions {
  const { includes = [], includeFolders = [], emitLlvm, noWarnings, helperErrors } = options;
  const stages = stagesOf(options);
  return {
    dump: emitLlvm === undefined ? stages : [...stages, "llvm"],
    warnings: noWarnings !== true,
    helperErrors: helperErrors === true,
    backend: backendOf(options),
    includes,
    includeFolders,
  };
}

/** Prints the stages of -d, and writes the file of --emit-llvm. */
export async function writeDumps({ object, dumps }: Compiled, options: Options, output: { print(text: string): void }): Promise<void> {
  const stages = stagesOf(options);
  if (object !== undefined && options.emitLlvm !== undefined) writeObject(options.emitLlvm, new TextEncoder().encode(dumps.llvm ?? ""));
  for (const stage of stages) {
    const dump = dumps[stage];
    if (dump !== undefined) output.print(`${dump}${dump.endsWith("\n") ? "" : "\n"}`);
  }
  if (object !== undefined && stages.includes("elf")) {
    const { dumpElf } = await import("./dump-elf.ts");
    output.print(dumpElf(object));
  }
}
