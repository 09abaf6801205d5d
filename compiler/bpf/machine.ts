// Machine code before registers are assigned: BPF operations on virtual registers, in SSA, over basic blocks.
//
// Made by select.ts; liveness, spilling and assignment work on it; expand.ts turns it into instructions of the kernel.
// Only what every kernel from 5.10 takes safely is here: 64-bit arithmetic and jumps, `w = w` and byte swaps.

/** Bits 4-7 of an arithmetic opcode (include/uapi/linux/bpf.h). */
export const enum Alu {
  Add = 0x00,
  Sub = 0x10,
  Mul = 0x20,
  Div = 0x30,
  Or = 0x40,
  And = 0x50,
  ShiftLeft = 0x60,
  ShiftRight = 0x70,
  Negate = 0x80,
  Mod = 0x90,
  Xor = 0xa0,
  Move = 0xb0,
  ShiftArithmetic = 0xc0,
  Swap = 0xd0,
}

/** Bits 4-7 of a conditional jump's opcode. */
export const enum Condition {
  Equal = 0x10,
  Above = 0x20,
  AboveEqual = 0x30,
  /** `left & right` is not 0. It has no opposite. */
  Test = 0x40,
  NotEqual = 0x50,
  Greater = 0x60,
  GreaterEqual = 0x70,
  Below = 0xa0,
  BelowEqual = 0xb0,
  Less = 0xc0,
  LessEqual = 0xd0,
}

/** What an operand is that is made where it is needed. */
export const enum OperandKind {
  /** Virtual register `register` plus `imm`. */
  Register,
  /** The constant `imm`; with a relocation a CO-RE value. */
  Constant,
  /** Frame pointer plus `imm`. */
  Frame,
  /** Map `imm`. */
  Map,
  /** Address `imm` in section `section`. */
  Data,
  /** Callback function `imm`. */
  Function,
  /** What was spilled to slot `register`, plus `imm`. */
  Spilled,
}

/** A source of a call argument, phi, move or return. */
@final
export class Operand {
  register: i32 = -1;
  section: u8 = 0;
  /** Relocation of `imm`, or -1. */
  relocation: i32 = -1;

  constructor(
    public kind: OperandKind,
    public imm: i64,
  ) {}

  static ofRegister(register: i32, imm: i64 = 0, relocation: i32 = -1): Operand {
    const operand = new Operand(OperandKind.Register, imm);
    operand.register = register;
    operand.relocation = relocation;
    return operand;
  }

  static constant(value: i64): Operand {
    return new Operand(OperandKind.Constant, value);
  }
}

export const enum MachineOp {
  /** `target` = `operands[0]`. */
  Set,
  /** `target` = `left` `code` (`right`, or `imm` when `right` is NONE); the constant may carry a relocation. */
  Alu,
  /** `target` = `code` (Negate or Swap) of `left`; `size` bytes are swapped. */
  Unary,
  /** `target` = low 32 bits of `left`. */
  ZeroExtend32,
  /** `target` = 1 if `left` `code` (`right` or `imm`), else 0. */
  Compare,
  /** `target` = `size` bytes at `left` + `offset`. */
  Load,
  /** `size` bytes at `left` + `offset` = `right`, or `imm` when `right` is NONE. */
  Store,
  /** `size` bytes at `left` + `offset` += `right`. */
  AtomicAdd,
  /** `target` = helper `imm` of `operands`. */
  Call,
  /** `target` = the operand that belongs to the predecessor; with `target` NONE spill slot `imm` takes it. */
  Phi,
  /** Spill slot `imm` = `left`. */
  SpillStore,
  /** `target` = spill slot `imm`. */
  Reload,
  // Terminators.
  Jump,
  /** To successor 0 if `left` `code` (`right` or `imm`), else to successor 1. */
  Branch,
  /** Leaves with `operands[0]`. */
  Return,
}

/** No register. */
export const NONE: i32 = -1;
/** The frame pointer as `left` of memory operations. */
export const FRAME: i32 = -2;

