// CO-RE: what an access of the object's own types means in the types of the target kernel. The rules are libbpf's (relo_core.c):
// types match by name, what follows `___` being no part of it; members by name, through anonymous structs and unions.

import { BpfcastError } from "../../wasm/errors.ts";
import { type Btf, BtfKind } from "../core/btf.ts";
import { resolve, sizeOfType } from "./map-definitions.ts";

/** Levels of an access, and of anonymous structs in one another. */
const MAX_LEVELS = 64;

/** Kinds of relocations, as the kernel's `enum bpf_core_relo_kind` has them. */
export const enum CoreKind {
  FieldOffset = 0,
  FieldSize = 1,
  FieldExists = 2,
  FieldSigned = 3,
  FieldShiftLeft = 4,
  FieldShiftRight = 5,
  LocalTypeId = 6,
  TargetTypeId = 7,
  TypeExists = 8,
  TypeSize = 9,
  EnumeratorExists = 10,
  EnumeratorValue = 11,
}

function damaged(what: string): never {
  throw new BpfcastError("bad-relocation", `not a usable BPF object: ${what}`);
}

/** A place in a type: one step of the way to a field. */
type Step =
  /** Member by name; the type of the local one decides what fits. */
  { kind: "member"; name: string; type: number } | { kind: "element"; index: number };

/** The field that a way leads to. */
export interface Field {
  btf: Btf;
  /** Bits from the start of the root type. */
  bitOffset: number;
  /** Of a bitfield; 0 otherwise. */
  bitSize: number;
  type: number;
  /** Whether the last step was an element, of which only place and size are known. */
  isElement: boolean;
}

/** Values of a field that relocations ask for. */
export interface FieldLayout {
  byteOffset: number;
  byteSize: number;
  isBitfield: boolean;
  shiftLeft: number;
  shiftRight: number;
  isSigned: boolean;
}

/** The name that counts. */
export function essentialName(name: string): string {
  const at = name.lastIndexOf("___");
  return at > 0 ? name.slice(0, at) : name;
}

export function isComposite(btf: Btf, id: number): boolean {
  const kind = btf.kind(id);
  return kind === BtfKind.Struct || kind === BtfKind.Union;
}

function isEnumeration(btf: Btf, id: number): boolean {
  const kind = btf.kind(id);
  return kind === BtfKind.Enum || kind === BtfKind.Enum64;
}

/** Whether types are of the same kind, both sorts of enums being one. */
export function sameKind(left: Btf, leftId: number, right: Btf, rightId: number): boolean {
  return left.kind(leftId) === right.kind(rightId) || (isEnumeration(left, leftId) && isEnumeration(right, rightId));
}

function memberType(btf: Btf, id: number, index: number): number {
  return btf.trailingWord(id, index * 3 + 1);
}

function memberBits(btf: Btf, id: number, index: number): { offset: number; size: number } {
  const word = btf.trailingWord(id, index * 3 + 2);
  return btf.flag(id) ? { offset: word & 0xff_ffff, size: word >>> 24 } : { offset: word, size: 0 };
}

/** An access string as `0:1:2`. */
function parseAccess(access: string): number[] {
  const numbers = access.split(":").map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : damaged(`'${access}' is no access`)));
  return numbers.length <= MAX_LEVELS ? numbers : damaged("an access has too many levels");
}

/** A local access: the field it leads to, and the steps by which it is to be found elsewhere. */
export function localField(btf: Btf, root: number, access: string): { field: Field; first: number; steps: Step[] } {
  const [first = 0, ...indexes] = parseAccess(access);
  let type = resolve(btf, root);
  const field: Field = { btf, bitOffset: first * sizeOfType(btf, type) * 8, bitSize: 0, type, isElement: true };
  const steps: Step[] = [];
  for (const index of indexes) {
    if (isComposite(btf, type)) {
      if (index >= btf.count(type)) return damaged(`access ${access} names a member that does not exist`);
      const bits = memberBits(btf, type, index);
      const name = btf.memberName(type, index);
      const own = memberType(btf, type, index);
      field.bitOffset += bits.offset;
      field.bitSize = bits.size;
      field.isElement = false;
      type = resolve(btf, own);
      if (name !== "") steps.push({ kind: "member", name, type });
    } else if (btf.kind(type) === BtfKind.Array) {
      type = resolve(btf, btf.trailingWord(type, 0));
      field.bitOffset += index * sizeOfType(btf, type) * 8;
      field.bitSize = 0;
      field.isElement = true;
      steps.push({ kind: "element", index });
    } else return damaged(`access ${access} goes into what has no members`);
    field.type = type;
  }
  return { field, first, steps };
}

