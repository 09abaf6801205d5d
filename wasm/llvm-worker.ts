// The thread that llc runs in (Node). Messages in: `LlcRequest`; out: `LlcReply`, one for each request, in order.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { BpfcastError } from "./errors.ts";
import { Llc } from "./llvm.ts";
import type { LlcReply, LlcRequest } from "./llvm-node.ts";

// The glue code is of a time when modules had these.
Object.assign(globalThis, { require: createRequire(import.meta.url), __dirname: "/" });

async function load(): Promise<Llc> {
  const script = workerData as string;
  const [wasm, glue] = await Promise.all([readFile(join(dirname(script), "llc.wasm")), readFile(script, "utf8")]);
  return Llc.create(wasm, glue);
}

const llc = load();
// A failure is told to whoever asks.
llc.catch(() => {});
let last: Promise<void> = Promise.resolve();

async function answer({ id, text }: LlcRequest): Promise<void> {
  let reply: LlcReply;
  try {
    reply = { id, object: await (await llc).compile(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply = {
      id,
      code: error instanceof BpfcastError ? error.code : "llc-failed",
      message,
      log: error instanceof BpfcastError ? error.details.log : undefined,
    };
  }
  parentPort?.postMessage(reply);
}

parentPort?.on("message", (request: LlcRequest) => {
  last = last.then(() => answer(request));
});
