// From machine code with assigned registers to the kernel's instructions.
//
// Input: a MachineFunction after spilling, the register of each virtual one, spill slots with offsets. Output: FunctionCode.
// Here two-address forms get their moves, call arguments their registers, and edges into phis their parallel copies.

import { BitMatrix } from "./bit-set";
import {
  Block,
  Class,
  End,
  Fixup,
  FRAME_POINTER,
  FunctionCode,
  Instruction,
  MODE_MEMORY,
  Opcode,
  PSEUDO_FUNCTION,
  SOURCE_REGISTER,
  sizeBits,
} from "./instructions";
import { Liveness } from "./liveness";
import { Alu, FRAME, MachineFunction, MachineInstruction, MachineOp, NONE, Operand, OperandKind } from "./machine";
import { ParallelMove } from "./parallel-move";

/** Places of parallel moves: registers by number, then frame places by their distance from the frame pointer. */
const FRAME_PLACE: i32 = 16;

export function expand(f: MachineFunction, registers: StaticArray<u8>, liveness: Liveness): FunctionCode {
  return new Expander(f, registers, liveness).run();
}

@final
class Expander {
  private out: FunctionCode;
  private block: Block = new Block();
  private source: u32 = 0;
  /** Offset of the frame place that breaks cycles when no register is free; 0 until it is needed. */
  private reserve: i32 = 0;
  /** A register that holds a value at the end of the current edge's block. */
  private lent: u8 = 0;

  constructor(
    private f: MachineFunction,
    private registers: StaticArray<u8>,
    private liveness: Liveness,
  ) {
    this.out = new FunctionCode(f.name, f.section);
  }

