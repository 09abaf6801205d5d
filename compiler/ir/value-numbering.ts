// Pass: equal computations are done once (global value numbering over the dominator tree), constants are folded again.
//
// Needs: no unreachable code. What may be shared: arithmetic, comparisons, addresses, loads from the context (it does not
// change) and helpers that answer the same all through a run, so that `pid` and `tid` share one call. Loads from other
// memory and map lookups are never shared: a store, an update or another CPU may lie between.

import { Dominators } from "./dominators";
import { foldBinary, isCommutative } from "./fold";
import { isPureHelper } from "./helpers";
import { IrFunction, isComparison, isLeaf, Op, Type } from "./ir";
import { Replacement } from "./simplify-control-flow";

export function numberValues(f: IrFunction): void {
  const dominators = Dominators.of(f);
  const replacement = new Replacement(f);
  const table = new ValueTable(f, dominators);
  for (let i = 0; i < dominators.order.length; i++) {
    const code = f.code[dominators.order[i]];
    for (let j = 0; j < code.length; j++) {
      const value = code[j];
      for (let k = 0; k < f.operandCount(value); k++) {
        const by = replacement.of(f.operand(value, k));
        f.setOperand(value, k, by);
      }
      fold(f, value);
      if (!isShareable(f, value)) continue;
      const known = table.find(value);
      if (known >= 0) replacement.set(value, known);
      else table.add(value);
    }
  }
  replacement.apply();
}

/** Turns an operation on constants into a constant, in place. */
function fold(f: IrFunction, value: i32): void {
  const op = f.op[value];
  if (!((op >= Op.Add && op <= Op.Sar) || isComparison(op)) || f.relocation[value] >= 0) return;
  const left = f.operand(value, 0);
  const right = f.operand(value, 1);
  if (f.op[left] != Op.Const || f.op[right] != Op.Const) return;
  f.imm[value] = foldBinary(op, f.imm[left], f.imm[right]);
  f.op[value] = Op.Const;
  f.type[value] = Type.Scalar;
  f.setOperands(value, []);
}

function isShareable(f: IrFunction, value: i32): bool {
  const op = f.op[value];
  if (op == Op.Call) return isPureHelper(<i32>f.imm[value]);
  if (op == Op.Load) return f.type[f.operand(value, 0)] == Type.Context;
  return isLeaf(op) || (op >= Op.Add && op <= Op.Index);
}

/** Values by what they compute. */
@final
class ValueTable {
  private heads: Map<u32, i32> = new Map();
  private nexts: StaticArray<i32>;

  constructor(
    private f: IrFunction,
    private dominators: Dominators,
  ) {
    this.nexts = new StaticArray<i32>(f.valueCount);
  }

  private hash(value: i32): u32 {
    const f = this.f;
    let hash = (<u32>f.op[value] * 31 + <u32>f.imm[value]) * 31 + <u32>(f.imm[value] >> 32) * 7 + <u32>f.aux[value];
    const count = f.operandCount(value);
    if (count == 2 && isCommutative(f.op[value])) return hash * 31 + <u32>(f.operand(value, 0) + f.operand(value, 1));
    for (let i = 0; i < count; i++) hash = hash * 31 + <u32>f.operand(value, i);
    return hash;
  }

  private same(a: i32, b: i32): bool {
    const f = this.f;
    if (
      f.op[a] != f.op[b] ||
      f.type[a] != f.type[b] ||
      f.imm[a] != f.imm[b] ||
      f.aux[a] != f.aux[b] ||
      f.flags[a] != f.flags[b] ||
      f.relocation[a] != f.relocation[b] ||
      f.operandCount(a) != f.operandCount(b)
    )
      return false;
    const count = f.operandCount(a);
    let equal = true;
    for (let i = 0; i < count; i++) if (f.operand(a, i) != f.operand(b, i)) equal = false;
    if (!equal && count == 2 && isCommutative(f.op[a])) equal = f.operand(a, 0) == f.operand(b, 1) && f.operand(a, 1) == f.operand(b, 0);
    return equal;
  }

  /** An equal value whose block dominates that of `value`, or -1. */
  find(value: i32): i32 {
    const hash = this.hash(value);
    if (!this.heads.has(hash)) return -1;
    for (let known = this.heads.get(hash); known >= 0; known = this.nexts[known]) {
      if (this.same(known, value) && this.dominators.dominates(this.f.block[known], this.f.block[value])) return known;
    }
    return -1;
  }

  add(value: i32): void {
    const hash = this.hash(value);
    this.nexts[value] = this.heads.has(hash) ? this.heads.get(hash) : -1;
    this.heads.set(hash, value);
  }
}
