// The thread that llc runs in (pages).

import { BpfcastError } from "./errors.ts";
import { LLVM_PACKAGE, Llc } from "./llvm.ts";
import type { LlcFiles } from "./llvm-browser.ts";
import { type LlcRequest, serveLlc } from "./llvm-thread.ts";

async function get(address: string): Promise<Response> {
  const response = await fetch(address);
  if (response.ok) return response;
  const { name, version } = LLVM_PACKAGE;
  const message = `the LLVM back end needs files of the npm package ${name} ${version}: ${address} is not there (${response.status})`;
  throw new BpfcastError("missing-package", message);
}

async function load({ glue, wasm }: LlcFiles): Promise<Llc> {
  // The module compiles while it arrives.
  const [module, script] = await Promise.all([WebAssembly.compileStreaming(get(wasm)), get(glue).then((response) => response.text())]);
  return Llc.create(module, script);
}

let take: ((request: LlcRequest) => void) | undefined;
self.addEventListener("message", ({ data }: MessageEvent<LlcFiles | LlcRequest>) => {
  if ("wasm" in data) take = serveLlc(load(data), (reply) => self.postMessage(reply));
  else take?.(data);
});
