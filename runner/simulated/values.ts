// Values of simulated memory: what a scenario says of a struct, an argument or a record's field, as the bytes that the kernel would have.

import { BpfcastError } from "../../wasm/errors.ts";
import { type Btf, BtfKind } from "../core/btf.ts";
import { findMemberByName, isComposite } from "./core-types.ts";
import { resolve, sizeOfType } from "./map-definitions.ts";
import type { Value } from "./scenario.ts";

/** Where things that are pointed to are put. */
export interface Room {
  /** @returns the address of the bytes. */
  place(bytes: Uint8Array, alignment: number): bigint;
  /** Address of an object of the scenario. @throws BpfcastError. */
  object(name: string): bigint;
  /** A type by its name in C: `struct file`, `int`. @throws BpfcastError. */
  type(name: string): { btf: Btf; id: number };
}

const MAX_DEPTH = 32;

export function badValue(where: string, what: string): BpfcastError {
  return new BpfcastError("bad-scenario", `${where}: ${what}`);
}

function describe(value: Value): string {
  if (typeof value === "bigint") return String(value);
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The bytes of an Internet address; undefined for what is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  const four = (part: string) => {
    const numbers = part.split(".").map((word) => (/^\d{1,3}$/.test(word) ? Number(word) : 256));
    return numbers.length === 4 && numbers.every((number) => number < 256) ? numbers : undefined;
  };
  if (!text.includes(":")) {
    const bytes = four(text);
    return bytes && Uint8Array.from(bytes);
  }
  // The part behind the last colon may be an address of version 4.
  const last = text.slice(text.lastIndexOf(":") + 1);
  const tail = last.includes(".") ? four(last) : [];
  if (tail === undefined) return undefined;
  const [head = "", rest, ...more] = (tail.length > 0 ? text.slice(0, -last.length).replace(/([^:]):$/, "$1") : text).split("::");
  const words = (part: string) =>
    (part === "" ? [] : part.split(":")).map((word) => (/^[0-9a-f]{1,4}$/i.test(word) ? parseInt(word, 16) : -1));
  const [front, back] = [words(head), words(rest ?? "")];
  const missing = (16 - tail.length) / 2 - front.length - back.length;
  if (more.length > 0 || [...front, ...back].includes(-1) || (rest === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...front, ...new Array<number>(missing).fill(0), ...back].flatMap((word) => [word >> 8, word & 255]);
  return Uint8Array.from([...all, ...tail]);
}

function hexBytes(text: string, where: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw badValue(where, `'${text}' are no bytes in hexadecimal digits`);
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

function special(value: Value): Record<string, Value> | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord && Object.keys(value).some((key) => key.startsWith("$")) ? (value as Record<string, Value>) : undefined;
}

/** An integer out of a value that stands for one; undefined for others. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && /^-?(0x[0-9a-f]+|\d+)$/i.test(value)
    ? value.startsWith("-")
      ? -BigInt(value.slice(1))
      : BigInt(value)
    : undefined;
}

/** The bytes of a text with its NUL. */
export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** Writes `bits` bits of a number, at a place counted in bits. */
function writeBits(bytes: Uint8Array, bitOffset: number, bits: number, value: bigint): void {
  for (let bit = 0; bit < bits; bit++) {
    const at = bitOffset + bit;
    const mask = 1 << (at & 7);
    const byte = bytes[at >> 3] ?? 0;
    bytes[at >> 3] = (value >> BigInt(bit)) & 1n ? byte | mask : byte & ~mask;
  }
}

/** Signed or not: both have room for it. @throws BpfcastError. */
function checkRange(number: bigint, bits: number, where: string): void {
  if (number < -(1n << BigInt(bits - 1)) || number >= 1n << BigInt(bits)) throw badValue(where, `${number} does not fit into ${bits} bits`);
}

const scratch = new DataView(new ArrayBuffer(8));

/** An integer of `size` bytes. @throws BpfcastError for what is none, or does not fit. */
export function writeInteger(bytes: Uint8Array, at: number, size: number, value: Value, where: string): void {
  const form = special(value);
  const network = form === undefined ? undefined : integerOf(form["$network"] ?? null);
  if (network !== undefined) {
    for (let index = 0; index < size; index++) bytes[at + index] = Number((network >> BigInt(8 * (size - 1 - index))) & 255n);
    return;
  }
  const address = typeof form?.["$ip"] === "string" ? addressBytes(form["$ip"]) : undefined;
  if (address?.length === size) {
    bytes.set(address, at);
    return;
  }
  const number = integerOf(value);
  if (number === undefined) throw badValue(where, `${describe(value)} is no integer`);
  checkRange(number, size * 8, where);
  scratch.setBigUint64(0, BigInt.asUintN(64, number), true);
  for (let index = 0; index < size; index++) bytes[at + index] = scratch.getUint8(index);
}

/** A text or elements into an array of bytes without a type of its own: what tracepoint formats have. */
export function writeArray(bytes: Uint8Array, at: number, size: number, elementSize: number, value: Value, where: string): void {
  const form = special(value);
  const given =
    typeof value === "string"
      ? new TextEncoder().encode(value)
      : typeof form?.["$bytes"] === "string"
        ? hexBytes(form["$bytes"], where)
        : typeof form?.["$ip"] === "string"
          ? addressBytes(form["$ip"])
          : undefined;
  if (given !== undefined) {
    // A text that fills its array has no NUL, as in the kernel.
    if (given.length > size) throw badValue(where, `${describe(value)} is longer than ${size} bytes`);
    bytes.set(given, at);
    return;
  }
  if (!Array.isArray(value)) throw badValue(where, `${describe(value)} is no array`);
  if (value.length * elementSize > size) throw badValue(where, `it has ${size / elementSize} elements, not ${value.length}`);
  for (const [index, element] of value.entries()) writeInteger(bytes, at + index * elementSize, elementSize, element, `${where}[${index}]`);
}

/** What a pointer holds: an address, or that of what is put into `room` for it. */
export function pointerTo(btf: Btf, target: number, value: Value, room: Room, where: string, depth = 0): bigint {
  if (depth > MAX_DEPTH) throw badValue(where, "it points too deep");
  if (value === null) return 0n;
  const form = special(value);
  if (typeof form?.["$object"] === "string") return room.object(form["$object"]);
  if (typeof form?.["$bytes"] === "string") return room.place(hexBytes(form["$bytes"], where), 8);
  if (typeof form?.["$type"] === "string") {
    const { btf: own, id } = room.type(form["$type"]);
    return pointerTo(own, id, form["value"] ?? {}, room, where, depth + 1);
  }
  if (typeof value === "number" || typeof value === "bigint") return BigInt.asUintN(64, BigInt(value));
  if (typeof value === "string") return room.place(textBytes(value), 1);
  const id = target === 0 ? 0 : resolve(btf, target);
  if (Array.isArray(value) && id !== 0 && btf.kind(id) !== BtfKind.Array) {
    const size = sizeOfType(btf, id);
    const bytes = new Uint8Array(size * value.length);
    for (const [index, element] of value.entries())
      writeValue(btf, id, element, bytes, index * size, room, `${where}[${index}]`, depth + 1);
    return room.place(bytes, 8);
  }
  if (id === 0 || btf.kind(id) === BtfKind.Forward || btf.kind(id) === BtfKind.FunctionPrototype)
    throw badValue(where, `nothing is known of what it points to: give an address, or { "$type": "struct NAME", "value": ... }`);
  const bytes = new Uint8Array(sizeOfType(btf, id));
  writeValue(btf, id, value, bytes, 0, room, where, depth + 1);
  return room.place(bytes, 16);
}

/** Writes a value by its type. @throws BpfcastError `bad-scenario`. */
export function writeValue(
  btf: Btf,
  type: number,
  value: Value,
  bytes: Uint8Array,
  at: number,
  room: Room,
  where: string,
  depth = 0,
): void {
  if (depth > MAX_DEPTH) throw badValue(where, "it is nested too deep");
  const id = resolve(btf, type);
  const kind = btf.kind(id);
  const size = sizeOfType(btf, id);
  if (kind === BtfKind.Pointer) {
    writeInteger(bytes, at, 8, pointerTo(btf, btf.sizeOrType(id), value, room, where, depth), where);
  } else if (kind === BtfKind.Array) {
    writeElements(btf, id, value, bytes, at, room, where, depth);
  } else if (isComposite(btf, id)) {
    const form = special(value);
    if (form !== undefined && ("$bytes" in form || "$ip" in form)) {
      writeArray(bytes, at, size, 1, value, where);
      return;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw badValue(where, `${describe(value)} has no fields`);
    for (const [name, field] of Object.entries(value)) writeField(btf, id, name, field, bytes, at, room, where, depth);
  } else {
    writeInteger(bytes, at, size, enumerator(btf, id, value), where);
  }
}

function writeElements(btf: Btf, id: number, value: Value, bytes: Uint8Array, at: number, room: Room, where: string, depth: number): void {
  const element = resolve(btf, btf.trailingWord(id, 0));
  const size = sizeOfType(btf, element);
  const count = btf.trailingWord(id, 2);
  const isNumber = btf.kind(element) === BtfKind.Int;
  if (!Array.isArray(value) || isNumber) {
    writeArray(bytes, at, size * count, size, value, where);
    return;
  }
  if (value.length > count) throw badValue(where, `it has ${count} elements, not ${value.length}`);
  for (const [index, one] of value.entries())
    writeValue(btf, element, one, bytes, at + index * size, room, `${where}[${index}]`, depth + 1);
}

/** A field by its name, or by a path as `a.b`; through anonymous structs and unions. */
function writeField(
  btf: Btf,
  id: number,
  path: string,
  value: Value,
  bytes: Uint8Array,
  at: number,
  room: Room,
  where: string,
  depth: number,
): void {
  const dot = path.indexOf(".");
  const name = dot < 0 ? path : path.slice(0, dot);
  const member = findMemberByName(btf, id, name);
  if (member === undefined) throw badValue(where, `'${btf.name(id)}' of this kernel has no field '${name}'`);
  const inner = `${where}.${name}`;
  if (member.size > 0) {
    const number = integerOf(enumerator(btf, member.type, value));
    if (number === undefined) throw badValue(inner, `${describe(value)} is no integer`);
    checkRange(number, member.size, inner);
    writeBits(bytes, at * 8 + member.offset, member.size, BigInt.asUintN(64, number));
    return;
  }
  const rest = dot < 0 ? value : { [path.slice(dot + 1)]: value };
  writeValue(btf, member.type, rest, bytes, at + member.offset / 8, room, inner, depth + 1);
}

/** The value of an enumerator that is given by its name. */
function enumerator(btf: Btf, type: number, value: Value): Value {
  const id = resolve(btf, type);
  const kind = btf.kind(id);
  if (typeof value !== "string" || (kind !== BtfKind.Enum && kind !== BtfKind.Enum64)) return value;
  const words = kind === BtfKind.Enum ? 2 : 3;
  for (let index = 0; index < btf.count(id); index++)
    if (btf.memberName(id, index) === value) return btf.trailingWord(id, index * words + 1);
  return value;
}
