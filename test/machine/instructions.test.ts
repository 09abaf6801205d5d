// Every class of instructions on its corner cases. Expected values are those of the instruction-set document.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Instruction } from "../support/instructions.ts";
import { exit, make, move, result, wide } from "./code.ts";
import { newMachine } from "./machine.ts";

const machine = await newMachine();
const MINIMUM = 1n << 63n;
const ALL = 2n ** 64n - 1n;
const u64 = (value: bigint) => BigInt.asUintN(64, value);

/** r0 = left; r0 = r0 OPERATION right, the operand in a register. */
function binary(opcode: number, left: bigint, right: bigint, offset = 0): bigint | string {
  return result(machine, [...wide(0, left), ...wide(1, right), make(opcode | 8, 0, 1, offset), exit]);
}

function unary(instruction: Instruction, value: bigint): bigint | string {
  return result(machine, [...wide(0, value), instruction, exit]);
}

test("64-bit arithmetic", () => {
  assert.is(binary(0x07, ALL, 2n), 1n);
  assert.is(binary(0x17, 1n, 2n), ALL);
  assert.is(binary(0x27, 1n << 63n, 2n), 0n);
  assert.is(binary(0x37, ALL, 2n), MINIMUM - 1n);
  assert.is(binary(0x37, 7n, 0n), 0n, "division by 0 is 0");
  assert.is(binary(0x47, 0x0fn, 0xf0n), 0xffn);
  assert.is(binary(0x57, 0x3fn, 0xf0n), 0x30n);
  assert.is(binary(0x67, 1n, 65n), 2n, "shifts are masked");
  assert.is(binary(0x77, ALL, 63n), 1n);
  assert.is(unary(make(0x87), 5n), u64(-5n));
  assert.is(binary(0x97, 17n, 5n), 2n);
  assert.is(binary(0x97, 17n, 0n), 17n, "a remainder by 0 is the dividend");
  assert.is(binary(0xa7, ALL, 1n), ALL - 1n);
  assert.is(binary(0xc7, MINIMUM, 63n), ALL);
});

test("signed division", () => {
  assert.is(binary(0x37, u64(-7n), 2n, 1), u64(-3n));
  assert.is(binary(0x37, MINIMUM, ALL, 1), MINIMUM, "the quotient that does not fit wraps");
  assert.is(binary(0x37, u64(-7n), 0n, 1), 0n);
  assert.is(binary(0x97, u64(-7n), 2n, 1), ALL);
  assert.is(binary(0x97, MINIMUM, ALL, 1), 0n);
  assert.is(binary(0x97, u64(-7n), 0n, 1), u64(-7n));
  assert.is(binary(0x34, 0x8000_0000n, 0xffff_ffffn, 1), 0x8000_0000n);
  assert.is(binary(0x94, 0xffff_fff9n, 2n, 1), 0xffff_ffffn);
});

test("32-bit arithmetic clears the upper half", () => {
  const upper = 0xabcd_0000_0000_0000n;
  assert.is(binary(0x04, upper | 0xffff_ffffn, 2n), 1n);
  assert.is(binary(0x14, 1n, 2n), 0xffff_ffffn);
  assert.is(binary(0x34, upper | 9n, 0n), 0n);
  assert.is(binary(0x94, upper | 9n, 0n), 9n, "a remainder by 0 keeps the lower half alone");
  assert.is(binary(0x64, upper | 1n, 33n), 2n);
  assert.is(binary(0xc4, 0x8000_0000n, 31n), 0xffff_ffffn);
  assert.is(unary(make(0x84), upper | 5n), 0xffff_fffbn);
  assert.is(unary(make(0xbc, 0, 0), upper | 5n), 5n);
});

test("immediates are extended with their sign", () => {
  assert.is(result(machine, [move(0, -1), exit]), ALL);
  assert.is(result(machine, [make(0xb4, 0, 0, 0, -1), exit]), 0xffff_ffffn);
  assert.is(result(machine, [...wide(0, 0n), make(0x47, 0, 0, 0, -2), exit]), ALL - 1n);
  assert.is(result(machine, [...wide(0, 0x1234_5678_9abc_def0n), exit]), 0x1234_5678_9abc_def0n);
});

