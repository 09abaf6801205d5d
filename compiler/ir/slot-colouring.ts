// Gives stack slots their places in the frame; slots that are never needed at the same time share bytes.
//
// Input: a valid IR function. Output: `slotOffset` (negative, aligned) of every slot that is used, and the bytes taken.
// A slot is needed from a SlotBegin to the last use of any address derived from it; without SlotBegin, all the time.

import { BitMatrix } from "../bpf/bit-set";
import { Dominators } from "./dominators";
import { IrFunction, Op, Type } from "./ir";

/** Sets the offsets and returns the bytes of the frame, a multiple of 8; may be more than BPF has. */
export function colourSlots(f: IrFunction): i32 {
  return f.slotSize.length == 0 ? 0 : new SlotColouring(f).run();
}

@final
class SlotColouring {
  private dominators: Dominators;
  private liveIn: BitMatrix;
  private liveOut: BitMatrix;
  private live: BitMatrix;
  /** Rows by slot: slots that are needed at the same time. */
  private conflicts: BitMatrix;
  /** Rows by value: slots that the value may point into; the last row is scratch. */
  private pointsTo: BitMatrix;
  private used: StaticArray<bool>;
  private hasBegin: StaticArray<bool>;

  constructor(private f: IrFunction) {
    const slots = f.slotSize.length;
    this.dominators = Dominators.of(f);
    this.liveIn = new BitMatrix(f.blockCount, slots);
    this.liveOut = new BitMatrix(f.blockCount, slots);
    this.live = new BitMatrix(1, slots);
    this.conflicts = new BitMatrix(slots, slots);
    this.pointsTo = new BitMatrix(f.valueCount, slots);
    this.used = new StaticArray<bool>(slots);
    this.hasBegin = new StaticArray<bool>(slots);
  }

  run(): i32 {
    this.followAddresses();
    this.keepEscaped();
    this.findLiveness();
    const order = this.dominators.order;
    for (let i = 0; i < order.length; i++) this.walk(order[i], true);
    this.keepAlways();
    return this.place();
  }

  /** Slot -> Offset, Index, Phi -> ...: until nothing changes, for phis of loops. */
  private followAddresses(): void {
    const f = this.f;
    const order = this.dominators.order;
    let changed = true;
    while (changed) {
      changed = false;
      for (let k = 0; k < order.length; k++) {
        const code = f.code[order[k]];
        for (let i = 0; i < code.length; i++) if (this.follow(code[i])) changed = true;
      }
    }
  }

  private follow(v: i32): bool {
    const f = this.f;
    switch (f.op[v]) {
      case Op.Slot: {
        const slot = <i32>f.imm[v];
        if (this.pointsTo.has(v, slot)) return false;
        this.pointsTo.add(v, slot);
        return true;
      }
      case Op.SlotBegin:
        this.hasBegin[<i32>f.imm[v]] = true;
        return false;
      case Op.Phi: {
        let changed = false;
        for (let k = 0; k < f.operandCount(v); k++) if (this.pointsTo.unite(v, f.operand(v, k), this.pointsTo)) changed = true;
        return changed;
      }
      case Op.Offset:
      case Op.Index:
        return this.pointsTo.unite(v, f.operand(v, 0), this.pointsTo);
      case Op.Add:
      case Op.Sub: {
        // Addresses that became numbers still point there.
        const left = this.pointsTo.unite(v, f.operand(v, 0), this.pointsTo);
        return this.pointsTo.unite(v, f.operand(v, 1), this.pointsTo) || left;
      }
      default:
        return false;
    }
  }

  /** A slot whose address is stored may be reached from elsewhere: it is needed all the time, as if it had no SlotBegin. */
  private keepEscaped(): void {
    const f = this.f;
    for (let v = 0; v < f.valueCount; v++) {
      if (f.block[v] < 0 || f.op[v] != Op.Store) continue;
      const stored = f.operand(v, 1);
      for (let s = this.pointsTo.next(stored, 0); s >= 0; s = this.pointsTo.next(stored, s + 1)) this.hasBegin[s] = false;
    }
  }

