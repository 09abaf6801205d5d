// The output of iterators, in pieces of any size.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { RecordStream } from "../../runner/core/record-stream.ts";
import { BpfcastError } from "../../wasm/errors.ts";
import { makeManifest, makePrintf } from "../support/objects.ts";

const manifest = makeManifest({
  events: [
    { ...makePrintf("a", []), size: 8 },
    { ...makePrintf("b", []), size: 24 },
  ],
});

function record(id: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(id + 1);
  new DataView(bytes.buffer).setUint32(0, id, true);
  return bytes;
}

const all = new Uint8Array([...record(0, 8), ...record(1, 24), ...record(0, 8)]);

for (const piece of [1, 7, 8, 9, 24, 40])
  test(`pieces of ${piece} bytes`, () => {
    const found: number[] = [];
    const stream = new RecordStream(manifest, (batch) => {
      const view = new DataView(batch.buffer);
      for (let at = 0; at < batch.length; at += 8 + view.getUint32(at, true))
        found.push(view.getUint32(at + 8, true), view.getUint32(at, true));
    });
    for (let at = 0; at < all.length; at += piece) stream.add(all.slice(at, at + piece));
    assert.equal(found, [0, 8, 1, 24, 0, 8]);
  });

test("an event that the object does not describe", () => {
  assert.throws(
    () => new RecordStream(manifest, () => {}).add(record(2, 8)),
    (error: unknown) => error instanceof BpfcastError && error.code === "bad-record",
  );
});

test.run();
