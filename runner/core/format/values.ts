// Values as text, by their type in the manifest. The forms are those of features 4.6.

import type { ValueType } from "../../../wasm/manifest.ts";
import { valueSize } from "../../../wasm/parse-manifest.ts";
import { type Integer, readInteger } from "../integers.ts";
import type { Style } from "../names.ts";
import { writePrinted } from "./printed.ts";
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

/** A number that one integer holds: all of it, or some of its bits. */
export function readScalar(type: Extract<ValueType, { kind: "int" | "enum" | "bits" }>, view: DataView, at: number): Integer {
  if (type.kind !== "bits") return readInteger(view, at, type.size, type.signed);
  const unit = BigInt(readInteger(view, at, type.size, false)) >> BigInt(type.shift);
  return type.signed ? BigInt.asIntN(type.width, unit) : BigInt.asUintN(type.width, unit);
}

/** The name of a value of an enum, or its digits. */
export function enumText(type: ValueType, value: Integer): string {
  const digits = String(value);
  return (type.kind === "enum" ? type.names.find((row) => row.value === digits)?.name : undefined) ?? digits;
}

export function writeValue(type: ValueType, memory: Memory, at: number, style: Style, out: ByteWriter): void {
  switch (type.kind) {
    case "int":
      out.integer(readInteger(memory.view, at, type.size, type.signed));
      break;
    case "bool":
      out.ascii(memory.bytes[at] === 0 ? "false" : "true");
      break;
    case "string":
      writeString(memory, at, type.size, style.trailer, out);
      break;
    case "pointer":
      out.pointer(memory.view.getUint32(at, true), memory.view.getUint32(at + 4, true));
      break;
    case "enum":
    case "bits":
      out.ascii(enumText(type, readScalar(type, memory.view, at)));
      break;
    case "array":
      out.byte(91);
      for (let index = 0; index < type.count; index++) {
        if (index > 0) out.byte(44);
        writeValue(type.element, memory, at + index * valueSize(type.element), style, out);
      }
      out.byte(93);
      break;
    case "record":
      out.ascii("{ ");
      type.fields.forEach((field, index) => {
        out.ascii(index > 0 ? ", ." : ".");
        out.text(field.name);
        out.ascii(" = ");
        writeValue(field.type, memory, at + field.offset, style, out);
      });
      out.ascii(" }");
      break;
    case "tuple":
      out.byte(40);
      writeElements(type, memory, at, style, out);
      out.byte(41);
      break;
    default:
      writePrinted(type, memory, at, style, out);
  }
}

function writeElements(type: ValueType & { kind: "tuple" }, memory: Memory, at: number, style: Style, out: ByteWriter): void {
  type.fields.forEach((field, index) => {
    if (index > 0) out.ascii(", ");
    writeValue(field.type, memory, at + field.offset, style, out);
  });
}

/** A map key: a tuple without its outer parentheses. */
export function writeKey(type: ValueType, memory: Memory, at: number, style: Style, out: ByteWriter): void {
  if (type.kind === "tuple") writeElements(type, memory, at, style, out);
  else writeValue(type, memory, at, style, out);
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
    case "enum":
    case "bits": {
      const a = readScalar(type, left.view, leftAt);
      const b = readScalar(type, right.view, rightAt);
      return a < b ? -1 : a > b ? 1 : 0;
    }
    case "array":
      for (let index = 0; index < type.count; index++) {
        const distance = index * valueSize(type.element);
        const order = compareValues(type.element, left, leftAt + distance, right, rightAt + distance);
        if (order !== 0) return order;
      }
      return 0;
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
    case "record":
      for (const field of type.fields) {
        const order = compareValues(field.type, left, leftAt + field.offset, right, rightAt + field.offset);
        if (order !== 0) return order;
      }
      return 0;
    case "kstack":
    case "ustack":
    case "ksym":
    case "usym":
    case "username":
    case "timestamp":
    case "cgroup_path":
      // Numbers of 8 bytes, the first counting most.
      for (let distance = 0; distance + 8 <= valueSize(type); distance += 8) {
        const a = left.view.getBigUint64(leftAt + distance, true);
        const b = right.view.getBigUint64(rightAt + distance, true);
        if (a !== b) return a < b ? -1 : 1;
      }
      return 0;
    default:
      for (let index = 0; index < valueSize(type); index++) {
        const difference = (left.bytes[leftAt + index] as number) - (right.bytes[rightAt + index] as number);
        if (difference !== 0) return difference;
      }
      return 0;
  }
}
