// CO-RE relocations: computes each for the target kernel and rewrites its instruction, as libbpf does before it loads a program.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Btf } from "../core/btf.ts";
import { BtfKind } from "../core/btf.ts";
import type { CoreRelocation } from "../core/btf-ext.ts";
import { viewOf } from "../core/elf.ts";
import {
  CoreKind,
  enumeratorValue,
  type Field,
  findEnumerator,
  layoutOf,
  localEnumerator,
  localField,
  type TargetTypes,
  targetField,
} from "./core-types.ts";
import { resolve, sizeOfType } from "./map-definitions.ts";

/** What an instruction is to hold instead. */
interface Outcome {
  /** What the compiler put there; undefined where that is not known. */
  before: bigint | undefined;
  after: bigint;
  /** Bytes of the field, here and there, of a relocated offset. */
  sizes?: [local: number, target: number];
  /** The sizes differ in a way that no other load makes up for. */
  isUnfit?: boolean;
}

const INSTRUCTION_BYTES = 8;
const WIDE_LOAD = 0x18;
/** What libbpf puts in the place of an instruction that cannot be relocated: a call of a helper that does not exist. */
const POISON_CALL = 0x85;
const POISON_HELPER = 195_896_080;
const MAX_OFFSET = 32_767;
const SIZE_BITS = new Map([
  [1, 0x10],
  [2, 0x08],
  [4, 0x00],
  [8, 0x18],
]);

function damaged(what: string): never {
  throw new BpfcastError("bad-relocation", `not a usable BPF object: ${what}`);
}

function isUnsignedInteger(btf: Btf, id: number): boolean {
  return btf.kind(id) === BtfKind.Int && ((btf.trailingWord(id, 0) >>> 24) & 1) === 0;
}

/** Whether a load of another width reads the target's field rightly. */
function fits(local: Field, target: Field): boolean {
  if (local.btf.kind(local.type) === BtfKind.Pointer && target.btf.kind(target.type) === BtfKind.Pointer) return true;
  return isUnsignedInteger(local.btf, local.type) && isUnsignedInteger(target.btf, target.type);
}

function fieldValue(kind: number, field: Field): number {
  const layout = layoutOf(field);
  switch (kind) {
    case CoreKind.FieldOffset:
      return layout.byteOffset;
    case CoreKind.FieldSize:
      return layout.byteSize;
    case CoreKind.FieldSigned:
      return layout.isSigned ? 1 : 0;
    case CoreKind.FieldShiftLeft:
      return layout.shiftLeft;
    default:
      return layout.shiftRight;
  }
}

function relocateField(kind: number, local: Btf, root: number, access: string, targets: TargetTypes): Outcome | undefined {
  const { field, first, steps } = localField(local, root, access);
  const found = targets.candidates(local, resolve(local, root)).flatMap(({ btf, id }) => {
    const one = targetField(btf, id, first, steps, local);
    return one === undefined ? [] : [one];
  });
  if (kind === CoreKind.FieldExists) return { before: 1n, after: found.length > 0 ? 1n : 0n };
  const [target] = found;
  if (target === undefined) return undefined;
  if (field.isElement && kind !== CoreKind.FieldOffset && kind !== CoreKind.FieldSize)
    damaged("it asks for the sign or bits of an element");
  const after = fieldValue(kind, target);
  // Types of one name that differ in what is asked for cannot be told apart.
  if (found.some((other) => fieldValue(kind, other) !== after)) return undefined;
  const here = layoutOf(field);
  const there = layoutOf(target);
  const outcome: Outcome = { before: here.isBitfield ? undefined : BigInt(fieldValue(kind, field)), after: BigInt(after) };
  if (kind !== CoreKind.FieldOffset || here.isBitfield) return outcome;
  outcome.sizes = [here.byteSize, there.byteSize];
  outcome.isUnfit = here.byteSize !== there.byteSize && !fits(field, target);
  return outcome;
}

function relocateType(kind: number, local: Btf, root: number, access: string, targets: TargetTypes): Outcome | undefined {
  if (access !== "0") damaged(`'${access}' is no access of a whole type`);
  const found = targets.candidates(local, root);
  if (kind === CoreKind.LocalTypeId) return { before: BigInt(root), after: BigInt(root) };
  if (kind === CoreKind.TypeExists) return { before: 1n, after: found.length > 0 ? 1n : 0n };
  const values = found.map(({ btf, id }) => (kind === CoreKind.TypeSize ? sizeOfType(btf, id) : id));
  const [after] = values;
  if (after === undefined || values.some((other) => other !== after)) return undefined;
  return { before: kind === CoreKind.TypeSize ? BigInt(sizeOfType(local, root)) : undefined, after: BigInt(after) };
}