  private findLiveness(): void {
    const f = this.f;
    const order = this.dominators.order;
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = order.length - 1; i >= 0; i--) {
        const b = order[i];
        if (f.successor0[b] >= 0) this.liveOut.unite(b, f.successor0[b], this.liveIn);
        if (f.successor1[b] >= 0) this.liveOut.unite(b, f.successor1[b], this.liveIn);
        this.walk(b, false);
        if (this.liveIn.unite(b, 0, this.live)) changed = true;
      }
    }
  }

  /** Walks block `b` backwards and leaves what is live at its start in `live`. */
  private walk(b: i32, record: bool): void {
    const f = this.f;
    this.live.copy(0, b, this.liveOut);
    const code = f.code[b];
    if (record) this.recordConflicts();
    for (let i = code.length - 1; i >= 0; i--) {
      const v = code[i];
      if (f.op[v] == Op.SlotBegin) {
        this.live.remove(0, <i32>f.imm[v]);
        continue;
      }
      let changed = false;
      for (let k = 0; k < f.operandCount(v); k++) {
        if (this.isUse(v, k) && this.live.unite(0, f.operand(v, k), this.pointsTo)) changed = true;
      }
      // A slot that is written joins those that are live behind the write, also when nobody reads it.
      if (record && changed) this.recordConflicts();
    }
  }

  private isUse(v: i32, index: i32): bool {
    const f = this.f;
    const type = f.type[f.operand(v, index)];
    if (type == Type.Void) return false;
    const op = f.op[v];
    // Making an address touches nothing; what is done with it later counts.
    return op != Op.Offset && op != Op.Index && op != Op.Phi;
  }

  private recordConflicts(): void {
    for (let a = this.live.next(0, 0); a >= 0; a = this.live.next(0, a + 1)) {
      this.used[a] = true;
      this.conflicts.unite(a, 0, this.live);
    }
  }

  /** Slots without SlotBegin conflict with all. */
  private keepAlways(): void {
    const count = this.f.slotSize.length;
    for (let a = 0; a < count; a++) {
      if (!this.used[a] || this.hasBegin[a]) continue;
      for (let b = 0; b < count; b++) {
        this.conflicts.add(a, b);
        this.conflicts.add(b, a);
      }
    }
  }

  /** Big slots first, each at the highest place where no conflicting slot lies. */
  private place(): i32 {
    const f = this.f;
    const order: Array<i32> = [];
    for (let s = 0; s < f.slotSize.length; s++) if (this.used[s]) order.push(s);
    // Insertion sort: stable, and there are few.
    for (let i = 1; i < order.length; i++) {
      const s = order[i];
      let k = i;
      for (; k > 0 && f.slotSize[order[k - 1]] < f.slotSize[s]; k--) order[k] = order[k - 1];
      order[k] = s;
    }
    let bytes = 0;
    for (let i = 0; i < order.length; i++) {
      const s = order[i];
      let offset = align(-f.slotSize[s], f.slotAlign[s]);
      let moved = true;
      while (moved) {
        moved = false;
        for (let k = 0; k < i; k++) {
          const other = order[k];
          const start = f.slotOffset[other];
          if (!this.conflicts.has(s, other) || offset >= start + f.slotSize[other] || offset + f.slotSize[s] <= start) continue;
          offset = align(start - f.slotSize[s], f.slotAlign[s]);
          moved = true;
        }
      }
      f.slotOffset[s] = offset;
      bytes = max(bytes, -offset);
    }
    return (bytes + 7) & ~7;
  }
}

/** The nearest multiple of `alignment` that is not above `offset`. */
function align(offset: i32, alignment: i32): i32 {
  return offset & -alignment;
}