test("moves that extend a sign", () => {
  assert.is(unary(make(0xbf, 0, 0, 8), 0x1280n), u64(-128n));
  assert.is(unary(make(0xbf, 0, 0, 16), 0x1_8000n), u64(-32768n));
  assert.is(unary(make(0xbf, 0, 0, 32), 0x8000_0000n), u64(-(1n << 31n)));
  assert.is(unary(make(0xbc, 0, 0, 8), 0x80n), 0xffff_ff80n);
  assert.is(unary(make(0xbc, 0, 0, 16), 0x8000n), 0xffff_8000n);
});

test("byte order", () => {
  const value = 0x0102_0304_0506_0708n;
  const order = (opcode: number, bits: number) => unary(make(opcode, 0, 0, 0, bits), value);
  assert.equal(
    [16, 32, 64].map((bits) => order(0xdc, bits)),
    [0x0807n, 0x0807_0605n, 0x0807_0605_0403_0201n],
    "to big-endian",
  );
  assert.equal(
    [16, 32, 64].map((bits) => order(0xd7, bits)),
    [0x0807n, 0x0807_0605n, 0x0807_0605_0403_0201n],
    "unconditional",
  );
  assert.equal(
    [16, 32, 64].map((bits) => order(0xd4, bits)),
    [0x0708n, 0x0506_0708n, value],
    "to little-endian",
  );
});

test("jumps", () => {
  /** Whether a jump is taken. */
  const taken = (opcode: number, left: bigint, right: bigint) =>
    result(machine, [...wide(1, left), ...wide(2, right), move(0, 1), make(opcode | 8, 1, 2, 1), move(0, 0), exit]) === 1n;
  /** Codes with the pairs that they are taken for, and not. */
  const rows: [code: number, yes: [bigint, bigint], no: [bigint, bigint]][] = [
    [0x10, [ALL, ALL], [ALL, 0n]],
    [0x20, [ALL, 1n], [1n, ALL]],
    [0x30, [ALL, ALL], [1n, ALL]],
    [0x40, [6n, 2n], [5n, 2n]],
    [0x50, [1n, 2n], [2n, 2n]],
    [0x60, [1n, ALL], [ALL, 1n]],
    [0x70, [ALL, ALL], [ALL, 1n]],
    [0xa0, [1n, ALL], [ALL, 1n]],
    [0xb0, [1n, 1n], [ALL, 1n]],
    [0xc0, [ALL, 1n], [1n, ALL]],
    [0xd0, [ALL, ALL], [1n, ALL]],
  ];
  for (const [code, yes, no] of rows) {
    assert.ok(taken(code | 5, ...yes), `${code} 64`);
    assert.not(taken(code | 5, ...no), `not ${code} 64`);
    const low = (value: bigint) => (value & 0xffff_ffffn) | 0x55_0000_0000n;
    assert.ok(taken(code | 6, low(yes[0]), yes[1]), `${code} 32`);
    assert.not(taken(code | 6, low(no[0]), no[1]), `not ${code} 32`);
  }
  assert.is(result(machine, [move(0, 1), make(0x06, 0, 0, 0, 1), move(0, 2), exit]), "unreachable-code");
  assert.is(result(machine, [move(0, 1), make(0x05, 0, 0, 1), exit, make(0x06, 0, 0, 0, -2)]), 1n, "both ways by a wide and a short jump");
});