  run(): FunctionCode {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) this.out.blocks.push(new Block());
    for (let i = 0; i < f.layout.length; i++) {
      const b = f.layout[i];
      this.enter(b);
      if (b == 0) this.arrivals();
      const code = f.code[b];
      for (let k = 0; k < code.length; k++) this.instruction(code[k], b);
    }
    return this.out;
  }

  private enter(block: i32): void {
    this.block = this.out.blocks[block];
    this.out.order.push(block);
  }

  private add(opcode: i32): Instruction {
    const instruction = new Instruction(opcode, this.source);
    this.block.code.push(instruction);
    return instruction;
  }

  private registerOf(v: i32): u8 {
    return v == FRAME ? FRAME_POINTER : this.registers[v];
  }

  private move(target: u8, from: u8): void {
    if (target == from) return;
    const move = this.add(Opcode.Move);
    move.dst = target;
    move.src = from;
  }

  private memory(kind: Class, size: u8): Instruction {
    return this.add(kind | MODE_MEMORY | sizeBits(size));
  }

  private loadFrame(target: u8, offset: i32): void {
    const load = this.memory(Class.LoadMemory, 8);
    load.dst = target;
    load.src = FRAME_POINTER;
    load.offset = offset;
  }

  private storeFrame(offset: i32, from: u8): void {
    const store = this.memory(Class.StoreRegister, 8);
    store.dst = FRAME_POINTER;
    store.src = from;
    store.offset = offset;
  }

  /** `target` = `operand`. The register of a Register operand must still hold its value. */
  private materialise(target: u8, operand: Operand): void {
    switch (operand.kind) {
      case OperandKind.Register:
        this.move(target, this.registers[operand.register]);
        this.addImmediate(target, operand);
        break;
      case OperandKind.Spilled:
        this.loadFrame(target, this.f.slotOffset[operand.register]);
        this.addImmediate(target, operand);
        break;
      case OperandKind.Frame:
        this.move(target, FRAME_POINTER);
        this.addImmediate(target, operand);
        break;
      case OperandKind.Constant:
        this.constant(target, operand.imm, operand.relocation);
        break;
      case OperandKind.Map:
        this.wide(target, 0).fixup = Fixup.Map;
        this.lastFixup(<i32>operand.imm);
        break;
      case OperandKind.Data:
        this.wide(target, operand.imm).fixup = Fixup.Data;
        this.lastFixup(operand.section);
        break;
      case OperandKind.Function: {
        const load = this.wide(target, 0);
        load.src = PSEUDO_FUNCTION;
        load.fixup = Fixup.Function;
        this.lastFixup(<i32>operand.imm);
        break;
      }
    }
  }

  private lastFixup(index: i32): void {
    const code = this.block.code;
    code[code.length - 1].fixupIndex = index;
  }

  private addImmediate(target: u8, operand: Operand): void {
    // A relocated addition stays even when the local value is 0.
    if (operand.imm == 0 && operand.relocation < 0) return;
    const add = this.add(Opcode.AddImmediate);
    add.dst = target;
    add.imm = <i32>operand.imm;
    add.relocation = operand.relocation;
  }

  private wide(target: u8, value: i64): Instruction {
    const load = this.add(Opcode.LoadImmediate64);
    load.dst = target;
    load.imm = <i32>value;
    load.high = <i32>(value >> 32);
    return load;
  }

  private constant(target: u8, value: i64, relocation: i32): void {
    if (value == <i64>(<i32>value)) {
      const move = this.add(Opcode.MoveImmediate);
      move.dst = target;
      move.imm = <i32>value;
      move.relocation = relocation;
    } else if (value == <i64>(<u32>value) && relocation < 0) {
      const move = this.add(Opcode.Move32Immediate);
      move.dst = target;
      move.imm = <i32>value;
    } else this.wide(target, value).relocation = relocation;
  }

  private instruction(instruction: MachineInstruction, b: i32): void {
    this.source = instruction.source;
    const target: u8 = instruction.target == NONE ? 0 : this.registers[instruction.target];
    switch (instruction.op) {
      case MachineOp.Set:
        this.materialise(target, instruction.operands[0]);
        break;
      case MachineOp.Alu:
        this.alu(instruction, target);
        break;
      case MachineOp.Unary:
        this.unary(instruction, target);
        break;
      case MachineOp.ZeroExtend32: {
        const extend = this.add(Opcode.Move32);
        extend.dst = target;
        extend.src = this.registers[instruction.left];
        break;
      }
      case MachineOp.Compare:
        this.compare(instruction, target);
        break;
      case MachineOp.Load: {
        const load = this.memory(Class.LoadMemory, instruction.size);
        load.dst = target;
        load.src = this.registerOf(instruction.left);
        load.offset = instruction.offset;
        load.relocation = instruction.relocation;
        break;
      }
      case MachineOp.Store:
        this.store(instruction);
        break;
      case MachineOp.AtomicAdd: {
        const add = this.add(instruction.size == 8 ? Opcode.AtomicAdd64 : Opcode.AtomicAdd32);
        add.dst = this.registerOf(instruction.left);
        add.src = this.registers[instruction.right];
        add.offset = instruction.offset;
        break;
      }
      case MachineOp.Call:
        this.call(instruction, target);
        break;
      case MachineOp.Phi:
        break;
      case MachineOp.SpillStore:
        this.storeFrame(this.f.slotOffset[<i32>instruction.imm], this.registers[instruction.left]);
        break;
      case MachineOp.Reload:
        this.loadFrame(target, this.f.slotOffset[<i32>instruction.imm]);
        break;
      case MachineOp.Jump:
        this.edge(b, this.f.successor0[b]);
        this.endJump(this.f.successor0[b]);
        break;
      case MachineOp.Branch:
        this.endBranch(this.condition(instruction), this.f.successor0[b], this.f.successor1[b]);
        break;
      case MachineOp.Return:
        this.materialise(0, instruction.operands[0]);
        this.block.end = End.Exit;
        this.block.source = this.source;
        break;
    }
  }

  private endJump(to: i32): void {
    this.block.end = End.Jump;
    this.block.next0 = to;
    this.block.source = this.source;
  }

  private endBranch(condition: Instruction, next0: i32, next1: i32): void {
    this.block.end = End.Branch;
    this.block.condition = condition;
    this.block.next0 = next0;
    this.block.next1 = next1;
    this.block.source = this.source;
  }

  private condition(instruction: MachineInstruction): Instruction {
    const jump = new Instruction(Class.Jump | instruction.code, this.source);
    jump.dst = this.registers[instruction.left];
    if (instruction.right == NONE) jump.imm = <i32>instruction.imm;
    else {
      jump.opcode |= SOURCE_REGISTER;
      jump.src = this.registers[instruction.right];
    }
    return jump;
  }

  private alu(instruction: MachineInstruction, target: u8): void {
    let left = this.registers[instruction.left];
    const opcode = Class.Alu64 | instruction.code;
    if (instruction.right == NONE) {
      this.move(target, left);
      const alu = this.add(opcode);
      alu.dst = target;
      alu.imm = <i32>instruction.imm;
      alu.relocation = instruction.relocation;
      return;
    }
    let right = this.registers[instruction.right];
    if (target == right && target != left) {
      // Assignment allows this for commutative operations alone.
      right = left;
      left = target;
    }
    this.move(target, left);
    const alu = this.add(opcode | SOURCE_REGISTER);
    alu.dst = target;
    alu.src = right;
  }

  private unary(instruction: MachineInstruction, target: u8): void {
    this.move(target, this.registers[instruction.left]);
    const swap = instruction.code == Alu.Swap;
    const unary = this.add(swap ? Opcode.ToBigEndian : Class.Alu64 | Alu.Negate);
    unary.dst = target;
    unary.imm = swap ? <i32>instruction.size * 8 : 0;
  }

  /** `target = 1; if condition goto done; target = 0; done:` */
  private compare(instruction: MachineInstruction, target: u8): void {
    this.constant(target, 1, -1);
    const zero = this.out.blocks.length;
    const done = zero + 1;
    this.out.blocks.push(new Block());
    this.out.blocks.push(new Block());
    this.endBranch(this.condition(instruction), done, zero);
    this.enter(zero);
    this.constant(target, 0, -1);
    this.endJump(done);
    this.enter(done);
  }

  private store(instruction: MachineInstruction): void {
    const constant = instruction.right == NONE;
    const store = this.memory(constant ? Class.StoreImmediate : Class.StoreRegister, instruction.size);
    store.dst = this.registerOf(instruction.left);
    store.offset = instruction.offset;
    store.relocation = instruction.relocation;
    if (constant) store.imm = storeImmediate(instruction.imm, instruction.size);
    else store.src = this.registers[instruction.right];
  }

  private call(instruction: MachineInstruction, target: u8): void {
    const operands = instruction.operands;
    const moves = new ParallelMove();
    for (let k = 0; k < operands.length; k++) {
      if (operands[k].kind == OperandKind.Register) moves.add(k + 1, this.registers[operands[k].register]);
    }
    // r0 is no argument, and what it may hold has been moved once only cycles are left.
    moves.sequence(0);
    for (let i = 0; i < moves.targets.length; i++) this.move(<u8>moves.targets[i], <u8>moves.sources[i]);
    // Whatever is made of nothing comes last, right in its argument register.
    for (let k = 0; k < operands.length; k++) {
      if (operands[k].kind == OperandKind.Register) this.addImmediate(<u8>(k + 1), operands[k]);
      else this.materialise(<u8>(k + 1), operands[k]);
    }
    const call = this.add(Opcode.Call);
    call.imm = <i32>instruction.imm;
    if (instruction.target != NONE) this.move(target, 0);
  }

  /** Moves the arguments from where the kernel passes them to where they were assigned. */
  private arrivals(): void {
    const f = this.f;
    const moves = new ParallelMove();
    this.source = f.code[0][0].source;
    for (let v = 0; v < f.registerCount; v++) {
      if (f.arrival[v] != 0 && this.liveness.liveIn.has(0, v)) moves.add(this.registers[v], f.arrival[v]);
    }
    moves.sequence(0);
    for (let i = 0; i < moves.targets.length; i++) this.move(<u8>moves.targets[i], <u8>moves.sources[i]);
  }

  // Edges into phis.

  /** The copies of the edge, at the end of its block: critical edges were split, so nothing else passes there. */
  private edge(from: i32, to: i32): void {
    const f = this.f;
    const code = f.code[to];
    if (code.length == 0 || code[0].op != MachineOp.Phi) return;
    const index = f.predecessors[to].indexOf(from);
    const moves = new ParallelMove();
    const held = this.registersIn(this.liveness.liveOut, from);
    let used = this.registersIn(this.liveness.liveIn, to) | held;
    // Verifiers refuse to save a register that nothing was written to yet.
    this.lent = held == 0 ? 0 : <u8>ctz(held);
    for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) {
      const phi = code[i];
      const operand = phi.operands[index];
      if (phi.target != NONE) used |= (<u32>1) << this.registers[phi.target];
      if (operand.kind == OperandKind.Register) moves.add(this.placeOf(phi), this.registers[operand.register]);
      else if (operand.kind == OperandKind.Spilled) moves.add(this.placeOf(phi), framePlace(f.slotOffset[operand.register]));
    }
    let free = 0;
    while (free < 10 && ((used >> free) & 1) != 0) free++;
    // Copies from frame to frame go through the free register, so that a cycle cannot keep a value in it.
    const cycles = free < 10 && !this.touchesFrame(code, index) ? free : framePlace(this.reservedOffset(0));
    moves.sequence(cycles);
    for (let i = 0; i < moves.targets.length; i++) this.place(moves.targets[i], moves.sources[i], free);
    for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) {
      const operand = code[i].operands[index];
      if (operand.kind != OperandKind.Register && operand.kind != OperandKind.Spilled) this.placeLeaf(code[i], operand, free);
    }
  }

  private touchesFrame(code: Array<MachineInstruction>, index: i32): bool {
    for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) {
      if (code[i].target == NONE || code[i].operands[index].kind == OperandKind.Spilled) return true;
    }
    return false;
  }

  private registersIn(set: BitMatrix, row: i32): u32 {
    let mask: u32 = 0;
    for (let v = set.next(row, 0); v >= 0; v = set.next(row, v + 1)) mask |= (<u32>1) << this.registers[v];
    return mask;
  }

  private placeOf(phi: MachineInstruction): i32 {
    return phi.target != NONE ? this.registers[phi.target] : framePlace(this.f.slotOffset[<i32>phi.imm]);
  }

  /** Offset of reserved place `index` (0: for cycles, 1: for a register lent to a copy in memory). */
  private reservedOffset(index: i32): i32 {
    if (this.reserve == 0) {
      this.f.frame = (this.f.frame - 16) & ~7;
      this.reserve = this.f.frame;
    }
    return this.reserve + index * 8;
  }

  private place(target: i32, from: i32, free: i32): void {
    if (target < FRAME_PLACE && from < FRAME_PLACE) this.move(<u8>target, <u8>from);
    else if (target < FRAME_PLACE) this.loadFrame(<u8>target, FRAME_PLACE - from);
    else if (from < FRAME_PLACE) this.storeFrame(FRAME_PLACE - target, <u8>from);
    else {
      const register = this.borrow(free);
      this.loadFrame(register, FRAME_PLACE - from);
      this.storeFrame(FRAME_PLACE - target, register);
      this.giveBack(register, free);
    }
  }

  private placeLeaf(phi: MachineInstruction, operand: Operand, free: i32): void {
    if (phi.target != NONE) {
      this.materialise(this.registers[phi.target], operand);
      return;
    }
    // Through a register even for constants: kernels before 6.3 forget what a store of an immediate put on the stack, and
    // a loop counter would have no bound.
    const register = this.borrow(free);
    this.materialise(register, operand);
    this.storeFrame(this.f.slotOffset[<i32>phi.imm], register);
    this.giveBack(register, free);
  }

  /** A register for one copy: the free one, or one that is saved in the frame meanwhile. */
  private borrow(free: i32): u8 {
    if (free < 10) return <u8>free;
    this.storeFrame(this.reservedOffset(1), this.lent);
    return this.lent;
  }

  private giveBack(register: u8, free: i32): void {
    if (free >= 10) this.loadFrame(register, this.reservedOffset(1));
  }
}

function framePlace(offset: i32): i32 {
  return FRAME_PLACE - offset;
}

/** The immediate of a store: its low bytes, sign-extended so that equal stores look equal. */
function storeImmediate(value: i64, size: u8): i32 {
  switch (size) {
    case 1:
      return <i32>(<i8>value);
    case 2:
      return <i32>(<i16>value);
    default:
      return <i32>value;
  }
}
