// Programs that the kernel's verifier refuses, each for a reason of its own, with what stops them in the machine; and some that both take.
//
// Maps by handle, as test/machine/verify.c makes them.

import type { FaultKind } from "../../wasm/machine-faults.ts";
import type { Instruction } from "../support/instructions.ts";
import { add, call, callback, copy, exit, ifZero, make, map, move, second, wide } from "./code.ts";

export const HASH = 1;
export const ARRAY = 2;
export const CONSTANTS = 3;
export const RING = 4;
export const PERCPU = 5;

const load = (size: 1 | 2 | 4 | 8, to: number, from: number, offset: number) =>
  make({ 4: 0x61, 2: 0x69, 1: 0x71, 8: 0x79 }[size], to, from, offset);
const zero = (to: number, offset: number, size: 4 | 8 = 8) => make(size === 8 ? 0x7a : 0x62, to, 0, offset, 0);
const local = (distance: number) => make(0x85, 0, 1, 0, distance);
const jump = (distance: number) => make(0x05, 0, 0, distance);
const ifNotZero = (register: number, distance: number) => make(0x55, register, 0, distance, 0);
const value = (register: number, handle: number, offset = 0) => [make(0x18, register, 2, 0, handle), second(offset)];
const finish = [move(0, 0), exit];

/** r0: the value of key 0 of the hash, which may be NULL. */
const lookup = (handle = HASH) => [zero(10, -8), ...map(1, handle), copy(2, 10), add(2, -8), call(1)];
/** Puts key 0 into the hash, so that a look-up finds it where the program runs. */
const insert = [zero(10, -8), zero(10, -16), ...map(1, HASH), copy(2, 10), add(2, -8), copy(3, 10), add(3, -16), move(4, 0), call(2)];
/** r0: a record of 16 bytes, which may be NULL. */
const reserve = [...map(1, RING), move(2, 16), move(3, 0), call(131)];
const submit = [move(2, 0), call(132)];

/** Runs to the end in both. */
export const TAKEN: [name: string, code: Instruction[]][] = [
  ["nothing", finish],
  ["stack", [zero(10, -512), load(8, 1, 10, -512), ...finish]],
  ["look-up", [...insert, ...lookup(), ifZero(0, 1), load(8, 1, 0, 0), ...finish]],
  ["record", [...reserve, ifZero(0, 4), zero(0, 8), copy(1, 0), ...submit, ...finish]],
  ["context", [load(8, 1, 1, 88), ...finish]],
  ["constants", [...value(1, CONSTANTS, 8), load(8, 1, 1, 0), ...finish]],
  ["function", [local(2), ...finish, zero(10, -8), ...finish]],
  ["loop", [move(1, 3), ...callback(2, 7), copy(3, 10), move(4, 0), zero(10, -8), call(181), ...finish, ...finish]],
  ["bounded back edge", [move(1, 100), add(1, -1), ifNotZero(1, -2), ...finish]],
  ["wide jump", [make(0x06), ...finish]].map((row) => row) as [string, Instruction[]],
];

/** Programs that this kernel takes and the machine does not: they would not run everywhere, or not the same way twice. */
export const STOPPED: [name: string, code: Instruction[], fault: FaultKind][] = [
  // Kernels before 6.13 have one stack for all frames.
  ["combined stack of two functions", [zero(10, -400), local(2), ...finish, zero(10, -400), ...finish], "stack-too-large"],
  // Root may read what nobody wrote.
  ["stack that was not written", [load(8, 0, 10, -8), exit], "uninitialised-stack"],
  ["stack that was written in part", [zero(10, -8, 4), load(8, 0, 10, -8), exit], "uninitialised-stack"],
  ["key that was written in part", [zero(10, -8, 4), ...map(1, HASH), copy(2, 10), add(2, -8), call(1), ...finish], "uninitialised-stack"],
];

