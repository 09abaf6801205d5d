// Instructions for tests of the machine: built by hand, wide loads in two slots. The codes are those of the kernel's
// Documentation/bpf/standardization/instruction-set.rst.

import type { Machine, RunOptions } from "../../wasm/machine.ts";
import type { Instruction } from "../support/instructions.ts";

export function make(opcode: number, destination = 0, source = 0, offset = 0, immediate = 0): Instruction {
  return { opcode, destination, source, offset, immediate };
}

/** Eight bytes for each. */
export function encode(code: Instruction[]): Uint8Array {
  const bytes = new Uint8Array(code.length * 8);
  const view = new DataView(bytes.buffer);
  code.forEach(({ opcode, destination, source, offset, immediate }, index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, destination | (source << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  return bytes;
}

export const exit = make(0x95);
export const move = (register: number, value: number) => make(0xb7, register, 0, 0, value);
export const copy = (to: number, from: number) => make(0xbf, to, from);
export const add = (register: number, value: number) => make(0x07, register, 0, 0, value);
export const call = (helper: number) => make(0x85, 0, 0, 0, helper);
export const ifZero = (register: number, distance: number) => make(0x15, register, 0, distance, 0);
export const second = (high = 0) => make(0, 0, 0, 0, high);
export const map = (register: number, handle: number) => [make(0x18, register, 1, 0, handle), second()];
export const callback = (register: number, distance: number) => [make(0x18, register, 4, 0, distance), second()];

/** A 64-bit number. */
export function wide(register: number, value: bigint): Instruction[] {
  const half = (bits: bigint) => Number(BigInt.asIntN(32, bits));
  return [make(0x18, register, 0, 0, half(value)), second(half(value >> 32n))];
}

/** Adds a program and runs it: r0, or the kind of the fault that stopped or refused it. */
export function result(machine: Machine, code: Instruction[], options: RunOptions & { typedPointers?: boolean } = {}): bigint | string {
  const added = machine.addProgram(encode(code), options.typedPointers);
  if (!added.ok) return added.fault.kind;
  const run = machine.run(added.program, options);
  return run.ok ? run.returned : run.fault.kind;
}
