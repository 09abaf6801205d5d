// Events from the ring buffer: finds out what each record is and has it printed or done, in order.

import { BpfcastError } from "../../wasm/errors.ts";
import type { EventInfo, Manifest } from "../../wasm/manifest.ts";
import { PrintfFormat } from "./format/printf.ts";
import { type Memory, memoryOf } from "./format/values.ts";
import { readInteger } from "./integers.ts";
import { RECORD_DISCARDED, RECORD_HEADER_BYTES, RECORD_LENGTH_MASK } from "./kernel.ts";
import { FLUSH_BYTES, type Output } from "./output.ts";

/** A command of the script that takes the kernel's answer: what follows it waits. */
export type MapCommand = Extract<EventInfo, { kind: "print_map" | "clear" | "zero" }>;

export interface EventActions {
  mapCommand(command: MapCommand): Promise<void>;
  /** The script's exit(): 0 to 255. */
  exit(code: number): void;
}

export class Decoder {
  readonly #manifest: Manifest;
  readonly #output: Output;
  readonly #actions: EventActions;
  readonly #formats: (PrintfFormat | null)[];
  /** Copies of what arrived while a map command was under way. */
  readonly #waiting: Uint8Array[] = [];
  #busy: Promise<void> | null = null;
  #failure: unknown = null;
  /** Set by exit(): events are dropped until it is lifted. */
  stopped = false;
  /** When false, output is only flushed as buffers fill up. */
  flushBatches = true;

  /** @throws BpfcastError `bad-format` when a format of the object does not fit its arguments. */
  constructor(manifest: Manifest, output: Output, actions: EventActions) {
    this.#manifest = manifest;
    this.#output = output;
    this.#actions = actions;
    const trailer = new TextEncoder().encode(manifest.config.stringTruncationTrailer);
    this.#formats = manifest.events.map((event) => (event.kind === "printf" ? new PrintfFormat(event.format, event.args, trailer) : null));
  }

  /** Handles a batch; its memory is not needed afterwards. */
  handle(batch: Uint8Array): void {
    if (this.#busy !== null) {
      this.#waiting.push(batch.slice());
      return;
    }
    this.#process(batch);
    if (this.flushBatches && this.#busy === null) this.#output.flush();
  }

  /** Resolves when everything that was handed in has been handled. */
  async idle(): Promise<void> {
    while (this.#busy !== null) await this.#busy;
    if (this.#failure !== null) throw this.#failure;
  }

  #process(batch: Uint8Array): void {
    const memory = memoryOf(batch);
    let at = 0;
    while (at + RECORD_HEADER_BYTES <= batch.length) {
      const word = memory.view.getUint32(at, true);
      const length = word & RECORD_LENGTH_MASK;
      const record = at + RECORD_HEADER_BYTES;
      at = record + ((length + 7) & ~7);
      if ((word & RECORD_DISCARDED) !== 0 || this.stopped) continue;
      if (at > batch.length) throw new BpfcastError("bad-record", "an event is longer than the batch that holds it");
      const command = this.#event(memory, record, length);
      if (command !== null) {
        this.#suspend(command, batch.slice(at));
        return;
      }
    }
  }

  /** Runs a map command, then the rest of its batch and all that has arrived since. */
  #suspend(command: MapCommand, rest: Uint8Array): void {
    this.#busy = this.#actions.mapCommand(command).then(
      () => this.#resume(rest),
      (error: unknown) => {
        this.#failure ??= error;
        this.#busy = null;
      },
    );
  }

  #resume(rest: Uint8Array): void {
    this.#busy = null;
    this.#waiting.unshift(rest);
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#process(next);
        if (this.#busy !== null) return;
      }
    } catch (error) {
      this.#failure ??= error;
    }
    if (this.flushBatches) this.#output.flush();
  }

  /** Handles one record; returns the command that must be finished before the next one. */
  #event(memory: Memory, record: number, length: number): MapCommand | null {
    const id = length >= 8 ? memory.view.getUint32(record, true) : -1;
    const event = this.#manifest.events[id];
    if (event === undefined || length < event.size) {
      throw new BpfcastError("bad-record", `the kernel sent an event that the object does not describe (id ${id}, ${length} bytes)`);
    }
    switch (event.kind) {
      case "printf": {
        const format = this.#formats[id];
        if (format) this.#output.printf(format, memory, record);
        break;
      }
      case "print_value":
        for (const field of event.args) this.#output.value(field, memory, record);
        break;
      case "runtime_error":
        this.#output.runtimeError(event.text, this.#manifest.source, event.location);
        break;
      case "exit": {
        const [code] = event.args;
        const size = code?.type.kind === "int" ? code.type.size : 0;
        const value = code === undefined || size === 0 ? 0 : readInteger(memory.view, record + code.offset, size, false);
        this.stopped = true;
        this.#actions.exit(Number(BigInt(value) & 255n));
        break;
      }
      default:
        return event;
    }
    if (this.#output.pending >= FLUSH_BYTES) this.#output.flush();
    return null;
  }
}
