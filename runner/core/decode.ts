// Events from the ring buffer: finds out what each record is and has it printed or done, in order.

import { BpfcastError } from "../../wasm/errors.ts";
import type { EventInfo, Manifest } from "../../wasm/manifest.ts";
import { PrintfFormat } from "./format/printf.ts";
import { formatTime } from "./format/time.ts";
import { type Memory, memoryOf, writeValue } from "./format/values.ts";
import { ByteWriter } from "./format/writer.ts";
import { readInteger } from "./integers.ts";
import { RECORD_DISCARDED, RECORD_HEADER_BYTES, RECORD_LENGTH_MASK } from "./kernel.ts";
import type { Style } from "./names.ts";
import { FLUSH_BYTES, type Output } from "./output.ts";

/** A command of the script that takes the kernel's answer: what follows it waits. */
export type MapCommand = Extract<EventInfo, { kind: "print_map" | "clear" | "zero" }>;

type FormattedEvent = Extract<EventInfo, { kind: "cat" | "system" | "errorf" | "warnf" }>;

/** The peer's buffer for the text of time(), its NUL included: what does not fit is not printed at all. */
const TIME_BYTES = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface EventActions {
  mapCommand(command: MapCommand): Promise<void>;
  /** The script's exit(): 0 to 255. */
  exit(code: number): void;
  /** The script's errorf() has printed. */
  errorReported(): void;
  /** The first bytes of a file, or why it cannot be read. */
  readFile(path: string): { bytes: Uint8Array } | { error: string };
  /** Runs a command line in the shell; what it printed. */
  runCommand(line: string): Uint8Array;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** A message about the run, which no form of output holds. */
  complain(message: string): void;
}

export class Decoder {
  readonly #manifest: Manifest;
  /** Where results go; may change between two batches. */
  output: Output;
  readonly #actions: EventActions;
  readonly #formats: (PrintfFormat | null)[];
  /** Copies of what arrived while a map command was under way. */
  readonly #waiting: Uint8Array[] = [];
  #busy: Promise<void> | null = null;
  #failure: unknown = null;
  /** Set by exit(): events are dropped until it is lifted. */
  stopped = false;
  /** While an iterator is read, what printf() prints is not among them: the peer reads it from the iterator's file. */
  iterating = false;
  /** When false, output is only flushed as buffers fill up. */
  flushBatches = true;
  /** When false, warnf() prints nothing. */
  showWarnings = true;
  readonly #style: Style;
  readonly #message = new ByteWriter(256);

  /** @throws BpfcastError `bad-format` when a format of the object does not fit its arguments. */
  constructor(manifest: Manifest, output: Output, actions: EventActions, style: Style) {
    this.#manifest = manifest;
    this.output = output;
    this.#actions = actions;
    this.#style = style;
    this.#formats = manifest.events.map((event) =>
      "format" in event && "args" in event ? new PrintfFormat(event.format, event.args, style) : null,
    );
  }

  /** Handles a batch; its memory is not needed afterwards. */
  handle(batch: Uint8Array): void {
    if (this.#busy !== null) {
      this.#waiting.push(batch.slice());
      return;
    }
    this.#process(batch);
    if (this.flushBatches && this.#busy === null) this.output.flush();
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
      if ((word & RECORD_DISCARDED) !== 0) continue;
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
    if (this.flushBatches) this.output.flush();
  }

  /** Handles one record; returns the command that must be finished before the next one. */
  #event(memory: Memory, record: number, length: number): MapCommand | null {
    const id = length >= 8 ? memory.view.getUint32(record, true) : -1;
    const event = this.#manifest.events[id];
    if (event === undefined || length < event.size) {
      throw new BpfcastError("bad-record", `the kernel sent an event that the object does not describe (id ${id}, ${length} bytes)`);
    }
    if (this.stopped && !(this.iterating && event.kind === "printf")) return null;
    switch (event.kind) {
      case "printf": {
        const format = this.#formats[id];
        if (format) this.output.printf(format, memory, record);
        break;
      }
      case "print_value":
        for (const field of event.args) this.output.value(field, memory, record);
        break;
      case "runtime_error":
        if (this.showWarnings) this.output.runtimeError(event.text, this.#manifest.source, event.location);
        break;
      case "helper_error": {
        const [result] = event.args;
        const code = result === undefined ? 0 : Number(readInteger(memory.view, record + result.offset, 8, true));
        if (this.showWarnings) this.output.helperError(event.helper, code, this.#manifest.source, event.location);
        break;
      }
      case "exit": {
        const [code] = event.args;
        const size = code?.type.kind === "int" ? code.type.size : 0;
        const value = code === undefined || size === 0 ? 0 : readInteger(memory.view, record + code.offset, size, false);
        this.stopped = true;
        this.#actions.exit(Number(BigInt(value) & 255n));
        break;
      }
      case "cat":
      case "system":
      case "errorf":
      case "warnf":
        this.#formatted(event, this.#formats[id] ?? null, memory, record);
        break;
      case "time":
        this.#time(event.format);
        break;
      case "join":
        this.#join(event, memory, record);
        break;
      default:
        return event;
    }
    if (this.output.pending >= FLUSH_BYTES) this.output.flush();
    return null;
  }

  /** An action whose argument is a message. */
  #formatted(event: FormattedEvent, format: PrintfFormat | null, memory: Memory, record: number): void {
    const out = this.#message;
    out.clear();
    format?.write(memory, record, out);
    const bytes = out.view();
    if (event.kind === "errorf" || event.kind === "warnf") {
      if (event.kind === "errorf") this.#actions.errorReported();
      if (event.kind === "errorf" || this.showWarnings)
        this.output.report(event.kind, bytes, this.#manifest.source, event.location, event.kind === "errorf" ? event.library : "");
      return;
    }
    const text = decoder.decode(bytes);
    if (event.kind === "system") {
      // What was printed before must not come after what the command prints.
      this.output.flush();
      this.output.message("syscall", this.#actions.runCommand(text));
      return;
    }
    const read = this.#actions.readFile(text);
    if ("bytes" in read) this.output.message("cat", read.bytes);
    else {
      this.output.flush();
      this.#actions.complain(`failed to open file '${text}' (${read.error})`);
    }
  }

  #time(format: string): void {
    const bytes = encoder.encode(formatTime(format, this.#actions.now()));
    if (bytes.length > 0 && bytes.length < TIME_BYTES) {
      this.output.message("time", bytes);
      return;
    }
    this.output.flush();
    this.#actions.complain("strftime returned zero (Invalid argument)");
  }

  #join(event: Extract<EventInfo, { kind: "join" }>, memory: Memory, record: number): void {
    const [count, ...texts] = event.args;
    if (count === undefined) return;
    const shown = texts.slice(0, Number(memory.view.getBigUint64(record + count.offset, true)));
    const out = this.#message;
    out.clear();
    shown.forEach(({ type, offset }, index) => {
      if (index > 0) out.text(event.separator);
      writeValue(type, memory, record + offset, this.#style, out);
    });
    this.output.message("join", out.view());
  }
}