test("loads and stores of all sizes", () => {
  const stored = (code: Instruction[]) => result(machine, [...wide(1, 0x8182_8384_8586_8788n), make(0x7b, 10, 1, -8), ...code, exit]);
  assert.is(stored([make(0x71, 0, 10, -8)]), 0x88n);
  assert.is(stored([make(0x69, 0, 10, -8)]), 0x8788n);
  assert.is(stored([make(0x61, 0, 10, -4)]), 0x8182_8384n);
  assert.is(stored([make(0x79, 0, 10, -8)]), 0x8182_8384_8586_8788n);
  assert.is(stored([make(0x91, 0, 10, -8)]), u64(-120n));
  assert.is(stored([make(0x89, 0, 10, -8)]), u64(BigInt.asIntN(16, 0x8788n)));
  assert.is(stored([make(0x81, 0, 10, -4)]), u64(BigInt.asIntN(32, 0x8182_8384n)));
  assert.is(stored([make(0x72, 10, 0, -7, 0x1ff), make(0x79, 0, 10, -8)]), 0x8182_8384_8586_ff88n);
  assert.is(stored([make(0x7a, 10, 0, -8, -2), make(0x79, 0, 10, -8)]), ALL - 1n);
  // The same through a copy of the frame pointer.
  const copied = (code: Instruction[]) => stored([make(0xbf, 2, 10), make(0x07, 2, 0, 0, -8), ...code]);
  assert.is(copied([make(0x71, 0, 2, 1)]), 0x87n);
  assert.is(copied([make(0x89, 0, 2, 6)]), u64(BigInt.asIntN(16, 0x8182n)));
  assert.is(copied([make(0x6a, 2, 0, 2, 7), make(0x79, 0, 2, 0)]), 0x8182_8384_0007_8788n);
});

test("atomic operations", () => {
  /** Cell at first, operand, r0 at first; then cell, operand, r0. */
  const atomic = (kind: number, cell: bigint, operand: bigint, expected = 0n, opcode = 0xdb) => {
    const run = (last: Instruction) =>
      result(machine, [
        ...wide(1, cell),
        ...wide(2, operand),
        ...wide(0, expected),
        make(0x7b, 10, 1, -8),
        make(opcode, 10, 2, -8, kind),
        last,
        exit,
      ]);
    return [run(make(0x79, 0, 10, -8)), run(make(0xbf, 0, 2)), run(make(0xbf, 0, 0))];
  };
  assert.equal(atomic(0x00, 5n, 3n), [8n, 3n, 0n]);
  assert.equal(atomic(0x01, 5n, 3n), [8n, 5n, 0n]);
  assert.equal(atomic(0x41, 5n, 3n), [7n, 5n, 0n]);
  assert.equal(atomic(0x51, 5n, 3n), [1n, 5n, 0n]);
  assert.equal(atomic(0xa1, 5n, 3n), [6n, 5n, 0n]);
  assert.equal(atomic(0xe1, 5n, 3n), [3n, 5n, 0n]);
  assert.equal(atomic(0xf1, 5n, 3n, 5n), [3n, 3n, 5n]);
  assert.equal(atomic(0xf1, 5n, 3n, 4n), [5n, 3n, 5n]);
  assert.equal(atomic(0x01, ALL, 1n, 0n, 0xc3), [0xffff_ffff_0000_0000n, 0xffff_ffffn, 0n], "32 bits");
});

test("functions keep r6 to r9 and have a frame of their own", () => {
  const code = [
    move(6, 5),
    move(1, 7),
    make(0x7a, 10, 0, -8, 3),
    make(0x85, 0, 1, 0, 4),
    make(0x0f, 0, 6),
    make(0x79, 1, 10, -8),
    make(0x0f, 0, 1),
    exit,
    move(6, 100),
    make(0x7b, 10, 1, -8),
    make(0x79, 0, 10, -8),
    exit,
  ];
  assert.is(result(machine, code), 15n);
});

test("a budget ends what does not", () => {
  const added = machine.addProgram(new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0xff, 0xff, 0, 0, 0, 0]));
  assert.ok(added.ok);
  if (!added.ok) return;
  const run = machine.run(added.program, { budget: 1000 });
  assert.equal([run.ok, run.instructions], [false, 1000]);
  assert.ok(!run.ok && run.fault.kind === "budget" && run.fault.program === added.program && run.fault.instruction === 1);
});

test.run();
