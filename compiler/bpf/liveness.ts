// Live virtual registers at the ends of blocks.
//
// Input: a MachineFunction in SSA form. A phi's operands are used at the end of the predecessors, its target is defined at
// the start of its block together with those of the other phis there.

import { Dominators } from "../ir/dominators";
import { BitMatrix } from "./bit-set";
import { MachineFunction, MachineInstruction, MachineOp, NONE, OperandKind } from "./machine";

export class Liveness {
  /** Rows by block: live at the start, phi targets excluded. */
  liveIn: BitMatrix;
  /** Rows by block: live behind the terminator, with the operands of the successors' phis. */
  liveOut: BitMatrix;
  private scratch: BitMatrix;

  constructor(
    private f: MachineFunction,
    order: Array<i32>,
  ) {
    const blocks = f.blockCount;
    this.liveIn = new BitMatrix(blocks, f.registerCount);
    this.liveOut = new BitMatrix(blocks, f.registerCount);
    this.scratch = new BitMatrix(1, f.registerCount);
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = order.length - 1; i >= 0; i--) if (this.visit(order[i])) changed = true;
    }
  }

  private visit(b: i32): bool {
    const f = this.f;
    const first = f.successor0[b];
    const second = f.successor1[b];
    if (first >= 0) this.flow(b, first);
    if (second >= 0) this.flow(b, second);
    this.scratch.copy(0, b, this.liveOut);
    const code = f.code[b];
    for (let i = code.length - 1; i >= 0; i--) {
      stepBack(code[i], this.scratch, 0);
    }
    return this.liveIn.unite(b, 0, this.scratch);
  }

  private flow(from: i32, to: i32): void {
    this.liveOut.unite(from, to, this.liveIn);
    const code = this.f.code[to];
    if (code.length == 0 || code[0].op != MachineOp.Phi) return;
    const index = this.f.predecessors[to].indexOf(from);
    for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) {
      const operand = code[i].operands[index];
      if (operand.kind == OperandKind.Register) this.liveOut.add(from, operand.register);
    }
  }
}

/** Turns `row`, the registers live behind `instruction`, into those live before it. */
export function stepBack(instruction: MachineInstruction, live: BitMatrix, row: i32): void {
  if (instruction.target != NONE) live.remove(row, instruction.target);
  if (instruction.op == MachineOp.Phi) return;
  if (instruction.left >= 0) live.add(row, instruction.left);
  if (instruction.right >= 0) live.add(row, instruction.right);
  const operands = instruction.operands;
  for (let k = 0; k < operands.length; k++) {
    if (operands[k].kind == OperandKind.Register) live.add(row, operands[k].register);
  }
}

/** Dominators of the machine function's blocks. */
export function machineDominators(f: MachineFunction): Dominators {
  return new Dominators(f.successor0, f.successor1, f.predecessors);
}
