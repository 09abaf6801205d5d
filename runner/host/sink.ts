// Standard output and error, or the file of `-o`, written synchronously: nothing is pending when the process ends.

import { closeSync, openSync, writeSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";
import type { Sink } from "../core/output.ts";

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
/** A pipe that somebody set to non-blocking and that is full: how long to wait for its reader. */
const RETRY_MILLISECONDS = 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export class FileSink implements Sink {
  readonly #descriptor: number;
  #closed = false;
  /** Called when the reader of the output has gone. */
  onClosed: () => void = () => {};

  /**
   * @param file where results go; undefined: standard output.
   * @throws BpfcastError `cannot-write`.
   */
  constructor(file?: string) {
    try {
      this.#descriptor = file === undefined ? STANDARD_OUTPUT : openSync(file, "w");
    } catch (error) {
      throw new BpfcastError("cannot-write", `Failed to open output file: "${file}": ${errnoOf(error)}`);
    }
  }

  #writeAll(descriptor: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      try {
        at += writeSync(descriptor, bytes, at);
      } catch (error) {
        const code = errnoOf(error);
        if (code === "EAGAIN") {
          Atomics.wait(sleeper, 0, 0, RETRY_MILLISECONDS);
        } else if (code === "EPIPE") {
          this.#closed = true;
          this.onClosed();
        } else {
          throw new BpfcastError("cannot-write", `the output cannot be written: ${code}`);
        }
      }
    }
  }

  write(bytes: Uint8Array): void {
    this.#writeAll(this.#descriptor, bytes);
  }

  /** Text to where results go. */
  print(text: string): void {
    this.write(new TextEncoder().encode(text));
  }

  writeError(text: string): void {
    this.#writeAll(STANDARD_ERROR, new TextEncoder().encode(text));
  }

  close(): void {
    if (this.#descriptor !== STANDARD_OUTPUT) closeSync(this.#descriptor);
  }
}