/** Whether a target's field can stand for the local one. */
function fieldsFit(local: Btf, localId: number, target: Btf, targetId: number, depth = 0): boolean {
  const left = resolve(local, localId);
  const right = resolve(target, targetId);
  if (depth > MAX_LEVELS) return false;
  if (isComposite(local, left) && isComposite(target, right)) return true;
  if (!sameKind(local, left, target, right)) return false;
  switch (local.kind(left)) {
    case BtfKind.Pointer:
    case BtfKind.Float:
    case BtfKind.Int:
      return true;
    case BtfKind.Forward:
    case BtfKind.Enum:
    case BtfKind.Enum64: {
      const names = [essentialName(local.name(left)), essentialName(target.name(right))];
      return names[0] === "" || names[1] === "" || names[0] === names[1];
    }
    case BtfKind.Array:
      return fieldsFit(local, local.trailingWord(left, 0), target, target.trailingWord(right, 0), depth + 1);
    default:
      return false;
  }
}

export interface Member {
  type: number;
  /** In bits. */
  offset: number;
  /** Bits of a bitfield; 0 otherwise. */
  size: number;
}

/** The member of a name, in the type itself or in an anonymous one within. */
export function findMemberByName(btf: Btf, id: number, wanted: string, depth = 0): Member | undefined {
  if (!isComposite(btf, id) || depth > MAX_LEVELS) return undefined;
  for (let index = 0; index < btf.count(id); index++) {
    const name = btf.memberName(id, index);
    const type = resolve(btf, memberType(btf, id, index));
    const bits = memberBits(btf, id, index);
    if (name === wanted) return { type, ...bits };
    const inner = name === "" ? findMemberByName(btf, type, wanted, depth + 1) : undefined;
    if (inner !== undefined) return { ...inner, offset: inner.offset + bits.offset };
  }
  return undefined;
}

/** The same for a step, whose type it must fit. */
function findMember(btf: Btf, id: number, step: Extract<Step, { kind: "member" }>, local: Btf): Member | undefined {
  const found = findMemberByName(btf, id, step.name);
  return found !== undefined && fieldsFit(local, step.type, btf, found.type) ? found : undefined;
}

/** The field of a candidate type that local steps lead to; undefined where it has none. */
export function targetField(target: Btf, root: number, first: number, steps: Step[], local: Btf): Field | undefined {
  let type = resolve(target, root);
  const field: Field = { btf: target, bitOffset: first * sizeOfType(target, type) * 8, bitSize: 0, type, isElement: true };
  for (const step of steps) {
    if (step.kind === "member") {
      const member = findMember(target, type, step, local);
      if (member === undefined) return undefined;
      field.bitOffset += member.offset;
      field.bitSize = member.size;
      field.isElement = false;
      type = member.type;
    } else {
      if (target.kind(type) !== BtfKind.Array) return undefined;
      const count = target.trailingWord(type, 2);
      // An array of unknown length is as long as the access needs.
      if (count > 0 && step.index >= count) return undefined;
      type = resolve(target, target.trailingWord(type, 0));
      field.bitOffset += step.index * sizeOfType(target, type) * 8;
      field.bitSize = 0;
      field.isElement = true;
    }
    field.type = type;
  }
  return field;
}

function isSigned(btf: Btf, id: number): boolean {
  if (isEnumeration(btf, id)) return btf.flag(id);
  return btf.kind(id) === BtfKind.Int && ((btf.trailingWord(id, 0) >>> 24) & 1) !== 0;
}

/** Where a field is loaded from, and how its bits are cut out: a bitfield lies in the unit of its type that holds it, or a larger one. */
export function layoutOf({ btf, bitOffset, bitSize, type }: Field): FieldLayout {
  let byteSize = sizeOfType(btf, type);
  if (bitSize === 0) {
    const byteOffset = Math.floor(bitOffset / 8);
    const signed = isSigned(btf, type);
    return { byteOffset, byteSize, isBitfield: false, shiftLeft: 64 - byteSize * 8, shiftRight: 64 - byteSize * 8, isSigned: signed };
  }
  if (byteSize === 0) return damaged("a bitfield has a type without a size");
  let byteOffset = Math.floor(Math.floor(bitOffset / 8) / byteSize) * byteSize;
  while (bitOffset + bitSize - byteOffset * 8 > byteSize * 8) {
    if (byteSize >= 8) return damaged("a bitfield reaches over eight bytes");
    byteSize *= 2;
    byteOffset = Math.floor(Math.floor(bitOffset / 8) / byteSize) * byteSize;
  }
  const shiftLeft = 64 - (bitOffset + bitSize - byteOffset * 8);
  return { byteOffset, byteSize, isBitfield: true, shiftLeft, shiftRight: 64 - bitSize, isSigned: isSigned(btf, type) };
}

