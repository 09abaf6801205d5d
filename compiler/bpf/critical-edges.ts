// Splits edges from blocks with several successors into blocks with phis, so that copies have a place of their own.

import { MachineFunction, MachineInstruction, MachineOp } from "./machine";

export function splitCriticalEdges(out: MachineFunction): void {
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
