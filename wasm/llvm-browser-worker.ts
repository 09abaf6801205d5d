// The thread that llc runs in (pages).

import { BpfcastError } from "./errors.ts";
import { LLVM_PACKAGE, Llc } from "./llvm.ts";
import type { LlcFiles, LlcProgress } from "./llvm-browser.ts";
import { type LlcRequest, serveLlc } from "./llvm-thread.ts";

async function get(address: string): Promise<Response> {
  const response = await fetch(address);
  if (response.ok) return response;
  const { name, version } = LLVM_PACKAGE;
  const message = `the LLVM back end needs files of the npm package ${name} ${version}: ${address} is not there (${response.status})`;
  throw new BpfcastError("missing-package", message);
}

/** Says how much of the body has arrived, at most a hundred times. */
function counted(response: Response): Response {
  const size = Number(response.headers.get("content-length") ?? 0);
  if (response.body === null || !(size > 0)) return response;
  let arrived = 0;
  let told = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform: (bytes, controller) => {
      arrived += bytes.length;
      const progress = Math.min(arrived / size, 1);
      if (progress - told >= 0.01) {
        told = progress;
        self.postMessage({ progress } satisfies LlcProgress);
      }
      controller.enqueue(bytes);
    },
  });
  return new Response(response.body.pipeThrough(count), { headers: response.headers });
}

async function load({ glue, wasm }: LlcFiles): Promise<Llc> {
  // The module compiles while it arrives.
  const module = await WebAssembly.compileStreaming(get(wasm).then(counted));
  return Llc.create(module, glue);
}

let take: ((request: LlcRequest) => void) | undefined;
self.addEventListener("message", ({ data }: MessageEvent<LlcFiles | LlcRequest>) => {
  if ("wasm" in data) take = serveLlc(load(data), (reply) => self.postMessage(reply));
  else take?.(data);
});