/** An enumerator's value, of the enum in which it has this place. */
export function enumeratorValue(btf: Btf, id: number, index: number): bigint {
  if (btf.kind(id) === BtfKind.Enum64) {
    const words = [btf.trailingWord(id, index * 3 + 1), btf.trailingWord(id, index * 3 + 2)];
    return BigInt(words[0] ?? 0) | (BigInt(words[1] ?? 0) << 32n);
  }
  const value = btf.trailingWord(id, index * 2 + 1);
  return BigInt.asUintN(64, BigInt(btf.flag(id) ? value | 0 : value));
}

/** Place of the enumerator of a name, or -1. */
export function findEnumerator(btf: Btf, id: number, name: string): number {
  if (!isEnumeration(btf, id)) return -1;
  for (let index = 0; index < btf.count(id); index++) {
    if (essentialName(btf.memberName(id, index)) === name) return index;
  }
  return -1;
}

/** The local enumerator that an access names. */
export function localEnumerator(btf: Btf, root: number, access: string): { type: number; index: number; name: string } {
  const [index = 0, ...more] = parseAccess(access);
  const type = resolve(btf, root);
  if (more.length > 0 || !isEnumeration(btf, type) || index >= btf.count(type)) return damaged(`access ${access} names no enumerator`);
  return { type, index, name: essentialName(btf.memberName(type, index)) };
}

/** Kinds of types by the tag that stands before their names in C. */
const TAGGED: Record<string, BtfKind[]> = {
  "": [BtfKind.Int, BtfKind.Typedef, BtfKind.Float],
  struct: [BtfKind.Struct],
  union: [BtfKind.Union],
  enum: [BtfKind.Enum, BtfKind.Enum64],
};

/** Types of the target kernel by their names: those of the kernel proper, and those of its modules where it has none. */
export class TargetTypes {
  readonly #sources: readonly Btf[];
  readonly #names: (Map<string, number[]> | undefined)[] = [];

  /** @param sources the kernel's types first. */
  constructor(sources: readonly Btf[]) {
    this.#sources = sources;
  }

  /** The types of the kernel proper. */
  get kernel(): Btf {
    return this.#sources[0] as Btf;
  }

  #namesOf(place: number, btf: Btf): Map<string, number[]> {
    const known = this.#names[place];
    if (known !== undefined) return known;
    const names = new Map<string, number[]>();
    // A module's own ids go on where the kernel's end.
    for (let id = place === 0 ? 1 : (this.#sources[0]?.endId ?? 1); id < btf.endId; id++) {
      const kind = btf.kind(id);
      if (kind === BtfKind.Function || kind === BtfKind.Variable || kind === BtfKind.DataSection || kind === BtfKind.DeclarationTag)
        continue;
      const name = essentialName(btf.name(id));
      if (name === "") continue;
      const list = names.get(name);
      if (list === undefined) names.set(name, [id]);
      else list.push(id);
    }
    this.#names[place] = names;
    return names;
  }

  /** A type by its name in C, as `struct file` or `u64`; undefined where there is none. */
  named(text: string): { btf: Btf; id: number } | undefined {
    const [, tag = "", name = ""] = /^(struct|union|enum)?\s*([\w ]+)$/.exec(text.trim()) ?? [];
    for (const [place, btf] of this.#sources.entries()) {
      const ids = this.#namesOf(place, btf).get(name) ?? [];
      const id = ids.find((candidate) => TAGGED[tag]?.includes(btf.kind(candidate)) ?? false);
      if (id !== undefined) return { btf, id };
    }
    return undefined;
  }

  /** Functions with a type. */
  functionNames(): string[] {
    return this.#sources.flatMap((btf) => [...btf.functions.keys()]);
  }

  /** The function of a name, with the BTF that has it. */
  functionNamed(name: string): { btf: Btf; id: number } | undefined {
    for (const btf of this.#sources) {
      const id = btf.functions.get(name);
      if (id !== undefined) return { btf, id };
    }
    return undefined;
  }

  /** Types that have the name and kind of a local one. */
  candidates(local: Btf, id: number): { btf: Btf; id: number }[] {
    const name = essentialName(local.name(id));
    if (name === "") return [];
    for (const [place, btf] of this.#sources.entries()) {
      const ids = (this.#namesOf(place, btf).get(name) ?? []).filter((candidate) => sameKind(local, id, btf, candidate));
      if (ids.length > 0) return ids.map((candidate) => ({ btf, id: candidate }));
    }
    return [];
  }
}
