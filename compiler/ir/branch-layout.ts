// The order of blocks in the final code.
//
// Input: an IR function. Output: `layout`: the entry first; each block is followed by its likelier successor where that is
// still free; loops stay in one piece; unlikely blocks come last. Unreachable blocks are left out.

import { Dominators } from "./dominators";
import { IrFunction, Op } from "./ir";

export function layOutBlocks(f: IrFunction): void {
  new BranchLayout(f).run();
}

@final
class BranchLayout {
  private dominators: Dominators;
  private placed: StaticArray<bool>;
  /** Blocks that wait to be placed, with those to be taken next at the end. */
  private waiting: Array<i32> = [];
  private unlikely: Array<i32> = [];

  constructor(private f: IrFunction) {
    this.dominators = Dominators.of(f);
    this.placed = new StaticArray<bool>(f.blockCount);
  }

  run(): void {
    this.f.layout = [];
    this.chain(0);
    this.drain();
    // What unlikely blocks lead to and nothing likely reached comes behind them.
    for (let i = 0; i < this.unlikely.length; i++) {
      this.chain(this.unlikely[i]);
      this.drain();
    }
  }

  private drain(): void {
    while (this.waiting.length > 0) this.chain(this.waiting.pop());
  }

  /** Places `block` and, as long as there is one, its best free successor. */
  private chain(block: i32): void {
    const f = this.f;
    let b = block;
    while (b >= 0 && !this.placed[b]) {
      this.placed[b] = true;
      f.layout.push(b);
      const first = this.free(f.successor0[b]);
      const second = this.free(f.successor1[b]);
      if (first >= 0 && second >= 0) {
        const next = this.better(b, first, second);
        this.postpone(next == first ? second : first);
        b = next;
        continue;
      }
      b = first >= 0 ? first : second;
      if (b >= 0 && f.unlikely[b] && !f.unlikely[f.layout[f.layout.length - 1]]) {
        this.unlikely.push(b);
        b = -1;
      } else if (b >= 0 && this.mustWait(b)) {
        // A block behind several others is placed by the last of them, so that it does not tear them apart.
        b = -1;
      }
    }
  }

  private free(block: i32): i32 {
    return block < 0 || this.placed[block] ? -1 : block;
  }

  private postpone(block: i32): void {
    if (this.f.unlikely[block]) this.unlikely.push(block);
    else this.waiting.push(block);
  }

  /** True if a waiting block still leads to `block`, and will come to it. */
  private mustWait(block: i32): bool {
    const before = this.f.predecessors[block];
    for (let k = 0; k < before.length; k++) {
      const p = before[k];
      if (this.placed[p] || this.f.unlikely[p] || !this.dominators.isReachable(p)) continue;
      if (this.dominators.dominates(block, p)) continue;
      if (this.isWaiting(p)) return true;
    }
    return false;
  }

  private isWaiting(block: i32): bool {
    // Whatever a waiting block dominates will be placed through it.
    for (let i = 0; i < this.waiting.length; i++) {
      if (!this.placed[this.waiting[i]] && this.dominators.dominates(this.waiting[i], block)) return true;
    }
    return false;
  }

  /** Which of two free successors of `b` follows it. */
  private better(b: i32, first: i32, second: i32): i32 {
    const f = this.f;
    if (f.unlikely[first] != f.unlikely[second]) return f.unlikely[first] ? second : first;
    const depths = this.dominators.loopDepth;
    if (depths[first] != depths[second]) return depths[first] > depths[second] ? first : second;
    // A block that only leaves can stand at the end; a join is placed when its last way in is.
    if (this.leaves(first) != this.leaves(second)) return this.leaves(first) ? second : first;
    const position = this.dominators.position;
    const firstJoins = f.predecessors[first].length > 1;
    const secondJoins = f.predecessors[second].length > 1;
    if (firstJoins != secondJoins) return firstJoins ? second : first;
    return position[first] < position[second] ? first : second;
  }

  private leaves(block: i32): bool {
    return this.f.op[this.f.terminator(block)] == Op.Return;
  }
}
