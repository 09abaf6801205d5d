// Scripts compiled with LLVM in the page: 56 MB that are fetched when somebody asks for them.

import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import { type CompileOptions, type CompileResult, Compiler } from "../../wasm/compiler.ts";
import { LlcPageWorker } from "../../wasm/llvm-browser.ts";

type Finished = Exclude<CompileResult, { kind: "needs" | "llvm" }>;

export class LlvmCompiler {
  readonly #module: Promise<WebAssembly.Module>;
  #llc: LlcPageWorker | undefined;
  /** A compile waits for llc, and no other may come between: they follow each other. */
  #last: Promise<unknown> = Promise.resolve();
  #onProgress: (share: number) => void = () => {};

  /** @param module the compiler's. */
  constructor(module: Promise<WebAssembly.Module>) {
    this.#module = module;
  }

  /** @param onProgress told how much of LLVM has arrived. @throws BpfcastError `llc-failed`, `missing-package`. */
  compile(target: ProfileTarget, script: string, options: CompileOptions, onProgress: (share: number) => void): Promise<Finished> {
    const result = this.#last.then(() => {
      this.#onProgress = onProgress;
      return this.#compile(target, script, options);
    });
    this.#last = result.catch(() => {});
    return result;
  }

  async #compile(target: ProfileTarget, script: string, options: CompileOptions): Promise<Finished> {
    const compiler = await Compiler.create(await this.#module);
    const source = new TextEncoder().encode(script);
    for (;;) {
      const { architecture } = target.profile;
      const result = compiler.compile(source, { ...options, architecture, backend: "llvm" });
      if (result.kind === "needs") {
        for (const need of result.needs)
          compiler.supply(need, need.kind === "header" ? { found: false, candidates: [] } : target.answer(need));
      } else if (result.kind === "llvm") {
        const linked = compiler.link(await this.#llcObject(result.text));
        if (linked.kind === "needs" || linked.kind === "llvm") throw new Error("llc's object needs more");
        return linked;
      } else return result;
    }
  }

  async #llcObject(text: string): Promise<Uint8Array> {
    const at = (file: string) => new URL(file, self.location.href);
    const files = { glue: at("llvm/llc.js").href, wasm: at("llvm/llc.wasm").href };
    this.#llc ??= new LlcPageWorker(at("llvm-worker.js"), files, (share) => this.#onProgress(share));
    try {
      return await this.#llc.compile(text);
    } catch (error) {
      // One that could not be fetched is tried again.
      this.#llc.close();
      this.#llc = undefined;
      throw error;
    }
  }
}
