// Instruction selection: IR to machine code in virtual registers.
//
// Input: a valid IR function whose slots have offsets and whose blocks have an order. Output: a MachineFunction in SSA form
// whose phis stand only in blocks all of whose predecessors have one successor (critical edges into phis are split).

import { IrFunction, LOAD_SIGNED, Op, Type, isComparison, isLeaf } from "../ir/ir";
import { Dominators } from "../ir/dominators";
import { Helper } from "../ir/helpers";
import { Demand, isPointer } from "./demand";
import { bitWidth } from "./width";
import {
  Alu,
  Condition,
  FRAME,
  MachineFunction,
  MachineInstruction,
  MachineOp,
  NONE,
  Operand,
  OperandKind,
  Trait,
  exchanged,
} from "./machine";

export function select(f: IrFunction): MachineFunction {
  return new Selector(f).run();
}

function fitsI32(value: i64): bool {
  return value == <i64>(<i32>value);
}

function fitsI16(value: i64): bool {
  return value == <i64>(<i16>value);
}

class Selector {
  private out: MachineFunction;
  private demand: Demand;
  /** Virtual register of each IR value, or NONE. */
  private registers: Array<i32> = [];
  /** Registers of the context arguments 1 and 2, or NONE. */
  private arrivals: StaticArray<i32> = [NONE, NONE];
  private block: i32 = 0;
  private source: u32 = 0;
  /** Base and offset that `address` leaves. */
  private base: i32 = NONE;
  private offset: i64 = 0;
  /** Register that holds an address of a data section in this block since the last call, its section and address. */
  private dataRegister: i32 = NONE;
  private dataSection: u8 = 0;
  private dataAddress: i64 = 0;
  /** The branch of the current block jumps to the other side than the IR's. */
  private exchangeEdges: bool = false;

  constructor(private f: IrFunction) {
    this.out = new MachineFunction(f.name, f.section);
    this.demand = new Demand(f);
  }

  run(): MachineFunction {
    const f = this.f;
    const out = this.out;
    for (let v = 0; v < f.valueCount; v++) this.registers.push(NONE);
    this.assignRegisters();
    for (let b = 0; b < f.blockCount; b++) out.addBlock();
    const reachable = Dominators.of(f);
    for (let b = 0; b < f.blockCount; b++) {
      if (!reachable.isReachable(b)) continue;
      this.block = b;
      this.dataRegister = NONE;
      const code = f.code[b];
      this.exchangeEdges = false;
      for (let i = 0; i < code.length; i++) this.value(code[i]);
      out.successor0[b] = this.exchangeEdges ? f.successor1[b] : f.successor0[b];
      out.successor1[b] = this.exchangeEdges ? f.successor0[b] : f.successor1[b];
    }
    this.orderPredecessors(reachable);
    this.layOut(reachable);
    this.splitCriticalEdges();
    return out;
  }

  private assignRegisters(): void {
    const f = this.f;
    const bounded = this.boundedValues();
    for (let v = 0; v < f.valueCount; v++) {
      if (!this.demand.demanded[v] || f.block[v] < 0) continue;
      if (f.op[v] == Op.Context) {
        const which = <i32>f.imm[v];
        if (this.arrivals[which] == NONE) {
          this.arrivals[which] = this.out.addRegister(Trait.Pointer);
          this.out.arrival[this.arrivals[which]] = <u8>(which + 1);
        }
        this.registers[v] = this.arrivals[which];
        continue;
      }
      if (f.type[v] == Type.Void) continue;
      let trait = isPointer(f.type[v]) ? Trait.Pointer : Trait.Plain;
      if (f.type[v] == Type.Record || f.type[v] == Type.RecordOrNull || bounded[v]) trait |= Trait.KeepInRegister;
      this.registers[v] = this.out.addRegister(trait);
    }
  }

