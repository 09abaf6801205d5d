// The compiler module in Node. In a page, fetch the module and use `Compiler.create`.

import { readFile } from "node:fs/promises";
import { Compiler } from "./compiler.ts";

/** A compiler from the module that lies beside the running script. */
export async function loadCompiler(): Promise<Compiler> {
  return Compiler.create(await readFile(new URL("./compiler.wasm", import.meta.url)));
}
