// The compiler module in Node. In a page, fetch the module and use `Compiler.create`.

import { readFile } from "node:fs/promises";
import { Compiler } from "./compiler.ts";

/** The module that lies beside the running script, for any number of compilers. */
export async function loadModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL("./compiler.wasm", import.meta.url)));
}

/** A compiler of its own. */
export async function loadCompiler(): Promise<Compiler> {
  return Compiler.create(await loadModule());
}
