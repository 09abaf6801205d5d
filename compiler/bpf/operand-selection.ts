// Operands of selected instructions: virtual registers, constants, addresses.
//
// The half of instruction selection that select.ts builds on: which IR value is which register, and how a value becomes an
// operand, a register, or base and offset of a memory access.

import { IrFunction, Op, Type } from "../ir/ir";
import { Demand, isPointer } from "./demand";
import { FRAME, MachineFunction, MachineInstruction, MachineOp, NONE, Operand, OperandKind, Trait } from "./machine";

export function fitsI32(value: i64): bool {
  return value == <i64>(<i32>value);
}

export function fitsI16(value: i64): bool {
  return value == <i64>(<i16>value);
}

export class OperandSelection {
  protected out: MachineFunction;
  protected demand: Demand;
  /** Virtual register of each IR value, or NONE. */
  protected registers: Array<i32> = [];
  /** Registers of the context arguments 1 and 2, or NONE. */
  protected arrivals: StaticArray<i32> = [NONE, NONE, NONE, NONE];
  protected block: i32 = 0;
  protected source: u32 = 0;
  /** Base and offset that `address` leaves. */
  protected base: i32 = NONE;
  protected offset: i64 = 0;
  /** Register that holds an address of a data section in this block since the last call, its section and address. */
  protected dataRegister: i32 = NONE;
  protected dataSection: u8 = 0;
  protected dataAddress: i64 = 0;

  constructor(protected f: IrFunction) {
    this.out = new MachineFunction(f.name, f.section);
    this.demand = new Demand(f);
  }

  protected assignRegisters(): void {
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
  protected boundedValues(): StaticArray<bool> {
    const f = this.f;
    const bounded = new StaticArray<bool>(f.valueCount);
    for (let v = 0; v < f.valueCount; v++) {
      if (f.block[v] < 0) continue;
      if (f.op[v] == Op.Index) this.markBounded(bounded, f.operand(v, 1));
      if (f.op[v] == Op.Call) {
        for (let k = 1; k < f.operandCount(v); k++) {
          const before = f.type[f.operand(v, k - 1)];
          if (before == Type.Stack || before == Type.MapValue || before == Type.Record || before == Type.Data) {
            this.markBounded(bounded, f.operand(v, k));
          }
        }
      }
    }
    return bounded;
  }

  /** Marks a number and those that it is computed from with constants: it is one of them whose range was checked. */
  private markBounded(bounded: StaticArray<bool>, v: i32): void {
    const f = this.f;
    while (!bounded[v]) {
      bounded[v] = true;
      const op = f.op[v];
      if (op != Op.Add && op != Op.Sub && op != Op.Mul && op != Op.Shl) return;
      if (f.op[f.operand(v, 1)] != Op.Const) return;
      v = f.operand(v, 0);
    }
  }

  protected emit(op: MachineOp): MachineInstruction {
    const instruction = new MachineInstruction(op, this.source);
    this.out.code[this.block].push(instruction);
    return instruction;
  }

  protected setRegister(target: i32, operand: Operand): void {
    const set = this.emit(MachineOp.Set);
    set.target = target;
    set.operands.push(operand);
  }

  protected temporary(operand: Operand, trait: i32): i32 {
    const register = this.out.addRegister(trait);
    this.setRegister(register, operand);
    return register;
  }

  /** `value` as an operand that is made at its use. `Offset`s fold where `demand` says so. */
  protected operand(value: i32): Operand {
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
  protected offsetOperand(value: i32): Operand {
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
  protected register(value: i32): i32 {
    const operand = this.operand(value);
    if (operand.kind == OperandKind.Register && operand.imm == 0 && operand.relocation < 0) return operand.register;
    const trait = isPointer(this.f.type[value]) ? Trait.Pointer : Trait.Plain;
    return this.temporary(operand, trait);
  }

  /** True if `value` can be the constant of an arithmetic instruction. */
  protected isImmediate(value: i32): bool {
    const op = this.f.op[value];
    return (op == Op.Const || op == Op.CoreConst) && fitsI32(this.f.imm[value]);
  }

  /** Leaves base register (or FRAME) and offset of an access at `value` + `displacement` in `base` and `offset`. */
  protected address(value: i32, displacement: i64, relocation: i32): void {
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
  protected dataBase(section: u8, imm: i64): void {
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
}
