// Pass: branches on constants become jumps, unreachable blocks lose their code and edges, trivial phis vanish.
//
// Input: any valid function. Leaves: no phi whose operands are one value, no block that cannot be reached.

import { IrFunction, Op } from "./ir";

export function simplifyControlFlow(f: IrFunction): void {
  foldBranches(f);
  removeUnreachable(f);
  removeTrivialPhis(f);
}

/** Takes the edge `from` -> `to` out, with its operand of each phi. */
export function disconnect(f: IrFunction, from: i32, to: i32): void {
  const predecessors = f.predecessors[to];
  const index = predecessors.indexOf(from);
  predecessors.splice(index, 1);
  const code = f.code[to];
  for (let i = 0; i < code.length && f.op[code[i]] == Op.Phi; i++) {
    const operands: Array<i32> = [];
    for (let j = 0; j < f.operandCount(code[i]); j++) if (j != index) operands.push(f.operand(code[i], j));
    f.setOperands(code[i], operands);
  }
}

function foldBranches(f: IrFunction): void {
  for (let block = 0; block < f.blockCount; block++) {
    if (f.code[block].length == 0) continue;
    const last = f.terminator(block);
    if (f.op[last] != Op.Branch) continue;
    const condition = f.operand(last, 0);
    const same = f.successor0[block] == f.successor1[block];
    if (f.op[condition] != Op.Const && !same) continue;
    const taken = same || f.imm[condition] != 0;
    const dead = taken ? f.successor1[block] : f.successor0[block];
    if (!taken) f.successor0[block] = f.successor1[block];
    f.successor1[block] = -1;
    f.op[last] = Op.Jump;
    f.setOperands(last, []);
    disconnect(f, block, dead);
  }
}

function removeUnreachable(f: IrFunction): void {
  const reached = new StaticArray<bool>(f.blockCount);
  const work: Array<i32> = [0];
  reached[0] = true;
  while (work.length > 0) {
    const block = work.pop();
    for (let edge = 0; edge < 2; edge++) {
      const next = edge == 0 ? f.successor0[block] : f.successor1[block];
      if (next >= 0 && !reached[next]) {
        reached[next] = true;
        work.push(next);
      }
    }
  }
  for (let block = 0; block < f.blockCount; block++) {
    if (reached[block]) continue;
    for (let edge = 0; edge < 2; edge++) {
      const next = edge == 0 ? f.successor0[block] : f.successor1[block];
      if (next >= 0 && reached[next]) disconnect(f, block, next);
    }
    const code = f.code[block];
    for (let i = 0; i < code.length; i++) f.block[code[i]] = -1;
    f.code[block] = [];
    f.predecessors[block] = [];
    f.successor0[block] = -1;
    f.successor1[block] = -1;
  }
}

function removeTrivialPhis(f: IrFunction): void {
  const replacement = new Replacement(f);
  for (let changed = true; changed; ) {
    changed = false;
    for (let block = 0; block < f.blockCount; block++) {
      const code = f.code[block];
      for (let i = 0; i < code.length && f.op[code[i]] == Op.Phi; i++) {
        const phi = code[i];
        if (replacement.of(phi) != phi) continue;
        let only = -1;
        let trivial = true;
        for (let j = 0; j < f.operandCount(phi); j++) {
          const operand = replacement.of(f.operand(phi, j));
          if (operand == phi || operand == only) continue;
          if (only >= 0) trivial = false;
          only = operand;
        }
        if (trivial && only >= 0) {
          replacement.set(phi, only);
          changed = true;
        }
      }
    }
  }
  replacement.apply();
}

/** Values that stand for others from now on; `apply` rewrites every operand and drops the replaced. */
@final
export class Replacement {
  private by: StaticArray<i32>;
  private any: bool = false;

  constructor(private f: IrFunction) {
    this.by = new StaticArray<i32>(f.valueCount);
    for (let i = 0; i < this.by.length; i++) this.by[i] = i;
  }

  of(value: i32): i32 {
    while (value < this.by.length && this.by[value] != value) value = this.by[value];
    return value;
  }

  set(value: i32, by: i32): void {
    this.by[value] = by;
    this.any = true;
  }

  apply(): void {
    if (!this.any) return;
    const f = this.f;
    for (let block = 0; block < f.blockCount; block++) {
      const code = f.code[block];
      const kept: Array<i32> = [];
      for (let i = 0; i < code.length; i++) {
        const value = code[i];
        if (this.of(value) != value) {
          f.block[value] = -1;
          continue;
        }
        kept.push(value);
        for (let j = 0; j < f.operandCount(value); j++) {
          const operand = f.operand(value, j);
          const by = this.of(operand);
          if (by != operand) f.setOperand(value, j, by);
        }
      }
      f.code[block] = kept;
    }
  }
}
