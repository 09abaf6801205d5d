// Memory as programs lay it out, written value by value; and an output that is collected.

import { type Memory, memoryOf } from "../../runner/core/format/values.ts";
import type { Sink } from "../../runner/core/output.ts";

/** A number with its size, or text padded to a size. */
export type Part = { size: 1 | 2 | 4 | 8; value: number | bigint } | { text: string; size: number };

export function layOut(...parts: Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { size }) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if ("text" in part) bytes.set(new TextEncoder().encode(part.text).subarray(0, part.size), at);
    else if (part.size === 8) view.setBigInt64(at, BigInt.asIntN(64, BigInt(part.value)), true);
    else if (part.size === 4) view.setInt32(at, Number(part.value) | 0, true);
    else if (part.size === 2) view.setInt16(at, Number(part.value), true);
    else view.setInt8(at, Number(part.value));
    at += part.size;
  }
  return bytes;
}

export const u64 = (value: number | bigint): Part => ({ size: 8, value });
export const u32 = (value: number): Part => ({ size: 4, value });
export const text = (value: string, size: number): Part => ({ text: value, size });

export function memory(...parts: Part[]): Memory {
  return memoryOf(layOut(...parts));
}

/** Collects what is written. */
export class CollectingSink implements Sink {
  out = "";
  error = "";

  write(bytes: Uint8Array): void {
    this.out += Buffer.from(bytes).toString("latin1");
  }

  writeError(content: string): void {
    this.error += content;
  }
}

/** A batch of the ring buffer: each record behind its header, padded to 8 bytes. */
export function makeBatch(...records: (Uint8Array | { discarded: Uint8Array })[]): Uint8Array {
  const parts = records.map((record) => {
    const data = record instanceof Uint8Array ? record : record.discarded;
    const bytes = new Uint8Array(8 + Math.ceil(data.length / 8) * 8);
    new DataView(bytes.buffer).setUint32(0, data.length | (record instanceof Uint8Array ? 0 : 0x40000000), true);
    bytes.set(data, 8);
    return bytes;
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