  /** Numbers whose range the verifier must know: a check of a reloaded copy would not count for the next reload. */
  private boundedValues(): StaticArray<bool> {
    const f = this.f;
    const bounded = new StaticArray<bool>(f.valueCount);
    for (let v = 0; v < f.valueCount; v++) {
      if (f.block[v] < 0) continue;
      if (f.op[v] == Op.Index) bounded[f.operand(v, 1)] = true;
      if (f.op[v] == Op.Call) {
        for (let k = 1; k < f.operandCount(v); k++) {
          const before = f.type[f.operand(v, k - 1)];
          if (before == Type.Stack || before == Type.MapValue || before == Type.Record || before == Type.Data) {
            bounded[f.operand(v, k)] = true;
          }
        }
      }
    }
    return bounded;
  }

  /** Phi operands follow the IR's predecessors; unreachable ones are dropped from both. */
  private orderPredecessors(reachable: Dominators): void {
    for (let b = 0; b < this.f.blockCount; b++) {
      const before = this.f.predecessors[b];
      for (let k = 0; k < before.length; k++) {
        if (reachable.isReachable(before[k])) {
          this.out.predecessors[b].push(before[k]);
          continue;
        }
        const code = this.out.code[b];
        const index = this.out.predecessors[b].length;
        for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) code[i].operands.splice(index, 1);
      }
    }
  }

  private layOut(reachable: Dominators): void {
    const order = this.f.layout.length > 0 ? this.f.layout : reachable.order;
    for (let i = 0; i < order.length; i++) if (reachable.isReachable(order[i])) this.out.layout.push(order[i]);
  }

  private splitCriticalEdges(): void {
    const out = this.out;
    const count = out.blockCount;
    for (let b = 0; b < count; b++) {
      if (out.code[b].length == 0 || out.code[b][0].op != MachineOp.Phi) continue;
      const before = out.predecessors[b];
      for (let k = 0; k < before.length; k++) {
        const p = before[k];
        if (out.successor1[p] < 0) continue;
        const middle = out.addBlock();
        const jump = new MachineInstruction(MachineOp.Jump, out.terminator(p).source);
        out.code[middle].push(jump);
        out.successor0[middle] = b;
        out.predecessors[middle].push(p);
        // Both edges of a branch may lead here: the first predecessor entry stands for successor 0.
        if (out.successor0[p] == b) out.successor0[p] = middle;
        else out.successor1[p] = middle;
        before[k] = middle;
        const at = out.layout.indexOf(p);
        out.layout.push(0);
        for (let i = out.layout.length - 1; i > at + 1; i--) out.layout[i] = out.layout[i - 1];
        out.layout[at + 1] = middle;
      }
    }
  }

  // Emission.

  private emit(op: MachineOp): MachineInstruction {
    const instruction = new MachineInstruction(op, this.source);
    this.out.code[this.block].push(instruction);
    return instruction;
  }

  private setRegister(target: i32, operand: Operand): void {
    const set = this.emit(MachineOp.Set);
    set.target = target;
    set.operands.push(operand);
  }

  private temporary(operand: Operand, trait: i32): i32 {
    const register = this.out.addRegister(trait);
    this.setRegister(register, operand);
    return register;
  }

  /** `value` as an operand that is made at its use. `Offset`s fold where `demand` says so. */
  private operand(value: i32): Operand {
    const f = this.f;
    switch (f.op[value]) {
      case Op.Const:
        return Operand.constant(f.imm[value]);
      case Op.CoreConst: {
        const operand = Operand.constant(f.imm[value]);
        operand.relocation = f.relocation[value];
        return operand;
      }
      case Op.Slot:
        return new Operand(OperandKind.Frame, f.slotOffset[<i32>f.imm[value]]);
      case Op.MapRef:
        return new Operand(OperandKind.Map, f.imm[value]);
      case Op.FunctionRef:
        return new Operand(OperandKind.Function, f.imm[value]);
      case Op.DataRef: {
        const operand = new Operand(OperandKind.Data, f.imm[value]);
        operand.section = f.aux[value];
        return operand;
      }
      case Op.Offset:
        if (this.demand.folds(value)) return this.offsetOperand(value);
        return Operand.ofRegister(this.registers[value]);
      default:
        assert(this.registers[value] != NONE);
        return Operand.ofRegister(this.registers[value]);
    }
  }

  /** Base plus constant of the Offset `value`. */
  private offsetOperand(value: i32): Operand {
    const f = this.f;
    const inner = f.operand(value, 0);
    const base = this.operand(inner);
    // A relocated constant must stand alone in its instruction, with exactly the local value.
    if (f.relocation[value] < 0 && base.relocation < 0) {
      base.imm += f.imm[value];
      return base;
    }
    if (base.kind != OperandKind.Register || base.imm != 0 || base.relocation >= 0) {
      return Operand.ofRegister(this.temporary(base, Trait.Pointer), f.imm[value], f.relocation[value]);
    }
    base.imm = f.imm[value];
    base.relocation = f.relocation[value];
    return base;
  }

  /** `value` in a register. */
  private register(value: i32): i32 {
    const operand = this.operand(value);
    if (operand.kind == OperandKind.Register && operand.imm == 0 && operand.relocation < 0) return operand.register;
    const trait = isPointer(this.f.type[value]) ? Trait.Pointer : Trait.Plain;
    return this.temporary(operand, trait);
  }

  /** True if `value` can be the constant of an arithmetic instruction. */
  private isImmediate(value: i32): bool {
    const op = this.f.op[value];
    return (op == Op.Const || op == Op.CoreConst) && fitsI32(this.f.imm[value]);
  }

  /** Leaves base register (or FRAME) and offset of an access at `value` + `displacement` in `base` and `offset`. */
  private address(value: i32, displacement: i64, relocation: i32): void {
    const f = this.f;
    const op = f.op[value];
    const folds = this.demand.foldsPlain(value) || op == Op.Slot || op == Op.DataRef;
    if (!folds) {
      this.base = this.register(value);
      this.offset = displacement;
    } else {
      const operand = this.operand(value);
      if (relocation >= 0 && operand.imm != 0) {
        // A relocated access keeps its own offset; the rest goes into the base.
        this.base = this.temporary(operand, Trait.Pointer);
        this.offset = displacement;
        return;
      }
      this.offset = displacement + operand.imm;
      if (operand.kind == OperandKind.Frame) this.base = FRAME;
      else if (operand.kind == OperandKind.Data) this.dataBase(operand.section, this.offset);
      else {
        assert(operand.kind == OperandKind.Register && operand.relocation < 0);
        this.base = operand.register;
      }
    }
    if (!fitsI16(this.offset)) {
      const base = this.base == FRAME ? new Operand(OperandKind.Frame, this.offset) : Operand.ofRegister(this.base, this.offset);
      this.base = this.temporary(base, Trait.Pointer);
      this.offset = 0;
    }
  }

  /** Address `imm` of a data section as base and offset; reuses the register of the access before. */
  private dataBase(section: u8, imm: i64): void {
    if (this.dataRegister != NONE && this.dataSection == section && fitsI16(imm - this.dataAddress)) {
      this.base = this.dataRegister;
      this.offset = imm - this.dataAddress;
      return;
    }
    const operand = new Operand(OperandKind.Data, imm);
    operand.section = section;
    this.dataRegister = this.temporary(operand, Trait.Pointer);
    this.dataSection = section;
    this.dataAddress = imm;
    this.base = this.dataRegister;
    this.offset = 0;
  }

  private value(v: i32): void {
    const f = this.f;
    this.source = f.source[v];
    const op = f.op[v];
    if (isLeaf(op)) return;
    const target = this.registers[v];
    if (isComparison(op)) {
      if (target != NONE) this.comparison(v, this.emitLater(MachineOp.Compare, target));
      return;
    }
    switch (op) {
      case Op.Store:
        this.store(v);
        return;
      case Op.AtomicAdd: {
        const right = this.register(f.operand(v, 1));
        this.address(f.operand(v, 0), f.imm[v], -1);
        const add = this.emit(MachineOp.AtomicAdd);
        add.left = this.base;
        add.offset = <i32>this.offset;
        add.right = right;
        add.size = f.aux[v];
        return;
      }
      case Op.Call:
        this.call(v, target);
        return;
      case Op.SlotBegin:
        return;
      case Op.Jump:
        this.emit(MachineOp.Jump);
        return;
      case Op.Branch:
        this.branch(v);
        return;
      case Op.Return: {
        const operand = this.operand(f.operand(v, 0));
        const leave = this.emit(MachineOp.Return);
        leave.operands.push(operand);
        return;
      }
      default:
        break;
    }
    if (target == NONE) return;
    switch (op) {
      case Op.Load:
        this.load(v, target);
        break;
      case Op.Offset:
        this.setRegister(target, this.offsetOperand(v));
        break;
      case Op.Index:
        this.index(v, target);
        break;
      case Op.Phi: {
        const phi = this.emit(MachineOp.Phi);
        phi.target = target;
        // Offsets used by a phi are materialised, so that operands need no code here.
        for (let k = 0; k < f.operandCount(v); k++) phi.operands.push(this.operand(f.operand(v, k)));
        break;
      }
      case Op.Neg:
      case Op.ByteSwap: {
        const left = this.register(f.operand(v, 0));
        const unary = this.emit(MachineOp.Unary);
        unary.target = target;
        unary.left = left;
        unary.code = op == Op.Neg ? Alu.Negate : Alu.Swap;
        unary.size = f.aux[v];
        break;
      }
      case Op.ZeroExtend:
        this.zeroExtend(v, target);
        break;
      case Op.SignExtend: {
        const left = this.register(f.operand(v, 0));
        this.signExtend(target, left, f.aux[v]);
        break;
      }
      default:
        this.arithmetic(v, target);
        break;
    }
  }

  /** An instruction that is filled, then emitted after the code of its operands. */
  private emitLater(op: MachineOp, target: i32): MachineInstruction {
    const instruction = new MachineInstruction(op, this.source);
    instruction.target = target;
    return instruction;
  }

  private add(instruction: MachineInstruction): void {
    this.out.code[this.block].push(instruction);
  }

  private aluConstant(target: i32, left: i32, code: i32, imm: i64): void {
    const alu = this.emit(MachineOp.Alu);
    alu.target = target;
    alu.left = left;
    alu.code = code;
    alu.imm = imm;
  }

  private copy(target: i32, value: i32): void {
    this.setRegister(target, this.operand(value));
  }

  private store(v: i32): void {
    const f = this.f;
    const value = f.operand(v, 1);
    const size = f.aux[v];
    const constant = f.op[value] == Op.Const;
    const right = constant ? NONE : this.register(value);
    this.address(f.operand(v, 0), f.imm[v], f.relocation[v]);
    const store = this.emit(MachineOp.Store);
    store.left = this.base;
    store.offset = <i32>this.offset;
    store.right = right;
    store.size = size;
    store.relocation = f.relocation[v];
    if (!constant) return;
    const imm = f.imm[value];
    store.imm = imm;
    if (size < 8 || fitsI32(imm)) return;
    // Two halves take two slots; a register would take three.
    store.size = 4;
    const high = this.emit(MachineOp.Store);
    high.left = this.base;
    high.offset = <i32>this.offset + 4;
    high.size = 4;
    high.imm = imm >> 32;
  }

  private load(v: i32, target: i32): void {
    const f = this.f;
    this.address(f.operand(v, 0), f.imm[v], f.relocation[v]);
    const signed = (f.flags[v] & LOAD_SIGNED) != 0 && f.aux[v] < 8;
    const load = this.emitLater(MachineOp.Load, signed ? this.out.addRegister(Trait.Plain) : target);
    load.left = this.base;
    load.offset = <i32>this.offset;
    load.size = f.aux[v];
    load.relocation = f.relocation[v];
    this.add(load);
    if (signed) this.signExtend(target, load.target, f.aux[v]);
  }

  private signExtend(target: i32, left: i32, size: u8): void {
    const shift = 64 - <i64>size * 8;
    const high = this.out.addRegister(Trait.Plain);
    this.aluConstant(high, left, Alu.ShiftLeft, shift);
    this.aluConstant(target, high, Alu.ShiftArithmetic, shift);
  }

  private zeroExtend(v: i32, target: i32): void {
    const value = this.f.operand(v, 0);
    const size = this.f.aux[v];
    if (bitWidth(this.f, value) <= <i32>size * 8) this.copy(target, value);
    else if (size == 4) this.zeroExtend32(target, value);
    else this.aluConstant(target, this.register(value), Alu.And, size == 1 ? 0xff : 0xffff);
  }

  private zeroExtend32(target: i32, value: i32): void {
    const left = this.register(value);
    const extend = this.emit(MachineOp.ZeroExtend32);
    extend.target = target;
    extend.left = left;
  }

  private index(v: i32, target: i32): void {
    const f = this.f;
    const base = f.operand(v, 0);
    const by = f.operand(v, 1);
    const alu = this.emitLater(MachineOp.Alu, target);
    alu.code = Alu.Add;
    alu.left = this.register(base);
    if (this.isImmediate(by)) {
      alu.imm = f.imm[by];
      alu.relocation = f.relocation[by];
    } else alu.right = this.register(by);
    this.add(alu);
  }

  private arithmetic(v: i32, target: i32): void {
    const f = this.f;
    const op = f.op[v];
    let left = f.operand(v, 0);
    let right = f.operand(v, 1);
    const commutes = op == Op.Add || op == Op.Mul || op == Op.And || op == Op.Or || op == Op.Xor;
    if (commutes && isLeaf(f.op[left]) && !isLeaf(f.op[right])) {
      const other = left;
      left = right;
      right = other;
    }
    if (f.op[right] == Op.Const && this.arithmeticConstant(v, target, left, f.imm[right])) return;
    const alu = this.emitLater(MachineOp.Alu, target);
    alu.code = aluCode(op);
    alu.left = this.register(left);
    alu.relocation = f.relocation[v];
    if (this.isImmediate(right)) {
      alu.imm = f.imm[right];
      if (alu.relocation < 0) alu.relocation = f.relocation[right];
    } else alu.right = this.register(right);
    this.add(alu);
  }

  /** Shorter forms for a constant right operand; false if there is none. */
  private arithmeticConstant(v: i32, target: i32, left: i32, imm: i64): bool {
    const f = this.f;
    const isPower = imm > 0 && (imm & (imm - 1)) == 0;
    const exponent = isPower ? <i64>ctz(imm) : 0;
    switch (f.op[v]) {
      case Op.Sub:
        if (!fitsI32(-imm)) return false;
        this.aluConstant(target, this.register(left), Alu.Add, -imm);
        return true;
      case Op.Mul:
        if (!isPower) return false;
        this.aluConstant(target, this.register(left), Alu.ShiftLeft, exponent);
        return true;
      case Op.Div:
        // The verifier refuses a constant divisor of 0; our quotient is 0 then.
        if (imm == 0) this.setRegister(target, Operand.constant(0));
        else if (isPower) this.aluConstant(target, this.register(left), Alu.ShiftRight, exponent);
        else return false;
        return true;
      case Op.Mod:
        if (imm == 0) this.copy(target, left);
        else if (isPower && exponent < 32) this.aluConstant(target, this.register(left), Alu.And, imm - 1);
        else if (exponent == 32) this.zeroExtend32(target, left);
        else return false;
        return true;
      case Op.And:
        if (imm != 0xffffffff) return false;
        if (bitWidth(f, left) <= 32) this.copy(target, left);
        else this.zeroExtend32(target, left);
        return true;
      case Op.Shl:
      case Op.Shr:
      case Op.Sar:
        // Constants of 64 and more are refused; a relocated amount must stand as it is.
        if (f.relocation[v] >= 0) return false;
        this.aluConstant(target, this.register(left), aluCode(f.op[v]), imm & 63);
        return true;
      default:
        return false;
    }
  }

  private call(v: i32, target: i32): void {
    const f = this.f;
    const call = this.emitLater(MachineOp.Call, target);
    call.imm = f.imm[v];
    for (let k = 0; k < f.operandCount(v); k++) call.operands.push(this.operand(f.operand(v, k)));
    this.add(call);
    this.dataRegister = NONE;
  }

  /** Fills the condition of comparison `v` into a Compare or Branch and emits it. */
  private comparison(v: i32, into: MachineInstruction): void {
    const f = this.f;
    let left = f.operand(v, 0);
    let right = f.operand(v, 1);
    let code = conditionCode(f.op[v]);
    const test = into.op == MachineOp.Branch ? this.demand.testOf(v) : -1;
    if (test >= 0) {
      this.test(test, into, f.op[v] == Op.Equal);
      return;
    }
    if (f.op[left] == Op.Const && f.op[right] != Op.Const) {
      const other = left;
      left = right;
      right = other;
      code = exchanged(code);
    }
    into.code = code;
    into.left = this.register(left);
    // CO-RE does not patch jumps, so only plain constants are immediate.
    if (f.op[right] == Op.Const && fitsI32(f.imm[right])) into.imm = f.imm[right];
    else into.right = this.register(right);
    this.add(into);
  }

  /** `value` is `x & constant`: branches on it by itself, to the other side when `inverted` (Test has no opposite). */
  private test(value: i32, into: MachineInstruction, inverted: bool): void {
    into.code = Condition.Test;
    into.left = this.register(this.f.operand(value, 0));
    into.imm = this.f.imm[this.f.operand(value, 1)];
    this.add(into);
    this.exchangeEdges = inverted;
  }

  private branch(v: i32): void {
    const condition = this.f.operand(v, 0);
    const branch = this.emitLater(MachineOp.Branch, NONE);
    if (this.demand.fuses(v)) {
      this.comparison(condition, branch);
      return;
    }
    if (this.demand.isTest(condition)) {
      this.test(condition, branch, false);
      return;
    }
    branch.code = Condition.NotEqual;
    branch.left = this.register(condition);
    this.add(branch);
  }
}

