// Random programs of raw instructions that the verifier takes: arithmetic of both widths, byte swaps, sign extensions, jumps forward,
// stores and loads of every size in the stack, and atomics, all on values that are corner cases.

import type { Random } from "../compiler/bpf/random-program.ts";
import { type Instruction, loadData } from "../support/instructions.ts";

const CORNERS = [
  0n,
  1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];
/** Codes of binary arithmetic; negation, move and byte order are made apart. */
const ARITHMETIC = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12];
const DIVIDE = 3;
const REMAINDER = 9;
const SHIFTS = [6, 7, 12];
const JUMPS = [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13];
const ATOMICS = [0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1];
const SIZES = [1, 2, 4, 8] as const;
const SIZE_BITS = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;
/** Bytes of the stack that are used, all written first. */
const STACK = 64;
/** Registers with values; r9 has the address of the result. */
const VALUES = 9;

function make(opcode: number, destination: number, source = 0, offset = 0, immediate = 0): Instruction {
  return { opcode, destination, source, offset, immediate };
}

/** A 64-bit constant: two slots, the second of which is written out. */
function constant(destination: number, value: bigint): Instruction[] {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  // The assembler adds an empty second half: the upper bits are put in by a shift where they are not the sign's.
  return [make(0xb7, destination, 0, 0, high), make(0x67, destination, 0, 0, 32), make(0xb4, 0, 0, 0, low), make(0x4f, destination, 0)];
}

function arithmetic(random: Random): Instruction {
  const wide = random.below(2) === 0;
  const base = wide ? 0x07 : 0x04;
  const target = random.below(VALUES);
  const source = random.below(VALUES);
  const kind = random.below(12);
  if (kind === 0) return make(base | 0x80, target);
  if (kind === 1) return make(wide ? 0xd7 : random.pick([0xd4, 0xdc]), target, 0, 0, random.pick([16, 32, 64]));
  if (kind === 2) return make(base | 0xb8, target, source, random.pick(wide ? [0, 8, 16, 32] : [0, 8, 16]));
  const code = random.pick(ARITHMETIC);
  const offset = (code === DIVIDE || code === REMAINDER) && random.below(2) === 0 ? 1 : 0;
  if (random.below(3) > 0) return make(base | (code << 4) | 8, target, source, offset);
  let immediate = Number(BigInt.asIntN(32, random.pick(CORNERS)));
  if (SHIFTS.includes(code)) immediate = random.below(wide ? 64 : 32);
  if (immediate === 0 && (code === DIVIDE || code === REMAINDER)) immediate = -1;
  return make(base | (code << 4), target, 0, offset, immediate);
}

function memory(random: Random): Instruction {
  const size = random.pick(SIZES);
  const at = -STACK + random.below(STACK / size) * size;
  const bits = SIZE_BITS[size];
  const value = random.below(VALUES);
  switch (random.below(4)) {
    case 0:
      return make(0x63 | bits, 10, value, at);
    case 1:
      return make(0x62 | bits, 10, 0, at, Number(BigInt.asIntN(32, random.pick(CORNERS))));
    case 2:
      return make(0x61 | bits, value, 10, at);
    default:
      return size === 8 ? make(0x79, value, 10, at) : make(0x81 | bits, value, 10, at);
  }
}

/**
 * A 32-bit compare and exchange that succeeds leaves the upper half of r0 as it was on x86, if the verifier does not see to it, which
 * that of 6.18 forgets for some programs with jumps: so what it leaves is cleared.
 */
function atomic(random: Random): Instruction[] {
  const size = random.pick([4, 8] as const);
  const at = -STACK + random.below(STACK / size) * size;
  const kind = random.pick(ATOMICS);
  const code = [make(0xc3 | SIZE_BITS[size], 10, random.below(VALUES), at, kind)];
  return kind === 0xf1 && size === 4 ? [...code, make(0xbc, 0, 0)] : code;
}

function jump(random: Random, distance: number): Instruction {
  const base = random.below(2) === 0 ? 0x05 : 0x06;
  const code = random.pick(JUMPS) << 4;
  const target = random.below(VALUES);
  if (random.below(2) === 0) return make(base | code | 8, target, random.below(VALUES), distance);
  return make(base | code, target, 0, distance, Number(BigInt.asIntN(32, random.pick(CORNERS))));
}

/** A program that stores a mix of all its values at `place` of `.data.counters`, and returns half of it. */
export function randomCode(random: Random, place: number): Instruction[] {
  const code: Instruction[] = [];
  for (let register = VALUES - 1; register > 0; register--) code.push(...constant(register, random.pick(CORNERS)));
  code.push(make(0xb7, 0, 0, 0, Number(BigInt.asIntN(32, random.pick(CORNERS)))));
  for (let at = -STACK; at < 0; at += 8) code.push(make(0x7b, 10, random.below(VALUES), at));
  const length = 10 + random.below(40);
  for (let index = 0; index < length; index++) {
    const kind = random.below(10);
    if (kind < 6) code.push(arithmetic(random));
    else if (kind < 8) code.push(memory(random));
    else if (kind < 9) code.push(...atomic(random));
    else {
      const skipped = Array.from({ length: 1 + random.below(3) }, () => (random.below(2) === 0 ? arithmetic(random) : memory(random)));
      code.push(jump(random, skipped.length), ...skipped);
    }
  }
  for (let register = 1; register < VALUES; register++) code.push(make(0x27, 0, 0, 0, 31), make(0xaf, 0, register));
  for (let at = -STACK; at < 0; at += 8) code.push(make(0x79, 1, 10, at), make(0x27, 0, 0, 0, 31), make(0x0f, 0, 1));
  code.push(loadData(9, ".data.counters", place), make(0x7b, 9, 0, 0), make(0x77, 0, 0, 0, 33), make(0x95, 0));
  return code;
}
