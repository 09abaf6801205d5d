// llc in a worker of a page, started when it is first asked for: nothing of it is fetched before.

import { BpfcastError } from "./errors.ts";
import { LlcClient, type LlcReply } from "./llvm-thread.ts";

/** The first message to the worker; `LlcRequest`s follow. */
export interface LlcFiles {
  /** Addresses of the package's llc.js, served as text/javascript, and llc.wasm, served as application/wasm. */
  glue: string;
  wasm: string;
}

/** What the worker says while llc.wasm arrives: the share of it that is here, from 0 to 1. */
export interface LlcProgress {
  progress: number;
}

export class LlcPageWorker {
  readonly #worker: Worker;
  readonly #client: LlcClient;

  /** @param program the address of the bundled wasm/llvm-browser-worker.ts, a module. @param onProgress told how much has arrived. */
  constructor(program: URL, files: LlcFiles, onProgress: (share: number) => void = () => {}) {
    this.#worker = new Worker(program, { type: "module" });
    this.#client = new LlcClient((request) => this.#worker.postMessage(request));
    this.#worker.addEventListener("message", ({ data }: MessageEvent<LlcReply | LlcProgress>) => {
      if ("progress" in data) onProgress(data.progress);
      else this.#client.receive(data);
    });
    this.#worker.addEventListener("error", (event) => {
      this.#client.failAll(new BpfcastError("llc-failed", `the thread of LLVM has failed: ${event.message}`));
    });
    this.#worker.postMessage(files);
  }

  /** @returns llc's object of LLVM text. @throws BpfcastError `llc-failed`, `missing-package`. */
  compile(text: string): Promise<Uint8Array> {
    return this.#client.compile(text);
  }

  /** Ends the thread, and whatever is under way in it. */
  close(): void {
    this.#worker.terminate();
    this.#client.failAll(new BpfcastError("llc-failed", "the thread of LLVM has ended"));
  }
}