function relocateEnumerator(kind: number, local: Btf, root: number, access: string, targets: TargetTypes): Outcome | undefined {
  const own = localEnumerator(local, root, access);
  const values = targets.candidates(local, own.type).flatMap(({ btf, id }) => {
    const index = findEnumerator(btf, id, own.name);
    return index < 0 ? [] : [enumeratorValue(btf, id, index)];
  });
  if (kind === CoreKind.EnumeratorExists) return { before: undefined, after: values.length > 0 ? 1n : 0n };
  const [after] = values;
  if (after === undefined || values.some((other) => other !== after)) return undefined;
  return { before: undefined, after };
}

/** The new value; undefined where the target has nothing that fits. */
function compute({ kind, type, access }: CoreRelocation, local: Btf, targets: TargetTypes): Outcome | undefined {
  if (type === 0 || type >= local.endId) return damaged("a relocation names a type that does not exist");
  if (kind <= CoreKind.FieldShiftRight) return relocateField(kind, local, type, access, targets);
  if (kind <= CoreKind.TypeSize) return relocateType(kind, local, type, access, targets);
  if (kind <= CoreKind.EnumeratorValue) return relocateEnumerator(kind, local, type, access, targets);
  return damaged(`unknown kind ${kind} of relocation`);
}

function poison(view: DataView, at: number): void {
  view.setUint8(at, POISON_CALL);
  view.setUint8(at + 1, 0);
  view.setUint16(at + 2, 0, true);
  view.setUint32(at + 4, POISON_HELPER, true);
}

/**
 * Rewrites one instruction of `code`, which is changed. What the target has nothing for becomes a call of a helper that does not exist:
 * a program that reaches it is stopped.
 * @throws BpfcastError `bad-relocation`, `bad-btf`.
 */
export function applyCoreRelocation(code: Uint8Array, relocation: CoreRelocation, local: Btf, targets: TargetTypes): void {
  const at = relocation.offset;
  const view = viewOf(code);
  if (at % INSTRUCTION_BYTES !== 0 || at + INSTRUCTION_BYTES > code.length) damaged("a relocation lies outside of the code");
  const opcode = view.getUint8(at);
  const isWide = opcode === WIDE_LOAD;
  if (isWide && at + 2 * INSTRUCTION_BYTES > code.length) damaged("a relocated load is not whole");
  const outcome = compute(relocation, local, targets);
  const isMemory = (opcode & 7) >= 1 && (opcode & 7) <= 3;
  if (outcome === undefined || (isMemory && outcome.isUnfit === true)) {
    poison(view, at);
    if (isWide) poison(view, at + INSTRUCTION_BYTES);
    return;
  }
  const { before, after } = outcome;
  const expect = (found: bigint) => {
    if (before !== undefined && found !== before) damaged(`a relocated instruction holds ${found} instead of ${before}`);
  };
  if (isWide) {
    expect(BigInt(view.getUint32(at + 4, true)) | (BigInt(view.getUint32(at + 12, true)) << 32n));
    view.setUint32(at + 4, Number(after & 0xffff_ffffn), true);
    view.setUint32(at + 12, Number(after >> 32n), true);
  } else if (isMemory) {
    expect(BigInt(view.getInt16(at + 2, true)));
    if (after > MAX_OFFSET) damaged(`an offset of ${after} does not fit into an instruction`);
    view.setInt16(at + 2, Number(after), true);
    const [own, other] = outcome.sizes ?? [0, 0];
    if (own === other) return;
    view.setUint8(at, (opcode & ~0x18) | (SIZE_BITS.get(other) ?? damaged("a field of another size has no load of its own")));
  } else if (((opcode & 7) === 4 || (opcode & 7) === 7) && (opcode & 8) === 0) {
    expect(BigInt(view.getInt32(at + 4, true)));
    view.setInt32(at + 4, Number(BigInt.asIntN(32, after)), true);
  } else damaged("a relocation names an instruction that holds no number");
}
