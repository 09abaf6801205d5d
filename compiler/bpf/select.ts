// Instruction selection: IR to machine code in virtual registers.
//
// Input: a valid IR function whose slots have offsets and whose blocks have an order. Output: a MachineFunction in SSA form
// whose phis stand only in blocks all of whose predecessors have one successor (critical edges into phis are split).

import { Dominators } from "../ir/dominators";
import { IrFunction, isComparison, isLeaf, LOAD_SIGNED, Op } from "../ir/ir";
import { splitCriticalEdges } from "./critical-edges";
import { Alu, Condition, exchanged, MachineFunction, MachineInstruction, MachineOp, NONE, Operand, Trait } from "./machine";
import { fitsI32, OperandSelection } from "./operand-selection";
import { aluCode, conditionCode } from "./operation-codes";
import { bitWidth } from "./width";

export function select(f: IrFunction): MachineFunction {
  return new Selector(f).run();
}

@final
class Selector extends OperandSelection {
  /** The branch of the current block jumps to the other side than the IR's. */
  private exchangeEdges: bool = false;

  constructor(f: IrFunction) {
    super(f);
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
    splitCriticalEdges(out);
    return out;
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

  /** By two shifts: sign-extending loads and moves need kernel 6.6. */
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

  /** `w = w`: one instruction that need not share its registers. */
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
    // What a target makes of a CoreConst may be a shift by 64 or a division by 0, which the verifier refuses of constants.
    const risky = f.op[right] == Op.CoreConst && (op == Op.Shl || op == Op.Shr || op == Op.Sar || op == Op.Div || op == Op.Mod);
    if (this.isImmediate(right) && !risky) {
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
