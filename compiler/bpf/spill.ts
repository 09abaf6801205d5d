// Spilling: makes sure that register assignment finds a register for everything.
//
// Input: machine code in SSA form. Output: the same with values moved to spill slots, such that at every point at most 4
// values that live across a call are live (r6-r9) and at most 6 others (r0-r5); and the liveness that holds then.
// Interference graphs of SSA form are chordal, so these bounds suffice for a greedy assignment in dominance order.
//
// A spilled value is stored right behind its definition and loaded anew before each use. Call arguments, phi operands and
// returned values need no register for that: they are loaded where they go. A spilled phi is a slot that edges write.

import { Dominators } from "../ir/dominators";
import { BitMatrix } from "./bit-set";
import { Liveness, machineDominators, stepBack } from "./liveness";
import { keepsRight, MachineFunction, MachineInstruction, MachineOp, NONE, OperandKind, Trait } from "./machine";

/** Registers for values that live across calls: r6-r9. */
const CROSSING_LIMIT: i32 = 4;
/** Registers for all others: r0-r5. */
const OTHER_LIMIT: i32 = 6;
/** How much dearer it is to spill what should stay in a register. */
const RELUCTANCE: i64 = 1 << 20;

/** What the analysis of the finished code says; assignment goes on from here. */
@final
export class SpillResult {
  constructor(
    public dominators: Dominators,
    public liveness: Liveness,
    /** Row 0: registers that are live across a call. */
    public crossing: BitMatrix,
  ) {}
}

export function spill(f: MachineFunction): SpillResult {
  const dominators = machineDominators(f);
  while (true) {
    const round = new SpillRound(f, dominators);
    if (!round.choose()) return new SpillResult(dominators, round.liveness, round.crossing);
    round.rewrite();
  }
}

@final
class SpillRound {
  liveness: Liveness;
  crossing: BitMatrix;
  private live: BitMatrix;
  /** Row 0: registers chosen for spilling in this round. */
  private chosen: BitMatrix;
  private chosenCount: i32 = 0;
  private cost: StaticArray<i64>;
  /** Spill slot of each chosen register. */
  private slots: Map<i32, i32> = new Map();

  constructor(
    private f: MachineFunction,
    private dominators: Dominators,
  ) {
    this.liveness = new Liveness(f, dominators.order);
    this.crossing = new BitMatrix(1, f.registerCount);
    this.live = new BitMatrix(1, f.registerCount);
    this.chosen = new BitMatrix(1, f.registerCount);
    this.cost = new StaticArray<i64>(f.registerCount);
    this.findCrossing();
  }

  private findCrossing(): void {
    const f = this.f;
    const order = this.dominators.order;
    for (let k = 0; k < order.length; k++) {
      const b = order[k];
      this.live.copy(0, b, this.liveness.liveOut);
      const code = f.code[b];
      for (let i = code.length - 1; i >= 0; i--) {
        const instruction = code[i];
        if (instruction.op == MachineOp.Call) {
          if (instruction.target != NONE) this.live.remove(0, instruction.target);
          this.crossing.unite(0, 0, this.live);
        }
        stepBack(instruction, this.live, 0);
      }
    }
  }

  /** Chooses values until no point has too many; true if there were any. */
  choose(): bool {
    const f = this.f;
    const order = this.dominators.order;
    let costed = false;
    for (let k = 0; k < order.length; k++) {
      const b = order[k];
      this.live.copy(0, b, this.liveness.liveOut);
      const code = f.code[b];
      let i = code.length - 1;
      if (this.exceeds() && !costed) {
        this.findCosts();
        costed = true;
      }
      this.relieve(null);
      for (; i >= 0 && code[i].op != MachineOp.Phi; i--) {
        const instruction = code[i];
        // Behind the instruction its target exists even if nobody uses it, beside what it must not overwrite.
        const target = instruction.target;
        if (target != NONE) {
          this.live.add(0, target);
          const kept = this.addKept(instruction);
          if (!costed && this.exceeds()) {
            this.findCosts();
            costed = true;
          }
          this.relieve(instruction);
          if ((kept & 1) != 0) this.live.remove(0, instruction.right);
          if ((kept & 2) != 0) this.live.remove(0, instruction.left);
        }
        stepBack(instruction, this.live, 0);
        if (!costed && this.exceeds()) {
          this.findCosts();
          costed = true;
        }
        this.relieve(instruction);
      }
      for (let p = i; p >= 0; p--) if (code[p].target != NONE) this.live.add(0, code[p].target);
      if (!costed && this.exceeds()) {
        this.findCosts();
        costed = true;
      }
      this.relieve(null);
    }
    return this.chosenCount > 0;
  }

  /** Adds the operands that must survive the writing of the target; bits 0 and 1: `right` and `left` were added. */
  private addKept(instruction: MachineInstruction): i32 {
    if (!keepsRight(instruction)) return 0;
    let added = 0;
    if (instruction.right >= 0 && !this.live.has(0, instruction.right)) {
      this.live.add(0, instruction.right);
      added |= 1;
    }
    if (instruction.op == MachineOp.Compare && instruction.left >= 0 && !this.live.has(0, instruction.left)) {
      this.live.add(0, instruction.left);
      added |= 2;
    }
    return added;
  }