@final
export class MachineInstruction {
  target: i32 = NONE;
  left: i32 = NONE;
  right: i32 = NONE;
  /** An `Alu` or a `Condition`. */
  code: i32 = 0;
  /** Bytes of a memory access or byte swap. */
  size: u8 = 0;
  imm: i64 = 0;
  offset: i32 = 0;
  relocation: i32 = -1;
  operands: Array<Operand> = [];

  constructor(
    public op: MachineOp,
    /** Byte offset in the script. */
    public source: u32,
  ) {}
}

/** Traits of a virtual register that matter to the spiller. */
export const enum Trait {
  Plain = 0,
  /** Points somewhere: never shares a spill slot with a number. */
  Pointer = 1,
  /** Kernels before 5.11 cannot spill ring buffer records; numbers whose checked bounds are needed lose them in memory. */
  KeepInRegister = 2,
  /** Made by the spiller: lives for one instruction. */
  Short = 4,
}

export class MachineFunction {
  code: Array<Array<MachineInstruction>> = [];
  successor0: Array<i32> = [];
  successor1: Array<i32> = [];
  predecessors: Array<Array<i32>> = [];
  /** Order of blocks in the final code. */
  layout: Array<i32> = [];
  /** Bits of `Trait`, by virtual register. */
  traits: Array<i32> = [];
  /** Per virtual register: the argument register 1..5 that it arrives in, 0 for others. */
  arrival: Array<u8> = [];
  /** Spill slots made so far, and for each whether it holds a pointer; then its offset from the frame pointer. */
  slotPointer: Array<bool> = [];
  slotOffset: Array<i32> = [];
  /** Lowest frame offset in use, zero or negative. */
  frame: i32 = 0;

  constructor(
    public name: string,
    public section: string,
  ) {}

  get blockCount(): i32 {
    return this.code.length;
  }

  get registerCount(): i32 {
    return this.traits.length;
  }

  addBlock(): i32 {
    this.code.push([]);
    this.successor0.push(-1);
    this.successor1.push(-1);
    this.predecessors.push([]);
    return this.code.length - 1;
  }

  addRegister(trait: i32): i32 {
    this.traits.push(trait);
    this.arrival.push(0);
    return this.traits.length - 1;
  }

  terminator(block: i32): MachineInstruction {
    const code = this.code[block];
    return code[code.length - 1];
  }
}

/**
 * True if `right` is still needed when `target` is written, so that they must differ: two-address instructions move `left`
 * to `target` first. For comparisons `left` is needed as well.
 */
export function keepsRight(instruction: MachineInstruction): bool {
  if (instruction.op == MachineOp.Compare) return true;
  return instruction.op == MachineOp.Alu && !isCommutative(instruction.code);
}

export function isCommutative(code: i32): bool {
  return code == Alu.Add || code == Alu.Mul || code == Alu.And || code == Alu.Or || code == Alu.Xor;
}

/** The condition that holds exactly when `code` does not. Not for `Test`. */
export function opposite(code: i32): i32 {
  switch (code) {
    case Condition.Equal:
      return Condition.NotEqual;
    case Condition.NotEqual:
      return Condition.Equal;
    case Condition.Above:
      return Condition.BelowEqual;
    case Condition.BelowEqual:
      return Condition.Above;
    case Condition.AboveEqual:
      return Condition.Below;
    case Condition.Below:
      return Condition.AboveEqual;
    case Condition.Greater:
      return Condition.LessEqual;
    case Condition.LessEqual:
      return Condition.Greater;
    case Condition.GreaterEqual:
      return Condition.Less;
    default:
      assert(code == Condition.Less);
      return Condition.GreaterEqual;
  }
}

/** The condition for exchanged operands. */
export function exchanged(code: i32): i32 {
  switch (code) {
    case Condition.Above:
      return Condition.Below;
    case Condition.Below:
      return Condition.Above;
    case Condition.AboveEqual:
      return Condition.BelowEqual;
    case Condition.BelowEqual:
      return Condition.AboveEqual;
    case Condition.Greater:
      return Condition.Less;
    case Condition.Less:
      return Condition.Greater;
    case Condition.GreaterEqual:
      return Condition.LessEqual;
    case Condition.LessEqual:
      return Condition.GreaterEqual;
    default:
      return code;
  }
}
