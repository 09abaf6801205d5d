// llc in a thread of its own: what its two ends say to each other, in Node's worker threads and in a page's workers alike.

import type { ErrorCode } from "./error-codes.ts";
import { BpfcastError } from "./errors.ts";
import type { Llc } from "./llvm.ts";

export interface LlcRequest {
  id: number;
  text: string;
}

export type LlcReply = { id: number; object: Uint8Array } | { id: number; code: ErrorCode; message: string; log: string | undefined };

/** The end that asks. */
export class LlcClient {
  readonly #post: (request: LlcRequest) => void;
  readonly #waiting = new Map<number, { done(object: Uint8Array): void; failed(error: Error): void }>();
  #nextId = 0;

  constructor(post: (request: LlcRequest) => void) {
    this.#post = post;
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  /** @returns llc's object of LLVM text. @throws BpfcastError `llc-failed`, `missing-package`. */
  compile(text: string): Promise<Uint8Array> {
    const id = this.#nextId++;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#post({ id, text });
    });
  }

  receive(reply: LlcReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("object" in reply) waiting?.done(reply.object);
    else waiting?.failed(new BpfcastError(reply.code, reply.message, reply.log === undefined ? {} : { log: reply.log }));
  }

  /** Tells everybody who waits that no reply will come. */
  failAll(error: Error): void {
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
  }
}

async function answer(llc: Promise<Llc>, { id, text }: LlcRequest): Promise<LlcReply> {
  try {
    return { id, object: await (await llc).compile(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof BpfcastError ? error : undefined;
    return { id, code: known?.code ?? "llc-failed", message, log: known?.details.log };
  }
}

/** The end that answers, one request after the other. @returns what takes the requests. */
export function serveLlc(llc: Promise<Llc>, post: (reply: LlcReply) => void): (request: LlcRequest) => void {
  // A failure to load is told to whoever asks.
  llc.catch(() => {});
  let last: Promise<void> = Promise.resolve();
  return (request) => {
    last = last.then(async () => post(await answer(llc, request)));
  };
}
