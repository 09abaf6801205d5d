// Values as text, by their type in the manifest. The forms are those of features 4.6.

import type { ValueType } from "../../../wasm/manifest.ts";
import { readInteger } from "../integers.ts";
import type { ByteWriter } from "./writer.ts";

/** Bytes of memory with a view of them, so that neither is made anew for each value. */
export interface Memory {
  bytes: Uint8Array;
  view: DataView;
}

export function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** A text of up to `size` bytes that ends at its first NUL. Without one it was cut off: `trailer` says so. */
export function writeString(memory: Memory, at: number, size: number, trailer: Uint8Array, out: ByteWriter): void {
  const { bytes } = memory;
  const limit = at + size;
  out.reserve(size);
  const target = out.bytes;
  let length = out.length;
  for (let from = at; from < limit; from++) {
    const byte = bytes[from] as number;
    if (byte === 0) {
      out.length = length;
      return;
    }
    target[length++] = byte;
  }
  out.length = length;
  out.copy(trailer, 0, -1);
}

export function writeValue(type: ValueType, memory: Memory, at: number, trailer: Uint8Array, out: ByteWriter): void {
  switch (type.kind) {
    case "int":
      out.integer(readInteger(memory.view, at, type.size, type.signed));
      break;
    case "bool":
      out.ascii(memory.bytes[at] === 0 ? "false" : "true");
      break;
    case "string":
      writeString(memory, at, type.size, trailer, out);
      break;
    case "pointer":
      out.pointer(memory.view.getUint32(at, true), memory.view.getUint32(at + 4, true));
      break;
    case "tuple":
      out.byte(40);
      writeElements(type, memory, at, trailer, out);
      out.byte(41);
      break;
  }
}

function writeElements(type: ValueType & { kind: "tuple" }, memory: Memory, at: number, trailer: Uint8Array, out: ByteWriter): void {
  type.fields.forEach((field, index) => {
    if (index > 0) out.ascii(", ");
    writeValue(field.type, memory, at + field.offset, trailer, out);
  });
}

/** A map key: a tuple without its outer parentheses. */
export function writeKey(type: ValueType, memory: Memory, at: number, trailer: Uint8Array, out: ByteWriter): void {
  if (type.kind === "tuple") writeElements(type, memory, at, trailer, out);
  else writeValue(type, memory, at, trailer, out);
}

/** Order of two values of a type, where it has one: numbers by value, texts by bytes, tuples field by field. */
export function compareValues(type: ValueType, left: Memory, leftAt: number, right: Memory, rightAt: number): number {
  switch (type.kind) {
    case "int": {
      // As signed numbers, whatever the type says: the peer's order.
      const a = readInteger(left.view, leftAt, type.size, true);
      const b = readInteger(right.view, rightAt, type.size, true);
      return a < b ? -1 : a > b ? 1 : 0;
    }
    case "bool":
      return (left.bytes[leftAt] as number) - (right.bytes[rightAt] as number);
    case "pointer": {
      const a = readInteger(left.view, leftAt, 8, false);
      const b = readInteger(right.view, rightAt, 8, false);
      return a < b ? -1 : a > b ? 1 : 0;
    }
    case "string":
      for (let index = 0; index < type.size; index++) {
        const difference = (left.bytes[leftAt + index] as number) - (right.bytes[rightAt + index] as number);
        if (difference !== 0) return difference;
        if (left.bytes[leftAt + index] === 0) return 0;
      }
      return 0;
    case "tuple":
      for (const field of type.fields) {
        const order = compareValues(field.type, left, leftAt + field.offset, right, rightAt + field.offset);
        if (order !== 0) return order;
      }
      return 0;
  }
}
