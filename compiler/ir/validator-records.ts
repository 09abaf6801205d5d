// Checks that every reserved ring buffer record is submitted or discarded exactly once on every path, and not used after; and that
// the reference to every object of the kernel is given back as well. Both are called records below.

import { Dominators } from "./dominators";
import { Helper } from "./helpers";
import { IrFunction, isComparison, Op, Type } from "./ir";
import { nameOf, notNullSuccessor } from "./validator";

/** What a path may have done with the record so far. */
const enum State {
  Unvisited = 0,
  /** It is reserved and must be released. */
  Held = 1,
  /** It is not reserved yet, NULL, or released. */
  Free = 2,
}

export function checkRecords(f: IrFunction, dominators: Dominators): string {
  for (let i = 0; i < dominators.order.length; i++) {
    const code = f.code[dominators.order[i]];
    for (let k = 0; k < code.length; k++) {
      const type = f.type[code[k]];
      if (f.op[code[k]] != Op.Call || (type != Type.RecordOrNull && type != Type.ReferenceOrNull)) continue;
      const message = new RecordCheck(f, dominators, code[k]).run();
      if (message.length > 0) return message;
    }
  }
  return "";
}

@final
class RecordCheck {
  /** Bits of `State` at the start of each block. */
  private states: StaticArray<u8>;

  constructor(
    private f: IrFunction,
    private dominators: Dominators,
    private record: i32,
  ) {
    this.states = new StaticArray<u8>(f.blockCount);
  }

  run(): string {
    const f = this.f;
    const order = this.dominators.order;
    this.states[0] = <u8>State.Free;
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = 0; i < order.length; i++) {
        const b = order[i];
        const before = this.states[b];
        if (before == State.Unvisited) continue;
        const after = this.walk(b, before);
        const notNull = notNullSuccessor(f, b, this.record);
        for (let edge = 0; edge < 2; edge++) {
          const to = edge == 0 ? f.successor0[b] : f.successor1[b];
          if (to < 0) continue;
          // On the null edge there is nothing to release.
          const state = notNull >= 0 && to != notNull ? <u8>State.Free : after;
          if ((this.states[to] | state) == this.states[to]) continue;
          this.states[to] = this.states[to] | state;
          changed = true;
        }
      }
    }
    for (let i = 0; i < order.length; i++) {
      const message = this.check(order[i]);
      if (message.length > 0) return message;
    }
    return "";
  }

  private isRelease(v: i32): bool {
    const f = this.f;
    if (f.op[v] != Op.Call) return false;
    const helper = f.imm[v];
    const releases = helper == Helper.RingbufSubmit || helper == Helper.RingbufDiscard || helper == Helper.TaskRelease;
    return releases && f.operand(v, 0) == this.record;
  }

  private walk(b: i32, state: u8): u8 {
    const code = this.f.code[b];
    let current = state;
    for (let i = 0; i < code.length; i++) {
      if (code[i] == this.record) current = <u8>State.Held;
      else if (this.isRelease(code[i])) current = <u8>State.Free;
    }
    return current;
  }

  private check(b: i32): string {
    const f = this.f;
    const code = f.code[b];
    let state = this.states[b];
    for (let i = 0; i < code.length; i++) {
      const v = code[i];
      const maybeHeld = (state & State.Held) != 0;
      const maybeFree = (state & State.Free) != 0;
      if (v == this.record) {
        if (maybeHeld) return `${nameOf(f, v)}: the record of the round before is still reserved`;
        state = <u8>State.Held;
      } else if (this.isRelease(v)) {
        if (maybeFree) return `${nameOf(f, v)} may release a record that is not reserved`;
        state = <u8>State.Free;
      } else if (f.op[v] == Op.Return && maybeHeld) {
        return `${nameOf(f, v)} leaves record ${nameOf(f, this.record)} reserved`;
      } else if (maybeFree && this.uses(v)) {
        return `${nameOf(f, v)} uses record ${nameOf(f, this.record)} after its release`;
      }
    }
    return "";
  }

  /** True if `v` reads or writes the record's memory. */
  private uses(v: i32): bool {
    const f = this.f;
    const op = f.op[v];
    if (op == Op.Offset || op == Op.Index || op == Op.Phi || op == Op.Branch || isComparison(op)) return false;
    for (let k = 0; k < f.operandCount(v); k++) {
      let root = f.operand(v, k);
      while (f.op[root] == Op.Offset || f.op[root] == Op.Index) root = f.operand(root, 0);
      if (root == this.record) return true;
    }
    return false;
  }
}
