// Which IR values need a register, and which disappear into the instructions that use them.
//
// Input: a validated IR function with slot offsets. Output: `demanded` per value. Leaves never need one (they are made at
// each use), except the context. `Offset` folds into loads, stores and call arguments; a comparison into its branch.

import { IrFunction, isComparison, isLeaf, Op, Type } from "../ir/ir";

/** How an operand is used. */
const enum Use {
  /** As an address of a load, store or atomic addition, or as the base of a folding Offset. */
  Address,
  /** As a call argument. */
  Argument,
  /** In any other way. */
  Value,
}

export class Demand {
  /** True for values that live in a virtual register. */
  demanded: StaticArray<bool>;
  /** Uses by all other values. */
  uses: StaticArray<i32>;
  /** Per value: branches only look through it, as conditions that they compute themselves. */
  private materialised: StaticArray<bool>;
  /** Uses as call arguments, which fold an Offset when there is just one. */
  private argumentUses: StaticArray<i32>;
  private work: Array<i32> = [];
  /** Position of each value in its block, and the number of calls before it there: for fusing comparisons. */
  private callsBefore: StaticArray<i32>;

  constructor(private f: IrFunction) {
    const count = f.valueCount;
    this.demanded = new StaticArray<bool>(count);
    this.uses = new StaticArray<i32>(count);
    this.materialised = new StaticArray<bool>(count);
    this.argumentUses = new StaticArray<i32>(count);
    this.callsBefore = new StaticArray<i32>(count);
    this.countUses();
    this.start();
    while (this.work.length > 0) this.visit(this.work.pop());
  }

  /** True if a use of Offset `value` is made of its base and its constant. */
  folds(value: i32): bool {
    return this.f.op[value] == Op.Offset && !this.materialised[value];
  }

  /** The same, where the user cannot take a relocation along. */
  foldsPlain(value: i32): bool {
    return this.folds(value) && this.f.relocation[value] < 0;
  }

  /** True if branch `value` compares by itself instead of testing a register. */
  fuses(value: i32): bool {
    const f = this.f;
    const condition = f.operand(value, 0);
    if (!isComparison(f.op[condition])) return false;
    if (f.op[f.operand(condition, 1)] == Op.Const || f.op[f.operand(condition, 0)] == Op.Const) return true;
    // With two operands in registers, fusing across a call would keep both alive instead of one.
    return f.block[condition] == f.block[value] && this.callsBefore[condition] == this.callsBefore[value];
  }

  /** If `value` is `x & constant` for one test alone, so that a jump can test it: selection then uses its operands. */
  isTest(value: i32): bool {
    const f = this.f;
    if (f.op[value] != Op.And || this.uses[value] != 1) return false;
    const mask = f.operand(value, 1);
    if (f.op[mask] != Op.Const) return false;
    const imm = f.imm[mask];
    return imm == <i64>(<i32>imm);
  }

  /** The value that the comparison `value` tests against 0 with eq or ne and that `isTest`, or -1. */
  testOf(value: i32): i32 {
    const f = this.f;
    if (f.op[value] != Op.Equal && f.op[value] != Op.NotEqual) return -1;
    const right = f.operand(value, 1);
    if (f.op[right] != Op.Const || f.imm[right] != 0) return -1;
    return this.isTest(f.operand(value, 0)) ? f.operand(value, 0) : -1;
  }

  private countUses(): void {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) {
      const code = f.code[b];
      let calls = 0;
      for (let i = 0; i < code.length; i++) {
        const value = code[i];
        this.callsBefore[value] = calls;
        if (f.op[value] == Op.Call) calls++;
        for (let k = 0; k < f.operandCount(value); k++) {
          const operand = f.operand(value, k);
          this.uses[operand] += 1;
          if (f.op[operand] != Op.Offset) continue;
          const use = this.useKind(value, k);
          if (use == Use.Argument) {
            this.argumentUses[operand] += 1;
            // Each further argument made from the base costs an addition more than one made from the sum.
            if (this.argumentUses[operand] > 1 && !isLeaf(f.op[f.operand(operand, 0)])) this.materialised[operand] = true;
          } else if (use == Use.Value || f.relocation[operand] >= 0) {
            this.materialised[operand] = true;
          }
        }
      }
    }
  }

  private useKind(value: i32, index: i32): Use {
    switch (this.f.op[value]) {
      case Op.Load:
      case Op.Offset:
        return Use.Address;
      case Op.Store:
      case Op.AtomicAdd:
        return index == 0 ? Use.Address : Use.Value;
      case Op.Call:
        return Use.Argument;
      default:
        return Use.Value;
    }
  }

  private start(): void {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) {
      const code = f.code[b];
      for (let i = 0; i < code.length; i++) {
        const op = f.op[code[i]];
        if (op == Op.Store || op == Op.AtomicAdd || op == Op.Call || op == Op.Branch || op == Op.Return) this.work.push(code[i]);
      }
    }
  }

  private need(value: i32): void {
    const f = this.f;
    if (isLeaf(f.op[value]) && f.op[value] != Op.Context) return;
    if (this.folds(value)) {
      this.need(f.operand(value, 0));
      return;
    }
    if (this.demanded[value]) return;
    this.demanded[value] = true;
    this.work.push(value);
  }

  private visit(value: i32): void {
    const f = this.f;
    if (f.op[value] == Op.Branch) {
      let condition = f.operand(value, 0);
      if (this.fuses(value)) {
        const test = this.testOf(condition);
        if (test >= 0) {
          this.need(f.operand(test, 0));
          return;
        }
        this.need(f.operand(condition, 0));
        this.need(f.operand(condition, 1));
        return;
      }
      if (this.isTest(condition)) condition = f.operand(condition, 0);
      this.need(condition);
      return;
    }
    for (let k = 0; k < f.operandCount(value); k++) this.need(f.operand(value, k));
  }
}

/** True for types whose values the verifier tracks as pointers. */
export function isPointer(type: Type): bool {
  return type >= Type.Context;
}
