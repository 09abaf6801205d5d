// Records one behind the other, as an iterator writes them, made into batches as the ring buffer has them.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest } from "../../wasm/manifest.ts";
import { type BatchHandler, RECORD_HEADER_BYTES } from "./kernel.ts";

const NOTHING = new Uint8Array(0);

export class RecordStream {
  readonly #manifest: Manifest;
  readonly #handler: BatchHandler;
  /** The beginning of a record whose end is still to come. */
  #rest = NOTHING;

  constructor(manifest: Manifest, handler: BatchHandler) {
    this.#manifest = manifest;
    this.#handler = handler;
  }

  /** @throws BpfcastError `bad-record` for an event that the object does not describe. */
  add(bytes: Uint8Array): void {
    const data = new Uint8Array(this.#rest.length + bytes.length);
    data.set(this.#rest);
    data.set(bytes, this.#rest.length);
    const view = new DataView(data.buffer);
    const records: { at: number; size: number }[] = [];
    let at = 0;
    while (at + 8 <= data.length) {
      const id = view.getUint32(at, true);
      const event = this.#manifest.events[id];
      if (event === undefined)
        throw new BpfcastError("bad-record", `the kernel sent an event that the object does not describe (id ${id})`);
      const size = (event.size + 7) & ~7;
      if (at + size > data.length) break;
      records.push({ at, size });
      at += size;
    }
    this.#rest = data.slice(at);
    if (records.length === 0) return;
    const batch = new Uint8Array(records.reduce((sum, { size }) => sum + size + RECORD_HEADER_BYTES, 0));
    const out = new DataView(batch.buffer);
    let end = 0;
    for (const { at: start, size } of records) {
      out.setUint32(end, size, true);
      batch.set(data.subarray(start, start + size), end + RECORD_HEADER_BYTES);
      end += RECORD_HEADER_BYTES + size;
    }
    this.#handler(batch);
  }
}
