// Pass: a branch whose sides do nothing and meet again with the same values becomes a jump, so that its condition may be dead.
//
// Input: a function without dead code, which would hide that a side does nothing. Leaves: blocks without predecessors and phis of one
// operand, for the simplification of the control flow.

import { IrFunction, Op } from "./ir";
import { disconnect } from "./simplify-control-flow";

/** Blocks that do nothing in a row: more there are not where branches were folded. */
const LONGEST_WAY = 8;

/** @returns whether anything changed. */
export function joinBranches(f: IrFunction): bool {
  let changed = false;
  // Backwards, as an inner branch that is gone may leave the side of an outer one empty.
  for (let block = f.blockCount - 1; block >= 0; block--) {
    if (f.code[block].length == 0 || f.op[f.terminator(block)] != Op.Branch) continue;
    // Both edges to one block: the simplification of the control flow knows that.
    if (f.successor0[block] == f.successor1[block]) continue;
    const first = lastOfWay(f, block, f.successor0[block]);
    const second = lastOfWay(f, block, f.successor1[block]);
    const end = next(f, block, first, f.successor0[block]);
    if (end != next(f, block, second, f.successor1[block]) || !agree(f, end, first, second)) continue;
    const last = f.terminator(block);
    const dropped = f.successor1[block];
    f.op[last] = Op.Jump;
    f.setOperands(last, []);
    f.successor1[block] = -1;
    disconnect(f, block, dropped);
    changed = true;
  }
  return changed;
}

/** The last block that does nothing on the way from `block` over its edge to `successor`; `block` itself if there is none. */
function lastOfWay(f: IrFunction, block: i32, successor: i32): i32 {
  let last = block;
  for (let steps = 0; steps < LONGEST_WAY && isEmpty(f, successor); steps++) {
    last = successor;
    successor = f.successor0[successor];
  }
  return last;
}

function isEmpty(f: IrFunction, block: i32): bool {
  return f.code[block].length == 1 && f.op[f.terminator(block)] == Op.Jump;
}

function next(f: IrFunction, block: i32, last: i32, successor: i32): i32 {
  return last == block ? successor : f.successor0[last];
}

/** Whether each phi of `end` takes the same value from both. */
function agree(f: IrFunction, end: i32, first: i32, second: i32): bool {
  const one = f.predecessors[end].indexOf(first);
  const other = f.predecessors[end].indexOf(second);
  const code = f.code[end];
  for (let i = 0; i < code.length && f.op[code[i]] == Op.Phi; i++) if (f.operand(code[i], one) != f.operand(code[i], other)) return false;
  return true;
}