export const REFUSED: [name: string, code: Instruction[], fault: FaultKind][] = [
  ["no instructions but a jump to nowhere", [make(0x05, 0, 0, 5)], "bad-jump"],
  ["jump before the start", [move(0, 0), jump(-3), exit], "bad-jump"],
  ["jump into a wide load", [jump(1), make(0x18, 0, 0, 0, 1), second(), exit], "bad-jump"],
  ["wide load without its second half", [move(0, 0), exit, make(0x18, 0)], "bad-wide-load"],
  ["wide load with a damaged second half", [make(0x18, 0, 0, 0, 1), make(0x07, 0, 0, 0, 0), exit], "bad-wide-load"],
  ["wide load of an unknown sort", [make(0x18, 0, 9, 0, 1), second(), exit], "unknown-opcode"],
  ["unknown instruction", [make(0xef, 0), exit], "unknown-opcode"],
  ["call in the class of 32-bit jumps", [make(0x86, 0, 0, 0, 5), exit], "unknown-opcode"],
  ["field of a move that must be 0", [make(0xb7, 0, 3, 0, 0), exit], "reserved-field"],
  ["byte order of 24 bits", [move(0, 0), make(0xd4, 0, 0, 0, 24), exit], "reserved-field"],
  ["atomic operation that does not exist", [zero(10, -8), move(1, 1), make(0xdb, 10, 1, -8, 0x33), ...finish], "reserved-field"],
  ["register 12", [make(0xb7, 12, 0, 0, 0), ...finish], "bad-register"],
  ["write of the frame pointer", [move(10, 0), ...finish], "frame-pointer-write"],
  ["division by the constant 0", [move(0, 1), make(0x37, 0, 0, 0, 0), exit], "division-by-zero"],
  ["shift by 64", [move(0, 1), make(0x67, 0, 0, 0, 64), exit], "bad-shift"],
  ["32-bit shift by 32", [move(0, 1), make(0x64, 0, 0, 0, 32), exit], "bad-shift"],
  ["unknown map", [make(0x18, 1, 1, 0, 77), second(), ...finish], "unknown-map"],
  ["value beyond its map", [...value(1, ARRAY, 16), ...finish], "value-bounds"],
  ["no exit", [move(0, 0)], "missing-exit"],
  ["conditional jump at the end", [move(0, 0), ifNotZero(0, -1)], "missing-exit"],
  ["code that is never reached", [...finish, move(0, 1), exit], "unreachable-code"],
  ["call beyond the end", [local(9), ...finish], "bad-call-target"],
  ["register that was not written", [copy(0, 5), exit], "uninitialised-register"],
  ["no result", [exit], "uninitialised-register"],
  ["argument register behind a call", [move(3, 1), call(5), copy(0, 3), exit], "uninitialised-register"],
  ["register that is written on one path alone", [load(8, 1, 1, 0), ifZero(1, 1), move(2, 1), copy(0, 2), exit], "uninitialised-register"],
  ["unknown helper", [call(9999), ...finish], "unknown-helper"],
  ["value of a look-up without a check", [...lookup(), load(8, 1, 0, 0), ...finish], "null-pointer"],
  ["store to a record without a check", [...[1, 2].flatMap(() => reserveAll()), ...finish], "null-pointer"],
  ["NULL", [move(1, 0), load(8, 0, 1, 0), exit], "null-pointer"],
  ["number as an address", [...wide(1, 0x4321_1234_5678n), load(8, 0, 1, 0), exit], "bad-address"],
  ["stack below the frame", [zero(10, -520), ...finish], "stack-bounds"],
  ["stack above the frame", [load(8, 0, 10, 0), exit], "stack-bounds"],
  ["store that leaves the frame", [copy(1, 10), add(1, -4), make(0x7a, 1, 0, 0, 0), ...finish], "stack-bounds"],
  ["misaligned stack", [zero(10, -16), zero(10, -8), load(8, 0, 10, -12), exit], "misaligned"],
  ["misaligned context", [load(8, 0, 1, 4), exit], "misaligned"],
  ["misaligned atomic operation", [...value(1, ARRAY, 4), move(2, 1), make(0xdb, 1, 2, 0, 0), ...finish], "misaligned"],
  ["context beyond its end", [load(8, 0, 1, 96), exit], "context-bounds"],
  ["context before its start", [load(8, 0, 1, -8), exit], "context-bounds"],
  ["store to the context", [zero(1, 0), ...finish], "context-write"],
  ["atomic operation on the context", [move(2, 1), make(0xdb, 1, 2, 0, 0), ...finish], "context-write"],
  ["context as a helper's memory", [copy(2, 1), ...map(1, HASH), call(1), ...finish], "bad-memory-argument"],
  ["value beyond its end", [...insert, ...lookup(), ifZero(0, 1), load(8, 1, 0, 8), ...finish], "value-bounds"],
  ["value before its start", [...insert, ...lookup(), ifZero(0, 1), load(8, 1, 0, -8), ...finish], "value-bounds"],
  ["value that an access leaves", [...insert, ...lookup(), ifZero(0, 1), load(8, 1, 0, 4), ...finish], "value-bounds"],
  ["value at an index without bounds", [load(8, 3, 1, 40), ...value(2, ARRAY), make(0x0f, 2, 3), load(1, 0, 2, 0), exit], "bad-address"],
  ["store to constants", [...value(1, CONSTANTS), zero(1, 0), ...finish], "read-only"],
  ["constants as a helper's output", [...value(1, CONSTANTS), move(2, 16), call(16), ...finish], "read-only"],
  ["map's own memory", [...map(1, HASH), zero(1, 0), ...finish], "map-pointer"],
  ["record beyond its end", [...reserve, ifZero(0, 4), load(8, 2, 0, 16), copy(1, 0), ...submit, ...finish], "record-bounds"],
  [
    "record behind its submission",
    [...reserve, ifZero(0, 5), copy(6, 0), copy(1, 0), ...submit, load(8, 1, 6, 0), ...finish],
    "record-bounds",
  ],
  [
    "record that is submitted twice",
    [...reserve, ifZero(0, 7), copy(6, 0), copy(1, 0), ...submit, copy(1, 6), move(2, 0), call(132), ...finish],
    "not-a-record",
  ],
  [
    "record that is submitted and discarded",
    [...reserve, ifZero(0, 7), copy(6, 0), copy(1, 0), ...submit, copy(1, 6), move(2, 0), call(133), ...finish],
    "not-a-record",
  ],
  ["record that is kept", [...reserve, ...finish], "leaked-record"],
  ["middle of a record", [...reserve, ifZero(0, 4), copy(1, 0), add(1, 8), ...submit, ...finish], "not-a-record"],
  ["stack in a record's place", [zero(10, -8), copy(1, 10), add(1, -8), ...submit, ...finish], "not-a-record"],
  ["number in a map's place", [move(1, 7), zero(10, -8), copy(2, 10), add(2, -8), call(1), ...finish], "not-a-map"],
  ["look-up in a ring buffer", lookupAndEnd(RING), "wrong-map-type"],
  ["reservation in a hash", [...map(1, HASH), move(2, 16), move(3, 0), call(131), ...finish], "wrong-map-type"],
  [
    "update of constants",
    [
      zero(10, -8),
      zero(10, -24),
      zero(10, -16),
      ...map(1, CONSTANTS),
      copy(2, 10),
      add(2, -8),
      copy(3, 10),
      add(3, -24),
      move(4, 0),
      call(2),
      ...finish,
    ],
    "read-only",
  ],
  ["key that is a number", [...map(1, HASH), move(2, 8), call(1), ...finish], "null-pointer"],
  ["key beyond the frame", [zero(10, -8), ...map(1, HASH), copy(2, 10), add(2, -4), call(1), ...finish], "stack-bounds"],
  ["key that is a map", [...map(1, HASH), copy(2, 1), call(1), ...finish], "map-pointer"],
  ["output beyond the frame", [copy(1, 10), add(1, -16), move(2, 32), call(16), ...finish], "stack-bounds"],
  ["output beyond a value", [...value(1, ARRAY), move(2, 32), call(16), ...finish], "value-bounds"],
  ["output of size 0", [copy(1, 10), add(1, -16), move(2, 0), call(16), ...finish], "bad-size"],
  ["negative size", [copy(1, 10), add(1, -16), move(2, -1), call(16), ...finish], "bad-size"],
  ["pointer as a size", [copy(1, 10), add(1, -16), copy(2, 10), call(16), ...finish], "bad-size"],
  ["size without bounds", [load(8, 2, 1, 80), copy(1, 10), add(1, -16), call(16), ...finish], "bad-size"],
  [
    "memory of a function that has returned",
    [local(3), load(8, 1, 0, 0), ...finish, zero(10, -8), copy(0, 10), add(0, -8), exit],
    "stack-bounds",
  ],
  ["function that calls itself", [local(2), ...finish, local(-1), ...finish], "call-depth"],
  ["callback that is no function", [move(1, 1), move(2, 0), move(3, 0), move(4, 0), call(181), ...finish], "not-a-callback"],
  [
    "callback that returns 2",
    [move(1, 3), ...callback(2, 6), move(3, 0), move(4, 0), call(181), ...finish, move(0, 2), exit],
    "callback-result",
  ],
  [
    "callback that reads what it was not given",
    [move(1, 3), ...callback(2, 6), move(3, 0), move(4, 0), call(181), ...finish, copy(0, 5), exit],
    "uninitialised-register",
  ],
  [
    "key in a callback that is written",
    [...insert, ...map(1, HASH), ...callback(2, 6), move(3, 0), move(4, 0), call(164), ...finish, zero(2, 0), ...finish],
    "read-only",
  ],
  ["loop without an end", [move(0, 0), jump(-1)], "budget"],
  [
    "CPU of a map that has none",
    [zero(10, -8), ...map(1, HASH), copy(2, 10), add(2, -8), move(3, 0), call(195), ...finish],
    "wrong-map-type",
  ],
];

/** A reservation of most of the ring, whose memory is written at once: the second finds no room. */
function reserveAll(): Instruction[] {
  return [...map(1, RING), move(2, 4000), move(3, 0), call(131), zero(0, 0), copy(1, 0), ...submit];
}

function lookupAndEnd(handle: number): Instruction[] {
  return [...lookup(handle), ...finish];
}
