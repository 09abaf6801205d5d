// Reverse post order, dominator tree and loops of a control flow graph.
//
// Input: successors and predecessors by block; block 0 is the entry. Works on IR functions and on machine functions alike.
// Dominators by the iteration of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm").

import { IrFunction } from "./ir";

export class Dominators {
  /** Reachable blocks in reverse post order: every block after its dominators. */
  order: Array<i32> = [];
  /** Position in `order`; -1 for blocks that the entry does not reach. */
  position: Array<i32> = [];
  /** Immediate dominator; the entry's is itself, that of unreachable blocks -1. */
  immediate: Array<i32> = [];
  /** Number of loops around a block. */
  loopDepth: Array<i32> = [];
  /** Number of the header of the innermost loop around a block, or -1. */
  loopHeader: Array<i32> = [];
  /** First and last moment of a block in a walk of the dominator tree: intervals nest exactly as blocks dominate. */
  private enter: Array<i32> = [];
  private leave: Array<i32> = [];

  constructor(
    private successor0: Array<i32>,
    private successor1: Array<i32>,
    private predecessors: Array<Array<i32>>,
  ) {
    const count = predecessors.length;
    for (let b = 0; b < count; b++) {
      this.position.push(-1);
      this.immediate.push(-1);
      this.loopDepth.push(0);
      this.loopHeader.push(-1);
      this.enter.push(0);
      this.leave.push(0);
    }
    this.number();
    this.findImmediate();
    this.walkTree();
    this.findLoops();
  }

  static of(f: IrFunction): Dominators {
    return new Dominators(f.successor0, f.successor1, f.predecessors);
  }

  /** True if every way to `b` goes through `a`, also for a == b. Both must be reachable. */
  dominates(a: i32, b: i32): bool {
    return this.enter[a] <= this.enter[b] && this.leave[b] <= this.leave[a];
  }

  isReachable(block: i32): bool {
    return this.position[block] >= 0;
  }

  private number(): void {
    const count = this.predecessors.length;
    const state = new StaticArray<u8>(count);
    const stack: Array<i32> = [0];
    const postOrder: Array<i32> = [];
    state[0] = 1;
    while (stack.length > 0) {
      const b = stack[stack.length - 1];
      // States 1 and 2: successors 0 and 1 are still to be visited. The second successor goes first, so that the first
      // one comes right behind its block in the reversed order.
      const next = state[b] == 1 ? this.successor1[b] : state[b] == 2 ? this.successor0[b] : -1;
      if (state[b] == 3) {
        stack.pop();
        postOrder.push(b);
        continue;
      }
      state[b] = state[b] + 1;
      if (next >= 0 && state[next] == 0) {
        state[next] = 1;
        stack.push(next);
      }
    }
    for (let i = postOrder.length - 1; i >= 0; i--) {
      this.position[postOrder[i]] = this.order.length;
      this.order.push(postOrder[i]);
    }
  }

  private findImmediate(): void {
    this.immediate[0] = 0;
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = 1; i < this.order.length; i++) {
        const b = this.order[i];
        const list = this.predecessors[b];
        let best = -1;
        for (let k = 0; k < list.length; k++) {
          const p = list[k];
          if (this.immediate[p] < 0) continue;
          best = best < 0 ? p : this.common(p, best);
        }
        if (this.immediate[b] != best) {
          this.immediate[b] = best;
          changed = true;
        }
      }
    }
  }

  /** The nearest block that dominates both. */
  private common(a: i32, b: i32): i32 {
    while (a != b) {
      while (this.position[a] > this.position[b]) a = this.immediate[a];
      while (this.position[b] > this.position[a]) b = this.immediate[b];
    }
    return a;
  }

  private walkTree(): void {
    const count = this.predecessors.length;
    const firstChild = new StaticArray<i32>(count);
    const sibling = new StaticArray<i32>(count);
    firstChild.fill(-1);
    sibling.fill(-1);
    for (let i = this.order.length - 1; i > 0; i--) {
      const b = this.order[i];
      const parent = this.immediate[b];
      sibling[b] = firstChild[parent];
      firstChild[parent] = b;
    }
    let time = 0;
    let b = 0;
    while (b >= 0) {
      this.enter[b] = time++;
      if (firstChild[b] >= 0) {
        b = firstChild[b];
        continue;
      }
      // Climb until there is a sibling to visit.
      while (true) {
        this.leave[b] = time++;
        if (b == 0) {
          b = -1;
          break;
        }
        if (sibling[b] >= 0) {
          b = sibling[b];
          break;
        }
        b = this.immediate[b];
      }
    }
  }

  /** Natural loops: the blocks that reach a back edge without passing the header. */
  private findLoops(): void {
    const member = new StaticArray<i32>(this.predecessors.length);
    member.fill(-1);
    // Inner loops have their header later in the order, so the outermost loop is done first and inner ones overwrite it.
    for (let i = 0; i < this.order.length; i++) {
      const header = this.order[i];
      const work: Array<i32> = [];
      const list = this.predecessors[header];
      for (let k = 0; k < list.length; k++) {
        if (this.isReachable(list[k]) && this.dominates(header, list[k])) work.push(list[k]);
      }
      if (work.length == 0) continue;
      this.enterLoop(header, header, member);
      while (work.length > 0) {
        const b = work.pop();
        if (member[b] == header) continue;
        this.enterLoop(b, header, member);
        const before = this.predecessors[b];
        for (let k = 0; k < before.length; k++) if (this.isReachable(before[k])) work.push(before[k]);
      }
    }
  }

  private enterLoop(block: i32, header: i32, member: StaticArray<i32>): void {
    member[block] = header;
    this.loopDepth[block] += 1;
    this.loopHeader[block] = header;
  }
}
