// Gives spill slots their places in the frame.
//
// Input: machine code after spilling, and how much of the frame the IR's slots take. Output: `slotOffset` and `frame`.
// Slots whose contents are needed at the same time get different places; pointers and numbers never share one, since
// verifiers of some kernels reject what follows from a place that was both.

import { BitMatrix } from "./bit-set";
import { MachineFunction, MachineInstruction, MachineOp, NONE, OperandKind } from "./machine";

/** Bytes of a BPF stack frame. */
export const FRAME_SIZE: i32 = 512;

export function placeSpillSlots(f: MachineFunction, order: Array<i32>): void {
  if (f.slotPointer.length > 0) new SlotPlacer(f, order).run();
}

@final
class SlotPlacer {
  private liveIn: BitMatrix;
  private liveOut: BitMatrix;
  private live: BitMatrix;
  private conflicts: BitMatrix;

  constructor(
    private f: MachineFunction,
    private order: Array<i32>,
  ) {
    const slots = f.slotPointer.length;
    this.liveIn = new BitMatrix(f.blockCount, slots);
    this.liveOut = new BitMatrix(f.blockCount, slots);
    this.live = new BitMatrix(1, slots);
    this.conflicts = new BitMatrix(slots, slots);
  }

  run(): void {
    const order = this.order;
    let changed = true;
    while (changed) {
      changed = false;
      for (let i = order.length - 1; i >= 0; i--) {
        const b = order[i];
        this.findLiveOut(b);
        this.walk(b, false);
        if (this.liveIn.unite(b, 0, this.live)) changed = true;
      }
    }
    for (let i = 0; i < order.length; i++) this.walk(order[i], true);
    this.place();
  }

  private findLiveOut(b: i32): void {
    const f = this.f;
    if (f.successor0[b] >= 0) this.flow(b, f.successor0[b]);
    if (f.successor1[b] >= 0) this.flow(b, f.successor1[b]);
  }

  private flow(from: i32, to: i32): void {
    this.liveOut.unite(from, to, this.liveIn);
    const code = this.f.code[to];
    const index = this.f.predecessors[to].indexOf(from);
    for (let i = 0; i < code.length && code[i].op == MachineOp.Phi; i++) {
      const operand = code[i].operands[index];
      if (operand.kind == OperandKind.Spilled) this.liveOut.add(from, operand.register);
    }
  }

  /** Walks block `b` backwards from `liveOut` and leaves what is live at its start in `live`. */
  private walk(b: i32, record: bool): void {
    const code = this.f.code[b];
    this.live.copy(0, b, this.liveOut);
    let i = code.length - 1;
    for (; i >= 0 && code[i].op != MachineOp.Phi; i--) {
      const instruction = code[i];
      if (instruction.op == MachineOp.SpillStore) {
        if (record) this.conflict(<i32>instruction.imm);
        this.live.remove(0, <i32>instruction.imm);
      }
      if (instruction.op == MachineOp.Reload) this.live.add(0, <i32>instruction.imm);
      this.useOperands(instruction);
    }
    // All slots of spilled phis are written at once, on the edges into this block.
    for (let p = i; p >= 0; p--) if (code[p].target == NONE) this.live.add(0, <i32>code[p].imm);
    for (let p = i; p >= 0; p--) if (record && code[p].target == NONE) this.conflict(<i32>code[p].imm);
    for (let p = i; p >= 0; p--) if (code[p].target == NONE) this.live.remove(0, <i32>code[p].imm);
  }

  private useOperands(instruction: MachineInstruction): void {
    const operands = instruction.operands;
    for (let k = 0; k < operands.length; k++) {
      if (operands[k].kind == OperandKind.Spilled) this.live.add(0, operands[k].register);
    }
  }

  private conflict(slot: i32): void {
    for (let other = this.live.next(0, 0); other >= 0; other = this.live.next(0, other + 1)) {
      if (other == slot) continue;
      this.conflicts.add(slot, other);
      this.conflicts.add(other, slot);
    }
  }

  private place(): void {
    const f = this.f;
    /** Offset and kind of the places made so far. */
    const offsets: Array<i32> = [];
    const pointers: Array<bool> = [];
    const places: Array<i32> = [];
    for (let slot = 0; slot < f.slotPointer.length; slot++) {
      let place = 0;
      while (place < offsets.length && (pointers[place] != f.slotPointer[slot] || this.taken(slot, place, places))) place++;
      if (place == offsets.length) {
        f.frame = (f.frame - 8) & ~7;
        offsets.push(f.frame);
        pointers.push(f.slotPointer[slot]);
      }
      places.push(place);
      f.slotOffset[slot] = offsets[place];
    }
  }

  private taken(slot: i32, place: i32, places: Array<i32>): bool {
    for (let other = this.conflicts.next(slot, 0); other >= 0 && other < slot; other = this.conflicts.next(slot, other + 1)) {
      if (places[other] == place) return true;
    }
    return false;
  }
}
