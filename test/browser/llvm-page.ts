// The page of the LLVM back end's tests: a compiler with the default profile, called from outside.

import type { ProfileTarget } from "../../runner/core/profile-target.ts";
import { Compiler } from "../../wasm/compiler.ts";
import { LlcPageWorker } from "../../wasm/llvm-browser.ts";
import { type Compiled, compileWith } from "./compile.ts";
import { readDefaultProfile } from "./page-profile.ts";

async function load(): Promise<[Compiler, ProfileTarget]> {
  const module = await WebAssembly.compileStreaming(fetch("/compiler.wasm"));
  return Promise.all([Compiler.create(module), readDefaultProfile()]);
}

const loaded = load();
let llc: LlcPageWorker | undefined;

/** What the test calls in the page. */
export interface PageCalls {
  compileOwn(script: string): Promise<Compiled>;
  compileLlvm(script: string, wasm: string): Promise<Compiled>;
  closeLlvm(): void;
}

const calls: PageCalls = {
  async compileOwn(script) {
    const [compiler, target] = await loaded;
    return compileWith(compiler, target, script);
  },
  async compileLlvm(script, wasm) {
    const [compiler, target] = await loaded;
    llc ??= new LlcPageWorker(new URL("/worker.js", location.href), {
      glue: new URL("/llvm/llc.js", location.href).href,
      wasm: new URL(wasm, location.href).href,
    });
    return compileWith(compiler, target, script, llc);
  },
  closeLlvm() {
    llc?.close();
    llc = undefined;
  },
};
Object.assign(globalThis, { calls });