function aluCode(op: Op): i32 {
  switch (op) {
    case Op.Add:
      return Alu.Add;
    case Op.Sub:
      return Alu.Sub;
    case Op.Mul:
      return Alu.Mul;
    case Op.Div:
      return Alu.Div;
    case Op.Mod:
      return Alu.Mod;
    case Op.And:
      return Alu.And;
    case Op.Or:
      return Alu.Or;
    case Op.Xor:
      return Alu.Xor;
    case Op.Shl:
      return Alu.ShiftLeft;
    case Op.Shr:
      return Alu.ShiftRight;
    default:
      assert(op == Op.Sar);
      return Alu.ShiftArithmetic;
  }
}

function conditionCode(op: Op): i32 {
  switch (op) {
    case Op.Equal:
      return Condition.Equal;
    case Op.NotEqual:
      return Condition.NotEqual;
    case Op.Below:
      return Condition.Below;
    case Op.BelowEqual:
      return Condition.BelowEqual;
    case Op.Above:
      return Condition.Above;
    case Op.AboveEqual:
      return Condition.AboveEqual;
    case Op.Less:
      return Condition.Less;
    case Op.LessEqual:
      return Condition.LessEqual;
    case Op.Greater:
      return Condition.Greater;
    default:
      assert(op == Op.GreaterEqual);
      return Condition.GreaterEqual;
  }
}