  private count(crossing: bool): i32 {
    let count = 0;
    for (let v = this.live.next(0, 0); v >= 0; v = this.live.next(0, v + 1)) {
      if (this.crossing.has(0, v) == crossing && !this.chosen.has(0, v)) count++;
    }
    return count;
  }

  private exceeds(): bool {
    return this.count(true) > CROSSING_LIMIT || this.count(false) > OTHER_LIMIT;
  }

  /** Chooses values of the live set until it fits. `at` is the instruction at this point, whose own operands help least. */
  private relieve(at: MachineInstruction | null): void {
    while (this.count(true) > CROSSING_LIMIT) this.chooseOne(true, at);
    while (this.count(false) > OTHER_LIMIT) this.chooseOne(false, at);
  }

  private chooseOne(crossing: bool, at: MachineInstruction | null): void {
    let best = -1;
    let bestCost: i64 = i64.MAX_VALUE;
    for (let v = this.live.next(0, 0); v >= 0; v = this.live.next(0, v + 1)) {
      if (this.crossing.has(0, v) != crossing || this.chosen.has(0, v)) continue;
      if ((this.f.traits[v] & Trait.Short) != 0) continue;
      let cost = this.cost[v];
      // A spilled operand needs a register again right here, unless it lived across calls before.
      if (!crossing && at != null && (v == at.left || v == at.right || v == at.target)) cost += RELUCTANCE * 64;
      if (cost < bestCost) {
        bestCost = cost;
        best = v;
      }
    }
    assert(best >= 0, "no value left to spill");
    this.chosen.add(0, best);
    this.chosenCount++;
  }

  /** Stores and loads that spilling a register would take, weighted by the loops around them. */
  private findCosts(): void {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) {
      let weight: i64 = 4;
      for (let d = min(this.dominators.loopDepth[b], 4); d > 0; d--) weight *= 8;
      const code = f.code[b];
      for (let i = 0; i < code.length; i++) {
        const instruction = code[i];
        this.addCost(instruction.target, weight);
        this.addCost(instruction.left, weight);
        this.addCost(instruction.right, weight);
        const operands = instruction.operands;
        for (let k = 0; k < operands.length; k++) {
          // Loading an argument costs what moving it costs.
          if (operands[k].kind == OperandKind.Register) this.addCost(operands[k].register, weight / 4);
        }
      }
    }
    for (let v = 0; v < f.registerCount; v++) {
      if ((f.traits[v] & Trait.KeepInRegister) != 0) this.cost[v] += RELUCTANCE;
    }
  }

  private addCost(register: i32, weight: i64): void {
    if (register >= 0) this.cost[register] += weight;
  }

  private slotOf(register: i32): i32 {
    if (this.slots.has(register)) return this.slots.get(register);
    const slot = this.f.slotPointer.length;
    this.f.slotPointer.push((this.f.traits[register] & Trait.Pointer) != 0);
    this.f.slotOffset.push(0);
    this.slots.set(register, slot);
    return slot;
  }

  private isChosen(register: i32): bool {
    return register >= 0 && this.chosen.has(0, register);
  }

  rewrite(): void {
    const f = this.f;
    for (let b = 0; b < f.blockCount; b++) {
      const code = f.code[b];
      const result: Array<MachineInstruction> = [];
      if (b == 0) this.storeArrivals(result);
      for (let i = 0; i < code.length; i++) this.rewriteInstruction(code[i], result);
      f.code[b] = result;
    }
  }

  private storeArrivals(result: Array<MachineInstruction>): void {
    const count = this.chosen.columns;
    for (let v = 0; v < count; v++) {
      if (this.f.arrival[v] != 0 && this.isChosen(v)) result.push(this.storeOf(v, this.f.code[0][0].source));
    }
  }

  private storeOf(register: i32, source: u32): MachineInstruction {
    const store = new MachineInstruction(MachineOp.SpillStore, source);
    store.left = register;
    store.imm = this.slotOf(register);
    this.f.traits[register] = this.f.traits[register] | Trait.Short;
    return store;
  }

  private reload(register: i32, source: u32, result: Array<MachineInstruction>): i32 {
    const reload = new MachineInstruction(MachineOp.Reload, source);
    reload.imm = this.slotOf(register);
    reload.target = this.f.addRegister((this.f.traits[register] & Trait.Pointer) | Trait.Short);
    result.push(reload);
    return reload.target;
  }

  private rewriteInstruction(instruction: MachineInstruction, result: Array<MachineInstruction>): void {
    const operands = instruction.operands;
    for (let k = 0; k < operands.length; k++) {
      const operand = operands[k];
      if (operand.kind != OperandKind.Register || !this.isChosen(operand.register)) continue;
      operand.kind = OperandKind.Spilled;
      operand.register = this.slotOf(operand.register);
    }
    if (instruction.op == MachineOp.Phi) {
      if (this.isChosen(instruction.target)) {
        instruction.imm = this.slotOf(instruction.target);
        instruction.target = NONE;
      }
      result.push(instruction);
      return;
    }
    const left = instruction.left;
    const right = instruction.right;
    if (this.isChosen(left)) {
      instruction.left = this.reload(left, instruction.source, result);
      if (right == left) instruction.right = instruction.left;
    }
    if (right != left && this.isChosen(right)) instruction.right = this.reload(right, instruction.source, result);
    result.push(instruction);
    if (this.isChosen(instruction.target)) result.push(this.storeOf(instruction.target, instruction.source));
  }
}
