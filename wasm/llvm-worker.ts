// The thread that llc runs in (Node).

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { glueUrl, Llc } from "./llvm.ts";
import { serveLlc } from "./llvm-thread.ts";

// The glue code is of a time when modules had these.
Object.assign(globalThis, { require: createRequire(import.meta.url), __dirname: "/" });

async function load(): Promise<Llc> {
  const script = workerData as string;
  const [wasm, glue] = await Promise.all([readFile(join(dirname(script), "llc.wasm")), readFile(script, "utf8")]);
  return Llc.create(await WebAssembly.compile(wasm), glueUrl(glue));
}

const take = serveLlc(load(), (reply) => parentPort?.postMessage(reply));
parentPort?.on("message", take);
