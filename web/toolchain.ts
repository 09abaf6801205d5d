// The page's side of the worker.

import type { CallName, Calls, News, Reply } from "./protocol.ts";

interface Waiting {
  done(answer: never): void;
  failed(error: Error): void;
  hear(news: News): void;
}

export class Toolchain {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(url: URL) {
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#take(data));
    // A worker that cannot even start says so here.
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      const error = new Error(event.message || "the worker could not be started");
      for (const waiting of this.#waiting.values()) waiting.failed(error);
      this.#waiting.clear();
    });
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ("answer" in reply) {
      this.#waiting.delete(reply.id);
      waiting.done(reply.answer as never);
    } else if ("error" in reply) {
      this.#waiting.delete(reply.id);
      waiting.failed(new Error(reply.error));
    } else waiting.hear(reply);
  }

  /** @param hear gets what comes before the answer. */
  call<Name extends CallName>(
    call: Name,
    request: Calls[Name]["request"],
    hear: (news: News) => void = () => {},
  ): Promise<Calls[Name]["answer"]> {
    const id = this.#next++;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed, hear });
      this.#worker.postMessage({ id, call, ...request });
    });
  }
}
