// The machine's own form of instructions: what the interpreter's one switch chooses by, and the fields it reads.
//
// An instruction has 32 bytes: u16 operation; u32 at 4: address of the destination register; u32 at 8: address of the second operand, a
// register or the instruction's own immediate; i32 at 12: offset, or address of the instruction that a jump leads to; i64 at 16:
// immediate; u32 at 24: slot in the program as it came. So an operand is an operand, wherever it comes from.

export const INSTRUCTION_SHIFT: u32 = 5;
export const INSTRUCTION_BYTES: u32 = 32;

export const enum Field {
  Destination = 4,
  Source = 8,
  Target = 12,
  Immediate = 16,
  Slot = 24,
}

/** Arithmetic and jumps lie in the order of the kernel's codes. */
export const enum Operation {
  Add64,
  Subtract64,
  Multiply64,
  Divide64,
  Or64,
  And64,
  ShiftLeft64,
  ShiftRight64,
  Negate64,
  Remainder64,
  Xor64,
  Move64,
  ShiftRightSigned64,
  DivideSigned64,
  RemainderSigned64,

  Add32,
  Subtract32,
  Multiply32,
  Divide32,
  Or32,
  And32,
  ShiftLeft32,
  ShiftRight32,
  Negate32,
  Remainder32,
  Xor32,
  Move32,
  ShiftRightSigned32,
  DivideSigned32,
  RemainderSigned32,

  MoveSigned8,
  MoveSigned16,
  MoveSigned32,
  MoveSigned8To32,
  MoveSigned16To32,
  Truncate16,
  Truncate32,
  /** To little-endian 64 bits: nothing. */
  Nothing,
  Swap16,
  Swap32,
  Swap64,

  Jump,
  Equal64,
  Above64,
  AboveEqual64,
  Test64,
  NotEqual64,
  Greater64,
  GreaterEqual64,
  Below64,
  BelowEqual64,
  Less64,
  LessEqual64,

  Equal32,
  Above32,
  AboveEqual32,
  Test32,
  NotEqual32,
  Greater32,
  GreaterEqual32,
  Below32,
  BelowEqual32,
  Less32,
  LessEqual32,

  /** Of what a register points to. */
  Load8,
  Load16,
  Load32,
  Load64,
  LoadSigned8,
  LoadSigned16,
  LoadSigned32,
  /** Of the frame in use, at an offset that was checked. */
  LoadFrame8,
  LoadFrame16,
  LoadFrame32,
  LoadFrame64,
  LoadFrameSigned8,
  LoadFrameSigned16,
  LoadFrameSigned32,
  /** Through a typed kernel pointer. */
  LoadProbe8,
  LoadProbe16,
  LoadProbe32,
  LoadProbe64,
  LoadProbeSigned8,
  LoadProbeSigned16,
  LoadProbeSigned32,
  Store8,
  Store16,
  Store32,
  Store64,
  StoreFrame8,
  StoreFrame16,
  StoreFrame32,
  StoreFrame64,
  /** The kind is in the immediate, as the kernel numbers it. */
  Atomic32,
  Atomic64,

  /** A 64-bit constant: number, address of a map, a value or a function. */
  Constant,
  CallHelper,
  CallFunction,
  Exit,
  /** Stops with the fault in the immediate. */
  Fail,
}

const registers: usize = memory.data(11 * 8, 8);

export function registerAddress(register: u32): usize {
  return registers + (register << 3);
}
